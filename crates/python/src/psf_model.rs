//! PSF models of Python: named ones, images, grids and functions.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use ndarray::{Array2, Axis};
use numpy::{IntoPyArray, PyReadonlyArray1, PyReadonlyArray2, PyReadonlyArray3};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use skyphot::core::Point;
use skyphot::psf::{
    AiryDiskPrf, AiryDiskPsf, CircularGaussianPrf, CircularGaussianPsf, CircularGaussianSigmaPrf,
    Derivatives, Extent, GaussianPrf, GaussianPsf, GriddedPsf, ImagePsf, ImagePsfConfig, MoffatPrf,
    MoffatPsf, PsfModel, ShapeParameter, Source, Window,
};

use crate::image::Held;
use crate::table::{doubles, points};
use crate::work::value_error;

/// A model of Python: `f(x, y, x_0, y_0, *shape)` of unit flux.
#[derive(Debug)]
struct Callable {
    function: Py<PyAny>,
    half: (f64, f64),
    shape: Vec<ShapeParameter>,
}

/// Names of parameters live as long as the program; each is kept once.
fn interned(name: &str) -> &'static str {
    static NAMES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let names = names.get_or_insert_default();
    if let Some(known) = names.get(name) {
        return known;
    }
    let kept: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(kept);
    kept
}

impl PsfModel for Callable {
    fn name(&self) -> &'static str {
        "python"
    }

    fn shape_parameters(&self) -> Vec<ShapeParameter> {
        self.shape.clone()
    }

    fn evaluate(&self, source: &Source<'_>, window: Window, out: &mut [f64]) {
        let x: Vec<f64> =
            (0..window.ny).flat_map(|_| (0..window.nx).map(|i| (window.x_min + i as i64) as f64)).collect();
        let y: Vec<f64> = (0..window.ny)
            .flat_map(|j| std::iter::repeat_n((window.y_min + j as i64) as f64, window.nx))
            .collect();
        Python::attach(|py| {
            let values = (x.into_pyarray(py), y.into_pyarray(py), source.x, source.y)
                .into_pyobject(py)
                .and_then(|first| PyTuple::new(py, source.shape).map(|shape| (first, shape)))
                .and_then(|(first, shape)| first.as_sequence().concat(shape.as_sequence()))
                .and_then(|all| all.to_tuple())
                .and_then(|all| self.function.call1(py, all))
                .and_then(|v| v.extract::<PyReadonlyArray1<'_, f64>>(py).map(|a| doubles(&a)));
            match values {
                Ok(v) if v.len() == out.len() => out.copy_from_slice(&v),
                Ok(_) => out.fill(f64::NAN),
                Err(e) => {
                    e.write_unraisable(py, None);
                    out.fill(f64::NAN);
                }
            }
        });
    }

    fn extent(&self, source: &Source<'_>) -> Extent {
        Extent::around(source.x, source.y, self.half)
    }
}

/// A model that was made once and is used by many calls.
#[pyclass(frozen, module = "skyphot._core")]
pub(crate) struct NativePsfModel {
    model: Arc<dyn PsfModel>,
    grid: Option<Arc<GriddedPsf>>,
    image: Option<Arc<ImagePsf>>,
}

impl NativePsfModel {
    /// The model, if it is an image.
    pub(crate) fn image(&self) -> Option<Arc<ImagePsf>> {
        self.image.clone()
    }
}

/// A PSF given as an oversampled image; `origin` is `(x, y)`.
#[pyfunction]
fn image_psf(
    data: Held<f64>,
    oversampling: (usize, usize),
    origin: Option<(f64, f64)>,
    extrapolate: bool,
) -> PyResult<NativePsfModel> {
    let model = ImagePsf::new(data.view(), ImagePsfConfig { oversampling, origin, extrapolate })
        .map_err(value_error)?;
    let model = Arc::new(model);
    Ok(NativePsfModel { model: model.clone(), grid: None, image: Some(model) })
}

/// A PSF that varies over the detector: images `(n, ny, nx)` and their positions `(n, 2)`.
#[pyfunction]
fn gridded_psf(
    data: PyReadonlyArray3<'_, f64>,
    positions: PyReadonlyArray2<'_, f64>,
    oversampling: (usize, usize),
    extrapolate: bool,
) -> PyResult<NativePsfModel> {
    let mut grid =
        GriddedPsf::new(data.as_array(), &points(&positions)?, oversampling).map_err(value_error)?;
    if extrapolate {
        grid = grid.extrapolating();
    }
    let grid = Arc::new(grid);
    Ok(NativePsfModel { model: grid.clone(), grid: Some(grid), image: None })
}

/// A named model with its numbers, one made before, or a function with the half sizes of its box and its other
/// parameters.
#[derive(FromPyObject)]
pub(crate) enum ModelArg {
    Named(String, Vec<f64>),
    Function(Py<PyAny>, f64, f64, Vec<String>, Vec<f64>),
    Made(Py<NativePsfModel>),
}

impl ModelArg {
    fn grid(&self) -> Option<Arc<GriddedPsf>> {
        match self {
            Self::Made(m) => m.get().grid.clone(),
            _ => None,
        }
    }

    pub(crate) fn model(self) -> PyResult<Arc<dyn PsfModel>> {
        fn shared<M: PsfModel + 'static>(m: skyphot::psf::Result<M>) -> PyResult<Arc<dyn PsfModel>> {
            Ok(Arc::new(m.map_err(value_error)?))
        }
        match self {
            Self::Made(m) => Ok(m.get().model.clone()),
            Self::Function(function, x, y, names, values) => {
                let shape = names
                    .iter()
                    .zip(values)
                    .map(|(n, value)| ShapeParameter {
                        name: interned(n),
                        value,
                        bounds: (f64::NEG_INFINITY, f64::INFINITY),
                    })
                    .collect();
                Ok(Arc::new(Callable { function, half: (x, y), shape }))
            }
            Self::Named(name, p) => match (name.as_str(), p.as_slice()) {
                ("CircularGaussianPRF", [fwhm]) => shared(CircularGaussianPrf::new(*fwhm)),
                ("CircularGaussianPSF", [fwhm]) => shared(CircularGaussianPsf::new(*fwhm)),
                ("CircularGaussianSigmaPRF", [sigma]) => shared(CircularGaussianSigmaPrf::new(*sigma)),
                ("GaussianPRF", [x, y, t]) => shared(GaussianPrf::new(*x, *y, *t)),
                ("GaussianPSF", [x, y, t]) => shared(GaussianPsf::new(*x, *y, *t)),
                ("MoffatPSF", [a, b]) => shared(MoffatPsf::new(*a, *b)),
                ("MoffatPRF", [a, b, n]) => shared(MoffatPrf::new(*a, *b).map(|m| m.with_nodes(*n as usize))),
                ("AiryDiskPSF", [r]) => shared(AiryDiskPsf::new(*r)),
                ("AiryDiskPRF", [r, n]) => shared(AiryDiskPrf::new(*r).map(|m| m.with_nodes(*n as usize))),
                (name, p) => Err(value_error(format!("no PSF model '{name}' of {} numbers", p.len()))),
            },
        }
    }
}

/// Values of a model of unit flux at any coordinates.
#[pyfunction]
fn psf_values<'py>(
    py: Python<'py>,
    model: ModelArg,
    x: PyReadonlyArray1<'py, f64>,
    y: PyReadonlyArray1<'py, f64>,
    x_0: f64,
    y_0: f64,
) -> PyResult<Bound<'py, PyAny>> {
    let (x, y) = (doubles(&x), doubles(&y));
    let mut out = vec![0.0; x.len()];
    let pixels = x.iter().chain(&y).all(|v| is_whole(*v));
    let grid = model.grid();
    let model: Arc<dyn PsfModel> = match grid {
        Some(grid) if !pixels => Arc::new(grid.at(Point::new(x_0, y_0)).map_err(value_error)?),
        _ => model.model()?,
    };
    at_points(model.as_ref(), &x, &y, (x_0, y_0), |i, source, window| {
        model.evaluate(source, window, &mut out[i..=i]);
    });
    Ok(out.into_pyarray(py).into_any())
}

/// The derivatives of a model of unit flux at any coordinates: its values, and those by x, y and each shape parameter,
/// `(3 + n, len(x))`.
#[pyfunction]
fn psf_derivatives<'py>(
    py: Python<'py>,
    model: ModelArg,
    x: PyReadonlyArray1<'py, f64>,
    y: PyReadonlyArray1<'py, f64>,
    x_0: f64,
    y_0: f64,
) -> PyResult<Bound<'py, PyAny>> {
    let (x, y) = (doubles(&x), doubles(&y));
    let model = model.model()?;
    let mut out = Array2::zeros((3 + model.shape_parameters().len(), x.len()));
    let mut d = Derivatives::default();
    at_points(model.as_ref(), &x, &y, (x_0, y_0), |i, source, window| {
        model.derivatives(source, window, true, &mut d);
        let values = [&d.value, &d.dx, &d.dy].into_iter().chain(&d.shape);
        for (o, v) in out.column_mut(i).iter_mut().zip(values) {
            *o = v.first().copied().unwrap_or(f64::NAN);
        }
    });
    Ok(out.into_pyarray(py).into_any())
}

fn is_whole(v: f64) -> bool {
    v.fract() == 0.0 && v.abs() < 1e15
}

/// Calls `f` for each coordinate with its number, the source and the box of one pixel: a pixel is at whole numbers, so
/// others move the source.
fn at_points(
    model: &dyn PsfModel,
    x: &[f64],
    y: &[f64],
    (x_0, y_0): (f64, f64),
    mut f: impl FnMut(usize, &Source<'_>, Window),
) {
    let shape: Vec<f64> = model.shape_parameters().iter().map(|p| p.value).collect();
    for (i, (&x, &y)) in x.iter().zip(y).enumerate() {
        let (at, left, low) = if is_whole(x) && is_whole(y) {
            ((x_0, y_0), x as i64, y as i64)
        } else {
            ((x_0 - x, y_0 - y), 0, 0)
        };
        f(i, &Source { x: at.0, y: at.1, shape: &shape }, Window::new(left, low, 1, 1));
    }
}

/// The limits of the bounding box around the position, `x0, x1, y0, y1`, and the FWHM if the model knows it.
#[pyfunction]
fn psf_extent(model: ModelArg) -> PyResult<(f64, f64, f64, f64, Option<f64>)> {
    let model = model.model()?;
    let shape: Vec<f64> = model.shape_parameters().iter().map(|p| p.value).collect();
    let e = model.extent(&Source { x: 0.0, y: 0.0, shape: &shape });
    Ok((e.x.0, e.x.1, e.y.0, e.y.1, model.fwhm()))
}

/// From a PSF at points to one in pixels, plane by plane of `(n, ny, nx)`.
#[pyfunction]
fn make_epsf_from_psf<'py>(
    py: Python<'py>,
    data: PyReadonlyArray3<'py, f64>,
    oversampling: (usize, usize),
    midpoints: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let planes = data
        .as_array()
        .axis_iter(Axis(0))
        .map(|p| skyphot::psf::make_epsf_from_psf(p, oversampling, midpoints))
        .collect::<Result<Vec<_>, _>>()
        .map_err(value_error)?;
    let views: Vec<_> = planes.iter().map(|p| p.view()).collect();
    Ok(ndarray::stack(Axis(0), &views).map_err(value_error)?.into_pyarray(py).into_any())
}

/// The integral of values `(n_x, n_y)` on a grid by the trapezoidal rule.
#[pyfunction]
fn integral(values: PyReadonlyArray2<'_, f64>, x: Vec<f64>, y: Vec<f64>) -> PyResult<f64> {
    let v = values.as_array();
    if v.dim() != (x.len(), y.len()) {
        return Err(value_error("one value is needed for each point of the grid"));
    }
    let rule = |at: &[f64], v: &[f64]| -> f64 {
        at.windows(2).zip(v.windows(2)).map(|(a, v)| 0.5 * (a[1] - a[0]) * (v[0] + v[1])).sum()
    };
    let rows: Vec<f64> = v.rows().into_iter().map(|r| rule(&y, &r.to_vec())).collect();
    Ok(rule(&x, &rows))
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<NativePsfModel>()?;
    m.add_function(wrap_pyfunction!(image_psf, m)?)?;
    m.add_function(wrap_pyfunction!(gridded_psf, m)?)?;
    m.add_function(wrap_pyfunction!(psf_values, m)?)?;
    m.add_function(wrap_pyfunction!(psf_derivatives, m)?)?;
    m.add_function(wrap_pyfunction!(psf_extent, m)?)?;
    m.add_function(wrap_pyfunction!(make_epsf_from_psf, m)?)?;
    m.add_function(wrap_pyfunction!(integral, m)?)
}
