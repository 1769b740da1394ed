//! Sections of images as FITS headers write them.

use std::ops::Range;
use std::str::FromStr;

use crate::{CalibrationError, Result};

/// Columns and rows of an image, 0-based and half-open; open ends reach to the border.
///
/// ```
/// use skyphot_calibration::ccd::Section;
/// // BIASSEC, TRIMSEC, ...: 1-based, x first, both ends included.
/// let s = Section::from_fits("[91:100, :]", (50, 100))?;
/// assert_eq!((s.x(), s.y()), (90..100, 0..50));
/// # Ok::<(), skyphot_calibration::CalibrationError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    x: Range<usize>,
    y: Range<usize>,
}

impl Section {
    /// Columns `x` and rows `y`.
    ///
    /// # Errors
    /// [`CalibrationError::InvalidSection`] if one is empty.
    pub fn new(x: Range<usize>, y: Range<usize>) -> Result<Self> {
        if x.is_empty() || y.is_empty() {
            return Err(CalibrationError::InvalidSection {
                text: format!("x {x:?}, y {y:?}"),
                nx: x.end,
                ny: y.end,
                why: "it is empty",
            });
        }
        Ok(Self { x, y })
    }

    /// `[x1:x2, y1:y2]`, 1-based with both ends included; `:` or `*` is the whole axis. `shape` is `(ny, nx)`.
    ///
    /// # Errors
    /// [`CalibrationError::InvalidSection`] if the text cannot be read or reaches beyond the image.
    pub fn from_fits(text: &str, shape: (usize, usize)) -> Result<Self> {
        let (ny, nx) = shape;
        let bad = |why| CalibrationError::InvalidSection { text: text.to_owned(), nx, ny, why };
        let inner = text.trim().trim_matches('\'').trim();
        let inner = inner.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(inner);
        let (x, y) = inner.split_once(',').ok_or_else(|| bad("expected [x1:x2, y1:y2]"))?;
        let range = |t: &str, n: usize| -> Result<Range<usize>> {
            let t = t.trim();
            if t == "*" || t == ":" {
                return Ok(0..n);
            }
            let (a, b) = t.split_once(':').unwrap_or((t, t));
            let number = |t: &str, open: usize| {
                let t = t.trim();
                if t.is_empty() { Ok(open) } else { usize::from_str(t).map_err(|_| bad("not whole numbers")) }
            };
            let (a, b) = (number(a, 1)?, number(b, n)?);
            if a < 1 || b < a {
                return Err(bad("an end lies before its start, or a start before 1"));
            }
            if b > n {
                return Err(bad("it reaches beyond the image"));
            }
            Ok(a - 1..b)
        };
        Self::new(range(x, nx)?, range(y, ny)?)
    }

    /// Columns.
    #[must_use]
    pub fn x(&self) -> Range<usize> {
        self.x.clone()
    }

    /// Rows.
    #[must_use]
    pub fn y(&self) -> Range<usize> {
        self.y.clone()
    }

    pub(super) fn check(&self, (ny, nx): (usize, usize)) -> Result<()> {
        if self.x.end <= nx && self.y.end <= ny {
            return Ok(());
        }
        Err(CalibrationError::InvalidSection {
            text: format!("x {:?}, y {:?}", self.x, self.y),
            nx,
            ny,
            why: "it reaches beyond the image",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_of_headers() {
        let at = |t: &str| Section::from_fits(t, (40, 60));
        assert_eq!(at("[1:60,1:40]").unwrap(), Section::new(0..60, 0..40).unwrap());
        assert_eq!(at("'[5, *]'").unwrap().x(), 4..5);
        assert_eq!(at("[:10, 20:]").unwrap(), Section::new(0..10, 19..40).unwrap());
        for bad in ["[1:61,1:40]", "[10:5,:]", "[0:5,:]", "[a:5,:]", "[1:5]", ""] {
            assert!(at(bad).unwrap_err().to_string().contains("60 x 40"), "{bad}");
        }
        assert!(Section::new(3..3, 0..1).is_err());
    }
}
