//! Scale, orientation and area of pixels.

use ndarray::Array2;
use skyphot_core::{Exec, Point, SkyCoord};

use crate::angle::wrap_360;
use crate::{Wcs, local_jacobian};

/// Which way round the image is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Parity {
    /// As seen on the sky: with north up, east is left.
    Sky,
    /// Mirrored: with north up, east is right.
    Mirrored,
}

impl Wcs {
    /// Lengths of the two sides of a pixel in the projection plane at the reference pixel, degrees.
    #[must_use]
    pub fn proj_plane_pixel_scales(&self) -> [f64; 2] {
        let m = &self.cd;
        [m[0][0].hypot(m[1][0]), m[0][1].hypot(m[1][1])]
    }

    /// Area of a pixel in the projection plane at the reference pixel, square degrees.
    #[must_use]
    pub fn proj_plane_pixel_area(&self) -> f64 {
        (self.cd[0][0] * self.cd[1][1] - self.cd[0][1] * self.cd[1][0]).abs()
    }

    /// Derivatives of the direction on the sky at a pixel: `[[dE/dx, dE/dy], [dN/dx, dN/dy]]`, degrees towards east and
    /// north per pixel, with all distortions. `None` where there is no sky.
    #[must_use]
    #[doc(alias = "local_partial_pixel_derivatives")]
    pub fn jacobian(&self, p: Point) -> Option<[[f64; 2]; 2]> {
        local_jacobian(self, p)
    }

    /// Area of a pixel on the sky, square degrees; `None` where there is no sky.
    #[must_use]
    pub fn pixel_area(&self, p: Point) -> Option<f64> {
        let m = self.jacobian(p)?;
        Some((m[0][0] * m[1][1] - m[0][1] * m[1][0]).abs())
    }

    /// Side of a square with the area of a pixel, degrees; `None` where there is no sky.
    #[must_use]
    pub fn pixel_scale(&self, p: Point) -> Option<f64> {
        self.pixel_area(p).map(f64::sqrt)
    }

    /// Direction of the image's +y axis at a pixel, from north through east, `[0, 360)` degrees.
    #[must_use]
    #[doc(alias = "ORIENTAT")]
    pub fn position_angle(&self, p: Point) -> Option<f64> {
        let m = self.jacobian(p)?;
        Some(wrap_360(m[0][1].atan2(m[1][1]).to_degrees()))
    }

    /// Angle from the image's +x axis to north at a pixel, counter-clockwise, `[0, 360)` degrees.
    #[must_use]
    pub fn north_angle(&self, p: Point) -> Option<f64> {
        // The pixel step that goes north: J (dx, dy) = (0, 1).
        let m = self.jacobian(p)?;
        let det = m[0][0] * m[1][1] - m[0][1] * m[1][0];
        let (dx, dy) = (-m[0][1] / det, m[0][0] / det);
        Some(wrap_360(dy.atan2(dx).to_degrees()))
    }

    /// Which way round the image is, at the reference pixel.
    #[must_use]
    pub fn parity(&self) -> Parity {
        let det = self.cd[0][0] * self.cd[1][1] - self.cd[0][1] * self.cd[1][0];
        if det < 0.0 { Parity::Sky } else { Parity::Mirrored }
    }

    /// The corners of an image of shape `(ny, nx)` on the sky: lower left, upper left, upper right, lower right. The
    /// centres of the corner pixels with `centers`, their outer corners otherwise. NaN where there is no sky.
    #[must_use]
    #[doc(alias = "calc_footprint")]
    pub fn footprint(&self, (ny, nx): (usize, usize), centers: bool) -> [SkyCoord; 4] {
        let d = if centers { 0.0 } else { 0.5 };
        let (x0, y0) = (-d, -d);
        let (x1, y1) = (nx as f64 - 1.0 + d, ny as f64 - 1.0 + d);
        [(x0, y0), (x0, y1), (x1, y1), (x1, y0)]
            .map(|(x, y)| self.sky_of(Point::new(x, y), true).unwrap_or(crate::transform::NAN_SKY))
    }

    /// Area of every pixel of an image of shape `(ny, nx)` over the area at the reference pixel
    /// ([`proj_plane_pixel_area`](Self::proj_plane_pixel_area)); NaN where there is no sky.
    #[must_use]
    pub fn pixel_area_map(&self, (ny, nx): (usize, usize), exec: &Exec) -> Array2<f64> {
        crate::pixel_area_map(self, self.proj_plane_pixel_area(), (ny, nx), exec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ProjectionCode;

    fn wcs(angle: f64) -> Wcs {
        let (s, c) = angle.to_radians().sin_cos();
        let d = 1e-4;
        // North is up and east left, then turned by `angle` from north through east.
        let cd = [[-d * c, d * s], [d * s, d * c]];
        Wcs::new(ProjectionCode::Tan, SkyCoord { lon: 40.0, lat: 60.0 }, [101.0, 101.0], cd).unwrap()
    }

    #[test]
    fn a_rotated_image() {
        let w = wcs(30.0);
        let p = Point::new(100.0, 100.0);
        assert!((w.pixel_area(p).unwrap() - 1e-8).abs() < 1e-16);
        assert!((w.position_angle(p).unwrap() - 30.0).abs() < 1e-8);
        assert!((w.north_angle(p).unwrap() - 60.0).abs() < 1e-8);
        assert_eq!(w.parity(), Parity::Sky);
        assert!((w.proj_plane_pixel_scales()[0] - 1e-4).abs() < 1e-18);
        let f = w.footprint((201, 201), false);
        let corner = w.sky_of(Point::new(-0.5, 200.5), true).unwrap();
        assert_eq!(f[1], corner);
    }

    #[test]
    fn the_area_map_is_the_determinant() {
        let mut w = wcs(10.0);
        w = w.with_sip(Some(
            crate::Sip::new([50.0, 50.0], &[(2, 0, 1e-4)], &[(0, 2, 2e-4), (1, 1, 3e-5)]).unwrap(),
        ));
        let map = w.pixel_area_map((40, 30), &Exec::serial());
        for (y, x) in [(0, 0), (39, 29), (17, 20)] {
            let a = w.pixel_area(Point::new(x as f64, y as f64)).unwrap() / w.proj_plane_pixel_area();
            assert!((map[[y, x]] - a).abs() < 1e-7, "{} {a}", map[[y, x]]);
        }
        for e in [2, 3, 7] {
            let e = Exec::with_threads(std::num::NonZeroUsize::new(e).unwrap()).unwrap();
            assert_eq!(map, w.pixel_area_map((40, 30), &e));
        }
    }
}
