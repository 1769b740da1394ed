//! 210 random systems with SIP (orders 2 to 9), TPV (all 40 terms) and lookup tables.

use ndarray::Array2;
use skyphot_core::testing::uniform;
use skyphot_core::{Point, SkyCoord};
use skyphot_wcs::{LookupTable, LookupTables, Wcs};

use crate::common::{Cards, execs, fixture, numbers, range, sky_error};

fn coefficient(seed: u64, k: u64) -> f64 {
    2.0 * uniform(seed, k) - 1.0
}

/// Header number `i`, as in gen_wcs.py.
fn distorted(i: u64) -> (Cards, LookupTables) {
    let seed = 10000 + 10 * i;
    let mut c = Cards::default()
        .set("CRPIX1", 500.5 + 300.0 * coefficient(seed, 0))
        .set("CRPIX2", 480.0 + 300.0 * coefficient(seed, 1))
        .set("CRVAL1", 360.0 * uniform(seed, 2))
        .set("CRVAL2", 85.0 * coefficient(seed, 3))
        .set("CD1_1", -2e-4)
        .set("CD1_2", 1e-4 * coefficient(seed, 4))
        .set("CD2_1", 1e-4 * coefficient(seed, 5))
        .set("CD2_2", 2.2e-4);
    let suffix = ["TAN-SIP", "TPV", "TAN"][(i % 3) as usize];
    c = c.set("CTYPE1", format!("RA---{suffix}")).set("CTYPE2", format!("DEC--{suffix}"));
    let mut tables = LookupTables::default();
    match i % 3 {
        0 => {
            let order = 2 + (i / 3) % 8;
            for (a, name) in ["A", "B"].into_iter().enumerate() {
                c = c.set(&format!("{name}_ORDER"), order);
                let mut k = 0;
                for p in 0..=order {
                    for q in 0..=order - p {
                        if p + q >= 2 {
                            let mut v = 4.0 * coefficient(seed + 1 + a as u64, k);
                            for _ in 0..p + q {
                                v /= 700.0;
                            }
                            c = c.set(&format!("{name}_{p}_{q}"), v);
                        }
                        k += 1;
                    }
                }
            }
        }
        1 => {
            for a in 1..=2 {
                for m in 0..40 {
                    let v = 0.03 * coefficient(seed + a, m);
                    c = c.set(&format!("PV{a}_{m}"), if m == 1 { 1.0 + v } else { v });
                }
            }
        }
        _ => {
            let mut t = (0..4_u64).map(|t| {
                let data = Array2::from_shape_fn((6, 7), |(j, k)| {
                    (1.5 * coefficient(seed + 1 + t, 7 * j as u64 + k as u64)) as f32
                });
                LookupTable::new(data.view(), [1.0, 1.0], [10.0 * t as f64, 1.0], [170.0, 210.0]).unwrap()
            });
            tables.cpdis = [t.next(), t.next()];
            tables.d2im = [t.next(), t.next()];
        }
    }
    (c, tables)
}

#[test]
fn random_distortions_equal_astropy() {
    let f = fixture("distortions");
    let n = f["n"].as_u64().unwrap() as usize;
    let mut bad = Vec::new();
    let mut worst = [[0.0_f64; 3]; 3];
    for (i, case) in f["cases"].as_array().unwrap().iter().enumerate() {
        let seed = i as u64;
        let (cards, tables) = distorted(seed);
        let wcs = Wcs::from_header_with(&cards, None, tables).unwrap();
        let points: Vec<Point> = range(20000 + seed, n, -100.0, 1100.0)
            .into_iter()
            .zip(range(30000 + seed, n, -100.0, 1100.0))
            .map(Point::from)
            .collect();
        let (lon, lat) = (numbers(&case["lon"]), numbers(&case["lat"]));
        let (x, y) = (numbers(&case["x"]), numbers(&case["y"]));
        let to_sky = wcs.all_pix2world(&points, &execs()[0]);
        let theirs: Vec<SkyCoord> =
            lon.iter().zip(&lat).map(|(lon, lat)| SkyCoord { lon: *lon, lat: *lat }).collect();
        let back = wcs.all_world2pix(&theirs, &execs()[0]);
        let kind = i % 3;
        for k in 0..n {
            let s = to_sky.sky[k];
            worst[kind][0] = worst[kind][0].max(sky_error((s.lon, s.lat), (lon[k], lat[k])));
            let p = back.points[k];
            let d = p.distance(points[k]);
            worst[kind][1] = worst[kind][1].max(d);
            if !(d < 1e-8) {
                bad.push(format!("{i}: {:?} -> {p:?} {:?}", points[k], back.status[k]));
            }
            if !x[k].is_nan() {
                let d = p.distance(Point::new(x[k], y[k]));
                worst[kind][2] = worst[kind][2].max(d);
                if !(d < 1e-7) {
                    bad.push(format!("{i}: {p:?}, astropy {} {}", x[k], y[k]));
                }
            }
        }
        for exec in &execs()[1..] {
            assert_eq!(to_sky, wcs.all_pix2world(&points, exec));
            assert_eq!(back, wcs.all_world2pix(&theirs, exec));
        }
    }
    println!(
        "sky, round trip, astropy's inverse: SIP {:?} TPV {:?} tables {:?}",
        worst[0], worst[1], worst[2]
    );
    assert!(worst.iter().all(|w| w[0] < 1e-11), "{worst:?}");
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}
