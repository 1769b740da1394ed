//! Transform graphs to straight-line programs.
//!
//! Sums, scales, shifts, affine maps and changes of axes are not carried out step by step: a number in flight is a
//! linear combination of columns until something needs it as a column. Where a direction on the sphere goes from
//! vector to angles and back, the vector is kept.

use std::collections::HashMap;
use std::sync::Arc;

use super::model::{Kind, Labels, Model, Operation, Quantity};
use super::unit::Unit;
use crate::angle::Mat3;
use crate::kernel::program::{Instruction, Program};
use crate::{ProjectionCode, Result, WcsError};

/// A linear combination of columns, and its unit.
#[derive(Debug, Clone)]
struct Number {
    terms: Vec<(usize, f64)>,
    constant: f64,
    unit: Option<Unit>,
}

/// Longer combinations become a column.
const MAX_TERMS: usize = 4;

/// More instructions than this are refused.
const MAX_INSTRUCTIONS: usize = 20_000;

const DEG: f64 = 180.0 / std::f64::consts::PI;

impl Number {
    fn column(c: usize) -> Self {
        Self { terms: vec![(c, 1.0)], constant: 0.0, unit: None }
    }

    fn constant(v: f64) -> Self {
        Self { terms: Vec::new(), constant: v, unit: None }
    }

    fn scaled(&self, f: f64) -> Self {
        Self {
            terms: self.terms.iter().map(|(c, s)| (*c, s * f)).collect(),
            constant: self.constant * f,
            unit: self.unit,
        }
    }

    fn plus(&self, other: &Self) -> Self {
        let mut out = self.clone();
        out.constant += other.constant;
        for (c, s) in &other.terms {
            match out.terms.iter_mut().find(|t| t.0 == *c) {
                Some(t) => t.1 += s,
                None => out.terms.push((*c, *s)),
            }
        }
        out
    }

    fn shifted(mut self, v: f64) -> Self {
        self.constant += v;
        self
    }

    fn with_unit(mut self, unit: Option<Unit>) -> Self {
        self.unit = unit;
        self
    }
}

/// A direction that is known as a vector too.
#[derive(Debug, Clone)]
struct Direction {
    v: [Number; 3],
    unit_length: bool,
}

#[derive(Debug, Default)]
struct Builder {
    instructions: Vec<Instruction>,
    columns: usize,
    /// Columns that hold combinations.
    known: HashMap<(Vec<(usize, u64)>, u64), usize>,
    /// By columns of longitude and latitude.
    directions: HashMap<(usize, usize), Direction>,
    /// Columns of vectors by those of longitude and latitude.
    vectors: HashMap<(usize, usize), [usize; 3]>,
}

/// What the numbers that go in and come out measure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Units<'a> {
    pub(crate) input: &'a [Option<Unit>],
    pub(crate) output: &'a [Option<Unit>],
}

/// The program of a transform. With units, inputs and outputs are in those of the frames.
pub(crate) fn compile(model: &Model, units: Option<Units<'_>>) -> Result<Program> {
    let mut b = Builder { columns: model.n_in, ..Builder::default() };
    let mut inputs: Vec<Number> = (0..model.n_in).map(Number::column).collect();
    if let Some(u) = units {
        for (n, unit) in inputs.iter_mut().zip(u.input) {
            n.unit = *unit;
        }
    }
    let mut outputs = b.model(model, &inputs)?;
    if let Some(u) = units {
        for (n, unit) in outputs.iter_mut().zip(u.output) {
            if let Some(to) = unit {
                *n = convert(n, *to, "the output frame")?;
            }
        }
    }
    let outputs: Vec<usize> = outputs.iter().map(|n| b.as_column(n)).collect();
    Ok(finish(b, model.n_in, outputs))
}

fn too_large() -> WcsError {
    WcsError::GraphTooLarge { what: "steps", limit: MAX_INSTRUCTIONS }
}

fn mismatch(what: &str, from: Unit, to: Unit) -> WcsError {
    WcsError::InvalidTransform {
        place: what.to_owned(),
        reason: format!("units do not match: {from:?} and {to:?}"),
    }
}

/// A number in another unit; one without is taken to be in it.
fn convert(n: &Number, to: Unit, what: &str) -> Result<Number> {
    match n.unit {
        None => Ok(n.clone().with_unit(Some(to))),
        Some(from) => match from.factor_to(to) {
            Some(1.0) => Ok(n.clone().with_unit(Some(to))),
            Some(f) => Ok(n.scaled(f).with_unit(Some(to))),
            None => Err(mismatch(what, from, to)),
        },
    }
}

/// An angle as a number of degrees.
fn degrees(n: &Number) -> Number {
    match n.unit {
        Some(u) if u.is_angle() && u.scale != 1.0 => n.scaled(u.scale).with_unit(None),
        _ => n.clone().with_unit(None),
    }
}

impl Builder {
    fn new_column(&mut self) -> usize {
        self.columns += 1;
        self.columns - 1
    }

    fn as_column(&mut self, n: &Number) -> usize {
        if let ([(c, 1.0)], 0.0) = (n.terms.as_slice(), n.constant) {
            return *c;
        }
        let key = (n.terms.iter().map(|(c, s)| (*c, s.to_bits())).collect(), n.constant.to_bits());
        if let Some(c) = self.known.get(&key) {
            return *c;
        }
        let out = self.new_column();
        self.instructions.push(Instruction::Linear { out, terms: n.terms.clone(), constant: n.constant });
        self.known.insert(key, out);
        out
    }

    /// The same number in few terms.
    fn short(&mut self, n: Number) -> Number {
        if n.terms.len() > MAX_TERMS { Number::column(self.as_column(&n)).with_unit(n.unit) } else { n }
    }

    fn columns_of(&mut self, numbers: &[Number]) -> Vec<usize> {
        numbers.iter().map(|n| self.as_column(n)).collect()
    }

    /// Angles of a vector.
    fn sphere_of(&mut self, direction: Direction, full: bool) -> Vec<Number> {
        let v = [0, 1, 2].map(|i| self.as_column(&direction.v[i]));
        let out = [self.new_column(), self.new_column()];
        self.instructions.push(Instruction::ToSphere { out, v, full });
        self.directions.insert((out[0], out[1]), direction);
        out.map(Number::column).to_vec()
    }

    /// The vector of angles in degrees.
    fn direction(&mut self, lon: &Number, lat: &Number) -> Direction {
        let (lon, lat) = (self.as_column(lon), self.as_column(lat));
        if let Some(d) = self.directions.get(&(lon, lat)) {
            return d.clone();
        }
        let out = match self.vectors.get(&(lon, lat)) {
            Some(v) => *v,
            None => {
                let out = [self.new_column(), self.new_column(), self.new_column()];
                self.instructions.push(Instruction::ToVector { out, lon, lat });
                self.vectors.insert((lon, lat), out);
                out
            }
        };
        Direction { v: out.map(Number::column), unit_length: true }
    }

    fn rotated(&mut self, m: &Mat3, v: &[Number]) -> [Number; 3] {
        [0, 1, 2].map(|i| {
            let n = v[0].scaled(m[i][0]).plus(&v[1].scaled(m[i][1])).plus(&v[2].scaled(m[i][2]));
            self.short(n.with_unit(None))
        })
    }

    fn model(&mut self, model: &Model, x: &[Number]) -> Result<Vec<Number>> {
        if self.instructions.len() > MAX_INSTRUCTIONS {
            return Err(too_large());
        }
        if x.len() != model.n_in {
            return Err(WcsError::LengthMismatch {
                what: "inputs of a transform",
                expected: model.n_in,
                found: x.len(),
            });
        }
        let units = x.iter().any(|n| n.unit.is_some());
        let angle = |n: Number| if units { n.with_unit(Some(Unit::DEGREE)) } else { n };
        Ok(match &model.kind {
            Kind::Compose(a, b) => {
                let y = self.model(a, x)?;
                self.model(b, &y)?
            }
            Kind::Concatenate(a, b) => {
                let mut y = self.model(a, &x[..a.n_in])?;
                y.extend(self.model(b, &x[a.n_in..])?);
                y
            }
            Kind::Arithmetic(operation, a, b) => {
                let (left, right) = (self.model(a, x)?, self.model(b, x)?);
                left.iter()
                    .zip(&right)
                    .map(|(l, r)| self.arithmetic(*operation, l, r))
                    .collect::<Result<_>>()?
            }
            Kind::Fix(inner, fixed) => {
                let mut given = x.iter();
                let mut all = Vec::with_capacity(inner.n_in);
                for i in 0..inner.n_in {
                    all.push(match fixed.iter().find(|f| f.0 == i) {
                        Some((_, v)) => Number::constant(*v),
                        None => given.next().cloned().ok_or_else(too_large)?,
                    });
                }
                self.model(inner, &all)?
            }
            Kind::Remap(m) => m.iter().map(|i| x[*i].clone()).collect(),
            Kind::Identity => x.to_vec(),
            Kind::Shift(q) => vec![shift(&x[0], q)?],
            Kind::Scale(f) => vec![x[0].scaled(*f)],
            Kind::Multiply(q) => {
                let unit = match (x[0].unit, q.unit) {
                    (Some(a), Some(b)) => Some(a.times(b).ok_or_else(|| mismatch("multiplyscale", a, b))?),
                    (a, b) => a.or(b),
                };
                vec![x[0].scaled(q.value).with_unit(unit)]
            }
            Kind::Constant(q) => vec![Number::constant(q.value).with_unit(q.unit)],
            Kind::Plane(f, c) => {
                let mut n = Number::constant(*c);
                for (x, f) in x.iter().zip(f) {
                    n = n.plus(&x.scaled(*f));
                }
                vec![self.short(n)]
            }
            Kind::Affine { matrix, offset } => (0..2)
                .map(|i| {
                    let n = x[0].scaled(matrix[i][0]).plus(&x[1].scaled(matrix[i][1])).shifted(offset[i]);
                    self.short(n)
                })
                .collect(),
            Kind::Polynomial1(c, line) => {
                let x = x[0].scaled(line.0).shifted(line.1);
                match c.as_slice() {
                    [] => vec![Number::constant(0.0)],
                    [c0, c1] => vec![x.scaled(*c1).shifted(*c0)],
                    _ => {
                        let x = self.as_column(&x);
                        self.single(|out| Instruction::Polynomial1 { out, x, c: Arc::clone(c) })
                    }
                }
            }
            Kind::Polynomial2 { degree, c, lines } => {
                let u = x[0].scaled(lines[0].0).shifted(lines[0].1);
                let v = x[1].scaled(lines[1].0).shifted(lines[1].1);
                // One row of coefficients per power of x.
                if let ([c00, c01, c10], 1) = (c.as_slice(), *degree) {
                    let n = u.scaled(*c10).plus(&v.scaled(*c01)).shifted(*c00).with_unit(None);
                    return Ok(vec![self.short(n)]);
                }
                let (x, y) = (self.as_column(&u), self.as_column(&v));
                self.single(|out| Instruction::Polynomial2 { out, x, y, degree: *degree, c: Arc::clone(c) })
            }
            Kind::Ortho1(family, c, line) => {
                let x = self.as_column(&x[0].scaled(line.0).shifted(line.1));
                self.single(|out| Instruction::Ortho1 { out, x, family: *family, c: Arc::clone(c) })
            }
            Kind::Ortho2 { family, columns, c, lines, .. } => {
                let [x, y] = [0, 1].map(|i| self.as_column(&x[i].scaled(lines[i].0).shifted(lines[i].1)));
                self.single(|out| Instruction::Ortho2 {
                    out,
                    x,
                    y,
                    family: *family,
                    columns: *columns,
                    c: Arc::clone(c),
                })
            }
            Kind::Project { projection, to_sky } => {
                let (u, v) = (degrees(&x[0]), degrees(&x[1]));
                let out = match (projection.code(), to_sky) {
                    (ProjectionCode::Tan, true) => {
                        // The native direction of a point of the tangential plane is (-y, x, 1).
                        let v = [v.scaled(-1.0), u, Number::constant(DEG)];
                        self.sphere_of(Direction { v, unit_length: false }, false)
                    }
                    (ProjectionCode::Tan, false) => {
                        let d = self.direction(&u, &v);
                        let v = [0, 1, 2].map(|i| self.as_column(&d.v[i]));
                        let out = [self.new_column(), self.new_column()];
                        self.instructions.push(Instruction::ToTangent { out, v });
                        out.map(Number::column).to_vec()
                    }
                    _ => {
                        let a = [self.as_column(&u), self.as_column(&v)];
                        let out = [self.new_column(), self.new_column()];
                        let projection = Arc::clone(projection);
                        self.instructions.push(Instruction::Project { out, a, projection, to_sky: *to_sky });
                        out.map(Number::column).to_vec()
                    }
                };
                out.into_iter().map(angle).collect()
            }
            Kind::Rotate(m, turn) => {
                let d = self.direction(&degrees(&x[0]), &degrees(&x[1]));
                let v = self.rotated(m, &d.v);
                let direction = Direction { v, unit_length: d.unit_length };
                let full = *turn == super::model::Wrap::Full;
                self.sphere_of(direction, full).into_iter().map(angle).collect()
            }
            Kind::RotateVector(m) => self.rotated(m, x).to_vec(),
            Kind::SphericalToCartesian(_) => {
                let d = self.direction(&degrees(&x[0]), &degrees(&x[1]));
                if d.unit_length {
                    return Ok(d.v.to_vec());
                }
                let v = [0, 1, 2].map(|i| self.as_column(&d.v[i]));
                let out = [self.new_column(), self.new_column(), self.new_column()];
                self.instructions.push(Instruction::Normalise { out, v });
                out.map(Number::column).to_vec()
            }
            Kind::CartesianToSpherical(wrap) => {
                let v = [0, 1, 2].map(|i| x[i].clone().with_unit(None));
                let full = *wrap == super::model::Wrap::Full;
                self.sphere_of(Direction { v, unit_length: false }, full).into_iter().map(angle).collect()
            }
            Kind::ToDirectionCosines => {
                let (x, y) = (self.as_column(&x[0]), self.as_column(&x[1]));
                let out = [0; 4].map(|_| self.new_column());
                self.instructions.push(Instruction::Cosines { out, x, y });
                out.map(Number::column).to_vec()
            }
            Kind::FromDirectionCosines => {
                (0..3).map(|i| self.arithmetic(Operation::Multiply, &x[i], &x[3])).collect::<Result<_>>()?
            }
            Kind::Tabular(table) => {
                let mut at = Vec::new();
                for n in x {
                    at.push(match table.units.0 {
                        Some(u) => convert(n, u, "tabular")?,
                        None => n.clone(),
                    });
                }
                let x = self.columns_of(&at);
                let unit = table.units.1;
                let out = self.single(|out| Instruction::Table { out, x, table: Arc::clone(table) });
                out.into_iter().map(|n| n.with_unit(unit)).collect()
            }
            Kind::Function(f) => {
                let columns = self.columns_of(x);
                let (a, b) = (columns[0], columns[columns.len() - 1]);
                let f = f.f;
                self.single(|out| Instruction::Function { out, a, b, f })
            }
            Kind::Units(units) => x
                .iter()
                .zip(units)
                .map(|(n, (from, to))| {
                    let n = match from {
                        Some(u) if n.unit.is_some() => convert(n, *u, "units_mapping")?,
                        _ => n.clone(),
                    };
                    Ok(n.with_unit(*to))
                })
                .collect::<Result<_>>()?,
            Kind::Labels { inputs, labels, none } => self.labels(inputs.as_deref(), labels, *none, x)?,
            Kind::Regions { mapper, labels, models, undefined, .. } => {
                let label = self.model(mapper, x)?;
                let label = label.first().map(|n| self.as_column(n)).ok_or_else(too_large)?;
                let programs = branches(models)?;
                let x = self.columns_of(x);
                let out: Vec<usize> = (0..model.n_out).map(|_| self.new_column()).collect();
                self.instructions.push(Instruction::Select {
                    out: out.clone(),
                    label,
                    x,
                    labels: labels.clone(),
                    programs,
                    undefined: *undefined,
                });
                out.into_iter().map(Number::column).collect()
            }
        })
    }

    fn single(&mut self, make: impl FnOnce(usize) -> Instruction) -> Vec<Number> {
        let out = self.new_column();
        self.instructions.push(make(out));
        vec![Number::column(out)]
    }

    fn arithmetic(&mut self, operation: Operation, l: &Number, r: &Number) -> Result<Number> {
        let units = (l.unit, r.unit);
        let (n, unit) = match operation {
            Operation::Add | Operation::Subtract => {
                let r = match l.unit {
                    Some(u) => convert(r, u, operation.name())?,
                    None => r.clone(),
                };
                let sign = if operation == Operation::Add { 1.0 } else { -1.0 };
                (l.plus(&r.scaled(sign)), l.unit.or(r.unit))
            }
            Operation::Multiply if l.terms.is_empty() => (r.scaled(l.constant), product(units)?),
            Operation::Multiply if r.terms.is_empty() => (l.scaled(r.constant), product(units)?),
            _ => {
                let (a, b) = (self.as_column(l), self.as_column(r));
                let out = self.new_column();
                self.instructions.push(Instruction::Binary { out, a, b, operation });
                let unit = match operation {
                    Operation::Multiply => product(units)?,
                    Operation::Divide => quotient(units)?,
                    _ => l.unit,
                };
                (Number::column(out), unit)
            }
        };
        Ok(self.short(n.with_unit(unit)))
    }

    fn labels(
        &mut self,
        inputs: Option<&[usize]>,
        labels: &Labels,
        none: f64,
        x: &[Number],
    ) -> Result<Vec<Number>> {
        let missing = || WcsError::InvalidTransform {
            place: "label_mapper".to_owned(),
            reason: "inputs_mapping asks for inputs that are not there".to_owned(),
        };
        let keys: Vec<Number> = match inputs {
            Some(m) => m.iter().map(|i| x.get(*i).cloned().ok_or_else(missing)).collect::<Result<_>>()?,
            None => x.to_vec(),
        };
        let key = self.as_column(keys.first().ok_or_else(missing)?);
        let all = self.columns_of(x);
        Ok(match labels {
            Labels::Array { shape, values } => {
                let y = self.as_column(keys.get(1).ok_or_else(missing)?);
                let (shape, values) = (*shape, Arc::clone(values));
                self.single(|out| Instruction::LabelArray { out, x: key, y, shape, values, none })
            }
            Labels::Keys { keys, models, tolerance } => {
                let programs = branches(models)?;
                let (keys, tolerance) = (keys.clone(), *tolerance);
                self.single(|out| Instruction::LabelKeys {
                    out,
                    key,
                    x: all,
                    keys,
                    tolerance,
                    programs,
                    none,
                })
            }
            Labels::Ranges { ranges, models } => {
                let programs = branches(models)?;
                let ranges = ranges.clone();
                self.single(|out| Instruction::LabelRanges { out, key, x: all, ranges, programs, none })
            }
            Labels::Model(m) => {
                let keys = keys.get(..m.n_in).ok_or_else(missing)?;
                self.model(m, keys)?
            }
        })
    }
}

impl Operation {
    fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Subtract => "subtract",
            Self::Multiply => "multiply",
            Self::Divide => "divide",
            Self::Power => "power",
        }
    }
}

fn branches(models: &[Arc<Model>]) -> Result<Vec<Program>> {
    models.iter().map(|m| compile(m, None)).collect()
}

fn shift(x: &Number, q: &Quantity) -> Result<Number> {
    Ok(match (x.unit, q.unit) {
        (Some(u), Some(v)) => {
            let f = v.factor_to(u).ok_or_else(|| mismatch("shift", v, u))?;
            x.clone().shifted(q.value * f)
        }
        (a, b) => x.clone().shifted(q.value).with_unit(a.or(b)),
    })
}

fn product(units: (Option<Unit>, Option<Unit>)) -> Result<Option<Unit>> {
    match units {
        (Some(a), Some(b)) => Ok(Some(a.times(b).ok_or_else(|| mismatch("multiply", a, b))?)),
        (a, b) => Ok(a.or(b)),
    }
}

fn quotient(units: (Option<Unit>, Option<Unit>)) -> Result<Option<Unit>> {
    match units {
        (a, Some(b)) => Ok(Some(a.unwrap_or(Unit::NONE).over(b).ok_or_else(|| mismatch("divide", b, b))?)),
        (a, None) => Ok(a),
    }
}

/// Drops what no output needs, and lets columns that are done with be used again.
fn finish(builder: Builder, n_in: usize, outputs: Vec<usize>) -> Program {
    let mut instructions = builder.instructions;
    let mut needed = vec![false; builder.columns];
    outputs.iter().for_each(|o| needed[*o] = true);
    let mut kept: Vec<Instruction> = Vec::new();
    for mut i in instructions.drain(..).rev() {
        let mut wanted = false;
        i.columns(&mut |c, written| wanted |= written && needed[*c]);
        if wanted {
            i.columns(&mut |c, written| {
                if !written {
                    needed[*c] = true;
                }
            });
            kept.push(i);
        }
    }
    kept.reverse();
    // Index of the last instruction that touches a column; outputs stay to the end.
    let mut last = vec![0; builder.columns];
    for (k, i) in kept.iter_mut().enumerate() {
        i.columns(&mut |c, _| last[*c] = k);
    }
    outputs.iter().for_each(|o| last[*o] = usize::MAX);
    let mut place: Vec<Option<usize>> = (0..builder.columns).map(|c| (c < n_in).then_some(c)).collect();
    let mut free: Vec<usize> = Vec::new();
    let mut columns = n_in;
    for (k, i) in kept.iter_mut().enumerate() {
        let mut done: Vec<usize> = Vec::new();
        i.columns(&mut |c, _| {
            let old = *c;
            let new = *place[old].get_or_insert_with(|| {
                free.pop().unwrap_or_else(|| {
                    columns += 1;
                    columns - 1
                })
            });
            if last[old] == k && !done.contains(&old) {
                done.push(old);
            }
            *c = new;
        });
        // Only what this instruction was the last to touch; what it writes never shares a place with what it reads.
        for c in done {
            if let Some(p) = place[c].take() {
                free.push(p);
            }
        }
    }
    let outputs = outputs.iter().map(|o| place[*o].unwrap_or(0)).collect();
    Program { instructions: kept, outputs, columns: columns.max(1) }
}
