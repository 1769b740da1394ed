//! `skyphot.datasets`.

use numpy::{IntoPyArray, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use skyphot::Error;
use skyphot::core::{Column, MetaValue, Table};
use skyphot::simulation::{
    Discretize, Gaussian2D, ModelImageConfig, ModelParamsConfig, Moffat2D, NoiseDistribution, Sersic2D,
    SourceModel,
};
use skyphot::wcs::Gwcs;

use crate::image::Held;
use crate::table::{doubles, to_python};
use crate::wcs::NativeWcs;
use crate::work::{self, value_error};

/// Ranges of parameters, in order.
type Ranges = Vec<(String, (f64, f64))>;

fn borrowed(ranges: &Ranges) -> Vec<(&str, (f64, f64))> {
    ranges.iter().map(|(n, r)| (n.as_str(), *r)).collect()
}

/// One of the models that are drawn without Python.
fn source_model(name: &str) -> PyResult<Box<dyn SourceModel + Send>> {
    Ok(match name {
        "Gaussian2D" => Box::new(Gaussian2D),
        "Moffat2D" => Box::new(Moffat2D),
        "Sersic2D" => Box::new(Sersic2D),
        _ => return Err(value_error(format!("no model '{name}'"))),
    })
}

/// An image of sources: `columns` are the parameters of the model under its own names, and `local_bkg`.
#[pyfunction]
fn model_image<'py>(
    py: Python<'py>,
    shape: (usize, usize),
    model: &str,
    columns: Vec<(String, PyReadonlyArray1<'py, f64>)>,
    model_shape: Option<(usize, usize)>,
    bbox_factor: Option<f64>,
    discretize: (String, usize),
    n_threads: Option<i64>,
) -> PyResult<Bound<'py, PyAny>> {
    let model = source_model(model)?;
    let columns = columns.iter().map(|(n, v)| Column::new(n.as_str(), doubles(v)));
    let table = Table::from_columns(columns).map_err(value_error)?;
    let discretize = match discretize.0.as_str() {
        "interp" => Discretize::Interp,
        "oversample" => Discretize::Oversample(discretize.1),
        "integrate" => Discretize::Integrate,
        _ => Discretize::Center,
    };
    let exec = work::exec(n_threads)?;
    let config = ModelImageConfig { model_shape, bbox_factor, discretize, exec, ..Default::default() };
    let image = work::run(py, move || {
        skyphot::simulation::make_model_image(shape, model.as_ref(), &table, &config).map_err(Error::from)
    })?;
    Ok(image.into_pyarray(py).into_any())
}

/// Gaussian noise, or Poisson noise without `stddev`.
#[pyfunction]
fn noise_image<'py>(
    py: Python<'py>,
    shape: (usize, usize),
    mean: f64,
    stddev: Option<f64>,
    seed: u64,
) -> PyResult<Bound<'py, PyAny>> {
    let how = match stddev {
        Some(std) => NoiseDistribution::Gaussian { mean, std },
        None => NoiseDistribution::Poisson { mean },
    };
    let image = work::run(py, move || skyphot::simulation::make_noise_image(shape, how, seed))?;
    Ok(image.into_pyarray(py).into_any())
}

#[pyfunction]
fn apply_poisson_noise<'py>(py: Python<'py>, data: Held<f64>, seed: u64) -> PyResult<Bound<'py, PyAny>> {
    let image = work::run(py, move || skyphot::simulation::apply_poisson_noise(data.view(), seed))?;
    Ok(image.into_pyarray(py).into_any())
}

/// A table of positions and of parameters.
#[pyfunction]
fn model_params<'py>(
    py: Python<'py>,
    shape: (usize, usize),
    n_sources: usize,
    names: (String, String),
    min_separation: f64,
    border_size: (usize, usize),
    ranges: Ranges,
    seed: u64,
) -> PyResult<(Bound<'py, PyList>, Bound<'py, PyDict>)> {
    let config = ModelParamsConfig { x_name: names.0, y_name: names.1, min_separation, border_size, seed };
    let table = work::run(py, move || {
        skyphot::simulation::make_model_params(shape, n_sources, &borrowed(&ranges), &config)
    })?;
    to_python(py, table)
}

#[pyfunction]
fn random_models_table<'py>(
    py: Python<'py>,
    n_sources: usize,
    ranges: Ranges,
    seed: u64,
) -> PyResult<(Bound<'py, PyList>, Bound<'py, PyDict>)> {
    let table = work::run(py, move || {
        skyphot::simulation::make_random_models_table(n_sources, &borrowed(&ranges), seed)
    })?;
    to_python(py, table)
}

/// The example images: of 4 or of 100 Gaussians.
#[pyfunction]
fn gaussians_image<'py>(py: Python<'py>, many: bool, noise: bool) -> PyResult<Bound<'py, PyAny>> {
    let image = work::run(py, move || {
        if many {
            skyphot::simulation::make_100gaussians_image(noise)
        } else {
            skyphot::simulation::make_4gaussians_image(noise)
        }
    })?;
    Ok(image.into_pyarray(py).into_any())
}

/// The keywords of the example system.
#[pyfunction]
fn example_wcs<'py>(py: Python<'py>, shape: (usize, usize), galactic: bool) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for c in skyphot::simulation::make_wcs(shape, galactic) {
        match &c.value {
            MetaValue::Int(v) => list.append((&c.key, *v))?,
            MetaValue::Float(v) => list.append((&c.key, *v))?,
            MetaValue::Str(v) => list.append((&c.key, v))?,
            other => return Err(value_error(format!("no card for {other:?}"))),
        }
    }
    Ok(list)
}

/// The example system as a graph of transforms.
#[pyfunction]
fn example_gwcs(shape: (usize, usize), galactic: bool) -> PyResult<NativeWcs> {
    let node = skyphot::simulation::make_gwcs(shape, galactic);
    Ok(NativeWcs::new(Gwcs::from_tree(&node).map_err(value_error)?, None))
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(model_image, m)?)?;
    m.add_function(wrap_pyfunction!(noise_image, m)?)?;
    m.add_function(wrap_pyfunction!(apply_poisson_noise, m)?)?;
    m.add_function(wrap_pyfunction!(model_params, m)?)?;
    m.add_function(wrap_pyfunction!(random_models_table, m)?)?;
    m.add_function(wrap_pyfunction!(gaussians_image, m)?)?;
    m.add_function(wrap_pyfunction!(example_wcs, m)?)?;
    m.add_function(wrap_pyfunction!(example_gwcs, m)?)
}
