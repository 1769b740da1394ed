//! What stands beside a region: text, colour, line, font and anything else.

use std::fmt;

/// Text, looks and other properties of a region. What is `None` was not given.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RegionMeta {
    /// Text beside the region, or of a text region (DS9 `text`, CASA `label`).
    pub text: Option<String>,
    /// Name (`green`) or code (`#0a0`, `2ee6d6`) of the colour.
    pub color: Option<String>,
    /// Tags, in order (DS9 groups).
    pub tags: Vec<String>,
    /// Width of the line, screen pixels (DS9 `width`, CASA `linewidth`).
    pub width: Option<f64>,
    /// The line is dashed.
    pub dash: Option<bool>,
    /// Lengths of the dashes and the gaps, screen pixels.
    pub dash_list: Vec<f64>,
    /// Font of the text.
    pub font: Option<RegionFont>,
    /// How a point is drawn.
    pub symbol: Option<PointSymbol>,
    /// Size of the point's symbol, screen pixels.
    pub symbol_size: Option<f64>,
    /// The shape is filled.
    pub fill: Option<bool>,
    /// Every other property as written, in order: `("select", "1")`, `("corr", "[I, Q]")`.
    pub properties: Vec<(String, String)>,
    /// Words behind the properties that are none.
    pub comment: Option<String>,
}

impl RegionMeta {
    /// The value of a property that has no field of its own. Case matters not.
    #[must_use]
    pub fn property(&self, key: &str) -> Option<&str> {
        self.properties.iter().find(|(k, _)| k.eq_ignore_ascii_case(key)).map(|(_, v)| v.as_str())
    }

    /// Sets a property, in its old place if it was there.
    pub fn set_property(&mut self, key: &str, value: impl Into<String>) {
        let value = value.into();
        match self.properties.iter_mut().find(|(k, _)| k.eq_ignore_ascii_case(key)) {
            Some(p) => p.1 = value,
            None => self.properties.push((key.to_owned(), value)),
        }
    }
}

/// A font as region files name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionFont {
    /// Family: `helvetica`, `times`, `courier`.
    pub family: String,
    /// Size, points.
    pub size: u32,
    /// Bold rather than normal.
    pub bold: bool,
    /// Italic rather than roman.
    pub italic: bool,
}

impl Default for RegionFont {
    fn default() -> Self {
        Self { family: "helvetica".to_owned(), size: 10, bold: false, italic: false }
    }
}

impl fmt::Display for RegionFont {
    /// As DS9 writes it: `helvetica 10 normal roman`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (weight, slant) =
            (if self.bold { "bold" } else { "normal" }, if self.italic { "italic" } else { "roman" });
        write!(f, "{} {} {weight} {slant}", self.family, self.size)
    }
}

/// The sign that marks a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PointSymbol {
    /// A circle.
    Circle,
    /// A square.
    Box,
    /// A diamond.
    Diamond,
    /// An upright cross.
    Cross,
    /// A slanted cross.
    X,
    /// An arrow.
    Arrow,
    /// A circle in a square.
    BoxCircle,
    /// Another of CASA's one-letter signs (`.`, `v`, `*` ...).
    Sign(char),
}
