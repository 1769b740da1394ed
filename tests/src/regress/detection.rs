//! Star finders and peaks against photutils: the same sources in the same order, every column.

use ndarray::Array2;
use serde_json::Value;
use skyphot::centroids::CentroidMethod;
use skyphot::core::Table;
use skyphot::detection::{DaoStarFinder, IrafStarFinder, PeakConfig, StarFinder, find_peaks};

use super::scene::{Scene, masked, number, numbers};
use super::{Error, Tally};

pub(super) fn compare(scene: &Scene, tally: &mut Tally) -> Result<(), Error> {
    let answers = &scene.answers["detection"];
    let (median, std) = (number(&scene.answers["median"]), number(&scene.answers["std"]));
    let data = scene.data.mapv(|v| v - median);
    let image = masked(&data, scene.mask.as_ref())?;
    let kernel = numbers(&answers["kernel"]);
    let side = kernel.len().isqrt();
    let kernel = Array2::from_shape_vec((side, side), kernel)?;

    let t = DaoStarFinder::new(5.0 * std, 3.0)?.find(&image)?.to_table()?;
    columns(tally, "DAO", &t, &answers["dao"])?;
    let t = IrafStarFinder::new(5.0 * std, 3.0)?.find(&image)?.to_table()?;
    columns(tally, "IRAF", &t, &answers["iraf"])?;
    let t = StarFinder::new(5.0 * std, kernel.view())?.find(&image)?.to_table()?;
    columns(tally, "template", &t, &answers["star"])?;
    let config = PeakConfig { box_size: (11, 11), centroid: Some(CentroidMethod::Com), ..Default::default() };
    let t = find_peaks(&image, 6.0 * std, &config)?.to_table()?;
    columns(tally, "peaks", &t, &answers["peaks"])?;
    Ok(())
}

/// Every column of the answer, each relative to itself.
fn columns(tally: &mut Tally, finder: &str, ours: &Table, theirs: &Value) -> Result<(), Error> {
    for (name, values) in theirs.as_object().into_iter().flatten() {
        let values = numbers(values);
        let column = if ours.n_rows() == 0 && !ours.has(name) { Vec::new() } else { ours.f64(name)? };
        tally.relative(&format!("{finder} {name}, relative"), 1e-10, &column, &values);
    }
    Ok(())
}
