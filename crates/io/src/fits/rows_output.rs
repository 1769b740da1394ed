//! Images that are written a few rows at a time.

use std::ops::Range;
use std::path::Path;

use super::cfitsio;
use super::output::{is_structural, structural, write_header};
use crate::{AtomicFile, Card, CardValue, Header, IoError, Result};

/// Bytes of pixels that are asked for at a time.
const BAND_BYTES: usize = 4 << 20;

/// Writes an image of 32-bit integers of shape `(ny, nx)` into a new file, Rice-compressed by rows in the first
/// extension, which gets the name `name` and the cards of `header`. `fill` is asked for some rows at a time, from the
/// first to the last, so that the image need not exist as a whole; it must not read or write FITS files. The file appears
/// under its name only when it is complete.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("a.fits");
/// use skyphot_io::{FitsFile, HduSelector, Header, write_label_rows};
/// write_label_rows(&path, (30, 40), "SEGM", &Header::new(), false, |rows, out| {
///     for (y, row) in rows.zip(out.chunks_mut(40)) {
///         row.fill(y as i32);
///     }
/// })?;
/// let back = FitsFile::open(&path)?.read_image::<f64>(&HduSelector::name("SEGM"))?;
/// assert_eq!((back.dim(), back[[29, 3]]), ((30, 40), 29.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`IoError::Exists`] if the file is there and `overwrite` is false; [`IoError::System`], [`IoError::Fits`].
#[doc(alias = "SEGMENTATION")]
pub fn write_label_rows(
    path: impl AsRef<Path>,
    shape: (usize, usize),
    name: &str,
    header: &Header,
    overwrite: bool,
    mut fill: impl FnMut(Range<usize>, &mut [i32]),
) -> Result<()> {
    let path = path.as_ref();
    let mut file = AtomicFile::create(path, overwrite)?;
    let primary: Vec<Card> = [
        ("SIMPLE", CardValue::Logical(true)),
        ("BITPIX", CardValue::Int(8)),
        ("NAXIS", CardValue::Int(0)),
        ("EXTEND", CardValue::Logical(true)),
    ]
    .into_iter()
    .map(|(k, v)| structural(k, v))
    .collect::<Result<_>>()?;
    write_header(&mut file, primary.iter().flat_map(Card::to_records))
        .map_err(|e| IoError::system(path, e))?;
    let mut records: Vec<String> = structural("EXTNAME", name)?.to_records();
    let carried = header
        .cards()
        .iter()
        .filter(|c| !matches!(c.keyword(), "EXTNAME" | "EXTVER" | "BUNIT") && !is_structural(c.keyword()));
    records.extend(carried.flat_map(Card::to_records));
    let band = (BAND_BYTES / 4 / shape.1.max(1)).max(1);
    cfitsio::append_compressed(file.temporary()?, shape, &records, band, &mut fill)
        .map_err(|message| IoError::Fits { path: path.to_owned(), hdu: 1, message })?;
    file.commit()
}
