//! The configuration of a run: sections named after the subcommands, keys named after their long flags.

use serde::{Deserialize, Serialize};

use crate::spec::{FwhmSpec, Numbers, Pair, Shape, ThresholdSpec};
use crate::{PipelineError, PsfSection, Result, SegmentSection};

/// Everything that decides what `skyphot run` does. `Default` is what [`DEFAULT_CONFIG`] says in words.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RunConfig {
    /// Planes that go with the image.
    pub input: InputSection,
    /// Background estimation.
    pub background: BackgroundSection,
    /// Source detection.
    pub detect: DetectSection,
    /// Sources of any shape, where `[detect]` says `method = "segment"`.
    pub segment: SegmentSection,
    /// Aperture photometry.
    pub aperture: ApertureSection,
    /// PSF photometry of the sources found, where it names a PSF.
    pub psf: PsfSection,
    /// Files to write.
    pub output: OutputSection,
}

/// Planes and numbers that go with the image.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct InputSection {
    /// 1-sigma error plane, `FILE[EXT]`.
    pub error: Option<String>,
    /// Mask plane, `FILE[EXT]`: pixels that are not 0 are bad.
    pub mask: Option<String>,
    /// Data-quality plane, `FILE[EXT]`.
    pub dq: Option<String>,
    /// Values of the data-quality plane that count as good; all others are bad.
    pub dq_good: Option<Vec<u32>>,
    /// Bits (numbers, or the names of JWST or Roman) that make a pixel bad; without it, any bit of a plane that was
    /// named does, and `DO_NOT_USE` of one that was found in the file.
    pub dq_bad_bits: Option<Vec<String>>,
    /// Inverse-variance plane, `FILE[EXT]`: 0 or less is bad.
    pub weight: Option<String>,
    /// What the plane of `weight` holds: `weight` (inverse variance), `variance` or `rms`; without it `weight`.
    pub weight_type: Option<String>,
    /// World coordinate system to use instead of that of the image: a file that has one, or cards in a text file.
    pub wcs: Option<String>,
    /// Electrons per data unit: adds the Poisson noise of the sources to the errors.
    pub gain: Option<f64>,
    /// Pixel-area map, `FILE[EXT]`, or `auto` for the one in the file: pixel values and errors are multiplied by it.
    pub area: Option<String>,
    /// Errors and data quality that the file of the image brings along (JWST, Roman) are left alone.
    pub ignore_planes: bool,
}

/// Background estimation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct BackgroundSection {
    /// Box, pixels; without it 64, or the image where that is smaller.
    pub r#box: Option<Shape>,
    /// Median filter over the meshes, boxes (odd).
    pub filter: Shape,
    /// `sextractor`, `median`, `mean`, `mmm`, `mode` or `biweight`.
    pub estimator: String,
    /// `std`, `mad` or `biweight`.
    pub rms_estimator: String,
    /// Clipping limit in standard deviations.
    pub sigma: f64,
    /// Clipping passes.
    pub maxiters: usize,
    /// Boxes with more than this percentage of bad or clipped pixels are not used; without it 10, or more where that
    /// leaves no box.
    pub exclude_percentile: Option<f64>,
    /// Only meshes above this value are filtered, data units.
    pub filter_threshold: Option<f64>,
    /// `zoom` (cubic spline) or `idw` (inverse distance weights).
    pub interpolator: String,
}

impl Default for BackgroundSection {
    fn default() -> Self {
        Self {
            r#box: None,
            filter: Shape(3, 3),
            estimator: "sextractor".into(),
            rms_estimator: "std".into(),
            sigma: 3.0,
            maxiters: 10,
            exclude_percentile: None,
            filter_threshold: None,
            interpolator: "zoom".into(),
        }
    }
}

/// Source detection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct DetectSection {
    /// `stars`: point sources or peaks as this section says; `segment`: sources of any shape as `[segment]` says.
    pub method: String,
    /// `dao`, `iraf`, `star` or `peaks`.
    pub finder: String,
    /// Threshold: `5sigma`, or a value in data units.
    pub threshold: ThresholdSpec,
    /// Full width at half maximum of the stars: pixels, or `auto`.
    pub fwhm: FwhmSpec,
    /// Box of the peak finder and of the centroids, pixels.
    pub box_size: Shape,
    /// Centroid of the peak finder: `none`, `com`, `quadratic`, `1dg`, `2dg` or `symmetry`.
    pub centroid: String,
    /// Lowest and highest sharpness kept; the finder's own without it.
    pub sharpness: Option<Pair>,
    /// Lowest and highest roundness kept; without it the finder's own, and any in crowded fields.
    pub roundness: Option<Pair>,
    /// Only the N brightest sources.
    pub brightest: Option<usize>,
    /// Sources with a peak above this are dropped, data units.
    pub peak_max: Option<f64>,
    /// No sources nearer to the border than half a kernel.
    pub exclude_border: bool,
    /// Smallest distance between sources, pixels; without it 2.5 FWHM, and none in crowded fields.
    pub min_separation: Option<f64>,
}

impl DetectSection {
    /// The section with the defaults of [`DaoStarFinder::crowded`](skyphot_detection::DaoStarFinder::crowded) for what it
    /// does not say: any roundness, any separation.
    #[must_use]
    pub fn for_crowded_fields(&self) -> Self {
        Self {
            roundness: self.roundness.or(Some(Pair(f64::NEG_INFINITY, f64::INFINITY))),
            min_separation: self.min_separation.or(Some(0.0)),
            ..self.clone()
        }
    }
}

impl Default for DetectSection {
    fn default() -> Self {
        Self {
            method: "stars".into(),
            finder: "dao".into(),
            threshold: ThresholdSpec::Sigma(5.0),
            fwhm: FwhmSpec::Auto,
            box_size: Shape(11, 11),
            centroid: "com".into(),
            sharpness: None,
            roundness: None,
            brightest: None,
            peak_max: None,
            exclude_border: false,
            min_separation: None,
        }
    }
}

/// Aperture photometry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ApertureSection {
    /// Radii of the circles, pixels.
    pub circle: Numbers,
    /// Inner and outer radius of the local sky annulus, pixels.
    pub annulus: Option<Pair>,
    /// Statistic of the annulus: `median`, `mean` or `mode`.
    pub annulus_stat: String,
    /// Clipping of the annulus: sigma and passes.
    pub annulus_clip: Pair,
    /// `exact`, `center` or `subpixel:N`.
    pub method: String,
}

impl Default for ApertureSection {
    fn default() -> Self {
        Self {
            circle: Numbers(vec![3.0, 5.0]),
            annulus: None,
            annulus_stat: "median".into(),
            annulus_clip: Pair(3.0, 5.0),
            method: "exact".into(),
        }
    }
}

/// Files to write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct OutputSection {
    /// Catalogue format: `ecsv`, `fits`, `csv`, `parquet` or `votable`.
    pub format: String,
    /// Write `background.fits` and `rms.fits`.
    pub maps: bool,
    /// Write `overlay.png`.
    pub overlay: bool,
}

impl Default for OutputSection {
    fn default() -> Self {
        Self { format: "ecsv".into(), maps: true, overlay: true }
    }
}

impl RunConfig {
    /// Reads a configuration from TOML text; keys that are absent keep their defaults, unknown keys are errors.
    ///
    /// # Errors
    /// [`PipelineError::Config`] with the line and what was expected there.
    pub fn from_toml(text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|e| PipelineError::Config(e.to_string()))
    }
}

/// The commented default configuration, as `skyphot config` prints it.
pub const DEFAULT_CONFIG: &str = include_str!("default.toml");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_defaults_are_the_defaults() {
        assert_eq!(RunConfig::from_toml(DEFAULT_CONFIG).unwrap(), RunConfig::default());
        assert_eq!(RunConfig::from_toml("").unwrap(), RunConfig::default());
    }

    #[test]
    fn every_commented_key_is_a_key() {
        let text: String = DEFAULT_CONFIG
            .lines()
            .map(|l| match l.strip_prefix("#") {
                Some(rest) if rest.split_once('=').is_some_and(|(k, _)| !k.trim().contains(' ')) => rest,
                _ => l,
            })
            .collect::<Vec<_>>()
            .join("\n");
        let c = RunConfig::from_toml(&text).unwrap();
        assert!(c.input.error.is_some() && c.input.dq_bad_bits.is_some() && c.aperture.annulus.is_some());
        assert!(c.segment.kernel_size.is_some() && c.segment.deblend_npixels.is_some());
        assert!(c.psf.psf.is_some() && c.psf.local_background.is_some() && c.psf.psf_shape.is_some());
        assert!(c.detect.brightest.is_some() && c.background.filter_threshold.is_some());
    }

    #[test]
    fn a_key_that_is_not_known_is_named() {
        let e = RunConfig::from_toml("[background]\nbocks = 3\n").unwrap_err().to_string();
        assert!(e.contains("bocks") && e.contains("box"), "{e}");
    }
}
