//! Where the sources are.

use ndarray::Array2;
use skyphot_filter::Footprint;

use super::SegmentationImage;
use crate::kernel::label_stats::for_each_run;

impl SegmentationImage {
    /// `true` where there is a source, widened by a footprint if one is given (a rectangle for photutils' `size`): a pixel
    /// belongs to the mask if the footprint put on a source pixel covers it.
    ///
    /// The centre of a footprint is `((ny - 1) / 2, (nx - 1) / 2)`; odd sizes are symmetric.
    ///
    /// ```
    /// use ndarray::array;
    /// use skyphot_filter::Footprint;
    /// use skyphot_segmentation::SegmentationImage;
    /// let segm = SegmentationImage::new(array![[0, 0, 0, 0, 0], [0, 4, 0, 0, 0], [0, 0, 0, 0, 0]])?;
    /// let wide = segm.make_source_mask(Some(&Footprint::rectangle(1, 3)?));
    /// assert_eq!(wide.row(1).to_vec(), [true, true, true, false, false]);
    /// assert_eq!(wide.iter().filter(|m| **m).count(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn make_source_mask(&self, footprint: Option<&Footprint>) -> Array2<bool> {
        let (ny, nx) = self.shape();
        let Some(footprint) = footprint else { return self.data.mapv(|l| l != 0) };
        let (fy, fx) = footprint.shape();
        let (cy, cx) = ((fy as i64 - 1) / 2, (fx as i64 - 1) / 2);
        // Runs of the footprint, relative to its centre.
        let mut bars = Vec::new();
        for (y, row) in footprint.data().outer_iter().enumerate() {
            let bytes: Vec<u8> = row.iter().map(|v| u8::from(*v)).collect();
            crate::kernel::above::for_each_run(&bytes, |a, b| {
                bars.push((y as i64 - cy, i64::from(a) - cx, i64::from(b) - cx));
            });
        }
        let mut out = Array2::from_elem((ny, nx), false);
        for_each_run(self.pixels(), nx, |y, x0, x1, _| {
            for &(dy, a, b) in &bars {
                let row = y as i64 + dy;
                // A bar of length b - a moved along the run covers from its first to its last place.
                let (from, to) = ((x0 as i64 + a).max(0), (x1 as i64 - 1 + b).min(nx as i64));
                if row >= 0 && row < ny as i64 && from < to {
                    out.row_mut(row as usize).slice_mut(ndarray::s![from as usize..to as usize]).fill(true);
                }
            }
        });
        out
    }

    /// The pixels of every source that have a neighbour across an edge which does not belong to it, 0 elsewhere: the
    /// outlines of the sources as a label image. Beyond the image is background.
    #[must_use]
    #[doc(alias = "outline_segments")]
    pub fn outline(&self) -> Array2<i32> {
        let (ny, nx) = self.shape();
        let at = |y: i64, x: i64| {
            if y < 0 || x < 0 || y >= ny as i64 || x >= nx as i64 {
                0
            } else {
                self.data[[y as usize, x as usize]]
            }
        };
        Array2::from_shape_fn((ny, nx), |(y, x)| {
            let (l, y, x) = (self.data[[y, x]], y as i64, x as i64);
            let inner = [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)].iter().all(|(y, x)| at(*y, *x) == l);
            if inner { 0 } else { l }
        })
    }
}
