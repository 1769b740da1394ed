//! Fused paths against their obvious twins.

use std::num::NonZeroUsize;

use ndarray::Array2;
use skyphot_core::testing::field;
use skyphot_core::{Exec, Image};
use skyphot_detection::Threshold;
use skyphot_filter::{Boundary, Kernel, convolve};
use skyphot_segmentation::{DetectConfig, detect_sources, detect_sources_convolved};

#[test]
fn convolving_on_the_way_gives_the_same_sources() {
    let mut data = field(150, 133, 5, 60, 2.0) - 103.0;
    data[[70, 20]] = f64::NAN;
    data[[149, 132]] = f64::INFINITY;
    let mut mask = Array2::from_elem(data.dim(), false);
    mask.slice_mut(ndarray::s![60..70, 40..50]).fill(true);
    let clean =
        Array2::from_shape_fn(data.dim(), |p| if mask[p] || !data[p].is_finite() { 0.0 } else { data[p] });
    let image = Image::new(data.view()).unwrap().with_mask(mask.view()).unwrap();
    let threshold = Threshold::Image(Array2::from_shape_fn(data.dim(), |(y, _)| 4.0 + 0.01 * y as f64));
    for kernel in [
        Kernel::gaussian_fwhm(3.0, (5, 5)).unwrap(),
        Kernel::gaussian(1.0, 2.0, 0.5, (7, 9)).unwrap().normalized().unwrap(),
    ] {
        let mut twin = convolve(clean.view(), &kernel, Boundary::Constant(0.0), &Exec::serial());
        twin.zip_mut_with(&data, |t, v| *t = if v.is_finite() { *t } else { f64::NAN });
        let twin_image = Image::new(twin.view()).unwrap().with_mask(mask.view()).unwrap();
        let expected = detect_sources(&twin_image, &threshold, 5, &DetectConfig::default()).unwrap();
        assert!(expected.len() > 10);
        for n in [1, 2, 3, 7] {
            let exec = Exec::with_threads(NonZeroUsize::new(n).unwrap()).unwrap();
            let config = DetectConfig { exec, ..Default::default() };
            let (segm, convolved) =
                detect_sources_convolved(&image, &kernel, &threshold, 5, &config).unwrap();
            assert_eq!(segm, expected);
            let far = convolved
                .iter()
                .zip(&twin)
                .filter(|(a, b)| !(a.is_nan() && b.is_nan()) && (*a - *b).abs() > 1e-11);
            assert_eq!(far.count(), 0);
        }
    }
}
