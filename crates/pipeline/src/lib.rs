#![doc = include_str!("../README.md")]

mod any_wcs;
mod area;
pub mod calibrate;
mod compare;
mod config;
mod detect;
mod error;
mod estimate;
mod exposure;
mod fits_wcs;
pub mod forced;
mod fwhm;
mod growth;
mod length;
mod load;
mod measure;
mod measure_shapes;
mod picture;
mod positions;
mod provenance;
mod psf;
mod psf_gallery;
mod psf_kind;
mod psf_model;
mod psf_section;
mod psf_stars;
mod recipe;
mod reduce;
mod region_shapes;
mod report;
mod run;
mod run_psf;
pub mod scene;
mod science;
mod segment;
mod shapes;
mod sky;
mod sky_map;
pub mod spec;
mod stored;

pub use any_wcs::{AnyWcs, stated_pixel_area};
pub use area::PixelAreas;
pub use compare::{Comparison, ComparisonBin, compare};
pub use config::{
    ApertureSection, BackgroundSection, DEFAULT_CONFIG, DetectSection, InputSection, OutputSection, RunConfig,
};
pub use detect::{Detected, Noise, detect, star_finder};
pub use error::{PipelineError, Result};
pub use estimate::{background_config, estimate_background};
pub use exposure::{AnyExposure, Exposure};
pub use fits_wcs::fits_wcs;
pub use fwhm::estimate_fwhm;
pub use growth::{FieldEnergy, field_encircled_energy, psf_encircled_energy};
pub use length::{Length, Lengths};
pub use load::load;
pub use measure::{local_sky, measure, overlap_method};
pub use measure_shapes::{measure_shapes, shape_statistics, sky_in};
pub use picture::{overlay_of, picture_of};
pub use positions::positions_of;
pub use provenance::{PIXEL_CONVENTION, checksum, date, table_meta, timestamp, unix_time};
pub use psf::{LevelFinder, PsfOptions, PsfStart, epsf_refiner, initial_of, psf_photometry};
pub use psf_gallery::psf_gallery;
pub use psf_kind::PsfKind;
pub use psf_model::{LoadedPsf, PsfSpec};
pub use psf_section::PsfSection;
pub use psf_stars::{BuiltPsf, EpsfOptions, StarChoice, build_psf, choose_stars, reasons};
pub use recipe::{
    AperturesStep, AxisSection, BackgroundStep, ColourStep, ComputeStep, Constant, CountSection, CutoutsStep,
    DetectStep, EncircledEnergyStep, Expression, FluxScaleStep, GradientStep, GuideSection, HistogramStep,
    ImageStep, ImageSummary, KeepStep, MarkSection, MaskStep, MatchStep, NumberStep, Numbers, PanelSection,
    PixelAreaStep, PointsSection, PositionsStep, PsfGridStep, PsfStep, QualityStep, RECIPES, Recipe,
    RecipeSummary, Scalar, ScatterStep, SegmentStep, SelectStep, SimulateStep, SkyStep, SourceMaskStep,
    StatisticsStep, Step, SubtractStep, TableStep, TextStep, ZeroPointStep, recipe_text, run_recipe,
};
pub use reduce::{ReduceOptions, Reduced, reduce};
pub use region_shapes::{RegionShapes, region_shapes};
pub use run::{RunOptions, RunSummary, run};
pub use science::{image_gwcs, wcs_header};
pub use segment::{KernelSpec, MemorySize, SegmentOptions, SegmentSection, SegmentSummary, segment};
pub use shapes::{Quantity, ShapeKind, ShapeSpec, Shapes, Sources};
pub use sky::add_sky_columns;
pub use sky_map::SkyMap;
pub use stored::{StoredPixel, write_map};
