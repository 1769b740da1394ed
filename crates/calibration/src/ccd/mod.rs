//! Images with error, mask and unit: arithmetic, and the reduction of raw CCD frames.

mod combine;
mod cosmic_rays;
mod image;
mod reduce;
mod section;
mod unit;

pub use combine::{Combination, CombineClip, CombineConfig, CombineMethod, FrameSource, combine};
pub use cosmic_rays::{CleanMethod, CosmicRayConfig, CosmicRays, FineStructure, detect_cosmic_rays};
pub use image::CcdImage;
pub use reduce::{
    DarkScaling, OverscanConfig, OverscanModel, create_deviation, flat_correct, gain_correct, subtract_bias,
    subtract_dark, subtract_overscan,
};
pub use section::Section;
pub use unit::Unit;
