//! IRAF's starfind.

use skyphot_core::{Exec, Image, Meta, Pixel, Point};
use skyphot_filter::Kernel;

use crate::catalog::{StarCatalog, StarShape};
use crate::density::{Density, DensitySearch, Measure, Measured, measure_at, search};
use crate::error::{Result, at_least_one, not_nan, not_negative, ordered};
use crate::finder::{given_pixels, keep_brightest, on_image, within};
use crate::kernel::cutout::cutout;
use crate::kernel::moments::moments;
use crate::{DensityKernel, Outcome, Threshold};

/// Finds stars with the algorithm of IRAF's `starfind`: the search of DAOFIND with a round kernel, then centroid, size,
/// sharpness and roundness from the moments of the pixels above a local sky.
///
/// The image should be background-subtracted. Masked pixels cannot be peaks nor hide them, but their values enter the
/// convolution and the sums, as in photutils; non-finite pixels spoil the stars whose kernel they touch. Beyond the edge
/// the image counts as 0.
///
/// ```
/// use skyphot_core::Image;
/// use skyphot_detection::IrafStarFinder;
/// let data = skyphot_core::testing::field(80, 100, 7, 12, 1.0) - 102.0;
/// let stars = IrafStarFinder::new(20.0, 3.0)?.find(&Image::new(data.view())?)?;
/// assert!(stars.len() > 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Differences from photutils
/// As [`DaoStarFinder`](crate::DaoStarFinder).
#[derive(Debug, Clone)]
#[doc(alias = "IRAFStarFinder")]
#[doc(alias = "starfind")]
pub struct IrafStarFinder {
    /// Height of a star above its background, data units; one value or an image.
    pub threshold: Threshold,
    /// FWHM of the stars, pixels.
    pub fwhm: f64,
    /// Where the kernel is cut, in standard deviations. Default 1.5.
    pub sigma_radius: f64,
    /// Sharpness kept, bounds included; `None` = all. Default (0.5, 2.0).
    #[doc(alias = "sharplo")]
    #[doc(alias = "sharphi")]
    pub sharpness_range: Option<(f64, f64)>,
    /// Roundness kept, bounds included; `None` = all. Default (0.0, 0.2).
    #[doc(alias = "roundlo")]
    #[doc(alias = "roundhi")]
    pub roundness_range: Option<(f64, f64)>,
    /// Drop peaks closer to the edge than half the kernel. Default false.
    pub exclude_border: bool,
    /// Keep only this many stars, those of the largest flux. Default: all.
    #[doc(alias = "brightest")]
    pub n_brightest: Option<usize>,
    /// Drop stars whose highest pixel above the local sky lies above, data units. Default: none.
    #[doc(alias = "peakmax")]
    pub peak_max: Option<f64>,
    /// Measure these positions (pixels, rounded) instead of searching. Default: search.
    pub xycoords: Option<Vec<Point>>,
    /// Peaks this close (pixels) to a higher one are dropped; 0 = only within the kernel's footprint. `None` (default) =
    /// 2.5 FWHM.
    pub min_separation: Option<f64>,
    /// Drop stars with fewer pixels above the local sky. Default 5.
    #[doc(alias = "npixmin")]
    pub min_n_pixels: usize,
    /// Threads to use.
    pub exec: Exec,
}

/// One measured candidate.
#[derive(Debug, Clone, Copy)]
struct Row {
    x: f64,
    y: f64,
    fwhm: f64,
    sharpness: f64,
    roundness: f64,
    orientation: f64,
    n_pixels: usize,
    sky: f64,
    peak: f64,
    flux: f64,
}

impl IrafStarFinder {
    /// A finder with the default parameters for stars of a FWHM (pixels) that rise above a threshold (data units).
    ///
    /// # Errors
    /// [`DetectionError::InvalidParameter`](crate::DetectionError::InvalidParameter) for a FWHM that is not positive.
    pub fn new(threshold: impl Into<Threshold>, fwhm: f64) -> Result<Self> {
        let finder = Self {
            threshold: threshold.into(),
            fwhm,
            sigma_radius: 1.5,
            sharpness_range: Some((0.5, 2.0)),
            roundness_range: Some((0.0, 0.2)),
            exclude_border: false,
            n_brightest: None,
            peak_max: None,
            xycoords: None,
            min_separation: None,
            min_n_pixels: 5,
            exec: Exec::default(),
        };
        finder.kernel()?;
        Ok(finder)
    }

    /// The kernel the image is convolved with.
    ///
    /// # Errors
    /// As [`DensityKernel::new`].
    pub fn kernel(&self) -> Result<DensityKernel> {
        DensityKernel::new(self.fwhm, 1.0, 0.0, self.sigma_radius)
    }

    /// The stars of a background-subtracted image, row by row (or as `xycoords` are given, or the brightest first).
    ///
    /// # Errors
    /// [`DetectionError`](crate::DetectionError) for parameters out of range, a threshold image of another shape, or
    /// given positions outside the image. Finding nothing is not an error.
    pub fn find<T: Pixel>(&self, image: &Image<'_, T>) -> Result<StarCatalog> {
        self.check()?;
        let kernel = self.kernel()?;
        self.threshold.check("threshold", image.shape())?;
        let weights = Kernel::from_array(kernel.data().to_owned())?;
        let measure = self.measurement(image, &kernel);
        let Measured { rows, n_candidates } = match &self.xycoords {
            Some(points) => {
                measure_at(image, &weights, &given_pixels(points, image.shape())?, &self.exec, measure)
            }
            None => {
                let separation = self.min_separation.unwrap_or(2.5 * self.fwhm);
                let what = DensitySearch {
                    kernel: &weights,
                    threshold: &self.threshold,
                    neighbourhood: &kernel.neighbourhood(separation)?,
                    border: kernel.border(self.exclude_border),
                    exec: &self.exec,
                };
                search(image, &what, measure)?
            }
        };
        let kept = keep_brightest(rows, self.n_brightest, |r| r.flux);
        let column = |f: fn(&Row) -> f64| kept.iter().map(f).collect::<Vec<f64>>();
        Ok(StarCatalog {
            x_centroid: column(|r| r.x),
            y_centroid: column(|r| r.y),
            peak: column(|r| r.peak),
            flux: column(|r| r.flux),
            mag: column(|r| -2.5 * r.flux.log10()),
            shape: StarShape::Iraf {
                fwhm: column(|r| r.fwhm),
                sharpness: column(|r| r.sharpness),
                roundness: column(|r| r.roundness),
                orientation: column(|r| r.orientation),
                n_pixels: kept.iter().map(|r| r.n_pixels as i64).collect(),
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
        at_least_one("min_n_pixels", Some(self.min_n_pixels))?;
        not_nan("peak_max", self.peak_max)?;
        not_negative("min_separation", self.min_separation)
    }

    fn meta(&self) -> Meta {
        let mut m = Meta::new();
        m.set("finder", "iraf");
        m.set("threshold", self.threshold.scalar());
        m.set("fwhm", self.fwhm);
        m.set("sigma_radius", self.sigma_radius);
        m.set("min_separation", self.min_separation.unwrap_or(2.5 * self.fwhm));
        m
    }

    /// Measures a candidate; `None` if it does not pass the filters.
    fn measurement<'a, T: Pixel>(
        &'a self,
        image: &'a Image<'_, T>,
        kernel: &DensityKernel,
    ) -> impl Measure<Row> + 'a {
        let (ky, kx) = kernel.shape();
        let kernel_fwhm = kernel.fwhm();
        let centre = (ky / 2) * kx + kx / 2;
        let inside: Vec<bool> = kernel.mask().iter().copied().collect();
        let n_sky = inside.len() - kernel.n_pixels();
        move |density: &Density<'_>, (y, x): (usize, usize), data: &mut Vec<f64>, _: &mut Vec<f64>| {
            cutout(image.data(), (y, x), (ky, kx), data);
            // Without a pixel outside the footprint the sky is what the fit of the Gaussian leaves.
            let sky = if n_sky == 0 {
                data[centre] - density.at((y, x))
            } else {
                data.iter().zip(&inside).filter(|(_, m)| !**m).map(|(v, _)| v).sum::<f64>() / n_sky as f64
            };
            for (v, m) in data.iter_mut().zip(&inside) {
                *v = if *m { *v - sky } else { 0.0 };
                if *v < 0.0 {
                    *v = 0.0;
                }
            }
            let m = moments(data, kx);
            let fwhm = m.fwhm();
            let row = Row {
                x: m.x + x as f64 - (kx / 2) as f64,
                y: m.y + y as f64 - (ky / 2) as f64,
                fwhm,
                sharpness: fwhm / kernel_fwhm,
                roundness: m.roundness(),
                orientation: m.orientation_deg(),
                n_pixels: data.iter().filter(|v| **v != 0.0).count(),
                sky,
                peak: data.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                flux: m.sum,
            };
            self.keeps(&row, image.shape()).then_some(row)
        }
    }

    fn keeps(&self, r: &Row, shape: (usize, usize)) -> bool {
        r.n_pixels >= self.min_n_pixels
            && [r.x, r.y, r.sharpness, r.roundness, r.orientation, r.sky, r.peak, r.flux]
                .iter()
                .all(|v| v.is_finite())
            && on_image(r.x, r.y, shape)
            && within(r.sharpness, self.sharpness_range)
            && within(r.roundness, self.roundness_range)
            && self.peak_max.is_none_or(|m| r.peak <= m)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn what_is_refused() {
        let data = Array2::<f64>::zeros((9, 9));
        let image = Image::new(data.view()).unwrap();
        let base = || IrafStarFinder::new(1.0, 2.0).unwrap();
        assert!(IrafStarFinder::new(1.0, f64::NAN).is_err());
        assert!(IrafStarFinder { min_n_pixels: 0, ..base() }.find(&image).is_err());
        assert!(IrafStarFinder { peak_max: Some(f64::NAN), ..base() }.find(&image).is_err());
        assert!(IrafStarFinder { threshold: f64::NAN.into(), ..base() }.find(&image).is_err());
        assert_eq!(base().find(&image).unwrap().outcome, Outcome::NothingAboveThreshold);
    }
}
