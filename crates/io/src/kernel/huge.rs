//! Memory for whole images.
#![allow(unsafe_code)]

/// Below this size small pages do as well.
const LARGE: usize = 4 << 20;

/// An empty vector with room for `n` values. On Linux the system is told that large ones may use huge pages, as NumPy
/// does: touching 64 MB for the first time costs 16384 page faults otherwise, which is more than reading the file.
pub(crate) fn with_capacity<T>(n: usize) -> Vec<T> {
    let v = Vec::<T>::with_capacity(n);
    #[cfg(target_os = "linux")]
    advise(v.as_ptr().cast(), n * size_of::<T>());
    v
}

#[cfg(target_os = "linux")]
fn advise(start: *const u8, bytes: usize) {
    use std::ffi::{c_int, c_void};
    const MADV_HUGEPAGE: c_int = 14;
    const PAGE: usize = 4096;
    unsafe extern "C" {
        fn madvise(start: *mut c_void, length: usize, advice: c_int) -> c_int;
    }
    if bytes < LARGE {
        return;
    }
    let skip = start.align_offset(PAGE);
    if skip < bytes {
        // SAFETY: the range lies in one allocation that we own, and the advice changes no content. Failure changes
        // nothing, so the result does not matter.
        unsafe {
            madvise(start.wrapping_add(skip).cast_mut().cast(), (bytes - skip) / PAGE * PAGE, MADV_HUGEPAGE)
        };
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn large_vectors_work_as_any() {
        for n in [0, 10, 1 << 20, (1 << 20) + 17] {
            let mut v = super::with_capacity::<f64>(n);
            v.extend((0..n).map(|i| i as f64));
            assert_eq!((v.len(), v.last().copied()), (n, n.checked_sub(1).map(|i| i as f64)));
        }
    }
}
