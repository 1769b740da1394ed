//! Cosmic rays by Laplacian edge detection: L.A.Cosmic (van Dokkum 2001, PASP 113, 1420).

use ndarray::{Array2, ArrayView2};
use skyphot_core::{Exec, Image, Pixel};
use skyphot_stats::kernel as stats;

use crate::error::positive;
use crate::kernel::median::{Band, separable, square};
use crate::{CalibrationError, Result};

/// What takes the place of a pixel that was hit, from the 5 x 5 pixels about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CleanMethod {
    /// Mean of the good ones.
    #[default]
    MeanMask,
    /// Median of the good ones.
    MedianMask,
    /// Median of all.
    Median,
    /// Mean of the good ones with weights of their inverse distance.
    Idw,
}

/// The image of fine structure that tells stars from hits.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum FineStructure {
    /// A small median filter, as in the paper.
    #[default]
    Median,
    /// A matched filter with a PSF of odd shape.
    Convolve(Array2<f64>),
}

/// How [`detect_cosmic_rays`] works; names and defaults are those of astroscrappy.
#[derive(Debug, Clone)]
pub struct CosmicRayConfig {
    /// Laplacian signal-to-noise ratio of a hit. Default 4.5.
    pub sigclip: f64,
    /// Fraction of it for pixels next to a hit. Default 0.3.
    pub sigfrac: f64,
    /// Smallest contrast between the Laplacian and the fine structure. Default 5.
    pub objlim: f64,
    /// Electrons per unit of the data. Default 1.
    pub gain: f64,
    /// Read noise, electrons. Default 6.5.
    pub readnoise: f64,
    /// Electrons at which a pixel is saturated. Default 65536.
    pub satlevel: f64,
    /// Iterations. Default 4.
    pub niter: usize,
    /// Medians along x and then along y instead of over squares. Default: yes.
    pub sepmed: bool,
    /// Default: masked mean.
    pub cleantype: CleanMethod,
    /// Default: median.
    pub fsmode: FineStructure,
    /// Threads.
    pub exec: Exec,
}

impl Default for CosmicRayConfig {
    fn default() -> Self {
        Self {
            sigclip: 4.5,
            sigfrac: 0.3,
            objlim: 5.0,
            gain: 1.0,
            readnoise: 6.5,
            satlevel: 65536.0,
            niter: 4,
            sepmed: true,
            cleantype: CleanMethod::MeanMask,
            fsmode: FineStructure::Median,
            exec: Exec::default(),
        }
    }
}

/// What [`detect_cosmic_rays`] found.
#[derive(Debug, Clone, PartialEq)]
pub struct CosmicRays<T: Pixel> {
    /// `true` where a cosmic ray hit.
    pub mask: Array2<bool>,
    /// The image without them, in the unit of the data.
    pub clean: Array2<T>,
    /// Pixels found in each iteration.
    pub n_found: Vec<usize>,
}

/// Rows that a pixel of a band depends on, on each side: the widest chain is a kernel of 13 rows, a 9-pixel median and two
/// dilations.
const HALO: usize = 12;
/// Rows worked on at once.
const ROWS: usize = 128;

/// Finds and removes cosmic rays.
///
/// The image must still hold its sky, in counts that `gain` makes electrons. The mask of the image and saturated stars
/// are left alone. Pixels that are not finite count as masked. Temporary images exist for bands of rows only.
///
/// - `background`: sky already known, same unit, subtracted before and added after; it counts for the noise.
/// - `variance`: variance of the pixels in squared units of the data, in place of that of the counts and read noise.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_calibration::ccd::{CosmicRayConfig, detect_cosmic_rays};
/// use skyphot_core::Image;
/// let mut data = Array2::from_elem((40, 40), 100.0f32);
/// data[[20, 17]] = 5000.0;
/// let found = detect_cosmic_rays(&Image::new(data.view())?, None, None, &CosmicRayConfig::default())?;
/// assert_eq!(found.mask.iter().filter(|m| **m).count(), 1);
/// assert_eq!(found.clean[[20, 17]], 100.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`CalibrationError::InvalidParameter`], [`CalibrationError::ShapeMismatch`].
#[doc(alias = "lacosmic")]
#[doc(alias = "detect_cosmics")]
pub fn detect_cosmic_rays<T: Pixel>(
    image: &Image<'_, T>,
    background: Option<ArrayView2<'_, f64>>,
    variance: Option<ArrayView2<'_, f64>>,
    config: &CosmicRayConfig,
) -> Result<CosmicRays<T>> {
    for (name, v) in [("sigclip", config.sigclip), ("sigfrac", config.sigfrac), ("objlim", config.objlim)] {
        positive(name, v)?;
    }
    positive("gain", config.gain)?;
    if !(config.readnoise >= 0.0 && config.readnoise.is_finite()) {
        let expected = "a number of electrons, 0 or more";
        return Err(CalibrationError::InvalidParameter {
            name: "readnoise",
            expected,
            found: config.readnoise,
        });
    }
    let shape = image.shape();
    for (name, other) in [("background", &background), ("variance", &variance)] {
        if let Some(o) = other
            && o.dim() != shape
        {
            return Err(CalibrationError::ShapeMismatch { name, expected: shape, found: o.dim() });
        }
    }
    if let FineStructure::Convolve(k) = &config.fsmode
        && (k.nrows() % 2 == 0 || k.ncols() % 2 == 0 || k.nrows() > 13 || k.iter().any(|v| !v.is_finite()))
    {
        let expected = "a finite kernel of odd shape, at most 13 rows";
        return Err(CalibrationError::InvalidParameter { name: "fsmode", expected, found: k.nrows() as f64 });
    }
    Work::new(image, background, variance, config).run(image)
}

struct Work<'a> {
    shape: (usize, usize),
    /// Electrons, without the background.
    clean: Vec<f32>,
    background: Option<Vec<f32>>,
    /// Variance without that of the background, if it is not that of `clean`.
    variance: Option<Vec<f32>>,
    mask: Vec<bool>,
    level: f32,
    variance_level: f32,
    config: &'a CosmicRayConfig,
}

impl<'a> Work<'a> {
    fn new<T: Pixel>(
        image: &Image<'_, T>,
        background: Option<ArrayView2<'_, f64>>,
        variance: Option<ArrayView2<'_, f64>>,
        config: &'a CosmicRayConfig,
    ) -> Self {
        let (ny, nx) = image.shape();
        let gain = config.gain;
        let electrons = |v: f64| (v * gain) as f32;
        let mut clean: Vec<f32> = image.data().iter().map(|v| electrons(v.to_f64())).collect();
        let bad: Vec<bool> =
            (0..ny * nx).map(|i| image.is_bad(i % nx, i / nx) || !clean[i].is_finite()).collect();
        let background: Option<Vec<f32>> = background.map(|b| b.iter().map(|v| electrons(*v)).collect());
        let variance: Option<Vec<f32>> = variance.map(|v| {
            let v = v.iter().map(|v| (v * gain * gain) as f32);
            match &background {
                Some(b) => v.zip(b).map(|(v, b)| v - b).collect(),
                None => v.collect(),
            }
        });
        let mut work = Self {
            shape: (ny, nx),
            clean: Vec::new(),
            background,
            variance,
            mask: bad.clone(),
            level: 0.0,
            variance_level: 0.0,
            config,
        };
        let good: Vec<f64> =
            clean.iter().zip(&bad).filter(|(_, b)| !**b).map(|(v, _)| f64::from(*v)).collect();
        let fill = if good.is_empty() { 0.0 } else { low_median(good) };
        // What is not finite must not reach the filters.
        for v in clean.iter_mut().filter(|v| !v.is_finite()) {
            *v = fill;
        }
        work.mask = work.saturated(&clean, &bad);
        if let Some(b) = &work.background {
            clean.iter_mut().zip(b).for_each(|(v, b)| *v -= b);
        }
        work.clean = clean;
        let keep = |list: &[f32]| -> Vec<f64> {
            list.iter().zip(&work.mask).filter(|(_, m)| !**m).map(|(v, _)| f64::from(*v)).collect()
        };
        let level = |v: Vec<f64>| if v.is_empty() { 0.0 } else { low_median(v) };
        let (l, v) = (level(keep(&work.clean)), work.variance.as_ref().map(|v| level(keep(v))));
        work.level = l;
        work.variance_level = v.unwrap_or(l + (config.readnoise * config.readnoise) as f32);
        work
    }

    /// The given mask grown by one pixel, and saturated stars (not saturated hits) grown by four.
    fn saturated(&self, electrons: &[f32], bad: &[bool]) -> Vec<bool> {
        let (ny, nx) = self.shape;
        let level = self.config.satlevel as f32;
        let core = self.in_bands(|band, from, inner| {
            let part = &electrons[from..from + band.rows * nx];
            let smooth = if self.config.sepmed { separable::<7>(part, band) } else { square(part, 5, band) };
            let cut = |i: usize| part[i] >= level && smooth[i] > level / 10.0;
            inner.map(cut).collect()
        });
        let mut out = core;
        for _ in 0..2 {
            out = dilate(&out, nx, ny, 2, true);
        }
        let grown = dilate(bad, nx, ny, 1, false);
        out.iter_mut().zip(&grown).for_each(|(o, g)| *o |= g);
        out
    }

    /// `f` of each band with its halo, joined: `f` gets the band, its first pixel, and the pixels of the band (without
    /// halo) it has to answer for.
    fn in_bands(
        &self,
        f: impl Fn(Band, usize, std::ops::Range<usize>) -> Vec<bool> + Sync + Send,
    ) -> Vec<bool> {
        let (ny, nx) = self.shape;
        self.config
            .exec
            .map_chunks(ny, ROWS, |rows| {
                let first = rows.start.saturating_sub(HALO);
                let last = (rows.end + HALO).min(ny);
                let band = Band { first, rows: last - first, nx, ny };
                f(band, first * nx, (rows.start - first) * nx..(rows.end - first) * nx)
            })
            .concat()
    }

    fn run<T: Pixel>(mut self, image: &Image<'_, T>) -> Result<CosmicRays<T>> {
        let (ny, nx) = self.shape;
        let mut hit = vec![false; ny * nx];
        let mut n_found = Vec::new();
        for _ in 0..self.config.niter {
            let found = self.in_bands(|band, from, inner| self.detect(band, from, inner));
            let n = found.iter().filter(|f| **f).count();
            n_found.push(n);
            hit.iter_mut().zip(&found).for_each(|(h, f)| *h |= f);
            if n == 0 {
                break;
            }
            let values = self.replaced(&self.clean, &hit, self.level);
            let variances = self.variance.as_ref().map(|v| self.replaced(v, &hit, self.variance_level));
            for (i, v) in values {
                self.clean[i] = v;
            }
            if let (Some(list), Some(new)) = (self.variance.as_mut(), variances) {
                for (i, v) in new {
                    list[i] = v;
                }
            }
        }
        let data = image.data();
        let clean = Array2::from_shape_fn((ny, nx), |(y, x)| {
            let i = y * nx + x;
            if hit[i] {
                let back = self.background.as_ref().map_or(0.0, |b| b[i]);
                T::from_f64(f64::from(self.clean[i] + back) / self.config.gain)
            } else {
                data[[y, x]]
            }
        });
        let mask = Array2::from_shape_fn((ny, nx), |(y, x)| hit[y * nx + x]);
        Ok(CosmicRays { mask, clean, n_found })
    }

    fn detect(&self, band: Band, from: usize, inner: std::ops::Range<usize>) -> Vec<bool> {
        let c = self.config;
        let (nx, n) = (band.nx, band.rows * band.nx);
        let data = &self.clean[from..from + n];
        let filter7 = |v: &[f32]| if c.sepmed { separable::<7>(v, band) } else { square(v, 5, band) };
        // Noise without the hits: the median of the variance.
        let read = (c.readnoise * c.readnoise) as f32;
        let raw: Vec<f32> = match &self.variance {
            Some(v) => v[from..from + n].to_vec(),
            None => data.iter().map(|v| v + read).collect(),
        };
        let mut noise = filter7(&raw);
        if let Some(b) = &self.background {
            noise.iter_mut().zip(&b[from..from + n]).for_each(|(v, b)| *v += b);
        }
        noise.iter_mut().for_each(|v| *v = v.max(1e-5).sqrt());
        // Laplacian signal-to-noise ratio, less its large structures.
        let mut s = laplacian(data, band);
        s.iter_mut().zip(&noise).for_each(|(s, n)| *s /= 2.0 * n);
        let large = filter7(&s);
        s.iter_mut().zip(&large).for_each(|(s, l)| *s -= l);
        // Fine structure.
        let fine = match &c.fsmode {
            FineStructure::Median if c.sepmed => separable::<5>(data, band),
            FineStructure::Median => square(data, 3, band),
            FineStructure::Convolve(k) => matched(data, &noise, k, band),
        };
        let coarse = if c.sepmed { separable::<9>(&fine, band) } else { square(&fine, 7, band) };
        let (high, low) = (c.sigclip as f32, (c.sigclip * c.sigfrac) as f32);
        let (limit, mask) = (c.objlim as f32, &self.mask[from..from + n]);
        let first: Vec<bool> = (0..n)
            .map(|i| {
                let f = ((fine[i] - coarse[i]) / noise[i]).max(0.01);
                s[i] > high && !mask[i] && s[i] / f > limit
            })
            .collect();
        // Neighbours: first those as strong as a hit, then those above the lower limit.
        let mut hits = first;
        for threshold in [high, low] {
            hits = dilate(&hits, nx, band.rows, 1, false);
            for i in 0..n {
                hits[i] = hits[i] && !mask[i] && s[i] > threshold;
            }
        }
        hits[inner].to_vec()
    }

    /// New values of the pixels that were hit, from the present ones.
    fn replaced(&self, values: &[f32], hit: &[bool], level: f32) -> Vec<(usize, f32)> {
        let (ny, nx) = self.shape;
        let method = self.config.cleantype;
        let rows = self.config.exec.map_chunks(ny, ROWS, |rows| {
            let mut out = Vec::new();
            let mut window = Vec::with_capacity(25);
            for y in rows {
                for x in (0..nx).filter(|x| hit[y * nx + x]) {
                    window.clear();
                    for v in y.saturating_sub(2)..(y + 3).min(ny) {
                        for u in x.saturating_sub(2)..(x + 3).min(nx) {
                            let i = v * nx + u;
                            if method == CleanMethod::Median || !(hit[i] || self.mask[i]) {
                                let r2 = (v as f64 - y as f64).powi(2) + (u as f64 - x as f64).powi(2);
                                let w = if method == CleanMethod::Idw && r2 > 0.0 {
                                    r2.sqrt().recip()
                                } else {
                                    1.0
                                };
                                window.push((f64::from(values[i]), w));
                            }
                        }
                    }
                    let value = if window.is_empty() {
                        level
                    } else if matches!(method, CleanMethod::Median | CleanMethod::MedianMask) {
                        low_median(window.iter().map(|w| w.0).collect())
                    } else {
                        let weights: f64 = window.iter().map(|w| w.1).sum();
                        (window.iter().map(|w| w.0 * w.1).sum::<f64>() / weights) as f32
                    };
                    out.push((y * nx + x, value));
                }
            }
            out
        });
        rows.concat()
    }
}

/// The median, the lower of the two in the middle.
fn low_median(mut v: Vec<f64>) -> f32 {
    let k = (v.len() - 1) / 2;
    stats::order_statistic(&mut v, k) as f32
}

/// The Laplacian of the image with every pixel cut in four, negative parts set to 0, averaged back: each quarter sees
/// one neighbour along x and one along y besides its own pixel. Beyond the image there is nothing.
fn laplacian(data: &[f32], band: Band) -> Vec<f32> {
    let nx = band.nx;
    let nothing = vec![0.0f32; nx];
    let row = |r: usize, ok: bool| if ok { &data[r * nx..(r + 1) * nx] } else { &nothing[..] };
    let mut out = vec![0.0f32; data.len()];
    for (r, line) in out.chunks_exact_mut(nx).enumerate() {
        let here = row(r, true);
        let up = row(r.wrapping_sub(1), r > 0);
        let down = row(r + 1, r + 1 < band.rows);
        let part = |c: f32, h: f32, v: f32| (2.0 * c - h - v).max(0.0);
        for x in 0..nx {
            let c = here[x];
            let left = if x > 0 { here[x - 1] } else { 0.0 };
            let right = if x + 1 < nx { here[x + 1] } else { 0.0 };
            let all = part(c, left, up[x])
                + part(c, right, up[x])
                + part(c, left, down[x])
                + part(c, right, down[x]);
            line[x] = 0.25 * all;
        }
    }
    out
}

/// The flux of a point source at each pixel by a filter matched to the PSF and the noise.
fn matched(data: &[f32], noise: &[f32], psf: &Array2<f64>, band: Band) -> Vec<f32> {
    let (nx, rows) = (band.nx, band.rows);
    let (hy, hx) = (psf.nrows() / 2, psf.ncols() / 2);
    let mut out = vec![0.0f32; data.len()];
    for r in 0..rows {
        for x in 0..nx {
            let (mut sum, mut weights) = (0.0, 0.0);
            for ((j, i), k) in psf.indexed_iter() {
                let (y, u) = ((r + hy).wrapping_sub(j), (x + hx).wrapping_sub(i));
                if y < rows && u < nx {
                    let at = y * nx + u;
                    let w = k / (f64::from(noise[at]) * f64::from(noise[at]));
                    sum += w * f64::from(data[at]);
                    weights += w;
                }
            }
            out[r * nx + x] = (sum / weights) as f32;
        }
    }
    out
}

/// Grown by `h` pixels: a square, without its corners if `round`.
fn dilate(mask: &[bool], nx: usize, ny: usize, h: usize, round: bool) -> Vec<bool> {
    let mut out = mask.to_vec();
    for (i, _) in mask.iter().enumerate().filter(|m| *m.1) {
        let (y, x) = (i / nx, i % nx);
        for v in y.saturating_sub(h)..(y + h + 1).min(ny) {
            for u in x.saturating_sub(h)..(x + h + 1).min(nx) {
                if !(round && v.abs_diff(y) == h && u.abs_diff(x) == h) {
                    out[v * nx + u] = true;
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_nan_and_wrong_parameters() {
        let mut data = Array2::from_shape_fn((60, 70), |(y, x)| 200.0 + ((x * 31 + y * 17) % 13) as f64);
        data[[10, 10]] = f64::NAN;
        data[[30, 40]] = 4000.0;
        data[[40, 20]] = 4000.0;
        let mut mask = Array2::from_elem((60, 70), false);
        mask[[40, 20]] = true;
        let image = Image::new(data.view()).unwrap().with_mask(mask.view()).unwrap();
        for cleantype in
            [CleanMethod::MeanMask, CleanMethod::MedianMask, CleanMethod::Median, CleanMethod::Idw]
        {
            let config = CosmicRayConfig { cleantype, ..Default::default() };
            let r = detect_cosmic_rays(&image, None, None, &config).unwrap();
            assert!(r.mask[[30, 40]] && !r.mask[[40, 20]] && !r.mask[[10, 10]]);
            assert!((r.clean[[30, 40]] - 206.0).abs() < 7.0, "{cleantype:?} {}", r.clean[[30, 40]]);
            assert!(r.clean[[10, 10]].is_nan() && r.clean[[40, 20]] == 4000.0);
        }
        let bad = CosmicRayConfig { gain: 0.0, ..Default::default() };
        assert!(detect_cosmic_rays(&image, None, None, &bad).unwrap_err().to_string().contains("gain"));
        let other = Array2::zeros((3, 3));
        let config = CosmicRayConfig::default();
        assert!(detect_cosmic_rays(&image, Some(other.view()), None, &config).is_err());
        // All masked, and an image smaller than every filter.
        let all = Array2::from_elem((60, 70), true);
        let image = Image::new(data.view()).unwrap().with_mask(all.view()).unwrap();
        assert_eq!(detect_cosmic_rays(&image, None, None, &config).unwrap().n_found, [0]);
        let tiny = Array2::<f32>::zeros((2, 3));
        assert_eq!(
            detect_cosmic_rays(&Image::new(tiny.view()).unwrap(), None, None, &config).unwrap().n_found,
            [0]
        );
    }

    #[test]
    fn threads_and_bands_do_not_matter() {
        let noise = |i: usize| ((i.wrapping_mul(2_654_435_761) >> 7) % 101) as f64;
        let data = Array2::from_shape_fn((300, 50), |(y, x)| {
            let i = y * 50 + x;
            100.0 + 0.2 * noise(i) + if i % 397 == 0 { 3000.0 } else { 0.0 }
        });
        let image = Image::new(data.view()).unwrap();
        let with = |n: usize| {
            let exec = Exec::with_threads(std::num::NonZeroUsize::new(n).unwrap()).unwrap();
            detect_cosmic_rays(&image, None, None, &CosmicRayConfig { exec, ..Default::default() }).unwrap()
        };
        let one = with(1);
        assert!(one.mask.iter().filter(|m| **m).count() > 30);
        for n in [2, 3, 7] {
            assert_eq!(with(n), one);
        }
    }
}
