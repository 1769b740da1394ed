//! Which numbers of a source are fitted, and where they stand in the parameter vector.

use crate::error::{PsfError, Result};
use crate::{PsfConfig, PsfModel, ShapeParameter};

/// How one number of a source is determined.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Role {
    /// Fitted: its place among the fitted parameters of the source.
    Free(usize),
    /// As given.
    Fixed,
    /// A factor times another shape parameter.
    Tied(usize, f64),
}

/// Roles of flux, x, y and the shape parameters, in this order (that of the reference).
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) roles: Vec<Role>,
    /// Fitted parameters per source.
    pub(crate) n_free: usize,
    /// Limits of flux, x, y (infinite here) and the shape parameters.
    pub(crate) bounds: Vec<(f64, f64)>,
    pub(crate) shape: Vec<ShapeParameter>,
    /// Any shape parameter is fitted.
    pub(crate) with_shape: bool,
}

/// Numbers of a source before the shape parameters: flux, x, y.
pub(crate) const MAIN: usize = 3;

impl Layout {
    pub(crate) fn new<M: PsfModel + ?Sized>(model: &M, config: &PsfConfig) -> Result<Self> {
        let shape = model.shape_parameters();
        let known = |name: &str| -> Result<usize> {
            shape.iter().position(|p| p.name == name).ok_or_else(|| PsfError::InvalidData {
                what: "name of a shape parameter",
                expected: "one of the model's",
                found: format!(
                    "{name:?} for {}, which has {}",
                    model.name(),
                    if shape.is_empty() {
                        "none".to_owned()
                    } else {
                        shape.iter().map(|p| p.name).collect::<Vec<_>>().join(", ")
                    }
                ),
            })
        };
        let mut free = vec![false; shape.len()];
        for name in &config.free_shape {
            free[known(name)?] = true;
        }
        let mut ties = vec![None; shape.len()];
        for (name, of, factor) in &config.ties {
            let (k, of) = (known(name)?, known(of)?);
            if k == of || !factor.is_finite() || config.ties.iter().any(|t| t.0 == shape[of].name) {
                return Err(PsfError::InvalidData {
                    what: "tie between shape parameters",
                    expected: "a finite factor and another parameter that is not tied itself",
                    found: format!("{name} = {factor} x {}", shape[of].name),
                });
            }
            ties[k] = Some((of, *factor));
        }
        let mut n_free = 0;
        let mut next = |fixed: bool| {
            if fixed {
                return Role::Fixed;
            }
            n_free += 1;
            Role::Free(n_free - 1)
        };
        let mut roles =
            vec![next(config.fixed_flux), next(config.fixed_position), next(config.fixed_position)];
        for k in 0..shape.len() {
            roles.push(match ties[k] {
                Some((of, factor)) => Role::Tied(of, factor),
                None => next(!free[k]),
            });
        }
        let everywhere = (f64::NEG_INFINITY, f64::INFINITY);
        let mut bounds = vec![everywhere; MAIN];
        bounds.extend(shape.iter().map(|p| p.bounds));
        for (name, (lower, upper)) in &config.bounds {
            if !(lower <= upper) {
                return Err(PsfError::InvalidData {
                    what: "bounds",
                    expected: "lower <= upper",
                    found: format!("{name}: {lower} and {upper}"),
                });
            }
            let k = if name == "flux" { 0 } else { MAIN + known(name)? };
            bounds[k] = (bounds[k].0.max(*lower), bounds[k].1.min(*upper));
        }
        let with_shape = roles[MAIN..].iter().any(|r| !matches!(r, Role::Fixed));
        Ok(Self { roles, n_free, bounds, shape, with_shape })
    }

    /// Numbers per source.
    pub(crate) fn n_all(&self) -> usize {
        self.roles.len()
    }

    /// Puts fitted values in their places.
    pub(crate) fn expand(&self, fitted: &[f64], all: &mut [f64]) {
        for (k, role) in self.roles.iter().enumerate() {
            if let Role::Free(at) = role {
                all[k] = fitted[*at];
            }
        }
        for (k, role) in self.roles.iter().enumerate() {
            if let Role::Tied(of, factor) = role {
                all[k] = factor * all[MAIN + of];
            }
        }
    }
}
