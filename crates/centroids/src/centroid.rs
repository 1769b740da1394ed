//! One centroid.

use skyphot_core::Point;

use crate::CentroidFlags;

/// A centroid and what was out of the ordinary about it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Centroid {
    /// The position, pixels; NaN if there is none.
    pub position: Point,
    /// What was out of the ordinary.
    pub flags: CentroidFlags,
}

impl Centroid {
    pub(crate) const fn new(x: f64, y: f64, flags: CentroidFlags) -> Self {
        Self { position: Point::new(x, y), flags }
    }

    pub(crate) const fn failed(flags: CentroidFlags) -> Self {
        Self::new(f64::NAN, f64::NAN, flags)
    }

    /// There is a position.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.position.is_finite()
    }
}
