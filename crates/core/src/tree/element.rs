//! Decoding of array elements.

use crate::tree::{ByteOrder, DType, ScalarKind};

mod sealed {
    pub trait Sealed {}
}

/// A type that elements of an array can be read as.
///
/// Whole numbers are read as whole numbers only where every value fits (`uint16` as `u32`, not as `i16`); every real
/// number can be read as `f64`, and as `f32` (rounded); `bool` reads `bool8` and 8-bit integers (nonzero is true).
pub trait Element: sealed::Sealed + Copy + Send + Sync + 'static {
    /// Name for messages.
    const NAME: &'static str;

    /// Whether elements of this kind can be read so.
    #[must_use]
    fn accepts(kind: ScalarKind) -> bool;

    /// Appends the elements in `bytes`, whole elements of `kind`, to `out`. Kinds that are not accepted add nothing.
    fn decode(kind: ScalarKind, order: ByteOrder, bytes: &[u8], out: &mut Vec<Self>);
}

/// The value of an IEEE half precision number.
pub(crate) fn half_to_f32(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0_f32 } else { 1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f32::from(bits & 0x3ff);
    match exponent {
        0 => sign * fraction * 2.0_f32.powi(-24),
        31 if fraction == 0.0 => sign * f32::INFINITY,
        31 => f32::NAN,
        e => sign * (1.0 + fraction / 1024.0) * 2.0_f32.powi(e - 15),
    }
}

macro_rules! each {
    ($t:ty, $order:expr, $bytes:expr, $out:expr, $convert:expr) => {{
        const N: usize = size_of::<$t>();
        let (chunks, _) = $bytes.as_chunks::<N>();
        match $order {
            ByteOrder::Little => $out.extend(chunks.iter().map(|c| $convert(<$t>::from_le_bytes(*c)))),
            ByteOrder::Big => $out.extend(chunks.iter().map(|c| $convert(<$t>::from_be_bytes(*c)))),
        }
    }};
}

macro_rules! element {
    ($t:ty, $name:literal, [$($kind:ident $raw:ty),*], half: $half:literal) => {
        impl sealed::Sealed for $t {}
        impl Element for $t {
            const NAME: &'static str = $name;

            fn accepts(kind: ScalarKind) -> bool {
                matches!(kind, $(ScalarKind::$kind)|*) || ($half && matches!(kind, ScalarKind::Float16))
                    || matches!(kind, ScalarKind::Bool)
            }

            fn decode(kind: ScalarKind, order: ByteOrder, bytes: &[u8], out: &mut Vec<Self>) {
                match kind {
                    $(ScalarKind::$kind => each!($raw, order, bytes, out, |v: $raw| v as $t),)*
                    ScalarKind::Float16 if $half => each!(u16, order, bytes, out, |v| half_to_f32(v) as $t),
                    ScalarKind::Bool => out.extend(bytes.iter().map(|&b| u8::from(b != 0) as $t)),
                    _ => {}
                }
            }
        }
    };
}

element!(f64, "float64", [Int8 i8, Int16 i16, Int32 i32, Int64 i64, UInt8 u8, UInt16 u16, UInt32 u32, UInt64 u64, Float32 f32, Float64 f64], half: true);
element!(f32, "float32", [Int8 i8, Int16 i16, Int32 i32, Int64 i64, UInt8 u8, UInt16 u16, UInt32 u32, UInt64 u64, Float32 f32, Float64 f64], half: true);
element!(i64, "int64", [Int8 i8, Int16 i16, Int32 i32, Int64 i64, UInt8 u8, UInt16 u16, UInt32 u32], half: false);
element!(i32, "int32", [Int8 i8, Int16 i16, Int32 i32, UInt8 u8, UInt16 u16], half: false);
element!(u64, "uint64", [UInt8 u8, UInt16 u16, UInt32 u32, UInt64 u64], half: false);
element!(u32, "uint32", [UInt8 u8, UInt16 u16, UInt32 u32], half: false);

impl sealed::Sealed for bool {}
impl Element for bool {
    const NAME: &'static str = "bool8";

    fn accepts(kind: ScalarKind) -> bool {
        matches!(kind, ScalarKind::Bool | ScalarKind::Int8 | ScalarKind::UInt8)
    }

    fn decode(kind: ScalarKind, _: ByteOrder, bytes: &[u8], out: &mut Vec<Self>) {
        if Self::accepts(kind) {
            out.extend(bytes.iter().map(|&b| b != 0));
        }
    }
}

/// The text of one `ascii` or `ucs4` element without its padding; characters that are not Unicode become U+FFFD.
pub(crate) fn decode_text(kind: ScalarKind, order: ByteOrder, bytes: &[u8]) -> String {
    let text: String = if let ScalarKind::Ucs4(_) = kind {
        let mut codes: Vec<u32> = Vec::with_capacity(bytes.len() / 4);
        each!(u32, order, bytes, codes, |v: u32| v);
        codes.into_iter().map(|c| char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    } else {
        bytes
            .iter()
            .map(|&b| if b.is_ascii() { char::from(b) } else { char::REPLACEMENT_CHARACTER })
            .collect()
    };
    text.trim_end_matches('\0').to_owned()
}

/// The real and imaginary parts of complex elements.
pub(crate) fn decode_complex(dtype: &DType, bytes: &[u8], out: &mut Vec<(f64, f64)>) -> bool {
    let mut parts = Vec::new();
    match *dtype {
        DType::Scalar(ScalarKind::Complex64, order) => {
            f64::decode(ScalarKind::Float32, order, bytes, &mut parts)
        }
        DType::Scalar(ScalarKind::Complex128, order) => {
            f64::decode(ScalarKind::Float64, order, bytes, &mut parts)
        }
        DType::Scalar(kind, order) if f64::accepts(kind) => {
            f64::decode(kind, order, bytes, &mut parts);
            out.extend(parts.into_iter().map(|re| (re, 0.0)));
            return true;
        }
        _ => return false,
    }
    out.extend(parts.as_chunks::<2>().0.iter().map(|&[re, im]| (re, im)));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision() {
        for (bits, value) in [(0x3c00, 1.0), (0xc000, -2.0), (0x7bff, 65504.0), (0x0001, 2.0_f32.powi(-24))] {
            assert_eq!(half_to_f32(bits), value);
        }
        assert_eq!(half_to_f32(0x7c00), f32::INFINITY);
        assert_eq!(half_to_f32(0x8000).to_bits(), (-0.0_f32).to_bits());
        assert!(half_to_f32(0x7e00).is_nan());
    }

    #[test]
    fn text() {
        assert_eq!(decode_text(ScalarKind::Ascii(4), ByteOrder::Little, b"ab\0\0"), "ab");
        let bytes: Vec<u8> = [0x1F600_u32, 0x41, 0].iter().flat_map(|c| c.to_be_bytes()).collect();
        assert_eq!(decode_text(ScalarKind::Ucs4(3), ByteOrder::Big, &bytes), "\u{1F600}A");
    }
}
