//! How the overlap of a shape and a pixel is found.

use crate::{GeometryError, Result};

/// How the weight of a pixel in an aperture is found.
///
/// ```
/// use skyphot_geometry::OverlapMethod;
/// assert_eq!(OverlapMethod::default(), OverlapMethod::Exact);
/// assert_eq!(OverlapMethod::subpixel().name(), "subpixel");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OverlapMethod {
    /// The exact area of the overlap (the default).
    #[default]
    Exact,
    /// 1 if the centre of the pixel lies inside the shape, else 0. The same as `Subpixel(1)`.
    Center,
    /// The fraction of `n` by `n` samples inside the shape.
    Subpixel(usize),
}

impl OverlapMethod {
    /// The default number of samples along each side of a pixel.
    pub const DEFAULT_SUBPIXELS: usize = 5;
    /// The largest number of samples along each side of a pixel.
    pub const MAX_SUBPIXELS: usize = 10_000;

    /// 5 by 5 samples.
    #[must_use]
    pub const fn subpixel() -> Self {
        Self::Subpixel(Self::DEFAULT_SUBPIXELS)
    }

    /// `exact`, `center` or `subpixel`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Center => "center",
            Self::Subpixel(_) => "subpixel",
        }
    }

    /// Samples along each side of a pixel: 1 for `Center`, and 5, the unused default, for `Exact`.
    #[must_use]
    pub const fn subpixels(self) -> usize {
        match self {
            Self::Exact => Self::DEFAULT_SUBPIXELS,
            Self::Center => 1,
            Self::Subpixel(n) => n,
        }
    }

    /// Checks the number of samples.
    ///
    /// # Errors
    /// [`GeometryError::InvalidSubpixels`] for 0 and for more than [`MAX_SUBPIXELS`](Self::MAX_SUBPIXELS).
    pub fn validate(self) -> Result<()> {
        match self {
            Self::Subpixel(n) if n == 0 || n > Self::MAX_SUBPIXELS => {
                Err(GeometryError::InvalidSubpixels { max: Self::MAX_SUBPIXELS, found: n })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_checked() {
        assert!(OverlapMethod::Subpixel(0).validate().is_err());
        assert!(OverlapMethod::Subpixel(20_000).validate().is_err());
        assert!(OverlapMethod::subpixel().validate().is_ok());
        assert_eq!(OverlapMethod::Center.subpixels(), 1);
    }
}
