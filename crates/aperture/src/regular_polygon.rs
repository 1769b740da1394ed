//! What is special of regular polygons.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use skyphot_core::Point;

use crate::{PolygonAperture, SkyPolygonAperture};

/// Measures of a regular polygon: all vertices as far from the position, evenly spaced around it. Lengths are pixels, or
/// arcseconds on the sky.
///
/// ```
/// use skyphot_aperture::PolygonAperture;
/// let hexagon = PolygonAperture::regular(6, 2.0, 0.3)?;
/// let regular = hexagon.as_regular().expect("it is regular");
/// assert!((regular.side_length() - 2.0).abs() < 1e-12 && (regular.theta - 0.3).abs() < 1e-12);
/// # Ok::<(), skyphot_aperture::ApertureError>(())
/// ```
#[doc(alias = "is_regular")]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RegularPolygon {
    /// Number of vertices.
    pub n_vertices: usize,
    /// Distance of the vertices from the position.
    pub outer_radius: f64,
    /// Angle of the first vertex, radians in `[0, 2 pi)`: from +y counter-clockwise in pixels, from north towards east on
    /// the sky.
    pub theta: f64,
}

impl RegularPolygon {
    fn new(offsets: &[Point]) -> Option<Self> {
        let n = offsets.len();
        let first = offsets.first()?;
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-10 + 1e-7 * b.abs();
        let outer_radius = first.x.hypot(first.y);
        if !offsets.iter().all(|o| near(o.x.hypot(o.y), outer_radius)) {
            return None;
        }
        let mut angles: Vec<f64> = offsets.iter().map(|o| o.y.atan2(o.x).rem_euclid(TAU)).collect();
        angles.sort_by(f64::total_cmp);
        let next = angles.iter().skip(1).copied().chain([angles.first()? + TAU]);
        let even = angles.iter().zip(next).all(|(a, b)| near(b - a, TAU / n as f64));
        even.then(|| Self { n_vertices: n, outer_radius, theta: wrap(first.y.atan2(first.x) - FRAC_PI_2) })
    }

    /// Distance of the sides from the position.
    #[must_use]
    pub fn inner_radius(&self) -> f64 {
        self.outer_radius * (PI / self.n_vertices as f64).cos()
    }

    /// Length of a side.
    #[must_use]
    pub fn side_length(&self) -> f64 {
        2.0 * self.outer_radius * (PI / self.n_vertices as f64).sin()
    }

    /// Angle between two sides, radians.
    #[must_use]
    pub fn interior_angle(&self) -> f64 {
        PI - self.exterior_angle()
    }

    /// Turn from one side to the next, radians.
    #[must_use]
    pub fn exterior_angle(&self) -> f64 {
        TAU / self.n_vertices as f64
    }
}

/// An angle in `[0, 2 pi)`.
fn wrap(angle: f64) -> f64 {
    let a = angle.rem_euclid(TAU);
    if a < TAU { a } else { 0.0 }
}

impl PolygonAperture {
    /// What is special of a regular polygon about its position; `None` for any other.
    #[must_use]
    #[doc(alias = "is_regular")]
    pub fn as_regular(&self) -> Option<RegularPolygon> {
        RegularPolygon::new(self.offsets())
    }
}

impl SkyPolygonAperture {
    /// What is special of a regular polygon about its position; `None` for any other.
    #[must_use]
    #[doc(alias = "is_regular")]
    pub fn as_regular(&self) -> Option<RegularPolygon> {
        let found = RegularPolygon::new(self.offsets())?;
        // Offsets are east and north.
        Some(RegularPolygon { theta: wrap(-found.theta), ..found })
    }

    /// Length of all edges in the plane of the offsets, arcseconds.
    #[must_use]
    pub fn perimeter(&self) -> f64 {
        let v = self.offsets();
        v.iter().zip(v.iter().cycle().skip(1)).map(|(a, b)| a.distance(*b)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SkyCircularAperture;

    /// Numbers of photutils 3.1.1: `PolygonAperture.from_regular_polygon((0, 0), 5, 3.0, 40 deg)` and so on.
    #[test]
    fn measures_of_photutils() {
        let p = PolygonAperture::regular(5, 3.0, 40_f64.to_radians()).unwrap();
        let r = p.as_regular().unwrap();
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        close(r.side_length(), 3.526711513754839);
        close(r.inner_radius(), 2.4270509831248424);
        close(r.outer_radius, 3.0);
        close(p.perimeter(), 5.0 * 3.526711513754839);
        close(r.interior_angle().to_degrees(), 108.0);
        close(r.exterior_angle().to_degrees(), 72.0);
        close(r.theta.to_degrees(), 40.0);
        let s = SkyPolygonAperture::regular(5, 3.0, 40_f64.to_radians()).unwrap();
        close(s.as_regular().unwrap().theta.to_degrees(), 40.0);
        close(s.perimeter(), 5.0 * 3.526711513754839);
        let clockwise = [(-1.0, 1.0), (1.0, 1.0), (1.0, -1.0), (-1.0, -1.0)].map(Point::from);
        let square = PolygonAperture::new(clockwise.to_vec()).unwrap().as_regular().unwrap();
        close(square.theta.to_degrees(), 135.0);
        let vertices = SkyCircularAperture::new(3.0).unwrap().to_polygon(7).unwrap();
        let last = vertices.offsets()[6];
        assert!(last.distance(Point::new(1.87046941, -2.34549445)) < 1e-8, "{last:?}");
        let odd = [(2.0, 0.0), (0.0, 1.0), (-2.0, 0.0), (0.0, -1.0)].map(Point::from);
        assert_eq!(PolygonAperture::new(odd.to_vec()).unwrap().as_regular(), None);
    }
}
