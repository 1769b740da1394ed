//! Numbers of HEALPix cells.

use numpy::{IntoPyArray, PyReadonlyArray1};
use pyo3::prelude::*;

use crate::table::doubles;
use crate::work::value_error;

/// Nested numbers of the cells of an order that directions in degrees lie in; -1 for those that are not directions.
#[pyfunction]
fn healpix<'py>(
    py: Python<'py>,
    order: u8,
    lon: PyReadonlyArray1<'py, f64>,
    lat: PyReadonlyArray1<'py, f64>,
) -> PyResult<Bound<'py, PyAny>> {
    let (lon, lat) = (doubles(&lon), doubles(&lat));
    if order > 29 || lon.len() != lat.len() {
        return Err(value_error("an order of 0 to 29 and as many longitudes as latitudes are needed"));
    }
    let layer = cdshealpix::nested::get(order);
    let cell = |(lon, lat): (&f64, &f64)| {
        if lon.is_finite() && (-90.0..=90.0).contains(lat) {
            layer.hash(lon.rem_euclid(360.0).to_radians(), lat.to_radians()) as i64
        } else {
            -1
        }
    };
    let cells: Vec<i64> = lon.iter().zip(&lat).map(cell).collect();
    Ok(cells.into_pyarray(py).into_any())
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(healpix, m)?)
}
