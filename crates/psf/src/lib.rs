#![doc = include_str!("../README.md")]
// `!(a > b)` is how NaN is caught together with the rest.
#![allow(clippy::neg_cmp_op_on_partial_ord)]

mod daophot;
mod daophot_build;
mod epsf;
mod error;
mod flags;
mod function_psf;
mod gaussian_fit;
mod gridded_psf;
mod grouper;
mod image_psf;
mod initial;
mod integrate;
mod kernel;
mod make_model;
mod matching;
mod model;
mod models;
mod photometry;
mod polynomial_psf;
mod render;
mod samples;
mod watch;
mod window;

pub use daophot::{DaophotCore, DaophotFunction, DaophotPsf};
pub use daophot_build::{DaophotBuilder, DaophotResult};
pub use epsf::{
    AliasPassband, CatalogPositions, EpsfBuilder, EpsfCell, EpsfEntry, EpsfFitShape, EpsfFlags, EpsfGrid,
    EpsfGridConfig, EpsfIteration, EpsfResult, EpsfStage, EpsfStar, EpsfStars, ExtractConfig, ExtractedStars,
    LinkedEpsfStar, PhaseBias, PhaseTrend, Recentering, RejectedStar, SelectedStars, SelectionFlags,
    SmoothingKernel, StarCatalog, StarField, StarResidual, StarSelection, StarTransform, build_epsf_grid,
    extract_stars, select_stars,
};
pub use error::{PsfError, Result};
pub use flags::PsfFlags;
pub use function_psf::FunctionPsf;
pub use gaussian_fit::{GaussianFitConfig, fit_2dgaussian, fit_fwhm};
pub use gridded_psf::GriddedPsf;
pub use grouper::{SourceGrouper, SourceGroups};
pub use image_psf::{ImagePsf, ImagePsfConfig};
pub use initial::InitialParameters;
pub use integrate::make_epsf_from_psf;
pub use make_model::{MakePsfModelConfig, make_psf_model};
pub use matching::{
    FrequencyWindow, MatchingConfig, Penalty, Taper, create_matching_kernel, make_wiener_kernel, resize_psf,
};
pub use model::{Derivatives, PsfModel, ShapeParameter, Source};
pub use models::{
    AiryDiskPrf, AiryDiskPsf, CircularGaussianPrf, CircularGaussianPsf, CircularGaussianSigmaPrf,
    GaussianPrf, GaussianPsf, MoffatPrf, MoffatPsf,
};
pub use photometry::{
    ArtificialStars, Completeness, CrowdedConfig, CrowdedPhotometry, EpsfRefiner, FittedShape, IterationMode,
    IterativeConfig, PassReport, PsfConfig, PsfPhotometry, RefinePsf, completeness, find_and_fit, fit,
    fit_crowded, fit_iteratively, fit_iteratively_with,
};
pub use polynomial_psf::{PolynomialPsf, PolynomialPsfConfig};
pub use render::{Drawn, Sources, render};
pub use watch::Watch;
pub use window::{Extent, Window};
