//! Stars of the builder, in the coordinates of their image.

use skyphot_core::Point;
use skyphot_fit::{Bounds, FitStatus, LevenbergMarquardt, NormalEquations, Problem};
use skyphot_stats::kernel::median_in_place;

use crate::render::box_around;
use crate::{Derivatives, EpsfFlags, EpsfStar, PsfModel, Source, Window};

/// Part of the value of a pixel that the PSF is not expected to get right.
const PROFILE_ERROR: f64 = 0.01;

/// Good pixels of a cutout.
#[derive(Debug, Clone)]
pub(super) struct Pixels {
    pub(super) window: Window,
    pub(super) data: Vec<f64>,
    /// Inverse of the error; 0 where a pixel is bad.
    pub(super) weight: Vec<f64>,
    pub(super) center: Point,
    pub(super) flux: f64,
    pub(super) failure: EpsfFlags,
}

impl Pixels {
    pub(super) fn new(star: &EpsfStar, weight_scale: f64) -> Self {
        let (ny, nx) = star.shape();
        let weight: Vec<f64> = star.weights().iter().map(|w| w * weight_scale).collect();
        let pixels = star.data();
        let data = pixels.iter().zip(&weight).map(|(d, w)| if *w > 0.0 { *d } else { 0.0 }).collect();
        let (x, y) = star.origin();
        Self {
            window: Window::new(x, y, nx, ny),
            data,
            weight,
            center: star.center(),
            flux: star.flux(),
            failure: EpsfFlags::empty(),
        }
    }

    pub(super) fn source(&self) -> Source<'static> {
        Source { x: self.center.x, y: self.center.y, shape: &[] }
    }

    /// Offset of a pixel from the star.
    pub(super) fn offset(&self, k: usize) -> (f64, f64) {
        let w = &self.window;
        let (j, i) = ((k / w.nx) as i64, (k % w.nx) as i64);
        ((w.x_min + i) as f64 - self.center.x, (w.y_min + j) as f64 - self.center.y)
    }

    /// Inverse variance of a pixel over the square of the flux, with the error of the profile where it is `value`.
    pub(super) fn certainty(&self, k: usize, value: f64) -> f64 {
        let w = self.weight[k];
        if w == 0.0 || !(self.flux > 0.0) {
            return 0.0;
        }
        let sigma = 1.0 / (w * self.flux);
        1.0 / (sigma * sigma + (PROFILE_ERROR * value).powi(2))
    }

    /// Fits flux and position to the pixels within a radius; they stay as they are if that fails.
    pub(super) fn fit(&mut self, psf: &dyn PsfModel, radius: f64) {
        let n = 2 * radius.ceil() as usize + 1;
        let window = box_around(self.center.x, self.center.y, (n, n)).intersection(&self.window);
        let (mut data, mut weight) = (Vec::with_capacity(window.len()), Vec::with_capacity(window.len()));
        for y in window.y_min..window.y_end() {
            for x in window.x_min..window.x_end() {
                let k = (y - self.window.y_min) as usize * self.window.nx + (x - self.window.x_min) as usize;
                let (dx, dy) = self.offset(k);
                data.push(self.data[k]);
                weight.push(if dx * dx + dy * dy <= radius * radius { self.weight[k] } else { 0.0 });
            }
        }
        self.failure = EpsfFlags::empty();
        if weight.iter().filter(|w| **w > 0.0).count() < 4 {
            self.failure = EpsfFlags::FIT_BOX_MASKED;
            return;
        }
        let mut problem = Fit { psf, window, data, weight, model: Derivatives::default() };
        let lm = LevenbergMarquardt { step_tolerance: 1e-8, max_evaluations: 50, ..Default::default() };
        let start = [self.flux, self.center.x, self.center.y];
        let Ok(fit) = lm.fit(&mut problem, start, &Bounds::default()) else {
            self.failure = EpsfFlags::NO_CONVERGENCE;
            return;
        };
        let [flux, x, y] = fit.parameters;
        let far = (x - self.center.x).hypot(y - self.center.y) > radius;
        if far || !(flux > 0.0 && x.is_finite() && y.is_finite()) {
            self.failure = EpsfFlags::POSITION_OUTSIDE;
            return;
        }
        if matches!(fit.status, FitStatus::MaxIterations | FitStatus::Singular) {
            self.failure = EpsfFlags::NO_CONVERGENCE;
        }
        self.flux = flux;
        self.center = Point::new(x, y);
    }

    /// Marks pixels as bad that differ from the PSF by more than a part of its peak, and by 5 sigma: hot ones, cosmic
    /// rays, neighbours. The flux is the median of what the pixels near the centre say.
    pub(super) fn reject(&mut self, psf: &dyn PsfModel, part: f64) {
        let mut model = vec![0.0; self.window.len()];
        psf.evaluate(&self.source(), self.window, &mut model);
        let peak = model.iter().fold(0.0_f64, |m, v| m.max(*v));
        let near = |k: &usize| self.weight[*k] > 0.0 && model[*k] > 0.3 * peak;
        let mut fluxes: Vec<f64> = (0..model.len()).filter(near).map(|k| self.data[k] / model[k]).collect();
        if fluxes.is_empty() || !(peak > 0.0) {
            return;
        }
        let flux = median_in_place(&mut fluxes);
        for (k, m) in model.iter().enumerate() {
            let off = (self.data[k] - flux * m).abs();
            if off > part * flux * peak && off * self.weight[k] > 5.0 {
                self.weight[k] = 0.0;
            }
        }
    }

    /// Sum of squared residuals within a radius over the squares of the flux, the number of pixels, and the largest value
    /// of the model.
    pub(super) fn residuals(&self, psf: &dyn PsfModel, radius: f64) -> (f64, usize, f64) {
        let mut model = vec![0.0; self.window.len()];
        psf.evaluate(&self.source(), self.window, &mut model);
        let (mut sum, mut n, mut peak) = (0.0, 0, 0.0_f64);
        for (k, m) in model.iter().enumerate() {
            let (dx, dy) = self.offset(k);
            peak = peak.max(*m);
            if self.weight[k] > 0.0 && dx * dx + dy * dy <= radius * radius {
                sum += (self.data[k] / self.flux - m).powi(2);
                n += 1;
            }
        }
        (sum, n, peak)
    }
}

struct Fit<'a> {
    psf: &'a dyn PsfModel,
    window: Window,
    data: Vec<f64>,
    weight: Vec<f64>,
    model: Derivatives,
}

impl Problem<3> for Fit<'_> {
    fn normal_equations(&mut self, &[flux, x, y]: &[f64; 3]) -> NormalEquations<3> {
        self.psf.derivatives(&Source { x, y, shape: &[] }, self.window, false, &mut self.model);
        let mut n = NormalEquations::default();
        let m = &self.model;
        let pixels = self.data.iter().zip(&self.weight).zip(&m.value).zip(m.dx.iter().zip(&m.dy));
        for (((d, w), v), (dx, dy)) in pixels.filter(|p| *p.0.0.1 > 0.0) {
            // Bright stars are limited by the PSF, not by noise.
            let w = 1.0 / (1.0 / (w * w) + (PROFILE_ERROR * d).powi(2)).sqrt();
            n.add(w * (flux * v - d), &[w * v, w * flux * dx, w * flux * dy]);
        }
        n
    }
}
