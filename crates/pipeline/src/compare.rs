//! How a catalogue compares with the truth of a simulation.

use skyphot_core::{Column, Point, Table};

use crate::{Result, positions_of};

/// A measured source belongs to a true one within this distance, pixels.
const MATCH_RADIUS: f64 = 1.5;
/// Width of the magnitude bins.
const BIN: f64 = 1.0;

/// One magnitude bin of a [`Comparison`].
#[derive(Debug, Clone, PartialEq)]
pub struct ComparisonBin {
    /// Bright end, magnitudes.
    pub mag_min: f64,
    /// Faint end, magnitudes.
    pub mag_max: f64,
    /// True stars.
    pub n_true: usize,
    /// Of them found.
    pub n_found: usize,
    /// Root mean square of the position error along one axis, pixels.
    pub position_rms: f64,
    /// Median of measured over true flux inside the aperture.
    pub flux_ratio: f64,
    /// Median of the flux error over the true flux, that is the noise expected of `flux_ratio`.
    pub relative_error: f64,
    /// Robust width of (measured - true) / error; 1 if the errors are right.
    pub pull_width: f64,
    /// Isolated stars without flags that the last three figures come from.
    pub n_clean: usize,
}

/// A catalogue against the truth.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Stars by magnitude, bright first.
    pub bins: Vec<ComparisonBin>,
    /// True stars.
    pub n_stars: usize,
    /// Of them found.
    pub n_found: usize,
    /// Measured sources.
    pub n_measured: usize,
    /// Measured sources that are galaxies of the truth.
    pub n_galaxies: usize,
    /// Measured sources without a true source nearby.
    pub n_unknown: usize,
}

/// Compares a catalogue with a truth table (`x y flux mag kind crowded saturated`). `flux` names the aperture flux of
/// the catalogue, and `inside` is the part of a star's flux that its aperture holds.
///
/// # Errors
/// A column that is not there.
pub fn compare(catalog: &Table, truth: &Table, flux: &str, inside: f64) -> Result<Comparison> {
    let measured = positions_of(catalog, "the catalogue")?;
    let (flux_m, err_m) = (catalog.f64(flux)?, catalog.f64(&flux.replace("flux", "flux_err"))?);
    let flags = catalog.column("flags").and_then(Column::to_i64)?;
    let (x, y, flux_t, mag) = (truth.f64("x")?, truth.f64("y")?, truth.f64("flux")?, truth.f64("mag")?);
    let kind = truth.column("kind")?.as_str()?;
    let (crowded, saturated) = (truth.f64("crowded")?, truth.f64("saturated")?);

    // The brightest true sources choose first.
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|&a, &b| flux_t[b].total_cmp(&flux_t[a]));
    let mut taken = vec![false; measured.len()];
    let mut partner: Vec<Option<usize>> = vec![None; x.len()];
    for &t in &order {
        let p = Point::new(x[t], y[t]);
        let nearest = (0..measured.len())
            .filter(|&m| !taken[m] && (measured[m].x - p.x).abs() <= MATCH_RADIUS)
            .map(|m| (measured[m].distance(p), m))
            .filter(|(d, _)| *d <= MATCH_RADIUS)
            .min_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, m)) = nearest {
            taken[m] = true;
            partner[t] = Some(m);
        }
    }

    let stars: Vec<usize> = (0..x.len()).filter(|&t| kind[t] == "star").collect();
    let first = stars.iter().map(|&t| mag[t]).fold(f64::INFINITY, f64::min).floor();
    let last = stars.iter().map(|&t| mag[t]).fold(f64::NEG_INFINITY, f64::max);
    let mut bins = Vec::new();
    let mut low = first;
    while low.is_finite() && low <= last {
        let members: Vec<usize> =
            stars.iter().copied().filter(|&t| mag[t] >= low && mag[t] < low + BIN).collect();
        let found: Vec<(usize, usize)> = members.iter().filter_map(|&t| Some((t, partner[t]?))).collect();
        let clean: Vec<(usize, usize)> = found
            .iter()
            .copied()
            .filter(|&(t, m)| crowded[t] == 0.0 && saturated[t] == 0.0 && flags[m] == 0)
            .collect();
        if members.is_empty() {
            low += BIN;
            continue;
        }
        let sum2: f64 =
            found.iter().map(|&(t, m)| (measured[m].x - x[t]).powi(2) + (measured[m].y - y[t]).powi(2)).sum();
        let of = |f: &dyn Fn(usize, usize) -> f64| clean.iter().map(|&(t, m)| f(t, m)).collect::<Vec<f64>>();
        let pulls = of(&|t, m| (flux_m[m] - inside * flux_t[t]) / err_m[m]);
        bins.push(ComparisonBin {
            mag_min: low,
            mag_max: low + BIN,
            n_true: members.len(),
            n_found: found.len(),
            position_rms: (sum2 / (2.0 * found.len() as f64)).sqrt(),
            flux_ratio: skyphot_stats::median(&of(&|t, m| flux_m[m] / (inside * flux_t[t]))),
            relative_error: skyphot_stats::median(&of(&|t, m| err_m[m] / (inside * flux_t[t]))),
            pull_width: if pulls.len() < 3 { f64::NAN } else { skyphot_stats::mad_std(&pulls) },
            n_clean: clean.len(),
        });
        low += BIN;
    }
    let n_galaxies = (0..x.len()).filter(|&t| kind[t] != "star" && partner[t].is_some()).count();
    Ok(Comparison {
        n_stars: stars.len(),
        n_found: stars.iter().filter(|&&t| partner[t].is_some()).count(),
        n_measured: measured.len(),
        n_galaxies,
        n_unknown: taken.iter().filter(|t| !**t).count(),
        bins,
    })
}

impl Comparison {
    /// The bins as a table.
    ///
    /// # Errors
    /// Never in practice: all columns have one length.
    pub fn to_table(&self) -> Result<Table> {
        let of = |f: &dyn Fn(&ComparisonBin) -> f64| self.bins.iter().map(f).collect::<Vec<f64>>();
        let count =
            |f: &dyn Fn(&ComparisonBin) -> usize| self.bins.iter().map(|b| f(b) as i64).collect::<Vec<_>>();
        Ok(Table::from_columns([
            Column::new("mag_min", of(&|b| b.mag_min)).with_unit("mag"),
            Column::new("mag_max", of(&|b| b.mag_max)).with_unit("mag"),
            Column::new("n_true", count(&|b| b.n_true)).with_description("true stars"),
            Column::new("n_found", count(&|b| b.n_found)).with_description("of them in the catalogue"),
            Column::new("position_rms", of(&|b| b.position_rms))
                .with_unit("pix")
                .with_description("per axis"),
            Column::new("flux_ratio", of(&|b| b.flux_ratio)).with_description("median of measured / true"),
            Column::new("relative_error", of(&|b| b.relative_error))
                .with_description("median of error / true"),
            Column::new("pull_width", of(&|b| b.pull_width))
                .with_description("width of (measured - true) / error"),
            Column::new("n_clean", count(&|b| b.n_clean)).with_description("isolated stars without flags"),
        ])?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_ratios_of_a_small_case() {
        let text = |v: &[&str]| v.iter().map(|s| (*s).to_owned()).collect::<Vec<String>>();
        let truth = Table::from_columns([
            Column::new("x", vec![10.0, 30.0, 50.0, 70.0]),
            Column::new("y", vec![10.0, 10.0, 10.0, 10.0]),
            Column::new("flux", vec![100.0, 200.0, 300.0, 50.0]),
            Column::new("mag", vec![20.0, 20.5, 19.5, 21.0]),
            Column::new("kind", text(&["star", "star", "galaxy", "star"])),
            Column::new("crowded", vec![false; 4]),
            Column::new("saturated", vec![false; 4]),
        ])
        .unwrap();
        let catalog = Table::from_columns([
            Column::new("x_centroid", vec![10.3, 30.0, 50.0, 90.0]),
            Column::new("y_centroid", vec![10.4, 10.0, 10.0, 10.0]),
            Column::new("flux", vec![81.0, 160.0, 1.0, 1.0]),
            Column::new("flux_err", vec![1.0; 4]),
            Column::new("flags", vec![0_i64; 4]),
        ])
        .unwrap();
        let c = compare(&catalog, &truth, "flux", 0.8).unwrap();
        assert_eq!((c.n_stars, c.n_found, c.n_galaxies, c.n_unknown), (3, 2, 1, 1));
        assert_eq!(c.bins[0].n_true, 2);
        assert!((c.bins[0].position_rms - (0.25_f64 / 4.0).sqrt()).abs() < 1e-12);
        assert!((c.bins[0].flux_ratio - 0.5 * (81.0 / 80.0 + 1.0)).abs() < 1e-12);
        assert_eq!(c.to_table().unwrap().n_rows(), c.bins.len());
    }
}
