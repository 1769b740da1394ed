//! The fate of one point.

/// How the transformation of one point ended. Points that are not [`Ok`](Self::Ok) are NaN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum PointStatus {
    /// The answer is good.
    #[default]
    Ok,
    /// The input is NaN or infinite.
    NotFinite,
    /// The projection has no such point: outside the map, or on the far side of the sphere.
    OutsideProjection,
    /// The pixel is outside the bounding box for which the system is meant.
    OutsideBoundingBox,
    /// The inverse of a distortion did not converge.
    #[doc(alias = "NoConvergence")]
    Diverged,
}

impl PointStatus {
    /// The answer is good.
    #[must_use]
    pub fn is_ok(self) -> bool {
        self == Self::Ok
    }

    /// A short name for tables: `ok`, `not_finite`, `outside_projection`, `outside_bounding_box`,
    /// `diverged`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NotFinite => "not_finite",
            Self::OutsideProjection => "outside_projection",
            Self::OutsideBoundingBox => "outside_bounding_box",
            Self::Diverged => "diverged",
        }
    }
}
