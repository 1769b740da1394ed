#![doc = include_str!("../README.md")]

mod centroid;
mod covariance;
mod data_properties;
mod error;
mod flags;
mod functions;
mod gini;
mod image_moments;
mod kernel;
mod method;
mod sources;
mod windowed;

pub use centroid::Centroid;
pub use covariance::{Covariance, EllipseShape};
pub use data_properties::{DataProperties, data_properties};
pub use error::{CentroidError, Result};
pub use flags::CentroidFlags;
pub use functions::{centroid_1dg, centroid_2dg, centroid_com, centroid_quadratic, centroid_symmetry};
pub use gini::gini;
pub use image_moments::image_moments;
pub use method::CentroidMethod;
pub use sources::{CentroidSourcesConfig, Centroids, centroid_sources};
pub use windowed::{WindowedCentroids, WindowedConfig, centroid_windowed};
