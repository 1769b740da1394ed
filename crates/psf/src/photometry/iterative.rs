//! Finding and fitting again in what the last fit left.

use ndarray::{Array2, ArrayView2};
use skyphot_core::{Image, Pixel};
use skyphot_detection::Finder;

use super::config::PsfConfig;
use super::engine::{aperture_fluxes, fit, local_backgrounds};
use super::result::PsfPhotometry;
use crate::error::{PsfError, Result};
use crate::{InitialParameters, PsfModel};

/// What is fitted after the first pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IterationMode {
    /// Only the new sources, on the image less the sources of all passes before. The default.
    #[default]
    New,
    /// All sources again, on the image itself, with groups (the configuration needs a grouper).
    All,
}

/// How [`fit_iteratively`] works.
#[derive(Debug, Clone)]
pub struct IterativeConfig {
    /// The fits. Needs an aperture radius.
    pub psf: PsfConfig,
    /// What later passes fit. Default: the new sources.
    pub mode: IterationMode,
    /// Largest number of passes. Default 3.
    #[doc(alias = "maxiters")]
    pub max_iterations: usize,
    /// Box `(ny, nx)` on which sources are subtracted. Default: the model's bounding box.
    pub sub_shape: Option<(usize, usize)>,
}

impl Default for IterativeConfig {
    fn default() -> Self {
        Self { psf: PsfConfig::default(), mode: IterationMode::New, max_iterations: 3, sub_shape: None }
    }
}

/// Finds and fits sources of a background-subtracted image, subtracts them, finds what they hid, and so on until a pass
/// finds nothing new. The sources' `iter_detected` says in which pass each was found.
///
/// Start values of the first pass may be given in `initial`.
///
/// # Errors
/// Those of the finder and of [`fit`]; [`PsfError::InvalidData`] without an aperture radius, with a maximum of 0 passes,
/// or without a grouper in the mode [`IterationMode::All`].
#[doc(alias = "IterativePSFPhotometry")]
pub fn fit_iteratively<T: Pixel, M: PsfModel + ?Sized>(
    image: &Image<'_, T>,
    model: &M,
    finder: &dyn Finder<f64>,
    initial: Option<&InitialParameters>,
    config: &IterativeConfig,
) -> Result<PsfPhotometry> {
    fit_iteratively_with(image, model, finder, initial, config, |_| ())
}

/// As [`fit_iteratively`], with a look at the result of every pass: the sources it fitted.
///
/// # Errors
/// As for [`fit_iteratively`].
pub fn fit_iteratively_with<T: Pixel, M: PsfModel + ?Sized>(
    image: &Image<'_, T>,
    model: &M,
    finder: &dyn Finder<f64>,
    initial: Option<&InitialParameters>,
    config: &IterativeConfig,
    mut watch: impl FnMut(&PsfPhotometry),
) -> Result<PsfPhotometry> {
    let wrong =
        |what, expected, found: &str| Err(PsfError::InvalidData { what, expected, found: found.to_owned() });
    if config.max_iterations == 0 {
        return wrong("max_iterations", "at least 1", "0");
    }
    if config.psf.aperture_radius.is_none() {
        return wrong("aperture_radius", "given for iterative photometry", "none");
    }
    if config.mode == IterationMode::All && config.psf.grouper.is_none() {
        return wrong("grouper", "given to fit all sources again", "none");
    }
    let data: Array2<f64> = image.data().mapv(Pixel::to_f64);
    let error = image.error().map(|e| e.mapv(Pixel::to_f64));
    let mask = image.mask();
    let mut phot = {
        let now = with_planes(&data, error.as_ref(), mask.as_ref())?;
        let found;
        let start = match initial {
            Some(i) => i,
            None => {
                found = InitialParameters::from_positions(&finder.find(&now)?.positions());
                &found
            }
        };
        fit(&now, model, start, &config.psf)?
    };
    phot.iter_detected = vec![1; phot.len()];
    watch(&phot);
    if phot.is_empty() {
        return Ok(phot);
    }
    // What is subtracted: everything found so far (mode all), or the sources of the last pass from the last residual.
    let mut residual = data.clone();
    let mut last = phot.clone();
    for pass in 2..=config.max_iterations {
        let model_image = last.model_image(model, image.shape(), config.sub_shape, false);
        match config.mode {
            IterationMode::New => residual -= &model_image,
            IterationMode::All => residual = &data - &model_image,
        }
        let left = with_planes(&residual, error.as_ref(), mask.as_ref())?;
        let found = finder.find(&left)?.positions();
        if found.is_empty() {
            break;
        }
        let iteration = u32::try_from(pass).unwrap_or(u32::MAX);
        match config.mode {
            IterationMode::New => {
                let start = InitialParameters::from_positions(&found);
                last = fit(&left, model, &start, &config.psf)?;
                last.iter_detected = vec![iteration; last.len()];
                watch(&last);
                phot.append(&last);
            }
            IterationMode::All => {
                let (mut start, kept) = phot.to_refit();
                let new = InitialParameters::from_positions(&found);
                let local = local_backgrounds(&left, &new, &config.psf);
                let flux = aperture_fluxes(&left, &new, &local, &config.psf)?;
                let mut detected: Vec<u32> = kept.iter().map(|&i| phot.iter_detected[i]).collect();
                detected.resize(detected.len() + found.len(), iteration);
                start.extend(&found, &flux, &local, model);
                last = fit(&with_planes(&data, error.as_ref(), mask.as_ref())?, model, &start, &config.psf)?;
                last.iter_detected = detected;
                watch(&last);
                phot = last.clone();
            }
        }
    }
    Ok(phot)
}

/// The data with the error and mask of the image.
fn with_planes<'a>(
    data: &'a Array2<f64>,
    error: Option<&'a Array2<f64>>,
    mask: Option<&'a ArrayView2<'_, bool>>,
) -> Result<Image<'a, f64>> {
    let mut out = Image::new(data.view())?;
    if let Some(e) = error {
        out = out.with_error(e.view())?;
    }
    if let Some(m) = mask {
        out = out.with_mask(m.view())?;
    }
    Ok(out)
}
