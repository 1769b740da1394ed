//! Measurements that SExtractor has and photutils has not.

use std::f64::consts::PI;

use ndarray::{Array2, ArrayView2};
use skyphot_core::Pixel;

use super::kernel::aperture::Shape;
use super::measure::{CatalogParts, CatalogScratch, Measurer, SourceMeasurement};
use super::photometry::ApertureFlux;
use super::source_catalog::SourceCatalog;
use crate::error::{Result, SegmentationError};

/// How the Petrosian aperture is made.
#[derive(Debug, Clone, Copy, PartialEq)]
#[doc(alias = "PHOT_PETROPARAMS")]
pub struct PetrosianParams {
    /// The Petrosian radius is where the local surface brightness falls to this part of the mean within (in (0, 1)).
    /// Default 0.2.
    pub ratio: f64,
    /// The aperture is this many times the radius (> 0). Default 2.
    pub scale: f64,
    /// Least radius of the aperture, in units of the isophotal ellipse (> 0). Default 3.5.
    pub minimum_radius: f64,
}

impl Default for PetrosianParams {
    fn default() -> Self {
        Self { ratio: 0.2, scale: 2.0, minimum_radius: 3.5 }
    }
}

/// Petrosian radii and fluxes, one per source.
#[derive(Debug, Clone, PartialEq)]
pub struct PetrosianPhotometry {
    /// Petrosian radius in units of the isophotal ellipse; NaN where the ratio is not reached within 6 of them.
    pub radius: Vec<f64>,
    /// Flux in the aperture; that of the least aperture where there is no radius.
    pub flux: Vec<f64>,
    /// Its 1-sigma error.
    pub flux_err: Vec<f64>,
}

/// Growth of the ellipse from one step to the next; the annulus of the local brightness reaches `STEP^2` to either side.
const STEP: f64 = 1.05;
const FIRST: f64 = 0.5;
const LAST: f64 = 6.0;

impl SourceCatalog<'_> {
    fn check_levels(&self, threshold: &[f64]) -> Result<()> {
        if threshold.len() == 1 || threshold.len() == self.len() {
            return Ok(());
        }
        Err(skyphot_core::CoreError::ColumnLength {
            name: "threshold".to_owned(),
            expected: self.len(),
            found: threshold.len(),
        }
        .into())
    }

    /// Isophotal fluxes corrected for the light below the threshold, as if the profile were a Gaussian:
    /// `F / (1 - 0.1961 q - 0.7512 q^2)` with `q = area threshold / F` (Maddox, Efstathiou & Sutherland 1990). `threshold`
    /// is that of the detection, one value or one per source. NaN where the correction has no sense.
    ///
    /// # Errors
    /// [`SegmentationError::Core`] for another number of thresholds.
    #[doc(alias = "FLUX_ISOCOR")]
    pub fn isocor_photometry(&self, threshold: &[f64]) -> Result<ApertureFlux> {
        self.check_levels(threshold)?;
        let flux = self.segment_flux();
        let area = self.rows(CatalogParts::ISOPHOTAL).iter().map(|m| m.iso.n_good as f64).collect::<Vec<_>>();
        let factor = |i: usize| {
            let q = area[i] * threshold[i % threshold.len()] / flux[i];
            let eta = 1.0 - 0.1961 * q - 0.7512 * q * q;
            if eta > 0.0 { 1.0 / eta } else { f64::NAN }
        };
        Ok(ApertureFlux {
            flux: flux.iter().enumerate().map(|(i, f)| f * factor(i)).collect(),
            flux_err: self.segment_flux_err().iter().enumerate().map(|(i, e)| e * factor(i)).collect(),
        })
    }

    /// Numbers of pixels of each segment above eight levels between the threshold and the peak, equally far apart in the
    /// logarithm: level `i` is `t (peak / t)^(i / 8)`. Measured on the data (not convolved), on those of the detection
    /// catalogue if there is one.
    ///
    /// # Errors
    /// [`SegmentationError::Core`] for another number of thresholds than one or one per source.
    #[doc(alias = "ISO0")]
    #[doc(alias = "ISO7")]
    pub fn isophotal_areas(&self, threshold: &[f64]) -> Result<Vec<[usize; 8]>> {
        self.check_levels(threshold)?;
        let Some(images) = self.shapes().images() else { return Ok(vec![[0; 8]; self.len()]) };
        let plane = &*images.data;
        let of = |i: usize| {
            let (b, label) = (&self.bbox()[i], self.labels()[i]);
            let n = b.shape().1;
            let (mut row, mut values) = (vec![0.0; n], Vec::new());
            for y in b.y_min..b.y_max {
                images.read(plane, b.x_min, y, &mut row);
                images.masked(b.x_min, y, n, |i| row[i] = f64::NAN);
                images.labels(b.x_min, y, n, |i, l| {
                    if l == label && row[i].is_finite() {
                        values.push(row[i]);
                    }
                });
            }
            let peak = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let t = threshold[i % threshold.len()];
            std::array::from_fn(|k| {
                let level = t * (peak / t).powf(k as f64 / 8.0);
                values.iter().filter(|v| **v > level).count()
            })
        };
        Ok(self.config().exec.map(self.len(), of))
    }

    /// Petrosian photometry in ellipses of the isophotal shape (Petrosian 1976, ApJ 209, L1): the radius is where the mean
    /// brightness of the annulus between 0.91 and 1.1 radii falls to `ratio` of that within, as in SExtractor.
    ///
    /// # Errors
    /// [`SegmentationError::InvalidParameter`] for parameters out of range.
    #[doc(alias = "FLUX_PETRO")]
    #[doc(alias = "PETRO_RADIUS")]
    pub fn petrosian_photometry(&self, params: &PetrosianParams) -> Result<PetrosianPhotometry> {
        let fail = |name, expected, found| Err(SegmentationError::InvalidParameter { name, expected, found });
        if !(params.ratio > 0.0 && params.ratio < 1.0) {
            return fail("ratio", "between 0 and 1", params.ratio);
        }
        for (name, v) in [("scale", params.scale), ("minimum_radius", params.minimum_radius)] {
            if !(v > 0.0 && v.is_finite()) {
                return fail(name, "greater than 0", v);
            }
        }
        let rows = self.rows(CatalogParts::LOCAL_BACKGROUND);
        let shapes = self.shapes().rows(CatalogParts::ISOPHOTAL);
        let Some(images) = self.images() else {
            let nan = vec![f64::NAN; self.len()];
            return Ok(PetrosianPhotometry { radius: nan.clone(), flux: nan.clone(), flux_err: nan });
        };
        let measurer = Measurer { images, config: self.config() };
        let one = |scratch: &mut CatalogScratch, i: usize| {
            let (m, g): (&SourceMeasurement, _) = (&rows[i], &shapes[i]);
            let s = &g.iso.shape;
            let (a, b, theta) = (s.semimajor_axis, s.semiminor_axis, s.orientation);
            if m.iso.all_masked() || !(g.center().is_finite() && a.is_finite() && b.is_finite()) {
                return (f64::NAN, f64::NAN, f64::NAN);
            }
            scratch.fresh();
            let mut sum = |k: f64| {
                let shape = Shape::Ellipse(a * k, b * k, theta);
                let sum = measurer.aperture_sum(m, g.center(), &shape, scratch).map(|s| (s.flux, s.error));
                self.noted(i, sum, || (f64::NAN, f64::NAN))
            };
            // Fluxes within 0.91, 1 and 1.1 radii, two steps apart.
            let mut before: Option<(f64, f64)> = None;
            let mut radius = f64::NAN;
            let mut k = FIRST;
            let mut window = [sum(k / (STEP * STEP)).0, sum(k / STEP).0, sum(k).0, sum(k * STEP).0];
            while k <= LAST {
                let outer = sum(k * STEP * STEP).0;
                let [inner, _, middle, _] = window;
                let (low, high) = (1.0 / STEP.powi(4), STEP.powi(4));
                let local = (outer - inner) / (PI * a * b * k * k * (high - low));
                let ratio = local / (middle / (PI * a * b * k * k));
                if let Some((k0, r0)) = before
                    && r0 > params.ratio
                    && ratio <= params.ratio
                {
                    radius = k0 + (k - k0) * (r0 - params.ratio) / (r0 - ratio);
                    break;
                }
                before = Some((k, ratio));
                window = [window[1], window[2], window[3], outer];
                k *= STEP;
            }
            let size = (params.scale * radius).max(params.minimum_radius);
            let (flux, error) = sum(size);
            (radius, flux, error)
        };
        let all = self.config().exec.map_init(self.len(), CatalogScratch::default, one);
        Ok(PetrosianPhotometry {
            radius: all.iter().map(|r| r.0).collect(),
            flux: all.iter().map(|r| r.1).collect(),
            flux_err: all.iter().map(|r| r.2).collect(),
        })
    }

    /// How much wider than the PSF each source is: SExtractor's star/galaxy number (Desai et al. 2012, ApJ 757, 83),
    /// 0 for stars, positive for galaxies, negative for what is sharper than the PSF (cosmic rays).
    ///
    /// `psf` is an image of the PSF in pixels of the data, centred on its middle pixel, with an odd number of rows and
    /// columns; `fwhm` is its width in pixels. The galaxy model is the PSF convolved with an exponential disc of scale
    /// length `fwhm / 16`, to fourth order in it. Pixels are weighted with the error image, if there is one; NaN where the
    /// stamp does not lie on the image.
    ///
    /// # Errors
    /// [`SegmentationError::InvalidParameter`] for a PSF of even size or a width that is not positive.
    #[doc(alias = "SPREAD_MODEL")]
    #[doc(alias = "CLASS_STAR")]
    pub fn spread_model<T: Pixel>(&self, psf: ArrayView2<'_, T>, fwhm: f64) -> Result<Vec<f64>> {
        let (ny, nx) = psf.dim();
        if ny % 2 == 0 || nx % 2 == 0 || ny < 3 || nx < 3 {
            let found = if ny % 2 == 0 || ny < 3 { ny } else { nx };
            let expected = "an odd number of pixels, 3 or more";
            return Err(SegmentationError::InvalidParameter { name: "psf", expected, found: found as f64 });
        }
        if !(fwhm > 0.0 && fwhm.is_finite()) {
            return Err(SegmentationError::InvalidParameter {
                name: "fwhm",
                expected: "greater than 0",
                found: fwhm,
            });
        }
        let own = self.rows(CatalogParts::ISOPHOTAL);
        let shapes = self.shapes().rows(CatalogParts::ISOPHOTAL);
        let Some(images) = self.images() else { return Ok(vec![f64::NAN; self.len()]) };
        let disc = Disc::new(fwhm / 16.0);
        let psf = psf.mapv(|v| v.to_f64());
        let of = |i: usize| {
            let c = shapes[i].center();
            if own[i].iso.all_masked() || !c.is_finite() {
                return f64::NAN;
            }
            let (x0, y0) = (c.x.round(), c.y.round());
            let (fx, fy) = (c.x - x0, c.y - y0);
            let b = skyphot_core::BoundingBox {
                x_min: x0 as i64 - nx as i64 / 2,
                x_max: x0 as i64 + nx as i64 / 2 + 1,
                y_min: y0 as i64 - ny as i64 / 2,
                y_max: y0 as i64 + ny as i64 / 2 + 1,
            };
            let Some(clipped) = self.noted(i, images.clip(&b), || None) else { return f64::NAN };
            let star = moved(&psf, fx, fy);
            let wider = disc.convolve(&star);
            let label = self.labels()[i];
            let n = clipped.shape().1;
            let (mut data, mut error) = (vec![0.0; n], vec![1.0; n]);
            let (mut gx, mut px, mut gp, mut pp) = (0.0, 0.0, 0.0, 0.0);
            for y in clipped.y_min..clipped.y_max {
                images.read(&*images.data, clipped.x_min, y, &mut data);
                if let Some(e) = &images.error {
                    images.read(&**e, clipped.x_min, y, &mut error);
                }
                images.masked(clipped.x_min, y, n, |k| data[k] = f64::NAN);
                images.labels(clipped.x_min, y, n, |k, l| {
                    if l != 0 && l != label {
                        data[k] = f64::NAN;
                    }
                });
                for k in 0..n {
                    let w = 1.0 / (error[k] * error[k]);
                    if !(data[k].is_finite() && w.is_finite()) {
                        continue;
                    }
                    let (py, px_at) = (y - b.y_min, clipped.x_min + k as i64 - b.x_min);
                    let at = [py as usize + MARGIN, px_at as usize + MARGIN];
                    let (p, g) = (star[at], wider[at]);
                    gx += g * w * data[k];
                    px += p * w * data[k];
                    gp += g * w * p;
                    pp += p * w * p;
                }
            }
            gx / px - gp / pp
        };
        Ok(self.config().exec.map(self.len(), of))
    }
}

/// Zeros around a PSF, for the differences of fourth order.
const MARGIN: usize = 2;

/// Lobes of the interpolation on either side.
const LOBES: usize = 4;

/// The PSF with a margin, moved by at most half a pixel: Lanczos' interpolation (Duchon 1979) along x and then along y.
fn moved(psf: &Array2<f64>, fx: f64, fy: f64) -> Array2<f64> {
    let weights = |f: f64| {
        let sinc = |t: f64| if t == 0.0 { 1.0 } else { (PI * t).sin() / (PI * t) };
        let weight = |k: usize| {
            let t = k as f64 - LOBES as f64 + f;
            if t.abs() < LOBES as f64 { sinc(t) * sinc(t / LOBES as f64) } else { 0.0 }
        };
        let raw: [f64; 2 * LOBES + 1] = std::array::from_fn(weight);
        let sum: f64 = raw.iter().sum();
        raw.map(|w| w / sum)
    };
    let (wx, wy) = (weights(fx), weights(fy));
    let (ny, nx) = psf.dim();
    // Place `at` of the result is place `at - MARGIN` of the PSF, and weight k belongs to the pixel k - LOBES further on.
    let part = |n: usize, at: usize, k: usize| (at + k).checked_sub(MARGIN + LOBES).filter(|i| *i < n);
    let rows = Array2::from_shape_fn((ny, nx + 2 * MARGIN), |(y, x)| {
        wx.iter().enumerate().filter_map(|(k, w)| Some(w * psf[[y, part(nx, x, k)?]])).sum::<f64>()
    });
    Array2::from_shape_fn((ny + 2 * MARGIN, nx + 2 * MARGIN), |(y, x)| {
        wy.iter().enumerate().filter_map(|(k, w)| Some(w * rows[[part(ny, y, k)?, x]])).sum::<f64>()
    })
}

/// Convolution with an exponential disc that is small next to the pixels and the image.
///
/// The disc of scale length h has the transform (1 + k^2 h^2)^(-3/2) = 1 - 3/2 k^2 h^2 + 15/8 k^4 h^4 - ..., and the
/// Laplacian of 3 x 3 pixels (Patra & Karttunen 2006) -k^2 + k^4 / 12 - ..., in all directions alike.
struct Disc {
    second: f64,
    fourth: f64,
}

impl Disc {
    fn new(h: f64) -> Self {
        Self { second: 1.5 * h * h, fourth: 1.875 * h.powi(4) - h * h / 8.0 }
    }

    fn convolve(&self, image: &Array2<f64>) -> Array2<f64> {
        let first = laplacian(image);
        let second = laplacian(&first);
        image + &(first * self.second) + &(second * self.fourth)
    }
}

fn laplacian(image: &Array2<f64>) -> Array2<f64> {
    let (ny, nx) = image.dim();
    let at = |y: usize, x: usize, dy: usize, dx: usize| {
        let (y, x) = ((y + dy).wrapping_sub(1), (x + dx).wrapping_sub(1));
        if y < ny && x < nx { image[[y, x]] } else { 0.0 }
    };
    Array2::from_shape_fn((ny, nx), |(y, x)| {
        let sides = at(y, x, 0, 1) + at(y, x, 1, 0) + at(y, x, 1, 2) + at(y, x, 2, 1);
        let corners = at(y, x, 0, 0) + at(y, x, 0, 2) + at(y, x, 2, 0) + at(y, x, 2, 2);
        (4.0 * sides + corners - 20.0 * image[[y, x]]) / 6.0
    })
}
