//! Between regions and apertures.

use skyphot_core::region::{Region, RegionFrame, RegionPoint, RegionShape};
use skyphot_core::{Point, SkyCoord, SkyTransform};

use crate::{
    ApertureError, CircularAnnulus, CircularAperture, EllipticalAnnulus, EllipticalAperture, PixelShape,
    PolygonAperture, RectangularAnnulus, RectangularAperture, Result, SkyAperture, SkyCircularAnnulus,
    SkyCircularAperture, SkyEllipticalAnnulus, SkyEllipticalAperture, SkyPolygonAperture,
    SkyRectangularAnnulus, SkyRectangularAperture, SkyShape,
};

/// Arcseconds in a degree.
const ARCSEC: f64 = 3600.0;

/// Position and pixel shape of a region: one in image pixels as it is, one on the sky through a transform whose directions
/// are in the region's frame.
///
/// ```
/// use skyphot_aperture::{PixelShape, region_to_pixel};
/// use skyphot_core::{Point, region::{Region, RegionFrame, RegionPoint, RegionShape}};
/// let shape = RegionShape::Circle { center: RegionPoint::new(30.5, 12.0), radius: 4.0 };
/// let (at, shape) = region_to_pixel(&Region::new(shape, RegionFrame::Image), None)?;
/// assert_eq!(at, Point::new(30.5, 12.0));
/// assert!(matches!(shape, PixelShape::Circle(c) if c.r() == 4.0));
/// # Ok::<(), skyphot_aperture::ApertureError>(())
/// ```
///
/// # Errors
/// [`ApertureError::Region`] for a line, point or text, for physical, detector and amplifier pixels (see
/// [`PixelFrames`](skyphot_core::region::PixelFrames)), and for a region on the sky without a transform; errors of the
/// shape; [`ApertureError::NoPixel`] and [`ApertureError::NoSky`] where the transform has no answer.
#[doc(alias = "region_to_aperture")]
pub fn region_to_pixel(region: &Region, transform: Option<&dyn SkyTransform>) -> Result<(Point, PixelShape)> {
    if region.frame == RegionFrame::Image {
        return pixel_shape(&region.shape);
    }
    let name = region.shape.name();
    if region.frame.is_pixel() {
        return Err(ApertureError::Region(format!(
            "the {name} is in {} pixels: it must be brought to pixels of the image first",
            region.frame
        )));
    }
    let Some(transform) = transform else {
        return Err(ApertureError::Region(format!(
            "the {name} is on the sky ({}), and there is no transform to pixels",
            region.frame
        )));
    };
    let (at, shape) = region_to_sky(region)?;
    shape.to_pixel(transform, at)
}

/// Direction and shape on the sky of a region in a frame of the sky.
///
/// # Errors
/// [`ApertureError::Region`] for a line, point or text, and for a region in pixels; errors of the shape.
#[doc(alias = "region_to_aperture")]
pub fn region_to_sky(region: &Region) -> Result<(SkyCoord, SkyShape)> {
    if region.frame.is_pixel() {
        return Err(ApertureError::Region(format!(
            "the {} is in {} pixels, not on the sky",
            region.shape.name(),
            region.frame
        )));
    }
    // Regions count angles from the west, apertures from the north.
    let turn = |deg: f64| (deg - 90.0).to_radians();
    let arcsec = |deg: f64| deg * ARCSEC;
    Ok(match &region.shape {
        RegionShape::Circle { center, radius } => {
            (center.sky(), SkyCircularAperture::new(arcsec(*radius))?.into())
        }
        RegionShape::CircularAnnulus { center, inner, outer } => {
            (center.sky(), SkyCircularAnnulus::new(arcsec(*inner), arcsec(*outer))?.into())
        }
        RegionShape::Ellipse { center, a, b, angle_deg } => {
            (center.sky(), SkyEllipticalAperture::new(arcsec(*a), arcsec(*b), turn(*angle_deg))?.into())
        }
        RegionShape::EllipticalAnnulus { center, inner, outer, angle_deg } => {
            let [ai, ao, bi, bo] = [inner.0, outer.0, inner.1, outer.1].map(arcsec);
            (center.sky(), SkyEllipticalAnnulus::new(ai, ao, bi, bo, turn(*angle_deg))?.into())
        }
        RegionShape::Rectangle { center, width, height, angle_deg } => {
            let shape = SkyRectangularAperture::new(arcsec(*width), arcsec(*height), turn(*angle_deg))?;
            (center.sky(), shape.into())
        }
        RegionShape::RectangularAnnulus { center, inner, outer, angle_deg } => {
            let [wi, wo, hi, ho] = [inner.0, outer.0, inner.1, outer.1].map(arcsec);
            (center.sky(), SkyRectangularAnnulus::new(wi, wo, hi, ho, turn(*angle_deg))?.into())
        }
        RegionShape::Polygon { vertices } => {
            let vertices: Vec<SkyCoord> = vertices.iter().map(|v| v.sky()).collect();
            let (at, shape) = SkyPolygonAperture::from_vertices(&vertices)?;
            (at, shape.into())
        }
        other => return Err(no_area(other)),
    })
}

/// The region of a pixel shape at a position, in image pixels.
#[must_use]
#[doc(alias = "aperture_to_region")]
pub fn pixel_to_region(at: Point, shape: &PixelShape) -> Region {
    let center = RegionPoint::from(at);
    let shape = match shape {
        PixelShape::Circle(s) => RegionShape::Circle { center, radius: s.r() },
        PixelShape::CircularAnnulus(s) => {
            RegionShape::CircularAnnulus { center, inner: s.r_in(), outer: s.r_out() }
        }
        PixelShape::Ellipse(s) => {
            RegionShape::Ellipse { center, a: s.a(), b: s.b(), angle_deg: s.theta().to_degrees() }
        }
        PixelShape::EllipticalAnnulus(s) => RegionShape::EllipticalAnnulus {
            center,
            inner: (s.a_in(), s.b_in()),
            outer: (s.a_out(), s.b_out()),
            angle_deg: s.theta().to_degrees(),
        },
        PixelShape::Rectangle(s) => {
            RegionShape::Rectangle { center, width: s.w(), height: s.h(), angle_deg: s.theta().to_degrees() }
        }
        PixelShape::RectangularAnnulus(s) => RegionShape::RectangularAnnulus {
            center,
            inner: (s.w_in(), s.h_in()),
            outer: (s.w_out(), s.h_out()),
            angle_deg: s.theta().to_degrees(),
        },
        PixelShape::Polygon(s) => {
            RegionShape::Polygon { vertices: s.vertices(at).into_iter().map(RegionPoint::from).collect() }
        }
    };
    Region::new(shape, RegionFrame::Image)
}

/// The region of a shape on the sky at a direction of a frame.
///
/// # Errors
/// [`ApertureError::Region`] if the frame is one of pixels.
#[doc(alias = "aperture_to_region")]
pub fn sky_to_region(at: SkyCoord, shape: &SkyShape, frame: RegionFrame) -> Result<Region> {
    if frame.is_pixel() {
        return Err(ApertureError::Region(format!("a shape on the sky has no place in {frame} pixels")));
    }
    let center = RegionPoint::from(at);
    let turn = |theta: f64| theta.to_degrees() + 90.0;
    let deg = |arcsec: f64| arcsec / ARCSEC;
    let shape = match shape {
        SkyShape::Circle(s) => RegionShape::Circle { center, radius: deg(s.r()) },
        SkyShape::CircularAnnulus(s) => {
            RegionShape::CircularAnnulus { center, inner: deg(s.r_in()), outer: deg(s.r_out()) }
        }
        SkyShape::Ellipse(s) => {
            RegionShape::Ellipse { center, a: deg(s.a()), b: deg(s.b()), angle_deg: turn(s.theta()) }
        }
        SkyShape::EllipticalAnnulus(s) => RegionShape::EllipticalAnnulus {
            center,
            inner: (deg(s.a_in()), deg(s.b_in())),
            outer: (deg(s.a_out()), deg(s.b_out())),
            angle_deg: turn(s.theta()),
        },
        SkyShape::Rectangle(s) => RegionShape::Rectangle {
            center,
            width: deg(s.w()),
            height: deg(s.h()),
            angle_deg: turn(s.theta()),
        },
        SkyShape::RectangularAnnulus(s) => RegionShape::RectangularAnnulus {
            center,
            inner: (deg(s.w_in()), deg(s.h_in())),
            outer: (deg(s.w_out()), deg(s.h_out())),
            angle_deg: turn(s.theta()),
        },
        SkyShape::Polygon(s) => {
            RegionShape::Polygon { vertices: s.vertices(at).into_iter().map(RegionPoint::from).collect() }
        }
    };
    Ok(Region::new(shape, frame))
}

fn pixel_shape(shape: &RegionShape) -> Result<(Point, PixelShape)> {
    Ok(match shape {
        RegionShape::Circle { center, radius } => (center.pixel(), CircularAperture::new(*radius)?.into()),
        RegionShape::CircularAnnulus { center, inner, outer } => {
            (center.pixel(), CircularAnnulus::new(*inner, *outer)?.into())
        }
        RegionShape::Ellipse { center, a, b, angle_deg } => {
            (center.pixel(), EllipticalAperture::new(*a, *b, angle_deg.to_radians())?.into())
        }
        RegionShape::EllipticalAnnulus { center, inner: i, outer: o, angle_deg } => {
            (center.pixel(), EllipticalAnnulus::new(i.0, o.0, i.1, o.1, angle_deg.to_radians())?.into())
        }
        RegionShape::Rectangle { center, width, height, angle_deg } => {
            (center.pixel(), RectangularAperture::new(*width, *height, angle_deg.to_radians())?.into())
        }
        RegionShape::RectangularAnnulus { center, inner: i, outer: o, angle_deg } => {
            (center.pixel(), RectangularAnnulus::new(i.0, o.0, i.1, o.1, angle_deg.to_radians())?.into())
        }
        RegionShape::Polygon { vertices } => {
            let vertices: Vec<Point> = vertices.iter().map(|v| v.pixel()).collect();
            let (at, shape) = PolygonAperture::from_vertices(&vertices)?;
            (at, shape.into())
        }
        other => return Err(no_area(other)),
    })
}

fn no_area(shape: &RegionShape) -> ApertureError {
    ApertureError::Region(format!("a {} has no area to measure", shape.name()))
}
