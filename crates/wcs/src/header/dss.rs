//! Plate solutions of the Digitized Sky Surveys (`AMDXn`, `AMDYn`), which are polynomials on the gnomonic plane and
//! so can be written as TPV.

use super::keys::Keys;
use crate::Result;
use crate::poly::Poly2;

/// A plate solution as TPV.
pub(super) struct Plate {
    pub(super) crpix: [f64; 2],
    pub(super) crval: [f64; 2],
    pub(super) cd: [[f64; 2]; 2],
    /// `PV1_m`, `PV2_m`.
    pub(super) pv: [Vec<(usize, f64)>; 2],
}

/// The plate solution of a header, if it is complete.
pub(super) fn read(keys: &Keys) -> Result<Option<Plate>> {
    if !keys.is_primary() || !keys.has_raw("AMDX1") {
        return Ok(None);
    }
    let get = |k: &str| keys.raw_number(k);
    let all = |names: &[&str]| -> Result<Option<Vec<f64>>> {
        names.iter().map(|n| get(n)).collect::<Result<Option<Vec<f64>>>>()
    };
    let Some(c) = all(&["PLTRAH", "PLTRAM", "PLTRAS", "PLTDECD", "PLTDECM", "PLTDECS"])? else {
        return Ok(None);
    };
    let Some(p) = all(&["CNPIX1", "CNPIX2", "PPO3", "PPO6", "XPIXELSZ", "YPIXELSZ"])? else {
        return Ok(None);
    };
    let mut a = [[0.0; 13]; 2];
    for (row, name) in a.iter_mut().zip(["AMDX", "AMDY"]) {
        for (i, v) in row.iter_mut().enumerate() {
            *v = get(&format!("{name}{}", i + 1))?.unwrap_or(0.0);
        }
    }
    if a[0][0] == 0.0 || a[1][0] == 0.0 || p[4] == 0.0 || p[5] == 0.0 {
        return Ok(None);
    }
    let south = keys.raw_text("PLTDECSN").is_some_and(|s| s.starts_with('-'));
    let dec = c[3].abs() + (c[4] + c[5] / 60.0) / 60.0;
    let crval = [15.0 * (c[0] + (c[1] + c[2] / 60.0) / 60.0), if south { -dec } else { dec }];
    // Millimetres from the plate centre: x = (PPO3 - XPIXELSZ X) / 1000 with X = CNPIX1 + i - 0.5 for pixel i.
    let crpix = [p[2] / p[4] - p[0] + 0.5, p[3] / p[5] - p[1] + 0.5];
    // Nominal degrees per millimetre, so that the linear part is nearly right.
    let scale = [a[0][0] / 3600.0, a[1][0] / 3600.0];
    let cd = [[-p[4] / 1000.0 * scale[0], 0.0], [0.0, p[5] / 1000.0 * scale[1]]];
    let pv = [plate_polynomial(&a[0], scale[0], scale[1]), plate_polynomial(&a[1], scale[1], scale[0])];
    Ok(Some(Plate { crpix, crval, cd, pv }))
}

/// TPV coefficients of `a1 x + a2 y + a3 + a4 x^2 + a5 x y + a6 y^2 + a7 r^2 + a8 x^3 + a9 x^2 y + a10 x y^2 + a11 y^3
/// + a12 x r^2 + a13 x r^4` (arcsec, mm), with x the axis' own coordinate.
fn plate_polynomial(a: &[f64; 13], own: f64, other: f64) -> Vec<(usize, f64)> {
    let mut p = Poly2::zeros(5);
    let mut add = |i: usize, j: usize, v: f64| p.set(i, j, p.get(i, j) + v);
    add(1, 0, a[0]);
    add(0, 1, a[1]);
    add(0, 0, a[2]);
    add(2, 0, a[3] + a[6]);
    add(1, 1, a[4]);
    add(0, 2, a[5] + a[6]);
    add(3, 0, a[7] + a[11]);
    add(2, 1, a[8]);
    add(1, 2, a[9] + a[11]);
    add(0, 3, a[10]);
    add(5, 0, a[12]);
    add(3, 2, 2.0 * a[12]);
    add(1, 4, a[12]);
    // The numbers of the TPV terms: degree d starts here, then own^d, own^(d-1) other, ...
    const START: [usize; 6] = [0, 1, 4, 7, 12, 17];
    let mut out = Vec::new();
    for (d, start) in START.into_iter().enumerate() {
        for j in 0..=d {
            let i = d - j;
            let v = p.get(i, j) / (3600.0 * own.powi(i as i32) * other.powi(j as i32));
            if v != 0.0 || d == 1 {
                out.push((start + j, v));
            }
        }
    }
    out
}
