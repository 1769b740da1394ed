//! The PSF of a crowded field from its own stars.

use std::sync::Arc;

use skyphot_core::{Image, Point};

use super::run::RefinePsf;
use crate::epsf::flat_top::{Top, flat_tops};
use crate::error::Result;
use crate::kernel::cells::Cells;
use crate::render::box_around;
use crate::{EpsfBuilder, EpsfEntry, EpsfStar, EpsfStars, PsfFlags, PsfModel, PsfPhotometry, Source, Window};

/// Makes the PSF anew as the effective PSF of the brightest stars that are not blended with another, each cut out of the
/// image less all other sources (as DAOPHOT's users do by hand).
///
/// ```
/// use ndarray::Array2;
/// use skyphot_core::testing::uniform;
/// use skyphot_core::{Exec, Image};
/// use skyphot_detection::DaoStarFinder;
/// use skyphot_psf::{CircularGaussianPrf, CrowdedConfig, EpsfRefiner, Sources, fit_crowded, render};
/// let truth = CircularGaussianPrf::new(2.8)?;
/// let at = |k: u64| (0..40).map(|i| 20.0 + 80.0 * uniform(k, i)).collect::<Vec<f64>>();
/// let s = Sources { x: &at(1), y: &at(2), flux: &vec![1000.0; 40], shape: &[], local_bkg: &[] };
/// let data = render(&truth, &s, (120, 120), Some((31, 31)), &Exec::serial());
/// let refiner = EpsfRefiner { n_stars: 20, size: (15, 15), ..Default::default() };
/// let found = fit_crowded(
///     &Image::new(data.view())?,
///     &CircularGaussianPrf::new(2.5)?,
///     &DaoStarFinder::new(5.0, 2.8)?,
///     Some(&refiner),
///     &CrowdedConfig { max_passes: 2, ..CrowdedConfig::new(2.8) },
/// )?;
/// assert!(found.model.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct EpsfRefiner {
    /// How the ePSF is built. Default: that of [`EpsfBuilder`].
    pub builder: EpsfBuilder,
    /// Number of stars; with fewer than four the PSF is kept. Default 200.
    pub n_stars: usize,
    /// Rows and columns of the cutouts, pixels: the size of the PSF. Default (25, 25).
    pub size: (usize, usize),
    /// Stars with more flux than this are not taken (saturation). Default: infinite.
    pub max_flux: f64,
    /// Stars with a pixel of this value or more are not taken, nor are those with a flat top, see
    /// [`StarSelection::flat_tops`](crate::StarSelection::flat_tops). Default: no limit.
    pub saturation: Option<f64>,
    /// A new PSF that differs nowhere from the last one by more than this part of its peak is not taken, which spares a
    /// round of fits of all sources. Default 0.002: fluxes change by about as much.
    pub min_change: f64,
}

impl Default for EpsfRefiner {
    fn default() -> Self {
        Self {
            builder: EpsfBuilder::default(),
            n_stars: 200,
            size: (25, 25),
            max_flux: f64::INFINITY,
            saturation: None,
            min_change: 0.002,
        }
    }
}

/// Stars that make an ePSF at least.
const FEWEST: usize = 4;
/// Stars with another source nearer than this, in FWHM, of more than this part of their flux are not taken: what is left of
/// that one would be in the PSF, and the two may be pieces of a saturated star.
const BLEND: f64 = 1.5;
const PART: f64 = 0.1;
/// So many times more are looked at: some are saturated.
const SPARE: usize = 4;

impl RefinePsf for EpsfRefiner {
    fn refine(
        &self,
        others: &Image<'_, f64>,
        stars: &PsfPhotometry,
        model: &dyn PsfModel,
    ) -> Result<Option<Arc<dyn PsfModel>>> {
        let all = Window::of_shape(others.shape());
        let window = |i: usize| box_around(stars.x_fit[i], stars.y_fit[i], self.size);
        let apart = BLEND * model.fwhm().unwrap_or(3.0);
        let cells = Cells::of(stars.x_fit.iter().copied().zip(stars.y_fit.iter().copied()), apart);
        let blended = |i: usize| {
            let (x, y, flux) = (stars.x_fit[i], stars.y_fit[i], stars.flux_fit[i]);
            let mut found = false;
            cells.for_each_within(1, x, y, |j| {
                let near = (stars.x_fit[j] - x).hypot(stars.y_fit[j] - y) < apart;
                found |= j != i && near && stars.flux_fit[j] > PART * flux;
            });
            found
        };
        let mut rows: Vec<usize> = (0..stars.len())
            .filter(|&i| {
                let (flux, w) = (stars.flux_fit[i], window(i));
                let good = (stars.flags[i] - PsfFlags::LOCAL_COVARIANCE).is_empty();
                good && flux > 0.0
                    && flux <= self.max_flux
                    && !w.is_empty()
                    && w.intersection(&all) == w
                    && !blended(i)
            })
            .collect();
        rows.sort_by(|&a, &b| stars.flux_fit[b].total_cmp(&stars.flux_fit[a]).then(a.cmp(&b)));
        rows.truncate(self.n_stars.saturating_mul(SPARE));
        let shape: Vec<f64> = model.shape_parameters().iter().map(|p| p.value).collect();
        // Each star alone, and the weights of its pixels.
        let alone = |i: usize| {
            let (x, y, flux, w) = (stars.x_fit[i], stars.y_fit[i], stars.flux_fit[i], window(i));
            let mut own = ndarray::Array2::zeros((w.ny, w.nx));
            if let Some(values) = own.as_slice_mut() {
                model.evaluate(&Source { x, y, shape: &shape }, w, values);
            }
            let mut weights = own.clone();
            for ((j, k), v) in own.indexed_iter_mut() {
                let at = [w.y_min as usize + j, w.x_min as usize + k];
                let masked = others.mask().is_some_and(|m| m[at]);
                *v = *v * flux + others.data()[at];
                weights[[j, k]] = if masked { 0.0 } else { others.error().map_or(1.0, |e| 1.0 / e[at]) };
            }
            (own, weights)
        };
        let radius = (1.5 * model.fwhm().unwrap_or(3.0)).max(2.0);
        let tops: Vec<Option<Top>> = rows
            .iter()
            .map(|&i| {
                let (w, (own, weights)) = (window(i), alone(i));
                let (x, y) = (stars.x_fit[i] - w.x_min as f64, stars.y_fit[i] - w.y_min as f64);
                let core = own.indexed_iter().zip(&weights).filter(|(((j, k), v), weight)| {
                    let near = (*j as f64 - y).hypot(*k as f64 - x) <= radius;
                    near && **weight > 0.0 && v.is_finite()
                });
                // Weights of 1 say nothing of the noise.
                let error = |weight: f64| if others.error().is_some() { 1.0 / weight } else { 0.0 };
                Top::of(&core.map(|(((j, k), v), weight)| (k, j, *v, error(*weight))).collect::<Vec<_>>())
            })
            .collect();
        let flat = flat_tops(&tops, |_| true);
        let high = |t: &Option<Top>| t.is_some_and(|t| self.saturation.is_some_and(|s| t.level >= s));
        let mut keep = tops.iter().zip(flat).map(|(t, flat)| !flat && !high(t));
        rows.retain(|_| keep.next().unwrap_or(false));
        rows.truncate(self.n_stars);
        if rows.len() < FEWEST {
            return Ok(None);
        }
        let cut = |i: usize| -> Result<EpsfEntry> {
            let (w, (own, weights)) = (window(i), alone(i));
            let center = Point::new(stars.x_fit[i] - w.x_min as f64, stars.y_fit[i] - w.y_min as f64);
            let star =
                EpsfStar::with_flux(own.view(), Some(weights.view()), stars.flux_fit[i])?.at(center)?;
            Ok(EpsfEntry::Single(star.with_origin((w.x_min, w.y_min))))
        };
        let brightest = rows[0];
        let entries = rows.into_iter().map(cut).collect::<Result<Vec<_>>>()?;
        let new = self.builder.build(&EpsfStars::new(entries))?.epsf;
        let (x, y, w) = (stars.x_fit[brightest], stars.y_fit[brightest], window(brightest));
        let (mut before, mut after) = (vec![0.0; w.len()], vec![0.0; w.len()]);
        model.evaluate(&Source { x, y, shape: &shape }, w, &mut before);
        new.evaluate(&Source { x, y, shape: &[] }, w, &mut after);
        let peak = after.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let change = before.iter().zip(&after).fold(0.0_f64, |m, (a, b)| m.max((a - b).abs()));
        Ok(if change > self.min_change * peak { Some(Arc::new(new)) } else { None })
    }
}
