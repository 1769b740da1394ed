//! Inversion by iteration.

use skyphot_core::{Point, SkyCoord};

use super::Gwcs;
use super::bounds::PixelBounds;
use super::transform::BLOCK;
use crate::PointStatus;
use crate::angle::{Vec3, inverse_2x2, sin_cos_deg, unit_vector};
use crate::kernel::program::stride;
use crate::newton::{Step, solve};
use crate::transform::NAN_POINT;

/// Steps of Broyden's method before a point is left to the careful solver.
const MAX_STEPS: usize = 14;
/// A last step below this (pixels) ends the iteration; the error that is left is a small part of it.
const LAST_STEP: f64 = 1e-8;

/// Where iterations begin: a linear map about the centre of the image.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    centre: Point,
    /// Direction of the centre, and east and north there.
    axes: [Vec3; 3],
    /// Pixels per radian.
    inverse: [[f64; 2]; 2],
}

/// The smallest cap about the centre that holds the bounding box, and a little more.
#[derive(Debug, Clone)]
pub(crate) struct Cone {
    axis: Vec3,
    cos: f64,
}

fn dot(a: Vec3, b: Vec3) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// East and north at a direction.
fn tangents(s: SkyCoord) -> (Vec3, Vec3) {
    let (sl, cl) = sin_cos_deg(s.lon);
    let (sb, cb) = sin_cos_deg(s.lat);
    ([-sl, cl, 0.0], [-sb * cl, -sb * sl, cb])
}

impl Start {
    pub(crate) fn new(wcs: &Gwcs, centre: Point) -> Option<Self> {
        let at = wcs.sky_of(centre, false).ok()?;
        let (east, north) = tangents(at);
        let j = wcs.jacobian(centre)?.map(|r| r.map(f64::to_radians));
        Some(Self { centre, axes: [unit_vector(at.lon, at.lat), east, north], inverse: inverse_2x2(&j)? })
    }

    fn guess(&self, v: Vec3) -> Option<[f64; 2]> {
        let c = dot(v, self.axes[0]);
        if !(c > 0.0) {
            return None;
        }
        let (xi, eta) = (dot(v, self.axes[1]) / c, dot(v, self.axes[2]) / c);
        let m = &self.inverse;
        Some([self.centre.x + m[0][0] * xi + m[0][1] * eta, self.centre.y + m[1][0] * xi + m[1][1] * eta])
    }
}

impl Cone {
    pub(crate) fn new(wcs: &Gwcs, bounds: &PixelBounds) -> Option<Self> {
        if !bounds.is_finite() {
            return None;
        }
        let at = wcs.sky_of(bounds.center(), false).ok()?;
        let axis = unit_vector(at.lon, at.lat);
        const EDGE: usize = 32;
        let mut cos = 1.0_f64;
        for k in 0..=EDGE {
            let t = k as f64 / EDGE as f64;
            let along = |(low, high): (f64, f64)| low + (high - low) * t;
            let (x, y) = (along(bounds.x()), along(bounds.y()));
            for p in [(x, bounds.y().0), (x, bounds.y().1), (bounds.x().0, y), (bounds.x().1, y)] {
                let s = wcs.sky_of(p.into(), false).ok()?;
                cos = cos.min(dot(axis, unit_vector(s.lon, s.lat)));
            }
        }
        let radius = cos.clamp(-1.0, 1.0).acos() * 1.1 + 1e-9;
        (radius < 1.5).then(|| Self { axis, cos: radius.cos() })
    }

    pub(crate) fn contains(&self, v: Vec3) -> bool {
        dot(self.axis, v) >= self.cos
    }
}

/// One point on its way.
#[derive(Debug, Clone, Copy)]
struct State {
    target: [Vec3; 3],
    p: [f64; 2],
    /// Inverse of the derivatives, pixels per radian.
    m: [[f64; 2]; 2],
    last: Option<([f64; 2], [f64; 2])>,
    open: bool,
}

impl State {
    /// Takes a step from the direction that was found at `p`.
    fn step(&mut self, v: Vec3) {
        let e = [dot(v, self.target[1]), dot(v, self.target[2])];
        if let Some((d, before)) = self.last {
            // Broyden's update of the inverse: (d - M y) (d^T M) / (d^T M y).
            let y = [e[0] - before[0], e[1] - before[1]];
            let m = self.m;
            let my = [m[0][0] * y[0] + m[0][1] * y[1], m[1][0] * y[0] + m[1][1] * y[1]];
            let dm = [d[0] * m[0][0] + d[1] * m[1][0], d[0] * m[0][1] + d[1] * m[1][1]];
            let denominator = d[0] * my[0] + d[1] * my[1];
            if denominator != 0.0 {
                for (i, row) in self.m.iter_mut().enumerate() {
                    for (v, dm) in row.iter_mut().zip(dm) {
                        *v += (d[i] - my[i]) * dm / denominator;
                    }
                }
            }
        }
        let m = &self.m;
        let d = [-(m[0][0] * e[0] + m[0][1] * e[1]), -(m[1][0] * e[0] + m[1][1] * e[1])];
        self.p = [self.p[0] + d[0], self.p[1] + d[1]];
        // Opposite directions have no residual either.
        let near = dot(v, self.target[0]) > 0.0;
        self.last = Some((d, e));
        if !(d[0].is_finite() && d[1].is_finite()) {
            self.p = [f64::NAN; 2];
            self.open = false;
        } else if d[0].abs() < LAST_STEP && d[1].abs() < LAST_STEP && near {
            self.open = false;
        }
    }
}

impl Gwcs {
    pub(crate) fn iterate_into(
        &self,
        input: &[SkyCoord],
        bounded: bool,
        points: &mut [Point],
        status: &mut [PointStatus],
    ) {
        let rows = stride(input.len().min(BLOCK));
        let mut buffer = vec![0.0; self.vector.columns * rows];
        for ((input, points), status) in
            input.chunks(BLOCK).zip(points.chunks_mut(BLOCK)).zip(status.chunks_mut(BLOCK))
        {
            self.block(input, bounded, points, status, &mut buffer, rows);
        }
    }

    fn block(
        &self,
        input: &[SkyCoord],
        bounded: bool,
        points: &mut [Point],
        status: &mut [PointStatus],
        buffer: &mut [f64],
        rows: usize,
    ) {
        let cone = self.cone.as_ref().filter(|_| bounded);
        let mut states: Vec<(usize, State)> = Vec::with_capacity(input.len());
        for (i, s) in input.iter().enumerate() {
            points[i] = NAN_POINT;
            if !(s.lon.is_finite() && s.lat.is_finite()) {
                status[i] = PointStatus::NotFinite;
                continue;
            }
            let v = unit_vector(s.lon, s.lat);
            if cone.is_some_and(|c| !c.contains(v)) {
                status[i] = PointStatus::OutsideBoundingBox;
                continue;
            }
            let start = self.start.as_ref().and_then(|start| Some((start.guess(v)?, start.inverse)));
            let Some((p, m)) = start.filter(|_| s.lat.abs() <= 90.0 + 1e-9) else {
                status[i] = PointStatus::OutsideProjection;
                continue;
            };
            let (east, north) = tangents(*s);
            states.push((i, State { target: [v, east, north], p, m, last: None, open: true }));
        }
        let first: Vec<[f64; 2]> = states.iter().map(|s| s.1.p).collect();
        let out = [0, 1, 2].map(|k| self.vector.outputs[k] * rows);
        for _ in 0..MAX_STEPS {
            let open: Vec<usize> = (0..states.len()).filter(|k| states[*k].1.open).collect();
            if open.is_empty() {
                break;
            }
            let used = stride(open.len());
            let scale = |o: usize| o / rows * used;
            for (k, i) in open.iter().enumerate() {
                buffer[k] = states[*i].1.p[0];
                buffer[used + k] = states[*i].1.p[1];
            }
            self.vector.run(&mut buffer[..self.vector.columns * used], used);
            for (k, i) in open.iter().enumerate() {
                states[*i].1.step(out.map(|o| buffer[scale(o) + k]));
            }
        }
        for ((i, state), first) in states.iter().zip(first) {
            let closed = !state.open && state.p[0].is_finite() && state.p[1].is_finite();
            let found = if closed { Some(state.p) } else { self.careful(&state.target, first) };
            (points[*i], status[*i]) = match found {
                None => (NAN_POINT, PointStatus::Diverged),
                Some([x, y]) => {
                    let p = Point::new(x, y);
                    if bounded && self.bounds.is_some_and(|b| !b.contains(p)) {
                        (NAN_POINT, PointStatus::OutsideBoundingBox)
                    } else {
                        (p, PointStatus::Ok)
                    }
                }
            };
        }
    }

    /// Newton's method with steps that are halved where they make matters worse.
    fn careful(&self, target: &[Vec3; 3], start: [f64; 2]) -> Option<[f64; 2]> {
        let map = |p: [f64; 2]| {
            let h = 0.1;
            let xs = [p[0], p[0] + h, p[0] - h, p[0], p[0]];
            let ys = [p[1], p[1], p[1], p[1] + h, p[1] - h];
            let v = self.vector.evaluate(&[&xs, &ys]);
            let e = |k: usize| {
                let v = [v[0][k], v[1][k], v[2][k]];
                // Arc seconds in the tangential plane of the target; none behind it.
                let c = dot(v, target[0]);
                let c = if c > 0.0 { 206_265.0 / c } else { f64::NAN };
                [c * dot(v, target[1]), c * dot(v, target[2])]
            };
            let (x1, x0, y1, y0) = (e(1), e(2), e(3), e(4));
            let d = |a: [f64; 2], b: [f64; 2], i: usize| (a[i] - b[i]) / (2.0 * h);
            Step { value: e(0), jacobian: [0, 1].map(|i| [d(x1, x0, i), d(y1, y0, i)]) }
        };
        solve(map, [0.0; 2], start, 1e-6)
    }
}
