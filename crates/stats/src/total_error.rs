//! Total error of an image from its background error and its own photon noise.

use ndarray::{Array2, ArrayView2, Zip};
use skyphot_core::Pixel;

use crate::{Result, StatsError};

/// Counts (electrons, photons) per unit of the data.
#[derive(Debug, Clone, Copy)]
pub enum EffectiveGain<'a, T: Pixel> {
    /// The same everywhere.
    Scalar(f64),
    /// A value per pixel, for instance an exposure-time map.
    Map(ArrayView2<'a, T>),
}

/// 1-sigma total error `sqrt(bkg_error^2 + max(data, 0) / gain)` per pixel, in the unit of the data. Where the gain is
/// 0 there is no photon-noise term.
///
/// # Errors
/// [`StatsError::ShapeMismatch`]; [`StatsError::InvalidParameter`] for a negative or NaN gain.
pub fn calc_total_error<T: Pixel>(
    data: ArrayView2<'_, T>,
    bkg_error: ArrayView2<'_, T>,
    gain: EffectiveGain<'_, T>,
) -> Result<Array2<T>> {
    let check = |what, found| {
        if found == data.dim() {
            Ok(())
        } else {
            Err(StatsError::ShapeMismatch { what, expected: data.dim(), found })
        }
    };
    let bad_gain = |g: f64| StatsError::InvalidParameter {
        name: "effective gain",
        expected: "0 or more everywhere",
        found: g,
    };
    check("the background error", bkg_error.dim())?;
    let total = |d: T, e: T, g: f64| {
        let e = e.to_f64();
        let p = d.to_f64() / g;
        // NaN data stay NaN.
        let poisson = if g == 0.0 || p < 0.0 { 0.0 } else { p };
        T::from_f64((e * e + poisson).sqrt())
    };
    match gain {
        EffectiveGain::Scalar(g) => {
            if g.is_nan() || g < 0.0 {
                return Err(bad_gain(g));
            }
            Ok(Zip::from(data).and(bkg_error).map_collect(|&d, &e| total(d, e, g)))
        }
        EffectiveGain::Map(map) => {
            check("the effective gain", map.dim())?;
            if let Some(g) = map.iter().map(|g| g.to_f64()).find(|&g| g.is_nan() || g < 0.0) {
                return Err(bad_gain(g));
            }
            Ok(Zip::from(data).and(bkg_error).and(map).map_collect(|&d, &e, g| total(d, e, g.to_f64())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr2;

    #[test]
    fn poisson_term_only_where_it_exists() {
        let d = arr2(&[[100.0, -5.0, 16.0]]);
        let e = arr2(&[[0.0, 3.0, 3.0]]);
        let t = calc_total_error(d.view(), e.view(), EffectiveGain::Scalar(1.0)).unwrap();
        assert_eq!(t, arr2(&[[10.0, 3.0, 5.0]]));
        let g = arr2(&[[4.0, 1.0, 0.0]]);
        let t = calc_total_error(d.view(), e.view(), EffectiveGain::Map(g.view())).unwrap();
        assert_eq!(t, arr2(&[[5.0, 3.0, 3.0]]));
        assert!(calc_total_error(d.view(), e.view(), EffectiveGain::Scalar(-1.0)).is_err());
        assert!(calc_total_error(d.view(), e.t(), EffectiveGain::Scalar(1.0)).is_err());
    }
}
