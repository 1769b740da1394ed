//! Detection and deblending in one step.

use ndarray::Array2;
use skyphot_core::{Image, Pixel};
use skyphot_detection::Threshold;
use skyphot_filter::Kernel;

use crate::error::Result;
use crate::{
    DeblendConfig, DetectConfig, SegmentationImage, deblend_sources, detect_sources, detect_sources_convolved,
};

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
        self.check()?;
        let segm = detect_sources(image, threshold, self.n_pixels, &self.detection())?;
        self.take_apart(image, segm)
    }

    /// As [`find`](Self::find) on the image convolved with a kernel, which is returned too; see
    /// [`detect_sources_convolved`].
    ///
    /// # Errors
    /// Those of [`detect_sources`] and [`deblend_sources`].
    pub fn find_convolved<T: Pixel>(
        &self,
        image: &Image<'_, T>,
        kernel: &Kernel,
        threshold: &Threshold,
    ) -> Result<(SegmentationImage, Array2<T>)> {
        self.check()?;
        let (segm, convolved) =
            detect_sources_convolved(image, kernel, threshold, self.n_pixels, &self.detection())?;
        let segm = self.take_apart(&Image::new(convolved.view())?, segm)?;
        Ok((segm, convolved))
    }

    pub(crate) fn check(&self) -> Result<()> {
        self.deblend.as_ref().map_or(Ok(()), |d| d.check(self.n_pixels_deblend))
    }

    pub(crate) fn detection(&self) -> DetectConfig {
        match &self.deblend {
            Some(d) => DetectConfig { connectivity: d.connectivity, exec: d.exec.clone() },
            None => self.detect.clone(),
        }
    }

    fn take_apart<T: Pixel>(
        &self,
        image: &Image<'_, T>,
        segm: SegmentationImage,
    ) -> Result<SegmentationImage> {
        match &self.deblend {
            Some(d) => deblend_sources(image, &segm, self.n_pixels_deblend, d),
            None => Ok(segm),
        }
    }
}
