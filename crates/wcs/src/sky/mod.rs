//! Frames, separations and matching on the sky.

mod frame;

pub use frame::SkyFrame;
