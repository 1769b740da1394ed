#![doc = include_str!("../README.md")]

mod asdf;
mod error;
mod fits;
mod header;
mod image_file;
mod kernel;
mod lzw;
mod moc;
mod psf;
mod regions;
mod selector;
mod source;
mod table;
mod temp;
mod yaml;

pub use asdf::{AsdfBlock, AsdfFile};
pub use error::{IoError, Result};
pub use fits::{
    ChecksumStatus, ErrorPlane, FitsFile, FitsHdu, FitsImage, HduInfo, HduKind, ImageData, ImageHdu,
    PixelType, UncertaintyKind, read_image, write_fits, write_image, write_label_rows,
};
pub use header::{Card, CardValue, Header, read_headers};
pub use image_file::ImageFile;
pub use moc::Moc;
pub use psf::{
    DaophotModel, DaophotTable, PsfFile, PsfGrid, PsfImage, PsfexAxis, PsfexModel, psf_grid_layout, read_psf,
    read_psf_grid, read_psf_image, read_psf_stack, read_psfex, read_stdpsf_grid, write_psf_daophot,
    write_psf_grid, write_psf_image,
};
pub use regions::{
    RegionFile, RegionFormat, RegionWarning, format_regions, parse_regions, read_regions, write_regions,
};
pub use selector::{FileSpec, HduSelector};
pub use table::{
    ParquetParts, TableFormat, TableOptions, read_table, read_table_from, write_table, write_table_to,
};
pub use temp::{AtomicFile, cleanup_temporaries};
