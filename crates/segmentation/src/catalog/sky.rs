//! Positions, errors and angles on the sky.

use skyphot_centroids::Covariance;
use skyphot_core::{Point, SkyCoord, SkyTransform};

use super::measure::{CatalogParts, SourceMeasurement};
use super::source_catalog::SourceCatalog;

/// No answer.
const NOWHERE: SkyCoord = SkyCoord { lon: f64::NAN, lat: f64::NAN };

const ARCSEC: f64 = 3600.0 * 180.0 / std::f64::consts::PI;

/// The derivative of the map to the sky at a position, arcsec per pixel: rows East and North, columns x and y, from
/// positions half a pixel to either side. `None` where the map has no answer.
pub(crate) fn jacobian(wcs: &dyn SkyTransform, p: Point) -> Option<[[f64; 2]; 2]> {
    let unit = |p: Point| {
        let s = wcs.pixel_to_sky(p)?;
        let ((sl, cl), (sb, cb)) = (s.lon.to_radians().sin_cos(), s.lat.to_radians().sin_cos());
        Some([cb * cl, cb * sl, sb])
    };
    let s = wcs.pixel_to_sky(p)?;
    let ((sl, cl), (sb, cb)) = (s.lon.to_radians().sin_cos(), s.lat.to_radians().sin_cos());
    let east = [-sl, cl, 0.0];
    let north = [-sb * cl, -sb * sl, cb];
    let mut j = [[0.0; 2]; 2];
    for (column, (dx, dy)) in [(0.5, 0.0), (0.0, 0.5)].into_iter().enumerate() {
        let (low, high) = (unit(Point::new(p.x - dx, p.y - dy))?, unit(Point::new(p.x + dx, p.y + dy))?);
        for k in 0..3 {
            j[0][column] += (high[k] - low[k]) * east[k] * ARCSEC;
            j[1][column] += (high[k] - low[k]) * north[k] * ARCSEC;
        }
    }
    Some(j)
}

/// Which centroid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Isophotal,
    Windowed,
    Quadratic,
}

impl Which {
    pub(crate) const fn parts(self) -> CatalogParts {
        match self {
            Self::Isophotal => CatalogParts::ISOPHOTAL,
            Self::Windowed => CatalogParts::WINDOWED,
            Self::Quadratic => CatalogParts::QUADRATIC,
        }
    }

    fn of(self, m: &SourceMeasurement) -> (Point, Covariance) {
        let ((x, y), error) = match self {
            Self::Isophotal => (m.iso.centroid, m.iso.centroid_error),
            Self::Windowed => (m.windowed.position, m.windowed.error),
            Self::Quadratic => (m.quadratic.position, m.quadratic.error),
        };
        (Point::new(x, y), error)
    }
}

impl SourceCatalog<'_> {
    fn transform(&self) -> Option<&dyn SkyTransform> {
        self.wcs().map(|w| w.get())
    }

    /// Positions on the sky; NaN where there are none, `None` without a WCS.
    pub(crate) fn sky_of(&self, points: &[Point]) -> Option<Vec<SkyCoord>> {
        let wcs = self.transform()?;
        let mut sky = vec![NOWHERE; points.len()];
        wcs.pixels_to_sky(points, &mut sky);
        for (s, p) in sky.iter_mut().zip(points) {
            if !p.is_finite() {
                *s = NOWHERE;
            }
        }
        Some(sky)
    }

    pub(crate) fn sky_positions(&self, which: Which) -> Option<Vec<SkyCoord>> {
        self.transform()?;
        let rows = self.shapes().rows(which.parts());
        self.sky_of(&rows.iter().map(|m| which.of(m).0).collect::<Vec<_>>())
    }

    /// Errors along East and North, arcsec.
    pub(crate) fn sky_errors(&self, which: Which) -> Option<Vec<(f64, f64)>> {
        let wcs = self.transform()?;
        let rows = self.shapes().rows(which.parts());
        let of = |m: &SourceMeasurement| {
            let (p, error) = which.of(m);
            if !(p.is_finite() && error.is_finite()) {
                return (f64::NAN, f64::NAN);
            }
            jacobian(wcs, p).map_or((f64::NAN, f64::NAN), |j| {
                let e = error.mapped(j);
                (e.xx.sqrt(), e.yy.sqrt())
            })
        };
        Some(self.config().exec.map(rows.len(), |i| of(&rows[i])))
    }

    /// Centroids on the sky, in the frame of the WCS; `None` without one.
    #[must_use]
    #[doc(alias = "ALPHA_J2000")]
    pub fn sky_centroid(&self) -> Option<Vec<SkyCoord>> {
        self.sky_positions(Which::Isophotal)
    }

    /// Windowed centroids on the sky; `None` without a WCS.
    #[must_use]
    #[doc(alias = "ALPHAWIN_J2000")]
    pub fn sky_centroid_win(&self) -> Option<Vec<SkyCoord>> {
        self.sky_positions(Which::Windowed)
    }

    /// Quadratic centroids on the sky; `None` without a WCS.
    #[must_use]
    pub fn sky_centroid_quad(&self) -> Option<Vec<SkyCoord>> {
        self.sky_positions(Which::Quadratic)
    }

    /// 1-sigma errors of [`sky_centroid`](Self::sky_centroid) along East and North, arcsec (great circle).
    #[must_use]
    pub fn sky_centroid_err(&self) -> Option<Vec<(f64, f64)>> {
        self.sky_errors(Which::Isophotal)
    }

    /// 1-sigma errors of [`sky_centroid_win`](Self::sky_centroid_win) along East and North, arcsec.
    #[must_use]
    pub fn sky_centroid_win_err(&self) -> Option<Vec<(f64, f64)>> {
        self.sky_errors(Which::Windowed)
    }

    /// 1-sigma errors of [`sky_centroid_quad`](Self::sky_centroid_quad) along East and North, arcsec.
    #[must_use]
    pub fn sky_centroid_quad_err(&self) -> Option<Vec<(f64, f64)>> {
        self.sky_errors(Which::Quadratic)
    }

    /// Position angle of the major axis on the sky, from North towards East, degrees in (-90, 90]; `None` without a WCS.
    #[must_use]
    #[doc(alias = "THETA_SKY")]
    pub fn sky_orientation(&self) -> Option<Vec<f64>> {
        let wcs = self.transform()?;
        let rows = self.shapes().rows(CatalogParts::ISOPHOTAL);
        let of = |m: &SourceMeasurement| {
            let c = &m.iso.covariance;
            if !(m.center().is_finite() && c.is_finite()) {
                return f64::NAN;
            }
            jacobian(wcs, m.center()).map_or(f64::NAN, |j| {
                let s = c.mapped(j);
                Covariance { xx: s.yy, xy: s.xy, yy: s.xx }.orientation().to_degrees()
            })
        };
        Some(self.config().exec.map(rows.len(), |i| of(&rows[i])))
    }

    /// Corners of the bounding boxes on the sky: lower left, upper left, lower right, upper right, each one the outer
    /// corner of a pixel; `None` without a WCS.
    #[must_use]
    #[doc(alias = "sky_bbox_ll")]
    #[doc(alias = "sky_bbox_ur")]
    pub fn sky_bbox(&self) -> Option<[Vec<SkyCoord>; 4]> {
        let corner = |left: bool, low: bool| {
            let points: Vec<Point> = self
                .bbox()
                .iter()
                .map(|b| {
                    let (x0, x1, y0, y1) = b.extent();
                    Point::new(if left { x0 } else { x1 }, if low { y0 } else { y1 })
                })
                .collect();
            self.sky_of(&points)
        };
        Some([corner(true, true)?, corner(true, false)?, corner(false, true)?, corner(false, false)?])
    }
}
