//! An image with its planes, as loaded from files.

use ndarray::Array2;
use skyphot_core::{Image, Pixel};
use skyphot_io::Header;
use skyphot_stats::{EffectiveGain, calc_total_error};

use crate::{PipelineError, Result, SkyMap};

/// An image with its error, mask and header.
#[derive(Debug, Clone)]
pub struct Exposure<T: Pixel> {
    /// Pixel values, `(ny, nx)`.
    pub data: Array2<T>,
    /// 1-sigma errors, if a plane was given.
    pub error: Option<Array2<T>>,
    /// Bad pixels (`true`), if a mask, data-quality or weight plane was given.
    pub mask: Option<Array2<bool>>,
    /// Header of the image; for ASDF files its unit and, with a GWCS, the cards of the TAN-SIP system nearest to it.
    pub header: Header,
    /// The way from pixels to the sky: the GWCS of the file, or the WCS of its header.
    pub sky: Option<SkyMap>,
    /// Unit of the image.
    pub unit: Option<String>,
    /// File and HDU or place in the tree as given.
    pub file: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Things to know about the file.
    pub notes: Vec<String>,
}

/// An exposure in the pixel type its file calls for: `f32` for BITPIX 8, 16 and -32, `f64` for the others.
#[derive(Debug, Clone)]
pub enum AnyExposure {
    /// Stored as `f32`.
    F32(Exposure<f32>),
    /// Stored as `f64`.
    F64(Exposure<f64>),
}

/// Calls an expression on the exposure inside an [`AnyExposure`], whatever its pixel type.
#[macro_export]
macro_rules! with_exposure {
    ($any:expr, $e:ident => $body:expr) => {
        match $any {
            $crate::AnyExposure::F32($e) => $body,
            $crate::AnyExposure::F64($e) => $body,
        }
    };
}

impl<T: Pixel> Exposure<T> {
    /// The image with its mask and error.
    ///
    /// # Errors
    /// [`PipelineError::Core`] for shapes that differ.
    pub fn image(&self) -> Result<Image<'_, T>> {
        let mut image = Image::new(self.data.view())?;
        if let Some(m) = &self.mask {
            image = image.with_mask(m.view())?;
        }
        if let Some(e) = &self.error {
            image = image.with_error(e.view())?;
        }
        Ok(image)
    }

    /// The image with another error plane.
    ///
    /// # Errors
    /// [`PipelineError::Core`] for shapes that differ.
    pub fn image_with_error<'a>(&'a self, error: &'a Array2<T>) -> Result<Image<'a, T>> {
        Ok(self.image()?.with_error(error.view())?)
    }

    /// Number of bad pixels: masked, NaN or infinite.
    #[must_use]
    pub fn n_bad(&self) -> usize {
        match &self.mask {
            Some(m) => self.data.iter().zip(m).filter(|(v, m)| **m || !v.is_finite()).count(),
            None => self.data.iter().filter(|v| !v.is_finite()).count(),
        }
    }

    /// Refuses an image without one good pixel.
    ///
    /// # Errors
    /// [`PipelineError::AllBad`].
    pub fn require_good_pixels(&self) -> Result<()> {
        if self.n_bad() == self.data.len() {
            return Err(PipelineError::AllBad { file: self.file.clone(), pixels: self.data.len() });
        }
        Ok(())
    }

    /// The error plane, with the Poisson noise of the sources for a gain in electrons per data unit; `None` if there
    /// is neither a plane nor a gain.
    ///
    /// # Errors
    /// [`PipelineError::Stats`] for a gain that is not positive.
    pub fn total_error(&self, gain: Option<f64>) -> Result<Option<Array2<T>>> {
        match (&self.error, gain) {
            (e, None) => Ok(e.clone()),
            (Some(e), Some(g)) => {
                Ok(Some(calc_total_error(self.data.view(), e.view(), EffectiveGain::Scalar(g))?))
            }
            (None, Some(g)) => {
                let zero = Array2::from_elem(self.data.dim(), T::default());
                Ok(Some(calc_total_error(self.data.view(), zero.view(), EffectiveGain::Scalar(g))?))
            }
        }
    }
}
