//! Functions fitted to radial profiles.

use ndarray::ArrayView1;
use skyphot_core::SIGMA_TO_FWHM;
use skyphot_fit::{Bounds, LevenbergMarquardt, NormalEquations, Problem};

/// `amplitude exp(-r^2 / (2 stddev^2))`, fitted to a radial profile.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct GaussianProfile {
    /// Value at the centre, in the unit of the profile.
    pub amplitude: f64,
    /// Standard deviation, pixels.
    pub stddev: f64,
    /// The fit has converged. Otherwise the last parameters are given.
    pub converged: bool,
}

impl GaussianProfile {
    /// Full width at half maximum, pixels.
    #[must_use]
    pub fn fwhm(&self) -> f64 {
        self.stddev * SIGMA_TO_FWHM
    }

    /// The value at a radius, pixels.
    #[must_use]
    pub fn value(&self, radius: f64) -> f64 {
        self.amplitude * (-0.5 * (radius / self.stddev).powi(2)).exp()
    }
}

/// `amplitude (1 + (r / gamma)^2)^(-alpha)`, fitted to a radial profile.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct MoffatProfile {
    /// Value at the centre, in the unit of the profile.
    pub amplitude: f64,
    /// Core width, pixels.
    pub gamma: f64,
    /// Power index, from 1 to 25.
    pub alpha: f64,
    /// The fit has converged. Otherwise the last parameters are given.
    pub converged: bool,
}

impl MoffatProfile {
    /// Full width at half maximum, `2 gamma sqrt(2^(1 / alpha) - 1)`, pixels.
    #[must_use]
    pub fn fwhm(&self) -> f64 {
        2.0 * self.gamma.abs() * (self.alpha.recip().exp2() - 1.0).sqrt()
    }

    /// The value at a radius, pixels.
    #[must_use]
    pub fn value(&self, radius: f64) -> f64 {
        self.amplitude * (1.0 + (radius / self.gamma).powi(2)).powf(-self.alpha)
    }
}

/// Smallest width a fit may reach, pixels.
const MIN_WIDTH: f64 = 1e-6;

/// The points of a profile, scaled to values near 1.
struct Points {
    r: Vec<f64>,
    v: Vec<f64>,
    scale: f64,
}

impl Points {
    fn new(radius: &[f64], profile: ArrayView1<'_, f64>) -> Option<Self> {
        let (r, mut v): (Vec<f64>, Vec<f64>) =
            radius.iter().zip(profile).filter(|(_, v)| v.is_finite()).map(|(r, v)| (*r, *v)).unzip();
        let scale = v.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
        let scale = if scale > 0.0 { scale } else { 1.0 };
        v.iter_mut().for_each(|v| *v /= scale);
        (!v.is_empty()).then_some(Self { r, v, scale })
    }

    fn max(&self) -> f64 {
        self.v.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }
}

const SOLVER: LevenbergMarquardt = LevenbergMarquardt {
    step_tolerance: 1e-11,
    cost_tolerance: 0.0,
    max_evaluations: 1000,
    initial_damping: 1e-3,
};

struct Gaussian<'a>(&'a Points);

impl Problem<2> for Gaussian<'_> {
    fn normal_equations(&mut self, &[a, s]: &[f64; 2]) -> NormalEquations<2> {
        let mut n = NormalEquations::default();
        for (r, v) in self.0.r.iter().zip(&self.0.v) {
            let u = (r / s) * (r / s);
            let e = (-0.5 * u).exp();
            n.add(a * e - v, &[e, a * e * u / s]);
        }
        n
    }
}

/// Start values as photutils has them: the largest value and the root of the second moment.
pub(crate) fn fit_gaussian(radius: &[f64], profile: ArrayView1<'_, f64>) -> Option<GaussianProfile> {
    let points = Points::new(radius, profile)?;
    let sum: f64 = points.v.iter().sum();
    let second: f64 = points.v.iter().zip(&points.r).map(|(v, r)| v * r * r).sum();
    let std = if sum == 0.0 { 1.0 } else { (second / sum).abs().sqrt().max(1.0) };
    let bounds = Bounds::new([f64::NEG_INFINITY, MIN_WIDTH], [f64::INFINITY; 2]).ok()?;
    let fit = SOLVER.fit(&mut Gaussian(&points), [points.max(), std], &bounds).ok()?;
    let [amplitude, stddev] = fit.parameters;
    Some(GaussianProfile { amplitude: amplitude * points.scale, stddev, converged: fit.status.is_success() })
}

struct Moffat<'a>(&'a Points);

impl Problem<3> for Moffat<'_> {
    fn normal_equations(&mut self, &[a, gamma, alpha]: &[f64; 3]) -> NormalEquations<3> {
        let mut n = NormalEquations::default();
        for (r, v) in self.0.r.iter().zip(&self.0.v) {
            let u = (r / gamma) * (r / gamma);
            let log = u.ln_1p();
            let f = (-alpha * log).exp();
            n.add(a * f - v, &[f, 2.0 * a * alpha * f * u / (gamma * (1.0 + u)), -a * f * log]);
        }
        n
    }
}

/// Start values as photutils has them: the largest value, the last radius above half of it, `alpha` 2.5.
pub(crate) fn fit_moffat(radius: &[f64], profile: ArrayView1<'_, f64>) -> Option<MoffatProfile> {
    let points = Points::new(radius, profile)?;
    let top = points.max();
    let sum: f64 = points.v.iter().sum();
    let gamma = if sum == 0.0 {
        1.0
    } else {
        let above = points.v.iter().zip(&points.r).filter(|(v, _)| **v >= 0.5 * top);
        above.map(|(_, r)| *r).fold(1.0, f64::max)
    };
    let infinity = f64::INFINITY;
    let bounds = Bounds::new([-infinity, MIN_WIDTH, 1.0], [infinity, infinity, 25.0]).ok()?;
    let fit = SOLVER.fit(&mut Moffat(&points), [top, gamma, 2.5], &bounds).ok()?;
    let [amplitude, gamma, alpha] = fit.parameters;
    Some(MoffatProfile {
        amplitude: amplitude * points.scale,
        gamma,
        alpha,
        converged: fit.status.is_success(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array1;

    #[test]
    fn exact_functions_come_back() {
        let r: Vec<f64> = (0..20).map(|k| f64::from(k) + 0.5).collect();
        let g: Array1<f64> = r.iter().map(|r| 7e4 * (-0.5 * (r / 2.3_f64).powi(2)).exp()).collect();
        let fit = fit_gaussian(&r, g.view()).unwrap();
        assert!(fit.converged && (fit.stddev - 2.3).abs() < 1e-9 && (fit.amplitude / 7e4 - 1.0).abs() < 1e-9);
        let m: Array1<f64> = r.iter().map(|r| 0.2 * (1.0 + (r / 3.1_f64).powi(2)).powf(-3.7)).collect();
        let fit = fit_moffat(&r, m.view()).unwrap();
        assert!(fit.converged && (fit.gamma - 3.1).abs() < 1e-7 && (fit.alpha - 3.7).abs() < 1e-7);
        assert!((fit.value(1.5) - m[1]).abs() < 1e-10);
    }

    #[test]
    fn nothing_to_fit() {
        let r = [0.5, 1.5];
        assert!(fit_gaussian(&r, Array1::from_elem(2, f64::NAN).view()).is_none());
        assert!(fit_moffat(&r, Array1::from_elem(2, f64::NAN).view()).is_none());
        for v in [0.0, -1.0, 1e300, 1e-300] {
            let flat = Array1::from_elem(2, v);
            let _ = (fit_gaussian(&r, flat.view()), fit_moffat(&r, flat.view()));
        }
    }
}
