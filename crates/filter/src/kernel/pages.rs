//! Memory for full-size maps.

/// Images of fewer bytes are not worth a word with the system.
const LARGE: usize = 4 << 20;
const PAGE: usize = 4096;

/// `len` zeros. The system is asked to back large ones with huge pages: touching fresh memory for the first time is
/// then five times faster.
#[must_use]
pub fn zeros<T: Copy + Default>(len: usize) -> Vec<T> {
    let mut v = vec![T::default(); len];
    if len * size_of::<T>() >= LARGE {
        advise_huge(v.as_mut_ptr().cast(), len * size_of::<T>());
    }
    v
}

#[cfg(target_os = "linux")]
fn advise_huge(start: *mut u8, bytes: usize) {
    #[allow(unsafe_code)]
    unsafe extern "C" {
        fn madvise(address: *mut u8, length: usize, advice: i32) -> i32;
    }
    const MADV_HUGEPAGE: i32 = 14;
    let skip = start.align_offset(PAGE);
    if skip + PAGE > bytes {
        return;
    }
    let length = (bytes - skip) / PAGE * PAGE;
    // SAFETY: the pages lie wholly in the buffer. The advice changes how they are backed, never their content, and may
    // be refused without harm.
    #[allow(unsafe_code)]
    unsafe {
        madvise(start.add(skip), length, MADV_HUGEPAGE);
    }
}

#[cfg(not(target_os = "linux"))]
fn advise_huge(_start: *mut u8, _bytes: usize) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_and_small_buffers_are_zero() {
        for len in [0, 5, 3 << 20] {
            let v = zeros::<f32>(len);
            assert_eq!(v.len(), len);
            assert!(v.iter().all(|&x| x == 0.0));
        }
    }
}
