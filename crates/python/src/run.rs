//! `skyphot.run`: whole jobs.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use skyphot::pipeline::{DEFAULT_CONFIG, PipelineError, RECIPES, Recipe, RunConfig, RunOptions, recipe_text};

use crate::io::pipeline_error;
use crate::work;

/// Calls a function of Python with the name of each step.
fn progress(callback: Option<Py<PyAny>>) -> impl Fn(&str) + Send + Sync {
    move |step: &str| {
        if let Some(f) = &callback {
            Python::attach(|py| {
                if let Err(e) = f.call1(py, (step,)) {
                    e.write_unraisable(py, None);
                }
            });
        }
    }
}

/// What a run found, for Python: files, notes, seconds, numbers.
struct Found {
    files: Vec<String>,
    notes: Vec<String>,
    seconds: Vec<(String, f64)>,
    numbers: Vec<(String, f64)>,
}

impl Found {
    fn dict<'py>(self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let d = PyDict::new(py);
        d.set_item("files", self.files)?;
        d.set_item("notes", self.notes)?;
        d.set_item("seconds", self.seconds)?;
        d.set_item("numbers", self.numbers)?;
        Ok(d)
    }
}

/// The whole job on one image with a configuration (TOML text).
#[pyfunction]
fn run_image<'py>(
    py: Python<'py>,
    file: String,
    config: &str,
    output: PathBuf,
    overwrite: bool,
    callback: Option<Py<PyAny>>,
    n_threads: Option<i64>,
) -> PyResult<Bound<'py, PyDict>> {
    let config = RunConfig::from_toml(config).map_err(|e| pipeline_error(&e))?;
    let exec = work::exec(n_threads)?;
    let done = work::run(py, move || {
        let report = progress(callback);
        let options = RunOptions { output: &output, overwrite, exec, progress: &report };
        Ok::<_, PipelineError>(skyphot::pipeline::run(&file, &config, &options).map(|s| Found {
            numbers: vec![
                ("n_sources".to_owned(), s.n_sources as f64),
                ("n_flagged".to_owned(), s.n_flagged as f64),
                ("n_bad_pixels".to_owned(), s.n_bad_pixels as f64),
                ("fwhm".to_owned(), s.fwhm),
                ("background_median".to_owned(), s.background_median),
                ("background_rms_median".to_owned(), s.background_rms_median),
            ],
            files: s.files,
            notes: s.notes,
            seconds: s.seconds,
        }))
    })?;
    done.map_err(|e| pipeline_error(&e))?.dict(py)
}

/// A recipe (its name, a file, or with `text` its text) on images.
#[pyfunction]
#[allow(clippy::too_many_arguments)]
fn run_recipe<'py>(
    py: Python<'py>,
    recipe: &str,
    is_text: bool,
    images: Vec<String>,
    companions: HashMap<String, Vec<String>>,
    output: PathBuf,
    overwrite: bool,
    callback: Option<Py<PyAny>>,
    n_threads: Option<i64>,
) -> PyResult<Bound<'py, PyDict>> {
    let recipe = if is_text { Recipe::from_toml(recipe) } else { Recipe::load(recipe) };
    let recipe = recipe.map_err(|e| pipeline_error(&e))?;
    let companions: BTreeMap<_, _> = companions.into_iter().collect();
    let exec = work::exec(n_threads)?;
    let done = work::run(py, move || {
        let report = progress(callback);
        let options = RunOptions { output: &output, overwrite, exec, progress: &report };
        let summary = skyphot::pipeline::run_recipe(&recipe, &images, &companions, &options);
        Ok::<_, PipelineError>(summary.map(|s| {
            Found {
                numbers: s
                    .images
                    .iter()
                    .flat_map(|i| i.numbers.iter().map(move |(k, v)| (format!("{}.{k}", i.name), *v)))
                    .collect(),
                files: s.files,
                notes: s.notes,
                seconds: s.seconds,
            }
        }))
    })?;
    done.map_err(|e| pipeline_error(&e))?.dict(py)
}

/// The commented default configuration, or the text of a recipe.
#[pyfunction]
fn config_text(recipe: Option<&str>) -> PyResult<String> {
    match recipe {
        None => Ok(DEFAULT_CONFIG.to_owned()),
        Some(name) => recipe_text(name).map(str::to_owned).map_err(|e| pipeline_error(&e)),
    }
}

/// The recipes that come along.
#[pyfunction]
fn recipe_names() -> Vec<&'static str> {
    RECIPES.iter().map(|r| r.0).collect()
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(run_image, m)?)?;
    m.add_function(wrap_pyfunction!(run_recipe, m)?)?;
    m.add_function(wrap_pyfunction!(config_text, m)?)?;
    m.add_function(wrap_pyfunction!(recipe_names, m)?)
}
