//! Frames and matching against astropy, over so many positions that only sums and hashes of the answers are stored.
//!
//! Sums with random signs: if our values differ by `d_i`, the sums differ by `sum(s_i d_i)`, whose mean square over the
//! sets of signs estimates `sum(d_i^2)`. What is tallied is the root of that: no single difference is larger.

use serde_json::Value;
use skyphot::core::testing::uniform;
use skyphot::core::{Exec, SkyCoord};
use skyphot::wcs::SkyFrame;
use skyphot::wcs::sky::{match_to_catalog_sky, search_around_sky};

use super::scene::numbers;
use super::wcs::fixture;
use super::{Error, Tally};

const N_FRAMES: u64 = 10_000;
const N_MATCH: u64 = 100_000;
const SETS: u64 = 8;
/// Milliarcseconds per radian.
const MAS: f64 = 180.0 / std::f64::consts::PI * 3.6e6;

pub(super) fn compare(tally: &mut Tally) -> Result<(), Error> {
    let answers = fixture("sky.json")?;
    frames(&answers["frames"], tally)?;
    matching(&answers["matching"], tally)
}

fn sketch(values: &[f64]) -> Vec<f64> {
    let signed = |s: u64| {
        let sign = |k: usize| if uniform(900 + s, k as u64) < 0.5 { -1.0 } else { 1.0 };
        values.iter().enumerate().map(|(k, v)| sign(k) * v).sum()
    };
    (0..SETS).map(signed).collect()
}

/// Estimate of the sum of the squared differences.
fn squares(ours: &[f64], theirs: &Value) -> f64 {
    let theirs = numbers(theirs);
    if theirs.len() != ours.len() {
        return f64::INFINITY;
    }
    ours.iter().zip(theirs).map(|(a, b)| (a - b) * (a - b)).sum::<f64>() / SETS as f64
}

fn hash(indices: impl Iterator<Item = usize>) -> String {
    let mut h = 0_u64;
    for i in indices {
        h = h.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(i as u64 + 1);
    }
    format!("{h:016x}")
}

fn frame(name: &str) -> Result<SkyFrame, Error> {
    let (kind, equinox) = name.split_once('_').unwrap_or((name, "0"));
    let equinox: f64 = equinox.parse()?;
    Ok(match kind {
        "icrs" => SkyFrame::Icrs,
        "fk5" => SkyFrame::Fk5 { equinox },
        "fk4" => SkyFrame::Fk4 { equinox },
        "fk4noe" => SkyFrame::Fk4NoETerms { equinox },
        "galactic" => SkyFrame::Galactic,
        "ecliptic" => SkyFrame::Ecliptic { equinox },
        other => return Err(format!("frame {other}").into()),
    })
}

fn frames(answers: &Value, tally: &mut Tally) -> Result<(), Error> {
    let sky: Vec<SkyCoord> = (0..N_FRAMES)
        .map(|k| SkyCoord { lon: 360.0 * uniform(91, k), lat: 180.0 * uniform(92, k) - 90.0 })
        .collect();
    for pair in answers.as_array().into_iter().flatten() {
        let name = |k: &str| pair[k].as_str().unwrap_or_default().to_owned();
        let there = frame(&name("from"))?.convert_all(frame(&name("to"))?, &sky, &Exec::default());
        let part = |f: fn(f64, f64) -> f64| -> Vec<f64> {
            there.iter().map(|s| f(s.lon.to_radians(), s.lat.to_radians())).collect()
        };
        let xyz = [
            part(|lon, lat| lat.cos() * lon.cos()),
            part(|lon, lat| lat.cos() * lon.sin()),
            part(|_, lat| lat.sin()),
        ];
        let sum: f64 = xyz.iter().zip(0..).map(|(v, i)| squares(&sketch(v), &pair["sums"][i as usize])).sum();
        tally.absolute("frames, 10,000 positions per pair, mas", 1.0, &[sum.sqrt() * MAS], &[0.0]);
    }
    Ok(())
}

fn field(seed: u64) -> Vec<SkyCoord> {
    (0..N_MATCH)
        .map(|k| SkyCoord {
            lon: 356.0 + 4.0 * uniform(seed, k) + 4.0 * uniform(seed + 1, k),
            lat: 50.0 + 4.0 * uniform(seed + 2, k) + 4.0 * uniform(seed + 3, k),
        })
        .collect()
}

fn matching(answers: &Value, tally: &mut Tally) -> Result<(), Error> {
    let (mine, catalog) = (field(71), field(81));
    let exec = Exec::default();
    let arcsec = |v: &[f64]| v.iter().map(|d| d * 3600.0).collect::<Vec<f64>>();
    for a in answers["nth"].as_array().into_iter().flatten() {
        let nth = a["nth"].as_u64().unwrap_or(0) as usize;
        let m = match_to_catalog_sky(&mine, &catalog, nth, &exec)?;
        let same = hash(m.index.iter().map(|i| i.unwrap_or(usize::MAX - 1))) == a["hash"];
        tally.absolute("matching, lists of 100,000 other indices", 0.0, &[f64::from(!same)], &[0.0]);
        let apart = squares(&sketch(&arcsec(&m.separation)), &a["sums"]).sqrt();
        tally.absolute("matching, 100,000 separations, arcsec", 1e-6, &[apart], &[0.0]);
    }
    let a = &answers["around"];
    let radius = a["radius"].as_f64().ok_or("no radius")? / 3600.0;
    let p = search_around_sky(&mine, &catalog, radius, &exec)?;
    let same = p.len() as u64 == a["n"].as_u64().unwrap_or(0)
        && hash(p.first.iter().zip(&p.second).flat_map(|(i, j)| [*i, *j])) == a["hash"];
    tally.absolute("matching, lists of 100,000 other indices", 0.0, &[f64::from(!same)], &[0.0]);
    let apart = squares(&sketch(&arcsec(&p.separation)), &a["sums"]).sqrt();
    tally.absolute("matching, 100,000 separations, arcsec", 1e-6, &[apart], &[0.0]);
    Ok(())
}
