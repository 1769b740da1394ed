//! Bias, dark, flat, gain and overscan.

use ndarray::{Array1, Array2, Axis};
use skyphot_core::Pixel;
use skyphot_stats::kernel;

use super::{CcdImage, Section, Unit};
use crate::error::positive;
use crate::{CalibrationError, Result};

/// The errors of raw counts: Poisson noise of the electrons and read noise, `sqrt(gain data + read_noise^2) / gain`.
///
/// Pixels below 0 have error NaN, or that of the read noise alone with `read_noise_below_zero`.
///
/// - `gain`: electrons per unit of the data; `read_noise`: electrons.
///
/// # Errors
/// [`CalibrationError::InvalidParameter`] unless the gain is positive and the read noise 0 or more.
pub fn create_deviation<T: Pixel>(
    image: CcdImage<T>,
    gain: f64,
    read_noise: f64,
    read_noise_below_zero: bool,
) -> Result<CcdImage<T>> {
    positive("gain", gain)?;
    if !(read_noise >= 0.0 && read_noise.is_finite()) {
        let expected = "a number of electrons, 0 or more";
        return Err(CalibrationError::InvalidParameter { name: "read_noise", expected, found: read_noise });
    }
    let error = image.data().mapv(|v| {
        let electrons = gain * v.to_f64();
        let electrons = if electrons < 0.0 && read_noise_below_zero { 0.0 } else { electrons };
        let variance = if electrons < 0.0 { f64::NAN } else { electrons + read_noise * read_noise };
        T::from_f64(variance.sqrt() / gain)
    });
    image.with_error(error)
}

/// A smooth curve through the overscan, in place of the overscan itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverscanModel {
    /// Every row (or column) by itself.
    Rows,
    /// A polynomial of this degree along the rows, by least squares.
    Polynomial(usize),
}

/// How [`subtract_overscan`] works.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OverscanConfig {
    /// Median of each row instead of the mean. Default: mean, as ccdproc; the median ignores cosmic rays.
    pub median: bool,
    /// Default: every row by itself.
    pub model: OverscanModel,
    /// `true`: collapse along x, one value for each row; `None`: along the shorter side of the section.
    pub along_x: Option<bool>,
}

impl Default for OverscanConfig {
    fn default() -> Self {
        Self { median: false, model: OverscanModel::Rows, along_x: None }
    }
}

/// Subtracts the mean or median of the overscan of each row (or column).
///
/// Masked and non-finite pixels of the overscan are left out; a row without a good one stays NaN.
///
/// # Errors
/// [`CalibrationError::InvalidSection`] if the section reaches beyond the image; [`CalibrationError::InvalidParameter`]
/// if the polynomial has more coefficients than there are good rows.
pub fn subtract_overscan<T: Pixel>(
    image: &CcdImage<T>,
    overscan: &Section,
    config: &OverscanConfig,
) -> Result<CcdImage<T>> {
    let (ny, nx) = image.shape();
    let part = image.trim(overscan)?;
    let along_x = config.along_x.unwrap_or(part.shape().1 <= part.shape().0);
    let (full, first, n, lanes) = if along_x {
        (ny, overscan.y().start, part.shape().0, part.shape().1)
    } else {
        (nx, overscan.x().start, part.shape().1, part.shape().0)
    };
    let mut levels: Vec<f64> = (0..n)
        .map(|k| {
            let at = |j: usize| if along_x { (j, k) } else { (k, j) };
            let mut good: Vec<f64> = (0..lanes)
                .map(at)
                .filter(|(x, y)| !part.is_bad(*x, *y))
                .map(|(x, y)| part.data()[[y, x]].to_f64())
                .collect();
            match (good.is_empty(), config.median) {
                (true, _) => f64::NAN,
                (false, true) => kernel::median_in_place(&mut good),
                (false, false) => kernel::mean(&good),
            }
        })
        .collect();
    if let OverscanModel::Polynomial(degree) = config.model {
        levels = polynomial(&levels, degree)?;
    }
    if n != full && first + n > full {
        return Err(CalibrationError::ShapeMismatch {
            name: "overscan",
            expected: (ny, nx),
            found: part.shape(),
        });
    }
    // Rows the overscan does not cover stay as they are.
    let mut line = Array1::zeros(full);
    line.slice_mut(ndarray::s![first..first + n]).assign(&Array1::from(levels));
    let axis = if along_x { Axis(1) } else { Axis(0) };
    Ok(image.minus(line.insert_axis(axis).view()))
}

/// Least-squares polynomial through the values at 0, 1, ..., in Legendre polynomials for the sake of the numbers.
fn polynomial(values: &[f64], degree: usize) -> Result<Vec<f64>> {
    let (n, m) = (values.len(), degree + 1);
    let good = values.iter().filter(|v| v.is_finite()).count();
    if good < m {
        return Err(CalibrationError::InvalidParameter {
            name: "degree of the overscan polynomial",
            expected: "below the number of good rows",
            found: degree as f64,
        });
    }
    let basis = |k: usize| -> Vec<f64> {
        let x = if n > 1 { 2.0 * k as f64 / (n - 1) as f64 - 1.0 } else { 0.0 };
        let mut p = vec![1.0; m];
        for j in 1..m {
            let before = if j > 1 { p[j - 2] } else { 0.0 };
            let j1 = j as f64;
            p[j] = ((2.0 * j1 - 1.0) * x * p[j - 1] - (j1 - 1.0) * before) / j1;
        }
        p
    };
    let mut equations = skyphot_fit::DenseNormal::new(m);
    for (k, v) in values.iter().enumerate() {
        if v.is_finite() {
            equations.add(-v, &basis(k));
        }
    }
    let mut c = vec![0.0; m];
    if !equations.step(0.0, &vec![true; m], &mut c) {
        return Err(CalibrationError::InvalidParameter {
            name: "degree of the overscan polynomial",
            expected: "one the rows determine",
            found: degree as f64,
        });
    }
    Ok((0..n).map(|k| basis(k).iter().zip(&c).map(|(p, c)| p * c).sum()).collect())
}

/// `image - master`.
///
/// # Errors
/// [`CalibrationError::ShapeMismatch`], [`CalibrationError::UnitMismatch`].
pub fn subtract_bias<T: Pixel>(image: &CcdImage<T>, master: &CcdImage<T>) -> Result<CcdImage<T>> {
    image.subtract(master)
}

/// How a dark frame goes with an exposure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DarkScaling {
    /// As it is: same exposure time.
    None,
    /// Times `image / dark` (exposure times, seconds); the dark must be free of bias.
    Exposure {
        /// Exposure time of the image.
        image: f64,
        /// Exposure time of the dark.
        dark: f64,
    },
}

/// `image - dark`, scaled by the exposure times if asked for.
///
/// # Errors
/// As [`subtract_bias`]; [`CalibrationError::InvalidParameter`] for times that are not positive.
pub fn subtract_dark<T: Pixel>(
    image: &CcdImage<T>,
    dark: &CcdImage<T>,
    scaling: DarkScaling,
) -> Result<CcdImage<T>> {
    match scaling {
        DarkScaling::None => image.subtract(dark),
        DarkScaling::Exposure { image: a, dark: b } => {
            let k = positive("exposure time of the image", a)? / positive("exposure time of the dark", b)?;
            image.subtract(&dark.multiply_scalar(k, &Unit::dimensionless()))
        }
    }
}

/// `image * gain`; `unit` is that of the gain, electron / adu.
///
/// # Errors
/// [`CalibrationError::InvalidParameter`] unless the gain is positive.
pub fn gain_correct<T: Pixel>(image: &CcdImage<T>, gain: f64, unit: &Unit) -> Result<CcdImage<T>> {
    Ok(image.multiply_scalar(positive("gain", gain)?, unit))
}

/// `image / (flat / norm)`, with the errors of both.
///
/// - `min_value`: lower values of the flat are raised to it.
/// - `norm`: what the flat is divided by; `None` = the mean of its good pixels.
///
/// Masked pixels of the flat count as 1, and stay masked in the result.
///
/// # Errors
/// [`CalibrationError::ShapeMismatch`]; [`CalibrationError::InvalidParameter`] for a norm that is not positive, or a flat
/// without good pixels.
pub fn flat_correct<T: Pixel>(
    image: &CcdImage<T>,
    flat: &CcdImage<T>,
    min_value: Option<f64>,
    norm: Option<f64>,
) -> Result<CcdImage<T>> {
    let (data, error, mask) = flat.clone().into_parts();
    let raised = data.mapv(|v| match min_value {
        Some(m) if v.to_f64() < m => T::from_f64(m),
        _ => v,
    });
    let norm = match norm {
        Some(v) => positive("norm of the flat", v)?,
        None => {
            let good: Vec<f64> = raised
                .indexed_iter()
                .filter(|(i, v)| v.is_finite() && !mask.as_ref().is_some_and(|m| m[*i]))
                .map(|(_, v)| v.to_f64())
                .collect();
            positive("mean of the flat", kernel::mean(&good))?
        }
    };
    let scaled: Array2<T> = Array2::from_shape_fn(raised.dim(), |i| {
        if mask.as_ref().is_some_and(|m| m[i]) {
            T::from_f64(1.0)
        } else {
            T::from_f64(raised[i].to_f64() / norm)
        }
    });
    let mut normed = CcdImage::new(scaled, Unit::dimensionless())?;
    if let Some(e) = error {
        normed = normed.with_error(e.mapv(|v| T::from_f64(v.to_f64() / norm)))?;
    }
    if let Some(m) = mask {
        normed = normed.with_mask(m)?;
    }
    image.divide(&normed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(s: &str) -> Unit {
        s.parse().unwrap()
    }

    #[test]
    fn a_raw_frame_becomes_electrons() {
        // 20 columns of data, 4 of overscan that drifts along y.
        let drift = |y: usize| 300.0 + 0.5 * y as f64;
        let raw =
            Array2::from_shape_fn((30, 24), |(y, x)| drift(y) + if x < 20 { 100.0 + x as f64 } else { 0.0 });
        let raw = CcdImage::new(raw, unit("adu")).unwrap();
        let section = Section::from_fits("[21:24,:]", (30, 24)).unwrap();
        for model in [OverscanModel::Rows, OverscanModel::Polynomial(1), OverscanModel::Polynomial(3)] {
            for median in [true, false] {
                let config = OverscanConfig { median, model, along_x: None };
                let net = subtract_overscan(&raw, &section, &config).unwrap();
                let net = net.trim(&Section::from_fits("[1:20,*]", (30, 24)).unwrap()).unwrap();
                assert!((net.data()[[17, 3]] - 103.0).abs() < 1e-10, "{model:?}");
                let e = gain_correct(&net, 2.0, &unit("electron / adu")).unwrap();
                assert_eq!(e.unit().to_string(), "electron");
                assert!((e.data()[[29, 19]] - 238.0).abs() < 1e-9);
            }
        }
        let many = OverscanConfig { model: OverscanModel::Polynomial(40), ..Default::default() };
        assert!(subtract_overscan(&raw, &section, &many).is_err());
        assert!(subtract_overscan(&raw, &Section::new(20..25, 0..30).unwrap(), &many).is_err());
    }

    #[test]
    fn deviations_darks_and_flats() {
        let image = CcdImage::new(ndarray::array![[100.0, -5.0]], unit("adu")).unwrap();
        let dev = create_deviation(image.clone(), 2.0, 5.0, false).unwrap();
        assert_eq!(dev.error().unwrap()[[0, 0]], 225f64.sqrt() / 2.0);
        assert!(dev.error().unwrap()[[0, 1]].is_nan());
        assert_eq!(create_deviation(image.clone(), 2.0, 5.0, true).unwrap().error().unwrap()[[0, 1]], 2.5);
        assert!(create_deviation(image.clone(), 0.0, 5.0, true).is_err());
        let dark = CcdImage::new(ndarray::array![[10.0, 10.0]], unit("adu")).unwrap();
        let scaled = subtract_dark(&image, &dark, DarkScaling::Exposure { image: 30.0, dark: 10.0 }).unwrap();
        assert_eq!(scaled.data(), ndarray::array![[70.0, -35.0]]);
        assert!(subtract_dark(&image, &dark, DarkScaling::Exposure { image: 30.0, dark: 0.0 }).is_err());
        let flat = CcdImage::new(ndarray::array![[2.0, 0.0]], unit("adu")).unwrap();
        let flat = flat.with_mask(ndarray::array![[false, true]]).unwrap();
        let out = flat_correct(&image, &flat, None, None).unwrap();
        assert_eq!((out.data()[[0, 0]], out.unit().to_string().as_str()), (100.0, "adu"));
        assert!(out.is_bad(1, 0) && out.data()[[0, 1]] == -5.0);
        assert!(flat_correct(&image, &flat, None, Some(-1.0)).is_err());
    }
}
