//! Label images compared.

use std::collections::{BTreeMap, BTreeSet};

use super::SegmentationImage;
use crate::error::{Result, SegmentationError};

impl SegmentationImage {
    /// For every label the labels of `other` that share pixels with it, in increasing order; 0 among them if some of its
    /// pixels are background there.
    ///
    /// ```
    /// use ndarray::array;
    /// use skyphot_segmentation::SegmentationImage;
    /// let a = SegmentationImage::new(array![[1, 1, 0, 2], [0, 1, 0, 2]])?;
    /// let b = SegmentationImage::new(array![[1, 3, 0, 2], [0, 3, 0, 2]])?;
    /// assert_eq!(a.label_mapping(&b)?[&1], [1, 3]);
    /// # Ok::<(), skyphot_segmentation::SegmentationError>(())
    /// ```
    ///
    /// # Errors
    /// [`SegmentationError::ShapeMismatch`].
    #[doc(alias = "get_label_mapping")]
    pub fn label_mapping(&self, other: &Self) -> Result<BTreeMap<i32, Vec<i32>>> {
        if other.shape() != self.shape() {
            return Err(SegmentationError::ShapeMismatch {
                what: "other segmentation image",
                expected: self.shape(),
                found: other.shape(),
            });
        }
        let mut pairs = BTreeMap::<i32, BTreeSet<i32>>::new();
        let mut last = (0, 0);
        for pair in self.pixels().iter().copied().zip(other.pixels().iter().copied()) {
            if pair.0 != 0 && pair != last {
                pairs.entry(pair.0).or_default().insert(pair.1);
                last = pair;
            }
        }
        Ok(pairs.into_iter().map(|(l, o)| (l, o.into_iter().collect())).collect())
    }
}
