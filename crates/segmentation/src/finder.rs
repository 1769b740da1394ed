//! Detection and deblending in one step.

use skyphot_core::{Image, Pixel};
use skyphot_detection::Threshold;

use crate::error::Result;
use crate::{DeblendConfig, DetectConfig, SegmentationImage, deblend_sources, detect_sources};

/// Detects sources and takes overlapping ones apart.
///
/// ```
/// use skyphot_core::Image;
/// use skyphot_detection::Threshold;
/// use skyphot_segmentation::SourceFinder;
/// let data = skyphot_core::testing::field(120, 160, 11, 20, 2.0) - 105.0; // background-subtracted
/// let segm = SourceFinder::new(5).find(&Image::new(data.view())?, &Threshold::Scalar(15.0))?;
/// assert!(segm.len() > 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct SourceFinder {
    /// Least number of connected pixels of a source.
    pub n_pixels: usize,
    /// Least number of pixels of a peak in deblending.
    pub n_pixels_deblend: usize,
    /// Deblending; `None` = leave overlapping sources together. Its connectivity and threads are also those of the
    /// detection.
    pub deblend: Option<DeblendConfig>,
    /// Detection without deblending uses these.
    pub detect: DetectConfig,
}

impl SourceFinder {
    /// Sources of at least `n_pixels` pixels, deblended with the default parameters.
    #[must_use]
    pub fn new(n_pixels: usize) -> Self {
        Self {
            n_pixels,
            n_pixels_deblend: n_pixels,
            deblend: Some(DeblendConfig::default()),
            detect: DetectConfig::default(),
        }
    }

    /// Finds the sources of an image above a threshold.
    ///
    /// # Errors
    /// Those of [`detect_sources`] and [`deblend_sources`].
    pub fn find<T: Pixel>(&self, image: &Image<'_, T>, threshold: &Threshold) -> Result<SegmentationImage> {
        let Some(deblend) = &self.deblend else {
            return detect_sources(image, threshold, self.n_pixels, &self.detect);
        };
        deblend.check(self.n_pixels_deblend)?;
        let detect = DetectConfig { connectivity: deblend.connectivity, exec: deblend.exec.clone() };
        let segm = detect_sources(image, threshold, self.n_pixels, &detect)?;
        deblend_sources(image, &segm, self.n_pixels_deblend, deblend)
    }
}
