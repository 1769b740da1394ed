//! Sources and apertures as figures of a picture.

use skyphot_aperture::PixelShape;
use skyphot_core::Point;
use skyphot_plot::{Color, Overlay, Shape};

/// Circles of radius `r` pixels around the sources.
#[must_use]
pub fn overlay_of(positions: &[Point], r: f64) -> Overlay {
    let good: Vec<Point> = positions.iter().copied().filter(|p| p.is_finite()).collect();
    Overlay::circles(&good, r).with_color(Color { r: 220, g: 30, b: 30 }).with_line_width(1.2)
}

/// An aperture at a position as figures of a picture; nothing for a position that is not finite.
#[must_use]
pub fn picture_of(center: Point, shape: &PixelShape) -> Vec<Shape> {
    if !center.is_finite() {
        return Vec::new();
    }
    match shape {
        PixelShape::Circle(s) => vec![Shape::Circle { center, r: s.r() }],
        PixelShape::CircularAnnulus(s) => vec![Shape::Annulus { center, r_in: s.r_in(), r_out: s.r_out() }],
        PixelShape::Ellipse(s) => vec![Shape::Ellipse { center, a: s.a(), b: s.b(), theta: s.theta() }],
        PixelShape::EllipticalAnnulus(s) => vec![
            Shape::Ellipse { center, a: s.a_in(), b: s.b_in(), theta: s.theta() },
            Shape::Ellipse { center, a: s.a_out(), b: s.b_out(), theta: s.theta() },
        ],
        PixelShape::Rectangle(s) => vec![Shape::Rectangle { center, w: s.w(), h: s.h(), theta: s.theta() }],
        PixelShape::RectangularAnnulus(s) => vec![
            Shape::Rectangle { center, w: s.w_in(), h: s.h_in(), theta: s.theta() },
            Shape::Rectangle { center, w: s.w_out(), h: s.h_out(), theta: s.theta() },
        ],
        PixelShape::Polygon(s) => vec![Shape::Polygon { vertices: s.vertices(center) }],
        _ => Vec::new(),
    }
}
