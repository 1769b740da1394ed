//! Normal equations of a linearised least-squares problem.

use nalgebra::{SMatrix, SVector};

/// `J^T J` (upper triangle), `J^T r` and `r^T r` of the weighted residuals `r = w (model - data)` and their Jacobian.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormalEquations<const N: usize> {
    /// `J^T J`; only entries `[i][j]` with `i <= j` are read.
    pub jtj: [[f64; N]; N],
    /// `J^T r`, half the gradient of the sum of squares.
    pub jtr: [f64; N],
    /// `r^T r`.
    pub chi2: f64,
}

impl<const N: usize> Default for NormalEquations<N> {
    fn default() -> Self {
        Self { jtj: [[0.0; N]; N], jtr: [0.0; N], chi2: 0.0 }
    }
}

impl<const N: usize> NormalEquations<N> {
    /// Adds one data point: its weighted residual and the derivatives of that residual.
    #[inline]
    pub fn add(&mut self, residual: f64, jacobian: &[f64; N]) {
        self.chi2 += residual * residual;
        for i in 0..N {
            self.jtr[i] += jacobian[i] * residual;
            for j in i..N {
                self.jtj[i][j] += jacobian[i] * jacobian[j];
            }
        }
    }

    pub(crate) fn is_finite(&self) -> bool {
        self.chi2.is_finite() && self.jtr.iter().all(|v| v.is_finite()) && {
            (0..N).all(|i| self.jtj[i][i..].iter().all(|v| v.is_finite()))
        }
    }

    /// The step that solves `(J^T J + lambda D) step = -J^T r` over the free parameters; `None` if the matrix is not
    /// positive definite. The system is scaled to unit diagonal first.
    pub(crate) fn step(&self, lambda: f64, free: &[bool; N]) -> Option<[f64; N]> {
        let scale = self.scales(free);
        let m = self.scaled(&scale, free, lambda);
        let g = SVector::<f64, N>::from_fn(|i, _| if free[i] { -self.jtr[i] * scale[i] } else { 0.0 });
        let s = m.cholesky()?.solve(&g);
        let step = std::array::from_fn(|i| s[i] * scale[i]);
        step.iter().all(|v: &f64| v.is_finite()).then_some(step)
    }

    /// The solution of `J^T J step = -J^T r`: the answer of a linear problem set up at the origin. `None` if the matrix
    /// is not positive definite.
    #[must_use]
    pub fn solve(&self) -> Option<[f64; N]> {
        self.step(0.0, &[true; N])
    }

    /// `(J^T J)^-1`.
    pub(crate) fn covariance(&self) -> Option<[[f64; N]; N]> {
        let free = [true; N];
        let scale = self.scales(&free);
        let inverse = self.scaled(&scale, &free, 0.0).cholesky()?.inverse();
        let c: [[f64; N]; N] =
            std::array::from_fn(|i| std::array::from_fn(|j| inverse[(i, j)] * scale[i] * scale[j]));
        c.iter().flatten().all(|v| v.is_finite()).then_some(c)
    }

    fn scales(&self, free: &[bool; N]) -> [f64; N] {
        std::array::from_fn(
            |i| if free[i] && self.jtj[i][i] > 0.0 { self.jtj[i][i].sqrt().recip() } else { 1.0 },
        )
    }

    fn scaled(&self, scale: &[f64; N], free: &[bool; N], lambda: f64) -> SMatrix<f64, N, N> {
        SMatrix::from_fn(|i, j| match (i == j, free[i] && free[j]) {
            (true, false) => 1.0,
            (false, false) => 0.0,
            (true, true) => self.jtj[i][i] * scale[i] * scale[i] * (1.0 + lambda),
            (false, true) => self.jtj[i.min(j)][i.max(j)] * scale[i] * scale[j],
        })
    }
}
