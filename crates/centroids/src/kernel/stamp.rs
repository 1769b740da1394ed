//! A cutout as contiguous rows, in buffers that are used again and again.

use std::ops::Range;

use ndarray::{ArrayView2, s};
use skyphot_core::{Image, Pixel};

use crate::CentroidFlags;

/// Rows are padded to a multiple of this many values.
pub(crate) const LANES: usize = 4;

/// Pixels of a cutout; bad pixels and the padding of the rows are 0 with weight 0.
#[derive(Debug, Default)]
pub(crate) struct Stamp {
    pub(crate) ny: usize,
    pub(crate) nx: usize,
    /// Values from one row to the next.
    pub(crate) stride: usize,
    pub(crate) data: Vec<f64>,
    /// Squared weights `1 / error^2` (1 without errors), 0 where a pixel is bad.
    pub(crate) weight2: Vec<f64>,
    /// Weights differ from 1 somewhere off the padding.
    pub(crate) weighted: bool,
    /// The weights come from errors.
    pub(crate) has_error: bool,
    pub(crate) n_good: usize,
    pub(crate) flags: CentroidFlags,
    /// Model values of one row.
    pub(crate) row: Vec<f64>,
}

/// Smallest error that is taken at face value.
const MIN_ERROR: f64 = 1e-30;

impl Stamp {
    /// Loads rows and columns of an image. `footprint` is true where a pixel counts, in the shape of the cutout.
    pub(crate) fn load<T: Pixel>(
        &mut self,
        image: &Image<'_, T>,
        rows: Range<usize>,
        cols: Range<usize>,
        footprint: Option<ArrayView2<'_, bool>>,
        use_error: bool,
    ) {
        (self.ny, self.nx) = (rows.len(), cols.len());
        self.stride = self.nx.next_multiple_of(LANES);
        for v in [&mut self.data, &mut self.weight2] {
            v.clear();
            v.resize(self.ny * self.stride, 0.0);
        }
        self.row.clear();
        self.row.resize(self.stride, 0.0);
        self.n_good = 0;
        self.flags = CentroidFlags::empty();
        let error = image.error().filter(|_| use_error).map(|e| e.slice_move(s![rows.clone(), cols.clone()]));
        let mask = image.mask().map(|m| m.slice_move(s![rows.clone(), cols.clone()]));
        let data = image.data().slice_move(s![rows, cols]);
        self.has_error = error.is_some();
        let mut n_footprint = self.ny * self.nx;
        for (y, row) in data.outer_iter().enumerate() {
            let out = y * self.stride..y * self.stride + self.nx;
            let (d, w) = (&mut self.data[out.clone()], &mut self.weight2[out]);
            for ((d, w), v) in d.iter_mut().zip(w.iter_mut()).zip(&row) {
                *d = v.to_f64();
                *w = if v.is_finite() { 1.0 } else { 0.0 };
            }
            if let Some(m) = &mask {
                w.iter_mut().zip(m.row(y)).filter(|(_, m)| **m).for_each(|(w, _)| *w = 0.0);
            }
            if let Some(e) = &error {
                for (w, e) in w.iter_mut().zip(e.row(y)) {
                    let e = e.to_f64();
                    let inverse = 1.0 / e.max(MIN_ERROR);
                    *w *= if e.is_finite() { inverse * inverse } else { 0.0 };
                }
            }
            if let Some(f) = &footprint {
                for (w, f) in w.iter_mut().zip(f.row(y)) {
                    if !*f {
                        *w = 0.0;
                        n_footprint -= 1;
                    }
                }
            }
            for (d, w) in d.iter_mut().zip(w.iter()) {
                if *w > 0.0 {
                    self.n_good += 1;
                } else {
                    *d = 0.0;
                }
            }
        }
        self.weighted = self.has_error || self.n_good < self.ny * self.nx;
        if self.n_good < n_footprint {
            self.flags |= CentroidFlags::MASKED_PIXELS;
        }
        if self.n_good == 0 {
            self.flags |= CentroidFlags::ALL_MASKED;
        }
    }

    /// Good pixels with their place, row by row.
    pub(crate) fn good(&self) -> impl Iterator<Item = (usize, usize, f64)> + '_ {
        (0..self.ny).flat_map(move |y| {
            (0..self.nx).filter_map(move |x| {
                let k = y * self.stride + x;
                (self.weight2[k] > 0.0).then(|| (x, y, self.data[k]))
            })
        })
    }

    /// 1 for good pixels and 0 for others, without padding.
    pub(crate) fn good_pixels(&self) -> Vec<f64> {
        (0..self.ny)
            .flat_map(|y| self.weight2_row(y).iter().map(|w| if *w > 0.0 { 1.0 } else { 0.0 }))
            .collect()
    }

    /// Data of one row without padding.
    pub(crate) fn data_row(&self, y: usize) -> &[f64] {
        &self.data[y * self.stride..y * self.stride + self.nx]
    }

    /// Squared weights of one row without padding.
    pub(crate) fn weight2_row(&self, y: usize) -> &[f64] {
        &self.weight2[y * self.stride..y * self.stride + self.nx]
    }
}
