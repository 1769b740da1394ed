//! Ellipse and elliptical annulus on the sky.

use skyphot_core::{Point, SkyCoord, SkyTransform};

use super::jacobian::{Axes, pixel_to_sky, sky_to_pixel};
use super::{SkyAperture, check_arcsec, check_larger_arcsec};
use crate::circle::check_angle;
use crate::polygon::curve;
use crate::{EllipticalAnnulus, EllipticalAperture, Result, SkyPolygonAperture};

/// An ellipse on the sky.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SkyEllipticalAperture {
    a: f64,
    b: f64,
    theta: f64,
}

impl SkyEllipticalAperture {
    /// An ellipse of semiaxes `a` and `b`, arcseconds. `theta` is the position angle of `a`, radians from north
    /// towards east.
    ///
    /// # Errors
    /// [`ApertureError::InvalidParameter`](crate::ApertureError::InvalidParameter) unless `0 < a, b <= 1e9` and
    /// `|theta| <= 1e9`.
    pub fn new(a: f64, b: f64, theta: f64) -> Result<Self> {
        Ok(Self { a: check_arcsec("a", a)?, b: check_arcsec("b", b)?, theta: check_angle(theta)? })
    }

    /// Semiaxis along `theta`, arcseconds.
    #[must_use]
    pub const fn a(&self) -> f64 {
        self.a
    }

    /// The other semiaxis, arcseconds.
    #[must_use]
    pub const fn b(&self) -> f64 {
        self.b
    }

    /// Position angle of `a`, radians from north towards east.
    #[must_use]
    pub const fn theta(&self) -> f64 {
        self.theta
    }

    /// The polygon of `n` vertices on the ellipse.
    ///
    /// # Errors
    /// [`ApertureError::Geometry`](crate::ApertureError::Geometry) for fewer than 3 vertices.
    pub fn to_polygon(&self, n: usize) -> Result<SkyPolygonAperture> {
        // East goes for x: the axis `a` points north at the angle 0, and turns the other way round.
        let (sin, cos) = self.theta.sin_cos();
        let turned = |p: Point| Point::new(p.y * cos + p.x * sin, p.x * cos - p.y * sin);
        SkyPolygonAperture::simple(curve(self.a, self.b, 0.0, n).into_iter().map(turned).collect())
    }
}

impl SkyAperture for SkyEllipticalAperture {
    type Pixel = EllipticalAperture;

    fn to_pixel(&self, wcs: &dyn SkyTransform, at: SkyCoord) -> Result<(Point, EllipticalAperture)> {
        let (p, m) = sky_to_pixel(wcs, at)?;
        let e = m.shape_to_pixel(&Axes { first: self.a, second: self.b, theta: self.theta });
        Ok((p, EllipticalAperture::new(e.first, e.second, e.theta)?))
    }
}

impl EllipticalAperture {
    /// Direction and shape on the sky of the ellipse at a position.
    ///
    /// # Errors
    /// [`ApertureError::NoSky`](crate::ApertureError::NoSky) if the transform has no answer there or is singular.
    pub fn to_sky(&self, wcs: &dyn SkyTransform, at: Point) -> Result<(SkyCoord, SkyEllipticalAperture)> {
        let (s, m) = pixel_to_sky(wcs, at)?;
        let e = m.shape_to_sky(&Axes { first: self.a(), second: self.b(), theta: self.theta() });
        Ok((s, SkyEllipticalAperture::new(e.first, e.second, e.theta)?))
    }
}

/// The ring between two ellipses on the sky.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SkyEllipticalAnnulus {
    a_in: f64,
    a_out: f64,
    b_in: f64,
    b_out: f64,
    theta: f64,
}

impl SkyEllipticalAnnulus {
    /// The ring between the ellipse of semiaxes `a_in`, `b_in` and that of `a_out`, `b_out`, arcseconds.
    /// `theta` is the position angle of `a_in` and `a_out`, radians from north towards east.
    ///
    /// # Errors
    /// [`ApertureError::InvalidParameter`](crate::ApertureError::InvalidParameter) unless `0 < a_in < a_out <= 1e9`,
    /// `0 < b_in < b_out <= 1e9` and `|theta| <= 1e9`.
    pub fn new(a_in: f64, a_out: f64, b_in: f64, b_out: f64, theta: f64) -> Result<Self> {
        check_arcsec("a_in", a_in)?;
        check_arcsec("b_in", b_in)?;
        check_larger_arcsec("a_out", a_out, "a_in", a_in)?;
        check_larger_arcsec("b_out", b_out, "b_in", b_in)?;
        Ok(Self { a_in, a_out, b_in, b_out, theta: check_angle(theta)? })
    }

    /// The ring between two similar ellipses: `b_in = a_in b_out / a_out`.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn scaled(a_in: f64, a_out: f64, b_out: f64, theta: f64) -> Result<Self> {
        Self::new(a_in, a_out, a_in * b_out / a_out, b_out, theta)
    }

    /// Inner semiaxis along `theta`, arcseconds.
    #[must_use]
    pub const fn a_in(&self) -> f64 {
        self.a_in
    }

    /// Outer semiaxis along `theta`, arcseconds.
    #[must_use]
    pub const fn a_out(&self) -> f64 {
        self.a_out
    }

    /// The other inner semiaxis, arcseconds.
    #[must_use]
    pub const fn b_in(&self) -> f64 {
        self.b_in
    }

    /// The other outer semiaxis, arcseconds.
    #[must_use]
    pub const fn b_out(&self) -> f64 {
        self.b_out
    }

    /// Position angle, radians from north towards east.
    #[must_use]
    pub const fn theta(&self) -> f64 {
        self.theta
    }
}

impl SkyAperture for SkyEllipticalAnnulus {
    type Pixel = EllipticalAnnulus;

    /// The outer ellipse by the local map; the inner one keeps its ratios to it.
    fn to_pixel(&self, wcs: &dyn SkyTransform, at: SkyCoord) -> Result<(Point, EllipticalAnnulus)> {
        let (p, m) = sky_to_pixel(wcs, at)?;
        let e = m.shape_to_pixel(&Axes { first: self.a_out, second: self.b_out, theta: self.theta });
        let (a_in, b_in) = (e.first * (self.a_in / self.a_out), e.second * (self.b_in / self.b_out));
        Ok((p, EllipticalAnnulus::new(a_in, e.first, b_in, e.second, e.theta)?))
    }
}

impl EllipticalAnnulus {
    /// Direction and shape on the sky of the ring at a position: the outer ellipse by the local map, the inner one in
    /// the same ratios to it.
    ///
    /// # Errors
    /// As [`EllipticalAperture::to_sky`].
    pub fn to_sky(&self, wcs: &dyn SkyTransform, at: Point) -> Result<(SkyCoord, SkyEllipticalAnnulus)> {
        let (s, m) = pixel_to_sky(wcs, at)?;
        let e = m.shape_to_sky(&Axes { first: self.a_out(), second: self.b_out(), theta: self.theta() });
        let a_in = e.first * (self.a_in() / self.a_out());
        let b_in = e.second * (self.b_in() / self.b_out());
        Ok((s, SkyEllipticalAnnulus::new(a_in, e.first, b_in, e.second, e.theta)?))
    }
}
