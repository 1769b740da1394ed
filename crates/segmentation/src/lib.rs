#![doc = include_str!("../README.md")]

mod error;
mod flags;
mod image;
mod kernel;

pub use error::{Result, SegmentationError};
pub use flags::SegmentationFlags;
pub use image::{DeblendInfo, SegmentationImage};
