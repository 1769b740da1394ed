//! One source of a label image.

use ndarray::{Array2, ArrayView2, s};
use skyphot_core::BoundingBox;

use super::SegmentationImage;
use crate::error::{Result, SegmentationError};

/// One source: its label, box, area and pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    label: i32,
    bbox: BoundingBox,
    area: usize,
    mask: Array2<bool>,
    shape: (usize, usize),
}

impl Segment {
    /// The label.
    #[must_use]
    pub fn label(&self) -> i32 {
        self.label
    }

    /// The smallest box around it.
    #[must_use]
    #[doc(alias = "slices")]
    pub fn bbox(&self) -> BoundingBox {
        self.bbox
    }

    /// Number of its pixels.
    #[must_use]
    pub fn area(&self) -> usize {
        self.area
    }

    /// Which pixels of the box belong to it.
    #[must_use]
    pub fn mask(&self) -> ArrayView2<'_, bool> {
        self.mask.view()
    }

    /// The box with the label where the source is, 0 elsewhere: other sources are not shown.
    #[must_use]
    pub fn data(&self) -> Array2<i32> {
        self.mask.mapv(|m| if m { self.label } else { 0 })
    }

    /// The box cut out of an image of the shape of the label image.
    ///
    /// # Errors
    /// [`SegmentationError::ShapeMismatch`].
    #[doc(alias = "make_cutout")]
    pub fn cutout<'a, V>(&self, image: ArrayView2<'a, V>) -> Result<ArrayView2<'a, V>> {
        if image.dim() != self.shape {
            return Err(SegmentationError::ShapeMismatch {
                what: "image",
                expected: self.shape,
                found: image.dim(),
            });
        }
        Ok(image.slice_move(slices(&self.bbox)))
    }

    /// As [`cutout`](Self::cutout), with `fill` in the pixels that do not belong to the source.
    ///
    /// # Errors
    /// [`SegmentationError::ShapeMismatch`].
    #[doc(alias = "data_ma")]
    pub fn cutout_filled<V: Copy>(&self, image: ArrayView2<'_, V>, fill: V) -> Result<Array2<V>> {
        let mut out = self.cutout(image)?.to_owned();
        out.zip_mut_with(&self.mask, |v, m| {
            if !m {
                *v = fill;
            }
        });
        Ok(out)
    }
}

fn slices(b: &BoundingBox) -> ndarray::SliceInfo<[ndarray::SliceInfoElem; 2], ndarray::Ix2, ndarray::Ix2> {
    s![b.y_min as usize..b.y_max as usize, b.x_min as usize..b.x_max as usize]
}

impl SegmentationImage {
    /// One source.
    ///
    /// ```
    /// use ndarray::array;
    /// use skyphot_segmentation::SegmentationImage;
    /// let segm = SegmentationImage::new(array![[0, 0, 2], [0, 1, 2]])?;
    /// let two = segm.segment(2)?;
    /// assert_eq!((two.area(), two.data()), (2, array![[2], [2]]));
    /// assert_eq!(two.cutout(array![[1., 2., 3.], [4., 5., 6.]].view())?, array![[3.], [6.]]);
    /// # Ok::<(), skyphot_segmentation::SegmentationError>(())
    /// ```
    ///
    /// # Errors
    /// [`SegmentationError::UnknownLabel`].
    #[doc(alias = "get_segment")]
    pub fn segment(&self, label: i32) -> Result<Segment> {
        let i = self.index(label)?;
        let mask = self.data.slice(slices(&self.bbox[i])).mapv(|l| l == label);
        Ok(Segment { label, bbox: self.bbox[i], area: self.areas[i], mask, shape: self.shape() })
    }

    /// All sources, one after the other.
    pub fn segments(&self) -> impl Iterator<Item = Segment> + '_ {
        self.labels.iter().filter_map(|l| self.segment(*l).ok())
    }

    /// A part of the image with what lies in it; labels stay as they are, flags and parents are not taken along.
    ///
    /// # Errors
    /// [`SegmentationError::OutsideImage`] if the box does not lie on the image or is empty.
    pub fn window(&self, bbox: &BoundingBox) -> Result<Self> {
        let (ny, nx) = self.shape();
        let inside = bbox.x_min >= 0 && bbox.y_min >= 0 && bbox.x_max <= nx as i64 && bbox.y_max <= ny as i64;
        if !inside || bbox.x_min >= bbox.x_max || bbox.y_min >= bbox.y_max {
            return Err(SegmentationError::OutsideImage { bbox: *bbox, shape: self.shape() });
        }
        Ok(Self::from_valid(self.data.slice(slices(bbox)).as_standard_layout().into_owned()))
    }
}
