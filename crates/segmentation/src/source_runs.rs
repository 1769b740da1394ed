//! The sources of an image as runs of pixels.

use std::collections::BTreeMap;

use ndarray::Array2;
use skyphot_core::BoundingBox;

use crate::error::{Result, SegmentationError};
use crate::kernel::deblend::one::Parts;
use crate::kernel::stream::measure;
use crate::{SegmentationFlags, SegmentationImage};

/// A segmentation without its image: every source as runs of pixels in rows, so that memory goes with the sources and
/// not with the size of the image. Any part can be drawn as labels.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceRuns {
    shape: (usize, usize),
    labels: Vec<i32>,
    runs: Vec<Vec<(u32, u32, u32)>>,
    areas: Vec<usize>,
    bbox: Vec<BoundingBox>,
    flags: Vec<SegmentationFlags>,
    children: BTreeMap<i32, Vec<i32>>,
    /// The sources whose box reaches into each band of rows.
    bands: Vec<Vec<u32>>,
}

/// Row, first column, one past the last column.
type Runs = Vec<(u32, u32, u32)>;

/// Rows of a band of the index.
const ROWS: usize = 256;

impl SourceRuns {
    /// From the runs `(y, x0, x1)` of every label, in increasing order of the labels.
    pub(crate) fn new(
        shape: (usize, usize),
        sources: impl Iterator<Item = (i32, Vec<(u32, u32, u32)>)>,
    ) -> Self {
        let mut out = Self {
            shape,
            labels: Vec::new(),
            runs: Vec::new(),
            areas: Vec::new(),
            bbox: Vec::new(),
            flags: Vec::new(),
            children: BTreeMap::new(),
            bands: vec![Vec::new(); shape.0.div_ceil(ROWS)],
        };
        for (label, runs) in sources {
            let (area, bbox) = measure(&runs);
            for band in (bbox.y_min as usize / ROWS)..(bbox.y_max as usize).div_ceil(ROWS) {
                out.bands[band].push(out.labels.len() as u32);
            }
            out.labels.push(label);
            out.runs.push(runs);
            out.areas.push(area);
            out.bbox.push(bbox);
            out.flags.push(SegmentationFlags::empty());
        }
        out
    }

    /// Shape `(ny, nx)` of the image.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        self.shape
    }

    /// The labels, in increasing order.
    #[must_use]
    pub fn labels(&self) -> &[i32] {
        &self.labels
    }

    /// Number of sources.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// There is no source.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Number of pixels of every source.
    #[must_use]
    pub fn areas(&self) -> &[usize] {
        &self.areas
    }

    /// The smallest box around every source.
    #[must_use]
    pub fn bbox(&self) -> &[BoundingBox] {
        &self.bbox
    }

    /// Flags of every source: how deblending came to it.
    #[must_use]
    pub fn flags(&self) -> &[SegmentationFlags] {
        &self.flags
    }

    /// The labels that deblending made of each source, by its label before.
    #[must_use]
    pub fn children(&self) -> &BTreeMap<i32, Vec<i32>> {
        &self.children
    }

    /// The runs of source `index` (not its label): row, first column, one past the last column; in raster order.
    ///
    /// # Panics
    /// If there are not that many sources.
    #[must_use]
    pub fn runs(&self, index: usize) -> &[(u32, u32, u32)] {
        &self.runs[index]
    }

    /// The labels of the pixels of a window, all sources that reach into it, 0 elsewhere and beyond the image.
    #[must_use]
    pub fn draw(&self, window: &BoundingBox) -> Array2<i32> {
        let (ny, nx) = window.shape();
        let mut out = Array2::zeros((ny, nx));
        let y0 = window.y_min.clamp(0, self.shape.0 as i64);
        let y1 = window.y_max.clamp(y0, self.shape.0 as i64);
        let mut last = Vec::new();
        for band in y0 as usize / ROWS..(y1 as usize).div_ceil(ROWS) {
            for i in &self.bands[band] {
                if self.bbox[*i as usize].intersection(window).is_some() {
                    last.push(*i);
                }
            }
        }
        last.sort_unstable();
        last.dedup();
        for i in last {
            let (label, runs) = (self.labels[i as usize], &self.runs[i as usize]);
            let from = runs.partition_point(|r| i64::from(r.0) < y0);
            for &(y, a, b) in runs[from..].iter().take_while(|r| i64::from(r.0) < y1) {
                let (a, b) = (i64::from(a).max(window.x_min), i64::from(b).min(window.x_max));
                if a < b {
                    let row = (i64::from(y) - window.y_min) as usize;
                    let columns = (a - window.x_min) as usize..(b - window.x_min) as usize;
                    out.slice_mut(ndarray::s![row, columns]).fill(label);
                }
            }
        }
        out
    }

    /// All of it as a label image, for images that fit into memory.
    #[must_use]
    pub fn to_image(&self) -> SegmentationImage {
        let (ny, nx) = self.shape;
        let all = BoundingBox { x_min: 0, x_max: nx as i64, y_min: 0, y_max: ny as i64 };
        let flags =
            self.labels.iter().copied().zip(self.flags.iter().copied()).filter(|(_, f)| !f.is_empty());
        SegmentationImage::from_valid(self.draw(&all)).with_deblending(
            self.children.clone(),
            flags.collect(),
            crate::DeblendInfo::default(),
        )
    }

    /// With new sources in the place of those that were taken apart, numbered as deblending does.
    pub(crate) fn deblended(&self, found: &[(usize, Parts)], relabel: bool) -> Result<Self> {
        let mut flags = vec![SegmentationFlags::empty(); self.len()];
        let mut split = vec![false; self.len()];
        let mut new: Vec<(i32, Runs, SegmentationFlags)> = Vec::new();
        let mut next = i64::from(self.labels.last().copied().unwrap_or(0));
        let mut children = BTreeMap::new();
        for (i, p) in found {
            let mut f = self.flags[*i];
            f.set(SegmentationFlags::DEBLEND_NON_POSITIVE_MIN, p.non_positive_min);
            f.set(SegmentationFlags::DEBLEND_TOO_MANY_MARKERS, p.too_many_markers);
            flags[*i] = f;
            if p.n < 2 {
                continue;
            }
            if next + p.n as i64 > i64::from(i32::MAX) {
                return Err(SegmentationError::TooManyLabels(next + p.n as i64));
            }
            split[*i] = true;
            let first = new.len();
            for k in 1..=p.n as i64 {
                new.push(((next + k) as i32, Vec::new(), f | SegmentationFlags::DEBLENDED));
            }
            let b = &self.bbox[*i];
            for &(y, x0, x1, l) in &p.runs {
                let (dx, dy) = (b.x_min as u32, b.y_min as u32);
                new[first + l as usize - 1].1.push((y + dy, x0 + dx, x1 + dx));
            }
            children.insert(
                self.labels[*i],
                ((next + 1) as i32..=(next + p.n as i64) as i32).collect::<Vec<_>>(),
            );
            next += p.n as i64;
        }
        let whole =
            (0..self.len()).filter(|i| !split[*i]).map(|i| (self.labels[i], self.runs[i].clone(), flags[i]));
        let all: Vec<_> = whole.chain(new).collect();
        let map: BTreeMap<i32, i32> = all.iter().map(|s| s.0).zip(1..).collect();
        let to = |l: i32| if relabel { map.get(&l).copied().unwrap_or(l) } else { l };
        children.values_mut().flatten().for_each(|l| *l = to(*l));
        let flags: Vec<SegmentationFlags> = all.iter().map(|s| s.2).collect();
        let mut out = Self::new(self.shape, all.into_iter().map(|(l, runs, _)| (to(l), runs)));
        (out.flags, out.children) = (flags, children);
        Ok(out)
    }
}
