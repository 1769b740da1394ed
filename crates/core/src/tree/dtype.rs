//! Element types of arrays.

/// Order of the bytes of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

/// The kind of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScalarKind {
    /// One byte, zero is false.
    Bool,
    /// Signed, 8 bits.
    Int8,
    /// Signed, 16 bits.
    Int16,
    /// Signed, 32 bits.
    Int32,
    /// Signed, 64 bits.
    Int64,
    /// Unsigned, 8 bits.
    UInt8,
    /// Unsigned, 16 bits.
    UInt16,
    /// Unsigned, 32 bits.
    UInt32,
    /// Unsigned, 64 bits.
    UInt64,
    /// IEEE half precision.
    Float16,
    /// IEEE single precision.
    Float32,
    /// IEEE double precision.
    Float64,
    /// Two single precision numbers, real part first.
    Complex64,
    /// Two double precision numbers, real part first.
    Complex128,
    /// Text of so many ASCII bytes, padded with NUL.
    Ascii(usize),
    /// Text of so many 4-byte Unicode characters, padded with NUL.
    Ucs4(usize),
}

impl ScalarKind {
    /// Bytes of one value (saturating for absurd text lengths).
    #[must_use]
    pub fn size(self) -> usize {
        match self {
            Self::Bool | Self::Int8 | Self::UInt8 => 1,
            Self::Int16 | Self::UInt16 | Self::Float16 => 2,
            Self::Int32 | Self::UInt32 | Self::Float32 => 4,
            Self::Int64 | Self::UInt64 | Self::Float64 | Self::Complex64 => 8,
            Self::Complex128 => 16,
            Self::Ascii(n) => n,
            Self::Ucs4(n) => n.saturating_mul(4),
        }
    }

    /// The name ASDF gives it: `float32`, `ucs4`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool8",
            Self::Int8 => "int8",
            Self::Int16 => "int16",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::UInt8 => "uint8",
            Self::UInt16 => "uint16",
            Self::UInt32 => "uint32",
            Self::UInt64 => "uint64",
            Self::Float16 => "float16",
            Self::Float32 => "float32",
            Self::Float64 => "float64",
            Self::Complex64 => "complex64",
            Self::Complex128 => "complex128",
            Self::Ascii(_) => "ascii",
            Self::Ucs4(_) => "ucs4",
        }
    }
}

/// The type of an array's elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DType {
    /// One value.
    Scalar(ScalarKind, ByteOrder),
    /// A record of named fields, packed one after the other.
    Record(Vec<Field>),
}

/// One field of a [`DType::Record`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Name; `f0`, `f1` ... where the file gives none.
    pub name: String,
    /// Type of the field's elements.
    pub dtype: DType,
    /// Shape of the field within one record; empty for a single value.
    pub shape: Vec<usize>,
}

impl DType {
    /// Bytes of one element (saturating).
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::Scalar(kind, _) => kind.size(),
            Self::Record(fields) => fields.iter().fold(0, |n, f| n.saturating_add(f.size())),
        }
    }
}

impl Field {
    /// Bytes of the field in one record (saturating).
    #[must_use]
    pub fn size(&self) -> usize {
        self.shape.iter().fold(self.dtype.size(), |n, &s| n.saturating_mul(s))
    }
}

impl std::fmt::Display for DType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Scalar(kind @ (ScalarKind::Ascii(n) | ScalarKind::Ucs4(n)), _) => {
                write!(f, "{}[{n}]", kind.name())
            }
            Self::Scalar(kind, _) => f.write_str(kind.name()),
            Self::Record(fields) => {
                f.write_str("{")?;
                for (i, field) in fields.iter().enumerate() {
                    let sep = if i == 0 { "" } else { ", " };
                    write!(f, "{sep}{}: {}", field.name, field.dtype)?;
                    if !field.shape.is_empty() {
                        write!(f, "{:?}", field.shape)?;
                    }
                }
                f.write_str("}")
            }
        }
    }
}
