//! The sources of an image, whether there is a label image in memory or not.

use std::ops::Range;

use ndarray::{Array2, s};
use skyphot_core::region::Region;
use skyphot_core::{BoundingBox, Point};
use skyphot_segmentation::{SegmentPolygon, SegmentationImage, SourceRuns};

use crate::Result;

/// Labels as an image, or as runs of pixels.
#[derive(Debug, Clone)]
pub(crate) enum Sources {
    Image(SegmentationImage),
    Runs(SourceRuns),
}

impl Sources {
    pub(crate) fn len(&self) -> usize {
        self.labels().len()
    }

    pub(crate) fn labels(&self) -> &[i32] {
        match self {
            Self::Image(s) => s.labels(),
            Self::Runs(s) => s.labels(),
        }
    }

    pub(crate) fn shape(&self) -> (usize, usize) {
        match self {
            Self::Image(s) => s.shape(),
            Self::Runs(s) => s.shape(),
        }
    }

    fn bbox(&self) -> &[BoundingBox] {
        match self {
            Self::Image(s) => s.bbox(),
            Self::Runs(s) => s.bbox(),
        }
    }

    /// The labels of whole rows.
    pub(crate) fn rows(&self, rows: Range<usize>) -> Array2<i32> {
        match self {
            Self::Image(image) => image.data().slice(s![rows, ..]).to_owned(),
            Self::Runs(runs) => runs.draw(&BoundingBox {
                x_min: 0,
                x_max: runs.shape().1 as i64,
                y_min: rows.start as i64,
                y_max: rows.end as i64,
            }),
        }
    }

    /// The outlines of one source.
    fn polygons(&self, i: usize) -> Result<Vec<SegmentPolygon>> {
        let (label, b) = (self.labels()[i], self.bbox()[i]);
        match self {
            Self::Image(image) => Ok(image.polygons(label)?),
            Self::Runs(runs) => {
                let mut found = SegmentationImage::new(runs.draw(&b))?.polygons(label)?;
                let (dx, dy) = (b.x_min as f64, b.y_min as f64);
                let shift = |p: &mut Point| *p = Point::new(p.x + dx, p.y + dy);
                for p in &mut found {
                    p.exterior.iter_mut().for_each(shift);
                    p.holes.iter_mut().flatten().for_each(shift);
                }
                Ok(found)
            }
        }
    }

    /// The outlines of all sources that are at least so many pixels high or wide, holes included.
    pub(crate) fn outlines(&self, least: f64) -> Result<Vec<Vec<Point>>> {
        let mut out = Vec::new();
        let size = |b: &BoundingBox| b.shape().0.max(b.shape().1) as f64;
        for i in (0..self.len()).filter(|i| size(&self.bbox()[*i]) >= least) {
            for p in self.polygons(i)? {
                out.push(p.exterior);
                out.extend(p.holes);
            }
        }
        Ok(out)
    }

    /// The outlines as polygon regions in pixels; the text of each is the label.
    pub(crate) fn regions(&self) -> Result<Vec<Region>> {
        use skyphot_core::region::{RegionFrame, RegionPoint, RegionShape};
        let mut out = Vec::new();
        for (i, label) in self.labels().iter().enumerate() {
            for p in self.polygons(i)? {
                let vertices = p.exterior.into_iter().map(RegionPoint::from).collect();
                let mut region = Region::new(RegionShape::Polygon { vertices }, RegionFrame::Image);
                region.meta.text = Some(label.to_string());
                out.push(region);
            }
        }
        Ok(out)
    }

    /// Sources whose deblending was changed or that come from it: those separated, changed for a pixel of 0 or less,
    /// changed for too many peaks.
    pub(crate) fn deblending(&self) -> (usize, usize, usize) {
        use skyphot_segmentation::SegmentationFlags as F;
        let flags = match self {
            Self::Image(s) => s.flags(),
            Self::Runs(s) => s.flags().to_vec(),
        };
        let count = |f: F| flags.iter().filter(|g| g.contains(f)).count();
        (count(F::DEBLENDED), count(F::DEBLEND_NON_POSITIVE_MIN), count(F::DEBLEND_TOO_MANY_MARKERS))
    }
}
