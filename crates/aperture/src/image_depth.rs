//! How faint a source an image shows.

use std::collections::HashMap;

use ndarray::{Array2, s};
use skyphot_core::random::NumpyRandom;
use skyphot_core::{Column, Image, Meta, Pixel, Point, Table};
use skyphot_stats::kernel::{clip_sorted, mean_std};

use crate::columns::{put, put_f64};
use crate::kernel::dilate::dilate;

use crate::{Aperture, AperturePhotometry, CircularAperture, ImageDepthConfig, PhotometryConfig, Result};

/// Limiting flux and magnitude of an image from circular apertures on random blank places.
///
/// The limit of one iteration is `n_sigma` times the standard deviation (divisor `n`) of the fluxes of its apertures,
/// clipped if asked for; the limit of the image is the mean over the iterations. Apertures keep clear of masked pixels
/// (sources, parts without exposure) and of the edges of the image. A sensible result needs a background-subtracted
/// image.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_aperture::{ImageDepth, ImageDepthConfig};
/// use skyphot_core::{Image, testing::noise};
/// let data = Array2::from_shape_fn((200, 200), |(y, x)| noise(1, (y * 200 + x) as u64));
/// let config = ImageDepthConfig { n_apertures: 300, zeropoint: 25.0, ..Default::default() };
/// let depth = ImageDepth::measure(&Image::new(data.view())?, 3.0, &config)?;
/// let expected = 5.0 * (std::f64::consts::PI * 9.0).sqrt();
/// assert!((depth.flux_limit / expected - 1.0).abs() < 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Differences from photutils
/// Pixels that are not finite count as masked: apertures keep clear of them. Without room for all apertures a call with
/// `overlap` is an error as there; without `overlap` it goes on with those that fit, see
/// [`n_apertures_used`](Self::n_apertures_used).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ImageDepth {
    /// The limiting flux, data units; 0 if all fluxes are equal.
    pub flux_limit: f64,
    /// `-2.5 log10(flux_limit) + zeropoint`.
    pub mag_limit: f64,
    /// Limiting flux of every iteration.
    pub flux_limits: Vec<f64>,
    /// Limiting magnitude of every iteration.
    pub mag_limits: Vec<f64>,
    /// Middles of the apertures of every iteration, pixels.
    #[doc(alias = "apertures")]
    pub positions: Vec<Vec<Point>>,
    /// Number of apertures of every iteration.
    pub n_apertures_used: Vec<usize>,
    /// Fluxes of every iteration that clipping has left, in the order of the apertures.
    pub fluxes: Vec<Vec<f64>>,
    /// Parameters, for the table.
    pub meta: Meta,
}

impl ImageDepth {
    /// Puts apertures of a radius (pixels) on random places of an image that are not masked.
    ///
    /// # Errors
    /// [`ApertureError`](crate::ApertureError) for parameters out of range, or without room for the apertures.
    pub fn measure<T: Pixel>(
        image: &Image<'_, T>,
        aper_radius: f64,
        config: &ImageDepthConfig,
    ) -> Result<Self> {
        Self::measure_with(image, aper_radius, config, |_| ())
    }

    /// As [`measure`](Self::measure); `progress` hears how many iterations are done, from 0.
    ///
    /// # Errors
    /// Those of [`measure`](Self::measure).
    #[doc(alias = "progress_bar")]
    pub fn measure_with<T: Pixel>(
        image: &Image<'_, T>,
        aper_radius: f64,
        config: &ImageDepthConfig,
        progress: impl FnMut(usize),
    ) -> Result<Self> {
        config.validate()?;
        let circle = CircularAperture::new(aper_radius)?;
        let places = places(image, (aper_radius + config.mask_pad).ceil() as usize);
        let n = config.n_apertures;
        let needed = if config.overlap { n } else { 1 };
        let tries = if config.overlap { n } else { 10 * (n + n / 2).min(places.len() / 10) };
        if places.len() < needed || tries == 0 {
            let needed = if config.overlap { n } else { 10 };
            return Err(crate::ApertureError::NoRoom { needed, found: places.len() });
        }
        let mut random = NumpyRandom::new(config.seed);
        let positions = (0..config.n_iters)
            .map(|_| {
                let chosen = random.choice(places.len(), tries);
                let mut points: Vec<Point> = chosen
                    .iter()
                    .map(|&k| {
                        let (x, y) = (f64::from(places[k].0), f64::from(places[k].1));
                        let dx = random.uniform(-0.5, 0.5);
                        Point::new(x + dx, y + random.uniform(-0.5, 0.5))
                    })
                    .collect();
                if !config.overlap {
                    separate(&mut points, 2.0 * aper_radius);
                    points.truncate(n);
                }
                points
            })
            .collect();
        Self::with_circle(image, &circle, positions, config, progress)
    }

    /// The same with apertures at given places (pixels), a list for each iteration. `n_apertures`, `n_iters`, `overlap`,
    /// `mask_pad` and `seed` play no part; pixels count whether masked or not, unless they are not finite.
    ///
    /// # Errors
    /// [`ApertureError`](crate::ApertureError) for parameters out of range, or without a list.
    pub fn measure_at<T: Pixel>(
        image: &Image<'_, T>,
        aper_radius: f64,
        positions: Vec<Vec<Point>>,
        config: &ImageDepthConfig,
    ) -> Result<Self> {
        config.validate()?;
        if positions.is_empty() {
            return Err(crate::ApertureError::NoRoom { needed: 1, found: 0 });
        }
        Self::with_circle(image, &CircularAperture::new(aper_radius)?, positions, config, |_| ())
    }

    fn with_circle<T: Pixel>(
        image: &Image<'_, T>,
        circle: &CircularAperture,
        positions: Vec<Vec<Point>>,
        config: &ImageDepthConfig,
        mut progress: impl FnMut(usize),
    ) -> Result<Self> {
        let image = Image::new(image.data())?;
        let photometry = PhotometryConfig { exec: config.exec.clone(), ..PhotometryConfig::default() };
        let mut fluxes = Vec::with_capacity(positions.len());
        for (done, points) in positions.iter().enumerate() {
            progress(done);
            let p = AperturePhotometry::measure(&image, points, &[circle as &dyn Aperture], &photometry)?;
            fluxes.push(clipped(p.flux(0), config));
        }
        progress(positions.len());
        let flux_limits: Vec<f64> = fluxes.iter().map(|f| config.n_sigma * mean_std(f).1).collect();
        let magnitude = |f: f64| -2.5 * f.log10() + config.zeropoint;
        let flux_limit = flux_limits.iter().sum::<f64>() / flux_limits.len() as f64;
        let mut meta = Meta::new();
        meta.set("aper_radius", circle.r());
        meta.set("n_sigma", config.n_sigma);
        meta.set("zeropoint", config.zeropoint);
        meta.set("flux_limit", flux_limit);
        meta.set("mag_limit", magnitude(flux_limit));
        Ok(Self {
            flux_limit,
            mag_limit: magnitude(flux_limit),
            mag_limits: flux_limits.iter().map(|&f| magnitude(f)).collect(),
            flux_limits,
            n_apertures_used: positions.iter().map(Vec::len).collect(),
            positions,
            fluxes,
            meta,
        })
    }

    /// Number of iterations.
    #[must_use]
    pub fn len(&self) -> usize {
        self.flux_limits.len()
    }

    /// No iteration; never the result of a measurement.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.flux_limits.is_empty()
    }

    /// One row for each iteration: `id`, `n_apertures_used`, `flux_limit`, `mag_limit`; the means in the metadata.
    #[must_use]
    pub fn to_table(&self) -> Table {
        let mut t = Table::new();
        t.meta = self.meta.clone();
        put(&mut t, crate::columns::ids(self.len()));
        let used: Vec<i64> = self.n_apertures_used.iter().map(|&n| n as i64).collect();
        put(&mut t, Column::new("n_apertures_used", used).with_description("number of apertures"));
        put_f64(&mut t, "flux_limit".to_owned(), &self.flux_limits, None, "limiting flux");
        put_f64(&mut t, "mag_limit".to_owned(), &self.mag_limits, Some("mag"), "limiting magnitude");
        t
    }
}

/// Pixels whose distance from bad pixels and from the edges is more than `radius`, row by row.
fn places<T: Pixel>(image: &Image<'_, T>, radius: usize) -> Vec<(u32, u32)> {
    let (ny, nx) = image.shape();
    if 2 * radius >= ny.min(nx) {
        return Vec::new();
    }
    let bad = Array2::from_shape_fn((ny, nx), |(y, x)| image.is_bad(x, y));
    let bad = dilate(bad.view(), radius);
    let inner = bad.slice(s![radius..ny - radius, radius..nx - radius]);
    let free = inner.indexed_iter().filter(|(_, bad)| !**bad);
    free.map(|((y, x), _)| ((x + radius) as u32, (y + radius) as u32)).collect()
}

/// Drops every point that is not farther than `separation` from one before it that is kept.
fn separate(points: &mut Vec<Point>, separation: f64) {
    let cell = |p: Point| ((p.x / separation).floor() as i64, (p.y / separation).floor() as i64);
    let mut kept: HashMap<(i64, i64), Vec<Point>> = HashMap::new();
    points.retain(|&p| {
        let (cx, cy) = cell(p);
        let near = |(i, j): (i64, i64)| {
            let others = kept.get(&(cx + i, cy + j));
            others.is_some_and(|v| v.iter().any(|q| q.distance(p) <= separation))
        };
        let free = !(-1..=1).any(|j| (-1..=1).any(|i| near((i, j))));
        if free {
            kept.entry((cx, cy)).or_default().push(p);
        }
        free
    });
}

/// The fluxes that are finite and survive clipping.
fn clipped(fluxes: &[f64], config: &ImageDepthConfig) -> Vec<f64> {
    let mut kept: Vec<f64> = fluxes.iter().copied().filter(|f| f.is_finite()).collect();
    if let Some(clip) = &config.sigma_clip {
        let mut sorted = kept.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let found = clip_sorted(&sorted, clip);
        kept.retain(|f| *f >= found.lower && *f <= found.upper);
    }
    kept
}
