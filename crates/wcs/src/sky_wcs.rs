//! Either kind of system.

use skyphot_core::{Exec, Point, SkyCoord, SkyTransform};

use crate::{Gwcs, PixelPositions, SkyFrame, SkyPositions, Wcs, local_jacobian};

/// A world coordinate system of either kind: from a FITS header or from a transform graph.
///
/// ```
/// use skyphot_core::{SkyCoord, SkyTransform};
/// use skyphot_wcs::{ProjectionCode, SkyWcs, Wcs};
/// let crval = SkyCoord { lon: 10.0, lat: 20.0 };
/// let wcs = SkyWcs::from(Wcs::new(ProjectionCode::Tan, crval, [1.0, 1.0], [[-1e-4, 0.0], [0.0, 1e-4]])?);
/// assert!((wcs.pixel_scale((0.0, 0.0).into()).unwrap() - 1e-4).abs() < 1e-12);
/// # Ok::<(), skyphot_wcs::WcsError>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SkyWcs {
    /// From a FITS header.
    Fits(Box<Wcs>),
    /// From a transform graph of a Roman or JWST file.
    Gwcs(Box<Gwcs>),
}

impl From<Wcs> for SkyWcs {
    fn from(w: Wcs) -> Self {
        Self::Fits(Box::new(w))
    }
}

impl From<Gwcs> for SkyWcs {
    fn from(w: Gwcs) -> Self {
        Self::Gwcs(Box::new(w))
    }
}

impl SkyWcs {
    /// The frame of the positions, `None` if it is not one this crate can convert.
    #[must_use]
    pub fn frame(&self) -> Option<SkyFrame> {
        match self {
            Self::Fits(w) => w.frame(),
            Self::Gwcs(w) => w.frame(),
        }
    }

    /// Size of the image `(ny, nx)`, if the system says so.
    #[must_use]
    pub fn shape(&self) -> Option<(usize, usize)> {
        match self {
            Self::Fits(w) => w.shape(),
            Self::Gwcs(w) => w.shape(),
        }
    }

    /// Pixels (0-based) to the sky with all distortions, degrees in the frame of the system; NaN outside a bounding box.
    #[must_use]
    pub fn all_pix2world(&self, points: &[Point], exec: &Exec) -> SkyPositions {
        match self {
            Self::Fits(w) => w.all_pix2world(points, exec),
            Self::Gwcs(w) => w.all_pix2world(points, exec),
        }
    }

    /// The sky (degrees, in the frame of the system) to pixels (0-based); NaN outside a bounding box.
    #[must_use]
    pub fn all_world2pix(&self, sky: &[SkyCoord], exec: &Exec) -> PixelPositions {
        match self {
            Self::Fits(w) => w.all_world2pix(sky, exec),
            Self::Gwcs(w) => w.all_world2pix(sky, exec),
        }
    }

    /// Pixels (0-based) to ICRS, degrees; a frame that is not known is taken for ICRS.
    #[must_use]
    pub fn pixels_to_icrs(&self, points: &[Point], exec: &Exec) -> Vec<SkyCoord> {
        let frame = self.frame().unwrap_or(SkyFrame::Icrs);
        frame.convert_all(SkyFrame::Icrs, &self.all_pix2world(points, exec).sky, exec)
    }

    /// ICRS positions (degrees) to pixels (0-based); a frame that is not known is taken for ICRS.
    #[must_use]
    pub fn icrs_to_pixels(&self, sky: &[SkyCoord], exec: &Exec) -> PixelPositions {
        let frame = self.frame().unwrap_or(SkyFrame::Icrs);
        self.all_world2pix(&SkyFrame::Icrs.convert_all(frame, sky, exec), exec)
    }

    /// Derivatives of the direction on the sky at a pixel, degrees towards east and north per pixel.
    #[must_use]
    pub fn jacobian(&self, p: Point) -> Option<[[f64; 2]; 2]> {
        match self {
            Self::Fits(w) => local_jacobian(w.as_ref(), p),
            Self::Gwcs(w) => w.jacobian(p),
        }
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
    pub fn position_angle(&self, p: Point) -> Option<f64> {
        let m = self.jacobian(p)?;
        Some(crate::angle::wrap_360(m[0][1].atan2(m[1][1]).to_degrees()))
    }

    /// The corners of an image of shape `(ny, nx)` on the sky: lower left, upper left, upper right, lower right.
    #[must_use]
    pub fn footprint(&self, shape: (usize, usize), centers: bool) -> [SkyCoord; 4] {
        match self {
            Self::Fits(w) => w.footprint(shape, centers),
            Self::Gwcs(w) => w.footprint(shape, centers),
        }
    }
}

impl SkyTransform for SkyWcs {
    fn pixel_to_sky(&self, p: Point) -> Option<SkyCoord> {
        match self {
            Self::Fits(w) => w.pixel_to_sky(p),
            Self::Gwcs(w) => w.pixel_to_sky(p),
        }
    }

    fn sky_to_pixel(&self, s: SkyCoord) -> Option<Point> {
        match self {
            Self::Fits(w) => w.sky_to_pixel(s),
            Self::Gwcs(w) => w.sky_to_pixel(s),
        }
    }

    fn pixels_to_sky(&self, points: &[Point], sky: &mut [SkyCoord]) {
        match self {
            Self::Fits(w) => w.pixels_to_sky(points, sky),
            Self::Gwcs(w) => w.pixels_to_sky(points, sky),
        }
    }

    fn sky_to_pixels(&self, sky: &[SkyCoord], points: &mut [Point]) {
        match self {
            Self::Fits(w) => w.sky_to_pixels(sky, points),
            Self::Gwcs(w) => w.sky_to_pixels(sky, points),
        }
    }
}
