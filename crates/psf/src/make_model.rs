//! PSFs from models that name their parameters as they like.

use crate::error::{PsfError, Result};
use crate::{FunctionPsf, ShapeParameter};

/// Which parameters of a model are the position and the flux of a source, and how the model is normalised.
#[derive(Debug, Clone, PartialEq)]
pub struct MakePsfModelConfig {
    /// Name of the parameter that is the x position. Default `None`: the model is centred at x = 0.
    pub x_name: Option<String>,
    /// Name of the parameter that is the y position. Default `None`: the model is centred at y = 0.
    pub y_name: Option<String>,
    /// Name of the parameter that the values are proportional to. Default `None`: values are multiplied by the flux.
    pub flux_name: Option<String>,
    /// Divide by the integral of the model. Default true.
    pub normalize: bool,
    /// Columns of the area of the integral, pixels. Default 50.
    pub dx: usize,
    /// Rows of the area of the integral, pixels. Default 50.
    pub dy: usize,
    /// Points of the integral per pixel along each axis. Default 100.
    pub subsample: usize,
    /// Images reach so many pixels to every side of a source. Default 25.
    pub half_size: f64,
}

impl Default for MakePsfModelConfig {
    fn default() -> Self {
        Self {
            x_name: None,
            y_name: None,
            flux_name: None,
            normalize: true,
            dx: 50,
            dy: 50,
            subsample: 100,
            half_size: 25.0,
        }
    }
}

/// A PSF from any function `f(x, y, parameters)` with named parameters and their values. What is neither position nor
/// flux becomes a shape parameter that is kept unless a fit frees it.
///
/// ```
/// use skyphot_psf::{MakePsfModelConfig, PsfModel, make_psf_model};
/// let parameters = [("amplitude", 1.0), ("x_mean", 0.0), ("y_mean", 0.0), ("stddev", 2.0)];
/// let config = MakePsfModelConfig {
///     x_name: Some("x_mean".into()),
///     y_name: Some("y_mean".into()),
///     ..Default::default()
/// };
/// let psf = make_psf_model("gaussian", &parameters, &config, |x, y, p| {
///     p[0] * (-((x - p[1]).powi(2) + (y - p[2]).powi(2)) / (2.0 * p[3] * p[3])).exp()
/// })?;
/// assert_eq!(psf.shape_parameters().iter().map(|p| p.name).collect::<Vec<_>>(), ["amplitude", "stddev"]);
/// # Ok::<(), skyphot_psf::PsfError>(())
/// ```
///
/// # Errors
/// [`PsfError::InvalidData`] for a name that the model does not have, [`PsfError::InvalidParameter`] for values that are
/// not finite or an integral of zero.
pub fn make_psf_model(
    name: &'static str,
    parameters: &[(&'static str, f64)],
    config: &MakePsfModelConfig,
    model: impl Fn(f64, f64, &[f64]) -> f64 + Send + Sync + 'static,
) -> Result<FunctionPsf> {
    let place = |wanted: &Option<String>| -> Result<Option<usize>> {
        let Some(wanted) = wanted else { return Ok(None) };
        match parameters.iter().position(|(n, _)| n == wanted) {
            Some(k) => Ok(Some(k)),
            None => Err(PsfError::InvalidData {
                what: "name of a parameter",
                expected: "one of the model's",
                found: format!(
                    "{wanted:?}; there are {}",
                    parameters.iter().map(|p| p.0).collect::<Vec<_>>().join(", ")
                ),
            }),
        }
    };
    let (x, y, flux) = (place(&config.x_name)?, place(&config.y_name)?, place(&config.flux_name)?);
    let own: Vec<usize> = (0..parameters.len()).filter(|k| ![x, y, flux].contains(&Some(*k))).collect();
    let shape: Vec<ShapeParameter> = own
        .iter()
        .map(|&k| ShapeParameter {
            name: parameters[k].0,
            value: parameters[k].1,
            bounds: (f64::NEG_INFINITY, f64::INFINITY),
        })
        .collect();
    let mut all: Vec<f64> = parameters.iter().map(|p| p.1).collect();
    for k in [x, y].into_iter().flatten() {
        all[k] = 0.0;
    }
    if let Some(k) = flux {
        all[k] = 1.0;
    }
    // Most models have few parameters: they fit on the stack.
    const FEW: usize = 16;
    let psf = FunctionPsf::new(name, &shape, config.half_size, move |dx, dy, p| {
        if all.len() <= FEW {
            let mut values = [0.0; FEW];
            let values = &mut values[..all.len()];
            values.copy_from_slice(&all);
            own.iter().zip(p).for_each(|(&k, v)| values[k] = *v);
            model(dx, dy, values)
        } else {
            let mut values = all.clone();
            own.iter().zip(p).for_each(|(&k, v)| values[k] = *v);
            model(dx, dy, &values)
        }
    })?;
    if config.normalize { psf.normalized(config.dx, config.dy, config.subsample) } else { Ok(psf) }
}
