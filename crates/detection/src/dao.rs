//! DAOFIND (Stetson 1987, PASP 99, 191).

use skyphot_core::{Exec, Image, Meta, Pixel, Point};
use skyphot_filter::Kernel;

use crate::catalog::{StarCatalog, StarShape};
use crate::density::{Density, DensitySearch, Measure, Measured, measure_at, search};
use crate::error::{Result, at_least_one, not_nan, not_negative, ordered};
use crate::finder::{given_pixels, keep_brightest, on_image, within};
use crate::kernel::cutout::cutout;
use crate::kernel::marginal::{Along, Marginal};
use crate::{DensityKernel, Outcome, Threshold};

/// Finds stars with the DAOFIND algorithm: convolution with a Gaussian on a fitted background, local maxima above the
/// threshold, centroids from fits to the marginal distributions, and cuts in sharpness and roundness.
///
/// The image should be background-subtracted. Masked pixels cannot be peaks nor hide them, but their values enter the
/// convolution and the sums, as in photutils; non-finite pixels spoil the stars whose kernel they touch. Beyond the edge
/// the image counts as 0.
///
/// ```
/// use skyphot_core::Image;
/// use skyphot_detection::DaoStarFinder;
/// let data = skyphot_core::testing::field(80, 100, 7, 12, 1.0) - 102.0;
/// let stars = DaoStarFinder::new(20.0, 3.0)?.find(&Image::new(data.view())?)?;
/// assert!(stars.len() > 3);
/// assert_eq!(stars.to_table()?.names()[..3], ["id", "x_centroid", "y_centroid"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Differences from photutils
/// Infinite convolved values count as bad; of equal fluxes at the limit of `n_brightest` the first row by row is kept;
/// the convolution of `f32` images is not rounded to `f32`.
#[derive(Debug, Clone)]
#[doc(alias = "DAOStarFinder")]
#[doc(alias = "DAOFIND")]
pub struct DaoStarFinder {
    /// Height of a star above its background, data units; one value or an image.
    pub threshold: Threshold,
    /// FWHM of the stars along the major axis, pixels.
    pub fwhm: f64,
    /// Minor over major axis of the kernel, in (0, 1]. Default 1.
    pub ratio: f64,
    /// Angle of the major axis, degrees counter-clockwise from +x. Default 0.
    #[doc(alias = "theta")]
    pub theta_deg: f64,
    /// Where the kernel is cut, in standard deviations. Default 1.5.
    pub sigma_radius: f64,
    /// Sharpness kept, bounds included; `None` = all. Default (0.2, 1.0).
    #[doc(alias = "sharplo")]
    #[doc(alias = "sharphi")]
    pub sharpness_range: Option<(f64, f64)>,
    /// Both kinds of roundness kept, bounds included; `None` = all. Default (-1, 1).
    #[doc(alias = "roundlo")]
    #[doc(alias = "roundhi")]
    pub roundness_range: Option<(f64, f64)>,
    /// Drop peaks closer to the edge than half the kernel. Default false.
    pub exclude_border: bool,
    /// Keep only this many stars, those of the largest flux. Default: all.
    #[doc(alias = "brightest")]
    pub n_brightest: Option<usize>,
    /// Drop stars whose peak pixel lies above, data units. Default: none.
    #[doc(alias = "peakmax")]
    pub peak_max: Option<f64>,
    /// Measure these positions (pixels, rounded) instead of searching. Default: search.
    pub xycoords: Option<Vec<Point>>,
    /// Peaks this close (pixels) to a higher one are dropped; 0 = only within the kernel's footprint. `None` (default) =
    /// 2.5 FWHM.
    pub min_separation: Option<f64>,
    /// Multiply the threshold by the kernel's [relative error](DensityKernel::relative_error), as DAOFIND does. Default
    /// true.
    pub scale_threshold: bool,
    /// Threads to use.
    pub exec: Exec,
}

/// One measured candidate.
#[derive(Debug, Clone, Copy)]
struct Row {
    x: f64,
    y: f64,
    sharpness: f64,
    roundness1: f64,
    roundness2: f64,
    peak: f64,
    flux: f64,
    daofind_mag: f64,
}

impl DaoStarFinder {
    /// A finder with the default parameters for stars of a FWHM (pixels) that rise above a threshold (data units).
    ///
    /// # Errors
    /// [`DetectionError::InvalidParameter`](crate::DetectionError::InvalidParameter) for a FWHM that is not positive.
    pub fn new(threshold: impl Into<Threshold>, fwhm: f64) -> Result<Self> {
        let finder = Self {
            threshold: threshold.into(),
            fwhm,
            ratio: 1.0,
            theta_deg: 0.0,
            sigma_radius: 1.5,
            sharpness_range: Some((0.2, 1.0)),
            roundness_range: Some((-1.0, 1.0)),
            exclude_border: false,
            n_brightest: None,
            peak_max: None,
            xycoords: None,
            min_separation: None,
            scale_threshold: true,
            exec: Exec::default(),
        };
        finder.kernel()?;
        Ok(finder)
    }

    /// A finder for crowded fields: peaks of any roundness, however near to each other. By default both stars of a close
    /// pair are dropped, the one for its shape, the other for the one; here the fits decide. Limits of sharpness stay:
    /// what is sharper than a star is a cosmic ray.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn crowded(threshold: impl Into<Threshold>, fwhm: f64) -> Result<Self> {
        let finder = Self::new(threshold, fwhm)?;
        Ok(Self { roundness_range: None, min_separation: Some(0.0), ..finder })
    }

    /// The kernel the image is convolved with.
    ///
    /// # Errors
    /// As [`DensityKernel::new`].
    pub fn kernel(&self) -> Result<DensityKernel> {
        DensityKernel::new(self.fwhm, self.ratio, self.theta_deg, self.sigma_radius)
    }

    /// The threshold on the convolved image.
    ///
    /// # Errors
    /// As [`DensityKernel::new`].
    pub fn effective_threshold(&self) -> Result<Threshold> {
        let scale = if self.scale_threshold { self.kernel()?.relative_error() } else { 1.0 };
        Ok(match &self.threshold {
            Threshold::Scalar(v) => Threshold::Scalar(v * scale),
            Threshold::Image(a) => Threshold::Image(a * scale),
        })
    }

    /// The stars of a background-subtracted image, row by row (or as `xycoords` are given, or the brightest first).
    ///
    /// # Errors
    /// [`DetectionError`](crate::DetectionError) for parameters out of range, a threshold image of another shape, or
    /// given positions outside the image. Finding nothing is not an error.
    pub fn find<T: Pixel>(&self, image: &Image<'_, T>) -> Result<StarCatalog> {
        self.check()?;
        let kernel = self.kernel()?;
        let shape = image.shape();
        self.threshold.check("threshold", shape)?;
        let threshold = self.effective_threshold()?;
        let weights = Kernel::from_array(kernel.data().to_owned())?;
        let measure = self.measurement(image, &kernel, &threshold);
        let Measured { rows, n_candidates } = match &self.xycoords {
            Some(points) => measure_at(image, &weights, &given_pixels(points, shape)?, &self.exec, measure),
            None => {
                let separation = self.min_separation.unwrap_or(2.5 * self.fwhm);
                let what = DensitySearch {
                    kernel: &weights,
                    threshold: &threshold,
                    neighbourhood: &kernel.neighbourhood(separation)?,
                    border: kernel.border(self.exclude_border),
                    exec: &self.exec,
                };
                search(image, &what, measure)?
            }
        };
        let kept = keep_brightest(rows, self.n_brightest, |r| r.flux);
        let n_pixels = (kernel.shape().0 * kernel.shape().1) as i64;
        let column = |f: fn(&Row) -> f64| kept.iter().map(f).collect::<Vec<f64>>();
        Ok(StarCatalog {
            x_centroid: column(|r| r.x),
            y_centroid: column(|r| r.y),
            peak: column(|r| r.peak),
            flux: column(|r| r.flux),
            mag: column(|r| -2.5 * r.flux.log10()),
            shape: StarShape::Dao {
                sharpness: column(|r| r.sharpness),
                roundness1: column(|r| r.roundness1),
                roundness2: column(|r| r.roundness2),
                n_pixels: vec![n_pixels; kept.len()],
                daofind_mag: column(|r| r.daofind_mag),
            },
            n_candidates,
            outcome: Outcome::of(n_candidates, kept.len()),
            meta: self.meta(),
        })
    }

    fn check(&self) -> Result<()> {
        ordered("sharpness_range", self.sharpness_range)?;
        ordered("roundness_range", self.roundness_range)?;
        at_least_one("n_brightest", self.n_brightest)?;
        not_nan("peak_max", self.peak_max)?;
        not_negative("min_separation", self.min_separation)
    }

    fn meta(&self) -> Meta {
        let mut m = Meta::new();
        m.set("finder", "dao");
        m.set("threshold", self.threshold.scalar());
        m.set("fwhm", self.fwhm);
        m.set("ratio", self.ratio);
        m.set("theta_deg", self.theta_deg);
        m.set("sigma_radius", self.sigma_radius);
        m.set("min_separation", self.min_separation.unwrap_or(2.5 * self.fwhm));
        m
    }

    /// Measures a candidate; `None` if it does not pass the filters.
    fn measurement<'a, T: Pixel>(
        &'a self,
        image: &'a Image<'_, T>,
        kernel: &DensityKernel,
        threshold: &'a Threshold,
    ) -> impl Measure<Row> + 'a {
        let marginal_x = Marginal::new(kernel, Along::X);
        let marginal_y = Marginal::new(kernel, Along::Y);
        let (ky, kx) = kernel.shape();
        let centre = (ky / 2) * kx + kx / 2;
        let inside: Vec<bool> = kernel.mask().iter().copied().collect();
        let around = (kernel.n_pixels() - 1) as f64;
        move |density: &Density<'_>, (y, x): (usize, usize), data: &mut Vec<f64>, window: &mut Vec<f64>| {
            cutout(image.data(), (y, x), (ky, kx), data);
            density.cutout((y, x), (ky, kx), window);
            let (dx, hx) = marginal_x.fit(data);
            let (dy, hy) = marginal_y.fit(data);
            let peak = data[centre];
            let flux: f64 = data.iter().zip(&inside).filter(|(_, m)| **m).map(|(v, _)| v).sum();
            let row = Row {
                x: x as f64 + dx,
                y: y as f64 + dy,
                sharpness: (peak - (flux - peak) / around) / window[centre],
                roundness1: symmetry(window, ky, kx),
                roundness2: 2.0 * (hx - hy) / (hx + hy),
                peak,
                flux,
                daofind_mag: -2.5 * (window[centre] / threshold.at(x, y)).log10(),
            };
            (hx.is_finite() && hy.is_finite() && self.keeps(&row, image.shape())).then_some(row)
        }
    }

    fn keeps(&self, r: &Row, shape: (usize, usize)) -> bool {
        [r.x, r.y, r.sharpness, r.roundness1, r.roundness2, r.peak, r.flux].iter().all(|v| v.is_finite())
            && on_image(r.x, r.y, shape)
            && within(r.sharpness, self.sharpness_range)
            && within(r.roundness1, self.roundness_range)
            && within(r.roundness2, self.roundness_range)
            && self.peak_max.is_none_or(|m| r.peak <= m)
    }
}

/// DAOFIND's SROUND: sums over the four quadrants of the central square of the convolved cutout, each quadrant holding
/// one of the half axes.
fn symmetry(density: &[f64], ky: usize, kx: usize) -> f64 {
    let c = (ky.min(kx) / 2) as i64;
    let (mut difference, mut total) = (0.0, 0.0);
    for j in -c..=c {
        let row = ((ky / 2) as i64 + j) as usize * kx;
        for i in -c..=c {
            if i == 0 && j == 0 {
                continue;
            }
            let v = density[row + ((kx / 2) as i64 + i) as usize];
            let quadrant_of_x = (j <= 0 && i > 0) || (j >= 0 && i < 0);
            difference += if quadrant_of_x { -v } else { v };
            total += v.abs();
        }
    }
    2.0 * difference / total
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn quadrants_of_the_symmetry() {
        // photutils: bottom right and top left count negative; each side takes the half axis next to it.
        let mut d = vec![0.0; 25];
        d[2 * 5 + 3] = 1.0; // right half axis
        assert_eq!(symmetry(&d, 5, 5), -2.0);
        d[2 * 5 + 3] = 0.0;
        d[3 * 5 + 2] = 1.0; // upper half axis
        assert_eq!(symmetry(&d, 5, 5), 2.0);
    }

    #[test]
    fn what_is_refused() {
        let data = Array2::<f64>::zeros((9, 9));
        let image = Image::new(data.view()).unwrap();
        let base = || DaoStarFinder::new(1.0, 2.0).unwrap();
        assert!(DaoStarFinder::new(1.0, -2.0).is_err());
        let message = |f: DaoStarFinder| f.find(&image).unwrap_err().to_string();
        assert_eq!(
            message(DaoStarFinder { n_brightest: Some(0), ..base() }),
            "n_brightest must be at least 1, found 0"
        );
        assert_eq!(
            message(DaoStarFinder { sharpness_range: Some((1.0, 0.2)), ..base() }),
            "sharpness_range must be (lower, upper) with lower <= upper, found (1, 0.2)"
        );
        assert_eq!(
            message(DaoStarFinder { min_separation: Some(-1.0), ..base() }),
            "min_separation must be 0 or more, found -1"
        );
        assert_eq!(
            message(DaoStarFinder { threshold: Array2::zeros((3, 9)).into(), ..base() }),
            "the threshold image has shape (3, 9) (ny, nx), but the data has shape (9, 9)"
        );
        assert!(
            message(DaoStarFinder { xycoords: Some(vec![Point::new(9.0, 0.0)]), ..base() })
                .contains("position 0")
        );
    }
}
