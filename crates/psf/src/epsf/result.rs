//! What the ePSF builder gives.

use ndarray::{Array2, ArrayView2};
use skyphot_core::{Column, Point, Table};

use super::{EpsfFlags, EpsfStar, EpsfStars};
use crate::ImagePsf;
use crate::error::Result;

/// Kind of an iteration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EpsfStage {
    /// Building: one update of the ePSF, one fit of the stars.
    Build,
    /// Refinement: five updates with a wider filter, one fit of the stars.
    Refine,
}

impl EpsfStage {
    /// `build` or `refine`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Refine => "refine",
        }
    }
}

/// How far one iteration came.
#[derive(Debug, Clone)]
pub struct EpsfIteration {
    /// Number, from 1.
    pub number: usize,
    /// Kind.
    pub stage: EpsfStage,
    /// The ePSF after it, samples.
    pub epsf: Array2<f64>,
    /// Enough stars moved by less than the accuracy asked for.
    pub converged: bool,
    /// Fraction of the fitted stars that did.
    pub converged_fraction: f64,
    /// Largest movement of a star relative to the median movement, pixels.
    pub max_center_shift: f64,
    /// The median movement, pixels; 0 for fewer than 3 stars.
    pub common_center_shift: f64,
    /// Number of stars whose fit failed.
    pub n_fit_failed: usize,
    /// Largest change of a sample, relative to the peak of the last iteration (while the building goes on: of this one).
    pub max_epsf_change: f64,
}

/// An ePSF with the stars it was built from and the account of its making.
#[derive(Debug, Clone)]
#[doc(alias = "EPSFBuildResults")]
pub struct EpsfResult {
    /// The ePSF; its samples sum to the product of the oversampling factors.
    pub epsf: ImagePsf,
    /// The stars with the positions and fluxes fitted last.
    #[doc(alias = "fitted_stars")]
    pub stars: EpsfStars,
    /// Number of building iterations.
    pub n_iterations: usize,
    /// The positions settled in the last iteration.
    pub converged: bool,
    /// Largest movement of a star in the last iteration, relative to the median movement, pixels.
    pub final_center_accuracy: f64,
    /// Fraction of the stars that settled in the last iteration.
    pub final_converged_fraction: f64,
    /// The smoothing kernel of the last iteration, `None` for no smoothing.
    pub smoothing_kernel: Option<Array2<f64>>,
    /// Rows and columns of the fit box of the last iteration, `None` for whole cutouts.
    pub fit_shape: Option<(usize, usize)>,
    /// Every iteration.
    #[doc(alias = "iteration_epsfs")]
    #[doc(alias = "iteration_info")]
    pub iterations: Vec<EpsfIteration>,
    /// The ePSF that the building began with.
    pub initial_epsf: Option<Array2<f64>>,
    /// Offset `(x, y)` in pixels of the centre of mass of the ePSF from its centre of symmetry, `None` for an ePSF too
    /// small to measure it.
    pub center_asymmetry: Option<Point>,
    /// Probability that positions without bias are spread over the pixel phases at least as unevenly as those fitted
    /// (chi-squared test of 4 bins along each axis); NaN for no star. Below 1e-6 for many stars the positions, and with
    /// them the ePSF, are not to be trusted.
    pub phase_p_value: f64,
}

/// Residuals of one star.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StarResidual {
    /// Sum of absolute residuals over the flux, in the fit box.
    pub qfit: f64,
    /// Residual of the central pixel over the flux.
    pub cfit: f64,
    /// Root mean square of the residuals of the fit box over the peak of the model.
    pub rms: f64,
    /// Mean of the squared weighted residuals of the fit box per degree of freedom; NaN with none.
    pub reduced_chi2: f64,
    /// Good pixels in the fit box.
    pub n_pixels: usize,
}

impl EpsfResult {
    /// Samples of the ePSF, `(ny, nx)`.
    #[must_use]
    pub fn data(&self) -> ArrayView2<'_, f64> {
        self.epsf.data()
    }

    /// Number of cutouts that were left out because their fits failed.
    #[must_use]
    pub fn n_excluded_stars(&self) -> usize {
        self.stars.cutouts().filter(|s| s.is_excluded()).count()
    }

    /// Indices among all cutouts of those that were left out.
    #[must_use]
    pub fn excluded_star_indices(&self) -> Vec<usize> {
        self.stars.cutouts().enumerate().filter(|(_, s)| s.is_excluded()).map(|(i, _)| i).collect()
    }

    /// How well the ePSF describes a star.
    #[must_use]
    pub fn residual(&self, star: &EpsfStar) -> StarResidual {
        let (model, residual, weights) = (star.model(&self.epsf), star.residual(&self.epsf), star.weights());
        let (ny, nx) = self.fit_shape.unwrap_or(star.shape());
        let c = star.cutout_center();
        let window = crate::render::box_around(c.x, c.y, (ny, nx));
        let (mut sum, mut square, mut chi2, mut n) = (0.0, 0.0, 0.0, 0_usize);
        for ((y, x), r) in residual.indexed_iter() {
            let (xi, yi) = (x as i64, y as i64);
            let inside =
                xi >= window.x_min && xi < window.x_end() && yi >= window.y_min && yi < window.y_end();
            let w = weights[[y, x]];
            if inside && w > 0.0 {
                sum += r.abs();
                square += r * r;
                chi2 += (r * w) * (r * w);
                n += 1;
            }
        }
        let peak = model.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let central = {
            let (x, y) = (c.x.round(), c.y.round());
            let inside =
                x >= 0.0 && y >= 0.0 && (x as usize) < star.shape().1 && (y as usize) < star.shape().0;
            if inside && weights[[y as usize, x as usize]] > 0.0 {
                residual[[y as usize, x as usize]]
            } else {
                f64::NAN
            }
        };
        let or_nan = |v: f64| if n > 0 { v } else { f64::NAN };
        StarResidual {
            qfit: or_nan(sum / star.flux()),
            cfit: central / star.flux(),
            rms: or_nan((square / n as f64).sqrt() / peak),
            reduced_chi2: if n > 3 { chi2 / (n as f64 - 3.0) } else { f64::NAN },
            n_pixels: n,
        }
    }

    /// Stars used, in units of their fluxes and the ePSF's peak, as one image: pairs of tiles from the lower left, the star
    /// and to its right what is left of it after the ePSF is subtracted, `columns` pairs in a row. At most `n` stars, spread
    /// evenly over the list; NaN between the tiles. `None` without a star.
    #[must_use]
    pub fn gallery(&self, n: usize, columns: usize) -> Option<Array2<f64>> {
        let stars: Vec<&EpsfStar> = self.stars.good_cutouts().collect();
        let n = n.min(stars.len());
        if n == 0 || columns == 0 {
            return None;
        }
        let shown: Vec<&EpsfStar> = (0..n).map(|i| stars[i * stars.len() / n]).collect();
        let (h, w) = shown.iter().fold((0, 0), |(h, w), s| (h.max(s.shape().0), w.max(s.shape().1)));
        let columns = columns.min(n);
        let peak = self.data().iter().fold(0.0_f64, |m, v| m.max(*v));
        let mut out =
            Array2::from_elem((n.div_ceil(columns) * (h + 1) - 1, columns * (2 * w + 3) - 2), f64::NAN);
        for (k, star) in shown.iter().enumerate() {
            let (y0, x0) = (k / columns * (h + 1), k % columns * (2 * w + 3));
            let scale = 1.0 / (star.flux() * peak);
            let residual = star.residual(&self.epsf);
            for (((y, x), d), r) in star.data().indexed_iter().zip(&residual) {
                if star.weights()[[y, x]] > 0.0 {
                    out[[y0 + y, x0 + x]] = d * scale;
                    out[[y0 + y, x0 + w + 1 + x]] = r * scale;
                }
            }
        }
        Some(out)
    }

    /// A report on every cutout: `id image x_init y_init x_fit y_fit flux qfit cfit rms reduced_chi2 n_pixels excluded flags`.
    ///
    /// # Errors
    /// None in practice; columns of one length always make a table.
    pub fn star_table(&self) -> Result<Table> {
        let stars: Vec<&EpsfStar> = self.stars.cutouts().collect();
        let residuals: Vec<StarResidual> = stars.iter().map(|s| self.residual(s)).collect();
        let of = |f: &dyn Fn(&EpsfStar) -> f64| stars.iter().map(|s| f(s)).collect::<Vec<f64>>();
        let res = |f: &dyn Fn(&StarResidual) -> f64| residuals.iter().map(f).collect::<Vec<f64>>();
        let int = |f: &dyn Fn(usize, &EpsfStar) -> i64| {
            stars.iter().enumerate().map(|(i, s)| f(i, s)).collect::<Vec<i64>>()
        };
        Ok(Table::from_columns(vec![
            Column::new("id", int(&|i, s| s.id().unwrap_or(i as i64 + 1))).with_description("star number"),
            Column::new("image", int(&|_, s| s.image() as i64)).with_description("image number, from 0"),
            Column::new("x_init", of(&|s| s.original_center().x))
                .with_unit("pix")
                .with_description("initial x"),
            Column::new("y_init", of(&|s| s.original_center().y))
                .with_unit("pix")
                .with_description("initial y"),
            Column::new("x_fit", of(&|s| s.center().x)).with_unit("pix").with_description("fitted x"),
            Column::new("y_fit", of(&|s| s.center().y)).with_unit("pix").with_description("fitted y"),
            Column::new("flux", of(&EpsfStar::flux)).with_description("fitted flux"),
            Column::new("qfit", res(&|r| r.qfit)).with_description("sum of absolute residuals over flux"),
            Column::new("cfit", res(&|r| r.cfit)).with_description("central residual over flux"),
            Column::new("rms", res(&|r| r.rms)).with_description("rms residual over the model's peak"),
            Column::new("reduced_chi2", res(&|r| r.reduced_chi2)).with_description("reduced chi squared"),
            Column::new("n_pixels", residuals.iter().map(|r| r.n_pixels as i64).collect::<Vec<_>>())
                .with_description("good pixels in the fit box"),
            Column::new("excluded", stars.iter().map(|s| s.is_excluded()).collect::<Vec<bool>>())
                .with_description("left out because its fit failed"),
            Column::new("flags", int(&|_, s| i64::from(s.flags().bits())))
                .with_description(<EpsfFlags as skyphot_core::FlagSet>::legend_text()),
        ])?)
    }

    /// A row for every iteration: `iteration stage converged converged_fraction max_center_shift common_center_shift
    /// n_fit_failed max_epsf_change`.
    ///
    /// # Errors
    /// None in practice; columns of one length always make a table.
    pub fn iteration_table(&self) -> Result<Table> {
        let of = |f: &dyn Fn(&EpsfIteration) -> f64| self.iterations.iter().map(f).collect::<Vec<f64>>();
        let int = |f: &dyn Fn(&EpsfIteration) -> i64| self.iterations.iter().map(f).collect::<Vec<i64>>();
        let stage: Vec<String> = self.iterations.iter().map(|i| i.stage.name().to_owned()).collect();
        Ok(Table::from_columns(vec![
            Column::new("iteration", int(&|i| i.number as i64)),
            Column::new("stage", stage).with_description("build or refine"),
            Column::new("converged", self.iterations.iter().map(|i| i.converged).collect::<Vec<bool>>())
                .with_description("enough stars moved by less than the accuracy asked for"),
            Column::new("converged_fraction", of(&|i| i.converged_fraction))
                .with_description("fraction of the stars that did"),
            Column::new("max_center_shift", of(&|i| i.max_center_shift)).with_unit("pix"),
            Column::new("common_center_shift", of(&|i| i.common_center_shift)).with_unit("pix"),
            Column::new("n_fit_failed", int(&|i| i.n_fit_failed as i64)),
            Column::new("max_epsf_change", of(&|i| i.max_epsf_change))
                .with_description("relative to the peak"),
        ])?)
    }
}
