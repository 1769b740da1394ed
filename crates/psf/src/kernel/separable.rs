//! One axis of a Gaussian, which two axes make a model by their products.

use std::f64::consts::{FRAC_1_SQRT_2, PI};
use std::ops::Deref;

use super::error_function::{erf, erf_and_exp};

/// Numbers kept without an allocation, enough for a fit box.
const FEW: usize = 12;

/// Numbers along an axis.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    few: [f64; FEW],
    many: Vec<f64>,
    n: usize,
}

impl Line {
    fn zeros(n: usize) -> Self {
        Self { few: [0.0; FEW], many: if n > FEW { vec![0.0; n] } else { Vec::new() }, n }
    }

    fn as_mut(&mut self) -> &mut [f64] {
        if self.n > FEW { &mut self.many } else { &mut self.few[..self.n] }
    }
}

impl Deref for Line {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        if self.n > FEW { &self.many } else { &self.few[..self.n] }
    }
}

/// Values along an axis with their derivatives by position and by sigma (empty unless asked for).
pub(crate) struct Axis {
    pub(crate) value: Line,
    pub(crate) d_position: Line,
    pub(crate) d_sigma: Line,
}

/// Which derivatives of an [`Axis`] are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Value,
    Position,
    PositionAndSigma,
}

impl Axis {
    fn zeros(n: usize, order: Order) -> Self {
        let size = |wanted| Line::zeros(if wanted { n } else { 0 });
        Self {
            value: Line::zeros(n),
            d_position: size(order != Order::Value),
            d_sigma: size(order == Order::PositionAndSigma),
        }
    }
}

/// A normalised Gaussian at pixel centres.
pub(crate) fn point_axis(first: i64, n: usize, at: f64, sigma: f64, order: Order) -> Axis {
    let norm = 1.0 / ((2.0 * PI).sqrt() * sigma);
    let t = |i: usize| ((first + i as i64) as f64 - at) / sigma;
    let mut axis = Axis::zeros(n, order);
    for (i, v) in axis.value.as_mut().iter_mut().enumerate() {
        *v = norm * (-0.5 * t(i) * t(i)).exp();
    }
    for (i, d) in axis.d_position.as_mut().iter_mut().enumerate() {
        *d = axis.value[i] * t(i) / sigma;
    }
    for (i, d) in axis.d_sigma.as_mut().iter_mut().enumerate() {
        *d = axis.value[i] * (t(i) * t(i) - 1.0) / sigma;
    }
    axis
}

/// A normalised Gaussian integrated over pixels.
pub(crate) fn pixel_axis(first: i64, n: usize, at: f64, sigma: f64, order: Order) -> Axis {
    let edge = |i: usize| ((first + i as i64) as f64 - 0.5 - at) / sigma;
    let mut axis = Axis::zeros(n, order);
    let value = axis.value.as_mut();
    if order == Order::Value {
        let mut last = erf(edge(0) * FRAC_1_SQRT_2);
        for (i, v) in value.iter_mut().enumerate() {
            let next = erf(edge(i + 1) * FRAC_1_SQRT_2);
            *v = 0.5 * (next - last);
            last = next;
        }
        return axis;
    }
    let norm = 1.0 / (2.0 * PI).sqrt();
    let (d_position, d_sigma) = (axis.d_position.as_mut(), axis.d_sigma.as_mut());
    let mut t = edge(0);
    let (mut last, mut p) = erf_and_exp(t * FRAC_1_SQRT_2);
    p *= norm;
    for i in 0..n {
        let t1 = edge(i + 1);
        let (next, mut p1) = erf_and_exp(t1 * FRAC_1_SQRT_2);
        p1 *= norm;
        value[i] = 0.5 * (next - last);
        d_position[i] = (p - p1) / sigma;
        if let Some(d) = d_sigma.get_mut(i) {
            *d = (t * p - t1 * p1) / sigma;
        }
        (t, last, p) = (t1, next, p1);
    }
    axis
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
