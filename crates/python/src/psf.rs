//! `skyphot.psf`.

use std::sync::Arc;

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use skyphot::Error;
use skyphot::background::LocalBackground;
use skyphot::core::FlagSet;
use skyphot::psf::{
    AiryDiskPrf, AiryDiskPsf, CircularGaussianPrf, CircularGaussianPsf, CircularGaussianSigmaPrf, Extent,
    GaussianFitConfig, GaussianPrf, GaussianPsf, ImagePsf, ImagePsfConfig, InitialParameters, MoffatPrf,
    MoffatPsf, PsfConfig, PsfFlags, PsfModel, PsfPhotometry, ShapeParameter, Source, SourceGrouper, Window,
    fit, fit_2dgaussian as fit_gaussians,
};

use crate::background::EstimatorArg;
use crate::image::{Held, ImageArg, with_image};
use crate::stats::{ClipArg, clip_of};
use crate::table::{doubles, points, to_python};
use crate::work::{self, value_error};

/// A model of Python: `f(x, y, x_0, y_0)` of unit flux.
#[derive(Debug)]
struct Callable {
    function: Py<PyAny>,
    half: (f64, f64),
}

impl PsfModel for Callable {
    fn name(&self) -> &'static str {
        "python"
    }

    fn shape_parameters(&self) -> Vec<ShapeParameter> {
        Vec::new()
    }

    fn evaluate(&self, source: &Source<'_>, window: Window, out: &mut [f64]) {
        let x: Vec<f64> =
            (0..window.ny).flat_map(|_| (0..window.nx).map(|i| (window.x_min + i as i64) as f64)).collect();
        let y: Vec<f64> = (0..window.ny)
            .flat_map(|j| std::iter::repeat_n((window.y_min + j as i64) as f64, window.nx))
            .collect();
        Python::attach(|py| {
            let (x, y) = (x.into_pyarray(py), y.into_pyarray(py));
            let values = self
                .function
                .call1(py, (x, y, source.x, source.y))
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

/// A named model with its numbers, an oversampled image, or a function with the half sizes of its box.
#[derive(FromPyObject)]
enum ModelArg {
    Named(String, Vec<f64>),
    Image(Held<f64>, (usize, usize), Option<(f64, f64)>),
    Function(Py<PyAny>, f64, f64),
}

impl ModelArg {
    fn model(self) -> PyResult<Arc<dyn PsfModel>> {
        fn shared<M: PsfModel + 'static>(m: skyphot::psf::Result<M>) -> PyResult<Arc<dyn PsfModel>> {
            Ok(Arc::new(m.map_err(value_error)?))
        }
        match self {
            Self::Function(function, x, y) => Ok(Arc::new(Callable { function, half: (x, y) })),
            Self::Image(data, oversampling, origin) => shared(ImagePsf::new(
                data.view(),
                ImagePsfConfig { oversampling, origin, extrapolate: false },
            )),
            Self::Named(name, p) => match (name.as_str(), p.as_slice()) {
                ("CircularGaussianPRF", [fwhm]) => shared(CircularGaussianPrf::new(*fwhm)),
                ("CircularGaussianPSF", [fwhm]) => shared(CircularGaussianPsf::new(*fwhm)),
                ("CircularGaussianSigmaPRF", [sigma]) => shared(CircularGaussianSigmaPrf::new(*sigma)),
                ("GaussianPRF", [x, y, t]) => shared(GaussianPrf::new(*x, *y, *t)),
                ("GaussianPSF", [x, y, t]) => shared(GaussianPsf::new(*x, *y, *t)),
                ("MoffatPSF", [a, b]) => shared(MoffatPsf::new(*a, *b)),
                ("MoffatPRF", [a, b]) => shared(MoffatPrf::new(*a, *b)),
                ("AiryDiskPSF", [r]) => shared(AiryDiskPsf::new(*r)),
                ("AiryDiskPRF", [r]) => shared(AiryDiskPrf::new(*r)),
                (name, p) => Err(value_error(format!("no PSF model '{name}' of {} numbers", p.len()))),
            },
        }
    }
}

/// Values of a model of unit flux at the origin, at offsets of any pixels.
#[pyfunction]
fn psf_values<'py>(
    py: Python<'py>,
    model: ModelArg,
    dx: PyReadonlyArray1<'py, f64>,
    dy: PyReadonlyArray1<'py, f64>,
) -> PyResult<Bound<'py, PyAny>> {
    let model = model.model()?;
    let (dx, dy) = (doubles(&dx), doubles(&dy));
    let shape: Vec<f64> = model.shape_parameters().iter().map(|p| p.value).collect();
    let pixel = Window::new(0, 0, 1, 1);
    let mut out = vec![0.0; dx.len()];
    for ((o, x), y) in out.chunks_mut(1).zip(&dx).zip(&dy) {
        model.evaluate(&Source { x: -x, y: -y, shape: &shape }, pixel, o);
    }
    Ok(out.into_pyarray(py).into_any())
}

/// Half the sizes of the bounding box, and the FWHM if the model knows it.
#[pyfunction]
fn psf_extent(model: ModelArg) -> PyResult<(f64, f64, Option<f64>)> {
    let model = model.model()?;
    let shape: Vec<f64> = model.shape_parameters().iter().map(|p| p.value).collect();
    let e = model.extent(&Source { x: 0.0, y: 0.0, shape: &shape });
    Ok((e.x.1, e.y.1, model.fwhm()))
}

/// The result of PSF photometry with its model.
#[pyclass(frozen, module = "skyphot._core")]
struct NativePsfPhotometry {
    inner: Arc<PsfPhotometry>,
    model: Arc<dyn PsfModel>,
}

#[pymethods]
impl NativePsfPhotometry {
    fn columns<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyList>, Bound<'py, PyDict>)> {
        to_python(py, &self.inner.to_table().map_err(value_error)?)
    }

    fn model_image<'py>(
        &self,
        py: Python<'py>,
        shape: (usize, usize),
        psf_shape: Option<(usize, usize)>,
        include_local_bkg: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (inner, model) = (self.inner.clone(), self.model.clone());
        let image = work::run(py, move || {
            Ok::<_, Error>(inner.model_image(model.as_ref(), shape, psf_shape, include_local_bkg))
        })?;
        Ok(image.into_pyarray(py).into_any())
    }

    fn residual_image<'py>(
        &self,
        py: Python<'py>,
        image: ImageArg,
        psf_shape: Option<(usize, usize)>,
        include_local_bkg: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (inner, model) = (self.inner.clone(), self.model.clone());
        let image = work::run(py, move || {
            Ok::<_, Error>(with_image!(image, |im| inner.residual_image(
                model.as_ref(),
                im,
                psf_shape,
                include_local_bkg
            )))
        })?;
        Ok(image.into_pyarray(py).into_any())
    }
}

/// `(inner radius, outer radius, estimator, clipping)`.
type LocalArg = (f64, f64, EstimatorArg, Option<ClipArg>);

#[pyfunction]
fn psf_photometry(
    py: Python<'_>,
    image: ImageArg,
    model: ModelArg,
    fit_shape: (usize, usize),
    positions: PyReadonlyArray2<'_, f64>,
    id: Option<Vec<i64>>,
    flux: Option<Vec<f64>>,
    local_bkg: Option<Vec<f64>>,
    group_id: Option<Vec<i64>>,
    fixed: (bool, bool),
    free_shape: Vec<String>,
    max_evaluations: usize,
    xy_bounds: (Option<f64>, Option<f64>),
    aperture_radius: Option<f64>,
    min_separation: Option<f64>,
    local: Option<LocalArg>,
    group_warning_threshold: usize,
    n_threads: Option<i64>,
) -> PyResult<NativePsfPhotometry> {
    let model = model.model()?;
    let initial = InitialParameters {
        id,
        flux,
        local_bkg,
        group_id,
        ..InitialParameters::from_positions(&points(&positions)?)
    };
    let local_background = local
        .map(|(a, b, e, c)| {
            LocalBackground::new(a, b, e.level()?)
                .and_then(|l| l.with_sigma_clip(clip_of(c)))
                .map_err(value_error)
        })
        .transpose()?;
    let config = PsfConfig {
        fit_shape,
        fixed_position: fixed.0,
        fixed_flux: fixed.1,
        free_shape,
        max_evaluations,
        xy_bounds,
        aperture_radius,
        grouper: min_separation.map(SourceGrouper::new).transpose().map_err(value_error)?,
        local_background,
        group_warning_threshold,
        exec: work::exec(n_threads)?,
        ..Default::default()
    };
    let m = model.clone();
    let found = work::run(py, move || {
        Ok::<_, Error>(with_image!(image, |im| fit(im, m.as_ref(), &initial, &config)?))
    })?;
    Ok(NativePsfPhotometry { inner: Arc::new(found), model })
}

/// Group numbers of positions, from 1.
#[pyfunction]
fn group_sources<'py>(
    py: Python<'py>,
    positions: PyReadonlyArray2<'py, f64>,
    min_separation: f64,
) -> PyResult<Bound<'py, PyAny>> {
    let g = SourceGrouper::new(min_separation).map_err(value_error)?.group(&points(&positions)?);
    Ok(PyArray1::from_slice(py, g.ids()).into_any())
}

#[pyfunction]
fn fit_2dgaussian(
    py: Python<'_>,
    image: ImageArg,
    positions: Option<PyReadonlyArray2<'_, f64>>,
    fwhm: Option<f64>,
    fix_fwhm: bool,
    fit_shape: Option<(usize, usize)>,
    n_threads: Option<i64>,
) -> PyResult<NativePsfPhotometry> {
    let positions = positions.map(|p| points(&p)).transpose()?;
    let config = GaussianFitConfig { fwhm, fix_fwhm, fit_shape, exec: work::exec(n_threads)? };
    let found = work::run(py, move || {
        Ok::<_, Error>(with_image!(image, |im| fit_gaussians(im, positions.as_deref(), &config)?))
    })?;
    let model = Arc::new(CircularGaussianPrf::new(fwhm.unwrap_or(1.0)).map_err(value_error)?);
    Ok(NativePsfPhotometry { inner: Arc::new(found), model })
}

/// The legend of the flags: `(bit value, name, short text, long text)`.
#[pyfunction]
fn psf_flags() -> Vec<(u32, &'static str, &'static str, &'static str)> {
    PsfFlags::LEGEND.iter().map(|f| (f.value, f.name, f.short, f.long)).collect()
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<NativePsfPhotometry>()?;
    m.add_function(wrap_pyfunction!(psf_values, m)?)?;
    m.add_function(wrap_pyfunction!(psf_extent, m)?)?;
    m.add_function(wrap_pyfunction!(psf_photometry, m)?)?;
    m.add_function(wrap_pyfunction!(group_sources, m)?)?;
    m.add_function(wrap_pyfunction!(fit_2dgaussian, m)?)?;
    m.add_function(wrap_pyfunction!(psf_flags, m)?)
}
