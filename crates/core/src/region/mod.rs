//! Regions: shapes on an image or on the sky as people draw them, with what they wrote beside them.

mod frame;
mod meta;
mod pixel_frames;
mod shape;

pub use frame::RegionFrame;
pub use meta::{PointSymbol, RegionFont, RegionMeta};
pub use pixel_frames::PixelFrames;
pub use shape::{RegionPoint, RegionShape};

/// A shape in a coordinate frame, whether it counts or is cut out, and its looks.
///
/// ```
/// use skyphot_core::region::{Region, RegionFrame, RegionPoint, RegionShape};
/// let circle = RegionShape::Circle { center: RegionPoint::new(202.48, 47.2), radius: 2.0 / 3600.0 };
/// let mut region = Region::new(circle, RegionFrame::Fk5);
/// region.meta.color = Some("red".into());
/// assert!(region.include && !region.frame.is_pixel());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    /// The shape; lengths and positions in pixels (0-based) or degrees, as the frame says.
    pub shape: RegionShape,
    /// What the coordinates mean.
    pub frame: RegionFrame,
    /// `false` for a region that is cut out of the others (`-circle(...)`).
    pub include: bool,
    /// Text, colour, line and other properties.
    pub meta: RegionMeta,
}

impl Region {
    /// A region that counts, without properties.
    #[must_use]
    pub fn new(shape: RegionShape, frame: RegionFrame) -> Self {
        Self { shape, frame, include: true, meta: RegionMeta::default() }
    }
}
