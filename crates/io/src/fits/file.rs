//! An opened FITS file.

use std::path::Path;

use super::cfitsio;
use super::hdu::{HduInfo, HduKind};
use crate::source::Source;
use crate::{HduSelector, Header, IoError, Result};

/// A FITS file whose structure has been read. Pixels and rows are read when they are asked for.
///
/// Files that are compressed as a whole (gzip, also of several members, bzip2, xz, and compress) are recognised by
/// their first bytes and unpacked into memory. No file handle stays open, and clones are cheap enough to send to
/// other threads.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("a.fits");
/// # skyphot_io::write_image(&path, &ndarray::Array2::<f32>::zeros((3, 4)), None, false)?;
/// use skyphot_io::{FitsFile, HduSelector};
/// let file = FitsFile::open(&path)?;
/// for hdu in file.hdus() {
///     println!("{hdu}"); // 0: 2-D image of shape (3, 4), float32
/// }
/// let data = file.read_image::<f32>(&HduSelector::Auto)?;
/// assert_eq!(data.dim(), (3, 4)); // (ny, nx)
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[doc(alias = "fits.open")]
pub struct FitsFile {
    pub(crate) source: Source,
    hdus: Vec<HduInfo>,
    warnings: Vec<String>,
}

/// What the checksum keywords of an HDU say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChecksumStatus {
    /// The HDU has no CHECKSUM and no DATASUM.
    Absent,
    /// What is there is right.
    Correct,
    /// CHECKSUM or DATASUM do not fit the bytes.
    Wrong,
}

impl FitsFile {
    /// Reads the structure of a file.
    ///
    /// # Errors
    /// [`IoError::Missing`], [`IoError::Empty`], [`IoError::NotFits`], [`IoError::Compression`] or [`IoError::Fits`].
    /// What is wrong behind the first HDU is a [warning](Self::warnings), so that the rest can still be read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::from_source(Source::open(path.as_ref())?)
    }

    /// The same for the bytes of an uncompressed file; `name` is used in messages.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_bytes(name: impl AsRef<Path>, bytes: Vec<u8>) -> Result<Self> {
        Self::from_source(Source::from_bytes(name.as_ref(), bytes)?)
    }

    pub(crate) fn from_source(source: Source) -> Result<Self> {
        let path = source.path().to_owned();
        let start = source
            .reader()?
            .read(0, usize::try_from(source.len().min(30)).unwrap_or(30))
            .map_err(|e| IoError::system(&path, e))?;
        if !start.starts_with(b"SIMPLE  =") {
            let found = String::from_utf8_lossy(&start).into_owned();
            return Err(IoError::NotFits { path, found });
        }
        let (raw, end) = cfitsio::scan(&source).map_err(|message| IoError::Fits {
            path: path.clone(),
            hdu: 0,
            message,
        })?;
        let mut warnings = Vec::new();
        let mut hdus: Vec<HduInfo> = Vec::with_capacity(raw.len());
        let mut end = end;
        for r in raw {
            match HduInfo::new(hdus.len(), r) {
                Ok(hdu) => hdus.push(hdu),
                Err(message) if hdus.is_empty() => return Err(IoError::Fits { path, hdu: 0, message }),
                Err(message) => {
                    end = Some(message);
                    break;
                }
            }
        }
        for h in &hdus {
            let found = source.len().saturating_sub(h.data_start);
            if h.data_len > u128::from(found) {
                warnings.push(format!(
                    "HDU {} is truncated: its header promises {} bytes of data, the file has {found}",
                    h.index, h.data_len
                ));
            }
        }
        if let Some(m) = end {
            warnings.push(format!("what follows HDU {} is not an HDU: {m}", hdus.len().saturating_sub(1)));
        }
        Ok(Self { source, hdus, warnings })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.source.path()
    }

    /// All HDUs, in order.
    #[must_use]
    pub fn hdus(&self) -> &[HduInfo] {
        &self.hdus
    }

    /// What is wrong with the file, in words; empty for a sound file.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The HDU of a choice. [`HduSelector::Auto`] is the science image: the primary HDU if it is a two-dimensional
    /// image, else the first such image called `SCI`, else the first such image; in a file without one, the first
    /// table.
    ///
    /// # Errors
    /// [`IoError::MissingHdu`] or [`IoError::NothingSuitable`], with a list of what there is.
    pub fn find(&self, hdu: &HduSelector) -> Result<&HduInfo> {
        match hdu {
            HduSelector::Auto => self.image_hdu(hdu).or_else(|e| self.table_hdu(hdu).map_err(|_| e)),
            _ => self.named(hdu),
        }
    }

    fn named(&self, wanted: &HduSelector) -> Result<&HduInfo> {
        let found = match wanted {
            HduSelector::Auto => self.hdus.first(),
            HduSelector::Index(i) => self.hdus.get(*i),
            HduSelector::Name { name, version } => self
                .hdus
                .iter()
                .find(|h| {
                    h.name.as_ref().is_some_and(|n| n.eq_ignore_ascii_case(name))
                        && version.is_none_or(|v| v == h.version)
                })
                .or_else(|| {
                    self.hdus.first().filter(|_| name.eq_ignore_ascii_case("PRIMARY") && version.is_none())
                }),
        };
        found.ok_or_else(|| IoError::MissingHdu {
            path: self.path().to_owned(),
            wanted: wanted.to_string(),
            available: self.list(),
        })
    }

    fn list(&self) -> Vec<String> {
        self.hdus.iter().map(ToString::to_string).collect()
    }

    /// As [`find`](Self::find), for two-dimensional images only.
    ///
    /// # Errors
    /// As [`find`](Self::find), and [`IoError::WrongHdu`] for tables and other shapes.
    pub fn image_hdu(&self, hdu: &HduSelector) -> Result<&HduInfo> {
        let flat = |h: &&HduInfo| h.image_shape().is_some();
        if *hdu == HduSelector::Auto {
            let science = |h: &&HduInfo| h.name.as_ref().is_some_and(|n| n.eq_ignore_ascii_case("SCI"));
            return self
                .hdus
                .first()
                .filter(flat)
                .or_else(|| self.hdus.iter().filter(science).find(flat))
                .or_else(|| self.hdus.iter().find(flat))
                .ok_or_else(|| IoError::NothingSuitable {
                    path: self.path().to_owned(),
                    wanted: "two-dimensional image",
                    available: self.list(),
                });
        }
        let found = self.named(hdu)?;
        if flat(&found) { Ok(found) } else { Err(self.wrong(found, "a two-dimensional image")) }
    }

    /// As [`find`](Self::find), for tables only; [`HduSelector::Auto`] is the first table.
    ///
    /// # Errors
    /// As [`find`](Self::find), and [`IoError::WrongHdu`] for images.
    pub fn table_hdu(&self, hdu: &HduSelector) -> Result<&HduInfo> {
        if *hdu == HduSelector::Auto {
            return self.hdus.iter().find(|h| h.is_table()).ok_or_else(|| IoError::NothingSuitable {
                path: self.path().to_owned(),
                wanted: "table",
                available: self.list(),
            });
        }
        let found = self.named(hdu)?;
        if found.is_table() { Ok(found) } else { Err(self.wrong(found, "a table")) }
    }

    pub(super) fn wrong(&self, found: &HduInfo, expected: &'static str) -> IoError {
        let article = if found.kind == HduKind::RandomGroups { "" } else { "a " };
        IoError::WrongHdu {
            path: self.path().to_owned(),
            hdu: found.index,
            expected,
            found: format!("{article}{}", found.description()),
        }
    }

    /// The header of an HDU.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub fn header(&self, hdu: &HduSelector) -> Result<&Header> {
        Ok(&self.find(hdu)?.header)
    }

    /// Compares the CHECKSUM and DATASUM keywords with the bytes. Reading never does: data with a wrong sum are
    /// still data.
    ///
    /// # Errors
    /// As [`find`](Self::find); [`IoError::Fits`] if the HDU cannot be read.
    pub fn verify_checksum(&self, hdu: &HduSelector) -> Result<ChecksumStatus> {
        let info = self.find(hdu)?;
        self.check_length(info)?;
        Ok(
            match cfitsio::verify_checksum(&self.source, info.index).map_err(|m| self.fits_error(info, m))? {
                (-1, _) | (_, -1) => ChecksumStatus::Wrong,
                (0, 0) => ChecksumStatus::Absent,
                _ => ChecksumStatus::Correct,
            },
        )
    }

    pub(super) fn fits_error(&self, hdu: &HduInfo, message: String) -> IoError {
        IoError::Fits { path: self.path().to_owned(), hdu: hdu.index, message }
    }

    /// The file holds all the bytes the header promises.
    pub(crate) fn check_length(&self, hdu: &HduInfo) -> Result<()> {
        let found = self.source.len().saturating_sub(hdu.data_start);
        if hdu.data_len <= u128::from(found) {
            return Ok(());
        }
        Err(IoError::Truncated {
            path: self.path().to_owned(),
            hdu: hdu.index,
            expected: hdu.data_len,
            found,
        })
    }
}
