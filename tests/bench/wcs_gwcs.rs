//! Transform graphs, against gwcs (`peers_gwcs.py`).

use skyphot::core::testing::uniform;
use skyphot::core::{Exec, Point};
use skyphot::io::AsdfFile;
use skyphot::wcs::{Gwcs, PixelPositions};

use super::cases::timed;
use super::{Done, Error, Values};

fn graph() -> Result<Gwcs, Error> {
    let file = AsdfFile::open(concat!(env!("CARGO_MANIFEST_DIR"), "/bench/graph.asdf"))?;
    Ok(Gwcs::from_tree(file.tree().require("wcs")?)?)
}

fn points(n: u64) -> Vec<Point> {
    (0..n).map(|i| Point::new(4088.0 * uniform(31, i) - 0.5, 4088.0 * uniform(32, i) - 0.5)).collect()
}

fn pixels(p: PixelPositions) -> Result<Values, Error> {
    let (x, y) = p.points.iter().map(|p| (p.x, p.y)).unzip();
    Ok(Values::from([("x", x), ("y", y)]))
}

pub(crate) fn forward(exec: &Exec) -> Result<Done, Error> {
    let (wcs, points) = (graph()?, points(1_000_000));
    timed(
        || Ok(wcs.all_pix2world(&points, exec)),
        |s| {
            let (lon, lat) = s.sky.iter().map(|s| (s.lon, s.lat)).unzip();
            Ok(Values::from([("lon", lon), ("lat", lat)]))
        },
    )
}

/// With the inverse that the graph has.
pub(crate) fn inverse(exec: &Exec) -> Result<Done, Error> {
    let wcs = graph()?;
    let sky = wcs.all_pix2world(&points(1_000_000), exec).sky;
    timed(|| Ok(wcs.invert(&sky, false, exec)), pixels)
}

/// By iteration, to the last digits.
pub(crate) fn numerical(exec: &Exec) -> Result<Done, Error> {
    let wcs = graph()?;
    let sky = wcs.all_pix2world(&points(300), exec).sky;
    timed(|| Ok(wcs.numerical_inverse(&sky, false, exec)), pixels)
}
