//! Newton's method for maps of the plane.

use crate::angle::inverse_2x2;

/// Value and derivatives of a map of the plane.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) value: [f64; 2],
    /// `jacobian[i][j]` = derivative of value `i` by coordinate `j`.
    pub(crate) jacobian: [[f64; 2]; 2],
}

/// Where the map has the value `target`, from `start`; a last step below `tolerance` ends it (the error is then of
/// the order of its square). `None` if it does not converge.
///
/// Steps that make matters worse are halved; where the matrix is singular a fixed-point step is taken.
#[inline]
pub(crate) fn solve(
    map: impl Fn([f64; 2]) -> Step,
    target: [f64; 2],
    start: [f64; 2],
    tolerance: f64,
) -> Option<[f64; 2]> {
    let mut p = start;
    let mut here = map(p);
    let mut e = [target[0] - here.value[0], target[1] - here.value[1]];
    let mut size = norm(e);
    if !size.is_finite() {
        return None;
    }
    for _ in 0..60 {
        let d = match inverse_2x2(&here.jacobian) {
            Some(inv) => [inv[0][0] * e[0] + inv[0][1] * e[1], inv[1][0] * e[0] + inv[1][1] * e[1]],
            None => e,
        };
        let step = norm(d);
        if step <= tolerance {
            return Some([p[0] + d[0], p[1] + d[1]]);
        }
        let mut factor = 1.0;
        loop {
            let q = [p[0] + factor * d[0], p[1] + factor * d[1]];
            let there = map(q);
            let f = [target[0] - there.value[0], target[1] - there.value[1]];
            let s = norm(f);
            if s < size || factor < 1e-3 {
                if !s.is_finite() || s >= size {
                    return None;
                }
                p = q;
                here = there;
                e = f;
                size = s;
                break;
            }
            factor *= 0.5;
        }
    }
    None
}

/// Length of a vector of moderate size.
fn norm(v: [f64; 2]) -> f64 {
    (v[0] * v[0] + v[1] * v[1]).sqrt()
}
