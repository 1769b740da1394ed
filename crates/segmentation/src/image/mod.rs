//! Label images.

mod colors;
mod edit;
mod family;
mod mapping;
mod polygon;
mod segment;
mod source_mask;

use std::collections::BTreeMap;

use ndarray::{Array2, ArrayView2};
use skyphot_core::{BoundingBox, Image, Pixel};

pub use polygon::SegmentPolygon;
pub use segment::Segment;

use crate::SegmentationFlags;
use crate::error::{Result, SegmentationError};
use crate::kernel::label_stats::{LabelStats, measure};

/// Which sources were not deblended as asked, by their labels in the image that was deblended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeblendInfo {
    /// Sources with a pixel of 0 or less, deblended with `sinh` levels instead of `exponential` ones.
    pub non_positive_min_labels: Vec<i32>,
    /// Sources with more than 200 peaks, deblended with `linear` levels.
    pub too_many_markers_labels: Vec<i32>,
}

/// An image of labels: 0 is background, every source has a positive number.
///
/// Labels are kept as `i32` like photutils and FITS (`BITPIX = 32`) have them. Lists of one entry per source
/// ([`areas`](Self::areas), [`bbox`](Self::bbox), [`flags`](Self::flags)) are in the order of [`labels`](Self::labels),
/// which is increasing.
///
/// ```
/// use ndarray::array;
/// use skyphot_segmentation::SegmentationImage;
/// let mut segm = SegmentationImage::new(array![[1, 1, 0, 0], [0, 0, 0, 5], [3, 0, 5, 5]])?;
/// assert_eq!(segm.labels(), [1, 3, 5]);
/// assert_eq!(segm.missing_labels(), [2, 4]);
/// segm.relabel_consecutive(1)?;
/// assert_eq!(segm.data()[[1, 3]], 3);
/// # Ok::<(), skyphot_segmentation::SegmentationError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "SEGMENTATION")]
pub struct SegmentationImage {
    data: Array2<i32>,
    labels: Vec<i32>,
    areas: Vec<usize>,
    bbox: Vec<BoundingBox>,
    flags: BTreeMap<i32, SegmentationFlags>,
    children: BTreeMap<i32, Vec<i32>>,
    info: DeblendInfo,
}

impl SegmentationImage {
    /// A label image of shape `(ny, nx)`; 0 is background.
    ///
    /// # Errors
    /// [`SegmentationError::NegativeLabel`] if a label is negative.
    pub fn new(data: Array2<i32>) -> Result<Self> {
        let data = if data.is_standard_layout() { data } else { data.as_standard_layout().into_owned() };
        if let Some(((y, x), &label)) = data.indexed_iter().find(|(_, v)| **v < 0) {
            return Err(SegmentationError::NegativeLabel { label, x, y });
        }
        Ok(Self::from_valid(data))
    }

    /// All pixels of an image that are not masked as one source with the label 1, to measure a cutout as a whole: with
    /// [`SourceCatalog`](crate::SourceCatalog) and its background and coordinates this is `data_properties` of photutils
    /// (which hands no mask to the catalogue, so that its Kron fluxes take masked pixels in).
    ///
    /// ```
    /// use ndarray::Array2;
    /// use skyphot_core::Image;
    /// use skyphot_segmentation::{CatalogConfig, SegmentationImage, SourceCatalog};
    /// let star = |x: f64, y: f64| (-0.5 * ((x - 30.3) / 4.0).powi(2) - 0.5 * ((y - 25.6) / 2.5).powi(2)).exp();
    /// let data = Array2::from_shape_fn((50, 60), |(y, x)| star(x as f64, y as f64));
    /// let image = Image::new(data.view())?;
    /// let whole = SegmentationImage::of_image(&image);
    /// let properties = SourceCatalog::new(&image, &whole, CatalogConfig::default())?;
    /// assert!((properties.semimajor_axis()[0] - 4.0).abs() < 1e-8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[doc(alias = "data_properties")]
    pub fn of_image<T: Pixel>(image: &Image<'_, T>) -> Self {
        match image.mask() {
            Some(mask) => Self::from_valid(mask.mapv(|m| i32::from(!m))),
            None => Self::from_valid(Array2::ones(image.shape())),
        }
    }

    /// As `new` for an array known to be contiguous and free of negative labels.
    pub(crate) fn from_valid(data: Array2<i32>) -> Self {
        let stats = data.as_slice().map(|s| measure(s, data.ncols())).unwrap_or_default();
        Self::from_stats(data, stats)
    }

    /// From an array whose labels were measured on the way.
    pub(crate) fn from_stats(data: Array2<i32>, stats: LabelStats) -> Self {
        let LabelStats { labels, areas, boxes } = stats;
        Self {
            data,
            labels,
            areas,
            bbox: boxes,
            flags: BTreeMap::new(),
            children: BTreeMap::new(),
            info: DeblendInfo::default(),
        }
    }

    /// Adds what deblending knows: new labels by their parent, and flags by label.
    pub(crate) fn with_deblending(
        mut self,
        children: BTreeMap<i32, Vec<i32>>,
        flags: BTreeMap<i32, SegmentationFlags>,
        info: DeblendInfo,
    ) -> Self {
        (self.children, self.flags, self.info) = (children, flags, info);
        self
    }

    /// The labels, `(ny, nx)`.
    #[must_use]
    pub fn data(&self) -> ArrayView2<'_, i32> {
        self.data.view()
    }

    /// Gives the array away.
    #[must_use]
    pub fn into_data(self) -> Array2<i32> {
        self.data
    }

    /// The labels row by row.
    pub(crate) fn pixels(&self) -> &[i32] {
        self.data.as_slice().unwrap_or(&[])
    }

    /// Shape `(ny, nx)`.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        self.data.dim()
    }

    /// The labels that occur, in increasing order.
    #[must_use]
    pub fn labels(&self) -> &[i32] {
        &self.labels
    }

    /// Number of sources.
    #[must_use]
    #[doc(alias = "n_labels")]
    #[doc(alias = "nlabels")]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// There is no source.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The largest label, 0 if there is none.
    #[must_use]
    pub fn max_label(&self) -> i32 {
        self.labels.last().copied().unwrap_or(0)
    }

    /// Number of pixels of every source.
    #[must_use]
    pub fn areas(&self) -> &[usize] {
        &self.areas
    }

    /// Number of pixels that belong to no source.
    #[must_use]
    pub fn background_area(&self) -> usize {
        self.data.len() - self.areas.iter().sum::<usize>()
    }

    /// The smallest box that contains each source.
    #[must_use]
    #[doc(alias = "slices")]
    pub fn bbox(&self) -> &[BoundingBox] {
        &self.bbox
    }

    /// Flags of every source: how deblending came to it. All empty unless the image comes from
    /// deblending.
    #[must_use]
    pub fn flags(&self) -> Vec<SegmentationFlags> {
        self.labels.iter().map(|l| self.flags.get(l).copied().unwrap_or_default()).collect()
    }

    /// Which sources deblending treated differently than asked.
    #[must_use]
    pub fn info(&self) -> &DeblendInfo {
        &self.info
    }

    /// Position of a label in [`labels`](Self::labels).
    ///
    /// # Errors
    /// [`SegmentationError::UnknownLabel`] if there is no such source.
    #[doc(alias = "get_index")]
    pub fn index(&self, label: i32) -> Result<usize> {
        self.labels.binary_search(&label).map_err(|_| SegmentationError::UnknownLabel(label))
    }

    /// Positions of labels in [`labels`](Self::labels).
    ///
    /// # Errors
    /// [`SegmentationError::UnknownLabel`] for the first one that does not occur.
    #[doc(alias = "get_indices")]
    #[doc(alias = "check_label")]
    #[doc(alias = "check_labels")]
    pub fn indices(&self, labels: &[i32]) -> Result<Vec<usize>> {
        labels.iter().map(|l| self.index(*l)).collect()
    }

    /// The labels are 1, 2, ... without a gap. `false` if there is no source.
    #[must_use]
    pub fn is_consecutive(&self) -> bool {
        !self.is_empty() && self.max_label() as usize == self.len()
    }

    /// The numbers from 1 to the largest label that no source has.
    #[must_use]
    pub fn missing_labels(&self) -> Vec<i32> {
        let mut present = self.labels.iter().peekable();
        (1..=self.max_label()).filter(|l| present.next_if(|p| *p == l).is_none()).collect()
    }
}
