//! One column of a table.

use std::cmp::Ordering;

use crate::{CoreError, Result};

/// The values of a column. Array-valued columns (see [`Column::width`]) store their rows one after the other.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum ColumnData {
    Bool(Vec<bool>),
    U8(Vec<u8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    U32(Vec<u32>),
    U64(Vec<u64>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    Str(Vec<String>),
}

macro_rules! each {
    ($data:expr, $v:ident => $e:expr) => {
        match $data {
            ColumnData::Bool($v) => $e,
            ColumnData::U8($v) => $e,
            ColumnData::I16($v) => $e,
            ColumnData::I32($v) => $e,
            ColumnData::I64($v) => $e,
            ColumnData::U32($v) => $e,
            ColumnData::U64($v) => $e,
            ColumnData::F32($v) => $e,
            ColumnData::F64($v) => $e,
            ColumnData::Str($v) => $e,
        }
    };
}

impl ColumnData {
    /// Number of stored values (rows times width).
    #[must_use]
    pub fn len(&self) -> usize {
        each!(self, v => v.len())
    }

    /// No values.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Type name as ECSV writes it: `bool`, `uint8`, `int16` ... `float64`, `string`.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Bool(_) => "bool",
            Self::U8(_) => "uint8",
            Self::I16(_) => "int16",
            Self::I32(_) => "int32",
            Self::I64(_) => "int64",
            Self::U32(_) => "uint32",
            Self::U64(_) => "uint64",
            Self::F32(_) => "float32",
            Self::F64(_) => "float64",
            Self::Str(_) => "string",
        }
    }

    fn blank(&self, n: usize) -> Self {
        match self {
            Self::Bool(_) => Self::Bool(vec![false; n]),
            Self::U8(_) => Self::U8(vec![0; n]),
            Self::I16(_) => Self::I16(vec![0; n]),
            Self::I32(_) => Self::I32(vec![0; n]),
            Self::I64(_) => Self::I64(vec![0; n]),
            Self::U32(_) => Self::U32(vec![0; n]),
            Self::U64(_) => Self::U64(vec![0; n]),
            Self::F32(_) => Self::F32(vec![0.0; n]),
            Self::F64(_) => Self::F64(vec![0.0; n]),
            Self::Str(_) => Self::Str(vec![String::new(); n]),
        }
    }

    /// `false` if the types differ.
    fn set(&mut self, rows: &[usize], other: &Self, width: usize) -> bool {
        fn put<T: Clone>(to: &mut [T], rows: &[usize], from: &[T], width: usize) -> bool {
            for (&r, v) in rows.iter().zip(from.chunks_exact(width)) {
                to[r * width..(r + 1) * width].clone_from_slice(v);
            }
            true
        }
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => put(a, rows, b, width),
            (Self::U8(a), Self::U8(b)) => put(a, rows, b, width),
            (Self::I16(a), Self::I16(b)) => put(a, rows, b, width),
            (Self::I32(a), Self::I32(b)) => put(a, rows, b, width),
            (Self::I64(a), Self::I64(b)) => put(a, rows, b, width),
            (Self::U32(a), Self::U32(b)) => put(a, rows, b, width),
            (Self::U64(a), Self::U64(b)) => put(a, rows, b, width),
            (Self::F32(a), Self::F32(b)) => put(a, rows, b, width),
            (Self::F64(a), Self::F64(b)) => put(a, rows, b, width),
            (Self::Str(a), Self::Str(b)) => put(a, rows, b, width),
            _ => false,
        }
    }

    fn take(&self, rows: &[usize], width: usize) -> Self {
        fn pick<T: Clone>(v: &[T], rows: &[usize], width: usize) -> Vec<T> {
            rows.iter().flat_map(|&r| v[r * width..(r + 1) * width].iter().cloned()).collect()
        }
        match self {
            Self::Bool(v) => Self::Bool(pick(v, rows, width)),
            Self::U8(v) => Self::U8(pick(v, rows, width)),
            Self::I16(v) => Self::I16(pick(v, rows, width)),
            Self::I32(v) => Self::I32(pick(v, rows, width)),
            Self::I64(v) => Self::I64(pick(v, rows, width)),
            Self::U32(v) => Self::U32(pick(v, rows, width)),
            Self::U64(v) => Self::U64(pick(v, rows, width)),
            Self::F32(v) => Self::F32(pick(v, rows, width)),
            Self::F64(v) => Self::F64(pick(v, rows, width)),
            Self::Str(v) => Self::Str(pick(v, rows, width)),
        }
    }
}

macro_rules! from_vec {
    ($($t:ty => $variant:ident),*) => {$(
        impl From<Vec<$t>> for ColumnData {
            fn from(v: Vec<$t>) -> Self {
                Self::$variant(v)
            }
        }
    )*};
}
from_vec!(bool => Bool, u8 => U8, i16 => I16, i32 => I32, i64 => I64, u32 => U32, u64 => U64,
          f32 => F32, f64 => F64, String => Str);

/// A named column: values, unit, description, and which values are missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    name: String,
    data: ColumnData,
    mask: Option<Vec<bool>>,
    width: usize,
    /// Unit as FITS and astropy write it (`adu`, `pix`, `deg`, `mag`), if it has one.
    pub unit: Option<String>,
    /// What the column means.
    pub description: Option<String>,
    /// Display format as Python writes it (`.3f`), kept for ECSV.
    pub format: Option<String>,
}

impl Column {
    /// A column of scalars.
    pub fn new(name: impl Into<String>, data: impl Into<ColumnData>) -> Self {
        Self {
            name: name.into(),
            data: data.into(),
            mask: None,
            width: 1,
            unit: None,
            description: None,
            format: None,
        }
    }

    /// A column whose every row holds `width` values.
    ///
    /// # Errors
    /// [`CoreError::ColumnLength`] if the values do not fill whole rows.
    pub fn new_array(name: impl Into<String>, data: impl Into<ColumnData>, width: usize) -> Result<Self> {
        let mut c = Self::new(name, data);
        if width == 0 || !c.data.len().is_multiple_of(width) {
            return Err(CoreError::ColumnLength { name: c.name, expected: width, found: c.data.len() });
        }
        c.width = width;
        Ok(c)
    }

    /// Sets the unit.
    #[must_use]
    pub fn with_unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = Some(unit.into());
        self
    }

    /// Sets the description.
    #[must_use]
    pub fn with_description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Marks missing rows (`true` = missing). A mask without a `true` is dropped.
    ///
    /// # Panics
    /// If the mask is not as long as the column.
    #[must_use]
    pub fn with_mask(mut self, mask: Vec<bool>) -> Self {
        assert_eq!(mask.len(), self.len(), "one mask value per row");
        self.mask = mask.iter().any(|&m| m).then_some(mask);
        self
    }

    /// Name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same column under another name.
    #[must_use]
    pub fn renamed(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Values.
    #[must_use]
    pub fn data(&self) -> &ColumnData {
        &self.data
    }

    /// The values and which rows are missing, without a copy.
    #[must_use]
    pub fn into_parts(self) -> (ColumnData, Option<Vec<bool>>) {
        (self.data, self.mask)
    }

    /// Missing rows, if any.
    #[must_use]
    pub fn mask(&self) -> Option<&[bool]> {
        self.mask.as_deref()
    }

    /// The row is missing.
    #[must_use]
    pub fn is_missing(&self, row: usize) -> bool {
        self.mask.as_ref().is_some_and(|m| m[row])
    }

    /// Values per row: 1 for scalars.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.data.len() / self.width
    }

    /// No rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// Numbers as `f64`; missing rows are NaN.
    ///
    /// # Errors
    /// [`CoreError::ColumnType`] for text.
    pub fn to_f64(&self) -> Result<Vec<f64>> {
        let mut v: Vec<f64> = match &self.data {
            ColumnData::Bool(v) => v.iter().map(|&x| f64::from(u8::from(x))).collect(),
            ColumnData::U8(v) => v.iter().map(|&x| f64::from(x)).collect(),
            ColumnData::I16(v) => v.iter().map(|&x| f64::from(x)).collect(),
            ColumnData::I32(v) => v.iter().map(|&x| f64::from(x)).collect(),
            ColumnData::I64(v) => v.iter().map(|&x| x as f64).collect(),
            ColumnData::U32(v) => v.iter().map(|&x| f64::from(x)).collect(),
            ColumnData::U64(v) => v.iter().map(|&x| x as f64).collect(),
            ColumnData::F32(v) => v.iter().map(|&x| f64::from(x)).collect(),
            ColumnData::F64(v) => v.clone(),
            ColumnData::Str(_) => return Err(self.type_error("numbers")),
        };
        if let Some(m) = &self.mask {
            for (row, &missing) in m.iter().enumerate() {
                if missing {
                    v[row * self.width..(row + 1) * self.width].fill(f64::NAN);
                }
            }
        }
        Ok(v)
    }

    /// Whole numbers as `i64`.
    ///
    /// # Errors
    /// [`CoreError::ColumnType`] for text, floats, and `u64` values beyond `i64`.
    pub fn to_i64(&self) -> Result<Vec<i64>> {
        Ok(match &self.data {
            ColumnData::Bool(v) => v.iter().map(|&x| i64::from(x)).collect(),
            ColumnData::U8(v) => v.iter().map(|&x| i64::from(x)).collect(),
            ColumnData::I16(v) => v.iter().map(|&x| i64::from(x)).collect(),
            ColumnData::I32(v) => v.iter().map(|&x| i64::from(x)).collect(),
            ColumnData::I64(v) => v.clone(),
            ColumnData::U32(v) => v.iter().map(|&x| i64::from(x)).collect(),
            ColumnData::U64(v) => v
                .iter()
                .map(|&x| i64::try_from(x))
                .collect::<std::result::Result<_, _>>()
                .map_err(|_| self.type_error("integers of 63 bits"))?,
            ColumnData::F32(_) | ColumnData::F64(_) | ColumnData::Str(_) => {
                return Err(self.type_error("integers"));
            }
        })
    }

    /// Text.
    ///
    /// # Errors
    /// [`CoreError::ColumnType`] for anything else.
    pub fn as_str(&self) -> Result<&[String]> {
        match &self.data {
            ColumnData::Str(v) => Ok(v),
            _ => Err(self.type_error("text")),
        }
    }

    fn type_error(&self, expected: &'static str) -> CoreError {
        CoreError::ColumnType { name: self.name.clone(), expected, found: self.data.type_name() }
    }

    /// The rows of the given numbers.
    ///
    /// # Panics
    /// If a number is not a row.
    #[must_use]
    pub fn take(&self, rows: &[usize]) -> Self {
        let mut c = self.clone_without_data(self.data.take(rows, self.width));
        if let Some(m) = &self.mask {
            c = c.with_mask(rows.iter().map(|&r| m[r]).collect());
        }
        c
    }

    /// The same column with `n` rows of nothing: zeros, empty text, `false`.
    #[must_use]
    pub(crate) fn blank(&self, n: usize) -> Self {
        let mut c = self.clone_without_data(self.data.blank(n * self.width));
        c.mask = self.mask.as_ref().map(|_| vec![false; n]);
        c
    }

    /// Writes the rows of `other` over rows of the given numbers.
    pub(crate) fn set_rows(&mut self, rows: &[usize], other: &Self) -> Result<()> {
        if other.width != self.width || !self.data.set(rows, &other.data, self.width) {
            return Err(CoreError::ColumnType {
                name: self.name.clone(),
                expected: self.data.type_name(),
                found: other.data.type_name(),
            });
        }
        if self.mask.is_some() || other.mask.is_some() {
            let n = self.len();
            let mask = self.mask.get_or_insert_with(|| vec![false; n]);
            for (i, &r) in rows.iter().enumerate() {
                mask[r] = other.is_missing(i);
            }
        }
        Ok(())
    }

    fn clone_without_data(&self, data: ColumnData) -> Self {
        Self {
            name: self.name.clone(),
            data,
            mask: None,
            width: self.width,
            unit: self.unit.clone(),
            description: self.description.clone(),
            format: self.format.clone(),
        }
    }

    /// Row numbers in sorted order (by the first value of a row); stable, missing and NaN last in either direction.
    #[must_use]
    pub fn argsort(&self, descending: bool) -> Vec<usize> {
        let w = self.width;
        let bad = |r: usize| {
            self.is_missing(r)
                || match &self.data {
                    ColumnData::F32(v) => v[r * w].is_nan(),
                    ColumnData::F64(v) => v[r * w].is_nan(),
                    _ => false,
                }
        };
        let compare = |a: usize, b: usize| each!(&self.data, v => v[a * w].partial_cmp(&v[b * w]).unwrap_or(Ordering::Equal));
        let mut rows: Vec<usize> = (0..self.len()).collect();
        rows.sort_by(|&a, &b| match (bad(a), bad(b)) {
            (false, false) if descending => compare(b, a),
            (false, false) => compare(a, b),
            (x, y) => x.cmp(&y),
        });
        rows
    }
}
