//! Pixels of neighbours, known from a segmentation image.

use ndarray::ArrayView2;
use skyphot_core::CoreError;

use crate::{ApertureError, Result};

/// What becomes of the pixels that a segmentation image gives to other sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
#[doc(alias = "mask_method")]
#[doc(alias = "MASK_TYPE")]
pub enum NeighborMethod {
    /// Pixels of other sources are left out (the default).
    #[default]
    Mask,
    /// Pixels of other sources take the values, and the errors, of the pixels opposite to them about the position,
    /// rounded to a whole pixel. They are left out and flagged `uncorrected_pixels` where that pixel belongs to another
    /// source too, is bad, or lies outside the part of the bounding box on the image.
    Correct,
    /// All pixels but those of the source are left out, the background too.
    SourceOnly,
    /// The pixels of all sources are left out; labels play no part.
    BackgroundOnly,
}

impl NeighborMethod {
    /// `mask`, `correct`, `source_only` or `background_only`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mask => "mask",
            Self::Correct => "correct",
            Self::SourceOnly => "source_only",
            Self::BackgroundOnly => "background_only",
        }
    }
}

/// A segmentation image, 0 on the background and the label of a source on its pixels, and the source each position
/// belongs to. A label of 0 leaves all pixels to its position.
#[derive(Debug, Clone, Copy)]
#[doc(alias = "segmentation_image")]
pub struct Neighbors<'a> {
    segmentation: ArrayView2<'a, i32>,
    labels: &'a [i32],
    method: NeighborMethod,
}

impl<'a> Neighbors<'a> {
    /// Labels of pixels, `(ny, nx)`, and of positions, and what to do with pixels of other labels.
    #[must_use]
    pub const fn new(segmentation: ArrayView2<'a, i32>, labels: &'a [i32], method: NeighborMethod) -> Self {
        Self { segmentation, labels, method }
    }

    /// Labels of pixels.
    #[must_use]
    pub const fn segmentation(&self) -> ArrayView2<'a, i32> {
        self.segmentation
    }

    /// Labels of positions.
    #[must_use]
    pub const fn labels(&self) -> &'a [i32] {
        self.labels
    }

    /// What becomes of pixels of other sources.
    #[must_use]
    pub const fn method(&self) -> NeighborMethod {
        self.method
    }

    /// Checks that there is a label for every position, and one that occurs.
    pub(crate) fn validate(&self, shape: (usize, usize), positions: usize) -> Result<()> {
        if self.segmentation.dim() != shape {
            let found = self.segmentation.dim();
            return Err(CoreError::ShapeMismatch { what: "segmentation", expected: shape, found }.into());
        }
        if self.method == NeighborMethod::BackgroundOnly {
            return Ok(());
        }
        if self.labels.len() != positions {
            return Err(ApertureError::LabelCount { expected: positions, found: self.labels.len() });
        }
        let mut wanted: Vec<i32> = self.labels.iter().copied().filter(|&l| l != 0).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut seen = vec![false; wanted.len()];
        let (mut last, mut missing) = (0, wanted.len());
        for &l in &self.segmentation {
            if missing == 0 {
                break;
            }
            if l != 0 && l != last {
                last = l;
                if let Ok(k) = wanted.binary_search(&l) {
                    missing -= usize::from(!seen[k]);
                    seen[k] = true;
                }
            }
        }
        match seen.iter().position(|s| !s) {
            Some(k) => Err(ApertureError::UnknownLabel { label: wanted[k] }),
            None => Ok(()),
        }
    }
}
