//! The width of an ePSF.

use ndarray::ArrayView2;

/// FWHM along y and x in samples: between the first half-maximum crossings on both sides of the peak, along the mean of
/// the three rows and columns around it. `None` if it does not fall to half its peak within the samples.
pub(crate) fn measure_fwhm(data: ArrayView2<'_, f64>) -> Option<(f64, f64)> {
    let (ny, nx) = data.dim();
    let (iy, ix) = {
        let mut best: Option<((usize, usize), f64)> = None;
        for (at, v) in data.indexed_iter().filter(|(_, v)| !v.is_nan()) {
            if best.is_none_or(|(_, b)| *v > b) {
                best = Some((at, *v));
            }
        }
        let (at, peak) = best?;
        (peak > 0.0).then_some(at)?
    };
    let (rows, cols) = (iy.saturating_sub(1)..(iy + 2).min(ny), ix.saturating_sub(1)..(ix + 2).min(nx));
    let mean = |it: &mut dyn Iterator<Item = f64>, n: usize| it.sum::<f64>() / n as f64;
    let along_x: Vec<f64> =
        (0..nx).map(|x| mean(&mut rows.clone().map(|y| data[[y, x]]), rows.len())).collect();
    let along_y: Vec<f64> =
        (0..ny).map(|y| mean(&mut cols.clone().map(|x| data[[y, x]]), cols.len())).collect();
    Some((width(&along_y)?, width(&along_x)?))
}

fn width(profile: &[f64]) -> Option<f64> {
    let mut top: Option<usize> = None;
    for (i, v) in profile.iter().enumerate().filter(|(_, v)| !v.is_nan()) {
        if top.is_none_or(|t| *v > profile[t]) {
            top = Some(i);
        }
    }
    let top = top?;
    let peak = profile[top];
    if !(peak.is_finite() && peak > 0.0) {
        return None;
    }
    let half = 0.5 * peak;
    let edge = |step: i64| {
        let at = |i: i64| usize::try_from(i).ok().and_then(|i| profile.get(i)).copied();
        let mut i = top as i64;
        while at(i + step).is_some_and(|v| v > half) {
            i += step;
        }
        let outer = at(i + step).filter(|v| v.is_finite())?;
        let inner = at(i)?;
        Some(i as f64 + step as f64 * (inner - half) / (inner - outer))
    };
    Some((edge(1)? - edge(-1)?).abs())
}

/// The nearest integer, made odd by adding one if it is even; at least 1.
pub(crate) fn odd_size(value: f64) -> usize {
    let n = value.round_ties_even().max(0.0) as usize;
    (n + usize::from(n.is_multiple_of(2))).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn widths_of_a_gaussian() {
        let data = Array2::from_shape_fn((41, 51), |(y, x)| {
            (-((y as f64 - 20.0).powi(2) / 18.0 + (x as f64 - 25.0).powi(2) / 50.0)).exp()
        });
        let (fy, fx) = measure_fwhm(data.view()).unwrap();
        assert!((fy - 3.0 * 2.3548).abs() < 0.05 && (fx - 5.0 * 2.3548).abs() < 0.05, "{fy} {fx}");
        assert!(measure_fwhm(Array2::zeros((5, 5)).view()).is_none());
        assert!(measure_fwhm(Array2::ones((5, 5)).view()).is_none());
        assert_eq!([5.9, 5.0, 0.2, 4.5, 5.5].map(odd_size), [7, 5, 1, 5, 7]);
    }
}
