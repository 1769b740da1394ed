//! An image as contiguous rows.

use std::borrow::Cow;

use ndarray::ArrayView2;
use skyphot_core::{BoundingBox, Image, Pixel};

/// Data, error and mask of an image in row-major order; copied only if they are not stored like that.
#[derive(Debug)]
pub(crate) struct Planes<'a, T: Pixel> {
    data: Cow<'a, [T]>,
    error: Option<Cow<'a, [T]>>,
    mask: Option<Cow<'a, [bool]>>,
    pub(crate) nx: usize,
    pub(crate) ny: usize,
}

/// Borrowed [`Planes`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a, T> {
    pub(crate) data: &'a [T],
    pub(crate) error: Option<&'a [T]>,
    pub(crate) mask: Option<&'a [bool]>,
    pub(crate) nx: usize,
}

pub(crate) fn contiguous<T: Copy>(a: ArrayView2<'_, T>) -> Cow<'_, [T]> {
    match a.to_slice() {
        Some(v) => Cow::Borrowed(v),
        None => Cow::Owned(a.iter().copied().collect()),
    }
}

impl<'a, T: Pixel> Planes<'a, T> {
    pub(crate) fn new(image: &Image<'a, T>) -> Self {
        let (ny, nx) = image.shape();
        Self {
            data: contiguous(image.data()),
            error: image.error().map(contiguous),
            // A mask without a bad pixel is no mask.
            mask: image.mask().map(contiguous).filter(|m| m.contains(&true)),
            nx,
            ny,
        }
    }

    pub(crate) fn rows(&self) -> Rows<'_, T> {
        Rows { data: &self.data, error: self.error.as_deref(), mask: self.mask.as_deref(), nx: self.nx }
    }

    /// The whole image.
    pub(crate) fn window(&self) -> BoundingBox {
        BoundingBox { x_min: 0, x_max: self.nx as i64, y_min: 0, y_max: self.ny as i64 }
    }
}
