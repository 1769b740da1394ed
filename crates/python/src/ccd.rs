//! `skyphot.calibration`: frames of a CCD.

use ndarray::Array2;
use numpy::{Element, IntoPyArray};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use skyphot::Error;
use skyphot::calibration::ccd::{
    CcdImage, CleanMethod, CombineClip, CombineConfig, CombineMethod, CosmicRayConfig, DarkScaling,
    FineStructure, OverscanConfig, OverscanModel, Section, Unit, combine, create_deviation,
    detect_cosmic_rays, flat_correct, gain_correct, subtract_bias, subtract_dark, subtract_overscan,
};
use skyphot::core::{Image, Pixel};

use crate::image::{Held, ImageArg, Pixels, Planes, with_image};
use crate::stats::{ClipArg, clip_of};
use crate::work::{self, value_error};

/// Data, error, mask, and the name of the unit.
type CcdOut<'py> = (Bound<'py, PyAny>, Option<Bound<'py, PyAny>>, Option<Bound<'py, PyAny>>, String);

fn owned<T: Pixel>(image: &Image<'_, T>, unit: &str) -> Result<CcdImage<T>, Error> {
    let mut c = CcdImage::new(image.data().to_owned(), unit.parse::<Unit>()?)?;
    if let Some(e) = image.error() {
        c = c.with_error(e.to_owned())?;
    }
    if let Some(m) = image.mask() {
        c = c.with_mask(m.to_owned())?;
    }
    Ok(c)
}

fn given_back<T: Pixel + Element>(py: Python<'_>, c: CcdImage<T>) -> CcdOut<'_> {
    let unit = c.unit().to_string();
    let (data, error, mask) = c.into_parts();
    (
        data.into_pyarray(py).into_any(),
        error.map(|e| e.into_pyarray(py).into_any()),
        mask.map(|m| m.into_pyarray(py).into_any()),
        unit,
    )
}

/// An operation with one frame: its name, its numbers and its text.
fn change<T: Pixel>(c: CcdImage<T>, what: &str, p: &[f64], text: &str) -> Result<CcdImage<T>, Error> {
    let section = |shape| Section::from_fits(text, shape);
    Ok(match (what, p) {
        ("deviation", [gain, read_noise, below]) => create_deviation(c, *gain, *read_noise, *below != 0.0)?,
        ("gain", [gain]) => gain_correct(&c, *gain, &text.parse()?)?,
        ("trim", _) => c.trim(&section(c.shape())?)?,
        ("overscan", [median, degree, along_x]) => {
            let model =
                if *degree < 0.0 { OverscanModel::Rows } else { OverscanModel::Polynomial(*degree as usize) };
            let along_x = (*along_x >= 0.0).then_some(*along_x != 0.0);
            subtract_overscan(
                &c,
                &section(c.shape())?,
                &OverscanConfig { median: *median != 0.0, model, along_x },
            )?
        }
        ("add", [v]) => c.add_scalar(*v, &text.parse()?)?,
        ("subtract", [v]) => c.subtract_scalar(*v, &text.parse()?)?,
        ("multiply", [v]) => c.multiply_scalar(*v, &text.parse()?),
        ("divide", [v]) => c.divide_scalar(*v, &text.parse()?),
        _ => return Ok(c),
    })
}

/// An operation with two frames.
fn join<T: Pixel>(a: &CcdImage<T>, b: &CcdImage<T>, what: &str, p: &[f64]) -> Result<CcdImage<T>, Error> {
    let given = |v: f64| Some(v).filter(|v| !v.is_nan());
    Ok(match (what, p) {
        ("bias", _) => subtract_bias(a, b)?,
        ("dark", [image, dark]) => {
            let scaling = match (given(*image), given(*dark)) {
                (Some(image), Some(dark)) => DarkScaling::Exposure { image, dark },
                _ => DarkScaling::None,
            };
            subtract_dark(a, b, scaling)?
        }
        ("flat", [min, norm]) => flat_correct(a, b, given(*min), given(*norm))?,
        ("add", [r]) => a.add_correlated(b, *r)?,
        ("subtract", [r]) => a.subtract_correlated(b, *r)?,
        ("multiply", [r]) => a.multiply_correlated(b, *r)?,
        _ => a.divide_correlated(b, p.first().copied().unwrap_or(0.0))?,
    })
}

/// One operation with one frame.
#[pyfunction]
fn ccd_change<'py>(
    py: Python<'py>,
    image: ImageArg,
    unit: String,
    what: String,
    p: Vec<f64>,
    text: String,
) -> PyResult<CcdOut<'py>> {
    match image.pixels {
        Pixels::F32(planes) => {
            let c = work::run(py, move || change(owned(&planes.image()?, &unit)?, &what, &p, &text))?;
            Ok(given_back(py, c))
        }
        Pixels::F64(planes) => {
            let c = work::run(py, move || change(owned(&planes.image()?, &unit)?, &what, &p, &text))?;
            Ok(given_back(py, c))
        }
    }
}

/// One operation with two frames of one pixel type.
#[pyfunction]
fn ccd_join<'py>(
    py: Python<'py>,
    left: (ImageArg, String),
    right: (ImageArg, String),
    what: String,
    p: Vec<f64>,
) -> PyResult<CcdOut<'py>> {
    fn of<T: Pixel + Element>(
        py: Python<'_>,
        a: (Planes<T>, String),
        b: (Planes<T>, String),
        what: String,
        p: Vec<f64>,
    ) -> PyResult<CcdOut<'_>> {
        let c = work::run(py, move || {
            join(&owned(&a.0.image()?, &a.1)?, &owned(&b.0.image()?, &b.1)?, &what, &p)
        })?;
        Ok(given_back(py, c))
    }
    match (left.0.pixels, right.0.pixels) {
        (Pixels::F32(a), Pixels::F32(b)) => of(py, (a, left.1), (b, right.1), what, p),
        (Pixels::F64(a), Pixels::F64(b)) => of(py, (a, left.1), (b, right.1), what, p),
        _ => Err(value_error("both frames must have the same type of pixels")),
    }
}

/// How frames are combined: method, extrema, limits.
type How = (String, (usize, usize), f64, f64);

/// Data, error, mask and number of values of frames of one pixel type and unit.
#[pyfunction]
fn ccd_combine<'py>(
    py: Python<'py>,
    frames: Vec<ImageArg>,
    how: How,
    sigma: Option<ClipArg>,
    scale: Option<Vec<f64>>,
    weights: Option<Vec<f64>>,
    n_threads: Option<i64>,
) -> PyResult<Bound<'py, PyDict>> {
    let method = match how.0.as_str() {
        "average" => CombineMethod::Average,
        "median" => CombineMethod::Median,
        "sum" => CombineMethod::Sum,
        other => {
            return Err(value_error(format!("no method '{other}': expected average, median or sum")));
        }
    };
    let clip = CombineClip { extrema: how.1, min: how.2, max: how.3, sigma: clip_of(sigma) };
    let config = CombineConfig { method, clip, scale, weights, exec: work::exec(n_threads)? };
    let (mut small, mut large) = (Vec::new(), Vec::new());
    for f in frames {
        match f.pixels {
            Pixels::F32(p) => small.push(p),
            Pixels::F64(p) => large.push(p),
        }
    }
    match (small.is_empty(), large.is_empty()) {
        (_, true) => combined(py, small, config),
        (true, false) => combined(py, large, config),
        _ => Err(value_error("all frames must have the same type of pixels")),
    }
}

fn combined<T: Pixel + Element>(
    py: Python<'_>,
    frames: Vec<Planes<T>>,
    config: CombineConfig,
) -> PyResult<Bound<'_, PyDict>> {
    let c = work::run(py, move || {
        let frames = frames.iter().map(|f| owned(&f.image()?, "")).collect::<Result<Vec<_>, Error>>()?;
        Ok::<_, Error>(combine(frames.as_slice(), &config)?)
    })?;
    let d = PyDict::new(py);
    d.set_item("data", c.data.into_pyarray(py))?;
    d.set_item("error", c.error.into_pyarray(py))?;
    d.set_item("mask", c.mask.into_pyarray(py))?;
    d.set_item("n_used", c.n_used.into_pyarray(py))?;
    Ok(d)
}

/// Mask, clean image and pixels found in each iteration; `p` is sigclip, sigfrac, objlim, gain, readnoise, satlevel.
#[pyfunction]
#[allow(clippy::too_many_arguments)]
fn cosmic_rays<'py>(
    py: Python<'py>,
    image: ImageArg,
    background: Option<Held<f64>>,
    variance: Option<Held<f64>>,
    p: [f64; 6],
    niter: usize,
    sepmed: bool,
    cleantype: &str,
    kernel: Option<Held<f64>>,
    n_threads: Option<i64>,
) -> PyResult<Bound<'py, PyDict>> {
    let cleantype = match cleantype {
        "meanmask" => CleanMethod::MeanMask,
        "medmask" => CleanMethod::MedianMask,
        "median" => CleanMethod::Median,
        "idw" => CleanMethod::Idw,
        other => {
            return Err(value_error(format!(
                "no cleantype '{other}': expected meanmask, medmask, median or idw"
            )));
        }
    };
    let fsmode = kernel.map_or(FineStructure::Median, |k| FineStructure::Convolve(k.view().to_owned()));
    let [sigclip, sigfrac, objlim, gain, readnoise, satlevel] = p;
    let exec = work::exec(n_threads)?;
    let config = CosmicRayConfig {
        sigclip,
        sigfrac,
        objlim,
        gain,
        readnoise,
        satlevel,
        niter,
        sepmed,
        cleantype,
        fsmode,
        exec,
    };
    let (mask, clean, found): (Array2<bool>, Array2<f64>, Vec<usize>) = work::run(py, move || {
        Ok::<_, Error>(with_image!(image, |im| {
            let c = detect_cosmic_rays(
                im,
                background.as_ref().map(Held::view),
                variance.as_ref().map(Held::view),
                &config,
            )?;
            (c.mask, c.clean.mapv(|v| v.to_f64()), c.n_found)
        }))
    })?;
    let d = PyDict::new(py);
    d.set_item("mask", mask.into_pyarray(py))?;
    d.set_item("clean", clean.into_pyarray(py))?;
    d.set_item("n_found", found)?;
    Ok(d)
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(ccd_change, m)?)?;
    m.add_function(wrap_pyfunction!(ccd_join, m)?)?;
    m.add_function(wrap_pyfunction!(ccd_combine, m)?)?;
    m.add_function(wrap_pyfunction!(cosmic_rays, m)?)
}
