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
