//! Rectangle and rectangular annulus on the sky.

use skyphot_core::{Point, SkyCoord, SkyTransform};

use super::jacobian::{Axes, pixel_to_sky, sky_to_pixel};
use super::{SkyAperture, check_arcsec, check_larger_arcsec};
use crate::circle::check_angle;
use crate::{RectangularAnnulus, RectangularAperture, Result, SkyPolygonAperture};

/// A rectangle on the sky.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SkyRectangularAperture {
    w: f64,
    h: f64,
    theta: f64,
}

impl SkyRectangularAperture {
    /// A rectangle of full sides `w` and `h`, arcseconds. `theta` is the position angle of `w`, radians from north
    /// towards east.
    ///
    /// # Errors
    /// [`ApertureError::InvalidParameter`](crate::ApertureError::InvalidParameter) unless `0 < w, h <= 1e9` and
    /// `|theta| <= 1e9`.
    pub fn new(w: f64, h: f64, theta: f64) -> Result<Self> {
        Ok(Self { w: check_arcsec("w", w)?, h: check_arcsec("h", h)?, theta: check_angle(theta)? })
    }

    /// Full side along `theta`, arcseconds.
    #[must_use]
    pub const fn w(&self) -> f64 {
        self.w
    }

    /// The other full side, arcseconds.
    #[must_use]
    pub const fn h(&self) -> f64 {
        self.h
    }

    /// Position angle of `w`, radians from north towards east.
    #[must_use]
    pub const fn theta(&self) -> f64 {
        self.theta
    }

    /// The same shape as a polygon.
    ///
    /// # Errors
    /// [`ApertureError::Geometry`](crate::ApertureError::Geometry) if rounding takes the area of a thin rectangle.
    pub fn to_polygon(&self) -> Result<SkyPolygonAperture> {
        let (sin, cos) = self.theta.sin_cos();
        let (north, east) = (0.5 * self.w, 0.5 * self.h);
        let corners = [(-east, -north), (east, -north), (east, north), (-east, north)];
        SkyPolygonAperture::simple(
            corners.map(|(x, y)| Point::new(x * cos + y * sin, y * cos - x * sin)).to_vec(),
        )
    }
}

impl SkyAperture for SkyRectangularAperture {
    type Pixel = RectangularAperture;

    fn to_pixel(&self, wcs: &dyn SkyTransform, at: SkyCoord) -> Result<(Point, RectangularAperture)> {
        let (p, m) = sky_to_pixel(wcs, at)?;
        let e = m.shape_to_pixel(&Axes { first: self.w, second: self.h, theta: self.theta });
        Ok((p, RectangularAperture::new(e.first, e.second, e.theta)?))
    }
}

impl RectangularAperture {
    /// Direction and shape on the sky of the rectangle at a position.
    ///
    /// # Errors
    /// [`ApertureError::NoSky`](crate::ApertureError::NoSky) if the transform has no answer there or is singular.
    pub fn to_sky(&self, wcs: &dyn SkyTransform, at: Point) -> Result<(SkyCoord, SkyRectangularAperture)> {
        let (s, m) = pixel_to_sky(wcs, at)?;
        let e = m.shape_to_sky(&Axes { first: self.w(), second: self.h(), theta: self.theta() });
        Ok((s, SkyRectangularAperture::new(e.first, e.second, e.theta)?))
    }
}

/// The ring between two rectangles on the sky.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SkyRectangularAnnulus {
    w_in: f64,
    w_out: f64,
    h_in: f64,
    h_out: f64,
    theta: f64,
}

impl SkyRectangularAnnulus {
    /// The ring between the rectangle of full sides `w_in`, `h_in` and that of `w_out`, `h_out`, arcseconds.
    /// `theta` is the position angle of `w_in` and `w_out`, radians from north towards east.
    ///
    /// # Errors
    /// [`ApertureError::InvalidParameter`](crate::ApertureError::InvalidParameter) unless `0 < w_in < w_out <= 1e9`,
    /// `0 < h_in < h_out <= 1e9` and `|theta| <= 1e9`.
    pub fn new(w_in: f64, w_out: f64, h_in: f64, h_out: f64, theta: f64) -> Result<Self> {
        check_arcsec("w_in", w_in)?;
        check_arcsec("h_in", h_in)?;
        check_larger_arcsec("w_out", w_out, "w_in", w_in)?;
        check_larger_arcsec("h_out", h_out, "h_in", h_in)?;
        Ok(Self { w_in, w_out, h_in, h_out, theta: check_angle(theta)? })
    }

    /// The ring between two similar rectangles: `h_in = w_in h_out / w_out`.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn scaled(w_in: f64, w_out: f64, h_out: f64, theta: f64) -> Result<Self> {
        Self::new(w_in, w_out, w_in * h_out / w_out, h_out, theta)
    }

    /// Inner full side along `theta`, arcseconds.
    #[must_use]
    pub const fn w_in(&self) -> f64 {
        self.w_in
    }

    /// Outer full side along `theta`, arcseconds.
    #[must_use]
    pub const fn w_out(&self) -> f64 {
        self.w_out
    }

    /// The other inner full side, arcseconds.
    #[must_use]
    pub const fn h_in(&self) -> f64 {
        self.h_in
    }

    /// The other outer full side, arcseconds.
    #[must_use]
    pub const fn h_out(&self) -> f64 {
        self.h_out
    }

    /// Position angle, radians from north towards east.
    #[must_use]
    pub const fn theta(&self) -> f64 {
        self.theta
    }
}

impl SkyAperture for SkyRectangularAnnulus {
    type Pixel = RectangularAnnulus;

    /// The outer rectangle by the local map; the inner one keeps its ratios to it.
    fn to_pixel(&self, wcs: &dyn SkyTransform, at: SkyCoord) -> Result<(Point, RectangularAnnulus)> {
        let (p, m) = sky_to_pixel(wcs, at)?;
        let e = m.shape_to_pixel(&Axes { first: self.w_out, second: self.h_out, theta: self.theta });
        let (w_in, h_in) = (e.first * (self.w_in / self.w_out), e.second * (self.h_in / self.h_out));
        Ok((p, RectangularAnnulus::new(w_in, e.first, h_in, e.second, e.theta)?))
    }
}

impl RectangularAnnulus {
    /// Direction and shape on the sky of the ring at a position: the outer rectangle by the local map, the inner one in
    /// the same ratios to it.
    ///
    /// # Errors
    /// As [`RectangularAperture::to_sky`].
    pub fn to_sky(&self, wcs: &dyn SkyTransform, at: Point) -> Result<(SkyCoord, SkyRectangularAnnulus)> {
        let (s, m) = pixel_to_sky(wcs, at)?;
        let e = m.shape_to_sky(&Axes { first: self.w_out(), second: self.h_out(), theta: self.theta() });
        let w_in = e.first * (self.w_in() / self.w_out());
        let h_in = e.second * (self.h_in() / self.h_out());
        Ok((s, SkyRectangularAnnulus::new(w_in, e.first, h_in, e.second, e.theta)?))
    }
}
