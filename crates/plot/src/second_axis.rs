//! Axes on the other side.

use crate::{PlotError, Result};

/// An axis on the other side, in another unit: `scale` times the coordinate plus `offset`.
///
/// ```
/// use skyphot_plot::{Panel, SecondAxis};
/// // Arcsec below, pixels of 0.11 arcsec above.
/// let pixels = SecondAxis { label: "pixels".into(), scale: 1.0 / 0.11, offset: 0.0 };
/// let panel = Panel { x_label: "arcsec".into(), x_top: Some(pixels), ..Panel::default() };
/// assert!(panel.y_right.is_none());
/// ```
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "secondary_xaxis")]
#[doc(alias = "secondary_yaxis")]
pub struct SecondAxis {
    /// Name.
    pub label: String,
    /// Its value for a coordinate of 1, less that for 0. Not 0; positive on a logarithmic axis.
    pub scale: f64,
    /// Its value for a coordinate of 0; 0 on a logarithmic axis.
    pub offset: f64,
}

impl SecondAxis {
    /// # Errors
    /// [`PlotError::InvalidParameter`] if the axis has no direction or cannot be logarithmic.
    pub(crate) fn check(&self, log: bool) -> Result<()> {
        let right = self.scale != 0.0 && self.scale.is_finite() && self.offset.is_finite();
        if right && (!log || self.scale > 0.0 && self.offset == 0.0) {
            return Ok(());
        }
        Err(PlotError::InvalidParameter {
            what: "a second axis",
            expected: "a scale other than 0; on a logarithmic axis a positive one, and no offset",
            found: format!("scale {}, offset {}", self.scale, self.offset),
        })
    }
}
