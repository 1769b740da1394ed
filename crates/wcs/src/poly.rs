//! Polynomials in two variables.

/// `sum c[p][q] u^p v^q` over `p + q <= degree`.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Poly2 {
    degree: usize,
    /// Rows of constant `p`, each with `q = 0 ... degree - p`.
    c: Vec<f64>,
}

impl Poly2 {
    pub(crate) fn zeros(degree: usize) -> Self {
        Self { degree, c: vec![0.0; (degree + 1) * (degree + 2) / 2] }
    }

    fn index(&self, p: usize, q: usize) -> usize {
        // Rows 0 .. p have degree + 1, degree, ... entries.
        p * (2 * self.degree + 3 - p) / 2 + q
    }

    pub(crate) fn degree(&self) -> usize {
        self.degree
    }

    pub(crate) fn get(&self, p: usize, q: usize) -> f64 {
        if p + q <= self.degree { self.c[self.index(p, q)] } else { 0.0 }
    }

    pub(crate) fn set(&mut self, p: usize, q: usize, v: f64) {
        let i = self.index(p, q);
        self.c[i] = v;
    }

    pub(crate) fn is_finite(&self) -> bool {
        self.c.iter().all(|v| v.is_finite())
    }

    /// Terms with a coefficient other than 0, as `(p, q, value)`.
    pub(crate) fn terms(&self) -> impl Iterator<Item = (usize, usize, f64)> + '_ {
        (0..=self.degree)
            .flat_map(move |p| (0..=self.degree - p).map(move |q| (p, q)))
            .map(|(p, q)| (p, q, self.get(p, q)))
            .filter(|t| t.2 != 0.0)
    }

    /// The same polynomial of the lowest degree that holds it.
    pub(crate) fn trimmed(&self) -> Self {
        let degree = self.terms().map(|(p, q, _)| p + q).max().unwrap_or(0);
        let mut out = Self::zeros(degree);
        for (p, q, v) in self.terms() {
            out.set(p, q, v);
        }
        out
    }

    #[inline(always)]
    pub(crate) fn value(&self, u: f64, v: f64) -> f64 {
        let mut f = 0.0;
        let mut end = self.c.len();
        for p in (0..=self.degree).rev() {
            let start = end - (self.degree - p + 1);
            let mut g = 0.0;
            for &c in self.c[start..end].iter().rev() {
                g = g * v + c;
            }
            f = f * u + g;
            end = start;
        }
        f
    }

    /// Value and derivatives `(f, df/du, df/dv)`.
    #[inline(always)]
    pub(crate) fn derivatives(&self, u: f64, v: f64) -> (f64, f64, f64) {
        let (mut f, mut fu, mut fv) = (0.0, 0.0, 0.0);
        let mut end = self.c.len();
        for p in (0..=self.degree).rev() {
            let start = end - (self.degree - p + 1);
            let (mut g, mut gv) = (0.0, 0.0);
            for &c in self.c[start..end].iter().rev() {
                gv = gv * v + g;
                g = g * v + c;
            }
            fu = fu * u + f;
            f = f * u + g;
            fv = fv * u + gv;
            end = start;
        }
        (f, fu, fv)
    }

    pub(crate) fn coefficients(&self) -> &[f64] {
        &self.c
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn horner_equals_the_plain_sum() {
        let mut p = Poly2::zeros(5);
        for i in 0..=5 {
            for j in 0..=5 - i {
                p.set(i, j, (i as f64 + 1.0) * 0.3 - (j as f64) * 0.7 + 0.1);
            }
        }
        let (u, v) = (0.7_f64, -1.3_f64);
        let sum: f64 = p.terms().map(|(i, j, c)| c * u.powi(i as i32) * v.powi(j as i32)).sum();
        let (f, fu, fv) = p.derivatives(u, v);
        assert!((p.value(u, v) - sum).abs() < 1e-12);
        assert_eq!(f, p.value(u, v));
        let h = 1e-6;
        assert!((fu - (p.value(u + h, v) - p.value(u - h, v)) / (2.0 * h)).abs() < 1e-6);
        assert!((fv - (p.value(u, v + h) - p.value(u, v - h)) / (2.0 * h)).abs() < 1e-6);
    }
}
