//! `skyphot.calibration`: magnitudes, fluxes, apertures, zero points.

use ndarray::Array1;
use numpy::{IntoPyArray, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use skyphot::Error;
use skyphot::calibration::{
    ApertureCorrections, ApertureNoise, AsinhMagnitude, Band, ConcentrationCut, EncircledEnergy,
    EnergyInterpolation, FluxScale, FluxUnit, MagnitudeSystem, Reference, ZeroPoint, ZeroPointConfig,
    ZeroPointStatistic, aperture_quality, fit_zero_point, flux_of_magnitude, limiting_magnitude, magnitude,
    magnitude_error, zero_point_of_field,
};
use skyphot::core::{DataQuality, Point};
use skyphot::io::{Header, ImageFile};

use crate::image::Held;
use crate::io::TableArg;
use crate::stats::{ClipArg, clip_of};
use crate::table::{doubles, to_python};
use crate::wcs::directions;
use crate::work::{self, value_error};

type Doubles<'py> = PyReadonlyArray1<'py, f64>;

fn out<'py>(py: Python<'py>, values: Vec<f64>) -> Bound<'py, PyAny> {
    Array1::from_vec(values).into_pyarray(py).into_any()
}

/// Names and one number: `("ab", 0)`, `("maggies", 0)`, `("st", pivot)`, `("vega", AB minus Vega)`.
fn system((name, number): &(String, f64)) -> PyResult<MagnitudeSystem> {
    Ok(match name.as_str() {
        "ab" => MagnitudeSystem::Ab,
        "maggies" => MagnitudeSystem::Maggies,
        "st" => MagnitudeSystem::St { pivot: *number },
        "vega" => MagnitudeSystem::vega(*number),
        other => {
            return Err(value_error(format!(
                "no magnitude system '{other}': expected ab, maggies, st or vega"
            )));
        }
    })
}

/// One of the functions of a flux (or magnitude) and, for errors, of a second column; `p` holds its numbers.
#[pyfunction]
fn photometric<'py>(
    py: Python<'py>,
    what: &str,
    a: Doubles<'py>,
    b: Option<Doubles<'py>>,
    p: (f64, f64),
) -> PyResult<Bound<'py, PyAny>> {
    let a = doubles(&a);
    let b = b.map(|b| doubles(&b)).unwrap_or_default();
    let one = |f: &dyn Fn(f64) -> f64| a.iter().map(|v| f(*v)).collect::<Vec<f64>>();
    let two = |f: &dyn Fn(f64, f64) -> f64| {
        if a.len() == b.len() {
            Ok(a.iter().zip(&b).map(|(v, w)| f(*v, *w)).collect::<Vec<f64>>())
        } else {
            Err(value_error(format!("{} fluxes and {} errors", a.len(), b.len())))
        }
    };
    let asinh = || AsinhMagnitude::new(p.0, p.1).map_err(value_error);
    let values = match what {
        "magnitude" => one(&|v| magnitude(v, p.0)),
        "magnitude_error" => two(&magnitude_error)?,
        "flux" => one(&|v| flux_of_magnitude(v, p.0)),
        "asinh_magnitude" => {
            let m = asinh()?;
            one(&|v| m.magnitude(v))
        }
        "asinh_error" => {
            let m = asinh()?;
            two(&|v, e| m.error(v, e))?
        }
        "asinh_flux" => {
            let m = asinh()?;
            one(&|v| m.flux(v))
        }
        other => return Err(value_error(format!("no function '{other}'"))),
    };
    Ok(out(py, values))
}

/// Janskys to magnitudes of a system, or back.
#[pyfunction]
fn system_magnitude<'py>(
    py: Python<'py>,
    values: Doubles<'py>,
    to: (String, f64),
    back: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let s = system(&to)?;
    let f = |v: &f64| if back { s.jansky(*v) } else { s.magnitude(*v) };
    Ok(out(py, doubles(&values).iter().map(f).collect()))
}

#[pyfunction]
fn convert_flux<'py>(
    py: Python<'py>,
    values: Doubles<'py>,
    from_: &str,
    to: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let unit = |t: &str| t.parse::<FluxUnit>().map_err(value_error);
    let (from, to) = (unit(from_)?, unit(to)?);
    Ok(out(py, doubles(&values).iter().map(|v| to.from_jansky(from.to_jansky(*v))).collect()))
}

/// `jansky per unit, where it is from, what was assumed`; `how` names the constructor, `p` holds its numbers.
#[pyfunction]
fn flux_scale(how: &str, p: Vec<f64>, text: &str, to: (String, f64)) -> PyResult<(f64, String, Vec<String>)> {
    let scale = match (how, p.as_slice()) {
        ("jansky", [v]) => FluxScale::new(*v),
        ("surface_brightness", [b, area]) => FluxScale::from_surface_brightness(*b, *area),
        ("zero_point", [z]) => FluxScale::from_zero_point(*z, system(&to)?),
        ("photflam", [f, pivot]) => FluxScale::from_photflam(*f, *pivot),
        ("exposure_time", [v, time]) => FluxScale::new(*v).and_then(|s| s.per_exposure_time(*time)),
        ("header", area) => FluxScale::from_header(&Header::parse(text.as_bytes()), area.first().copied()),
        ("file", _) => match ImageFile::open(text).map_err(|e| crate::io::io_error(&e))? {
            ImageFile::Asdf(f) => FluxScale::from_tree(f.tree()),
            ImageFile::Fits(f) => {
                let hdu = f.image_hdu(&Default::default()).map_err(|e| crate::io::io_error(&e))?;
                FluxScale::from_header(&hdu.header, None)
            }
            _ => return Err(value_error("neither FITS nor ASDF")),
        },
        (how, p) => return Err(value_error(format!("no flux scale '{how}' of {} numbers", p.len()))),
    }
    .map_err(value_error)?;
    Ok((scale.jansky_per_unit(), scale.source().to_owned(), scale.assumed().to_vec()))
}

#[pyfunction]
fn scale_zero_point(jansky_per_unit: f64, to: (String, f64)) -> PyResult<f64> {
    Ok(FluxScale::new(jansky_per_unit).map_err(value_error)?.zero_point(system(&to)?))
}

/// Rows of a table of aperture corrections: fraction, radius, correction, sky annulus.
#[pyfunction]
fn aperture_corrections(table: TableArg<'_>, select: Vec<(String, String)>) -> PyResult<Vec<[f64; 5]>> {
    let select: Vec<(&str, &str)> = select.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let c = ApertureCorrections::from_table(&table.table()?, &select).map_err(value_error)?;
    Ok(c.rows().iter().map(|r| [r.ee_fraction, r.radius, r.correction, r.sky_in, r.sky_out]).collect())
}

#[pyfunction]
fn aperture_correction_at(
    table: TableArg<'_>,
    select: Vec<(String, String)>,
    radii: Vec<f64>,
) -> PyResult<Vec<f64>> {
    let select: Vec<(&str, &str)> = select.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let c = ApertureCorrections::from_table(&table.table()?, &select).map_err(value_error)?;
    Ok(radii.into_iter().map(|r| c.at_radius(r)).collect())
}

/// A curve of the encircled energy.
#[pyclass(frozen, module = "skyphot._core")]
struct NativeEncircledEnergy(EncircledEnergy);

#[pymethods]
impl NativeEncircledEnergy {
    /// Fractions at radii, or with `total` sums of a curve of growth.
    #[new]
    fn new(radius: Doubles<'_>, value: Doubles<'_>, total: Option<f64>, cubic: bool) -> PyResult<Self> {
        let how = if cubic { EnergyInterpolation::Pchip } else { EnergyInterpolation::Linear };
        let (r, v) = (doubles(&radius), doubles(&value));
        let curve = match total {
            Some(t) => EncircledEnergy::from_curve_of_growth(&r, &v, t, how),
            None => EncircledEnergy::new(&r, &v, how),
        };
        curve.map(Self).map_err(value_error)
    }

    /// `at`, `correction` or `radius` of each value.
    fn evaluate<'py>(&self, py: Python<'py>, what: &str, values: Doubles<'py>) -> Bound<'py, PyAny> {
        let f = |v: f64| match what {
            "correction" => self.0.correction(v),
            "radius" => self.0.radius(v),
            _ => self.0.at(v),
        };
        out(py, doubles(&values).into_iter().map(f).collect())
    }
}

fn zero_point_config(
    clip: Option<ClipArg>,
    statistic: &str,
    pivot_colour: f64,
    min_sources: usize,
) -> PyResult<ZeroPointConfig> {
    let statistic = match statistic {
        "median" => ZeroPointStatistic::Median,
        "mean" => ZeroPointStatistic::Mean,
        "weighted_mean" => ZeroPointStatistic::WeightedMean,
        other => {
            return Err(value_error(format!(
                "no statistic '{other}': expected median, mean or weighted_mean"
            )));
        }
    };
    let mut config = ZeroPointConfig { statistic, pivot_colour, min_sources, ..Default::default() };
    if let Some(clip) = clip_of(clip) {
        config.clip = clip;
    }
    Ok(config)
}

fn zero_point_dict<'py>(py: Python<'py>, z: ZeroPoint) -> PyResult<Bound<'py, PyDict>> {
    let d = PyDict::new(py);
    d.set_item("value", z.value)?;
    d.set_item("error", z.error)?;
    d.set_item("scatter", z.scatter)?;
    d.set_item("colour_term", z.colour_term)?;
    d.set_item("colour_term_error", z.colour_term_error)?;
    d.set_item("n_used", z.n_used)?;
    d.set_item("n_clipped", z.n_clipped)?;
    d.set_item("residual", out(py, z.residual))?;
    d.set_item("kept", z.kept.into_pyarray(py))?;
    Ok(d)
}

/// The zero point of a list of stars.
#[pyfunction]
fn zero_point<'py>(
    py: Python<'py>,
    instrumental: Doubles<'py>,
    reference: Doubles<'py>,
    errors: Option<Doubles<'py>>,
    colours: Option<Doubles<'py>>,
    select: Option<Vec<bool>>,
    config: (Option<ClipArg>, String, f64, usize),
) -> PyResult<Bound<'py, PyDict>> {
    let (a, b) = (doubles(&instrumental), doubles(&reference));
    let (e, c) = (errors.map(|v| doubles(&v)), colours.map(|v| doubles(&v)));
    let config = zero_point_config(config.0, &config.1, config.2, config.3)?;
    let z = work::run(py, move || {
        fit_zero_point(&a, &b, e.as_deref(), c.as_deref(), select.as_deref(), &config).map_err(Error::from)
    })?;
    zero_point_dict(py, z)
}

/// The zero point of a field, its stars found in a catalogue of references.
#[pyfunction]
#[allow(clippy::too_many_arguments)]
fn zero_point_field<'py>(
    py: Python<'py>,
    sky: (Doubles<'py>, Doubles<'py>),
    instrumental: Doubles<'py>,
    error: Option<Doubles<'py>>,
    select: Option<Vec<bool>>,
    reference: (Doubles<'py>, Doubles<'py>, Doubles<'py>),
    reference_error: Option<Doubles<'py>>,
    reference_colour: Option<Doubles<'py>>,
    radius: f64,
    config: (Option<ClipArg>, String, f64, usize),
    n_threads: Option<i64>,
) -> PyResult<Bound<'py, PyDict>> {
    let sky = directions(&sky.0, &sky.1);
    let (flux, error) = (doubles(&instrumental), error.map(|v| doubles(&v)));
    let (there, magnitude) = (directions(&reference.0, &reference.1), doubles(&reference.2));
    let (re, rc) = (reference_error.map(|v| doubles(&v)), reference_colour.map(|v| doubles(&v)));
    let config = zero_point_config(config.0, &config.1, config.2, config.3)?;
    let exec = work::exec(n_threads)?;
    let z = work::run(py, move || {
        let reference =
            Reference { sky: &there, magnitude: &magnitude, error: re.as_deref(), colour: rc.as_deref() };
        zero_point_of_field(
            &sky,
            &flux,
            error.as_deref(),
            select.as_deref(),
            &reference,
            radius,
            &config,
            &exec,
        )
        .map_err(Error::from)
    })?;
    let index: Vec<i64> = z.reference.iter().map(|r| r.map_or(-1, |i| i as i64)).collect();
    let d = zero_point_dict(py, z.zero_point)?;
    d.set_item("reference", index.into_pyarray(py))?;
    d.set_item("separation", out(py, z.separation))?;
    d.set_item("magnitude", out(py, z.magnitude))?;
    Ok(d)
}

/// Magnitudes of a zero point and, if it has a colour term, of colours; `fit` is its value, colour term and pivot.
#[pyfunction]
fn zero_point_apply<'py>(
    py: Python<'py>,
    instrumental: Doubles<'py>,
    colour: Option<Doubles<'py>>,
    fit: (f64, f64, f64),
) -> PyResult<Bound<'py, PyAny>> {
    let m = doubles(&instrumental);
    let c = colour.map_or_else(|| vec![f64::NAN; m.len()], |c| doubles(&c));
    if m.len() != c.len() {
        return Err(value_error(format!("{} magnitudes and {} colours", m.len(), c.len())));
    }
    let z = ZeroPoint {
        value: fit.0,
        error: f64::NAN,
        scatter: f64::NAN,
        colour_term: fit.1,
        colour_term_error: f64::NAN,
        n_used: 0,
        n_clipped: 0,
        residual: Vec::new(),
        kept: Vec::new(),
    };
    Ok(out(py, m.iter().zip(&c).map(|(m, c)| z.apply(*m, *c, fit.2)).collect()))
}

/// Name, positions in degrees, magnitudes and their errors.
type BandArg<'py> = (String, (Doubles<'py>, Doubles<'py>), Doubles<'py>, Option<Doubles<'py>>);

/// The magnitudes and colours of the sources of the first band.
#[pyfunction]
fn colour_magnitude<'py>(
    py: Python<'py>,
    bands: Vec<BandArg<'py>>,
    radius: f64,
    n_threads: Option<i64>,
) -> PyResult<(Bound<'py, PyList>, Bound<'py, PyDict>)> {
    let bands: Vec<_> = bands
        .iter()
        .map(|(name, (lon, lat), m, e)| {
            (name.clone(), directions(lon, lat), doubles(m), e.as_ref().map(doubles))
        })
        .collect();
    let exec = work::exec(n_threads)?;
    let table = work::run(py, move || {
        let bands: Vec<_> = bands
            .iter()
            .map(|(name, sky, magnitude, error)| Band { name, sky, magnitude, error: error.as_deref() })
            .collect();
        skyphot::calibration::colour_magnitude(&bands, radius, &exec).map_err(Error::from)
    })?;
    to_python(py, table)
}

/// The noise of an aperture: variance of the background, signal to noise of signals, limiting signal.
#[pyfunction]
fn aperture_noise<'py>(
    py: Python<'py>,
    numbers: [f64; 5],
    signals: Doubles<'py>,
    k: f64,
) -> (f64, Bound<'py, PyAny>, f64) {
    let [sky, read_noise, dark, n_pixels, n_sky] = numbers;
    let n = ApertureNoise { sky, read_noise, dark, n_pixels, n_sky };
    let ratios = doubles(&signals).into_iter().map(|s| n.signal_to_noise(s)).collect();
    (n.background_variance(), out(py, ratios), n.limiting_signal(k))
}

#[pyfunction]
#[pyo3(name = "limiting_magnitude")]
fn limit(error: f64, n_sigma: f64, zero_point: f64) -> PyResult<f64> {
    limiting_magnitude(error, n_sigma, zero_point).map_err(value_error)
}

/// Concentrations of pairs of fluxes and, with corners of a cut, whether the source is extended.
#[pyfunction]
fn concentration<'py>(
    py: Python<'py>,
    small: Doubles<'py>,
    large: Doubles<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let (a, b) = (doubles(&small), doubles(&large));
    if a.len() != b.len() {
        return Err(value_error(format!("{} fluxes of one aperture and {} of the other", a.len(), b.len())));
    }
    let pairs = a.iter().zip(&b).map(|(a, b)| skyphot::calibration::concentration_index(*a, *b));
    Ok(out(py, pairs.collect()))
}

#[pyfunction]
fn is_extended(corners: (Vec<f64>, Vec<f64>), index: Vec<f64>, other: Vec<f64>) -> PyResult<Vec<bool>> {
    let cut = ConcentrationCut::new(&corners.0, &corners.1).map_err(value_error)?;
    if index.len() != other.len() {
        return Err(value_error(format!(
            "{} values of one index and {} of the other",
            index.len(),
            other.len()
        )));
    }
    Ok(index.iter().zip(&other).map(|(a, b)| cut.is_extended(*a, *b)).collect())
}

fn legend(name: &str) -> PyResult<DataQuality> {
    match name {
        "jwst" => Ok(DataQuality::jwst()),
        "roman" => Ok(DataQuality::roman()),
        other => Err(value_error(format!("no legend '{other}': expected jwst or roman"))),
    }
}

/// `(bit, name)` of a mission's data quality.
#[pyfunction]
fn dq_definitions(mission: &str) -> PyResult<Vec<(u8, String)>> {
    Ok(legend(mission)?.definitions().iter().map(|d| (d.bit, d.name.clone())).collect())
}

#[pyfunction]
fn dq_decode(mission: &str, value: u64) -> PyResult<Vec<String>> {
    Ok(legend(mission)?.decode(value))
}

#[pyfunction]
fn dq_bits(mission: &str, name: &str) -> PyResult<u64> {
    legend(mission)?.bits_of(name).map_err(value_error)
}

/// Pixels that have other bits than the good ones.
#[pyfunction]
fn dq_mask<'py>(py: Python<'py>, words: Held<u32>, good: u32) -> Bound<'py, PyAny> {
    DataQuality::mask(words.view(), good).into_pyarray(py).into_any()
}

/// The data quality in circles: bits of any pixel, flagged pixels, pixels.
#[pyfunction]
fn dq_apertures<'py>(
    py: Python<'py>,
    words: Held<u32>,
    positions: Vec<(f64, f64)>,
    radius: f64,
    n_threads: Option<i64>,
) -> PyResult<Bound<'py, PyList>> {
    let at: Vec<Point> = positions.into_iter().map(|(x, y)| Point { x, y }).collect();
    let exec = work::exec(n_threads)?;
    let q = work::run(py, move || aperture_quality(words.view(), &at, radius, &exec).map_err(Error::from))?;
    let whole =
        |v: Vec<usize>| v.into_iter().map(|n| n as i64).collect::<Vec<_>>().into_pyarray(py).into_any();
    PyList::new(py, [q.any.into_pyarray(py).into_any(), whole(q.n_flagged), whole(q.n_pixels)])
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<NativeEncircledEnergy>()?;
    m.add_function(wrap_pyfunction!(photometric, m)?)?;
    m.add_function(wrap_pyfunction!(system_magnitude, m)?)?;
    m.add_function(wrap_pyfunction!(convert_flux, m)?)?;
    m.add_function(wrap_pyfunction!(flux_scale, m)?)?;
    m.add_function(wrap_pyfunction!(scale_zero_point, m)?)?;
    m.add_function(wrap_pyfunction!(aperture_corrections, m)?)?;
    m.add_function(wrap_pyfunction!(aperture_correction_at, m)?)?;
    m.add_function(wrap_pyfunction!(zero_point, m)?)?;
    m.add_function(wrap_pyfunction!(zero_point_field, m)?)?;
    m.add_function(wrap_pyfunction!(zero_point_apply, m)?)?;
    m.add_function(wrap_pyfunction!(colour_magnitude, m)?)?;
    m.add_function(wrap_pyfunction!(aperture_noise, m)?)?;
    m.add_function(wrap_pyfunction!(limit, m)?)?;
    m.add_function(wrap_pyfunction!(concentration, m)?)?;
    m.add_function(wrap_pyfunction!(is_extended, m)?)?;
    m.add_function(wrap_pyfunction!(dq_definitions, m)?)?;
    m.add_function(wrap_pyfunction!(dq_decode, m)?)?;
    m.add_function(wrap_pyfunction!(dq_bits, m)?)?;
    m.add_function(wrap_pyfunction!(dq_mask, m)?)?;
    m.add_function(wrap_pyfunction!(dq_apertures, m)?)
}
