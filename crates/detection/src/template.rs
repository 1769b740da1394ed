//! Stars that look like a given kernel.

use ndarray::ArrayView2;
use skyphot_core::{Exec, Image, Meta, Pixel};
use skyphot_filter::{Footprint, Kernel};

use crate::catalog::{StarCatalog, StarShape};
use crate::density::{Density, DensitySearch, Measure, Measured, search};
use crate::error::{DetectionError, Result, at_least_one, not_nan, not_negative};
use crate::finder::keep_brightest;
use crate::kernel::cutout::cutout;
use crate::kernel::moments::moments;
use crate::kernel::pairwise::pairwise_sum;
use crate::select::Neighbourhood;
use crate::{Outcome, Threshold};

/// Finds stars with a kernel of the caller (a PSF): convolution with the kernel on a fitted background, local maxima
/// above the threshold, moments of the non-negative pixels in a window of the kernel's shape.
///
/// The image should be background-subtracted. Masked pixels cannot be peaks nor hide them, but their values enter the
/// convolution and the sums, as in photutils. Beyond the edge the image counts as 0.
///
/// ```
/// use skyphot_core::Image;
/// use skyphot_detection::StarFinder;
/// use skyphot_filter::Kernel;
/// let data = skyphot_core::testing::field(80, 100, 7, 12, 1.0) - 102.0;
/// let psf = Kernel::gaussian(1.3, 1.3, 0.0, (7, 7))?;
/// let stars = StarFinder::new(20.0, psf.data())?.find(&Image::new(data.view())?)?;
/// assert!(stars.len() > 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Differences from photutils
/// As [`DaoStarFinder`](crate::DaoStarFinder).
#[derive(Debug, Clone)]
pub struct StarFinder {
    /// Height of a star above its background, data units; one value or an image.
    pub threshold: Threshold,
    /// What a star looks like; its centre is the element `(ny / 2, nx / 2)`, its maximum must be positive.
    pub kernel: Kernel,
    /// Peaks this close (pixels) to a higher one are dropped; 0 = only within a window of the kernel's shape. `None`
    /// (default) = 2.5 times half the shorter side of the kernel.
    pub min_separation: Option<f64>,
    /// Drop peaks closer to the edge than half the kernel. Default false.
    pub exclude_border: bool,
    /// Keep only this many stars, those of the largest flux. Default: all.
    #[doc(alias = "brightest")]
    pub n_brightest: Option<usize>,
    /// Drop stars whose highest pixel lies above, data units. Default: none.
    #[doc(alias = "peakmax")]
    pub peak_max: Option<f64>,
    /// Threads to use.
    pub exec: Exec,
}

/// One measured candidate.
#[derive(Debug, Clone, Copy)]
struct Row {
    x: f64,
    y: f64,
    fwhm: f64,
    roundness: f64,
    orientation: f64,
    peak: f64,
    flux: f64,
}

impl StarFinder {
    /// A finder with the default parameters for stars that look like `kernel` (`kernel[[y, x]]`, its centre at
    /// `(ny / 2, nx / 2)`) and rise above a threshold (data units).
    ///
    /// # Errors
    /// [`DetectionError::Filter`] for a kernel that is empty or not finite, [`DetectionError::KernelNotPositive`].
    pub fn new(threshold: impl Into<Threshold>, kernel: ArrayView2<'_, f64>) -> Result<Self> {
        let kernel = Kernel::from_array(kernel.to_owned())?;
        highest(&kernel)?;
        Ok(Self {
            threshold: threshold.into(),
            min_separation: None,
            exclude_border: false,
            n_brightest: None,
            peak_max: None,
            exec: Exec::default(),
            kernel,
        })
    }

    /// The kernel the image is convolved with: peak 1, then shifted and scaled so that the convolved image is the height
    /// of the best fit of kernel and constant background (left as it is if the kernel is constant).
    ///
    /// # Errors
    /// [`DetectionError::KernelNotPositive`].
    pub fn density_kernel(&self) -> Result<Kernel> {
        let kernel = &self.kernel.data() / highest(&self.kernel)?;
        let n = kernel.len() as f64;
        let values: Vec<f64> = kernel.iter().copied().collect();
        let sum = pairwise_sum(&values);
        let variance = pairwise_sum(&values.iter().map(|v| v * v).collect::<Vec<_>>()) - sum * sum / n;
        Ok(Kernel::from_array(if variance > 0.0 { (kernel - sum / n) / variance } else { kernel })?)
    }

    fn separation(&self) -> f64 {
        let (ky, kx) = self.kernel.shape();
        self.min_separation.unwrap_or(2.5 * (ky.min(kx) / 2) as f64)
    }

    /// The stars of a background-subtracted image, row by row (or the brightest first).
    ///
    /// # Errors
    /// [`DetectionError`] for parameters out of range or a threshold image of another shape. Finding nothing is not an
    /// error.
    pub fn find<T: Pixel>(&self, image: &Image<'_, T>) -> Result<StarCatalog> {
        at_least_one("n_brightest", self.n_brightest)?;
        not_nan("peak_max", self.peak_max)?;
        not_negative("min_separation", self.min_separation)?;
        self.threshold.check("threshold", image.shape())?;
        let (ky, kx) = self.kernel.shape();
        let weights = self.density_kernel()?;
        let separation = self.separation();
        let neighbourhood = if separation == 0.0 {
            Neighbourhood::Footprint(Footprint::rectangle(ky, kx)?)
        } else {
            Neighbourhood::Separation(separation)
        };
        let border = if self.exclude_border { ((ky - 1) / 2, (kx - 1) / 2) } else { (0, 0) };
        let what = DensitySearch {
            kernel: &weights,
            threshold: &self.threshold,
            neighbourhood: &neighbourhood,
            border,
            exec: &self.exec,
        };
        let Measured { rows, n_candidates } = search(image, &what, self.measurement(image))?;
        let kept = keep_brightest(rows, self.n_brightest, |r| r.flux);
        let column = |f: fn(&Row) -> f64| kept.iter().map(f).collect::<Vec<f64>>();
        Ok(StarCatalog {
            x_centroid: column(|r| r.x),
            y_centroid: column(|r| r.y),
            peak: column(|r| r.peak),
            flux: column(|r| r.flux),
            mag: column(|r| -2.5 * r.flux.log10()),
            shape: StarShape::Template {
                fwhm: column(|r| r.fwhm),
                roundness: column(|r| r.roundness),
                orientation: column(|r| r.orientation),
            },
            n_candidates,
            outcome: Outcome::of(n_candidates, kept.len()),
            meta: self.meta(),
        })
    }

    fn meta(&self) -> Meta {
        let mut m = Meta::new();
        m.set("finder", "star");
        m.set("threshold", self.threshold.scalar());
        m.set("min_separation", self.separation());
        m
    }

    /// Measures a candidate; `None` if it does not pass the filters.
    fn measurement<'a, T: Pixel>(&'a self, image: &'a Image<'_, T>) -> impl Measure<Row> + 'a {
        let (ky, kx) = self.kernel.shape();
        move |_: &Density<'_>, (y, x): (usize, usize), data: &mut Vec<f64>, _: &mut Vec<f64>| {
            cutout(image.data(), (y, x), (ky, kx), data);
            for v in data.iter_mut() {
                if *v < 0.0 {
                    *v = 0.0;
                }
            }
            let m = moments(data, kx);
            let r = Row {
                x: m.x + x as f64 - (kx / 2) as f64,
                y: m.y + y as f64 - (ky / 2) as f64,
                fwhm: m.fwhm(),
                roundness: m.roundness(),
                orientation: m.orientation_deg(),
                peak: data.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                flux: m.sum,
            };
            let finite =
                [r.x, r.y, r.fwhm, r.roundness, r.orientation, r.peak, r.flux].iter().all(|v| v.is_finite());
            (finite && self.peak_max.is_none_or(|m| r.peak <= m)).then_some(r)
        }
    }
}

/// The maximum of a kernel, which must be positive.
fn highest(kernel: &Kernel) -> Result<f64> {
    let highest = kernel.data().iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if highest > 0.0 { Ok(highest) } else { Err(DetectionError::KernelNotPositive(highest)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, arr2};

    #[test]
    fn kernels_that_are_refused() {
        assert!(StarFinder::new(1.0, arr2(&[[f64::NAN]]).view()).is_err());
        assert!(StarFinder::new(1.0, Array2::zeros((0, 2)).view()).is_err());
        let e = StarFinder::new(1.0, arr2(&[[0.0, -1.0]]).view()).unwrap_err();
        assert_eq!(e.to_string(), "the kernel must have a positive maximum, found 0");
    }

    #[test]
    fn a_constant_kernel_stays_as_it_is() {
        let f = StarFinder::new(1.0, Array2::from_elem((3, 3), 2.0).view()).unwrap();
        assert_eq!(f.density_kernel().unwrap().data(), Array2::from_elem((3, 3), 1.0));
        assert_eq!(f.separation(), 2.5);
    }
}
