//! The zscale fit (IRAF `display`; parameters and rounding as in astropy's `ZScaleInterval`).

use crate::ZScaleConfig;

/// Limits from sorted samples (at least one).
pub(crate) fn zscale_limits(samples: &[f64], c: &ZScaleConfig) -> (f64, f64) {
    let n = samples.len();
    let (lo, hi) = (samples[0], samples[n - 1]);
    let min_good = c.min_npixels.max((n as f64 * c.max_reject) as usize);
    let grow = ((n as f64 * 0.01) as usize).max(1);
    let mut bad = vec![false; n];
    let (mut good, mut last_good) = (n, n + 1);
    let mut slope = 0.0;
    for _ in 0..c.max_iterations {
        if good >= last_good || good < min_good {
            break;
        }
        let line = fit_line(samples, &bad, good);
        slope = line.slope;
        let flat: Vec<f64> = samples
            .iter()
            .enumerate()
            .map(|(i, &v)| v - line.value + slope * (line.center - i as f64))
            .collect();
        let threshold = c.krej * std_dev(&flat, &bad, good);
        for (b, f) in bad.iter_mut().zip(&flat) {
            *b |= *f < -threshold || *f > threshold;
        }
        bad = dilate(&bad, grow);
        last_good = good;
        good = bad.iter().filter(|b| !**b).count();
    }
    if good < min_good {
        return (lo, hi);
    }
    if c.contrast > 0.0 {
        slope /= c.contrast;
    }
    let center = (n - 1) / 2;
    let median = if n % 2 == 1 { samples[n / 2] } else { 0.5 * (samples[n / 2 - 1] + samples[n / 2]) };
    let z1 = median - (center as f64 - 1.0) * slope;
    let z2 = median + (n - center) as f64 * slope;
    (lo.max(z1), hi.min(z2))
}

struct Line {
    slope: f64,
    center: f64,
    value: f64,
}

/// Least squares of the values that are not bad against their index.
fn fit_line(v: &[f64], bad: &[bool], good: usize) -> Line {
    let n = good as f64;
    let used = || v.iter().enumerate().filter(|(i, _)| !bad[*i]).map(|(i, v)| (i as f64, *v));
    let (sx, sy) = used().fold((0.0, 0.0), |(a, b), (x, y)| (a + x, b + y));
    let (mx, my) = (sx / n, sy / n);
    let (sxx, sxy) =
        used().fold((0.0, 0.0), |(a, b), (x, y)| (a + (x - mx) * (x - mx), b + (x - mx) * (y - my)));
    Line { slope: if sxx > 0.0 { sxy / sxx } else { 0.0 }, center: mx, value: my }
}

fn std_dev(v: &[f64], bad: &[bool], good: usize) -> f64 {
    let used = || v.iter().zip(bad).filter(|(_, b)| !**b).map(|(v, _)| *v);
    let mean = used().sum::<f64>() / good as f64;
    (used().map(|v| (v - mean) * (v - mean)).sum::<f64>() / good as f64).sqrt()
}

/// Or over a window of `width` samples; an even window reaches one further to the left.
fn dilate(bad: &[bool], width: usize) -> Vec<bool> {
    let left = width / 2;
    let right = width - 1 - left;
    (0..bad.len())
        .map(|i| bad[i.saturating_sub(left)..(i + right + 1).min(bad.len())].iter().any(|b| *b))
        .collect()
}
