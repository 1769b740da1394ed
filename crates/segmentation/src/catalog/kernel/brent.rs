//! The root of a function in a bracket (Brent 1973, Algorithms for Minimization without Derivatives, chapter 4).

/// The root of `f` between two points of different sign, to `x_tolerance` plus a relative tolerance of four roundings;
/// `None` if the signs agree. The steps are those of `scipy.optimize.brentq`, so that among several roots the same one
/// is found.
pub(crate) fn brent(
    mut f: impl FnMut(f64) -> f64,
    mut pre: (f64, f64),
    mut cur: (f64, f64),
    x_tolerance: f64,
    iterations: usize,
) -> Option<f64> {
    if pre.1 == 0.0 {
        return Some(pre.0);
    }
    if cur.1 == 0.0 {
        return Some(cur.0);
    }
    if pre.1.is_sign_negative() == cur.1.is_sign_negative() {
        return None;
    }
    // The end of the bracket on the other side, the last step and the one before.
    let mut other = (0.0, 0.0);
    let (mut step_before, mut step) = (0.0_f64, 0.0_f64);
    for _ in 0..iterations {
        if pre.1 != 0.0 && cur.1 != 0.0 && pre.1.is_sign_negative() != cur.1.is_sign_negative() {
            other = pre;
            step = cur.0 - pre.0;
            step_before = step;
        }
        if other.1.abs() < cur.1.abs() {
            pre = cur;
            cur = other;
            other = pre;
        }
        let delta = 0.5 * (x_tolerance + 4.0 * f64::EPSILON * cur.0.abs());
        let bisect = 0.5 * (other.0 - cur.0);
        if cur.1 == 0.0 || bisect.abs() < delta {
            return Some(cur.0);
        }
        let mut interpolated = None;
        if step_before.abs() > delta && cur.1.abs() < pre.1.abs() {
            let s = if pre.0 == other.0 {
                -cur.1 * (cur.0 - pre.0) / (cur.1 - pre.1)
            } else {
                let d_pre = (pre.1 - cur.1) / (pre.0 - cur.0);
                let d_other = (other.1 - cur.1) / (other.0 - cur.0);
                -cur.1 * (other.1 * d_other - pre.1 * d_pre) / (d_other * d_pre * (other.1 - pre.1))
            };
            if 2.0 * s.abs() < step_before.abs().min(3.0 * bisect.abs() - delta) {
                interpolated = Some(s);
            }
        }
        match interpolated {
            Some(s) => (step_before, step) = (step, s),
            None => (step_before, step) = (bisect, bisect),
        }
        pre = cur;
        cur.0 += if step.abs() > delta { step } else { delta.copysign(bisect) };
        cur.1 = f(cur.0);
    }
    Some(cur.0)
}

#[cfg(test)]
mod tests {
    use super::brent;

    fn root(f: impl Fn(f64) -> f64, a: f64, b: f64) -> Option<f64> {
        brent(&f, (a, f(a)), (b, f(b)), 2e-12, 100)
    }

    #[test]
    fn roots_in_a_bracket() {
        let r = root(|x| x * x - 2.0, 0.0, 2.0).unwrap();
        assert!((r - std::f64::consts::SQRT_2).abs() < 1e-11, "{r}");
        assert_eq!(root(|x| x - 1.0, 1.0, 2.0), Some(1.0));
        assert_eq!(root(|x| x + 1.0, 0.0, 2.0), None);
    }
}
