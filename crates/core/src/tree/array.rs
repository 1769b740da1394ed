//! Arrays as leaves of a tree.

use std::ops::Range;
use std::sync::Arc;

use ndarray::{Array2, ArrayD, IxDyn};

use crate::tree::element::{decode_complex, decode_text};
use crate::tree::{ArraySource, ByteOrder, DType, Element, Field, MemoryArray, ScalarKind};
use crate::{CoreError, Result};

/// Which elements of an array are not to be used.
#[derive(Debug, Clone)]
pub enum ArrayMask {
    /// Those equal to this number (NaN: those that are not numbers).
    Value(f64),
    /// Those where this array, of a shape that broadcasts to the array's, is not zero.
    Array(ArrayNode),
}

/// An n-dimensional array whose elements are read when they are asked for.
///
/// Cloning costs a reference count. Axes are slowest first (`shape[0]` = ny of an image), as in NumPy.
#[derive(Debug, Clone)]
pub struct ArrayNode {
    source: Arc<dyn ArraySource>,
    mask: Option<Arc<ArrayMask>>,
}

impl ArrayNode {
    /// An array over a source.
    #[must_use]
    pub fn new(source: impl ArraySource + 'static) -> Self {
        Self { source: Arc::new(source), mask: None }
    }

    /// The same array with a mask.
    #[must_use]
    pub fn with_mask(self, mask: ArrayMask) -> Self {
        Self { mask: Some(Arc::new(mask)), ..self }
    }

    /// Lengths of the axes, slowest first; empty for a single element.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        self.source.shape()
    }

    /// Type of the elements, with the byte order they have in the file.
    #[must_use]
    pub fn dtype(&self) -> &DType {
        self.source.dtype()
    }

    /// Number of elements (saturating).
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape().iter().fold(1, |n: usize, &s| n.saturating_mul(s))
    }

    /// Whether there is no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the file says about elements that are not to be used.
    #[must_use]
    pub fn mask(&self) -> Option<&ArrayMask> {
        self.mask.as_deref()
    }

    /// All elements as numbers of 64 bits. A mask is not applied.
    ///
    /// # Errors
    /// [`CoreError::NodeType`] if the elements are not real numbers, [`CoreError::ArrayData`] if they cannot be read.
    pub fn to_f64(&self) -> Result<ArrayD<f64>> {
        self.read()
    }

    /// All elements as `T`; see [`Element`] for what can be read as what.
    ///
    /// # Errors
    /// [`CoreError::NodeType`] if the elements cannot be read so, [`CoreError::ArrayData`] if they cannot be read at all.
    pub fn read<T: Element>(&self) -> Result<ArrayD<T>> {
        self.read_window(&self.whole())
    }

    /// The elements in a window, one range of indices per axis; only what the window needs is read of an array that is
    /// not compressed.
    ///
    /// # Errors
    /// [`CoreError::ArrayData`] for a window that is not within the array or elements that cannot be read,
    /// [`CoreError::NodeType`] if the elements cannot be read as `T`.
    pub fn read_window<T: Element>(&self, window: &[Range<usize>]) -> Result<ArrayD<T>> {
        let (kind, order) = match *self.dtype() {
            DType::Scalar(kind, order) if T::accepts(kind) => (kind, order),
            _ => return Err(self.wrong_type(T::NAME)),
        };
        let n = self.check(window)?;
        let mut out = Vec::new();
        let mut reserved = false;
        self.source.visit(window, &mut |bytes| {
            // Only now is it known that there is data.
            if !reserved {
                out.reserve_exact(n);
                reserved = true;
            }
            T::decode(kind, order, bytes, &mut out);
        })?;
        shaped(window, out)
    }

    /// The elements of a two-dimensional array.
    ///
    /// # Errors
    /// As [`read`](Self::read), and [`CoreError::ArrayData`] if there are not two axes.
    pub fn read_2d<T: Element>(&self) -> Result<Array2<T>> {
        let found = self.shape().len();
        self.read()?
            .into_dimensionality()
            .map_err(|_| CoreError::ArrayData(format!("expected an array of two dimensions, found {found}")))
    }

    /// The elements as pairs of real and imaginary part.
    ///
    /// # Errors
    /// [`CoreError::NodeType`] if they are not numbers, [`CoreError::ArrayData`] if they cannot be read.
    pub fn read_complex(&self) -> Result<ArrayD<(f64, f64)>> {
        let window = self.whole();
        let (mut out, mut ok) = (Vec::new(), true);
        self.source.visit(&window, &mut |bytes| ok &= decode_complex(self.dtype(), bytes, &mut out))?;
        if !ok {
            return Err(self.wrong_type("complex128"));
        }
        shaped(&window, out)
    }

    /// The elements of an `ascii` or `ucs4` array without their padding.
    ///
    /// # Errors
    /// [`CoreError::NodeType`] if they are not text, [`CoreError::ArrayData`] if they cannot be read.
    pub fn read_text(&self) -> Result<ArrayD<String>> {
        let DType::Scalar(kind @ (ScalarKind::Ascii(_) | ScalarKind::Ucs4(_)), order) = *self.dtype() else {
            return Err(self.wrong_type("ascii or ucs4"));
        };
        let (window, size, mut out) = (self.whole(), kind.size(), Vec::new());
        if size == 0 {
            out.resize(self.check(&window)?, String::new());
        } else {
            self.source.visit(&window, &mut |bytes| {
                out.extend(bytes.chunks_exact(size).map(|c| decode_text(kind, order, c)));
            })?;
        }
        shaped(&window, out)
    }

    /// The bytes of all elements, row-major without gaps, in the order of [`dtype`](Self::dtype).
    ///
    /// # Errors
    /// [`CoreError::ArrayData`] if they cannot be read.
    pub fn read_bytes(&self) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        self.source.visit(&self.whole(), &mut |bytes| out.extend_from_slice(bytes))?;
        Ok(out)
    }

    /// One field of an array of records as an array; its shape is that of the records followed by the field's own.
    ///
    /// # Errors
    /// [`CoreError::MissingNode`] for a field that is not there, [`CoreError::NodeType`] if the elements are not records,
    /// [`CoreError::ArrayData`] if they cannot be read.
    pub fn field(&self, name: &str) -> Result<ArrayNode> {
        let DType::Record(fields) = self.dtype() else { return Err(self.wrong_type("records")) };
        let mut offset = 0;
        for f in fields {
            if f.name != name {
                offset += f.size();
                continue;
            }
            let Field { dtype, shape, .. } = f.clone();
            let (record, size) = (self.dtype().size(), f.size());
            let mut bytes = Vec::new();
            if size > 0 {
                self.source.visit(&self.whole(), &mut |b| {
                    b.chunks_exact(record).for_each(|r| bytes.extend_from_slice(&r[offset..offset + size]));
                })?;
            }
            let shape = self.shape().iter().copied().chain(shape).collect();
            return Ok(Self::new(MemoryArray::new(shape, dtype, bytes)?));
        }
        Err(CoreError::MissingNode {
            path: name.to_owned(),
            available: fields.iter().map(|f| f.name.clone()).collect(),
        })
    }

    /// `true` where an element is not to be used; `None` without a mask.
    ///
    /// # Errors
    /// [`CoreError::ArrayData`] if array or mask cannot be read or the mask does not fit the array.
    pub fn read_mask(&self) -> Result<Option<ArrayD<bool>>> {
        match self.mask() {
            None => Ok(None),
            Some(ArrayMask::Value(v)) => {
                Ok(Some(self.to_f64()?.mapv(|x| x == *v || (x.is_nan() && v.is_nan()))))
            }
            Some(ArrayMask::Array(mask)) => {
                let bits = mask.to_f64()?.mapv(|v| v != 0.0);
                let full = bits.broadcast(IxDyn(self.shape())).ok_or_else(|| {
                    CoreError::ArrayData(format!(
                        "a mask of shape {:?} does not fit an array of shape {:?}",
                        mask.shape(),
                        self.shape()
                    ))
                })?;
                Ok(Some(full.to_owned()))
            }
        }
    }

    fn whole(&self) -> Vec<Range<usize>> {
        self.shape().iter().map(|&n| 0..n).collect()
    }

    fn check(&self, window: &[Range<usize>]) -> Result<usize> {
        let shape = self.shape();
        let inside = window.len() == shape.len()
            && window.iter().zip(shape).all(|(w, &n)| w.start <= w.end && w.end <= n);
        window.iter().try_fold(1_usize, |n, w| n.checked_mul(w.len())).filter(|_| inside).ok_or_else(|| {
            CoreError::ArrayData(format!("the window {window:?} is not within an array of shape {shape:?}"))
        })
    }

    fn wrong_type(&self, expected: &str) -> CoreError {
        CoreError::NodeType {
            path: String::new(),
            expected: format!("an array that can be read as {expected}"),
            found: format!("an array of {}", self.dtype()),
        }
    }
}

impl From<ArrayD<f64>> for ArrayNode {
    fn from(array: ArrayD<f64>) -> Self {
        let bytes: Vec<u8> = array.iter().flat_map(|v| v.to_le_bytes()).collect();
        let dtype = DType::Scalar(ScalarKind::Float64, ByteOrder::Little);
        // The bytes are exactly those of the shape.
        Self::new(MemoryArray::from_parts(array.shape().to_vec(), dtype, bytes))
    }
}

fn shaped<T>(window: &[Range<usize>], out: Vec<T>) -> Result<ArrayD<T>> {
    let shape: Vec<usize> = window.iter().map(Range::len).collect();
    let found = out.len();
    ArrayD::from_shape_vec(IxDyn(&shape), out)
        .map_err(|_| CoreError::ArrayData(format!("an array of shape {shape:?} came with {found} elements")))
}
