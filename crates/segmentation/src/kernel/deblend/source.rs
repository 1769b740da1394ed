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
    /// Sum of the values in raster order.
    pub(crate) sum: f64,
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
        if self.width != width || self.around.len() != if connectivity == Connectivity::Eight { 8 } else { 4 }
        {
            self.width = width;
            self.set_neighbors(connectivity);
        }
        self.value.resize(len, f64::NAN);
        self.label.resize(len, OUTSIDE);
        self.level.resize(len, 0);
        for margin in [0..width + 1, len - width - 1..len] {
            self.value[margin.clone()].fill(f64::NAN);
            self.level[margin.clone()].fill(0);
            self.label[margin].fill(OUTSIDE);
        }
        let (mut min, mut max, mut sum) = (f64::INFINITY, f64::NEG_INFINITY, 0.0);
        let (x0, y0) = ((bbox.x_min - origin.0) as usize, (bbox.y_min - origin.1) as usize);
        for y in 0..ny {
            let at = (y + 1) * width + 1;
            let (values, labels) = (data.row(y0 + y), segm.row(y0 + y));
            let out = self.value[at..at + nx].iter_mut().zip(&mut self.label[at..at + nx]);
            let mut each = |(v, l): (&T, &i32), (value, here): (&mut f64, &mut i32)| {
                let mine = *l == label;
                *here = if mine { 0 } else { OUTSIDE };
                *value = f64::NAN;
                if mine && v.is_finite() {
                    let v = v.to_f64();
                    *value = v;
                    min = if v < min { v } else { min };
                    max = if v > max { v } else { max };
                    sum += v;
                }
            };
            if let (Some(values), Some(labels)) = (values.as_slice(), labels.as_slice()) {
                let inside = values[x0..x0 + nx].iter().zip(&labels[x0..x0 + nx]);
                inside.zip(out).for_each(|(from, to)| each(from, to));
            } else {
                let inside = values.iter().zip(labels).skip(x0);
                inside.zip(out).for_each(|(from, to)| each(from, to));
            }
            // The margin at the end of this row and at the start of the next.
            for i in [at - 1, at + nx] {
                self.value[i] = f64::NAN;
                self.level[i] = 0;
                self.label[i] = OUTSIDE;
            }
        }
        (self.min, self.max, self.sum) = (min, max, sum);
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
        for ((q, v), l) in self.level.iter_mut().zip(&self.value).zip(&self.label) {
            // NaN lies above nothing.
            *q = if *l == OUTSIDE { 0 } else { levels.partition_point(|t| t < v) as u32 };
            self.max_level = self.max_level.max(*q);
        }
    }
}
