//! The analytic core.

use skyphot_core::Exec;
use skyphot_fit::{Constraint, Minimize, minimize};

use super::star::Pixels;
use crate::kernel::quadrature::Legendre;
use crate::{DaophotCore, DaophotFunction};

/// Nodes per axis of the integrals over pixels while the widths are fitted.
const NODES: usize = 5;
/// Tilts and fractions keep off the ends of their ranges.
const MOST_TILT: f64 = 0.95;
const FRACTION: (f64, f64) = (0.01, 0.99);

/// The parameters that are fitted, and their limits: logarithms of the widths, tilts in units of the largest ones, the
/// fraction.
fn parameters(core: &DaophotCore, most: f64) -> (Vec<f64>, Vec<Constraint>) {
    let width = Constraint::Bounded(0.15f64.ln(), most.ln());
    let tilt = Constraint::Bounded(-MOST_TILT, MOST_TILT);
    let fraction = Constraint::Bounded(FRACTION.0, FRACTION.1);
    let unit = 2.0 / (core.x_hwhm * core.y_hwhm);
    let start =
        [core.x_hwhm.ln(), core.y_hwhm.ln(), core.tilt / unit, core.gaussian_tilt / unit, core.fraction];
    let c = match core.function {
        DaophotFunction::Gaussian => [width, width, Constraint::Fixed, Constraint::Fixed, Constraint::Fixed],
        DaophotFunction::Moffat15 | DaophotFunction::Moffat25 | DaophotFunction::Lorentz => {
            [width, width, tilt, Constraint::Fixed, Constraint::Fixed]
        }
        DaophotFunction::Penny1 => [width, width, tilt, Constraint::Fixed, fraction],
        DaophotFunction::Penny2 => [width, width, tilt, tilt, fraction],
    };
    (start.to_vec(), c.to_vec())
}

fn core_of(function: DaophotFunction, p: &[f64]) -> DaophotCore {
    let (x_hwhm, y_hwhm) = (p[0].exp(), p[1].exp());
    let unit = 2.0 / (x_hwhm * y_hwhm);
    DaophotCore { function, x_hwhm, y_hwhm, tilt: p[2] * unit, gaussian_tilt: p[3] * unit, fraction: p[4] }
}

/// The core of a function that fits the stars best where they are, each with the flux that suits it; the mean of the squared
/// residuals over the variances; and the root of their mean square over the peak.
pub(super) fn fit_core(
    start: &DaophotCore,
    stars: &[&Pixels],
    radius: f64,
    largest: f64,
    exec: &Exec,
) -> (DaophotCore, f64, f64) {
    let nodes = Legendre::new(NODES).within_pixel();
    let (p, constraints) = parameters(start, largest);
    // What does not change: offsets, values over the flux, their certainty.
    let points: Vec<Vec<[f64; 4]>> = stars
        .iter()
        .map(|s| {
            let near = (0..s.data.len()).filter_map(|k| {
                let (dx, dy) = s.offset(k);
                let value = s.data[k] / s.flux;
                let certainty = s.certainty(k, value);
                (dx * dx + dy * dy <= radius * radius && certainty > 0.0)
                    .then_some([dx, dy, value, certainty])
            });
            near.collect()
        })
        .collect();
    let n: usize = points.iter().map(Vec::len).sum();
    let cost = |p: &[f64]| -> f64 {
        let core = core_of(start.function, p);
        let each = exec.map(points.len(), |i| {
            let (mut dd, mut dm, mut mm) = (0.0, 0.0, 0.0);
            for &[dx, dy, d, w] in &points[i] {
                let m = core.pixel(dx, dy, &nodes)[0];
                dd += w * d * d;
                dm += w * d * m;
                mm += w * m * m;
            }
            // The best height is dm / mm.
            dd - if mm > 0.0 { dm * dm / mm } else { 0.0 }
        });
        each.iter().sum::<f64>() / n.max(1) as f64
    };
    let options = Minimize { tolerance: 1e-7, max_evaluations: 2000, ..Default::default() };
    match minimize(&p, &constraints, &options, cost) {
        Ok(m) => {
            let core = core_of(start.function, &m.parameters);
            let peak = core.pixel(0.0, 0.0, &nodes)[0];
            let sum: f64 = points
                .iter()
                .map(|points| {
                    let (mut dm, mut mm) = (0.0, 0.0);
                    let model: Vec<f64> = points.iter().map(|p| core.pixel(p[0], p[1], &nodes)[0]).collect();
                    for (p, m) in points.iter().zip(&model) {
                        dm += p[3] * p[2] * m;
                        mm += p[3] * m * m;
                    }
                    let height = dm / mm;
                    points.iter().zip(&model).map(|(p, m)| (p[2] / height - m).powi(2)).sum::<f64>()
                })
                .sum();
            (core, m.value, (sum / n.max(1) as f64).sqrt() / peak)
        }
        Err(_) => (*start, f64::INFINITY, f64::NAN),
    }
}
