//! Gauss-Legendre quadrature.

/// Nodes in (-1, 1) with their weights.
#[derive(Debug, Clone)]
pub(crate) struct Legendre {
    nodes: Vec<(f64, f64)>,
}

impl Legendre {
    /// A rule of `n` nodes, from Newton's iteration on the Legendre polynomial.
    pub(crate) fn new(n: usize) -> Self {
        let n = n.max(1);
        let mut nodes = Vec::with_capacity(n);
        for i in 0..n {
            let mut x = (std::f64::consts::PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
            let mut slope = 1.0;
            for _ in 0..100 {
                let (mut p0, mut p1) = (1.0, x);
                for k in 2..=n {
                    let k = k as f64;
                    (p0, p1) = (p1, ((2.0 * k - 1.0) * x * p1 - (k - 1.0) * p0) / k);
                }
                slope = n as f64 * (x * p1 - p0) / (x * x - 1.0);
                let step = p1 / slope;
                x -= step;
                if step.abs() < 1e-16 {
                    break;
                }
            }
            if n % 2 == 1 && i == n / 2 {
                x = 0.0;
                let (mut p0, mut p1) = (1.0, 0.0);
                for k in 2..=n {
                    let k = k as f64;
                    (p0, p1) = (p1, -(k - 1.0) * p0 / k);
                }
                slope = if n == 1 { 1.0 } else { n as f64 * p0 };
                let _ = p1;
            }
            nodes.push((x, 2.0 / ((1.0 - x * x) * slope * slope)));
        }
        nodes.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self { nodes }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.nodes.iter().copied()
    }

    /// Offsets within a pixel of width 1 and weights that sum to 1.
    pub(crate) fn within_pixel(&self) -> Vec<(f64, f64)> {
        self.nodes.iter().map(|(x, w)| (0.5 * x, 0.5 * w)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_are_exact() {
        for n in [1, 2, 5, 9, 20] {
            let rule = Legendre::new(n);
            for power in 0..2 * n {
                let sum: f64 = rule.iter().map(|(x, w)| w * x.powi(power as i32)).sum();
                let exact = if power % 2 == 0 { 2.0 / (power as f64 + 1.0) } else { 0.0 };
                assert!((sum - exact).abs() < 1e-13, "{n} {power} {sum} {exact}");
            }
        }
    }
}
