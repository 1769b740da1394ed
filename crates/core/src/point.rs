//! Pixel positions.

/// A position in pixels, 0-based: the centre of the first pixel is `(0, 0)`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, bytemuck::Zeroable)]
pub struct Point {
    /// Column (FITS axis 1), pixels.
    pub x: f64,
    /// Row (FITS axis 2), pixels.
    pub y: f64,
}

impl Point {
    /// The point `(x, y)`, in pixels.
    #[must_use]
    pub const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    /// Both coordinates are finite.
    #[must_use]
    pub fn is_finite(self) -> bool {
        self.x.is_finite() && self.y.is_finite()
    }

    /// Distance to another point, pixels.
    #[must_use]
    pub fn distance(self, other: Self) -> f64 {
        (self.x - other.x).hypot(self.y - other.y)
    }
}

impl From<(f64, f64)> for Point {
    fn from((x, y): (f64, f64)) -> Self {
        Self { x, y }
    }
}
