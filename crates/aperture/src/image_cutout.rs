//! A rectangular part of an image.

use ndarray::{Array2, ArrayView2, s};
use skyphot_core::{BoundingBox, OverlapSlices, Point};

/// What becomes of the part of a cutout beyond the edges of the image.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum CutoutMode<T> {
    /// It is cut off (the default): the cutout may be smaller than asked for.
    #[default]
    Trim,
    /// It holds this value.
    Partial(T),
    /// There is no cutout unless all of it lies on the image.
    Strict,
}

/// A part of an image of a shape around a position, and where it comes from.
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "CutoutImage")]
pub struct ImageCutout<T> {
    data: Array2<T>,
    original: BoundingBox,
    inside: BoundingBox,
}

impl<T: Copy> ImageCutout<T> {
    /// The part of `image` of `shape` (ny, nx) whose centre is nearest to `position` (pixels); along an even side, the
    /// centre lies half a pixel below it at most. `None` without overlap, for a position that is not finite, and in
    /// [`CutoutMode::Strict`] for a part that reaches beyond the image.
    ///
    /// ```
    /// use ndarray::Array2;
    /// use skyphot_aperture::{CutoutMode, ImageCutout};
    /// use skyphot_core::Point;
    /// let image = Array2::from_shape_fn((5, 4), |(y, x)| (4 * y + x) as f64);
    /// let cutout = ImageCutout::new(image.view(), Point::new(0.0, 0.0), (3, 3), CutoutMode::Partial(-1.0));
    /// let cutout = cutout.expect("it lies on the image");
    /// assert_eq!(cutout.data()[[1, 1]], 0.0);
    /// assert_eq!((cutout.data()[[0, 0]], cutout.origin()), (-1.0, (-1, -1)));
    /// ```
    #[must_use]
    pub fn new(
        image: ArrayView2<'_, T>,
        position: Point,
        (ny, nx): (usize, usize),
        mode: CutoutMode<T>,
    ) -> Option<Self> {
        if !position.is_finite() {
            return None;
        }
        // Casts saturate.
        let first = |p: f64, n: usize| (p - 0.5 * n as f64).ceil() as i64;
        let (x, y) = (first(position.x, nx), first(position.y, ny));
        let whole = BoundingBox {
            x_min: x,
            x_max: x.saturating_add_unsigned(nx as u64),
            y_min: y,
            y_max: y.saturating_add_unsigned(ny as u64),
        };
        let OverlapSlices { image_rows, image_cols, box_rows, box_cols } = whole.overlap(image.dim())?;
        let part = image.slice(s![image_rows.clone(), image_cols.clone()]);
        let all = part.dim() == (ny, nx);
        let data = match mode {
            CutoutMode::Strict if !all => return None,
            CutoutMode::Partial(fill) if !all => {
                let mut data = Array2::from_elem((ny, nx), fill);
                data.slice_mut(s![box_rows.clone(), box_cols.clone()]).assign(&part);
                data
            }
            _ => part.to_owned(),
        };
        let at = |v: usize| v as i64;
        let original = BoundingBox {
            x_min: at(image_cols.start),
            x_max: at(image_cols.end),
            y_min: at(image_rows.start),
            y_max: at(image_rows.end),
        };
        let (dx, dy) = if data.dim() == (ny, nx) { (at(box_cols.start), at(box_rows.start)) } else { (0, 0) };
        let (h, w) = (original.y_max - original.y_min, original.x_max - original.x_min);
        let inside = BoundingBox { x_min: dx, x_max: dx + w, y_min: dy, y_max: dy + h };
        Some(Self { data, original, inside })
    }

    /// The pixels.
    #[must_use]
    pub fn data(&self) -> ArrayView2<'_, T> {
        self.data.view()
    }

    /// The pixels, without a copy.
    #[must_use]
    pub fn into_data(self) -> Array2<T> {
        self.data
    }

    /// Where the pixels come from in the image, without those beyond its edges.
    #[must_use]
    #[doc(alias = "slices_original")]
    pub const fn bbox_original(&self) -> BoundingBox {
        self.original
    }

    /// Where these pixels are in the cutout.
    #[must_use]
    #[doc(alias = "slices_cutout")]
    pub const fn bbox_cutout(&self) -> BoundingBox {
        self.inside
    }

    /// Pixel `(x, y)` of the image that is the first one of the cutout; negative beyond the edges.
    #[must_use]
    #[doc(alias = "xyorigin")]
    pub const fn origin(&self) -> (i64, i64) {
        (self.original.x_min - self.inside.x_min, self.original.y_min - self.inside.y_min)
    }
}
