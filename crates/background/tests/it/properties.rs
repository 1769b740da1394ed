//! What must hold for any image.

use std::num::NonZeroUsize;

use ndarray::{Array2, s};
use skyphot_background::{
    Background2D, Background2DConfig, BackgroundError, Estimator, Interpolator, LocalBackground, RmsEstimator,
};
use skyphot_core::{CoreError, Exec, Image, Point, testing::field};

use crate::inputs::input;

fn execs() -> [Exec; 4] {
    [1, 2, 3, 7].map(|n| Exec::with_threads(NonZeroUsize::new(n).unwrap()).unwrap())
}

/// The same image, stored column by column.
fn column_by_column(data: &Array2<f32>) -> Array2<f32> {
    let (ny, nx) = data.dim();
    Array2::from_shape_fn((nx, ny), |(x, y)| data[[y, x]]).reversed_axes()
}

#[test]
fn threads_do_not_change_a_bit() {
    let i = input("borders");
    let image = Image::new(i.data.view()).unwrap().with_mask(i.mask.as_ref().unwrap().view()).unwrap();
    let positions: Vec<Point> =
        (0..500).map(|k| Point::new(f64::from(k % 120), f64::from(k * 7 % 100))).collect();
    let local = LocalBackground::new(4.0, 9.0, Estimator::default()).unwrap();
    for interpolator in [Interpolator::default(), Interpolator::idw()] {
        let all: Vec<_> = execs()
            .into_iter()
            .map(|exec| {
                let found = local.measure(&image, &positions, &exec);
                let config = Background2DConfig {
                    interpolator: interpolator.clone(),
                    exec,
                    ..Background2DConfig::new((9, 7))
                };
                let b = Background2D::estimate(&image, &config).unwrap();
                let bits = |v: &[f64]| v.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
                (
                    bits(b.background().as_slice().unwrap()),
                    bits(b.background_rms().as_slice().unwrap()),
                    bits(&found.value),
                )
            })
            .collect();
        assert!(all.iter().all(|a| *a == all[0]));
    }
}

#[test]
fn rows_and_subtraction_equal_the_full_map() {
    let i = input("borders");
    let data = i.data.mapv(|v| v as f32);
    let image = Image::new(data.view()).unwrap();
    let config = Background2DConfig { fill_value: 5.0, ..Background2DConfig::new((12, 15)) };
    let coverage = i.coverage.as_ref().unwrap();
    let b = Background2D::estimate_with_coverage(&image, Some(coverage.view()), &config).unwrap();
    let full = b.background();
    assert!(full.iter().zip(coverage).all(|(v, c)| !c || *v == 5.0));
    let mut rows = vec![0_f32; 9 * 120];
    b.fill_rows(31..40, &mut rows);
    assert_eq!(rows, full.slice(s![31..40, ..]).iter().copied().collect::<Vec<_>>());
    b.fill_rms_rows(31..40, &mut rows);
    assert_eq!(rows, b.background_rms().slice(s![31..40, ..]).iter().copied().collect::<Vec<_>>());
    let expected = &data - &full;
    let same = |a: &Array2<f32>| a.iter().zip(&expected).all(|(a, b)| a == b || (a.is_nan() && b.is_nan()));
    let mut subtracted = data.clone();
    b.subtract_from(&mut subtracted).unwrap();
    assert!(same(&subtracted));
    let mut transposed = column_by_column(&data);
    assert!(!transposed.is_standard_layout());
    b.subtract_from(&mut transposed).unwrap();
    assert!(same(&transposed));
    let wrong = b.subtract_from(&mut Array2::zeros((3, 3))).unwrap_err();
    assert!(matches!(wrong, BackgroundError::Core(CoreError::ShapeMismatch { what: "data", .. })));
}

#[test]
fn single_precision_and_strides_give_the_same_background() {
    let data = field(64, 80, 3, 20, 2.0).mapv(|v| v as f32);
    let config = Background2DConfig::new((16, 16));
    let a = Background2D::estimate(&Image::new(data.view()).unwrap(), &config).unwrap();
    let wide = data.mapv(f64::from);
    let b = Background2D::estimate(&Image::new(wide.view()).unwrap(), &config).unwrap();
    assert_eq!(a.background_mesh(), b.background_mesh());
    assert_eq!(a.background(), b.background().mapv(|v| v as f32));
    let turned = column_by_column(&data);
    assert!(!turned.is_standard_layout());
    let c = Background2D::estimate(&Image::new(turned.view()).unwrap(), &config).unwrap();
    assert_eq!(a.background(), c.background());
}

#[test]
fn masking_equals_nan() {
    let i = input("masked");
    let mask = i.mask.unwrap();
    let image = Image::new(i.data.view()).unwrap().with_mask(mask.view()).unwrap();
    let mut holes = i.data.clone();
    holes.iter_mut().zip(&mask).filter(|(_, m)| **m).for_each(|(v, _)| *v = f64::NAN);
    let config =
        Background2DConfig { rms_estimator: RmsEstimator::MadStd, ..Background2DConfig::new((10, 12)) };
    let a = Background2D::estimate(&image, &config).unwrap();
    let b = Background2D::estimate(&Image::new(holes.view()).unwrap(), &config).unwrap();
    let c =
        Background2D::estimate_with_coverage(&Image::new(i.data.view()).unwrap(), Some(mask.view()), &config)
            .unwrap();
    assert_eq!(a.background(), b.background());
    assert_eq!(a.background_mesh(), c.background_mesh());
    assert!(a.excluded_mesh().iter().any(|&e| e));
    assert_eq!(a.mesh_centers().len(), a.excluded_mesh().iter().filter(|e| !**e).count());
    assert_eq!(a.to_table().unwrap().n_rows(), a.excluded_mesh().len());
    assert_eq!(a.n_pixels_map()[[79, 95]], a.n_pixels_mesh()[[7, 7]]);
}

#[test]
fn nothing_to_measure_is_an_error() {
    let data = Array2::from_elem((10, 10), f32::NAN);
    let config = Background2DConfig::new((5, 5));
    let e = Background2D::estimate(&Image::new(data.view()).unwrap(), &config).unwrap_err();
    assert_eq!(
        e.to_string(),
        "cannot compute a background: all 100 pixels are masked or not finite (0 of them are finite)"
    );
    let data = Array2::from_elem((10, 10), 1_f32);
    let mask = Array2::from_elem((10, 10), true);
    let image = Image::new(data.view()).unwrap().with_mask(mask.view()).unwrap();
    assert!(matches!(
        Background2D::estimate(&image, &config),
        Err(BackgroundError::NoGoodPixels { total: 100, finite: 100 })
    ));
    let coverage = Array2::from_elem((10, 9), true);
    let image = Image::new(data.view()).unwrap();
    assert!(Background2D::estimate_with_coverage(&image, Some(coverage.view()), &config).is_err());
}
