//! A rectangle of pixels on which a model is computed.

use skyphot_core::BoundingBox;

/// The pixels `x_min .. x_min + nx`, `y_min .. y_min + ny`; values over it are stored row by row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First column.
    pub x_min: i64,
    /// First row.
    pub y_min: i64,
    /// Columns.
    pub nx: usize,
    /// Rows.
    pub ny: usize,
}

impl Window {
    /// A window from its first pixel and its size.
    #[must_use]
    pub const fn new(x_min: i64, y_min: i64, nx: usize, ny: usize) -> Self {
        Self { x_min, y_min, nx, ny }
    }

    /// All pixels of an image of shape `(ny, nx)`.
    #[must_use]
    pub const fn of_shape((ny, nx): (usize, usize)) -> Self {
        Self::new(0, 0, nx, ny)
    }

    /// Number of pixels.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.nx * self.ny
    }

    /// No pixel.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.nx == 0 || self.ny == 0
    }

    /// Column after the last one.
    #[must_use]
    pub const fn x_end(&self) -> i64 {
        self.x_min + self.nx as i64
    }

    /// Row after the last one.
    #[must_use]
    pub const fn y_end(&self) -> i64 {
        self.y_min + self.ny as i64
    }

    /// The pixels that both have (possibly none).
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let (x0, y0) = (self.x_min.max(other.x_min), self.y_min.max(other.y_min));
        let (x1, y1) = (self.x_end().min(other.x_end()), self.y_end().min(other.y_end()));
        Self::new(x0, y0, (x1 - x0).max(0) as usize, (y1 - y0).max(0) as usize)
    }

    /// The pixels whose centres lie in the closed interval given for each axis; none if it is not finite.
    #[must_use]
    pub fn of_extent(extent: &Extent) -> Self {
        const FAR: f64 = 1e15;
        let Extent { x: (x0, x1), y: (y0, y1) } = *extent;
        if [x0, x1, y0, y1].iter().any(|v| v.is_nan()) {
            return Self::new(0, 0, 0, 0);
        }
        let low = |v: f64| v.clamp(-FAR, FAR).ceil() as i64;
        let high = |v: f64| v.clamp(-FAR, FAR).floor() as i64;
        let n = |a: f64, b: f64| (high(b) - low(a) + 1).max(0) as usize;
        Self::new(low(x0), low(y0), n(x0, x1), n(y0, y1))
    }

    /// The same pixels as a bounding box.
    #[must_use]
    pub fn bounding_box(&self) -> BoundingBox {
        BoundingBox { x_min: self.x_min, x_max: self.x_end(), y_min: self.y_min, y_max: self.y_end() }
    }
}

/// Intervals along x and y, pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    /// From, to along x.
    pub x: (f64, f64),
    /// From, to along y.
    pub y: (f64, f64),
}

impl Extent {
    /// `half` pixels to every side of a position.
    #[must_use]
    pub fn around(x: f64, y: f64, half: (f64, f64)) -> Self {
        Self { x: (x - half.0, x + half.0), y: (y - half.1, y + half.1) }
    }

    /// Everywhere.
    pub const EVERYWHERE: Self =
        Self { x: (f64::NEG_INFINITY, f64::INFINITY), y: (f64::NEG_INFINITY, f64::INFINITY) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_meet() {
        let a = Window::new(-2, 3, 5, 4);
        let b = Window::of_shape((5, 10));
        assert_eq!(a.intersection(&b), Window::new(0, 3, 3, 2));
        assert!(a.intersection(&Window::new(10, 0, 3, 3)).is_empty());
        assert_eq!(Window::of_extent(&Extent::around(2.0, 0.5, (1.0, 1.0))), Window::new(1, 0, 3, 2));
        assert!(Window::of_extent(&Extent::around(f64::NAN, 0.0, (1.0, 1.0))).is_empty());
    }
}
