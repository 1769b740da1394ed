//! Regions of a file as positions and apertures on an exposure.

use ndarray::Array2;
use skyphot_aperture::{Aperture, Coverage, OverlapMethod, PixelShape, region_to_pixel};
use skyphot_core::region::{PixelFrames, Region, RegionFrame, RegionShape};
use skyphot_core::{BoundingBox, HeaderView, Point, SkyTransform};
use skyphot_wcs::sky::SkyFrame;

use crate::SkyMap;

/// What a region file means on an image.
#[derive(Debug, Clone, Default)]
pub struct RegionShapes {
    /// Positions of the shapes, pixels.
    pub positions: Vec<Point>,
    /// The shapes with an area, in the order of the file.
    pub shapes: Vec<PixelShape>,
    /// Text of each shape, or nothing.
    pub names: Vec<Option<String>>,
    /// Positions of the point regions, pixels.
    pub points: Vec<Point>,
    /// Text of each point, or nothing.
    pub point_names: Vec<Option<String>>,
    /// Shapes that are cut out (`-circle(...)`).
    pub excluded: Vec<(Point, PixelShape)>,
    /// What was left out and why.
    pub notes: Vec<String>,
}

/// Puts regions on an image: those in physical or detector pixels through its header, those on the sky through its map.
/// What cannot be put there is left out with a note.
#[must_use]
pub fn region_shapes(regions: &[Region], header: &dyn HeaderView, sky: Option<&SkyMap>) -> RegionShapes {
    let mut out = RegionShapes::default();
    let frames = match PixelFrames::from_header(header) {
        Ok(f) => f,
        Err(e) => {
            out.notes.push(format!("{e}: physical pixels are taken for image pixels"));
            PixelFrames::default()
        }
    };
    for (i, region) in regions.iter().enumerate() {
        let mut skip = |why: String| {
            out.notes.push(format!("region {} ({}) is left out: {why}", i + 1, region.shape.name()))
        };
        let region = match frames.to_image(region) {
            Ok(r) => r,
            Err(e) => {
                skip(e.to_string());
                continue;
            }
        };
        let map = match (region.frame.is_pixel(), sky, sky_frame(region.frame)) {
            (true, ..) => None,
            (false, Some(map), Some(frame)) => Some(map.in_frame(frame)),
            (false, None, _) => {
                skip(format!("it is on the sky ({}), and the image has no celestial WCS", region.frame));
                continue;
            }
            (false, _, None) => {
                skip(format!("the frame {} cannot be converted", region.frame));
                continue;
            }
        };
        let text = region.meta.text.clone();
        if let RegionShape::Point { position } = &region.shape {
            match &map {
                None => out.points.push(position.pixel()),
                Some(map) => match map.sky_to_pixel(position.sky()) {
                    Some(p) => out.points.push(p),
                    None => {
                        skip("it is not on the image's part of the sky".to_owned());
                        continue;
                    }
                },
            }
            out.point_names.push(text);
            continue;
        }
        match region_to_pixel(&region, map.as_ref().map(|m| m as &dyn SkyTransform)) {
            Ok(found) if !region.include => out.excluded.push(found),
            Ok((at, shape)) => {
                out.positions.push(at);
                out.shapes.push(shape);
                out.names.push(text);
            }
            Err(e) => skip(e.to_string()),
        }
    }
    out
}

/// The frame of the WCS code for a frame of regions.
fn sky_frame(frame: RegionFrame) -> Option<SkyFrame> {
    Some(match frame {
        RegionFrame::Icrs => SkyFrame::Icrs,
        RegionFrame::Fk5 => SkyFrame::Fk5 { equinox: 2000.0 },
        RegionFrame::Fk4 => SkyFrame::Fk4 { equinox: 1950.0 },
        RegionFrame::Galactic => SkyFrame::Galactic,
        RegionFrame::Ecliptic => SkyFrame::Ecliptic { equinox: 2000.0 },
        _ => return None,
    })
}

impl RegionShapes {
    /// Marks the pixels whose centres lie in an excluded shape, if there is one.
    pub fn exclude(&self, mask: &mut Option<Array2<bool>>, (ny, nx): (usize, usize)) {
        let window = BoundingBox { x_min: 0, x_max: nx as i64, y_min: 0, y_max: ny as i64 };
        let mut cover = Coverage::new();
        for (at, shape) in &self.excluded {
            let mask = mask.get_or_insert_with(|| Array2::from_elem((ny, nx), false));
            shape.coverage(*at, OverlapMethod::Center, &window, &mut cover);
            cover.for_each(|y, x, w| mask[[y, x]] |= w > 0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skyphot_core::region::RegionPoint;

    struct NoKeys;

    impl HeaderView for NoKeys {
        fn get_str(&self, _: &str) -> Option<String> {
            None
        }

        fn keys(&self) -> Vec<String> {
            Vec::new()
        }
    }

    #[test]
    fn shapes_points_holes_and_what_is_left_out() {
        let p = RegionPoint::new(5.0, 6.0);
        let circle = RegionShape::Circle { center: p, radius: 2.0 };
        let mut hole = Region::new(circle.clone(), RegionFrame::Physical);
        hole.include = false;
        let regions = [
            Region::new(circle.clone(), RegionFrame::Image),
            hole,
            Region::new(RegionShape::Point { position: p }, RegionFrame::Image),
            Region::new(circle, RegionFrame::Galactic),
            Region::new(RegionShape::Line { start: p, end: p }, RegionFrame::Image),
        ];
        let r = region_shapes(&regions, &NoKeys, None);
        assert_eq!((r.positions.len(), r.points.len(), r.excluded.len(), r.notes.len()), (1, 1, 1, 2));
        assert!(
            r.notes[0].starts_with("region 4 (circle) is left out") && r.notes[0].contains("celestial WCS")
        );
        assert!(r.notes[1].contains("line has no area"), "{}", r.notes[1]);
        let mut mask = None;
        r.exclude(&mut mask, (20, 10));
        assert_eq!(mask.unwrap().iter().filter(|m| **m).count(), 9, "centres closer than 2 pixels");
    }
}
