//! Lines across a panel.

use crate::{Color, LineStyle};

/// A straight line across a panel, named in the legend.
///
/// ```
/// use skyphot_plot::{Color, Guide, LineStyle};
/// let median = Guide { line_style: LineStyle::Dashed, color: Some(Color::RED), ..Guide::horizontal(0.02) };
/// assert_eq!(median.value, 0.02);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[doc(alias = "axhline")]
#[doc(alias = "axvline")]
pub struct Guide {
    /// Place on the x axis of a vertical line, on the y axis of a horizontal one.
    pub value: f64,
    /// Vertical.
    pub vertical: bool,
    /// Name in the legend; none without it.
    pub name: Option<String>,
    /// Colour; a dark grey without it.
    pub color: Option<Color>,
    /// How the line is broken.
    pub line_style: LineStyle,
    /// Width, canvas pixels; 1.6 without it.
    pub width: Option<f64>,
}

impl Guide {
    /// A horizontal line.
    #[must_use]
    pub fn horizontal(value: f64) -> Self {
        Self { value, ..Self::default() }
    }

    /// A vertical line.
    #[must_use]
    pub fn vertical(value: f64) -> Self {
        Self { value, vertical: true, ..Self::default() }
    }

    pub(crate) fn color(&self) -> Color {
        self.color.unwrap_or(Color::new(70, 70, 70))
    }
}
