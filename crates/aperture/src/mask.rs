//! The weights of one aperture as an array.

use ndarray::{Array2, ArrayView2, s};
use skyphot_core::{BoundingBox, CoreError, Pixel, Point};
use skyphot_geometry::{Coverage, OverlapMethod};

use crate::{Aperture, ApertureError, Result};

/// Largest number of pixels of a mask.
const LIMIT: u64 = 1 << 31;

/// The weights of an aperture at one position, over its bounding box.
///
/// ```
/// use skyphot_aperture::{ApertureMask, CircularAperture, OverlapMethod};
/// use skyphot_core::Point;
/// let mask = ApertureMask::new(&CircularAperture::new(2.0)?, Point::new(10.0, 12.0), OverlapMethod::Exact)?;
/// assert_eq!(mask.bbox().shape(), (5, 5));
/// let image = mask.to_image((30, 30)).expect("the mask lies on the image");
/// assert!((image.sum() - std::f64::consts::PI * 4.0).abs() < 1e-13);
/// # Ok::<(), skyphot_aperture::ApertureError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ApertureMask {
    data: Array2<f64>,
    bbox: BoundingBox,
}

impl ApertureMask {
    /// The weights of an aperture at a position.
    ///
    /// # Errors
    /// [`ApertureError::MaskSize`] for a position that is not finite and for more than 2^31 pixels;
    /// [`ApertureError::Geometry`] for an overlap method out of range.
    pub fn new(aperture: &dyn Aperture, center: Point, method: OverlapMethod) -> Result<Self> {
        method.validate()?;
        let fail = |pixels| ApertureError::MaskSize { x: center.x, y: center.y, pixels, limit: LIMIT };
        if !center.is_finite() {
            return Err(fail(0));
        }
        let bbox = aperture.bbox(center);
        let side = |lo: i64, hi: i64| u64::try_from(i128::from(hi) - i128::from(lo)).unwrap_or(0);
        let pixels = side(bbox.x_min, bbox.x_max).saturating_mul(side(bbox.y_min, bbox.y_max));
        if pixels > LIMIT {
            return Err(fail(pixels));
        }
        let mut cover = Coverage::new();
        aperture.coverage(center, method, &bbox, &mut cover);
        Ok(Self { data: cover.to_array(bbox.shape()), bbox })
    }

    /// The weights, `(ny, nx)` of the bounding box.
    #[must_use]
    pub fn data(&self) -> ArrayView2<'_, f64> {
        self.data.view()
    }

    /// Where they belong.
    #[must_use]
    pub const fn bbox(&self) -> BoundingBox {
        self.bbox
    }

    /// The weights in an image of a shape `(ny, nx)`, 0 elsewhere; `None` if the bounding box lies outside.
    #[must_use]
    pub fn to_image(&self, shape: (usize, usize)) -> Option<Array2<f64>> {
        let o = self.bbox.overlap(shape)?;
        let mut image = Array2::zeros(shape);
        image.slice_mut(s![o.image_rows, o.image_cols]).assign(&self.data.slice(s![o.box_rows, o.box_cols]));
        Some(image)
    }

    /// The pixels of an image within the bounding box, `fill` where there is no image; `None` if the bounding box lies
    /// outside.
    #[must_use]
    pub fn cutout<T: Pixel>(&self, image: ArrayView2<'_, T>, fill: T) -> Option<Array2<T>> {
        let o = self.bbox.overlap(image.dim())?;
        let mut cut = Array2::from_elem(self.bbox.shape(), fill);
        cut.slice_mut(s![o.box_rows, o.box_cols]).assign(&image.slice(s![o.image_rows, o.image_cols]));
        Some(cut)
    }

    /// The cutout times the weights. Pixels of weight 0 are `fill`, and pixels outside the image `fill` times their
    /// weight. `None` if the bounding box lies outside.
    #[must_use]
    pub fn multiply<T: Pixel>(&self, image: ArrayView2<'_, T>, fill: f64) -> Option<Array2<f64>> {
        let o = self.bbox.overlap(image.dim())?;
        let mut cut = self.data.mapv(|w| if w == 0.0 { fill } else { fill * w });
        let weights = self.data.slice(s![o.box_rows.clone(), o.box_cols.clone()]);
        ndarray::Zip::from(cut.slice_mut(s![o.box_rows, o.box_cols]))
            .and(&weights)
            .and(&image.slice(s![o.image_rows, o.image_cols]))
            .for_each(|c, &w, v| {
                if w != 0.0 {
                    *c = v.to_f64() * w;
                }
            });
        Some(cut)
    }

    /// Values times weights of the unmasked pixels of nonzero weight, row by row; empty if there are none.
    ///
    /// # Errors
    /// [`CoreError::ShapeMismatch`] if the mask has another shape than the image.
    pub fn get_values<T: Pixel>(
        &self,
        image: ArrayView2<'_, T>,
        mask: Option<ArrayView2<'_, bool>>,
    ) -> Result<Vec<f64>> {
        if let Some(m) = mask.filter(|m| m.dim() != image.dim()) {
            return Err(
                CoreError::ShapeMismatch { what: "mask", expected: image.dim(), found: m.dim() }.into()
            );
        }
        let Some(o) = self.bbox.overlap(image.dim()) else { return Ok(Vec::new()) };
        let mut values = Vec::new();
        for (y, by) in o.image_rows.zip(o.box_rows) {
            for (x, bx) in o.image_cols.clone().zip(o.box_cols.clone()) {
                let w = self.data[[by, bx]];
                if w > 0.0 && !mask.is_some_and(|m| m[[y, x]]) {
                    values.push(image[[y, x]].to_f64() * w);
                }
            }
        }
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CircularAperture;

    fn mask(x: f64, y: f64, r: f64) -> ApertureMask {
        let a = CircularAperture::new(r).unwrap();
        a.to_mask(Point::new(x, y), OverlapMethod::Exact).unwrap()
    }

    #[test]
    fn over_a_corner() {
        let m = mask(0.0, 0.0, 2.0);
        let image = Array2::from_elem((20, 20), 2.0_f32);
        let cut = m.cutout(image.view(), -1.0).unwrap();
        assert_eq!((cut[[0, 0]], cut[[2, 2]], cut[[4, 4]]), (-1.0, 2.0, 2.0));
        let times = m.multiply(image.view(), 5.0).unwrap();
        assert_eq!(times[[2, 2]], 2.0);
        assert_eq!(times[[0, 2]], 5.0 * m.data()[[0, 2]]);
        let all = m.to_image((20, 20)).unwrap();
        let values = m.get_values(image.view(), None).unwrap();
        assert!((values.iter().sum::<f64>() - 2.0 * all.sum()).abs() < 1e-14);
        let hide = all.mapv(|w| w == 1.0);
        assert_eq!(m.get_values(image.view(), Some(hide.view())).unwrap().len(), values.len() - 3);
        assert!(m.get_values(image.view(), Some(hide.slice(s![1.., ..]))).is_err());
    }

    #[test]
    fn outside_is_none() {
        let m = mask(-30.0, 5.0, 2.0);
        let image = Array2::from_elem((20, 20), 2.0_f64);
        assert!(m.to_image((20, 20)).is_none());
        assert!(m.cutout(image.view(), 0.0).is_none() && m.multiply(image.view(), 0.0).is_none());
        assert!(m.get_values(image.view(), None).unwrap().is_empty());
    }

    #[test]
    fn masks_have_a_size() {
        let a = CircularAperture::new(1e9).unwrap();
        let e = a.to_mask(Point::new(0.0, 0.0), OverlapMethod::Exact).unwrap_err();
        assert!(matches!(e, ApertureError::MaskSize { .. }), "{e}");
        assert!(a.to_mask(Point::new(f64::NAN, 0.0), OverlapMethod::Exact).is_err());
    }
}
