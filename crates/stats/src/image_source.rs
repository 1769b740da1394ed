//! The good pixels of an image as a source of values that is passed over in parallel.

use skyphot_core::{Exec, Image, Pixel};

use crate::SigmaClip;
use crate::kernel::engine::{Source, SourceClip, clip_source};
use crate::kernel::pass::{self, Sums};
use crate::kernel::sample_size;

/// Pixels per piece of work, in whole rows. The pieces depend on the shape of the image only.
const CHUNK: usize = 1 << 18;

struct ImageSource<'a, 'e, T: Pixel> {
    image: Image<'a, T>,
    mask_value: Option<f64>,
    exec: &'e Exec,
}

impl<T: Pixel> ImageSource<'_, '_, T> {
    /// Calls `f` with every row in turn (bad pixels are NaN) for each piece of the image.
    fn for_rows<A: Send>(
        &self,
        init: impl Fn() -> A + Sync + Send,
        f: impl Fn(&mut A, &[T]) + Sync + Send,
    ) -> Vec<A> {
        let (ny, nx) = self.image.shape();
        let data = self.image.data();
        let mask = self.image.mask();
        self.exec.map_chunks(ny, (CHUNK / nx).max(1), |rows| {
            let mut state = init();
            // One slice for all rows where the image allows it.
            let piece = data.slice(ndarray::s![rows.clone(), ..]);
            if mask.is_none()
                && self.mask_value.is_none()
                && let Some(all) = piece.as_slice()
            {
                f(&mut state, all);
                return state;
            }
            let mut scratch = Vec::with_capacity(nx);
            for y in rows {
                scratch.clear();
                scratch.extend(data.row(y).iter().copied());
                if let Some(m) = mask {
                    scratch.iter_mut().zip(m.row(y)).filter(|(_, m)| **m).for_each(|(v, _)| *v = T::NAN);
                }
                if let Some(bad) = self.mask_value {
                    scratch.iter_mut().filter(|v| v.to_f64() == bad).for_each(|v| *v = T::NAN);
                }
                f(&mut state, &scratch);
            }
            state
        })
    }

    /// A sorted sample of the good pixels, of any size from 1 if there is a good pixel.
    fn sample(&self) -> Vec<f64> {
        let (ny, nx) = self.image.shape();
        let data = self.image.data();
        let n = ny * nx;
        let good = |i: usize| {
            let v = data[[i / nx, i % nx]].to_f64();
            (!self.image.is_bad(i % nx, i / nx) && self.mask_value != Some(v)).then_some(v)
        };
        let m = sample_size(n).max(1);
        // A step that is no simple fraction of a row, so that the sample is spread over all columns.
        let mut sample: Vec<f64> = (0..m).filter_map(|i| good(i * n / m + (i * 7919) % (n / m))).collect();
        if sample.len() < m / 2 {
            sample = (0..n).filter_map(good).take(m).collect();
        }
        sample.sort_unstable_by(f64::total_cmp);
        sample
    }
}

impl<T: Pixel> Source for ImageSource<'_, '_, T> {
    fn sums(&self, lower: f64, upper: f64, pivot: f64) -> Sums {
        let mut total = Sums::default();
        for part in self.for_rows(Sums::default, |s, row| *s += pass::sums(row, lower, upper, pivot)) {
            total += part;
        }
        total
    }

    fn gather(&self, lower: f64, upper: f64) -> (Vec<f64>, usize) {
        let parts = self
            .for_rows(|| (Vec::new(), 0), |(out, below), row| *below += pass::gather(row, lower, upper, out));
        let below = parts.iter().map(|p| p.1).sum();
        (parts.into_iter().map(|p| p.0).collect::<Vec<_>>().concat(), below)
    }
}

/// Clips all good pixels about their mean or median, in units of the standard deviation. `start` counts from the number
/// of pixels of minus infinity. `None` if there is no good pixel.
pub(crate) fn clip_image<T: Pixel>(
    image: &Image<'_, T>,
    mask_value: Option<f64>,
    clip: &SigmaClip,
    exec: &Exec,
) -> Option<SourceClip> {
    let source = ImageSource { image: *image, mask_value, exec };
    let sample = source.sample();
    (!sample.is_empty()).then(|| clip_source(&source, &sample, clip))
}
