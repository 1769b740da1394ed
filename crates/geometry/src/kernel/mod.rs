//! Hot loops: rows of pixels against shapes.

mod arc;
mod convex;
mod difference;
mod edges;
mod ellipse;
mod exact;
mod rows;
mod sampled;
mod sampled_polygon;

pub(crate) use arc::circle_area;
pub(crate) use difference::push_difference;
pub(crate) use exact::fill as fill_exact;

pub(crate) use convex::{Convex, push_ring, push_sampled, samples_of};
pub(crate) use edges::{Edge, fill as fill_edges};
pub(crate) use ellipse::fill as fill_ellipse;
pub(crate) use rows::RowSums;
pub(crate) use sampled::{SampledDisc, samples_inside};
pub(crate) use sampled_polygon::push_sampled_polygon;
