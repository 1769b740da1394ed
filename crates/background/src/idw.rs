//! Inverse distance weighting of scattered points.

use crate::kernel::kdtree::{KdTree, Query};

/// Points at or below this distance give their own value.
const CONFUSION_DISTANCE: f64 = 1e-12;

/// Shepard's interpolation in two dimensions: the mean of the nearest values, weighted with
/// `1 / (distance^power + regularization)` (Shepard 1968, Proc. 23rd ACM Nat. Conf., 517).
///
/// Which of several equally distant points belong to the nearest `n_neighbors` is decided as by the k-d tree of
/// `scipy.spatial.cKDTree`, which matters on regular grids.
///
/// ```
/// use skyphot_background::ShepardIdw;
/// let idw = ShepardIdw::new(vec![[0.0, 0.0], [0.0, 3.0]], vec![1.0, 4.0]);
/// assert_eq!(idw.at([0.0, 1.0]), 2.0);
/// ```
#[derive(Debug, Clone)]
#[doc(alias = "ShepardIDWInterpolator")]
pub struct ShepardIdw {
    /// Number of nearest points that count. Default 10.
    pub n_neighbors: usize,
    /// Exponent of the distance. Default 1.
    pub power: f64,
    /// Added to the powers of the distances. Default 0.
    pub regularization: f64,
    tree: KdTree,
    values: Vec<f64>,
}

impl ShepardIdw {
    /// Values at points `[y, x]`.
    ///
    /// # Panics
    /// If there are not as many values as points.
    #[must_use]
    pub fn new(points: Vec<[f64; 2]>, values: Vec<f64>) -> Self {
        assert_eq!(points.len(), values.len(), "one value per point");
        Self { n_neighbors: 10, power: 1.0, regularization: 0.0, tree: KdTree::new(points), values }
    }

    /// The value at a point `[y, x]`; NaN if there are no points.
    #[must_use]
    pub fn at(&self, point: [f64; 2]) -> f64 {
        self.search().at(point)
    }

    /// A search with scratch space to use again and again.
    pub(crate) fn search(&self) -> Search<'_> {
        Search { idw: self, query: Query::default() }
    }
}

#[derive(Debug)]
pub(crate) struct Search<'a> {
    idw: &'a ShepardIdw,
    query: Query,
}

impl Search<'_> {
    pub(crate) fn at(&mut self, point: [f64; 2]) -> f64 {
        let idw = self.idw;
        let found = self.query.nearest(&idw.tree, point, idw.n_neighbors);
        let Some(&(d2, nearest)) = found.first() else { return f64::NAN };
        if idw.n_neighbors == 1 || d2.sqrt() <= CONFUSION_DISTANCE {
            return idw.values[nearest];
        }
        let (mut sum, mut total) = (0.0, 0.0);
        for &(d2, i) in found {
            let d = d2.sqrt();
            let powered = if idw.power == 1.0 { d } else { d.powf(idw.power) };
            let w = 1.0 / (powered + idw.regularization);
            sum += w * idw.values[i];
            total += w;
        }
        if total > 0.0 { sum / total } else { f64::NAN }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_point_its_value_counts() {
        let idw = ShepardIdw::new(vec![[0.0, 0.0], [1.0, 1.0], [5.0, 2.0]], vec![1.0, -2.0, 7.0]);
        assert_eq!(idw.at([1.0, 1.0]), -2.0);
        assert!((1.0 / 3.0 - ShepardIdw { power: 0.0, ..idw.clone() }.at([9.0, 9.0]) / 6.0).abs() < 1e-15);
        assert_eq!(ShepardIdw { n_neighbors: 1, ..idw }.at([4.0, 4.0]), 7.0);
        assert!(ShepardIdw::new(vec![], vec![]).at([0.0, 0.0]).is_nan());
    }
}
