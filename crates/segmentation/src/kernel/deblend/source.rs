//! One source cut out of the image, with a margin of one pixel.

use ndarray::ArrayView2;
use skyphot_core::{BoundingBox, Pixel};

use crate::Connectivity;

/// Label of the pixels that do not belong to the source.
pub(crate) const OUTSIDE: i32 = -1;

/// The pixels of a source on a padded grid, in raster order, so that neighbours need no bounds checks.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// Length of a padded row.
    pub(crate) width: usize,
    /// Values; NaN where not finite or outside.
    pub(crate) value: Vec<f64>,
    /// Number of levels that lie below a pixel; 0 outside.
    pub(crate) level: Vec<u32>,
    pub(crate) max_level: u32,
    /// [`OUTSIDE`], 0 = not yet given away, or the number of a peak.
    pub(crate) label: Vec<i32>,
    pub(crate) min: f64,
    pub(crate) max: f64,
    /// Sum of the values and of their absolute values, in raster order.
    pub(crate) sum: f64,
    pub(crate) sum_abs: f64,
    around: Vec<i32>,
    before: Vec<i32>,
    after: Vec<i32>,
}

impl Source {
    /// Cuts out the source with this label. `origin` is the `(x, y)` of the first pixel of `data` and `segm`.
    pub(crate) fn gather<T: Pixel>(
        &mut self,
        data: ArrayView2<'_, T>,
        segm: ArrayView2<'_, i32>,
        origin: (i64, i64),
        label: i32,
        bbox: &BoundingBox,
        connectivity: Connectivity,
    ) {
        let (ny, nx) = bbox.shape();
        let width = nx + 2;
        let len = width * (ny + 2);
        self.value.clear();
        self.value.resize(len, f64::NAN);
        self.label.clear();
        self.label.resize(len, OUTSIDE);
        self.level.clear();
        self.level.resize(len, 0);
        if self.width != width || self.around.len() != if connectivity == Connectivity::Eight { 8 } else { 4 }
        {
            self.width = width;
            self.set_neighbors(connectivity);
        }
        let (mut min, mut max, mut sum, mut sum_abs) = (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0.0);
        let (x0, y0) = ((bbox.x_min - origin.0) as usize, (bbox.y_min - origin.1) as usize);
        for y in 0..ny {
            let at = (y + 1) * width + 1;
            let rows = ndarray::s![y0 + y, x0..x0 + nx];
            let (values, labels) = (data.slice(rows), segm.slice(rows));
            for (x, (v, l)) in values.iter().zip(labels.iter()).enumerate() {
                if *l != label {
                    continue;
                }
                self.label[at + x] = 0;
                if v.is_finite() {
                    let v = v.to_f64();
                    self.value[at + x] = v;
                    min = min.min(v);
                    max = max.max(v);
                    sum += v;
                    sum_abs += v.abs();
                }
            }
        }
        (self.min, self.max, self.sum, self.sum_abs) = (min, max, sum, sum_abs);
    }

    fn set_neighbors(&mut self, connectivity: Connectivity) {
        let w = self.width as i32;
        // Those across edges come first, each kind in raster order: the order in which flooding visits them.
        self.around = vec![-w, -1, 1, w];
        self.before = vec![-w, -1];
        self.after = vec![1, w];
        if connectivity == Connectivity::Eight {
            self.around.extend([-w - 1, -w + 1, w - 1, w + 1]);
            self.before.extend([-w - 1, -w + 1]);
            self.after.extend([w - 1, w + 1]);
        }
    }

    /// Steps to all neighbours, in the order of flooding.
    pub(crate) fn around(&self) -> &[i32] {
        &self.around
    }

    /// Steps to the neighbours before and after a pixel in raster order.
    pub(crate) fn neighbors(&self) -> (&[i32], &[i32]) {
        (&self.before, &self.after)
    }

    /// Counts the levels below every pixel.
    pub(crate) fn quantize(&mut self, levels: &[f64]) {
        self.max_level = 0;
        for (q, v) in self.level.iter_mut().zip(&self.value) {
            // NaN lies above nothing.
            *q = levels.partition_point(|t| t < v) as u32;
            self.max_level = self.max_level.max(*q);
        }
    }
}
