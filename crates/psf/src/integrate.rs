//! From a PSF at points to a PSF in pixels.

use ndarray::{Array2, ArrayView2, Axis};

use crate::error::Result;
use crate::samples::{check_oversampling, check_plane};
use skyphot_fit::spline::coefficients;

/// Integrates a PSF that is known at the points of an oversampled grid over detector pixels centred on those points: what
/// an optics simulation gives becomes an effective PSF for [`ImagePsf`](crate::ImagePsf). Along each axis the PSF is a cubic
/// spline, which is integrated exactly; nothing is beyond the outermost points. With `midpoints` the pixels are centred
/// midway between the points, so that an even number of them gives an odd one with the source on its central sample.
///
/// The result is divided by the product of the oversampling factors (`(y, x)`, samples per pixel): a PSF whose points sum
/// to that product still does so, apart from what its edges cut off.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_psf::make_epsf_from_psf;
/// // points of a Gaussian of sigma 1 pixel, 4 to the pixel
/// let psf = Array2::from_shape_fn((81, 81), |(y, x)| {
///     let r2 = ((x as f64 - 40.0).powi(2) + (y as f64 - 40.0).powi(2)) / 16.0;
///     (-0.5 * r2).exp() / (2.0 * std::f64::consts::PI)
/// });
/// let epsf = make_epsf_from_psf(psf.view(), (4, 4), false)?;
/// // the square of erf(0.5 / sqrt(2))
/// assert!((epsf[[40, 40]] - 0.146631).abs() < 1e-5);
/// # Ok::<(), skyphot_psf::PsfError>(())
/// ```
///
/// # Errors
/// [`PsfError::InvalidData`](crate::PsfError::InvalidData) for fewer than 4 x 4 points, points that are not finite, or an
/// oversampling of 0.
pub fn make_epsf_from_psf(
    psf: ArrayView2<'_, f64>,
    oversampling: (usize, usize),
    midpoints: bool,
) -> Result<Array2<f64>> {
    check_oversampling(oversampling)?;
    check_plane(psf)?;
    let mut out = psf.to_owned();
    for (axis, factor) in [(Axis(0), oversampling.0), (Axis(1), oversampling.1)] {
        let factor = factor as f64;
        let n = out.len_of(axis) - usize::from(midpoints);
        let mut shape = out.dim();
        if axis == Axis(0) {
            shape.0 = n
        } else {
            shape.1 = n
        }
        let mut next = Array2::zeros(shape);
        let (mut c, mut scratch, mut line) = (Vec::new(), Vec::new(), Vec::new());
        for (lane, mut done) in out.lanes(axis).into_iter().zip(next.lanes_mut(axis)) {
            line.clear();
            line.extend(lane.iter().copied());
            coefficients(&line, &mut c, &mut scratch);
            let integral = Integral::new(&c, line.len());
            for (i, v) in done.iter_mut().enumerate() {
                let center = i as f64 + if midpoints { 0.5 } else { 0.0 };
                *v = (integral.up_to(center + factor / 2.0) - integral.up_to(center - factor / 2.0)) / factor;
            }
        }
        out = next;
    }
    Ok(out)
}

/// Integrals of a spline from its first sample.
struct Integral<'a> {
    c: &'a [f64],
    /// Up to each sample.
    whole: Vec<f64>,
}

impl<'a> Integral<'a> {
    fn new(c: &'a [f64], n: usize) -> Self {
        let mut whole = vec![0.0; n];
        for k in 1..n {
            whole[k] = whole[k - 1] + part(&c[k - 1..k + 3], 1.0);
        }
        Self { c, whole }
    }

    fn up_to(&self, u: f64) -> f64 {
        let n = self.whole.len();
        let u = u.clamp(0.0, (n - 1) as f64);
        let k = (u.floor() as usize).min(n - 2);
        self.whole[k] + part(&self.c[k..k + 4], u - k as f64)
    }
}

/// The integral from 0 to `t` of the spline on the interval that four coefficients belong to.
fn part(c: &[f64], t: f64) -> f64 {
    let inner = |s: f64| s * (4.0 + s * s * (0.75 * s - 2.0)) / 6.0;
    let s = 1.0 - t;
    let (t2, s2) = (t * t, s * s);
    c[0] * (1.0 - s2 * s2) / 24.0 + c[1] * inner(t) + c[2] * (inner(1.0) - inner(s)) + c[3] * t2 * t2 / 24.0
}
