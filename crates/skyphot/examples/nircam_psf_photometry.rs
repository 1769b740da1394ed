//! PSF photometry with a grid of PSFs on a simulated field, as `skyphot run --recipe nircam-psf` does.
//!
//! `cargo run --release --example nircam_psf_photometry -- PSF_GRID.fits`
#![allow(clippy::print_stdout)]

use skyphot::core::{Exec, Image};
use skyphot::detection::{IrafStarFinder, Threshold};
use skyphot::io::read_psf_grid;
use skyphot::psf::{GriddedPsf, PsfConfig, SourceGrouper, Sources, find_and_fit, render};
use skyphot::simulation::{ModelParamsConfig, NoiseDistribution, make_model_params, make_noise_image};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Some(file) = std::env::args().nth(1) else {
        println!("usage: nircam_psf_photometry PSF_GRID.fits");
        return Ok(());
    };
    let grid = read_psf_grid(&file, None)?;
    let psf = GriddedPsf::new(grid.data.view(), &grid.positions, grid.oversampling)?;

    // 500 stars and the noise that photutils draws from the same seeds.
    let shape = (2048, 2048);
    let config =
        ModelParamsConfig { min_separation: 25.0, border_size: (50, 50), ..ModelParamsConfig::default() };
    let truth = make_model_params(shape, 500, &[("flux", (500.0, 20_000.0))], &config)?;
    let (x, y, flux) = (truth.f64("x_0")?, truth.f64("y_0")?, truth.f64("flux")?);
    let stars = Sources { x: &x, y: &y, flux: &flux, shape: &[], local_bkg: &[] };
    let mut data = render(&psf, &stars, shape, Some((101, 101)), &Exec::default());
    data += &make_noise_image(shape, NoiseDistribution::Gaussian { mean: 0.0, std: 0.5 }, 0)?;
    let error = data.mapv(|v| v.abs().sqrt());
    let image = Image::new(data.view())?.with_error(error.view())?;

    // Found, fitted in a box of 5 pixels, alone and in groups.
    let finder = IrafStarFinder::new(Threshold::Scalar(6.0), 3.0)?;
    let alone = PsfConfig { aperture_radius: Some(5.0), ..PsfConfig::default() };
    let together = PsfConfig { grouper: Some(SourceGrouper::new(35.0)?), ..alone.clone() };
    for (name, config) in [("alone", alone), ("in groups", together)] {
        let phot = find_and_fit(&image, &psf, &finder, &config)?;
        let residual = phot.residual_image(&psf, &image, Some((101, 101)), false);
        let rms = (residual.iter().map(|v| v * v).sum::<f64>() / residual.len() as f64).sqrt();
        let groups = phot.group_id.iter().max().copied().unwrap_or(0);
        println!("{name}: {} stars in {groups} groups, rms of the residuals {rms:.4}", phot.len());
    }
    Ok(())
}
