//! What the builder of DAOPHOT's PSF gives.

use skyphot_core::{Column, FlagSet, Table};

use crate::error::Result;
use crate::{DaophotFunction, DaophotPsf, EpsfFlags, EpsfStar, EpsfStars};

/// DAOPHOT's PSF with the stars it was built from and the account of its making.
#[derive(Debug, Clone)]
pub struct DaophotResult {
    /// The PSF.
    pub psf: DaophotPsf,
    /// The stars with the positions and fluxes fitted last.
    pub stars: EpsfStars,
    /// Root mean square of the residuals within the fit radius over the flux times the peak, for every function that was
    /// tried, of the analytic core alone.
    pub tried: Vec<(DaophotFunction, f64)>,
    /// The same with the table, for every cutout; NaN where there was nothing to fit.
    pub scatter: Vec<f64>,
    /// The same over all stars that are not excluded.
    pub rms: f64,
    /// The fit radius, pixels.
    pub fit_radius: f64,
    /// Largest movement of a star in the last fit, pixels.
    pub final_center_accuracy: f64,
}

impl DaophotResult {
    /// A report on every cutout: `id x_init y_init x_fit y_fit flux rms excluded flags`.
    ///
    /// # Errors
    /// None in practice; columns of one length always make a table.
    pub fn star_table(&self) -> Result<Table> {
        let stars: Vec<&EpsfStar> = self.stars.cutouts().collect();
        let of = |f: &dyn Fn(&EpsfStar) -> f64| stars.iter().map(|s| f(s)).collect::<Vec<f64>>();
        let pixels = |name: &str, v: Vec<f64>, text: &str| {
            Column::new(name, v).with_unit("pix").with_description(text)
        };
        let ids = stars.iter().enumerate().map(|(i, s)| s.id().unwrap_or(i as i64 + 1));
        Ok(Table::from_columns(vec![
            Column::new("id", ids.collect::<Vec<i64>>()).with_description("star number"),
            pixels("x_init", of(&|s| s.original_center().x), "initial x"),
            pixels("y_init", of(&|s| s.original_center().y), "initial y"),
            pixels("x_fit", of(&|s| s.center().x), "fitted x"),
            pixels("y_fit", of(&|s| s.center().y), "fitted y"),
            Column::new("flux", of(&EpsfStar::flux)).with_description("fitted flux"),
            Column::new("rms", self.scatter.clone()).with_description("rms residual over the model's peak"),
            Column::new("excluded", stars.iter().map(|s| s.is_excluded()).collect::<Vec<bool>>())
                .with_description("left out because its fit failed"),
            Column::new("flags", stars.iter().map(|s| i64::from(s.flags().bits())).collect::<Vec<_>>())
                .with_description(EpsfFlags::legend_text()),
        ])?)
    }
}
