//! Ordered metadata of a table.

/// A value of the metadata tree.
#[derive(Debug, Clone, PartialEq)]
pub enum MetaValue {
    /// No value.
    Null,
    /// A logical.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Text.
    Str(String),
    /// A list.
    List(Vec<MetaValue>),
    /// A nested mapping.
    Map(Meta),
}

/// Metadata in the order it was set.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Meta {
    entries: Vec<(String, MetaValue)>,
}

impl Meta {
    /// Empty metadata.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a key; a key that is already there keeps its place.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<MetaValue>) {
        let (key, value) = (key.into(), value.into());
        match self.entries.iter_mut().find(|(k, _)| *k == key) {
            Some((_, v)) => *v = value,
            None => self.entries.push((key, value)),
        }
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&MetaValue> {
        self.entries.iter().find(|(k, _)| k == key).map(|(_, v)| v)
    }

    /// Removes a key.
    pub fn remove(&mut self, key: &str) -> Option<MetaValue> {
        let i = self.entries.iter().position(|(k, _)| k == key)?;
        Some(self.entries.remove(i).1)
    }

    /// Number of keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// No keys.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All entries, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &MetaValue)> {
        self.entries.iter().map(|(k, v)| (k.as_str(), v))
    }
}

impl MetaValue {
    /// Text of a string value.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(s) => Some(s),
            _ => None,
        }
    }

    /// A number.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(i) => Some(*i as f64),
            Self::Float(f) => Some(*f),
            _ => None,
        }
    }
}

macro_rules! from_value {
    ($($t:ty => $e:expr),* $(,)?) => {$(
        impl From<$t> for MetaValue {
            fn from(v: $t) -> Self {
                let f: fn($t) -> Self = $e;
                f(v)
            }
        }
    )*};
}
from_value! {
    bool => Self::Bool,
    i64 => Self::Int,
    i32 => |v| Self::Int(i64::from(v)),
    u32 => |v| Self::Int(i64::from(v)),
    usize => |v| Self::Int(i64::try_from(v).unwrap_or(i64::MAX)),
    f64 => Self::Float,
    String => Self::Str,
    &str => |v| Self::Str(v.to_owned()),
    Meta => Self::Map,
    Vec<MetaValue> => Self::List,
}

impl<T: Into<Self>> From<Option<T>> for MetaValue {
    fn from(v: Option<T>) -> Self {
        v.map_or(Self::Null, Into::into)
    }
}
