//! The images of tests/reference/gen_background.py, and parameters by name.

use ndarray::Array2;
use skyphot_background::{Estimator, Interpolator, RmsEstimator};
use skyphot_core::testing::{field, uniform};
use skyphot_filter::{EdgeMode, SplineOrder};
use skyphot_stats::{CenterFunc, SigmaClip, SpreadFunc};

/// Data, mask, coverage mask.
pub(crate) struct Input {
    pub(crate) data: Array2<f64>,
    pub(crate) mask: Option<Array2<bool>>,
    pub(crate) coverage: Option<Array2<bool>>,
}

pub(crate) fn input(name: &str) -> Input {
    let plain = |data| Input { data, mask: None, coverage: None };
    match name {
        "field" => plain(field(60, 75, 11, 25, 2.0)),
        "tall" => plain(field(90, 22, 12, 12, 3.0)),
        "large" => plain(field(130, 140, 13, 80, 2.0)),
        "integer" => plain(field(60, 75, 14, 20, 5.0).mapv(f64::floor)),
        "constant" => plain(Array2::from_elem((40, 50), 7.25)),
        "masked" => {
            let mask = Array2::from_shape_fn((80, 96), |(y, x)| {
                uniform(5, (y * 96 + x) as u64) < 0.05
                    || ((24..48).contains(&x) && (10..30).contains(&y))
                    || (x >= 72 && y >= 60)
            });
            Input { data: field(80, 96, 15, 30, 2.0), mask: Some(mask), coverage: None }
        }
        "borders" => {
            let mut data = field(100, 120, 16, 40, 2.0);
            for ((y, x), v) in data.indexed_iter_mut() {
                if x + 2 * y < 60 || x < 7 {
                    *v = f64::NAN;
                }
                if 2 * x + y > 290 {
                    *v = f64::INFINITY;
                }
            }
            let mask = Array2::from_shape_fn((100, 120), |(y, x)| uniform(6, (y * 120 + x) as u64) < 0.02);
            let coverage = Array2::from_shape_fn((100, 120), |(y, x)| x + y < 40 || y > 95);
            Input { data, mask: Some(mask), coverage: Some(coverage) }
        }
        _ => panic!("unknown input {name}"),
    }
}

pub(crate) fn level(name: &str) -> Estimator {
    match name {
        "mean" => Estimator::Mean,
        "median" => Estimator::Median,
        "mode" => Estimator::mode(),
        "mode_2.5_1.5" => Estimator::Mode { median_factor: 2.5, mean_factor: 1.5 },
        "mmm" => Estimator::Mmm,
        "sextractor" => Estimator::SExtractor,
        "biweight" => Estimator::biweight_location(),
        "biweight_4_99" => Estimator::BiweightLocation { c: 4.0, m: Some(99.0) },
        _ => panic!("unknown estimator {name}"),
    }
}

pub(crate) fn rms(name: &str) -> RmsEstimator {
    match name {
        "std" => RmsEstimator::Std,
        "mad_std" => RmsEstimator::MadStd,
        "biweight" => RmsEstimator::biweight_scale(),
        "biweight_7_101" => RmsEstimator::BiweightScale { c: 7.0, m: Some(101.0) },
        _ => panic!("unknown noise estimator {name}"),
    }
}

pub(crate) fn interpolator(name: &str) -> Interpolator {
    let zoom = |mode, clip| Interpolator::Zoom { order: SplineOrder::Cubic, mode, clip };
    let idw = |n_neighbors, power, regularization| Interpolator::Idw { n_neighbors, power, regularization };
    match name {
        "zoom3_noclip" => zoom(EdgeMode::Reflect, false),
        "zoom3_mirror" => zoom(EdgeMode::Mirror, true),
        "idw" => Interpolator::idw(),
        "idw_4_2_0.5" => idw(4, 2.0, 0.5),
        "idw_1" => idw(1, 1.0, 0.0),
        "idw_30_1.5" => idw(30, 1.5, 0.0),
        _ => {
            let degree = name.strip_prefix("zoom").unwrap().parse().unwrap();
            Interpolator::zoom(SplineOrder::from_degree(degree).unwrap())
        }
    }
}

pub(crate) fn clip(name: &str) -> Option<SigmaClip> {
    let new = |sigma, max_iters| SigmaClip::new(sigma).with_max_iters(max_iters);
    Some(match name {
        "default" => new(3.0, Some(10)),
        "none" => return None,
        "asym" => SigmaClip { sigma_lower: 1.5, sigma_upper: 2.5, ..new(3.0, Some(3)) },
        "converge" => new(2.0, None),
        "mean" => SigmaClip { center: CenterFunc::Mean, ..new(2.5, Some(10)) },
        "mad" => SigmaClip { spread: SpreadFunc::MadStd, ..new(3.0, Some(10)) },
        "tight" => new(0.05, Some(5)),
        _ => panic!("unknown clipping {name}"),
    })
}
