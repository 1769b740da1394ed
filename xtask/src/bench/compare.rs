//! How far our values are from a peer's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::cases::{Measure, Peer};

/// The worst disagreement over all lists of values the peer saved; each must be there on our side too.
pub(super) fn agreement(
    peer: &Peer,
    ours: &BTreeMap<String, PathBuf>,
    theirs: &BTreeMap<String, PathBuf>,
) -> Result<f64> {
    let mut worst = 0.0_f64;
    if theirs.is_empty() {
        bail!("{} saved nothing to compare", peer.name);
    }
    let scale = match peer.measure {
        Measure::MaxPer(name) | Measure::MedianPer(name) => {
            median(&mut floats(theirs.get(name).with_context(|| format!("{} saved no {name}", peer.name))?)?)
        }
        Measure::Max => f64::NAN,
    };
    for (name, file) in theirs {
        let b = floats(file)?;
        let a = floats(ours.get(name).with_context(|| format!("we saved no {name}"))?)?;
        if a.len() != b.len() {
            println!("  {name}: we have {} values, {} has {}", a.len(), peer.name, b.len());
            return Ok(f64::INFINITY);
        }
        let by_median = peer.median_of.contains(&name.as_str());
        let d = difference(peer.measure, by_median, &a, &b, scale);
        if !peer.allows(d) {
            println!("  {name}: differs from {} by {d:.3e}", peer.name);
        }
        // A NaN must not be lost in a maximum.
        worst = if d.is_nan() { f64::INFINITY } else { worst.max(d) };
    }
    Ok(worst)
}

fn difference(measure: Measure, by_median: bool, a: &[f64], b: &[f64], scale: f64) -> f64 {
    let apart = |(a, b): (&f64, &f64)| {
        if a.is_nan() && b.is_nan() || a == b {
            return 0.0;
        }
        (a - b).abs()
            / match measure {
                Measure::Max => b.abs().max(1.0),
                Measure::MaxPer(_) | Measure::MedianPer(_) => scale,
            }
    };
    let pairs = a.iter().zip(b).map(apart);
    match measure {
        Measure::Max | Measure::MaxPer(_) if !by_median => {
            pairs.fold(0.0, |m: f64, d| if d.is_nan() { f64::INFINITY } else { m.max(d) })
        }
        _ => median(&mut pairs.collect::<Vec<_>>()),
    }
}

/// Median (upper of two); NaN for nothing.
pub(super) fn median(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

fn floats(path: &Path) -> Result<Vec<f64>> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let (floats, rest) = bytes.as_chunks::<8>();
    if !rest.is_empty() {
        bail!("{} is not a list of 64-bit floats", path.display());
    }
    Ok(floats.iter().map(|b| f64::from_le_bytes(*b)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences() {
        let (a, b) = ([1.0, 200.0, f64::NAN], [1.0, 202.0, f64::NAN]);
        assert!((difference(Measure::Max, false, &a, &b, f64::NAN) - 2.0 / 202.0).abs() < 1e-15);
        assert_eq!(difference(Measure::MaxPer("x"), false, &a, &b, 4.0), 0.5);
        assert_eq!(difference(Measure::MedianPer("x"), false, &a, &b, 4.0), 0.0);
        assert_eq!(difference(Measure::Max, true, &a, &b, f64::NAN), 0.0);
        assert_eq!(difference(Measure::Max, false, &[1.0], &[f64::NAN], f64::NAN), f64::INFINITY);
    }
}
