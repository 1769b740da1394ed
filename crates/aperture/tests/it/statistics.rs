//! `ApertureStats` next to photutils'.
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use skyphot_aperture::{ApertureStats, CircularAperture, StatsConfig, annulus_statistics};
use skyphot_core::{Exec, FlagSet};
use skyphot_stats::{CenterFunc, SigmaClip, SpreadFunc};

use crate::scene::{assert_close, assert_near, method, numbers, positions, scene, shape};

fn clip(v: &Value) -> Option<SigmaClip> {
    (!v.is_null()).then(|| SigmaClip {
        sigma_lower: v[0].as_f64().unwrap(),
        sigma_upper: v[1].as_f64().unwrap(),
        max_iters: v[2].as_u64().map(|n| n as usize),
        center: if v[3] == "mean" { CenterFunc::Mean } else { CenterFunc::Median },
        spread: if v[4] == "mad_std" { SpreadFunc::MadStd } else { SpreadFunc::Std },
        grow: 0.0,
    })
}

#[test]
fn statistics_are_those_of_photutils() {
    let all: Value = serde_json::from_str(include_str!("fixtures/statistics.json")).unwrap();
    let places = positions(&all["positions"]);
    let mut seen = 0;
    for c in all["cases"].as_array().unwrap() {
        let s = scene(c["dirty"].as_bool().unwrap());
        let image = s.image(true);
        let config = StatsConfig {
            sigma_clip: clip(&c["clip"]),
            sum_method: method(c),
            local_background: (!c["bkg"].is_null()).then(|| numbers(&c["bkg"])),
            ddof: c["ddof"].as_u64().unwrap() as usize,
            ..StatsConfig::default()
        };
        let a = shape(&c["shape"]);
        let stats = ApertureStats::measure(&image, &places, &*a, &config).unwrap();
        let what = format!("{} clip {} dirty {}", c["shape"], c["clip"], c["dirty"]);
        for name in ApertureStats::COLUMNS {
            let (found, expected) = (stats.column(name).unwrap(), numbers(&c[*name]));
            // Off-diagonal elements, and an angle in degrees.
            let size = match *name {
                "covariance_xy" | "ellipse_cxy" | "orientation" => 1.0,
                _ => 0.0,
            };
            assert_near(found, &expected, 1e-10, size, &format!("{name} {what}"));
        }
        for (i, (f, e)) in stats.flags.iter().zip(numbers(&c["flags"])).enumerate() {
            assert_eq!(f64::from(f.bits()), e, "flags {what}, position {i}: {:?}", f.names());
            seen |= f.bits();
        }
        if config.local_background.is_none() {
            let clip = config.sigma_clip.as_ref();
            let sky = annulus_statistics(&image, &places, &*a, clip, &Exec::serial()).unwrap();
            assert_close(&sky.median, &stats.median, 1e-14, &what);
            assert_close(&sky.mean, &stats.mean, 1e-13, &what);
            assert_close(&sky.mode, &stats.mode, 1e-12, &what);
            if config.ddof == 0 {
                assert_close(&sky.std, &stats.std, 1e-12, &what);
            }
            let n: Vec<f64> = sky.n.iter().map(|&n| if n == 0 { f64::NAN } else { n as f64 }).collect();
            assert_close(&n, &stats.center_aper_area, 0.0, &what);
        }
    }
    assert_eq!(seen & (512 | 2048 | 4096 | 8192 | 16384), 512 | 2048 | 4096 | 8192 | 16384);
}

#[test]
fn the_default_table_has_the_columns_of_photutils() {
    let all: Value = serde_json::from_str(include_str!("fixtures/statistics.json")).unwrap();
    let expected: Vec<&str> = all["default_columns"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        // There is no sky without a WCS.
        .filter(|n| *n != "sky_centroid")
        .collect();
    let s = scene(false);
    let a = CircularAperture::new(3.0).unwrap();
    let t = ApertureStats::measure(&s.image(false), &[], &a, &StatsConfig::default()).unwrap().to_table();
    assert_eq!(t.names(), expected);
}
