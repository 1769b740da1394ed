//! `skyphot.profiles`, `skyphot.geometry` and `skyphot.psf_matching`.

use ndarray::Array1;
use numpy::{IntoPyArray, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use skyphot::Error;
use skyphot::aperture::{
    CurveOfGrowth, GrowthShape, ImageDepth, ImageDepthConfig, ProfileConfig, RadialProfile,
};
use skyphot::core::Point;
use skyphot::filter::SplineOrder;
use skyphot::fit::Pchip;
use skyphot::geometry::{circular_overlap_grid, elliptical_overlap_grid, rectangular_overlap_grid};
use skyphot::psf::{
    FrequencyWindow, MatchingConfig, Penalty, Taper, create_matching_kernel, make_wiener_kernel, resize_psf,
};

use crate::image::{Held, ImageArg, with_image};
use crate::shapes::overlap;
use crate::stats::{ClipArg, clip_of};
use crate::table::doubles;
use crate::work::{self, value_error};

/// `radius, profile, profile_err, area, data_radius, data_profile` of one position.
#[pyfunction]
fn radial_profile<'py>(
    py: Python<'py>,
    image: ImageArg,
    position: (f64, f64),
    radii: PyReadonlyArray1<'py, f64>,
    method: &str,
    subpixels: usize,
) -> PyResult<Bound<'py, PyDict>> {
    let config = ProfileConfig { method: overlap(method, subpixels)?, ..Default::default() };
    let (at, radii) = (Point { x: position.0, y: position.1 }, doubles(&radii));
    let (p, (data_radius, data_profile)) = work::run(py, move || {
        Ok::<_, Error>(with_image!(image, |im| {
            let p = RadialProfile::new(im, at, &radii, &config)?;
            let d = p.data_profile(im);
            (p, d)
        }))
    })?;
    let d = PyDict::new(py);
    let fit = p.gaussian_fit().map(|g| (g.amplitude, g.stddev, g.converged));
    let moffat = p.moffat_fit().map(|g| (g.amplitude, g.gamma, g.alpha, g.converged));
    d.set_item("gaussian", fit)?;
    d.set_item("moffat", moffat)?;
    d.set_item("radius", p.radius.into_pyarray(py))?;
    d.set_item("profile", p.profile.into_pyarray(py))?;
    d.set_item("profile_error", p.profile_err.map(|e| e.into_pyarray(py)))?;
    d.set_item("area", p.area.into_pyarray(py))?;
    d.set_item("data_radius", data_radius.into_pyarray(py))?;
    d.set_item("data_profile", data_profile.into_pyarray(py))?;
    Ok(d)
}

/// `radius, profile, profile_err, area`; `shape` is circle, square or ellipse with axis ratio and angle.
#[pyfunction]
fn curve_of_growth<'py>(
    py: Python<'py>,
    image: ImageArg,
    position: (f64, f64),
    radii: PyReadonlyArray1<'py, f64>,
    shape: (String, f64, f64),
    method: &str,
    subpixels: usize,
) -> PyResult<Bound<'py, PyDict>> {
    let config = ProfileConfig { method: overlap(method, subpixels)?, ..Default::default() };
    let (at, radii) = (Point { x: position.0, y: position.1 }, doubles(&radii));
    let shape = match shape.0.as_str() {
        "circle" => GrowthShape::Circle,
        "square" => GrowthShape::Square,
        _ => GrowthShape::Ellipse { axis_ratio: shape.1, theta: shape.2 },
    };
    let c = work::run(py, move || {
        Ok::<_, Error>(with_image!(image, |im| CurveOfGrowth::new(im, at, &radii, shape, &config)?))
    })?;
    let d = PyDict::new(py);
    d.set_item("radius", c.radius.into_pyarray(py))?;
    d.set_item("profile", c.profile.into_pyarray(py))?;
    d.set_item("profile_error", c.profile_err.map(|e| e.into_pyarray(py)))?;
    d.set_item("area", c.area.into_pyarray(py))?;
    Ok(d)
}

/// Monotonic cubic interpolation of `y` at `at`, NaN outside.
#[pyfunction]
fn pchip<'py>(
    py: Python<'py>,
    x: PyReadonlyArray1<'py, f64>,
    y: PyReadonlyArray1<'py, f64>,
    at: PyReadonlyArray1<'py, f64>,
) -> PyResult<Bound<'py, PyAny>> {
    let curve = Pchip::new(doubles(&x), doubles(&y))
        .ok_or_else(|| value_error("interpolation needs at least 2 ascending values"))?;
    let out: Array1<f64> = doubles(&at).into_iter().map(|v| curve.value(v)).collect();
    Ok(out.into_pyarray(py).into_any())
}

/// The overlap of a circle, an ellipse or a rectangle with every pixel of a grid.
#[pyfunction]
fn overlap_grid<'py>(
    py: Python<'py>,
    kind: &str,
    x: (f64, f64),
    y: (f64, f64),
    shape: (usize, usize),
    size: (f64, f64),
    theta: f64,
    method: &str,
    subpixels: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let method = overlap(method, subpixels)?;
    let (ny, nx) = shape;
    let grid = match kind {
        "circle" => circular_overlap_grid(x, y, nx, ny, size.0, method),
        "ellipse" => elliptical_overlap_grid(x, y, nx, ny, size, theta, method),
        _ => rectangular_overlap_grid(x, y, nx, ny, size, theta, method),
    };
    Ok(grid.map_err(value_error)?.into_pyarray(py).into_any())
}

/// `("tukey", [alpha])` and so on.
fn taper((name, p): &(String, Vec<f64>)) -> PyResult<Taper> {
    let t = match (name.as_str(), p.as_slice()) {
        ("hanning", _) => Ok(Taper::hanning()),
        ("tukey", [a]) => Taper::tukey(*a),
        ("cosine_bell", [a]) => Taper::cosine_bell(*a),
        ("split_cosine_bell", [a, b]) => Taper::split_cosine_bell(*a, *b),
        ("top_hat", [b]) => Taper::top_hat(*b),
        _ => return Err(value_error(format!("no window '{name}'"))),
    };
    t.map_err(value_error)
}

#[pyfunction]
fn window_array<'py>(
    py: Python<'py>,
    window: (String, Vec<f64>),
    shape: (usize, usize),
) -> PyResult<Bound<'py, PyAny>> {
    Ok(taper(&window)?.array(shape).into_pyarray(py).into_any())
}

/// One of the usual ones, `(name, numbers)`, or an array.
#[derive(FromPyObject)]
enum NamedOrArray<'py> {
    Named(String, Vec<f64>),
    Array(PyReadonlyArray2<'py, f64>),
}

#[pyfunction]
fn matching_kernel<'py>(
    py: Python<'py>,
    source: Held<f64>,
    target: Held<f64>,
    regularization: f64,
    window: Option<NamedOrArray>,
    penalty: Option<NamedOrArray>,
    wiener: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let mut config = MatchingConfig { regularization, ..Default::default() };
    config.window = match window {
        None => None,
        Some(NamedOrArray::Array(a)) => Some(FrequencyWindow::Custom(a.as_array().to_owned())),
        Some(NamedOrArray::Named(name, p)) => Some(taper(&(name, p))?.into()),
    };
    config.penalty = match penalty {
        None => Penalty::Flat,
        Some(NamedOrArray::Array(a)) => Penalty::Custom(a.as_array().to_owned()),
        Some(NamedOrArray::Named(name, _)) => match name.as_str() {
            "laplacian" => Penalty::Laplacian,
            "biharmonic" => Penalty::Biharmonic,
            _ => return Err(value_error(format!("no penalty '{name}'"))),
        },
    };
    let kernel = work::run(py, move || {
        if wiener {
            make_wiener_kernel(source.view(), target.view(), &config)
        } else {
            create_matching_kernel(source.view(), target.view(), &config)
        }
    })?;
    Ok(kernel.into_pyarray(py).into_any())
}

#[pyfunction]
fn resized_psf<'py>(
    py: Python<'py>,
    psf: Held<f64>,
    input_pixel_scale: f64,
    output_pixel_scale: f64,
    order: u8,
) -> PyResult<Bound<'py, PyAny>> {
    let order = match order {
        0 => SplineOrder::Nearest,
        1 => SplineOrder::Linear,
        2 => SplineOrder::Quadratic,
        3 => SplineOrder::Cubic,
        4 => SplineOrder::Quartic,
        5 => SplineOrder::Quintic,
        n => return Err(value_error(format!("order must be from 0 to 5, found {n}"))),
    };
    let out = work::run(py, move || resize_psf(psf.view(), input_pixel_scale, output_pixel_scale, order))?;
    Ok(out.into_pyarray(py).into_any())
}

/// `flux_limit, mag_limit, flux_limits, mag_limits, n_apertures_used, positions, fluxes`.
#[pyfunction]
fn image_depth<'py>(
    py: Python<'py>,
    image: ImageArg,
    aper_radius: f64,
    n_sigma: f64,
    mask_pad: f64,
    n_apertures: usize,
    n_iters: usize,
    overlapping: bool,
    seed: u64,
    zeropoint: f64,
    sigma_clip: Option<ClipArg>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let config = ImageDepthConfig {
        n_sigma,
        mask_pad,
        n_apertures,
        n_iters,
        overlap: overlapping,
        seed,
        zeropoint,
        sigma_clip: clip_of(sigma_clip),
        ..Default::default()
    };
    let depth = work::run(py, move || {
        let watch = |done: usize| {
            if let Some(f) = &progress {
                Python::attach(|py| f.call1(py, (done,)).map(|_| ()).unwrap_or(()));
            }
        };
        Ok::<_, Error>(with_image!(image, |im| ImageDepth::measure_with(im, aper_radius, &config, watch)?))
    })?;
    let d = PyDict::new(py);
    d.set_item("flux_limit", depth.flux_limit)?;
    d.set_item("mag_limit", depth.mag_limit)?;
    d.set_item("flux_limits", depth.flux_limits.into_pyarray(py))?;
    d.set_item("mag_limits", depth.mag_limits.into_pyarray(py))?;
    let used: Vec<i64> = depth.n_apertures_used.iter().map(|&n| n as i64).collect();
    d.set_item("n_apertures_used", used.into_pyarray(py))?;
    let places: Vec<Vec<(f64, f64)>> =
        depth.positions.iter().map(|p| p.iter().map(|p| (p.x, p.y)).collect()).collect();
    d.set_item("positions", places)?;
    d.set_item("fluxes", depth.fluxes)?;
    Ok(d)
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(radial_profile, m)?)?;
    m.add_function(wrap_pyfunction!(curve_of_growth, m)?)?;
    m.add_function(wrap_pyfunction!(pchip, m)?)?;
    m.add_function(wrap_pyfunction!(overlap_grid, m)?)?;
    m.add_function(wrap_pyfunction!(window_array, m)?)?;
    m.add_function(wrap_pyfunction!(matching_kernel, m)?)?;
    m.add_function(wrap_pyfunction!(resized_psf, m)?)?;
    m.add_function(wrap_pyfunction!(image_depth, m)?)
}
