//! Scale, orientation and area of the pixels of a [`Gwcs`].

use skyphot_core::{Point, SkyCoord};

use super::Gwcs;
use crate::angle::{sin_cos_deg, wrap_360};
use crate::transform::NAN_SKY;
use crate::{Parity, Result, WcsError};

impl Gwcs {
    /// Derivatives of the direction on the sky at a pixel: `[[dE/dx, dE/dy], [dN/dx, dN/dy]]`, degrees towards east and
    /// north per pixel. The bounding box does not matter. `None` where there is no sky.
    #[must_use]
    pub fn jacobian(&self, p: Point) -> Option<[[f64; 2]; 2]> {
        let at = self.sky_of(p, false).ok()?;
        let (sl, cl) = sin_cos_deg(at.lon);
        let (sb, cb) = sin_cos_deg(at.lat);
        let axes = [[-sl, cl, 0.0], [-sb * cl, -sb * sl, cb]];
        // Central differences of the fourth order.
        const STEPS: [f64; 4] = [-1.0, -0.5, 0.5, 1.0];
        let (x, y) = ([p.x; 4], [p.y; 4]);
        let along_x = self.vector.evaluate(&[&STEPS.map(|d| p.x + d), &y]);
        let along_y = self.vector.evaluate(&[&x, &STEPS.map(|d| p.y + d)]);
        let mut out = [[0.0; 2]; 2];
        for (j, v) in [along_x, along_y].iter().enumerate() {
            let d = [0, 1, 2].map(|i| (8.0 * (v[i][2] - v[i][1]) - (v[i][3] - v[i][0])) / 6.0);
            for (i, axis) in axes.iter().enumerate() {
                out[i][j] = (d[0] * axis[0] + d[1] * axis[1] + d[2] * axis[2]).to_degrees();
            }
        }
        out.iter().flatten().all(|v| v.is_finite()).then_some(out)
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

    /// Lengths of the two sides of a pixel, degrees; `None` where there is no sky.
    #[must_use]
    pub fn pixel_scales(&self, p: Point) -> Option<[f64; 2]> {
        let m = self.jacobian(p)?;
        Some([m[0][0].hypot(m[1][0]), m[0][1].hypot(m[1][1])])
    }

    /// Direction of the image's +y axis at a pixel, from north through east, `[0, 360)` degrees.
    #[must_use]
    pub fn position_angle(&self, p: Point) -> Option<f64> {
        let m = self.jacobian(p)?;
        Some(wrap_360(m[0][1].atan2(m[1][1]).to_degrees()))
    }

    /// Which way round the image is, at a pixel.
    #[must_use]
    pub fn parity(&self, p: Point) -> Option<Parity> {
        let m = self.jacobian(p)?;
        let det = m[0][0] * m[1][1] - m[0][1] * m[1][0];
        Some(if det < 0.0 { Parity::Sky } else { Parity::Mirrored })
    }

    /// The middle of the bounding box, or of the image where there is none; `(0, 0)` without either.
    #[must_use]
    pub fn reference_pixel(&self) -> Point {
        match (self.bounds.filter(|b| b.is_finite()), self.shape()) {
            (Some(b), _) => b.center(),
            (None, Some((ny, nx))) => Point::new(0.5 * (nx as f64 - 1.0), 0.5 * (ny as f64 - 1.0)),
            (None, None) => Point::new(0.0, 0.0),
        }
    }

    /// The corners of an image of shape `(ny, nx)` on the sky: lower left, upper left, upper right, lower right. The
    /// centres of the corner pixels with `centers`, their outer corners otherwise. NaN where there is no sky; the
    /// bounding box does not matter.
    #[must_use]
    #[doc(alias = "calc_footprint")]
    pub fn footprint(&self, (ny, nx): (usize, usize), centers: bool) -> [SkyCoord; 4] {
        let d = if centers { 0.0 } else { 0.5 };
        self.corners((-d, nx as f64 - 1.0 + d), (-d, ny as f64 - 1.0 + d))
    }

    /// The corners of the bounding box on the sky, in the order of [`footprint`](Self::footprint).
    ///
    /// # Errors
    /// [`WcsError::NoBoundingBox`] if there is none.
    pub fn bounding_box_footprint(&self) -> Result<[SkyCoord; 4]> {
        let b = self.bounds.ok_or(WcsError::NoBoundingBox)?;
        Ok(self.corners(b.x(), b.y()))
    }

    fn corners(&self, x: (f64, f64), y: (f64, f64)) -> [SkyCoord; 4] {
        [(x.0, y.0), (x.0, y.1), (x.1, y.1), (x.1, y.0)]
            .map(|p| self.sky_of(p.into(), false).unwrap_or(NAN_SKY))
    }
}
