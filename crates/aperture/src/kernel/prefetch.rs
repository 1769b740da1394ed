//! Asking for pixels before they are needed.
//!
//! Small apertures at many positions wait for memory more than they compute: every row of every aperture is another
//! cache line.

use skyphot_core::BoundingBox;

use crate::planes::Rows;

/// Rows asked for at most; hardware follows larger apertures by itself.
const MAX_ROWS: usize = 12;

/// Asks for the data and errors of a box of pixels, as far as it lies on the image. It changes no result.
#[inline]
pub(crate) fn prefetch<T>(rows: &Rows<'_, T>, bbox: &BoundingBox, shape: (usize, usize)) {
    let Some(o) = bbox.overlap(shape) else { return };
    for y in o.image_rows.take(MAX_ROWS) {
        let (first, last) = (y * rows.nx + o.image_cols.start, y * rows.nx + o.image_cols.end - 1);
        for plane in [Some(rows.data), rows.error].into_iter().flatten() {
            touch(plane, first);
            touch(plane, last);
        }
    }
}

#[inline(always)]
#[allow(unsafe_code)]
fn touch<T>(plane: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(v) = plane.get(index) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: SSE is part of every x86-64, and the address is that of a value.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(v).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = plane.get(index);
}
