//! Magnitudes of stars at the positions of a catalogue on a Roman exposure, as `skyphot run --recipe roman-forced` does.
//!
//! `cargo run --release --example roman_forced_photometry -- EXPOSURE_cal.asdf CATALOG.ecsv EE.ecsv`
#![allow(clippy::print_stdout)]

use ndarray::Array2;
use skyphot::aperture::{
    Aperture, AperturePhotometry, CircularAnnulus, CircularAperture, PhotometryConfig, annulus_statistics,
};
use skyphot::calibration::{EncircledEnergy, EnergyInterpolation, FluxScale, magnitude};
use skyphot::core::{Exec, Image, Point, SkyCoord, SkyTransform};
use skyphot::io::{HduSelector, ImageFile, read_table};
use skyphot::pipeline::AnyWcs;
use skyphot::stats::SigmaClip;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [exposure, catalog, energy] = args.as_slice() else {
        println!("usage: roman_forced_photometry EXPOSURE_cal.asdf CATALOG.ecsv EE.ecsv");
        return Ok(());
    };
    let file = ImageFile::open(exposure)?;
    let data: Array2<f64> = file.read_image(&HduSelector::Auto)?;
    let image = Image::new(data.view())?;
    let (ny, nx) = data.dim();

    // Positions on the detector by the GWCS of the file; what is outside of it is left out.
    let wcs = AnyWcs::open(exposure, None)?.into_sky_map();
    let table = read_table(catalog)?;
    let (ra, dec) = (table.f64("ra")?, table.f64("dec")?);
    let inside = |p: &Point| p.x >= -0.5 && p.y >= -0.5 && p.x <= nx as f64 - 0.5 && p.y <= ny as f64 - 0.5;
    let positions: Vec<Point> = ra
        .iter()
        .zip(&dec)
        .filter_map(|(&lon, &lat)| wcs.sky_to_pixel(SkyCoord { lon, lat }).filter(inside))
        .collect();

    // A circle of 3 pixels, and the median of an annulus for the sky.
    let circle = CircularAperture::new(3.0)?;
    let sums = AperturePhotometry::measure(&image, &positions, &[&circle], &PhotometryConfig::default())?;
    let clip = SigmaClip::new(3.0).with_max_iters(Some(5));
    let annulus = CircularAnnulus::new(20.0, 25.0)?;
    let sky = annulus_statistics(&image, &positions, &annulus, Some(&clip), &Exec::default())?;

    // From DN/s to Jy, the light outside of the circle, and AB magnitudes.
    let ImageFile::Asdf(asdf) = &file else { return Err("not a Roman exposure".into()) };
    let scale = FluxScale::from_tree(asdf.tree())?;
    let ee = EncircledEnergy::from_table(&read_table(energy)?, EnergyInterpolation::Linear)?;
    let correction = ee.correction(3.0 * 0.11);
    for (i, p) in positions.iter().enumerate().take(20) {
        let net = sums.flux(0)[i] - sky.median[i] * circle.area();
        let jansky = scale.jansky(net) * correction;
        println!("{:9.3} {:9.3}  {:10.4e} Jy  {:7.4} mag", p.x, p.y, jansky, magnitude(jansky / 3631.0, 0.0));
    }
    println!("{} positions on the detector", positions.len());
    Ok(())
}
