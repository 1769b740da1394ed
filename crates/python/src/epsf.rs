//! `skyphot.psf`: effective PSFs from stars.

use std::ops::ControlFlow;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2};
use numpy::{IntoPyArray, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use skyphot::core::{Image, Point};
use skyphot::psf::{
    AliasPassband, EpsfBuilder, EpsfEntry, EpsfFitShape, EpsfStar, EpsfStars, ExtractConfig, LinkedEpsfStar,
    PsfError, Recentering, SmoothingKernel, StarCatalog, StarField, StarTransform,
};

use crate::centroids::method;
use crate::image::Held;
use crate::psf_model::NativePsfModel;
use crate::sky::Callbacks;
use crate::stats::{ClipArg, clip_of};
use crate::table::{points, to_python};
use crate::work::{self, value_error};

/// A star: pixels and weights, its place in the cutout, its flux, whether it is left out, and its WCS if it is linked.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct StarArg {
    data: Held<f64>,
    weights: Held<f64>,
    center: (f64, f64),
    flux: f64,
    origin: (i64, i64),
    wcs: Option<(Py<PyAny>, Py<PyAny>)>,
}

impl StarArg {
    fn star(self) -> Result<EpsfStar, PsfError> {
        let star = EpsfStar::with_flux(self.data.view(), Some(self.weights.view()), self.flux)?
            .with_origin(self.origin)
            .at(Point::new(self.center.0, self.center.1))?;
        Ok(match self.wcs {
            Some((to_sky, to_pixel)) => {
                star.with_transform(StarTransform::new(Arc::new(Callbacks { to_sky, to_pixel })))
            }
            None => star,
        })
    }
}

/// Stars, each by itself or (more than one) linked.
fn stars_of(entries: Vec<Vec<StarArg>>) -> Result<EpsfStars, PsfError> {
    entries
        .into_iter()
        .map(|entry| {
            let mut stars = entry.into_iter().map(StarArg::star).collect::<Result<Vec<_>, _>>()?;
            match (stars.len(), stars.pop()) {
                (1, Some(one)) => Ok(EpsfEntry::Single(one)),
                (_, Some(last)) => {
                    stars.push(last);
                    LinkedEpsfStar::new(stars).map(EpsfEntry::Linked)
                }
                (_, None) => LinkedEpsfStar::new(stars).map(EpsfEntry::Linked),
            }
        })
        .collect()
}

/// `(x, y, flux, flags)` of every cutout.
type Fitted = Vec<(f64, f64, f64, u32)>;

fn fitted(stars: &EpsfStars) -> Fitted {
    stars.cutouts().map(|s| (s.cutout_center().x, s.cutout_center().y, s.flux(), s.flags().bits())).collect()
}

/// A kernel by name or as an array.
#[derive(FromPyObject)]
enum KernelArg {
    Named(String),
    Custom(Held<f64>),
}

/// How ePSFs are built.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct BuilderArg {
    oversampling: (usize, usize),
    shape: Option<(usize, usize)>,
    smoothing: Option<KernelArg>,
    /// NaN is automatic.
    alias_passband: Option<f64>,
    sigma_clip: Option<ClipArg>,
    /// A named method, or a function of a box of samples.
    recentering: RecenteringArg,
    recentering_box: (usize, usize),
    recentering_max_iters: usize,
    center_accuracy: f64,
    converged_fraction: f64,
    /// `None` is the whole cutout, (0, 0) automatic.
    fit_shape: Option<(usize, usize)>,
    max_evaluations: usize,
    constrain_fluxes: bool,
    max_iters: usize,
    refinement_iters: usize,
    wing_smoothing: bool,
    n_threads: Option<i64>,
}

#[derive(FromPyObject)]
enum RecenteringArg {
    Method((String, Vec<f64>)),
    Function(Py<PyAny>),
}

fn called(f: &Py<PyAny>, data: ArrayView2<'_, f64>) -> Option<Point> {
    let data = data.to_owned();
    Python::attach(|py| f.call1(py, (data.into_pyarray(py),)).ok()?.extract::<(f64, f64)>(py).ok())
        .filter(|(x, y)| x.is_finite() && y.is_finite())
        .map(|(x, y)| Point { x, y })
}

impl BuilderArg {
    fn builder(self) -> PyResult<EpsfBuilder> {
        let smoothing = match self.smoothing {
            None => SmoothingKernel::None,
            Some(KernelArg::Custom(k)) => SmoothingKernel::Custom(k.view().to_owned()),
            Some(KernelArg::Named(name)) => match name.as_str() {
                "auto" => SmoothingKernel::Auto,
                "quartic" => SmoothingKernel::Quartic,
                "quadratic" => SmoothingKernel::Quadratic,
                other => return Err(value_error(format!("no smoothing kernel '{other}'"))),
            },
        };
        let recentering = match self.recentering {
            RecenteringArg::Method(named) if named.0 == "symmetry" && named.1.is_empty() => {
                Recentering::Symmetry
            }
            RecenteringArg::Method(named) => Recentering::Method(method(&named)?),
            RecenteringArg::Function(f) => Recentering::Custom(Arc::new(move |data| called(&f, data))),
        };
        Ok(EpsfBuilder {
            oversampling: self.oversampling,
            shape: self.shape,
            smoothing,
            alias_passband: match self.alias_passband {
                None => AliasPassband::None,
                Some(v) if v.is_nan() => AliasPassband::Auto,
                Some(v) => AliasPassband::Upto(v),
            },
            sigma_clip: clip_of(self.sigma_clip),
            recentering,
            recentering_box: self.recentering_box,
            recentering_max_iters: self.recentering_max_iters,
            center_accuracy: self.center_accuracy,
            converged_fraction: self.converged_fraction,
            fit_shape: match self.fit_shape {
                None => EpsfFitShape::Cutout,
                Some((0, 0)) => EpsfFitShape::Auto,
                Some((ny, nx)) => EpsfFitShape::Fixed(ny, nx),
            },
            max_evaluations: self.max_evaluations,
            constrain_fluxes: self.constrain_fluxes,
            max_iters: self.max_iters,
            refinement_iters: self.refinement_iters,
            wing_smoothing: self.wing_smoothing,
            exec: work::exec(self.n_threads)?,
            ..Default::default()
        })
    }
}

/// An ePSF with the account of its making.
#[pyfunction]
fn build_epsf<'py>(
    py: Python<'py>,
    stars: Vec<Vec<StarArg>>,
    initial: Option<Py<NativePsfModel>>,
    options: BuilderArg,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let stars = stars_of(stars).map_err(value_error)?;
    let builder = options.builder()?;
    let initial = initial.and_then(|m| m.get().image());
    let r = work::run(py, move || {
        builder.build_with(&stars, initial.as_deref(), |step| {
            if let Some(f) = &progress {
                Python::attach(|py| f.call1(py, (step.number,)).map(|_| ()).unwrap_or(()));
            }
            ControlFlow::Continue(())
        })
    })?;
    let out = PyDict::new(py);
    let array = |a: Array2<f64>| a.into_pyarray(py).into_any();
    out.set_item("epsf", array(r.data().to_owned()))?;
    out.set_item("stars", fitted(&r.stars))?;
    out.set_item("iterations", r.n_iterations)?;
    out.set_item("converged", r.converged)?;
    out.set_item("final_center_accuracy", r.final_center_accuracy)?;
    out.set_item("final_converged_fraction", r.final_converged_fraction)?;
    out.set_item("smoothing_kernel", r.smoothing_kernel.clone().map(array))?;
    out.set_item("fit_shape", r.fit_shape)?;
    let images: Vec<_> = r.iterations.iter().map(|i| array(i.epsf.clone())).collect();
    out.set_item("iteration_epsfs", images)?;
    out.set_item("iteration_info", to_python(py, r.iteration_table().map_err(value_error)?)?)?;
    out.set_item("initial_epsf", r.initial_epsf.clone().map(array))?;
    out.set_item("center_asymmetry", r.center_asymmetry.map(|p| (p.x, p.y)))?;
    Ok(out)
}

/// Fits an ePSF to stars: their places, fluxes and flags.
#[pyfunction]
fn fit_epsf_stars(
    py: Python<'_>,
    stars: Vec<Vec<StarArg>>,
    epsf: Py<NativePsfModel>,
    fit_shape: Option<(usize, usize)>,
    max_evaluations: usize,
) -> PyResult<Fitted> {
    let epsf = epsf.get().image().ok_or_else(|| value_error("The input epsf must be an ImagePSF"))?;
    let stars = stars_of(stars).map_err(value_error)?;
    work::run(py, move || Ok::<_, PsfError>(fitted(&stars.fitted(&epsf, fit_shape, max_evaluations)?)))
}

/// Linked stars moved to their mean position on the sky, or given their mean flux.
#[pyfunction]
fn constrain_epsf_stars(stars: Vec<StarArg>, centers: bool, fluxes: bool) -> PyResult<Fitted> {
    let stars = stars.into_iter().map(StarArg::star).collect::<Result<Vec<_>, _>>().map_err(value_error)?;
    let mut linked = LinkedEpsfStar::new(stars).map_err(value_error)?;
    if centers && linked.constrain_centers().is_none() {
        return Err(value_error("the stars have no mean position on the sky"));
    }
    if fluxes {
        linked.constrain_fluxes();
    }
    Ok(fitted(&EpsfStars::new(vec![EpsfEntry::Linked(linked)])))
}

/// The sum of a cutout, bad pixels filled in.
#[pyfunction]
fn epsf_star_flux(data: Held<f64>, weights: Held<f64>) -> PyResult<f64> {
    Ok(EpsfStar::with_flux(data.view(), Some(weights.view()), 0.0).map_err(value_error)?.estimate_flux())
}

/// What is left of a star after the ePSF is subtracted.
#[pyfunction]
fn epsf_star_residual<'py>(
    py: Python<'py>,
    star: StarArg,
    epsf: Py<NativePsfModel>,
) -> PyResult<Bound<'py, PyAny>> {
    let epsf = epsf.get().image().ok_or_else(|| value_error("The input epsf must be an ImagePSF"))?;
    Ok(star.star().map_err(value_error)?.residual(&epsf).into_pyarray(py).into_any())
}

/// A cutout: its first pixel, the place of the star in it, its weights and its flux.
type Cutout<'py> = ((i64, i64), (f64, f64), Bound<'py, PyAny>, f64);

/// The cutout of each star, or the flags that say why there is none.
#[pyfunction]
fn extract_epsf_stars<'py>(
    py: Python<'py>,
    data: Held<f64>,
    weights: Option<Held<f64>>,
    mask: Option<Held<bool>>,
    positions: PyReadonlyArray2<'py, f64>,
    flux: Option<Vec<f64>>,
    size: (usize, usize),
) -> PyResult<Vec<(u32, Option<Cutout<'py>>)>> {
    let mut catalog = StarCatalog::at_pixels(points(&positions)?);
    catalog.flux = flux;
    let n = catalog.len();
    let mut image = Image::new(data.view()).map_err(value_error)?;
    if let Some(m) = &mask {
        image = image.with_mask(m.view()).map_err(value_error)?;
    }
    let mut field = StarField::new(image);
    if let Some(w) = &weights {
        field = field.with_weights(w.view()).map_err(value_error)?;
    }
    let config = ExtractConfig { size, saturation: None };
    let found = skyphot::psf::extract_stars(&[field], &[catalog], &config).map_err(value_error)?;
    let mut out: Vec<(u32, Option<Cutout<'py>>)> = (0..n).map(|_| (0, None)).collect();
    for r in &found.rejected {
        out[r.row].0 = r.flags.bits();
    }
    for s in found.stars.cutouts() {
        let row = s.id().unwrap_or(1) as usize - 1;
        let c = s.cutout_center();
        let weights = s.weights().to_owned().into_pyarray(py).into_any();
        out[row] = (s.flags().bits(), Some((s.origin(), (c.x, c.y), weights, s.flux())));
    }
    Ok(out)
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(build_epsf, m)?)?;
    m.add_function(wrap_pyfunction!(fit_epsf_stars, m)?)?;
    m.add_function(wrap_pyfunction!(constrain_epsf_stars, m)?)?;
    m.add_function(wrap_pyfunction!(epsf_star_flux, m)?)?;
    m.add_function(wrap_pyfunction!(epsf_star_residual, m)?)?;
    m.add_function(wrap_pyfunction!(extract_epsf_stars, m)?)
}
