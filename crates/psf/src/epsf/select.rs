//! Stars fit for an ePSF.

use skyphot_core::{Column, FlagSet, Image, Pixel, Point, Table, flag_set};
use skyphot_stats::kernel::median_in_place;

use super::flat_top::{Top, flat_tops};
use super::{CatalogPositions, StarCatalog};
use crate::error::{PsfError, Result};

flag_set! {
    /// Why a star was not selected.
    pub struct SelectionFlags {
        /// The box around the star reaches over the edge of the image.
        NEAR_EDGE = 1, "near_edge", "too near the edge";
        /// A pixel of the core is bad.
        BAD_PIXELS = 2, "bad_pixels", "bad pixels in the core";
        /// A pixel of the core is saturated.
        SATURATED = 4, "saturated", "saturated";
        /// Signal to noise too low.
        FAINT = 8, "faint", "signal to noise too low";
        /// A neighbour of similar brightness is too near.
        NEIGHBOR = 16, "neighbor", "a neighbour is too near";
        /// Rounder, longer, wider or narrower than the other stars: a galaxy, a blend or a cosmic ray.
        SHAPE = 32, "shape", "not of the shape of the others";
        /// Good, but there are enough brighter ones.
        SURPLUS = 64, "surplus", "enough brighter stars";
        /// The top is flat, or at the level of flat tops: saturated.
        FLAT_TOP = 128, "flat_top", "with a flat top (saturated)";
    }
}

/// What [`select_stars`] asks of a star.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StarSelection {
    /// Radius of the core, pixels, in which flux, noise, shape and bad pixels are looked at. Default 4.
    pub radius: f64,
    /// Least ratio of flux to noise in the core. Default 50.
    pub min_snr: f64,
    /// Largest value of a pixel of the core. Default: no limit.
    pub saturation: Option<f64>,
    /// Leave out stars with flat tops: at least five pixels side by side, and more than a star of that width has, equal the
    /// brightest within the noise or 1 %. Stars that reach as high as one of them are left out too. Where every other
    /// star is flat and their heights differ, the PSF is so and none is left out. Default true.
    pub flat_tops: bool,
    /// Distance, pixels, within which there is no neighbour. Default 12.
    pub isolation: f64,
    /// A neighbour counts if its flux is above this fraction of the star's. Default 0.05.
    pub neighbor_fraction: f64,
    /// Largest deviation of the size and of the two components of the ellipticity from the median of the stars, in units
    /// of their spread (1.4826 MAD, but at least 0.02). Default 4.
    pub shape_sigma: f64,
    /// Least distance of a star from the edge of the image, pixels. Default 12.
    pub edge: f64,
    /// Take the brightest this many. Default 500.
    pub brightest: Option<usize>,
}

impl Default for StarSelection {
    fn default() -> Self {
        Self {
            radius: 4.0,
            min_snr: 50.0,
            saturation: None,
            flat_tops: true,
            isolation: 12.0,
            neighbor_fraction: 0.05,
            shape_sigma: 4.0,
            edge: 12.0,
            brightest: Some(500),
        }
    }
}

/// The account of a selection, one entry for each candidate in the order given.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectedStars {
    /// Positions, pixels.
    pub positions: Vec<Point>,
    /// Flux in the core; NaN where it could not be measured.
    pub flux: Vec<f64>,
    /// Flux over noise.
    pub snr: Vec<f64>,
    /// Root of half the sum of the second moments of the core, pixels.
    pub size: Vec<f64>,
    /// Ellipticity `sqrt(e1^2 + e2^2)` of the core, 0 = round.
    pub ellipticity: Vec<f64>,
    /// Distance to the nearest neighbour that counts, pixels; infinite without one.
    pub neighbor: Vec<f64>,
    /// Why not; empty for a star that is selected.
    pub flags: Vec<SelectionFlags>,
}

impl SelectedStars {
    /// Number of candidates.
    #[must_use]
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// No candidate.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// Indices of the stars selected.
    #[must_use]
    pub fn selected(&self) -> Vec<usize> {
        (0..self.len()).filter(|&i| self.flags[i].is_empty()).collect()
    }

    /// The stars selected, with the numbers that the candidates have from 1, for
    /// [`extract_stars`](crate::extract_stars).
    #[must_use]
    pub fn catalog(&self) -> StarCatalog {
        let kept = self.selected();
        StarCatalog {
            positions: CatalogPositions::Pixels(kept.iter().map(|&i| self.positions[i]).collect()),
            flux: None,
            id: Some(kept.iter().map(|&i| i as i64 + 1).collect()),
        }
    }

    /// A row for every candidate: `id x y flux snr size ellipticity neighbor selected flags`.
    ///
    /// # Errors
    /// None in practice; columns of one length always make a table.
    pub fn to_table(&self) -> Result<Table> {
        let pixels = |name: &str, v: Vec<f64>, text: &str| {
            Column::new(name, v).with_unit("pix").with_description(text)
        };
        Ok(Table::from_columns(vec![
            Column::new("id", (1..=self.len() as i64).collect::<Vec<_>>()),
            pixels("x", self.positions.iter().map(|p| p.x).collect(), "x"),
            pixels("y", self.positions.iter().map(|p| p.y).collect(), "y"),
            Column::new("flux", self.flux.clone()).with_description("flux in the core"),
            Column::new("snr", self.snr.clone()).with_description("flux over noise"),
            pixels("size", self.size.clone(), "root of half the sum of the second moments"),
            Column::new("ellipticity", self.ellipticity.clone()),
            pixels("neighbor", self.neighbor.clone(), "distance to the nearest neighbour that counts"),
            Column::new("selected", self.flags.iter().map(|f| f.is_empty()).collect::<Vec<bool>>()),
            Column::new("flags", self.flags.iter().map(|f| i64::from(f.bits())).collect::<Vec<_>>())
                .with_description(SelectionFlags::legend_text()),
        ])?)
    }
}

/// What the core of a star looks like.
#[derive(Debug, Clone, Copy)]
struct Core {
    flux: f64,
    snr: f64,
    /// Size and the two components of the ellipticity.
    shape: [f64; 3],
    top: Option<Top>,
    flags: SelectionFlags,
}

/// Picks stars for an ePSF out of all sources found in an image free of background: bright, isolated, not saturated, of
/// good pixels, and shaped like the others. Without errors of the pixels the noise is the spread of all pixels
/// (1.4826 MAD).
///
/// Give all sources, faint ones too: they are neighbours.
///
/// ```
/// use skyphot_core::{Image, Point};
/// use skyphot_psf::{CircularGaussianPrf, SelectionFlags, Sources, StarSelection, render, select_stars};
/// let (x, y, flux) = ([30.0, 70.0, 76.0, 30.0], [30.0, 30.0, 33.0, 2.0], [1e4, 1e4, 2e3, 1e4]);
/// let sources = Sources { x: &x, y: &y, flux: &flux, shape: &[], local_bkg: &[] };
/// let image = render(&CircularGaussianPrf::new(3.0)?, &sources, (60, 100), None, &Default::default());
/// let found: Vec<Point> = x.iter().zip(&y).map(|(x, y)| Point::new(*x, *y)).collect();
/// let s = select_stars(&Image::new(image.view())?, &found, &StarSelection::default())?;
/// assert_eq!(s.selected(), [0]);
/// assert!(s.flags[1].contains(SelectionFlags::NEIGHBOR) && s.flags[3].contains(SelectionFlags::NEAR_EDGE));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`PsfError::InvalidParameter`] for a radius or limit that is not a number of its range.
pub fn select_stars<T: Pixel>(
    image: &Image<'_, T>,
    positions: &[Point],
    config: &StarSelection,
) -> Result<SelectedStars> {
    let positive = |name, v: f64| match v > 0.0 && v.is_finite() {
        true => Ok(()),
        false => {
            Err(PsfError::InvalidParameter { name, expected: "a finite number greater than 0", found: v })
        }
    };
    positive("radius", config.radius)?;
    positive("shape_sigma", config.shape_sigma)?;
    for (name, v) in [("isolation", config.isolation), ("edge", config.edge), ("min_snr", config.min_snr)] {
        if !(v >= 0.0) {
            return Err(PsfError::InvalidParameter { name, expected: "0 or more", found: v });
        }
    }
    let noise = if image.error().is_some() { 0.0 } else { spread_of(image) };
    let cores: Vec<Core> = positions.iter().map(|p| core(image, *p, noise, config)).collect();
    let mut flags: Vec<SelectionFlags> = cores.iter().map(|c| c.flags).collect();

    let mut order: Vec<usize> = (0..positions.len()).filter(|&i| positions[i].is_finite()).collect();
    order.sort_by(|&a, &b| positions[a].x.total_cmp(&positions[b].x));
    let mut neighbor = vec![f64::INFINITY; positions.len()];
    for (k, &i) in order.iter().enumerate() {
        for &j in order[k + 1..].iter().take_while(|j| positions[**j].x - positions[i].x <= config.isolation)
        {
            let d = positions[i].distance(positions[j]);
            for (a, b) in [(i, j), (j, i)] {
                if cores[b].flux > config.neighbor_fraction * cores[a].flux {
                    neighbor[a] = neighbor[a].min(d);
                }
            }
        }
    }
    for (f, d) in flags.iter_mut().zip(&neighbor) {
        f.set(SelectionFlags::NEIGHBOR, *d <= config.isolation);
    }

    if config.flat_tops {
        let unusable = SelectionFlags::NEAR_EDGE | SelectionFlags::BAD_PIXELS | SelectionFlags::FAINT;
        let tops: Vec<Option<Top>> = cores.iter().map(|c| c.top).collect();
        let flat = flat_tops(&tops, |i| !flags[i].intersects(unusable));
        for (f, flat) in flags.iter_mut().zip(flat) {
            f.set(SelectionFlags::FLAT_TOP, flat);
        }
    }

    for k in 0..3 {
        let of = |i: &usize| cores[*i].shape[k];
        let mut values: Vec<f64> = (0..cores.len())
            .filter(|i| flags[*i].is_empty())
            .map(|i| of(&i))
            .filter(|v| v.is_finite())
            .collect();
        let center = median_in_place(&mut values);
        let mut off: Vec<f64> = values.iter().map(|v| (v - center).abs()).collect();
        let spread = (1.4826 * median_in_place(&mut off)).max(0.02);
        for (i, f) in flags.iter_mut().enumerate() {
            f.set(
                SelectionFlags::SHAPE,
                f.contains(SelectionFlags::SHAPE)
                    || !((of(&i) - center).abs() <= config.shape_sigma * spread),
            );
        }
    }
    if let Some(n) = config.brightest {
        let mut good: Vec<usize> = (0..cores.len()).filter(|&i| flags[i].is_empty()).collect();
        good.sort_by(|&a, &b| cores[b].flux.total_cmp(&cores[a].flux).then(a.cmp(&b)));
        for &i in good.iter().skip(n) {
            flags[i] |= SelectionFlags::SURPLUS;
        }
    }
    Ok(SelectedStars {
        positions: positions.to_vec(),
        flux: cores.iter().map(|c| c.flux).collect(),
        snr: cores.iter().map(|c| c.snr).collect(),
        size: cores.iter().map(|c| c.shape[0]).collect(),
        ellipticity: cores.iter().map(|c| c.shape[1].hypot(c.shape[2])).collect(),
        neighbor,
        flags,
    })
}

/// 1.4826 times the median absolute deviation of the good pixels, of every k-th one in large images.
fn spread_of<T: Pixel>(image: &Image<'_, T>) -> f64 {
    const ENOUGH: usize = 200_000;
    let (ny, nx) = image.shape();
    let step = (ny * nx / ENOUGH).max(1);
    let mut v: Vec<f64> = (0..ny * nx)
        .step_by(step)
        .filter(|i| !image.is_bad(i % nx, i / nx))
        .map(|i| image.data()[[i / nx, i % nx]].to_f64())
        .collect();
    let center = median_in_place(&mut v);
    v.iter_mut().for_each(|v| *v = (*v - center).abs());
    1.4826 * median_in_place(&mut v)
}

fn core<T: Pixel>(image: &Image<'_, T>, at: Point, noise: f64, config: &StarSelection) -> Core {
    const NAN: f64 = f64::NAN;
    let mut out = Core { flux: NAN, snr: NAN, shape: [NAN; 3], top: None, flags: SelectionFlags::empty() };
    let (ny, nx) = image.shape();
    let edge = config.edge.max(config.radius);
    let inside = |v: f64, n: usize| v >= edge && v <= n as f64 - 1.0 - edge;
    if !(inside(at.x, nx) && inside(at.y, ny)) {
        out.flags |= SelectionFlags::NEAR_EDGE;
        // A neighbour at the edge still counts by what there is of it.
        if !(at.x >= 0.0 && at.y >= 0.0 && at.x < nx as f64 && at.y < ny as f64) {
            return out;
        }
    }
    let r = config.radius;
    let range = |v: f64, n: usize| {
        ((v - r).ceil().max(0.0) as usize)..((v + r).floor().min(n as f64 - 1.0) as usize + 1)
    };
    let (mut flux, mut variance) = (0.0, 0.0);
    let mut pixels = Vec::new();
    let (mut weight, mut sx, mut sy, mut sxx, mut sxy, mut syy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for y in range(at.y, ny) {
        for x in range(at.x, nx) {
            let (dx, dy) = (x as f64 - at.x, y as f64 - at.y);
            if dx.hypot(dy) > r {
                continue;
            }
            if image.is_bad(x, y) {
                out.flags |= SelectionFlags::BAD_PIXELS;
                continue;
            }
            let v = image.data()[[y, x]].to_f64();
            if config.saturation.is_some_and(|s| v >= s) {
                out.flags |= SelectionFlags::SATURATED;
            }
            let e = image.error().map_or(noise, |e| e[[y, x]].to_f64());
            flux += v;
            variance += e * e;
            pixels.push((x, y, v, e));
            // Moments under a window, so that the wings do not count.
            let w = v * (-(dx * dx + dy * dy) / (0.5 * r * r)).exp();
            weight += w;
            sx += w * dx;
            sy += w * dy;
            sxx += w * dx * dx;
            sxy += w * dx * dy;
            syy += w * dy * dy;
        }
    }
    out.top = Top::of(&pixels);
    out.flux = flux;
    out.snr = flux / variance.sqrt();
    if !(out.snr >= config.min_snr) {
        out.flags |= SelectionFlags::FAINT;
    }
    if weight > 0.0 {
        let (mx, my) = (sx / weight, sy / weight);
        let (xx, xy, yy) = (sxx / weight - mx * mx, sxy / weight - mx * my, syy / weight - my * my);
        let sum = xx + yy;
        if sum > 0.0 {
            out.shape = [(0.5 * sum).sqrt(), (xx - yy) / sum, 2.0 * xy / sum];
        }
    }
    out
}
