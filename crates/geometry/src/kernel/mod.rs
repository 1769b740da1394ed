//! Hot loops: rows of pixels against shapes.

mod arc;
mod difference;
mod exact;
mod sampled;

pub(crate) use arc::circle_area;
pub(crate) use difference::push_difference;
pub(crate) use exact::fill as fill_exact;
pub(crate) use sampled::{SampledDisc, samples_inside};
