//! Coordinates: the timed calls.

use skyphot::core::testing::uniform;
use skyphot::core::{Exec, Point, SkyCoord};
use skyphot::wcs::sky::match_to_catalog_sky;
use skyphot::wcs::{ProjectionCode, Sip, Wcs};

use super::cases::timed;
use super::{Done, Error, Values};

const POINTS: u64 = 1_000_000;
const SOURCES: u64 = 100_000;

/// TAN-SIP of order 4 as a camera of 4096 x 4096 pixels of 0.03 arcsec has it; the same numbers are in `peers_wcs.py`.
fn tan_sip() -> Result<Wcs, Error> {
    let crpix = [2048.5, 2048.5];
    let crval = SkyCoord { lon: 150.116_321, lat: 2.200_973 };
    let cd = [[-8.0e-6, 1.5e-6], [1.5e-6, 8.0e-6]];
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for p in 0..=4_u32 {
        for q in 0..=4 - p {
            if p + q >= 2 {
                let k = u64::from(10 * p + q);
                let size = 20.0 / 2048.0_f64.powi((p + q) as i32);
                a.push((p as usize, q as usize, size * (uniform(61, k) - 0.5)));
                b.push((p as usize, q as usize, size * (uniform(62, k) - 0.5)));
            }
        }
    }
    let wcs = Wcs::new(ProjectionCode::Tan, crval, crpix, cd)?;
    Ok(wcs.with_sip(Some(Sip::new(crpix, &a, &b)?)))
}

fn points() -> Vec<Point> {
    (0..POINTS).map(|k| Point::new(4096.0 * uniform(63, k) - 0.5, 4096.0 * uniform(64, k) - 0.5)).collect()
}

pub(super) fn to_sky(exec: &Exec) -> Result<Done, Error> {
    let (wcs, points) = (tan_sip()?, points());
    timed(
        || Ok(wcs.all_pix2world(&points, exec)),
        |s| {
            let (lon, lat) = s.sky.iter().map(|s| (s.lon, s.lat)).unzip();
            Ok(Values::from([("lon", lon), ("lat", lat)]))
        },
    )
}

pub(super) fn to_pixel(exec: &Exec) -> Result<Done, Error> {
    let wcs = tan_sip()?;
    let sky = wcs.all_pix2world(&points(), &Exec::serial()).sky;
    timed(
        || Ok(wcs.all_world2pix(&sky, exec)),
        |p| {
            let (x, y) = p.points.iter().map(|p| (p.x, p.y)).unzip();
            Ok(Values::from([("x", x), ("y", y)]))
        },
    )
}

pub(super) fn matching(exec: &Exec) -> Result<Done, Error> {
    let field = |seed: u64| -> Vec<SkyCoord> {
        let at = |k: u64| SkyCoord { lon: 149.0 + 4.0 * uniform(seed, k), lat: 4.0 * uniform(seed + 1, k) };
        (0..SOURCES).map(at).collect()
    };
    let (mine, catalog) = (field(65), field(67));
    timed(
        || Ok(match_to_catalog_sky(&mine, &catalog, 1, exec)?),
        |m| {
            let index = m.index.iter().map(|i| i.map_or(f64::NAN, |i| i as f64)).collect();
            Ok(Values::from([
                ("index", index),
                ("arcsec", m.separation.iter().map(|d| d * 3600.0).collect()),
            ]))
        },
    )
}
