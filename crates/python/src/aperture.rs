//! `skyphot.aperture`.

use ndarray::{Array2, Array3};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use skyphot::Error;
use skyphot::aperture::{
    Aperture, ApertureFlags, ApertureMask, AperturePhotometry, ApertureStats, NeighborMethod, Neighbors,
    PhotometryConfig, PixelShape, RegularPolygon, StatsConfig, aperture_cutout, area_overlap,
};
use skyphot::centroids::Covariance;
use skyphot::core::{BoundingBox, FlagSet, Point};

use crate::image::{Held, ImageArg, with_image};
use crate::shapes::{ShapeArg, overlap};
use crate::stats::{ClipArg, clip_of};
use crate::table::{doubles, points};
use crate::work::{self, value_error};

/// `(segmentation image, one label for each position, mask_method)`.
type NeighborArg = (Held<i32>, Vec<i32>, String);

fn method_of(name: &str) -> PyResult<NeighborMethod> {
    match name {
        "mask" => Ok(NeighborMethod::Mask),
        "correct" => Ok(NeighborMethod::Correct),
        "source_only" => Ok(NeighborMethod::SourceOnly),
        "background_only" => Ok(NeighborMethod::BackgroundOnly),
        other => Err(value_error(format!(
            "mask_method must be 'none', 'mask', 'source_only', 'background_only' or 'correct', found '{other}'"
        ))),
    }
}

/// `ixmin, ixmax, iymin, iymax`.
type Edges = (i64, i64, i64, i64);

fn bits(flags: &[ApertureFlags]) -> Vec<i64> {
    flags.iter().map(|f| i64::from(f.to_bits())).collect()
}

/// Sums in every shape: a list of `{flux, flux_err, area, flags}`.
#[pyfunction]
fn photometry<'py>(
    py: Python<'py>,
    image: ImageArg,
    positions: PyReadonlyArray2<'py, f64>,
    shapes: Vec<ShapeArg>,
    method: &str,
    subpixels: usize,
    neighbors: Option<NeighborArg>,
    n_threads: Option<i64>,
) -> PyResult<Bound<'py, PyList>> {
    let positions = points(&positions)?;
    let config = PhotometryConfig {
        method: overlap(method, subpixels)?,
        exec: work::exec(n_threads)?,
        ..Default::default()
    };
    let neighbor_method = neighbors.as_ref().map(|n| method_of(&n.2)).transpose()?;
    let answer = work::run(py, move || {
        let shapes: Vec<&dyn Aperture> = shapes.iter().map(|s| s.0.as_aperture()).collect();
        Ok::<_, Error>(with_image!(image, |im| match (&neighbors, neighbor_method) {
            (Some((segm, labels, _)), Some(method)) => {
                let n = Neighbors::new(segm.view(), labels, method);
                AperturePhotometry::measure_with_neighbors(im, &positions, &shapes, &n, &config)?
            }
            _ => AperturePhotometry::measure(im, &positions, &shapes, &config)?,
        }))
    })?;
    let out = PyList::empty(py);
    for sums in answer.sums() {
        let d = PyDict::new(py);
        d.set_item("flux", sums.flux.clone().into_pyarray(py))?;
        d.set_item("flux_err", sums.flux_err.clone().into_pyarray(py))?;
        d.set_item("area", sums.area.clone().into_pyarray(py))?;
        d.set_item("flags", bits(&sums.flags).into_pyarray(py))?;
        out.append(d)?;
    }
    Ok(out)
}

/// What was measured at all positions; arrays are made of what is asked for.
#[pyclass(frozen, module = "skyphot._core")]
struct NativeStatistics {
    inner: ApertureStats,
}

#[pymethods]
impl NativeStatistics {
    /// The values of a name, one for each position: those of the columns of the Rust type, `flags`, `(n, 4)` edges `bbox`,
    /// `(n, 2)` `covariance_eigvals`, `(n, 4, 4)` `moments` and `moments_central`, `(n, 2, 2)` `inertia_tensor`.
    fn values<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let s = &self.inner;
        if let Some(v) = s.column(name) {
            return Ok(PyArray1::from_slice(py, v).into_any());
        }
        let moments = s.moments.as_deref().unwrap_or_default();
        match name {
            "flags" => Ok(bits(&s.flags).into_pyarray(py).into_any()),
            "bbox" => boxes(py, &s.bbox),
            "covariance_eigvals" => {
                let v = (0..s.len()).map(|i| {
                    let c =
                        Covariance { xx: s.covariance_xx[i], xy: s.covariance_xy[i], yy: s.covariance_yy[i] };
                    if c.is_finite() { c.eigenvalues().into() } else { [f64::NAN; 2] }
                });
                Ok(Array2::from(v.collect::<Vec<[f64; 2]>>()).into_pyarray(py).into_any())
            }
            "moments" => matrices(py, moments.iter().map(|m| m.raw).collect()),
            "moments_central" => matrices(py, moments.iter().map(|m| m.central).collect()),
            "inertia_tensor" => matrices(py, moments.iter().map(|m| m.inertia_tensor()).collect()),
            other => Err(PyKeyError::new_err(format!("no statistic '{other}'"))),
        }
    }
}

fn matrices<const N: usize>(py: Python<'_>, v: Vec<[[f64; N]; N]>) -> PyResult<Bound<'_, PyAny>> {
    Ok(Array3::from(v).into_pyarray(py).into_any())
}

/// Every statistic at every position.
#[pyfunction]
fn statistics(
    py: Python<'_>,
    image: ImageArg,
    positions: PyReadonlyArray2<'_, f64>,
    shape: ShapeArg,
    sigma_clip: Option<ClipArg>,
    method: &str,
    subpixels: usize,
    ddof: usize,
    local_bkg: Option<PyReadonlyArray1<'_, f64>>,
    neighbors: Option<NeighborArg>,
    n_threads: Option<i64>,
) -> PyResult<NativeStatistics> {
    let positions = points(&positions)?;
    let config = StatsConfig {
        sigma_clip: clip_of(sigma_clip),
        sum_method: overlap(method, subpixels)?,
        local_background: local_bkg.map(|b| doubles(&b)),
        ddof,
        moments: true,
        exec: work::exec(n_threads)?,
        ..Default::default()
    };
    let neighbor_method = neighbors.as_ref().map(|n| method_of(&n.2)).transpose()?;
    let inner = work::run(py, move || {
        Ok::<_, Error>(with_image!(image, |im| match (&neighbors, neighbor_method) {
            (Some((segm, labels, _)), Some(method)) => {
                let n = Neighbors::new(segm.view(), labels, method);
                ApertureStats::measure_with_neighbors(im, &positions, &shape.0, &n, &config)?
            }
            _ => ApertureStats::measure(im, &positions, &shape.0, &config)?,
        }))
    })?;
    Ok(NativeStatistics { inner })
}

/// `(bbox, data, data_sum, error_sum)` of one source, or None where there is no overlap.
#[pyfunction]
fn statistics_cutout<'py>(
    py: Python<'py>,
    image: ImageArg,
    position: (f64, f64),
    shape: ShapeArg,
    sigma_clip: Option<ClipArg>,
    method: &str,
    subpixels: usize,
    local_bkg: Option<f64>,
    neighbors: Option<NeighborArg>,
) -> PyResult<Option<Bound<'py, PyDict>>> {
    let config = StatsConfig {
        sigma_clip: clip_of(sigma_clip),
        sum_method: overlap(method, subpixels)?,
        local_background: local_bkg.map(|b| vec![b]),
        ..Default::default()
    };
    let neighbor_method = neighbors.as_ref().map(|n| method_of(&n.2)).transpose()?;
    let at = Point { x: position.0, y: position.1 };
    let cut = work::run(py, move || {
        let around = match (&neighbors, neighbor_method) {
            (Some((segm, labels, _)), Some(method)) => Some(Neighbors::new(segm.view(), labels, method)),
            _ => None,
        };
        Ok::<_, Error>(with_image!(image, |im| aperture_cutout(im, at, &shape.0, around.as_ref(), &config)?))
    })?;
    let Some(cut) = cut else { return Ok(None) };
    let d = PyDict::new(py);
    let b = cut.bbox;
    d.set_item("bbox", (b.x_min, b.x_max, b.y_min, b.y_max))?;
    d.set_item("data", cut.data.into_pyarray(py))?;
    d.set_item("data_sum", cut.data_sum.into_pyarray(py))?;
    d.set_item("error_sum", cut.error_sum.map(|e| e.into_pyarray(py)))?;
    Ok(Some(d))
}

fn boxes<'py>(py: Python<'py>, boxes: &[BoundingBox]) -> PyResult<Bound<'py, PyAny>> {
    let v: Vec<i64> = boxes.iter().flat_map(|b| [b.x_min, b.x_max, b.y_min, b.y_max]).collect();
    Ok(Array2::from_shape_vec((boxes.len(), 4), v).map_err(value_error)?.into_pyarray(py).into_any())
}

/// `(n, 4)` edges `ixmin, ixmax, iymin, iymax`.
#[pyfunction]
fn aperture_bboxes<'py>(
    py: Python<'py>,
    positions: PyReadonlyArray2<'py, f64>,
    shape: ShapeArg,
) -> PyResult<Bound<'py, PyAny>> {
    let b: Vec<BoundingBox> = points(&positions)?.into_iter().map(|p| shape.0.bbox(p)).collect();
    boxes(py, &b)
}

#[pyfunction]
fn aperture_area(shape: ShapeArg) -> f64 {
    shape.0.area()
}

/// `(weights, bbox)` of the aperture at one position.
#[pyfunction]
fn aperture_mask<'py>(
    py: Python<'py>,
    position: (f64, f64),
    shape: ShapeArg,
    method: &str,
    subpixels: usize,
) -> PyResult<(Bound<'py, PyAny>, Edges)> {
    let at = Point { x: position.0, y: position.1 };
    let mask = ApertureMask::new(&shape.0, at, overlap(method, subpixels)?).map_err(value_error)?;
    let b = mask.bbox();
    Ok((mask.data().to_owned().into_pyarray(py).into_any(), (b.x_min, b.x_max, b.y_min, b.y_max)))
}

#[pyfunction]
fn aperture_area_overlap<'py>(
    py: Python<'py>,
    image: ImageArg,
    positions: PyReadonlyArray2<'py, f64>,
    shape: ShapeArg,
    method: &str,
    subpixels: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let positions = points(&positions)?;
    let method = overlap(method, subpixels)?;
    let area = work::run(py, move || {
        Ok::<_, Error>(with_image!(image, |im| area_overlap(im, &positions, &shape.0, method)?))
    })?;
    Ok(area.into_pyarray(py).into_any())
}

/// The polygon that stands for a circle, an ellipse or a rectangle: offsets of its vertices.
#[pyfunction]
fn shape_to_polygon<'py>(py: Python<'py>, shape: ShapeArg, n: usize) -> PyResult<Bound<'py, PyAny>> {
    let polygon = match &shape.0 {
        PixelShape::Circle(s) => s.to_polygon(n),
        PixelShape::Ellipse(s) => s.to_polygon(n),
        PixelShape::Rectangle(s) => s.to_polygon(),
        _ => return Err(value_error("this aperture has no polygon")),
    };
    offsets(py, polygon.map_err(value_error)?.offsets())
}

/// The offsets of a polygon as it is kept: counter-clockwise.
#[pyfunction]
fn polygon_offsets<'py>(py: Python<'py>, shape: ShapeArg) -> PyResult<Bound<'py, PyAny>> {
    match &shape.0 {
        PixelShape::Polygon(p) => offsets(py, p.offsets()),
        _ => Err(value_error("not a polygon")),
    }
}

/// Offsets of the vertices of a regular polygon.
#[pyfunction]
fn regular_polygon<'py>(py: Python<'py>, n: usize, radius: f64, theta: f64) -> PyResult<Bound<'py, PyAny>> {
    let p = skyphot::aperture::PolygonAperture::regular(n, radius, theta).map_err(value_error)?;
    offsets(py, p.offsets())
}

/// `(x, y)` of the position and the offsets of a polygon given by its vertices.
#[pyfunction]
fn polygon_from_vertices<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
) -> PyResult<((f64, f64), Bound<'py, PyAny>)> {
    let (c, p) =
        skyphot::aperture::PolygonAperture::from_vertices(&points(&vertices)?).map_err(value_error)?;
    Ok(((c.x, c.y), offsets(py, p.offsets())?))
}

/// Perimeter and, of a regular polygon, radius, theta, inner radius, side and angles.
#[pyfunction]
fn polygon_properties<'py>(py: Python<'py>, shape: ShapeArg) -> PyResult<Bound<'py, PyDict>> {
    let PixelShape::Polygon(p) = &shape.0 else { return Err(value_error("not a polygon")) };
    measures(py, p.perimeter(), p.as_regular())
}

pub(crate) fn measures(
    py: Python<'_>,
    perimeter: f64,
    regular: Option<RegularPolygon>,
) -> PyResult<Bound<'_, PyDict>> {
    let d = PyDict::new(py);
    d.set_item("perimeter", perimeter)?;
    if let Some(r) = regular {
        d.set_item("outer_radius", r.outer_radius)?;
        d.set_item("inner_radius", r.inner_radius())?;
        d.set_item("side_length", r.side_length())?;
        d.set_item("interior_angle", r.interior_angle())?;
        d.set_item("exterior_angle", r.exterior_angle())?;
        d.set_item("theta", r.theta)?;
    }
    Ok(d)
}

pub(crate) fn offsets<'py>(py: Python<'py>, points: &[Point]) -> PyResult<Bound<'py, PyAny>> {
    let v: Vec<f64> = points.iter().flat_map(|p| [p.x, p.y]).collect();
    Ok(Array2::from_shape_vec((points.len(), 2), v).map_err(value_error)?.into_pyarray(py).into_any())
}

/// The legend of the flags: `(bit value, name, short text, long text)`.
#[pyfunction]
fn aperture_flags() -> Vec<(u32, &'static str, &'static str, &'static str)> {
    ApertureFlags::LEGEND.iter().map(|f| (f.value, f.name, f.short, f.long)).collect()
}

/// A box around floating-point edges.
#[pyfunction]
fn bbox_from_float(xmin: f64, xmax: f64, ymin: f64, ymax: f64) -> (i64, i64, i64, i64) {
    let b = BoundingBox::from_float(xmin, xmax, ymin, ymax);
    (b.x_min, b.x_max, b.y_min, b.y_max)
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<NativeStatistics>()?;
    m.add_function(wrap_pyfunction!(photometry, m)?)?;
    m.add_function(wrap_pyfunction!(statistics, m)?)?;
    m.add_function(wrap_pyfunction!(statistics_cutout, m)?)?;
    m.add_function(wrap_pyfunction!(aperture_bboxes, m)?)?;
    m.add_function(wrap_pyfunction!(aperture_area, m)?)?;
    m.add_function(wrap_pyfunction!(aperture_mask, m)?)?;
    m.add_function(wrap_pyfunction!(aperture_area_overlap, m)?)?;
    m.add_function(wrap_pyfunction!(shape_to_polygon, m)?)?;
    m.add_function(wrap_pyfunction!(polygon_offsets, m)?)?;
    m.add_function(wrap_pyfunction!(regular_polygon, m)?)?;
    m.add_function(wrap_pyfunction!(polygon_from_vertices, m)?)?;
    m.add_function(wrap_pyfunction!(polygon_properties, m)?)?;
    m.add_function(wrap_pyfunction!(aperture_flags, m)?)?;
    m.add_function(wrap_pyfunction!(bbox_from_float, m)?)
}
