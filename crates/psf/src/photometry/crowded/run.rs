//! Find, fit all, subtract, find what they hid.

use std::sync::Arc;

use ndarray::Array2;
use skyphot_core::{Column, Image, Pixel, Point, Table};
use skyphot_detection::Finder;

use super::config::CrowdedConfig;
use super::field::{FREE, Field, Star};
use crate::error::Result;
use crate::kernel::cells::Cells;
use crate::photometry::group::Fitted;
use crate::photometry::layout::Layout;
use crate::photometry::result::{PsfPhotometry, Start};
use crate::{InitialParameters, PsfConfig, PsfFlags, PsfModel, SourceGroups};

/// Rounds of splitting in one pass: one source becomes two in each.
const MOST_SPLITS: usize = 3;
/// Until the last fits sources need to settle to this times the tolerance only.
const ROUGHLY: f64 = 5.0;

/// Makes a better PSF from the sources fitted so far. A closure will do.
pub trait RefinePsf: Sync {
    /// `others` is the image less all sources, from which a source is had alone by adding its own model again; `stars`
    /// are the sources with the PSF `model`. `None` keeps that PSF.
    ///
    /// # Errors
    /// Whatever goes wrong; it ends the run.
    fn refine(
        &self,
        others: &Image<'_, f64>,
        stars: &PsfPhotometry,
        model: &dyn PsfModel,
    ) -> Result<Option<Arc<dyn PsfModel>>>;
}

impl<F> RefinePsf for F
where
    F: Fn(&Image<'_, f64>, &PsfPhotometry, &dyn PsfModel) -> Result<Option<Arc<dyn PsfModel>>> + Sync,
{
    fn refine(
        &self,
        others: &Image<'_, f64>,
        stars: &PsfPhotometry,
        model: &dyn PsfModel,
    ) -> Result<Option<Arc<dyn PsfModel>>> {
        self(others, stars, model)
    }
}

/// What a pass did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PassReport {
    /// Sources found.
    pub found: usize,
    /// Sources that became two.
    pub split: usize,
    /// Sources dropped: too faint, or too near to a brighter one.
    pub dropped: usize,
    /// The PSF was made anew.
    pub refined: bool,
}

/// Sources of a crowded field.
#[derive(Debug, Clone)]
pub struct CrowdedPhotometry {
    /// The fits; `iter_detected` is the pass in which a source was found.
    pub photometry: PsfPhotometry,
    /// How much rounder and wider (positive) or narrower (negative) than the PSF: the change of the square of the half
    /// width at half maximum that explains the residuals best, square pixels.
    pub sharpness: Vec<f64>,
    /// Scatter of the residuals over that expected from the errors, `sqrt(pi / 2) sum(|r| / sigma) / sqrt(n (n - 3))`
    /// (Stetson 1987); NaN without errors.
    pub chi: Vec<f64>,
    /// One entry for each pass.
    pub passes: Vec<PassReport>,
    /// The PSF of the last fits, if it is not the one given.
    pub model: Option<Arc<dyn PsfModel>>,
    /// The image less all sources.
    pub residual: Array2<f64>,
}

impl CrowdedPhotometry {
    /// Number of sources.
    #[must_use]
    pub fn len(&self) -> usize {
        self.photometry.len()
    }

    /// No source.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.photometry.is_empty()
    }

    /// The table of [`PsfPhotometry::to_table`] with `iter_detected`, `sharpness` and `chi`.
    ///
    /// # Errors
    /// None in practice; columns of one length always make a table.
    pub fn to_table(&self) -> Result<Table> {
        let mut t = self.photometry.to_table()?;
        let pass: Vec<i64> = self.photometry.iter_detected.iter().map(|v| i64::from(*v)).collect();
        let more = [
            Column::new("iter_detected", pass).with_description("pass in which the source was found"),
            Column::new("sharpness", self.sharpness.clone())
                .with_unit("pix2")
                .with_description("excess of the squared half width at half maximum over that of the PSF"),
            Column::new("chi", self.chi.clone()).with_description("scatter of residuals over that expected"),
        ];
        for c in more {
            t.push(c)?;
        }
        Ok(t)
    }
}

/// Photometry of a crowded, background-subtracted field in the manner of DAOPHOT's ALLSTAR (Stetson 1987, PASP 99, 191;
/// 1994, PASP 106, 250): sources are found, all of them are fitted and subtracted, those they hid are found in what is
/// left, and all are fitted again, until a pass finds nothing or the passes are used up.
///
/// Each source is fitted to the pixels of its box with all others subtracted, near neighbours together, every pixel
/// counted once; rounds of such fits go on until nothing moves by more than a small part of its error. Sources too
/// faint are dropped, of two too near the fainter is, if a `refine` is given, it may make a better PSF in each pass, and
/// sources with bad residuals are tried as two. The finder should take close pairs, which look like long sources:
/// [`DaoStarFinder::crowded`](skyphot_detection::DaoStarFinder::crowded). Galaxies are found in pieces then; one that
/// drops what is not round leaves them whole. Errors come from the source and the neighbours that its box sees,
/// which the flag `local_covariance` says.
///
/// ```
/// use skyphot_core::{Exec, Image};
/// use skyphot_detection::DaoStarFinder;
/// use skyphot_psf::{CircularGaussianPrf, CrowdedConfig, Sources, fit_crowded, render};
/// let psf = CircularGaussianPrf::new(2.5)?;
/// let truth = Sources { x: &[20.3, 22.9], y: &[30.8, 31.0], flux: &[1000.0, 300.0], shape: &[], local_bkg: &[] };
/// let data = render(&psf, &truth, (60, 50), Some((31, 31)), &Exec::serial());
/// let finder = DaoStarFinder::crowded(2.0, 2.5)?;
/// let found = fit_crowded(&Image::new(data.view())?, &psf, &finder, None, &CrowdedConfig::new(2.5))?;
/// assert_eq!(found.len(), 2);
/// assert!((found.photometry.flux_fit.iter().sum::<f64>() - 1300.0).abs() < 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`PsfError`](crate::PsfError) for parameters out of range; those of the finder and of `refine`.
///
/// # Flags
/// [`PsfFlags`].
#[doc(alias = "allstar")]
#[doc(alias = "DAOPHOT")]
pub fn fit_crowded<T: Pixel>(
    image: &Image<'_, T>,
    model: &dyn PsfModel,
    finder: &dyn Finder<f64>,
    refine: Option<&dyn RefinePsf>,
    config: &CrowdedConfig,
) -> Result<CrowdedPhotometry> {
    config.validate()?;
    // Flux, x and y are fitted, nothing else.
    let plain = PsfConfig {
        fixed_position: false,
        fixed_flux: false,
        free_shape: Vec::new(),
        ties: Vec::new(),
        bounds: Vec::new(),
        ..config.psf.clone()
    };
    let data: Array2<f64> = image.data().mapv(Pixel::to_f64);
    let error = image.error().map(|e| e.mapv(Pixel::to_f64));
    let mut better: Option<Arc<dyn PsfModel>> = None;
    let mut field = Field {
        data: &data,
        error: error.as_ref(),
        mask: image.mask(),
        config,
        layout: Layout::new(model, &plain)?,
        shape: model.shape_parameters().iter().map(|p| p.value).collect(),
        residual: data.clone(),
    };
    let mut stars: Vec<Star> = Vec::new();
    let mut passes = Vec::new();
    let rough = ROUGHLY * config.tolerance;
    for pass in 1..=config.max_passes {
        let mut report = PassReport::default();
        let number = u32::try_from(pass).unwrap_or(u32::MAX);
        let psf = better.as_deref().unwrap_or(model);
        report.found = find(&field, psf, finder, &mut stars, number)?;
        let nothing_new = report.found == 0 && passes.last().is_none_or(|p: &PassReport| p.split == 0);
        if nothing_new {
            passes.push(report);
            break;
        }
        field.settle(psf, &mut stars, rough)?;
        report.dropped = field.drop_bad(psf, &mut stars, rough)?;
        // A better PSF first: a wrong one makes two of all bright stars.
        if let Some(r) = refine {
            let phot = photometry(&field, psf, &stars, &plain, Errors::OfLastFit)?.0;
            let new = r.refine(&field.left()?, &phot, psf)?;
            if let Some(new) = new {
                report.refined = true;
                field.layout = Layout::new(&*new, &plain)?;
                field.shape = new.shape_parameters().iter().map(|p| p.value).collect();
                stars.iter_mut().for_each(|s| s.settled = false);
                better = Some(new);
                let psf = better.as_deref().unwrap_or(model);
                field.settle(psf, &mut stars, rough)?;
            }
        }
        let psf = better.as_deref().unwrap_or(model);
        for _ in 0..MOST_SPLITS {
            let n = field.split(psf, &mut stars, number)?;
            report.split += n;
            if n == 0 {
                break;
            }
            field.settle(psf, &mut stars, rough)?;
        }
        passes.push(report);
    }
    let psf = better.as_deref().unwrap_or(model);
    stars.iter_mut().for_each(|s| s.settled = false);
    field.settle(psf, &mut stars, config.tolerance)?;
    let dropped = field.drop_bad(psf, &mut stars, config.tolerance)?;
    if let Some(last) = passes.last_mut() {
        last.dropped += dropped;
    }
    let (photometry, chi, sharpness) = photometry(&field, psf, &stars, &plain, Errors::WithNeighbours)?;
    Ok(CrowdedPhotometry { photometry, sharpness, chi, passes, residual: field.residual, model: better })
}

/// Adds what the finder finds in the residuals. How many that are.
fn find(
    field: &Field<'_>,
    model: &dyn PsfModel,
    finder: &dyn Finder<f64>,
    stars: &mut Vec<Star>,
    pass: u32,
) -> Result<usize> {
    let c = field.config;
    let image = field.left()?;
    let found = finder.find(&image)?.positions();
    let merge = c.merge * c.fwhm;
    let known = Cells::of(stars.iter().map(|s| (s.x, s.y)), merge.max(1.0));
    let (ny, nx) = field.data.dim();
    let new: Vec<Option<Star>> = c.psf.exec.map(found.len(), |k| {
        let p = found[k];
        let (x, y) = (p.x.round().clamp(0.0, nx as f64 - 1.0), p.y.round().clamp(0.0, ny as f64 - 1.0));
        let at = [y as usize, x as usize];
        let left = field.residual[at];
        let subtracted = field.data[at] - left;
        if !stars.is_empty() && left < c.min_contrast * subtracted {
            return None;
        }
        let mut near = false;
        known.for_each_within(1, p.x, p.y, |j| near |= (stars[j].x - p.x).hypot(stars[j].y - p.y) < merge);
        let flux = field.flux_at(model, &image, p);
        (!near && flux.is_finite() && flux > 0.0).then_some(Star {
            x: p.x,
            y: p.y,
            flux,
            home: p,
            found: p,
            flux_found: flux,
            pass,
            error: [f64::NAN; 3],
            settled: false,
            examined: false,
        })
    });
    let n = stars.len();
    stars.extend(new.into_iter().flatten());
    Ok(stars.len() - n)
}

/// Where the errors of a source come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Errors {
    /// Its last fit.
    OfLastFit,
    /// A look at it with all neighbours.
    WithNeighbours,
}

/// The results with `chi` and sharpness.
fn photometry(
    field: &Field<'_>,
    model: &dyn PsfModel,
    stars: &[Star],
    config: &PsfConfig,
    errors: Errors,
) -> Result<(PsfPhotometry, Vec<f64>, Vec<f64>)> {
    let (ny, nx) = config.fit_shape;
    let radius = 0.5 * ny.max(nx) as f64 + 0.5 * field.config.fwhm;
    let near = Cells::of(stars.iter().map(|s| (s.x, s.y)), radius);
    let image = field.left()?;
    let fits = config.exec.map(stars.len(), |i| {
        let s = &stars[i];
        if errors == Errors::OfLastFit {
            let [flux, x, y] = s.error.map(|e| e * e);
            let covariance = vec![flux, 0.0, 0.0, 0.0, x, 0.0, 0.0, 0.0, y];
            return (Some(covariance), field.quality(model, s));
        }
        let mut rows = vec![(0.0, i)];
        near.for_each_within(1, s.x, s.y, |j| {
            let d = (stars[j].x - s.x).hypot(stars[j].y - s.y);
            if j != i && d <= radius {
                rows.push((d, j));
            }
        });
        rows[1..].sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        rows.truncate(12);
        let rows: Vec<usize> = rows.into_iter().map(|r| r.1).collect();
        let fitted = field.with_neighbours(model, &image, &rows, stars);
        (fitted.map(|f| f.covariance), field.quality(model, s))
    });
    let initial = InitialParameters::from_positions(&stars.iter().map(|s| s.found).collect::<Vec<Point>>());
    let groups = SourceGroups::from_ids((1..=stars.len() as i64).collect());
    let start: Vec<Vec<f64>> = stars
        .iter()
        .map(|s| {
            [s.flux_found, s.found.x, s.found.y].into_iter().chain(field.shape.iter().copied()).collect()
        })
        .collect();
    let mut out = PsfPhotometry::new(Start {
        shape: field.data.dim(),
        initial: &initial,
        flux: stars.iter().map(|s| s.flux_found).collect(),
        local_bkg: vec![0.0; stars.len()],
        groups: &groups,
        start: &start,
        layout: &field.layout,
        config,
    });
    out.set_weighted(field.error.is_some());
    out.iter_detected = stars.iter().map(|s| s.pass).collect();
    let (mut chi, mut sharpness) = (Vec::with_capacity(stars.len()), Vec::with_capacity(stars.len()));
    for (i, (fitted, q)) in fits.into_iter().enumerate() {
        let s = &stars[i];
        let values = [s.flux, s.x, s.y].into_iter().chain(field.shape.iter().copied()).collect();
        let fitted = fitted.map(|covariance| Fitted {
            values,
            local_covariance: true,
            converged: s.settled,
            near_bound: false,
            sum_abs: q.sum_abs,
            central: q.central,
            chi2: q.chi2,
            covariance,
        });
        debug_assert!(field.layout.n_free == FREE, "flux, x and y");
        out.set(i, fitted, q.n, PsfFlags::empty());
        chi.push(q.chi);
        sharpness.push(q.sharpness);
    }
    out.finish();
    Ok((out, chi, sharpness))
}
