//! The local map between pixels and the tangent plane of the sky.

use std::f64::consts::TAU;

use skyphot_core::{Point, SkyCoord, SkyTransform};

use crate::{ApertureError, Result};

/// Arcseconds in a radian.
pub(crate) const ARCSEC: f64 = 3600.0 * 180.0 / std::f64::consts::PI;

/// A 2 by 2 matrix by rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Matrix {
    pub(crate) m: [[f64; 2]; 2],
}

/// An ellipse or rectangle: full or half sides and the angle of the first one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Axes {
    pub(crate) first: f64,
    pub(crate) second: f64,
    /// Radians, 0 to 2 pi.
    pub(crate) theta: f64,
}

/// A vector from the centre of the sphere.
pub(crate) type Vector = [f64; 3];

pub(crate) fn dot(a: &Vector, b: &Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// The directions to a place, to its east and to its north. They are defined at the poles too, by the longitude.
pub(crate) fn frame(s: SkyCoord) -> [Vector; 3] {
    let (sin_lon, cos_lon) = s.lon.to_radians().sin_cos();
    let (sin_lat, cos_lat) = s.lat.to_radians().sin_cos();
    [
        [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat],
        [-sin_lon, cos_lon, 0.0],
        [-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat],
    ]
}

/// Pixels to arcseconds: rows east and north, columns x and y; central differences half a pixel on either side.
pub(crate) fn pixel_to_sky(wcs: &dyn SkyTransform, p: Point) -> Result<(SkyCoord, Matrix)> {
    let fail = || ApertureError::NoSky { x: p.x, y: p.y };
    let at = |dx: f64, dy: f64| wcs.pixel_to_sky(Point::new(p.x + dx, p.y + dy)).ok_or_else(fail);
    let center = at(0.0, 0.0)?;
    let [_, east, north] = frame(center);
    let step = |a: SkyCoord, b: SkyCoord| {
        let (u, v) = (frame(a)[0], frame(b)[0]);
        let d = [v[0] - u[0], v[1] - u[1], v[2] - u[2]];
        (dot(&d, &east) * ARCSEC, dot(&d, &north) * ARCSEC)
    };
    let (ex, nx) = step(at(-0.5, 0.0)?, at(0.5, 0.0)?);
    let (ey, ny) = step(at(0.0, -0.5)?, at(0.0, 0.5)?);
    let forward = Matrix { m: [[ex, ey], [nx, ny]] };
    if forward.m.iter().flatten().all(|v| v.is_finite()) && forward.determinant() != 0.0 {
        Ok((center, forward))
    } else {
        Err(fail())
    }
}

/// The pixel of a place on the sky and arcseconds to pixels there: rows x and y, columns east and north.
pub(crate) fn sky_to_pixel(wcs: &dyn SkyTransform, s: SkyCoord) -> Result<(Point, Matrix)> {
    let center = place(wcs, s)?;
    Ok((center, pixel_to_sky(wcs, center)?.1.inverse()))
}

/// The pixel of a place on the sky.
pub(crate) fn place(wcs: &dyn SkyTransform, s: SkyCoord) -> Result<Point> {
    wcs.sky_to_pixel(s).filter(|p| p.is_finite()).ok_or(ApertureError::NoPixel { lon: s.lon, lat: s.lat })
}

impl Matrix {
    fn determinant(&self) -> f64 {
        let [[a, b], [c, d]] = self.m;
        a * d - b * c
    }

    fn inverse(&self) -> Self {
        let [[a, b], [c, d]] = self.m;
        let det = self.determinant();
        Self { m: [[d / det, -b / det], [-c / det, a / det]] }
    }

    fn times(&self, other: &Self) -> Self {
        let ([[a, b], [c, d]], [[e, f], [g, h]]) = (self.m, other.m);
        Self { m: [[a * e + b * g, a * f + b * h], [c * e + d * g, c * f + d * h]] }
    }

    /// The factor that keeps areas.
    pub(crate) fn mean_scale(&self) -> f64 {
        self.determinant().abs().sqrt()
    }

    /// Larger and smaller singular value and the direction of the former, radians from the first row to the second.
    fn principal(&self) -> (f64, f64, f64) {
        let [[a, b], [c, d]] = self.m;
        let (e, f, g, h) = (0.5 * (a + d), 0.5 * (a - d), 0.5 * (c + b), 0.5 * (c - b));
        let (q, r) = (e.hypot(h), f.hypot(g));
        // Either angle is arbitrary where its length is 0.
        (q + r, (q - r).abs(), 0.5 * (g.atan2(f) + h.atan2(e)))
    }

    /// What becomes of an ellipse of which the columns of the matrix are the semiaxes; `round` if it was a circle.
    /// `second` is the row from which angles are measured: 0 for pixels, 1 for position angles.
    fn axes(&self, round: bool, position_angle: bool) -> Axes {
        let (large, small, phi) = self.principal();
        let (major, minor) = ((phi.cos(), phi.sin()), (-phi.sin(), phi.cos()));
        let first = (self.m[0][0], self.m[1][0]);
        let along = |v: (f64, f64)| v.0 * first.0 + v.1 * first.1;
        let is_major = along(major).abs() > along(minor).abs();
        let (size, direction) = if is_major { ((large, small), major) } else { ((small, large), minor) };
        let mut v = if along(direction) < 0.0 { (-direction.0, -direction.1) } else { direction };
        if round {
            // The axes of a circle mean nothing: its first one stays what it was.
            v = first;
        }
        let theta = if position_angle { v.0.atan2(v.1) } else { v.1.atan2(v.0) };
        Axes { first: size.0, second: size.1, theta: wrap(theta) }
    }

    /// An ellipse of pixels on the sky, if this is the map from pixels to the sky.
    pub(crate) fn shape_to_sky(&self, a: &Axes) -> Axes {
        let (s, c) = a.theta.sin_cos();
        let shape = Self { m: [[a.first * c, -a.second * s], [a.first * s, a.second * c]] };
        self.times(&shape).axes(is_round(a), true)
    }

    /// An ellipse on the sky in pixels, if this is the map from the sky to pixels.
    pub(crate) fn shape_to_pixel(&self, a: &Axes) -> Axes {
        let (s, c) = a.theta.sin_cos();
        let shape = Self { m: [[a.first * s, a.second * c], [a.first * c, -a.second * s]] };
        self.times(&shape).axes(is_round(a), false)
    }

    /// The ellipse that becomes of a circle of radius 1.
    pub(crate) fn unit_circle(&self, position_angle: bool) -> Axes {
        let (first, second, phi) = self.principal();
        let theta = if position_angle { phi.cos().atan2(phi.sin()) } else { phi };
        Axes { first, second, theta: wrap(theta) }
    }
}

/// Axes so nearly equal that they count as a circle's.
fn is_round(a: &Axes) -> bool {
    // Full lengths, as photutils compares them.
    (2.0 * (a.first - a.second)).abs() <= 1e-8 + 1e-5 * (2.0 * a.second).abs()
}

/// An angle from 0 to 2 pi.
pub(crate) fn wrap(theta: f64) -> f64 {
    let t = theta.rem_euclid(TAU);
    if t < TAU { t } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn singular_values() {
        let m = Matrix { m: [[3.0, 1.0], [-2.0, 0.5]] };
        let (large, small, phi) = m.principal();
        assert!((large * small - m.determinant().abs()).abs() < 1e-14);
        // The longest image of a unit vector.
        let best = (0..100_000)
            .map(|k| f64::from(k) * 1e-5 * TAU)
            .map(|t| (3.0 * t.cos() + t.sin(), -2.0 * t.cos() + 0.5 * t.sin()))
            .max_by(|a, b| a.0.hypot(a.1).total_cmp(&b.0.hypot(b.1)))
            .unwrap();
        assert!((best.0.hypot(best.1) - large).abs() < 1e-8);
        assert!((best.1.atan2(best.0) - phi).sin().abs() < 1e-4);
    }

    #[test]
    fn there_and_back() {
        let f = Matrix { m: [[-0.2, 0.05], [0.03, 0.21]] };
        let shape = Axes { first: 5.0, second: 2.0, theta: 4.1 };
        let back = f.inverse().shape_to_pixel(&f.shape_to_sky(&shape));
        assert!((back.first - 5.0).abs() < 1e-13 && (back.second - 2.0).abs() < 1e-13);
        assert!((back.theta - 4.1).abs() < 1e-13);
        let circle = Axes { first: 5.0, second: 5.0, theta: 4.1 };
        let sky = f.shape_to_sky(&circle);
        assert!((sky.first * sky.second - 25.0 * f.determinant().abs()).abs() < 1e-13);
    }
}
