//! `skyphot.detection`.

use numpy::{IntoPyArray, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use skyphot::Error;
use skyphot::detection::{
    DaoStarFinder, DensityKernel, IrafStarFinder, Outcome, PeakConfig, StarFinder, Threshold,
    ThresholdConfig, detect_threshold as thresholds, find_peaks as peaks,
};
use skyphot::filter::Footprint;

use crate::centroids;
use crate::image::{Held, ImageArg, with_image};
use crate::stats::{ClipArg, clip_of};
use crate::table::{points, to_python};
use crate::work::{self, value_error};

/// A number or a plane.
#[derive(FromPyObject)]
pub(crate) enum Level {
    Scalar(f64),
    Plane(Held<f64>),
}

impl From<Level> for Threshold {
    fn from(level: Level) -> Self {
        match level {
            Level::Scalar(v) => Self::Scalar(v),
            Level::Plane(p) => Self::Image(p.view().to_owned()),
        }
    }
}

/// Columns, metadata and what came of the search: `found`, `nothing` or `filtered`.
type Found<'py> = (Bound<'py, PyList>, Bound<'py, PyDict>, &'static str);

const fn outcome(o: Outcome) -> &'static str {
    match o {
        Outcome::Found => "found",
        Outcome::NothingAboveThreshold => "nothing",
        Outcome::AllFiltered => "filtered",
    }
}

#[pyfunction]
fn dao_find<'py>(
    py: Python<'py>,
    image: ImageArg,
    threshold: Level,
    fwhm: f64,
    ratio: f64,
    theta: f64,
    sigma_radius: f64,
    sharpness_range: Option<(f64, f64)>,
    roundness_range: Option<(f64, f64)>,
    exclude_border: bool,
    n_brightest: Option<usize>,
    peak_max: Option<f64>,
    xycoords: Option<PyReadonlyArray2<'py, f64>>,
    min_separation: Option<f64>,
    scale_threshold: bool,
    n_threads: Option<i64>,
) -> PyResult<Found<'py>> {
    let xycoords = xycoords.map(|a| points(&a)).transpose()?;
    let finder = DaoStarFinder {
        ratio,
        theta_deg: theta,
        sigma_radius,
        sharpness_range,
        roundness_range,
        exclude_border,
        n_brightest,
        peak_max,
        xycoords,
        min_separation,
        scale_threshold,
        exec: work::exec(n_threads)?,
        ..DaoStarFinder::new(Threshold::from(threshold), fwhm).map_err(value_error)?
    };
    let (table, o) = work::run(py, move || {
        let c = with_image!(image, |im| finder.find(im)?);
        Ok::<_, Error>((c.to_table()?, c.outcome))
    })?;
    let (columns, meta) = to_python(py, table)?;
    Ok((columns, meta, outcome(o)))
}

#[pyfunction]
fn iraf_find<'py>(
    py: Python<'py>,
    image: ImageArg,
    threshold: Level,
    fwhm: f64,
    sigma_radius: f64,
    sharpness_range: Option<(f64, f64)>,
    roundness_range: Option<(f64, f64)>,
    exclude_border: bool,
    n_brightest: Option<usize>,
    peak_max: Option<f64>,
    xycoords: Option<PyReadonlyArray2<'py, f64>>,
    min_separation: Option<f64>,
    min_n_pixels: usize,
    n_threads: Option<i64>,
) -> PyResult<Found<'py>> {
    let xycoords = xycoords.map(|a| points(&a)).transpose()?;
    let finder = IrafStarFinder {
        sigma_radius,
        sharpness_range,
        roundness_range,
        exclude_border,
        n_brightest,
        peak_max,
        xycoords,
        min_separation,
        min_n_pixels,
        exec: work::exec(n_threads)?,
        ..IrafStarFinder::new(Threshold::from(threshold), fwhm).map_err(value_error)?
    };
    let (table, o) = work::run(py, move || {
        let c = with_image!(image, |im| finder.find(im)?);
        Ok::<_, Error>((c.to_table()?, c.outcome))
    })?;
    let (columns, meta) = to_python(py, table)?;
    Ok((columns, meta, outcome(o)))
}

#[pyfunction]
fn star_find<'py>(
    py: Python<'py>,
    image: ImageArg,
    threshold: Level,
    kernel: Held<f64>,
    min_separation: Option<f64>,
    exclude_border: bool,
    n_brightest: Option<usize>,
    peak_max: Option<f64>,
    n_threads: Option<i64>,
) -> PyResult<Found<'py>> {
    let finder = StarFinder {
        min_separation,
        exclude_border,
        n_brightest,
        peak_max,
        exec: work::exec(n_threads)?,
        ..StarFinder::new(Threshold::from(threshold), kernel.view()).map_err(value_error)?
    };
    let (table, o) = work::run(py, move || {
        let c = with_image!(image, |im| finder.find(im)?);
        Ok::<_, Error>((c.to_table()?, c.outcome))
    })?;
    let (columns, meta) = to_python(py, table)?;
    Ok((columns, meta, outcome(o)))
}

#[pyfunction]
fn find_peaks<'py>(
    py: Python<'py>,
    image: ImageArg,
    threshold: Level,
    box_size: (usize, usize),
    footprint: Option<Held<bool>>,
    border_width: (usize, usize),
    n_peaks: Option<usize>,
    min_separation: Option<f64>,
    centroid: Option<(String, Vec<f64>)>,
    n_threads: Option<i64>,
) -> PyResult<Found<'py>> {
    let config = PeakConfig {
        box_size,
        footprint: footprint
            .map(|f| Footprint::from_array(f.view().to_owned()))
            .transpose()
            .map_err(value_error)?,
        border_width,
        n_peaks,
        min_separation,
        centroid: centroid.as_ref().map(centroids::method).transpose()?,
        exec: work::exec(n_threads)?,
    };
    let threshold = Threshold::from(threshold);
    let (table, o) = work::run(py, move || {
        let c = with_image!(image, |im| peaks(im, threshold, &config)?);
        Ok::<_, Error>((c.to_table()?, c.outcome))
    })?;
    let (columns, meta) = to_python(py, table)?;
    Ok((columns, meta, outcome(o)))
}

#[pyfunction]
fn detect_threshold<'py>(
    py: Python<'py>,
    image: ImageArg,
    n_sigma: f64,
    background: Option<Level>,
    error: Option<Level>,
    sigma_clip: Option<ClipArg>,
    n_threads: Option<i64>,
) -> PyResult<Bound<'py, PyAny>> {
    let config = ThresholdConfig {
        background: background.map(Into::into),
        error: error.map(Into::into),
        sigma_clip: clip_of(sigma_clip),
        exec: work::exec(n_threads)?,
    };
    let t =
        work::run(py, move || Ok::<_, Error>(with_image!(image, |im| thresholds(im, n_sigma, &config)?)))?;
    Ok(t.into_pyarray(py).into_any())
}

/// Kernel, `rel_err`: what `DAOStarFinder` convolves with and by how much it scales the threshold.
#[pyfunction]
fn density_kernel<'py>(
    py: Python<'py>,
    fwhm: f64,
    ratio: f64,
    theta: f64,
    sigma_radius: f64,
) -> PyResult<(Bound<'py, PyAny>, f64)> {
    let kernel = DensityKernel::new(fwhm, ratio, theta, sigma_radius).map_err(value_error)?;
    Ok((kernel.data().to_owned().into_pyarray(py).into_any(), kernel.relative_error()))
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(dao_find, m)?)?;
    m.add_function(wrap_pyfunction!(iraf_find, m)?)?;
    m.add_function(wrap_pyfunction!(star_find, m)?)?;
    m.add_function(wrap_pyfunction!(find_peaks, m)?)?;
    m.add_function(wrap_pyfunction!(detect_threshold, m)?)?;
    m.add_function(wrap_pyfunction!(density_kernel, m)?)
}
