//! Parameters of aperture statistics.

use skyphot_core::Exec;
use skyphot_geometry::OverlapMethod;
use skyphot_stats::SigmaClip;

use crate::photometry_config::check_background;
use crate::{ApertureError, Result};

/// How [`ApertureStats`](crate::ApertureStats) measures. The defaults are those of photutils.
#[derive(Debug, Clone, Default)]
pub struct StatsConfig {
    /// Sigma clipping of the pixels of every aperture; `None` (the default) = off. Its `grow` must be 0.
    pub sigma_clip: Option<SigmaClip>,
    /// How pixels on the rim are weighed in `sum`, `sum_err` and `sum_aper_area`. All other values are of the pixels
    /// whose centres lie inside. Default: exact.
    pub sum_method: OverlapMethod,
    /// Background per pixel, data units, subtracted from every pixel: one value for each position, or one for all.
    /// Default: none.
    #[doc(alias = "local_bkg")]
    pub local_background: Option<Vec<f64>>,
    /// The divisor of variance and standard deviation is `n - ddof`. Default: 0.
    pub ddof: usize,
    /// Keep the moments up to the third power, see [`ApertureMoments`](crate::ApertureMoments). Default: no.
    pub moments: bool,
    /// Unit of the data and errors, for the table. Default: none.
    pub unit: Option<String>,
    /// Threads. Default: all cores.
    pub exec: Exec,
}

impl StatsConfig {
    pub(crate) fn validate(&self, n: usize) -> Result<()> {
        self.sum_method.validate()?;
        check_background(self.local_background.as_deref(), n)?;
        self.sigma_clip.as_ref().map_or(Ok(()), check_clip)
    }
}

pub(crate) fn check_clip(clip: &SigmaClip) -> Result<()> {
    clip.validate()?;
    if clip.grow == 0.0 {
        return Ok(());
    }
    let expected = "0: growing is not defined in apertures".to_owned();
    Err(ApertureError::InvalidParameter { name: "sigma_clip.grow", expected, found: clip.grow })
}
