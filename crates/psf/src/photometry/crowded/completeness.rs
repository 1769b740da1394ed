//! How many stars of each brightness are found, and how well they are measured: artificial stars.

use ndarray::{Array2, s};
use skyphot_core::{Column, Exec, Image, Pixel, Table};
use skyphot_detection::Finder;

use super::config::CrowdedConfig;
use super::run::fit_crowded;
use crate::error::{PsfError, Result};
use crate::{PsfModel, Sources, Watch, Window, render};

/// Artificial stars, see [`completeness`].
#[derive(Debug, Clone)]
pub struct ArtificialStars {
    /// Fluxes to try.
    pub fluxes: Vec<f64>,
    /// Stars of each flux. Default 100.
    pub per_flux: usize,
    /// Side of the part of the image that is measured anew for one star, pixels. Default 64.
    pub tile: usize,
    /// A star counts as found within this distance, in units of the FWHM. Default 0.5.
    pub radius: f64,
    /// ... and with a flux that differs by less than this, in magnitudes. Default 0.75: less than a source of the same
    /// flux below it makes.
    pub max_difference: f64,
    /// Start of the random positions. Default 1.
    pub seed: u64,
}

impl ArtificialStars {
    /// The defaults for some fluxes.
    #[must_use]
    pub fn new(fluxes: Vec<f64>) -> Self {
        Self { fluxes, per_flux: 100, tile: 64, radius: 0.5, max_difference: 0.75, seed: 1 }
    }

    fn validate(&self) -> Result<()> {
        if let Some(found) = self.fluxes.iter().find(|f| !(f.is_finite() && **f > 0.0)) {
            let expected = "finite and positive";
            return Err(PsfError::InvalidParameter {
                name: "flux of an artificial star",
                expected,
                found: *found,
            });
        }
        for (name, found) in [("radius", self.radius), ("max_difference", self.max_difference)] {
            if !(found.is_finite() && found > 0.0) {
                return Err(PsfError::InvalidParameter { name, expected: "finite and positive", found });
            }
        }
        if self.tile < 16 {
            return Err(PsfError::InvalidParameter {
                name: "tile",
                expected: "at least 16 pixels",
                found: self.tile as f64,
            });
        }
        Ok(())
    }
}

/// What became of artificial stars, one entry for each flux.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Completeness {
    /// Their flux.
    pub flux: Vec<f64>,
    /// How many were put in.
    pub injected: Vec<usize>,
    /// How many were found again.
    pub recovered: Vec<usize>,
    /// Median of measured less true magnitude of those found: positive if they come out too faint.
    pub bias: Vec<f64>,
    /// Half the width of the central 68 % of those differences.
    pub scatter: Vec<f64>,
    /// Median distance of the measured from the true position, pixels.
    pub position_error: Vec<f64>,
}

impl Completeness {
    /// Number of fluxes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.flux.len()
    }

    /// No flux.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.flux.is_empty()
    }

    /// Part of the stars of each flux that was found; NaN where none were put in.
    #[must_use]
    pub fn fraction(&self) -> Vec<f64> {
        self.recovered.iter().zip(&self.injected).map(|(r, n)| *r as f64 / *n as f64).collect()
    }

    /// A table of all columns, with `mag = zero_point - 2.5 log10(flux)`.
    ///
    /// # Errors
    /// None in practice; columns of one length always make a table.
    pub fn to_table(&self, zero_point: f64) -> Result<Table> {
        let integers = |v: &[usize]| v.iter().map(|v| *v as i64).collect::<Vec<_>>();
        let magnitudes: Vec<f64> = self.flux.iter().map(|f| zero_point - 2.5 * f.log10()).collect();
        Ok(Table::from_columns(vec![
            Column::new("mag", magnitudes).with_unit("mag").with_description("magnitude put in"),
            Column::new("flux", self.flux.clone()).with_description("flux put in"),
            Column::new("n_injected", integers(&self.injected)).with_description("artificial stars"),
            Column::new("n_recovered", integers(&self.recovered)).with_description("of which found"),
            Column::new("completeness", self.fraction()).with_description("part that was found"),
            Column::new("bias", self.bias.clone())
                .with_unit("mag")
                .with_description("median of measured - true"),
            Column::new("scatter", self.scatter.clone())
                .with_unit("mag")
                .with_description("half the width of the central 68 %"),
            Column::new("position_error", self.position_error.clone())
                .with_unit("pix")
                .with_description("median distance from the true position"),
        ])?)
    }
}

/// Puts artificial stars into an image one at a time, measures the part of the image around each anew with
/// [`fit_crowded`] and counts what is found of them (Stetson & Harris 1988, AJ 96, 909).
///
/// Every star has a part of the image for itself, so that they do not crowd each other; only that part, with a margin, is
/// searched and fitted. Fluxes take turns, so each is tried all over the image. The noise of the star itself is not
/// added.
///
/// ```
/// use skyphot_core::{Exec, Image};
/// use skyphot_detection::DaoStarFinder;
/// use skyphot_psf::{ArtificialStars, CircularGaussianPrf, CrowdedConfig, completeness};
/// let data = ndarray::Array2::from_shape_fn((80, 80), |(y, x)| skyphot_core::testing::noise(1, (y * 80 + x) as u64));
/// let psf = CircularGaussianPrf::new(2.5)?;
/// let stars = ArtificialStars { per_flux: 3, ..ArtificialStars::new(vec![10.0, 1000.0]) };
/// let finder = DaoStarFinder::new(5.0, 2.5)?;
/// let c = completeness(&Image::new(data.view())?, &psf, &finder, &CrowdedConfig::new(2.5), &stars)?;
/// assert_eq!(c.recovered, [0, 3]);
/// assert!(c.bias[1].abs() < 0.05);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`PsfError`] for fluxes, distances or tiles out of range; those of [`fit_crowded`].
pub fn completeness<T: Pixel>(
    image: &Image<'_, T>,
    model: &dyn PsfModel,
    finder: &dyn Finder<f64>,
    config: &CrowdedConfig,
    stars: &ArtificialStars,
) -> Result<Completeness> {
    config.validate()?;
    stars.validate()?;
    let (ny, nx) = image.shape();
    let n = stars.fluxes.len() * stars.per_flux;
    if n == 0 || ny == 0 || nx == 0 {
        return Ok(Completeness::default());
    }
    // Each part is one task; within it there is nothing to share.
    let mut inner = config.clone();
    inner.psf.exec = Exec::serial();
    inner.psf.watch = Watch::default();
    let counter = config.psf.watch.count(n);
    let tries = config.psf.exec.try_map(n, |k| {
        let at = |i: usize, n: usize| uniform(stars.seed, 2 * k as u64 + i as u64) * n as f64 - 0.5;
        let flux = stars.fluxes[k % stars.fluxes.len()];
        let tried = once(image, model, finder, &inner, stars, (at(0, nx), at(1, ny), flux));
        counter.add(1);
        tried
    })?;
    let mut out = Completeness::default();
    for (j, &flux) in stars.fluxes.iter().enumerate() {
        let mut magnitudes = Vec::new();
        let mut distances = Vec::new();
        let mut injected = 0;
        for t in tries.iter().skip(j).step_by(stars.fluxes.len()) {
            match t {
                Try::Unusable => {}
                Try::Lost => injected += 1,
                Try::Found { difference, distance } => {
                    injected += 1;
                    magnitudes.push(*difference);
                    distances.push(*distance);
                }
            }
        }
        out.flux.push(flux);
        out.injected.push(injected);
        out.recovered.push(magnitudes.len());
        out.bias.push(quantile(&mut magnitudes, 0.5));
        out.scatter.push(0.5 * (quantile(&mut magnitudes, 0.8413) - quantile(&mut magnitudes, 0.1587)));
        out.position_error.push(quantile(&mut distances, 0.5));
    }
    Ok(out)
}

enum Try {
    /// The pixel is bad.
    Unusable,
    Lost,
    Found {
        difference: f64,
        distance: f64,
    },
}

fn once<T: Pixel>(
    image: &Image<'_, T>,
    model: &dyn PsfModel,
    finder: &dyn Finder<f64>,
    config: &CrowdedConfig,
    stars: &ArtificialStars,
    (x, y, flux): (f64, f64, f64),
) -> Result<Try> {
    let half = stars.tile as f64 / 2.0;
    let tile = Window::new((x - half) as i64, (y - half) as i64, stars.tile, stars.tile)
        .intersection(&Window::of_shape(image.shape()));
    let (x0, y0) = (tile.x_min as usize, tile.y_min as usize);
    let part = s![y0..y0 + tile.ny, x0..x0 + tile.nx];
    let pixel =
        [((y + 0.5) as usize).min(image.shape().0 - 1), ((x + 0.5) as usize).min(image.shape().1 - 1)];
    if !image.data()[pixel].is_finite() || image.mask().is_some_and(|m| m[pixel]) {
        return Ok(Try::Unusable);
    }
    let mut data: Array2<f64> = image.data().slice(part).mapv(Pixel::to_f64);
    // A PSF that varies is taken where the star is.
    let star = Shifted { model, by: (x0 as f64, y0 as f64) };
    let (x, y) = (x - x0 as f64, y - y0 as f64);
    let sources = Sources { x: &[x], y: &[y], flux: &[flux], shape: &[], local_bkg: &[] };
    data += &render(&star, &sources, data.dim(), config.sub_shape, &Exec::serial());
    let error = image.error().map(|e| e.slice(part).mapv(Pixel::to_f64));
    let mask = image.mask().map(|m| m.slice(part).to_owned());
    let mut cut = Image::new(data.view())?;
    if let Some(e) = &error {
        cut = cut.with_error(e.view())?;
    }
    if let Some(m) = &mask {
        cut = cut.with_mask(m.view())?;
    }
    let p = fit_crowded(&cut, &star, finder, None, config)?.photometry;
    let best = (0..p.len())
        .map(|i| ((p.x_fit[i] - x).hypot(p.y_fit[i] - y), -2.5 * (p.flux_fit[i] / flux).log10()))
        .filter(|(d, m)| *d <= stars.radius * config.fwhm && m.abs() <= stars.max_difference)
        .min_by(|a, b| a.0.total_cmp(&b.0));
    Ok(best.map_or(Try::Lost, |(distance, difference)| Try::Found { difference, distance }))
}

/// A model in the coordinates of a part of its image.
#[derive(Debug)]
struct Shifted<'a> {
    model: &'a dyn PsfModel,
    by: (f64, f64),
}

impl Shifted<'_> {
    fn source<'s>(&self, s: &crate::Source<'s>) -> crate::Source<'s> {
        crate::Source { x: s.x + self.by.0, y: s.y + self.by.1, shape: s.shape }
    }

    fn window(&self, w: Window) -> Window {
        Window::new(w.x_min + self.by.0 as i64, w.y_min + self.by.1 as i64, w.nx, w.ny)
    }

    fn back(&self, e: crate::Extent) -> crate::Extent {
        let (x, y) = self.by;
        crate::Extent { x: (e.x.0 - x, e.x.1 - x), y: (e.y.0 - y, e.y.1 - y) }
    }
}

impl PsfModel for Shifted<'_> {
    fn name(&self) -> &'static str {
        self.model.name()
    }

    fn shape_parameters(&self) -> Vec<crate::ShapeParameter> {
        self.model.shape_parameters()
    }

    fn evaluate(&self, source: &crate::Source<'_>, window: Window, out: &mut [f64]) {
        self.model.evaluate(&self.source(source), self.window(window), out);
    }

    fn derivatives(
        &self,
        source: &crate::Source<'_>,
        window: Window,
        with_shape: bool,
        out: &mut crate::Derivatives,
    ) {
        self.model.derivatives(&self.source(source), self.window(window), with_shape, out);
    }

    fn extent(&self, source: &crate::Source<'_>) -> crate::Extent {
        self.back(self.model.extent(&self.source(source)))
    }

    fn support(&self, source: &crate::Source<'_>) -> crate::Extent {
        self.back(self.model.support(&self.source(source)))
    }

    fn fwhm(&self) -> Option<f64> {
        self.model.fwhm()
    }
}

fn quantile(v: &mut [f64], q: f64) -> f64 {
    v.sort_by(f64::total_cmp);
    if v.is_empty() { f64::NAN } else { v[(q * (v.len() - 1) as f64).round() as usize] }
}

/// splitmix64 of `seed` and `index`, as a number in `[0, 1)`.
fn uniform(seed: u64, index: u64) -> f64 {
    let mut z =
        seed.wrapping_mul(0x2545_F491_4F6C_DD1D).wrapping_add(index.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
}
