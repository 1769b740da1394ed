//! What most programs need: `use skyphot::prelude::*;`

pub use skyphot_aperture::{
    Aperture, AperturePhotometry, ApertureStats, CircularAnnulus, CircularAperture, OverlapMethod,
    PhotometryConfig, StatsConfig,
};
pub use skyphot_background::{
    Background2D, Background2DConfig, Estimator, Interpolator, LocalBackground, RmsEstimator,
};
pub use skyphot_core::{BoundingBox, Column, Exec, FlagSet, Image, Pixel, Point, Table};
pub use skyphot_detection::{
    DaoStarFinder, IrafStarFinder, PeakConfig, StarFinder, Threshold, detect_threshold, find_peaks,
};
pub use skyphot_io::{Header, TableOptions, read_image, read_table, write_image, write_table};
pub use skyphot_psf::{
    CircularGaussianPrf, GriddedPsf, ImagePsf, InitialParameters, PsfConfig, PsfModel, PsfPhotometry,
    SourceGrouper,
};
pub use skyphot_stats::{SigmaClip, sigma_clipped_stats};

pub use crate::{Error, Result};
