//! Numbers to big-endian FITS bytes.

/// Appends the bytes of all values, most significant byte first, after `f`.
pub(crate) fn encode<const N: usize, T: Copy>(values: &[T], out: &mut Vec<u8>, f: impl Fn(T) -> [u8; N]) {
    out.reserve(values.len() * N);
    for &v in values {
        out.extend_from_slice(&f(v));
    }
}
