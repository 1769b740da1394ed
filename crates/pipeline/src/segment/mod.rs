//! Sources of any shape: from an image to a label image, a catalogue and pictures.

mod columns;
mod job;
mod memory;
mod parts;
pub(crate) mod pictures;
mod run;
mod section;
pub(crate) mod sources;
mod whole;

pub(crate) use job::write_labels;
pub use job::{SegmentOptions, SegmentSummary, segment};
pub use memory::MemorySize;
pub(crate) use run::find_in_run;
pub use section::{KernelSpec, SegmentSection};
