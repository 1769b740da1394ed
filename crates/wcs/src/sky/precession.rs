//! Precession matrices: IAU 2006 (Capitaine et al. 2003; Hilton et al. 2006) and Newcomb's, and the ecliptic.

use crate::angle::{IDENTITY, Mat3, mat_mul, rotation, transpose};

/// Radians per arcsecond, as degrees per arcsecond for `rotation`.
const DEG_PER_ARCSEC: f64 = 1.0 / 3600.0;

/// Fukushima-Williams angles `(gamma, phi, psi, epsilon)` of the IAU 2006 precession, arcseconds. `t` in Julian
/// centuries from J2000.
fn fukushima_williams(t: f64) -> [f64; 4] {
    let poly = |c: [f64; 6]| c.iter().rev().fold(0.0, |s, v| s * t + v);
    [
        poly([-0.052928, 10.556378, 0.4932044, -0.00031238, -0.000002788, 0.0000000260]),
        poly([84381.412819, -46.811016, 0.0511268, 0.00053289, -0.000000440, -0.0000000176]),
        poly([-0.041775, 5038.481484, 1.5584175, -0.00018522, -0.000026452, -0.0000000148]),
        poly([84381.406, -46.836769, -0.0001831, 0.00200340, -0.000000576, -0.0000000434]),
    ]
}

/// Bias and precession from GCRS axes to the mean equator and equinox of `t`.
fn bias_precession(t: f64) -> Mat3 {
    let [gamma, phi, psi, eps] = fukushima_williams(t).map(|v| v * DEG_PER_ARCSEC);
    let m = mat_mul(&rotation(0, phi), &rotation(2, gamma));
    mat_mul(&rotation(0, -eps), &mat_mul(&rotation(2, -psi), &m))
}

/// Julian centuries from J2000 of an equinox in Julian years.
fn centuries(year: f64) -> f64 {
    (year - 2000.0) / 100.0
}

/// From the mean equator and equinox of J2000 to that of an equinox (Julian years), IAU 2006.
fn fk5_from_j2000(equinox: f64) -> Mat3 {
    // The bias is that of J2000: precession without it.
    mat_mul(&bias_precession(centuries(equinox)), &transpose(&bias_precession(0.0)))
}

/// From one FK5 equinox (Julian years) to another.
pub(super) fn fk5(from: f64, to: f64) -> Mat3 {
    if from == to {
        return IDENTITY;
    }
    mat_mul(&fk5_from_j2000(to), &transpose(&fk5_from_j2000(from)))
}

/// From ICRS to the mean ecliptic and equinox (Julian years).
pub(super) fn ecliptic(equinox: f64) -> Mat3 {
    let t = centuries(equinox);
    mat_mul(&rotation(0, fukushima_williams(t)[3] * DEG_PER_ARCSEC), &bias_precession(t))
}

/// From one FK4 equinox (Besselian years) to another, Newcomb's constants (Explanatory Supplement 1961).
pub(super) fn fk4(from: f64, to: f64) -> Mat3 {
    if from == to {
        return IDENTITY;
    }
    let t = (from - 1850.0) / 1000.0;
    let d = (to - 1850.0) / 1000.0 - t;
    let first = 23035.545 + (139.720 + 0.060 * t) * t;
    let zeta = first + d * ((30.240 - 0.27 * t) + d * 17.995);
    let z = first + d * ((109.480 + 0.39 * t) + d * 18.325);
    let theta = 20051.12 + (-85.29 - 0.37 * t) * t + d * ((-42.65 - 0.37 * t) + d * -41.8);
    let deg = d * DEG_PER_ARCSEC;
    mat_mul(&rotation(2, -z * deg), &mat_mul(&rotation(1, theta * deg), &rotation(2, -zeta * deg)))
}

/// Mean obliquity of the IAU 1980 theory, degrees. `t` in Julian centuries from J2000.
pub(super) fn obliquity_1980(t: f64) -> f64 {
    (84381.448 + t * (-46.8150 + t * (-0.00059 + t * 0.001813))) * DEG_PER_ARCSEC
}
