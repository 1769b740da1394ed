//! From the background section of a configuration to the estimator.

use skyphot_background::{
    Background2D, Background2DConfig, BackgroundError, Estimator, Interpolator, RmsEstimator,
};
use skyphot_core::{Exec, Image, Pixel};
use skyphot_stats::SigmaClip;

use crate::spec::Shape;
use crate::{BackgroundSection, PipelineError, Result};

/// Box where none is asked for, pixels.
const DEFAULT_BOX: usize = 64;
/// Percentage of bad pixels that excludes a box where none is asked for, and what is tried after it.
const DEFAULT_EXCLUDE: f64 = 10.0;
const NEXT_EXCLUDE: [f64; 3] = [30.0, 60.0, 100.0];

/// The background of an image as a section says, and notes for the user.
///
/// On a crowded or small image no box may keep 90 % of its pixels. Where the section does not say how many it must
/// keep, boxes with fewer are then used, with a note.
///
/// # Errors
/// As [`background_config`], and those of the estimator.
pub fn estimate_background<T: Pixel>(
    image: &Image<'_, T>,
    section: &BackgroundSection,
    exec: &Exec,
) -> Result<(Background2D<T>, Vec<String>)> {
    let mut config = background_config(section, image.shape(), exec)?;
    let (found, notes) = retry(section, &mut config, |config| Background2D::estimate(image, config));
    Ok((found?, notes))
}

/// Errors that may say that a box has to keep fewer pixels.
pub(crate) trait AllBoxesExcluded {
    fn all_boxes_excluded(&self) -> bool;
}

impl AllBoxesExcluded for BackgroundError {
    fn all_boxes_excluded(&self) -> bool {
        matches!(self, Self::AllBoxesExcluded { .. })
    }
}

/// Estimates, again with boxes that keep fewer pixels where no box is left and the section does not say how many they
/// must keep; with notes for the user.
pub(crate) fn retry<B, E: AllBoxesExcluded>(
    section: &BackgroundSection,
    config: &mut Background2DConfig,
    mut estimate: impl FnMut(&Background2DConfig) -> std::result::Result<B, E>,
) -> (std::result::Result<B, E>, Vec<String>) {
    let mut next = NEXT_EXCLUDE.iter();
    let mut notes = Vec::new();
    loop {
        match (estimate(config), section.exclude_percentile) {
            (Err(e), None) if e.all_boxes_excluded() => match next.next() {
                Some(&p) => {
                    notes = vec![format!(
                        "no background box keeps more pixels: boxes with up to {p} % bad or clipped pixels are used"
                    )];
                    config.exclude_percentile = p;
                }
                None => return (Err(e), notes),
            },
            (done, _) => return (done, notes),
        }
    }
}

/// The estimator a section asks for, on an image of shape `(ny, nx)`.
///
/// # Errors
/// [`PipelineError::Value`] for an unknown name, an even filter, a clipping limit that is not positive, and a box
/// that is larger than the image (a box that was not asked for shrinks to the image instead).
pub fn background_config(
    section: &BackgroundSection,
    shape: (usize, usize),
    exec: &Exec,
) -> Result<Background2DConfig> {
    let box_size = match section.r#box {
        Some(Shape(ny, nx)) if ny > shape.0 || nx > shape.1 => {
            return Err(PipelineError::value(
                "background box",
                format!("{ny},{nx}"),
                format!("at most as large as the image, {},{} (ny,nx)", shape.0, shape.1),
            ));
        }
        Some(Shape(ny, nx)) => (ny, nx),
        None => (DEFAULT_BOX.min(shape.0), DEFAULT_BOX.min(shape.1)),
    };
    Ok(Background2DConfig { box_size, ..unsized_config(section, exec)? })
}

fn unsized_config(section: &BackgroundSection, exec: &Exec) -> Result<Background2DConfig> {
    if section.filter.0.is_multiple_of(2) || section.filter.1.is_multiple_of(2) {
        return Err(PipelineError::value(
            "background filter",
            section.filter.to_string(),
            "odd, such as 3 or 3,5",
        ));
    }
    if section.sigma.is_nan() || section.sigma <= 0.0 {
        return Err(PipelineError::value("sigma", section.sigma.to_string(), "a number > 0"));
    }
    let exclude_percentile = section.exclude_percentile.unwrap_or(DEFAULT_EXCLUDE);
    if !(0.0..=100.0).contains(&exclude_percentile) {
        return Err(PipelineError::value(
            "exclude-percentile",
            exclude_percentile.to_string(),
            "between 0 and 100",
        ));
    }
    Ok(Background2DConfig {
        filter_size: (section.filter.0, section.filter.1),
        filter_threshold: section.filter_threshold,
        exclude_percentile,
        sigma_clip: Some(clip(section)),
        estimator: estimator(&section.estimator)?,
        rms_estimator: rms_estimator(&section.rms_estimator)?,
        interpolator: interpolator(&section.interpolator)?,
        exec: exec.clone(),
        ..Background2DConfig::default()
    })
}

/// The clipping of a section.
pub(crate) fn clip(section: &BackgroundSection) -> SigmaClip {
    SigmaClip {
        max_iters: (section.maxiters > 0).then_some(section.maxiters),
        ..SigmaClip::new(section.sigma)
    }
}

fn estimator(name: &str) -> Result<Estimator> {
    Ok(match name {
        "sextractor" => Estimator::SExtractor,
        "median" => Estimator::Median,
        "mean" => Estimator::Mean,
        "mmm" => Estimator::Mmm,
        "mode" => Estimator::Mode { median_factor: 3.0, mean_factor: 2.0 },
        "biweight" => Estimator::BiweightLocation { c: 6.0, m: None },
        _ => {
            return Err(PipelineError::value(
                "estimator",
                name,
                "one of sextractor, median, mean, mmm, mode, biweight",
            ));
        }
    })
}

fn rms_estimator(name: &str) -> Result<RmsEstimator> {
    Ok(match name {
        "std" => RmsEstimator::Std,
        "mad" => RmsEstimator::MadStd,
        "biweight" => RmsEstimator::BiweightScale { c: 9.0, m: None },
        _ => return Err(PipelineError::value("rms-estimator", name, "one of std, mad, biweight")),
    })
}

fn interpolator(name: &str) -> Result<Interpolator> {
    Ok(match name {
        "zoom" => Interpolator::default(),
        "idw" => Interpolator::idw(),
        _ => return Err(PipelineError::value("interpolator", name, "one of zoom, idw")),
    })
}
