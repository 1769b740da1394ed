//! Pixel types.

use crate::tree::Element;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// A pixel value as it is stored: `f32` or `f64`. All arithmetic is done in `f64`.
///
/// The trait is sealed: integer images are converted when they are read.
pub trait Pixel:
    sealed::Sealed
    + Element
    + crate::memory::Zeroable
    + Copy
    + PartialOrd
    + Default
    + Send
    + Sync
    + std::fmt::Debug
    + 'static
{
    /// The value that marks a missing pixel.
    const NAN: Self;
    /// Bytes of one pixel.
    const BYTES: usize;
    /// The value as `f64`, exactly.
    fn to_f64(self) -> f64;
    /// The nearest value to `v`.
    fn from_f64(v: f64) -> Self;
    /// Neither NaN nor infinite.
    fn is_finite(self) -> bool;
}

impl Pixel for f32 {
    const NAN: Self = f32::NAN;
    const BYTES: usize = 4;
    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    #[inline(always)]
    fn from_f64(v: f64) -> Self {
        v as f32
    }
    #[inline(always)]
    fn is_finite(self) -> bool {
        f32::is_finite(self)
    }
}

impl Pixel for f64 {
    const NAN: Self = f64::NAN;
    const BYTES: usize = 8;
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }
    #[inline(always)]
    fn from_f64(v: f64) -> Self {
        v
    }
    #[inline(always)]
    fn is_finite(self) -> bool {
        f64::is_finite(self)
    }
}
