//! Galaxies in ellipses that follow their shape, with elliptical annuli for the background, as `skyphot run --recipe xdf`
//! does.
//!
//! `cargo run --release --example deep_field_galaxies -- IMAGE.fits [CATALOG.ecsv]`
#![allow(clippy::print_stdout)]

use ndarray::Array2;
use skyphot::aperture::{AperturePhotometry, EllipticalAnnulus, EllipticalAperture, PhotometryConfig};
use skyphot::core::{Column, Exec, Image, Point, Table};
use skyphot::detection::Threshold;
use skyphot::io::{HduSelector, ImageFile, TableOptions, write_table};
use skyphot::segmentation::{CatalogConfig, DetectConfig, SourceCatalog, detect_sources};
use skyphot::stats::{SigmaClip, sigma_clipped_stats};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let Some(file) = args.next() else {
        println!("usage: deep_field_galaxies IMAGE [CATALOG.ecsv]");
        return Ok(());
    };
    let data: Array2<f64> = ImageFile::open(&file)?.read_image(&HduSelector::Auto)?;
    // Parts of the mosaic without data are exact zeros.
    let mask = data.mapv(|v| v == 0.0);
    let image = Image::new(data.view())?.with_mask(mask.view())?;
    let clip = SigmaClip::new(3.0).with_max_iters(Some(5));
    let sky = sigma_clipped_stats(&image, &clip, &Exec::default())?;

    let segments = detect_sources(&image, &Threshold::Scalar(5.0 * sky.std), 15, &DetectConfig::default())?;
    let shapes = SourceCatalog::new(&image, &segments, CatalogConfig::default())?;
    let (x, y) = (shapes.x_centroid(), shapes.y_centroid());
    let (a, b, angle) = (shapes.semimajor_axis(), shapes.semiminor_axis(), shapes.orientation());
    let positions: Vec<Point> = x.iter().zip(&y).map(|(&x, &y)| Point::new(x, y)).collect();

    // All sources with apertures of their own in one call.
    let (mut ellipses, mut annuli) = (Vec::new(), Vec::new());
    for ((a, b), angle) in a.iter().zip(&b).zip(&angle) {
        ellipses.push(EllipticalAperture::new(3.0 * a, 3.0 * b, angle.to_radians())?);
        annuli.push(EllipticalAnnulus::scaled(4.0 * a, 5.5 * a, 5.5 * b, angle.to_radians())?);
    }
    let config = PhotometryConfig::default();
    let inner = AperturePhotometry::measure_each(&image, &positions, &[&ellipses], None, &config)?;
    let ring = AperturePhotometry::measure_each(&image, &positions, &[&annuli], None, &config)?;
    let mean: Vec<f64> = ring.flux(0).iter().zip(ring.area(0)).map(|(sum, area)| sum / area).collect();
    let net: Vec<f64> = (0..positions.len()).map(|i| inner.flux(0)[i] - mean[i] * inner.area(0)[i]).collect();
    println!("{} sources; the first has {:?}", net.len(), net.first());

    if let Some(output) = args.next() {
        let table = Table::from_columns([
            Column::new("x_centroid", x).with_unit("pix"),
            Column::new("y_centroid", y).with_unit("pix"),
            Column::new("aperture_sum", inner.flux(0).to_vec()),
            Column::new("background_mean", mean),
            Column::new("aperture_sum_bkgsub", net),
        ])?;
        write_table(output, &table, &TableOptions::default())?;
    }
    Ok(())
}
