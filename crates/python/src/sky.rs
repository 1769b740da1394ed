//! Apertures between pixels and sky through two Python functions.

use numpy::{IntoPyArray, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use skyphot::aperture::{PixelShape, SkyAperture, SkyShape, sky_orientation};
use skyphot::core::{Point, SkyCoord, SkyTransform};

use crate::aperture::{measures, offsets};
use crate::shapes::{Described, Description, ShapeArg};
use crate::work::value_error;

/// `to_sky(x, y) -> lon, lat` and `to_pixel(lon, lat) -> x, y`, degrees.
pub(crate) struct Callbacks {
    pub(crate) to_sky: Py<PyAny>,
    pub(crate) to_pixel: Py<PyAny>,
}

impl Callbacks {
    fn call(f: &Py<PyAny>, a: f64, b: f64) -> Option<(f64, f64)> {
        Python::attach(|py| f.call1(py, (a, b)).ok()?.extract::<(f64, f64)>(py).ok())
            .filter(|(a, b)| a.is_finite() && b.is_finite())
    }
}

impl SkyTransform for Callbacks {
    fn pixel_to_sky(&self, p: Point) -> Option<SkyCoord> {
        Self::call(&self.to_sky, p.x, p.y).map(|(lon, lat)| SkyCoord { lon, lat })
    }

    fn sky_to_pixel(&self, s: SkyCoord) -> Option<Point> {
        Self::call(&self.to_pixel, s.lon, s.lat).map(|(x, y)| Point { x, y })
    }
}

/// The shape on the sky (arcseconds, radians) of a shape at a pixel.
#[pyfunction]
fn shape_to_sky(
    shape: ShapeArg,
    at: (f64, f64),
    to_sky: Py<PyAny>,
    to_pixel: Py<PyAny>,
    as_ellipse: bool,
) -> PyResult<Description> {
    let wcs = Callbacks { to_sky, to_pixel };
    let at = Point { x: at.0, y: at.1 };
    let on_sky: SkyShape = match (&shape.0, as_ellipse) {
        (PixelShape::Circle(s), true) => s.to_sky_ellipse(&wcs, at).map_err(value_error)?.1.into(),
        (PixelShape::CircularAnnulus(s), true) => s.to_sky_ellipse(&wcs, at).map_err(value_error)?.1.into(),
        (s, _) => s.to_sky(&wcs, at).map_err(value_error)?.1,
    };
    on_sky.description()
}

/// The shape in pixels of a shape (arcseconds, radians) at a direction (degrees).
#[pyfunction]
fn shape_to_pixel(
    shape: ShapeArg<SkyShape>,
    at: (f64, f64),
    to_sky: Py<PyAny>,
    to_pixel: Py<PyAny>,
    as_ellipse: bool,
) -> PyResult<Description> {
    let wcs = Callbacks { to_sky, to_pixel };
    let at = SkyCoord { lon: at.0, lat: at.1 };
    let in_pixels: PixelShape = match (shape.0, as_ellipse) {
        (SkyShape::Circle(s), true) => s.to_pixel_ellipse(&wcs, at).map_err(value_error)?.1.into(),
        (SkyShape::CircularAnnulus(s), true) => s.to_pixel_ellipse(&wcs, at).map_err(value_error)?.1.into(),
        (s, _) => s.to_pixel(&wcs, at).map_err(value_error)?.1,
    };
    in_pixels.description()
}

/// The polygon that stands for a circle, an ellipse or a rectangle on the sky: offsets of its vertices.
#[pyfunction]
fn sky_shape_to_polygon<'py>(
    py: Python<'py>,
    shape: ShapeArg<SkyShape>,
    n: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let polygon = match shape.0 {
        SkyShape::Circle(s) => s.to_polygon(n),
        SkyShape::Ellipse(s) => s.to_polygon(n),
        SkyShape::Rectangle(s) => s.to_polygon(),
        _ => return Err(value_error("this aperture has no polygon")),
    };
    offsets(py, polygon.map_err(value_error)?.offsets())
}

/// As `polygon_properties`, of a polygon on the sky.
#[pyfunction]
fn sky_polygon_properties(py: Python<'_>, shape: ShapeArg<SkyShape>) -> PyResult<Bound<'_, PyDict>> {
    match shape.0 {
        SkyShape::Polygon(p) => measures(py, p.perimeter(), p.as_regular()),
        _ => Err(value_error("not a polygon")),
    }
}

/// Position angles (degrees from north to east) of the major axes of covariances `xx, xy, yy` at pixels `x, y`: rows of
/// five numbers.
#[pyfunction]
fn sky_orientations<'py>(
    py: Python<'py>,
    sources: PyReadonlyArray2<'py, f64>,
    to_sky: Py<PyAny>,
    to_pixel: Py<PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let a = sources.as_array();
    if a.ncols() != 5 {
        return Err(value_error(format!("sources must have five columns, found {}", a.ncols())));
    }
    let wcs = Callbacks { to_sky, to_pixel };
    let rows = a.rows().into_iter();
    let angles: Vec<f64> =
        rows.map(|r| sky_orientation(&wcs, Point { x: r[0], y: r[1] }, [r[2], r[3], r[4]])).collect();
    Ok(angles.into_pyarray(py).into_any())
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(sky_orientations, m)?)?;
    m.add_function(wrap_pyfunction!(sky_shape_to_polygon, m)?)?;
    m.add_function(wrap_pyfunction!(sky_polygon_properties, m)?)?;
    m.add_function(wrap_pyfunction!(shape_to_sky, m)?)?;
    m.add_function(wrap_pyfunction!(shape_to_pixel, m)?)
}
