//! PSFs on other pixel scales.

use ndarray::{Array2, ArrayView2};
use skyphot_filter::{SplineOrder, spline_at_grid};

use super::kernel::check;
use crate::error::{PsfError, Result};
use crate::models::positive;

/// The PSF on pixels of another size (both scales in one unit, per pixel), interpolated by a spline. The central pixel
/// stays central, nothing is extrapolated, and the sum is kept.
///
/// # Errors
/// [`PsfError::InvalidParameter`] for scales that are not positive; [`PsfError::InvalidData`] for a PSF of even shape, with
/// values that are not finite or with a sum of 0, before or after, and for an output of more than 1e8 pixels.
pub fn resize_psf(
    psf: ArrayView2<'_, f64>,
    input_pixel_scale: f64,
    output_pixel_scale: f64,
    order: SplineOrder,
) -> Result<Array2<f64>> {
    check(psf, "PSF")?;
    let ratio = positive("input_pixel_scale", input_pixel_scale)?
        / positive("output_pixel_scale", output_pixel_scale)?;
    let half = |n: usize| {
        let exact = (n as f64 - 1.0) / 2.0 * ratio;
        // A half size that is whole up to rounding errors is whole.
        ((exact * 1e9).round_ties_even() / 1e9).floor()
    };
    let (hy, hx) = (half(psf.nrows()), half(psf.ncols()));
    if !((2.0 * hy + 1.0) * (2.0 * hx + 1.0) <= 1e8) {
        return Err(PsfError::InvalidData {
            what: "resized PSF",
            expected: "at most 1e8 pixels",
            found: format!("half sizes of {hy} and {hx} pixels"),
        });
    }
    let axis = |n: usize, half: f64| -> Vec<f64> {
        let n_half = half as i64;
        (-n_half..=n_half)
            .map(|k| {
                let mut offset = k as f64 / ratio;
                if order == SplineOrder::Nearest {
                    // Points midway between two pixels go to the inner one on both sides.
                    offset *= 1.0 - 1e-9;
                }
                (n as f64 - 1.0) / 2.0 + offset
            })
            .collect()
    };
    let (ys, xs) = (axis(psf.nrows(), hy), axis(psf.ncols(), hx));
    let mut out = spline_at_grid(psf, &ys, &xs, order)?;
    let sum = out.sum();
    if sum == 0.0 || !sum.is_finite() {
        return Err(PsfError::InvalidData {
            what: "resized PSF",
            expected: "with a sum that is not 0",
            found: sum.to_string(),
        });
    }
    let factor = psf.sum() / sum;
    out.mapv_inplace(|v| v * factor);
    Ok(out)
}
