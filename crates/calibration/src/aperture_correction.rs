//! Aperture corrections as JWST's reference files tabulate them.

use skyphot_core::{ColumnData, Table};

use crate::{CalibrationError, Result};

/// One row of an `apcorr` table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ApertureCorrection {
    /// Fraction of the light within the aperture.
    pub ee_fraction: f64,
    /// Radius of the aperture, pixels.
    pub radius: f64,
    /// What the sum less its sky is multiplied by.
    pub correction: f64,
    /// Inner radius of the sky annulus, pixels.
    pub sky_in: f64,
    /// Outer radius of the sky annulus, pixels.
    pub sky_out: f64,
}

/// The rows of an `apcorr` table for one filter, in the order of their radii.
///
/// The columns are `eefraction`, `radius`, `apcorr`, `skyin`, `skyout`, and those that say what a row is for: `filter`,
/// `pupil`, `subarray`. Case does not matter.
///
/// ```
/// use skyphot_calibration::ApertureCorrections;
/// use skyphot_core::{Column, Table};
/// let table = Table::from_columns([
///     Column::new("filter", vec!["F560W".to_owned(), "F560W".to_owned()]),
///     Column::new("eefraction", vec![0.6, 0.8]),
///     Column::new("radius", vec![1.8, 4.2]),
///     Column::new("apcorr", vec![1.7, 1.3]),
///     Column::new("skyin", vec![10.0, 10.0]),
///     Column::new("skyout", vec![12.0, 12.0]),
/// ])?;
/// let rows = ApertureCorrections::from_table(&table, &[("filter", "F560W")])?;
/// assert_eq!(rows.at_fraction(0.8).map(|r| r.radius), Some(4.2));
/// assert!((rows.at_radius(3.0) - 1.5).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "APCORR")]
pub struct ApertureCorrections {
    rows: Vec<ApertureCorrection>,
}

impl ApertureCorrections {
    /// The rows whose columns have these values (`("filter", "F770W")`, `("subarray", "FULL")`, ...).
    ///
    /// # Errors
    /// [`CalibrationError::InvalidTable`] if a column is missing, no row fits, or a radius appears twice (say which
    /// subarray or pupil is meant then).
    pub fn from_table(table: &Table, select: &[(&str, &str)]) -> Result<Self> {
        let bad = |why: String| CalibrationError::InvalidTable { what: "aperture corrections", why };
        let column = |name: &str| {
            table
                .columns()
                .iter()
                .find(|c| c.name().eq_ignore_ascii_case(name))
                .ok_or_else(|| bad(format!("no column {name} (there are: {})", table.names().join(", "))))
        };
        let mut keep = vec![true; table.n_rows()];
        for (name, value) in select {
            let c = column(name)?;
            for (k, keep) in keep.iter_mut().enumerate() {
                *keep &= match c.data() {
                    ColumnData::Str(s) => s[k].trim().eq_ignore_ascii_case(value.trim()),
                    _ => c.to_f64()?[k].to_string() == *value,
                };
            }
        }
        let numbers = |name: &str| -> Result<Vec<f64>> { Ok(column(name)?.to_f64()?) };
        let (ee, radius, correction) = (numbers("eefraction")?, numbers("radius")?, numbers("apcorr")?);
        let (sky_in, sky_out) = (numbers("skyin")?, numbers("skyout")?);
        let mut rows: Vec<ApertureCorrection> = (0..table.n_rows())
            .filter(|k| keep[*k])
            .map(|k| ApertureCorrection {
                ee_fraction: ee[k],
                radius: radius[k],
                correction: correction[k],
                sky_in: sky_in[k],
                sky_out: sky_out[k],
            })
            .collect();
        let what = || select.iter().map(|(n, v)| format!("{n} = {v}")).collect::<Vec<_>>().join(", ");
        if rows.is_empty() {
            return Err(bad(format!("no row with {}", what())));
        }
        if let Some(r) = rows.iter().find(|r| !(r.radius.is_finite() && r.correction.is_finite())) {
            return Err(bad(format!(
                "a radius or correction is not finite: {} and {}",
                r.radius, r.correction
            )));
        }
        rows.sort_by(|a, b| a.radius.total_cmp(&b.radius));
        if let Some(w) = rows.windows(2).find(|w| w[0].radius == w[1].radius) {
            return Err(bad(format!("radius {} appears twice for {}", w[0].radius, what())));
        }
        Ok(Self { rows })
    }

    /// The rows, by radius.
    #[must_use]
    pub fn rows(&self) -> &[ApertureCorrection] {
        &self.rows
    }

    /// The row of an encircled energy (0.7 or 70 for 70 per cent).
    #[must_use]
    pub fn at_fraction(&self, fraction: f64) -> Option<ApertureCorrection> {
        let f = if fraction > 1.0 { fraction / 100.0 } else { fraction };
        let given =
            |r: &ApertureCorrection| if r.ee_fraction > 1.0 { r.ee_fraction / 100.0 } else { r.ee_fraction };
        self.rows.iter().find(|r| (given(r) - f).abs() < 1e-6).copied()
    }

    /// The correction of a radius in pixels, by straight lines between the rows; NaN outside them.
    #[must_use]
    pub fn at_radius(&self, radius: f64) -> f64 {
        let last = self.rows.len() - 1;
        if !(radius >= self.rows[0].radius && radius <= self.rows[last].radius) {
            return f64::NAN;
        }
        let k = self.rows.partition_point(|r| r.radius <= radius).min(last).max(1) - 1;
        if last == 0 {
            return self.rows[0].correction;
        }
        let (a, b) = (self.rows[k], self.rows[k + 1]);
        a.correction + (radius - a.radius) / (b.radius - a.radius) * (b.correction - a.correction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skyphot_core::Column;

    fn table() -> Table {
        let s = |v: [&str; 4]| v.map(str::to_owned).to_vec();
        Table::from_columns([
            Column::new("FILTER", s(["F560W", "F560W", "F770W", "F560W"])),
            Column::new("SUBARRAY", s(["FULL", "FULL", "FULL", "SUB64"])),
            Column::new("EEFRACTION", vec![0.8, 0.5, 0.5, 0.5]),
            Column::new("RADIUS", vec![4.0, 1.6, 2.0, 1.6]),
            Column::new("APCORR", vec![1.2, 2.1, 2.0, 2.2]),
            Column::new("SKYIN", vec![7.0; 4]),
            Column::new("SKYOUT", vec![9.0; 4]),
        ])
        .unwrap()
    }

    #[test]
    fn rows_of_one_mode() {
        let c =
            ApertureCorrections::from_table(&table(), &[("filter", "f560w"), ("subarray", "FULL")]).unwrap();
        assert_eq!(c.rows().iter().map(|r| r.radius).collect::<Vec<_>>(), [1.6, 4.0]);
        assert_eq!(c.at_fraction(50.0).unwrap().correction, 2.1);
        assert!((c.at_radius(2.8) - 1.65).abs() < 1e-12);
        assert_eq!((c.at_radius(1.6), c.at_radius(4.0)), (2.1, 1.2));
        assert!(c.at_radius(4.1).is_nan() && c.at_fraction(0.6).is_none());
        let one = ApertureCorrections::from_table(&table(), &[("filter", "F770W")]).unwrap();
        assert_eq!(one.at_radius(2.0), 2.0);
        let text = |s| ApertureCorrections::from_table(&table(), s).unwrap_err().to_string();
        assert!(text(&[("filter", "F560W")]).contains("1.6 appears twice"));
        assert!(text(&[("filter", "F999W")]).contains("no row with filter = F999W"));
        assert!(text(&[("pupil", "X")]).contains("no column pupil"));
    }
}
