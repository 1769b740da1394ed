//! Big-endian FITS pixels to `f32`, `f64` and bit masks.

use skyphot_core::Pixel;

/// How stored values become physical ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scaling {
    pub(crate) bscale: f64,
    pub(crate) bzero: f64,
    /// The stored integer that means "undefined".
    pub(crate) blank: Option<i64>,
}

impl Scaling {
    pub(crate) const NONE: Self = Self { bscale: 1.0, bzero: 0.0, blank: None };

    fn is_identity(&self) -> bool {
        self.bscale == 1.0 && self.bzero == 0.0
    }
}

const TWO_63: f64 = 9_223_372_036_854_775_808.0;

/// Decodes whole pixels of one BITPIX and appends them.
pub(crate) fn decode<T: Pixel>(bytes: &[u8], bitpix: i64, s: &Scaling, out: &mut Vec<T>) {
    match bitpix {
        8 => integers(bytes, s, out, |b: [u8; 1]| i64::from(b[0])),
        16 => integers(bytes, s, out, |b| i64::from(i16::from_be_bytes(b))),
        32 => integers(bytes, s, out, |b| i64::from(i32::from_be_bytes(b))),
        64 if s.bscale == 1.0 && s.bzero == TWO_63 => {
            // Unsigned: the sign bit is turned, which no floating-point sum could do exactly.
            let blank = s.blank.map(|b| b ^ i64::MIN);
            map(bytes, out, |b| {
                let v = i64::from_be_bytes(b) ^ i64::MIN;
                if Some(v) == blank { T::NAN } else { T::from_f64(v as u64 as f64) }
            });
        }
        64 => integers(bytes, s, out, i64::from_be_bytes),
        -32 if s.is_identity() => map(bytes, out, |b| T::from_f64(f64::from(f32::from_be_bytes(b)))),
        -32 => map(bytes, out, |b| T::from_f64(f64::from(f32::from_be_bytes(b)) * s.bscale + s.bzero)),
        -64 if s.is_identity() => map(bytes, out, |b| T::from_f64(f64::from_be_bytes(b))),
        -64 => map(bytes, out, |b| T::from_f64(f64::from_be_bytes(b) * s.bscale + s.bzero)),
        _ => {}
    }
}

#[inline(always)]
fn map<const N: usize, T>(bytes: &[u8], out: &mut Vec<T>, f: impl Fn([u8; N]) -> T) {
    let (chunks, _) = bytes.as_chunks::<N>();
    out.extend(chunks.iter().map(|&c| f(c)));
}

#[inline(always)]
fn integers<const N: usize, T: Pixel>(
    bytes: &[u8],
    s: &Scaling,
    out: &mut Vec<T>,
    value: impl Fn([u8; N]) -> i64,
) {
    match (s.blank, s.is_identity()) {
        (None, true) => map(bytes, out, |b| T::from_f64(value(b) as f64)),
        (None, false) => map(bytes, out, |b| T::from_f64(value(b) as f64 * s.bscale + s.bzero)),
        (Some(blank), _) => map(bytes, out, |b| match value(b) {
            v if v == blank => T::NAN,
            v => T::from_f64(v as f64 * s.bscale + s.bzero),
        }),
    }
}

/// Decodes integers to 64 bits without scaling, floats if they are whole numbers.
pub(crate) fn decode_integers(bytes: &[u8], bitpix: i64, out: &mut Vec<i64>) {
    match bitpix {
        8 => map(bytes, out, |b: [u8; 1]| i64::from(b[0])),
        16 => map(bytes, out, |b| i64::from(i16::from_be_bytes(b))),
        32 => map(bytes, out, |b| i64::from(i32::from_be_bytes(b))),
        64 => map(bytes, out, i64::from_be_bytes),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values<T: Pixel>(bytes: &[u8], bitpix: i64, bscale: f64, bzero: f64, blank: Option<i64>) -> Vec<T> {
        let mut v = Vec::new();
        decode(bytes, bitpix, &Scaling { bscale, bzero, blank }, &mut v);
        v
    }

    #[test]
    fn unsigned_64_bits_are_exact() {
        let stored = (u64::MAX - 1024) ^ (1 << 63);
        assert_eq!(values::<f64>(&stored.to_be_bytes(), 64, 1.0, TWO_63, None), [(u64::MAX - 1024) as f64]);
    }

    #[test]
    fn blank_is_nan_before_scaling() {
        let bytes: Vec<u8> = [5_i16, -1, 7].iter().flat_map(|v| v.to_be_bytes()).collect();
        let v = values::<f32>(&bytes, 16, 0.5, 10.0, Some(-1));
        assert_eq!((v[0], v[2]), (12.5, 13.5));
        assert!(v[1].is_nan());
    }
}
