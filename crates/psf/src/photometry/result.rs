//! Fitted sources.

use ndarray::Array2;
use skyphot_core::{Column, FlagSet, Image, Pixel, Point, Table};

use super::config::PsfConfig;
use super::group::Fitted;
use super::layout::{Layout, MAIN, Role};
use crate::error::Result;
use crate::{InitialParameters, PsfFlags, PsfModel, SourceGroups, Sources, render};

/// The results of PSF photometry, one entry for each initial position in its order. Lengths are pixels, fluxes have the
/// unit of the data; what could not be fitted is NaN.
#[derive(Debug, Clone)]
pub struct PsfPhotometry {
    /// Shape `(ny, nx)` of the image.
    shape: (usize, usize),
    config: PsfConfig,
    /// Numbers of the sources.
    pub id: Vec<i64>,
    /// Numbers of the groups.
    pub group_id: Vec<i64>,
    /// Sources in the group.
    pub group_size: Vec<usize>,
    /// Pass of iterative photometry in which the source was found, from 1; empty for a single fit.
    pub iter_detected: Vec<u32>,
    /// Background per pixel that was subtracted.
    pub local_bkg: Vec<f64>,
    /// Initial x.
    pub x_init: Vec<f64>,
    /// Initial y.
    pub y_init: Vec<f64>,
    /// Initial flux.
    pub flux_init: Vec<f64>,
    /// Fitted x.
    pub x_fit: Vec<f64>,
    /// Fitted y.
    pub y_fit: Vec<f64>,
    /// Fitted flux.
    pub flux_fit: Vec<f64>,
    /// Error of x; NaN if it was fixed.
    pub x_err: Vec<f64>,
    /// Error of y; NaN if it was fixed.
    pub y_err: Vec<f64>,
    /// Error of the flux; NaN if it was fixed.
    pub flux_err: Vec<f64>,
    /// Shape parameters of the model.
    pub shape_parameters: Vec<FittedShape>,
    /// Pixels used.
    pub n_pixels_fit: Vec<usize>,
    /// Sum of the absolute residuals over the fitted flux.
    pub qfit: Vec<f64>,
    /// Residual (data - model) of the pixel with the initial position over the fitted flux.
    pub cfit: Vec<f64>,
    /// Sum of the squared weighted residuals over the degrees of freedom; NaN without errors.
    pub reduced_chi2: Vec<f64>,
    /// What was the matter.
    pub flags: Vec<PsfFlags>,
    /// Covariance of the fitted parameters of each source (flux, x, y, shape; only the free ones), row by row; empty
    /// where there is none.
    pub covariance: Vec<Vec<f64>>,
    /// Free parameters per source.
    n_free: usize,
    roles: Vec<Role>,
    weighted: bool,
}

/// One shape parameter of all sources.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedShape {
    /// Its name.
    pub name: &'static str,
    /// It was fitted (or tied to one that was).
    pub free: bool,
    /// Initial values.
    pub init: Vec<f64>,
    /// Fitted values.
    pub fit: Vec<f64>,
    /// Errors; NaN if it was fixed.
    pub err: Vec<f64>,
}

pub(crate) struct Start<'a> {
    pub(crate) shape: (usize, usize),
    pub(crate) initial: &'a InitialParameters,
    pub(crate) flux: Vec<f64>,
    pub(crate) local_bkg: Vec<f64>,
    pub(crate) groups: &'a SourceGroups,
    pub(crate) start: &'a [Vec<f64>],
    pub(crate) layout: &'a Layout,
    pub(crate) config: &'a PsfConfig,
}

impl PsfPhotometry {
    pub(crate) fn new(s: Start<'_>) -> Self {
        let n = s.initial.positions.len();
        let nan = || vec![f64::NAN; n];
        let shape_parameters = s
            .layout
            .shape
            .iter()
            .enumerate()
            .map(|(k, p)| FittedShape {
                name: p.name,
                free: !matches!(s.layout.roles[MAIN + k], Role::Fixed),
                init: s.start.iter().map(|v| v[MAIN + k]).collect(),
                fit: nan(),
                err: nan(),
            })
            .collect();
        Self {
            shape: s.shape,
            config: s.config.clone(),
            id: s.initial.id.clone().unwrap_or_else(|| (1..=n as i64).collect()),
            group_id: s.groups.ids().to_vec(),
            group_size: s.groups.sizes().to_vec(),
            iter_detected: Vec::new(),
            local_bkg: s.local_bkg,
            x_init: s.initial.positions.iter().map(|p| p.x).collect(),
            y_init: s.initial.positions.iter().map(|p| p.y).collect(),
            flux_init: s.flux,
            x_fit: nan(),
            y_fit: nan(),
            flux_fit: nan(),
            x_err: nan(),
            y_err: nan(),
            flux_err: nan(),
            shape_parameters,
            n_pixels_fit: vec![0; n],
            qfit: nan(),
            cfit: nan(),
            reduced_chi2: nan(),
            flags: vec![PsfFlags::empty(); n],
            covariance: vec![Vec::new(); n],
            n_free: s.layout.n_free,
            roles: s.layout.roles.clone(),
            weighted: false,
        }
    }

    pub(crate) fn set_weighted(&mut self, weighted: bool) {
        self.weighted = weighted;
    }

    pub(crate) fn set(&mut self, i: usize, fitted: Option<Fitted>, n_pixels: usize, flags: PsfFlags) {
        self.n_pixels_fit[i] = n_pixels;
        self.flags[i] = flags;
        let Some(f) = fitted else {
            self.flags[i] |= PsfFlags::NO_COVARIANCE;
            return;
        };
        let at = &mut self.flags[i];
        at.set(PsfFlags::NO_CONVERGENCE, !f.converged);
        at.set(PsfFlags::NO_COVARIANCE, f.covariance.is_empty());
        at.set(PsfFlags::PARAMETER_NEAR_BOUND, f.near_bound);
        at.set(PsfFlags::LOCAL_COVARIANCE, f.local_covariance);
        (self.flux_fit[i], self.x_fit[i], self.y_fit[i]) = (f.values[0], f.values[1], f.values[2]);
        for (p, v) in self.shape_parameters.iter_mut().zip(&f.values[MAIN..]) {
            p.fit[i] = *v;
        }
        let error = |role: Role| match role {
            Role::Free(at) => f.covariance.get(at * self.n_free + at).map_or(f64::NAN, |v| v.sqrt()),
            _ => f64::NAN,
        };
        (self.flux_err[i], self.x_err[i], self.y_err[i]) =
            (error(self.roles[0]), error(self.roles[1]), error(self.roles[2]));
        for (k, p) in self.shape_parameters.iter_mut().enumerate() {
            p.err[i] = match self.roles[MAIN + k] {
                Role::Tied(of, factor) => factor.abs() * error(self.roles[MAIN + of]),
                role => error(role),
            };
        }
        let flux = f.values[0];
        if flux != 0.0 {
            // Adding 0 makes the zero of an exact fit a positive one.
            self.qfit[i] = f.sum_abs / flux + 0.0;
            self.cfit[i] = f.central / flux + 0.0;
        }
        if self.weighted && n_pixels > self.n_free {
            self.reduced_chi2[i] = f.chi2 / (n_pixels - self.n_free) as f64;
        }
        self.covariance[i] = f.covariance;
    }

    /// Flags that follow from the results.
    pub(crate) fn finish(&mut self) {
        let (ny, nx) = (self.shape.0 as f64, self.shape.1 as f64);
        let (fy, fx) = self.config.fit_shape;
        for i in 0..self.len() {
            let (x, y, flux) = (self.x_fit[i], self.y_fit[i], self.flux_fit[i]);
            let f = &mut self.flags[i];
            f.set(PsfFlags::N_PIXELS_FIT_PARTIAL, self.n_pixels_fit[i] < fx * fy);
            f.set(PsfFlags::POSITION_OUTSIDE_IMAGE, x < -0.5 || y < -0.5 || x > nx - 0.5 || y > ny - 0.5);
            f.set(PsfFlags::NON_POSITIVE_FLUX, flux <= 0.0);
            f.set(PsfFlags::NON_FINITE_POSITION, !(x.is_finite() && y.is_finite()));
            f.set(PsfFlags::NON_FINITE_FLUX, !flux.is_finite());
            f.set(PsfFlags::NON_FINITE_LOCAL_BKG, !self.local_bkg[i].is_finite());
            let outside = |at: f64, init: f64, n: usize, size: f64| {
                let first = (init - n as f64 / 2.0).ceil();
                at < first.max(0.0) - 0.5 || at > (first + n as f64).min(size) - 0.5
            };
            f.set(
                PsfFlags::POSITION_OUTSIDE_FIT_REGION,
                outside(x, self.x_init[i], fx, nx) || outside(y, self.y_init[i], fy, ny),
            );
        }
    }

    /// Number of sources.
    #[must_use]
    pub fn len(&self) -> usize {
        self.id.len()
    }

    /// No source.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.id.is_empty()
    }

    /// Fitted positions, pixels.
    #[must_use]
    pub fn positions(&self) -> Vec<Point> {
        self.x_fit.iter().zip(&self.y_fit).map(|(x, y)| Point::new(*x, *y)).collect()
    }

    /// Start values for another fit: the fitted values. Sources without are left out if `remove_invalid`; numbers start
    /// anew if `reset_ids`.
    #[doc(alias = "results_to_init_params")]
    #[must_use]
    pub fn to_initial(&self, remove_invalid: bool, reset_ids: bool) -> InitialParameters {
        let keep: Vec<usize> = (0..self.len())
            .filter(|&i| {
                let finite = |v: f64| v.is_finite();
                !remove_invalid
                    || (finite(self.x_fit[i])
                        && finite(self.y_fit[i])
                        && finite(self.flux_fit[i])
                        && self.shape_parameters.iter().all(|p| finite(p.fit[i])))
            })
            .collect();
        let pick = |v: &[f64]| keep.iter().map(|&i| v[i]).collect::<Vec<_>>();
        let id = if remove_invalid && reset_ids {
            (1..=keep.len() as i64).collect()
        } else {
            keep.iter().map(|&i| self.id[i]).collect()
        };
        InitialParameters {
            id: Some(id),
            positions: keep.iter().map(|&i| Point::new(self.x_fit[i], self.y_fit[i])).collect(),
            flux: Some(pick(&self.flux_fit)),
            local_bkg: None,
            group_id: None,
            shape: self
                .shape_parameters
                .iter()
                .filter(|p| p.free)
                .map(|p| (p.name.to_owned(), pick(&p.fit)))
                .collect(),
        }
    }

    /// Start values to fit all sources again that have finite values, numbered anew, with their backgrounds, and their
    /// rows.
    pub(crate) fn to_refit(&self) -> (InitialParameters, Vec<usize>) {
        let mut all = self.to_initial(false, true);
        let kept: Vec<usize> = (0..self.len())
            .filter(|&i| {
                all.positions[i].is_finite()
                    && self.flux_fit[i].is_finite()
                    && all.shape.iter().all(|(_, v)| v[i].is_finite())
            })
            .collect();
        let pick = |v: &[f64]| kept.iter().map(|&i| v[i]).collect::<Vec<_>>();
        all.id = Some((1..=kept.len() as i64).collect());
        all.positions = kept.iter().map(|&i| all.positions[i]).collect();
        all.flux = Some(pick(&self.flux_fit));
        all.local_bkg = Some(pick(&self.local_bkg));
        for (_, v) in &mut all.shape {
            *v = pick(v);
        }
        (all, kept)
    }

    /// Adds the sources of a later pass, their source and group numbers counted on.
    pub(crate) fn append(&mut self, other: &Self) {
        let last = |v: &[i64]| v.iter().max().copied().unwrap_or(0);
        let (id, group) = (last(&self.id), last(&self.group_id));
        self.id.extend(other.id.iter().map(|v| v + id));
        self.group_id.extend(other.group_id.iter().map(|v| v + group));
        self.group_size.extend_from_slice(&other.group_size);
        self.iter_detected.extend_from_slice(&other.iter_detected);
        self.n_pixels_fit.extend_from_slice(&other.n_pixels_fit);
        self.flags.extend_from_slice(&other.flags);
        self.covariance.extend_from_slice(&other.covariance);
        let pairs = [
            (&mut self.local_bkg, &other.local_bkg),
            (&mut self.x_init, &other.x_init),
            (&mut self.y_init, &other.y_init),
            (&mut self.flux_init, &other.flux_init),
            (&mut self.x_fit, &other.x_fit),
            (&mut self.y_fit, &other.y_fit),
            (&mut self.flux_fit, &other.flux_fit),
            (&mut self.x_err, &other.x_err),
            (&mut self.y_err, &other.y_err),
            (&mut self.flux_err, &other.flux_err),
            (&mut self.qfit, &other.qfit),
            (&mut self.cfit, &other.cfit),
            (&mut self.reduced_chi2, &other.reduced_chi2),
        ];
        for (a, b) in pairs {
            a.extend_from_slice(b);
        }
        for (a, b) in self.shape_parameters.iter_mut().zip(&other.shape_parameters) {
            a.init.extend_from_slice(&b.init);
            a.fit.extend_from_slice(&b.fit);
            a.err.extend_from_slice(&b.err);
        }
    }

    /// The sum of the fitted sources on an image of shape `(ny, nx)`, each on a box of `psf_shape` `(ny, nx)` pixels (by
    /// default the model's bounding box), if asked for with its local background over that box.
    #[doc(alias = "make_model_image")]
    #[must_use]
    pub fn model_image<M: PsfModel + ?Sized>(
        &self,
        model: &M,
        shape: (usize, usize),
        psf_shape: Option<(usize, usize)>,
        include_local_bkg: bool,
    ) -> Array2<f64> {
        let by_source = self.shapes_by_source();
        let sources = self.sources(&by_source, include_local_bkg);
        render(model, &sources, shape, psf_shape, &self.config.exec)
    }

    /// The image less the fitted sources, see [`model_image`](Self::model_image).
    #[doc(alias = "make_residual_image")]
    #[must_use]
    pub fn residual_image<T: Pixel, M: PsfModel + ?Sized>(
        &self,
        model: &M,
        image: &Image<'_, T>,
        psf_shape: Option<(usize, usize)>,
        include_local_bkg: bool,
    ) -> Array2<f64> {
        let by_source = self.shapes_by_source();
        let sources = self.sources(&by_source, include_local_bkg);
        render::residual(image, model, &sources, psf_shape, &self.config.exec)
    }

    /// Fitted shape parameters of every source one after the other.
    fn shapes_by_source(&self) -> Vec<f64> {
        let n_shape = self.shape_parameters.len();
        let mut by_source = vec![0.0; n_shape * self.len()];
        for (k, p) in self.shape_parameters.iter().enumerate() {
            for (i, v) in p.fit.iter().enumerate() {
                by_source[i * n_shape + k] = *v;
            }
        }
        by_source
    }

    fn sources<'a>(&'a self, shape: &'a [f64], include_local_bkg: bool) -> Sources<'a> {
        Sources {
            x: &self.x_fit,
            y: &self.y_fit,
            flux: &self.flux_fit,
            shape,
            local_bkg: if include_local_bkg { &self.local_bkg } else { &[] },
        }
    }

    /// A table with the reference's columns: `id group_id group_size local_bkg x_init ... x_fit ... x_err ...
    /// n_pixels_fit qfit cfit reduced_chi2 flags`. Rows are in the order of `id`.
    ///
    /// # Errors
    /// None in practice; columns of one length always make a table.
    pub fn to_table(&self) -> Result<Table> {
        let integers = |v: &[usize]| v.iter().map(|v| *v as i64).collect::<Vec<_>>();
        let pixels = |name: &str, v: &[f64], text: &str| {
            Column::new(name, v.to_vec()).with_unit("pix").with_description(text)
        };
        let plain = |name: &str, v: &[f64], text: &str| Column::new(name, v.to_vec()).with_description(text);
        let mut columns = vec![
            Column::new("id", self.id.clone()).with_description("source number"),
            Column::new("group_id", self.group_id.clone()).with_description("group number"),
            Column::new("group_size", integers(&self.group_size)).with_description("sources in the group"),
            plain("local_bkg", &self.local_bkg, "local background per pixel"),
            pixels("x_init", &self.x_init, "initial x"),
            pixels("y_init", &self.y_init, "initial y"),
            plain("flux_init", &self.flux_init, "initial flux"),
        ];
        let free = || self.shape_parameters.iter().filter(|p| p.free);
        columns
            .extend(free().map(|p| plain(&format!("{}_init", p.name), &p.init, "initial shape parameter")));
        columns.extend([
            pixels("x_fit", &self.x_fit, "fitted x"),
            pixels("y_fit", &self.y_fit, "fitted y"),
            plain("flux_fit", &self.flux_fit, "fitted flux"),
        ]);
        columns.extend(free().map(|p| plain(&format!("{}_fit", p.name), &p.fit, "fitted shape parameter")));
        columns.extend([
            pixels("x_err", &self.x_err, "1-sigma error of x_fit"),
            pixels("y_err", &self.y_err, "1-sigma error of y_fit"),
            plain("flux_err", &self.flux_err, "1-sigma error of flux_fit"),
        ]);
        columns.extend(free().map(|p| plain(&format!("{}_err", p.name), &p.err, "1-sigma error")));
        columns.extend([
            Column::new("n_pixels_fit", integers(&self.n_pixels_fit)).with_description("pixels fitted"),
            plain("qfit", &self.qfit, "sum of absolute residuals over flux"),
            plain("cfit", &self.cfit, "central residual over flux"),
            plain("reduced_chi2", &self.reduced_chi2, "reduced chi squared"),
            Column::new("flags", self.flags.iter().map(|f| i64::from(f.bits())).collect::<Vec<_>>())
                .with_description(PsfFlags::legend_text()),
        ]);
        let table = Table::from_columns(columns)?;
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by_key(|&i| self.id[i]);
        Ok(if order.is_sorted() { table } else { table.take(&order) })
    }
}
