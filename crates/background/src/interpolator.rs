//! From the mesh of boxes to full-size maps.

use std::ops::Range;

use ndarray::Array2;
use skyphot_core::Pixel;
use skyphot_filter::{EdgeMode, SplineOrder, SplineZoom};

use crate::error::check;
use crate::{Result, ShepardIdw};

/// How the mesh of box values becomes a full-size map. The default is a clamped bicubic spline.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Interpolator {
    /// B-spline through the box centres.
    #[doc(alias = "BkgZoomInterpolator")]
    Zoom {
        /// Degree of the spline. Default cubic.
        order: SplineOrder,
        /// How the mesh goes on beyond its edges. Default [`EdgeMode::Reflect`].
        mode: EdgeMode,
        /// Clamp the map to the range of the mesh, because splines overshoot. Default true.
        clip: bool,
    },
    /// Inverse distance weighting (Shepard 1968, Proc. 23rd ACM Nat. Conf., 517) of the boxes that were not excluded.
    /// Slow: every pixel searches its neighbours.
    #[doc(alias = "BkgIDWInterpolator")]
    Idw {
        /// Number of nearest boxes that count, at least 1. Default 10.
        n_neighbors: usize,
        /// Weights are `1 / (distance^power + regularization)`. Default 1.
        power: f64,
        /// See `power`; in pixels to that power. Default 0.
        regularization: f64,
    },
}

impl Default for Interpolator {
    fn default() -> Self {
        Self::zoom(SplineOrder::Cubic)
    }
}

impl Interpolator {
    /// Spline of a given degree with the default edges and clamping.
    #[must_use]
    pub const fn zoom(order: SplineOrder) -> Self {
        Self::Zoom { order, mode: EdgeMode::Reflect, clip: true }
    }

    /// Inverse distance weighting with the defaults: 10 neighbours, power 1, no regularization.
    #[must_use]
    pub const fn idw() -> Self {
        Self::Idw { n_neighbors: 10, power: 1.0, regularization: 0.0 }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        if let Self::Idw { n_neighbors, power, regularization } = *self {
            check(n_neighbors > 0, "n_neighbors", "at least 1", n_neighbors as f64)?;
            check(power.is_finite(), "power", "finite", power)?;
            check(regularization.is_finite(), "regularization", "finite", regularization)?;
        }
        Ok(())
    }

    /// Prepares the map of a mesh without NaN.
    pub(crate) fn map(
        &self,
        mesh: &Array2<f64>,
        excluded: &Array2<bool>,
        box_size: (usize, usize),
    ) -> FullMap {
        let low = mesh.iter().copied().fold(f64::INFINITY, f64::min);
        let high = mesh.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if low == high {
            return FullMap::Constant(low);
        }
        match *self {
            Self::Zoom { order, mode, clip } => {
                let zoom = SplineZoom::new(mesh.view(), box_size, order, mode);
                FullMap::Zoom(if clip { zoom.with_limits(low, high) } else { zoom })
            }
            Self::Idw { n_neighbors, power, regularization } => {
                let centers = crate::boxes::centers(excluded, box_size);
                let values = mesh.iter().zip(excluded).filter(|(_, e)| !**e).map(|(v, _)| *v).collect();
                let yx = centers.iter().map(|p| [p.y, p.x]).collect();
                let mut idw = ShepardIdw::new(yx, values);
                (idw.n_neighbors, idw.power, idw.regularization) = (n_neighbors, power, regularization);
                FullMap::Idw(idw)
            }
        }
    }
}

/// A full-size map that is evaluated row by row.
#[derive(Debug, Clone)]
pub(crate) enum FullMap {
    Constant(f64),
    Zoom(SplineZoom),
    Idw(ShepardIdw),
}

impl FullMap {
    /// Fills some columns of the rows from `first_row` on.
    pub(crate) fn fill_part<T: Pixel>(&self, first_row: usize, columns: Range<usize>, out: &mut [T]) {
        match self {
            Self::Constant(v) => out.fill(T::from_f64(*v)),
            Self::Zoom(z) => z.fill_part(first_row, columns, out),
            Self::Idw(idw) => {
                let mut search = idw.search();
                for (y, row) in out.chunks_mut(columns.len().max(1)).enumerate() {
                    for (x, p) in columns.clone().zip(row) {
                        *p = T::from_f64(search.at([(first_row + y) as f64, x as f64]));
                    }
                }
            }
        }
    }

    /// Fills rows of `width` pixels from `first_row` on.
    pub(crate) fn fill_rows<T: Pixel>(&self, first_row: usize, width: usize, out: &mut [T]) {
        match self {
            Self::Constant(v) => out.fill(T::from_f64(*v)),
            Self::Zoom(z) => z.fill_rows(first_row, width, out),
            Self::Idw(idw) => {
                let mut search = idw.search();
                for (y, row) in out.chunks_mut(width).enumerate() {
                    for (x, p) in row.iter_mut().enumerate() {
                        *p = T::from_f64(search.at([(first_row + y) as f64, x as f64]));
                    }
                }
            }
        }
    }
}
