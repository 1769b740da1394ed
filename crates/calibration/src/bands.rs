//! Magnitudes of the same sources in several bands.

use skyphot_core::{Column, Exec, SkyCoord, Table};
use skyphot_wcs::sky::{CrossMatchConfig, cross_match_sky};

use crate::error::same_length;
use crate::{CalibrationError, Result};

/// The catalogue of one band.
#[derive(Debug, Clone, Copy)]
pub struct Band<'a> {
    /// Name of the band, part of the column names.
    pub name: &'a str,
    /// Positions, ICRS degrees.
    pub sky: &'a [SkyCoord],
    /// Magnitudes.
    pub magnitude: &'a [f64],
    /// 1-sigma errors.
    pub error: Option<&'a [f64]>,
}

/// A table with a row for every source of the first band: `id`, `ra`, `dec`, `mag_NAME`, `mag_NAME_err`, the distance
/// `sep_NAME` (arcsec) and row `row_NAME` of its counterpart in each other band (-1 without one), and the colours
/// `A-B` of neighbouring bands.
///
/// Counterparts lie within `radius` degrees and are each other's nearest; what has none is NaN.
///
/// # Errors
/// [`CalibrationError::InvalidTable`] for fewer than two bands or two of one name,
/// [`CalibrationError::LengthMismatch`], and those of the matching.
#[doc(alias = "CMD")]
pub fn colour_magnitude(bands: &[Band<'_>], radius: f64, exec: &Exec) -> Result<Table> {
    let [first, others @ ..] = bands else { return Err(too_few(bands)) };
    if others.is_empty() {
        return Err(too_few(bands));
    }
    for (k, b) in bands.iter().enumerate() {
        same_length("magnitude", b.magnitude.len(), "positions", b.sky.len())?;
        if let Some(e) = b.error {
            same_length("error", e.len(), "positions", b.sky.len())?;
        }
        if bands[..k].iter().any(|o| o.name == b.name) {
            return Err(CalibrationError::InvalidTable {
                what: "bands",
                why: format!("two are called {:?}", b.name),
            });
        }
    }
    let ids: Vec<i64> = (1..).take(first.sky.len()).collect();
    let mut table = Table::from_columns([
        Column::new("id", ids),
        Column::new("ra", first.sky.iter().map(|s| s.lon).collect::<Vec<_>>()).with_unit("deg"),
        Column::new("dec", first.sky.iter().map(|s| s.lat).collect::<Vec<_>>()).with_unit("deg"),
    ])?;
    let mut magnitudes = vec![first.magnitude.to_vec()];
    push(&mut table, first.name, first.magnitude.to_vec(), first.error.map(<[f64]>::to_vec))?;
    let config = CrossMatchConfig { radius, mutual: true, exec: exec.clone() };
    for b in others {
        let found = cross_match_sky(first.sky, b.sky, &config)?;
        let pick = |list: &[f64]| -> Vec<f64> {
            found.index.iter().map(|i| i.map_or(f64::NAN, |i| list[i])).collect()
        };
        let m = pick(b.magnitude);
        push(&mut table, b.name, m.clone(), b.error.map(pick))?;
        let sep = found.index.iter().zip(&found.separation);
        let sep: Vec<f64> = sep.map(|(i, s)| if i.is_some() { s * 3600.0 } else { f64::NAN }).collect();
        let rows: Vec<i64> =
            found.index.iter().map(|i| i.and_then(|i| i64::try_from(i).ok()).unwrap_or(-1)).collect();
        table.push(Column::new(format!("sep_{}", b.name), sep).with_unit("arcsec"))?;
        table.push(Column::new(format!("row_{}", b.name), rows))?;
        magnitudes.push(m);
    }
    for (k, pair) in bands.windows(2).enumerate() {
        let colour: Vec<f64> = magnitudes[k].iter().zip(&magnitudes[k + 1]).map(|(a, b)| a - b).collect();
        table.push(Column::new(format!("{}-{}", pair[0].name, pair[1].name), colour).with_unit("mag"))?;
    }
    Ok(table)
}

fn too_few(bands: &[Band<'_>]) -> CalibrationError {
    CalibrationError::InvalidTable {
        what: "bands",
        why: format!("a colour needs two, found {}", bands.len()),
    }
}

fn push(table: &mut Table, name: &str, magnitude: Vec<f64>, error: Option<Vec<f64>>) -> Result<()> {
    table.push(Column::new(format!("mag_{name}"), magnitude).with_unit("mag"))?;
    if let Some(e) = error {
        table.push(Column::new(format!("mag_{name}_err"), e).with_unit("mag"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counterparts_and_colours() {
        let at = |lon: f64| SkyCoord { lon, lat: -5.0 };
        let (a, b) = ([at(1.0), at(2.0), at(3.0)], [at(3.0), at(1.0 + 1e-5)]);
        let bands = [
            Band { name: "F560W", sky: &a, magnitude: &[20.0, 21.0, 22.0], error: Some(&[0.1, 0.2, 0.3]) },
            Band { name: "F770W", sky: &b, magnitude: &[22.5, 20.25], error: None },
        ];
        let t = colour_magnitude(&bands, 1e-4, &Exec::serial()).unwrap();
        assert_eq!(t.f64("F560W-F770W").unwrap()[0], -0.25);
        assert_eq!(t.f64("F560W-F770W").unwrap()[2], -0.5);
        assert!(t.f64("mag_F770W").unwrap()[1].is_nan());
        assert_eq!(t.column("row_F770W").unwrap().to_i64().unwrap(), [1, -1, 0]);
        assert!(
            colour_magnitude(&bands[..1], 1e-4, &Exec::serial()).unwrap_err().to_string().contains("found 1")
        );
        let twice = [bands[0], bands[0]];
        assert!(colour_magnitude(&twice, 1e-4, &Exec::serial()).unwrap_err().to_string().contains("F560W"));
    }
}
