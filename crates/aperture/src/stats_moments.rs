//! Moments of the pixels in an aperture.

/// Moments up to the third power of the pixels whose centres lie in an aperture.
///
/// `raw[i][j]` is the sum of `y^i x^j` times the value, with `x` and `y` from the lower left corner of the part of the
/// bounding box that lies on the image; `central[i][j]` the same from the centroid. NaN without overlap; without a good
/// pixel `raw` is 0 and `central` NaN but for its first element.
#[doc(alias = "moments_central")]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ApertureMoments {
    /// About the corner of the cutout.
    pub raw: [[f64; 4]; 4],
    /// About the centroid.
    pub central: [[f64; 4]; 4],
}

impl ApertureMoments {
    pub(crate) const NAN: Self = Self { raw: [[f64::NAN; 4]; 4], central: [[f64::NAN; 4]; 4] };

    /// The inertia tensor of the rotation about the centroid; rows and columns are y and x.
    #[must_use]
    pub const fn inertia_tensor(&self) -> [[f64; 2]; 2] {
        let m = &self.central;
        [[m[0][2], -m[1][1]], [-m[1][1], m[2][0]]]
    }
}
