//! Small images of the sources.

use ndarray::Array2;
use skyphot_core::BoundingBox;

use super::images::Plane;
use super::measure::CatalogParts;
use super::source_catalog::SourceCatalog;

/// Which image to cut from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CutoutPlane {
    /// The data.
    #[default]
    Data,
    /// The error image.
    Error,
    /// The convolved data (the data itself if there is none).
    Convolved,
    /// The background image.
    Background,
}

/// What a cutout that hangs over the edge of the image looks like.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum CutoutMode {
    /// It has the full shape, and this value where there is no image (NaN is usual).
    Partial(f64),
    /// It has only the pixels there are.
    #[default]
    Trim,
}

/// A small image and where it lies.
#[derive(Debug, Clone, PartialEq)]
pub struct CatalogCutout {
    /// Pixels `(ny, nx)`.
    pub data: Array2<f64>,
    /// `true` where a pixel is masked, not finite or not of the source's segment.
    pub mask: Array2<bool>,
    /// The place in the whole image.
    pub bbox: BoundingBox,
}

impl SourceCatalog<'_> {
    fn plane(&self, plane: CutoutPlane) -> Option<&dyn Plane> {
        let images = self.images()?;
        match plane {
            CutoutPlane::Data => Some(&*images.data),
            CutoutPlane::Convolved => Some(images.convolved.as_deref().unwrap_or(&*images.data)),
            CutoutPlane::Error => images.error.as_deref(),
            CutoutPlane::Background => images.background.as_deref(),
        }
    }

    fn cut(&self, row: usize, plane: &dyn Plane, b: &BoundingBox, mode: CutoutMode) -> Option<CatalogCutout> {
        let images = self.images()?;
        let clipped = self.noted(row, images.clip(b), || None)?;
        let (bbox, fill) = match mode {
            CutoutMode::Partial(fill) => (*b, fill),
            CutoutMode::Trim => (clipped, 0.0),
        };
        let (label, n) = (self.labels()[row], clipped.shape().1);
        let mut data = Array2::from_elem(bbox.shape(), fill);
        let mut mask = Array2::from_elem(bbox.shape(), true);
        let mut line = vec![0.0; n];
        let left = (clipped.x_min - bbox.x_min) as usize;
        for y in clipped.y_min..clipped.y_max {
            let j = (y - bbox.y_min) as usize;
            images.labels(clipped.x_min, y, n, |i, l| mask[[j, left + i]] = l != label);
            images.masked(clipped.x_min, y, n, |i| mask[[j, left + i]] = true);
            images.read(&*images.data, clipped.x_min, y, &mut line);
            for (i, v) in line.iter().enumerate() {
                mask[[j, left + i]] |= !v.is_finite();
            }
            images.read(plane, clipped.x_min, y, &mut line);
            for (i, v) in line.iter().enumerate() {
                data[[j, left + i]] = *v;
            }
        }
        Some(CatalogCutout { data, mask, bbox })
    }

    /// The bounding box of each segment cut out of an image; `None` where there is no such image.
    #[must_use]
    #[doc(alias = "data_cutout")]
    #[doc(alias = "error_cutout")]
    #[doc(alias = "segment_cutout")]
    pub fn segment_cutouts(&self, plane: CutoutPlane) -> Vec<Option<CatalogCutout>> {
        let image = self.plane(plane);
        self.bbox()
            .iter()
            .enumerate()
            .map(|(i, b)| image.and_then(|p| self.cut(i, p, b, CutoutMode::Trim)))
            .collect()
    }

    /// Cutouts of one shape `(ny, nx)` about the centroids; `None` for sources without a good pixel or centroid, and
    /// where there is no such image.
    #[must_use]
    pub fn make_cutouts(
        &self,
        shape: (usize, usize),
        plane: CutoutPlane,
        mode: CutoutMode,
    ) -> Vec<Option<CatalogCutout>> {
        let own = self.rows(CatalogParts::ISOPHOTAL);
        let rows = self.shapes().rows(CatalogParts::ISOPHOTAL);
        let image = self.plane(plane);
        // The first pixel of `n` about a position, as astropy's overlap_slices has it.
        let first = |v: f64, n: usize| (v - n as f64 / 2.0).ceil() as i64;
        (0..self.len())
            .map(|i| {
                let c = rows[i].center();
                if own[i].iso.all_masked() || !c.is_finite() {
                    return None;
                }
                let (x, y) = (first(c.x, shape.1), first(c.y, shape.0));
                let b =
                    BoundingBox { x_min: x, x_max: x + shape.1 as i64, y_min: y, y_max: y + shape.0 as i64 };
                self.cut(i, image?, &b, mode)
            })
            .collect()
    }
}
