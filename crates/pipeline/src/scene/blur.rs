//! Galaxies seen through a PSF.

use ndarray::{Array2, s};
use skyphot_psf::{PsfModel, Source, Window};
use skyphot_simulation::SersicGalaxy;

use crate::{PipelineError, Result};

/// Nodes of Gauss rules of three and five points on a square of side 1, from its middle.
const THREE: [f64; 3] = [-NODE, 0.0, NODE];
const FIVE: [f64; 5] =
    [-0.453_089_922_969_332, -0.269_234_655_052_841_55, 0.0, 0.269_234_655_052_841_55, 0.453_089_922_969_332];
const NODE: f64 = 0.387_298_334_620_741_7;
/// Weights of the three.
const WEIGHT: [f64; 3] = [5.0 / 18.0, 8.0 / 18.0, 5.0 / 18.0];
/// A PSF is drawn out to at most so many pixels.
const MOST: f64 = 150.0;

/// Adds a galaxy folded with the PSF at its centre, on the pixels within the ellipse of semi-major axis `reach`.
///
/// The model holds the fraction of a point source's light in each pixel, so the image is the integral of the galaxy's
/// brightness times the model over its places. In each square of one pixel, counted from the galaxy's centre, the model is taken
/// for the polynomial through 3 x 3 Gauss nodes, 5 x 5 next to the centre, and the galaxy integrated with it, in ever finer cells
/// near its centre; far out one node is enough for the PSF. Pixels are right to some 1e-4 of the brightest.
pub(super) fn add_blurred_galaxy(
    image: &mut Array2<f64>,
    galaxy: &SersicGalaxy,
    reach: f64,
    psf: &dyn PsfModel,
    size: Option<(usize, usize)>,
) -> Result<()> {
    let f = galaxy.brightness()?;
    let (ny, nx) = image.dim();
    let (cx, cy) = (galaxy.center.x.round(), galaxy.center.y.round());
    if cx.abs().max(cy.abs()) > 1e9 {
        return Ok(());
    }
    let shape: Vec<f64> = psf.shape_parameters().iter().map(|p| p.value).collect();
    let at = |x: f64, y: f64| Source { x, y, shape: &shape };
    let extent = psf.extent(&at(cx, cy));
    let half = |given: Option<usize>, ends: (f64, f64)| -> Result<i64> {
        let half = given.map_or(0.5 * (ends.1 - ends.0), |n| 0.5 * (n as f64 - 1.0));
        if half.is_finite() && half >= 0.0 {
            return Ok(half.ceil().min(MOST) as i64);
        }
        Err(PipelineError::Config("the PSF of galaxies has no end: give box-shape".to_owned()))
    };
    let (hx, hy) = (half(size.map(|s| s.1), extent.x)?, half(size.map(|s| s.0), extent.y)?);
    let (width, height) = ((2 * hx + 1) as usize, (2 * hy + 1) as usize);
    // The PSF of a point at each node of the square in the middle.
    let kernels = |nodes: &[f64]| -> Vec<Vec<f64>> {
        let places = nodes.iter().flat_map(|v| nodes.iter().map(move |u| (*u, *v)));
        let one = |(u, v): (f64, f64)| {
            let mut kernel = vec![0.0; width * height];
            let window = Window::new(cx as i64 - hx, cy as i64 - hy, width, height);
            psf.evaluate(&at(galaxy.center.x + u, galaxy.center.y + v), window, &mut kernel);
            kernel
        };
        places.map(one).collect()
    };
    let (few, many) = (kernels(&THREE), kernels(&FIVE));
    let (sin, cos) = galaxy.theta.sin_cos();
    let q = galaxy.axis_ratio;
    let elliptical = |x: f64, y: f64| (x * cos + y * sin).hypot((y * cos - x * sin) / q);
    // Squares whose light can reach the image.
    let span = |middle: i64, h: i64, n: usize| {
        let most = reach.ceil() as i64;
        (-most).max(-h - middle)..=most.min(n as i64 - 1 + h - middle)
    };
    let (middle_x, middle_y) = (cx as i64, cy as i64);
    // The semi-major axis from which on it does not matter where in its square the light is.
    let core = (6.0 / q).max(4.0 * galaxy.r_eff);
    for row in span(middle_y, hy, ny) {
        for column in span(middle_x, hx, nx) {
            let (x, y) = (column as f64, row as f64);
            let r = elliptical(x, y);
            if r > reach {
                continue;
            }
            let near = row.abs() <= 1 && column.abs() <= 1;
            let (kernels, nodes): (&[Vec<f64>], &[f64]) = match (near, r <= core) {
                (true, _) => (&many, &FIVE),
                (_, true) => (&few, &THREE),
                _ => (&few[4..5], &[0.0]),
            };
            let mut light = vec![0.0; kernels.len()];
            cell(&mut light, nodes, &f, &elliptical, q, (x, y), (0.0, 0.0), 0.5, 0);
            for (kernel, light) in kernels.iter().zip(light) {
                if light == 0.0 {
                    continue;
                }
                for (j, line) in kernel.chunks_exact(width).enumerate() {
                    let to = middle_y + row - hy + j as i64;
                    if to < 0 || to >= ny as i64 {
                        continue;
                    }
                    let first = middle_x + column - hx;
                    let skip = (-first).clamp(0, width as i64) as usize;
                    let end = (nx as i64 - first).clamp(0, width as i64) as usize;
                    if skip >= end {
                        continue;
                    }
                    let from = (first + skip as i64) as usize;
                    let mut out = image.slice_mut(s![to as usize, from..from + end - skip]);
                    for (o, k) in out.iter_mut().zip(&line[skip..end]) {
                        *o += light * k;
                    }
                }
            }
        }
    }
    Ok(())
}

/// Adds the integral of the brightness over a cell, times the polynomials that are 1 at one node and 0 at the others.
/// `(x, y)`: its centre from the galaxy's; `(u, v)`: from that of its square; `h`: half its side.
#[allow(clippy::too_many_arguments)]
fn cell(
    light: &mut [f64],
    nodes: &[f64],
    f: &impl Fn(f64, f64) -> f64,
    elliptical: &impl Fn(f64, f64) -> f64,
    q: f64,
    (x, y): (f64, f64),
    (u, v): (f64, f64),
    h: f64,
    depth: u32,
) {
    if depth < 12 && elliptical(x, y) < 5.0 * h / q {
        for (a, b) in [(-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)] {
            let (a, b) = (0.5 * a * h, 0.5 * b * h);
            cell(light, nodes, f, elliptical, q, (x + a, y + b), (u + a, v + b), 0.5 * h, depth + 1);
        }
        return;
    }
    let n = nodes.len();
    let polynomials = |t: f64| {
        let mut out = [1.0; 5];
        for (i, o) in out.iter_mut().enumerate().take(n) {
            for (k, node) in nodes.iter().enumerate() {
                if k != i {
                    *o *= (t - node) / (nodes[i] - node);
                }
            }
        }
        out
    };
    for (j, wy) in WEIGHT.iter().enumerate() {
        for (i, wx) in WEIGHT.iter().enumerate() {
            let (a, b) = (2.0 * h * NODE * (i as f64 - 1.0), 2.0 * h * NODE * (j as f64 - 1.0));
            let value = f(x + a, y + b) * wx * wy * 4.0 * h * h;
            let (px, py) = (polynomials(u + a), polynomials(v + b));
            for (k, l) in light.iter_mut().enumerate() {
                *l += value * px[k % n] * py[k / n];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skyphot_core::{Exec, Point};
    use skyphot_psf::{GaussianPrf, Sources, render};

    fn gaussian(fwhm: f64, flux: f64, x: f64, y: f64) -> Array2<f64> {
        let sources = Sources { x: &[x], y: &[y], flux: &[flux], shape: &[], local_bkg: &[] };
        let model = GaussianPrf::new(fwhm, fwhm, 0.0).unwrap();
        render(&model, &sources, (80, 90), Some((121, 121)), &Exec::serial())
    }

    #[test]
    fn a_gaussian_through_a_gaussian() {
        // The index 1/2 is a Gaussian with full width 2 r_eff: widths add in squares.
        for (r_eff, fwhm, x, y) in [(1.0, 2.5, 40.0, 35.0), (3.0, 2.0, 41.3, 30.8), (0.6, 3.0, 2.4, 77.1)] {
            let center = Point::new(x, y);
            let galaxy = SersicGalaxy { center, flux: 100.0, r_eff, n: 0.5, axis_ratio: 1.0, theta: 0.3 };
            let mut image = Array2::zeros((80, 90));
            let psf = GaussianPrf::new(fwhm, fwhm, 0.0).unwrap();
            add_blurred_galaxy(&mut image, &galaxy, 12.0 * r_eff, &psf, Some((41, 41))).unwrap();
            let expected = gaussian((2.0 * r_eff).hypot(fwhm), 100.0, x, y);
            let peak = expected.iter().fold(0.0_f64, |m, v| m.max(*v));
            let worst = image.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(worst < 2e-4 * peak, "{r_eff} {fwhm}: {}", worst / peak);
            assert!((image.sum() - expected.sum()).abs() < 1e-3, "{} {}", image.sum(), expected.sum());
        }
    }

    #[test]
    fn a_small_galaxy_is_a_star_and_a_peaked_one_keeps_its_light() {
        let psf = GaussianPrf::new(2.5, 2.5, 0.0).unwrap();
        let center = Point::new(44.3, 39.6);
        let galaxy = SersicGalaxy { center, flux: 10.0, r_eff: 0.02, n: 1.0, axis_ratio: 0.5, theta: 1.0 };
        let mut image = Array2::zeros((80, 90));
        add_blurred_galaxy(&mut image, &galaxy, 2.0, &psf, Some((41, 41))).unwrap();
        let star = gaussian(2.5, 10.0, center.x, center.y);
        assert!(image.iter().zip(&star).all(|(a, b)| (a - b).abs() < 1e-3), "{}", image.sum());
        let galaxy = SersicGalaxy { r_eff: 2.0, n: 4.0, axis_ratio: 0.4, ..galaxy };
        let mut image = Array2::zeros((80, 90));
        add_blurred_galaxy(&mut image, &galaxy, 35.0, &psf, Some((41, 41))).unwrap();
        let inside = 10.0 * galaxy.encircled_energy(35.0);
        assert!((image.sum() - inside).abs() < 0.01 * inside, "{} {inside}", image.sum());
    }
}
