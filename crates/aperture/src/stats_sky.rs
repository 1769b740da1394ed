//! Statistics in an aperture as seen on the sky.

use skyphot_core::{Point, SkyCoord, SkyTransform};

use crate::ApertureStats;
use crate::sky::jacobian::pixel_to_sky;

impl ApertureStats {
    /// Directions of the centroids, in the frame of the transform; NaN where there is none.
    #[must_use]
    #[doc(alias = "sky_centroid")]
    pub fn sky_centroids(&self, wcs: &dyn SkyTransform) -> Vec<SkyCoord> {
        let none = SkyCoord { lon: f64::NAN, lat: f64::NAN };
        self.centroids().map(|p| wcs.pixel_to_sky(p).filter(|_| p.is_finite()).unwrap_or(none)).collect()
    }

    /// Position angles of the major axes on the sky, degrees in (-90, 90] from north to east: the covariance is carried
    /// to the tangent plane by the local derivatives of the transform. NaN where there is none.
    #[must_use]
    #[doc(alias = "sky_orientation")]
    pub fn sky_orientations(&self, wcs: &dyn SkyTransform) -> Vec<f64> {
        let covariance = self.covariance_xx.iter().zip(&self.covariance_xy).zip(&self.covariance_yy);
        self.centroids()
            .zip(covariance)
            .map(|(p, ((&xx, &xy), &yy))| sky_orientation(wcs, p, [xx, xy, yy]))
            .collect()
    }

    fn centroids(&self) -> impl Iterator<Item = Point> + '_ {
        self.x_centroid.iter().zip(&self.y_centroid).map(|(&x, &y)| Point::new(x, y))
    }
}

/// The position angle on the sky (degrees in (-90, 90] from north to east) of the major axis of a covariance
/// `[xx, xy, yy]` in pixels at a place; NaN where there is none.
#[must_use]
pub fn sky_orientation(wcs: &dyn SkyTransform, at: Point, [xx, xy, yy]: [f64; 3]) -> f64 {
    if !(at.is_finite() && (xx + xy + yy).is_finite()) {
        return f64::NAN;
    }
    let Ok((_, f)) = pixel_to_sky(wcs, at) else { return f64::NAN };
    let [[ex, ey], [nx, ny]] = f.m;
    let form = |a: (f64, f64), b: (f64, f64)| a.0 * b.0 * xx + (a.0 * b.1 + a.1 * b.0) * xy + a.1 * b.1 * yy;
    let (e, n) = ((ex, ey), (nx, ny));
    let angle = 0.5 * (2.0 * form(e, n) + 0.0).atan2(form(n, n) - form(e, e));
    angle.to_degrees()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CircularAperture, StatsConfig};
    use ndarray::Array2;
    use skyphot_core::Image;

    /// One arcsecond per pixel, east to the left.
    struct Flat;

    impl SkyTransform for Flat {
        fn pixel_to_sky(&self, p: Point) -> Option<SkyCoord> {
            Some(SkyCoord { lon: 10.0 - p.x / 3600.0, lat: p.y / 3600.0 })
        }

        fn sky_to_pixel(&self, s: SkyCoord) -> Option<Point> {
            Some(Point::new((10.0 - s.lon) * 3600.0, s.lat * 3600.0))
        }
    }

    #[test]
    fn angles_from_north_to_east() {
        let data = Array2::from_shape_fn((41, 41), |(y, x)| {
            let (dx, dy) = (x as f64 - 20.2, y as f64 - 19.7);
            (-(dx * dx + dy * dy - 1.6 * dx * dy) / 20.0).exp()
        });
        let image = Image::new(data.view()).unwrap();
        let places = [Point::new(20.0, 20.0), Point::new(-90.0, 0.0)];
        let a = CircularAperture::new(12.0).unwrap();
        let s = ApertureStats::measure(&image, &places, &a, &StatsConfig::default()).unwrap();
        let (sky, angle) = (s.sky_centroids(&Flat), s.sky_orientations(&Flat));
        assert!((sky[0].lat * 3600.0 - s.y_centroid[0]).abs() < 1e-9);
        assert!((angle[0] - (s.orientation[0] - 90.0)).abs() < 1e-6, "{} {}", angle[0], s.orientation[0]);
        assert!(sky[1].lon.is_nan() && angle[1].is_nan());
    }
}
