//! The centre about which a source is most symmetric.

use skyphot_fit::nelder_mead;

use super::Stamp;
use super::surface::{Surface, filled};
use crate::{Centroid, CentroidFlags};

/// Fewest pixels along an axis.
pub(crate) const MIN_SIZE: usize = 4;
/// The default radius in units of the smaller side.
const RADIUS: f64 = 0.3;
/// Offsets are half a pixel apart within smaller radii.
const COARSE_RADIUS: f64 = 6.0;
/// Size of the simplex at which the search ends, pixels.
const TOLERANCE: f64 = 1e-5;
/// A mean below this fraction of that at the brightest pixel says that the search has left the source.
const LOST: f64 = 0.5;
/// Largest projected gradient of the scaled mean, per pixel, at its maximum.
const GRADIENT: f64 = 1e-10;

/// The radius in use for a cutout; `None` if it is too large, or the cutout too small.
pub(crate) fn radius_for((ny, nx): (usize, usize), radius: Option<f64>) -> Option<f64> {
    let side = ny.min(nx);
    let r = radius.unwrap_or(RADIUS * side as f64);
    (side >= MIN_SIZE && r >= 1.0 && r < (side as f64 - 1.0) / 2.0).then_some(r)
}

pub(crate) fn symmetry(s: &Stamp, radius: Option<f64>) -> Centroid {
    if s.n_good == 0 {
        return Centroid::failed(s.flags);
    }
    let Some(radius) = radius_for((s.ny, s.nx), radius) else {
        return Centroid::failed(s.flags | CentroidFlags::TOO_FEW_PIXELS);
    };
    let (low, high) =
        s.good().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), (_, _, v)| (l.min(v), h.max(v)));
    if high <= low {
        return Centroid::failed(s.flags | CentroidFlags::NO_SIGNAL);
    }
    let data = filled(s);
    let search = Search {
        surface: Surface::new(&data, s.ny, s.nx),
        good: (s.n_good < s.ny * s.nx).then(|| s.good_pixels()),
        shape: (s.ny, s.nx),
        offsets: offsets(radius),
        bounds: [s.nx, s.ny].map(|n| {
            let (center, margin) = ((n as f64 - 1.0) / 2.0, (n as f64 - 1.0) / 2.0 - radius);
            (center - margin, center + margin)
        }),
        // Of the filled values, which lie between the good ones.
        scale: high - low,
    };
    match search.run(&data) {
        Some(p) => {
            let on_edge = (0..2).any(|k| p[k] <= search.bounds[k].0 || p[k] >= search.bounds[k].1);
            let flags = if on_edge { CentroidFlags::SEARCH_EDGE } else { CentroidFlags::empty() };
            Centroid::new(p[0], p[1], s.flags | flags)
        }
        None => Centroid::failed(s.flags | CentroidFlags::TOO_FEW_PIXELS),
    }
}

/// One offset `(x, y)` of each opposite pair within a radius.
fn offsets(radius: f64) -> Vec<(f64, f64)> {
    let spacing = if radius < COARSE_RADIUS { 0.5 } else { 1.0 };
    let n = (radius / spacing) as i64;
    (0..=n)
        .flat_map(|j| (-n..=n).map(move |i| (i, j)))
        .filter(|&(i, j)| j > 0 || i > 0)
        .map(|(i, j)| (i as f64 * spacing, j as f64 * spacing))
        .filter(|(x, y)| x.hypot(*y) <= radius)
        .collect()
}

struct Search {
    surface: Surface,
    /// 1 where a pixel is good, 0 elsewhere; `None` if all are.
    good: Option<Vec<f64>>,
    shape: (usize, usize),
    offsets: Vec<(f64, f64)>,
    /// Where the centre may be, along x and y.
    bounds: [(f64, f64); 2],
    scale: f64,
}

impl Search {
    fn run(&self, data: &[f64]) -> Option<[f64; 2]> {
        let peak = self.peak(data)?;
        let mut start = self.coarse(peak)?;
        let center = self.bounds.map(|(l, h)| (l + h) / 2.0);
        let mut step = 0.25;
        let found = loop {
            let d: [f64; 2] = std::array::from_fn(|k| {
                let margin = (self.bounds[k].1 - self.bounds[k].0) / 2.0;
                f64::min(step, margin) * if start[k] <= center[k] { 1.0 } else { -1.0 }
            });
            let simplex = [start, [start[0] + d[0], start[1]], [start[0], start[1] + d[1]]];
            let (p, v) = nelder_mead(simplex, self.bounds, TOLERANCE, f64::INFINITY, |p| self.asymmetry(p));
            step /= 4.0;
            if step < TOLERANCE || !self.is_lower_inside(p, v) {
                break p;
            }
            // The simplex fell onto an edge: again with a smaller one.
            start = p;
        };
        let peak = std::array::from_fn(|k| (peak[k] as f64).clamp(self.bounds[k].0, self.bounds[k].1));
        let at_peak = self.mean(peak);
        if at_peak > 0.0 && self.mean(found) < LOST * at_peak {
            return Some(self.largest_mean(peak));
        }
        Some(found)
    }

    /// The brightest good pixel, `[x, y]`, of those that the bounds touch.
    fn peak(&self, data: &[f64]) -> Option<[usize; 2]> {
        let [(x0, x1), (y0, y1)] = self.bounds.map(|(l, h)| (l.floor() as usize, h.ceil() as usize));
        let mut best: Option<([usize; 2], f64)> = None;
        for y in y0..=y1.min(self.shape.0 - 1) {
            for x in x0..=x1.min(self.shape.1 - 1) {
                let i = y * self.shape.1 + x;
                let usable = self.good.as_ref().is_none_or(|g| g[i] > 0.0);
                if usable && best.is_none_or(|(_, v)| data[i] > v) {
                    best = Some(([x, y], data[i]));
                }
            }
        }
        best.map(|b| b.0)
    }

    /// The most symmetric of 5 x 5 places around a pixel.
    fn coarse(&self, peak: [usize; 2]) -> Option<[f64; 2]> {
        let places: [[f64; 5]; 2] = std::array::from_fn(|k| {
            let (low, high) = self.bounds[k];
            std::array::from_fn(|i| (peak[k] as f64 + (i as f64 * 0.5 - 1.0)).clamp(low, high))
        });
        let mut best: Option<([f64; 2], f64)> = None;
        for y in places[1] {
            for x in places[0] {
                let v = self.asymmetry([x, y]);
                if v.is_finite() && best.is_none_or(|(_, b)| v < b) {
                    best = Some(([x, y], v));
                }
            }
        }
        best.map(|b| b.0)
    }

    /// Mean absolute difference of the values at opposite offsets; infinite if no pair counts.
    fn asymmetry(&self, [x, y]: [f64; 2]) -> f64 {
        let difference = |dx: f64, dy: f64| {
            (self.surface.value(x + dx, y + dy) - self.surface.value(x - dx, y - dy)).abs()
        };
        let Some(good) = &self.good else {
            let sum: f64 = self.offsets.iter().map(|&(dx, dy)| difference(dx, dy)).sum();
            return sum / self.offsets.len() as f64;
        };
        let (mut sum, mut total) = (0.0, 0.0);
        for &(dx, dy) in &self.offsets {
            let w = self.weight(good, x + dx, y + dy) * self.weight(good, x - dx, y - dy);
            if w > 0.0 {
                sum += w * difference(dx, dy);
                total += w;
            }
        }
        if total > 0.0 { sum / total } else { f64::INFINITY }
    }

    /// 1 at good pixels, falling to 0 halfway to a bad one.
    fn weight(&self, good: &[f64], x: f64, y: f64) -> f64 {
        let (ny, nx) = self.shape;
        let split = |v: f64, n: usize| {
            let v = v.clamp(0.0, (n - 1) as f64);
            let k = (v as usize).min(n - 2);
            (k, v - k as f64)
        };
        let ((i, u), (j, v)) = (split(x, nx), split(y, ny));
        let at = |j: usize, i: usize| good[j * nx + i];
        let row = |j: usize| at(j, i) * (1.0 - u) + at(j, i + 1) * u;
        (2.0 * (row(j) * (1.0 - v) + row(j + 1) * v) - 1.0).clamp(0.0, 1.0)
    }

    /// At a place on the edge of the bounds: the asymmetry is lower just inside.
    fn is_lower_inside(&self, p: [f64; 2], value: f64) -> bool {
        let step = 10.0 * TOLERANCE;
        let near = |v: f64, edge: f64| (v - edge).abs() <= 0.1 * step;
        let inward: [f64; 2] = std::array::from_fn(|k| {
            f64::from(near(p[k], self.bounds[k].0)) - f64::from(near(p[k], self.bounds[k].1))
        });
        let lower = |x: f64, y: f64| self.asymmetry([p[0] + step * x, p[1] + step * y]) < value;
        (inward[0] != 0.0 && lower(inward[0], 0.0))
            || (inward[1] != 0.0 && lower(0.0, inward[1]))
            || (inward[0] != 0.0 && inward[1] != 0.0 && lower(inward[0], inward[1]))
    }

    /// Mean of the values at a place and all offsets from it, in units of the range of values.
    fn mean(&self, p: [f64; 2]) -> f64 {
        self.sum_over(p, |x, y| [self.surface.value(x, y)])[0]
    }

    fn sum_over<const N: usize>(&self, [x, y]: [f64; 2], f: impl Fn(f64, f64) -> [f64; N]) -> [f64; N] {
        let mut sum = f(x, y);
        for &(dx, dy) in &self.offsets {
            for (a, b) in [(x + dx, y + dy), (x - dx, y - dy)] {
                for (s, v) in sum.iter_mut().zip(f(a, b)) {
                    *s += v;
                }
            }
        }
        let norm = self.scale * (2 * self.offsets.len() + 1) as f64;
        sum.map(|s| s / norm)
    }

    /// The place within bounds where the mean is largest, uphill from `p`: Newton steps along the coordinates that are
    /// not held by a bound.
    fn largest_mean(&self, mut p: [f64; 2]) -> [f64; 2] {
        const MAX_STEPS: usize = 100;
        let inside = |p: [f64; 2]| -> [f64; 2] {
            std::array::from_fn(|k| p[k].clamp(self.bounds[k].0, self.bounds[k].1))
        };
        for _ in 0..MAX_STEPS {
            let [value, gx, gy, xx, xy, yy] = self.sum_over(p, |x, y| self.surface.derivatives(x, y));
            let g = [gx, gy];
            let free: [bool; 2] = std::array::from_fn(|k| {
                !(p[k] <= self.bounds[k].0 && g[k] < 0.0 || p[k] >= self.bounds[k].1 && g[k] > 0.0)
            });
            if (0..2).all(|k| !free[k] || g[k].abs() <= GRADIENT) {
                break;
            }
            let mut d = match free {
                [true, true] if xx < 0.0 && xx * yy - xy * xy > 0.0 => {
                    let det = xx * yy - xy * xy;
                    [(xy * gy - yy * gx) / det, (xy * gx - xx * gy) / det]
                }
                [true, false] if xx < 0.0 => [-gx / xx, 0.0],
                [false, true] if yy < 0.0 => [0.0, -gy / yy],
                _ => std::array::from_fn(|k| if free[k] { g[k] } else { 0.0 }),
            };
            let length = d[0].hypot(d[1]);
            if length > 1.0 {
                d = d.map(|d| d / length);
            }
            let mut next = p;
            let mut t = 1.0;
            while t > 1e-12 {
                next = inside([p[0] + t * d[0], p[1] + t * d[1]]);
                if self.mean(next) > value {
                    break;
                }
                t *= 0.5;
                next = p;
            }
            if next == p {
                break;
            }
            p = next;
        }
        p
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_offset_of_each_pair() {
        let o = offsets(1.0);
        assert_eq!(o, [(0.5, 0.0), (1.0, 0.0), (-0.5, 0.5), (0.0, 0.5), (0.5, 0.5), (0.0, 1.0)]);
        // Pixels within 6 pixels of one, the middle left out, by half.
        assert_eq!(offsets(6.0).len(), 56);
    }

    #[test]
    fn radii() {
        assert_eq!(radius_for((5, 9), None), Some(1.5));
        assert_eq!(radius_for((5, 9), Some(2.0)), None);
        assert_eq!(radius_for((3, 9), Some(1.0)), None);
        assert_eq!(radius_for((9, 9), Some(f64::NAN)), None);
    }
}
