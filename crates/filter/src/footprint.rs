//! Neighbourhoods of a pixel.

use ndarray::{Array2, ArrayView2};

use crate::error::{FilterError, Result};

/// The neighbourhood a rank filter looks at: an array of booleans whose element `(ny / 2, nx / 2)` (integer division)
/// lies on the pixel. A neighbourhood of even size reaches one pixel further down (left) than up (right), as in
/// `scipy.ndimage`.
///
/// ```
/// use skyphot_filter::Footprint;
/// assert_eq!(Footprint::circle(1.0)?.len(), 5);
/// assert_eq!(Footprint::rectangle(3, 5)?.shape(), (3, 5));
/// # Ok::<(), skyphot_filter::FilterError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footprint {
    data: Array2<bool>,
    len: usize,
}

impl Footprint {
    /// The neighbourhood of the true elements.
    ///
    /// # Errors
    /// [`FilterError::EmptyFootprint`] if there are none.
    pub fn from_array(data: Array2<bool>) -> Result<Self> {
        let len = data.iter().filter(|v| **v).count();
        if len == 0 {
            return Err(FilterError::EmptyFootprint(data.dim()));
        }
        Ok(Self { data: data.as_standard_layout().into_owned(), len })
    }

    /// All pixels of a box of `ny` rows and `nx` columns.
    ///
    /// # Errors
    /// [`FilterError::EmptyFootprint`] if a side is 0.
    pub fn rectangle(ny: usize, nx: usize) -> Result<Self> {
        Self::from_array(Array2::from_elem((ny, nx), true))
    }

    /// All pixels whose centres lie within `radius` (pixels, inclusive) of the central one.
    ///
    /// # Errors
    /// [`FilterError::InvalidParameter`] for a radius that is negative or not finite.
    #[doc(alias = "circular_footprint")]
    pub fn circle(radius: f64) -> Result<Self> {
        if !(0.0..1.0e6).contains(&radius) {
            return Err(FilterError::InvalidParameter {
                name: "radius",
                expected: "a number of pixels, 0 or more",
                found: radius,
            });
        }
        let half = radius as i64;
        let n = 2 * half as usize + 1;
        Self::from_array(Array2::from_shape_fn((n, n), |(y, x)| {
            let (dy, dx) = (y as i64 - half, x as i64 - half);
            (dx * dx + dy * dy) as f64 <= radius * radius
        }))
    }

    /// The elements, `(ny, nx)`.
    #[must_use]
    pub fn data(&self) -> ArrayView2<'_, bool> {
        self.data.view()
    }

    /// Shape `(ny, nx)`.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        self.data.dim()
    }

    /// Number of pixels in the neighbourhood.
    #[must_use]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Every pixel of the box belongs to it.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.len == self.data.len()
    }

    /// `(dy, dx)` of all pixels relative to the central one, row by row.
    #[must_use]
    pub fn offsets(&self) -> Vec<(i64, i64)> {
        let (cy, cx) = ((self.data.nrows() / 2) as i64, (self.data.ncols() / 2) as i64);
        self.data
            .indexed_iter()
            .filter(|(_, v)| **v)
            .map(|((y, x), _)| (y as i64 - cy, x as i64 - cx))
            .collect()
    }

    /// Runs of consecutive pixels: `(row, first column, length)`, counted from the corner of the array.
    pub(crate) fn runs(&self) -> Vec<(usize, usize, usize)> {
        let mut runs = Vec::new();
        for (y, row) in self.data.outer_iter().enumerate() {
            let mut start = None;
            for x in 0..=row.len() {
                match (x < row.len() && row[x], start) {
                    (true, None) => start = Some(x),
                    (false, Some(s)) => {
                        runs.push((y, s, x - s));
                        start = None;
                    }
                    _ => {}
                }
            }
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr2;

    #[test]
    fn circles_and_runs() {
        let c = Footprint::circle(2.0).unwrap();
        assert_eq!(c.shape(), (5, 5));
        assert_eq!(c.runs(), [(0, 2, 1), (1, 1, 3), (2, 0, 5), (3, 1, 3), (4, 2, 1)]);
        assert_eq!(Footprint::circle(2.9).unwrap().len(), 25);
        assert_eq!(Footprint::circle(0.5).unwrap().offsets(), [(0, 0)]);
        assert!(Footprint::circle(-1.0).is_err() && Footprint::circle(f64::NAN).is_err());
    }

    #[test]
    fn even_sides_reach_further_down() {
        let f = Footprint::rectangle(1, 4).unwrap();
        assert_eq!(f.offsets(), [(0, -2), (0, -1), (0, 0), (0, 1)]);
        let g = Footprint::from_array(arr2(&[[true, false, true]])).unwrap();
        assert_eq!((g.runs(), g.is_full()), (vec![(0, 0, 1), (0, 2, 1)], false));
        assert!(Footprint::from_array(arr2(&[[false]])).is_err());
    }
}
