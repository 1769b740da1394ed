//! Monotone piecewise cubic interpolation.
//!
//! Fritsch and Butland 1984, SIAM J. Sci. Stat. Comput. 5, 300; one-sided three-point derivatives at the ends (Moler
//! 2004, Numerical Computing with MATLAB, 3.6).

/// The interpolant through points of ascending abscissa.
///
/// ```
/// use skyphot_fit::Pchip;
/// let curve = Pchip::new(vec![0.0, 1.0, 3.0], vec![0.0, 2.0, 3.0]).expect("two points or more");
/// assert_eq!(curve.value(1.0), 2.0);
/// assert!((curve.value(curve.first(2.5)) - 2.5).abs() < 1e-14);
/// ```
#[doc(alias = "PchipInterpolator")]
#[derive(Debug, Clone)]
pub struct Pchip {
    x: Vec<f64>,
    y: Vec<f64>,
    slope: Vec<f64>,
}

impl Pchip {
    /// Through at least two points; `None` for fewer.
    #[must_use]
    pub fn new(x: Vec<f64>, y: Vec<f64>) -> Option<Self> {
        let n = x.len();
        if n < 2 || y.len() != n {
            return None;
        }
        let h: Vec<f64> = x.windows(2).map(|w| w[1] - w[0]).collect();
        let m: Vec<f64> = y.windows(2).zip(&h).map(|(w, h)| (w[1] - w[0]) / h).collect();
        if n == 2 {
            return Some(Self { x, y, slope: vec![m[0]; 2] });
        }
        let mut slope = vec![0.0; n];
        for k in 1..n - 1 {
            if m[k - 1] != 0.0 && m[k] != 0.0 && (m[k - 1] > 0.0) == (m[k] > 0.0) {
                let (w1, w2) = (2.0 * h[k] + h[k - 1], h[k] + 2.0 * h[k - 1]);
                slope[k] = ((w1 / m[k - 1] + w2 / m[k]) / (w1 + w2)).recip();
            }
        }
        slope[0] = end_slope(h[0], h[1], m[0], m[1]);
        slope[n - 1] = end_slope(h[n - 2], h[n - 3], m[n - 2], m[n - 3]);
        Some(Self { x, y, slope })
    }

    /// The value at `x`; NaN outside the points.
    #[must_use]
    pub fn value(&self, x: f64) -> f64 {
        let last = self.x.len() - 1;
        if !(x >= self.x[0] && x <= self.x[last]) {
            return f64::NAN;
        }
        let k = self.x.partition_point(|&v| v <= x).saturating_sub(1).min(last - 1);
        self.cubic(k, x - self.x[k])
    }

    fn cubic(&self, k: usize, t: f64) -> f64 {
        let [a, b, c, d] = self.coefficients(k);
        a + t * (b + t * (c + t * d))
    }

    /// Coefficients of the powers of `x - x[k]`.
    fn coefficients(&self, k: usize) -> [f64; 4] {
        let h = self.x[k + 1] - self.x[k];
        let m = (self.y[k + 1] - self.y[k]) / h;
        let (d0, d1) = (self.slope[k], self.slope[k + 1]);
        let t = (d0 + d1 - 2.0 * m) / h;
        [self.y[k], d0, (m - d0) / h - t, t / h]
    }

    /// The smallest abscissa of the value `y`; NaN if the curve does not reach it. Between two points the curve is
    /// monotone.
    #[must_use]
    pub fn first(&self, y: f64) -> f64 {
        let brackets = |k: usize| {
            let (a, b) = (self.y[k], self.y[k + 1]);
            a.min(b) <= y && y <= a.max(b)
        };
        let Some(k) = (0..self.x.len() - 1).find(|&k| brackets(k)) else { return f64::NAN };
        if self.y[k] == y {
            return self.x[k];
        }
        if self.y[k + 1] == y {
            return self.x[k + 1];
        }
        self.x[k] + self.root(k, y)
    }

    /// Newton's method in a bracket that bisection narrows.
    fn root(&self, k: usize, y: f64) -> f64 {
        let [a, b, c, d] = self.coefficients(k);
        let (mut low, mut high) = (0.0, self.x[k + 1] - self.x[k]);
        let rising = self.y[k + 1] > self.y[k];
        let mut t = 0.5 * high;
        for _ in 0..200 {
            let f = a + t * (b + t * (c + t * d)) - y;
            if f == 0.0 {
                break;
            }
            if (f > 0.0) == rising {
                high = t;
            } else {
                low = t;
            }
            let next = t - f / (b + t * (2.0 * c + t * 3.0 * d));
            let next = if next > low && next < high { next } else { 0.5 * (low + high) };
            if next == t || high - low <= f64::EPSILON * high {
                break;
            }
            t = next;
        }
        t
    }
}

/// Derivative at an end from the first two intervals, limited such that the curve stays monotone.
fn end_slope(h0: f64, h1: f64, m0: f64, m1: f64) -> f64 {
    let d = ((2.0 * h0 + h1) * m0 - h0 * m1) / (h0 + h1);
    let sign = |v: f64| if v > 0.0 { 1 } else { -i32::from(v < 0.0) };
    if sign(d) != sign(m0) {
        0.0
    } else if sign(m0) != sign(m1) && d.abs() > 3.0 * m0.abs() {
        3.0 * m0
    } else {
        d
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_lines_and_inverse() {
        let line = Pchip::new(vec![1.0, 2.0, 4.0], vec![2.0, 4.0, 8.0]).unwrap();
        assert!((line.value(3.1) - 6.2).abs() < 1e-14);
        assert!((line.first(6.2) - 3.1).abs() < 1e-14);
        assert!(line.value(0.9).is_nan() && line.value(4.1).is_nan() && line.first(9.0).is_nan());
        assert_eq!((line.value(4.0), line.first(8.0), line.first(2.0)), (8.0, 4.0, 1.0));
        let c = Pchip::new(vec![0.5, 1.0, 2.0, 3.5, 4.0], vec![1.0, 3.0, 3.5, 3.2, 3.6]).unwrap();
        for (x, y) in [(0.5, 1.0), (1.0, 3.0), (2.0, 3.5), (3.5, 3.2), (4.0, 3.6)] {
            assert_eq!(c.value(x), y);
        }
        for y in [1.1, 2.0, 2.99, 3.3, 3.55] {
            assert!((c.value(c.first(y)) - y).abs() < 1e-14, "{y}");
        }
        assert!(Pchip::new(vec![1.0], vec![1.0]).is_none());
    }
}
