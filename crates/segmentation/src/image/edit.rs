//! Other numbers for the sources, and fewer sources.

use std::collections::BTreeMap;

use ndarray::ArrayView2;

use super::SegmentationImage;
use crate::SegmentationFlags;
use crate::error::{Result, SegmentationError};
use crate::kernel::label_stats::for_each_run;

impl SegmentationImage {
    /// Renumbers the sources consecutively, keeping their order. Flags and parents go with them.
    ///
    /// # Errors
    /// [`SegmentationError::InvalidLabel`] if `start_label` is not positive, [`SegmentationError::TooManyLabels`] if the
    /// last number does not fit.
    pub fn relabel_consecutive(&mut self, start_label: i32) -> Result<()> {
        if start_label < 1 {
            return Err(SegmentationError::InvalidLabel(start_label));
        }
        let last = i64::from(start_label) + self.len() as i64 - 1;
        if last > i64::from(i32::MAX) {
            return Err(SegmentationError::TooManyLabels(last));
        }
        if self.labels.first() != Some(&start_label) || i64::from(self.max_label()) != last {
            let new: Vec<i32> = (start_label..).take(self.len()).collect();
            self.renumber(&new);
            self.labels = new;
        }
        Ok(())
    }

    /// Gives a source another number. If there is a source of that number, the two become one; 0 removes it.
    ///
    /// # Errors
    /// As [`reassign_labels`](Self::reassign_labels).
    pub fn reassign_label(&mut self, label: i32, new_label: i32, relabel: bool) -> Result<()> {
        self.reassign_labels(&[label], new_label, relabel)
    }

    /// Gives all of these sources the same number; `relabel` then renumbers all sources consecutively.
    ///
    /// # Errors
    /// [`SegmentationError::UnknownLabel`], or [`SegmentationError::InvalidLabel`] if `new_label` is negative.
    pub fn reassign_labels(&mut self, labels: &[i32], new_label: i32, relabel: bool) -> Result<()> {
        let indices = self.indices(labels)?;
        if new_label < 0 {
            return Err(SegmentationError::InvalidLabel(new_label));
        }
        let mut new = self.labels.clone();
        indices.into_iter().for_each(|i| new[i] = new_label);
        if relabel {
            let mut unique: Vec<i32> = new.iter().copied().filter(|l| *l != 0).collect();
            unique.sort_unstable();
            unique.dedup();
            for l in new.iter_mut().filter(|l| **l != 0) {
                *l = unique.binary_search(l).map_or(0, |i| i as i32 + 1);
            }
        }
        self.renumber(&new);
        let stats = crate::kernel::label_stats::measure(self.pixels(), self.data.ncols());
        (self.labels, self.areas, self.bbox) = (stats.labels, stats.areas, stats.boxes);
        Ok(())
    }

    /// Keeps this source only.
    ///
    /// # Errors
    /// [`SegmentationError::UnknownLabel`].
    pub fn keep_label(&mut self, label: i32, relabel: bool) -> Result<()> {
        self.keep_labels(&[label], relabel)
    }

    /// Keeps these sources only.
    ///
    /// # Errors
    /// [`SegmentationError::UnknownLabel`].
    pub fn keep_labels(&mut self, labels: &[i32], relabel: bool) -> Result<()> {
        self.indices(labels)?;
        let others: Vec<i32> = self.labels.iter().copied().filter(|l| !labels.contains(l)).collect();
        self.remove_labels(&others, relabel)
    }

    /// Removes a source: its pixels become background.
    ///
    /// # Errors
    /// [`SegmentationError::UnknownLabel`].
    pub fn remove_label(&mut self, label: i32, relabel: bool) -> Result<()> {
        self.remove_labels(&[label], relabel)
    }

    /// Removes sources: their pixels become background.
    ///
    /// # Errors
    /// [`SegmentationError::UnknownLabel`].
    pub fn remove_labels(&mut self, labels: &[i32], relabel: bool) -> Result<()> {
        self.reassign_labels(labels, 0, relabel)
    }

    /// Removes the sources in a border of `border_width` pixels: with `partial_overlap` also those that only reach into
    /// it.
    ///
    /// # Errors
    /// [`SegmentationError::InvalidParameter`] if the width is 0 or not less than half the image.
    pub fn remove_border_labels(
        &mut self,
        border_width: usize,
        partial_overlap: bool,
        relabel: bool,
    ) -> Result<()> {
        let (ny, nx) = self.shape();
        if border_width == 0 || 2 * border_width >= ny.min(nx) {
            return Err(SegmentationError::InvalidParameter {
                name: "border_width",
                expected: "at least 1 and less than half the image",
                found: border_width as f64,
            });
        }
        let b = border_width;
        let inside = |y: usize| y >= b && y < ny - b;
        self.remove_where(partial_overlap, relabel, |y, x0, x1| {
            let free = if inside(y) { x1.min(nx - b).saturating_sub(x0.max(b)) } else { 0 };
            (free < x1 - x0, free > 0)
        })
    }

    /// Removes the sources under a mask: with `partial_overlap` also those that only reach into it.
    ///
    /// # Errors
    /// [`SegmentationError::ShapeMismatch`].
    pub fn remove_masked_labels(
        &mut self,
        mask: ArrayView2<'_, bool>,
        partial_overlap: bool,
        relabel: bool,
    ) -> Result<()> {
        if mask.dim() != self.shape() {
            return Err(SegmentationError::ShapeMismatch {
                what: "mask",
                expected: self.shape(),
                found: mask.dim(),
            });
        }
        self.remove_where(partial_overlap, relabel, |y, x0, x1| {
            let bad = (x0..x1).filter(|x| mask[[y, *x]]).count();
            (bad > 0, bad < x1 - x0)
        })
    }

    /// `f` says of a run of pixels whether some are to be removed and whether some are not.
    fn remove_where(
        &mut self,
        partial_overlap: bool,
        relabel: bool,
        f: impl Fn(usize, usize, usize) -> (bool, bool),
    ) -> Result<()> {
        let mut touched = vec![(false, false); self.len()];
        for_each_run(self.pixels(), self.data.ncols(), |y, x0, x1, label| {
            if let Ok(i) = self.labels.binary_search(&label) {
                let (bad, good) = f(y, x0, x1);
                touched[i].0 |= bad;
                touched[i].1 |= good;
            }
        });
        let remove: Vec<i32> = self
            .labels
            .iter()
            .zip(touched)
            .filter(|(_, (bad, good))| *bad && (partial_overlap || !good))
            .map(|(l, _)| *l)
            .collect();
        self.remove_labels(&remove, relabel)
    }

    /// Writes `new[i]` for label `i` into the pixels, the family and the flags.
    fn renumber(&mut self, new: &[i32]) {
        let old = &self.labels;
        let max = self.labels.last().copied().unwrap_or(0) as usize;
        if max <= self.data.len() + 1024 {
            let mut table = vec![0; max + 1];
            old.iter().zip(new).for_each(|(o, n)| table[*o as usize] = *n);
            self.data.mapv_inplace(|l| table[l as usize]);
        } else {
            self.data.mapv_inplace(|l| old.binary_search(&l).map_or(0, |i| new[i]));
        }
        let to = |l: &i32| old.binary_search(l).map_or(0, |i| new[i]);
        let mut flags = BTreeMap::<i32, SegmentationFlags>::new();
        for (l, f) in &self.flags {
            *flags.entry(to(l)).or_default() |= *f;
        }
        flags.remove(&0);
        self.flags = flags;
        self.children = std::mem::take(&mut self.children)
            .into_iter()
            .map(|(p, kids)| {
                let mut seen = std::collections::BTreeSet::from([0]);
                (p, kids.iter().map(to).filter(|k| seen.insert(*k)).collect::<Vec<_>>())
            })
            .filter(|(_, kids)| !kids.is_empty())
            .collect();
    }
}
