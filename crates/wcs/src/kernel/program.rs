//! Straight-line programs on columns of numbers: what a transform graph is compiled to.

use std::sync::Arc;

use super::lanes::{LANES, V, atan2, map, map2, map3, polynomial, sin_cos_deg};
use crate::Projection;
use crate::gwcs::{Family, FunctionKind, Operation, Table};

/// One step. Numbers are indices of columns.
#[derive(Debug, Clone)]
pub(crate) enum Instruction {
    /// `out = constant + sum factor * column`.
    Linear {
        out: usize,
        terms: Vec<(usize, f64)>,
        constant: f64,
    },
    Binary {
        out: usize,
        a: usize,
        b: usize,
        operation: Operation,
    },
    Function {
        out: usize,
        a: usize,
        b: usize,
        f: FunctionKind,
    },
    Polynomial1 {
        out: usize,
        x: usize,
        c: Arc<Vec<f64>>,
    },
    Polynomial2 {
        out: usize,
        x: usize,
        y: usize,
        degree: usize,
        c: Arc<Vec<f64>>,
    },
    Ortho1 {
        out: usize,
        x: usize,
        family: Family,
        c: Arc<Vec<f64>>,
    },
    Ortho2 {
        out: usize,
        x: usize,
        y: usize,
        family: Family,
        columns: usize,
        c: Arc<Vec<f64>>,
    },
    /// Degrees to a unit vector.
    ToVector {
        out: [usize; 3],
        lon: usize,
        lat: usize,
    },
    /// A vector of any length to degrees; longitudes below 0 are raised by 360 with `full`.
    ToSphere {
        out: [usize; 2],
        v: [usize; 3],
        full: bool,
    },
    /// A vector to unit length.
    Normalise {
        out: [usize; 3],
        v: [usize; 3],
    },
    /// A vector to the tangential plane at its z axis, degrees; NaN on the far side.
    ToTangent {
        out: [usize; 2],
        v: [usize; 3],
    },
    /// To the sphere or the plane of a projection, degrees.
    Project {
        out: [usize; 2],
        a: [usize; 2],
        projection: Arc<Projection>,
        to_sky: bool,
    },
    /// `(x, y, 1)` to direction cosines and its length.
    Cosines {
        out: [usize; 4],
        x: usize,
        y: usize,
    },
    Table {
        out: usize,
        x: Vec<usize>,
        table: Arc<Table>,
    },
    /// The number of an image at the nearest pixel, `none` outside.
    LabelArray {
        out: usize,
        x: usize,
        y: usize,
        shape: (usize, usize),
        values: Arc<Vec<f64>>,
        none: f64,
    },
    /// In turn, where `key` is close to a key, the result of the program beside it.
    LabelKeys {
        out: usize,
        key: usize,
        x: Vec<usize>,
        keys: Vec<f64>,
        tolerance: f64,
        programs: Vec<Program>,
        none: f64,
    },
    /// In turn, where `key` is within a range, the result of the program beside it.
    LabelRanges {
        out: usize,
        key: usize,
        x: Vec<usize>,
        ranges: Vec<(f64, f64)>,
        programs: Vec<Program>,
        none: f64,
    },
    /// The results of the program whose label is given.
    Select {
        out: Vec<usize>,
        label: usize,
        x: Vec<usize>,
        labels: Vec<f64>,
        programs: Vec<Program>,
        undefined: f64,
    },
}

/// Instructions in order; the inputs are the first columns.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) instructions: Vec<Instruction>,
    pub(crate) outputs: Vec<usize>,
    pub(crate) columns: usize,
}

/// Rows of a column for `n` points.
pub(crate) fn stride(n: usize) -> usize {
    n.next_multiple_of(LANES)
}

impl Instruction {
    /// Calls `f(column, written)` for every column it touches.
    pub(crate) fn columns(&mut self, f: &mut dyn FnMut(&mut usize, bool)) {
        let mut list = |read: &mut [usize], written: &mut [usize]| {
            read.iter_mut().for_each(|c| f(c, false));
            written.iter_mut().for_each(|c| f(c, true));
        };
        let one = std::slice::from_mut::<usize>;
        match self {
            Self::Linear { out, terms, .. } => {
                for t in terms {
                    list(one(&mut t.0), &mut []);
                }
                list(&mut [], one(out));
            }
            Self::Binary { out, a, b, .. } | Self::Function { out, a, b, .. } => {
                list(one(a), &mut []);
                list(one(b), one(out));
            }
            Self::Polynomial1 { out, x, .. } | Self::Ortho1 { out, x, .. } => list(one(x), one(out)),
            Self::Polynomial2 { out, x, y, .. }
            | Self::Ortho2 { out, x, y, .. }
            | Self::LabelArray { out, x, y, .. } => {
                list(one(x), &mut []);
                list(one(y), one(out));
            }
            Self::ToVector { out, lon, lat } => {
                list(one(lon), &mut []);
                list(one(lat), out);
            }
            Self::ToSphere { out, v, .. } | Self::ToTangent { out, v } => list(v, out),
            Self::Normalise { out, v } => list(v, out),
            Self::Project { out, a, .. } => list(a, out),
            Self::Cosines { out, x, y } => {
                list(one(x), &mut []);
                list(one(y), out);
            }
            Self::Table { out, x, .. } => list(x, one(out)),
            Self::LabelKeys { out, key, x, .. } | Self::LabelRanges { out, key, x, .. } => {
                list(one(key), &mut []);
                list(x, one(out));
            }
            Self::Select { out, label, x, .. } => {
                list(one(label), &mut []);
                list(x, out);
            }
        }
    }
}

impl Program {
    /// Runs on columns of `stride` rows each; the first ones are filled in.
    pub(crate) fn run(&self, buffer: &mut [f64], stride: usize) {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2, as was just asked.
            #[allow(unsafe_code)]
            unsafe {
                self.run_avx2(buffer, stride);
            }
            return;
        }
        self.run_plain(buffer, stride);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn run_avx2(&self, buffer: &mut [f64], stride: usize) {
        self.run_plain(buffer, stride);
    }

    #[inline(always)]
    pub(crate) fn run_plain(&self, b: &mut [f64], stride: usize) {
        for instruction in &self.instructions {
            step(instruction, b, stride);
        }
    }

    /// The results for a few points given as columns.
    pub(crate) fn evaluate(&self, inputs: &[&[f64]]) -> Vec<Vec<f64>> {
        let n = inputs.first().map_or(0, |c| c.len());
        let stride = stride(n);
        let mut buffer = vec![0.0; self.columns * stride];
        for (column, input) in buffer.chunks_mut(stride.max(1)).zip(inputs) {
            column[..n].copy_from_slice(&input[..n]);
        }
        self.run(&mut buffer, stride);
        self.outputs.iter().map(|o| buffer[o * stride..o * stride + n].to_vec()).collect()
    }
}

#[inline(always)]
fn get(b: &[f64], column: usize, stride: usize, g: usize) -> V {
    let mut v = [0.0; LANES];
    let start = column * stride + g;
    v.copy_from_slice(&b[start..start + LANES]);
    v
}

#[inline(always)]
fn put(b: &mut [f64], column: usize, stride: usize, g: usize, v: &V) {
    let start = column * stride + g;
    b[start..start + LANES].copy_from_slice(v);
}

#[inline(always)]
fn length(x: &V, y: &V) -> V {
    map2(x, y, |x, y| (x * x + y * y).sqrt())
}

#[inline(always)]
fn step(instruction: &Instruction, b: &mut [f64], n: usize) {
    const DEG: f64 = 180.0 / std::f64::consts::PI;
    let groups = (0..n).step_by(LANES);
    match instruction {
        Instruction::Linear { out, terms, constant } => match terms.as_slice() {
            [] => b[out * n..(out + 1) * n].fill(*constant),
            [(a, s)] => {
                for g in groups {
                    let v = map(&get(b, *a, n, g), |a| a * s + constant);
                    put(b, *out, n, g, &v);
                }
            }
            [(x, s), (y, t)] => {
                for g in groups {
                    let v = map2(&get(b, *x, n, g), &get(b, *y, n, g), |x, y| x * s + y * t + constant);
                    put(b, *out, n, g, &v);
                }
            }
            many => {
                for g in groups {
                    let mut v = [0.0; LANES];
                    for (a, s) in many {
                        v = map2(&v, &get(b, *a, n, g), |v, a| v + a * s);
                    }
                    put(b, *out, n, g, &map(&v, |v| v + constant));
                }
            }
        },
        Instruction::Binary { out, a, b: c, operation } => {
            for g in groups {
                let (x, y) = (get(b, *a, n, g), get(b, *c, n, g));
                let v = match operation {
                    Operation::Add => map2(&x, &y, |x, y| x + y),
                    Operation::Subtract => map2(&x, &y, |x, y| x - y),
                    Operation::Multiply => map2(&x, &y, |x, y| x * y),
                    Operation::Divide => map2(&x, &y, |x, y| x / y),
                    Operation::Power => map2(&x, &y, f64::powf),
                };
                put(b, *out, n, g, &v);
            }
        }
        Instruction::Function { out, a, b: c, f } => {
            for g in groups {
                let (x, y) = (get(b, *a, n, g), get(b, *c, n, g));
                let v = match f {
                    FunctionKind::One(f) => map(&x, f),
                    FunctionKind::Two(f) => map2(&x, &y, f),
                };
                put(b, *out, n, g, &v);
            }
        }
        Instruction::Polynomial1 { out, x, c } => {
            for g in groups {
                let x = get(b, *x, n, g);
                let mut f = [0.0; LANES];
                for c in c.iter().rev() {
                    f = map2(&f, &x, |f, x| f * x + c);
                }
                put(b, *out, n, g, &f);
            }
        }
        Instruction::Polynomial2 { out, x, y, degree, c } => {
            for g in groups {
                let v = polynomial(*degree, c, &get(b, *x, n, g), &get(b, *y, n, g));
                put(b, *out, n, g, &v);
            }
        }
        Instruction::Ortho1 { out, x, family, c } => {
            for g in groups {
                let v = series(*family, c, &get(b, *x, n, g));
                put(b, *out, n, g, &v);
            }
        }
        Instruction::Ortho2 { out, x, y, family, columns, c } => {
            for g in groups {
                let (x, y) = (get(b, *x, n, g), get(b, *y, n, g));
                let mut sum = [0.0; LANES];
                let (mut last, mut p) = ([0.0; LANES], [1.0; LANES]);
                for (i, row) in c.chunks(*columns).enumerate() {
                    let s = series(*family, row, &y);
                    sum = map3(&sum, &p, &s, |f, p, s| f + p * s);
                    (last, p) = (p, next(*family, i, &x, &p, &last));
                }
                put(b, *out, n, g, &sum);
            }
        }
        Instruction::ToVector { out, lon, lat } => {
            for g in groups {
                let (sl, cl) = sin_cos_deg(&get(b, *lon, n, g));
                let (sb, cb) = sin_cos_deg(&get(b, *lat, n, g));
                put(b, out[0], n, g, &map2(&cb, &cl, |b, l| b * l));
                put(b, out[1], n, g, &map2(&cb, &sl, |b, l| b * l));
                put(b, out[2], n, g, &sb);
            }
        }
        Instruction::ToSphere { out, v, full } => {
            for g in groups {
                let (x, y, z) = (get(b, v[0], n, g), get(b, v[1], n, g), get(b, v[2], n, g));
                let h = length(&x, &y);
                let raise = if *full { 360.0 } else { 0.0 };
                // The angle of (0, 0) is 0 there; NaN stays NaN.
                let lon = map(&atan2(&y, &x), |v| {
                    let l = v * DEG;
                    if l < 0.0 { l + raise } else { l }
                });
                let lat = map(&atan2(&z, &h), |v| v * DEG);
                let nan = map3(&x, &y, &z, |x, y, z| (x + y + z) * 0.0);
                put(b, out[0], n, g, &map2(&lon, &nan, |v, n| v + n));
                put(b, out[1], n, g, &map2(&lat, &nan, |v, n| v + n));
            }
        }
        Instruction::Normalise { out, v } => {
            for g in groups {
                let (x, y, z) = (get(b, v[0], n, g), get(b, v[1], n, g), get(b, v[2], n, g));
                let r = map3(&x, &y, &z, |x, y, z| (x * x + y * y + z * z).sqrt());
                put(b, out[0], n, g, &map2(&x, &r, |x, r| x / r));
                put(b, out[1], n, g, &map2(&y, &r, |y, r| y / r));
                put(b, out[2], n, g, &map2(&z, &r, |z, r| z / r));
            }
        }
        Instruction::ToTangent { out, v } => {
            for g in groups {
                let (x, y, z) = (get(b, v[0], n, g), get(b, v[1], n, g), get(b, v[2], n, g));
                let z = map(&z, |z| if z > 0.0 { z } else { f64::NAN });
                put(b, out[0], n, g, &map2(&y, &z, |y, z| DEG * y / z));
                put(b, out[1], n, g, &map2(&x, &z, |x, z| -DEG * x / z));
            }
        }
        Instruction::Cosines { out, x, y } => {
            for g in groups {
                let (x, y) = (get(b, *x, n, g), get(b, *y, n, g));
                let r = map2(&x, &y, |x, y| (1.0 + x * x + y * y).sqrt());
                put(b, out[0], n, g, &map2(&x, &r, |x, r| x / r));
                put(b, out[1], n, g, &map2(&y, &r, |y, r| y / r));
                put(b, out[2], n, g, &map(&r, |r| 1.0 / r));
                put(b, out[3], n, g, &r);
            }
        }
        other => rare(other, b, n),
    }
}

/// Steps that go point by point.
#[inline(never)]
fn rare(instruction: &Instruction, b: &mut [f64], n: usize) {
    use std::f64::consts::{PI, TAU};
    match instruction {
        Instruction::Project { out, a, projection, to_sky } => {
            for i in 0..n {
                let (x, y) = (b[a[0] * n + i].to_radians(), b[a[1] * n + i].to_radians());
                // Longitudes beyond half a turn would land beside the map.
                let x = if !*to_sky && x.abs() > PI { x - TAU * (x / TAU).round() } else { x };
                let r =
                    if *to_sky { projection.plane_to_native(x, y) } else { projection.native_to_plane(x, y) };
                let (u, v) = r.map_or((f64::NAN, f64::NAN), |(u, v)| (u.to_degrees(), v.to_degrees()));
                b[out[0] * n + i] = u;
                b[out[1] * n + i] = v;
            }
        }
        Instruction::Table { out, x, table } => {
            for i in 0..n {
                b[out * n + i] = match x.as_slice() {
                    [x] => table.value(&[b[x * n + i]]),
                    [x, y] => table.value(&[b[x * n + i], b[y * n + i]]),
                    _ => f64::NAN,
                };
            }
        }
        Instruction::LabelArray { out, x, y, shape, values, none } => {
            for i in 0..n {
                let (x, y) = ((b[x * n + i] + 0.5).floor(), (b[y * n + i] + 0.5).floor());
                let inside = x >= 0.0 && y >= 0.0 && x < shape.1 as f64 && y < shape.0 as f64;
                b[out * n + i] = if inside { values[y as usize * shape.1 + x as usize] } else { *none };
            }
        }
        Instruction::LabelKeys { out, key, x, keys, tolerance, programs, none } => {
            b[out * n..(out + 1) * n].fill(*none);
            for (k, program) in keys.iter().zip(programs) {
                // As numpy's isclose(k, key).
                branch(program, &[*out], x, b, n, |b, i| {
                    let v = b[key * n + i];
                    (k - v).abs() <= tolerance + 1e-5 * v.abs()
                });
            }
        }
        Instruction::LabelRanges { out, key, x, ranges, programs, none } => {
            b[out * n..(out + 1) * n].fill(*none);
            for ((low, high), program) in ranges.iter().zip(programs) {
                branch(program, &[*out], x, b, n, |b, i| {
                    let v = b[key * n + i];
                    v > *low && v < *high
                });
            }
        }
        Instruction::Select { out, label, x, labels, programs, undefined } => {
            for o in out {
                b[o * n..(o + 1) * n].fill(*undefined);
            }
            for (l, program) in labels.iter().zip(programs) {
                branch(program, out, x, b, n, |b, i| b[label * n + i] == *l);
            }
        }
        _ => {}
    }
}

/// The results of a program at the points where it is to be used.
fn branch(
    program: &Program,
    out: &[usize],
    x: &[usize],
    b: &mut [f64],
    n: usize,
    wanted: impl Fn(&[f64], usize) -> bool,
) {
    let rows: Vec<usize> = (0..n).filter(|i| wanted(b, *i)).collect();
    if rows.is_empty() {
        return;
    }
    let inputs: Vec<Vec<f64>> = x.iter().map(|c| rows.iter().map(|i| b[c * n + i]).collect()).collect();
    let inputs: Vec<&[f64]> = inputs.iter().map(Vec::as_slice).collect();
    let results = program.evaluate(&inputs);
    for (o, r) in out.iter().zip(&results) {
        for (i, v) in rows.iter().zip(r) {
            b[o * n + i] = *v;
        }
    }
}

/// `sum c[k] P_k(x)`.
#[inline(always)]
fn series(family: Family, c: &[f64], x: &V) -> V {
    let mut sum = [0.0; LANES];
    let (mut last, mut p) = ([0.0; LANES], [1.0; LANES]);
    for (k, c) in c.iter().enumerate() {
        sum = map2(&sum, &p, |f, p| f + p * c);
        (last, p) = (p, next(family, k, x, &p, &last));
    }
    sum
}

/// `P_(k + 1)` from `P_k` and `P_(k - 1)`.
#[inline(always)]
fn next(family: Family, k: usize, x: &V, p: &V, last: &V) -> V {
    let kf = k as f64;
    // a x P_k - b P_(k - 1)
    let (a, b) = match family {
        Family::Chebyshev => (if k == 0 { 1.0 } else { 2.0 }, 1.0),
        Family::Legendre => ((2.0 * kf + 1.0) / (kf + 1.0), kf / (kf + 1.0)),
        Family::Hermite => (2.0, 2.0 * kf),
    };
    map3(x, p, last, |x, p, l| a * x * p - b * l)
}

#[cfg(test)]
mod tests {
    use super::*;
    use skyphot_core::testing::uniform;

    /// AVX2 changes no bit, and neither does the number of rows.
    #[test]
    fn the_same_bits_on_every_machine() {
        let c = Arc::new((0..10).map(|i| uniform(3, i) - 0.5).collect::<Vec<f64>>());
        let program = Program {
            instructions: vec![
                Instruction::Polynomial2 { out: 2, x: 0, y: 1, degree: 3, c: Arc::clone(&c) },
                Instruction::Ortho2 { out: 3, x: 0, y: 1, family: Family::Legendre, columns: 5, c },
                Instruction::ToVector { out: [4, 5, 6], lon: 2, lat: 3 },
                Instruction::Linear { out: 4, terms: vec![(4, 0.3), (5, -0.7), (6, 0.1)], constant: 0.2 },
                Instruction::ToSphere { out: [2, 3], v: [4, 5, 6], full: true },
            ],
            outputs: vec![2, 3],
            columns: 7,
        };
        let rows = 40;
        let mut plain: Vec<f64> = (0..7 * rows as u64).map(|i| 4.0 * uniform(5, i) - 2.0).collect();
        let mut fast = plain.clone();
        let (x, y) = (plain[..rows].to_vec(), plain[rows..2 * rows].to_vec());
        program.run_plain(&mut plain, rows);
        program.run(&mut fast, rows);
        let bits = |v: &[f64]| v.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&plain), bits(&fast));
        let one = program.evaluate(&[&x[17..18], &y[17..18]]);
        assert_eq!(one[0][0].to_bits(), plain[2 * rows + 17].to_bits());
    }
}
