//! Which pixels may be used, from their data-quality words, and what lies within apertures.

use ndarray::{Array2, ArrayView2};
use skyphot_core::{Exec, Point};

use crate::{CalibrationError, Result};

/// Pixels whose data-quality word is none of `good`: a mask, `true` = bad.
///
/// This is a test of whole words, as in the MIRI notebooks (`0, 2, 4, 6`), not of bits: a word with one more bit set is
/// bad. For bits see `DataQuality::mask` of `skyphot-core`.
#[must_use]
pub fn mask_all_but(words: ArrayView2<'_, u32>, good: &[u32]) -> Array2<bool> {
    words.mapv(|w| !good.contains(&w))
}

/// What the data-quality words within circles about sources hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApertureQuality {
    /// All bits set in any pixel.
    pub any: Vec<u32>,
    /// Number of pixels with a word other than 0.
    pub n_flagged: Vec<usize>,
    /// Number of pixels within the circle and the image.
    pub n_pixels: Vec<usize>,
    /// Distinct words, in rising order.
    pub words: Vec<Vec<u32>>,
}

impl ApertureQuality {
    /// Number of sources.
    #[must_use]
    pub fn len(&self) -> usize {
        self.any.len()
    }

    /// There is no source.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.any.is_empty()
    }

    /// A pixel of source `i` has one of these bits.
    #[must_use]
    pub fn has(&self, i: usize, bits: u32) -> bool {
        self.any.get(i).is_some_and(|a| a & bits != 0)
    }
}

/// Data quality of the pixels whose centres lie within `radius` pixels of each position.
///
/// # Errors
/// [`CalibrationError::InvalidParameter`] if the radius is not positive.
pub fn aperture_quality(
    words: ArrayView2<'_, u32>,
    positions: &[Point],
    radius: f64,
    exec: &Exec,
) -> Result<ApertureQuality> {
    if !(radius > 0.0 && radius.is_finite()) {
        return Err(CalibrationError::InvalidParameter {
            name: "radius",
            expected: "a positive number of pixels",
            found: radius,
        });
    }
    let (ny, nx) = words.dim();
    let range = |c: f64, n: usize| {
        let low = (c - radius).ceil().max(0.0);
        let high = (c + radius).floor().min(n as f64 - 1.0);
        // Casts of numbers within the image; an empty range where the circle misses it.
        if low <= high { low as usize..high as usize + 1 } else { 0..0 }
    };
    let each = exec.map(positions.len(), |i| {
        let p = positions[i];
        let (mut found, mut flagged, mut total) = (Vec::new(), 0, 0);
        if p.x.is_finite() && p.y.is_finite() {
            for y in range(p.y, ny) {
                for x in range(p.x, nx) {
                    if (x as f64 - p.x).hypot(y as f64 - p.y) < radius {
                        let w = words[[y, x]];
                        total += 1;
                        flagged += usize::from(w != 0);
                        found.push(w);
                    }
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        (found, flagged, total)
    });
    let mut out = ApertureQuality { any: vec![], n_flagged: vec![], n_pixels: vec![], words: vec![] };
    for (words, flagged, total) in each {
        out.any.push(words.iter().fold(0, |a, w| a | w));
        out.n_flagged.push(flagged);
        out.n_pixels.push(total);
        out.words.push(words);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_and_bits() {
        let mut dq = Array2::<u32>::zeros((10, 12));
        dq[[4, 5]] = 2;
        dq[[4, 6]] = 6;
        dq[[0, 0]] = 3;
        let mask = mask_all_but(dq.view(), &[0, 2, 4, 6]);
        assert_eq!(mask.iter().filter(|m| **m).count(), 1);
        let at =
            [Point::new(5.0, 4.0), Point::new(-1.0, -1.0), Point::new(f64::NAN, 0.0), Point::new(50.0, 4.0)];
        let q = aperture_quality(dq.view(), &at, 1.5, &Exec::serial()).unwrap();
        assert_eq!((q.any[0], q.n_flagged[0], q.n_pixels[0]), (6, 2, 9));
        assert_eq!(q.words[0], [0, 2, 6]);
        assert!(q.has(0, 4) && !q.has(0, 1) && !q.has(9, 1));
        assert_eq!(q.n_pixels, [9, 1, 0, 0]);
        assert!(q.has(1, 1));
        assert!(aperture_quality(dq.view(), &at, 0.0, &Exec::serial()).is_err());
    }
}
