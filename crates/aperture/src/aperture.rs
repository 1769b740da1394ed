//! The seam between shapes and measurements.

use std::fmt::Debug;

use skyphot_core::{BoundingBox, Image, Meta, Pixel, Point};
use skyphot_geometry::{Coverage, OverlapMethod};

use crate::{ApertureMask, Result};

/// A shape that can be put at any position of an image.
///
/// Everything that measures takes any `Aperture`; a new shape only has to say which pixels it covers. Values are
/// checked when a shape is made, so nothing here can fail.
pub trait Aperture: Debug + Send + Sync {
    /// Name of the shape as the tables give it, for instance `CircularAperture`.
    fn name(&self) -> &'static str;

    /// Names and values of the parameters, lengths in pixels and angles in radians.
    fn params(&self) -> Vec<(&'static str, f64)>;

    /// Area of the shape, square pixels.
    fn area(&self) -> f64;

    /// The smallest box of whole pixels that contains the shape at a finite position.
    fn bbox(&self, center: Point) -> BoundingBox;

    /// Fills `out` with what the shape at a finite position covers of a window.
    fn coverage(&self, center: Point, method: OverlapMethod, window: &BoundingBox, out: &mut Coverage);

    /// The weights as an array over the bounding box.
    ///
    /// # Errors
    /// As [`ApertureMask::new`].
    fn to_mask(&self, center: Point, method: OverlapMethod) -> Result<ApertureMask>
    where
        Self: Sized,
    {
        ApertureMask::new(self, center, method)
    }
}

/// Sum of the weights on unmasked pixels of an image, for every position. Values of pixels play no part; NaN where the
/// bounding box and the image do not overlap, and for positions that are not finite.
///
/// # Errors
/// An overlap method out of range.
pub fn area_overlap<T: Pixel>(
    image: &Image<'_, T>,
    positions: &[Point],
    aperture: &dyn Aperture,
    method: OverlapMethod,
) -> Result<Vec<f64>> {
    method.validate()?;
    let (ny, nx) = image.shape();
    let window = BoundingBox::new(0, nx as i64, 0, ny as i64)?;
    let mut cover = Coverage::new();
    Ok(positions
        .iter()
        .map(|&p| {
            if !p.is_finite() {
                return f64::NAN;
            }
            aperture.coverage(p, method, &window, &mut cover);
            if !cover.overlaps() {
                return f64::NAN;
            }
            match image.mask() {
                None => cover.area(),
                Some(m) => {
                    let mut area = 0.0;
                    cover.for_each(|y, x, w| {
                        if !m[[y, x]] {
                            area += w;
                        }
                    });
                    area
                }
            }
        })
        .collect())
}

/// Writes name and parameters of an aperture into the metadata of a table, as `aperture<index>`,
/// `aperture<index>_<parameter>`.
pub(crate) fn describe(aperture: &dyn Aperture, index: &str, meta: &mut Meta) {
    meta.set(format!("aperture{index}"), aperture.name());
    for (name, value) in aperture.params() {
        meta.set(format!("aperture{index}_{name}"), value);
    }
}
