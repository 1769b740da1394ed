//! Encircled energy: the part of a point source's light within a radius.

use skyphot_core::Table;
use skyphot_fit::Pchip;

use crate::{CalibrationError, Result};

/// How values between the radii of a table are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EnergyInterpolation {
    /// Straight lines, as `numpy.interp`.
    #[default]
    Linear,
    /// Monotone cubics (scipy's `PchipInterpolator`).
    Pchip,
}

/// The part of the light of a point source within each radius.
///
/// ```
/// use skyphot_calibration::{EncircledEnergy, EnergyInterpolation};
/// let ee = EncircledEnergy::new(&[1.0, 2.0, 4.0], &[0.5, 0.8, 1.0], EnergyInterpolation::Linear)?;
/// assert!((ee.at(3.0) - 0.9).abs() < 1e-14);
/// assert!((ee.correction(3.0) - 1.0 / 0.9).abs() < 1e-14);
/// assert!((ee.radius(0.65) - 1.5).abs() < 1e-14);
/// # Ok::<(), skyphot_calibration::CalibrationError>(())
/// ```
#[derive(Debug, Clone)]
#[doc(alias = "EE")]
pub struct EncircledEnergy {
    radius: Vec<f64>,
    fraction: Vec<f64>,
    cubic: Option<Pchip>,
}

impl EncircledEnergy {
    /// Radii (pixels, arcsec or any unit: the same for all calls) that increase, and the fraction within each (0 to
    /// about 1, not decreasing).
    ///
    /// # Errors
    /// [`CalibrationError::InvalidTable`] for fewer than two radii, radii or fractions that are not finite, or in
    /// another order; [`CalibrationError::LengthMismatch`].
    pub fn new(radius: &[f64], fraction: &[f64], interpolation: EnergyInterpolation) -> Result<Self> {
        crate::error::same_length("fraction", fraction.len(), "radii", radius.len())?;
        let bad = |why: String| CalibrationError::InvalidTable { what: "encircled energy", why };
        if radius.len() < 2 {
            return Err(bad(format!("needs at least two radii, found {}", radius.len())));
        }
        for i in 0..radius.len() {
            let (r, f) = (radius[i], fraction[i]);
            if !(r.is_finite() && r >= 0.0 && f.is_finite() && f >= 0.0) {
                return Err(bad(format!(
                    "row {i}: radius {r} and fraction {f} must be finite and not negative"
                )));
            }
            if i > 0 && r <= radius[i - 1] {
                return Err(bad(format!("row {i}: radius {r} does not follow {}", radius[i - 1])));
            }
            if i > 0 && f < fraction[i - 1] {
                return Err(bad(format!("row {i}: fraction {f} is below {}", fraction[i - 1])));
            }
        }
        let cubic = match interpolation {
            EnergyInterpolation::Linear => None,
            EnergyInterpolation::Pchip => Pchip::new(radius.to_vec(), fraction.to_vec()),
        };
        Ok(Self { radius: radius.to_vec(), fraction: fraction.to_vec(), cubic })
    }

    /// From sums within growing apertures about a star (or the mean of many) and the sum taken as all its light.
    ///
    /// # Errors
    /// As [`EncircledEnergy::new`]; [`CalibrationError::InvalidParameter`] if the total is not positive.
    pub fn from_curve_of_growth(
        radius: &[f64],
        sum: &[f64],
        total: f64,
        interpolation: EnergyInterpolation,
    ) -> Result<Self> {
        crate::error::positive("total", total)?;
        let mut fraction: Vec<f64> = sum.iter().map(|s| s / total).collect();
        // Noise may let a curve fall where it should be flat.
        for i in 1..fraction.len() {
            fraction[i] = fraction[i].max(fraction[i - 1]);
        }
        Self::new(radius, &fraction, interpolation)
    }

    /// The same as square pixels of a side see it, in the unit of the radii.
    ///
    /// A table that was made from the light before it falls on pixels (optical models, finely sampled PSFs) says what
    /// is within an ideal circle. In an image each pixel holds the mean of its square, so the sum within the circle misses or
    /// gains light near its rim: with `P(r)` the part of a pixel whose centre is at `r` that is within the circle, the sum is
    /// the integral of `P(r)` over the light. For an aperture of one FWHM of an undersampled PSF this is several per cent, for three
    /// FWHM nothing. Tables that were measured on images have it in them.
    ///
    /// # Errors
    /// [`CalibrationError::InvalidParameter`] if the side is not positive.
    pub fn through_pixels(&self, side: f64) -> Result<Self> {
        const OFFSETS: usize = 24;
        crate::error::positive("side of a pixel", side)?;
        // Distances of points of a pixel from its centre: an eighth of it stands for all.
        let mut offsets = Vec::new();
        let step = 0.5 / OFFSETS as f64;
        for j in 0..OFFSETS {
            for i in 0..=j {
                let (x, y) = ((i as f64 + 0.5) * step, (j as f64 + 0.5) * step);
                offsets.push((side * x.hypot(y), if i == j { 1.0 } else { 2.0 }));
            }
        }
        let all = (OFFSETS * OFFSETS) as f64;
        let reach = side * std::f64::consts::FRAC_1_SQRT_2;
        // Part of the circles of radius `r` about the star, moved over the pixel, that is within `big`.
        let inside = |big: f64, r: f64| -> f64 {
            let part = |q: f64| {
                let c = (big * big - r * r - q * q) / (2.0 * r * q);
                1.0 - c.clamp(-1.0, 1.0).acos() / std::f64::consts::PI
            };
            offsets.iter().map(|(q, weight)| weight * part(*q)).sum::<f64>() / all
        };
        let mut fraction = Vec::with_capacity(self.radius.len());
        for &big in &self.radius {
            let (from, to) = ((big - reach).max(0.0), big + reach);
            let n = (64.0 * (to - from) / side).ceil().max(1.0) as usize;
            let mut sum = self.at(from);
            let mut before = sum;
            for k in 0..n {
                let edge = |k: usize| from + (to - from) * k as f64 / n as f64;
                let next = self.at(edge(k + 1));
                if next > before {
                    sum += (next - before) * inside(big, 0.5 * (edge(k) + edge(k + 1)));
                }
                before = next;
            }
            // Rounding must not let it fall.
            fraction.push(sum.max(fraction.last().copied().unwrap_or(0.0)));
        }
        let kind =
            if self.cubic.is_some() { EnergyInterpolation::Pchip } else { EnergyInterpolation::Linear };
        Self::new(&self.radius, &fraction, kind)
    }

    /// From the columns of a table; the names are tried in turn: `radius`, `r`, `radius_pix`, `radius_arcsec`; `ee`,
    /// `eefraction`, `encircled_energy`, `fraction`.
    ///
    /// # Errors
    /// [`CalibrationError::InvalidTable`] if there are no such columns, else as [`EncircledEnergy::new`].
    pub fn from_table(table: &Table, interpolation: EnergyInterpolation) -> Result<Self> {
        let find = |names: &'static [&'static str]| {
            names.iter().find(|n| table.has(n)).copied().ok_or_else(|| CalibrationError::InvalidTable {
                what: "encircled energy",
                why: format!(
                    "none of the columns {} (there are: {})",
                    names.join(", "),
                    table.names().join(", ")
                ),
            })
        };
        let radius = table.f64(find(&["radius", "r", "radius_pix", "radius_arcsec"])?)?;
        let fraction = table.f64(find(&["ee", "eefraction", "encircled_energy", "fraction"])?)?;
        Self::new(&radius, &fraction, interpolation)
    }

    /// As [`EncircledEnergy::from_table`] with the fraction in the column of this name, for tables of several filters.
    ///
    /// # Errors
    /// As [`EncircledEnergy::from_table`].
    pub fn from_column(table: &Table, fraction: &str, interpolation: EnergyInterpolation) -> Result<Self> {
        let values = table.f64(fraction)?;
        let mut two = table.clone();
        for name in ["ee", "eefraction", "encircled_energy", "fraction"] {
            if two.has(name) {
                two.remove(name)?;
            }
        }
        two.push(skyphot_core::Column::new("ee", values))?;
        Self::from_table(&two, interpolation)
    }

    /// Radii and fractions as they were given.
    #[must_use]
    pub fn points(&self) -> (&[f64], &[f64]) {
        (&self.radius, &self.fraction)
    }

    /// The fraction within a radius; constant beyond the last radius, a disc of constant brightness within the first.
    #[must_use]
    pub fn at(&self, radius: f64) -> f64 {
        let (first, last) = (self.radius[0], self.radius.len() - 1);
        if radius >= self.radius[last] {
            return self.fraction[last];
        }
        if radius < first {
            return if radius >= 0.0 { self.fraction[0] * (radius / first).powi(2) } else { f64::NAN };
        }
        if let Some(c) = &self.cubic {
            return c.value(radius);
        }
        if radius.is_nan() {
            return f64::NAN;
        }
        let k = self.radius.partition_point(|r| *r <= radius) - 1;
        let t = (radius - self.radius[k]) / (self.radius[k + 1] - self.radius[k]);
        self.fraction[k] + t * (self.fraction[k + 1] - self.fraction[k])
    }

    /// `1 / fraction`: what a sum within the radius is multiplied by.
    #[must_use]
    #[doc(alias = "apcorr")]
    pub fn correction(&self, radius: f64) -> f64 {
        1.0 / self.at(radius)
    }

    /// The smallest radius that holds a fraction; NaN if none does.
    #[must_use]
    pub fn radius(&self, fraction: f64) -> f64 {
        if !(fraction >= 0.0 && fraction <= self.fraction[self.fraction.len() - 1]) {
            return f64::NAN;
        }
        if fraction <= self.fraction[0] {
            return self.radius[0] * (fraction / self.fraction[0]).sqrt();
        }
        if let Some(c) = &self.cubic {
            return c.first(fraction);
        }
        let k = self.fraction.partition_point(|f| *f < fraction) - 1;
        let t = (fraction - self.fraction[k]) / (self.fraction[k + 1] - self.fraction[k]);
        self.radius[k] + t * (self.radius[k + 1] - self.radius[k])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skyphot_core::Column;

    #[test]
    fn both_ways_and_beyond() {
        let (r, f) = ([0.5, 1.0, 2.0, 4.0], [0.2, 0.5, 0.8, 0.95]);
        for kind in [EnergyInterpolation::Linear, EnergyInterpolation::Pchip] {
            let ee = EncircledEnergy::new(&r, &f, kind).unwrap();
            for x in [0.1, 0.5, 0.7, 1.0, 1.9, 3.99] {
                assert!((ee.radius(ee.at(x)) - x).abs() < 1e-12, "{kind:?} {x}");
            }
            assert_eq!((ee.at(9.0), ee.at(0.0)), (0.95, 0.0));
            assert!(ee.radius(0.96).is_nan() && ee.at(f64::NAN).is_nan() && ee.at(-1.0).is_nan());
        }
    }

    #[test]
    fn a_gaussian_through_pixels() {
        let sigma = 0.9_f64;
        let r: Vec<f64> = (0..400).map(|k| 0.02 * f64::from(k)).collect();
        let f: Vec<f64> = r.iter().map(|r| 1.0 - (-0.5 * (r / sigma).powi(2)).exp()).collect();
        let ee = EncircledEnergy::new(&r, &f, EnergyInterpolation::Linear).unwrap();
        let seen = ee.through_pixels(1.0).unwrap();
        // The light within a circle whose centre lies anywhere in a pixel about the Gaussian's: by quadrature.
        let n = 20;
        for big in [0.6, 1.0, 2.0, 3.5] {
            let mut sum = 0.0;
            let grid = |k: usize| (k as f64 + 0.5) / n as f64 - 0.5;
            for j in 0..n {
                for i in 0..n {
                    // A circle of radius `big`, its centre at a distance q from the Gaussian's.
                    let q = grid(i).hypot(grid(j));
                    let m = 200;
                    for k in 0..m {
                        let rr = big * (k as f64 + 0.5) / m as f64;
                        // exp(-(r^2 + q^2) / 2 s^2) I0(r q / s^2) r / s^2, with the series of I0
                        let z = rr * q / (sigma * sigma);
                        let (mut term, mut bessel) = (1.0, 1.0);
                        for p in 1..30 {
                            term *= (0.5 * z / f64::from(p)).powi(2);
                            bessel += term;
                        }
                        let e = (-0.5 * (rr * rr + q * q) / (sigma * sigma)).exp();
                        sum += e * bessel * rr / (sigma * sigma) * big / m as f64;
                    }
                }
            }
            let expected = sum / (n * n) as f64;
            assert!((seen.at(big) - expected).abs() < 2e-4, "{big}: {} and {expected}", seen.at(big));
        }
        assert!(seen.at(1.0) < ee.at(1.0) - 0.01 && (seen.at(5.0) - ee.at(5.0)).abs() < 1e-5);
        assert!(ee.through_pixels(0.0).is_err() && ee.through_pixels(f64::NAN).is_err());
    }

    #[test]
    fn tables_are_checked() {
        let make = |f: &[f64]| EncircledEnergy::new(&[1.0, 2.0, 3.0], f, EnergyInterpolation::Linear);
        assert!(make(&[0.1, 0.3, 0.2]).unwrap_err().to_string().contains("row 2: fraction 0.2 is below 0.3"));
        assert!(make(&[0.1, 0.3]).is_err());
        assert!(make(&[0.1, f64::NAN, 0.4]).is_err());
        let grown = EncircledEnergy::from_curve_of_growth(
            &[1.0, 2.0, 3.0],
            &[5.0, 10.0, 9.9],
            10.0,
            Default::default(),
        );
        assert_eq!(grown.unwrap().at(3.0), 1.0);
        let t = Table::from_columns([Column::new("r", vec![1.0, 2.0]), Column::new("ee", vec![0.5, 1.0])])
            .unwrap();
        assert_eq!(EncircledEnergy::from_table(&t, Default::default()).unwrap().at(1.5), 0.75);
        let t = Table::from_columns([Column::new("r", vec![1.0, 2.0])]).unwrap();
        assert!(
            EncircledEnergy::from_table(&t, Default::default())
                .unwrap_err()
                .to_string()
                .contains("there are: r")
        );
    }
}
