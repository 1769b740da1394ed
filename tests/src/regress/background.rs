//! Background and noise maps against photutils, every estimator and interpolator.

use ndarray::{Array2, s};
use serde_json::Value;
use skyphot::background::{Background2D, Background2DConfig, Estimator, Interpolator, RmsEstimator};

use super::scene::{Scene, number, numbers, sizes};
use super::{Error, Tally};

pub(super) fn compare(scene: &Scene, tally: &mut Tally) -> Result<(), Error> {
    let image = scene.image()?;
    for row in scene.answers["background"].as_array().into_iter().flatten() {
        let b = Background2D::estimate(&image, &config(row)?)?;
        let (sy, sx) = sizes(&row["step"])?;
        let sample = |map: Array2<f64>| map.slice(s![..;sy, ..;sx]).iter().copied().collect::<Vec<_>>();
        let (bkg, rms) = (numbers(&row["bkg"]), numbers(&row["rms"]));
        let mut sorted = rms.clone();
        sorted.sort_by(f64::total_cmp);
        let scale = sorted[sorted.len() / 2];
        let text = |k: &str| row[k].as_str().unwrap_or_default().to_owned();
        let level = format!("{} by {}, of rms", text("estimator"), text("interpolator"));
        tally.in_units_of(&level, 1e-10, scale, &sample(b.background()), &bkg);
        let noise = format!("rms {} by {}, of rms", text("rms_estimator"), text("interpolator"));
        tally.in_units_of(&noise, 1e-10, scale, &sample(b.background_rms()), &rms);
        let median = number(&row["bkg_median"]);
        tally.in_units_of("median of the mesh, of rms", 1e-10, scale, &[b.background_median()], &[median]);
    }
    Ok(())
}

fn config(row: &Value) -> Result<Background2DConfig, Error> {
    let estimator = match row["estimator"].as_str() {
        Some("sextractor") => Estimator::SExtractor,
        Some("median") => Estimator::Median,
        Some("mean") => Estimator::Mean,
        Some("mmm") => Estimator::Mmm,
        Some("mode") => Estimator::Mode { median_factor: 3.0, mean_factor: 2.0 },
        Some("biweight") => Estimator::BiweightLocation { c: 6.0, m: None },
        other => return Err(format!("no estimator {other:?}").into()),
    };
    let rms_estimator = match row["rms_estimator"].as_str() {
        Some("std") => RmsEstimator::Std,
        Some("madstd") => RmsEstimator::MadStd,
        Some("biweight") => RmsEstimator::biweight_scale(),
        other => return Err(format!("no rms estimator {other:?}").into()),
    };
    let interpolator = match row["interpolator"].as_str() {
        Some("zoom") => Interpolator::default(),
        Some("idw") => Interpolator::Idw { n_neighbors: 10, power: 1.0, regularization: 0.0 },
        other => return Err(format!("no interpolator {other:?}").into()),
    };
    Ok(Background2DConfig {
        filter_size: sizes(&row["filter"])?,
        exclude_percentile: 50.0,
        estimator,
        rms_estimator,
        interpolator,
        ..Background2DConfig::new(sizes(&row["box"])?)
    })
}
