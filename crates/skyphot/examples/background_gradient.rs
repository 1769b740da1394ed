//! Removes a background gradient from an image, as `skyphot run --recipe ground-gradient` does.
//!
//! `cargo run --release --example background_gradient -- IMAGE.fit.bz2 [OUTPUT.fits]`
#![allow(clippy::print_stdout)]

use ndarray::Array2;
use skyphot::background::{Background2D, Background2DConfig, Estimator};
use skyphot::core::{Exec, Image};
use skyphot::io::{HduSelector, ImageFile, write_image};
use skyphot::stats::{SigmaClip, sigma_clipped_stats};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let Some(file) = args.next() else {
        println!("usage: background_gradient IMAGE [OUTPUT.fits]");
        return Ok(());
    };
    let data: Array2<f64> = ImageFile::open(&file)?.read_image(&HduSelector::Auto)?;
    let mask = data.mapv(|v| v == 0.0);
    let image = Image::new(data.view())?.with_mask(mask.view())?;

    // One number for the sky: clipping matters more than masking.
    let clip = SigmaClip::new(3.0).with_max_iters(Some(5));
    let sky = sigma_clipped_stats(&image, &clip, &Exec::default())?;
    println!("clipped mean {:.3}, median {:.3}, standard deviation {:.3}", sky.mean, sky.median, sky.std);

    // A background in two dimensions takes the gradient out.
    let config = Background2DConfig {
        box_size: (64, 64),
        filter_size: (3, 3),
        sigma_clip: Some(clip),
        estimator: Estimator::Mean,
        ..Background2DConfig::default()
    };
    let background = Background2D::estimate(&image, &config)?;
    let map = background.background();
    let (ny, nx) = map.dim();
    println!("background from {:.2} (lower left) to {:.2} (upper right)", map[[0, 0]], map[[ny - 1, nx - 1]]);
    if let Some(output) = args.next() {
        write_image(output, (&data - &map).view(), None, false)?;
    }
    Ok(())
}
