//! `skyphot.background`.

use std::sync::Arc;

use ndarray::Array1;
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use skyphot::Error;
use skyphot::background::{
    Background2D, Background2DConfig, BackgroundEstimator, Estimator, Interpolator, LocalBackground,
    RmsEstimator,
};
use skyphot::core::{Exec, Image, Pixel};
use skyphot::filter::{EdgeMode, SplineOrder};
use skyphot::stats::{SigmaClip, SigmaClippedStats};

use crate::image::{Held, ImageArg, Pixels, row, with_image};
use crate::stats::{ClipArg, clip_of};
use crate::table::points;
use crate::work::{self, value_error};

/// A function of Python that makes one number of the good values.
#[derive(Debug)]
struct Callable(Py<PyAny>);

impl BackgroundEstimator for Callable {
    fn estimate(&self, values: &[f64]) -> f64 {
        Python::attach(|py| {
            let values = PyArray1::from_slice(py, values);
            self.0.call1(py, (values,)).and_then(|v| v.extract::<f64>(py)).unwrap_or_else(|e| {
                e.write_unraisable(py, None);
                f64::NAN
            })
        })
    }
}

/// A named estimator with its numbers, or a function.
#[derive(FromPyObject)]
pub(crate) enum EstimatorArg {
    Named(String, Vec<f64>),
    Function(Py<PyAny>),
}

impl EstimatorArg {
    pub(crate) fn level(self) -> PyResult<Estimator> {
        self.of("background estimator", Estimator::Custom, |name, p| {
            Some(match (name, p) {
                ("mean", _) => Estimator::Mean,
                ("median", _) => Estimator::Median,
                ("mode", &[median_factor, mean_factor]) => Estimator::Mode { median_factor, mean_factor },
                ("sextractor", _) => Estimator::SExtractor,
                ("biweight_location", &[c, ref m @ ..]) => {
                    Estimator::BiweightLocation { c, m: m.first().copied() }
                }
                _ => return None,
            })
        })
    }

    fn spread(self) -> PyResult<RmsEstimator> {
        self.of("estimator of the background RMS", RmsEstimator::Custom, |name, p| {
            Some(match (name, p) {
                ("std", _) => RmsEstimator::Std,
                ("mad_std", _) => RmsEstimator::MadStd,
                ("biweight_scale", &[c, ref m @ ..]) => {
                    RmsEstimator::BiweightScale { c, m: m.first().copied() }
                }
                _ => return None,
            })
        })
    }

    fn of<E>(
        self,
        what: &str,
        custom: fn(Arc<dyn BackgroundEstimator>) -> E,
        named: fn(&str, &[f64]) -> Option<E>,
    ) -> PyResult<E> {
        match self {
            Self::Function(f) => Ok(custom(Arc::new(Callable(f)))),
            Self::Named(name, p) => {
                named(&name, &p).ok_or_else(|| value_error(format!("no {what} '{name}'")))
            }
        }
    }
}

/// One estimate for each row; NaN where no value is left.
#[pyfunction]
fn estimate_rows<'py>(
    py: Python<'py>,
    image: ImageArg,
    clip: Option<ClipArg>,
    estimator: EstimatorArg,
    rms: bool,
) -> PyResult<Bound<'py, PyAny>> {
    fn rows<T: Pixel>(
        im: &Image<'_, T>,
        clip: &SigmaClip,
        estimator: &dyn BackgroundEstimator,
    ) -> Result<Array1<f64>, Error> {
        let mut out = Array1::zeros(im.data().nrows());
        for (i, o) in out.iter_mut().enumerate() {
            let s = SigmaClippedStats::new(&row(im, i)?, clip, &Exec::serial())?;
            let mut values = s.values().to_vec();
            values.sort_unstable_by(f64::total_cmp);
            *o = if values.is_empty() { f64::NAN } else { estimator.estimate(&values) };
        }
        Ok(out)
    }
    let estimator: Box<dyn BackgroundEstimator> =
        if rms { Box::new(estimator.spread()?) } else { Box::new(estimator.level()?) };
    let clip = clip_of(clip).unwrap_or_else(|| SigmaClip::new(f64::INFINITY));
    let out = work::run(py, move || with_image!(image, |im| rows(im, &clip, estimator.as_ref())))?;
    Ok(out.into_pyarray(py).into_any())
}

enum Inner {
    F32(Background2D<f32>),
    F64(Background2D<f64>),
}

macro_rules! of {
    ($inner:expr, $b:ident => $e:expr) => {
        match $inner {
            Inner::F32($b) => $e,
            Inner::F64($b) => $e,
        }
    };
}

/// A two-dimensional background; the maps are made when they are asked for.
#[pyclass(frozen, module = "skyphot._core")]
struct NativeBackground {
    inner: Arc<Inner>,
}

#[pymethods]
impl NativeBackground {
    fn background<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let inner = self.inner.clone();
        Ok(match work::run(py, move || Ok::<_, Error>(of!(&*inner, b => b.background().into())))? {
            Map::F32(a) => a.into_pyarray(py).into_any(),
            Map::F64(a) => a.into_pyarray(py).into_any(),
        })
    }

    fn background_rms<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let inner = self.inner.clone();
        Ok(match work::run(py, move || Ok::<_, Error>(of!(&*inner, b => b.background_rms().into())))? {
            Map::F32(a) => a.into_pyarray(py).into_any(),
            Map::F64(a) => a.into_pyarray(py).into_any(),
        })
    }

    /// The small arrays and numbers.
    fn summary<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let d = PyDict::new(py);
        of!(&*self.inner, b => {
            d.set_item("background_mesh", b.background_mesh().clone().into_pyarray(py))?;
            d.set_item("background_rms_mesh", b.rms_mesh().clone().into_pyarray(py))?;
            d.set_item("background_median", b.background_median())?;
            d.set_item("background_rms_median", b.background_rms_median())?;
            d.set_item("n_pixels_mesh", b.n_pixels_mesh().mapv(|n| n as i64).into_pyarray(py))?;
            d.set_item("box_size", b.box_size())?;
            d.set_item("mesh_centers", b.mesh_centers().iter().map(|p| (p.x, p.y)).collect::<Vec<_>>())?;
        });
        Ok(d)
    }

    fn n_pixels_map<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        of!(&*self.inner, b => b.n_pixels_map().mapv(|n| n as i64).into_pyarray(py).into_any())
    }
}

enum Map {
    F32(ndarray::Array2<f32>),
    F64(ndarray::Array2<f64>),
}

impl From<ndarray::Array2<f32>> for Map {
    fn from(a: ndarray::Array2<f32>) -> Self {
        Self::F32(a)
    }
}

impl From<ndarray::Array2<f64>> for Map {
    fn from(a: ndarray::Array2<f64>) -> Self {
        Self::F64(a)
    }
}

/// `("zoom", [order, mode (0 reflect, 1 mirror, 2 wrap), clip])` or `("idw", [n_neighbors, power, regularization])`.
fn interpolator(name: &str, p: &[f64]) -> PyResult<Interpolator> {
    match (name, p) {
        ("zoom", [order, mode, clip]) => Ok(Interpolator::Zoom {
            order: match *order as u8 {
                0 => SplineOrder::Nearest,
                1 => SplineOrder::Linear,
                2 => SplineOrder::Quadratic,
                3 => SplineOrder::Cubic,
                4 => SplineOrder::Quartic,
                5 => SplineOrder::Quintic,
                n => return Err(value_error(format!("order must be from 0 to 5, found {n}"))),
            },
            mode: match *mode as u8 {
                0 => EdgeMode::Reflect,
                1 => EdgeMode::Mirror,
                _ => EdgeMode::Wrap,
            },
            clip: *clip != 0.0,
        }),
        ("idw", [n, power, regularization]) => {
            Ok(Interpolator::Idw { n_neighbors: *n as usize, power: *power, regularization: *regularization })
        }
        _ => Err(value_error(format!("no interpolator '{name}'"))),
    }
}

#[pyfunction]
fn background_2d(
    py: Python<'_>,
    image: ImageArg,
    coverage: Option<Held<bool>>,
    box_size: (usize, usize),
    filter_size: (usize, usize),
    filter_threshold: Option<f64>,
    exclude_percentile: f64,
    sigma_clip: Option<ClipArg>,
    estimator: EstimatorArg,
    rms_estimator: EstimatorArg,
    interpolate: (String, Vec<f64>),
    fill_value: f64,
    n_threads: Option<i64>,
) -> PyResult<NativeBackground> {
    let config = Background2DConfig {
        filter_size,
        filter_threshold,
        exclude_percentile,
        sigma_clip: clip_of(sigma_clip),
        estimator: estimator.level()?,
        rms_estimator: rms_estimator.spread()?,
        interpolator: interpolator(&interpolate.0, &interpolate.1)?,
        fill_value,
        exec: work::exec(n_threads)?,
        ..Background2DConfig::new(box_size)
    };
    let inner = work::run(py, move || {
        let cover = coverage.as_ref().map(Held::view);
        Ok::<_, Error>(match &image.pixels {
            Pixels::F32(p) => Inner::F32(Background2D::estimate_with_coverage(&p.image()?, cover, &config)?),
            Pixels::F64(p) => Inner::F64(Background2D::estimate_with_coverage(&p.image()?, cover, &config)?),
        })
    })?;
    Ok(NativeBackground { inner: Arc::new(inner) })
}

#[pyfunction]
fn local_background<'py>(
    py: Python<'py>,
    image: ImageArg,
    positions: PyReadonlyArray2<'py, f64>,
    inner_radius: f64,
    outer_radius: f64,
    estimator: EstimatorArg,
    sigma_clip: Option<ClipArg>,
    n_threads: Option<i64>,
) -> PyResult<Bound<'py, PyAny>> {
    let positions = points(&positions)?;
    let local = LocalBackground::new(inner_radius, outer_radius, estimator.level()?)
        .and_then(|l| l.with_sigma_clip(clip_of(sigma_clip)))
        .map_err(value_error)?;
    let exec = work::exec(n_threads)?;
    let found =
        work::run(py, move || Ok::<_, Error>(with_image!(image, |im| local.measure(im, &positions, &exec))))?;
    Ok(found.value.into_pyarray(py).into_any())
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<NativeBackground>()?;
    m.add_function(wrap_pyfunction!(estimate_rows, m)?)?;
    m.add_function(wrap_pyfunction!(background_2d, m)?)?;
    m.add_function(wrap_pyfunction!(local_background, m)?)
}
