//! The simplex method in two dimensions.

/// Largest number of evaluations, and of steps.
const MAX_EVALUATIONS: usize = 400;

/// The place of a minimum of `f` near the corners of a first simplex, and the value there, by the method of Nelder & Mead
/// (1965, Computer J. 7, 308). Trial places are moved into the `bounds` (lower and upper, which must be in order) of both
/// coordinates. It ends when no corner is further than `x_tolerance` from the best one in any coordinate and no value
/// further than `f_tolerance`, or after 400 evaluations. Values that are NaN count as infinite.
///
/// ```
/// let f = |[x, y]: [f64; 2]| (x - 1.0).abs() + (y + 2.0).abs();
/// let first = [[0.0, 0.0], [1.5, 0.0], [0.0, 1.5]];
/// let (p, _) = skyphot_fit::nelder_mead(first, [(-3.0, 3.0), (-1.0, 3.0)], 1e-8, 1e-8, f);
/// assert!((p[0] - 1.0).abs() < 1e-6 && p[1] == -1.0);
/// ```
pub fn nelder_mead(
    simplex: [[f64; 2]; 3],
    bounds: [(f64, f64); 2],
    x_tolerance: f64,
    f_tolerance: f64,
    mut f: impl FnMut([f64; 2]) -> f64,
) -> ([f64; 2], f64) {
    let inside =
        |p: [f64; 2]| -> [f64; 2] { std::array::from_fn(|k| p[k].max(bounds[k].0).min(bounds[k].1)) };
    let mut evaluations = 0;
    let mut value = |p: [f64; 2]| {
        evaluations += 1;
        let v = f(p);
        (evaluations <= MAX_EVALUATIONS).then_some((p, if v.is_nan() { f64::INFINITY } else { v }))
    };
    // Corners beyond an upper bound are reflected at it, so that they do not fall together.
    let mut s = simplex.map(|p| {
        let p = std::array::from_fn(|k| if p[k] > bounds[k].1 { 2.0 * bounds[k].1 - p[k] } else { p[k] });
        (inside(p), f64::INFINITY)
    });
    for corner in &mut s {
        if let Some(v) = value(corner.0) {
            *corner = v;
        }
    }
    for _ in 1..MAX_EVALUATIONS {
        s.sort_by(|a, b| a.1.total_cmp(&b.1));
        let spread = |k: usize| s[1..].iter().map(|p| (p.0[k] - s[0].0[k]).abs()).fold(0.0, f64::max);
        // Infinite values are not near each other.
        let level = s[1..].iter().all(|p| (p.1 - s[0].1).abs() <= f_tolerance);
        if (level && spread(0).max(spread(1)) <= x_tolerance) || step(&mut s, inside, &mut value).is_none() {
            break;
        }
    }
    s.sort_by(|a, b| a.1.total_cmp(&b.1));
    s[0]
}

type Corner = ([f64; 2], f64);

/// One step; `None` if the evaluations are used up.
fn step(
    s: &mut [Corner; 3],
    inside: impl Fn([f64; 2]) -> [f64; 2],
    mut value: impl FnMut([f64; 2]) -> Option<Corner>,
) -> Option<()> {
    let middle: [f64; 2] = std::array::from_fn(|k| (s[0].0[k] + s[1].0[k]) / 2.0);
    let worst = s[2];
    let mut at = |t: f64| value(inside(std::array::from_fn(|k| (1.0 + t) * middle[k] - t * worst.0[k])));
    let reflected = at(1.0)?;
    if reflected.1 < s[0].1 {
        let expanded = at(2.0)?;
        s[2] = if expanded.1 < reflected.1 { expanded } else { reflected };
        return Some(());
    }
    if reflected.1 < s[1].1 {
        s[2] = reflected;
        return Some(());
    }
    let outside = reflected.1 < worst.1;
    let contracted = at(if outside { 0.5 } else { -0.5 })?;
    let good = if outside { contracted.1 <= reflected.1 } else { contracted.1 < worst.1 };
    if good {
        s[2] = contracted;
        return Some(());
    }
    let best = s[0].0;
    for corner in &mut s[1..] {
        let p = inside(std::array::from_fn(|k| best[k] + 0.5 * (corner.0[k] - best[k])));
        *corner = value(p)?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANYWHERE: [(f64, f64); 2] = [(f64::NEG_INFINITY, f64::INFINITY); 2];

    #[test]
    fn a_bowl_and_a_kink() {
        let bowl = |[x, y]: [f64; 2]| (x - 11.3).powi(2) + 3.0 * (y - 18.2).powi(2);
        let first = [[10.0, 20.0], [10.5, 20.0], [10.0, 21.0]];
        let (p, v) = nelder_mead(first, ANYWHERE, 1e-8, 1e-12, bowl);
        assert!((p[0] - 11.3).abs() < 1e-6 && (p[1] - 18.2).abs() < 1e-6 && v < 1e-12);
        let kink = |[x, y]: [f64; 2]| (x - 0.5).abs() + (y - 0.7).abs();
        let (p, _) = nelder_mead([[0.0, 1.0], [0.1, 1.0], [0.0, 1.1]], ANYWHERE, 1e-8, 1e-8, kink);
        assert!((p[0] - 0.5).abs() < 1e-6 && (p[1] - 0.7).abs() < 1e-6);
    }

    #[test]
    fn bounds_hold_and_nothing_finite_ends() {
        let mut outside = false;
        let f = |[x, y]: [f64; 2]| {
            outside |= !(0.0..=2.0).contains(&x) || !(0.0..=3.0).contains(&y);
            (x - 5.0).powi(2) + (y - 1.0).powi(2)
        };
        let (p, _) =
            nelder_mead([[2.0, 3.0], [2.5, 3.0], [2.0, 3.5]], [(0.0, 2.0), (0.0, 3.0)], 1e-7, 1.0, f);
        assert!(!outside && (p[0] - 2.0).abs() < 1e-6 && (p[1] - 1.0).abs() < 1e-6, "{p:?}");
        let (_, v) = nelder_mead([[0.0; 2], [1.0, 0.0], [0.0, 1.0]], ANYWHERE, 1e-7, 1e300, |_| f64::NAN);
        assert_eq!(v, f64::INFINITY);
    }
}
