#![doc = include_str!("../README.md")]

mod catalog;
mod clean;
mod connectivity;
mod convolved;
mod deblend;
mod deblend_config;
mod detect;
mod error;
mod finder;
mod flags;
mod image;
mod kernel;
mod matched;
mod noise_map;
mod source_runs;
mod tiled;

pub use catalog::{
    ApertureFlux, ApertureMaskMethod, CatalogAperture, CatalogConfig, CatalogCutout, CatalogImages,
    CatalogParts, CatalogScratch, CatalogSource, CatalogTile, CutoutMode, CutoutPlane, KronParams,
    PetrosianParams, PetrosianPhotometry, SextractorOptions, SourceCatalog, SourceMeasurement, catalog_tiled,
    measure_source,
};
pub use clean::{CleanConfig, clean_sources};
pub use connectivity::Connectivity;
pub use convolved::detect_sources_convolved;
pub use deblend::deblend_sources;
pub use deblend_config::{ContrastMethod, DeblendConfig, DeblendMode};
pub use detect::{DetectConfig, detect_sources};
pub use error::{Result, SegmentationError};
pub use finder::SourceFinder;
pub use flags::SegmentationFlags;
pub use image::{DeblendInfo, Segment, SegmentPolygon, SegmentationImage};
pub use matched::{detect_sources_matched, matched_filter};
pub use noise_map::NoiseMap;
pub use source_runs::SourceRuns;
pub use tiled::{Tile, TileBytes, TilePlan, TileSource, TileThreshold, deblend_tiled, find_sources_tiled};
