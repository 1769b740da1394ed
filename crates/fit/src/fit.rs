//! The outcome of a fit.

/// Why a fit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FitStatus {
    /// The last step was smaller than the tolerance.
    Converged,
    /// No step, however small, lowers the sum of squares, but the last one tried was above the tolerance: the minimum
    /// to within rounding, or a point where the model has a kink or an end.
    Stalled,
    /// The iterations are used up.
    MaxIterations,
    /// The normal equations have no solution at all (for instance a parameter without effect).
    Singular,
}

impl FitStatus {
    /// The parameters are those of a minimum.
    #[must_use]
    pub fn is_success(self) -> bool {
        matches!(self, Self::Converged)
    }
}

/// A fitted parameter vector.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit<const N: usize> {
    /// The parameters.
    pub parameters: [f64; N],
    /// Weighted sum of squared residuals there.
    pub chi2: f64,
    /// Inverse of `J^T J` at the parameters: their covariance if the weights are `1 / error`. `None` if singular.
    pub covariance: Option<[[f64; N]; N]>,
    /// Iterations (steps accepted).
    pub iterations: usize,
    /// Evaluations of the model with its derivatives.
    pub evaluations: usize,
    /// Why it ended.
    pub status: FitStatus,
}

impl<const N: usize> Fit<N> {
    /// Covariance scaled by `chi2 / (n_points - N)`, for fits whose weights are only relative. `None` if the matrix is
    /// singular or no degree of freedom is left.
    #[must_use]
    pub fn scaled_covariance(&self, n_points: usize) -> Option<[[f64; N]; N]> {
        let s = self.reduced_chi2(n_points)?;
        self.covariance.map(|c| c.map(|row| row.map(|v| v * s)))
    }

    /// `chi2 / (n_points - N)`, `None` without a degree of freedom.
    #[must_use]
    pub fn reduced_chi2(&self, n_points: usize) -> Option<f64> {
        (n_points > N).then(|| self.chi2 / (n_points - N) as f64)
    }
}
