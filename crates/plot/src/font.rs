//! The bundled font: no font of the system is needed.

use std::sync::Once;

use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};

/// DejaVu Sans (Bitstream Vera licence, see `assets/LICENSE-DejaVu.txt`), Latin, Greek and the usual symbols.
static FONT: &[u8] = include_bytes!("../assets/DejaVuSans-subset.ttf");

/// Name of the family; SVG viewers without it take their own sans-serif font.
const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// The font at a size in pixels.
pub(crate) fn font(size: f64) -> FontDesc<'static> {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        // The bytes are ours: a failure would show in every test that draws.
        let _ = register_font(FAMILY, FontStyle::Normal, FONT);
    });
    FontDesc::new(FontFamily::Name(FAMILY), size, FontStyle::Normal)
}

/// Width of a line of text in pixels.
pub(crate) fn text_width(text: &str, size: f64) -> f64 {
    // Measured large: the layout box is in whole pixels.
    font(size * 16.0).layout_box(text).map_or(0.0, |((x0, _), (x1, _))| f64::from(x1 - x0) / 16.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_a_width() {
        assert!(text_width("12345", 12.0) > 25.0);
        assert!(text_width("x", 12.0) < text_width("xxx", 12.0));
        assert_eq!(text_width("", 12.0), 0.0);
    }
}
