//! `skyphot.psf`: grids of PSFs in files.

use ndarray::{Array2, Axis, s};
use numpy::{IntoPyArray, PyReadonlyArray3};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use skyphot::core::Point;
use skyphot::io::{psf_grid_layout, read_psf_grid as read_grid, read_stdpsf_grid as read_stdpsf};

use crate::work;

fn rows(positions: &[Point]) -> Array2<f64> {
    Array2::from_shape_fn((positions.len(), 2), |(i, k)| if k == 0 { positions[i].x } else { positions[i].y })
}

/// The images, their positions, the samples per pixel, and what is known of them.
type Grid<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, (usize, usize), Bound<'py, PyDict>);

#[pyfunction]
fn read_psf_grid<'py>(py: Python<'py>, path: String, detector: Option<usize>) -> PyResult<Grid<'py>> {
    let grid = work::run(py, move || read_grid(&path, detector))?;
    let xy = rows(&grid.positions);
    let found = PyDict::new(py);
    found.set_item("instrument", grid.instrument)?;
    found.set_item("detector", grid.detector)?;
    found.set_item("filter", grid.filter)?;
    Ok((grid.data.into_pyarray(py).into_any(), xy.into_pyarray(py).into_any(), grid.oversampling, found))
}

/// Images, their positions, rows and columns of the grid.
type Mosaic<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, (usize, usize));

/// The images of all detectors, their positions, rows and columns of the grid.
#[pyfunction]
fn read_stdpsf_grid<'py>(py: Python<'py>, path: String) -> PyResult<Mosaic<'py>> {
    let (grid, shape) = work::run(py, move || read_stdpsf(&path))?;
    let xy = rows(&grid.positions);
    Ok((grid.data.into_pyarray(py).into_any(), xy.into_pyarray(py).into_any(), shape))
}

/// `stpsf`, `stdpsf`, `grid_xy` or `extensions`.
#[pyfunction]
fn psf_file_layout(py: Python<'_>, path: String) -> PyResult<Option<&'static str>> {
    work::run(py, move || psf_grid_layout(&path))
}

/// All images side by side, if asked for each divided by its peak, or less the mean of all.
#[pyfunction]
fn psf_grid_mosaic<'py>(
    py: Python<'py>,
    data: PyReadonlyArray3<'py, f64>,
    shape: (usize, usize),
    peak_norm: bool,
    deltas: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let (rows, columns) = shape;
    let mut data = data.as_array().to_owned();
    let (n, ny, nx) = data.dim();
    if peak_norm {
        for mut p in data.axis_iter_mut(Axis(0)) {
            let peak = p.iter().fold(f64::NEG_INFINITY, |m, v| m.max(*v));
            p /= peak;
        }
    }
    if deltas && let Some(mean) = data.mean_axis(Axis(0)) {
        data -= &mean;
    }
    let mut out = Array2::from_elem((rows * ny, columns * nx), f64::NAN);
    for k in 0..n.min(rows * columns) {
        let (j, i) = (k / columns * ny, k % columns * nx);
        out.slice_mut(s![j..j + ny, i..i + nx]).assign(&data.index_axis(Axis(0), k));
    }
    Ok(out.into_pyarray(py).into_any())
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(read_psf_grid, m)?)?;
    m.add_function(wrap_pyfunction!(read_stdpsf_grid, m)?)?;
    m.add_function(wrap_pyfunction!(psf_file_layout, m)?)?;
    m.add_function(wrap_pyfunction!(psf_grid_mosaic, m)?)
}
