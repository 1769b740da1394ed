//! Tops of stars that a detector cut off.

use skyphot_stats::kernel::median_in_place;

/// Part of the highest pixel within which others count as equal to it, if the noise is less.
const EQUAL: f64 = 0.01;
/// With more noise than this part of the highest pixel nothing can be said.
const NOISY: f64 = 0.1;
/// So many pixels of a sharp star can be equal: it lies between them.
const BETWEEN: f64 = 4.0;

/// The highest pixels of a star.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Top {
    /// The highest.
    pub(crate) level: f64,
    /// By how much others may differ and still count as equal.
    pub(crate) tolerance: f64,
    /// More pixels are equal, side by side, than the width of the star explains.
    pub(crate) is_flat: bool,
}

impl Top {
    /// That of the good pixels `(x, y, value, error)` of a core; `None` without a positive one. Errors that are not positive
    /// numbers count as 0.
    ///
    /// Near its centre every smooth profile is a paraboloid: of the pixels above half of the peak of a Gaussian a part of
    /// `f / ln 2` is within a part `f` of the peak, of steeper ones less. Three times as many, and four for the place of the
    /// centre between the pixels, make a flat top.
    pub(crate) fn of(pixels: &[(usize, usize, f64, f64)]) -> Option<Self> {
        let highest = pixels.iter().max_by(|a, b| a.2.total_cmp(&b.2)).filter(|p| p.2 > 0.0)?;
        let (level, error) = (highest.2, if highest.3 > 0.0 { highest.3 } else { 0.0 });
        let tolerance = (4.0 * error).max(EQUAL * level);
        let mut out = Self { level, tolerance, is_flat: false };
        if !(tolerance <= NOISY * level) {
            return Some(out);
        }
        let half = pixels.iter().filter(|p| p.2 >= 0.5 * level).count() as f64;
        let mut equal: Vec<(usize, usize)> =
            pixels.iter().filter(|p| p.2 >= level - tolerance).map(|p| (p.0, p.1)).collect();
        // Those that are connected with the highest.
        let mut joined = vec![(highest.0, highest.1)];
        equal.retain(|p| *p != joined[0]);
        let mut next = 0;
        while let Some(&(x, y)) = joined.get(next) {
            next += 1;
            equal.retain(|&(i, j)| {
                let near = i.abs_diff(x) <= 1 && j.abs_diff(y) <= 1;
                if near {
                    joined.push((i, j));
                }
                !near
            });
        }
        let natural = 3.0 * half * (tolerance / level) / std::f64::consts::LN_2;
        out.is_flat = joined.len() as f64 > BETWEEN + natural;
        Some(out)
    }
}

/// Which stars have flat tops or reach as high as one that has. `usable` are the stars whose tops tell of a detector:
/// bright ones with good pixels. Where every other one of them is flat and their heights differ, the PSF is so, and none
/// is said to be.
pub(crate) fn flat_tops(tops: &[Option<Top>], usable: impl Fn(usize) -> bool) -> Vec<bool> {
    let told = || (0..tops.len()).filter(|i| usable(*i)).filter_map(|i| tops[i]);
    let mut levels: Vec<f64> = told().filter(|t| t.is_flat).map(|t| t.level).collect();
    let middle = median_in_place(&mut levels);
    let mut off: Vec<f64> = levels.iter().map(|v| (v - middle).abs()).collect();
    let differ = 1.4826 * median_in_place(&mut off) > 0.1 * middle;
    if levels.is_empty() || 2 * levels.len() >= told().count() && differ {
        return vec![false; tops.len()];
    }
    let high = |t: &Top| levels.iter().any(|l| (t.level - l).abs() <= t.tolerance);
    tops.iter().map(|t| t.is_some_and(|t| t.is_flat || high(&t))).collect()
}

#[cfg(test)]
mod tests {
    use skyphot_core::testing::{noise, uniform};

    use super::*;

    /// A star of peak 1000 and noise 1, cut at a level.
    fn star(fwhm: f64, beta: Option<f64>, cut: f64, seed: u64) -> Vec<(usize, usize, f64, f64)> {
        let (u, v) = (20.0 + uniform(seed, 0), 20.0 + uniform(seed, 1));
        let r = (1.5 * fwhm).max(2.0);
        let mut out = Vec::new();
        for k in 0..41 * 41 {
            let (x, y) = (k % 41, k / 41);
            let d2 = (x as f64 - u).powi(2) + (y as f64 - v).powi(2);
            if d2 <= r * r {
                let q = 4.0 * d2 / (fwhm * fwhm);
                let shape = match beta {
                    None => 0.5_f64.powf(q),
                    Some(b) => (1.0 + q * (2.0_f64.powf(1.0 / b) - 1.0)).powf(-b),
                };
                out.push((x, y, (1000.0 * shape).min(cut) + noise(seed, k as u64 + 2), 1.0));
            }
        }
        out
    }

    #[test]
    fn whole_stars_are_not_flat_and_cut_ones_are() {
        for (k, fwhm) in [1.5, 2.0, 3.0, 5.0, 8.0, 12.0].into_iter().enumerate() {
            for beta in [None, Some(2.5)] {
                for seed in 0..50 {
                    let seed = 700 + 50 * k as u64 + seed;
                    let whole = Top::of(&star(fwhm, beta, f64::INFINITY, seed)).unwrap();
                    assert!(!whole.is_flat, "{fwhm} {beta:?} {seed}");
                    if fwhm >= 3.0 {
                        let cut = Top::of(&star(fwhm, beta, 300.0, seed)).unwrap();
                        assert!(cut.is_flat && (cut.level - 300.0).abs() < 6.0, "{fwhm} {beta:?} {seed}");
                    }
                }
            }
        }
    }

    #[test]
    fn nothing_is_no_top() {
        assert_eq!(Top::of(&[]), None);
        assert_eq!(Top::of(&[(0, 0, -1.0, 1.0)]), None);
        // Four equal pixels are a star between them.
        let four: Vec<_> = (0..16)
            .map(|k| (k % 4, k / 4, if [5, 6, 9, 10].contains(&k) { 9.0 } else { 1.0 }, f64::NAN))
            .collect();
        assert!(!Top::of(&four).unwrap().is_flat);
    }
}
