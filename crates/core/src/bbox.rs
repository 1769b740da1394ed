//! Integer boxes of pixels.

use std::ops::Range;

use crate::{CoreError, Result};

/// A box of whole pixels, half-open: columns `x_min..x_max`, rows `y_min..y_max`. It may reach outside the image.
///
/// ```
/// use skyphot_core::BoundingBox;
/// let b = BoundingBox::from_float(7.2, 12.8, 3.0, 5.5);
/// assert_eq!((b.x_min, b.x_max, b.y_min, b.y_max), (7, 14, 3, 6));
/// assert_eq!(b.shape(), (3, 7));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BoundingBox {
    /// First column.
    pub x_min: i64,
    /// One past the last column.
    pub x_max: i64,
    /// First row.
    pub y_min: i64,
    /// One past the last row.
    pub y_max: i64,
}

/// The part of a [`BoundingBox`] that lies on an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverlapSlices {
    /// Rows of the image.
    pub image_rows: Range<usize>,
    /// Columns of the image.
    pub image_cols: Range<usize>,
    /// The same rows counted from the lower edge of the box.
    pub box_rows: Range<usize>,
    /// The same columns counted from the left edge of the box.
    pub box_cols: Range<usize>,
}

impl BoundingBox {
    /// The box of columns `x_min..x_max` and rows `y_min..y_max`.
    ///
    /// # Errors
    /// [`CoreError::InvalidBox`] if a maximum lies below its minimum.
    pub fn new(x_min: i64, x_max: i64, y_min: i64, y_max: i64) -> Result<Self> {
        if x_min > x_max {
            return Err(CoreError::InvalidBox { axis: 'x', min: x_min, max: x_max });
        }
        if y_min > y_max {
            return Err(CoreError::InvalidBox { axis: 'y', min: y_min, max: y_max });
        }
        Ok(Self { x_min, x_max, y_min, y_max })
    }

    /// The smallest box that fully contains the rectangle of the given edges, in pixel coordinates:
    /// pixel `i` covers `[i - 0.5, i + 0.5)`.
    #[must_use]
    pub fn from_float(x_min: f64, x_max: f64, y_min: f64, y_max: f64) -> Self {
        Self {
            x_min: (x_min + 0.5).floor() as i64,
            x_max: (x_max + 0.5).ceil() as i64,
            y_min: (y_min + 0.5).floor() as i64,
            y_max: (y_max + 0.5).ceil() as i64,
        }
    }

    /// `(ny, nx)` of the box.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        ((self.y_max - self.y_min).max(0) as usize, (self.x_max - self.x_min).max(0) as usize)
    }

    /// Centre `(x, y)` of the box, pixels.
    #[must_use]
    pub fn center(&self) -> crate::Point {
        crate::Point::new(
            0.5 * (self.x_min + self.x_max - 1) as f64,
            0.5 * (self.y_min + self.y_max - 1) as f64,
        )
    }

    /// Outer edges `(x_min, x_max, y_min, y_max)` in pixel coordinates.
    #[must_use]
    pub fn extent(&self) -> (f64, f64, f64, f64) {
        (self.x_min as f64 - 0.5, self.x_max as f64 - 0.5, self.y_min as f64 - 0.5, self.y_max as f64 - 0.5)
    }

    /// The smallest box that contains both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self {
            x_min: self.x_min.min(other.x_min),
            x_max: self.x_max.max(other.x_max),
            y_min: self.y_min.min(other.y_min),
            y_max: self.y_max.max(other.y_max),
        }
    }

    /// The common part, `None` if the boxes are disjoint.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        let b = Self {
            x_min: self.x_min.max(other.x_min),
            x_max: self.x_max.min(other.x_max),
            y_min: self.y_min.max(other.y_min),
            y_max: self.y_max.min(other.y_max),
        };
        (b.x_min < b.x_max && b.y_min < b.y_max).then_some(b)
    }

    /// The part on an image of shape `(ny, nx)`, `None` if there is none.
    #[must_use]
    #[doc(alias = "get_overlap_slices")]
    pub fn overlap(&self, shape: (usize, usize)) -> Option<OverlapSlices> {
        let image = Self { x_min: 0, x_max: shape.1 as i64, y_min: 0, y_max: shape.0 as i64 };
        let b = self.intersection(&image)?;
        Some(OverlapSlices {
            image_rows: b.y_min as usize..b.y_max as usize,
            image_cols: b.x_min as usize..b.x_max as usize,
            box_rows: (b.y_min - self.y_min) as usize..(b.y_max - self.y_min) as usize,
            box_cols: (b.x_min - self.x_min) as usize..(b.x_max - self.x_min) as usize,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_float_follows_the_documented_rule() {
        // photutils: BoundingBox.from_float(1.0, 10.0, 2.0, 20.0) == BoundingBox(1, 11, 2, 21)
        assert_eq!(BoundingBox::from_float(1.0, 10.0, 2.0, 20.0), BoundingBox::new(1, 11, 2, 21).unwrap());
        assert_eq!(BoundingBox::from_float(1.4, 10.4, 1.6, 10.6), BoundingBox::new(1, 11, 2, 12).unwrap());
    }

    #[test]
    fn overlap_of_a_box_that_hangs_over_the_corner() {
        let b = BoundingBox::new(-2, 3, 8, 12).unwrap();
        let o = b.overlap((10, 20)).unwrap();
        assert_eq!((o.image_rows, o.image_cols), (8..10, 0..3));
        assert_eq!((o.box_rows, o.box_cols), (0..2, 2..5));
        assert!(b.overlap((8, 20)).is_none());
    }

    #[test]
    fn a_box_upside_down_is_refused() {
        assert!(BoundingBox::new(3, 2, 0, 1).is_err());
    }
}
