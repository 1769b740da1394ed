//! Uniform B-splines: basis values and the recursive filter that turns samples into coefficients.
//!
//! Unser, M., Aldroubi, A., Eden, M. (1993), IEEE Trans. Signal Process. 41, 821 and 834; Unser (1999), IEEE Signal
//! Process. Mag. 16 (6), 22.

use crate::EdgeMode;

/// The centred B-spline of degree `order` (0 to 5) at distance `t` from its centre.
pub(crate) fn basis(order: usize, t: f64) -> f64 {
    let t = t.abs();
    match order {
        0 => f64::from(u8::from(t <= 0.5)),
        1 => (1.0 - t).max(0.0),
        2 if t < 0.5 => 0.75 - t * t,
        2 if t < 1.5 => 0.5 * (1.5 - t) * (1.5 - t),
        3 if t < 1.0 => 2.0 / 3.0 - 0.5 * t * t * (2.0 - t),
        3 if t < 2.0 => (2.0 - t).powi(3) / 6.0,
        4 if t < 0.5 => t * t * (0.25 * t * t - 0.625) + 115.0 / 192.0,
        4 if t < 1.5 => t * (t * (t * (5.0 / 6.0 - t / 6.0) - 1.25) + 5.0 / 24.0) + 55.0 / 96.0,
        4 if t < 2.5 => (2.5 - t).powi(4) / 24.0,
        5 if t < 1.0 => t * t * (t * t * (0.25 - t / 12.0) - 0.5) + 0.55,
        5 if t < 2.0 => t * (t * (t * (t * (t / 24.0 - 0.375) + 1.25) - 1.75) + 0.625) + 0.425,
        5 if t < 3.0 => (3.0 - t).powi(5) / 120.0,
        _ => 0.0,
    }
}

fn poles(order: usize) -> Vec<f64> {
    match order {
        2 => vec![8_f64.sqrt() - 3.0],
        3 => vec![3_f64.sqrt() - 2.0],
        4 => {
            let (a, b) = (664.0 - 438976_f64.sqrt(), 664.0 + 438976_f64.sqrt());
            vec![a.sqrt() + 304_f64.sqrt() - 19.0, b.sqrt() - 304_f64.sqrt() - 19.0]
        }
        5 => {
            let (a, b) = (67.5 - 4436.25_f64.sqrt(), 67.5 + 4436.25_f64.sqrt());
            vec![a.sqrt() + 26.25_f64.sqrt() - 6.5, b.sqrt() - 26.25_f64.sqrt() - 6.5]
        }
        _ => Vec::new(),
    }
}

/// Index of the sample that stands at place `i` of the extended signal of period `n`.
pub(crate) fn extend(i: isize, n: usize, mode: EdgeMode) -> usize {
    let len = n as isize;
    match mode {
        EdgeMode::Reflect => {
            let k = i.rem_euclid(2 * len);
            (if k < len { k } else { 2 * len - 1 - k }) as usize
        }
        EdgeMode::Mirror if n == 1 => 0,
        EdgeMode::Mirror => {
            let k = i.rem_euclid(2 * len - 2);
            (if k < len { k } else { 2 * len - 2 - k }) as usize
        }
        EdgeMode::Wrap => i.rem_euclid(len) as usize,
    }
}

/// Turns samples into B-spline coefficients, in place.
pub(crate) fn prefilter(c: &mut [f64], order: usize, mode: EdgeMode) {
    let n = c.len();
    if n < 2 {
        return;
    }
    let poles = poles(order);
    let gain: f64 = poles.iter().map(|z| (1.0 - z) * (1.0 - 1.0 / z)).product();
    c.iter_mut().for_each(|v| *v *= gain);
    for z in poles {
        c[0] = match mode {
            EdgeMode::Reflect => start_reflect(c, z),
            EdgeMode::Mirror => start_periodic(c, z, 2 * n - 2, mode),
            EdgeMode::Wrap => start_periodic(c, z, n, mode),
        };
        for i in 1..n {
            c[i] += z * c[i - 1];
        }
        c[n - 1] = match mode {
            EdgeMode::Reflect => z / (z - 1.0) * c[n - 1],
            EdgeMode::Mirror => z / (z * z - 1.0) * (c[n - 1] + z * c[n - 2]),
            EdgeMode::Wrap => {
                let mut last = c[n - 1];
                let mut zk = z;
                for v in &c[..n - 1] {
                    last += zk * v;
                    zk *= z;
                }
                -z * last / (1.0 - zk)
            }
        };
        for i in (0..n - 1).rev() {
            c[i] = z * (c[i + 1] - c[i]);
        }
    }
}

/// Start of the forward recursion: the sum of `z^k c[-k]` over one period of the extended signal, and the geometric
/// series over all periods.
fn start_periodic(c: &[f64], z: f64, period: usize, mode: EdgeMode) -> f64 {
    let (mut sum, mut zk) = (0.0, 1.0);
    for k in 0..period {
        sum += zk * c[extend(-(k as isize), c.len(), mode)];
        zk *= z;
    }
    sum / (1.0 - zk)
}

/// The same for a signal mirrored at its outer edge, as `scipy.ndimage` does it: its last term takes the sum so far for
/// the first sample. That changes the spline by about `z^(2n - 1)`, which shows for fewer than ten samples; it is kept
/// so that small background meshes give the maps people know.
fn start_reflect(c: &[f64], z: f64) -> f64 {
    let n = c.len();
    let zn = z.powi(n as i32);
    let mut sum = c[0] + zn * c[n - 1];
    let mut zk = z;
    for i in 1..n {
        let opposite = if i + 1 < n { c[n - 1 - i] } else { sum };
        sum += zk * (c[i] + zn * opposite);
        zk *= z;
    }
    c[0] + sum * z / (1.0 - zn * zn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basis_functions_add_up_to_one() {
        for order in 0..6 {
            for t in [-0.49, -0.2, 0.0, 0.1, 0.37] {
                let s: f64 = (-4..5).map(|k| basis(order, t - f64::from(k))).sum();
                assert!((s - 1.0).abs() < 1e-14, "order {order}, t {t}: {s}");
            }
        }
    }

    #[test]
    fn the_spline_passes_through_its_samples() {
        let samples = [1.0, 5.0, -2.0, 0.5, 3.0, 3.5, -1.0];
        for mode in [EdgeMode::Reflect, EdgeMode::Mirror, EdgeMode::Wrap] {
            for order in 0..6 {
                for n in 1..=samples.len() {
                    let mut c = samples[..n].to_vec();
                    // See start_reflect.
                    let pole = poles(order).iter().fold(0.0_f64, |m, z| m.max(z.abs()));
                    let odd = mode == EdgeMode::Reflect;
                    let tolerance = if odd { 1e-12 + 20.0 * pole.powi(2 * n as i32 - 1) } else { 1e-12 };
                    prefilter(&mut c, order, mode);
                    for i in 0..n {
                        let v: f64 = (-3..=3)
                            .map(|k| basis(order, f64::from(k as i32)) * c[extend(i as isize + k, n, mode)])
                            .sum();
                        assert!(
                            (v - samples[i]).abs() < tolerance,
                            "{mode:?} order {order} n {n}: {v} {}",
                            samples[i]
                        );
                    }
                }
            }
        }
    }
}
