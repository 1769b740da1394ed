//! The error function together with the exponential that it and the derivatives of models need, by the rational
//! approximations of Cody 1969, Math. Comp. 23, 631.

/// `1 / sqrt(pi)`
const FRAC_1_SQRT_PI: f64 = 0.564_189_583_547_756_3;

/// Beyond this the error function is 1 to the last bit.
const END: f64 = 6.0;

const A: [f64; 5] = [
    3.209_377_589_138_469_5e3,
    3.774_852_376_853_02e2,
    1.138_641_541_510_501_6e2,
    3.161_123_743_870_565_6,
    1.857_777_061_846_031_5e-1,
];
const B: [f64; 5] = [
    2.844_236_833_439_171e3,
    1.282_616_526_077_372_3e3,
    2.440_246_379_344_441_7e2,
    2.360_129_095_234_412_1e1,
    1.0,
];
const C: [f64; 9] = [
    1.230_339_354_797_997_3e3,
    2.051_078_377_826_071_5e3,
    1.712_047_612_634_070_6e3,
    8.819_522_212_417_69e2,
    2.986_351_381_974_001e2,
    6.611_919_063_714_163e1,
    8.883_149_794_388_376,
    5.641_884_969_886_701e-1,
    2.153_115_354_744_038_5e-8,
];
const D: [f64; 9] = [
    1.230_339_354_803_749_4e3,
    3.439_367_674_143_721_6e3,
    4.362_619_090_143_247e3,
    3.290_799_235_733_459_6e3,
    1.621_389_574_566_690_2e3,
    5.371_811_018_620_099e2,
    1.176_939_508_913_125e2,
    1.574_492_611_070_983_5e1,
    1.0,
];
const P: [f64; 6] = [
    6.587_491_615_298_378e-4,
    1.608_378_514_874_228e-2,
    1.257_817_261_112_292_5e-1,
    3.603_448_999_498_044_4e-1,
    3.053_266_349_612_323_4e-1,
    1.631_538_713_730_209_8e-2,
];
const Q: [f64; 6] = [
    2.335_204_976_268_691_9e-3,
    6.051_834_131_244_132e-2,
    5.279_051_029_514_284e-1,
    1.872_952_849_923_467_3,
    2.568_520_192_289_822,
    1.0,
];

fn polynomial<const N: usize>(c: &[f64; N], x: f64) -> f64 {
    c.iter().rev().fold(0.0, |s, c| s * x + c)
}

/// `erf(x)` and `exp(-x^2)`.
#[inline]
pub(crate) fn erf_and_exp(x: f64) -> (f64, f64) {
    let e = (-x * x).exp();
    (with(x, || e), e)
}

/// `erf(x)` within 2e-16.
#[inline]
pub(crate) fn erf(x: f64) -> f64 {
    with(x, || (-x * x).exp())
}

#[inline]
fn with(x: f64, exp: impl FnOnce() -> f64) -> f64 {
    let y = x.abs();
    if y <= 0.46875 {
        let q = x * x;
        return x * polynomial(&A, q) / polynomial(&B, q);
    }
    let complement = if y <= 4.0 {
        exp() * polynomial(&C, y) / polynomial(&D, y)
    } else if y < END {
        let q = 1.0 / (x * x);
        exp() / y * (FRAC_1_SQRT_PI - q * polynomial(&P, q) / polynomial(&Q, q))
    } else if y.is_nan() {
        y
    } else {
        0.0
    };
    (1.0 - complement).copysign(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_library() {
        for i in -80_000..=80_000 {
            let x = f64::from(i) * 1e-4 + 1e-9;
            let (v, e) = erf_and_exp(x);
            assert!((v - libm::erf(x)).abs() <= 4.5e-16, "{x}: {v} {}", libm::erf(x));
            assert_eq!((v, e), (erf(x), (-x * x).exp()));
        }
        assert_eq!((erf(f64::INFINITY), erf(f64::NEG_INFINITY), erf(0.0)), (1.0, -1.0, 0.0));
        assert!(erf(f64::NAN).is_nan());
    }
}
