//! Errors of the vocabulary types.

use thiserror::Error;

/// Result with a [`CoreError`].
pub type Result<T> = std::result::Result<T, CoreError>;

/// What can be wrong with images, boxes and tables.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum CoreError {
    /// Two arrays that must have one shape do not.
    #[error("{what} has shape {found:?} (ny, nx), but the data has shape {expected:?}")]
    ShapeMismatch {
        /// Which array is wrong ("error", "mask").
        what: &'static str,
        /// Shape of the data, `(ny, nx)`.
        expected: (usize, usize),
        /// Shape of the offending array, `(ny, nx)`.
        found: (usize, usize),
    },
    /// An image without a pixel.
    #[error("the image has no pixels: its shape is {0:?} (ny, nx)")]
    EmptyImage((usize, usize)),
    /// A bounding box whose upper edge lies below its lower edge.
    #[error("a bounding box needs {axis}min <= {axis}max, found {min} > {max}")]
    InvalidBox {
        /// `x` or `y`.
        axis: char,
        /// Lower edge.
        min: i64,
        /// Upper edge.
        max: i64,
    },
    /// A column that does not fit the table.
    #[error("column '{name}' has {found} rows, but the table has {expected}")]
    ColumnLength {
        /// Name of the column.
        name: String,
        /// Rows of the table.
        expected: usize,
        /// Rows of the column.
        found: usize,
    },
    /// A second column of one name.
    #[error("the table already has a column '{0}'")]
    DuplicateColumn(String),
    /// A column that is not there.
    #[error("no column '{name}'; the table has: {}", available.join(", "))]
    MissingColumn {
        /// The name asked for.
        name: String,
        /// The names the table has.
        available: Vec<String>,
    },
    /// A column of another type than asked for.
    #[error("column '{name}' holds {found}, expected {expected}")]
    ColumnType {
        /// Name of the column.
        name: String,
        /// Type asked for.
        expected: &'static str,
        /// Type found.
        found: &'static str,
    },
    /// A data-quality name that is not in the definition.
    #[error("no data-quality flag '{name}'; known names: {}", known.join(", "))]
    UnknownFlag {
        /// The name asked for.
        name: String,
        /// All names of the definition.
        known: Vec<String>,
    },
    /// Pixel frames (physical, detector, amplifier) that cannot be converted.
    #[error("pixel frames: {0}")]
    PixelFrame(String),
    /// A key of a tree or a field of a record that is not there.
    #[error("no '{path}'; there are: {}", available.join(", "))]
    MissingNode {
        /// The key or place asked for.
        path: String,
        /// What there is at that place.
        available: Vec<String>,
    },
    /// A node of a tree that is something else than asked for.
    #[error("{}expected {expected}, found {found}", if path.is_empty() { String::new() } else { format!("{path}: ") })]
    NodeType {
        /// The place in the tree, empty where it is not known.
        path: String,
        /// What was asked for.
        expected: String,
        /// What is there.
        found: String,
    },
    /// Elements of an array that cannot be had.
    #[error("{0}")]
    ArrayData(String),
    /// Work that was told to end early, see [`Stop`](crate::Stop).
    #[error("interrupted")]
    Interrupted,
    /// A thread pool that could not be started.
    #[error("cannot start {threads} threads: {reason}")]
    ThreadPool {
        /// Threads asked for.
        threads: usize,
        /// What the system said.
        reason: String,
    },
}
