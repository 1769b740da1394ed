//! What the residuals say about a source: `chi` and sharpness.

use super::field::{Field, Star};
use crate::render::box_around;
use crate::{PsfModel, Source, Window};

/// `chi`, sharpness, and the sums that the other columns need.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quality {
    pub(super) chi: f64,
    pub(super) sharpness: f64,
    pub(super) sum_abs: f64,
    pub(super) central: f64,
    pub(super) chi2: f64,
    pub(super) n: usize,
}

impl Field<'_> {
    /// The quality of a source from the residuals in its fit box.
    pub(super) fn quality(&self, model: &dyn PsfModel, s: &Star) -> Quality {
        let all = Window::of_shape(self.data.dim());
        let w = box_around(s.x, s.y, self.config.psf.fit_shape).intersection(&all);
        let mut q =
            Quality { chi: f64::NAN, sharpness: f64::NAN, sum_abs: 0.0, central: f64::NAN, chi2: 0.0, n: 0 };
        if w.is_empty() {
            return q;
        }
        let wider = self.wider(model, s, w);
        let (cx, cy) = ((s.x - 0.5).ceil() as i64, (s.y - 0.5).ceil() as i64);
        let (mut over, mut wr, mut ww) = (0.0, 0.0, 0.0);
        for (k, b) in wider.iter().enumerate() {
            let (x, y) = (w.x_min + (k % w.nx) as i64, w.y_min + (k / w.nx) as i64);
            let at = [y as usize, x as usize];
            let weight = self.error.map_or(1.0, |e| 1.0 / e[at]);
            if !(self.is_good(at[0], at[1]) && weight.is_finite() && weight > 0.0) {
                continue;
            }
            let r = self.residual[at];
            q.n += 1;
            q.sum_abs += r.abs();
            q.chi2 += (r * weight).powi(2);
            over += (r * weight).abs();
            if (x, y) == (cx, cy) {
                q.central = r;
            }
            let b = s.flux * b;
            wr += weight * weight * b * r;
            ww += weight * weight * b * b;
        }
        let n = q.n as f64;
        if self.error.is_some() && q.n > 3 {
            q.chi = (std::f64::consts::FRAC_PI_2 / (n * (n - 3.0))).sqrt() * over;
        }
        // Half widths at half maximum squared: 2 ln 2 sigma^2.
        q.sharpness = if ww > 0.0 { 2.0 * std::f64::consts::LN_2 * wr / ww } else { f64::NAN };
        q
    }

    /// The derivative of the model by the square of its width: half its Laplacian, as for a Gaussian.
    fn wider(&self, model: &dyn PsfModel, s: &Star, w: Window) -> Vec<f64> {
        const H: f64 = 0.5;
        let mut sum = vec![0.0; w.len()];
        let mut values = vec![0.0; w.len()];
        for (dx, dy, factor) in
            [(H, 0.0, 1.0), (-H, 0.0, 1.0), (0.0, H, 1.0), (0.0, -H, 1.0), (0.0, 0.0, -4.0)]
        {
            model.evaluate(&Source { x: s.x + dx, y: s.y + dy, shape: &self.shape }, w, &mut values);
            for (a, v) in sum.iter_mut().zip(&values) {
                *a += 0.5 * factor / (H * H) * v;
            }
        }
        sum
    }
}
