//! The images a catalogue is measured on, or a window of them.

use std::fmt::Debug;
use std::sync::Arc;

use ndarray::ArrayView2;
use skyphot_core::{BoundingBox, Image, Pixel};

use crate::error::{Result, SegmentationError};

/// Pixels of any stored type, read as `f64` by pieces of rows.
pub(crate) trait Plane: Debug + Send + Sync {
    /// Copies the pixels of row `y` from column `x` on.
    fn read(&self, y: usize, x: usize, out: &mut [f64]);

    /// Asks for the `n` pixels of row `y` from column `x` on to be brought near.
    fn prefetch(&self, y: usize, x: usize, n: usize);

    fn at(&self, y: usize, x: usize) -> f64 {
        let mut v = [0.0];
        self.read(y, x, &mut v);
        v[0]
    }
}

impl<T: Pixel> Plane for ArrayView2<'_, T> {
    fn read(&self, y: usize, x: usize, out: &mut [f64]) {
        let row = self.row(y);
        if let Some(row) = row.as_slice() {
            for (o, v) in out.iter_mut().zip(&row[x..]) {
                *o = v.to_f64();
            }
        } else {
            for (o, v) in out.iter_mut().zip(row.iter().skip(x)) {
                *o = v.to_f64();
            }
        }
    }

    fn prefetch(&self, y: usize, x: usize, n: usize) {
        if let Some(row) = self.row(y).as_slice() {
            prefetch(&row[x..x + n]);
        }
    }
}

/// An image whose rows follow each other, which is read without asking for its strides every time.
#[derive(Debug)]
struct Contiguous<'a, T> {
    pixels: &'a [T],
    nx: usize,
}

impl<T: Pixel> Plane for Contiguous<'_, T> {
    fn read(&self, y: usize, x: usize, out: &mut [f64]) {
        let at = y * self.nx + x;
        for (o, v) in out.iter_mut().zip(&self.pixels[at..]) {
            *o = v.to_f64();
        }
    }

    fn prefetch(&self, y: usize, x: usize, n: usize) {
        let at = y * self.nx + x;
        prefetch(&self.pixels[at..at + n]);
    }
}

/// The quickest way to read an image.
fn plane<'a, T: Pixel>(view: ArrayView2<'a, T>) -> Arc<dyn Plane + 'a> {
    let nx = view.ncols();
    match view.to_slice() {
        Some(pixels) => Arc::new(Contiguous { pixels, nx }),
        None => Arc::new(view),
    }
}

/// Asks for memory to be brought near.
#[inline]
fn prefetch<T>(row: &[T]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        for v in row.chunks((64 / size_of::<T>()).max(1)).chain(row.last().map(std::slice::from_ref)) {
            // SAFETY: a hint that accesses nothing; SSE is part of the baseline.
            #[allow(unsafe_code)]
            unsafe {
                _mm_prefetch::<_MM_HINT_T0>(v.as_ptr().cast());
            }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = row;
}

/// Rows ahead of the one at work that are asked for. Rows of images are often a power of two bytes apart and push each
/// other out of the cache, so it must not be many.
const AHEAD: i64 = 4;

/// What sources are measured on: data (less the background) with errors and mask, the label image, and optionally the
/// data convolved for detection and the background that was subtracted.
///
/// It may be a window of a larger image ([`in_larger_image`](Self::in_larger_image)); positions are always those of the
/// whole image.
#[derive(Debug, Clone)]
pub struct CatalogImages<'a> {
    pub(crate) data: Arc<dyn Plane + 'a>,
    pub(crate) error: Option<Arc<dyn Plane + 'a>>,
    pub(crate) convolved: Option<Arc<dyn Plane + 'a>>,
    pub(crate) background: Option<Arc<dyn Plane + 'a>>,
    mask: Option<ArrayView2<'a, bool>>,
    labels: ArrayView2<'a, i32>,
    /// The same, if its rows follow each other.
    label_pixels: Option<&'a [i32]>,
    window: BoundingBox,
    full: (usize, usize),
}

impl<'a> CatalogImages<'a> {
    /// An image and its labels.
    ///
    /// # Errors
    /// [`SegmentationError::ShapeMismatch`] if the label image has another shape.
    pub fn new<T: Pixel>(image: &Image<'a, T>, labels: ArrayView2<'a, i32>) -> Result<Self> {
        let full = image.shape();
        if labels.dim() != full {
            return Err(SegmentationError::ShapeMismatch {
                what: "segmentation image",
                expected: full,
                found: labels.dim(),
            });
        }
        Ok(Self {
            data: plane(image.data()),
            error: image.error().map(plane),
            convolved: None,
            background: None,
            mask: image.mask(),
            label_pixels: labels.to_slice(),
            labels,
            window: BoundingBox { x_min: 0, x_max: full.1 as i64, y_min: 0, y_max: full.0 as i64 },
            full,
        })
    }

    fn check(&self, what: &'static str, found: (usize, usize)) -> Result<()> {
        let expected = self.window.shape();
        if found == expected {
            Ok(())
        } else {
            Err(SegmentationError::ShapeMismatch { what, expected, found })
        }
    }

    /// Adds the data convolved with the kernel of the detection: centroids and shapes are then measured on it.
    ///
    /// # Errors
    /// [`SegmentationError::ShapeMismatch`].
    pub fn with_convolved_data<T: Pixel>(mut self, convolved: ArrayView2<'a, T>) -> Result<Self> {
        self.check("convolved data", convolved.dim())?;
        self.convolved = Some(plane(convolved));
        Ok(self)
    }

    /// Adds the background that was subtracted from the data, to be measured within each source.
    ///
    /// # Errors
    /// [`SegmentationError::ShapeMismatch`].
    pub fn with_background<T: Pixel>(mut self, background: ArrayView2<'a, T>) -> Result<Self> {
        self.check("background", background.dim())?;
        self.background = Some(plane(background));
        Ok(self)
    }

    /// Declares the images to be a window, its first pixel at `(x, y)`, of a larger image of shape `(ny, nx)`.
    ///
    /// # Errors
    /// [`SegmentationError::ShapeMismatch`] if the window reaches beyond the larger image.
    pub fn in_larger_image(mut self, (x, y): (usize, usize), full: (usize, usize)) -> Result<Self> {
        let (ny, nx) = self.window.shape();
        if y + ny > full.0 || x + nx > full.1 {
            return Err(SegmentationError::ShapeMismatch {
                what: "larger image of a window",
                expected: (y + ny, x + nx),
                found: full,
            });
        }
        self.window =
            BoundingBox { x_min: x as i64, x_max: (x + nx) as i64, y_min: y as i64, y_max: (y + ny) as i64 };
        self.full = full;
        Ok(self)
    }

    /// Shape `(ny, nx)` of the whole image.
    #[must_use]
    pub fn full_shape(&self) -> (usize, usize) {
        self.full
    }

    /// The part of the whole image that is here.
    #[must_use]
    pub fn window(&self) -> BoundingBox {
        self.window
    }

    /// The part of a box on the whole image, `None` if there is none; `Err` with that part if the window lacks some.
    pub(crate) fn clip(&self, b: &BoundingBox) -> std::result::Result<Option<BoundingBox>, BoundingBox> {
        let full = BoundingBox { x_min: 0, x_max: self.full.1 as i64, y_min: 0, y_max: self.full.0 as i64 };
        let Some(c) = b.intersection(&full) else { return Ok(None) };
        let w = &self.window;
        let inside = c.x_min >= w.x_min && c.x_max <= w.x_max && c.y_min >= w.y_min && c.y_max <= w.y_max;
        if inside { Ok(Some(c)) } else { Err(c) }
    }

    /// Most pixels an aperture may have, a guard against absurd shapes.
    pub(crate) fn max_aperture_size(&self) -> f64 {
        ((self.full.0 * self.full.1) as f64).max(1e6)
    }

    fn place(&self, x: i64, y: i64) -> (usize, usize) {
        ((y - self.window.y_min) as usize, (x - self.window.x_min) as usize)
    }

    /// Pixels of a plane from `(x, y)` of the whole image on.
    #[inline]
    pub(crate) fn read(&self, plane: &dyn Plane, x: i64, y: i64, out: &mut [f64]) {
        let (y, x) = self.place(x, y);
        plane.read(y, x, out);
    }

    pub(crate) fn value(&self, plane: &dyn Plane, x: i64, y: i64) -> f64 {
        let (y, x) = self.place(x, y);
        plane.at(y, x)
    }

    /// Asks for the pixels of a box a few rows ahead of row `y`: of the first rows if it is the first.
    #[inline]
    pub(crate) fn ahead<'p>(
        &self,
        b: &BoundingBox,
        y: i64,
        planes: impl Iterator<Item = &'p dyn Plane> + Clone,
    ) {
        let n = (b.x_max - b.x_min) as usize;
        let first = if y == b.y_min { y } else { y + AHEAD };
        for y in first..=(y + AHEAD).min(b.y_max - 1) {
            let (row, x) = self.place(b.x_min, y);
            for p in planes.clone() {
                p.prefetch(row, x, n);
            }
            if let Some(l) = self.label_row(row, x, n) {
                prefetch(l);
            }
        }
    }

    #[inline]
    fn label_row(&self, y: usize, x: usize, n: usize) -> Option<&'a [i32]> {
        let at = y * self.labels.ncols() + x;
        self.label_pixels.map(|l| &l[at..at + n])
    }

    /// One of the `n` pixels of a row belongs to another source than `label`.
    #[inline]
    pub(crate) fn any_neighbor(&self, x: i64, y: i64, n: usize, label: i32) -> bool {
        let (y, x) = self.place(x, y);
        let other = |l: i32| l != 0 && l != label;
        match self.label_row(y, x, n) {
            Some(row) => row.iter().fold(false, |any, &l| any | other(l)),
            None => self.labels.row(y).iter().skip(x).take(n).any(|&l| other(l)),
        }
    }

    /// Calls `f(i, label)` for the `n` pixels of a row.
    #[inline]
    pub(crate) fn labels(&self, x: i64, y: i64, n: usize, mut f: impl FnMut(usize, i32)) {
        let (y, x) = self.place(x, y);
        match self.label_row(y, x, n) {
            Some(row) => row.iter().enumerate().for_each(|(i, &l)| f(i, l)),
            None => self.labels.row(y).iter().skip(x).take(n).enumerate().for_each(|(i, &l)| f(i, l)),
        }
    }

    /// Calls `f(i)` for every masked one of the `n` pixels of a row.
    #[inline]
    pub(crate) fn masked(&self, x: i64, y: i64, n: usize, mut f: impl FnMut(usize)) {
        let Some(mask) = &self.mask else { return };
        let (y, x) = self.place(x, y);
        let row = mask.row(y);
        match row.as_slice() {
            Some(row) => row[x..x + n].iter().enumerate().filter(|(_, m)| **m).for_each(|(i, _)| f(i)),
            None => row.iter().skip(x).take(n).enumerate().filter(|(_, m)| **m).for_each(|(i, _)| f(i)),
        }
    }
}
