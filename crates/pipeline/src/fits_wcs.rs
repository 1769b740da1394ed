//! The world coordinate system of an image in a FITS file, with its lookup tables.

use skyphot_core::HeaderView;
use skyphot_io::{FitsFile, HduInfo, HduSelector};
use skyphot_wcs::{LookupKind, LookupReference, LookupTable, LookupTables, Wcs};

use crate::Result;

/// The system `key` (`None` for the primary one, else `A` to `Z`) of an HDU. The lookup tables that its header announces
/// (`CPDIS`, `D2IMDIS`) are read from the `WCSDVARR` and `D2IMARR` extensions of the file; one that is not there is left
/// out with a [warning](Wcs::warnings).
///
/// # Errors
/// [`PipelineError::Wcs`](crate::PipelineError::Wcs) for a header without a usable system,
/// [`PipelineError::Io`](crate::PipelineError::Io) for a lookup table that cannot be read.
pub fn fits_wcs(file: &FitsFile, hdu: &HduInfo, key: Option<char>) -> Result<Wcs> {
    let mut tables = LookupTables::default();
    for r in LookupReference::find(hdu.header.entries()) {
        let is_it = |h: &&HduInfo| h.name.as_deref() == Some(r.extname()) && h.version == r.extver;
        let Some(extension) = file.hdus().iter().find(is_it) else { continue };
        let data = file.read_image::<f64>(&HduSelector::Index(extension.index))?;
        let view = if r.transposed { data.t() } else { data.view() };
        let table = Some(LookupTable::from_header(view, &extension.header)?);
        match r.kind {
            LookupKind::D2im => tables.d2im[r.axis - 1] = table,
            LookupKind::Cpdis => tables.cpdis[r.axis - 1] = table,
        }
    }
    Ok(Wcs::from_header_with(&hdu.header, key, tables)?)
}
