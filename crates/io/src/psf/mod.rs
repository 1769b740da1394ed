//! PSFs in files: grids of STPSF (WebbPSF), STDPSF library files, stacks of images with grid keywords, PSFEx models and
//! single images.

mod daophot;
mod grid;
mod image;
mod keywords;
mod psfex;
mod stdpsf;

use std::path::Path;

pub use daophot::{DaophotModel, DaophotTable, write_psf_daophot};
pub use grid::{PsfGrid, psf_grid_layout, read_psf_grid, read_psf_stack, read_stdpsf_grid, write_psf_grid};
pub use image::{PsfImage, read_psf_image, write_psf_image};
pub use psfex::{PsfexAxis, PsfexModel, read_psfex};

use crate::{FileSpec, FitsFile, HduSelector, IoError, Result};

/// A PSF as a file has it, whatever its kind.
#[derive(Debug, Clone, PartialEq)]
pub enum PsfFile {
    /// Images at the points of a grid.
    Grid(PsfGrid),
    /// One image.
    Image(PsfImage),
    /// Images that are the coefficients of a polynomial of the position.
    Psfex(PsfexModel),
    /// An analytic core with a table of residuals.
    Daophot(DaophotModel),
}

/// Reads a PSF, telling its kind from the header: a PSFEx model (a table with `POLNAXIS`),
/// DAOPHOT's kind (`PSFTYPE = 'DAOPHOT'`), a grid (`DET_YX0`, `NXPSFS`,
/// `GRID_XY0` or several images with `GRID_X` and `GRID_Y`), or one image. `detector` chooses the detector of STDPSF files
/// that hold several (see [`read_psf_grid`]).
///
/// # Errors
/// [`IoError::Psf`] if the file is none of these, and those of reading.
pub fn read_psf(file: impl Into<FileSpec>, detector: Option<usize>) -> Result<PsfFile> {
    let spec = file.into();
    let fits = FitsFile::open(&spec.path)?;
    if spec.hdu == HduSelector::Auto {
        if psfex::table_of(&fits).is_some() {
            return psfex::from_fits(&fits).map(PsfFile::Psfex);
        }
        if let Some(hdu) = daophot::hdu_of(&fits) {
            return daophot::from_fits(&fits, hdu).map(PsfFile::Daophot);
        }
        if grid::is_grid(&fits) {
            return grid::from_fits(&fits, detector).map(PsfFile::Grid);
        }
    }
    image::from_fits(&fits, &spec.hdu).map(PsfFile::Image)
}

fn bad(path: &Path, message: impl Into<String>) -> IoError {
    IoError::Psf { path: path.to_owned(), message: message.into() }
}
