//! Elementary functions of several numbers at once.

/// Numbers per group.
pub(super) const LANES: usize = 8;
/// A group of numbers.
pub(super) type V = [f64; LANES];

/// Adding and subtracting this rounds to a whole number (below 2^51).
const ROUND: f64 = 6_755_399_441_055_744.0;

/// `(atan(t) / t - 1) / t^2` as a polynomial in `t^2` for `|t| <= tan(pi / 8)`: interpolation at the Chebyshev nodes
/// in 60 digits, error below 4e-18.
const ATAN: [f64; 12] = [
    -0.3333333333333333,
    0.19999999999999804,
    -0.14285714285659679,
    0.1111111110514086,
    -0.09090908752775145,
    0.07692296354052001,
    -0.06666424508972375,
    0.058789246664307855,
    -0.05230422374227908,
    0.04551447745593507,
    -0.03456682121044516,
    0.016281611836332237,
];

/// `1/3!, 1/5!, ...` with signs.
const SIN: [f64; 8] = [
    -1.0 / 6.0,
    1.0 / 120.0,
    -1.0 / 5040.0,
    1.0 / 362_880.0,
    -1.0 / 39_916_800.0,
    1.0 / 6_227_020_800.0,
    -1.0 / 1_307_674_368_000.0,
    1.0 / 355_687_428_096_000.0,
];

/// `1/4!, 1/6!, ...` with signs.
const COS: [f64; 7] = [
    1.0 / 24.0,
    -1.0 / 720.0,
    1.0 / 40_320.0,
    -1.0 / 3_628_800.0,
    1.0 / 479_001_600.0,
    -1.0 / 87_178_291_200.0,
    1.0 / 20_922_789_888_000.0,
];

#[inline(always)]
pub(super) fn map(a: &V, f: impl Fn(f64) -> f64) -> V {
    let mut out = [0.0; LANES];
    for i in 0..LANES {
        out[i] = f(a[i]);
    }
    out
}

#[inline(always)]
pub(super) fn map2(a: &V, b: &V, f: impl Fn(f64, f64) -> f64) -> V {
    let mut out = [0.0; LANES];
    for i in 0..LANES {
        out[i] = f(a[i], b[i]);
    }
    out
}

#[inline(always)]
pub(super) fn map3(a: &V, b: &V, c: &V, f: impl Fn(f64, f64, f64) -> f64) -> V {
    let mut out = [0.0; LANES];
    for i in 0..LANES {
        out[i] = f(a[i], b[i], c[i]);
    }
    out
}

/// Angle of `(x, y)` in radians, `-pi ... pi`, within 2 units in the last place; 0 for `(0, 0)`.
#[inline(always)]
pub(super) fn atan2(y: &V, x: &V) -> V {
    use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};
    const TAN_PI_8: f64 = 0.414_213_562_373_095_03;
    // What pi and its parts lose as doubles.
    const LOW: f64 = 6.123_233_995_736_766e-17;
    map2(y, x, |y, x| {
        let (ay, ax) = (y.abs(), x.abs());
        let swap = ay > ax;
        let small = if swap { ax } else { ay };
        let large = if swap { ay } else { ax };
        let large = if large > 0.0 { large } else { 1.0 };
        let upper = small > TAN_PI_8 * large;
        let n = if upper { small - large } else { small };
        let d = if upper { small + large } else { large };
        let t = n / d;
        let z = t * t;
        let mut p = ATAN[11];
        let mut k = 11;
        while k > 0 {
            k -= 1;
            p = p * z + ATAN[k];
        }
        let r = t + t * z * p;
        let r = if upper { FRAC_PI_4 + (r + 0.5 * LOW) } else { r };
        let r = if swap { FRAC_PI_2 - (r - LOW) } else { r };
        let r = if x < 0.0 { PI - (r - 2.0 * LOW) } else { r };
        r.copysign(y)
    })
}

/// Sine and cosine of angles in degrees (below 1e15).
#[inline(always)]
pub(super) fn sin_cos_deg(a: &V) -> (V, V) {
    const RAD: f64 = std::f64::consts::PI / 180.0;
    let mut s = [0.0; LANES];
    let mut c = [0.0; LANES];
    for i in 0..LANES {
        let q = (a[i] * (1.0 / 90.0) + ROUND) - ROUND;
        let x = (a[i] - 90.0 * q) * RAD;
        let z = x * x;
        let mut p = SIN[7];
        let mut k = 7;
        while k > 0 {
            k -= 1;
            p = p * z + SIN[k];
        }
        let sx = x + x * z * p;
        let mut p = COS[6];
        let mut k = 6;
        while k > 0 {
            k -= 1;
            p = p * z + COS[k];
        }
        let cx = 1.0 - (0.5 * z - z * z * p);
        // Quadrant 0 ... 3 of q, in floating point.
        let half = (q * 0.5 - 0.25 + ROUND) - ROUND;
        let odd = q - 2.0 * half;
        let quarter = (half * 0.5 - 0.25 + ROUND) - ROUND;
        let sign = 1.0 - 2.0 * (half - 2.0 * quarter);
        let (u, v) = if odd != 0.0 { (cx, -sx) } else { (sx, cx) };
        s[i] = sign * u;
        c[i] = sign * v;
    }
    (s, c)
}

/// `sum c[p][q] u^p v^q` with the coefficients in the order of `Poly2`.
#[inline(always)]
pub(super) fn polynomial(degree: usize, c: &[f64], u: &V, v: &V) -> V {
    let mut f = [0.0; LANES];
    let mut end = c.len();
    for row in 1..=degree + 1 {
        let start = end - row;
        let mut g = [0.0; LANES];
        for &k in c[start..end].iter().rev() {
            for i in 0..LANES {
                g[i] = g[i] * v[i] + k;
            }
        }
        for i in 0..LANES {
            f[i] = f[i] * u[i] + g[i];
        }
        end = start;
    }
    f
}

/// As [`polynomial`], with the derivatives by `u` and `v`.
#[inline(always)]
pub(super) fn polynomial_derivatives(degree: usize, c: &[f64], u: &V, v: &V) -> (V, V, V) {
    let (mut f, mut fu, mut fv) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
    let mut end = c.len();
    for row in 1..=degree + 1 {
        let start = end - row;
        let (mut g, mut gv) = ([0.0; LANES], [0.0; LANES]);
        for &k in c[start..end].iter().rev() {
            for i in 0..LANES {
                gv[i] = gv[i] * v[i] + g[i];
                g[i] = g[i] * v[i] + k;
            }
        }
        for i in 0..LANES {
            fu[i] = fu[i] * u[i] + f[i];
            f[i] = f[i] * u[i] + g[i];
            fv[i] = fv[i] * u[i] + gv[i];
        }
        end = start;
    }
    (f, fu, fv)
}

#[cfg(test)]
mod tests {
    use super::*;
    use skyphot_core::testing::uniform;

    #[test]
    fn arc_tangent_is_good_to_the_last_places() {
        let mut worst = 0.0_f64;
        for k in 0..4000 {
            let mut y = [0.0; LANES];
            let mut x = [0.0; LANES];
            for i in 0..LANES {
                let j = (k * LANES + i) as u64;
                y[i] = (uniform(1, j) - 0.5) * 10_f64.powf(8.0 * uniform(3, j) - 4.0);
                x[i] = uniform(2, j) - 0.5;
            }
            for (i, r) in atan2(&y, &x).iter().enumerate() {
                let exact = y[i].atan2(x[i]);
                worst = worst.max(((r - exact) / exact).abs());
            }
        }
        assert!(worst < 5e-16, "{worst:e}");
        let y = [0.0, 0.0, 1.0, -1.0, 1.0, -1.0, -0.0, f64::NAN];
        let x = [1.0, -1.0, 0.0, 0.0, 1.0, -1.0, 1.0, 1.0];
        let r = atan2(&y, &x);
        for i in 0..7 {
            assert!((r[i] - y[i].atan2(x[i])).abs() < 3e-16, "{i}");
        }
        assert!(r[7].is_nan());
        assert_eq!(atan2(&[0.0; LANES], &[0.0; LANES]), [0.0; LANES]);
    }

    #[test]
    fn sine_and_cosine_are_good_to_the_last_places() {
        let mut worst = 0.0_f64;
        for k in 0..4000 {
            let mut a = [0.0; LANES];
            for (i, v) in a.iter_mut().enumerate() {
                *v = 1600.0 * (uniform(7, (k * LANES + i) as u64) - 0.5);
            }
            let (s, c) = sin_cos_deg(&a);
            for i in 0..LANES {
                let (es, ec) = crate::angle::sin_cos_deg(a[i]);
                worst = worst.max((s[i] - es).abs()).max((c[i] - ec).abs());
            }
        }
        assert!(worst < 3e-16, "{worst:e}");
        let (s, c) = sin_cos_deg(&[0.0, 90.0, 180.0, 270.0, 360.0, -90.0, -180.0, -270.0]);
        assert_eq!(s, [0.0, 1.0, 0.0, -1.0, 0.0, -1.0, 0.0, 1.0]);
        assert_eq!(c, [1.0, 0.0, -1.0, 0.0, 1.0, 0.0, -1.0, 0.0]);
    }
}
