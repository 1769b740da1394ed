//! Sources of any shape: from an image to a label image, a catalogue and pictures.

mod columns;
mod job;
mod memory;
mod parts;
mod pictures;
mod section;
mod sources;
mod whole;

pub use job::{SegmentOptions, SegmentSummary, segment};
pub use memory::MemorySize;
pub use section::{KernelSpec, SegmentSection};
