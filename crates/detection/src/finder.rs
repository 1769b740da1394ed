//! The seam between star finders and what uses them.

use skyphot_core::{Image, Pixel, Point};

use crate::error::{DetectionError, Result};
use crate::select::brightest;
use crate::{DaoStarFinder, IrafStarFinder, StarCatalog, StarFinder};

/// Anything that finds stars in an image. Implement it to plug a finder of your own into code that takes one.
///
/// ```
/// use skyphot_core::Image;
/// use skyphot_detection::{DaoStarFinder, Finder, IrafStarFinder};
/// let finders: Vec<Box<dyn Finder<f64>>> =
///     vec![Box::new(DaoStarFinder::new(5.0, 3.0)?), Box::new(IrafStarFinder::new(5.0, 3.0)?)];
/// let data = skyphot_core::testing::field(60, 60, 1, 3, 1.0) - 100.0;
/// for finder in finders {
///     assert!(finder.find(&Image::new(data.view())?)?.len() > 0);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "StarFinderBase")]
pub trait Finder<T: Pixel>: std::fmt::Debug + Send + Sync {
    /// The stars of a background-subtracted image.
    ///
    /// # Errors
    /// [`DetectionError`] if the parameters do not make sense or do not fit the image; never because nothing was found.
    fn find(&self, image: &Image<'_, T>) -> Result<StarCatalog>;
}

macro_rules! finder {
    ($($t:ty),*) => {$(
        impl<T: Pixel> Finder<T> for $t {
            fn find(&self, image: &Image<'_, T>) -> Result<StarCatalog> {
                <$t>::find(self, image)
            }
        }
    )*};
}
finder!(DaoStarFinder, IrafStarFinder, StarFinder);

/// Positions given by the caller as pixels, rounded half away from zero.
pub(crate) fn given_pixels(points: &[Point], (ny, nx): (usize, usize)) -> Result<Vec<(usize, usize)>> {
    let on = |v: f64, n: usize| v > -0.5 && v < n as f64 - 0.5;
    points
        .iter()
        .enumerate()
        .map(|(index, p)| {
            if on(p.x, nx) && on(p.y, ny) {
                Ok(((p.y.max(0.0) + 0.5).floor() as usize, (p.x.max(0.0) + 0.5).floor() as usize))
            } else {
                Err(DetectionError::PositionOutside { index, x: p.x, y: p.y, nx, ny })
            }
        })
        .collect()
}

/// Both lie on the image.
pub(crate) fn on_image(x: f64, y: f64, (ny, nx): (usize, usize)) -> bool {
    (-0.5..=nx as f64 - 0.5).contains(&x) && (-0.5..=ny as f64 - 0.5).contains(&y)
}

/// The value lies in the range, bounds included.
pub(crate) fn within(value: f64, range: Option<(f64, f64)>) -> bool {
    range.is_none_or(|(lower, upper)| value >= lower && value <= upper)
}

/// Only the `n` brightest rows, brightest first; all as they are if `n` is `None`.
pub(crate) fn keep_brightest<R: Clone>(rows: Vec<R>, n: Option<usize>, flux: impl Fn(&R) -> f64) -> Vec<R> {
    match n {
        None => rows,
        Some(n) => {
            let values: Vec<f64> = rows.iter().map(flux).collect();
            brightest(&values, n).into_iter().map(|i| rows[i].clone()).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_positions_are_rounded_away_from_zero() {
        let p = [Point::new(-0.4, 1.5), Point::new(2.49, 0.49)];
        assert_eq!(given_pixels(&p, (3, 3)).unwrap(), [(2, 0), (0, 2)]);
        let e = given_pixels(&[Point::new(0.0, 0.0), Point::new(2.5, 0.0)], (3, 3)).unwrap_err();
        assert_eq!(
            e.to_string(),
            "xycoords must lie on the image: -0.5 < x < 2.5 and -0.5 < y < 2.5, but position 1 is (2.5, 0)"
        );
        assert!(given_pixels(&[Point::new(f64::NAN, 0.0)], (3, 3)).is_err());
    }
}
