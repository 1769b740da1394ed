//! Errors of the world coordinate systems.

use thiserror::Error;

/// Result with a [`WcsError`].
pub type Result<T> = std::result::Result<T, WcsError>;

/// What can be wrong with a header, a parameter or a request.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum WcsError {
    /// The header has no pair of celestial axes.
    #[error("no celestial axes: expected CTYPEs such as 'RA---TAN' and 'DEC--TAN', found {ctypes:?}")]
    NoCelestialAxes {
        /// The axis types of the header, in order.
        ctypes: Vec<String>,
    },
    /// The two celestial axes do not belong together.
    #[error("the celestial axes do not match: '{lon}' and '{lat}'")]
    MismatchedAxes {
        /// Type of the longitude axis.
        lon: String,
        /// Type of the latitude axis.
        lat: String,
    },
    /// A projection code nobody defined.
    #[error(
        "unknown projection '{0}'; expected a code of FITS Paper II such as TAN, SIN, CAR or HPX, or TPV, TNX, ZPX"
    )]
    UnknownProjection(String),
    /// A projection parameter outside its range.
    #[error("{projection} needs {expected}, found {found}")]
    InvalidProjection {
        /// Projection code.
        projection: &'static str,
        /// What is accepted.
        expected: &'static str,
        /// What was given.
        found: f64,
    },
    /// A linear transformation without an inverse.
    #[error("the linear transformation matrix is singular: {0:?}")]
    SingularMatrix([[f64; 2]; 2]),
    /// The celestial axes depend on pixel axes other than their own.
    #[error("the celestial axes depend on pixel axis {pixel_axis} too (matrix element {value})")]
    NotSeparable {
        /// FITS number of the extra pixel axis.
        pixel_axis: usize,
        /// The matrix element.
        value: f64,
    },
    /// A keyword whose value cannot be used.
    #[error("{key}: expected {expected}, found '{found}'")]
    InvalidKeyword {
        /// The keyword.
        key: String,
        /// What is accepted.
        expected: String,
        /// What was found.
        found: String,
    },
    /// One half of a pair of keywords.
    #[error("{present} is given without {missing}")]
    MissingKeyword {
        /// The keyword that is there.
        present: String,
        /// The keyword that is not.
        missing: String,
    },
    /// Reference coordinates, LONPOLE and LATPOLE admit no celestial pole.
    #[error("no celestial pole fits CRVAL = ({lon}, {lat}), LONPOLE = {lonpole}, LATPOLE = {latpole}")]
    InvalidPole {
        /// Longitude of the reference point, degrees.
        lon: f64,
        /// Latitude of the reference point, degrees.
        lat: f64,
        /// LONPOLE, degrees.
        lonpole: f64,
        /// LATPOLE, degrees.
        latpole: f64,
    },
    /// A parameter outside its range.
    #[error("{name} must be {expected}, found {found}")]
    InvalidParameter {
        /// Name of the parameter.
        name: &'static str,
        /// What is accepted.
        expected: &'static str,
        /// What was given.
        found: f64,
    },
    /// Two lists that must be equally long are not.
    #[error("{what}: expected {expected} entries, found {found}")]
    LengthMismatch {
        /// Which list is wrong.
        what: &'static str,
        /// Entries expected.
        expected: usize,
        /// Entries found.
        found: usize,
    },
    /// Too few points for a fit or for a neighbour search.
    #[error("{what} needs at least {needed} points, found {found}")]
    TooFewPoints {
        /// What was asked for.
        what: &'static str,
        /// Smallest number that works.
        needed: usize,
        /// Number given.
        found: usize,
    },
    /// A fit whose normal equations have no unique solution.
    #[error("the points do not determine the fit: {0}")]
    DegenerateFit(&'static str),
    /// Coordinates of the frame cannot be converted.
    #[error("no conversion from {from} to {to}")]
    NoConversion {
        /// Source frame.
        from: String,
        /// Target frame.
        to: String,
    },
    /// A transform of a graph that nobody here knows.
    #[error("unknown transform '{tag}' at {place}")]
    UnknownTransform {
        /// Its tag, or what is there instead of a tagged transform.
        tag: String,
        /// Where in the graph, from the root: `steps.0.transform.forward.1`.
        place: String,
    },
    /// A part of a graph that cannot be used.
    #[error("{place}: {reason}")]
    InvalidTransform {
        /// Where in the graph, from the root.
        place: String,
        /// What was expected and what is there.
        reason: String,
    },
    /// A graph that is larger than any real one.
    #[error("the transform graph has more than {limit} {what}")]
    GraphTooLarge {
        /// What there is too much of.
        what: &'static str,
        /// Largest number that is accepted.
        limit: usize,
    },
    /// The graph does not lead from two pixel axes to the sky.
    #[error("expected a graph from 2 pixel axes to the sky, found {0}")]
    NotImaging(String),
    /// The frame asked for is none of the graph.
    #[error("no frame '{name}'; there are: {}", available.join(", "))]
    UnknownFrame {
        /// What was asked for.
        name: String,
        /// What there is.
        available: Vec<String>,
    },
    /// There is no way back through a transform.
    #[error("no inverse: {0}")]
    NoInverse(String),
    /// A bounding box is needed, but the graph has none.
    #[error("a bounding box is needed; the graph has none")]
    NoBoundingBox,
    /// An approximation misses the asked-for error.
    #[error("{what}: the largest error is {found} pixels, expected at most {allowed}")]
    NotAccurate {
        /// What was approximated.
        what: &'static str,
        /// Pixels.
        allowed: f64,
        /// Pixels.
        found: f64,
    },
}
