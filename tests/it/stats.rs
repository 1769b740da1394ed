//! Clipped statistics of real images against astropy (`tests/reference/gen_stats.py`).

use serde_json::Value;
use skyphot::core::testing::test_data;
use skyphot::core::{Exec, Image};
use skyphot::io::{FitsFile, HduSelector};
use skyphot::stats::{SigmaClip, SpreadFunc, sigma_clipped_stats};

#[test]
fn clipped_statistics_of_real_images() {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/stats_real.json")).unwrap();
    let mut files = std::collections::BTreeSet::new();
    for case in fixture["cases"].as_array().unwrap() {
        let file = case["file"].as_str().unwrap();
        let Some(path) = test_data(file) else { continue };
        files.insert(file);
        let hdu = HduSelector::Index(case["hdu"].as_u64().unwrap() as usize);
        let data = FitsFile::open(path).unwrap().read_image::<f64>(&hdu).unwrap();
        let clip = match case["clip"].as_str().unwrap() {
            "default" => SigmaClip::default(),
            "sigma2_converged" => SigmaClip::new(2.0).with_max_iters(None),
            "mad" => SigmaClip { spread: SpreadFunc::MadStd, max_iters: Some(10), ..SigmaClip::default() },
            other => panic!("no clipping {other}"),
        };
        let s = sigma_clipped_stats(&Image::new(data.view()).unwrap(), &clip, &Exec::default()).unwrap();
        assert_eq!(s.n_used as u64, case["n"].as_u64().unwrap(), "{file} {clip:?}");
        let answers = |key: &str| {
            case["astropy"].as_array().unwrap()[match key {
                "mean" => 0,
                "median" => 1,
                _ => 2,
            }]
            .as_f64()
            .unwrap()
        };
        for (key, found) in [("mean", s.mean), ("median", s.median), ("std", s.std)] {
            for expected in [case[key].as_f64().unwrap(), answers(key)] {
                let error = (found - expected).abs() / expected.abs();
                assert!(
                    error <= 1e-12,
                    "{file} {clip:?} {key}: {found:?}, expected {expected:?} ({error:e})"
                );
            }
        }
    }
    assert!(files.is_empty() || files.len() == 3);
}
