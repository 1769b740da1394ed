#![doc = include_str!("../README.md")]

mod annulus;
mod circle;
mod coverage;
mod ellipse;
mod elliptical_grid;
mod error;
mod grid;
mod kernel;
mod method;
mod polygon;
mod rectangle;
mod rectangular_grid;
mod simple;

pub use annulus::annulus_coverage;
pub use circle::{circle_bbox, circle_coverage, circle_pixel_overlap};
pub use coverage::{Coverage, Segment};
pub use ellipse::Ellipse;
pub use elliptical_grid::elliptical_overlap_grid;
pub use error::{GeometryError, Result};
pub use grid::circular_overlap_grid;
pub use method::OverlapMethod;
pub use polygon::Polygon;
pub use rectangle::Rectangle;
pub use rectangular_grid::rectangular_overlap_grid;
