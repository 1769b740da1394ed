//! The simplex method in two dimensions (Nelder and Mead 1965, Computer J. 7, 308), with the start and the steps that are
//! customary: 5 per cent of each coordinate.

/// Largest number of evaluations.
const MAX_EVALUATIONS: usize = 400;

/// The place of a minimum of `f` near `start`, and the value there. Values must not be NaN.
pub(crate) fn nelder_mead(
    start: [f64; 2],
    x_tolerance: f64,
    f_tolerance: f64,
    mut f: impl FnMut([f64; 2]) -> f64,
) -> ([f64; 2], f64) {
    let step = |v: f64| if v == 0.0 { 0.00025 } else { 1.05 * v };
    let corners = [start, [step(start[0]), start[1]], [start[0], step(start[1])]];
    let mut s = corners.map(|p| (p, f(p)));
    let mut evaluations = 3;
    loop {
        s.sort_by(|a, b| a.1.total_cmp(&b.1));
        let spread = |k: usize| s[1..].iter().map(|p| (p.0[k] - s[0].0[k]).abs()).fold(0.0, f64::max);
        let rise = s[1..].iter().map(|p| (p.1 - s[0].1).abs()).fold(0.0, f64::max);
        let small = spread(0).max(spread(1)) <= x_tolerance && rise <= f_tolerance;
        if small || evaluations >= MAX_EVALUATIONS {
            return s[0];
        }
        let middle = [0.5 * (s[0].0[0] + s[1].0[0]), 0.5 * (s[0].0[1] + s[1].0[1])];
        let worst = s[2];
        let mut at = |t: f64| {
            let p = [middle[0] + t * (middle[0] - worst.0[0]), middle[1] + t * (middle[1] - worst.0[1])];
            evaluations += 1;
            (p, f(p))
        };
        let reflected = at(1.0);
        if reflected.1 < s[0].1 {
            let expanded = at(2.0);
            s[2] = if expanded.1 < reflected.1 { expanded } else { reflected };
        } else if reflected.1 < s[1].1 {
            s[2] = reflected;
        } else {
            let outside = reflected.1 < worst.1;
            let contracted = at(if outside { 0.5 } else { -0.5 });
            let good = if outside { contracted.1 <= reflected.1 } else { contracted.1 < worst.1 };
            if good {
                s[2] = contracted;
            } else {
                let best = s[0].0;
                for p in &mut s[1..] {
                    let q = [0.5 * (best[0] + p.0[0]), 0.5 * (best[1] + p.0[1])];
                    *p = (q, f(q));
                }
                evaluations += 2;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bowl_and_a_kink() {
        let (p, v) =
            nelder_mead([10.0, 20.0], 1e-8, 1e-12, |[x, y]| (x - 11.3).powi(2) + 3.0 * (y - 18.2).powi(2));
        assert!((p[0] - 11.3).abs() < 1e-6 && (p[1] - 18.2).abs() < 1e-6 && v < 1e-12);
        let (p, _) = nelder_mead([0.0, 1.0], 1e-8, 1e-8, |[x, y]| (x - 0.5).abs() + (y - 0.7).abs());
        assert!((p[0] - 0.5).abs() < 1e-6 && (p[1] - 0.7).abs() < 1e-6);
    }
}
