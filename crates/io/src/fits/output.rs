//! Writing FITS files.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;

use ndarray::{Array2, ArrayView2};
use skyphot_core::Table;

use super::cfitsio::{self, Pixels};
use crate::header::RECORD;
use crate::kernel::encode::encode;
use crate::source::Source;
use crate::{AtomicFile, Card, CardValue, Header, IoError, Result};

/// Bytes of a FITS block.
const BLOCK: usize = 2880;

/// Pixels to write, `(ny, nx)`, any strides. Unsigned types use the BZERO convention.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub enum ImageData<'a> {
    U8(ArrayView2<'a, u8>),
    I16(ArrayView2<'a, i16>),
    U16(ArrayView2<'a, u16>),
    I32(ArrayView2<'a, i32>),
    U32(ArrayView2<'a, u32>),
    I64(ArrayView2<'a, i64>),
    F32(ArrayView2<'a, f32>),
    F64(ArrayView2<'a, f64>),
}

macro_rules! from_array {
    ($($t:ty => $variant:ident),*) => {$(
        impl<'a> From<ArrayView2<'a, $t>> for ImageData<'a> {
            fn from(v: ArrayView2<'a, $t>) -> Self {
                Self::$variant(v)
            }
        }
        impl<'a> From<&'a Array2<$t>> for ImageData<'a> {
            fn from(v: &'a Array2<$t>) -> Self {
                Self::$variant(v.view())
            }
        }
    )*};
}
from_array!(u8 => U8, i16 => I16, u16 => U16, i32 => I32, u32 => U32, i64 => I64, f32 => F32, f64 => F64);

macro_rules! each {
    ($data:expr, $v:ident => $e:expr) => {
        match $data {
            ImageData::U8($v) => $e,
            ImageData::I16($v) => $e,
            ImageData::U16($v) => $e,
            ImageData::I32($v) => $e,
            ImageData::U32($v) => $e,
            ImageData::I64($v) => $e,
            ImageData::F32($v) => $e,
            ImageData::F64($v) => $e,
        }
    };
}

impl ImageData<'_> {
    /// Shape `(ny, nx)`.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        each!(self, v => v.dim())
    }

    fn bitpix(&self) -> i64 {
        match self {
            Self::U8(_) => 8,
            Self::I16(_) | Self::U16(_) => 16,
            Self::I32(_) | Self::U32(_) => 32,
            Self::I64(_) => 64,
            Self::F32(_) => -32,
            Self::F64(_) => -64,
        }
    }

    fn bzero(&self) -> Option<i64> {
        match self {
            Self::U16(_) => Some(1 << 15),
            Self::U32(_) => Some(1 << 31),
            _ => None,
        }
    }

    /// Writes the pixels most significant byte first and returns how many bytes there were.
    fn write(&self, out: &mut dyn Write) -> io::Result<usize> {
        fn rows<T: Copy, const N: usize>(
            v: &ArrayView2<'_, T>,
            out: &mut dyn Write,
            f: impl Fn(T) -> [u8; N] + Copy,
        ) -> io::Result<usize> {
            let mut bytes = Vec::new();
            for row in v.rows() {
                match row.as_slice() {
                    Some(r) => encode(r, &mut bytes, f),
                    None => encode(&row.to_vec(), &mut bytes, f),
                }
                if bytes.len() >= 1 << 17 {
                    out.write_all(&bytes)?;
                    bytes.clear();
                }
            }
            out.write_all(&bytes)?;
            Ok(v.len() * N)
        }
        match self {
            Self::U8(v) => rows(v, out, |x| [x]),
            Self::I16(v) => rows(v, out, i16::to_be_bytes),
            Self::U16(v) => rows(v, out, |x| (x ^ 1 << 15).to_be_bytes()),
            Self::I32(v) => rows(v, out, i32::to_be_bytes),
            Self::U32(v) => rows(v, out, |x| (x ^ 1 << 31).to_be_bytes()),
            Self::I64(v) => rows(v, out, i64::to_be_bytes),
            Self::F32(v) => rows(v, out, f32::to_be_bytes),
            Self::F64(v) => rows(v, out, f64::to_be_bytes),
        }
    }
}

/// An image HDU to write.
#[derive(Debug, Clone, Default)]
pub struct ImageHdu<'a> {
    /// EXTNAME.
    pub name: Option<String>,
    /// EXTVER.
    pub version: Option<i64>,
    /// Pixels; `None` writes a header without data.
    pub data: Option<ImageData<'a>>,
    /// The rows of `data` are those of so many planes one after the other: written as a cube with NAXIS3. `None`: a
    /// two-dimensional image. Tile compression takes none.
    pub planes: Option<usize>,
    /// Cards to carry over. Those that describe the structure (SIMPLE, NAXIS, BITPIX, BSCALE, checksums ...) are
    /// replaced by what is true of `data`.
    pub header: Header,
}

/// One HDU to write.
#[derive(Debug, Clone)]
pub enum FitsHdu<'a> {
    /// An image.
    Image(ImageHdu<'a>),
    /// A binary table, under an EXTNAME if given.
    Table(&'a Table, Option<String>),
}

impl<'a> FitsHdu<'a> {
    /// An image under an EXTNAME.
    pub fn image(name: &str, data: impl Into<ImageData<'a>>, header: Header) -> Self {
        Self::Image(ImageHdu {
            name: Some(name.to_owned()),
            data: Some(data.into()),
            header,
            ..ImageHdu::default()
        })
    }
}

/// Writes one image into a new file: as the primary HDU, or, if the name ends in `.fz`, Rice-compressed in the first
/// extension. See [`write_fits`] for the rest.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("a.fits");
/// use skyphot_io::{Header, write_image};
/// let mut header = Header::new();
/// header.set("BUNIT", "adu", "unit of the pixels")?;
/// write_image(&path, &ndarray::Array2::<f32>::zeros((3, 4)), Some(&header), false)?;
/// assert!(write_image(&path, &ndarray::Array2::<f32>::zeros((3, 4)), None, false).is_err()); // it exists
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`write_fits`].
#[doc(alias = "writeto")]
pub fn write_image<'a>(
    path: impl AsRef<Path>,
    data: impl Into<ImageData<'a>>,
    header: Option<&Header>,
    overwrite: bool,
) -> Result<()> {
    let header = header.cloned().unwrap_or_default();
    let hdu = ImageHdu { data: Some(data.into()), header, ..ImageHdu::default() };
    write_fits(path, &[FitsHdu::Image(hdu)], overwrite)
}

/// Writes a FITS file. It appears under its name only when it is complete.
///
/// The suffixes `.gz`, `.bz2` and `.xz` compress the whole file; `.fz` compresses every image by tiles with Rice's
/// algorithm: integers (not of 64 bits) exactly, floats with a loss of 1/16 of the noise. A table in the first place
/// gets an empty primary HDU before it.
///
/// # Errors
/// [`IoError::Exists`] if the file is there and `overwrite` is false; [`IoError::System`];
/// [`IoError::Unsupported`] for 64-bit integers in a `.fz` file.
pub fn write_fits(path: impl AsRef<Path>, hdus: &[FitsHdu<'_>], overwrite: bool) -> Result<()> {
    let path = path.as_ref();
    let mut file = AtomicFile::create(path, overwrite)?;
    let suffix = path.extension().and_then(|e| e.to_str()).unwrap_or("").to_lowercase();
    let sys = |e| IoError::system(path, e);
    match suffix.as_str() {
        "gz" => {
            let mut z = flate2::write::GzEncoder::new(&mut file, flate2::Compression::new(4));
            write_hdus(&mut z, hdus, false, path)?;
            z.finish().map_err(sys)?;
        }
        "bz2" => {
            let mut z = bzip2::write::BzEncoder::new(&mut file, bzip2::Compression::default());
            write_hdus(&mut z, hdus, false, path)?;
            z.finish().map_err(sys)?;
        }
        "xz" => {
            let mut z = liblzma::write::XzEncoder::new(&mut file, 6);
            write_hdus(&mut z, hdus, false, path)?;
            z.finish().map_err(sys)?;
        }
        _ => write_hdus(&mut file, hdus, suffix == "fz", path)?,
    }
    file.commit()
}

pub(crate) fn write_hdus(out: &mut dyn Write, hdus: &[FitsHdu<'_>], tiles: bool, path: &Path) -> Result<()> {
    let sys = |e| IoError::system(path, e);
    let primary_first = match hdus.first() {
        Some(FitsHdu::Image(i)) => !(tiles && i.data.is_some()),
        _ => false,
    };
    if !primary_first {
        let mut cards = vec![structural("SIMPLE", true)?, structural("BITPIX", 8)?, structural("NAXIS", 0)?];
        cards.push(structural("EXTEND", true)?);
        write_header(out, cards.iter().flat_map(Card::to_records)).map_err(sys)?;
    }
    for (i, hdu) in hdus.iter().enumerate() {
        match hdu {
            FitsHdu::Image(image) if tiles && image.data.is_some() => {
                out.write_all(&compressed_hdu(image, path)?).map_err(sys)?;
            }
            FitsHdu::Image(image) => {
                let primary = i == 0;
                let mut cards = image_structure(image, primary, hdus.len() > 1)?;
                cards.extend(carried(image));
                write_header(out, cards.iter().flat_map(Card::to_records)).map_err(sys)?;
                if let Some(data) = &image.data {
                    let n = data.write(out).map_err(sys)?;
                    pad(out, n, 0).map_err(sys)?;
                }
            }
            FitsHdu::Table(table, name) => {
                super::table_output::write_table_hdu(out, table, name.as_deref(), path)?
            }
        }
    }
    Ok(())
}

pub(super) fn structural(keyword: &str, value: impl Into<CardValue>) -> Result<Card> {
    Card::new(keyword, value, "")
}

fn image_structure(image: &ImageHdu<'_>, primary: bool, extended: bool) -> Result<Vec<Card>> {
    let mut cards =
        vec![if primary { structural("SIMPLE", true)? } else { structural("XTENSION", "IMAGE")? }];
    let axes: Vec<usize> = image.data.map_or(Vec::new(), |d| match (d.shape(), image.planes) {
        ((rows, nx), Some(n)) if n > 0 && rows % n == 0 => vec![nx, rows / n, n],
        ((ny, nx), _) => vec![nx, ny],
    });
    cards.push(structural("BITPIX", image.data.map_or(8, |d| d.bitpix()))?);
    cards.push(structural("NAXIS", axes.len())?);
    for (k, n) in axes.iter().enumerate() {
        cards.push(structural(&format!("NAXIS{}", k + 1), *n)?);
    }
    if !primary {
        cards.push(structural("PCOUNT", 0)?);
        cards.push(structural("GCOUNT", 1)?);
    } else if extended {
        cards.push(structural("EXTEND", true)?);
    }
    if let Some(zero) = image.data.and_then(|d| d.bzero()) {
        cards.push(structural("BSCALE", 1)?);
        cards.push(structural("BZERO", zero)?);
    }
    cards.extend(naming(image)?);
    Ok(cards)
}

fn naming(image: &ImageHdu<'_>) -> Result<Vec<Card>> {
    let mut cards = Vec::new();
    if let Some(name) = &image.name {
        cards.push(structural("EXTNAME", name.as_str())?);
    }
    if let Some(version) = image.version {
        cards.push(structural("EXTVER", version)?);
    }
    Ok(cards)
}

/// The cards of the user's header that do not describe the structure.
fn carried<'b>(image: &'b ImageHdu<'_>) -> impl Iterator<Item = Card> + 'b {
    image
        .header
        .cards()
        .iter()
        .filter(|c| match c.keyword() {
            "EXTNAME" | "EXTVER" if image.name.is_some() => false,
            "EXTVER" if image.version.is_some() => false,
            key => !is_structural(key),
        })
        .cloned()
}

/// Keywords that describe how the data are stored, in images, tables and compressed images.
pub(crate) fn is_structural(keyword: &str) -> bool {
    const EXACT: [&str; 29] = [
        "SIMPLE", "XTENSION", "BITPIX", "NAXIS", "PCOUNT", "GCOUNT", "GROUPS", "EXTEND", "BSCALE", "BZERO",
        "BLANK", "DATAMIN", "DATAMAX", "CHECKSUM", "DATASUM", "END", "TFIELDS", "THEAP", "ZIMAGE",
        "ZCMPTYPE", "ZBITPIX", "ZNAXIS", "ZTENSION", "ZSIMPLE", "ZQUANTIZ", "ZDITHER0", "ZBLANK", "ZHECKSUM",
        "ZDATASUM",
    ];
    const NUMBERED: [&str; 15] = [
        "NAXIS", "TFORM", "TTYPE", "TUNIT", "TNULL", "TSCAL", "TZERO", "TDIM", "TDISP", "TBCOL", "ZNAXIS",
        "ZTILE", "ZNAME", "ZVAL", "TCOMM",
    ];
    EXACT.contains(&keyword)
        || NUMBERED.iter().any(|p| {
            keyword
                .strip_prefix(p)
                .is_some_and(|n| !n.is_empty() && n.len() <= 3 && n.bytes().all(|b| b.is_ascii_digit()))
        })
}

pub(super) fn write_header(out: &mut dyn Write, records: impl Iterator<Item = String>) -> io::Result<()> {
    let mut text = String::new();
    for r in records {
        text.push_str(&r);
    }
    text.push_str(&format!("{:<80}", "END"));
    out.write_all(text.as_bytes())?;
    pad(out, text.len(), b' ')
}

/// Fills the last block after `written` bytes.
pub(super) fn pad(out: &mut dyn Write, written: usize, with: u8) -> io::Result<()> {
    out.write_all(&vec![with; written.next_multiple_of(BLOCK) - written])
}

/// The bytes of one compressed image HDU.
fn compressed_hdu(image: &ImageHdu<'_>, path: &Path) -> Result<Vec<u8>> {
    let Some(data) = image.data else { return Ok(Vec::new()) };
    if image.planes.is_some() {
        return Err(IoError::Unsupported { format: "a .fz file", what: "cubes".to_owned() });
    }
    let fail = |m: String| IoError::Fits { path: path.to_owned(), hdu: 1, message: m };
    let mut records: Vec<String> = naming(image)?.iter().flat_map(Card::to_records).collect();
    records.extend(carried(image).flat_map(|c| c.to_records()));
    debug_assert!(records.iter().all(|r| r.len() == RECORD));
    let shape = data.shape();
    macro_rules! contiguous {
        ($v:expr, $variant:ident) => {{
            let standard = $v.as_standard_layout();
            let slice: Cow<'_, [_]> = match standard.as_slice() {
                Some(s) => Cow::Borrowed(s),
                None => Cow::Owned(standard.iter().copied().collect()),
            };
            cfitsio::compress(Pixels::$variant(&slice), shape, &records)
        }};
    }
    let file = match &data {
        ImageData::U8(v) => contiguous!(v, U8),
        ImageData::I16(v) => contiguous!(v, I16),
        ImageData::U16(v) => contiguous!(v, U16),
        ImageData::I32(v) => contiguous!(v, I32),
        ImageData::U32(v) => contiguous!(v, U32),
        ImageData::F32(v) => contiguous!(v, F32),
        ImageData::F64(v) => contiguous!(v, F64),
        ImageData::I64(_) => {
            return Err(IoError::Unsupported { format: "a .fz file", what: "64-bit integers".to_owned() });
        }
    }
    .map_err(fail)?;
    let source = Source::from_bytes(path, file)?;
    let (hdus, _) = cfitsio::scan(&source).map_err(fail)?;
    let start = hdus.get(1).map_or(0, |h| usize::try_from(h.header_start).unwrap_or(0));
    let end = hdus.get(1).map_or(0, |h| usize::try_from(h.end).unwrap_or(usize::MAX));
    let mut bytes = source.into_vec()?;
    bytes.truncate(end);
    bytes.drain(..start);
    Ok(bytes)
}
