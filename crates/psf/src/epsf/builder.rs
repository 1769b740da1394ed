//! The ePSF builder's parameters.

use std::ops::ControlFlow;

use skyphot_core::Exec;
use skyphot_stats::SigmaClip;

use super::build::Build;
use super::{
    AliasPassband, EpsfFitShape, EpsfIteration, EpsfResult, EpsfStars, Recentering, SmoothingKernel,
};
use crate::ImagePsf;
use crate::error::{PsfError, Result};

/// Builds an effective PSF (ePSF) from stars, after Anderson & King 2000 (PASP 112, 1360) and Anderson 2016 (WFC3 ISR
/// 2016-12), with the steps of photutils 3.1.
///
/// Each iteration lays the residuals of all stars, divided by their fluxes, on the oversampled grid (every pixel on the
/// samples within 0.375 pixel of it), takes the clipped median at each sample, adds it to the ePSF, smooths, filters,
/// recentres and normalises it, and fits it to the stars for better positions and fluxes. When the positions have
/// settled, refinement iterations with a wider filter bring back what the filter took, and the wings are smoothed.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_core::{Image, Point};
/// use skyphot_psf::{CircularGaussianPrf, EpsfBuilder, ExtractConfig, Sources, StarCatalog, StarField};
/// use skyphot_psf::{extract_stars, render};
/// // 36 stars at all sorts of pixel phases
/// let at = |k: usize, step: f64| 20.0 + 27.0 * k as f64 + (step * k as f64).sin() * 0.5;
/// let (x, y): (Vec<f64>, Vec<f64>) = (0..36).map(|i| (at(i % 6, 7.1 + i as f64), at(i / 6, 3.3 + i as f64))).unzip();
/// let sources = Sources { x: &x, y: &y, flux: &[1000.0; 36], shape: &[], local_bkg: &[] };
/// let image = render(&CircularGaussianPrf::new(3.0)?, &sources, (180, 180), Some((25, 25)), &Default::default());
///
/// let catalog = StarCatalog::at_pixels(x.iter().zip(&y).map(|(x, y)| Point::new(x.round(), y.round())).collect());
/// let field = StarField::new(Image::new(image.view())?);
/// let found = extract_stars(&[field], &[catalog], &ExtractConfig { size: (15, 15), ..Default::default() })?;
/// let builder = EpsfBuilder { oversampling: (2, 2), max_iters: 5, ..Default::default() };
/// let result = builder.build(&found.stars)?;
/// assert_eq!(result.epsf.oversampling(), (2, 2));
/// let fitted = &result.stars.centers()[7];
/// assert!((fitted.x - x[7]).abs() < 0.01 && (fitted.y - y[7]).abs() < 0.01);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[doc(alias = "EPSFBuilder")]
#[doc(alias = "EPSFFitter")]
pub struct EpsfBuilder {
    /// Samples of the ePSF per pixel along y and x. Default (4, 4).
    pub oversampling: (usize, usize),
    /// Rows and columns of the ePSF in samples; even numbers are made odd by adding one. Default `None`: the largest
    /// cutout times the oversampling, made odd.
    pub shape: Option<(usize, usize)>,
    /// Smoothing of every iteration.
    pub smoothing: SmoothingKernel,
    /// Low-pass filter of every iteration.
    pub alias_passband: AliasPassband,
    /// Clipping of the residuals at each sample, `None` for none. Default: 3 sigma, up to 10 iterations.
    pub sigma_clip: Option<SigmaClip>,
    /// What the centre of the ePSF is.
    #[doc(alias = "recentering_func")]
    pub recentering: Recentering,
    /// Rows and columns of the box, in pixels, in which the centre is measured; odd numbers of at least 3. Default (5, 5).
    #[doc(alias = "recentering_boxsize")]
    pub recentering_box: (usize, usize),
    /// Largest number of recentring steps per iteration. Default 20.
    #[doc(alias = "recentering_maxiters")]
    pub recentering_max_iters: usize,
    /// The stars have settled when their positions change by less than this, pixels. Default 0.001.
    pub center_accuracy: f64,
    /// The fraction of the stars that have to settle. Default 0.95.
    pub converged_fraction: f64,
    /// Box of the fit.
    pub fit_shape: EpsfFitShape,
    /// Largest number of model evaluations of one fit. Default 100.
    #[doc(alias = "fitter_maxiters")]
    pub max_evaluations: usize,
    /// Give linked stars one flux. Default true.
    pub constrain_fluxes: bool,
    /// Largest number of building iterations. Default 10.
    #[doc(alias = "maxiters")]
    pub max_iters: usize,
    /// Number of refinement iterations after them, each of five updates of the ePSF and one fit; only along axes with an
    /// oversampling of at least 4. Default 5.
    pub refinement_iters: usize,
    /// Smooth the wings of the final ePSF beyond 3.5 FWHM. Default true.
    pub wing_smoothing: bool,
    /// The samples within this radius of the centre, pixels, are made to sum to a flux of 1. Default `None`: those of the
    /// whole grid, as in photutils 3.1.
    pub norm_radius: Option<f64>,
    /// Threads. Default: all cores.
    pub exec: Exec,
}

impl Default for EpsfBuilder {
    fn default() -> Self {
        Self {
            oversampling: (4, 4),
            shape: None,
            smoothing: SmoothingKernel::Auto,
            alias_passband: AliasPassband::Auto,
            sigma_clip: Some(SigmaClip::new(3.0).with_max_iters(Some(10))),
            recentering: Recentering::Symmetry,
            recentering_box: (5, 5),
            recentering_max_iters: 20,
            center_accuracy: 1e-3,
            converged_fraction: 0.95,
            fit_shape: EpsfFitShape::Auto,
            max_evaluations: 100,
            constrain_fluxes: true,
            max_iters: 10,
            refinement_iters: 5,
            wing_smoothing: true,
            norm_radius: None,
            exec: Exec::default(),
        }
    }
}

impl EpsfBuilder {
    /// Builds an ePSF from nothing but the stars.
    ///
    /// # Errors
    /// [`PsfError::InvalidParameter`] and [`PsfError::InvalidData`] for parameters out of range, [`PsfError::Epsf`] for
    /// no stars, cutouts below 3 pixels, a shape too small for the cutouts, an ePSF without a positive sum, and fits
    /// that fail for all stars.
    #[doc(alias = "build_epsf")]
    pub fn build(&self, stars: &EpsfStars) -> Result<EpsfResult> {
        self.build_with(stars, None, |_| ControlFlow::Continue(()))
    }

    /// As [`build`](Self::build), beginning with an ePSF of the same oversampling if one is given, and with a look at
    /// every iteration: a `Break` ends the iterations with what has been reached.
    ///
    /// # Errors
    /// As for [`build`](Self::build).
    pub fn build_with(
        &self,
        stars: &EpsfStars,
        initial: Option<&ImagePsf>,
        watch: impl FnMut(&EpsfIteration) -> ControlFlow<()>,
    ) -> Result<EpsfResult> {
        self.validate()?;
        Build::new(self, stars, initial)?.run(watch)
    }

    fn validate(&self) -> Result<()> {
        crate::samples::check_oversampling(self.oversampling)?;
        let pair = |what, (ny, nx): (usize, usize)| {
            if ny % 2 == 1 && nx % 2 == 1 && ny >= 3 && nx >= 3 && ny < 10_002 && nx < 10_002 {
                return Ok(());
            }
            let found = format!("({ny}, {nx})");
            Err(PsfError::InvalidData { what, expected: "two odd numbers from 3 to 10001", found })
        };
        pair("recentering_box (ny, nx)", self.recentering_box)?;
        if let EpsfFitShape::Fixed(ny, nx) = self.fit_shape {
            pair("fit_shape (ny, nx)", (ny, nx))?;
        }
        let range = |name, expected, found: f64, ok: bool| match ok {
            true => Ok(()),
            false => Err(PsfError::InvalidParameter { name, expected, found }),
        };
        let (accuracy, fraction) = (self.center_accuracy, self.converged_fraction);
        range("center_accuracy", "greater than 0", accuracy, accuracy > 0.0)?;
        range("converged_fraction", "in (0, 1]", fraction, fraction > 0.0 && fraction <= 1.0)?;
        range("max_iters", "at least 1", self.max_iters as f64, self.max_iters > 0)?;
        let n = self.recentering_max_iters;
        range("recentering_max_iters", "at least 1", n as f64, n > 0)?;
        let n = self.max_evaluations;
        range("max_evaluations", "at least 1", n as f64, n > 0)?;
        if let AliasPassband::Upto(v) = self.alias_passband {
            range("alias_passband", "between 0 and 1", v, v > 0.0 && v < 1.0)?;
        }
        if let Some(r) = self.norm_radius {
            range("norm_radius", "a finite number greater than 0", r, r.is_finite() && r > 0.0)?;
        }
        self.smoothing.validate()?;
        if let Some(clip) = &self.sigma_clip {
            clip.validate()?;
        }
        Ok(())
    }
}
