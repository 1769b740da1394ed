//! The overlay picture of a run.

use skyphot_core::Point;
use skyphot_plot::{Color, Overlay};

/// Circles of radius `r` pixels around the sources.
#[must_use]
pub fn overlay_of(positions: &[Point], r: f64) -> Overlay {
    let good: Vec<Point> = positions.iter().copied().filter(|p| p.is_finite()).collect();
    Overlay::circles(&good, r).with_color(Color { r: 220, g: 30, b: 30 }).with_line_width(1.2)
}
