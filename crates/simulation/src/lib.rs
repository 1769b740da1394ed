#![doc = include_str!("../README.md")]

mod card;
mod config;
mod defects;
mod error;
mod flags;
mod galaxy;
mod kernel;
mod noise;
mod profile;
mod random;
mod scene;
mod sources;
mod star;
mod wcs;

pub use card::Card;
pub use config::{Cluster, SceneConfig};
pub use error::{Result, SimulationError};
pub use flags::SceneFlags;
pub use galaxy::{SersicGalaxy, add_sersic_galaxy};
pub use noise::{NoiseDistribution, apply_poisson_noise, make_noise_image};
pub use profile::StarProfile;
pub use scene::{Scene, simulate};
pub use star::{add_gaussian_star, add_moffat_star};
