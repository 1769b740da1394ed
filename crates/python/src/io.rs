//! `skyphot.io`: images, tables and headers in files.

use std::path::PathBuf;

use ndarray::ArrayD;
use numpy::{Element, IntoPyArray, PyArray2, PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::exceptions::{PyFileExistsError, PyFileNotFoundError, PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use skyphot::core::table::ColumnData;
use skyphot::core::{BoundingBox, Column, Meta, MetaValue, Pixel, Table};
use skyphot::io::{
    CardValue, FileSpec, FitsFile, FitsHdu, HduKind, HduSelector, Header, ImageData, ImageFile, ImageHdu,
    IoError, PixelType, TableFormat, TableOptions, UncertaintyKind,
};
use skyphot::pipeline::{AnyExposure, InputSection, PipelineError};

use crate::image::Held;
use crate::table::to_python;
use crate::work::{self, value_error};

/// `FileNotFoundError`, `FileExistsError`, `OSError` or `ValueError`.
pub(crate) fn io_error(e: &IoError) -> PyErr {
    let text = e.to_string();
    match e {
        IoError::Missing(_) => PyFileNotFoundError::new_err(text),
        IoError::Exists(_) => PyFileExistsError::new_err(text),
        IoError::System { source, .. } => match source.kind() {
            std::io::ErrorKind::NotFound => PyFileNotFoundError::new_err(text),
            _ => PyOSError::new_err(text),
        },
        _ => PyValueError::new_err(text),
    }
}

pub(crate) fn pipeline_error(e: &PipelineError) -> PyErr {
    match e {
        PipelineError::Io(e) => io_error(e),
        PipelineError::File { source, .. } => match source.kind() {
            std::io::ErrorKind::NotFound => PyFileNotFoundError::new_err(e.to_string()),
            std::io::ErrorKind::AlreadyExists => PyFileExistsError::new_err(e.to_string()),
            _ => PyOSError::new_err(e.to_string()),
        },
        e => PyValueError::new_err(e.to_string()),
    }
}

/// As [`work::run`], with the errors of files.
fn run_io<R: Send + 'static>(
    py: Python<'_>,
    f: impl FnOnce() -> Result<R, IoError> + Send + 'static,
) -> PyResult<R> {
    work::run(py, move || Ok::<_, IoError>(f()))?.map_err(|e| io_error(&e))
}

/// `x0, x1, y0, y1`: pixels from x0 up to, but not with, x1.
type Window = (i64, i64, i64, i64);

fn bbox(w: Window) -> PyResult<BoundingBox> {
    BoundingBox::new(w.0, w.1, w.2, w.3).map_err(value_error)
}

/// What a file holds: a dictionary for each HDU or array.
#[pyfunction]
fn file_info(py: Python<'_>, path: PathBuf) -> PyResult<Bound<'_, PyList>> {
    let file = run_io(py, move || ImageFile::open(path))?;
    let list = PyList::empty(py);
    match &file {
        ImageFile::Fits(f) => {
            for h in f.hdus() {
                let d = PyDict::new(py);
                d.set_item("index", h.index)?;
                d.set_item("name", h.name.as_deref())?;
                d.set_item("version", h.version)?;
                let kind = match h.kind {
                    _ if h.is_table() => "table",
                    HduKind::Image => "image",
                    _ => "other",
                };
                d.set_item("kind", kind)?;
                d.set_item("shape", h.shape.clone())?;
                d.set_item("bitpix", h.bitpix)?;
                d.set_item("compressed", h.compressed)?;
                d.set_item("unit", h.unit())?;
                list.append(d)?;
            }
        }
        ImageFile::Asdf(f) => {
            for (index, (path, array)) in f.arrays().into_iter().enumerate() {
                let d = PyDict::new(py);
                d.set_item("index", index)?;
                d.set_item("unit", f.unit(&path))?;
                d.set_item("name", path)?;
                d.set_item("kind", "array")?;
                d.set_item("shape", array.shape())?;
                list.append(d)?;
            }
        }
        _ => return Err(value_error("a file of an unknown kind")),
    }
    Ok(list)
}

/// The records of a header, one after the other; empty for ASDF.
#[pyfunction]
fn read_header(py: Python<'_>, file: String) -> PyResult<String> {
    run_io(py, move || {
        let spec = FileSpec::parse(&file);
        match ImageFile::open(&spec.path)? {
            ImageFile::Fits(f) => Ok(match &spec.hdu {
                HduSelector::Auto => f.image_hdu(&spec.hdu)?.header.to_records().concat(),
                one => f.header(one)?.to_records().concat(),
            }),
            _ => Ok(String::new()),
        }
    })
}

/// One plane: `what` is data, mask, dq, error, variance or weight.
#[pyfunction]
fn read_plane(py: Python<'_>, file: String, what: &str, window: Option<Window>) -> PyResult<Py<PyAny>> {
    let window = window.map(bbox).transpose()?;
    let spec = FileSpec::parse(&file);
    let path = spec.path.clone();
    let source = run_io(py, move || ImageFile::open(path))?;
    let hdu = spec.hdu;
    match what {
        "dq" => {
            let a = run_io(py, move || match window {
                Some(w) => source.read_dq_cutout(&hdu, &w),
                None => source.read_dq(&hdu),
            })?;
            Ok(a.into_pyarray(py).into_any().unbind())
        }
        "mask" => {
            let a = run_io(py, move || match window {
                Some(w) => Ok(source.read_cutout::<f64>(&hdu, &w)?.mapv(|v| v != 0.0)),
                None => source.read_mask(&hdu),
            })?;
            Ok(a.into_pyarray(py).into_any().unbind())
        }
        "data" | "error" | "variance" | "weight" => {
            let pixel = run_io(py, {
                let (source, hdu) = (source.clone(), hdu.clone());
                move || match &source {
                    ImageFile::Fits(f) => Ok(f.image_hdu(&hdu)?.pixel_type()),
                    ImageFile::Asdf(f) => f.pixel_type(&f.image_path(&hdu)?),
                    _ => Ok(PixelType::F64),
                }
            })?;
            let kind = match what {
                "error" => Some(UncertaintyKind::StdDev),
                "variance" => Some(UncertaintyKind::Variance),
                "weight" => Some(UncertaintyKind::Weight),
                _ => None,
            };
            match pixel {
                PixelType::F32 => pixels::<f32>(py, source, hdu, kind, window),
                PixelType::F64 => pixels::<f64>(py, source, hdu, kind, window),
            }
        }
        _ => Err(value_error(format!("no plane '{what}'"))),
    }
}

/// An image of any number of axes as it is, or one plane of it.
#[pyfunction]
fn read_cube(py: Python<'_>, file: String, plane: Option<Vec<usize>>) -> PyResult<Py<PyAny>> {
    let spec = FileSpec::parse(&file);
    let path = spec.path;
    let ImageFile::Fits(file) = run_io(py, move || ImageFile::open(path))? else {
        return Err(value_error("images of more than two dimensions are read from FITS files only"));
    };
    let deep = file.hdus().iter().find(|h| h.has_pixels() && !h.is_table() && h.shape.len() > 2);
    let info = match (&spec.hdu, deep) {
        (HduSelector::Auto, Some(deep)) => Ok(deep),
        (hdu, _) => file.find(hdu),
    }
    .map_err(|e| io_error(&e))?;
    let (hdu, shape, pixel) = (HduSelector::Index(info.index), info.shape.clone(), info.pixel_type());
    match pixel {
        PixelType::F32 => cube::<f32>(py, file, hdu, shape, plane),
        PixelType::F64 => cube::<f64>(py, file, hdu, shape, plane),
    }
}

fn cube<T: Pixel + Element>(
    py: Python<'_>,
    file: FitsFile,
    hdu: HduSelector,
    shape: Vec<usize>,
    plane: Option<Vec<usize>>,
) -> PyResult<Py<PyAny>> {
    let axes = &shape[..shape.len().saturating_sub(2)];
    let total: usize = axes.iter().product();
    if let Some(index) = plane {
        let number = match index.as_slice() {
            [n] => Some(*n),
            many if many.len() == axes.len() && many.iter().zip(axes).all(|(i, n)| i < n) => {
                Some(many.iter().zip(axes).fold(0, |sum, (i, n)| sum * n + i))
            }
            _ => None,
        };
        let number = number
            .ok_or_else(|| value_error(format!("no plane {index:?} in an image of the shape {shape:?}")))?;
        let a = run_io(py, move || file.read_plane::<T>(&hdu, number))?;
        return Ok(a.into_pyarray(py).into_any().unbind());
    }
    let values = run_io(py, move || {
        let mut values = Vec::new();
        for k in 0..total {
            values.extend_from_slice(file.read_plane::<T>(&hdu, k)?.as_slice().unwrap_or_default());
        }
        Ok(values)
    })?;
    let a = ArrayD::from_shape_vec(shape, values).map_err(value_error)?;
    Ok(a.into_pyarray(py).into_any().unbind())
}

fn pixels<T: Pixel + Element>(
    py: Python<'_>,
    source: ImageFile,
    hdu: HduSelector,
    kind: Option<UncertaintyKind>,
    window: Option<BoundingBox>,
) -> PyResult<Py<PyAny>> {
    let a = run_io(py, move || {
        let plane = match window {
            Some(w) => source.read_cutout::<T>(&hdu, &w)?,
            None => source.read_image::<T>(&hdu)?,
        };
        Ok(match kind {
            None => plane,
            Some(k) => k.to_sigma(plane).error,
        })
    })?;
    Ok(a.into_pyarray(py).into_any().unbind())
}

/// An image with the planes that go with it: a dictionary. `planes` are those of the configuration's `[input]`.
#[pyfunction]
fn read_exposure<'py>(
    py: Python<'py>,
    file: String,
    planes: Vec<(String, String)>,
    dq_bits: Option<Vec<String>>,
    gain: Option<f64>,
    ignore_planes: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let mut section = InputSection { dq_bad_bits: dq_bits, gain, ignore_planes, ..Default::default() };
    for (name, value) in planes {
        let value = Some(value);
        match name.as_str() {
            "error" => section.error = value,
            "mask" => section.mask = value,
            "dq" => section.dq = value,
            "weight" => section.weight = value,
            "weight_type" => section.weight_type = value,
            "wcs" => section.wcs = value,
            "area" => section.area = value,
            other => return Err(value_error(format!("no plane '{other}'"))),
        }
    }
    let read = work::run(py, move || Ok::<_, PipelineError>(skyphot::pipeline::load(&file, &section)))?;
    let d = PyDict::new(py);
    match read.map_err(|e| pipeline_error(&e))? {
        AnyExposure::F32(e) => exposure(py, &d, e)?,
        AnyExposure::F64(e) => exposure(py, &d, e)?,
    }
    Ok(d)
}

fn exposure<T: Pixel + Element>(
    py: Python<'_>,
    d: &Bound<'_, PyDict>,
    e: skyphot::pipeline::Exposure<T>,
) -> PyResult<()> {
    d.set_item("data", e.data.into_pyarray(py))?;
    d.set_item("error", e.error.map(|a| a.into_pyarray(py)))?;
    d.set_item("mask", e.mask.map(|a| a.into_pyarray(py)))?;
    d.set_item("header", e.header.to_records().concat())?;
    d.set_item("unit", e.unit)?;
    d.set_item("has_wcs", e.sky.is_some())?;
    d.set_item("notes", e.notes)?;
    d.set_item("sha256", e.sha256)
}

/// Columns and metadata of a table in a file.
#[pyfunction]
fn read_table(py: Python<'_>, file: String) -> PyResult<(Bound<'_, PyList>, Bound<'_, PyDict>)> {
    let table = run_io(py, move || skyphot::io::read_table(file))?;
    to_python(py, table)
}

/// A column: name, values, unit, description, mask.
type ColumnArg<'py> = (String, Bound<'py, PyAny>, Option<String>, Option<String>, Option<Vec<bool>>);

/// A table of Python.
#[derive(FromPyObject)]
pub(crate) struct TableArg<'py>(Vec<ColumnArg<'py>>, Bound<'py, PyDict>);

impl TableArg<'_> {
    pub(crate) fn table(&self) -> PyResult<Table> {
        let mut out = Table::new();
        for (name, values, unit, description, mask) in &self.0 {
            let (data, width) = column_data(name, values)?;
            let mut c = if width == 1 {
                Column::new(name.as_str(), data)
            } else {
                Column::new_array(name.as_str(), data, width).map_err(value_error)?
            };
            c.unit.clone_from(unit);
            c.description.clone_from(description);
            if let Some(m) = mask {
                if m.len() != c.len() {
                    return Err(value_error(format!("the mask of column {name} has another length")));
                }
                c = c.with_mask(m.clone());
            }
            out.push(c).map_err(value_error)?;
        }
        out.meta = meta_of(&self.1)?;
        Ok(out)
    }
}

fn column_data(name: &str, values: &Bound<'_, PyAny>) -> PyResult<(ColumnData, usize)> {
    fn numbers<T: Element + Clone>(values: &Bound<'_, PyAny>) -> Option<(Vec<T>, usize)> {
        let a: PyReadonlyArrayDyn<'_, T> = values.extract().ok()?;
        let width = a.shape().iter().skip(1).product::<usize>();
        Some((a.as_array().iter().cloned().collect(), width))
    }
    macro_rules! try_types {
        ($($t:ty => $variant:ident),*) => {$(
            if let Some((v, width)) = numbers::<$t>(values) {
                return Ok((ColumnData::$variant(v), width));
            }
        )*};
    }
    try_types!(bool => Bool, u8 => U8, i16 => I16, i32 => I32, i64 => I64, u32 => U32, u64 => U64, f32 => F32, f64 => F64);
    match values.extract::<Vec<String>>() {
        Ok(v) => Ok((ColumnData::Str(v), 1)),
        Err(_) => Err(value_error(format!("column {name} holds values that no table can"))),
    }
}

fn meta_of(d: &Bound<'_, PyDict>) -> PyResult<Meta> {
    let mut out = Meta::new();
    for (key, value) in d.iter() {
        out.set(key.extract::<String>()?, meta_value(&value)?);
    }
    Ok(out)
}

fn meta_value(value: &Bound<'_, PyAny>) -> PyResult<MetaValue> {
    Ok(if value.is_none() {
        MetaValue::Null
    } else if let Ok(v) = value.cast::<pyo3::types::PyBool>() {
        MetaValue::Bool(v.is_true())
    } else if let Ok(v) = value.extract::<i64>() {
        MetaValue::Int(v)
    } else if let Ok(v) = value.extract::<f64>() {
        MetaValue::Float(v)
    } else if let Ok(v) = value.extract::<String>() {
        MetaValue::Str(v)
    } else if let Ok(v) = value.cast::<PyDict>() {
        MetaValue::Map(meta_of(v)?)
    } else if let Ok(v) = value.extract::<Vec<Bound<'_, PyAny>>>() {
        MetaValue::List(v.iter().map(meta_value).collect::<PyResult<_>>()?)
    } else {
        MetaValue::Str(value.str()?.extract()?)
    })
}

#[pyfunction]
fn write_table(
    py: Python<'_>,
    path: PathBuf,
    table: TableArg<'_>,
    format: Option<&str>,
    overwrite: bool,
) -> PyResult<()> {
    let format = match format {
        Some(f) => {
            Some(TableFormat::from_name(f).ok_or_else(|| value_error(format!("no table format '{f}'")))?)
        }
        None => None,
    };
    let table = table.table()?;
    let options = TableOptions { format, overwrite, ..Default::default() };
    run_io(py, move || skyphot::io::write_table(path, &table, &options))
}

/// Pixels of any type that FITS can hold.
enum AnyPlane {
    U8(Held<u8>),
    I16(Held<i16>),
    U16(Held<u16>),
    I32(Held<i32>),
    U32(Held<u32>),
    I64(Held<i64>),
    F32(Held<f32>),
    F64(Held<f64>),
}

impl<'a, 'py> FromPyObject<'a, 'py> for AnyPlane {
    type Error = PyErr;

    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        macro_rules! try_types {
            ($($t:ty => $variant:ident),*) => {$(
                if obj.cast::<PyArray2<$t>>().is_ok() {
                    return Ok(Self::$variant(obj.extract()?));
                }
            )*};
        }
        try_types!(u8 => U8, i16 => I16, u16 => U16, i32 => I32, u32 => U32, i64 => I64, f32 => F32);
        Ok(Self::F64(obj.extract()?))
    }
}

impl AnyPlane {
    fn data(&self) -> ImageData<'_> {
        match self {
            Self::U8(a) => a.view().into(),
            Self::I16(a) => a.view().into(),
            Self::U16(a) => a.view().into(),
            Self::I32(a) => a.view().into(),
            Self::U32(a) => a.view().into(),
            Self::I64(a) => a.view().into(),
            Self::F32(a) => a.view().into(),
            Self::F64(a) => a.view().into(),
        }
    }
}

/// One HDU: name, version, pixels or None, records of the header, or a table and its name.
#[derive(FromPyObject)]
enum HduArg<'py> {
    Table(TableArg<'py>, Option<String>),
    Image(Option<String>, Option<i64>, Option<AnyPlane>, String),
}

/// The same without Python.
enum Hdu {
    Table(Table, Option<String>),
    Image(Option<String>, Option<i64>, Option<AnyPlane>, Header),
}

#[pyfunction]
fn write_fits(py: Python<'_>, path: PathBuf, hdus: Vec<HduArg<'_>>, overwrite: bool) -> PyResult<()> {
    let hdus = hdus
        .into_iter()
        .map(|h| {
            Ok(match h {
                HduArg::Table(t, name) => Hdu::Table(t.table()?, name),
                HduArg::Image(name, version, data, header) => {
                    Hdu::Image(name, version, data, Header::parse(header.as_bytes()))
                }
            })
        })
        .collect::<PyResult<Vec<_>>>()?;
    run_io(py, move || {
        let list: Vec<FitsHdu<'_>> = hdus
            .iter()
            .map(|h| match h {
                Hdu::Table(t, name) => FitsHdu::Table(t, name.clone()),
                Hdu::Image(name, version, data, header) => FitsHdu::Image(ImageHdu {
                    name: name.clone(),
                    version: *version,
                    data: data.as_ref().map(AnyPlane::data),
                    planes: None,
                    header: header.clone(),
                }),
            })
            .collect();
        skyphot::io::write_fits(path, &list, overwrite)
    })
}

/// `(keyword, value, comment)` of the records of a header.
#[pyfunction]
fn header_cards<'py>(py: Python<'py>, records: &str) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for c in Header::parse(records.as_bytes()).cards() {
        let (key, comment) = (c.keyword(), c.comment());
        match c.value() {
            CardValue::Undefined => list.append((key, py.None(), comment))?,
            CardValue::Logical(v) => list.append((key, *v, comment))?,
            CardValue::Int(v) => list.append((key, *v, comment))?,
            CardValue::Float(v) => list.append((key, *v, comment))?,
            CardValue::Complex(a, b) => list.append((key, (*a, *b), comment))?,
            CardValue::Str(v) | CardValue::Commentary(v) => list.append((key, v, comment))?,
        }
    }
    Ok(list)
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(file_info, m)?)?;
    m.add_function(wrap_pyfunction!(read_header, m)?)?;
    m.add_function(wrap_pyfunction!(read_plane, m)?)?;
    m.add_function(wrap_pyfunction!(read_cube, m)?)?;
    m.add_function(wrap_pyfunction!(read_exposure, m)?)?;
    m.add_function(wrap_pyfunction!(read_table, m)?)?;
    m.add_function(wrap_pyfunction!(write_table, m)?)?;
    m.add_function(wrap_pyfunction!(write_fits, m)?)?;
    m.add_function(wrap_pyfunction!(header_cards, m)?)
}
