#![doc = include_str!("../README.md")]

mod aperture_correction;
mod bands;
pub mod ccd;
mod concentration;
mod data_quality;
mod encircled_energy;
mod error;
mod flux_scale;
mod flux_unit;
mod kernel;
mod limit;
mod magnitude;
mod zero_point;

pub use aperture_correction::{ApertureCorrection, ApertureCorrections};
pub use bands::{Band, colour_magnitude};
pub use concentration::{ConcentrationCut, concentration_index};
pub use data_quality::{ApertureQuality, aperture_quality, mask_all_but};
pub use encircled_energy::{EncircledEnergy, EnergyInterpolation};
pub use error::{CalibrationError, Result};
pub use flux_scale::FluxScale;
pub use flux_unit::{
    AB_ZERO_JY, FluxUnit, MAGGIE_JY, MagnitudeSystem, ST_ZERO_FLAM, flam_of_jansky, jansky_of_flam,
};
pub use limit::{ApertureNoise, limiting_magnitude};
pub use magnitude::{AsinhMagnitude, POGSON, flux_of_magnitude, magnitude, magnitude_error};
pub use zero_point::{
    FieldZeroPoint, Reference, ZeroPoint, ZeroPointConfig, ZeroPointStatistic, fit_zero_point,
    zero_point_of_field,
};
