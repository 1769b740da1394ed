//! Sources of an image in memory.

use ndarray::Array2;
use skyphot_core::{Exec, Image, Pixel};
use skyphot_detection::Threshold;
use skyphot_segmentation::{CatalogImages, SegmentationImage, SourceCatalog, clean_sources};

use crate::segment::SegmentSection;
use crate::segment::section::NoiseOf;
use crate::spec::ThresholdSpec;
use crate::{Exposure, PipelineError, Result};

/// Sources and the image that they were found on.
#[derive(Debug, Clone)]
pub(crate) struct Detected<T: Pixel> {
    pub(crate) sources: SegmentationImage,
    /// The convolved image, if there is a kernel.
    pub(crate) convolved: Option<Array2<T>>,
    /// How many sources cleaning took away.
    pub(crate) cleaned: usize,
}

/// The noise that a threshold counts in.
pub(crate) fn noise<'a, T: Pixel>(
    exposure: &'a Exposure<T>,
    rms: &'a Array2<T>,
    of: NoiseOf,
) -> Result<&'a Array2<T>> {
    match (of, &exposure.error) {
        (NoiseOf::Background, _) => Ok(rms),
        (NoiseOf::Error, Some(e)) => Ok(e),
        (NoiseOf::Error, None) => Err(no_errors(&exposure.file)),
    }
}

pub(crate) fn no_errors(file: &str) -> PipelineError {
    PipelineError::value(
        "noise",
        "error",
        format!("there: {file} has no plane of errors, name one with error or weight"),
    )
}

/// Finds the sources of a background-subtracted image as a section says.
pub(crate) fn find<T: Pixel>(
    image: &Image<'_, T>,
    noise: &Array2<T>,
    section: &SegmentSection,
    exec: &Exec,
) -> Result<Detected<T>> {
    let finder = section.finder(exec)?;
    let threshold = threshold(section.threshold, noise);
    let mut found = match section.load_kernel()? {
        Some(kernel) => {
            let (sources, convolved) = finder.find_convolved(image, &kernel, &threshold)?;
            Detected { sources, convolved: Some(convolved), cleaned: 0 }
        }
        None => Detected { sources: finder.find(image, &threshold)?, convolved: None, cleaned: 0 },
    };
    if let Some(config) = section.cleaning()? {
        let (sources, n) = (&found.sources, section.npixels);
        let clean = match &found.convolved {
            Some(c) => {
                let mut on = Image::new(c.view())?;
                if let Some(mask) = image.mask() {
                    on = on.with_mask(mask)?;
                }
                clean_sources(&on, sources, &threshold, n, &config)?
            }
            None => clean_sources(image, sources, &threshold, n, &config)?,
        };
        found.cleaned = sources.len() - clean.len();
        found.sources = clean;
    }
    Ok(found)
}

/// What a user is told of the cleaning.
pub(crate) fn clean_note(n: usize) -> Option<String> {
    (n > 0).then(|| {
        format!("{n} of the detections lay in the wings of brighter sources and became part of these")
    })
}

/// The threshold at every pixel.
pub(crate) fn threshold<T: Pixel>(spec: ThresholdSpec, noise: &Array2<T>) -> Threshold {
    match spec {
        ThresholdSpec::Value(v) => Threshold::Scalar(v),
        ThresholdSpec::Sigma(n) => Threshold::Image(noise.mapv(|s| n * s.to_f64())),
    }
}

/// The catalogue of the sources of an image.
pub(crate) fn catalog<'a, T: Pixel>(
    image: &Image<'a, T>,
    sources: &'a SegmentationImage,
    convolved: Option<&'a Array2<T>>,
    background: Option<&'a Array2<T>>,
    section: &SegmentSection,
    exec: &Exec,
) -> Result<SourceCatalog<'a>> {
    let mut images = CatalogImages::new(image, sources.data())?;
    if let Some(c) = convolved {
        images = images.with_convolved_data(c.view())?;
    }
    if let Some(b) = background {
        images = images.with_background(b.view())?;
    }
    Ok(SourceCatalog::from_images(images, sources, section.catalog(exec)?)?)
}
