//! How forced photometry measures.

use serde::Serialize;
use skyphot_core::Exec;

use crate::{ApertureSection, InputSection, PipelineError, PsfSpec, Result, ShapeSpec};

/// How [`forced`](super::forced) and [`measure_forced`](super::measure_forced) work.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ForcedOptions {
    /// Planes of the images and what counts as bad in them. Default: those that the files bring along.
    pub planes: InputSection,
    /// Apertures: circles, ellipses, rectangles of any size specification. Default: circles of 3 and 5 pixels.
    pub apertures: Vec<ShapeSpec>,
    /// Annulus of the local background. Default: none.
    pub annulus: Option<ShapeSpec>,
    /// Statistic and clipping of the annulus, and the weight of pixels on the rim (`annulus-stat`, `annulus-clip`,
    /// `method`); its radii are not used.
    pub section: ApertureSection,
    /// PSF that is fitted at the places. Default: none.
    #[serde(serialize_with = "text")]
    pub psf: Option<PsfSpec>,
    /// Detector of STDPSF files of several.
    pub psf_detector: Option<usize>,
    /// Samples per pixel of a PSF image that does not say.
    pub oversampling: Option<usize>,
    /// Rows and columns of the fit of the PSF, odd numbers. Default (5, 5).
    pub fit_shape: (usize, usize),
    /// Sources up to so many pixels apart are fitted together. Default: each alone.
    pub group: Option<f64>,
    /// Limits are so many times the error. Default 3.
    pub n_sigma: f64,
    /// Leave out the rows of places that are not on an image. Default false: one row for each source and image.
    pub only_on_image: bool,
    /// Threads.
    #[serde(skip)]
    pub exec: Exec,
}

impl Default for ForcedOptions {
    fn default() -> Self {
        Self {
            planes: InputSection::default(),
            apertures: ShapeSpec::circles("3,5").unwrap_or_default(),
            annulus: None,
            section: ApertureSection::default(),
            psf: None,
            psf_detector: None,
            oversampling: None,
            fit_shape: (5, 5),
            group: None,
            n_sigma: 3.0,
            only_on_image: false,
            exec: Exec::default(),
        }
    }
}

impl ForcedOptions {
    pub(super) fn check(&self) -> Result<()> {
        if !(self.n_sigma > 0.0 && self.n_sigma.is_finite()) {
            return Err(PipelineError::value("limit", self.n_sigma.to_string(), "a number of errors > 0"));
        }
        if self.fit_shape.0.is_multiple_of(2) || self.fit_shape.1.is_multiple_of(2) {
            let found = format!("{},{}", self.fit_shape.0, self.fit_shape.1);
            return Err(PipelineError::value("fit-shape", found, "odd numbers of pixels"));
        }
        Ok(())
    }
}

fn text<S: serde::Serializer>(psf: &Option<PsfSpec>, s: S) -> std::result::Result<S::Ok, S::Error> {
    match psf {
        Some(p) => s.serialize_str(&p.to_string()),
        None => s.serialize_none(),
    }
}
