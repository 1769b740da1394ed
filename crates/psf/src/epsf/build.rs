//! The iterations of the ePSF builder.

use std::ops::ControlFlow;

use ndarray::Array2;
use skyphot_core::Point;

use super::fill::fill_missing;
use super::fit_star::fit_star;
use super::phase::uniformity_p_value;
use super::profile::{measure_fwhm, odd_size};
use super::recenter::{center_asymmetry, recenter};
use super::smooth::{LowPass, convolve_reflect, low_pass, polynomial_kernel, smooth_wings};
use super::{
    AliasPassband, EpsfBuilder, EpsfEntry, EpsfFitShape, EpsfIteration, EpsfResult, EpsfStage, EpsfStar,
    EpsfStars, SmoothingKernel,
};
use crate::error::{PsfError, Result};
use crate::kernel::stack::{Layer, Scratch, median_row, pixels_of_samples, samples_of_pixels};
use crate::{ImagePsf, ImagePsfConfig, PsfModel, Source, Window};

/// Passband of the refinement and where its gain is 0: the first zero of the box that deposits residuals, cycles per
/// pixel; and the smallest oversampling that has one.
const REFINE_BAND: (f64, f64) = (1.1, 1.0 / 0.75);
const REFINE_MIN_OVERSAMPLING: usize = 4;
/// Updates of the ePSF in each refinement iteration.
const REFINE_STEPS: usize = 5;
/// Width of the automatic smoothing kernel in FWHM, and the smallest one in samples.
const AUTO_KERNEL: (f64, usize) = (0.7, 5);
/// Width of the automatic fit box in FWHM, and the smallest one in pixels.
const AUTO_FIT: (f64, usize) = (2.0, 5);
/// Stars whose fit fails after this iteration are left out.
const PATIENCE: usize = 3;
/// Rows of samples that one task does.
const ROWS_PER_TASK: usize = 8;
/// Smallest cutout.
const MIN_CUTOUT: usize = 3;

fn problem(reason: String) -> PsfError {
    PsfError::Epsf { reason }
}

fn peak(data: &Array2<f64>) -> f64 {
    data.iter().fold(f64::NEG_INFINITY, |m, v| m.max(*v))
}

/// Filters along y and x.
type Filters = (Option<LowPass>, Option<LowPass>);

/// The state of one build.
pub(crate) struct Build<'a> {
    config: &'a EpsfBuilder,
    stars: EpsfStars,
    /// Samples of the current ePSF.
    data: Array2<f64>,
    initial: Option<Array2<f64>>,
    filters: [Filters; 2],
    /// Largest automatic fit box.
    fit_limit: usize,
    /// Smoothing kernel and fit box of the current iteration.
    kernel: Option<Array2<f64>>,
    fit_shape: Option<(usize, usize)>,
    iterations: Vec<EpsfIteration>,
}

impl<'a> Build<'a> {
    pub(crate) fn new(
        config: &'a EpsfBuilder,
        stars: &EpsfStars,
        initial: Option<&ImagePsf>,
    ) -> Result<Self> {
        let (oy, ox) = config.oversampling;
        let (mut ny, mut nx, mut smallest) = (0, 0, usize::MAX);
        for (i, star) in stars.cutouts().enumerate() {
            let (h, w) = star.shape();
            if h.min(w) < MIN_CUTOUT {
                return Err(problem(format!(
                    "cutouts must be at least {MIN_CUTOUT} pixels wide, but that of star {i} is {h} x {w} (ny x nx)"
                )));
            }
            (ny, nx, smallest) = (ny.max(h), nx.max(w), smallest.min(h.min(w)));
        }
        if ny == 0 {
            return Err(problem("there must be at least one star, found none".to_owned()));
        }
        if stars.n_good_cutouts() == 0 {
            return Err(problem(format!("all {} stars are excluded", stars.n_cutouts())));
        }
        let odd = |n: usize| n + usize::from(n.is_multiple_of(2));
        let needed = (odd(ny * oy), odd(nx * ox));
        let fits = |(h, w): (usize, usize), what: &str| {
            if h >= needed.0 && w >= needed.1 {
                return Ok(());
            }
            Err(problem(format!(
                "cutouts of up to {ny} x {nx} pixels with an oversampling of ({oy}, {ox}) need at least {} x {} samples (ny x nx), \
                 but {what} has {h} x {w}",
                needed.0, needed.1
            )))
        };
        let data = match (initial, config.shape) {
            (Some(epsf), _) => {
                if epsf.oversampling() != config.oversampling {
                    return Err(problem(format!(
                        "the initial ePSF must have the oversampling {:?} (y, x) of the builder, found {:?}",
                        config.oversampling,
                        epsf.oversampling()
                    )));
                }
                fits(epsf.data().dim(), "the initial ePSF")?;
                epsf.data().to_owned()
            }
            (None, Some((h, w))) => {
                fits((odd(h), odd(w)), "the shape asked for")?;
                Array2::zeros((odd(h), odd(w)))
            }
            (None, None) => Array2::zeros(needed),
        };
        let (h, w) = data.dim();
        let filter = |n: usize, os: usize, refine: bool| {
            let band = match config.alias_passband {
                AliasPassband::None => return None,
                _ if os < 2 => return None,
                _ if refine && os >= REFINE_MIN_OVERSAMPLING => REFINE_BAND,
                AliasPassband::Auto => (f64::min(0.8, 0.7 * os as f64 / 2.0), 1.0),
                AliasPassband::Upto(pass) => (pass, 1.0),
            };
            Some(LowPass::new(n, os, band.0, band.1))
        };
        let filters = [false, true].map(|refine| (filter(h, oy, refine), filter(w, ox, refine)));
        Ok(Self {
            config,
            stars: stars.clone(),
            initial: initial.map(|_| data.clone()),
            data,
            filters,
            fit_limit: smallest - usize::from(smallest.is_multiple_of(2)),
            kernel: None,
            fit_shape: None,
            iterations: Vec::new(),
        })
    }

    pub(crate) fn run(
        mut self,
        mut watch: impl FnMut(&EpsfIteration) -> ControlFlow<()>,
    ) -> Result<EpsfResult> {
        let config = self.config;
        let mut n_build = 0;
        let mut go_on = true;
        while n_build < config.max_iters && go_on {
            n_build += 1;
            let done = self.iterate(EpsfStage::Build)?;
            go_on = watch(done).is_continue();
            if done.converged {
                break;
            }
        }
        let refine = !matches!(config.alias_passband, AliasPassband::None)
            && (config.oversampling.0 >= REFINE_MIN_OVERSAMPLING
                || config.oversampling.1 >= REFINE_MIN_OVERSAMPLING);
        for _ in 0..if refine { config.refinement_iters } else { 0 } {
            if !go_on {
                break;
            }
            go_on = watch(self.iterate(EpsfStage::Refine)?).is_continue();
        }
        // Changes are told relative to the peak that was reached in the end.
        let peaks: Vec<f64> = self.iterations.iter().map(|i| peak(&i.epsf)).collect();
        if let Some(last) = peaks.last() {
            for (i, peak) in self.iterations.iter_mut().zip(&peaks) {
                i.max_epsf_change *= peak / last;
            }
        }
        if config.wing_smoothing
            && let Some(smooth) = smooth_wings(self.data.view(), config.oversampling)
        {
            self.data = self.normalize(smooth)?;
        }
        let (converged, accuracy, fraction) = self
            .iterations
            .last()
            .map_or((false, f64::NAN, 0.0), |i| (i.converged, i.max_center_shift, i.converged_fraction));
        let good: Vec<Point> =
            self.stars.good_cutouts().filter(|s| !s.fit_failed()).map(EpsfStar::cutout_center).collect();
        Ok(EpsfResult {
            epsf: self.model(&self.data)?,
            n_iterations: n_build,
            converged,
            final_center_accuracy: accuracy,
            final_converged_fraction: fraction,
            smoothing_kernel: self.kernel,
            fit_shape: self.fit_shape,
            iterations: self.iterations,
            initial_epsf: self.initial,
            center_asymmetry: center_asymmetry(self.data.view(), config.oversampling),
            phase_p_value: uniformity_p_value(&good),
            stars: self.stars,
        })
    }

    fn model(&self, data: &Array2<f64>) -> Result<ImagePsf> {
        let config = ImagePsfConfig { oversampling: self.config.oversampling, ..Default::default() };
        ImagePsf::new(data.view(), config)
    }

    /// One iteration: updates of the ePSF, then a fit of the stars.
    fn iterate(&mut self, stage: EpsfStage) -> Result<&EpsfIteration> {
        let config = self.config;
        let previous = self.data.clone();
        for _ in 0..if stage == EpsfStage::Refine { REFINE_STEPS } else { 1 } {
            self.data = self.update(stage)?;
        }
        let before = self.stars.cutout_centers();
        self.fit_stars()?;
        let number = self.iterations.len() + 1;
        let failed: Vec<bool> = self.stars.cutouts().map(EpsfStar::fit_failed).collect();
        let n_fit_failed = failed.iter().filter(|f| **f).count();
        if n_fit_failed == failed.len() {
            return Err(problem(format!(
                "the fits of all {n_fit_failed} stars failed in iteration {number}; check their positions and the size of the cutouts"
            )));
        }
        if number > PATIENCE {
            for star in self.stars.entries_mut().iter_mut().flat_map(EpsfEntry::stars_mut) {
                if star.fit_failed() {
                    star.exclude();
                }
            }
        }
        let after = self.stars.cutout_centers();
        let mut moved: Vec<(f64, f64)> = before
            .iter()
            .zip(&after)
            .zip(&failed)
            .filter(|(_, failed)| !**failed)
            .map(|((a, b), _)| (b.x - a.x, b.y - a.y))
            .collect();
        let mut common = 0.0;
        if moved.len() >= 3 {
            let median = |f: fn(&(f64, f64)) -> f64| {
                skyphot_stats::kernel::median_in_place(&mut moved.iter().map(f).collect::<Vec<f64>>())
            };
            let (mx, my) = (median(|m| m.0), median(|m| m.1));
            common = mx.hypot(my);
            for m in &mut moved {
                *m = (m.0 - mx, m.1 - my);
            }
        }
        let limit = config.center_accuracy * config.center_accuracy;
        let square = |m: &(f64, f64)| m.0 * m.0 + m.1 * m.1;
        let settled = moved.iter().filter(|m| square(m) < limit).count() as f64 / moved.len() as f64;
        let change = self.data.iter().zip(&previous).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        self.iterations.push(EpsfIteration {
            number,
            stage,
            epsf: self.data.clone(),
            converged: settled >= config.converged_fraction && common < config.center_accuracy,
            converged_fraction: settled,
            max_center_shift: moved.iter().map(square).fold(0.0, f64::max).sqrt(),
            common_center_shift: common,
            n_fit_failed,
            max_epsf_change: change / peak(&self.data),
        });
        self.iterations.last().ok_or_else(|| problem("no iteration was done".to_owned()))
    }

    /// The ePSF with the residuals of the stars added, smoothed, filtered, recentred and normalised.
    fn update(&mut self, stage: EpsfStage) -> Result<Array2<f64>> {
        let config = self.config;
        let mut residual = self.residuals()?;
        let missing = residual.mapv(|v| !v.is_finite());
        if missing.iter().any(|m| *m) && !fill_missing(&mut residual, &missing) {
            return Err(problem("no star has a pixel that can be used".to_owned()));
        }
        let sum = &self.data + &residual;
        self.choose(&sum);
        let smooth = match &self.kernel {
            Some(kernel) => convolve_reflect(sum.view(), kernel),
            None => sum,
        };
        let (fy, fx) = &self.filters[usize::from(stage == EpsfStage::Refine)];
        let filtered = low_pass(smooth, fy.as_ref(), fx.as_ref());
        let (centred, offset) = recenter(
            filtered,
            config.oversampling,
            &config.recentering,
            config.recentering_box,
            config.recentering_max_iters,
        )?;
        if !offset.is_finite() {
            return Err(problem(
                "the centre of the ePSF was not found; check the positions of the stars".to_owned(),
            ));
        }
        self.normalize(centred)
    }

    /// Clipped median of the stars' residuals in units of their fluxes, at every sample; NaN where there is none.
    fn residuals(&self) -> Result<Array2<f64>> {
        let config = self.config;
        let (ny, nx) = self.data.dim();
        let (oy, ox) = config.oversampling;
        let origin = ((nx as f64 - 1.0) / 2.0, (ny as f64 - 1.0) / 2.0);
        let epsf = self.model(&self.data)?;
        let good: Vec<&EpsfStar> = self.stars.good_cutouts().collect();
        let layers: Vec<Layer> = config.exec.map(good.len(), |i| {
            let star = good[i];
            let (h, w) = star.shape();
            let at = star.cutout_center();
            let mut residual = vec![0.0; h * w];
            epsf.evaluate(&Source { x: at.x, y: at.y, shape: &[] }, Window::of_shape((h, w)), &mut residual);
            let flux = star.flux();
            let (data, weights) = (star.data(), star.weights());
            for ((r, d), weight) in residual.iter_mut().zip(data).zip(weights) {
                *r = if *weight > 0.0 { d / flux - *r } else { f64::NAN };
            }
            Layer {
                residual,
                nx: w,
                rows: pixels_of_samples(&samples_of_pixels(h, at.y, oy, origin.1, ny), ny),
                samples: samples_of_pixels(w, at.x, ox, origin.0, nx),
            }
        });
        let mut out = Array2::zeros((ny, nx));
        if let Some(samples) = out.as_slice_mut() {
            config.exec.for_each_chunk_mut(samples, nx * ROWS_PER_TASK, |task, rows| {
                let mut scratch = Scratch::default();
                for (i, row) in rows.chunks_exact_mut(nx).enumerate() {
                    let y = task * ROWS_PER_TASK + i;
                    median_row(&layers, y, config.sigma_clip.as_ref(), &mut scratch, row);
                }
            });
        }
        Ok(out)
    }

    /// The smoothing kernel and the fit box for an ePSF.
    fn choose(&mut self, data: &Array2<f64>) {
        let config = self.config;
        let (auto_kernel, auto_fit) =
            (config.smoothing == SmoothingKernel::Auto, config.fit_shape == EpsfFitShape::Auto);
        let fwhm = if auto_kernel || auto_fit { measure_fwhm(data.view()) } else { None };
        let (oy, ox) = (config.oversampling.0 as f64, config.oversampling.1 as f64);
        self.kernel = match &config.smoothing {
            SmoothingKernel::None => None,
            SmoothingKernel::Quartic => Some(polynomial_kernel(5, 4)),
            SmoothingKernel::Quadratic => Some(polynomial_kernel(5, 2)),
            SmoothingKernel::Custom(kernel) => Some(kernel.clone()),
            SmoothingKernel::Auto => match fwhm {
                None => Some(polynomial_kernel(5, 4)),
                Some((fy, fx)) => {
                    let size = (AUTO_KERNEL.0 * fy.min(fx)) as usize;
                    let size = size.saturating_sub(usize::from(size.is_multiple_of(2)));
                    let (ny, nx) = data.dim();
                    let size = size.min(odd_size(ny.min(nx) as f64).saturating_sub(2));
                    (size >= AUTO_KERNEL.1).then(|| polynomial_kernel(size, 4))
                }
            },
        };
        self.fit_shape = match config.fit_shape {
            EpsfFitShape::Cutout => None,
            EpsfFitShape::Fixed(ny, nx) => Some((ny, nx)),
            EpsfFitShape::Auto => {
                let size = fwhm.map_or(AUTO_FIT.1, |(fy, fx)| {
                    odd_size(AUTO_FIT.0 * (fy / oy).min(fx / ox)).max(AUTO_FIT.1)
                });
                let size = size.min(self.fit_limit);
                Some((size, size))
            }
        };
    }

    /// Scales samples so that they sum to the product of the oversampling factors.
    fn normalize(&self, data: Array2<f64>) -> Result<Array2<f64>> {
        let (ny, nx) = data.dim();
        let (oy, ox) = self.config.oversampling;
        let sum = match self.config.norm_radius {
            None => data.sum(),
            Some(radius) => {
                let inside = |(y, x): (usize, usize)| {
                    let dy = (y as f64 - (ny as f64 - 1.0) / 2.0) / oy as f64;
                    let dx = (x as f64 - (nx as f64 - 1.0) / 2.0) / ox as f64;
                    dx.hypot(dy) <= radius
                };
                data.indexed_iter().filter(|(at, _)| inside(*at)).map(|(_, v)| v).sum()
            }
        };
        if !(sum.is_finite() && sum > 0.0) {
            return Err(problem(format!(
                "the samples must have a finite positive sum, found {sum}; check that the stars are bright, centred and free of background"
            )));
        }
        let scale = (oy * ox) as f64 / sum;
        Ok(data.mapv_into(|v| v * scale))
    }

    fn fit_stars(&mut self) -> Result<()> {
        let epsf = self.model(&self.data)?;
        let (config, fit_shape) = (self.config, self.fit_shape);
        config.exec.for_each_chunk_mut(self.stars.entries_mut(), 1, |_, entries| {
            for entry in entries {
                for star in entry.stars_mut().iter_mut().filter(|s| !s.is_excluded()) {
                    fit_star(star, &epsf, fit_shape, config.max_evaluations);
                }
                if let EpsfEntry::Linked(linked) = entry {
                    linked.constrain_centers();
                    if config.constrain_fluxes {
                        linked.constrain_fluxes();
                    }
                }
            }
        });
        Ok(())
    }
}
