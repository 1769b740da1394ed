//! A PSF given as an oversampled image.

use ndarray::{ArrayView2, Axis};

use crate::error::{PsfError, Result};
use crate::render::Drawn;
use crate::samples::{Around, Samples};
use crate::{Derivatives, Extent, PsfModel, ShapeParameter, Source, Window};

/// How an image is sampled and placed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ImagePsfConfig {
    /// Samples per pixel along y and x. Default (1, 1).
    pub oversampling: (usize, usize),
    /// Sample `(x, y)` that lies on the position of a source. Default `None`: the centre of the image.
    pub origin: Option<(f64, f64)>,
    /// Beyond the samples take the value at the edge instead of 0. Default false. (The reference's `fill_value = None`.)
    pub extrapolate: bool,
}

impl Default for ImagePsfConfig {
    fn default() -> Self {
        Self { oversampling: (1, 1), origin: None, extrapolate: false }
    }
}

/// A PSF given as an image: the flux in a pixel centred on each sample. Between samples it is a bicubic spline.
///
/// For fluxes to be total fluxes, the samples must sum to the product of the oversampling factors.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_psf::{ImagePsf, ImagePsfConfig, PsfModel, Source, Window};
/// let data = Array2::from_shape_fn((21, 21), |(y, x)| {
///     let r2 = (x as f64 - 10.0).powi(2) + (y as f64 - 10.0).powi(2);
///     (-r2 / 18.0).exp() / (18.0 * std::f64::consts::PI) * 4.0
/// });
/// let psf = ImagePsf::new(data.view(), ImagePsfConfig { oversampling: (2, 2), ..Default::default() })?;
/// let mut out = [0.0; 1];
/// psf.evaluate(&Source { x: 5.0, y: 5.0, shape: &[] }, Window::new(5, 5, 1, 1), &mut out);
/// assert!((out[0] - data[[10, 10]]).abs() < 1e-14);
/// # Ok::<(), skyphot_psf::PsfError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "ImagePSF")]
#[doc(alias = "FittableImageModel")]
#[doc(alias = "EPSFModel")]
pub struct ImagePsf {
    samples: Samples,
}

impl ImagePsf {
    /// A model of an image of shape `(ny, nx)`.
    ///
    /// # Errors
    /// [`PsfError::InvalidData`] for fewer than 4 x 4 samples, samples that are not finite, an oversampling of 0 or an
    /// origin that is not finite.
    pub fn new(data: ArrayView2<'_, f64>, config: ImagePsfConfig) -> Result<Self> {
        if let Some((x, y)) = config.origin
            && !(x.is_finite() && y.is_finite())
        {
            let found = format!("({x}, {y})");
            return Err(PsfError::InvalidData { what: "origin (x, y)", expected: "finite", found });
        }
        let samples = Samples::new(
            data.to_owned().insert_axis(Axis(0)),
            config.oversampling,
            config.origin,
            config.extrapolate,
        )?;
        Ok(Self { samples })
    }

    /// The samples.
    #[must_use]
    pub fn data(&self) -> ArrayView2<'_, f64> {
        self.samples.data().index_axis(Axis(0), 0)
    }

    /// Samples per pixel along y and x.
    #[must_use]
    pub fn oversampling(&self) -> (usize, usize) {
        self.samples.oversampling()
    }

    /// Sample `(x, y)` that lies on the position of a source.
    #[must_use]
    pub fn origin(&self) -> (f64, f64) {
        self.samples.origin()
    }

    fn plane(&self) -> Around<'_> {
        ([self.samples.plane(0, 1.0, 0.0, 0.0); 4], 1)
    }
}

impl PsfModel for ImagePsf {
    fn name(&self) -> &'static str {
        "ImagePsf"
    }

    fn shape_parameters(&self) -> Vec<ShapeParameter> {
        Vec::new()
    }

    fn evaluate(&self, source: &Source<'_>, window: Window, out: &mut [f64]) {
        self.samples.evaluate(self.plane(), source, window, out);
    }

    fn derivatives(&self, source: &Source<'_>, window: Window, _with_shape: bool, out: &mut Derivatives) {
        self.samples.derivatives(self.plane(), source, window, out);
    }

    fn draw(&self, sources: &[Drawn<'_>], window: Window, image: &mut [f64]) {
        self.samples.draw(sources, window, image, |_| (0, self.plane()));
    }

    fn extent(&self, source: &Source<'_>) -> Extent {
        self.samples.extent(source)
    }

    fn support(&self, source: &Source<'_>) -> Extent {
        self.samples.support(source)
    }
}
