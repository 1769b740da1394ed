//! Matching kernels by division of Fourier transforms.

use ndarray::{Array2, ArrayView2, arr2};
use rustfft::num_complex::Complex64;

use super::Taper;
use super::fourier::Fourier;
use crate::error::{PsfError, Result};

/// A window that the ratio of the transforms is multiplied by.
#[derive(Debug, Clone, PartialEq)]
pub enum FrequencyWindow {
    /// One of the usual shapes.
    Taper(Taper),
    /// Values in 0 ... 1 of the shape of the PSFs, with frequency 0 at the centre.
    Custom(Array2<f64>),
}

impl From<Taper> for FrequencyWindow {
    fn from(taper: Taper) -> Self {
        Self::Taper(taper)
    }
}

/// What [`make_wiener_kernel`] keeps small.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Penalty {
    /// The kernel itself: the regularisation is a fraction of the largest power of the source.
    #[default]
    Flat,
    /// Its second derivatives (Boucaud et al. 2016, A&A 596, A63).
    Laplacian,
    /// Its fourth derivatives.
    Biharmonic,
    /// The convolution with an operator of odd shape.
    Custom(Array2<f64>),
}

/// How matching kernels are made.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchingConfig {
    /// [`create_matching_kernel`]: frequencies at which the transform of the source is smaller than this times its peak
    /// are left out (0 ... 1). [`make_wiener_kernel`]: weight of the penalty (more than 0). Default 1e-4.
    pub regularization: f64,
    /// Window over the frequencies. Default: none.
    pub window: Option<FrequencyWindow>,
    /// Of [`make_wiener_kernel`] only. Default [`Penalty::Flat`].
    pub penalty: Penalty,
}

impl Default for MatchingConfig {
    fn default() -> Self {
        Self { regularization: 1e-4, window: None, penalty: Penalty::Flat }
    }
}

/// The kernel that turns `source` into the wider `target`, from the ratio of their Fourier transforms. Both have the same
/// odd shape and scale and are centred on the central pixel; neither has to be normalised. The kernel sums to 1.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_psf::{MatchingConfig, create_matching_kernel};
/// let gaussian = |s: f64| {
///     Array2::from_shape_fn((51, 51), |(y, x)| {
///         (-((x as f64 - 25.0).powi(2) + (y as f64 - 25.0).powi(2)) / (2.0 * s * s)).exp()
///     })
/// };
/// let kernel = create_matching_kernel(gaussian(3.0).view(), gaussian(5.0).view(), &MatchingConfig::default())?;
/// // a Gaussian of sigma 4
/// assert!((kernel[[25, 25]] / kernel[[25, 29]] - 0.5f64.exp()).abs() < 0.02);
/// # Ok::<(), skyphot_psf::PsfError>(())
/// ```
///
/// # Errors
/// [`PsfError::InvalidData`] for PSFs of different or even shape, with values that are not finite or with a sum of 0, a
/// window that does not fit, and a kernel that cannot be normalised; [`PsfError::InvalidParameter`] for a regularisation
/// out of range.
#[doc(alias = "make_kernel")]
pub fn create_matching_kernel(
    source: ArrayView2<'_, f64>,
    target: ArrayView2<'_, f64>,
    config: &MatchingConfig,
) -> Result<Array2<f64>> {
    let limit = config.regularization;
    if !(0.0..1.0).contains(&limit) {
        return Err(PsfError::InvalidParameter {
            name: "regularization",
            expected: "at least 0 and less than 1",
            found: limit,
        });
    }
    matched(
        source,
        target,
        config,
        |s, t, peak, _| {
            if s.norm() > limit * peak { t / s } else { Complex64::default() }
        },
    )
}

/// The kernel that turns `source` into `target` with a Wiener filter instead of a threshold:
/// `T S* / (|S|^2 + r max |S|^2)`, or `r |P|^2` with the transform of a [`Penalty`]. As [`create_matching_kernel`]
/// otherwise.
///
/// # Errors
/// Those of [`create_matching_kernel`]; [`PsfError::InvalidData`] for a penalty of even shape, larger than the PSFs, all
/// zero or not finite.
#[doc(alias = "pypher")]
pub fn make_wiener_kernel(
    source: ArrayView2<'_, f64>,
    target: ArrayView2<'_, f64>,
    config: &MatchingConfig,
) -> Result<Array2<f64>> {
    let r = config.regularization;
    if !(r > 0.0) {
        return Err(PsfError::InvalidParameter {
            name: "regularization",
            expected: "a number greater than 0",
            found: r,
        });
    }
    let operator = match &config.penalty {
        Penalty::Flat => None,
        Penalty::Laplacian => Some(arr2(&[[0.0, -1.0, 0.0], [-1.0, 4.0, -1.0], [0.0, -1.0, 0.0]])),
        Penalty::Biharmonic => Some(arr2(&[
            [0.0, 0.0, 1.0, 0.0, 0.0],
            [0.0, 2.0, -8.0, 2.0, 0.0],
            [1.0, -8.0, 20.0, -8.0, 1.0],
            [0.0, 2.0, -8.0, 2.0, 0.0],
            [0.0, 0.0, 1.0, 0.0, 0.0],
        ])),
        Penalty::Custom(p) => Some(p.clone()),
    };
    let shape = source.dim();
    let penalty = match operator {
        None => None,
        Some(p) => Some(spectrum_of_operator(&p, shape)?),
    };
    matched(source, target, config, |s, t, peak, k| {
        let power = s.norm_sqr();
        let floor = match &penalty {
            None => r * peak * peak,
            Some(p) => r * p[k].norm_sqr(),
        };
        t * s.conj() / (power + floor)
    })
}

/// The sum 1 version of a valid PSF.
fn normalised(psf: ArrayView2<'_, f64>, what: &'static str) -> Result<Vec<f64>> {
    check(psf, what)?;
    let sum = psf.sum();
    Ok(psf.iter().map(|v| v / sum).collect())
}

pub(super) fn check(psf: ArrayView2<'_, f64>, what: &'static str) -> Result<()> {
    let bad = |expected, found| Err(PsfError::InvalidData { what, expected, found });
    let (ny, nx) = psf.dim();
    if ny % 2 == 0 || nx % 2 == 0 {
        return bad("an odd number of rows and columns", format!("{ny} x {nx} (ny x nx)"));
    }
    if let Some(v) = psf.iter().find(|v| !v.is_finite()) {
        return bad("finite everywhere", v.to_string());
    }
    let sum = psf.sum();
    if sum == 0.0 || !sum.is_finite() {
        return bad("with a finite sum that is not 0", sum.to_string());
    }
    Ok(())
}

/// The transform of an operator whose centre stands at the origin.
fn spectrum_of_operator(p: &Array2<f64>, shape: (usize, usize)) -> Result<Vec<Complex64>> {
    let bad = |expected, found| Err(PsfError::InvalidData { what: "penalty operator", expected, found });
    let (py, px) = p.dim();
    if py % 2 == 0 || px % 2 == 0 || py > shape.0 || px > shape.1 {
        return bad("of odd shape and not larger than the PSFs", format!("{py} x {px}"));
    }
    if p.iter().any(|v| !v.is_finite()) || p.iter().all(|v| *v == 0.0) {
        return bad("finite and not all zero", "other values".to_owned());
    }
    let mut padded = vec![0.0; shape.0 * shape.1];
    for ((y, x), v) in p.indexed_iter() {
        let at = |i: usize, half: usize, n: usize| (i + n - half) % n;
        padded[at(y, py / 2, shape.0) * shape.1 + at(x, px / 2, shape.1)] = *v;
    }
    Ok(Fourier::new(shape).forward(&padded))
}

/// The kernel whose transform is `f(source, target, peak of |source|, index)` times the window.
fn matched(
    source: ArrayView2<'_, f64>,
    target: ArrayView2<'_, f64>,
    config: &MatchingConfig,
    f: impl Fn(Complex64, Complex64, f64, usize) -> Complex64,
) -> Result<Array2<f64>> {
    let (s, t) = (normalised(source, "source PSF")?, normalised(target, "target PSF")?);
    let (ny, nx) = source.dim();
    if target.dim() != (ny, nx) {
        let found = format!("{:?} and {:?}", (ny, nx), target.dim());
        return Err(PsfError::InvalidData { what: "PSFs to match", expected: "of the same shape", found });
    }
    let window = window(config.window.as_ref(), (ny, nx))?;
    let fourier = Fourier::new((ny, nx));
    let (s, t) = (fourier.forward(&s), fourier.forward(&t));
    let peak = s.iter().map(|v| v.norm()).fold(0.0, f64::max);
    let width = fourier.width();
    let ratio: Vec<Complex64> = s
        .iter()
        .zip(&t)
        .enumerate()
        .map(|(k, (s, t))| {
            let v = f(*s, *t, peak, k);
            match &window {
                None => v,
                Some(w) => {
                    let (y, x) = (k / width, k % width);
                    // Frequency 0 is at the centre of the window; the real part of the result takes the mean of a
                    // frequency and its opposite.
                    let at = |y: usize, x: usize| w[[(y + ny / 2) % ny, (x + nx / 2) % nx]];
                    v * (0.5 * (at(y, x) + at((ny - y) % ny, (nx - x) % nx)))
                }
            }
        })
        .collect();
    let flat = fourier.inverse(ratio);
    let sum: f64 = flat.iter().sum();
    if !sum.is_finite() || sum.abs() <= 1e-8 {
        return Err(PsfError::InvalidData {
            what: "matching kernel",
            expected: "with a finite sum that is not 0 (try another regularisation or window)",
            found: sum.to_string(),
        });
    }
    Ok(Array2::from_shape_fn((ny, nx), |(y, x)| {
        flat[(y + ny - ny / 2) % ny * nx + (x + nx - nx / 2) % nx] / sum
    }))
}

fn window(window: Option<&FrequencyWindow>, shape: (usize, usize)) -> Result<Option<Array2<f64>>> {
    match window {
        None => Ok(None),
        Some(FrequencyWindow::Taper(t)) => Ok(Some(t.array(shape))),
        Some(FrequencyWindow::Custom(w)) => {
            if w.dim() == shape && w.iter().all(|v| (0.0..=1.0).contains(v)) {
                Ok(Some(w.clone()))
            } else {
                Err(PsfError::InvalidData {
                    what: "frequency window",
                    expected: "of the shape of the PSFs with values in 0 ... 1",
                    found: format!("another window of shape {:?} for {shape:?}", w.dim()),
                })
            }
        }
    }
}
