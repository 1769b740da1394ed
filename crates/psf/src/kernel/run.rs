//! Pixels of a window that take their coefficients at equal steps with the same four weights: a whole number of samples
//! per pixel makes all of them lie at the same place between samples.

use super::planes::Weighted;
use skyphot_fit::spline::{slopes, weights};

/// Consecutive pixels along one axis.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    /// First pixel of the window that has samples, and how many.
    pub(crate) first: usize,
    pub(crate) n: usize,
    /// First coefficient of that pixel, and from one pixel to the next.
    pub(crate) start: usize,
    pub(crate) step: usize,
    pub(crate) w: [f64; 4],
    pub(crate) dw: [f64; 4],
}

impl Run {
    /// The pixels `first .. first + n` that lie on `size` samples, at the sample coordinates `oversampling (pixel - at) +
    /// origin`. `None` if rounding puts an end of the run outside, which the general way has to deal with.
    pub(crate) fn new(
        first: i64,
        n: usize,
        at: f64,
        (oversampling, origin, size): (usize, f64, usize),
    ) -> Option<Self> {
        let last = (size - 1) as f64;
        let u = |i: usize| oversampling as f64 * ((first + i as i64) as f64 - at) + origin;
        let none = Self { first: 0, n: 0, start: 0, step: oversampling, w: [0.0; 4], dw: [0.0; 4] };
        if n == 0 || !at.is_finite() || u(n - 1) < 0.0 || u(0) > last {
            return Some(none);
        }
        // The estimate is right but for rounding.
        let guess = |v: f64| (v / oversampling as f64).clamp(0.0, (n - 1) as f64) as usize;
        let mut begin = guess(-u(0)).saturating_sub(1);
        while begin < n && u(begin) < 0.0 {
            begin += 1;
        }
        let mut end = (guess(last - u(0)) + 2).min(n);
        while end > begin && u(end - 1) > last {
            end -= 1;
        }
        if begin >= end {
            return Some(none);
        }
        let middle = (begin + end) / 2;
        let k = u(middle).floor();
        let start = k as i64 - (oversampling * (middle - begin)) as i64;
        let stop = start + (oversampling * (end - 1 - begin)) as i64;
        if start < 0 || stop > size as i64 - 1 {
            return None;
        }
        let t = u(middle) - k;
        let (w, dw) = (weights(t), slopes(t));
        Some(Self { first: begin, n: end - begin, start: start as usize, step: oversampling, w, dw })
    }

    /// Coefficients between the first and the last one.
    fn span(&self) -> usize {
        (self.n.max(1) - 1) * self.step + 4
    }
}

/// Rows that a processor's second cache holds of four planes.
pub(crate) const ROWS_AT_ONCE: usize = 16;

/// What is drawn: planes with weights, the pixels that have samples, and where they go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drawing<'a> {
    pub(crate) planes: [Weighted<'a>; 4],
    pub(crate) n_planes: usize,
    pub(crate) x: Run,
    pub(crate) y: Run,
    pub(crate) flux: f64,
    /// Index of the first pixel of the runs in the image.
    pub(crate) at: usize,
}

/// Adds rows `from .. to` of the run along y to an image of rows of `stride` pixels; `width` is that of the planes.
pub(crate) fn add_rows(
    d: &Drawing<'_>,
    (from, to): (usize, usize),
    width: usize,
    stride: usize,
    image: &mut [f64],
    sums: &mut Vec<f64>,
) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        #[allow(unsafe_code)]
        unsafe {
            add_rows_avx2(d, (from, to), width, stride, image, sums);
        }
        return;
    }
    add_rows_any(d, (from, to), width, stride, image, sums);
}

/// The same code with wider registers.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn add_rows_avx2(
    d: &Drawing<'_>,
    range: (usize, usize),
    width: usize,
    stride: usize,
    image: &mut [f64],
    sums: &mut Vec<f64>,
) {
    add_rows_any(d, range, width, stride, image, sums);
}

#[inline(always)]
fn add_rows_any(
    d: &Drawing<'_>,
    (from, to): (usize, usize),
    width: usize,
    stride: usize,
    image: &mut [f64],
    sums: &mut Vec<f64>,
) {
    let span = d.x.span();
    sums.resize(span, 0.0);
    for j in from..to {
        let k = d.y.start + j * d.y.step;
        for (p, plane) in d.planes[..d.n_planes].iter().enumerate() {
            let rows = std::array::from_fn(|r| &plane.plane[(k + r) * width + d.x.start..][..span]);
            let w = d.y.w.map(|w| w * plane.w);
            if p == 0 {
                four_rows(rows, w, sums, |s, v| *s = v);
            } else {
                four_rows(rows, w, sums, |s, v| *s += v);
            }
        }
        let row = &mut image[d.at + j * stride..][..d.x.n];
        along(&d.x, sums, row, |o, v| *o += d.flux * v);
    }
}

/// Four weights along a row of sums, for every pixel.
#[inline(always)]
fn along(x: &Run, sums: &[f64], row: &mut [f64], put: impl Fn(&mut f64, f64)) {
    let [a, b, c, d] = x.w;
    if x.step == 4 {
        for (o, s) in row.iter_mut().zip(sums.as_chunks::<4>().0) {
            put(o, (a * s[0] + b * s[1]) + (c * s[2] + d * s[3]));
        }
        return;
    }
    for (o, s) in row.iter_mut().zip(sums.windows(4).step_by(x.step)) {
        put(o, (a * s[0] + b * s[1]) + (c * s[2] + d * s[3]));
    }
}

/// The sum of four weighted rows, all as long as `sums`.
#[inline(always)]
fn four_rows(rows: [&[f64]; 4], w: [f64; 4], sums: &mut [f64], put: impl Fn(&mut f64, f64)) {
    let n = sums.len();
    let [a, b, c, d] = rows.map(|r| &r[..n]);
    for i in 0..n {
        put(&mut sums[i], (w[0] * a[i] + w[1] * b[i]) + (w[2] * c[i] + w[3] * d[i]));
    }
}

/// Values over the window of `nx` columns.
pub(crate) fn values(d: &Drawing<'_>, width: usize, nx: usize, out: &mut [f64]) {
    out.fill(0.0);
    if d.x.n > 0 && d.y.n > 0 {
        add_rows(d, (0, d.y.n), width, nx, out, &mut Vec::new());
    }
}

/// Values and derivatives by position over a window of `nx` columns.
pub(crate) fn derivatives(
    d: &Drawing<'_>,
    width: usize,
    nx: usize,
    value: &mut [f64],
    dx: &mut [f64],
    dy: &mut [f64],
) {
    value.fill(0.0);
    dx.fill(0.0);
    dy.fill(0.0);
    if d.x.n == 0 || d.y.n == 0 {
        return;
    }
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        #[allow(unsafe_code)]
        unsafe {
            derivatives_avx2(d, width, nx, value, dx, dy);
        }
        return;
    }
    derivatives_any(d, width, nx, value, dx, dy);
}

/// The same code with wider registers.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn derivatives_avx2(
    d: &Drawing<'_>,
    width: usize,
    nx: usize,
    value: &mut [f64],
    dx: &mut [f64],
    dy: &mut [f64],
) {
    derivatives_any(d, width, nx, value, dx, dy);
}

/// Columns that the derivatives take at a time: those of five pixels at an oversampling of 4 with room.
const PIECE: usize = 64;

#[inline(always)]
fn derivatives_any(
    d: &Drawing<'_>,
    width: usize,
    nx: usize,
    value: &mut [f64],
    dx: &mut [f64],
    dy: &mut [f64],
) {
    let per_piece = ((PIECE - 4) / d.x.step + 1).min(d.x.n);
    if d.x.step > PIECE - 4 {
        // One pixel at a time always fits.
        debug_assert!(per_piece == 1, "a pixel needs four columns");
    }
    let (ox, oy) = (d.x.step as f64, d.y.step as f64);
    for j in 0..d.y.n {
        let k = d.y.start + j * d.y.step;
        for piece in (0..d.x.n).step_by(per_piece) {
            let n = per_piece.min(d.x.n - piece);
            let span = (n - 1) * d.x.step + 4;
            let from = d.x.start + piece * d.x.step;
            // Weighted values, slopes along y, and the changes of the planes' weights along x and y.
            let (mut v, mut vy, mut wx, mut wy) = ([0.0; PIECE], [0.0; PIECE], [0.0; PIECE], [0.0; PIECE]);
            for p in &d.planes[..d.n_planes] {
                let row = |r: usize| &p.plane[(k + r) * width + from..][..span];
                let (a, b, c, e) = (row(0), row(1), row(2), row(3));
                let (v, vy) = (&mut v[..span], &mut vy[..span]);
                let (wx, wy) = (&mut wx[..span], &mut wy[..span]);
                for i in 0..span {
                    let s = (d.y.w[0] * a[i] + d.y.w[1] * b[i]) + (d.y.w[2] * c[i] + d.y.w[3] * e[i]);
                    let t = (d.y.dw[0] * a[i] + d.y.dw[1] * b[i]) + (d.y.dw[2] * c[i] + d.y.dw[3] * e[i]);
                    v[i] += p.w * s;
                    vy[i] += p.w * t;
                    wx[i] += p.wx * s;
                    wy[i] += p.wy * s;
                }
            }
            let first = (d.at + j * nx) + piece;
            for i in 0..n {
                let q = i * d.x.step;
                let dot = |w: &[f64; 4], s: &[f64; PIECE]| {
                    (w[0] * s[q] + w[1] * s[q + 1]) + (w[2] * s[q + 2] + w[3] * s[q + 3])
                };
                value[first + i] = dot(&d.x.w, &v);
                dx[first + i] = dot(&d.x.w, &wx) - ox * dot(&d.x.dw, &v);
                dy[first + i] = dot(&d.x.w, &wy) - oy * dot(&d.x.w, &vy);
            }
        }
    }
}
