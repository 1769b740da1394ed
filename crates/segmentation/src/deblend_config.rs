//! How sources are deblended.

use skyphot_core::Exec;

use crate::Connectivity;
use crate::error::{Result, SegmentationError, at_least_one};

/// Spacing of the threshold levels of deblending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DeblendMode {
    /// Equal ratios, `min (max / min)^(i / (n + 1))`: many levels near the faint end. Sources with a pixel of 0 or less
    /// are done with `Sinh` instead.
    #[default]
    Exponential,
    /// Equal steps.
    Linear,
    /// `min + (max - min) sinh(4 i / (n + 1)) / sinh(4)`: many levels near the faint end, for any values.
    Sinh,
}

/// The flux that a peak must have to be a source of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ContrastMethod {
    /// All flux of its part of the source, with its share of the common light. Parts that are too faint are given to
    /// their neighbours, the faintest first.
    #[default]
    Basin,
    /// Its flux above the level at which it separates from its neighbours.
    Saddle,
}

/// Parameters of [`deblend_sources`](crate::deblend_sources), by default those of photutils.
#[derive(Debug, Clone)]
pub struct DeblendConfig {
    /// Number of threshold levels between the faintest and the brightest pixel of a source. Default 32.
    pub n_levels: usize,
    /// The fraction of the flux of a source that a peak must have to be separated: 0 separates all, 1 none. Default 0.001
    /// (7.5 mag).
    pub contrast: f64,
    /// Which flux that is. Default: [`ContrastMethod::Basin`].
    pub contrast_method: ContrastMethod,
    /// Spacing of the levels. Default: [`DeblendMode::Exponential`].
    pub mode: DeblendMode,
    /// Which pixels touch; must be that of the detection. Default: edges and corners.
    pub connectivity: Connectivity,
    /// Number the result consecutively from 1 (the default). Else sources that stay whole keep their labels, and
    /// new ones follow the largest label.
    pub relabel: bool,
    /// Only these labels; `None` (default) = all.
    pub labels: Option<Vec<i32>>,
    /// Threads to use.
    pub exec: Exec,
}

impl Default for DeblendConfig {
    fn default() -> Self {
        Self {
            n_levels: 32,
            contrast: 0.001,
            contrast_method: ContrastMethod::default(),
            mode: DeblendMode::default(),
            connectivity: Connectivity::default(),
            relabel: true,
            labels: None,
            exec: Exec::default(),
        }
    }
}

impl DeblendConfig {
    pub(crate) fn check(&self, n_pixels: usize) -> Result<()> {
        at_least_one("n_pixels", n_pixels)?;
        at_least_one("n_levels", self.n_levels)?;
        if !(0.0..=1.0).contains(&self.contrast) {
            return Err(SegmentationError::InvalidParameter {
                name: "contrast",
                expected: "between 0 and 1",
                found: self.contrast,
            });
        }
        Ok(())
    }
}
