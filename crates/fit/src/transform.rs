//! Constrained parameters as functions of variables without limits.

use crate::{Constraint, FitError, Result};

/// How one variable becomes a parameter.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Free,
    /// `lo - 1 + sqrt(q^2 + 1)`
    Above(f64),
    /// `hi + 1 - sqrt(q^2 + 1)`
    Below(f64),
    /// `lo + (hi - lo) (1 + sin q) / 2`
    Between(f64, f64),
}

impl Kind {
    fn value(self, q: f64) -> f64 {
        match self {
            Self::Free => q,
            Self::Above(lo) => (lo - 1.0 + q.hypot(1.0)).max(lo),
            Self::Below(hi) => (hi + 1.0 - q.hypot(1.0)).min(hi),
            Self::Between(lo, hi) => (lo + (hi - lo) * 0.5 * (1.0 + q.sin())).clamp(lo, hi),
        }
    }

    fn slope(self, q: f64) -> f64 {
        match self {
            Self::Free => 1.0,
            Self::Above(_) => q / q.hypot(1.0),
            Self::Below(_) => -q / q.hypot(1.0),
            Self::Between(lo, hi) => (hi - lo) * 0.5 * q.cos(),
        }
    }

    /// The variable of a parameter, kept off the limits themselves, where the slope is 0 and nothing could move.
    fn variable(self, p: f64) -> f64 {
        const OFF: f64 = 0.1;
        let root = |d: f64| ((d.max(0.0) + 1.0).powi(2) - 1.0).sqrt().max(OFF);
        match self {
            Self::Free => p,
            Self::Above(lo) => root(p - lo),
            Self::Below(hi) => root(hi - p),
            Self::Between(lo, hi) => {
                let most = std::f64::consts::FRAC_PI_2 - OFF;
                (2.0 * (p - lo) / (hi - lo) - 1.0).clamp(-1.0, 1.0).asin().clamp(-most, most)
            }
        }
    }
}

/// The variables of a search and what they mean.
#[derive(Debug, Clone)]
pub(crate) struct Transform {
    /// Number of the parameter of every variable.
    place: Vec<(usize, Kind)>,
    /// Tied parameters: number, target, factor, offset.
    ties: Vec<(usize, usize, f64, f64)>,
}

impl Transform {
    /// The transformation and the variables of the start.
    pub(crate) fn new(start: &[f64], constraints: &[Constraint]) -> Result<(Self, Vec<f64>)> {
        let n = start.len();
        if !constraints.is_empty() && constraints.len() != n {
            return Err(FitError::InvalidStart { start: start.to_vec() });
        }
        let constraint = |i: usize| constraints.get(i).copied().unwrap_or_default();
        let (mut place, mut ties, mut q) = (Vec::new(), Vec::new(), Vec::new());
        for (i, &value) in start.iter().enumerate() {
            let kind = match constraint(i) {
                Constraint::Free => Kind::Free,
                Constraint::Bounded(lo, hi) => {
                    if !(lo <= hi) {
                        return Err(FitError::InvalidBounds { index: i, lower: lo, upper: hi });
                    }
                    match (lo.is_finite(), hi.is_finite()) {
                        (true, true) => Kind::Between(lo, hi),
                        (true, false) => Kind::Above(lo),
                        (false, true) => Kind::Below(hi),
                        (false, false) => Kind::Free,
                    }
                }
                Constraint::Fixed => continue,
                Constraint::Tied { to, factor, offset } => {
                    let target = to < n && to != i && !matches!(constraint(to), Constraint::Tied { .. });
                    if !(target && factor.is_finite() && offset.is_finite()) {
                        return Err(FitError::InvalidTie { index: i, to });
                    }
                    ties.push((i, to, factor, offset));
                    continue;
                }
            };
            // Limits that leave one value.
            if matches!(kind, Kind::Between(lo, hi) if lo == hi) {
                place.push((i, kind));
                q.push(0.0);
                continue;
            }
            place.push((i, kind));
            q.push(kind.variable(value));
        }
        Ok((Self { place, ties }, q))
    }

    /// Writes the parameters of variables; those that are fixed stay.
    pub(crate) fn expand(&self, q: &[f64], all: &mut [f64]) {
        for ((i, kind), q) in self.place.iter().zip(q) {
            all[*i] = kind.value(*q);
        }
        for &(i, to, factor, offset) in &self.ties {
            all[i] = factor * all[to] + offset;
        }
    }

    /// Derivatives by the variables from those by all parameters.
    pub(crate) fn pull_back(&self, q: &[f64], by_all: &[f64]) -> Vec<f64> {
        let of = |p: usize| {
            let tied = self.ties.iter().filter(|t| t.1 == p).map(|t| t.2 * by_all[t.0]).sum::<f64>();
            by_all[p] + tied
        };
        self.place.iter().zip(q).map(|((i, kind), q)| of(*i) * kind.slope(*q)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_and_slopes() {
        let start = [1.5, 0.2, -3.0, 7.0, 4.0];
        let constraints = [
            Constraint::Bounded(0.0, 2.0),
            Constraint::Bounded(0.0, f64::INFINITY),
            Constraint::Bounded(f64::NEG_INFINITY, -1.0),
            Constraint::Free,
            Constraint::Tied { to: 0, factor: 2.0, offset: 1.0 },
        ];
        let (t, q) = Transform::new(&start, &constraints).unwrap();
        let mut all = [0.0; 5];
        t.expand(&q, &mut all);
        for (a, b) in all.iter().zip(start) {
            assert!((a - b).abs() < 1e-12, "{all:?}");
        }
        let f = |all: &[f64; 5]| all.iter().enumerate().map(|(i, v)| (i as f64 + 1.0) * v).sum::<f64>();
        let g = t.pull_back(&q, &[1.0, 2.0, 3.0, 4.0, 5.0]);
        for i in 0..q.len() {
            let side = |s: f64| {
                let (mut q, mut all) = (q.clone(), [0.0; 5]);
                q[i] += s * 1e-6;
                t.expand(&q, &mut all);
                f(&all)
            };
            let slope = (side(1.0) - side(-1.0)) / 2e-6;
            assert!((slope - g[i]).abs() < 1e-7, "{i}: {slope} {}", g[i]);
        }
    }
}
