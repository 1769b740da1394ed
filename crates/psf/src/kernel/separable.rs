//! One axis of a Gaussian, which two axes make a model by their products.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// Values along an axis with their derivatives by position and by sigma (empty unless asked for).
pub(crate) struct Axis {
    pub(crate) value: Vec<f64>,
    pub(crate) d_position: Vec<f64>,
    pub(crate) d_sigma: Vec<f64>,
}

/// A normalised Gaussian at pixel centres.
pub(crate) fn point_axis(first: i64, n: usize, at: f64, sigma: f64, derivatives: bool) -> Axis {
    let norm = 1.0 / ((2.0 * PI).sqrt() * sigma);
    let t = |i: usize| ((first + i as i64) as f64 - at) / sigma;
    let value: Vec<f64> = (0..n).map(|i| norm * (-0.5 * t(i) * t(i)).exp()).collect();
    if !derivatives {
        return Axis { value, d_position: Vec::new(), d_sigma: Vec::new() };
    }
    let d_position = value.iter().enumerate().map(|(i, v)| v * t(i) / sigma).collect();
    let d_sigma = value.iter().enumerate().map(|(i, v)| v * (t(i) * t(i) - 1.0) / sigma).collect();
    Axis { value, d_position, d_sigma }
}

/// A normalised Gaussian integrated over pixels.
pub(crate) fn pixel_axis(first: i64, n: usize, at: f64, sigma: f64, derivatives: bool) -> Axis {
    let edge = |i: usize| ((first + i as i64) as f64 - 0.5 - at) / sigma;
    let mut value = Vec::with_capacity(n);
    let mut last = libm::erf(edge(0) * FRAC_1_SQRT_2);
    for i in 1..=n {
        let next = libm::erf(edge(i) * FRAC_1_SQRT_2);
        value.push(0.5 * (next - last));
        last = next;
    }
    if !derivatives {
        return Axis { value, d_position: Vec::new(), d_sigma: Vec::new() };
    }
    let norm = 1.0 / (2.0 * PI).sqrt();
    let (mut d_position, mut d_sigma) = (Vec::with_capacity(n), Vec::with_capacity(n));
    let density = |i: usize| norm * (-0.5 * edge(i) * edge(i)).exp();
    let (mut t, mut p) = (edge(0), density(0));
    for i in 1..=n {
        let (t1, p1) = (edge(i), density(i));
        d_position.push((p - p1) / sigma);
        d_sigma.push((t * p - t1 * p1) / sigma);
        (t, p) = (t1, p1);
    }
    Axis { value, d_position, d_sigma }
}

/// `out[j][i] = y[j] x[i]`.
pub(crate) fn outer(x: &[f64], y: &[f64], out: &mut [f64]) {
    if x.is_empty() {
        return;
    }
    for (row, &b) in out.chunks_exact_mut(x.len()).zip(y) {
        for (o, &a) in row.iter_mut().zip(x) {
            *o = a * b;
        }
    }
}
