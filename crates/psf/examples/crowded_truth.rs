//! Crowded-field photometry of fields by formula, for comparison with the truth:
//! `cargo run --release -p skyphot-psf --example crowded_truth -- STARS DENSITY THREADS > found.csv` or
//! `... -- cluster THREADS > found.csv`
//!
//! Gaussian stars of FWHM 2.5 pixels with noise of unit width per pixel: `DENSITY` per pixel at random places, or 100,000
//! of a cluster, by Plummer's law of 1,800 pixels about the middle of 4096 x 4096 pixels.
//! `tests/reference/psf_truth.py` makes the same fields, runs photutils on them and writes the tables and plots of
//! docs/accuracy.md.

use std::f64::consts::TAU;
use std::fmt::Write as _;
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::time::Instant;

use skyphot_core::testing::{noise, uniform};
use skyphot_core::{Exec, Image};
use skyphot_detection::DaoStarFinder;
use skyphot_psf::{CircularGaussianPrf, CrowdedConfig, Sources, fit_crowded, render};

/// Stars, side and scale radius of the cluster.
const CLUSTER: (u64, usize, f64) = (100_000, 4096, 1800.0);

struct Stars {
    x: Vec<f64>,
    y: Vec<f64>,
    flux: Vec<f64>,
    side: usize,
}

fn evenly(n: u64, density: f64) -> Stars {
    let side = (n as f64 / density).sqrt();
    let column = |k: u64| (0..n).map(|i| side * uniform(50 + k, i)).collect::<Vec<f64>>();
    Stars { x: column(0), y: column(1), flux: fluxes(n), side: side as usize + 1 }
}

/// The part of a Plummer sphere, seen from far away, that lies within half the side of the image.
fn cluster() -> Stars {
    let (n, side, scale) = CLUSTER;
    let middle = 0.5 * (side - 1) as f64;
    let most = (middle * middle) / (middle * middle + scale * scale);
    let place = |i: u64| {
        let u = most * uniform(50, i);
        let (sin, cos) = (TAU * uniform(51, i)).sin_cos();
        let r = scale * (u / (1.0 - u)).sqrt();
        (middle + r * cos, middle + r * sin)
    };
    let (x, y) = (0..n).map(place).unzip();
    Stars { x, y, flux: fluxes(n), side }
}

/// From 60 to 20,000, as many per factor of two as half that flux has.
fn fluxes(n: u64) -> Vec<f64> {
    (0..n).map(|i| 60.0 / (0.003 + uniform(52, i))).collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (stars, threads) = match arguments.as_slice() {
        ["cluster", threads] => (cluster(), *threads),
        [n, density, threads] => (evenly(n.parse()?, density.parse()?), *threads),
        _ => return Err("expected STARS DENSITY THREADS, or cluster THREADS".into()),
    };
    let exec = Exec::with_threads(NonZeroUsize::new(threads.parse()?).ok_or("no threads")?)?;
    let shape = (stars.side, stars.side);
    let psf = CircularGaussianPrf::new(2.5)?;
    let sources = Sources { x: &stars.x, y: &stars.y, flux: &stars.flux, shape: &[], local_bkg: &[] };
    let mut data = render(&psf, &sources, shape, Some((25, 25)), &exec);
    data.indexed_iter_mut().for_each(|((j, i), v)| *v += noise(53, (j * shape.1 + i) as u64));
    let error = ndarray::Array2::from_elem(shape, 1.0);
    let image = Image::new(data.view())?.with_error(error.view())?;
    let mut config = CrowdedConfig { sub_shape: Some((21, 21)), ..CrowdedConfig::new(2.5) };
    config.psf.exec = exec;
    let start = Instant::now();
    let found = fit_crowded(&image, &psf, &DaoStarFinder::crowded(4.0, 2.5)?, None, &config)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "# {:.1} s, {:?}", start.elapsed().as_secs_f64(), found.passes)?;
    let p = &found.photometry;
    let mut text = String::from("x,y,flux,x_err,y_err,flux_err\n");
    for i in 0..p.len() {
        let row = [p.x_fit[i], p.y_fit[i], p.flux_fit[i], p.x_err[i], p.y_err[i], p.flux_err[i]];
        writeln!(text, "{}", row.map(|v| format!("{v:.7e}")).join(","))?;
    }
    out.write_all(text.as_bytes())?;
    Ok(())
}
