//! What must hold whatever the image.

use std::num::NonZeroUsize;

use ndarray::{Array2, s};
use proptest::prelude::*;
use skyphot_centroids::CentroidMethod;
use skyphot_core::testing::field;
use skyphot_core::{Exec, Image, Pixel};
use skyphot_detection::{
    DaoStarFinder, Finder, IrafStarFinder, PeakConfig, StarCatalog, StarFinder, find_peaks,
};

use crate::support::{image, template};

fn finders<T: Pixel>(exec: &Exec) -> Vec<Box<dyn Finder<T>>> {
    let exec = || exec.clone();
    vec![
        Box::new(DaoStarFinder { exec: exec(), ..DaoStarFinder::new(6.0, 3.0).unwrap() }),
        Box::new(IrafStarFinder { exec: exec(), ..IrafStarFinder::new(6.0, 3.0).unwrap() }),
        Box::new(StarFinder { exec: exec(), ..StarFinder::new(6.0, template(7, 7).view()).unwrap() }),
    ]
}

fn bits(c: &StarCatalog) -> Vec<Vec<u64>> {
    let t = c.to_table().unwrap();
    t.names().iter().map(|n| t.f64(n).unwrap().iter().map(|v| v.to_bits()).collect()).collect()
}

#[test]
fn threads_do_not_change_a_bit() {
    let (data, mask) = image("bad");
    let mask = mask.unwrap();
    let image = Image::new(data.view()).unwrap().with_mask(mask.view()).unwrap();
    let run = |n: usize| {
        let exec = Exec::with_threads(NonZeroUsize::new(n).unwrap()).unwrap();
        let stars: Vec<_> = finders(&exec).iter().map(|f| bits(&f.find(&image).unwrap())).collect();
        let config = PeakConfig {
            box_size: (7, 7),
            centroid: Some(CentroidMethod::Gaussian2d),
            exec,
            ..Default::default()
        };
        let peaks = find_peaks(&image, 10.0, &config).unwrap();
        let c = peaks.centroids.unwrap();
        let xy: Vec<u64> = c.x.iter().chain(&c.y).map(|v| v.to_bits()).collect();
        (stars, peaks.x_peak, peaks.y_peak, xy)
    };
    let one = run(1);
    assert!(!one.1.is_empty());
    for n in [2, 3, 7] {
        assert_eq!(run(n), one);
    }
}

#[test]
fn single_precision_and_strides_find_the_same_stars() {
    let (data, _) = image("plain");
    let single = data.mapv(|v| v as f32);
    let turned = data.t().as_standard_layout().to_owned();
    for (a, b) in finders(&Exec::default()).iter().zip(finders::<f32>(&Exec::serial())) {
        let double = a.find(&Image::new(data.view()).unwrap()).unwrap();
        let strided = a.find(&Image::new(turned.t()).unwrap()).unwrap();
        assert_eq!(bits(&double), bits(&strided));
        let half = b.find(&Image::new(single.view()).unwrap()).unwrap();
        assert_eq!(half.len(), double.len());
        for (p, q) in half.positions().iter().zip(double.positions()) {
            assert!(p.distance(q) < 1e-4);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// A field moved by whole pixels gives the catalogue moved by as much, away from the edge.
    #[test]
    fn shifts_commute(dy in 0_usize..9, dx in 0_usize..9, seed in 0_u64..100) {
        let big = field(90, 100, seed, 14, 1.0) - 103.0;
        let a = big.slice(s![0..80, 0..90]);
        let b = big.slice(s![dy..80 + dy, dx..90 + dx]);
        let inner = |x: f64, y: f64| x > 22.0 && y > 22.0 && x < 68.0 && y < 58.0;
        for f in finders::<f64>(&Exec::serial()) {
            let (p, q) = (f.find(&Image::new(a).unwrap()).unwrap(), f.find(&Image::new(b).unwrap()).unwrap());
            for (x, y) in p.x_centroid.iter().zip(&p.y_centroid).filter(|(x, y)| inner(**x, **y)) {
                let near = |(u, v): (&f64, &f64)| {
                    (u + dx as f64 - x).abs() < 1e-9 && (v + dy as f64 - y).abs() < 1e-9
                };
                prop_assert!(q.x_centroid.iter().zip(&q.y_centroid).any(near));
            }
        }
    }

    /// Peaks of the mirrored image are the mirrored peaks.
    #[test]
    fn flips_commute(seed in 0_u64..100, size in 0_usize..4) {
        let d = field(60, 70, seed, 10, 1.0) - 103.0;
        let mirrored = d.slice(s![.., ..;-1]);
        let n = 2 * size + 1;
        let config = PeakConfig { box_size: (n, n), ..Default::default() };
        let p = find_peaks(&Image::new(d.view()).unwrap(), 3.0, &config).unwrap();
        let q = find_peaks(&Image::new(mirrored).unwrap(), 3.0, &config).unwrap();
        let mut a: Vec<_> = p.x_peak.iter().zip(&p.y_peak).map(|(x, y)| (*y, 69 - x)).collect();
        a.sort_unstable();
        let b: Vec<_> = q.x_peak.iter().zip(&q.y_peak).map(|(x, y)| (*y, *x)).collect();
        prop_assert_eq!(a, b);
    }

    /// A masked pixel and a NaN are the same to `find_peaks`.
    #[test]
    fn masking_equals_removing(seed in 0_u64..100) {
        let d = field(60, 70, seed, 10, 1.0) - 103.0;
        let mask = Array2::from_shape_fn((60, 70), |(y, x)| (x * 7 + y * 13 + seed as usize).is_multiple_of(11));
        let mut removed = d.clone();
        removed.zip_mut_with(&mask, |v, m| if *m { *v = f64::NAN });
        for config in [
            PeakConfig { box_size: (5, 5), ..Default::default() },
            PeakConfig { min_separation: Some(4.5), ..Default::default() },
        ] {
            let image = Image::new(d.view()).unwrap().with_mask(mask.view()).unwrap();
            let p = find_peaks(&image, 2.0, &config).unwrap();
            let q = find_peaks(&Image::new(removed.view()).unwrap(), 2.0, &config).unwrap();
            prop_assert_eq!((p.x_peak, p.y_peak), (q.x_peak, q.y_peak));
        }
    }
}
