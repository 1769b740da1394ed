//! Tables on their way to Python: `skyphot._table` makes a `QTable` or `Columns` of them.

use numpy::ndarray::Array2;
use numpy::{IntoPyArray, PyArray1, PyArrayMethods};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use skyphot::core::table::ColumnData;
use skyphot::core::{Column, Meta, MetaValue, Table};

use crate::work::value_error;

/// `(columns, meta)`: columns are `(name, values, unit or None, description or None, mask or None)`.
pub(crate) fn to_python<'py>(
    py: Python<'py>,
    table: &Table,
) -> PyResult<(Bound<'py, PyList>, Bound<'py, PyDict>)> {
    let columns = PyList::empty(py);
    for c in table.columns() {
        let mask = c.mask().map(|m| m.to_vec().into_pyarray(py));
        columns.append((c.name(), values(py, c)?, c.unit.as_deref(), c.description.as_deref(), mask))?;
    }
    Ok((columns, meta(py, &table.meta)?))
}

fn values<'py>(py: Python<'py>, column: &Column) -> PyResult<Bound<'py, PyAny>> {
    fn numbers<'py, T: numpy::Element + Clone>(
        py: Python<'py>,
        v: &[T],
        width: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        if width == 1 {
            return Ok(PyArray1::from_slice(py, v).into_any());
        }
        let rows = v.len() / width.max(1);
        let a = Array2::from_shape_vec((rows, width), v.to_vec()).map_err(value_error)?;
        Ok(a.into_pyarray(py).into_any())
    }
    let w = column.width();
    match column.data() {
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
