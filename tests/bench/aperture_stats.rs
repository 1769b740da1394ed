//! Aperture statistics and profiles. Their counterpart is `peers_aperture_stats.py`.

use skyphot::aperture::{
    ApertureStats, CircularAperture, CurvesOfGrowth, GrowthShape, ProfileConfig, RadialProfiles, StatsConfig,
};
use skyphot::core::{Exec, Image};

use super::cases::timed;
use super::inputs::Inputs;
use super::{Done, Error, Values};

/// The default table of 20,000 sources.
pub(crate) fn stats(inputs: &mut Inputs, exec: &Exec) -> Result<Done, Error> {
    let positions = inputs.positions(20_000)?;
    let (data, error) = inputs.field_and_error()?;
    let image = Image::new(data.view())?.with_error(error.view())?;
    let config = StatsConfig { exec: exec.clone(), ..Default::default() };
    let shape = CircularAperture::new(5.0)?;
    timed(
        || Ok(ApertureStats::measure(&image, &positions, &shape, &config)?.to_table()),
        |t| {
            let names = ["sum", "sum_err", "median", "std", "mad_std", "biweight_location", "fwhm"];
            names.iter().map(|&n| Ok((n, t.f64(n)?))).collect()
        },
    )
}

/// 1,000 radial profiles and curves of growth, with errors.
pub(crate) fn profiles(inputs: &mut Inputs, exec: &Exec) -> Result<Done, Error> {
    let positions = inputs.positions(1_000)?;
    let (data, error) = inputs.field_and_error()?;
    let image = Image::new(data.view())?.with_error(error.view())?;
    let config = ProfileConfig { exec: exec.clone(), ..Default::default() };
    let radii: Vec<f64> = (0..26).map(f64::from).collect();
    timed(
        || {
            let profiles = RadialProfiles::measure(&image, &positions, &radii, &config)?;
            let growth =
                CurvesOfGrowth::measure(&image, &positions, &radii[1..], GrowthShape::Circle, &config)?;
            Ok((profiles, growth))
        },
        |(p, g)| {
            let flat = |a: ndarray::Array2<f64>| a.into_iter().collect::<Vec<f64>>();
            Ok(Values::from([("profile", flat(p.profile)), ("growth", flat(g.profile))]))
        },
    )
}
