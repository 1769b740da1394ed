use skyphot_core::{Exec, SkyCoord};
use skyphot_wcs::SkyFrame;
use skyphot_wcs::sky::{
    match_to_catalog_sky, offset_by, offsets, position_angle, search_around_sky, separation,
};

use crate::common::{execs, fixture, numbers, range, sky_error};

fn positions(seed: (u64, u64), n: usize, lon: (f64, f64), lat: (f64, f64)) -> Vec<SkyCoord> {
    range(seed.0, n, lon.0, lon.1)
        .into_iter()
        .zip(range(seed.1, n, lat.0, lat.1))
        .map(|(lon, lat)| SkyCoord { lon, lat })
        .collect()
}

fn frame(name: &str) -> SkyFrame {
    let (kind, year) = name.split_once('_').unwrap_or((name, "0"));
    let equinox = year.parse().unwrap();
    match kind {
        "icrs" => SkyFrame::Icrs,
        "fk5" => SkyFrame::Fk5 { equinox },
        "fk4" => SkyFrame::Fk4 { equinox },
        "fk4noe" => SkyFrame::Fk4NoETerms { equinox },
        "galactic" => SkyFrame::Galactic,
        _ => SkyFrame::Ecliptic { equinox },
    }
}

#[test]
fn every_pair_of_frames() {
    let f = fixture("sky");
    let n = f["n"].as_u64().unwrap() as usize;
    let input = positions((51, 52), n, (0.0, 360.0), (-90.0, 90.0));
    let mut bad = Vec::new();
    for pair in f["pairs"].as_array().unwrap() {
        let (from, to) = (pair["from"].as_str().unwrap(), pair["to"].as_str().unwrap());
        let (lon, lat) = (numbers(&pair["lon"]), numbers(&pair["lat"]));
        let out = frame(from).convert_all(frame(to), &input, &Exec::serial());
        let worst =
            (0..n).map(|i| sky_error((out[i].lon, out[i].lat), (lon[i], lat[i]))).fold(0.0_f64, f64::max);
        if worst > 1e-11 {
            bad.push(format!("{from} -> {to}: {worst:.2e} deg"));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn separations_and_offsets() {
    let f = fixture("sky");
    let n = f["n"].as_u64().unwrap() as usize;
    let s = &f["separations"];
    let a = positions((51, 52), n, (0.0, 360.0), (-90.0, 90.0));
    let b = positions((53, 54), n, (0.0, 360.0), (-90.0, 90.0));
    let d = positions((55, 56), n, (-1e-3, 1e-3), (-1e-3, 1e-3));
    let (pa, dist) = (range(57, n, 0.0, 360.0), range(58, n, 0.0, 90.0));
    let col = |k: &str| numbers(&s[k]);
    for i in 0..n {
        let near = SkyCoord { lon: a[i].lon + d[i].lon, lat: a[i].lat + d[i].lat };
        assert!((separation(a[i], b[i]) - col("far")[i]).abs() < 1e-12);
        assert!((separation(a[i], near) - col("near")[i]).abs() < 1e-13);
        assert!((position_angle(a[i], b[i]) - col("pa_far")[i]).abs() < 1e-11);
        assert!((position_angle(a[i], near) - col("pa_near")[i]).abs() < 1e-8);
        let o = offset_by(a[i], pa[i], dist[i]);
        assert!(sky_error((o.lon, o.lat), (col("off_lon")[i], col("off_lat")[i])) < 1e-11);
        let (e, north) = offsets(a[i], near);
        assert!((e - col("east")[i]).abs() < 1e-12 && (north - col("north")[i]).abs() < 1e-12);
    }
}

#[test]
fn matching_equals_astropy() {
    let f = fixture("sky");
    let catalog = positions((61, 62), 400, (0.0, 360.0), (80.0, 90.0));
    let mine = positions((63, 64), 150, (0.0, 360.0), (79.0, 90.0));
    for exec in execs() {
        for m in f["match"].as_array().unwrap() {
            let k = m["nth"].as_u64().unwrap() as usize;
            let out = match_to_catalog_sky(&mine, &catalog, k, &exec).unwrap();
            let index: Vec<Option<usize>> =
                m["index"].as_array().unwrap().iter().map(|v| Some(v.as_u64().unwrap() as usize)).collect();
            assert_eq!(out.index, index);
            for (a, b) in out.separation.iter().zip(numbers(&m["sep"])) {
                assert!((a - b).abs() < 1e-12);
            }
        }
        let out = search_around_sky(&mine, &catalog, 0.5, &exec).unwrap();
        let list = |k: &str| -> Vec<usize> {
            f["around"][k].as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as usize).collect()
        };
        assert_eq!(out.first, list("first"));
        assert_eq!(out.second, list("second"));
        for (a, b) in out.separation.iter().zip(numbers(&f["around"]["sep"])) {
            assert!((a - b).abs() < 1e-12);
        }
    }
}
