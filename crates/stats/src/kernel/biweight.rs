//! Biweight sums.

use super::median::{mad_in_place, median_in_place};

/// Biweight location of finite values about `m`, with their MAD known.
pub(crate) fn location_about(v: &[f64], c: f64, m: f64, mad: f64) -> f64 {
    if mad == 0.0 || mad.is_nan() {
        return m;
    }
    let scale = c * mad;
    let (mut num, mut den) = (0.0, 0.0);
    for x in v {
        let d = x - m;
        let u = d / scale;
        if u.abs() < 1.0 {
            let w = (1.0 - u * u) * (1.0 - u * u);
            num += d * w;
            den += w;
        }
    }
    m + num / den
}

/// Biweight midvariance of finite values about `m`, with their MAD known.
pub(crate) fn midvariance_about(v: &[f64], c: f64, m: f64, mad: f64, modify_sample_size: bool) -> f64 {
    if mad == 0.0 || mad.is_nan() {
        return mad;
    }
    let scale = c * mad;
    let (mut f1, mut f2, mut inside) = (0.0, 0.0, 0_usize);
    for x in v {
        let d = x - m;
        let u = d / scale;
        if u.abs() < 1.0 {
            let u2 = u * u;
            let w = 1.0 - u2;
            f1 += d * d * (w * w) * (w * w);
            f2 += w * (1.0 - 5.0 * u2);
            inside += 1;
        }
    }
    let n = if modify_sample_size { inside } else { v.len() };
    n as f64 * f1 / (f2 * f2)
}

/// Biweight location (tuning constant `c`, usually 6) of finite values; `scratch` is overwritten.
#[must_use]
pub fn biweight_location(values: &[f64], c: f64, scratch: &mut Vec<f64>) -> f64 {
    let (m, mad) = median_mad(values, scratch);
    location_about(values, c, m, mad)
}

/// Biweight midvariance (tuning constant `c`, usually 9) of finite values; `scratch` is overwritten.
#[must_use]
pub fn biweight_midvariance(values: &[f64], c: f64, scratch: &mut Vec<f64>) -> f64 {
    let (m, mad) = median_mad(values, scratch);
    midvariance_about(values, c, m, mad, false)
}

fn median_mad(values: &[f64], scratch: &mut Vec<f64>) -> (f64, f64) {
    scratch.clear();
    scratch.extend_from_slice(values);
    let m = median_in_place(scratch);
    (m, mad_in_place(scratch, m))
}
