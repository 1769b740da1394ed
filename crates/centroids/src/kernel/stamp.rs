//! A cutout as contiguous rows, in buffers that are used again and again.

use std::ops::Range;

use ndarray::ArrayView2;
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
        let data = image.data();
        let mask = image.mask();
        let error = image.error().filter(|_| use_error);
        self.has_error = error.is_some();
        let mut n_footprint = 0;
        for (j, y) in rows.enumerate() {
            for (i, x) in cols.clone().enumerate() {
                if footprint.is_some_and(|f| !f[[j, i]]) {
                    continue;
                }
                n_footprint += 1;
                let v = data[[y, x]].to_f64();
                if !v.is_finite() || mask.is_some_and(|m| m[[y, x]]) {
                    continue;
                }
                let mut w = 1.0;
                if let Some(e) = error {
                    let e = e[[y, x]].to_f64();
                    if !e.is_finite() {
                        continue;
                    }
                    w = 1.0 / e.max(MIN_ERROR);
                }
                let k = j * self.stride + i;
                self.data[k] = v;
                self.weight2[k] = w * w;
                self.n_good += 1;
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

    /// Data of one row without padding.
    pub(crate) fn data_row(&self, y: usize) -> &[f64] {
        &self.data[y * self.stride..y * self.stride + self.nx]
    }

    /// Squared weights of one row without padding.
    pub(crate) fn weight2_row(&self, y: usize) -> &[f64] {
        &self.weight2[y * self.stride..y * self.stride + self.nx]
    }
}
