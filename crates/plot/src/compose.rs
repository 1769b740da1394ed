//! Several pictures as one.

use crate::Picture;
use crate::axes::{self, PAD, TITLE};
use crate::scene::{Align, Item};

/// Space between pictures, canvas pixels.
const GAP: u32 = 12;

impl Item {
    /// The same thing elsewhere.
    fn moved(&self, dx: u32, dy: u32) -> Self {
        let (x, y) = (f64::from(dx), f64::from(dy));
        match self.clone() {
            Self::Raster(mut r) => {
                r.x += dx;
                r.y += dy;
                Self::Raster(r)
            }
            Self::Fill { x0, y0, x1, y1, color } => {
                Self::Fill { x0: x0 + x, y0: y0 + y, x1: x1 + x, y1: y1 + y, color }
            }
            Self::Line { points, color, width } => {
                let points = points.into_iter().map(|p| (p.0 + x, p.1 + y)).collect();
                Self::Line { points, color, width }
            }
            Self::Area { outlines, color, opacity } => {
                let moved = |ring: Vec<(f64, f64)>| ring.into_iter().map(|p| (p.0 + x, p.1 + y)).collect();
                Self::Area { outlines: outlines.into_iter().map(moved).collect(), color, opacity }
            }
            Self::Text { at, text, size, color, align, vertical } => {
                Self::Text { at: (at.0 + x, at.1 + y), text, size, color, align, vertical }
            }
        }
    }
}

impl Picture {
    /// Pictures side by side, their upper edges in line; nothing for none.
    ///
    /// ```
    /// use skyphot_core::Image;
    /// use skyphot_plot::{Picture, PlotConfig, plot_image};
    /// let data = ndarray::Array2::from_shape_fn((10, 20), |(y, x)| (x * y) as f64);
    /// let one = plot_image(&Image::new(data.view())?, &[], &PlotConfig::default())?;
    /// let two = Picture::row(&[one.clone(), one.clone()]);
    /// assert!(two.size().0 > 2 * one.size().0 && two.size().1 == one.size().1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn row(pictures: &[Self]) -> Self {
        let mut out = Self { items: Vec::new(), size: (0, 0) };
        for p in pictures {
            let x = if out.size.0 == 0 { 0 } else { out.size.0 + GAP };
            out.items.extend(p.items.iter().map(|i| i.moved(x, 0)));
            out.size = (x + p.size.0, out.size.1.max(p.size.1));
        }
        out
    }

    /// The picture below a line of text.
    #[must_use]
    #[doc(alias = "suptitle")]
    pub fn titled(&self, title: &str) -> Self {
        let above = (1.4 * TITLE + PAD).ceil() as u32;
        let (w, h) = self.size;
        let mut items: Vec<Item> = self.items.iter().map(|i| i.moved(0, above)).collect();
        let text = axes::fit(title, TITLE, f64::from(w) - 2.0 * PAD);
        let at = (0.5 * f64::from(w), 0.5 * f64::from(above));
        axes::label(&mut items, at, &text, TITLE, Align::Center, false);
        Self { items, size: (w, h + above) }
    }

    /// Pictures below each other, their left edges in line; nothing for none.
    #[must_use]
    pub fn column(pictures: &[Self]) -> Self {
        let mut out = Self { items: Vec::new(), size: (0, 0) };
        for p in pictures {
            let y = if out.size.1 == 0 { 0 } else { out.size.1 + GAP };
            out.items.extend(p.items.iter().map(|i| i.moved(0, y)));
            out.size = (out.size.0.max(p.size.0), y + p.size.1);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Color;

    #[test]
    fn pixels_move() {
        let fill = Item::Fill { x0: 0.0, y0: 0.0, x1: 1.0, y1: 1.0, color: Color::RED };
        let one = Picture { items: vec![fill], size: (2, 1) };
        let (r, w) = ([255_u8, 0, 0], [255_u8, 255, 255]);
        let row = Picture::row(&[one.clone(), one.clone()]);
        assert_eq!(row.size(), (4 + GAP, 1));
        let pixels = row.to_rgb().unwrap();
        let at = |x: usize| &pixels[3 * x..3 * x + 3];
        assert_eq!(
            (at(0), at(1), at(2 + GAP as usize), at(3 + GAP as usize)),
            (&r[..], &w[..], &r[..], &w[..])
        );
        assert_eq!(Picture::column(&[one.clone(), one]).size(), (2, 2 + GAP));
        assert_eq!(Picture::row(&[]).size(), (0, 0));
        let titled = row.titled("two");
        assert_eq!(titled.size().0, row.size().0);
        let above = (titled.size().1 - 1) as usize;
        assert_eq!(titled.to_rgb().unwrap()[above * 3 * row.size().0 as usize..], pixels);
    }
}
