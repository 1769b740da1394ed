//! Properties of the sources of a segmentation image.

mod beyond;
mod columns;
mod config;
mod cutouts;
mod images;
mod kernel;
mod measure;
mod photometry;
mod sextractor;
mod sky;
mod source_catalog;
mod table;
mod tiled;

pub use beyond::{PetrosianParams, PetrosianPhotometry};
pub use config::{ApertureMaskMethod, CatalogConfig, KronParams};
pub use cutouts::{CatalogCutout, CutoutMode, CutoutPlane};
pub use images::CatalogImages;
pub use measure::{CatalogParts, CatalogScratch, SourceMeasurement, measure_source};
pub use photometry::{ApertureFlux, CatalogAperture};
pub use sextractor::SextractorOptions;
pub use source_catalog::SourceCatalog;
pub use tiled::{CatalogSource, CatalogTile, catalog_tiled};
