//! The pixels of one source that a fit uses.

use skyphot_core::{Image, Pixel};

use crate::render::box_around;
use crate::{PsfFlags, Window};

/// The fit box of a source on the image.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    /// The box, cut at the edges of the image.
    pub(crate) window: Window,
    /// Pixel values less the local background; 0 where not used.
    pub(crate) data: Vec<f64>,
    /// 1 / error, or 1; 0 where not used.
    pub(crate) weight: Vec<f64>,
    /// Pixels in use.
    pub(crate) n_pixels: usize,
    /// Index of the pixel that holds the initial position, if it is in use.
    pub(crate) center: Option<usize>,
}

impl Member {
    /// Middle of the box.
    pub(crate) fn middle(&self) -> (f64, f64) {
        let w = &self.window;
        (w.x_min as f64 + 0.5 * (w.nx as f64 - 1.0), w.y_min as f64 + 0.5 * (w.ny as f64 - 1.0))
    }
}

/// Cuts out the pixels of a source, or says why it cannot be fitted. The second value has further flags.
pub(crate) fn cut<T: Pixel>(
    image: &Image<'_, T>,
    (x, y): (f64, f64),
    flux: f64,
    local_bkg: f64,
    fit_shape: (usize, usize),
    n_free: usize,
) -> (Result<Member, PsfFlags>, usize, PsfFlags) {
    let none = PsfFlags::empty();
    if !(x.is_finite() && y.is_finite() && flux.is_finite()) {
        // The flags for what is not finite follow from the results.
        return (Err(none), 0, none);
    }
    let window = box_around(x, y, fit_shape).intersection(&Window::of_shape(image.shape()));
    if window.is_empty() {
        return (Err(PsfFlags::NO_OVERLAP), 0, none);
    }
    let bkg = if local_bkg.is_finite() { local_bkg } else { 0.0 };
    let n = window.len();
    let (mut data, mut weight) = (vec![0.0; n], vec![0.0; n]);
    let (values, errors, mask) = (image.data(), image.error(), image.mask());
    let (mut n_pixels, mut good, mut flags) = (0, 0, none);
    for j in 0..window.ny {
        let row = (window.y_min as usize) + j;
        for i in 0..window.nx {
            let col = (window.x_min as usize) + i;
            let v = values[[row, col]];
            if !v.is_finite() || mask.is_some_and(|m| m[[row, col]]) {
                continue;
            }
            good += 1;
            let w = match &errors {
                None => 1.0,
                Some(e) => {
                    let e = e[[row, col]].to_f64();
                    if !(e > 0.0 && e.is_finite()) {
                        flags |= PsfFlags::BAD_ERROR;
                        continue;
                    }
                    1.0 / e
                }
            };
            let k = j * window.nx + i;
            data[k] = v.to_f64() - bkg;
            weight[k] = w;
            n_pixels += 1;
        }
    }
    if good == 0 {
        return (Err(PsfFlags::FULLY_MASKED), 0, flags);
    }
    if n_pixels < n_free.max(1) {
        return (Err(PsfFlags::TOO_FEW_PIXELS), n_pixels, flags);
    }
    let (cx, cy) = ((x - 0.5).ceil() as i64 - window.x_min, (y - 0.5).ceil() as i64 - window.y_min);
    let inside = (0..window.nx as i64).contains(&cx) && (0..window.ny as i64).contains(&cy);
    let center = inside.then(|| cy as usize * window.nx + cx as usize).filter(|k| weight[*k] > 0.0);
    (Ok(Member { window, data, weight, n_pixels, center }), n_pixels, flags)
}
