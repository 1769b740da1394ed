//! Stars on a JWST MIRI exposure and its zero point from a catalogue, as `skyphot run --recipe jwst-miri` does.
//!
//! `cargo run --release --example miri_zero_point -- F560W_cal.fits F560W_cat.ecsv 1.636`
#![allow(clippy::print_stdout)]

use ndarray::Array2;
use skyphot::aperture::{
    Aperture, AperturePhotometry, CircularAnnulus, CircularAperture, PhotometryConfig, annulus_statistics,
};
use skyphot::background::{Background2D, Background2DConfig, Estimator};
use skyphot::calibration::{Reference, ZeroPointConfig, magnitude, mask_all_but, zero_point_of_field};
use skyphot::core::{Exec, Image, Point, SkyCoord, SkyTransform};
use skyphot::detection::{DaoStarFinder, Threshold};
use skyphot::io::{HduSelector, ImageFile, read_table};
use skyphot::pipeline::{AnyWcs, PixelAreas};
use skyphot::stats::SigmaClip;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [exposure, catalog, fwhm] = args.as_slice() else {
        println!("usage: miri_zero_point EXPOSURE_cal.fits CATALOG.ecsv FWHM");
        return Ok(());
    };
    let fwhm: f64 = fwhm.parse()?;
    let file = ImageFile::open(exposure)?;
    let plane = |name: &str| HduSelector::Name { name: name.into(), version: None };
    let data: Array2<f64> = file.read_image(&plane("SCI"))?;

    // Whole data-quality words, not bits: 0, SATURATED, JUMP_DET or both.
    let mask = mask_all_but(file.read_dq(&plane("DQ"))?.view(), &[0, 2, 4, 6]);
    let config = Background2DConfig {
        box_size: (20, 20),
        filter_size: (11, 11),
        estimator: Estimator::Mmm,
        ..Background2DConfig::default()
    };
    let background = Background2D::estimate(&Image::new(data.view())?.with_mask(mask.view())?, &config)?;
    let flat = &data - &background.background();

    let image = Image::new(flat.view())?.with_mask(mask.view())?;
    let mut finder = DaoStarFinder::new(Threshold::Scalar(5.0 * background.background_rms_median()), fwhm)?;
    finder.exclude_border = true;
    finder.min_separation = Some(0.0);
    let positions: Vec<Point> = finder.find(&image)?.positions();

    // Surface brightness times the area of the pixel, a circle of twice the FWHM, and the sky of an annulus.
    let flux_image = &flat * &PixelAreas::read(exposure)?.areas;
    let image = Image::new(flux_image.view())?.with_mask(mask.view())?;
    let circle = CircularAperture::new(2.0 * fwhm)?;
    let sums = AperturePhotometry::measure(&image, &positions, &[&circle], &PhotometryConfig::default())?;
    let clip = SigmaClip::new(3.5).with_max_iters(Some(5));
    let annulus = CircularAnnulus::new(25.0, 35.0)?;
    let sky = annulus_statistics(&image, &positions, &annulus, Some(&clip), &Exec::default())?;
    let mag: Vec<f64> = (0..positions.len())
        .map(|i| magnitude(sums.flux(0)[i] - sky.median[i] * circle.area(), 0.0))
        .collect();

    // The zero point from the stars of the catalogue within half a pixel.
    let wcs = AnyWcs::open(exposure, None)?.into_sky_map();
    let nowhere = SkyCoord { lon: f64::NAN, lat: f64::NAN };
    let mine: Vec<SkyCoord> = positions.iter().map(|p| wcs.pixel_to_sky(*p).unwrap_or(nowhere)).collect();
    let table = read_table(catalog)?;
    let (ra, dec) = (table.f64("sky_centroid.ra")?, table.f64("sky_centroid.dec")?);
    let theirs: Vec<SkyCoord> = ra.iter().zip(&dec).map(|(&lon, &lat)| SkyCoord { lon, lat }).collect();
    let magnitudes = table.f64("aper_total_abmag")?;
    let bright: Vec<bool> = mag.iter().map(|m| *m < -3.0).collect();
    let found = zero_point_of_field(
        &mine,
        &mag,
        None,
        Some(&bright),
        &Reference { sky: &theirs, magnitude: &magnitudes, error: None, colour: None },
        0.055 / 3600.0,
        &ZeroPointConfig::default(),
        &Exec::default(),
    )?;
    let zp = found.zero_point;
    println!(
        "{} sources, zero point {:.4} +- {:.4} mag from {} stars",
        mag.len(),
        zp.value,
        zp.error,
        zp.n_used
    );
    Ok(())
}
