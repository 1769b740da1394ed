//! Moments of a cutout up to second order.

/// First moments and normalized central second moments of the pixels of a cutout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moments {
    /// Sum of the pixels.
    pub(crate) sum: f64,
    /// Centroid in the cutout, pixels.
    pub(crate) x: f64,
    pub(crate) y: f64,
    /// Central second moments over the sum, pixels squared.
    pub(crate) xx: f64,
    pub(crate) yy: f64,
    pub(crate) xy: f64,
}

/// Moments of a cutout with rows of `kx` pixels. All but the sum are NaN (or infinite) if the sum is 0.
pub(crate) fn moments(cutout: &[f64], kx: usize) -> Moments {
    let (mut sum, mut sx, mut sy) = (0.0, 0.0, 0.0);
    for (j, row) in cutout.chunks_exact(kx).enumerate() {
        let mut row_sum = 0.0;
        for (i, v) in row.iter().enumerate() {
            row_sum += v;
            sx += v * i as f64;
        }
        sum += row_sum;
        sy += row_sum * j as f64;
    }
    let (x, y) = (sx / sum, sy / sum);
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (j, row) in cutout.chunks_exact(kx).enumerate() {
        let dy = j as f64 - y;
        for (i, v) in row.iter().enumerate() {
            let dx = i as f64 - x;
            xx += v * dx * dx;
            yy += v * dy * dy;
            xy += v * dx * dy;
        }
    }
    Moments { sum, x, y, xx: xx / sum, yy: yy / sum, xy: xy / sum }
}

impl Moments {
    /// FWHM of the Gaussian with the same second moments, pixels.
    pub(crate) fn fwhm(&self) -> f64 {
        2.0 * (std::f64::consts::LN_2 * (self.xx + self.yy)).sqrt()
    }

    /// 0 for a round source, 1 for a line.
    pub(crate) fn roundness(&self) -> f64 {
        let difference = self.xx - self.yy;
        (difference * difference + 4.0 * self.xy * self.xy).sqrt() / (self.xx + self.yy)
    }

    /// Angle of the major axis, degrees counter-clockwise from +x, in (-90, 90].
    pub(crate) fn orientation_deg(&self) -> f64 {
        (0.5 * (2.0 * self.xy).atan2(self.xx - self.yy)).to_degrees()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_on_the_diagonal() {
        let m = moments(&[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], 3);
        assert_eq!((m.sum, m.x, m.y), (3.0, 1.0, 1.0));
        assert!((m.roundness() - 1.0).abs() < 1e-15);
        assert!((m.orientation_deg() - 45.0).abs() < 1e-12);
        assert!(moments(&[0.0; 4], 2).x.is_nan());
    }
}
