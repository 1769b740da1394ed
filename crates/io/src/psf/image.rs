//! One PSF image.

use std::path::Path;

use ndarray::{Array2, ArrayView2};
use skyphot_core::HeaderView;

use super::{bad, keywords};
use crate::{FileSpec, FitsFile, HduSelector, Header, Result, write_image};

/// One PSF image and how it is sampled.
#[derive(Debug, Clone, PartialEq)]
pub struct PsfImage {
    /// The samples, `(ny, nx)`.
    pub data: Array2<f64>,
    /// Samples per pixel along y and x, from `OVERSAMP` (or `OVERSAMX` and `OVERSAMY`); `None` if the file does not say.
    pub oversampling: Option<(usize, usize)>,
    /// The sample `(x, y)` that lies on a source, from 0, from the keywords `PSF_X0` and `PSF_Y0`; `None` is the centre.
    pub origin: Option<(f64, f64)>,
}

/// Reads one image as a PSF.
///
/// # Errors
/// [`IoError::Psf`](crate::IoError::Psf) for an oversampling that is no count; those of reading.
pub fn read_psf_image(file: impl Into<FileSpec>) -> Result<PsfImage> {
    let spec = file.into();
    from_fits(&FitsFile::open(&spec.path)?, &spec.hdu)
}

pub(super) fn from_fits(fits: &FitsFile, hdu: &HduSelector) -> Result<PsfImage> {
    let info = fits.image_hdu(hdu)?;
    let h = &info.header;
    Ok(PsfImage {
        oversampling: keywords::oversampling(h).map_err(|m| bad(fits.path(), m))?,
        origin: h.get_f64("PSF_X0").zip(h.get_f64("PSF_Y0")),
        data: fits.read_image(hdu)?,
    })
}

/// Writes one PSF image with the keywords that [`read_psf_image`] reads.
///
/// # Errors
/// Those of writing.
pub fn write_psf_image(
    path: impl AsRef<Path>,
    data: ArrayView2<'_, f64>,
    oversampling: (usize, usize),
    origin: (f64, f64),
    header: Header,
    overwrite: bool,
) -> Result<()> {
    let mut h = header;
    if oversampling.0 == oversampling.1 {
        h.set("OVERSAMP", oversampling.0, "samples per pixel")?;
    } else {
        h.set("OVERSAMX", oversampling.1, "samples per pixel along x")?;
        h.set("OVERSAMY", oversampling.0, "samples per pixel along y")?;
    }
    h.set("PSF_X0", origin.0, "sample (from 0) on the source")?;
    h.set("PSF_Y0", origin.1, "sample (from 0) on the source")?;
    write_image(path, data, Some(&h), overwrite)
}
