//! Memory for large results.

pub use bytemuck::Zeroable;

/// Buffers of fewer bytes are not worth a word with the system.
const LARGE: usize = 4 << 20;

/// `len` items of nothing but zero bits, which cost nothing until they are touched.
///
/// The system is asked to back large buffers with huge pages, as NumPy does: fresh memory is then touched several times
/// faster (64 MB cost 16384 page faults otherwise), and by the threads that fill it.
#[must_use]
pub fn zeros<T: Zeroable>(len: usize) -> Vec<T> {
    let v = bytemuck::zeroed_vec::<T>(len);
    advise_huge(v.as_ptr().cast(), len.saturating_mul(size_of::<T>()));
    v
}

/// An empty vector with room for `len` items, backed as [`zeros`] are.
#[must_use]
pub fn with_capacity<T>(len: usize) -> Vec<T> {
    let v = Vec::<T>::with_capacity(len);
    advise_huge(v.as_ptr().cast(), len.saturating_mul(size_of::<T>()));
    v
}

#[cfg(target_os = "linux")]
fn advise_huge(start: *const u8, bytes: usize) {
    use std::ffi::{c_int, c_void};
    #[allow(unsafe_code)]
    unsafe extern "C" {
        fn madvise(start: *mut c_void, length: usize, advice: c_int) -> c_int;
    }
    const MADV_HUGEPAGE: c_int = 14;
    const PAGE: usize = 4096;
    let skip = start.align_offset(PAGE);
    if bytes < LARGE || skip + PAGE > bytes {
        return;
    }
    let length = (bytes - skip) / PAGE * PAGE;
    // SAFETY: the pages lie wholly in a buffer that the caller owns. The advice changes how they are backed, never their
    // content, and may be refused without harm.
    #[allow(unsafe_code)]
    unsafe {
        madvise(start.wrapping_add(skip).cast_mut().cast(), length, MADV_HUGEPAGE);
    }
}

#[cfg(not(target_os = "linux"))]
fn advise_huge(_start: *const u8, _bytes: usize) {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Point;

    #[test]
    fn small_and_large_buffers_are_zero() {
        for len in [0, 5, 1 << 20, (1 << 20) + 17] {
            let v = zeros::<Point>(len);
            assert_eq!(v.len(), len);
            assert!(v.iter().all(|p| *p == Point::new(0.0, 0.0)));
        }
    }

    #[test]
    fn small_and_large_buffers_take_items() {
        for len in [0, 5, 1 << 20, (1 << 20) + 17] {
            let mut v = with_capacity::<f64>(len);
            assert!(v.is_empty() && v.capacity() >= len);
            v.extend((0..len).map(|i| i as f64));
            assert_eq!((v.len(), v.last().copied()), (len, len.checked_sub(1).map(|i| i as f64)));
        }
    }
}
