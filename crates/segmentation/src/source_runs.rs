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
    /// The runs of source `i` are `runs[first[i]..first[i + 1]]`.
    first: Vec<usize>,
    runs: Vec<PixelRun>,
    areas: Vec<usize>,
    bbox: Vec<BoundingBox>,
    flags: Vec<SegmentationFlags>,
    children: BTreeMap<i32, Vec<i32>>,
    /// The sources whose box reaches into each band of rows.
    bands: Vec<Vec<u32>>,
}

/// Row, first column, one past the last column.
pub(crate) type PixelRun = (u32, u32, u32);

/// Rows of a band of the index.
const ROWS: usize = 256;

impl SourceRuns {
    /// From the runs of all sources in increasing order of their labels, and where those of each end.
    pub(crate) fn new(
        shape: (usize, usize),
        labels: Vec<i32>,
        runs: Vec<PixelRun>,
        ends: impl Iterator<Item = usize>,
    ) -> Self {
        let n = labels.len();
        let mut out = Self {
            shape,
            first: std::iter::once(0).chain(ends).collect(),
            labels,
            runs,
            areas: Vec::with_capacity(n),
            bbox: Vec::with_capacity(n),
            flags: vec![SegmentationFlags::empty(); n],
            children: BTreeMap::new(),
            bands: vec![Vec::new(); shape.0.div_ceil(ROWS)],
        };
        for i in 0..n {
            let (area, bbox) = measure(out.runs(i));
            for band in (bbox.y_min as usize / ROWS)..(bbox.y_max as usize).div_ceil(ROWS) {
                out.bands[band].push(i as u32);
            }
            out.areas.push(area);
            out.bbox.push(bbox);
        }
        out
    }

    /// Bytes of memory it takes, about.
    #[must_use]
    pub fn memory(&self) -> usize {
        let kids = self.children.values().map(|k| 4 * k.len() + 80).sum::<usize>();
        size_of::<PixelRun>() * self.runs.len() + 80 * self.len() + kids
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
        &self.runs[self.first[index]..self.first[index + 1]]
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
            let (label, runs) = (self.labels[i as usize], self.runs(i as usize));
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
        let mut flags = self.flags.clone();
        let mut split = vec![false; self.len()];
        let mut next = i64::from(self.labels.last().copied().unwrap_or(0));
        let mut children = BTreeMap::new();
        for (i, p) in found {
            let f = &mut flags[*i];
            f.set(SegmentationFlags::DEBLEND_NON_POSITIVE_MIN, p.non_positive_min);
            f.set(SegmentationFlags::DEBLEND_TOO_MANY_MARKERS, p.too_many_markers);
            if p.n >= 2 {
                split[*i] = true;
                let last = next + p.n as i64;
                if last > i64::from(i32::MAX) {
                    return Err(SegmentationError::TooManyLabels(last));
                }
                children.insert(self.labels[*i], ((next + 1) as i32..=last as i32).collect::<Vec<_>>());
                next = last;
            }
        }
        // Sources that stay whole first, then the new ones.
        let total = found.iter().map(|(_, p)| p.runs.len()).sum::<usize>();
        let (mut labels, mut all_flags) = (Vec::with_capacity(self.len()), Vec::with_capacity(self.len()));
        let (mut runs, mut ends) = (Vec::with_capacity(self.runs.len() + total), Vec::new());
        for i in (0..self.len()).filter(|i| !split[*i]) {
            labels.push(self.labels[i]);
            all_flags.push(flags[i]);
            runs.extend_from_slice(self.runs(i));
            ends.push(runs.len());
        }
        for (i, p) in found.iter().filter(|(_, p)| p.n >= 2) {
            let b = &self.bbox[*i];
            let (dx, dy) = (b.x_min as u32, b.y_min as u32);
            let mut of: Vec<&(u32, u32, u32, i32)> = p.runs.iter().collect();
            of.sort_by_key(|r| r.3); // stable: each in raster order
            for (k, label) in (1..).zip(&children[&self.labels[*i]]) {
                let mine = of.partition_point(|r| r.3 < k)..of.partition_point(|r| r.3 <= k);
                runs.extend(of[mine].iter().map(|r| (r.0 + dy, r.1 + dx, r.2 + dx)));
                ends.push(runs.len());
                labels.push(*label);
                all_flags.push(flags[*i] | SegmentationFlags::DEBLENDED);
            }
        }
        runs.shrink_to_fit();
        if relabel {
            let old = std::mem::take(&mut labels);
            labels = (1..).take(old.len()).collect();
            let to = |l: i32| old.binary_search(&l).map_or(l, |i| i as i32 + 1);
            children.values_mut().flatten().for_each(|l| *l = to(*l));
        }
        let mut out = Self::new(self.shape, labels, runs, ends.into_iter());
        (out.flags, out.children) = (all_flags, children);
        Ok(out)
    }
}
