//! `skyphot.wcs`: world coordinate systems and catalogues on the sky.

use std::sync::Arc;

use numpy::{IntoPyArray, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use skyphot::Error;
use skyphot::core::{Exec, HeaderView, Point, SkyCoord, SkyTransform};
use skyphot::io::Header;
use skyphot::pipeline::AnyWcs;
use skyphot::wcs::sky::{
    CatalogMatch, CrossMatchConfig, cross_match_sky, match_to_catalog_sky, search_around_sky,
};
use skyphot::wcs::{
    GwcsSipConfig, LookupKind, LookupReference, LookupTable, LookupTables, PointStatus, SkyFrame, SkyWcs,
    Wcs, WcsCard, WcsValue,
};

use crate::image::Held;
use crate::table::doubles;
use crate::work::{self, value_error};

/// A table of a distortion: EXTNAME, EXTVER, its header and its values.
type Extension = (String, i64, String, Held<f64>);

/// Longitudes, latitudes (or x and y) and what became of each position.
type Columns<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>);

/// A system of either kind.
#[pyclass(frozen, module = "skyphot._core")]
#[derive(Debug, Clone)]
pub(crate) struct NativeWcs {
    wcs: Arc<SkyWcs>,
    shape: Option<(usize, usize)>,
}

impl NativeWcs {
    pub(crate) fn new(wcs: impl Into<SkyWcs>, shape: Option<(usize, usize)>) -> Self {
        let wcs = wcs.into();
        let shape = shape.or_else(|| wcs.shape());
        Self { wcs: Arc::new(wcs), shape }
    }

    pub(crate) fn of_any(wcs: AnyWcs) -> PyResult<Self> {
        match wcs {
            AnyWcs::Fits { wcs, shape, .. } => Ok(Self::new(*wcs, shape)),
            AnyWcs::Gwcs { wcs, .. } => Ok(Self::new(*wcs, None)),
            other => Err(value_error(format!("no use for the system {other:?}"))),
        }
    }

    pub(crate) fn transform(&self) -> Box<dyn SkyTransform> {
        match self.wcs.as_ref() {
            SkyWcs::Gwcs(w) => w.clone(),
            SkyWcs::Fits(w) => w.clone(),
            _ => Box::new(NoSky),
        }
    }

    fn fits(&self) -> PyResult<&Wcs> {
        match self.wcs.as_ref() {
            SkyWcs::Fits(w) => Ok(w),
            _ => Err(value_error("this is the system of a GWCS, which has no FITS keywords")),
        }
    }

    /// The FITS system itself, or the TAN-SIP that stands in for a GWCS.
    fn cards(&self, max_pix_error: f64) -> PyResult<Vec<WcsCard>> {
        match self.wcs.as_ref() {
            SkyWcs::Fits(w) => Ok(w.to_cards()),
            SkyWcs::Gwcs(w) => {
                let config = GwcsSipConfig { max_pix_error, ..GwcsSipConfig::default() };
                Ok(w.to_fits_sip(&config).map_err(value_error)?.to_cards())
            }
            other => Err(value_error(format!("no keywords for {other:?}"))),
        }
    }
}

/// The map of a system of no known kind.
#[derive(Debug)]
struct NoSky;

impl SkyTransform for NoSky {
    fn pixel_to_sky(&self, _: Point) -> Option<SkyCoord> {
        None
    }

    fn sky_to_pixel(&self, _: SkyCoord) -> Option<Point> {
        None
    }
}

fn header_of(text: &str) -> Header {
    Header::parse(text.as_bytes())
}

#[pymethods]
impl NativeWcs {
    /// From the 80-character records of a header; `key` is blank or A to Z.
    #[staticmethod]
    fn from_header(text: &str, key: Option<char>, extensions: Vec<Extension>) -> PyResult<Self> {
        let header = header_of(text);
        let mut tables = LookupTables::default();
        for r in LookupReference::find(header.entries()) {
            let Some(e) = extensions.iter().find(|e| e.0 == r.extname() && e.1 == r.extver) else { continue };
            let view = e.3.view();
            let view = if r.transposed { view.reversed_axes() } else { view };
            let table = Some(LookupTable::from_header(view, &header_of(&e.2)).map_err(value_error)?);
            match r.kind {
                LookupKind::D2im => tables.d2im[r.axis - 1] = table,
                LookupKind::Cpdis => tables.cpdis[r.axis - 1] = table,
            }
        }
        Ok(Self::new(Wcs::from_header_with(&header, key, tables).map_err(value_error)?, None))
    }

    /// From `FILE` or `FILE[EXT]`.
    #[staticmethod]
    fn from_file(py: Python<'_>, file: String, key: Option<char>) -> PyResult<Self> {
        Self::of_any(work::run(py, move || AnyWcs::open(&file, key))?)
    }

    /// What it says about itself.
    fn info<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let d = PyDict::new(py);
        d.set_item("frame", self.wcs.frame().map(frame))?;
        d.set_item("shape", self.shape)?;
        let warnings = PyList::empty(py);
        match self.wcs.as_ref() {
            SkyWcs::Fits(w) => {
                d.set_item("kind", "fits")?;
                let cards = w.to_cards();
                let first = cards.iter().find(|c| c.key.starts_with("CTYPE1")).map(|c| &c.value);
                let [lon, lat] = w.ctype();
                d.set_item(
                    "latitude_first",
                    matches!(first, Some(WcsValue::Text(t)) if *t == lat && lon != lat),
                )?;
                d.set_item("ctype", (lon, lat))?;
                d.set_item("crpix", w.crpix())?;
                d.set_item("crval", (w.crval().lon, w.crval().lat))?;
                d.set_item("cd", w.cd())?;
                d.set_item("poles", w.poles())?;
                d.set_item("radesys", w.radesys())?;
                d.set_item("equinox", w.equinox())?;
                d.set_item("name", w.name())?;
                d.set_item("sip_order", w.sip().map(|s| s.order()))?;
                d.set_item("has_distortion", w.has_distortion())?;
                for text in w.warnings() {
                    warnings.append(text.to_string())?;
                }
            }
            SkyWcs::Gwcs(w) => {
                d.set_item("kind", "gwcs")?;
                d.set_item("latitude_first", false)?;
                d.set_item("name", w.name())?;
                d.set_item("frames", w.frames().iter().map(|f| f.name().to_owned()).collect::<Vec<_>>())?;
                d.set_item("bounds", w.bounding_box().map(|b| (b.x(), b.y())))?;
                d.set_item("has_inverse", w.has_inverse())?;
            }
            other => return Err(value_error(format!("no words for {other:?}"))),
        }
        d.set_item("warnings", warnings)?;
        Ok(d)
    }

    /// `lon, lat, status`; without `all` the distortions are left out.
    fn to_sky<'py>(
        &self,
        py: Python<'py>,
        x: PyReadonlyArray1<'py, f64>,
        y: PyReadonlyArray1<'py, f64>,
        all: bool,
        n_threads: Option<i64>,
    ) -> PyResult<Columns<'py>> {
        let (wcs, exec) = (Arc::clone(&self.wcs), work::exec(n_threads)?);
        let points: Vec<Point> =
            doubles(&x).into_iter().zip(doubles(&y)).map(|(x, y)| Point { x, y }).collect();
        let out = work::run(py, move || {
            Ok::<_, Error>(match (wcs.as_ref(), all) {
                (SkyWcs::Fits(w), false) => w.wcs_pix2world(&points, &exec),
                (w, _) => w.all_pix2world(&points, &exec),
            })
        })?;
        let (lon, lat): (Vec<f64>, Vec<f64>) = out.sky.iter().map(|s| (s.lon, s.lat)).unzip();
        Ok(columns(py, lon, lat, &out.status))
    }

    /// `x, y, status`; without `all` the distortions are left out.
    fn to_pixels<'py>(
        &self,
        py: Python<'py>,
        lon: PyReadonlyArray1<'py, f64>,
        lat: PyReadonlyArray1<'py, f64>,
        all: bool,
        n_threads: Option<i64>,
    ) -> PyResult<Columns<'py>> {
        let (wcs, exec) = (Arc::clone(&self.wcs), work::exec(n_threads)?);
        let sky = directions(&lon, &lat);
        let out = work::run(py, move || {
            Ok::<_, Error>(match (wcs.as_ref(), all) {
                (SkyWcs::Fits(w), false) => w.wcs_world2pix(&sky, &exec),
                (w, _) => w.all_world2pix(&sky, &exec),
            })
        })?;
        let (x, y): (Vec<f64>, Vec<f64>) = out.points.iter().map(|p| (p.x, p.y)).unzip();
        Ok(columns(py, x, y, &out.status))
    }

    /// Scales of the projection plane at the reference pixel, degrees, and the area there, square degrees.
    fn plane_scales(&self) -> PyResult<([f64; 2], f64)> {
        let w = self.fits()?;
        Ok((w.proj_plane_pixel_scales(), w.proj_plane_pixel_area()))
    }

    /// Side of a pixel in degrees and the angle of its +y axis, at a position; None where there is no sky.
    fn local(&self, x: f64, y: f64) -> (Option<f64>, Option<f64>) {
        let p = Point { x, y };
        (self.wcs.pixel_scale(p), self.wcs.position_angle(p))
    }

    /// Corners of an image of `(ny, nx)`, `(4, 2)` degrees.
    fn footprint(&self, shape: (usize, usize), centers: bool) -> Vec<[f64; 2]> {
        self.wcs.footprint(shape, centers).iter().map(|s| [s.lon, s.lat]).collect()
    }

    /// Area of every pixel over that at the reference pixel.
    fn area_map<'py>(
        &self,
        py: Python<'py>,
        shape: (usize, usize),
        n_threads: Option<i64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let exec = work::exec(n_threads)?;
        let w = self.fits()?.clone();
        let map = work::run(py, move || Ok::<_, Error>(w.pixel_area_map(shape, &exec)))?;
        Ok(map.into_pyarray(py).into_any())
    }

    /// The system of an image whose pixel (0, 0) is pixel `(x0, y0)` of this one.
    fn shifted(&self, x0: f64, y0: f64, shape: Option<(usize, usize)>) -> PyResult<Self> {
        let mut w = self.fits()?.shifted(x0, y0);
        if let Some(shape) = shape {
            w = w.with_shape(shape);
        }
        Ok(Self::new(w, shape))
    }

    /// The system of an image of blocks of pixels.
    fn binned(&self, bx: f64, by: f64) -> PyResult<Self> {
        Ok(Self::new(self.fits()?.binned(bx, by).map_err(value_error)?, None))
    }

    /// `(keyword, value, comment)`; of a GWCS those of the TAN-SIP that stands in for it.
    fn to_cards<'py>(&self, py: Python<'py>, max_pix_error: f64) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for c in self.cards(max_pix_error)? {
            match c.value {
                WcsValue::Text(v) => list.append((c.key, v, c.comment))?,
                WcsValue::Integer(v) => list.append((c.key, v, c.comment))?,
                WcsValue::Number(v) => list.append((c.key, v, c.comment))?,
            }
        }
        Ok(list)
    }
}

fn columns<'py>(py: Python<'py>, a: Vec<f64>, b: Vec<f64>, status: &[PointStatus]) -> Columns<'py> {
    let status: Vec<u8> = status
        .iter()
        .map(|s| match s {
            PointStatus::Ok => 0,
            PointStatus::NotFinite => 1,
            PointStatus::OutsideProjection => 2,
            PointStatus::OutsideBoundingBox => 3,
            _ => 4,
        })
        .collect();
    (a.into_pyarray(py).into_any(), b.into_pyarray(py).into_any(), status.into_pyarray(py).into_any())
}

/// `("fk5", 2000.0)` and so on.
fn frame(f: SkyFrame) -> (&'static str, Option<f64>) {
    match f {
        SkyFrame::Fk5 { equinox } => ("fk5", Some(equinox)),
        SkyFrame::Fk4 { equinox } => ("fk4", Some(equinox)),
        SkyFrame::Fk4NoETerms { equinox } => ("fk4noeterms", Some(equinox)),
        SkyFrame::Galactic => ("galactic", None),
        SkyFrame::Ecliptic { equinox } => ("barycentricmeanecliptic", Some(equinox)),
        _ => ("icrs", None),
    }
}

pub(crate) fn directions(lon: &PyReadonlyArray1<'_, f64>, lat: &PyReadonlyArray1<'_, f64>) -> Vec<SkyCoord> {
    doubles(lon).into_iter().zip(doubles(lat)).map(|(lon, lat)| SkyCoord { lon, lat }).collect()
}

/// The numbers of the entries (-1: none), the distances in degrees and whether another entry was as good.
fn matched<'py>(py: Python<'py>, m: CatalogMatch) -> Columns<'py> {
    let index: Vec<i64> = m.index.iter().map(|i| i.map_or(-1, |i| i as i64)).collect();
    (
        index.into_pyarray(py).into_any(),
        m.separation.into_pyarray(py).into_any(),
        m.ambiguous.into_pyarray(py).into_any(),
    )
}

#[pyfunction]
#[pyo3(name = "match_to_catalog_sky")]
fn match_sky<'py>(
    py: Python<'py>,
    positions: (PyReadonlyArray1<'py, f64>, PyReadonlyArray1<'py, f64>),
    catalog: (PyReadonlyArray1<'py, f64>, PyReadonlyArray1<'py, f64>),
    nth: usize,
    n_threads: Option<i64>,
) -> PyResult<Columns<'py>> {
    let (a, b) = (directions(&positions.0, &positions.1), directions(&catalog.0, &catalog.1));
    let exec = work::exec(n_threads)?;
    Ok(matched(py, work::run(py, move || match_to_catalog_sky(&a, &b, nth, &exec))?))
}

#[pyfunction]
#[pyo3(name = "cross_match_sky")]
fn cross_sky<'py>(
    py: Python<'py>,
    positions: (PyReadonlyArray1<'py, f64>, PyReadonlyArray1<'py, f64>),
    catalog: (PyReadonlyArray1<'py, f64>, PyReadonlyArray1<'py, f64>),
    radius: f64,
    mutual: bool,
    n_threads: Option<i64>,
) -> PyResult<Columns<'py>> {
    let (a, b) = (directions(&positions.0, &positions.1), directions(&catalog.0, &catalog.1));
    let exec: Exec = work::exec(n_threads)?;
    let config = CrossMatchConfig { radius, mutual, exec };
    Ok(matched(py, work::run(py, move || cross_match_sky(&a, &b, &config))?))
}

#[pyfunction]
#[pyo3(name = "search_around_sky")]
fn around_sky<'py>(
    py: Python<'py>,
    first: (PyReadonlyArray1<'py, f64>, PyReadonlyArray1<'py, f64>),
    second: (PyReadonlyArray1<'py, f64>, PyReadonlyArray1<'py, f64>),
    radius: f64,
    n_threads: Option<i64>,
) -> PyResult<Columns<'py>> {
    let (a, b) = (directions(&first.0, &first.1), directions(&second.0, &second.1));
    let exec = work::exec(n_threads)?;
    let pairs = work::run(py, move || search_around_sky(&a, &b, radius, &exec))?;
    let whole =
        |v: Vec<usize>| v.into_iter().map(|i| i as i64).collect::<Vec<_>>().into_pyarray(py).into_any();
    Ok((whole(pairs.first), whole(pairs.second), pairs.separation.into_pyarray(py).into_any()))
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<NativeWcs>()?;
    m.add_function(wrap_pyfunction!(match_sky, m)?)?;
    m.add_function(wrap_pyfunction!(cross_sky, m)?)?;
    m.add_function(wrap_pyfunction!(around_sky, m)?)
}
