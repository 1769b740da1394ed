//! Parameters of PSF photometry.

use skyphot_background::LocalBackground;
use skyphot_core::Exec;

use crate::error::{PsfError, Result};
use crate::{SourceGrouper, Watch};

/// How [`fit`](crate::fit) works. The defaults are those of photutils, with a fit box of 5 x 5 pixels.
#[derive(Debug, Clone)]
pub struct PsfConfig {
    /// Rows and columns of the box of pixels around the initial position that is fitted, odd numbers. Default (5, 5).
    pub fit_shape: (usize, usize),
    /// Keep the positions (forced photometry). Default false.
    pub fixed_position: bool,
    /// Keep the fluxes. Default false.
    pub fixed_flux: bool,
    /// Shape parameters of the model to fit as well, by name. Default: none.
    pub free_shape: Vec<String>,
    /// Limits of `flux` or of shape parameters, by name.
    pub bounds: Vec<(String, (f64, f64))>,
    /// Shape parameters that always equal a factor times another one: `(name, of, factor)`.
    pub ties: Vec<(String, String, f64)>,
    /// Largest number of model evaluations of one fit. Default 100.
    #[doc(alias = "fitter_maxiters")]
    pub max_evaluations: usize,
    /// Largest distance of the fitted from the initial position along x and y, pixels. Default: no limit.
    pub xy_bounds: (Option<f64>, Option<f64>),
    /// Radius of the aperture whose sum is the initial flux, pixels; needed if no fluxes are given.
    pub aperture_radius: Option<f64>,
    /// Which sources are fitted together. Default `None`: each alone.
    pub grouper: Option<SourceGrouper>,
    /// Estimates a background around every source, which is subtracted before the fit. Default: none.
    #[doc(alias = "local_bkg_estimator")]
    pub local_background: Option<LocalBackground>,
    /// Sources of groups larger than this are flagged. Default 25.
    pub group_warning_threshold: usize,
    /// Groups of more sources than this are fitted by blocks instead of one dense matrix. Default 60.
    pub block_threshold: usize,
    /// Threads. Default: all cores.
    pub exec: Exec,
    /// Is told how many sources are fitted. Default: nobody.
    pub watch: Watch,
}

impl Default for PsfConfig {
    fn default() -> Self {
        Self {
            fit_shape: (5, 5),
            fixed_position: false,
            fixed_flux: false,
            free_shape: Vec::new(),
            bounds: Vec::new(),
            ties: Vec::new(),
            max_evaluations: 100,
            xy_bounds: (None, None),
            aperture_radius: None,
            grouper: None,
            local_background: None,
            group_warning_threshold: 25,
            block_threshold: 60,
            exec: Exec::default(),
            watch: Watch::default(),
        }
    }
}

impl PsfConfig {
    pub(crate) fn validate(&self) -> Result<()> {
        let (ny, nx) = self.fit_shape;
        if ny % 2 == 0 || nx % 2 == 0 || ny > 10_001 || nx > 10_001 {
            return Err(PsfError::InvalidData {
                what: "fit_shape (ny, nx)",
                expected: "two odd numbers up to 10001",
                found: format!("({ny}, {nx})"),
            });
        }
        let optional = |name, v: Option<f64>| match v {
            Some(v) if !(v.is_finite() && v > 0.0) => {
                Err(PsfError::InvalidParameter { name, expected: "a finite number greater than 0", found: v })
            }
            _ => Ok(()),
        };
        optional("xy_bounds (x)", self.xy_bounds.0)?;
        optional("xy_bounds (y)", self.xy_bounds.1)?;
        optional("aperture_radius", self.aperture_radius)
    }
}
