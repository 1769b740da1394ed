//! Parameters of the depth of an image.

use skyphot_core::Exec;
use skyphot_stats::SigmaClip;

use crate::stats_config::check_clip;
use crate::{ApertureError, Result};

/// How [`ImageDepth`](crate::ImageDepth) is measured. The defaults are those of photutils, with seed 0.
#[derive(Debug, Clone)]
pub struct ImageDepthConfig {
    /// The limiting flux is this many standard deviations. Default: 5.
    pub n_sigma: f64,
    /// Apertures keep this distance, pixels, from masked pixels in addition to their radius; the sum is rounded up to
    /// whole pixels. Default: 0.
    pub mask_pad: f64,
    /// Apertures of every iteration. Default: 1000.
    pub n_apertures: usize,
    /// Iterations, each with apertures of its own. Default: 10.
    pub n_iters: usize,
    /// Apertures of one iteration may overlap. If not, less than `n_apertures` may be found. Default: yes.
    pub overlap: bool,
    /// Seed of the random positions. The same seed gives the same positions as numpy's default generator gives
    /// photutils. Default: 0.
    pub seed: u64,
    /// Magnitude of a flux of 1. Default: 0.
    pub zeropoint: f64,
    /// Clipping of the fluxes of one iteration; `None` = off. Default: 3 sigma, at most 10 iterations.
    pub sigma_clip: Option<SigmaClip>,
    /// Threads. Default: all cores.
    pub exec: Exec,
}

impl Default for ImageDepthConfig {
    fn default() -> Self {
        Self {
            n_sigma: 5.0,
            mask_pad: 0.0,
            n_apertures: 1000,
            n_iters: 10,
            overlap: true,
            seed: 0,
            zeropoint: 0.0,
            sigma_clip: Some(SigmaClip::new(3.0).with_max_iters(Some(10))),
            exec: Exec::default(),
        }
    }
}

impl ImageDepthConfig {
    pub(crate) fn validate(&self) -> Result<()> {
        let bad = |name, expected: &str, found| {
            Err(ApertureError::InvalidParameter { name, expected: expected.to_owned(), found })
        };
        if !self.n_sigma.is_finite() {
            return bad("n_sigma", "finite", self.n_sigma);
        }
        if !self.zeropoint.is_finite() {
            return bad("zeropoint", "finite", self.zeropoint);
        }
        if !(self.mask_pad >= 0.0 && self.mask_pad <= crate::circle::MAX_SIZE) {
            return bad("mask_pad", "0 or more pixels, at most 1e9", self.mask_pad);
        }
        for (name, n) in [("n_apertures", self.n_apertures), ("n_iters", self.n_iters)] {
            if n == 0 {
                return bad(name, "1 or more", 0.0);
            }
        }
        self.sigma_clip.as_ref().map_or(Ok(()), check_clip)
    }
}
