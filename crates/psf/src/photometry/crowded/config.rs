//! Parameters of crowded-field photometry.

use crate::PsfConfig;
use crate::error::{PsfError, Result};

/// How [`fit_crowded`](crate::fit_crowded) works. Separations and radii are in units of `fwhm`.
#[derive(Debug, Clone)]
pub struct CrowdedConfig {
    /// Full width at half maximum of the PSF, pixels.
    pub fwhm: f64,
    /// Fit box, evaluations per fit, threads. Groups, fluxes and shapes are not looked at: sources are grouped by
    /// `join`, start fluxes are fitted, shapes are those of the model.
    pub psf: PsfConfig,
    /// Largest number of passes of finding. Default 4.
    pub max_passes: usize,
    /// Largest number of rounds of fits in a pass. Default 15.
    pub max_sweeps: usize,
    /// A source has settled when a round moves it by less than this part of its errors. Default 0.02.
    pub tolerance: f64,
    /// Sources nearer than this are fitted together; others see each other through the image less all sources, which
    /// is made anew for each round. Default 1.5.
    pub join: f64,
    /// Box `(ny, nx)` on which sources are subtracted. Default: the model's bounding box.
    pub sub_shape: Option<(usize, usize)>,
    /// Sources with a smaller ratio of flux to its error are dropped. Default 3.
    pub min_snr: f64,
    /// Of two sources nearer than this the fainter is dropped. Default 0.25.
    pub merge: f64,
    /// A source found in the residuals counts only if its pixel there is more than this part of what was subtracted
    /// from it: less is what an imperfect PSF leaves. Default 0.1.
    pub min_contrast: f64,
    /// Sources with a larger `chi` are tried as two, as are those whose residuals have the shape that two leave. Default
    /// 1.2; infinite: no source is.
    pub split_chi: f64,
    /// Two sources are kept for one if the sum of squared weighted residuals falls by more than this times what is left of it
    /// per degree of freedom (or 1 if that is less, so that an imperfect PSF does not make two of all bright sources).
    /// Noise alone does so for one source in 300 at the default of 14 (three more parameters).
    pub split_gain: f64,
}

impl CrowdedConfig {
    /// The defaults for a PSF of a width in pixels, with the odd fit box next above 2 FWHM.
    #[must_use]
    pub fn new(fwhm: f64) -> Self {
        let n = (2.0 * fwhm).clamp(3.0, 1001.0).floor() as usize;
        let n = n + 1 - n % 2;
        Self {
            fwhm,
            psf: PsfConfig { fit_shape: (n, n), ..PsfConfig::default() },
            max_passes: 4,
            max_sweeps: 15,
            tolerance: 0.02,
            join: 1.5,
            sub_shape: None,
            min_snr: 3.0,
            merge: 0.25,
            min_contrast: 0.1,
            split_chi: 1.2,
            split_gain: 14.0,
        }
    }

    pub(super) fn validate(&self) -> Result<()> {
        self.psf.validate()?;
        let positive = [("fwhm", self.fwhm), ("tolerance", self.tolerance), ("join", self.join)];
        for (name, found) in positive {
            if !(found.is_finite() && found > 0.0) {
                let expected = "a finite number greater than 0";
                return Err(PsfError::InvalidParameter { name, expected, found });
            }
        }
        let others = [("min_snr", self.min_snr), ("merge", self.merge), ("min_contrast", self.min_contrast)];
        for (name, found) in others {
            if !(found.is_finite() && found >= 0.0) {
                return Err(PsfError::InvalidParameter { name, expected: "0 or more", found });
            }
        }
        if self.max_passes == 0 || self.max_sweeps == 0 {
            return Err(PsfError::InvalidData {
                what: "max_passes and max_sweeps",
                expected: "at least 1",
                found: format!("{} and {}", self.max_passes, self.max_sweeps),
            });
        }
        Ok(())
    }
}
