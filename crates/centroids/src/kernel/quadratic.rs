//! Maximum of a quadratic surface around the brightest pixel.

use skyphot_fit::NormalEquations;

use super::Stamp;
use crate::{Centroid, CentroidFlags};

/// First index and length of a box of `size` around `peak` that is shifted to stay within `0..n`.
fn shifted_box(peak: usize, size: usize, n: usize) -> (usize, usize) {
    let size = size.min(n);
    (peak.saturating_sub(size / 2).min(n - size), size)
}

pub(crate) fn quadratic(s: &Stamp, (fit_ny, fit_nx): (usize, usize)) -> Centroid {
    let mut peak: Option<(usize, usize, f64)> = None;
    for (x, y, v) in s.good() {
        if peak.is_none_or(|p| v > p.2) {
            peak = Some((x, y, v));
        }
    }
    let Some((xp, yp, top)) = peak else {
        return Centroid::failed(s.flags);
    };
    if xp == 0 || yp == 0 || xp == s.nx - 1 || yp == s.ny - 1 {
        return Centroid::new(xp as f64, yp as f64, s.flags | CentroidFlags::PEAK_ON_EDGE);
    }
    // An even box has no centre: use the next smaller odd one where the cutout is smaller than the box.
    let odd = |size: usize, n: usize| if size > n { n - (n + 1) % 2 } else { size };
    let (x0, nx) = shifted_box(xp, odd(fit_nx, s.nx), s.nx);
    let (y0, ny) = shifted_box(yp, odd(fit_ny, s.ny), s.ny);
    let mut normal = NormalEquations::<6>::default();
    let mut n = 0;
    for y in y0..y0 + ny {
        for x in x0..x0 + nx {
            let k = y * s.stride + x;
            if s.weight2[k] > 0.0 {
                let (dx, dy) = (x as f64 - xp as f64, y as f64 - yp as f64);
                normal.add(-(s.data[k] - top), &[1.0, dx, dy, dx * dy, dx * dx, dy * dy]);
                n += 1;
            }
        }
    }
    if n < 6 {
        return Centroid::failed(s.flags | CentroidFlags::TOO_FEW_PIXELS);
    }
    let no_maximum = Centroid::failed(s.flags | CentroidFlags::NO_MAXIMUM);
    let Some([_, c10, c01, c11, c20, c02]) = normal.solve() else {
        return no_maximum;
    };
    let det = 4.0 * c20 * c02 - c11 * c11;
    if det.is_nan() || det <= 0.0 || c20 > 0.0 {
        return no_maximum;
    }
    let x = (c01 * c11 - 2.0 * c02 * c10) / det + xp as f64;
    let y = (c10 * c11 - 2.0 * c20 * c01) / det + yp as f64;
    if x > 0.0 && x < s.nx as f64 - 1.0 && y > 0.0 && y < s.ny as f64 - 1.0 {
        Centroid::new(x, y, s.flags)
    } else {
        no_maximum
    }
}
