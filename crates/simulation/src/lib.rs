#![doc = include_str!("../README.md")]

mod card;
mod config;
mod defects;
mod error;
mod examples;
mod flags;
mod galaxy;
mod kernel;
mod model_image;
mod model_params;
mod noise;
mod profile;
mod random;
mod scene;
mod source_model;
mod sources;
mod star;
mod wcs;

pub use card::Card;
pub use config::{Cluster, SceneConfig};
pub use error::{Result, SimulationError};
pub use examples::{make_4gaussians_image, make_100gaussians_image};
pub use flags::SceneFlags;
pub use galaxy::{SersicGalaxy, add_sersic_galaxy};
pub use model_image::{Discretize, ModelImageConfig, make_model_image};
pub use model_params::{ModelParamsConfig, make_model_params, make_random_models_table};
pub use noise::{NoiseDistribution, apply_poisson_noise, make_noise_image};
pub use profile::StarProfile;
pub use scene::{Scene, simulate};
pub use source_model::{Gaussian2D, Moffat2D, Sersic2D, SourceModel};
pub use star::{add_gaussian_star, add_moffat_star};
pub use wcs::{make_gwcs, make_wcs};
