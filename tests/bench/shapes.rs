//! Sums in ellipses, rectangles and annuli. Each has its counterpart in `peers_shapes.py`.

use std::f64::consts::PI;

use skyphot::aperture::{
    Aperture, AperturePhotometry, CircularAnnulus, EllipticalAperture, PhotometryConfig, RectangularAperture,
};
use skyphot::core::testing::uniform;
use skyphot::core::{Exec, Image};

use super::cases::timed;
use super::inputs::Inputs;
use super::{Done, Error, Values};

/// Runs a case once.
pub(crate) fn run(case: &str, inputs: &mut Inputs, exec: &Exec) -> Result<Done, Error> {
    match case {
        "shape-ellipse" => same(inputs, exec, &EllipticalAperture::new(8.0, 4.0, 0.6)?),
        "shape-rectangle" => same(inputs, exec, &RectangularAperture::new(16.0, 8.0, 0.6)?),
        "shape-annulus" => same(inputs, exec, &CircularAnnulus::new(6.0, 9.0)?),
        "shape-ellipses" => ellipses(inputs, exec),
        _ => Err(format!("no case {case}").into()),
    }
}

fn values(p: &AperturePhotometry) -> Values {
    Values::from([("sum", p.flux(0).to_vec()), ("err", p.flux_err(0).to_vec())])
}

fn same(inputs: &mut Inputs, exec: &Exec, shape: &dyn Aperture) -> Result<Done, Error> {
    let positions = inputs.positions(100_000)?;
    let (data, error) = inputs.field_and_error()?;
    let image = Image::new(data.view())?.with_error(error.view())?;
    let config = PhotometryConfig { exec: exec.clone(), ..Default::default() };
    timed(|| Ok(AperturePhotometry::measure(&image, &positions, &[shape], &config)?), |p| Ok(values(&p)))
}

fn ellipses(inputs: &mut Inputs, exec: &Exec) -> Result<Done, Error> {
    let positions = inputs.positions(10_000)?;
    let (data, error) = inputs.field_and_error()?;
    let image = Image::new(data.view())?.with_error(error.view())?;
    let config = PhotometryConfig { exec: exec.clone(), ..Default::default() };
    let u = |i: u64, k: u64| uniform(9, 4 * i + k);
    timed(
        || {
            let shapes = (0..10_000)
                .map(|i| {
                    let a = 3.0 + 7.0 * u(i, 0);
                    EllipticalAperture::new(a, a * (0.3 + 0.7 * u(i, 1)), PI * (u(i, 2) - 0.5))
                })
                .collect::<skyphot::aperture::Result<Vec<_>>>()?;
            Ok(AperturePhotometry::measure_each(&image, &positions, &[&shapes], None, &config)?)
        },
        |p| Ok(values(&p)),
    )
}
