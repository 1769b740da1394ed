//! Label images, pixel for pixel.

use std::num::NonZeroUsize;

use skyphot_core::{Exec, FlagSet, Image, Pixel};
use skyphot_segmentation::{
    Connectivity, ContrastMethod, DeblendConfig, DeblendMode, DetectConfig, SegmentationImage,
    deblend_sources, detect_sources,
};

use crate::support::{Case, case, crc32, fixture};

const MODES: [DeblendMode; 3] = [DeblendMode::Exponential, DeblendMode::Linear, DeblendMode::Sinh];

fn summary(segm: &SegmentationImage) -> (u64, u64) {
    (segm.len() as u64, u64::from(crc32(segm.data())))
}

/// All label images of a case, in the order of the generator.
fn all<T: Pixel>(seed: u64, image: &Image<'_, T>, case: &Case, exec: &Exec) -> Vec<SegmentationImage> {
    let mut out = Vec::new();
    for connectivity in [Connectivity::Eight, Connectivity::Four] {
        let detect = DetectConfig { connectivity, exec: exec.clone() };
        let segm = detect_sources(image, &case.threshold, case.n_pixels, &detect).unwrap();
        out.push(segm.clone());
        for mode in MODES {
            for contrast_method in [ContrastMethod::Basin, ContrastMethod::Saddle] {
                let (n_levels, contrast) = if seed.is_multiple_of(3) { (7, 0.03) } else { (32, 0.001) };
                let config = DeblendConfig {
                    n_levels,
                    contrast,
                    contrast_method,
                    mode,
                    connectivity,
                    exec: exec.clone(),
                    ..Default::default()
                };
                out.push(deblend_sources(image, &segm, case.n_pixels, &config).unwrap());
            }
        }
    }
    out
}

fn run(seed: u64, exec: &Exec) -> Vec<SegmentationImage> {
    fn with_mask<'a, T: Pixel>(image: Image<'a, T>, case: &'a Case) -> Image<'a, T> {
        match &case.mask {
            Some(m) => image.with_mask(m.view()).unwrap(),
            None => image,
        }
    }
    let case = case(seed);
    if case.single {
        let data = case.data.mapv(|v| v as f32);
        all(seed, &with_mask(Image::new(data.view()).unwrap(), &case), &case, exec)
    } else {
        all(seed, &with_mask(Image::new(case.data.view()).unwrap(), &case), &case, exec)
    }
}

#[test]
fn two_hundred_images_have_the_labels_of_photutils() {
    let f = fixture(include_str!("fixtures/labels.json"));
    let mut wrong = Vec::new();
    for (seed, expected) in (1_u64..).zip(f["cases"].as_array().unwrap()) {
        for (i, (segm, e)) in run(seed, &Exec::serial()).iter().zip(expected.as_array().unwrap()).enumerate()
        {
            let flags: u64 = segm.flags().iter().map(|f| u64::from(f.to_bits())).sum();
            let same = summary(segm) == (e[0].as_u64().unwrap(), e[1].as_u64().unwrap())
                && e[2].as_u64().is_none_or(|e| e == flags);
            if !same {
                wrong.push(format!("image {seed}, way {i}: {:?} {flags} != {e}", summary(segm)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong: {}", wrong.len(), wrong[..wrong.len().min(10)].join("\n"));
}

#[test]
fn threads_do_not_change_a_label() {
    for seed in [1, 3, 6, 13] {
        let serial = run(seed, &Exec::serial());
        for n in [2, 3, 7] {
            let exec = Exec::with_threads(NonZeroUsize::new(n).unwrap()).unwrap();
            assert!(run(seed, &exec) == serial, "image {seed}, {n} threads");
        }
    }
}

#[test]
fn one_blend_of_hundreds_of_peaks_is_taken_apart_and_flagged() {
    let f = fixture(include_str!("fixtures/monster.json"));
    let mut expected = f["labels"].as_array().unwrap().iter();
    let (ny, nx) = (320, 300);
    let mut data = skyphot_core::testing::field(ny, nx, 31, 1500, 1.0) - 100.0;
    data.indexed_iter_mut().for_each(|((y, x), v)| {
        let (dx, dy) = (x as f64 - 150.0, y as f64 - 160.0);
        *v += 400.0 / (1.0 + (dx * dx + dy * dy) / 20000.0);
    });
    let data = data.mapv(|v| v as f32);
    let image = Image::new(data.view()).unwrap();
    let mut next = |segm: &SegmentationImage, what: &str| {
        let e = expected.next().unwrap();
        assert_eq!(summary(segm), (e[0].as_u64().unwrap(), e[1].as_u64().unwrap()), "{what}");
        let flags: u64 = segm.flags().iter().map(|f| u64::from(f.to_bits())).sum();
        assert!(e[2].as_u64().is_none_or(|e| e == flags), "flags of {what}");
    };
    for connectivity in [Connectivity::Eight, Connectivity::Four] {
        let config = DetectConfig { connectivity, ..Default::default() };
        let segm = detect_sources(&image, &100.0.into(), 5, &config).unwrap();
        next(&segm, "detection");
        for mode in MODES {
            for contrast in [0.001, 0.00001] {
                let config = DeblendConfig { mode, contrast, connectivity, ..Default::default() };
                let parts = deblend_sources(&image, &segm, 3, &config).unwrap();
                next(&parts, &format!("{mode:?} {contrast}"));
                let largest = (0..segm.len()).max_by_key(|i| segm.areas()[*i]).unwrap();
                let many = parts.info().too_many_markers_labels.contains(&segm.labels()[largest]);
                assert!(many == (mode != DeblendMode::Linear), "{mode:?}");
            }
        }
    }
}
