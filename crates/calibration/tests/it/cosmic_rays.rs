use ndarray::Array2;
use serde_json::Value;
use skyphot_calibration::ccd::{CleanMethod, CosmicRayConfig, FineStructure, detect_cosmic_rays};
use skyphot_core::Image;
use skyphot_core::testing::{field, uniform};

use crate::numbers;

fn hit_field(seed: u64, ny: usize, nx: usize, n_stars: usize, n_hits: u64) -> Array2<f64> {
    let mut data = field(ny, nx, seed, n_stars, 10.0);
    for k in 0..n_hits {
        let v: [f64; 6] = std::array::from_fn(|j| uniform(seed + 5, 6 * k + j as u64));
        let (x, y, length) = ((v[0] * nx as f64) as i64, (v[1] * ny as f64) as i64, 1 + (v[2] * 8.0) as i64);
        let (dx, dy) = [(1, 0), (0, 1), (1, 1), (1, -1)][(v[3] * 4.0) as usize];
        let peak = 150.0 + 3000.0 * v[4];
        for i in 0..length {
            let (u, w) = (x + i * dx, y + i * dy);
            if (0..nx as i64).contains(&u) && (0..ny as i64).contains(&w) {
                let (u, w) = (u as usize, w as usize);
                data[[w, u]] += peak;
                if v[5] < 0.6 && u + 1 < nx {
                    data[[w, u + 1]] += 0.3 * peak;
                }
            }
        }
    }
    data
}

#[test]
fn hits_are_those_of_astroscrappy() {
    let all: Value = serde_json::from_str(include_str!("fixtures/cosmic_rays.json")).unwrap();
    let (ny, nx) = (150, 180);
    let data = hit_field(40, ny, nx, 25, 60).mapv(|v| v as f32);
    let cases = all["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 13);
    for case in cases {
        let c = &case["case"];
        let number = |k: &str, default: f64| c[k].as_f64().unwrap_or(default);
        let config = CosmicRayConfig {
            sigclip: number("sigclip", 4.5),
            sigfrac: number("sigfrac", 0.3),
            objlim: number("objlim", 5.0),
            gain: number("gain", 1.0),
            readnoise: number("readnoise", 6.5),
            satlevel: number("satlevel", 65536.0),
            niter: number("niter", 4.0) as usize,
            sepmed: c["sepmed"].as_bool().unwrap_or(true),
            cleantype: match c["cleantype"].as_str() {
                Some("medmask") => CleanMethod::MedianMask,
                Some("idw") => CleanMethod::Idw,
                _ => CleanMethod::MeanMask,
            },
            fsmode: match c["fsmode"].as_str() {
                Some(_) => {
                    let s = 2.5 / 2.354_820_045_030_949_3;
                    let k = Array2::from_shape_fn((7, 7), |(y, x)| {
                        let r2 = (x as f64 - 3.0).powi(2) + (y as f64 - 3.0).powi(2);
                        (-0.5 * r2 / (s * s)).exp()
                    });
                    let sum = k.sum();
                    FineStructure::Convolve(k / sum)
                }
                None => FineStructure::Median,
            },
            ..Default::default()
        };
        let mask = Array2::from_shape_fn((ny, nx), |(y, x)| uniform(50, (y * nx + x) as u64) < 0.01);
        let mut image = Image::new(data.view()).unwrap();
        if c["mask"] == 1 {
            image = image.with_mask(mask.view()).unwrap();
        }
        let background = (c["background"] == 1).then(|| Array2::from_elem((ny, nx), 90.0));
        let variance = (c["variance"] == 1).then(|| data.mapv(|v| f64::from(v) + 50.0));
        let got = detect_cosmic_rays(
            &image,
            background.as_ref().map(|b| b.view()),
            variance.as_ref().map(|v| v.view()),
            &config,
        )
        .unwrap();
        let mut want = Array2::from_elem((ny, nx), false);
        let hits: Vec<usize> = numbers(&case["hits"]).iter().map(|h| *h as usize).collect();
        assert!(hits.len() > 100, "{c}: {}", hits.len());
        for h in &hits {
            want[[h / nx, h % nx]] = true;
        }
        let differ = got.mask.iter().zip(&want).filter(|(a, b)| a != b).count();
        assert!(differ * 1000 <= hits.len(), "{c}: {differ} pixels differ, {} are hit", hits.len());
        // What takes their place, away from the border astroscrappy leaves alone.
        for (h, v) in hits.iter().zip(numbers(&case["clean"])) {
            let (y, x) = (h / nx, h % nx);
            if y >= 2 && x >= 2 && y + 2 < ny && x + 2 < nx {
                let g = f64::from(got.clean[[y, x]]);
                assert!((g - v).abs() < 2e-5 * v.abs(), "{c}: {g} {v} at ({x}, {y})");
            }
        }
    }
}
