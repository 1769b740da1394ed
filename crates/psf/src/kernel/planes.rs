//! Weighted sums of spline planes at the pixels of a window.

use skyphot_fit::spline::{slopes, weights};

/// The four coefficients that a pixel takes along one axis.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tap {
    /// First of the four; `None` outside the samples.
    start: Option<usize>,
    w: [f64; 4],
    dw: [f64; 4],
}

/// Taps of the pixels `first .. first + n` along an axis: sample coordinate `oversampling (pixel - at) + origin` on `size`
/// samples. Outside the samples there is nothing, or the end value if `clamp`.
pub(crate) fn taps(
    first: i64,
    n: usize,
    at: f64,
    (oversampling, origin, size): (f64, f64, usize),
    clamp: bool,
    out: &mut Vec<Tap>,
) {
    out.clear();
    let last = (size - 1) as f64;
    out.extend((0..n).map(|i| {
        let u = oversampling * ((first + i as i64) as f64 - at) + origin;
        let inside = (0.0..=last).contains(&u);
        if !(inside || clamp && u.is_finite()) {
            return Tap { start: None, w: [0.0; 4], dw: [0.0; 4] };
        }
        let u = u.clamp(0.0, last);
        let k = u.floor();
        let dw = if inside { slopes(u - k) } else { [0.0; 4] };
        Tap { start: Some(k as usize), w: weights(u - k), dw }
    }));
}

/// One plane of coefficients with its weight and the derivatives of that weight by position.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weighted<'a> {
    pub(crate) plane: &'a [f64],
    pub(crate) w: f64,
    pub(crate) wx: f64,
    pub(crate) wy: f64,
}

/// `out[j][i] = sum_p w_p S_p`: each row first sums up the planes and the four rows of coefficients over all columns that
/// the row needs, then takes four of them per pixel.
pub(crate) fn values(planes: &[Weighted<'_>], width: usize, x: &[Tap], y: &[Tap], out: &mut [f64]) {
    let starts = || x.iter().filter_map(|t| t.start);
    let (Some(first), Some(last)) = (starts().min(), starts().max()) else {
        out.fill(0.0);
        return;
    };
    let mut sums = vec![0.0; last + 4 - first];
    for (row, ty) in out.chunks_exact_mut(x.len().max(1)).zip(y) {
        let Some(ky) = ty.start else {
            row.fill(0.0);
            continue;
        };
        sums.fill(0.0);
        for p in planes {
            let [a, b, c, d] = rows(p.plane, ky, width).map(|r| &r[first..last + 4]);
            let [wa, wb, wc, wd] = ty.w.map(|w| w * p.w);
            let lines = a.iter().zip(b).zip(c).zip(d);
            for (s, (((a, b), c), d)) in sums.iter_mut().zip(lines) {
                *s += (wa * a + wb * b) + (wc * c + wd * d);
            }
        }
        for (v, tx) in row.iter_mut().zip(x) {
            *v = tx.start.map_or(0.0, |k| {
                let s = &sums[k - first..k - first + 4];
                (tx.w[0] * s[0] + tx.w[1] * s[1]) + (tx.w[2] * s[2] + tx.w[3] * s[3])
            });
        }
    }
}

/// Values and derivatives by position; `oversampling` is that along x and y.
pub(crate) fn derivatives(
    planes: &[Weighted<'_>],
    width: usize,
    (x, y): (&[Tap], &[Tap]),
    (ox, oy): (f64, f64),
    value: &mut [f64],
    dx: &mut [f64],
    dy: &mut [f64],
) {
    let nx = x.len().max(1);
    value.fill(0.0);
    dx.fill(0.0);
    dy.fill(0.0);
    for (j, ty) in y.iter().enumerate() {
        let Some(ky) = ty.start else { continue };
        let line = j * nx..j * nx + x.len();
        let (value, dx, dy) = (&mut value[line.clone()], &mut dx[line.clone()], &mut dy[line]);
        for p in planes {
            let rows = rows(p.plane, ky, width);
            for (i, tx) in x.iter().enumerate() {
                let Some(kx) = tx.start else { continue };
                let (mut v, mut vx, mut vy) = (0.0, 0.0, 0.0);
                for (r, row) in rows.iter().enumerate() {
                    let c = &row[kx..kx + 4];
                    let along = tx.w[0] * c[0] + tx.w[1] * c[1] + tx.w[2] * c[2] + tx.w[3] * c[3];
                    let slope = tx.dw[0] * c[0] + tx.dw[1] * c[1] + tx.dw[2] * c[2] + tx.dw[3] * c[3];
                    v += ty.w[r] * along;
                    vx += ty.w[r] * slope;
                    vy += ty.dw[r] * along;
                }
                value[i] += p.w * v;
                dx[i] += p.wx * v - p.w * ox * vx;
                dy[i] += p.wy * v - p.w * oy * vy;
            }
        }
    }
}

fn rows(plane: &[f64], k: usize, width: usize) -> [&[f64]; 4] {
    std::array::from_fn(|r| &plane[(k + r) * width..(k + r + 1) * width])
}
