//! The steps a recipe is made of.

use serde::{Deserialize, Serialize};

use super::figure_steps::{CutoutsStep, HistogramStep, ImageStep, PsfGridStep, ScatterStep};
use crate::{BackgroundSection, DetectSection};

/// A number, or an expression of the numbers known so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// A number.
    Number(f64),
    /// An [`Expression`](crate::Expression).
    Text(String),
}

/// One step of a recipe: `do = "..."` and its keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Step {
    /// Bad pixels.
    Mask(MaskStep),
    /// Keeps a copy of the image under a name.
    Keep(KeepStep),
    /// Multiplies image and errors by the areas of the pixels.
    PixelArea(PixelAreaStep),
    /// Mean, median and standard deviation.
    Statistics(StatisticsStep),
    /// Marks the pixels of sources, for statistics without them.
    SourceMask(SourceMaskStep),
    /// Subtracts a number from the image.
    Subtract(SubtractStep),
    /// Takes an image that was kept as the image again.
    Restore(KeepStep),
    /// Adds a gradient, for exercises.
    Gradient(GradientStep),
    /// Background in two dimensions.
    Background(BackgroundStep),
    /// Point sources and peaks.
    Detect(DetectStep),
    /// Connected pixels above a threshold and their shapes.
    Segment(SegmentStep),
    /// Sources of a catalogue.
    Positions(PositionsStep),
    /// Sums in apertures.
    Apertures(AperturesStep),
    /// Sky per pixel around the sources.
    Sky(SkyStep),
    /// A column from an expression.
    Compute(ComputeStep),
    /// Keeps the rows for which an expression is true.
    Select(SelectStep),
    /// A number from an expression.
    Number(NumberStep),
    /// What one unit of the image is in Jy, from the file.
    FluxScale(FluxScaleStep),
    /// Correction for the light outside an aperture, from a table.
    EncircledEnergy(EncircledEnergyStep),
    /// Right ascension and declination.
    SkyPositions(TableStep),
    /// Data-quality words within circles.
    Quality(QualityStep),
    /// Zero point from stars of a reference catalogue.
    ZeroPoint(ZeroPointStep),
    /// Fits of a PSF.
    Psf(PsfStep),
    /// A field of stars of the PSF.
    Simulate(SimulateStep),
    /// Pairs of the sources with those of a true catalogue.
    Match(MatchStep),
    /// Sources of two images together.
    Colour(ColourStep),
    /// A picture of the image.
    Image(ImageStep),
    /// A histogram.
    Histogram(HistogramStep),
    /// Points or lines over axes.
    Scatter(ScatterStep),
    /// Pieces of the image around sources.
    Cutouts(CutoutsStep),
    /// The PSFs of a grid.
    PsfGrid(PsfGridStep),
    /// Text of the report; `{expression}` and `{expression:.3}` stand for numbers.
    Text(TextStep),
}

impl Step {
    /// Whether it only draws: no later step needs it.
    #[must_use]
    pub fn is_picture(&self) -> bool {
        matches!(
            self,
            Self::Image(_) | Self::Histogram(_) | Self::Scatter(_) | Self::Cutouts(_) | Self::PsfGrid(_)
        )
    }
}

macro_rules! section {
    ($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $ty:ty = $default:expr),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
        pub struct $name { $($(#[$fdoc])* pub $field: $ty),* }
        impl Default for $name {
            fn default() -> Self { Self { $($field: $default),* } }
        }
    };
}
pub(crate) use section;

section!(
    /// Bad pixels: those of any of these kinds.
    MaskStep {
        /// Pixels of these values.
        values: Vec<f64> = vec![],
        /// Pixels whose data-quality word is none of these.
        dq_good: Option<Vec<u32>> = None,
        /// Pixels with one of these bits (names).
        dq_bits: Vec<String> = vec![],
        /// Make them NaN as well.
        blank: bool = false,
    }
);
section!(
    /// Keeps a copy of the image.
    KeepStep {
        /// Its name.
        name: String = "original".into(),
    }
);
section!(
    /// Areas of pixels.
    PixelAreaStep {
        /// Companion file with the map; that of the image without it.
        file: Option<String> = None,
    }
);
section!(
    /// Statistics into the numbers `NAME_mean`, `NAME_median`, `NAME_std`, `NAME_n`.
    StatisticsStep {
        /// Begin of the names.
        name: String = "image".into(),
        /// Column or expression over the table; the image without it.
        of: Option<String> = None,
        /// Table of the expression.
        table: String = "catalog".into(),
        /// Rows that count.
        r#where: Option<String> = None,
        /// Clipping limit; 0: none.
        sigma: f64 = 3.0,
        /// Clipping passes.
        maxiters: usize = 5,
        /// Leave masked pixels out.
        masked: bool = true,
        /// Leave the pixels of the source mask out.
        without_sources: bool = false,
        /// Of this image.
        image: String = "data".into(),
        /// Of this part of it: begin and end in x, begin and end in y, as fractions of its size.
        region: [f64; 4] = [0.0, 1.0, 0.0, 1.0],
    }
);
section!(
    /// The mask of sources, see `make_source_mask` of photutils.
    SourceMaskStep {
        /// Threshold in standard deviations above the clipped mean.
        nsigma: f64 = 2.0,
        /// Clipping of the threshold's statistics.
        sigma: f64 = 3.0,
        /// Passes.
        maxiters: usize = 10,
        /// Least number of connected pixels.
        npixels: usize = 10,
        /// Radius of the circle the sources grow by, pixels.
        radius: f64 = 10.0,
    }
);
section!(
    /// Subtracts a number.
    SubtractStep {
        /// The number.
        value: Scalar = Scalar::Number(0.0),
        /// Keep the result under this name, and the image as it is.
        keep: Option<String> = None,
    }
);
section!(
    /// Adds `amplitude exp(slope_x x / (nx - 1)) exp(slope_y y / (ny - 1))` to the image.
    GradientStep {
        /// Value at the first pixel.
        amplitude: Scalar = Scalar::Number(1.0),
        /// Exponent along x.
        slope_x: Scalar = Scalar::Number(0.0),
        /// Exponent along y.
        slope_y: Scalar = Scalar::Number(0.0),
        /// Draw the three at random as the tutorial's exercise does, with this seed: an amplitude of -5 to 5, exponents of
        /// either sign over 3 to 5 (x) and 2 to 6 (y). They become the numbers `gradient_amplitude`, `gradient_x` and
        /// `gradient_y`.
        seed: Option<u64> = None,
    }
);
section!(
    /// Background, as `[background]` of a configuration; the numbers `NAME_median` and `NAME_rms`, the images `NAME`,
    /// `NAME_map_rms` and, if the image is left as it is, `NAME_subtracted`.
    BackgroundStep {
        /// How.
        section: BackgroundSection = BackgroundSection::default(),
        /// Begin of the names.
        name: String = "background".into(),
        /// Subtract it.
        subtract: bool = true,
        /// Write `background.fits` and `background_subtracted.fits`.
        write: bool = false,
    }
);
section!(
    /// Finding, as `[detect]` of a configuration.
    DetectStep {
        /// How; a threshold in sigma is times `noise`.
        section: DetectSection = DetectSection::default(),
        /// FWHM instead of the section's.
        fwhm: Option<Scalar> = None,
        /// 1-sigma noise.
        noise: Scalar = Scalar::Text("background_rms".into()),
        /// Table to make.
        table: String = "catalog".into(),
    }
);
section!(
    /// Segments with columns `label x_centroid y_centroid area semimajor_axis semiminor_axis orientation segment_flux`.
    SegmentStep {
        /// Threshold, data units.
        threshold: Scalar = Scalar::Number(0.0),
        /// Least number of connected pixels.
        npixels: usize = 5,
        /// Leave masked pixels out of sources.
        masked: bool = true,
        /// Table to make.
        table: String = "catalog".into(),
    }
);
section!(
    /// The sources of a catalogue that lie on the image: all its columns, and `x_center y_center`.
    PositionsStep {
        /// Companion file with `ra dec` (ICRS), or pixel positions.
        file: String = "positions".into(),
        /// Rows to take.
        r#where: Option<String> = None,
        /// Also copy the column that is called like the filter of the image to this name.
        filter_column: Option<String> = None,
        /// Table to make.
        table: String = "catalog".into(),
    }
);
section!(
    /// Columns `NAME`, `NAME_err` (with errors), `NAME_area` (of the whole shape), with more than one circle `NAME_0 ...`,
    /// and `NAME_flags`.
    AperturesStep {
        /// Table with the positions.
        table: String = "catalog".into(),
        /// Name of the columns.
        name: String = "sum".into(),
        /// Radii.
        circle: Vec<Scalar> = vec![],
        /// Semi-axes and angle (degrees): expressions over the columns.
        ellipse: Option<[String; 3]> = None,
        /// Inner and outer semi-major axis, outer semi-minor axis, angle (degrees).
        elliptical_annulus: Option<[String; 4]> = None,
        /// `exact`, `center` or `subpixel:N`.
        method: String = "exact".into(),
        /// Apertures with a bad pixel: `skip` (the pixel) or `nan` (the sum).
        bad_pixels: String = "skip".into(),
        /// Put the shapes on the sky first, and measure there: the way of a list of sky apertures.
        sky: bool = false,
    }
);
section!(
    /// Columns `NAME`, `NAME_std` and `NAME_n` from the pixels with centres in an annulus.
    SkyStep {
        /// Table with the positions.
        table: String = "catalog".into(),
        /// Name of the column.
        name: String = "sky".into(),
        /// Inner and outer radius.
        annulus: [Scalar; 2] = [Scalar::Number(20.0), Scalar::Number(25.0)],
        /// `median`, `mean` or `mode`.
        statistic: String = "median".into(),
        /// Clipping limit.
        sigma: f64 = 3.0,
        /// Passes.
        maxiters: usize = 5,
        /// Leave out pixels with any data-quality bit.
        without_flagged: bool = false,
        /// Fewest pixels; NaN with fewer.
        least: usize = 1,
        /// Count pixels beyond the edge of the image as 0, as cutouts filled with zeros do. Wrong: to see the difference.
        zeros_beyond_edge: bool = false,
    }
);
section!(
    /// A column.
    ComputeStep {
        /// Table.
        table: String = "catalog".into(),
        /// Its name.
        column: String = String::new(),
        /// Its value.
        value: String = String::new(),
        /// Its unit.
        unit: Option<String> = None,
        /// What it is.
        about: Option<String> = None,
    }
);
section!(
    /// Rows to keep.
    SelectStep {
        /// Table.
        table: String = "catalog".into(),
        /// Test.
        r#where: String = "1".into(),
        /// Keep the others under this name.
        rejected: Option<String> = None,
    }
);
section!(
    /// A number.
    NumberStep {
        /// Its name.
        name: String = String::new(),
        /// Its value.
        value: Option<Scalar> = None,
        /// Or the number of rows of `table` for which this is true.
        count: Option<String> = None,
        /// Or the largest value of this in the rows; 0 without a finite one.
        max: Option<String> = None,
        /// Table.
        table: String = "catalog".into(),
    }
);
section!(
    /// The numbers `jansky` (Jy of a sum of 1), `ab_zero_point` and `pixel_area` (sr).
    FluxScaleStep {}
);
section!(
    /// The number `ee_correction`.
    EncircledEnergyStep {
        /// Companion file: a table with radius and energy.
        file: String = "ee".into(),
        /// Radius in the unit of the table.
        radius: Scalar = Scalar::Number(0.0),
        /// Keep the curve that was read as a table of this name: columns `radius` and `fraction`.
        curve: Option<String> = None,
        /// Column of the fraction; `{name}` is the filter.
        column: Option<String> = None,
        /// Side of a pixel in the unit of the table, if the table is of the light before it falls on pixels.
        pixel: Option<Scalar> = None,
    }
);
section!(
    /// A step on a table.
    TableStep {
        /// Table.
        table: String = "catalog".into(),
    }
);
section!(
    /// Columns `dq_any` (all bits in the circle) and `dq_n` (flagged pixels).
    QualityStep {
        /// Table.
        table: String = "catalog".into(),
        /// Radius.
        radius: Scalar = Scalar::Number(3.0),
        /// Bits (names) that get a column `dq_NAME`.
        bits: Vec<String> = vec![],
    }
);
section!(
    /// The numbers `zero_point`, `zero_point_error`, `zero_point_scatter`, `zero_point_n`, and columns of the match.
    ZeroPointStep {
        /// Table with `ra dec`.
        table: String = "catalog".into(),
        /// Companion file: reference catalogue.
        file: String = "reference".into(),
        /// Its columns of position.
        reference_position: [String; 2] = ["ra".into(), "dec".into()],
        /// Its magnitudes: an expression.
        reference_magnitude: String = "mag".into(),
        /// Instrumental magnitudes: an expression.
        magnitude: String = "mag".into(),
        /// Sources that count.
        r#where: Option<String> = None,
        /// Largest distance, arcsec.
        radius: f64 = 0.5,
        /// Offsets from the nearest reference source up to this distance, arcsec, as columns `near_ra` and `near_dec`
        /// (matched or not): what is outside `radius`.
        near: Option<f64> = None,
        /// Clipping limit.
        sigma: f64 = 2.0,
        /// Passes.
        maxiters: usize = 10,
    }
);
section!(
    /// Fits a PSF; the images `model` and `residual`, the numbers `TABLE_sources`, `TABLE_groups`, `TABLE_largest_group`.
    PsfStep {
        /// Companion file with the PSF.
        psf: String = "psf".into(),
        /// Finder.
        section: DetectSection = DetectSection::default(),
        /// Positions to begin with instead of a finder.
        positions: Vec<[f64; 2]> = vec![],
        /// Pixels that are fitted.
        fit_shape: usize = 5,
        /// Radius of the aperture of the first flux.
        aperture_radius: f64 = 5.0,
        /// Sources nearer than this are fitted together.
        group: Option<f64> = None,
        /// Pixels of the model image, along each axis.
        psf_shape: Option<usize> = None,
        /// Table to make.
        table: String = "catalog".into(),
    }
);
section!(
    /// Stars of the PSF on a blank field with noise: the numbers of photutils. Errors are the root of the pixels' size.
    SimulateStep {
        /// Companion file with the PSF.
        psf: String = "psf".into(),
        /// Rows and columns.
        shape: [usize; 2] = [512, 512],
        /// Stars.
        n: usize = 100,
        /// Fluxes.
        flux: [f64; 2] = [100.0, 1000.0],
        /// Least distance.
        min_separation: f64 = 0.0,
        /// Pixels over which a star is drawn.
        psf_shape: usize = 101,
        /// Standard deviation of the noise.
        noise: f64 = 0.0,
        /// Keep the image without noise under this name.
        keep: Option<String> = None,
        /// Seed of the stars.
        seed: u64 = 0,
        /// Seed of the noise.
        noise_seed: u64 = 0,
        /// Table of the stars.
        table: String = "truth".into(),
    }
);
section!(
    /// Columns of another table for the nearest of its sources in the plane.
    MatchStep {
        /// Table.
        table: String = "catalog".into(),
        /// The other.
        with: String = "truth".into(),
        /// Largest distance, pixels.
        radius: f64 = 1.0,
        /// Columns to take, as `true_NAME`.
        columns: Vec<String> = vec![],
    }
);
section!(
    /// Table `colours` of sources found on all images (once, after the last).
    ColourStep {
        /// Table with `ra dec`.
        table: String = "catalog".into(),
        /// Magnitudes: an expression.
        magnitude: String = "mag".into(),
        /// Largest distance, arcsec.
        radius: f64 = 0.5,
        /// Offsets from the nearest source of each other image up to this distance, arcsec, as columns `near_ra_NAME` and
        /// `near_dec_NAME`.
        near: Option<f64> = None,
    }
);
section!(
    /// Text.
    TextStep {
        /// Markdown.
        text: String = String::new(),
        /// Once, after the last image.
        last: bool = false,
    }
);
