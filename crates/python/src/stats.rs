//! `skyphot.stats`.

use ndarray::{Array1, Array2, ArrayView2};
use numpy::{IntoPyArray, PyReadonlyArray1};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use skyphot::Error;
use skyphot::core::{Exec, Image, Pixel};
use skyphot::stats::{
    self, Axis, CenterFunc, ClippedStatsOptions, EffectiveGain, SigmaClip, SpreadFunc,
    sigma_clipped_stats_with,
};

use crate::image::{Held, ImageArg, Plane, row, with_image};
use crate::table::doubles;
use crate::work::{self, value_error};

/// `(sigma_lower, sigma_upper, maxiters or None, cenfunc, stdfunc, grow)`.
pub(crate) struct ClipArg(pub(crate) SigmaClip);

impl<'a, 'py> FromPyObject<'a, 'py> for ClipArg {
    type Error = PyErr;

    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let (sigma_lower, sigma_upper, max_iters, center, spread, grow): (
            f64,
            f64,
            Option<usize>,
            String,
            String,
            f64,
        ) = obj.extract()?;
        let center = match center.as_str() {
            "median" => CenterFunc::Median,
            "mean" => CenterFunc::Mean,
            other => {
                return Err(PyValueError::new_err(format!(
                    "cenfunc must be 'median' or 'mean', found '{other}'"
                )));
            }
        };
        let spread = match spread.as_str() {
            "std" => SpreadFunc::Std,
            "mad_std" => SpreadFunc::MadStd,
            other => {
                return Err(PyValueError::new_err(format!(
                    "stdfunc must be 'std' or 'mad_std', found '{other}'"
                )));
            }
        };
        let clip = SigmaClip { sigma_lower, sigma_upper, max_iters, center, spread, grow };
        clip.validate().map_err(value_error)?;
        Ok(Self(clip))
    }
}

/// The clipping, if there is one.
pub(crate) fn clip_of(arg: Option<ClipArg>) -> Option<SigmaClip> {
    arg.map(|c| c.0)
}

#[pyfunction]
fn sigma_clipped_stats(
    py: Python<'_>,
    image: ImageArg,
    clip: ClipArg,
    mask_value: Option<f64>,
    std_ddof: usize,
    n_threads: Option<i64>,
) -> PyResult<(f64, f64, f64)> {
    let exec = work::exec(n_threads)?;
    let options = ClippedStatsOptions { std_ddof, mask_value };
    let s = work::run(py, move || {
        Ok::<_, Error>(with_image!(image, |im| sigma_clipped_stats_with(im, &clip.0, &options, &exec)?))
    })?;
    Ok((s.mean, s.median, s.std))
}

/// Each row of the image on its own: mean, median and standard deviation of all rows.
#[pyfunction]
fn sigma_clipped_stats_rows<'py>(
    py: Python<'py>,
    image: ImageArg,
    clip: ClipArg,
    mask_value: Option<f64>,
    std_ddof: usize,
    n_threads: Option<i64>,
) -> PyResult<[Bound<'py, PyAny>; 3]> {
    fn rows<T: Pixel>(
        im: &Image<'_, T>,
        clip: &SigmaClip,
        o: &ClippedStatsOptions,
        exec: &Exec,
    ) -> Result<Vec<[f64; 3]>, Error> {
        exec.try_map(im.data().nrows(), |i| {
            let s = sigma_clipped_stats_with(&row(im, i)?, clip, o, &Exec::serial())?;
            Ok([s.mean, s.median, s.std])
        })
    }
    let exec = work::exec(n_threads)?;
    let options = ClippedStatsOptions { std_ddof, mask_value };
    let all = work::run(py, move || with_image!(image, |im| rows(im, &clip.0, &options, &exec)))?;
    Ok([0, 1, 2].map(|k| all.iter().map(|s| s[k]).collect::<Array1<f64>>().into_pyarray(py).into_any()))
}

/// `(mask, lower, upper)`.
#[pyfunction]
fn sigma_clip<'py>(
    py: Python<'py>,
    image: ImageArg,
    clip: ClipArg,
    axis: Option<usize>,
    n_threads: Option<i64>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let axis = match axis {
        None => None,
        Some(0) => Some(Axis::Y),
        Some(1) => Some(Axis::X),
        Some(n) => return Err(value_error(format!("axis must be 0, 1 or None, found {n}"))),
    };
    let exec = work::exec(n_threads)?;
    let c = work::run(py, move || {
        Ok::<_, Error>(with_image!(image, |im| stats::sigma_clip(im, &clip.0, axis, &exec)?))
    })?;
    Ok((
        c.mask.into_pyarray(py).into_any(),
        c.lower.into_pyarray(py).into_any(),
        c.upper.into_pyarray(py).into_any(),
    ))
}

/// Robust statistics of plain values: `what` is the function's name in `skyphot::stats`.
#[pyfunction]
#[pyo3(signature = (what, values, c=None, center=None, modify_sample_size=false))]
fn robust(
    py: Python<'_>,
    what: &str,
    values: PyReadonlyArray1<'_, f64>,
    c: Option<f64>,
    center: Option<f64>,
    modify_sample_size: bool,
) -> PyResult<f64> {
    let values = doubles(&values);
    let what = what.to_owned();
    work::run(py, move || {
        Ok(match what.as_str() {
            "median" => stats::median(&values),
            "median_absolute_deviation" => stats::median_absolute_deviation(&values),
            "mad_std" => stats::mad_std(&values),
            "nan_mad_std" => stats::nan_mad_std(&values),
            "biweight_location" => stats::biweight_location(&values, c.unwrap_or(6.0), center),
            "biweight_midvariance" => {
                stats::biweight_midvariance(&values, c.unwrap_or(9.0), center, modify_sample_size)
            }
            "biweight_scale" => stats::biweight_scale(&values, c.unwrap_or(9.0), center, modify_sample_size),
            other => return Err(format!("no statistic '{other}'")),
        })
    })
}

#[pyfunction]
fn calc_total_error<'py>(
    py: Python<'py>,
    data: Held<f64>,
    bkg_error: Held<f64>,
    gain: Option<Held<f64>>,
    gain_value: f64,
) -> PyResult<Bound<'py, PyAny>> {
    let out: Array2<f64> = work::run(py, move || {
        let view: Option<ArrayView2<'_, f64>> = gain.as_ref().map(Held::view);
        let gain = view.map_or(EffectiveGain::Scalar(gain_value), EffectiveGain::Map);
        stats::calc_total_error(data.view(), bkg_error.view(), gain)
    })?;
    Ok(out.into_pyarray(py).into_any())
}

/// The address, strides and type a call would read: a test of what is copied.
#[pyfunction]
fn array_info<'py>(py: Python<'py>, plane: Plane) -> PyResult<Bound<'py, PyDict>> {
    let d = PyDict::new(py);
    let (address, strides, kind) = match &plane {
        Plane::F32(h) => (h.view().as_ptr() as usize, h.view().strides().to_vec(), "float32"),
        Plane::F64(h) => (h.view().as_ptr() as usize, h.view().strides().to_vec(), "float64"),
    };
    d.set_item("address", address)?;
    d.set_item("strides", strides)?;
    d.set_item("dtype", kind)?;
    Ok(d)
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(sigma_clipped_stats, m)?)?;
    m.add_function(wrap_pyfunction!(sigma_clipped_stats_rows, m)?)?;
    m.add_function(wrap_pyfunction!(sigma_clip, m)?)?;
    m.add_function(wrap_pyfunction!(robust, m)?)?;
    m.add_function(wrap_pyfunction!(calc_total_error, m)?)?;
    m.add_function(wrap_pyfunction!(array_info, m)?)
}
