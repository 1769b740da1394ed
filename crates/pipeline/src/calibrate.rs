//! From instrumental fluxes of a table to AB magnitudes and Jy.

use serde::Serialize;
use skyphot_calibration::{
    ApertureCorrections, AsinhMagnitude, EncircledEnergy, FieldZeroPoint, FluxScale, MagnitudeSystem,
    Reference, ZeroPointConfig, ZeroPointStatistic, limiting_magnitude, magnitude, magnitude_error,
    zero_point_of_field,
};
use skyphot_core::{Column, Exec, SkyCoord, Table};
use skyphot_stats::SigmaClip;

use crate::forced::sky_of;
use crate::spec::Pair;
use crate::{Expression, Numbers, PipelineError, PixelAreas, Result, positions_of};

/// Names of flux columns, best first.
const FLUXES: [&str; 6] = ["flux", "flux_0", "psf_flux", "flux_fit", "kron_flux", "segment_flux"];

/// Where the zero point comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ZeroPointSource {
    /// The AB magnitude of a flux of 1.
    Given(f64),
    /// A column of the table with it, one value for each row.
    Column(String),
    /// Jy of a flux of 1, and where that is said.
    Scale(f64, String),
    /// Stars of a reference catalogue.
    Reference,
}

/// How [`calibrate`] works.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CalibrateOptions {
    /// Column of the fluxes. Default: the first of `flux`, `flux_0`, `psf_flux`, `flux_fit`, `kron_flux`,
    /// `segment_flux`.
    pub flux: Option<String>,
    /// Column of their errors. Default: as for the fluxes, with `_err`.
    pub flux_err: Option<String>,
    /// Column of instrumental magnitudes, in place of fluxes.
    pub magnitude: Option<String>,
    /// Zero point.
    pub zero_point: ZeroPointSource,
    /// Rows that may take part in the zero point; `mag_inst` is the instrumental magnitude. Default: all.
    #[serde(serialize_with = "text")]
    pub select: Option<Expression>,
    /// Column of the magnitudes of the reference. Default: `mag`.
    pub reference_magnitude: String,
    /// Column of the errors of these. Default: none.
    pub reference_error: Option<String>,
    /// Colour of the reference: a column, or two whose difference it is. Default: no colour term.
    pub colour: Option<(String, Option<String>)>,
    /// Colour of the sources in the table: a column, or two whose difference it is. The colour term is applied by it;
    /// sources without a finite one get the magnitude of `pivot_colour`. Default: the term is not applied.
    pub own_colour: Option<(String, Option<String>)>,
    /// Colour at which the zero point holds. Default 0.
    pub pivot_colour: f64,
    /// Stars of the reference that may take part. Default: all.
    #[serde(serialize_with = "text")]
    pub reference_select: Option<Expression>,
    /// Largest distance of counterparts, arcsec. Default 0.5.
    pub radius: f64,
    /// Clipping of the differences: sigma and passes. Default 2,10.
    pub clip: Pair,
    /// `median`, `mean` or `weighted-mean`. Default `median`.
    pub statistic: String,
    /// Radius of the aperture of the fluxes, in the unit of the corrections. Default: none.
    pub aperture_radius: Option<f64>,
    /// `mag_vega` is `mag_ab` less this. Default: none.
    pub ab_minus_vega: Option<f64>,
    /// Softening of `mag_asinh`, data units. Default: none.
    pub asinh_softening: Option<f64>,
    /// Limiting magnitudes are so many errors. Default 5.
    pub n_sigma: f64,
    /// Threads.
    #[serde(skip)]
    pub exec: Exec,
}

impl Default for CalibrateOptions {
    fn default() -> Self {
        Self {
            flux: None,
            flux_err: None,
            magnitude: None,
            zero_point: ZeroPointSource::Given(0.0),
            select: None,
            reference_magnitude: "mag".to_owned(),
            reference_error: None,
            colour: None,
            own_colour: None,
            pivot_colour: 0.0,
            reference_select: None,
            radius: 0.5,
            clip: Pair(2.0, 10.0),
            statistic: "median".to_owned(),
            aperture_radius: None,
            ab_minus_vega: None,
            asinh_softening: None,
            n_sigma: 5.0,
            exec: Exec::default(),
        }
    }
}

fn text<S: serde::Serializer>(s: &Option<Expression>, to: S) -> std::result::Result<S::Ok, S::Error> {
    match s {
        Some(s) => to.serialize_some(&s.to_string()),
        None => to.serialize_none(),
    }
}

/// Corrections of the fluxes, as loaded.
#[derive(Debug, Clone, Default)]
pub struct FluxCorrections {
    /// Encircled energy of the aperture's radius.
    pub energy: Option<EncircledEnergy>,
    /// Aperture corrections of JWST's reference files.
    pub aperture: Option<ApertureCorrections>,
    /// Map of pixel areas, at the positions of the sources.
    pub areas: Option<PixelAreas>,
}

/// What [`calibrate`] found.
#[derive(Debug, Clone)]
pub struct Calibrated {
    /// The table with more columns: `mag_inst`, with corrections `flux_correction`, `mag_ab mag_ab_err`, `flux_jy
    /// flux_jy_err`, `mag_vega`, `mag_asinh mag_asinh_err`, with colours of the sources `colour_correction`, and with a
    /// reference `ref_index separation ref_mag zp_residual zp_kept`.
    pub table: Table,
    /// The fit, with a reference.
    pub field: Option<FieldZeroPoint>,
    /// AB magnitude of a corrected flux of 1; the median of a column.
    pub zero_point: f64,
    /// What the fluxes were multiplied by, the median.
    pub correction: f64,
    /// Median of the limiting magnitudes of all rows with an error.
    pub limit: f64,
    /// Column of the fluxes or magnitudes.
    pub column: String,
}

/// Gives the fluxes of a table magnitudes and flux densities: corrects them for the part of the light outside of the
/// aperture and for the areas of their pixels, finds or takes the zero point. `file` and `reference_file` are named in errors.
///
/// # Errors
/// [`PipelineError::Core`] for columns that are not there; [`PipelineError::Value`]; [`PipelineError::NoPositions`] for a
/// reference without them; [`PipelineError::Calibration`] if too few stars are left.
pub fn calibrate(
    table: &Table,
    file: &str,
    reference: Option<(&Table, &str)>,
    corrections: &FluxCorrections,
    options: &CalibrateOptions,
) -> Result<Calibrated> {
    let n = table.n_rows();
    let mut out = table.clone();
    let input = Input::new(table, file, options)?;
    let factor = factors(table, file, corrections, options)?;
    let mut flux = input.flux.clone();
    let mut error = input.error.clone();
    flux.iter_mut().zip(&factor).for_each(|(f, k)| *f *= k);
    if let Some(e) = &mut error {
        e.iter_mut().zip(&factor).for_each(|(e, k)| *e *= k);
    }
    let instrumental: Vec<f64> = flux.iter().map(|f| magnitude(*f, 0.0)).collect();
    let instrumental_error: Option<Vec<f64>> =
        error.as_ref().map(|e| flux.iter().zip(e).map(|(f, e)| magnitude_error(*f, *e)).collect());
    replace(&mut out, "mag_inst", instrumental.clone(), "mag", "-2.5 log10 of the corrected flux")?;
    let corrected =
        corrections.energy.is_some() || corrections.aperture.is_some() || corrections.areas.is_some();
    if corrected {
        replace(&mut out, "flux_correction", factor.clone(), "", "what the flux was multiplied by")?;
    }
    let (zero_point, field) = match &options.zero_point {
        ZeroPointSource::Given(v) if v.is_finite() => (vec![*v; n], None),
        ZeroPointSource::Given(v) => {
            return Err(PipelineError::value("zero point", v.to_string(), "a finite magnitude"));
        }
        ZeroPointSource::Column(name) => (table.f64(name)?, None),
        ZeroPointSource::Scale(jansky, _) => {
            (vec![FluxScale::new(*jansky)?.zero_point(MagnitudeSystem::Ab); n], None)
        }
        ZeroPointSource::Reference => {
            let Some((stars, name)) = reference else {
                return Err(PipelineError::value(
                    "zero point",
                    "nothing",
                    "a number or a reference catalogue",
                ));
            };
            let select = options.select.as_ref().map(|s| s.test(&out, &Numbers::new())).transpose()?;
            let found = match_field(
                &sky_of(table, file)?,
                &instrumental,
                instrumental_error.as_deref(),
                select.as_deref(),
                (stars, name),
                options,
            )?;
            let mut of_rows = vec![found.zero_point.value; n];
            if let Some(own) = &options.own_colour {
                if options.colour.is_none() {
                    let expected = "used with a colour of the reference: there is no colour term without";
                    return Err(PipelineError::value("colour of the sources", &own.0, expected));
                }
                let term = found.zero_point.colour_term;
                let change: Vec<f64> =
                    colour_of(table, own)?.iter().map(|c| term * (c - options.pivot_colour)).collect();
                for (z, c) in of_rows.iter_mut().zip(&change) {
                    *z += if c.is_finite() { *c } else { 0.0 };
                }
                let about =
                    "part of mag_ab by the colour; NaN: no colour, mag_ab is that of the pivot colour";
                replace(&mut out, "colour_correction", change, "mag", about)?;
            }
            (of_rows, Some(found))
        }
    };
    let ab: Vec<f64> = flux.iter().zip(&zero_point).map(|(f, z)| magnitude(*f, *z)).collect();
    replace(&mut out, "mag_ab", ab.clone(), "mag", "AB magnitude")?;
    if let Some(e) = &instrumental_error {
        replace(
            &mut out,
            "mag_ab_err",
            e.clone(),
            "mag",
            "error of the magnitude, without that of the zero point",
        )?;
    }
    let jansky: Vec<f64> = zero_point.iter().map(|z| MagnitudeSystem::Ab.jansky(*z)).collect();
    let times = |v: &[f64]| -> Vec<f64> { v.iter().zip(&jansky).map(|(v, j)| v * j).collect() };
    replace(&mut out, "flux_jy", times(&flux), "Jy", "flux density")?;
    if let Some(e) = &error {
        replace(&mut out, "flux_jy_err", times(e), "Jy", "error of the flux density")?;
    }
    if let Some(v) = options.ab_minus_vega {
        replace(&mut out, "mag_vega", ab.iter().map(|m| m - v).collect(), "mag", "Vega magnitude")?;
    }
    if let Some(b) = options.asinh_softening {
        let scale = AsinhMagnitude::new(b, 0.0)?;
        let m = flux.iter().zip(&zero_point).map(|(f, z)| z + scale.magnitude(*f)).collect();
        replace(&mut out, "mag_asinh", m, "mag", "asinh magnitude, AB")?;
        if let Some(e) = &error {
            let e = flux.iter().zip(e).map(|(f, e)| scale.error(*f, *e)).collect();
            replace(&mut out, "mag_asinh_err", e, "mag", "error of the asinh magnitude")?;
        }
    }
    if let Some(found) = &field {
        for c in found.to_table()?.columns() {
            if out.has(c.name()) {
                out.remove(c.name())?;
            }
            out.push(c.clone())?;
        }
    }
    let limits: Vec<f64> = match &error {
        Some(e) => e
            .iter()
            .zip(&zero_point)
            .filter_map(|(e, z)| limiting_magnitude(*e, options.n_sigma, *z).ok())
            .collect(),
        None => Vec::new(),
    };
    Ok(Calibrated {
        table: out,
        zero_point: field.as_ref().map_or_else(|| median(zero_point), |f| f.zero_point.value),
        field,
        correction: median(factor),
        limit: median(limits),
        column: input.column,
    })
}

/// A colour: a column, or the difference of two.
fn colour_of(table: &Table, (a, b): &(String, Option<String>)) -> Result<Vec<f64>> {
    let first = table.f64(a)?;
    Ok(match b {
        Some(b) => first.iter().zip(table.f64(b)?).map(|(a, b)| a - b).collect(),
        None => first,
    })
}

/// Fluxes as they are in the table.
struct Input {
    flux: Vec<f64>,
    error: Option<Vec<f64>>,
    column: String,
}

impl Input {
    fn new(table: &Table, file: &str, options: &CalibrateOptions) -> Result<Self> {
        if let Some(name) = &options.magnitude {
            let flux: Vec<f64> = table.f64(name)?.iter().map(|m| 10f64.powf(-0.4 * m)).collect();
            let own = format!("{name}_err");
            let error = match &options.flux_err {
                Some(e) => Some(table.f64(e)?),
                None if table.has(&own) => Some(table.f64(&own)?),
                None => None,
            };
            // Errors of magnitudes become those of fluxes.
            let error = error
                .map(|e| e.iter().zip(&flux).map(|(e, f)| e * f / skyphot_calibration::POGSON).collect());
            return Ok(Self { flux, error, column: name.clone() });
        }
        let column = match &options.flux {
            Some(name) => name.clone(),
            None => {
                let found = FLUXES.iter().find(|n| table.has(n));
                let Some(name) = found else {
                    let expected = format!(
                        "one with a column {} (it has {})",
                        FLUXES.join(", "),
                        table.names().join(", ")
                    );
                    return Err(PipelineError::value("table of fluxes", file, expected));
                };
                (*name).to_owned()
            }
        };
        let error = match &options.flux_err {
            Some(e) => Some(table.f64(e)?),
            None => {
                let (stem, number) = match column.rsplit_once('_') {
                    Some((s, k)) if k.bytes().all(|b| b.is_ascii_digit()) => (s, format!("_{k}")),
                    _ => (column.as_str(), String::new()),
                };
                let tried = [
                    format!("{stem}_err{number}"),
                    format!("{column}_err"),
                    format!("{}_err", stem.trim_end_matches("_fit")),
                ];
                tried.iter().find(|n| table.has(n)).map(|n| table.f64(n)).transpose()?
            }
        };
        Ok(Self { flux: table.f64(&column)?, error, column })
    }
}

/// What the flux of every row is multiplied by.
fn factors(
    table: &Table,
    file: &str,
    corrections: &FluxCorrections,
    options: &CalibrateOptions,
) -> Result<Vec<f64>> {
    let mut factor = vec![1.0; table.n_rows()];
    let needs = corrections.energy.is_some() || corrections.aperture.is_some();
    let radius = match (needs, options.aperture_radius) {
        (true, Some(r)) if r > 0.0 && r.is_finite() => r,
        (true, Some(r)) => {
            return Err(PipelineError::value("aperture radius", r.to_string(), "a radius > 0"));
        }
        (true, None) => {
            return Err(PipelineError::value(
                "aperture radius",
                "nothing",
                "given: the correction depends on it",
            ));
        }
        (false, _) => 0.0,
    };
    let mut all = |k: f64, what: &'static str| {
        if !(k > 0.0 && k.is_finite()) {
            return Err(PipelineError::value(what, format!("of radius {radius}"), "within the table"));
        }
        factor.iter_mut().for_each(|f| *f *= k);
        Ok(())
    };
    if let Some(e) = &corrections.energy {
        all(e.correction(radius), "encircled energy")?;
    }
    if let Some(a) = &corrections.aperture {
        all(a.at_radius(radius), "aperture correction")?;
    }
    if let Some(map) = &corrections.areas {
        let (ny, nx) = map.areas.dim();
        for (f, p) in factor.iter_mut().zip(positions_of(table, file)?) {
            let (x, y) = (p.x.round(), p.y.round());
            let inside = x >= 0.0 && y >= 0.0 && x < nx as f64 && y < ny as f64;
            *f *= if inside { map.areas[[y as usize, x as usize]] } else { f64::NAN };
        }
    }
    Ok(factor)
}

fn match_field(
    sky: &[SkyCoord],
    instrumental: &[f64],
    error: Option<&[f64]>,
    select: Option<&[bool]>,
    (stars, name): (&Table, &str),
    options: &CalibrateOptions,
) -> Result<FieldZeroPoint> {
    let statistic = match options.statistic.as_str() {
        "median" => ZeroPointStatistic::Median,
        "mean" => ZeroPointStatistic::Mean,
        "weighted-mean" => ZeroPointStatistic::WeightedMean,
        other => {
            return Err(PipelineError::value("statistic", other, "one of median, mean, weighted-mean"));
        }
    };
    let clip = options.clip;
    if !(clip.0 > 0.0 && clip.1 >= 0.0) {
        return Err(PipelineError::value("clip", clip.to_string(), "sigma,passes with sigma > 0"));
    }
    if !(options.radius > 0.0 && options.radius.is_finite()) {
        return Err(PipelineError::value("radius", options.radius.to_string(), "a number of arcsec > 0"));
    }
    let places = sky_of(stars, name)?;
    let magnitude = stars.f64(&options.reference_magnitude)?;
    let errors = options.reference_error.as_ref().map(|e| stars.f64(e)).transpose()?;
    let colour = options.colour.as_ref().map(|c| colour_of(stars, c)).transpose()?;
    // Stars that are not wanted keep their places but have no magnitude.
    let mut magnitude = magnitude;
    if let Some(cut) = &options.reference_select {
        for (m, keep) in magnitude.iter_mut().zip(cut.test(stars, &Numbers::new())?) {
            if !keep {
                *m = f64::NAN;
            }
        }
    }
    let config = ZeroPointConfig {
        clip: SigmaClip { max_iters: (clip.1 >= 1.0).then_some(clip.1 as usize), ..SigmaClip::new(clip.0) },
        statistic,
        pivot_colour: options.pivot_colour,
        min_sources: 1,
    };
    let reference = Reference {
        sky: &places,
        magnitude: &magnitude,
        error: errors.as_deref(),
        colour: colour.as_deref(),
    };
    let radius = options.radius / 3600.0;
    Ok(zero_point_of_field(sky, instrumental, error, select, &reference, radius, &config, &options.exec)?)
}

/// Puts a column at the end, in place of one of its name.
fn replace(table: &mut Table, name: &str, values: Vec<f64>, unit: &str, description: &str) -> Result<()> {
    if table.has(name) {
        table.remove(name)?;
    }
    let mut c = Column::new(name, values).with_description(description);
    c.unit = (!unit.is_empty()).then(|| unit.to_owned());
    Ok(table.push(c)?)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.retain(|v| v.is_finite());
    if values.is_empty() {
        return f64::NAN;
    }
    values.sort_by(f64::total_cmp);
    let n = values.len();
    if n % 2 == 1 { values[n / 2] } else { 0.5 * (values[n / 2 - 1] + values[n / 2]) }
}
