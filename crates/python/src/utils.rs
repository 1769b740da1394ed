//! `skyphot.utils`.

use ndarray::Array1;
use numpy::{IntoPyArray, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use skyphot::Error;
use skyphot::background::ShepardIdw;
use skyphot::core::{Point, SkyCoord, SkyTransform};
use skyphot::filter::Footprint;
use skyphot::wcs::{local_jacobian, pixel_area_map};

use crate::table::{doubles, points};
use crate::wcs::{NativeWcs, directions};
use crate::work::{self, value_error};

#[pyfunction]
fn circular_footprint(py: Python<'_>, radius: f64) -> PyResult<Bound<'_, PyAny>> {
    let f = Footprint::circle(radius).map_err(value_error)?;
    Ok(f.data().to_owned().into_pyarray(py).into_any())
}

/// Values at positions; `how` is neighbours, power and regularization. With weights the value is the interpolated product
/// over the interpolated weight, as both have the same sum of the kernel below them.
#[pyfunction]
fn shepard<'py>(
    py: Python<'py>,
    coordinates: PyReadonlyArray2<'py, f64>,
    values: PyReadonlyArray1<'py, f64>,
    weights: Option<PyReadonlyArray1<'py, f64>>,
    positions: PyReadonlyArray2<'py, f64>,
    how: (usize, f64, f64),
) -> PyResult<Bound<'py, PyAny>> {
    let pairs = |a| points(a).map(|v| v.into_iter().map(|p| [p.x, p.y]).collect::<Vec<_>>());
    let (places, at, values) = (pairs(&coordinates)?, pairs(&positions)?, doubles(&values));
    let weights = weights.map(|w| doubles(&w));
    if places.len() != values.len() || weights.as_ref().is_some_and(|w| w.len() != values.len()) {
        return Err(value_error("there must be a value and a weight for each coordinate"));
    }
    let out = work::run(py, move || {
        let interpolate = |places: Vec<[f64; 2]>, values: Vec<f64>| {
            let mut idw = ShepardIdw::new(places, values);
            (idw.n_neighbors, idw.power, idw.regularization) = how;
            at.iter().map(|p| idw.at(*p)).collect::<Array1<f64>>()
        };
        Ok::<_, Error>(match weights {
            Some(w) if how.0 > 1 => {
                let products = values.iter().zip(&w).map(|(v, w)| v * w).collect();
                interpolate(places.clone(), products) / interpolate(places, w)
            }
            _ => interpolate(places, values),
        })
    })?;
    Ok(out.into_pyarray(py).into_any())
}

/// A system of ours, or a function from arrays of x and y to longitudes and latitudes in degrees.
#[derive(FromPyObject)]
enum SkyArg {
    Native(Py<NativeWcs>),
    Function(Py<PyAny>),
}

/// Any system of Python.
#[derive(Debug)]
struct PythonSky(Py<PyAny>);

const NOWHERE: SkyCoord = SkyCoord { lon: f64::NAN, lat: f64::NAN };

impl SkyTransform for PythonSky {
    fn pixel_to_sky(&self, p: Point) -> Option<SkyCoord> {
        let mut sky = [NOWHERE];
        self.pixels_to_sky(&[p], &mut sky);
        Some(sky[0]).filter(|s| s.lon.is_finite() && s.lat.is_finite())
    }

    fn sky_to_pixel(&self, _: SkyCoord) -> Option<Point> {
        None
    }

    fn pixels_to_sky(&self, points: &[Point], sky: &mut [SkyCoord]) {
        let (x, y): (Vec<f64>, Vec<f64>) = points.iter().map(|p| (p.x, p.y)).unzip();
        let found = Python::attach(|py| {
            let (x, y) = (x.into_pyarray(py), y.into_pyarray(py));
            let (lon, lat) = self.0.call1(py, (x, y))?.extract::<Columns<'_>>(py)?;
            Ok::<_, PyErr>(directions(&lon, &lat))
        });
        match found {
            Ok(found) => sky.iter_mut().zip(found).for_each(|(s, f)| *s = f),
            Err(e) => {
                Python::attach(|py| e.write_unraisable(py, None));
                sky.fill(NOWHERE);
            }
        }
    }
}

type Columns<'py> = (PyReadonlyArray1<'py, f64>, PyReadonlyArray1<'py, f64>);

impl SkyArg {
    fn transform(&self) -> Box<dyn SkyTransform> {
        match self {
            Self::Native(w) => w.get().transform(),
            Self::Function(f) => Python::attach(|py| Box::new(PythonSky(f.clone_ref(py)))),
        }
    }
}

/// Areas of pixels in square arcseconds, NaN where there is no sky.
#[pyfunction]
fn pixel_areas<'py>(
    py: Python<'py>,
    wcs: SkyArg,
    x: PyReadonlyArray1<'py, f64>,
    y: PyReadonlyArray1<'py, f64>,
) -> PyResult<Bound<'py, PyAny>> {
    let at: Vec<Point> = doubles(&x).into_iter().zip(doubles(&y)).map(|(x, y)| Point { x, y }).collect();
    let out = work::run(py, move || {
        let wcs = wcs.transform();
        let area = |p: Point| {
            let m = if p.is_finite() { local_jacobian(wcs.as_ref(), p) } else { None };
            m.map_or(f64::NAN, |m| (m[0][0] * m[1][1] - m[0][1] * m[1][0]).abs() / SQUARE_ARCSEC)
        };
        Ok::<_, Error>(at.into_iter().map(area).collect::<Array1<f64>>())
    })?;
    Ok(out.into_pyarray(py).into_any())
}

/// The area of every pixel of an image in square arcseconds.
#[pyfunction]
fn pixel_areas_of_image<'py>(
    py: Python<'py>,
    wcs: SkyArg,
    shape: (usize, usize),
    n_threads: Option<i64>,
) -> PyResult<Bound<'py, PyAny>> {
    let exec = work::exec(n_threads)?;
    let out = work::run(py, move || {
        Ok::<_, Error>(pixel_area_map(wcs.transform().as_ref(), SQUARE_ARCSEC, shape, &exec))
    })?;
    Ok(out.into_pyarray(py).into_any())
}

/// A square arcsecond in square degrees.
const SQUARE_ARCSEC: f64 = 1.0 / (3600.0 * 3600.0);

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(circular_footprint, m)?)?;
    m.add_function(wrap_pyfunction!(shepard, m)?)?;
    m.add_function(wrap_pyfunction!(pixel_areas, m)?)?;
    m.add_function(wrap_pyfunction!(pixel_areas_of_image, m)?)
}
