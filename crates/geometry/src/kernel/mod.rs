//! Hot loops: rows of pixels against shapes.

mod arc;
mod exact;
mod row;
mod sampled;

pub(crate) use arc::{circle_area, terms_for};
pub(crate) use exact::ExactDisc;
pub(crate) use row::{RowScratch, RowShape, push_difference, push_row};
pub(crate) use sampled::{SampledDisc, samples_inside};
