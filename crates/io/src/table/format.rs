//! Reading and writing tables by the suffix of the file name.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use skyphot_core::{Exec, Table};

use super::{csv, ecsv, ecsv_output, parquet, votable, votable_output};
use crate::fits::{FitsFile, FitsHdu, write_hdus};
use crate::source::Source;
use crate::{AtomicFile, FileSpec, HduSelector, IoError, Result};

/// Table formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TableFormat {
    /// Enhanced CSV 1.0: text with types, units, descriptions and metadata in a YAML header. `.ecsv`
    Ecsv,
    /// FITS binary table; FITS ASCII tables are read as well. `.fits .fit .fts`, also with `.gz` and so on.
    Fits,
    /// Comma-separated text with a line of names; no units. `.csv`
    Csv,
    /// Apache Parquet; units, descriptions and metadata are in the file's key-value pairs. `.parquet .parq`
    Parquet,
    /// VOTable: TABLEDATA is written; BINARY and BINARY2 are read as well. `.vot .votable .xml`
    VoTable,
}

const SUFFIXES: &str = ".ecsv, .fits, .csv, .parquet, .vot, .xml";

impl TableFormat {
    /// The format of a file name by its suffix; suffixes of compression are skipped.
    ///
    /// ```
    /// use skyphot_io::TableFormat;
    /// assert_eq!(TableFormat::from_path("a/catalog.fits.gz")?, TableFormat::Fits);
    /// assert!(TableFormat::from_path("catalog").is_err());
    /// # Ok::<(), skyphot_io::IoError>(())
    /// ```
    ///
    /// # Errors
    /// [`IoError::UnknownFormat`].
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let mut name = path.to_string_lossy().to_lowercase();
        for z in [".gz", ".bz2", ".xz", ".z", ".fz"] {
            if let Some(n) = name.strip_suffix(z) {
                name = n.to_owned();
                break;
            }
        }
        let suffix = Path::new(&name).extension().and_then(|e| e.to_str()).unwrap_or("").to_owned();
        Self::from_name(&suffix)
            .ok_or_else(|| IoError::UnknownFormat { path: path.to_owned(), expected: SUFFIXES })
    }

    /// The format of a name as a user types it: `ecsv`, `fits`, `csv`, `parquet`, `votable`, or any suffix.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name.to_lowercase().as_str() {
            "ecsv" => Self::Ecsv,
            "fits" | "fit" | "fts" => Self::Fits,
            "csv" => Self::Csv,
            "parquet" | "parq" => Self::Parquet,
            "votable" | "vot" | "xml" => Self::VoTable,
            _ => return None,
        })
    }

    /// The usual suffix, without the dot.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Ecsv => "ecsv",
            Self::Fits => "fits",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::VoTable => "vot",
        }
    }

    /// The format by the first bytes of the content.
    fn of_content(bytes: &[u8]) -> Option<Self> {
        let text = bytes.trim_ascii_start();
        Some(match bytes {
            b if b.starts_with(b"SIMPLE  =") => Self::Fits,
            b if b.starts_with(b"PAR1") => Self::Parquet,
            b if b.starts_with(b"# %ECSV") => Self::Ecsv,
            _ if text.starts_with(b"<?xml") || text.starts_with(b"<VOTABLE") => Self::VoTable,
            _ => return None,
        })
    }
}

/// How tables are written.
#[derive(Debug, Clone, Default)]
pub struct TableOptions {
    /// Format; `None` goes by the suffix of the name.
    pub format: Option<TableFormat>,
    /// Replace a file that is there (default: no).
    pub overwrite: bool,
    /// Threads.
    pub exec: Exec,
}

/// Writes a table. The file appears under its name only when it is complete.
///
/// Text columns hold ASCII only in FITS (other characters become `?`), and single lines only in ECSV (line breaks
/// become blanks).
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("catalog.ecsv");
/// use skyphot_core::{Column, Table};
/// use skyphot_io::{TableOptions, read_table, write_table};
/// let table = Table::from_columns([Column::new("flux", vec![1.5, 2.5]).with_unit("adu")])?;
/// write_table(&path, &table, &TableOptions::default())?;
/// assert_eq!(read_table(&path)?, table);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`IoError::UnknownFormat`], [`IoError::Exists`], [`IoError::System`], [`IoError::Unsupported`].
#[doc(alias = "Table.write")]
pub fn write_table(path: impl AsRef<Path>, table: &Table, options: &TableOptions) -> Result<()> {
    let path = path.as_ref();
    let format = options.format.map_or_else(|| TableFormat::from_path(path), Ok)?;
    let mut file = AtomicFile::create(path, options.overwrite)?;
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gz")) {
        let mut z = flate2::write::GzEncoder::new(&mut file, flate2::Compression::new(4));
        write_content(&mut z, table, format, &options.exec, path)?;
        z.finish().map_err(|e| IoError::system(path, e))?;
    } else {
        write_content(&mut file, table, format, &options.exec, path)?;
    }
    file.commit()
}

/// Writes a table to a stream, such as standard output.
///
/// # Errors
/// [`IoError::System`], [`IoError::Unsupported`].
pub fn write_table_to(out: &mut dyn Write, table: &Table, format: TableFormat) -> Result<()> {
    let name = Path::new("<stream>");
    write_content(out, table, format, &Exec::default(), name)?;
    out.flush().map_err(|e| IoError::system(name, e))
}

fn write_content(
    out: &mut dyn Write,
    table: &Table,
    format: TableFormat,
    exec: &Exec,
    path: &Path,
) -> Result<()> {
    let sys = |e| IoError::system(path, e);
    match format {
        TableFormat::Ecsv => ecsv_output::write(out, table, exec).map_err(sys),
        TableFormat::Csv => csv::write(out, table, exec).map_err(sys),
        TableFormat::Fits => write_hdus(out, &[FitsHdu::Table(table, None)], false, path),
        TableFormat::Parquet => parquet::write(out, table, path),
        TableFormat::VoTable => votable_output::write(out, table).map_err(sys),
    }
}

/// Reads a table: `FILE`, or `FILE[2]`, `FILE[NAME]` for FITS. The format is seen from the content; text without a
/// known start is read as CSV. Whole-file compression is undone.
///
/// Columns that astropy stores in several parts (coordinates, quantities, times) come as the plain columns they are
/// in the file: `sky_centroid.ra`, `sky_centroid.dec`.
///
/// # Errors
/// [`IoError::Missing`], [`IoError::Empty`], [`IoError::Compression`], [`IoError::Table`], and those of
/// [`FitsFile::read_table`].
#[doc(alias = "Table.read")]
pub fn read_table(file: impl Into<FileSpec>) -> Result<Table> {
    let spec = file.into();
    if TableFormat::from_path(&spec.path).ok() == Some(TableFormat::Fits) {
        return FitsFile::open(&spec.path)?.read_table(&spec.hdu);
    }
    let source = Source::open(&spec.path)?;
    if let (Source::Disk { path, .. }, Ok(TableFormat::Parquet)) =
        (&source, TableFormat::from_path(&spec.path))
    {
        return parquet::read(File::open(path).map_err(|e| IoError::system(path, e))?, path);
    }
    let bytes = source.into_vec()?;
    read_content(bytes, None, &spec.path, &spec.hdu)
}

/// Reads a table from a stream, such as standard input. `format` `None`: as seen from the content.
///
/// # Errors
/// As [`read_table`].
pub fn read_table_from(input: &mut dyn Read, format: Option<TableFormat>) -> Result<Table> {
    let name = Path::new("<stream>");
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes).map_err(|e| IoError::system(name, e))?;
    read_content(bytes, format, name, &HduSelector::Auto)
}

fn read_content(
    bytes: Vec<u8>,
    format: Option<TableFormat>,
    path: &Path,
    hdu: &HduSelector,
) -> Result<Table> {
    if bytes.is_empty() {
        return Err(IoError::Empty(path.to_owned()));
    }
    let by_name = || TableFormat::from_path(path).ok();
    let format =
        format.or_else(|| TableFormat::of_content(&bytes)).or_else(by_name).unwrap_or(TableFormat::Csv);
    match format {
        TableFormat::Fits => FitsFile::from_bytes(path, bytes)?.read_table(hdu),
        TableFormat::Ecsv => ecsv::read(&bytes, path, &Exec::default()),
        TableFormat::Csv => csv::read(&bytes, path),
        TableFormat::Parquet => parquet::read(in_file(&bytes).map_err(|e| IoError::system(path, e))?, path),
        TableFormat::VoTable => votable::read(&bytes, path),
    }
}

/// Bytes as a nameless file, for readers that need one.
fn in_file(bytes: &[u8]) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(bytes)?;
    Ok(file)
}
