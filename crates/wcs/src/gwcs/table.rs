//! Interpolation in tables of one or two axes.

use super::model::Table;

impl Table {
    /// The value at a position with one number per axis.
    pub(crate) fn value(&self, position: &[f64]) -> f64 {
        if position.iter().any(|p| p.is_nan()) {
            return f64::NAN;
        }
        let mut cell = [(0, 0.0); 2];
        for ((points, p), c) in self.points.iter().zip(position).zip(&mut cell) {
            let (Some(first), Some(last)) = (points.first(), points.last()) else { return f64::NAN };
            if let Some(fill) = self.fill
                && !(p >= first && p <= last)
            {
                return fill;
            }
            let i = points.partition_point(|q| q <= p).saturating_sub(1).min(points.len().saturating_sub(2));
            let Some(upper) = points.get(i + 1) else { return f64::NAN };
            *c = (i, (p - points[i]) / (upper - points[i]));
        }
        if self.nearest {
            let index = cell.map(|(i, t)| if t <= 0.5 { i } else { i + 1 });
            return match position.len() {
                1 => self.values[index[0]],
                _ => self.at(index[0], index[1]),
            };
        }
        let [(i, s), (j, t)] = cell;
        if position.len() == 1 {
            return self.values[i] * (1.0 - s) + self.values[i + 1] * s;
        }
        let along = |i: usize| self.at(i, j) * (1.0 - t) + self.at(i, j + 1) * t;
        along(i) * (1.0 - s) + along(i + 1) * s
    }

    fn at(&self, i: usize, j: usize) -> f64 {
        self.points.get(1).and_then(|p| self.values.get(i * p.len() + j)).copied().unwrap_or(f64::NAN)
    }
}
