//! Tables on their way to Python: `skyphot._table` makes a `QTable` or `Columns` of them.

use numpy::ndarray::Array2;
use numpy::{IntoPyArray, PyArrayMethods};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use skyphot::core::table::ColumnData;
use skyphot::core::{Meta, MetaValue, Table};

use crate::work::value_error;

/// `(columns, meta)`: columns are `(name, values, unit or None, description or None, mask or None)`. Numbers are handed
/// over, not copied.
pub(crate) fn to_python(py: Python<'_>, table: Table) -> PyResult<(Bound<'_, PyList>, Bound<'_, PyDict>)> {
    let meta = meta(py, &table.meta)?;
    let columns = PyList::empty(py);
    for mut c in table.into_columns() {
        let (unit, description) = (c.unit.take(), c.description.take());
        let (name, width) = (c.name().to_owned(), c.width());
        let (data, mask) = c.into_parts();
        let mask = mask.map(|m| m.into_pyarray(py));
        columns.append((name, values(py, data, width)?, unit, description, mask))?;
    }
    Ok((columns, meta))
}

fn values(py: Python<'_>, data: ColumnData, width: usize) -> PyResult<Bound<'_, PyAny>> {
    fn numbers<T: numpy::Element>(py: Python<'_>, v: Vec<T>, width: usize) -> PyResult<Bound<'_, PyAny>> {
        if width == 1 {
            return Ok(v.into_pyarray(py).into_any());
        }
        let rows = v.len() / width.max(1);
        Ok(Array2::from_shape_vec((rows, width), v).map_err(value_error)?.into_pyarray(py).into_any())
    }
    let w = width;
    match data {
        ColumnData::Bool(v) => numbers(py, v, w),
        ColumnData::U8(v) => numbers(py, v, w),
        ColumnData::I16(v) => numbers(py, v, w),
        ColumnData::I32(v) => numbers(py, v, w),
        ColumnData::I64(v) => numbers(py, v, w),
        ColumnData::U32(v) => numbers(py, v, w),
        ColumnData::U64(v) => numbers(py, v, w),
        ColumnData::F32(v) => numbers(py, v, w),
        ColumnData::F64(v) => numbers(py, v, w),
        ColumnData::Str(v) => PyList::new(py, v)?.into_bound_py_any(py),
    }
}

/// A dictionary of the same order.
pub(crate) fn meta<'py>(py: Python<'py>, meta: &Meta) -> PyResult<Bound<'py, PyDict>> {
    let out = PyDict::new(py);
    for (key, value) in meta.iter() {
        out.set_item(key, meta_value(py, value)?)?;
    }
    Ok(out)
}

fn meta_value<'py>(py: Python<'py>, value: &MetaValue) -> PyResult<Bound<'py, PyAny>> {
    match value {
        MetaValue::Null => Ok(py.None().into_bound(py)),
        MetaValue::Bool(v) => v.into_bound_py_any(py),
        MetaValue::Int(v) => v.into_bound_py_any(py),
        MetaValue::Float(v) => v.into_bound_py_any(py),
        MetaValue::Str(v) => v.into_bound_py_any(py),
        MetaValue::List(v) => {
            let items = v.iter().map(|x| meta_value(py, x)).collect::<PyResult<Vec<_>>>()?;
            PyList::new(py, items)?.into_bound_py_any(py)
        }
        MetaValue::Map(v) => meta(py, v)?.into_bound_py_any(py),
    }
}

/// `n` rows of `x, y` as points.
pub(crate) fn points(xy: &numpy::PyReadonlyArray2<'_, f64>) -> PyResult<Vec<skyphot::core::Point>> {
    let a = xy.as_array();
    if a.ncols() != 2 {
        return Err(value_error(format!("positions must have two columns (x, y), found {}", a.ncols())));
    }
    Ok(a.rows().into_iter().map(|r| skyphot::core::Point { x: r[0], y: r[1] }).collect())
}

/// A copy of the values of an array of any strides.
pub(crate) fn doubles(a: &numpy::PyReadonlyArray1<'_, f64>) -> Vec<f64> {
    a.to_vec().unwrap_or_else(|_| a.as_array().to_vec())
}
