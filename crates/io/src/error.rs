//! Errors of reading and writing.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// Result with an [`IoError`].
pub type Result<T> = std::result::Result<T, IoError>;

/// What can go wrong with files. Every variant says which file, and where in it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IoError {
    /// The system refused (missing file, permission, full disk).
    #[error("{}: {source}", path.display())]
    System {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file does not exist.
    #[error("{}: no such file", .0.display())]
    Missing(PathBuf),
    /// A coverage map that cannot be made.
    #[error("coverage map: {0}")]
    Moc(String),
    /// The output is there already.
    #[error("{}: the file exists and overwriting was not asked for", .0.display())]
    Exists(PathBuf),
    /// A file without a byte.
    #[error("{}: the file is empty", .0.display())]
    Empty(PathBuf),
    /// The file does not start as a FITS file must.
    #[error("{}: not a FITS file: expected 'SIMPLE  =' at the start, found {found:?}", path.display())]
    NotFits {
        /// The file.
        path: PathBuf,
        /// The first bytes.
        found: String,
    },
    /// A file that begins neither as FITS nor as ASDF, nor holds the cards of a header.
    #[error("{}: neither FITS nor ASDF: expected 'SIMPLE  =' or '#ASDF' at the start, found {found:?}", path.display())]
    NotAnImage {
        /// The file.
        path: PathBuf,
        /// The first bytes.
        found: String,
    },
    /// A FITS structure that breaks the standard.
    #[error("{}: HDU {hdu}: {message}", path.display())]
    Fits {
        /// The file.
        path: PathBuf,
        /// HDU number, 0 = primary.
        hdu: usize,
        /// What is wrong, with the messages of cfitsio.
        message: String,
    },
    /// The data of an HDU end before the header says.
    #[error("{}: HDU {hdu} is truncated: its header promises {expected} bytes of data, the file has {found}", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// HDU number, 0 = primary.
        hdu: usize,
        /// Bytes by the header.
        expected: u128,
        /// Bytes in the file.
        found: u64,
    },
    /// A file that is no ASDF file, or one whose tree is broken.
    #[error("{}{}: {message}", path.display(), line.map_or(String::new(), |l| format!(", line {l}")))]
    Asdf {
        /// The file.
        path: PathBuf,
        /// Line of the file, 1 = first.
        line: Option<usize>,
        /// What is wrong.
        message: String,
    },
    /// No array at a place of a tree.
    #[error("{}: no array '{wanted}'; there are: {}", path.display(), available.join(", "))]
    MissingArray {
        /// The file.
        path: PathBuf,
        /// The place.
        wanted: String,
        /// The places that have arrays, without those within a GWCS.
        available: Vec<String>,
    },
    /// A whole-file compression that ends early or holds wrong bytes.
    #[error("{}: cannot decompress {format}: {message}", path.display())]
    Compression {
        /// The file.
        path: PathBuf,
        /// `gzip`, `bzip2`, `xz` or `compress`.
        format: &'static str,
        /// What is wrong.
        message: String,
    },
    /// No HDU as asked for.
    #[error("{}: no HDU {wanted}; the file has: {}", path.display(), available.join(", "))]
    MissingHdu {
        /// The file.
        path: PathBuf,
        /// The choice.
        wanted: String,
        /// One entry per HDU.
        available: Vec<String>,
    },
    /// No HDU choice was given and the file has none that fits.
    #[error("{}: no {wanted} in this file; it has: {}", path.display(), available.join(", "))]
    NothingSuitable {
        /// The file.
        path: PathBuf,
        /// `two-dimensional image` or `table`.
        wanted: &'static str,
        /// One entry per HDU.
        available: Vec<String>,
    },
    /// An HDU of another kind than asked for.
    #[error("{}: HDU {hdu}: expected {expected}, found {found}", path.display())]
    WrongHdu {
        /// The file.
        path: PathBuf,
        /// HDU number, 0 = primary.
        hdu: usize,
        /// `a table`, `a two-dimensional image`.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// A box that does not lie on the image.
    #[error("{}: HDU {hdu}: the cutout {cutout} does not lie on the image of shape {shape:?} (ny, nx)", path.display())]
    OutsideImage {
        /// The file.
        path: PathBuf,
        /// HDU number, 0 = primary.
        hdu: usize,
        /// The box.
        cutout: String,
        /// Shape of the image, `(ny, nx)`.
        shape: (usize, usize),
    },
    /// Values that do not fit the type asked for.
    #[error("{}: HDU {hdu}: {message}", path.display())]
    Values {
        /// The file.
        path: PathBuf,
        /// HDU number, 0 = primary.
        hdu: usize,
        /// What does not fit.
        message: String,
    },
    /// A table file that breaks its format.
    #[error("{}: {format}{}: {message}", path.display(), line.map_or(String::new(), |l| format!(", line {l}")))]
    Table {
        /// The file.
        path: PathBuf,
        /// `ECSV`, `CSV`, `VOTable`, `Parquet`.
        format: &'static str,
        /// Line number, 1 = first.
        line: Option<usize>,
        /// What is wrong.
        message: String,
    },
    /// A region file that cannot be read or written.
    #[error("{}: {message}", path.display())]
    Region {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A file that is no PSF, or one whose keywords do not fit its images.
    #[error("{}: {message}", path.display())]
    Psf {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// The suffix of a name does not tell the format.
    #[error("{}: cannot tell the table format from the name; expected one of {expected}", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
        /// All suffixes.
        expected: &'static str,
    },
    /// A header keyword or value that cannot be written.
    #[error("header keyword {keyword:?}: {message}")]
    Card {
        /// The keyword.
        keyword: String,
        /// What is wrong.
        message: String,
    },
    /// Content that the format cannot hold.
    #[error("{format} cannot hold {what}")]
    Unsupported {
        /// The format.
        format: &'static str,
        /// What it cannot hold.
        what: String,
    },
    /// Columns that do not make a table.
    #[error(transparent)]
    Core(#[from] skyphot_core::CoreError),
}

impl IoError {
    pub(crate) fn system(path: impl AsRef<Path>, source: std::io::Error) -> Self {
        let path = path.as_ref().to_owned();
        match source.kind() {
            std::io::ErrorKind::NotFound => Self::Missing(path),
            _ => Self::System { path, source },
        }
    }

    pub(crate) fn table(
        path: &Path,
        format: &'static str,
        line: impl Into<Option<usize>>,
        message: impl Into<String>,
    ) -> Self {
        Self::Table { path: path.to_owned(), format, line: line.into(), message: message.into() }
    }
}
