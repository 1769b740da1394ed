//! Round numbers along an axis.

use crate::{ImageNorm, Stretch};

/// Multiples of 1, 2 or 5 times a power of ten within `[lo, hi]`, at most about `max` of them, and the step.
pub(crate) fn nice_ticks(lo: f64, hi: f64, max: usize) -> (Vec<f64>, f64) {
    let range = hi - lo;
    if !(range > 0.0 && range.is_finite()) {
        return (vec![lo], 0.0);
    }
    let rough = range / max.max(1) as f64;
    let decade = 10_f64.powf(rough.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].map(|m| m * decade).into_iter().find(|s| *s >= rough * 0.999).unwrap_or(rough);
    let first = (lo / step - 1e-9).ceil() as i64;
    let last = (hi / step + 1e-9).floor() as i64;
    ((first..=last).map(|i| i as f64 * step).collect(), step)
}

/// A number for a tick label, with the digits that `step` needs.
pub(crate) fn label(v: f64, step: f64) -> String {
    let v = if v.abs() < step * 1e-6 { 0.0 } else { v };
    let magnitude = v.abs().max(step.abs());
    let text = if magnitude >= 1e6 || (magnitude > 0.0 && magnitude < 1e-3) {
        let digits = if step > 0.0 && v != 0.0 {
            (v.abs().log10().floor() - step.log10().floor()).clamp(0.0, 6.0) as usize
        } else {
            3
        };
        if v == 0.0 { "0".to_owned() } else { format!("{v:.digits$e}") }
    } else {
        let decimals =
            if step > 0.0 { (-(step * 1.0001).log10().floor()).clamp(0.0, 9.0) as usize } else { 3 };
        format!("{v:.decimals$}")
    };
    text.replace('-', "\u{2212}")
}

/// Without zeros at the end of the decimals, for ticks of different steps next to each other.
fn trimmed(label: String) -> String {
    if !label.contains('.') || label.contains('e') {
        return label;
    }
    label.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `10ⁿ`, with 1 and 10 written out.
pub(crate) fn power_of_ten(n: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    match n {
        0 => "1".to_owned(),
        1 => "10".to_owned(),
        _ => {
            let sign = if n < 0 { "⁻" } else { "" };
            let digits: String =
                n.unsigned_abs().to_string().bytes().map(|b| DIGITS[usize::from(b - b'0')]).collect();
            format!("10{sign}{digits}")
        }
    }
}

/// Ticks of a colour bar that is `length` pixels long: `(place in 0..=1, label)`, the roundest numbers that keep
/// `spacing` pixels apart.
pub(crate) fn color_bar_ticks(norm: &ImageNorm, length: f64, spacing: f64) -> Vec<(f64, String)> {
    let mut chosen: Vec<(f64, f64, f64)> = Vec::new();
    let range = norm.vmax - norm.vmin;
    if range <= 0.0 {
        return vec![(0.0, label(norm.vmin, 0.0))];
    }
    if matches!(norm.stretch(), Stretch::Log(_)) && norm.vmin > 0.0 && norm.vmax / norm.vmin > 30.0 {
        return decades(norm, spacing / length);
    }
    let gap = spacing / length;
    let mut max = (1.0 / gap).floor().clamp(1.0, 9.0) as usize;
    // Even steps where the scale is even.
    let levels = if matches!(norm.stretch(), Stretch::Linear { .. }) { 1 } else { 4 };
    for level in 0..levels {
        // Less round numbers only where there is room to spare.
        let gap = gap * (1.0 + 0.6 * f64::from(level));
        let (values, step) = nice_ticks(norm.vmin, norm.vmax, max);
        for v in values {
            let at = norm.apply(v);
            if at.is_finite()
                && (-1e-9..=1.0 + 1e-9).contains(&at)
                && chosen.iter().all(|c| (c.1 - at).abs() >= gap)
            {
                chosen.push((v, at, step));
            }
        }
        max *= 5;
    }
    chosen.sort_by(|a, b| a.1.total_cmp(&b.1));
    chosen.into_iter().map(|(v, at, step)| (at.clamp(0.0, 1.0), trimmed(label(v, step)))).collect()
}

/// Powers of ten, those with a name `gap` apart, and marks at 2 to 9 times these.
fn decades(norm: &ImageNorm, gap: f64) -> Vec<(f64, String)> {
    let (first, last) = (norm.vmin.log10().floor() as i32, norm.vmax.log10().ceil() as i32);
    let mut out: Vec<(f64, String)> = Vec::new();
    let mut free = f64::NEG_INFINITY;
    for n in first..=last {
        for k in 1..10 {
            // Parsed, so that a power of ten is the number that a person writes.
            let v = format!("{k}e{n}").parse::<f64>().unwrap_or(f64::NAN);
            let at = norm.apply(v);
            if v < norm.vmin * (1.0 - 1e-12) || v > norm.vmax * (1.0 + 1e-12) || !at.is_finite() {
                continue;
            }
            let named = k == 1 && at >= free;
            if named {
                free = at + 0.5 * gap;
            }
            out.push((at.clamp(0.0, 1.0), if named { power_of_ten(n) } else { String::new() }));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_steps() {
        assert_eq!(nice_ticks(-0.5, 99.5, 6).0, [0.0, 20.0, 40.0, 60.0, 80.0]);
        assert_eq!(nice_ticks(0.0, 1.0, 5).0.len(), 6);
        assert_eq!(nice_ticks(3.0, 3.0, 5).0, [3.0]);
        assert_eq!(label(0.30000000000000004, 0.1), "0.3");
        assert_eq!(label(-1500.0, 500.0), "−1500");
        assert_eq!(label(2.5e7, 5e6), "2.5e7");
        assert_eq!(label(0.0, 1e-7), "0");
        assert_eq!(power_of_ten(-12), "10⁻¹²");
    }

    #[test]
    fn a_logarithmic_bar_has_decades() {
        let norm = ImageNorm::from_limits(1e-4, 5e-2, Stretch::Log(1000.0)).unwrap();
        let ticks = color_bar_ticks(&norm, 800.0, 40.0);
        let named: Vec<&str> = ticks.iter().map(|t| t.1.as_str()).filter(|t| !t.is_empty()).collect();
        assert_eq!(named, ["10⁻⁴", "10⁻³", "10⁻²"]);
        // 1 to 9 times two of them, and 1 to 5 times the last.
        assert_eq!(ticks.len(), 23);
        assert_eq!((ticks[0].0, ticks[22].0), (0.0, 1.0));
        assert!(ticks.windows(2).all(|w| w[0].0 < w[1].0));
    }

    #[test]
    fn a_linear_bar_has_even_steps() {
        for (lo, hi) in [(0.9971, 1.0017), (-1e-4, 1e-4), (0.0, 12.0)] {
            let norm = ImageNorm::from_limits(lo, hi, Stretch::default()).unwrap();
            let ticks = color_bar_ticks(&norm, 900.0, 40.0);
            assert!(ticks.len() > 3);
            let step = ticks[1].0 - ticks[0].0;
            assert!(ticks.windows(2).all(|w| (w[1].0 - w[0].0 - step).abs() < 1e-9), "{ticks:?}");
        }
    }

    #[test]
    fn bar_ticks_keep_their_distance() {
        let norm = ImageNorm::from_limits(95.0, 20_000.0, Stretch::Asinh(0.01)).unwrap();
        let ticks = color_bar_ticks(&norm, 400.0, 30.0);
        assert!(ticks.len() > 5);
        assert!(ticks.iter().all(|t| !t.1.contains('.')));
        assert!(ticks.windows(2).all(|w| w[1].0 - w[0].0 >= 30.0 / 400.0));
    }
}
