//! `skyphot.psf`: photometry.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use skyphot::Error;
use skyphot::background::LocalBackground;
use skyphot::core::{FlagSet, Image};
use skyphot::detection::{DetectionError, Finder, Outcome, StarCatalog, StarShape};
use skyphot::psf::{
    CircularGaussianPrf, GaussianFitConfig, InitialParameters, IterationMode, IterativeConfig, PsfConfig,
    PsfFlags, PsfModel, PsfPhotometry, SourceGrouper, Watch, fit, fit_2dgaussian as fit_gaussians,
    fit_iteratively_with,
};

use crate::background::EstimatorArg;
use crate::image::{ImageArg, with_image};
use crate::psf_model::ModelArg;
use crate::stats::{ClipArg, clip_of};
use crate::table::{points, to_python};
use crate::work::{self, value_error};

impl NativePsfPhotometry {
    /// Rows in the order of their numbers, as in the table.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.inner.len()).collect();
        order.sort_by_key(|&i| self.inner.id[i]);
        order
    }
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
        to_python(py, self.inner.to_table().map_err(value_error)?)
    }

    /// The pass in which each source was found, in the order of the table.
    fn iter_detected(&self) -> Vec<u32> {
        self.order().into_iter().map(|i| self.inner.iter_detected[i]).collect()
    }

    /// The covariances of the free parameters of each source, row by row, and how many are free.
    fn covariances(&self) -> Vec<Vec<f64>> {
        self.order().into_iter().map(|i| self.inner.covariance[i].clone()).collect()
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

/// Where fits begin.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct InitialArg<'py> {
    positions: PyReadonlyArray2<'py, f64>,
    id: Option<Vec<i64>>,
    flux: Option<Vec<f64>>,
    local_bkg: Option<Vec<f64>>,
    group_id: Option<Vec<i64>>,
    shape: Vec<(String, Vec<f64>)>,
}

impl InitialArg<'_> {
    fn parameters(self) -> PyResult<InitialParameters> {
        Ok(InitialParameters {
            id: self.id,
            positions: points(&self.positions)?,
            flux: self.flux,
            local_bkg: self.local_bkg,
            group_id: self.group_id,
            shape: self.shape,
        })
    }
}

/// How fits are done.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct FitArg {
    fit_shape: (usize, usize),
    fixed: (bool, bool),
    free_shape: Vec<String>,
    bounds: Vec<(String, (f64, f64))>,
    max_evaluations: usize,
    xy_bounds: (Option<f64>, Option<f64>),
    aperture_radius: Option<f64>,
    min_separation: Option<f64>,
    local: Option<LocalArg>,
    group_warning_threshold: usize,
    n_threads: Option<i64>,
    progress: Option<Py<PyAny>>,
}

impl FitArg {
    fn config(self) -> PyResult<PsfConfig> {
        let local_background = self
            .local
            .map(|(a, b, e, c)| {
                LocalBackground::new(a, b, e.level()?)
                    .and_then(|l| l.with_sigma_clip(clip_of(c)))
                    .map_err(value_error)
            })
            .transpose()?;
        Ok(PsfConfig {
            fit_shape: self.fit_shape,
            fixed_position: self.fixed.0,
            fixed_flux: self.fixed.1,
            free_shape: self.free_shape,
            bounds: self.bounds,
            max_evaluations: self.max_evaluations,
            xy_bounds: self.xy_bounds,
            aperture_radius: self.aperture_radius,
            grouper: self.min_separation.map(SourceGrouper::new).transpose().map_err(value_error)?,
            local_background,
            group_warning_threshold: self.group_warning_threshold,
            exec: work::exec(self.n_threads)?,
            watch: watch(self.progress),
            ..Default::default()
        })
    }
}

/// Tells `f(done, total)` how far the fits have come, at most twenty times a second and at the end.
fn watch(f: Option<Py<PyAny>>) -> Watch {
    let Some(f) = f else { return Watch::default() };
    let last = Mutex::new(None::<Instant>);
    Watch::new(move |done, total| {
        {
            let Ok(mut last) = last.try_lock() else { return };
            if done < total && last.is_some_and(|t| t.elapsed() < Duration::from_millis(50)) {
                return;
            }
            *last = Some(Instant::now());
        }
        Python::attach(|py| {
            if let Err(e) = f.call1(py, (done, total)) {
                e.write_unraisable(py, None);
            }
        });
    })
}

#[pyfunction]
fn psf_photometry(
    py: Python<'_>,
    image: ImageArg,
    model: ModelArg,
    initial: InitialArg<'_>,
    options: FitArg,
) -> PyResult<NativePsfPhotometry> {
    let model = model.model()?;
    let (initial, config) = (initial.parameters()?, options.config()?);
    let m = model.clone();
    let found = work::run(py, move || {
        Ok::<_, Error>(with_image!(image, |im| fit(im, m.as_ref(), &initial, &config)?))
    })?;
    Ok(NativePsfPhotometry { inner: Arc::new(found), model })
}

/// A finder of Python: `f(data)` gives the columns x and y.
#[derive(Debug)]
struct PythonFinder {
    function: Py<PyAny>,
    failure: Arc<Mutex<Option<PyErr>>>,
}

impl Finder<f64> for PythonFinder {
    fn find(&self, image: &Image<'_, f64>) -> Result<StarCatalog, DetectionError> {
        let data = image.data().to_owned();
        let found = Python::attach(|py| {
            self.function.call1(py, (data.into_pyarray(py),))?.extract::<(Vec<f64>, Vec<f64>)>(py)
        });
        let (x, y) = found.map_err(|e| {
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(e);
            let expected = "a function that finds sources";
            DetectionError::InvalidParameter { name: "finder", expected, found: f64::NAN }
        })?;
        let none = || vec![f64::NAN; x.len()];
        let n = x.len();
        Ok(StarCatalog {
            peak: none(),
            flux: none(),
            mag: none(),
            shape: StarShape::Template { fwhm: none(), roundness: none(), orientation: none() },
            n_candidates: n,
            outcome: if n == 0 { Outcome::NothingAboveThreshold } else { Outcome::Found },
            meta: Default::default(),
            x_centroid: x,
            y_centroid: y,
        })
    }
}

/// Passes of finding and fitting: the result, and that of each pass.
#[pyfunction]
fn psf_photometry_iterative(
    py: Python<'_>,
    image: ImageArg,
    model: ModelArg,
    finder: Py<PyAny>,
    initial: Option<InitialArg<'_>>,
    options: FitArg,
    all: bool,
    max_iterations: usize,
    sub_shape: Option<(usize, usize)>,
) -> PyResult<(NativePsfPhotometry, Vec<NativePsfPhotometry>)> {
    let model = model.model()?;
    let initial = initial.map(InitialArg::parameters).transpose()?;
    let mode = if all { IterationMode::All } else { IterationMode::New };
    let config = IterativeConfig { psf: options.config()?, mode, max_iterations, sub_shape };
    let failure = Arc::new(Mutex::new(None));
    let finder = PythonFinder { function: finder, failure: failure.clone() };
    let m = model.clone();
    let found = work::run(py, move || {
        let mut passes = Vec::new();
        let all = with_image!(image, |im| fit_iteratively_with(
            im,
            m.as_ref(),
            &finder,
            initial.as_ref(),
            &config,
            |pass| passes.push(pass.clone())
        )?);
        Ok::<_, Error>((all, passes))
    });
    if let Some(e) = failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(e);
    }
    let (all, passes) = found?;
    let native = |p: PsfPhotometry| NativePsfPhotometry { inner: Arc::new(p), model: model.clone() };
    Ok((native(all), passes.into_iter().map(native).collect()))
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
    m.add_function(wrap_pyfunction!(psf_photometry, m)?)?;
    m.add_function(wrap_pyfunction!(psf_photometry_iterative, m)?)?;
    m.add_function(wrap_pyfunction!(group_sources, m)?)?;
    m.add_function(wrap_pyfunction!(fit_2dgaussian, m)?)?;
    m.add_function(wrap_pyfunction!(psf_flags, m)?)
}
