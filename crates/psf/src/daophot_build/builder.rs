//! The builder.

use skyphot_core::{Exec, Point};
use skyphot_fit::DenseNormal;
use skyphot_stats::kernel::median_in_place;

use super::core::fit_core;
use super::result::DaophotResult;
use super::star::Pixels;
use super::table::Table;
use crate::error::{PsfError, Result};
use crate::models::positive;
use crate::{
    DaophotCore, DaophotFunction, DaophotPsf, EpsfFlags, EpsfStar, EpsfStars, PolynomialPsf, PsfModel,
    Source, Window,
};

/// Stars that decide on the analytic core.
const CORE_STARS: usize = 60;
/// A function takes the place of a simpler one if it leaves less than this part of the squared residuals.
const BETTER: f64 = 0.98;
/// ... and by at least this, in units of the profile error: 0.03 % of the PSF.
const NEGLIGIBLE: f64 = 1e-3;
/// Rounds of core and positions.
const CORE_ROUNDS: usize = 3;
/// Functions in the order in which the best is looked for.
const FUNCTIONS: [DaophotFunction; 6] = [
    DaophotFunction::Gaussian,
    DaophotFunction::Moffat15,
    DaophotFunction::Moffat25,
    DaophotFunction::Lorentz,
    DaophotFunction::Penny1,
    DaophotFunction::Penny2,
];

/// Builds DAOPHOT's PSF from stars (Stetson 1987, PASP 99, 191; 1992, ASPC 25, 297): an analytic function, integrated over
/// the pixels, is fitted to the stars, then a table of half pixels collects what it misses, constant over the image,
/// linear or quadratic in the position.
///
/// The stars' positions are fitted with the core first and then with core and table in turns; their mean movement by the
/// table is taken out, so that the core defines the centre. Residuals far beyond the scatter, of neighbours and cosmic
/// rays, lose their weight.
///
/// ```
/// use skyphot_core::{Image, Point};
/// use skyphot_psf::{DaophotBuilder, DaophotFunction, ExtractConfig, MoffatPrf, PsfModel, Source, Sources, StarCatalog};
/// use skyphot_psf::{StarField, Window, extract_stars, render};
/// let at = |k: usize, step: f64| 20.0 + 27.0 * k as f64 + (step * k as f64).sin() * 0.5;
/// let (x, y): (Vec<f64>, Vec<f64>) = (0..25).map(|i| (at(i % 5, 7.1 + i as f64), at(i / 5, 3.3 + i as f64))).unzip();
/// let sources = Sources { x: &x, y: &y, flux: &[1000.0; 25], shape: &[], local_bkg: &[] };
/// let truth = MoffatPrf::with_fwhm(3.0, 3.0)?;
/// let image = render(&truth, &sources, (150, 150), Some((31, 31)), &Default::default());
///
/// let catalog = StarCatalog::at_pixels(x.iter().zip(&y).map(|(x, y)| Point::new(x.round(), y.round())).collect());
/// let field = StarField::new(Image::new(image.view())?);
/// let found = extract_stars(&[field], &[catalog], &ExtractConfig { size: (19, 19), ..Default::default() })?;
/// let builder = DaophotBuilder { function: Some(DaophotFunction::Moffat25), ..Default::default() };
/// let result = builder.build(&found.stars)?;
/// assert!(result.rms < 0.01 && (result.stars.centers()[7].x - x[7]).abs() < 0.02);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[doc(alias = "psf")]
#[doc(alias = "getpsf")]
pub struct DaophotBuilder {
    /// The analytic function. Default `None`: of all six the one that leaves the least.
    pub function: Option<DaophotFunction>,
    /// The radius beyond which the PSF is 0, pixels. Default `None`: what the smallest cutout allows.
    #[doc(alias = "psfrad")]
    pub radius: Option<f64>,
    /// The radius within which the core and the stars are fitted, pixels. Default `None`: the FWHM, at least 2.
    #[doc(alias = "fitrad")]
    pub fit_radius: Option<f64>,
    /// Degree of the polynomial by which the table depends on the position, 0, 1 or 2; `None` for no table. Default 0.
    #[doc(alias = "varorder")]
    pub variation: Option<u32>,
    /// Samples of the table per pixel. Default 2.
    pub samples: usize,
    /// Rounds of table and positions. Default 4.
    pub max_iters: usize,
    /// Threads. Default: all cores.
    pub exec: Exec,
}

impl Default for DaophotBuilder {
    fn default() -> Self {
        Self {
            function: None,
            radius: None,
            fit_radius: None,
            variation: Some(0),
            samples: 2,
            max_iters: 4,
            exec: Exec::default(),
        }
    }
}

fn problem(reason: String) -> PsfError {
    PsfError::Epsf { reason }
}

impl DaophotBuilder {
    /// Builds the PSF. Stars that are excluded already, or have no positive flux, take no part.
    ///
    /// # Errors
    /// [`PsfError::InvalidParameter`] for parameters out of range, [`PsfError::Epsf`] for cutouts below 5 pixels, or
    /// fewer usable stars than the polynomial has terms.
    pub fn build(&self, stars: &EpsfStars) -> Result<DaophotResult> {
        self.build_with(stars, |_| ())
    }

    /// As [`build`](Self::build); `watch` is told what begins, for instance `core moffat25` or `table 2`.
    ///
    /// # Errors
    /// As for [`build`](Self::build).
    pub fn build_with(&self, stars: &EpsfStars, mut watch: impl FnMut(&str)) -> Result<DaophotResult> {
        let smallest = stars.cutouts().map(|s| s.shape().0.min(s.shape().1)).min().unwrap_or(0);
        if smallest < 5 {
            return Err(problem(format!("cutouts must be at least 5 pixels wide, found {smallest}")));
        }
        let radius = positive("radius", self.radius.unwrap_or((smallest as f64 - 1.0) / 2.0))?;
        let degree = self.variation.unwrap_or(0);
        for (name, expected, found, ok) in [
            ("variation", "0, 1 or 2", f64::from(degree), degree <= 2),
            ("samples", "1 to 10", self.samples as f64, (1..=10).contains(&self.samples)),
            ("radius", "up to 500", radius, radius <= 500.0),
        ] {
            if !ok {
                return Err(PsfError::InvalidParameter { name, expected, found });
            }
        }
        let mut out = stars.clone();
        let scale = weight_scale(stars);
        let all: Vec<&EpsfStar> = stars.cutouts().collect();
        let mut pixels: Vec<Pixels> = all.iter().map(|s| Pixels::new(s, scale)).collect();
        for (p, s) in pixels.iter_mut().zip(&all) {
            if s.is_excluded() || !(p.flux > 0.0) {
                p.failure = EpsfFlags::EXCLUDED;
            }
        }
        let needed = PolynomialPsf::terms_of_degree(degree).len();
        let usable = |pixels: &[Pixels]| pixels.iter().filter(|p| p.failure.is_empty()).count();
        if usable(&pixels) < needed {
            return Err(problem(format!(
                "a table of degree {degree} needs at least {needed} usable stars, found {}",
                usable(&pixels)
            )));
        }

        let start = first_core(&pixels);
        let round = DaophotPsf::new(start, None, radius)?;
        pixels.iter_mut().for_each(|p| p.reject(&round, 0.5));
        let fit_radius = match self.fit_radius {
            Some(r) => positive("fit_radius", r)?,
            None => (2.0 * start.x_hwhm).max(2.0),
        };
        let (core, tried) = self.core(&mut pixels, start, (fit_radius, radius), &mut watch)?;

        let mut psf = DaophotPsf::new(core, None, radius)?;
        let mut moved = f64::NAN;
        if self.variation.is_some() {
            let mut table = Table::new(radius, degree, self.samples, &good(&pixels));
            for round in 1..=self.max_iters.max(1) {
                watch(&format!("table {round}"));
                let bare = DaophotPsf::with_height(core, psf.height(), None, radius)?;
                let stars = good(&pixels);
                let values = self.exec.map(stars.len(), |i| {
                    let mut v = vec![0.0; stars[i].window.len()];
                    bare.evaluate(&stars[i].source(), stars[i].window, &mut v);
                    v
                });
                table.update(&stars, &values, &self.exec)?;
                psf = normalized(core, psf.height(), &mut table, radius)?;
                moved = self.fit_stars(&mut pixels, &psf, fit_radius, degree);
                pixels.iter_mut().for_each(|p| p.reject(&psf, 0.1));
            }
        }
        let scatter = self.exec.map(pixels.len(), |i| {
            let (sum, n, peak) = pixels[i].residuals(&psf, fit_radius);
            if n > 0 && pixels[i].flux > 0.0 { (sum / n as f64).sqrt() / peak } else { f64::NAN }
        });
        let used: Vec<f64> =
            scatter.iter().zip(&pixels).filter(|(_, p)| p.failure.is_empty()).map(|(s, _)| s * s).collect();
        let cutouts = out.entries_mut().iter_mut().flat_map(|e| e.stars_mut());
        for (star, p) in cutouts.zip(&pixels) {
            let (x, y) = star.origin();
            star.set_cutout_center(Point::new(p.center.x - x as f64, p.center.y - y as f64))?;
            star.set_flux(p.flux)?;
            star.set_fit_status(p.failure);
            if !p.failure.is_empty() {
                star.exclude();
            }
        }
        Ok(DaophotResult {
            psf,
            stars: out,
            tried,
            rms: (used.iter().sum::<f64>() / used.len() as f64).sqrt(),
            scatter,
            fit_radius,
            final_center_accuracy: moved,
        })
    }

    /// The core, with the positions it gives; and what the functions leave.
    fn core(
        &self,
        pixels: &mut [Pixels],
        start: DaophotCore,
        (fit_radius, radius): (f64, f64),
        watch: &mut impl FnMut(&str),
    ) -> Result<(DaophotCore, Vec<(DaophotFunction, f64)>)> {
        let first = self.function.unwrap_or_default();
        let mut core = DaophotCore { function: first, ..start };
        let mut tried = Vec::new();
        for round in 0..CORE_ROUNDS {
            let stars = brightest(pixels);
            let candidates: &[DaophotFunction] =
                if self.function.is_none() && round == 1 { &FUNCTIONS } else { &[core.function] };
            let mut best = (core, f64::INFINITY, f64::NAN);
            for &function in candidates {
                watch(&format!("core {}", function.name()));
                let begin = DaophotCore { function, ..core };
                let found = fit_core(&begin, &stars, fit_radius, 2.0 * radius, &self.exec);
                if round == 1 {
                    tried.push((function, found.2));
                }
                // One with more parameters has to be worth them.
                if found.1 < BETTER * best.1 - NEGLIGIBLE {
                    best = found;
                }
            }
            core = best.0;
            let psf = DaophotPsf::new(core, None, radius)?;
            self.fit_stars(pixels, &psf, fit_radius, 0);
            pixels.iter_mut().for_each(|p| p.reject(&psf, 0.25));
        }
        if usable_count(pixels) == 0 {
            return Err(problem("the analytic core could not be fitted to any star".to_owned()));
        }
        Ok((core, tried))
    }

    /// Fits all stars, takes out what they moved together, and returns the largest movement of one.
    fn fit_stars(&self, pixels: &mut [Pixels], psf: &DaophotPsf, radius: f64, degree: u32) -> f64 {
        let fitted: Vec<Pixels> = self.exec.map(pixels.len(), |i| {
            let mut p = pixels[i].clone();
            if p.failure != EpsfFlags::EXCLUDED {
                p.fit(psf, radius);
            }
            p
        });
        let drift = if psf.table().is_some() { drift(pixels, &fitted, degree) } else { vec![(0.0, 0.0); 0] };
        let mut most = 0.0_f64;
        for (i, (old, mut new)) in pixels.iter_mut().zip(fitted).enumerate() {
            if let Some((dx, dy)) = drift.get(i) {
                new.center.x -= dx;
                new.center.y -= dy;
            }
            if new.failure.is_empty() {
                most = most.max((new.center.x - old.center.x).hypot(new.center.y - old.center.y));
            }
            *old = new;
        }
        most
    }
}

fn usable_count(pixels: &[Pixels]) -> usize {
    pixels.iter().filter(|p| p.failure.is_empty()).count()
}

fn good(pixels: &[Pixels]) -> Vec<&Pixels> {
    pixels.iter().filter(|p| p.failure.is_empty()).collect()
}

fn brightest(pixels: &[Pixels]) -> Vec<&Pixels> {
    let mut stars = good(pixels);
    stars.sort_by(|a, b| b.flux.total_cmp(&a.flux));
    stars.truncate(CORE_STARS);
    stars
}

/// Weights of 1 say nothing of the noise: that of the rims of the cutouts does.
fn weight_scale(stars: &EpsfStars) -> f64 {
    if stars.cutouts().any(|s| s.weights().iter().any(|w| *w != 0.0 && *w != 1.0)) {
        return 1.0;
    }
    let mut rim = Vec::new();
    for s in stars.good_cutouts() {
        let (ny, nx) = s.shape();
        let pairs = s.data();
        let edge = |y: usize, x: usize| y == 0 || x == 0 || y + 1 == ny || x + 1 == nx;
        let mut own: Vec<f64> = pairs
            .indexed_iter()
            .filter(|((y, x), _)| edge(*y, *x) && s.weights()[[*y, *x]] > 0.0)
            .map(|(_, v)| *v)
            .collect();
        let middle = median_in_place(&mut own);
        rim.extend(own.iter().map(|v| (v - middle).abs()));
    }
    let sigma = 1.4826 * median_in_place(&mut rim);
    if sigma > 0.0 && sigma.is_finite() { 1.0 / sigma } else { 1e6 }
}

/// A round Gaussian of the width that the medians of the stars' second moments have.
fn first_core(pixels: &[Pixels]) -> DaophotCore {
    let mut widths: Vec<f64> = good(pixels)
        .iter()
        .filter_map(|s| {
            // The area above half the peak is that of the circle of half maximum.
            let peak = (0..s.data.len())
                .filter(|k| s.weight[*k] > 0.0 && s.offset(*k).0.hypot(s.offset(*k).1) < 4.0)
                .map(|k| s.data[k])
                .fold(f64::NEG_INFINITY, f64::max);
            let near = |k: &usize| s.offset(*k).0.hypot(s.offset(*k).1) < 12.0;
            let above = (0..s.data.len())
                .filter(near)
                .filter(|k| s.weight[*k] > 0.0 && s.data[*k] > 0.5 * peak)
                .count();
            (peak > 0.0).then(|| (above as f64 / std::f64::consts::PI).sqrt())
        })
        .collect();
    let hwhm = median_in_place(&mut widths);
    let hwhm = if hwhm.is_finite() { hwhm.clamp(0.5, 50.0) } else { 1.0 };
    DaophotCore { x_hwhm: hwhm, y_hwhm: hwhm, ..Default::default() }
}

/// Core and table with the sum of a PSF.
fn normalized(core: DaophotCore, height: f64, table: &mut Table, radius: f64) -> Result<DaophotPsf> {
    let psf = DaophotPsf::with_height(core, height, Some(table.model()?), radius)?;
    let (x, y) = table.config.zero;
    let n = 2 * radius.ceil() as usize + 3;
    let w = Window::new(x as i64 - (n / 2) as i64, y as i64 - (n / 2) as i64, n, n);
    let mut values = vec![0.0; w.len()];
    psf.evaluate(&Source { x, y, shape: &[] }, w, &mut values);
    let sum = positive("sum of the PSF", values.iter().sum())?;
    table.data.mapv_inplace(|v| v / sum);
    DaophotPsf::with_height(core, height / sum, Some(table.model()?), radius)
}

/// The movements of all stars that a polynomial of their positions explains.
fn drift(old: &[Pixels], new: &[Pixels], degree: u32) -> Vec<(f64, f64)> {
    let terms = PolynomialPsf::terms_of_degree(degree);
    let m = terms.len();
    let size = old.iter().fold(1.0_f64, |s, p| s.max(p.center.x.abs()).max(p.center.y.abs()));
    let basis = |p: &Pixels| -> Vec<f64> {
        let (u, v) = (p.center.x / size, p.center.y / size);
        terms.iter().map(|(a, b)| u.powi(*a as i32) * v.powi(*b as i32)).collect()
    };
    let solve = |f: fn(&Pixels) -> f64| {
        let mut n = DenseNormal::new(m);
        for (o, p) in old.iter().zip(new).filter(|(_, p)| p.failure.is_empty()) {
            n.add(f(o) - f(p), &basis(o));
        }
        let mut c = vec![0.0; m];
        if n.step(1e-9, &vec![true; m], &mut c) { c } else { vec![0.0; m] }
    };
    let (cx, cy) = (solve(|p| p.center.x), solve(|p| p.center.y));
    let at = |b: &[f64], c: &[f64]| b.iter().zip(c).map(|(b, c)| b * c).sum::<f64>();
    old.iter()
        .map(|p| {
            let b = basis(p);
            (at(&b, &cx), at(&b, &cy))
        })
        .collect()
}
