//! Centre of mass.

use super::Stamp;
use crate::{Centroid, CentroidFlags};

/// Sums smaller than this count as zero.
const MIN_TOTAL: f64 = 1e-30;

pub(crate) fn com(s: &Stamp) -> Centroid {
    if s.n_good == 0 {
        return Centroid::failed(s.flags);
    }
    let (mut total, mut sx, mut sy) = (0.0, 0.0, 0.0);
    for y in 0..s.ny {
        let (mut t, mut tx) = (0.0, 0.0);
        for (x, v) in s.data_row(y).iter().enumerate() {
            t += v;
            tx += x as f64 * v;
        }
        total += t;
        sx += tx;
        sy += y as f64 * t;
    }
    if total.abs() < MIN_TOTAL {
        return Centroid::failed(s.flags | CentroidFlags::NO_SIGNAL);
    }
    Centroid::new(sx / total, sy / total, s.flags)
}
