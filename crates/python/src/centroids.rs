//! `skyphot.centroids` and `skyphot.morphology`.

use ndarray::Array2;
use numpy::{IntoPyArray, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use skyphot::Error;
use skyphot::centroids::{
    CentroidFlags, CentroidMethod, CentroidSourcesConfig, centroid_sources as sources,
    data_properties as properties, gini as gini_of,
};
use skyphot::core::FlagSet;

use crate::image::{Held, ImageArg, with_image};
use crate::table::points;
use crate::work::{self, value_error};

/// `("com", [])`, `("quadratic", [ny, nx])`, `("1dg", [])`, `("2dg", [])`, `("symmetry", [] or [radius])`.
pub(crate) fn method((name, p): &(String, Vec<f64>)) -> PyResult<CentroidMethod> {
    Ok(match (name.as_str(), p.as_slice()) {
        ("com", _) => CentroidMethod::Com,
        ("quadratic", [ny, nx]) => CentroidMethod::Quadratic { fit_box: (*ny as usize, *nx as usize) },
        ("1dg", _) => CentroidMethod::Gaussian1d,
        ("2dg", _) => CentroidMethod::Gaussian2d,
        ("symmetry", p) => CentroidMethod::Symmetry { radius: p.first().copied() },
        _ => return Err(value_error(format!("no centroid function '{name}'"))),
    })
}

/// `(x, y, names of the flags)`.
#[pyfunction]
fn centroid(
    py: Python<'_>,
    image: ImageArg,
    how: (String, Vec<f64>),
) -> PyResult<(f64, f64, Vec<&'static str>)> {
    let method = method(&how)?;
    let c = work::run(py, move || Ok::<_, Error>(with_image!(image, |im| method.measure(im)?)))?;
    Ok((c.position.x, c.position.y, c.flags.names()))
}

/// Columns, rows and the names of the flags.
type Centers<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, Vec<Vec<&'static str>>);

/// `(x, y, flags)`.
#[pyfunction]
fn centroid_sources<'py>(
    py: Python<'py>,
    image: ImageArg,
    positions: PyReadonlyArray2<'py, f64>,
    box_size: (usize, usize),
    footprint: Option<Held<bool>>,
    how: (String, Vec<f64>),
    n_threads: Option<i64>,
) -> PyResult<Centers<'py>> {
    let positions = points(&positions)?;
    let config = CentroidSourcesConfig {
        box_size,
        footprint: footprint.map(|f| f.view().to_owned()),
        method: method(&how)?,
        exec: work::exec(n_threads)?,
    };
    let c =
        work::run(py, move || Ok::<_, Error>(with_image!(image, |im| sources(im, &positions, &config)?)))?;
    let names = c.flags.iter().map(|f: &CentroidFlags| f.names()).collect();
    Ok((c.x.into_pyarray(py).into_any(), c.y.into_pyarray(py).into_any(), names))
}

#[pyfunction]
fn gini(py: Python<'_>, image: ImageArg) -> PyResult<f64> {
    work::run(py, move || Ok::<_, Error>(with_image!(image, |im| gini_of(im))))
}

#[pyfunction]
fn data_properties<'py>(py: Python<'py>, image: ImageArg) -> PyResult<Bound<'py, PyDict>> {
    let p = work::run(py, move || Ok::<_, Error>(with_image!(image, |im| properties(im))))?;
    let square = |m: &[[f64; 4]; 4]| Array2::from_shape_fn((4, 4), |(i, j)| m[i][j]).into_pyarray(py);
    let d = PyDict::new(py);
    d.set_item("x_centroid", p.centroid.x)?;
    d.set_item("y_centroid", p.centroid.y)?;
    d.set_item("segment_flux", p.flux)?;
    d.set_item("area", p.area)?;
    d.set_item("min_value", p.min_value)?;
    d.set_item("max_value", p.max_value)?;
    d.set_item("minval_index", p.min_value_index)?;
    d.set_item("maxval_index", p.max_value_index)?;
    d.set_item("moments", square(&p.moments))?;
    d.set_item("moments_central", square(&p.moments_central))?;
    d.set_item("covariance_xx", p.covariance.xx)?;
    d.set_item("covariance_xy", p.covariance.xy)?;
    d.set_item("covariance_yy", p.covariance.yy)?;
    d.set_item("semimajor_axis", p.shape.semimajor_axis)?;
    d.set_item("semiminor_axis", p.shape.semiminor_axis)?;
    d.set_item("orientation", p.shape.orientation.to_degrees())?;
    d.set_item("covariance_eigvals", p.shape.eigenvalues)?;
    d.set_item("fwhm", p.shape.fwhm())?;
    d.set_item("eccentricity", p.shape.eccentricity())?;
    d.set_item("elongation", p.shape.elongation())?;
    d.set_item("ellipticity", p.shape.ellipticity())?;
    let (cxx, cxy, cyy) = p.shape.coefficients();
    d.set_item("ellipse_cxx", cxx)?;
    d.set_item("ellipse_cxy", cxy)?;
    d.set_item("ellipse_cyy", cyy)?;
    d.set_item("gini", p.gini)?;
    d.set_item("equivalent_radius", p.equivalent_radius)?;
    Ok(d)
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(centroid, m)?)?;
    m.add_function(wrap_pyfunction!(centroid_sources, m)?)?;
    m.add_function(wrap_pyfunction!(gini, m)?)?;
    m.add_function(wrap_pyfunction!(data_properties, m)?)
}
