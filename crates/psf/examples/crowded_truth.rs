//! Crowded-field photometry of a field by formula, for comparison with the truth:
//! `cargo run --release -p skyphot-psf --example crowded_truth -- STARS DENSITY THREADS > found.csv`
//!
//! Gaussian stars of FWHM 2.5 pixels at random places, `DENSITY` per pixel, with noise of unit width.
//! `tests/reference/psf_truth.py` makes the same field, runs photutils on it and writes the tables and plots of
//! docs/accuracy.md.

use std::fmt::Write as _;
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::time::Instant;

use skyphot_core::testing::{noise, uniform};
use skyphot_core::{Exec, Image};
use skyphot_detection::DaoStarFinder;
use skyphot_psf::{CircularGaussianPrf, CrowdedConfig, Sources, fit_crowded, render};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [stars, density, threads] = arguments.as_slice() else {
        return Err("expected STARS DENSITY THREADS".into());
    };
    let (n, density): (u64, f64) = (stars.parse()?, density.parse()?);
    let exec = Exec::with_threads(NonZeroUsize::new(threads.parse()?).ok_or("no threads")?)?;
    let side = (n as f64 / density).sqrt();
    let column = |k: u64| (0..n).map(|i| uniform(50 + k, i)).collect::<Vec<f64>>();
    let x: Vec<f64> = column(0).iter().map(|u| side * u).collect();
    let y: Vec<f64> = column(1).iter().map(|u| side * u).collect();
    let flux: Vec<f64> = column(2).iter().map(|u| 60.0 / (0.003 + u)).collect();
    let shape = (side as usize + 1, side as usize + 1);
    let psf = CircularGaussianPrf::new(2.5)?;
    let sources = Sources { x: &x, y: &y, flux: &flux, shape: &[], local_bkg: &[] };
    let mut data = render(&psf, &sources, shape, Some((25, 25)), &exec);
    data.indexed_iter_mut().for_each(|((j, i), v)| *v += noise(53, (j * shape.1 + i) as u64));
    let error = ndarray::Array2::from_elem(shape, 1.0);
    let image = Image::new(data.view())?.with_error(error.view())?;
    let mut config = CrowdedConfig { sub_shape: Some((21, 21)), ..CrowdedConfig::new(2.5) };
    config.psf.exec = exec;
    let start = Instant::now();
    let found = fit_crowded(&image, &psf, &DaoStarFinder::new(4.0, 2.5)?, None, &config)?;
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
