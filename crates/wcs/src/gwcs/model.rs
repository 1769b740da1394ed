//! Transforms as a tree.

use std::sync::Arc;

use super::unit::Unit;
use crate::angle::{Mat3, transpose};
use crate::{Projection, ProjectionCode};

/// A transform: what it does, how many numbers go in and come out, and the inverse that somebody wrote down for it.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) kind: Kind,
    pub(crate) n_in: usize,
    pub(crate) n_out: usize,
    pub(crate) inverse: Option<Arc<Model>>,
}

/// A number with the unit that was given with it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quantity {
    pub(crate) value: f64,
    pub(crate) unit: Option<Unit>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
}

/// The longitudes that come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrap {
    /// `(-180, 180]`.
    Half,
    /// Raised by 360 where they would be below 0.
    Full,
}

/// A family of orthogonal polynomials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Chebyshev,
    Legendre,
    Hermite,
}

/// A linear change of a coordinate, `scale * x + offset`.
pub(crate) type Line = (f64, f64);

/// Numbers on a grid of one or two axes.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// Ascending positions of the values along each axis.
    pub(crate) points: Vec<Vec<f64>>,
    /// Row-major, the first axis slowest.
    pub(crate) values: Vec<f64>,
    pub(crate) nearest: bool,
    /// Outside: this number, or extrapolation for `None`.
    pub(crate) fill: Option<f64>,
    pub(crate) units: (Option<Unit>, Option<Unit>),
}

/// Which region a position belongs to, as a number (0 for none).
#[derive(Debug, Clone)]
pub(crate) enum Labels {
    /// Numbers of an image, looked up at the nearest pixel.
    Array { shape: (usize, usize), values: Arc<Vec<f64>> },
    /// The transform beside the key that the input is close to.
    Keys { keys: Vec<f64>, models: Vec<Arc<Model>>, tolerance: f64 },
    /// The transform beside the range that the input lies in.
    Ranges { ranges: Vec<(f64, f64)>, models: Vec<Arc<Model>> },
    /// The result of a transform.
    Model(Arc<Model>),
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Compose(Arc<Model>, Arc<Model>),
    Concatenate(Arc<Model>, Arc<Model>),
    Arithmetic(Operation, Arc<Model>, Arc<Model>),
    /// Inputs of the model that are constants.
    Fix(Arc<Model>, Vec<(usize, f64)>),
    Remap(Vec<usize>),
    Identity,
    Shift(Quantity),
    Scale(f64),
    Multiply(Quantity),
    Constant(Quantity),
    /// `y = factors . x + constant`.
    Plane([f64; 2], f64),
    Affine {
        matrix: [[f64; 2]; 2],
        offset: [f64; 2],
    },
    /// Coefficients in ascending order of a rescaled input.
    Polynomial1(Arc<Vec<f64>>, Line),
    /// `c[i][j] x^i y^j` with `i + j <= degree`, rows of constant `i`.
    Polynomial2 {
        degree: usize,
        c: Arc<Vec<f64>>,
        lines: [Line; 2],
    },
    Ortho1(Family, Arc<Vec<f64>>, Line),
    /// `c[i][j] P_i(x) P_j(y)`, row-major.
    Ortho2 {
        family: Family,
        columns: usize,
        c: Arc<Vec<f64>>,
        lines: [Line; 2],
    },
    Project {
        projection: Arc<Projection>,
        to_sky: bool,
    },
    /// A rotation of spherical coordinates in degrees.
    Rotate(Mat3, Wrap),
    /// A rotation of vectors.
    RotateVector(Mat3),
    SphericalToCartesian(Wrap),
    CartesianToSpherical(Wrap),
    ToDirectionCosines,
    FromDirectionCosines,
    Tabular(Arc<Table>),
    Function(Function),
    /// From units to units, one pair per axis.
    Units(Vec<(Option<Unit>, Option<Unit>)>),
    Labels {
        inputs: Option<Vec<usize>>,
        labels: Labels,
        none: f64,
    },
    Regions {
        mapper: Arc<Model>,
        labels: Vec<f64>,
        models: Vec<Arc<Model>>,
        none: f64,
        undefined: f64,
    },
}

/// A function of one or two numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Function {
    pub(crate) f: FunctionKind,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum FunctionKind {
    One(fn(f64) -> f64),
    Two(fn(f64, f64) -> f64),
}

/// Why a transform has no inverse: the name of the part.
pub(crate) type NoInverse = &'static str;

impl Model {
    pub(crate) fn new(kind: Kind, n_in: usize, n_out: usize) -> Self {
        Self { kind, n_in, n_out, inverse: None }
    }

    /// The inverse that was given, or else the one that follows from the parts, as astropy has it.
    pub(crate) fn inverted(&self) -> Result<Arc<Self>, NoInverse> {
        if let Some(given) = &self.inverse {
            return Ok(Arc::clone(given));
        }
        let kind = match &self.kind {
            Kind::Compose(a, b) => {
                let (first, mut second) = (b.inverted()?, a.inverted()?);
                if first.n_out != second.n_in {
                    // An inverse that does not repeat what a change of axes had repeated.
                    let Kind::Remap(m) = &second.kind else { return Err("compose") };
                    if m.iter().any(|i| *i >= first.n_out) {
                        return Err("compose");
                    }
                    second = Arc::new(Self::new(Kind::Remap(m.clone()), first.n_out, m.len()));
                }
                let (n_in, n_out) = (first.n_in, second.n_out);
                return Ok(Arc::new(Self::new(Kind::Compose(first, second), n_in, n_out)));
            }
            Kind::Concatenate(a, b) => {
                let (a, b) = (a.inverted()?, b.inverted()?);
                let (n_in, n_out) = (a.n_in + b.n_in, a.n_out + b.n_out);
                return Ok(Arc::new(Self::new(Kind::Concatenate(a, b), n_in, n_out)));
            }
            Kind::Identity => Kind::Identity,
            Kind::Remap(m) => Kind::Remap(invert_mapping(m, self.n_in)?),
            Kind::Shift(q) => Kind::Shift(Quantity { value: -q.value, unit: q.unit }),
            Kind::Scale(f) => Kind::Scale(1.0 / f),
            Kind::Multiply(q) => Kind::Multiply(Quantity {
                value: 1.0 / q.value,
                unit: match q.unit {
                    Some(u) => Some(Unit::NONE.over(u).ok_or("multiplyscale")?),
                    None => None,
                },
            }),
            Kind::Affine { matrix, offset } => {
                let m = crate::angle::inverse_2x2(matrix).ok_or("affine with a singular matrix")?;
                let o = [0, 1].map(|i| -(m[i][0] * offset[0] + m[i][1] * offset[1]));
                Kind::Affine { matrix: m, offset: o }
            }
            Kind::Project { projection, to_sky } => {
                Kind::Project { projection: Arc::clone(projection), to_sky: !to_sky }
            }
            Kind::Rotate(m, turn) => Kind::Rotate(transpose(m), *turn),
            Kind::RotateVector(m) => Kind::RotateVector(transpose(m)),
            Kind::SphericalToCartesian(w) => Kind::CartesianToSpherical(*w),
            Kind::CartesianToSpherical(w) => Kind::SphericalToCartesian(*w),
            Kind::ToDirectionCosines => Kind::FromDirectionCosines,
            Kind::FromDirectionCosines => Kind::ToDirectionCosines,
            Kind::Tabular(t) => Kind::Tabular(Arc::new(invert_table(t)?)),
            Kind::Units(u) => Kind::Units(u.iter().map(|(a, b)| (*b, *a)).collect()),
            // A line, as astropy's Linear1D.
            Kind::Plane([a, 0.0], b) if self.n_in == 1 => Kind::Plane([1.0 / a, 0.0], -b / a),
            Kind::Regions { mapper, labels, models, none, .. } => Kind::Regions {
                mapper: mapper.inverse.clone().ok_or("label_mapper")?,
                labels: labels.clone(),
                models: models.iter().map(|m| m.inverted()).collect::<Result<_, _>>()?,
                none: *none,
                undefined: f64::NAN,
            },
            other => return Err(other.name()),
        };
        Ok(Arc::new(Self::new(kind, self.n_out, self.n_in)))
    }

    /// A parameter somewhere in the transform has a unit.
    pub(crate) fn uses_units(&self) -> bool {
        match &self.kind {
            Kind::Compose(a, b) | Kind::Concatenate(a, b) | Kind::Arithmetic(_, a, b) => {
                a.uses_units() || b.uses_units()
            }
            Kind::Fix(m, _) => m.uses_units(),
            Kind::Shift(q) | Kind::Multiply(q) | Kind::Constant(q) => q.unit.is_some(),
            Kind::Tabular(t) => t.units.0.is_some() || t.units.1.is_some(),
            Kind::Units(u) => u.iter().any(|u| u.0.is_some() || u.1.is_some()),
            Kind::Regions { models, .. } => models.iter().any(|m| m.uses_units()),
            _ => false,
        }
    }

    /// The first projection of the transform, in the order of evaluation.
    pub(crate) fn first_projection(&self) -> Option<ProjectionCode> {
        match &self.kind {
            Kind::Compose(a, b) | Kind::Concatenate(a, b) | Kind::Arithmetic(_, a, b) => {
                a.first_projection().or_else(|| b.first_projection())
            }
            Kind::Fix(m, _) => m.first_projection(),
            Kind::Project { projection, .. } => Some(projection.code()),
            _ => None,
        }
    }
}

impl Kind {
    /// The tag of such a transform.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Compose(..) => "compose",
            Self::Concatenate(..) => "concatenate",
            Self::Arithmetic(Operation::Add, ..) => "add",
            Self::Arithmetic(Operation::Subtract, ..) => "subtract",
            Self::Arithmetic(Operation::Multiply, ..) => "multiply",
            Self::Arithmetic(Operation::Divide, ..) => "divide",
            Self::Arithmetic(Operation::Power, ..) => "power",
            Self::Fix(..) => "fix_inputs",
            Self::Remap(_) => "remap_axes",
            Self::Identity => "identity",
            Self::Shift(_) => "shift",
            Self::Scale(_) => "scale",
            Self::Multiply(_) => "multiplyscale",
            Self::Constant(_) => "constant",
            Self::Plane(..) => "planar2d",
            Self::Affine { .. } => "affine",
            Self::Polynomial1(..) | Self::Polynomial2 { .. } => "polynomial",
            Self::Ortho1(..) | Self::Ortho2 { .. } => "ortho_polynomial",
            Self::Project { .. } => "projection",
            Self::Rotate(..) => "rotate3d",
            Self::RotateVector(_) => "rotate_sequence_3d",
            Self::SphericalToCartesian(_) | Self::CartesianToSpherical(_) => "spherical_cartesian",
            Self::ToDirectionCosines | Self::FromDirectionCosines => "direction_cosines",
            Self::Tabular(_) => "tabular",
            Self::Function(_) => "math_functions",
            Self::Units(_) => "units_mapping",
            Self::Labels { .. } => "label_mapper",
            Self::Regions { .. } => "regions_selector",
        }
    }
}

/// The mapping back, if every input is found among the outputs.
fn invert_mapping(mapping: &[usize], n_in: usize) -> Result<Vec<usize>, NoInverse> {
    (0..n_in).map(|i| mapping.iter().position(|m| *m == i).ok_or("remap_axes that drops an input")).collect()
}

fn invert_table(t: &Table) -> Result<Table, NoInverse> {
    let [points] = t.points.as_slice() else { return Err("tabular with two inputs") };
    let rising = t.values.windows(2).all(|w| w[1] > w[0]);
    let falling = t.values.windows(2).all(|w| w[1] < w[0]);
    let turn = |v: &[f64]| if falling { v.iter().rev().copied().collect() } else { v.to_vec() };
    if !(rising || falling) || t.values.len() < 2 {
        return Err("tabular that is not monotonic");
    }
    Ok(Table {
        points: vec![turn(&t.values)],
        values: turn(points),
        nearest: t.nearest,
        fill: t.fill,
        units: (t.units.1, t.units.0),
    })
}
