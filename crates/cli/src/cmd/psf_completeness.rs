//! `skyphot psf --completeness`: artificial stars.

use std::path::{Path, PathBuf};

use skyphot::core::{Column, Image, Pixel, Table};
use skyphot::detection::Finder;
use skyphot::psf::{ArtificialStars, CrowdedConfig, PsfModel, completeness};

use crate::failure::Usage;

/// Bright and faint end and step, magnitudes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Magnitudes {
    bright: f64,
    faint: f64,
    step: f64,
}

/// Most magnitudes.
const MOST: usize = 200;
/// Magnitudes that are tried if none are asked for: from the brightest twentieth of the sources to below the faintest one.
const STEP: f64 = 0.5;
const BELOW: f64 = 1.5;

impl std::str::FromStr for Magnitudes {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("'{text}' is not BRIGHT,FAINT,STEP with BRIGHT < FAINT and at most {MOST} steps");
        let v: Vec<f64> =
            text.split(',').map(|t| t.trim().parse().map_err(|_| wrong())).collect::<Result<_, _>>()?;
        match v[..] {
            [bright, faint, step]
                if faint > bright && step > 0.0 && (faint - bright) / step < MOST as f64 =>
            {
                Ok(Self { bright, faint, step })
            }
            _ => Err(wrong()),
        }
    }
}

impl Magnitudes {
    /// The fluxes, the brightest first.
    fn fluxes(&self, zero_point: f64) -> Vec<f64> {
        let n = ((self.faint - self.bright) / self.step + 1e-9).floor() as usize;
        (0..=n).map(|i| 10f64.powf(-0.4 * (self.bright + i as f64 * self.step - zero_point))).collect()
    }

    /// Those of measured fluxes; `None` without a positive one.
    fn of(flux: &[f64], zero_point: f64) -> Option<Self> {
        let mut m: Vec<f64> = flux
            .iter()
            .filter(|f| **f > 0.0 && f.is_finite())
            .map(|f| zero_point - 2.5 * f.log10())
            .collect();
        m.sort_by(f64::total_cmp);
        let (first, last) = (*m.get(m.len() / 20)?, *m.get(m.len().saturating_sub(1))?);
        let bright = (first / STEP).floor() * STEP;
        let faint = ((last + BELOW) / STEP).ceil() * STEP;
        Some(Self { bright, faint: faint.min(bright + 15.0), step: STEP })
    }
}

/// The table's file: next to the catalogue if none is named.
pub(crate) fn file(given: Option<&Path>, catalog: &Path) -> anyhow::Result<PathBuf> {
    if let Some(p) = given {
        return Ok(p.to_owned());
    }
    if catalog.as_os_str() == "-" {
        return Err(Usage::error(
            "the table of --completeness has no file",
            "-o stars.ecsv (the table becomes stars_completeness.ecsv), or --completeness-output FILE",
        ));
    }
    let part = |s: Option<&std::ffi::OsStr>| s.and_then(|s| s.to_str()).unwrap_or_default().to_owned();
    let name = format!("{}_completeness.{}", part(catalog.file_stem()), part(catalog.extension()));
    Ok(catalog.with_file_name(name))
}

/// Artificial stars of many magnitudes, `n` of each.
pub(crate) fn table<T: Pixel>(
    image: &Image<'_, T>,
    model: &dyn PsfModel,
    finder: &dyn Finder<f64>,
    config: &CrowdedConfig,
    (magnitudes, zero_point): (Option<Magnitudes>, f64),
    measured: &[f64],
    n: usize,
) -> anyhow::Result<Table> {
    let magnitudes = magnitudes.or_else(|| Magnitudes::of(measured, zero_point)).ok_or_else(|| {
        anyhow::anyhow!("no source was measured that would say which magnitudes to try: --completeness-mags")
    })?;
    let stars = ArtificialStars { per_flux: n, ..ArtificialStars::new(magnitudes.fluxes(zero_point)) };
    let c = completeness(image, model, finder, config, &stars)?;
    let mut t = c.to_table(zero_point)?;
    // The error of a fraction, by Wilson's interval, says more than two numbers.
    let (mut low, mut high) = (Vec::new(), Vec::new());
    for (r, n) in c.recovered.iter().zip(&c.injected) {
        let (n, p) = (*n as f64, *r as f64 / *n as f64);
        let (middle, half) =
            ((p + 0.5 / n) / (1.0 + 1.0 / n), ((p * (1.0 - p) + 0.25 / n) / n).sqrt() / (1.0 + 1.0 / n));
        low.push(middle - half);
        high.push(middle + half);
    }
    t.push(Column::new("completeness_low", low).with_description("68 % interval of completeness"))?;
    t.push(Column::new("completeness_high", high).with_description("68 % interval of completeness"))?;
    t.meta.set("zero_point", zero_point);
    Ok(t)
}

/// The magnitude at which half the stars are found: the first crossing from the bright end.
pub(crate) fn half(t: &Table) -> anyhow::Result<Option<f64>> {
    let (m, c) = (t.f64("mag")?, t.f64("completeness")?);
    Ok((1..m.len())
        .find(|&i| c[i - 1] >= 0.5 && c[i] < 0.5)
        .map(|i| m[i - 1] + (m[i] - m[i - 1]) * (c[i - 1] - 0.5) / (c[i - 1] - c[i])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magnitudes_are_understood() {
        let m: Magnitudes = "18,20,0.5".parse().unwrap();
        let f = m.fluxes(25.0);
        assert_eq!(f.len(), 5);
        assert!((f[0] - 10f64.powf(2.8)).abs() < 1e-9 && f[4] < f[3]);
        for wrong in ["18,20", "20,18,1", "18,20,0", "18,20,1e-9", "a,b,c"] {
            assert!(wrong.parse::<Magnitudes>().is_err(), "{wrong}");
        }
        assert_eq!(Magnitudes::of(&[f64::NAN, -1.0], 0.0), None);
        assert_eq!(Magnitudes::of(&[100.0], 25.0), Some(Magnitudes { bright: 20.0, faint: 21.5, step: 0.5 }));
        assert_eq!(file(None, Path::new("a/b.fits")).unwrap(), Path::new("a/b_completeness.fits"));
        assert!(file(None, Path::new("-")).is_err());
    }
}
