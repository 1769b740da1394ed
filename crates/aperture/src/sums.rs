//! Sums in one aperture at many positions.

use crate::ApertureFlags;

/// What one aperture holds at every position, in the order of the positions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ApertureSums {
    /// Sum of weight times value, data units; NaN without overlap.
    pub flux: Vec<f64>,
    /// `sqrt(sum(weight^2 error^2))`, data units; NaN without an error plane or overlap.
    pub flux_err: Vec<f64>,
    /// Sum of the weights of good pixels on the image, square pixels; NaN without overlap.
    pub area: Vec<f64>,
    /// Quality.
    pub flags: Vec<ApertureFlags>,
}

/// One of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OneSum {
    pub(crate) flux: f64,
    pub(crate) flux_err: f64,
    pub(crate) area: f64,
    pub(crate) flags: ApertureFlags,
}

impl OneSum {
    pub(crate) const fn nan(flags: ApertureFlags) -> Self {
        Self { flux: f64::NAN, flux_err: f64::NAN, area: f64::NAN, flags }
    }
}

impl ApertureSums {
    pub(crate) fn new(n: usize) -> Self {
        Self {
            flux: vec![f64::NAN; n],
            flux_err: vec![f64::NAN; n],
            area: vec![f64::NAN; n],
            flags: vec![ApertureFlags::empty(); n],
        }
    }

    pub(crate) fn set(&mut self, i: usize, one: &OneSum) {
        self.flux[i] = one.flux;
        self.flux_err[i] = one.flux_err;
        self.area[i] = one.area;
        self.flags[i] = one.flags;
    }
}
