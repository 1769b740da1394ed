//! The pixels around a source as apertures see them: bad ones are 0, those of neighbours left out or corrected.

use skyphot_core::BoundingBox;

use crate::ApertureMaskMethod;
use crate::catalog::images::CatalogImages;

/// The pixel is masked.
pub(crate) const MASKED: u8 = 1;
/// The pixel is NaN or infinite.
pub(crate) const NON_FINITE: u8 = 2;
/// The pixel belongs to another source, and that matters.
pub(crate) const NEIGHBOR: u8 = 4;
/// The pixel belongs to another source, and the one opposite is no use either.
pub(crate) const UNCORRECTED: u8 = 8;
/// The pixel is bad.
pub(crate) const BAD: u8 = MASKED | NON_FINITE;

/// Cleaned pixels of a box on the image; one value is loaded again for every source.
#[derive(Debug, Default)]
pub(crate) struct Stamp {
    bbox: Option<BoundingBox>,
    pub(crate) nx: usize,
    pub(crate) ny: usize,
    /// Data: 0 where it is bad or cannot be corrected.
    pub(crate) value: Vec<f64>,
    /// Squared errors, cleaned alike; empty if there are no errors or none are wanted.
    pub(crate) variance: Vec<f64>,
    /// What is known about each pixel.
    pub(crate) class: Vec<u8>,
    method: ApertureMaskMethod,
    center: (i64, i64),
    /// Pixels of neighbours, by index.
    neighbors: Vec<u32>,
    /// Pixels that a narrower box spoiled: index, value, variance.
    spoiled: Vec<(u32, f64, f64)>,
}

/// What a stamp is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StampRequest {
    pub(crate) label: i32,
    pub(crate) method: ApertureMaskMethod,
    /// The pixel that others are mirrored at.
    pub(crate) center: (i64, i64),
    pub(crate) with_error: bool,
}

impl Stamp {
    /// Loads a box that lies within the window.
    pub(crate) fn load(&mut self, images: &CatalogImages<'_>, b: &BoundingBox, r: &StampRequest) {
        (self.ny, self.nx) = b.shape();
        let n = self.ny * self.nx;
        self.bbox = Some(*b);
        self.method = r.method;
        self.center = r.center;
        self.neighbors.clear();
        self.spoiled.clear();
        self.value.resize(n, 0.0);
        self.class.clear();
        self.class.resize(n, 0);
        self.variance.clear();
        let error = images.error.as_ref().filter(|_| r.with_error);
        if error.is_some() {
            self.variance.resize(n, 0.0);
        }
        for (j, y) in (b.y_min..b.y_max).enumerate() {
            images.ahead(b, y, std::iter::once(&*images.data).chain(error.map(|e| &**e)));
            let at = j * self.nx;
            let value = &mut self.value[at..at + self.nx];
            let class = &mut self.class[at..at + self.nx];
            images.read(&*images.data, b.x_min, y, value);
            images.masked(b.x_min, y, self.nx, |i| class[i] = MASKED);
            // All at once first: bad pixels are rare.
            let mut bad = value.iter().fold(false, |bad, v| bad | !v.is_finite());
            if bad {
                for (v, c) in value.iter().zip(class.iter_mut()) {
                    *c |= if v.is_finite() { 0 } else { NON_FINITE };
                }
            }
            bad |= class.iter().fold(0, |a, c| a | c) != 0;
            if let Some(e) = error {
                let variance = &mut self.variance[at..at + self.nx];
                images.read(&**e, b.x_min, y, variance);
                for v in variance.iter_mut() {
                    *v *= *v;
                }
            }
            if bad {
                for (i, c) in class.iter().enumerate().filter(|(_, c)| **c != 0) {
                    debug_assert!(c & BAD != 0);
                    value[i] = 0.0;
                    if let Some(v) = self.variance.get_mut(at + i) {
                        *v = 0.0;
                    }
                }
            }
            if r.method != ApertureMaskMethod::None && images.any_neighbor(b.x_min, y, self.nx, r.label) {
                let neighbors = &mut self.neighbors;
                images.labels(b.x_min, y, self.nx, |i, l| {
                    if l != 0 && l != r.label {
                        class[i] |= NEIGHBOR;
                        neighbors.push((at + i) as u32);
                    }
                });
            }
        }
        self.treat_neighbors(b);
    }

    fn treat_neighbors(&mut self, b: &BoundingBox) {
        let with_error = !self.variance.is_empty();
        for &k in &self.neighbors {
            let k = k as usize;
            let (mut value, mut variance) = (0.0, 0.0);
            if self.method == ApertureMaskMethod::Correct {
                match mirror(k, self.nx, self.center, b, b) {
                    Some(m) if self.class[m] & (BAD | NEIGHBOR) == 0 => {
                        value = self.value[m];
                        variance = if with_error { self.variance[m] } else { 0.0 };
                    }
                    _ => self.class[k] |= UNCORRECTED,
                }
            }
            if self.class[k] & BAD == 0 {
                self.value[k] = value;
                if with_error {
                    self.variance[k] = variance;
                }
            }
        }
    }

    pub(crate) fn bbox(&self) -> BoundingBox {
        self.bbox.unwrap_or(BoundingBox { x_min: 0, x_max: 0, y_min: 0, y_max: 0 })
    }

    /// All of a box is here.
    pub(crate) fn covers(&self, b: &BoundingBox) -> bool {
        let s = self.bbox();
        s.x_min <= b.x_min && b.x_max <= s.x_max && s.y_min <= b.y_min && b.y_max <= s.y_max
    }

    /// Makes the pixels those that loading the narrower box `b` would have given: what is mirrored from outside of it
    /// counts as not corrected. [`restore`](Self::restore) undoes it.
    pub(crate) fn narrow(&mut self, b: &BoundingBox) {
        if self.method != ApertureMaskMethod::Correct || self.neighbors.is_empty() {
            return;
        }
        let outer = self.bbox();
        if *b == outer {
            return;
        }
        for &k in &self.neighbors {
            let i = k as usize;
            if self.class[i] & UNCORRECTED == 0 && mirror(i, self.nx, self.center, &outer, b).is_none() {
                let variance = self.variance.get_mut(i);
                self.spoiled.push((k, self.value[i], variance.as_ref().map_or(0.0, |v| **v)));
                self.class[i] |= UNCORRECTED;
                self.value[i] = 0.0;
                if let Some(v) = variance {
                    *v = 0.0;
                }
            }
        }
    }

    pub(crate) fn restore(&mut self) {
        for (k, value, variance) in self.spoiled.drain(..) {
            let i = k as usize;
            self.class[i] &= !UNCORRECTED;
            self.value[i] = value;
            if let Some(v) = self.variance.get_mut(i) {
                *v = variance;
            }
        }
    }

    /// Classes of pixels that do not count as pixels of an aperture.
    pub(crate) fn excluded(&self) -> u8 {
        if self.method == ApertureMaskMethod::Mask { BAD | NEIGHBOR } else { BAD }
    }

    /// Subtracts a constant from all pixels that carry a value.
    pub(crate) fn subtract(&mut self, level: f64) {
        if level == 0.0 {
            return;
        }
        let out = self.excluded() | UNCORRECTED;
        for (v, c) in self.value.iter_mut().zip(&self.class) {
            if c & out == 0 {
                *v -= level;
            }
        }
    }
}

/// Index within `outer` of the pixel opposite of index `k`, if it lies in `b`.
#[inline]
fn mirror(k: usize, nx: usize, center: (i64, i64), outer: &BoundingBox, b: &BoundingBox) -> Option<usize> {
    let x = 2 * center.0 - (outer.x_min + (k % nx) as i64);
    let y = 2 * center.1 - (outer.y_min + (k / nx) as i64);
    (x >= b.x_min && x < b.x_max && y >= b.y_min && y < b.y_max)
        .then(|| (y - outer.y_min) as usize * nx + (x - outer.x_min) as usize)
}
