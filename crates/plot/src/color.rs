//! Colours.

use std::fmt;
use std::str::FromStr;

use crate::PlotError;

/// An sRGB colour.
///
/// ```
/// use skyphot_plot::Color;
/// assert_eq!("red".parse::<Color>()?, Color::RED);
/// assert_eq!("#ff8000".parse::<Color>()?, Color::new(255, 128, 0));
/// # Ok::<(), skyphot_plot::PlotError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Color {
    /// Red, 0 to 255.
    pub r: u8,
    /// Green, 0 to 255.
    pub g: u8,
    /// Blue, 0 to 255.
    pub b: u8,
}

const NAMES: [(&str, Color); 17] = [
    ("black", Color::BLACK),
    ("white", Color::WHITE),
    ("gray", Color::GRAY),
    ("grey", Color::GRAY),
    ("red", Color::RED),
    ("green", Color::GREEN),
    ("lime", Color::LIME),
    ("blue", Color::BLUE),
    ("cyan", Color::CYAN),
    ("magenta", Color::MAGENTA),
    ("yellow", Color::YELLOW),
    ("orange", Color::ORANGE),
    ("purple", Color::new(128, 0, 128)),
    ("dodgerblue", Color::DODGER_BLUE),
    ("deepskyblue", Color::new(0, 191, 255)),
    ("cornflowerblue", Color::new(100, 149, 237)),
    ("darkorange", Color::new(255, 140, 0)),
];

#[allow(missing_docs)]
impl Color {
    pub const BLACK: Self = Self::new(0, 0, 0);
    pub const WHITE: Self = Self::new(255, 255, 255);
    pub const GRAY: Self = Self::new(128, 128, 128);
    pub const RED: Self = Self::new(255, 0, 0);
    pub const GREEN: Self = Self::new(0, 128, 0);
    pub const LIME: Self = Self::new(0, 255, 0);
    pub const BLUE: Self = Self::new(0, 0, 255);
    pub const CYAN: Self = Self::new(0, 255, 255);
    pub const MAGENTA: Self = Self::new(255, 0, 255);
    pub const YELLOW: Self = Self::new(255, 255, 0);
    pub const ORANGE: Self = Self::new(255, 165, 0);
    pub const DODGER_BLUE: Self = Self::new(30, 144, 255);
}

impl Color {
    /// The colour of three components, 0 to 255 each.
    #[must_use]
    pub const fn new(r: u8, g: u8, b: u8) -> Self {
        Self { r, g, b }
    }

    pub(crate) const fn from_u32(v: u32) -> Self {
        Self { r: (v >> 16) as u8, g: (v >> 8) as u8, b: v as u8 }
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.r, self.g, self.b)
    }
}

impl FromStr for Color {
    type Err = PlotError;

    fn from_str(s: &str) -> Result<Self, PlotError> {
        let lower = s.trim().to_ascii_lowercase();
        if let Some((_, c)) = NAMES.iter().find(|(n, _)| *n == lower) {
            return Ok(*c);
        }
        lower
            .strip_prefix('#')
            .filter(|h| h.len() == 6)
            .and_then(|h| u32::from_str_radix(h, 16).ok())
            .map(Self::from_u32)
            .ok_or_else(|| PlotError::Parse {
                what: "colour",
                expected: "#rrggbb, black, white, gray, red, green, lime, blue, cyan, magenta, yellow, orange, purple, dodgerblue, deepskyblue, cornflowerblue or darkorange",
                found: s.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        assert_eq!("Cyan".parse::<Color>().unwrap(), Color::CYAN);
        let c = Color::new(1, 2, 254);
        assert_eq!(c.to_string(), "#0102fe");
        assert_eq!(c.to_string().parse::<Color>().unwrap(), c);
        assert!("#12".parse::<Color>().is_err());
        assert!("blurple".parse::<Color>().unwrap_err().to_string().contains("dodgerblue"));
    }
}
