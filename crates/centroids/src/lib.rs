#![doc = include_str!("../README.md")]

mod centroid;
mod covariance;
mod error;
mod flags;
mod functions;
mod image_moments;
mod kernel;
mod method;
mod sources;

pub use centroid::Centroid;
pub use covariance::{Covariance, EllipseShape};
pub use error::{CentroidError, Result};
pub use flags::CentroidFlags;
pub use functions::{centroid_1dg, centroid_2dg, centroid_com, centroid_quadratic};
pub use image_moments::image_moments;
pub use method::CentroidMethod;
pub use sources::{CentroidSourcesConfig, Centroids, centroid_sources};
