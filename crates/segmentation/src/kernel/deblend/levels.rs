//! Threshold levels between the faintest and the brightest pixel of a source.

use skyphot_core::Pixel;

use crate::DeblendMode;

/// Steepness of the `sinh` spacing.
const A: f64 = 0.25;

macro_rules! levels_in {
    ($name:ident, $f:ty) => {
        /// The levels in the precision of the pixels, without the two ends.
        fn $name(min: $f, max: $f, n: usize, mode: DeblendMode) -> Vec<f64> {
            let delta = max - min;
            let div = (n + 1) as $f;
            let step = delta / div;
            (1..=n)
                .map(|i| {
                    let linear = if step == 0.0 { i as $f / div * delta } else { i as $f * step } + min;
                    let part = (linear - min) / delta;
                    match mode {
                        DeblendMode::Linear => f64::from(linear),
                        DeblendMode::Exponential => f64::from(min * (max / min).powf(part)),
                        DeblendMode::Sinh => {
                            let s = f64::from((part / (A as $f)).sinh()) / (1.0 / A).sinh();
                            s * f64::from(delta) + f64::from(min)
                        }
                    }
                })
                .collect()
        }
    };
}

levels_in!(levels_f32, f32);
levels_in!(levels_f64, f64);

/// `n` increasing levels strictly between `min` and `max`, computed in the precision of the pixels.
pub(crate) fn levels<T: Pixel>(min: f64, max: f64, n: usize, mode: DeblendMode) -> Vec<f64> {
    if T::BYTES == 4 { levels_f32(min as f32, max as f32, n, mode) } else { levels_f64(min, max, n, mode) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spacings_follow_their_formulas() {
        assert_eq!(levels::<f64>(1.0, 5.0, 3, DeblendMode::Linear), [2.0, 3.0, 4.0]);
        assert_eq!(levels::<f64>(1.0, 16.0, 3, DeblendMode::Exponential), [2.0, 4.0, 8.0]);
        let s = levels::<f32>(-1.0, 1.0, 1, DeblendMode::Sinh)[0];
        assert!((s - (2.0 * 2_f64.sinh() / 4_f64.sinh() - 1.0)).abs() < 1e-6);
    }
}
