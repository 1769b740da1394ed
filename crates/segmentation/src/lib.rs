#![doc = include_str!("../README.md")]

mod connectivity;
mod detect;
mod error;
mod flags;
mod image;
mod kernel;

pub use connectivity::Connectivity;
pub use detect::{DetectConfig, detect_sources};
pub use error::{Result, SegmentationError};
pub use flags::SegmentationFlags;
pub use image::{DeblendInfo, SegmentationImage};
