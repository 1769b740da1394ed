//! Parameters of aperture photometry.

use skyphot_core::Exec;
use skyphot_geometry::OverlapMethod;

use crate::{ApertureError, Result};

/// How [`AperturePhotometry`](crate::AperturePhotometry) measures. The defaults are those of photutils.
#[derive(Debug, Clone, Default)]
pub struct PhotometryConfig {
    /// How pixels on the rim are weighed. Default: exact.
    pub method: OverlapMethod,
    /// Background per pixel, data units, subtracted from every pixel before it is summed: one value for each position,
    /// or one for all. Default: none.
    #[doc(alias = "local_bkg")]
    pub local_background: Option<Vec<f64>>,
    /// Unit of the data and errors, for the table. Default: none.
    pub unit: Option<String>,
    /// Threads. Default: all cores.
    pub exec: Exec,
}

impl PhotometryConfig {
    pub(crate) fn validate(&self, n: usize) -> Result<()> {
        self.method.validate()?;
        check_background(self.local_background.as_deref(), n)
    }
}

pub(crate) fn check_background(values: Option<&[f64]>, n: usize) -> Result<()> {
    match values {
        Some(v) if v.len() != n && v.len() != 1 => {
            Err(ApertureError::LocalBackgroundLength { expected: n, found: v.len() })
        }
        _ => Ok(()),
    }
}

/// The background of position `i`, if there is one.
#[inline]
pub(crate) fn background_of(values: Option<&[f64]>, i: usize) -> Option<f64> {
    values.and_then(|v| if v.len() == 1 { v.first() } else { v.get(i) }).copied()
}
