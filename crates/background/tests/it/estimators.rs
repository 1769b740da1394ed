//! Estimators of one's own.

use std::sync::Arc;

use skyphot_background::{Background2D, Background2DConfig, BackgroundEstimator, Estimator, RmsEstimator};
use skyphot_core::Image;

use crate::inputs::input;

#[derive(Debug)]
struct Plain(bool);

impl BackgroundEstimator for Plain {
    fn estimate(&self, values: &[f64]) -> f64 {
        assert!(values.is_sorted());
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        if self.0 {
            return (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
        }
        mean
    }
}

#[test]
fn own_estimators_see_the_clipped_pixels() {
    let i = input("masked");
    let image = Image::new(i.data.view()).unwrap();
    let built_in = Background2DConfig { estimator: Estimator::Mean, ..Background2DConfig::new((20, 24)) };
    let own = Background2DConfig {
        estimator: Estimator::Custom(Arc::new(Plain(false))),
        rms_estimator: RmsEstimator::Custom(Arc::new(Plain(true))),
        ..built_in.clone()
    };
    let a = Background2D::estimate(&image, &built_in).unwrap();
    let b = Background2D::estimate(&image, &own).unwrap();
    assert_eq!(a.n_pixels_mesh(), b.n_pixels_mesh());
    for (a, b) in [(a.background_mesh(), b.background_mesh()), (a.rms_mesh(), b.rms_mesh())] {
        assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-11));
    }
}
