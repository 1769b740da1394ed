//! Outlines of sources as polygons.

use skyphot_core::Point;
use skyphot_core::region::{Region, RegionFrame, RegionPoint, RegionShape};

use super::SegmentationImage;
use crate::error::Result;
use crate::kernel::outline::trace;

/// One connected part of a source: its outline along the edges of its pixels, and its holes.
///
/// Points are pixel coordinates (the corners of pixel `(0, 0)` are at -0.5 and 0.5), only where the outline turns, and
/// the first is not repeated. The exterior runs counter-clockwise with y upwards, holes clockwise. Pixels that share
/// only a corner belong to one part, whose outline passes that corner twice.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentPolygon {
    /// The label of the source.
    pub label: i32,
    /// The outline.
    pub exterior: Vec<Point>,
    /// The outlines of the holes.
    pub holes: Vec<Vec<Point>>,
}

impl SegmentPolygon {
    /// Number of pixels it encloses.
    #[must_use]
    pub fn area(&self) -> f64 {
        signed_area(&self.exterior) + self.holes.iter().map(|h| signed_area(h)).sum::<f64>()
    }
}

/// Area of a ring, positive if it runs counter-clockwise.
fn signed_area(ring: &[Point]) -> f64 {
    let next = ring.iter().cycle().skip(1);
    0.5 * ring.iter().zip(next).map(|(a, b)| a.x * b.y - b.x * a.y).sum::<f64>()
}

impl SegmentationImage {
    /// The connected parts (by edges and corners) of a source as polygons.
    ///
    /// ```
    /// use ndarray::array;
    /// use skyphot_segmentation::SegmentationImage;
    /// let segm = SegmentationImage::new(array![[3, 3, 3], [3, 0, 3], [3, 3, 3]])?;
    /// let p = &segm.polygons(3)?[0];
    /// assert_eq!((p.exterior.len(), p.holes.len(), p.area()), (4, 1, 8.0));
    /// # Ok::<(), skyphot_segmentation::SegmentationError>(())
    /// ```
    ///
    /// # Errors
    /// [`SegmentationError::UnknownLabel`](crate::SegmentationError::UnknownLabel).
    #[doc(alias = "get_polygon")]
    #[doc(alias = "get_polygons")]
    #[doc(alias = "to_patches")]
    pub fn polygons(&self, label: i32) -> Result<Vec<SegmentPolygon>> {
        let segment = self.segment(label)?;
        let b = segment.bbox();
        let point = |(x, y): (u32, u32)| {
            Point::new(b.x_min as f64 + f64::from(x) - 0.5, b.y_min as f64 + f64::from(y) - 0.5)
        };
        let ring = |r: Vec<(u32, u32)>| r.into_iter().map(point).collect::<Vec<_>>();
        Ok(trace(segment.mask())
            .into_iter()
            .map(|p| SegmentPolygon {
                label,
                exterior: ring(p.exterior),
                holes: p.holes.into_iter().map(ring).collect(),
            })
            .collect())
    }

    /// The outlines of all sources as polygon regions in pixels, without their holes; the text of a region is the label
    /// of its source. A source in several parts has several.
    #[must_use]
    #[doc(alias = "get_region")]
    #[doc(alias = "get_regions")]
    pub fn to_regions(&self) -> Vec<Region> {
        let mut out = Vec::new();
        for label in &self.labels {
            for p in self.polygons(*label).unwrap_or_default() {
                let vertices = p.exterior.into_iter().map(RegionPoint::from).collect();
                let mut region = Region::new(RegionShape::Polygon { vertices }, RegionFrame::Image);
                region.meta.text = Some(label.to_string());
                out.push(region);
            }
        }
        out
    }
}
