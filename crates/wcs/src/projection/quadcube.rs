//! Quadrilateralised spherical cubes: TSC, CSC and QSC.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4};

/// Centres of the faces in units of 45 degrees.
const CENTRES: [(f64, f64); 6] = [(0.0, 2.0), (0.0, 0.0), (2.0, 0.0), (4.0, 0.0), (6.0, 0.0), (0.0, -2.0)];

/// Face and components along (xi, eta, zeta) of a direction.
fn face_of(l: f64, m: f64, n: f64) -> (usize, f64, f64, f64) {
    let mut face = 0;
    let mut zeta = n;
    for (f, v) in [(1, l), (2, m), (3, -l), (4, -m), (5, -n)] {
        if v > zeta {
            face = f;
            zeta = v;
        }
    }
    let (xi, eta) = match face {
        0 => (m, -l),
        1 => (m, n),
        2 => (-l, n),
        3 => (-m, n),
        4 => (l, n),
        _ => (m, l),
    };
    (face, xi, eta, zeta)
}

fn direction_of(face: usize, xi: f64, eta: f64, zeta: f64) -> (f64, f64, f64) {
    match face {
        0 => (-eta, xi, zeta),
        1 => (zeta, xi, eta),
        2 => (-xi, zeta, eta),
        3 => (-zeta, -xi, eta),
        4 => (xi, -zeta, eta),
        _ => (eta, xi, -zeta),
    }
}

/// Plane from the sphere; `on_face` maps `(xi, eta, zeta)` to face coordinates in `[-1, 1]`.
pub(super) fn to_plane(phi: f64, theta: f64, on_face: fn(f64, f64, f64) -> (f64, f64)) -> (f64, f64) {
    let (sp, cp) = phi.sin_cos();
    let (st, ct) = theta.sin_cos();
    let (face, xi, eta, zeta) = face_of(ct * cp, ct * sp, st);
    let (u, v) = on_face(xi, eta, zeta);
    let (u, v) = (u.clamp(-1.0, 1.0), v.clamp(-1.0, 1.0));
    let (x0, y0) = CENTRES[face];
    (FRAC_PI_4 * (x0 + u), FRAC_PI_4 * (y0 + v))
}

/// Sphere from the plane; `from_face` maps face coordinates in `[-1, 1]` to `(xi, eta, zeta)`.
pub(super) fn to_native(x: f64, y: f64, from_face: fn(f64, f64) -> (f64, f64, f64)) -> Option<(f64, f64)> {
    let (mut u, mut v) = (x / FRAC_PI_4, y / FRAC_PI_4);
    let tol = 1e-12;
    if u.abs() <= 1.0 + tol {
        if v.abs() > 3.0 + tol {
            return None;
        }
    } else if u.abs() > 7.0 + tol || v.abs() > 1.0 + tol {
        return None;
    }
    if u < -1.0 - tol {
        u += 8.0;
    }
    let face = if u > 5.0 {
        4
    } else if u > 3.0 {
        3
    } else if u > 1.0 + tol {
        2
    } else if v > 1.0 {
        0
    } else if v < -1.0 {
        5
    } else {
        1
    };
    u -= CENTRES[face].0;
    v -= CENTRES[face].1;
    let (xi, eta, zeta) = from_face(u, v);
    let (l, m, n) = direction_of(face, xi, eta, zeta);
    let r = l.hypot(m);
    let phi = if r == 0.0 { 0.0 } else { m.atan2(l) };
    Some((phi, n.atan2(r)))
}

pub(super) fn tsc_forward(xi: f64, eta: f64, zeta: f64) -> (f64, f64) {
    (xi / zeta, eta / zeta)
}

pub(super) fn tsc_inverse(u: f64, v: f64) -> (f64, f64, f64) {
    let zeta = 1.0 / (1.0 + u * u + v * v).sqrt();
    (u * zeta, v * zeta, zeta)
}

pub(super) fn csc_forward(xi: f64, eta: f64, zeta: f64) -> (f64, f64) {
    let (a, b) = (xi / zeta, eta / zeta);
    (csc_f(a, b), csc_f(b, a))
}

/// The polynomial of Chan & O'Neill (1975) in the form of Paper II, equation 180.
fn csc_f(a: f64, b: f64) -> f64 {
    const GAMMA: f64 = 1.374_848_477_32;
    const M: f64 = 0.004_869_491_981;
    const G: f64 = -0.131_616_714_74;
    const OMEGA: f64 = -0.159_596_235_474;
    const C00: f64 = 0.141_189_631_152;
    const C10: f64 = 0.080_970_128_652_5;
    const C01: f64 = -0.281_528_535_557;
    const C11: f64 = 0.153_841_128_76;
    const C20: f64 = -0.178_251_207_466;
    const C02: f64 = 0.106_959_469_314;
    const D0: f64 = 0.075_919_620_046_7;
    const D1: f64 = -0.021_776_249_069_9;
    let (a2, b2) = (a * a, b * b);
    let ca = 1.0 - a2;
    let cb = 1.0 - b2;
    let sum = C00 + C10 * a2 + C01 * b2 + C11 * a2 * b2 + C20 * a2 * a2 + C02 * b2 * b2;
    a * (a2 + GAMMA * ca + b2 * ca * (G + (M - G) * a2 + cb * sum) + a2 * ca * (OMEGA - ca * (D0 + D1 * a2)))
}

pub(super) fn csc_inverse(u: f64, v: f64) -> (f64, f64, f64) {
    let (a, b) = (csc_inverse_f(u, v), csc_inverse_f(v, u));
    let zeta = 1.0 / (a * a + b * b + 1.0).sqrt();
    (a * zeta, b * zeta, zeta)
}

/// Paper II, equation 181: coefficients `P_ij` of `X^2i Y^2j`.
fn csc_inverse_f(x: f64, y: f64) -> f64 {
    const P: [&[f64]; 7] = [
        &[-0.27292696, -0.07629969, -0.22797056, 0.54852384, -0.62930065, 0.25795794, 0.02584375],
        &[-0.02819452, -0.01471565, 0.48051509, -1.74114454, 1.71547508, -0.53022337],
        &[0.27058160, -0.56800938, 0.30803317, 0.98938102, -0.83180469],
        &[-0.60441560, 1.50880086, -0.93678576, 0.08693841],
        &[0.93412077, -1.41601920, 0.33887446],
        &[-0.63915306, 0.52032238],
        &[0.14381585],
    ];
    let (x2, y2) = (x * x, y * y);
    let s = P.iter().rev().fold(0.0, |s, row| s * y2 + row.iter().rev().fold(0.0, |t, c| t * x2 + c));
    x + x * (1.0 - x2) * s
}

pub(super) fn qsc_forward(xi: f64, eta: f64, zeta: f64) -> (f64, f64) {
    if xi == 0.0 && eta == 0.0 {
        return (0.0, 0.0);
    }
    let swap = xi.abs() < eta.abs();
    let (p, q) = if swap { (eta, xi) } else { (xi, eta) };
    let w = q / p;
    // 1 - zeta without loss of digits near the centre of the face.
    let tau = (xi * xi + eta * eta) / (1.0 + zeta);
    let u = (tau / (1.0 - 1.0 / (2.0 + w * w).sqrt())).sqrt().copysign(p);
    let v = u / (FRAC_PI_4 / 3.0) * (w.atan() - (w / (2.0 * (1.0 + w * w)).sqrt()).asin());
    if swap { (v, u) } else { (u, v) }
}

pub(super) fn qsc_inverse(x: f64, y: f64) -> (f64, f64, f64) {
    if x == 0.0 && y == 0.0 {
        return (0.0, 0.0, 1.0);
    }
    let swap = x.abs() < y.abs();
    let (u, v) = if swap { (y, x) } else { (x, y) };
    let (s, c) = (FRAC_PI_2 / 6.0 * (v / u)).sin_cos();
    let w = s / (c - std::f64::consts::FRAC_1_SQRT_2);
    let tau = u * u * (1.0 - 1.0 / (2.0 + w * w).sqrt());
    let zeta = 1.0 - tau;
    let p = (tau * (2.0 - tau) / (1.0 + w * w)).max(0.0).sqrt().copysign(u);
    let q = p * w;
    if swap { (q, p, zeta) } else { (p, q, zeta) }
}
