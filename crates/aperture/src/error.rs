//! Errors of apertures and their measurements.

use thiserror::Error;

/// Result with an [`ApertureError`].
pub type Result<T> = std::result::Result<T, ApertureError>;

/// What can be wrong with apertures and configurations. Bad pixels and positions are flags, not errors.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum ApertureError {
    /// A parameter of a shape that no shape has.
    #[error("{name} must be {expected}, found {found}")]
    InvalidParameter {
        /// Name of the parameter.
        name: &'static str,
        /// What it must be.
        expected: String,
        /// What it is.
        found: f64,
    },
    /// Local backgrounds that do not belong to the positions.
    #[error("local_background needs 1 value or one for each of the {expected} positions, found {found}")]
    LocalBackgroundLength {
        /// Number of positions.
        expected: usize,
        /// Number of values.
        found: usize,
    },
    /// Nothing to measure with.
    #[error("the list of apertures is empty: at least one is needed")]
    NoAperture,
    /// Another number of apertures than of positions.
    #[error("one aperture is needed for each of the {expected} positions, found {found}")]
    ApertureCount {
        /// Number of positions.
        expected: usize,
        /// Number of apertures.
        found: usize,
    },
    /// A profile without a bin.
    #[error("{name} needs at least 2 values, found {found}")]
    TooFewRadii {
        /// Name of the list.
        name: &'static str,
        /// Number of values.
        found: usize,
    },
    /// A curve that cannot be interpolated.
    #[error("interpolation needs at least 2 finite values, found {found}")]
    TooFewValues {
        /// Number of finite values.
        found: usize,
    },
    /// No room for apertures on an image.
    #[error(
        "{needed} random apertures need as many unmasked pixels far enough from the edges, found {found}"
    )]
    NoRoom {
        /// Apertures wanted.
        needed: usize,
        /// Pixels that may be their middle.
        found: usize,
    },
    /// A mask that would not fit into memory, or has no place.
    #[error(
        "no mask of {pixels} pixels at ({x}, {y}): the centre must be finite and the mask at most {limit} pixels"
    )]
    MaskSize {
        /// Column of the centre.
        x: f64,
        /// Row of the centre.
        y: f64,
        /// Pixels of the mask.
        pixels: u64,
        /// The largest number allowed.
        limit: u64,
    },
    /// Labels that do not belong to the positions.
    #[error("labels needs one for each of the {expected} positions, found {found}")]
    LabelCount {
        /// Number of positions.
        expected: usize,
        /// Number of labels.
        found: usize,
    },
    /// A label that no pixel of the segmentation image has.
    #[error("labels must occur in the segmentation image or be 0, found {label}")]
    UnknownLabel {
        /// The label.
        label: i32,
    },
    /// Shapes that do not belong to the positions.
    #[error("a list of shapes needs one for each of the {expected} positions, found {found}")]
    ShapeCount {
        /// Number of positions.
        expected: usize,
        /// Number of shapes.
        found: usize,
    },
    /// A direction that the transform puts on no pixel.
    #[error("the direction lon = {lon} deg, lat = {lat} deg has no pixel")]
    NoPixel {
        /// Longitude, degrees.
        lon: f64,
        /// Latitude, degrees.
        lat: f64,
    },
    /// A pixel around which the transform has no answer, or maps an area onto none.
    #[error("the transform between pixels and sky is undefined or singular around the pixel ({x}, {y})")]
    NoSky {
        /// Column.
        x: f64,
        /// Row.
        y: f64,
    },
    /// A region that is no aperture.
    #[error("{0}")]
    Region(String),
    /// An array of another shape than the image or mask it belongs to.
    #[error(transparent)]
    Core(#[from] skyphot_core::CoreError),
    /// An overlap method out of range.
    #[error(transparent)]
    Geometry(#[from] skyphot_geometry::GeometryError),
    /// Sigma clipping out of range.
    #[error(transparent)]
    Stats(#[from] skyphot_stats::StatsError),
}
