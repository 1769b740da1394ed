//! Which sources deblending made of which.

use std::collections::BTreeMap;

use super::SegmentationImage;

impl SegmentationImage {
    /// The labels that come from deblending, in increasing order.
    #[must_use]
    pub fn deblended_labels(&self) -> Vec<i32> {
        let mut all: Vec<i32> = self.children.values().flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The labels that deblending made of each source, by its label in the image that was deblended. A label merged
    /// from several parents is listed with each.
    #[must_use]
    #[doc(alias = "parent_to_deblended_labels")]
    #[doc(alias = "deblended_labels_inverse_map")]
    pub fn children(&self) -> &BTreeMap<i32, Vec<i32>> {
        &self.children
    }

    /// The parent of every label that comes from deblending: its label in the image that was deblended. Of several, the
    /// last.
    #[must_use]
    #[doc(alias = "deblended_label_to_parent")]
    #[doc(alias = "deblended_labels_map")]
    pub fn parents(&self) -> BTreeMap<i32, i32> {
        self.children.iter().flat_map(|(p, kids)| kids.iter().map(|k| (*k, *p))).collect()
    }
}
