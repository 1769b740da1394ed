//! The inputs of `tests/reference/gen_aperture.py`, and how its fixtures are read.
#![allow(clippy::unwrap_used)]

use ndarray::Array2;
use serde_json::Value;
use skyphot_aperture::{Aperture, CircularAnnulus, CircularAperture, OverlapMethod};
use skyphot_core::testing::{field, uniform};
use skyphot_core::{Image, Point};

pub(crate) const NY: usize = 70;
pub(crate) const NX: usize = 80;

pub(crate) struct Scene {
    pub(crate) data: Array2<f64>,
    pub(crate) error: Array2<f64>,
    pub(crate) mask: Option<Array2<bool>>,
}

fn plane(f: impl Fn(usize, usize, u64) -> f64) -> Array2<f64> {
    Array2::from_shape_fn((NY, NX), |(y, x)| f(y, x, (y * NX + x) as u64))
}

pub(crate) fn scene(dirty: bool) -> Scene {
    let mut data = field(NY, NX, 41, 25, 2.0);
    let mut error = plane(|_, _, i| 1.0 + uniform(43, i));
    if !dirty {
        return Scene { data, error, mask: None };
    }
    let mask = Array2::from_shape_fn((NY, NX), |(y, x)| {
        uniform(44, (y * NX + x) as u64) < 0.02 || ((20..30).contains(&y) && (30..44).contains(&x))
    });
    for y in 0..NY {
        for x in 0..NX {
            let i = (y * NX + x) as u64;
            let d = &mut data[[y, x]];
            if uniform(45, i) < 0.005 {
                *d = f64::NAN;
            }
            if uniform(46, i) < 0.002 {
                *d = f64::INFINITY;
            }
            if (50..56).contains(&y) && (10..17).contains(&x) {
                *d = f64::NAN;
            }
            let e = &mut error[[y, x]];
            if uniform(47, i) < 0.003 {
                *e = f64::NAN;
            }
            if uniform(48, i) < 0.001 {
                *e = f64::INFINITY;
            }
        }
    }
    Scene { data, error, mask: Some(mask) }
}

impl Scene {
    pub(crate) fn image(&self, error: bool) -> Image<'_, f64> {
        let mut im = Image::new(self.data.view()).unwrap();
        if error {
            im = im.with_error(self.error.view()).unwrap();
        }
        match &self.mask {
            Some(m) => im.with_mask(m.view()).unwrap(),
            None => im,
        }
    }
}

/// A number of a fixture; NaN and infinities are written as text.
pub(crate) fn number(v: &Value) -> f64 {
    v.as_f64().unwrap_or_else(|| v.as_str().unwrap().parse().unwrap())
}

pub(crate) fn numbers(v: &Value) -> Vec<f64> {
    v.as_array().unwrap().iter().map(number).collect()
}

pub(crate) fn positions(v: &Value) -> Vec<Point> {
    v.as_array().unwrap().iter().map(|p| Point::new(number(&p[0]), number(&p[1]))).collect()
}

pub(crate) fn shape(v: &Value) -> Box<dyn Aperture> {
    match numbers(v)[..] {
        [r] => Box::new(CircularAperture::new(r).unwrap()),
        [r_in, r_out] => Box::new(CircularAnnulus::new(r_in, r_out).unwrap()),
        _ => unreachable!(),
    }
}

pub(crate) fn method(case: &Value) -> OverlapMethod {
    match case["method"].as_str().unwrap() {
        "exact" => OverlapMethod::Exact,
        "center" => OverlapMethod::Center,
        _ => OverlapMethod::Subpixel(case["subpixels"].as_u64().unwrap() as usize),
    }
}

/// Panics unless the numbers agree to a relative tolerance, NaN with NaN.
pub(crate) fn assert_close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_near(found, expected, tolerance, 0.0, what);
}

/// As `assert_close`, for numbers that may be 0 by cancellation of numbers of about `size`.
pub(crate) fn assert_near(found: &[f64], expected: &[f64], tolerance: f64, size: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (&f, &e)) in found.iter().zip(expected).enumerate() {
        let same = f == e || (f.is_nan() && e.is_nan());
        assert!(
            same || (f - e).abs() <= tolerance * e.abs().max(size),
            "{what}, position {i}: found {f}, expected {e}"
        );
    }
}
