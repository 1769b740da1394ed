//! Aperture sums and sigma-clipped annulus statistics against photutils.

use ndarray::Array2;
use skyphot::aperture::{
    AperturePhotometry, CircularAnnulus, CircularAperture, OverlapMethod, PhotometryConfig,
};
use skyphot::core::{Exec, Point};
use skyphot::stats::SigmaClip;

use super::scene::{Scene, number, numbers};
use super::{Error, Tally};

pub(super) fn compare(scene: &Scene, tally: &mut Tally) -> Result<(), Error> {
    let answers = &scene.answers["aperture"];
    let (x, y) = (numbers(&answers["x"]), numbers(&answers["y"]));
    let positions: Vec<Point> = x.iter().zip(&y).map(|(&x, &y)| Point { x, y }).collect();
    let error: Array2<f64> = scene.data.mapv(|v| 1.0 + v.abs() / 16.0);
    let image = scene.image()?.with_error(error.view())?;
    for row in answers["circles"].as_array().into_iter().flatten() {
        let method = match row["method"].as_str() {
            Some("exact") => OverlapMethod::Exact,
            Some("center") => OverlapMethod::Center,
            Some("subpixel") => OverlapMethod::Subpixel(5),
            other => return Err(format!("no method {other:?}").into()),
        };
        let shape = CircularAperture::new(number(&row["radius"]))?;
        let config = PhotometryConfig { method, ..Default::default() };
        let p = AperturePhotometry::measure(&image, &positions, &[&shape], &config)?;
        tally.relative(&format!("sum, {}, relative", method.name()), 1e-12, p.flux(0), &numbers(&row["sum"]));
        tally.relative(
            &format!("error, {}, relative", method.name()),
            1e-12,
            p.flux_err(0),
            &numbers(&row["err"]),
        );
    }
    let row = &answers["annulus"];
    let annulus = CircularAnnulus::new(number(&row["r_in"]), number(&row["r_out"]))?;
    let clip = SigmaClip::new(3.0).with_max_iters(Some(10));
    let s =
        skyphot::aperture::annulus_statistics(&image, &positions, &annulus, Some(&clip), &Exec::default())?;
    for (name, ours) in [("median", &s.median), ("mean", &s.mean), ("std", &s.std)] {
        tally.relative(&format!("clipped annulus {name}, relative"), 1e-12, ours, &numbers(&row[name]));
    }
    Ok(())
}
