//! Polygon on the sky.

use std::f64::consts::{PI, TAU};
use std::sync::Arc;

use skyphot_core::{Point, SkyCoord, SkyTransform};
use skyphot_geometry::Polygon;

use super::jacobian::{ARCSEC, dot, frame, place};
use super::{SkyAperture, check_arcsec};
use crate::circle::check_angle;
use crate::{ApertureError, PolygonAperture, Result};

/// A simple polygon on the sky, given by spherical offsets of its vertices from the position.
#[derive(Debug, Clone, PartialEq)]
pub struct SkyPolygonAperture {
    shape: Arc<Polygon>,
}

impl SkyPolygonAperture {
    /// The polygon of the given offsets from the position, arcseconds: `x` along the great circle to the east, `y` from
    /// there to the north (longitude and latitude of a sphere with its origin at the position).
    ///
    /// # Errors
    /// [`ApertureError::Geometry`] as [`PolygonAperture::new`].
    pub fn new(offsets: Vec<Point>) -> Result<Self> {
        Ok(Self { shape: Arc::new(Polygon::new(offsets)?) })
    }

    /// Position and polygon of the given vertices; the position is the mean of their offsets from the first one.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_vertices(vertices: &[SkyCoord]) -> Result<(SkyCoord, Self)> {
        let first = vertices.first().copied().unwrap_or(SkyCoord { lon: f64::NAN, lat: f64::NAN });
        let (mut mean, n) = (Point::default(), vertices.len() as f64);
        for v in vertices {
            let o = offsets_to(first, *v);
            mean = Point::new(mean.x + o.x / n, mean.y + o.y / n);
        }
        let center = offset_by(first, mean);
        let offsets = vertices.iter().map(|v| offsets_to(center, *v)).collect();
        Ok((center, Self::new(offsets)?))
    }

    /// The regular polygon of `n` vertices on a circle of `radius` arcseconds. The first vertex is north of the centre,
    /// turned towards east by `theta` radians.
    ///
    /// # Errors
    /// [`ApertureError::InvalidParameter`] for a radius or angle out of range, [`ApertureError::Geometry`] for fewer
    /// than 3 vertices.
    #[doc(alias = "from_regular_polygon")]
    pub fn regular(n: usize, radius: f64, theta: f64) -> Result<Self> {
        check_arcsec("radius", radius)?;
        let (base, step) = (0.5 * PI - check_angle(theta)?, TAU / n as f64);
        let vertex = |k: usize| {
            let (s, c) = (base + k as f64 * step).sin_cos();
            Point::new(radius * c, radius * s)
        };
        Self::simple((0..n).map(vertex).collect())
    }

    /// A polygon that is known not to cross itself.
    pub(crate) fn simple(offsets: Vec<Point>) -> Result<Self> {
        Ok(Self { shape: Arc::new(Polygon::new_simple(offsets)?) })
    }

    /// Offsets of the vertices from the position, arcseconds, counter-clockwise with east as `x` and north as `y`.
    #[must_use]
    #[doc(alias = "vertex_offsets")]
    pub fn offsets(&self) -> &[Point] {
        self.shape.vertices()
    }

    /// The vertices at a position.
    #[must_use]
    pub fn vertices(&self, center: SkyCoord) -> Vec<SkyCoord> {
        self.offsets().iter().map(|o| offset_by(center, *o)).collect()
    }

    /// Number of vertices.
    #[must_use]
    pub fn n_vertices(&self) -> usize {
        self.offsets().len()
    }
}

impl SkyAperture for SkyPolygonAperture {
    type Pixel = PolygonAperture;

    /// Every vertex by itself, not by the local map.
    fn to_pixel(&self, wcs: &dyn SkyTransform, at: SkyCoord) -> Result<(Point, PolygonAperture)> {
        let p = place(wcs, at)?;
        let vertex = |o: &Point| {
            let v = place(wcs, offset_by(at, *o))?;
            Ok(Point::new(v.x - p.x, v.y - p.y))
        };
        Ok((p, PolygonAperture::new(self.offsets().iter().map(vertex).collect::<Result<_>>()?)?))
    }
}

impl PolygonAperture {
    /// Direction and shape on the sky of the polygon at a position, every vertex by itself.
    ///
    /// # Errors
    /// [`ApertureError::NoSky`] where the transform has no answer.
    pub fn to_sky(&self, wcs: &dyn SkyTransform, at: Point) -> Result<(SkyCoord, SkyPolygonAperture)> {
        let sky = |p: Point| wcs.pixel_to_sky(p).ok_or(ApertureError::NoSky { x: p.x, y: p.y });
        let center = sky(at)?;
        let offsets =
            self.vertices(at).into_iter().map(|v| Ok(offsets_to(center, sky(v)?))).collect::<Result<_>>()?;
        Ok((center, SkyPolygonAperture::new(offsets)?))
    }
}

/// The direction of a vector; longitude 0 to 360 degrees.
fn direction(v: &[f64; 3]) -> SkyCoord {
    SkyCoord {
        lon: v[1].atan2(v[0]).to_degrees().rem_euclid(360.0),
        lat: v[2].atan2(v[0].hypot(v[1])).to_degrees(),
    }
}

/// The place at spherical offsets in arcseconds.
pub(crate) fn offset_by(center: SkyCoord, o: Point) -> SkyCoord {
    let [r, e, n] = frame(center);
    let ((sin_l, cos_l), (sin_b, cos_b)) = ((o.x / ARCSEC).sin_cos(), (o.y / ARCSEC).sin_cos());
    let (fr, fe, fn_) = (cos_b * cos_l, cos_b * sin_l, sin_b);
    let v = [0, 1, 2].map(|k| fr * r[k] + fe * e[k] + fn_ * n[k]);
    direction(&v)
}

/// Spherical offsets of a place, arcseconds.
pub(crate) fn offsets_to(center: SkyCoord, s: SkyCoord) -> Point {
    let ([r, e, n], v) = (frame(center), frame(s)[0]);
    // The small parts by differences, so that they keep their digits.
    let (a, b) = (frame(center)[0], v);
    let d = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
    let (x, y, z) = (dot(&v, &r), dot(&d, &e), dot(&d, &n));
    Point::new(y.atan2(x) * ARCSEC, z.atan2(x.hypot(y)) * ARCSEC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_there_and_back() {
        for (lon, lat) in [(0.0, 0.0), (359.9999, 45.0), (120.0, 89.99999), (33.0, -90.0), (200.0, -12.3)] {
            let c = SkyCoord { lon, lat };
            for o in [Point::new(3.0, -2.0), Point::new(-500.0, 40.0), Point::new(0.0, 0.001)] {
                let back = offsets_to(c, offset_by(c, o));
                assert!(back.distance(o) < 1e-9, "{lon} {lat}: {o:?} {back:?}");
            }
        }
    }

    #[test]
    fn vertices_across_the_origin_of_longitude() {
        let v = [(359.999, 10.0), (0.001, 10.0), (0.0, 10.002)].map(|(lon, lat)| SkyCoord { lon, lat });
        let (c, p) = SkyPolygonAperture::from_vertices(&v).unwrap();
        assert!(c.lon.min(360.0 - c.lon) < 1e-9 && (c.lat - 10.000_666_7).abs() < 1e-5, "{c:?}");
        assert!(
            p.vertices(c).iter().zip(v).all(|(a, b)| offsets_to(*a, b).distance(Point::default()) < 1e-9)
        );
        assert!(SkyPolygonAperture::from_vertices(&[]).is_err());
    }
}
