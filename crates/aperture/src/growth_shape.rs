//! Shapes of curves of growth.

use skyphot_core::Meta;

use crate::{Aperture, ApertureError, CircularAperture, EllipticalAperture, RectangularAperture, Result};

/// The shape of the nested apertures of a curve of growth.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum GrowthShape {
    /// Circles; the size is the radius.
    #[default]
    Circle,
    /// Ellipses; the size is the semimajor axis.
    #[doc(alias = "EllipticalCurveOfGrowth")]
    Ellipse {
        /// Semiminor over semimajor axis, greater than 0 and at most 1.
        axis_ratio: f64,
        /// Angle of the major axis, radians counter-clockwise from +x.
        theta: f64,
    },
    /// Squares along the axes; the size is half their side.
    #[doc(alias = "EnsquaredCurveOfGrowth")]
    Square,
}

impl GrowthShape {
    /// The aperture of one size.
    pub(crate) fn aperture(self, size: f64) -> Result<Box<dyn Aperture>> {
        match self {
            Self::Circle => Ok(Box::new(CircularAperture::new(size)?)),
            Self::Ellipse { axis_ratio, theta } => {
                if axis_ratio > 0.0 && axis_ratio <= 1.0 {
                    return Ok(Box::new(EllipticalAperture::new(size, size * axis_ratio, theta)?));
                }
                let expected = "greater than 0 and at most 1".to_owned();
                Err(ApertureError::InvalidParameter { name: "axis_ratio", expected, found: axis_ratio })
            }
            Self::Square => Ok(Box::new(RectangularAperture::new(2.0 * size, 2.0 * size, 0.0)?)),
        }
    }

    /// What the list of sizes is called.
    pub(crate) const fn size_name(self) -> &'static str {
        match self {
            Self::Square => "half_sizes",
            _ => "radii",
        }
    }

    pub(crate) const fn size_text(self) -> &'static str {
        match self {
            Self::Circle => "radius of the circle",
            Self::Ellipse { .. } => "semimajor axis of the ellipse",
            Self::Square => "half side of the square",
        }
    }

    pub(crate) fn describe(self, meta: &mut Meta) {
        match self {
            Self::Circle => meta.set("shape", "circle"),
            Self::Square => meta.set("shape", "square"),
            Self::Ellipse { axis_ratio, theta } => {
                meta.set("shape", "ellipse");
                meta.set("axis_ratio", axis_ratio);
                meta.set("theta", theta);
            }
        }
    }
}
