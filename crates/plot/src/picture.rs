//! A finished picture.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::render::{encode_png, render_rgb, render_svg};
use crate::scene::Item;
use crate::{PlotError, Result};

/// A picture that can be written as PNG or SVG.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    pub(crate) items: Vec<Item>,
    pub(crate) size: (u32, u32),
}

impl Picture {
    /// Width and height, canvas pixels.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        self.size
    }

    /// The pixels: `height * width * 3` bytes of sRGB, top row first.
    ///
    /// # Errors
    /// [`PlotError::Draw`] if the drawing library fails.
    pub fn to_rgb(&self) -> Result<Vec<u8>> {
        render_rgb(&self.items, self.size)
    }

    /// The picture as a PNG file.
    ///
    /// # Errors
    /// [`PlotError::Draw`] if the drawing library fails.
    pub fn to_png(&self) -> Result<Vec<u8>> {
        encode_png(&self.to_rgb()?, self.size)
    }

    /// The picture as an SVG document: the image as pixels, everything else as lines and text.
    ///
    /// # Errors
    /// [`PlotError::Draw`] if the drawing library fails.
    pub fn to_svg(&self) -> Result<String> {
        render_svg(&self.items, self.size)
    }

    /// Writes a `.png` or `.svg` file. The file appears complete or not at all: it is written under a temporary name
    /// next to its place and renamed.
    ///
    /// # Errors
    /// [`PlotError::UnknownFormat`] for another suffix, [`PlotError::Exists`] if the file is there and `overwrite` is
    /// false, [`PlotError::Write`], [`PlotError::Draw`].
    pub fn save(&self, path: impl AsRef<Path>, overwrite: bool) -> Result<()> {
        let path = path.as_ref();
        let suffix = path.extension().and_then(|s| s.to_str()).map(str::to_ascii_lowercase);
        if !matches!(suffix.as_deref(), Some("png" | "svg")) {
            return Err(PlotError::UnknownFormat(path.to_owned()));
        }
        if !overwrite && path.exists() {
            return Err(PlotError::Exists(path.to_owned()));
        }
        let bytes =
            if suffix.as_deref() == Some("svg") { self.to_svg()?.into_bytes() } else { self.to_png()? };
        write_whole(path, &bytes).map_err(|source| PlotError::Write { path: path.to_owned(), source })
    }
}

fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.{}.tmp", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
    let temporary = path.with_file_name(name);
    let written = fs::File::create_new(&temporary)
        .and_then(|mut f| f.write_all(bytes).and_then(|()| f.sync_all()))
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Color;

    fn small() -> Picture {
        let fill = Item::Fill { x0: 0.0, y0: 0.0, x1: 2.0, y1: 1.0, color: Color::RED };
        Picture { items: vec![fill], size: (3, 2) }
    }

    #[test]
    fn pixels_are_where_they_should_be() {
        let (r, w) = ([255, 0, 0], [255, 255, 255]);
        assert_eq!(small().to_rgb().unwrap(), [r, r, w, w, w, w].concat());
    }

    #[test]
    fn files_are_whole_and_not_overwritten_by_accident() {
        let dir = tempfile::tempdir().unwrap();
        let p = dir.path().join("a.png");
        small().save(&p, false).unwrap();
        assert!(fs::read(&p).unwrap().starts_with(b"\x89PNG"));
        assert!(matches!(small().save(&p, false), Err(PlotError::Exists(_))));
        small().save(&p, true).unwrap();
        small().save(dir.path().join("b.SVG"), false).unwrap();
        assert!(matches!(small().save(dir.path().join("c.jpg"), false), Err(PlotError::UnknownFormat(_))));
        assert!(matches!(small().save(dir.path().join("no/d.png"), false), Err(PlotError::Write { .. })));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }
}
