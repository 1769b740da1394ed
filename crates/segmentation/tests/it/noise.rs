//! Noise maps, the matched filter and cleaning against their definitions.

use ndarray::{Array2, s};
use skyphot_core::Image;
use skyphot_core::testing::{field, uniform};
use skyphot_detection::Threshold;
use skyphot_filter::Kernel;
use skyphot_segmentation::{
    CleanConfig, DetectConfig, NoiseMap, SegmentationError, SegmentationImage, clean_sources, detect_sources,
    detect_sources_matched, matched_filter,
};

#[test]
fn maps_of_noise_are_the_same_thresholds() {
    let rms = Array2::from_shape_fn((30, 40), |(y, x)| 1.0 + uniform(3, (40 * y + x) as u64));
    let sky = Array2::from_shape_fn((30, 40), |(y, x)| (y + 2 * x) as f64);
    let Threshold::Image(expected) = NoiseMap::Rms.threshold(rms.view(), 2.5, Some(sky.view())).unwrap()
    else {
        panic!()
    };
    assert_eq!(expected[[3, 4]], 11.0 + 2.5 * rms[[3, 4]]);
    let maps = [(NoiseMap::Variance, rms.mapv(|r| r * r)), (NoiseMap::Weight, rms.mapv(|r| 1.0 / (r * r)))];
    for (kind, map) in maps {
        let Threshold::Image(t) = kind.threshold(map.view(), 2.5, Some(sky.view())).unwrap() else {
            panic!()
        };
        assert!(t.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12 * b));
    }
    // What was not observed is in no source.
    let mut weight = Array2::from_elem((5, 5), 4.0_f32);
    (weight[[2, 2]], weight[[2, 3]], weight[[1, 1]]) = (0.0, f32::NAN, -1.0);
    let bright = Array2::from_elem((5, 5), 10.0_f32);
    let t = NoiseMap::Weight.threshold(weight.view(), 3.0, None).unwrap();
    let segm = detect_sources(&Image::new(bright.view()).unwrap(), &t, 1, &DetectConfig::default()).unwrap();
    assert_eq!(segm.areas(), [22]);
    assert!(NoiseMap::Rms.threshold(rms.view(), 0.0, None).is_err());
    assert!(NoiseMap::Rms.threshold(rms.view(), 1.0, Some(sky.slice(s![1.., ..]))).is_err());
}

#[test]
fn the_matched_filter_is_its_definition() {
    let (ny, nx) = (40, 50);
    let mut data = field(ny, nx, 5, 12, 1.0) - 102.0;
    data[[20, 20]] = f64::NAN;
    let mut error = Array2::from_shape_fn((ny, nx), |(y, x)| 0.5 + 3.0 * uniform(8, (y * nx + x) as u64));
    (error[[5, 5]], error[[6, 6]]) = (f64::INFINITY, 0.0);
    let mask = Array2::from_shape_fn((ny, nx), |(y, x)| uniform(9, (y * nx + x) as u64) < 0.02);
    // Not symmetric, so that it matters which way round it is.
    let kernel =
        Kernel::from_array(Array2::from_shape_fn((3, 5), |(y, x)| 1.0 + (2 * y + x) as f64)).unwrap();
    let image =
        Image::new(data.view()).unwrap().with_error(error.view()).unwrap().with_mask(mask.view()).unwrap();
    let found = matched_filter(&image, &kernel, &DetectConfig::default());
    let good = |p: [usize; 2]| data[p].is_finite() && error[p] > 0.0 && error[p].is_finite() && !mask[p];
    for ((y, x), f) in found.indexed_iter() {
        let (mut signal, mut noise) = (0.0, 0.0_f64);
        for ((j, i), k) in kernel.data().indexed_iter() {
            let (py, px) = ((y + j).wrapping_sub(1), (x + i).wrapping_sub(2));
            if py < ny && px < nx && good([py, px]) {
                let e2 = error[[py, px]] * error[[py, px]];
                signal += k * data[[py, px]] / e2;
                noise += k * k / e2;
            }
        }
        let expected = if noise > 0.0 { signal / noise.sqrt() } else { 0.0 };
        assert!((f - expected).abs() <= 1e-10 * (1.0 + expected.abs()), "{x} {y}: {f} {expected}");
    }
    let (segm, ratio) = detect_sources_matched(&image, &kernel, 6.0, 3, &DetectConfig::default()).unwrap();
    assert!(ratio == found && !segm.is_empty());
    assert!(segm.data().indexed_iter().all(|((y, x), l)| *l == 0 || (found[[y, x]] > 6.0 && good([y, x]))));
    // The scale of the kernel does not matter.
    let double = Kernel::from_array(kernel.data().mapv(|k| 2.0 * k)).unwrap();
    let again = matched_filter(&image, &double, &DetectConfig::default());
    assert!(again.iter().zip(&found).all(|(a, b)| (a - b).abs() < 1e-10 * (1.0 + b.abs())));
}

/// A star with wings, and what deblending might cut out of them at `x >= from`.
fn star(bump: f64) -> (Array2<f64>, SegmentationImage) {
    let data = Array2::from_shape_fn((61, 61), |(y, x)| {
        let (dx, dy) = (x as f64 - 25.0, y as f64 - 30.0);
        let (bx, by) = (x as f64 - 44.0, y as f64 - 30.0);
        3000.0 / (1.0 + (dx * dx + dy * dy) / 4.0) + bump * (-(bx * bx + by * by) / 4.0).exp()
    });
    let labels = Array2::from_shape_fn((61, 61), |(y, x)| match data[[y, x]] {
        v if v <= 20.0 => 0,
        _ if (x as f64 - 44.0).hypot(y as f64 - 30.0) < 3.5 => 7,
        _ => 4,
    });
    (data, SegmentationImage::new(labels).unwrap())
}

#[test]
fn only_what_the_wings_explain_is_cleaned() {
    let threshold = Threshold::Scalar(20.0);
    let clean = |bump: f64, config: &CleanConfig| {
        let (data, segm) = star(bump);
        clean_sources(&Image::new(data.view()).unwrap(), &segm, &threshold, 5, config).unwrap()
    };
    let config = CleanConfig { relabel: false, ..CleanConfig::default() };
    // Without a bump it is a piece of the wings; a source of its own is kept.
    let merged = clean(0.0, &config);
    assert_eq!(merged.labels(), [4]);
    let (_, before) = star(0.0);
    assert_eq!(merged.areas()[0], before.areas().iter().sum::<usize>());
    assert_eq!(clean(500.0, &config).labels(), [4, 7]);
    // Taken away altogether, and numbered anew.
    let removed = clean(0.0, &CleanConfig { merge: false, ..CleanConfig::default() });
    assert_eq!((removed.labels(), removed.areas()), (&[1][..], &before.areas()[..1]));
    // Beyond the edge of the star wide wings explain more than steep ones.
    let data = Array2::from_shape_fn((61, 91), |(y, x)| {
        let (dx, bx, dy) = (x as f64 - 25.0, x as f64 - 65.0, y as f64 - 30.0);
        3000.0 / (1.0 + (dx * dx + dy * dy) / 4.0) + 20.0 * (-(bx * bx + dy * dy) / 4.0).exp()
    });
    let image = Image::new(data.view()).unwrap();
    let segm = detect_sources(&image, &threshold, 5, &DetectConfig::default()).unwrap();
    assert_eq!(segm.len(), 2);
    for (beta, n) in [(0.5, 1), (10.0, 2)] {
        let config = CleanConfig { beta, ..config };
        assert_eq!(clean_sources(&image, &segm, &threshold, 5, &config).unwrap().len(), n);
    }
    // Nobody looks that far.
    assert_eq!(clean(0.0, &CleanConfig { reach: 0.1, ..config }).len(), 2);
    let (data, segm) = star(0.0);
    for config in [CleanConfig { beta: 0.0, ..config }, CleanConfig { reach: f64::NAN, ..config }] {
        let e = clean_sources(&Image::new(data.view()).unwrap(), &segm, &threshold, 5, &config).unwrap_err();
        assert!(matches!(e, SegmentationError::InvalidParameter { .. }));
    }
}
