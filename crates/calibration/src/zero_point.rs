//! The zero point of a field from stars of known magnitude.

use skyphot_core::{Column, Exec, SkyCoord, Table};
use skyphot_fit::NormalEquations;
use skyphot_stats::{SigmaClip, kernel};
use skyphot_wcs::sky::{CrossMatchConfig, cross_match_sky};

use crate::error::same_length;
use crate::{CalibrationError, Result};

/// What is made of the differences that survive the clipping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ZeroPointStatistic {
    /// Median; error `1.2533 scatter / sqrt(n)`.
    #[default]
    Median,
    /// Mean; error `scatter / sqrt(n)`.
    Mean,
    /// Mean with weights `1 / error^2`; error `1 / sqrt(sum of weights)`. Needs errors.
    WeightedMean,
}

/// How [`fit_zero_point`] works.
#[derive(Debug, Clone, PartialEq)]
pub struct ZeroPointConfig {
    /// Clipping of the differences. Default: 2 sigma about the median, at most 10 iterations.
    pub clip: SigmaClip,
    /// Statistic of the survivors. Default: median. With colours: least squares (weighted if `WeightedMean`).
    pub statistic: ZeroPointStatistic,
    /// Colour at which the zero point holds if colours are given. Default 0.
    pub pivot_colour: f64,
    /// Fewest sources (at least 1; with colours at least 3). Default 1.
    pub min_sources: usize,
}

impl Default for ZeroPointConfig {
    fn default() -> Self {
        Self {
            clip: SigmaClip::new(2.0).with_max_iters(Some(10)),
            statistic: ZeroPointStatistic::Median,
            pivot_colour: 0.0,
            min_sources: 1,
        }
    }
}

/// The zero point: `calibrated = instrumental + value + colour_term (colour - pivot)`, all magnitudes.
#[derive(Debug, Clone, PartialEq)]
pub struct ZeroPoint {
    /// Magnitude of instrumental magnitude 0.
    pub value: f64,
    /// 1-sigma error of the value, from the scatter (or the weights).
    pub error: f64,
    /// Standard deviation of the kept differences about the fit.
    pub scatter: f64,
    /// Magnitudes per magnitude of colour; 0 without colours.
    pub colour_term: f64,
    /// 1-sigma error of the colour term; 0 without colours.
    pub colour_term_error: f64,
    /// Sources used.
    pub n_used: usize,
    /// Sources that passed the selection but were clipped.
    pub n_clipped: usize,
    /// `reference - instrumental` less the fit, one for each source; NaN where a magnitude is not finite.
    pub residual: Vec<f64>,
    /// The source was used, one for each source.
    pub kept: Vec<bool>,
}

impl ZeroPoint {
    /// The calibrated magnitude of an instrumental one and a colour (any number if there is no colour term).
    #[must_use]
    pub fn apply(&self, instrumental: f64, colour: f64, pivot: f64) -> f64 {
        let term = if self.colour_term == 0.0 { 0.0 } else { self.colour_term * (colour - pivot) };
        instrumental + self.value + term
    }
}

/// `reference` against `instrumental` magnitudes of the same stars: the clipped median, mean or weighted mean of
/// `reference - instrumental`, or a straight line in the colour.
///
/// - `errors`: 1-sigma errors of the differences; sources without a positive one are left out of a weighted fit.
/// - `colours`: colours of the reference catalogue; sources without a finite one are left out.
/// - `select`: sources that may be used (cuts in magnitude, flags, ...).
///
/// ```
/// use skyphot_calibration::{ZeroPointConfig, fit_zero_point};
/// let instrumental = [-8.0, -7.5, -6.0, -9.0, -7.0];
/// let reference = [17.0, 17.5, 19.0, 16.0, 21.0]; // the last one is another star
/// let zp = fit_zero_point(&instrumental, &reference, None, None, None, &ZeroPointConfig::default())?;
/// assert_eq!((zp.value, zp.n_used), (25.0, 4));
/// # Ok::<(), skyphot_calibration::CalibrationError>(())
/// ```
///
/// # Errors
/// [`CalibrationError::LengthMismatch`], [`CalibrationError::TooFewSources`], and those of [`SigmaClip::validate`].
#[doc(alias = "zeropoint")]
pub fn fit_zero_point(
    instrumental: &[f64],
    reference: &[f64],
    errors: Option<&[f64]>,
    colours: Option<&[f64]>,
    select: Option<&[bool]>,
    config: &ZeroPointConfig,
) -> Result<ZeroPoint> {
    config.clip.validate()?;
    let n = instrumental.len();
    same_length("reference", reference.len(), "instrumental magnitudes", n)?;
    if let Some(e) = errors {
        same_length("errors", e.len(), "instrumental magnitudes", n)?;
    }
    if let Some(c) = colours {
        same_length("colours", c.len(), "instrumental magnitudes", n)?;
    }
    if let Some(s) = select {
        same_length("select", s.len(), "instrumental magnitudes", n)?;
    }
    let weighted = config.statistic == ZeroPointStatistic::WeightedMean;
    if weighted && errors.is_none() {
        return Err(CalibrationError::InvalidParameter {
            name: "errors",
            expected: "given for a weighted mean",
            found: f64::NAN,
        });
    }
    let colour = |i: usize| colours.map_or(0.0, |c| c[i] - config.pivot_colour);
    let weight = |i: usize| match errors {
        Some(e) if weighted => (e[i] > 0.0 && e[i].is_finite()).then(|| 1.0 / (e[i] * e[i])),
        _ => Some(1.0),
    };
    let delta: Vec<f64> = (0..n).map(|i| reference[i] - instrumental[i]).collect();
    let usable = |i: &usize| {
        delta[*i].is_finite()
            && colour(*i).is_finite()
            && weight(*i).is_some()
            && select.is_none_or(|s| s[*i])
    };
    let candidates: Vec<usize> = (0..n).filter(usable).collect();
    let needed = config.min_sources.max(if colours.is_some() { 3 } else { 1 });
    if candidates.len() < needed {
        return Err(CalibrationError::TooFewSources { needed, found: candidates.len(), total: n });
    }
    let sources = Sources { delta: &delta, weight: &weight, colour: &colour };
    let fit = if colours.is_some() {
        sources.line(&candidates, &config.clip, needed, n)?
    } else {
        sources.constant(&candidates, config)
    };
    if fit.used.len() < needed {
        return Err(CalibrationError::TooFewSources { needed, found: fit.used.len(), total: n });
    }
    let residual: Vec<f64> = (0..n).map(|i| delta[i] - fit.value - fit.term(colour(i))).collect();
    let mut kept = vec![false; n];
    for i in &fit.used {
        kept[*i] = true;
    }
    let m = fit.used.len() as f64;
    let parameters = if colours.is_some() { 2.0 } else { 1.0 };
    let squares: f64 = fit.used.iter().map(|i| residual[*i] * residual[*i]).sum();
    let mean: f64 = fit.used.iter().map(|i| residual[*i]).sum::<f64>() / m;
    // About the mean, as numpy's std; with a line the mean is zero and two parameters were taken.
    let scatter = if colours.is_some() {
        (squares / (m - parameters).max(1.0)).sqrt()
    } else {
        (squares / m - mean * mean).max(0.0).sqrt()
    };
    let (error, slope_error) = fit.errors(scatter, m, config.statistic, colours.is_some());
    Ok(ZeroPoint {
        value: fit.value,
        error,
        scatter,
        colour_term: fit.slope,
        colour_term_error: slope_error,
        n_used: fit.used.len(),
        n_clipped: candidates.len() - fit.used.len(),
        residual,
        kept,
    })
}

struct Sources<'a, W: Fn(usize) -> Option<f64>, C: Fn(usize) -> f64> {
    delta: &'a [f64],
    weight: &'a W,
    colour: &'a C,
}

struct Line {
    value: f64,
    slope: f64,
    /// Variance of both for unit weights, or 1 / sum of weights.
    variance: [f64; 2],
    used: Vec<usize>,
}

impl Line {
    fn term(&self, colour: f64) -> f64 {
        if self.slope == 0.0 { 0.0 } else { self.slope * colour }
    }

    fn errors(&self, scatter: f64, m: f64, statistic: ZeroPointStatistic, line: bool) -> (f64, f64) {
        let weighted = statistic == ZeroPointStatistic::WeightedMean;
        let k = if weighted { 1.0 } else { scatter };
        if line {
            return (k * self.variance[0].sqrt(), k * self.variance[1].sqrt());
        }
        let error = match statistic {
            ZeroPointStatistic::WeightedMean => self.variance[0].sqrt(),
            ZeroPointStatistic::Mean => scatter / m.sqrt(),
            // Efficiency of the median of normal deviates: pi / 2.
            ZeroPointStatistic::Median => scatter / m.sqrt() * std::f64::consts::FRAC_PI_2.sqrt(),
        };
        (error, 0.0)
    }
}

impl<W: Fn(usize) -> Option<f64>, C: Fn(usize) -> f64> Sources<'_, W, C> {
    fn constant(&self, candidates: &[usize], config: &ZeroPointConfig) -> Line {
        let values: Vec<f64> = candidates.iter().map(|i| self.delta[*i]).collect();
        let b = kernel::clip_stats(&values, &config.clip);
        let inside = |i: &&usize| (b.lower..=b.upper).contains(&self.delta[**i]);
        let used: Vec<usize> = candidates.iter().filter(inside).copied().collect();
        let (mut sum, mut weights) = (0.0, 0.0);
        for i in &used {
            let w = (self.weight)(*i).unwrap_or(0.0);
            weights += w;
            sum += w * self.delta[*i];
        }
        let value = match config.statistic {
            ZeroPointStatistic::Median => b.median,
            ZeroPointStatistic::Mean => b.mean,
            ZeroPointStatistic::WeightedMean => sum / weights,
        };
        Line { value, slope: 0.0, variance: [1.0 / weights, 0.0], used }
    }

    /// Least squares, then clipping of the residuals about their median, until nothing changes.
    fn line(&self, candidates: &[usize], clip: &SigmaClip, needed: usize, total: usize) -> Result<Line> {
        let mut used = candidates.to_vec();
        for _ in 0..clip.max_iters.unwrap_or(1000).saturating_add(1) {
            let mut equations = NormalEquations::<2>::default();
            for i in &used {
                let w = (self.weight)(*i).unwrap_or(0.0).sqrt();
                equations.add(-w * self.delta[*i], &[w, w * (self.colour)(*i)]);
            }
            let fit = equations.solve().filter(|_| used.len() >= needed);
            let [value, slope] =
                fit.ok_or(CalibrationError::TooFewSources { needed, found: used.len(), total })?;
            let [[a, b], [_, d]] = equations.jtj;
            let determinant = a * d - b * b;
            let variance = [d / determinant, a / determinant];
            let residual = |i: usize| self.delta[i] - value - slope * (self.colour)(i);
            let values: Vec<f64> = used.iter().map(|i| residual(*i)).collect();
            let bounds = kernel::clip_stats(&values, &clip.clone().with_max_iters(Some(1)));
            let next: Vec<usize> = used
                .iter()
                .copied()
                .filter(|i| (bounds.lower..=bounds.upper).contains(&residual(*i)))
                .collect();
            if next.len() == used.len() {
                return Ok(Line { value, slope, variance, used });
            }
            if next.len() < needed {
                return Err(CalibrationError::TooFewSources { needed, found: next.len(), total });
            }
            used = next;
        }
        // The iterations are used up: the last fit belongs to the last selection.
        let clip = SigmaClip { sigma_lower: f64::INFINITY, sigma_upper: f64::INFINITY, ..clip.clone() };
        self.line(&used, &clip, needed, total)
    }
}

/// A catalogue of stars of known magnitude to compare with.
#[derive(Debug, Clone, Copy)]
pub struct Reference<'a> {
    /// Positions, ICRS degrees.
    pub sky: &'a [SkyCoord],
    /// Magnitudes.
    pub magnitude: &'a [f64],
    /// 1-sigma errors of the magnitudes.
    pub error: Option<&'a [f64]>,
    /// Colours.
    pub colour: Option<&'a [f64]>,
}

/// The zero point of a field and how each source took part.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldZeroPoint {
    /// The fit; `residual` and `kept` have one entry for each source of the field.
    pub zero_point: ZeroPoint,
    /// Index of the matched star in the reference catalogue, one for each source of the field.
    pub reference: Vec<Option<usize>>,
    /// Distance to it, arcsec; NaN without a match.
    pub separation: Vec<f64>,
    /// Magnitude of it; NaN without a match.
    pub magnitude: Vec<f64>,
}

impl FieldZeroPoint {
    /// Columns `ref_index` (-1 without a match), `separation`, `ref_mag`, `zp_residual`, `zp_kept`.
    ///
    /// # Errors
    /// None for tables made here.
    pub fn to_table(&self) -> Result<Table> {
        let index: Vec<i64> =
            self.reference.iter().map(|r| r.and_then(|i| i64::try_from(i).ok()).unwrap_or(-1)).collect();
        Ok(Table::from_columns([
            Column::new("ref_index", index),
            Column::new("separation", self.separation.clone()).with_unit("arcsec"),
            Column::new("ref_mag", self.magnitude.clone()).with_unit("mag"),
            Column::new("zp_residual", self.zero_point.residual.clone()).with_unit("mag"),
            Column::new("zp_kept", self.zero_point.kept.clone()),
        ])?)
    }
}

/// [`fit_zero_point`] after matching the sources of a field with a reference catalogue: pairs within `radius` degrees
/// that are each other's nearest.
///
/// `instrumental` and `error`: magnitudes of the sources and their 1-sigma errors; errors of both sides add in
/// quadrature.
///
/// # Errors
/// As [`fit_zero_point`], and those of the matching.
pub fn zero_point_of_field(
    sky: &[SkyCoord],
    instrumental: &[f64],
    error: Option<&[f64]>,
    select: Option<&[bool]>,
    reference: &Reference<'_>,
    radius: f64,
    config: &ZeroPointConfig,
    exec: &Exec,
) -> Result<FieldZeroPoint> {
    same_length("instrumental", instrumental.len(), "positions", sky.len())?;
    same_length(
        "reference magnitudes",
        reference.magnitude.len(),
        "reference positions",
        reference.sky.len(),
    )?;
    for (name, list) in [("reference errors", reference.error), ("reference colours", reference.colour)] {
        if let Some(list) = list {
            same_length(name, list.len(), "reference positions", reference.sky.len())?;
        }
    }
    let matching = CrossMatchConfig { radius, mutual: true, exec: exec.clone() };
    let found = cross_match_sky(sky, reference.sky, &matching)?;
    let pick =
        |list: &[f64]| -> Vec<f64> { found.index.iter().map(|i| i.map_or(f64::NAN, |i| list[i])).collect() };
    let magnitude = pick(reference.magnitude);
    let both = match (error, reference.error.map(&pick)) {
        (None, None) => None,
        (Some(e), None) => Some(e.to_vec()),
        (None, Some(r)) => Some(r),
        (Some(e), Some(r)) => Some(e.iter().zip(&r).map(|(e, r)| e.hypot(*r)).collect()),
    };
    let colour = reference.colour.map(&pick);
    let zero_point =
        fit_zero_point(instrumental, &magnitude, both.as_deref(), colour.as_deref(), select, config)?;
    let separation = found
        .index
        .iter()
        .zip(&found.separation)
        .map(|(i, s)| if i.is_some() { s * 3600.0 } else { f64::NAN })
        .collect();
    Ok(FieldZeroPoint { zero_point, reference: found.index, separation, magnitude })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_term_is_found_and_outliers_are_not() {
        let colour: Vec<f64> = (0..40).map(|i| f64::from(i) * 0.05 - 0.3).collect();
        let inst: Vec<f64> = (0..40).map(|i| -8.0 + 0.1 * f64::from(i % 7)).collect();
        let mut reference: Vec<f64> =
            inst.iter().zip(&colour).map(|(m, c)| m + 24.3 + 0.12 * (c - 0.5)).collect();
        reference[5] += 2.0;
        reference[9] = f64::NAN;
        let config = ZeroPointConfig { pivot_colour: 0.5, ..Default::default() };
        let zp = fit_zero_point(&inst, &reference, None, Some(&colour), None, &config).unwrap();
        assert!((zp.value - 24.3).abs() < 1e-12 && (zp.colour_term - 0.12).abs() < 1e-12, "{zp:?}");
        assert!(
            !zp.kept[5] && !zp.kept[9] && zp.residual[9].is_nan() && (zp.residual[5] - 2.0).abs() < 1e-12
        );
        assert!((zp.apply(-8.0, 1.0, 0.5) - 16.36).abs() < 1e-12);
    }

    #[test]
    fn weights_and_selection() {
        let inst = [0.0, 0.0, 0.0, 0.0];
        let reference = [25.0, 25.3, 20.0, 25.1];
        let errors = [0.1, 0.2, 0.1, 0.0];
        let select = [true, true, false, true];
        let config = ZeroPointConfig {
            statistic: ZeroPointStatistic::WeightedMean,
            clip: SigmaClip::new(5.0),
            ..Default::default()
        };
        let zp = fit_zero_point(&inst, &reference, Some(&errors), None, Some(&select), &config).unwrap();
        assert!((zp.value - (2500.0 + 25.0 * 25.3) / 125.0).abs() < 1e-12);
        assert!((zp.error - 1.0 / 125f64.sqrt()).abs() < 1e-12);
        assert_eq!(zp.kept, [true, true, false, false]);
        let e = fit_zero_point(&inst, &reference, None, None, Some(&[false; 4]), &ZeroPointConfig::default());
        assert!(e.unwrap_err().to_string().contains("found 0 of 4"));
        assert!(fit_zero_point(&inst, &reference, None, None, None, &config).is_err());
        assert!(fit_zero_point(&inst, &reference[..2], None, None, None, &config).is_err());
    }

    #[test]
    fn sources_of_a_field_are_matched() {
        let at = |lon: f64| SkyCoord { lon, lat: 0.0 };
        let sky = [at(10.0), at(10.1), at(10.2)];
        let stars = [at(10.2 + 1e-5), at(10.0), at(50.0)];
        let reference = Reference { sky: &stars, magnitude: &[18.5, 19.5, 1.0], error: None, colour: None };
        let config = ZeroPointConfig::default();
        let zp = zero_point_of_field(
            &sky,
            &[-5.5, -7.0, -6.5],
            None,
            None,
            &reference,
            1e-4,
            &config,
            &Exec::serial(),
        )
        .unwrap();
        assert_eq!(zp.reference, [Some(1), None, Some(0)]);
        assert_eq!((zp.zero_point.value, zp.zero_point.n_used), (25.0, 2));
        assert!((zp.separation[2] - 0.036).abs() < 1e-6 && zp.separation[1].is_nan());
        assert_eq!(zp.to_table().unwrap().n_rows(), 3);
    }
}
