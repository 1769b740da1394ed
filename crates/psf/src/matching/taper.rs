//! Windows over spatial frequencies.

use std::f64::consts::PI;

use ndarray::Array2;

use crate::error::{PsfError, Result};

/// A window that is 1 up to a radius `beta`, falls as a cosine over a width `alpha` and is 0 beyond, both as fractions
/// of the distance from the centre of the array to the centre of its outermost pixels along each axis.
///
/// ```
/// use skyphot_psf::Taper;
/// let window = Taper::tukey(0.4)?.array((51, 51));
/// assert_eq!((window[[25, 25]], window[[25, 0]]), (1.0, 0.0));
/// # Ok::<(), skyphot_psf::PsfError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[doc(alias = "SplitCosineBellWindow")]
pub struct Taper {
    alpha: f64,
    beta: f64,
}

impl Taper {
    fn new(alpha: f64, beta: f64) -> Result<Self> {
        for (name, found) in [("alpha", alpha), ("beta", beta)] {
            if !(0.0..=1.0).contains(&found) {
                return Err(PsfError::InvalidParameter { name, expected: "0 ... 1", found });
            }
        }
        Ok(Self { alpha, beta })
    }

    /// Falls from the centre to the edge: `alpha` = 1, `beta` = 0.
    #[must_use]
    #[doc(alias = "HanningWindow")]
    pub const fn hanning() -> Self {
        Self { alpha: 1.0, beta: 0.0 }
    }

    /// Flat, then falls over the outermost `alpha`: `beta` = 1 - `alpha`.
    ///
    /// # Errors
    /// [`PsfError::InvalidParameter`] unless `alpha` is in 0 ... 1.
    #[doc(alias = "TukeyWindow")]
    pub fn tukey(alpha: f64) -> Result<Self> {
        Self::new(alpha, 1.0 - alpha)
    }

    /// Falls from the centre over `alpha`: `beta` = 0.
    ///
    /// # Errors
    /// [`PsfError::InvalidParameter`] unless `alpha` is in 0 ... 1.
    #[doc(alias = "CosineBellWindow")]
    pub fn cosine_bell(alpha: f64) -> Result<Self> {
        Self::new(alpha, 0.0)
    }

    /// Flat up to `beta`, then falls over `alpha`.
    ///
    /// # Errors
    /// [`PsfError::InvalidParameter`] unless both are in 0 ... 1.
    pub fn split_cosine_bell(alpha: f64, beta: f64) -> Result<Self> {
        Self::new(alpha, beta)
    }

    /// 1 up to `beta`, 0 beyond.
    ///
    /// # Errors
    /// [`PsfError::InvalidParameter`] unless `beta` is in 0 ... 1.
    #[doc(alias = "TopHatWindow")]
    pub fn top_hat(beta: f64) -> Result<Self> {
        Self::new(0.0, beta)
    }

    /// Width of the fall.
    #[must_use]
    pub fn alpha(&self) -> f64 {
        self.alpha
    }

    /// Radius of the flat part.
    #[must_use]
    pub fn beta(&self) -> f64 {
        self.beta
    }

    /// The window on an array of shape `(ny, nx)`.
    #[must_use]
    pub fn array(&self, shape: (usize, usize)) -> Array2<f64> {
        let axis = |n: usize, i: usize| {
            let half = (n as f64 - 1.0) / 2.0;
            (i as f64 - half) / if half > 0.0 { half } else { 1.0 }
        };
        let outer = self.beta + self.alpha;
        Array2::from_shape_fn(shape, |(y, x)| {
            let r = axis(shape.1, x).hypot(axis(shape.0, y));
            if r < self.beta {
                1.0
            } else if r > outer {
                0.0
            } else if self.alpha > 0.0 {
                0.5 * (1.0 + (PI * (r - self.beta) / self.alpha).cos())
            } else {
                1.0
            }
        })
    }
}
