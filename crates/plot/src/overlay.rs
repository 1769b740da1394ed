//! Figures with one look.

use skyphot_core::Point;

use crate::{Color, LineStyle, MarkerKind, Shape};

/// Figures drawn on an image in one colour and line width.
///
/// ```
/// use skyphot_core::Point;
/// use skyphot_plot::{Color, Overlay};
/// let stars = [Point::new(10.0, 12.5), Point::new(40.2, 7.0)];
/// let o = Overlay::circles(&stars, 5.0).with_color(Color::CYAN).with_line_width(2.0);
/// assert_eq!(o.shapes.len(), 2);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Overlay {
    /// The figures, drawn in this order.
    pub shapes: Vec<Shape>,
    /// Colour of lines and text.
    pub color: Color,
    /// Line width, canvas pixels; 0: no lines.
    pub line_width: f64,
    /// How lines are broken.
    pub line_style: LineStyle,
    /// Opacity of what the figures enclose, 0 to 1 (of an annulus the ring); without it nothing but lines is drawn.
    pub fill: Option<f64>,
}

impl Default for Overlay {
    fn default() -> Self {
        Self {
            shapes: Vec::new(),
            color: Color::RED,
            line_width: 1.2,
            line_style: LineStyle::Solid,
            fill: None,
        }
    }
}

impl Overlay {
    /// An overlay of any figures, red and 1.2 canvas pixels wide.
    #[must_use]
    pub fn new(shapes: Vec<Shape>) -> Self {
        Self { shapes, ..Self::default() }
    }

    /// Circles of radius `r` image pixels.
    #[must_use]
    pub fn circles(centers: &[Point], r: f64) -> Self {
        Self::new(centers.iter().map(|&center| Shape::Circle { center, r }).collect())
    }

    /// Circular annuli, image pixels.
    #[must_use]
    pub fn annuli(centers: &[Point], r_in: f64, r_out: f64) -> Self {
        Self::new(centers.iter().map(|&center| Shape::Annulus { center, r_in, r_out }).collect())
    }

    /// Symbols, `size` canvas pixels across.
    #[must_use]
    pub fn markers(centers: &[Point], kind: MarkerKind, size: f64) -> Self {
        Self::new(centers.iter().map(|&center| Shape::Marker { center, kind, size }).collect())
    }

    /// One label per position, in text of 12 canvas pixels, to the upper right by `offset` image pixels.
    #[must_use]
    pub fn labels<S: ToString>(positions: &[Point], labels: &[S], offset: f64) -> Self {
        let text = |(&at, s): (&Point, &S)| Shape::Text { at, text: s.to_string(), size: 12.0, offset };
        Self::new(positions.iter().zip(labels).map(text).collect())
    }

    /// The same figures in another colour.
    #[must_use]
    pub fn with_color(mut self, color: Color) -> Self {
        self.color = color;
        self
    }

    /// The same figures with another line width, canvas pixels.
    #[must_use]
    pub fn with_line_width(mut self, line_width: f64) -> Self {
        self.line_width = line_width;
        self
    }

    /// The same figures with broken lines.
    #[must_use]
    pub fn with_line_style(mut self, line_style: LineStyle) -> Self {
        self.line_style = line_style;
        self
    }

    /// The same figures filled with their colour, with an opacity of 0 to 1.
    ///
    /// ```
    /// use skyphot_core::Point;
    /// use skyphot_plot::Overlay;
    /// let rings = Overlay::annuli(&[Point::new(10.0, 12.5)], 4.0, 6.0).with_fill(0.4);
    /// assert_eq!(rings.fill, Some(0.4));
    /// ```
    #[must_use]
    #[doc(alias = "fill")]
    #[doc(alias = "alpha")]
    pub fn with_fill(mut self, opacity: f64) -> Self {
        self.fill = Some(opacity);
        self
    }
}
