//! Areas under an arc of a circle about the origin.

/// `(asin s - s sqrt(1 - s^2)) / s^3` as a power series in `t = s^2`: the coefficient of `t^n` is
/// `2 C(2n, n) / (4^n (2n + 3))`.
const SERIES: [f64; 11] = [
    2.0 / 3.0,
    1.0 / 5.0,
    3.0 / 28.0,
    5.0 / 72.0,
    35.0 / 704.0,
    63.0 / 1664.0,
    77.0 / 2560.0,
    429.0 / 17408.0,
    6435.0 / 311_296.0,
    12155.0 / 688_128.0,
    46189.0 / 3_014_656.0,
];

/// Number of terms that give full precision for chords within a unit pixel, by the radius. 0 = use the arc sine.
pub(crate) const fn terms_for(r: f64) -> usize {
    if r >= 8.0 {
        7
    } else if r >= 3.0 {
        11
    } else {
        0
    }
}

/// A circle and the numbers its segments need.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arc {
    pub(crate) r: f64,
    r2: f64,
    inv_4r2: f64,
    inv_8r: f64,
}

impl Arc {
    pub(crate) fn new(r: f64) -> Self {
        let r2 = r * r;
        Self { r, r2, inv_4r2: 0.25 / r2, inv_8r: 0.125 / r }
    }

    /// The other coordinate of the point on the arc, for `0 <= x <= r`.
    #[inline(always)]
    pub(crate) fn height(&self, x: f64) -> f64 {
        ((self.r - x) * (self.r + x)).max(0.0).sqrt()
    }

    /// Area between the arc and a chord of squared length `c2` that is at most a quarter circle's. `TERMS` as of
    /// [`terms_for`]; with 0, any chord is served.
    #[inline(always)]
    pub(crate) fn segment<const TERMS: usize>(&self, c2: f64) -> f64 {
        let t = c2 * self.inv_4r2;
        if TERMS == 0 && t > 0.0556 {
            let s = t.min(1.0).sqrt();
            return self.r2 * (s.asin() - s * (1.0 - t).max(0.0).sqrt());
        }
        let n = if TERMS == 0 { SERIES.len() } else { TERMS };
        let mut p = SERIES[n - 1];
        for k in (0..n - 1).rev() {
            p = p * t + SERIES[k];
        }
        c2 * c2.sqrt() * self.inv_8r * p
    }

    /// Area of the disc within `a..b` by `ya..yb`, all in the first quadrant.
    #[inline]
    pub(crate) fn quadrant<const TERMS: usize>(&self, a: f64, b: f64, ya: f64, yb: f64) -> f64 {
        let strip = Strip::new(self, ya, yb);
        strip.cell::<TERMS>(self, a, b)
    }
}

/// The disc between two heights `0 <= ya < yb`, in the first quadrant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strip {
    pub(crate) ya: f64,
    pub(crate) yb: f64,
    /// Up to here the strip lies inside the disc over its whole height.
    pub(crate) inner: f64,
    /// From here on nothing of it does.
    pub(crate) outer: f64,
}

impl Strip {
    #[inline(always)]
    pub(crate) fn new(arc: &Arc, ya: f64, yb: f64) -> Self {
        Self { ya, yb, inner: arc.height(yb.min(arc.r)), outer: arc.height(ya.min(arc.r)) }
    }

    /// Area of the disc in `0 <= a..b` of the strip.
    #[inline]
    pub(crate) fn cell<const TERMS: usize>(&self, arc: &Arc, a: f64, b: f64) -> f64 {
        if a >= self.outer {
            return 0.0;
        }
        let high = self.yb - self.ya;
        if b <= self.inner {
            return (b - a) * high;
        }
        // `height` of the inner end is yb itself, unless the strip reaches over the top of the disc.
        let (left, left_high) = if a >= self.inner { (a, arc.height(a)) } else { (self.inner, self.yb) };
        let (right, right_high) = if b <= self.outer { (b, arc.height(b)) } else { (self.outer, self.ya) };
        self.under_arc::<TERMS>(arc, a, (left, left_high), (right, right_high))
    }

    /// Area from `a` to the point `q` on the arc, of which the part up to the point `p` is covered in full height.
    #[inline(always)]
    pub(crate) fn under_arc<const TERMS: usize>(
        &self,
        arc: &Arc,
        a: f64,
        p: (f64, f64),
        q: (f64, f64),
    ) -> f64 {
        let (dx, dy) = (q.0 - p.0, p.1 - q.1);
        let trapezoid = dx * ((0.5 * (p.1 + q.1)) - self.ya);
        (p.0 - a) * (self.yb - self.ya) + (trapezoid + arc.segment::<TERMS>(dx * dx + dy * dy))
    }
}

/// Area common to a circle about the origin and the rectangle `x0..x1` by `y0..y1`.
pub(crate) fn circle_area(x0: f64, x1: f64, y0: f64, y1: f64, r: f64) -> f64 {
    let arc = Arc::new(r);
    let mut area = 0.0;
    for (ya, yb) in halves(y0, y1).into_iter().flatten() {
        for (a, b) in halves(x0, x1).into_iter().flatten() {
            area += arc.quadrant::<0>(a, b, ya, yb);
        }
    }
    area
}

/// The parts of an interval on the two sides of 0, as distances from 0.
#[inline(always)]
pub(crate) fn halves(lo: f64, hi: f64) -> [Option<(f64, f64)>; 2] {
    if lo >= 0.0 {
        [Some((lo, hi)), None]
    } else if hi <= 0.0 {
        [Some((-hi, -lo)), None]
    } else {
        [Some((0.0, hi)), Some((0.0, -lo))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_series_is_the_arc_sine() {
        let mut binomial = 1.0;
        for (n, c) in SERIES.iter().enumerate() {
            let k = n as f64;
            if n > 0 {
                binomial *= (2.0 * k - 1.0) / (2.0 * k);
            }
            assert!((c / (2.0 * binomial / (2.0 * k + 3.0)) - 1.0).abs() < 1e-14, "{n}");
        }
        for r in [3.0, 5.0, 8.0, 30.0] {
            let arc = Arc::new(r);
            for c in [1e-6_f64, 0.1, 0.7, 1.41] {
                let s = 0.5 * c / r;
                let exact = r * r * (s.asin() - s * (1.0 - s * s).sqrt());
                let series = if r >= 8.0 { arc.segment::<7>(c * c) } else { arc.segment::<11>(c * c) };
                assert!((series - exact).abs() < 4e-16 * r * r * s, "{r} {c}: {series} {exact}");
                assert!((series - arc.segment::<0>(c * c)).abs() < 1e-16, "{r} {c}");
            }
        }
        // A quarter circle.
        let arc = Arc::new(2.0);
        assert!((arc.segment::<0>(8.0) - (std::f64::consts::PI - 2.0)).abs() < 1e-15);
    }
}
