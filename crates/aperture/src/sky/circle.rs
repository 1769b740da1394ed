//! Circle and circular annulus on the sky.

use skyphot_core::{Point, SkyCoord, SkyTransform};

use super::jacobian::{pixel_to_sky, sky_to_pixel};
use super::{SkyAperture, check_arcsec, check_larger_arcsec};
use crate::polygon::curve;
use crate::{
    CircularAnnulus, CircularAperture, EllipticalAnnulus, EllipticalAperture, Result, SkyEllipticalAnnulus,
    SkyEllipticalAperture, SkyPolygonAperture,
};

/// A circle on the sky.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SkyCircularAperture {
    r: f64,
}

impl SkyCircularAperture {
    /// A circle of radius `r` arcseconds.
    ///
    /// # Errors
    /// [`ApertureError::InvalidParameter`](crate::ApertureError::InvalidParameter) unless `0 < r <= 1e9`.
    pub fn new(r: f64) -> Result<Self> {
        Ok(Self { r: check_arcsec("r", r)? })
    }

    /// Radius, arcseconds.
    #[must_use]
    pub const fn r(&self) -> f64 {
        self.r
    }

    /// The polygon of `n` vertices on the circle, the first one to the east.
    ///
    /// # Errors
    /// [`ApertureError::Geometry`](crate::ApertureError::Geometry) for fewer than 3 vertices.
    pub fn to_polygon(&self, n: usize) -> Result<SkyPolygonAperture> {
        SkyPolygonAperture::simple(curve(self.r, self.r, 0.0, n))
    }

    /// The ellipse of pixels that the circle is at a direction, which [`to_pixel`](SkyAperture::to_pixel) takes for a
    /// circle of the same area.
    ///
    /// # Errors
    /// As [`SkyAperture::to_pixel`].
    #[doc(alias = "as_ellipse")]
    pub fn to_pixel_ellipse(
        &self,
        wcs: &dyn SkyTransform,
        at: SkyCoord,
    ) -> Result<(Point, EllipticalAperture)> {
        let (p, m) = sky_to_pixel(wcs, at)?;
        let e = m.unit_circle(false);
        Ok((p, EllipticalAperture::new(self.r * e.first, self.r * e.second, e.theta)?))
    }
}

impl SkyAperture for SkyCircularAperture {
    type Pixel = CircularAperture;

    fn to_pixel(&self, wcs: &dyn SkyTransform, at: SkyCoord) -> Result<(Point, CircularAperture)> {
        let (p, m) = sky_to_pixel(wcs, at)?;
        Ok((p, CircularAperture::new(self.r * m.mean_scale())?))
    }
}

impl CircularAperture {
    /// Direction and shape on the sky of the circle at a position: a circle of the same area.
    ///
    /// # Errors
    /// [`ApertureError::NoSky`](crate::ApertureError::NoSky) if the transform has no answer there or is singular.
    pub fn to_sky(&self, wcs: &dyn SkyTransform, at: Point) -> Result<(SkyCoord, SkyCircularAperture)> {
        let (s, m) = pixel_to_sky(wcs, at)?;
        Ok((s, SkyCircularAperture::new(self.r() * m.mean_scale())?))
    }

    /// Direction and the ellipse on the sky that the circle is at a position.
    ///
    /// # Errors
    /// As [`to_sky`](Self::to_sky).
    pub fn to_sky_ellipse(
        &self,
        wcs: &dyn SkyTransform,
        at: Point,
    ) -> Result<(SkyCoord, SkyEllipticalAperture)> {
        let (s, m) = pixel_to_sky(wcs, at)?;
        let e = m.unit_circle(true);
        Ok((s, SkyEllipticalAperture::new(self.r() * e.first, self.r() * e.second, e.theta)?))
    }
}

/// The ring between two circles on the sky.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SkyCircularAnnulus {
    r_in: f64,
    r_out: f64,
}

impl SkyCircularAnnulus {
    /// The ring from radius `r_in` to radius `r_out`, arcseconds.
    ///
    /// # Errors
    /// [`ApertureError::InvalidParameter`](crate::ApertureError::InvalidParameter) unless `0 < r_in < r_out <= 1e9`.
    pub fn new(r_in: f64, r_out: f64) -> Result<Self> {
        check_arcsec("r_in", r_in)?;
        check_larger_arcsec("r_out", r_out, "r_in", r_in)?;
        Ok(Self { r_in, r_out })
    }

    /// Inner radius, arcseconds.
    #[must_use]
    pub const fn r_in(&self) -> f64 {
        self.r_in
    }

    /// Outer radius, arcseconds.
    #[must_use]
    pub const fn r_out(&self) -> f64 {
        self.r_out
    }

    /// The elliptical ring of pixels that the ring is at a direction.
    ///
    /// # Errors
    /// As [`SkyAperture::to_pixel`].
    #[doc(alias = "as_ellipse")]
    pub fn to_pixel_ellipse(
        &self,
        wcs: &dyn SkyTransform,
        at: SkyCoord,
    ) -> Result<(Point, EllipticalAnnulus)> {
        let (p, m) = sky_to_pixel(wcs, at)?;
        let (e, i, o) = (m.unit_circle(false), self.r_in, self.r_out);
        let ring = EllipticalAnnulus::new(i * e.first, o * e.first, i * e.second, o * e.second, e.theta)?;
        Ok((p, ring))
    }
}

impl SkyAperture for SkyCircularAnnulus {
    type Pixel = CircularAnnulus;

    fn to_pixel(&self, wcs: &dyn SkyTransform, at: SkyCoord) -> Result<(Point, CircularAnnulus)> {
        let (p, m) = sky_to_pixel(wcs, at)?;
        let scale = m.mean_scale();
        Ok((p, CircularAnnulus::new(self.r_in * scale, self.r_out * scale)?))
    }
}

impl CircularAnnulus {
    /// Direction and shape on the sky of the ring at a position: a ring of the same area.
    ///
    /// # Errors
    /// As [`CircularAperture::to_sky`].
    pub fn to_sky(&self, wcs: &dyn SkyTransform, at: Point) -> Result<(SkyCoord, SkyCircularAnnulus)> {
        let (s, m) = pixel_to_sky(wcs, at)?;
        let scale = m.mean_scale();
        Ok((s, SkyCircularAnnulus::new(self.r_in() * scale, self.r_out() * scale)?))
    }

    /// Direction and the elliptical ring on the sky that the ring is at a position.
    ///
    /// # Errors
    /// As [`CircularAperture::to_sky`].
    pub fn to_sky_ellipse(
        &self,
        wcs: &dyn SkyTransform,
        at: Point,
    ) -> Result<(SkyCoord, SkyEllipticalAnnulus)> {
        let (s, m) = pixel_to_sky(wcs, at)?;
        let (e, i, o) = (m.unit_circle(true), self.r_in(), self.r_out());
        let ring = SkyEllipticalAnnulus::new(i * e.first, o * e.first, i * e.second, o * e.second, e.theta)?;
        Ok((s, ring))
    }
}
