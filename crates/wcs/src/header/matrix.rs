//! The linear transformation: CD, PC with CDELT, or CDELT with CROTA.

use super::axes::CelestialAxes;
use super::keys::Keys;
use crate::angle::sin_cos_deg;
use crate::{Result, WcsError, WcsWarning};

/// Degrees per unit of an axis.
fn unit_factor(unit: &str) -> Option<f64> {
    Some(match unit.trim().trim_matches('\'').trim() {
        "" => 1.0,
        u => match u.to_ascii_lowercase().as_str() {
            "deg" | "degree" | "degrees" | "degs" => 1.0,
            "arcmin" | "arcmins" | "arcminute" | "arcminutes" => 1.0 / 60.0,
            "arcsec" | "arcsecs" | "arcsecond" | "arcseconds" => 1.0 / 3600.0,
            "mas" => 1.0 / 3.6e6,
            "uas" => 1.0 / 3.6e9,
            "rad" | "radian" | "radians" => 180.0 / std::f64::consts::PI,
            "mrad" => 0.18 / std::f64::consts::PI,
            "urad" => 1.8e-4 / std::f64::consts::PI,
            _ => return None,
        },
    })
}

/// `CDi_j` in degrees per pixel (row 0 longitude, columns x and y) and degrees per unit of both axes.
pub(super) fn celestial_matrix(
    keys: &Keys,
    axes: &CelestialAxes,
    warnings: &mut Vec<WcsWarning>,
) -> Result<([[f64; 2]; 2], [f64; 2])> {
    let mut factors = [1.0; 2];
    for (f, axis) in factors.iter_mut().zip([axes.lon, axes.lat]) {
        let name = format!("CUNIT{axis}");
        let unit = keys.text(&name).unwrap_or_default();
        *f = unit_factor(&unit).ok_or_else(|| WcsError::InvalidKeyword {
            key: keys.name(&name),
            expected: "a unit of angle such as deg or arcsec".to_owned(),
            found: unit.clone(),
        })?;
        if *f != 1.0 {
            warnings.push(WcsWarning::UnitConverted { axis, unit });
        }
    }
    let element = |base: &str, i: usize, j: usize| -> Result<Option<f64>> {
        if let Some(v) = keys.number(&format!("{base}{i}_{j}"))? {
            return Ok(Some(v));
        }
        // The draft standard wrote PC001002.
        if keys.is_primary() { keys.raw_number(&format!("{base}{i:03}{j:03}")) } else { Ok(None) }
    };
    let given = |base: &str| -> bool {
        !keys.pairs(base).is_empty()
            || (keys.is_primary()
                && (1..=axes.n.min(9))
                    .any(|i| (1..=axes.n.min(9)).any(|j| keys.has_raw(&format!("{base}{i:03}{j:03}")))))
    };
    let (has_pc, has_cd) = (given("PC"), given("CD"));
    if has_pc && has_cd {
        warnings.push(WcsWarning::BothPcAndCd);
    }
    for base in ["PC", "CD"] {
        if keys.is_primary() && keys.has_raw(&format!("{base}001001")) {
            warnings.push(WcsWarning::DeprecatedKeyword {
                key: format!("{base}001001"),
                instead: format!("{base}1_1"),
            });
        }
    }
    let cdelt = |axis: usize| -> Result<f64> { Ok(keys.number(&format!("CDELT{axis}"))?.unwrap_or(1.0)) };
    let row = |axis: usize| -> Result<Vec<f64>> {
        if has_pc {
            let d = cdelt(axis)?;
            (1..=axes.n)
                .map(|j| Ok(d * element("PC", axis, j)?.unwrap_or(if j == axis { 1.0 } else { 0.0 })))
                .collect()
        } else if has_cd {
            (1..=axes.n).map(|j| Ok(element("CD", axis, j)?.unwrap_or(0.0))).collect()
        } else {
            let mut r = vec![0.0; axes.n];
            r[axis - 1] = cdelt(axis)?;
            Ok(r)
        }
    };
    let mut rows = [row(axes.lon)?, row(axes.lat)?];
    if !has_pc && !has_cd && keys.is_primary() {
        rotate(keys, axes, &mut rows, warnings)?;
    }
    if has_cd && !has_pc {
        for (r, axis) in rows.iter_mut().zip([axes.lon, axes.lat]) {
            let column_empty = (1..=axes.n)
                .map(|i| element("CD", i, axis))
                .collect::<Result<Vec<_>>>()?
                .iter()
                .all(|v| v.unwrap_or(0.0) == 0.0);
            if r.iter().all(|v| *v == 0.0) && column_empty {
                r[axis - 1] = 1.0;
                warnings.push(WcsWarning::EmptyCdAxis { axis });
            }
        }
    }
    let mut cd = [[0.0; 2]; 2];
    for (i, r) in rows.iter().enumerate() {
        for (j, v) in r.iter().enumerate() {
            if j + 1 == axes.pixel[0] {
                cd[i][0] = v * factors[i];
            } else if j + 1 == axes.pixel[1] {
                cd[i][1] = v * factors[i];
            } else if *v != 0.0 {
                return Err(WcsError::NotSeparable { pixel_axis: j + 1, value: *v });
            }
        }
    }
    Ok((cd, factors))
}

/// The rotation of AIPS, `CROTA` of the latitude axis.
fn rotate(
    keys: &Keys,
    axes: &CelestialAxes,
    rows: &mut [Vec<f64>; 2],
    warnings: &mut Vec<WcsWarning>,
) -> Result<()> {
    let (i, j) = (axes.lon - 1, axes.lat - 1);
    let name = format!("CROTA{}", axes.lat);
    let Some(rho) = keys.raw_number(&name)? else { return Ok(()) };
    if rho == 0.0 {
        return Ok(());
    }
    warnings.push(WcsWarning::DeprecatedKeyword { key: name, instead: "PCi_j".to_owned() });
    let (s, c) = sin_cos_deg(rho);
    let (di, dj) = (rows[0][i], rows[1][j]);
    rows[0][i] = di * c;
    rows[0][j] = -dj * s;
    rows[1][i] = di * s;
    rows[1][j] = dj * c;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::unit_factor;

    #[test]
    fn units() {
        assert_eq!(unit_factor("deg     "), Some(1.0));
        assert_eq!(unit_factor("ARCSEC"), Some(1.0 / 3600.0));
        assert_eq!(unit_factor("M/S"), None);
    }
}
