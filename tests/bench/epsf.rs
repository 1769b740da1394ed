//! Building an ePSF. Its counterpart is `peers_epsf.py`.

use ndarray::Array2;
use skyphot::core::testing::{noise, uniform};
use skyphot::core::{Exec, Image, Point};
use skyphot::psf::{EpsfBuilder, EpsfStars, ExtractConfig, StarCatalog, StarField, extract_stars};

use super::cases::timed;
use super::{Done, Error};

const STARS: u64 = 200;
const SIDE: usize = 560;

/// The cases whose names begin with `epsf`.
pub(crate) fn run(case: &str, exec: &Exec) -> Result<Done, Error> {
    match case {
        "epsf-10" => build(exec, 0),
        "epsf-refined" => build(exec, 5),
        _ => Err(format!("no case {case}").into()),
    }
}

/// 200 stars by formula, of a FWHM of about 2 pixels.
fn stars() -> Result<EpsfStars, Error> {
    let mut image = Array2::from_shape_fn((SIDE, SIDE), |(y, x)| 0.5 * noise(501, (y * SIDE + x) as u64));
    let mut rough = Vec::new();
    for k in 0..STARS {
        let u = |i: u64| uniform(500, 5 * k + i);
        let x = 30.0 + 35.0 * (k % 14) as f64 + u(0);
        let y = 30.0 + 35.0 * (k / 14) as f64 + u(1);
        let peak = 200.0 / (0.02 + u(2));
        let (j0, i0) = (y as usize - 20, x as usize - 20);
        for j in j0..j0 + 41 {
            for i in i0..i0 + 41 {
                let (dx, dy) = (i as f64 - x, j as f64 - y);
                let q = 1.0 + (dx * dx + 0.3 * dx * dy + 1.2 * dy * dy) / 4.0;
                image[[j, i]] += peak / (q * q * q);
            }
        }
        rough.push(Point::new(x + 0.4 * (u(3) - 0.5), y + 0.4 * (u(4) - 0.5)));
    }
    let field = StarField::new(Image::new(image.view())?);
    let config = ExtractConfig { size: (25, 25), ..Default::default() };
    Ok(extract_stars(&[field], &[StarCatalog::at_pixels(rough)], &config)?.stars)
}

fn build(exec: &Exec, refinement_iters: usize) -> Result<Done, Error> {
    let stars = stars()?;
    // No movement is that small: all 10 iterations are done.
    let builder =
        EpsfBuilder { center_accuracy: 1e-12, refinement_iters, exec: exec.clone(), ..Default::default() };
    timed(|| Ok(builder.build(&stars)?), |r| Ok([("epsf", r.data().iter().copied().collect())].into()))
}
