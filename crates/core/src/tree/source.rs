//! Where the elements of an array come from.

use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use crate::tree::DType;
use crate::{CoreError, Result};

/// The elements of an array, read when they are asked for.
///
/// An implementation behind a file reads, of an uncompressed array, only what the window needs.
pub trait ArraySource: Debug + Send + Sync {
    /// Lengths of the axes, slowest first; empty for a single element.
    fn shape(&self) -> &[usize];

    /// Type and byte order of the elements as [`visit`](Self::visit) passes them.
    fn dtype(&self) -> &DType;

    /// Passes the bytes of the elements in `window` (one range per axis, within the shape) to `sink`, in row-major order
    /// and in pieces of whole elements.
    ///
    /// # Errors
    /// [`CoreError::ArrayData`] where the elements cannot be had: the file ends early, the data does not decompress.
    fn visit(&self, window: &[Range<usize>], sink: &mut dyn FnMut(&[u8])) -> Result<()>;
}

/// An [`ArraySource`] in memory, row-major and without gaps.
#[derive(Debug, Clone)]
pub struct MemoryArray {
    shape: Vec<usize>,
    dtype: DType,
    bytes: Arc<[u8]>,
}

impl MemoryArray {
    /// An array over the bytes of its elements.
    ///
    /// # Errors
    /// [`CoreError::ArrayData`] if the number of bytes is not what shape and type need.
    pub fn new(shape: Vec<usize>, dtype: DType, bytes: impl Into<Arc<[u8]>>) -> Result<Self> {
        let bytes = bytes.into();
        let expected = shape.iter().try_fold(dtype.size(), |n, &s| n.checked_mul(s));
        if expected != Some(bytes.len()) {
            return Err(CoreError::ArrayData(format!(
                "an array of shape {shape:?} and type {dtype} needs {} bytes, found {}",
                expected.map_or_else(|| "too many".to_owned(), |n| n.to_string()),
                bytes.len()
            )));
        }
        Ok(Self { shape, dtype, bytes })
    }

    /// For callers that made the bytes from an array of this shape.
    pub(crate) fn from_parts(shape: Vec<usize>, dtype: DType, bytes: Vec<u8>) -> Self {
        debug_assert_eq!(shape.iter().product::<usize>() * dtype.size(), bytes.len());
        Self { shape, dtype, bytes: bytes.into() }
    }
}

impl ArraySource for MemoryArray {
    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn dtype(&self) -> &DType {
        &self.dtype
    }

    fn visit(&self, window: &[Range<usize>], sink: &mut dyn FnMut(&[u8])) -> Result<()> {
        if window.iter().any(|r| r.is_empty()) || self.bytes.is_empty() {
            return Ok(());
        }
        // The trailing axes that are taken whole form one run of bytes together with the axis before them.
        let whole =
            window.iter().zip(&self.shape).rev().take_while(|(w, n)| w.start == 0 && w.end == **n).count();
        let outer = window.len() - whole.min(window.len());
        let lead = outer.saturating_sub(1);
        let mut strides = vec![self.dtype.size(); self.shape.len() + 1];
        for axis in (0..self.shape.len()).rev() {
            strides[axis] = strides[axis + 1] * self.shape[axis];
        }
        // strides[axis + 1] is the distance of two neighbours along the axis.
        let run = if outer == 0 { self.bytes.len() } else { window[lead].len() * strides[lead + 1] };
        let first = if outer == 0 { 0 } else { window[lead].start * strides[lead + 1] };
        let mut index: Vec<usize> = window[..lead].iter().map(|r| r.start).collect();
        loop {
            let at = first + index.iter().enumerate().map(|(a, i)| i * strides[a + 1]).sum::<usize>();
            sink(&self.bytes[at..at + run]);
            let mut axis = lead;
            loop {
                if axis == 0 {
                    return Ok(());
                }
                axis -= 1;
                index[axis] += 1;
                if index[axis] < window[axis].end {
                    break;
                }
                index[axis] = window[axis].start;
            }
        }
    }
}
