//! How sources are measured.

use skyphot_core::Exec;

use crate::error::{Result, SegmentationError};

/// What is done about pixels of other sources within an aperture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[doc(alias = "apermask_method")]
#[doc(alias = "MASK_TYPE")]
pub enum ApertureMaskMethod {
    /// They are replaced by the pixels opposite of the centre (SExtractor's `CORRECT`); 0 where those are no use either.
    #[default]
    Correct,
    /// They are left out (SExtractor's `BLANK`).
    Mask,
    /// Nothing (SExtractor's `NONE`).
    None,
}

impl ApertureMaskMethod {
    /// `correct`, `mask` or `none`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Correct => "correct",
            Self::Mask => "mask",
            Self::None => "none",
        }
    }
}

/// How the Kron aperture follows from the Kron radius.
#[derive(Debug, Clone, Copy, PartialEq)]
#[doc(alias = "kron_params")]
#[doc(alias = "PHOT_AUTOPARAMS")]
pub struct KronParams {
    /// The aperture is this many times the unscaled Kron radius (> 0). Default 2.5.
    pub scale: f64,
    /// Least unscaled Kron radius (> 0), in units of the isophotal ellipse. Default 1.4.
    pub minimum_radius: f64,
    /// Least radius of the aperture, pixels (>= 0): where `scale * radius * sqrt(a b)` is not larger, the aperture is a
    /// circle of this radius. Default 0.
    pub minimum_circular_radius: f64,
}

impl Default for KronParams {
    fn default() -> Self {
        Self { scale: 2.5, minimum_radius: 1.4, minimum_circular_radius: 0.0 }
    }
}

impl KronParams {
    /// Checks all values.
    ///
    /// # Errors
    /// [`SegmentationError::InvalidParameter`] for the first one out of range.
    pub fn validate(&self) -> Result<()> {
        let fail = |name, expected, found| Err(SegmentationError::InvalidParameter { name, expected, found });
        for (name, v) in [("scale", self.scale), ("minimum_radius", self.minimum_radius)] {
            if !(v > 0.0 && v.is_finite()) {
                return fail(name, "greater than 0", v);
            }
        }
        let v = self.minimum_circular_radius;
        if !(v >= 0.0 && v.is_finite()) {
            return fail("minimum_circular_radius", "0 or more", v);
        }
        Ok(())
    }
}

/// How a [`SourceCatalog`](crate::SourceCatalog) measures; the defaults are those of photutils.
#[derive(Debug, Clone, Default)]
pub struct CatalogConfig {
    /// Width of the rectangular annulus for a local background, pixels; 0 (the default) = none is subtracted.
    #[doc(alias = "localbkg_width")]
    #[doc(alias = "BACKPHOTO_THICK")]
    pub local_bkg_width: usize,
    /// What is done about pixels of other sources within apertures. Default: they are corrected.
    pub aperture_mask_method: ApertureMaskMethod,
    /// The Kron aperture.
    pub kron_params: KronParams,
    /// Threads.
    pub exec: Exec,
}

impl CatalogConfig {
    /// Checks all values.
    ///
    /// # Errors
    /// As [`KronParams::validate`].
    pub fn validate(&self) -> Result<()> {
        self.kron_params.validate()
    }
}
