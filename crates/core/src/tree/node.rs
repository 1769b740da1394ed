//! The nodes of a tree.

use std::sync::Arc;

use ndarray::{ArrayD, IxDyn};

use crate::tree::{ArrayNode, Tag};
use crate::{CoreError, Result};

/// What a node holds.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i128),
    /// A real number; may be NaN or infinite.
    Float(f64),
    /// A complex number: real and imaginary part.
    Complex(f64, f64),
    /// Text.
    String(Arc<str>),
    /// An ordered list.
    Sequence(Vec<Node>),
    /// Pairs of key and value in the order of the file.
    Mapping(Mapping),
    /// An array of numbers, text or records.
    Array(ArrayNode),
}

/// Pairs of key and value in the order of the file; keys are mostly, but need not be, strings.
#[derive(Debug, Clone, Default)]
pub struct Mapping(Vec<(Node, Node)>);

impl Mapping {
    /// A mapping of pairs in this order.
    #[must_use]
    pub fn new(entries: Vec<(Node, Node)>) -> Self {
        Self(entries)
    }

    /// The value of a text key (the last one, should it be there twice).
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.0.iter().rev().find(|(k, _)| k.as_str() == Some(key)).map(|(_, v)| v)
    }

    /// All pairs in the order of the file.
    #[must_use]
    pub fn entries(&self) -> &[(Node, Node)] {
        &self.0
    }

    /// The pairs whose keys are text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.0.iter().filter_map(|(k, v)| Some((k.as_str()?, v)))
    }

    /// The keys that are text.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(k, _)| k)
    }

    /// Number of pairs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no pairs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[derive(Debug)]
struct Inner {
    tag: Option<Arc<str>>,
    value: Value,
}

/// A value with an optional tag; cheap to clone, shared where the file shares it. See the [module](crate::tree).
#[derive(Debug, Clone)]
pub struct Node(Arc<Inner>);

impl Node {
    /// A node without a tag.
    #[must_use]
    pub fn new(value: Value) -> Self {
        Self(Arc::new(Inner { tag: None, value }))
    }

    /// A node with a complete tag, `None` for none.
    #[must_use]
    pub fn tagged(tag: Option<Arc<str>>, value: Value) -> Self {
        Self(Arc::new(Inner { tag, value }))
    }

    /// The same value with this complete tag.
    #[must_use]
    pub fn with_tag(&self, tag: impl Into<Arc<str>>) -> Self {
        Self::tagged(Some(tag.into()), self.0.value.clone())
    }

    /// A node that holds nothing.
    #[must_use]
    pub fn null() -> Self {
        Self::new(Value::Null)
    }

    /// A mapping with text keys.
    #[must_use]
    pub fn mapping<K: Into<Arc<str>>>(entries: impl IntoIterator<Item = (K, Node)>) -> Self {
        let entries = entries.into_iter().map(|(k, v)| (Node::new(Value::String(k.into())), v)).collect();
        Self::new(Value::Mapping(Mapping(entries)))
    }

    /// A list.
    #[must_use]
    pub fn sequence(items: impl IntoIterator<Item = Node>) -> Self {
        Self::new(Value::Sequence(items.into_iter().collect()))
    }

    /// The tag, if the node has one.
    #[must_use]
    pub fn tag(&self) -> Option<Tag<'_>> {
        self.0.tag.as_deref().map(Tag::new)
    }

    /// Whether the tag is this one, whatever its version; see [`Tag::is`].
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.tag().is_some_and(|t| t.is(name))
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.0.value
    }

    /// Whether both are one node (an alias of the same anchor), which equal values need not be.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self.0.value, Value::Null)
    }

    /// The truth value, if it is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(v) = self.0.value { Some(v) } else { None }
    }

    /// The whole number, if it is one that fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        if let Value::Int(v) = self.0.value { v.try_into().ok() } else { None }
    }

    /// The whole number, if it is one that is not negative and fits.
    #[must_use]
    pub fn as_usize(&self) -> Option<usize> {
        if let Value::Int(v) = self.0.value { v.try_into().ok() } else { None }
    }

    /// The number, whole or real, if it is one.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self.0.value {
            Value::Int(v) => Some(v as f64),
            Value::Float(v) => Some(v),
            _ => None,
        }
    }

    /// The text, if it is text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Value::String(v) = &self.0.value { Some(v) } else { None }
    }

    /// The items, if it is a list.
    #[must_use]
    pub fn as_seq(&self) -> Option<&[Node]> {
        if let Value::Sequence(v) = &self.0.value { Some(v) } else { None }
    }

    /// The pairs, if it is a mapping.
    #[must_use]
    pub fn as_map(&self) -> Option<&Mapping> {
        if let Value::Mapping(v) = &self.0.value { Some(v) } else { None }
    }

    /// The array, if it is one.
    #[must_use]
    pub fn as_array(&self) -> Option<&ArrayNode> {
        if let Value::Array(v) = &self.0.value { Some(v) } else { None }
    }

    /// The value of a key; `None` if this is no mapping or has no such key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.get(key)
    }

    /// The item of a list.
    #[must_use]
    pub fn at(&self, index: usize) -> Option<&Node> {
        self.as_seq()?.get(index)
    }

    /// The node at a place below this one: keys and list indices with dots between them (`roman.meta.wcs`,
    /// `steps.0.transform`), or, for keys that have dots, in the form `/steps/0/transform`. An empty path is this node.
    #[must_use]
    pub fn path(&self, path: &str) -> Option<&Node> {
        let (path, separator) = match path.strip_prefix('/') {
            Some(rest) => (rest, '/'),
            None => (path, '.'),
        };
        if path.is_empty() {
            return Some(self);
        }
        path.split(separator).try_fold(self, |node, part| match &node.0.value {
            Value::Mapping(map) => map.get(part),
            Value::Sequence(items) => items.get(part.parse::<usize>().ok()?),
            _ => None,
        })
    }

    /// The value of a key that has to be there.
    ///
    /// # Errors
    /// [`CoreError::NodeType`] if this is no mapping, [`CoreError::MissingNode`] with the keys it has.
    pub fn require(&self, key: &str) -> Result<&Node> {
        let map = self.as_map().ok_or_else(|| self.wrong(&format!("a mapping with '{key}'")))?;
        map.get(key).ok_or_else(|| CoreError::MissingNode {
            path: key.to_owned(),
            available: map.keys().map(str::to_owned).collect(),
        })
    }

    /// What a `unit/quantity` measures, without its unit; any other node is its own magnitude.
    #[must_use]
    pub fn magnitude(&self) -> &Node {
        if self.is("unit/quantity") { self.get("value").unwrap_or(self) } else { self }
    }

    /// The unit of a `unit/quantity` as the file writes it.
    #[must_use]
    pub fn unit(&self) -> Option<&str> {
        if self.is("unit/quantity") { self.get("unit")?.as_str() } else { None }
    }

    /// The number of this node, of a quantity, or of an array with one element.
    ///
    /// # Errors
    /// [`CoreError::NodeType`] if it is none, [`CoreError::ArrayData`] if it cannot be read.
    pub fn to_f64(&self) -> Result<f64> {
        let node = self.magnitude();
        if let Some(array) = node.as_array().filter(|a| a.len() == 1) {
            return array.to_f64()?.first().copied().ok_or_else(|| self.wrong("a number"));
        }
        node.as_f64().ok_or_else(|| self.wrong("a number"))
    }

    /// All numbers of this node, however it holds them: a number (no axes), nested lists of equal lengths, an array, or
    /// a quantity of one of these.
    ///
    /// # Errors
    /// [`CoreError::NodeType`] if it holds anything else or the lists are ragged, [`CoreError::ArrayData`] if the elements
    /// cannot be read.
    pub fn to_f64_array(&self) -> Result<ArrayD<f64>> {
        let node = self.magnitude();
        if let Some(array) = node.as_array() {
            return array.to_f64();
        }
        let mut shape = Vec::new();
        let mut first = Some(node);
        while let Some(items) = first.and_then(Node::as_seq) {
            shape.push(items.len());
            first = items.first();
        }
        let mut out = Vec::new();
        collect(node, &shape, &mut out).ok_or_else(|| self.wrong("numbers in lists of equal lengths"))?;
        ArrayD::from_shape_vec(IxDyn(&shape), out)
            .map_err(|_| self.wrong("numbers in lists of equal lengths"))
    }

    /// What the node is, for messages: `a mapping tagged tag:...`.
    #[must_use]
    pub fn describe(&self) -> String {
        let what = match &self.0.value {
            Value::Null => "null".to_owned(),
            Value::Bool(v) => v.to_string(),
            Value::Int(v) => format!("the number {v}"),
            Value::Float(v) => format!("the number {v}"),
            Value::Complex(re, im) => format!("the number {re}{im:+}i"),
            Value::String(s) => format!("the text '{}'", s.chars().take(40).collect::<String>()),
            Value::Sequence(v) => format!("a list of {}", v.len()),
            Value::Mapping(_) => "a mapping".to_owned(),
            Value::Array(a) => format!("an array of {} with shape {:?}", a.dtype(), a.shape()),
        };
        match self.tag() {
            Some(tag) => format!("{what} tagged {tag}"),
            None => what,
        }
    }

    fn wrong(&self, expected: &str) -> CoreError {
        CoreError::NodeType { path: String::new(), expected: expected.to_owned(), found: self.describe() }
    }
}

fn collect(node: &Node, shape: &[usize], out: &mut Vec<f64>) -> Option<()> {
    match shape.split_first() {
        None => out.push(node.magnitude().as_f64()?),
        Some((n, rest)) => {
            let items = node.as_seq().filter(|s| s.len() == *n)?;
            items.iter().try_for_each(|i| collect(i, rest, out))?;
        }
    }
    Some(())
}

macro_rules! from {
    ($($t:ty => $f:expr),* $(,)?) => {
        $(impl From<$t> for Node {
            fn from(v: $t) -> Self {
                Self::new($f(v))
            }
        })*
    };
}

from! {
    bool => Value::Bool,
    i64 => |v| Value::Int(i128::from(v)),
    f64 => Value::Float,
    &str => |v: &str| Value::String(v.into()),
    ArrayNode => Value::Array,
    ArrayD<f64> => |v: ArrayD<f64>| Value::Array(v.into()),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_numbers() {
        let list = Node::sequence([Node::from(1), Node::from(2.5)]);
        let tree = Node::mapping([("a", Node::mapping([("b", list.clone())])), ("x.y", Node::from("text"))]);
        assert!(tree.path("a.b").unwrap().same(&list));
        assert_eq!(tree.path("a.b.1").unwrap().as_f64(), Some(2.5));
        assert_eq!(tree.path("/x.y").unwrap().as_str(), Some("text"));
        assert!(tree.path("a.c").is_none() && tree.path("a.b.7").is_none() && tree.path("a.b.0.z").is_none());
        assert_eq!(list.to_f64_array().unwrap().as_slice().unwrap(), [1.0, 2.5]);
        let error = tree.require("q").unwrap_err().to_string();
        assert!(error.contains("'q'") && error.contains("x.y"), "{error}");
        let ragged = Node::sequence([list, Node::from(1)]);
        assert!(ragged.to_f64_array().is_err());
    }

    #[test]
    fn quantities_and_arrays() {
        let array = ArrayD::from_shape_vec(IxDyn(&[2, 3]), (0..6).map(f64::from).collect()).unwrap();
        let node = Node::mapping([("unit", Node::from("Jy")), ("value", Node::from(array.clone()))])
            .with_tag("tag:stsci.edu:asdf/unit/quantity-1.1.0");
        assert_eq!(node.unit(), Some("Jy"));
        assert_eq!(node.to_f64_array().unwrap(), array);
        let a = node.magnitude().as_array().unwrap();
        let window = a.read_window::<f32>(&[1..2, 1..3]).unwrap();
        assert_eq!(window.as_slice().unwrap(), [4.0, 5.0]);
        assert!(a.read_window::<f32>(&[1..3, 1..3]).is_err());
        assert!(a.read::<i32>().is_err());
        assert_eq!(a.read_window::<f64>(&[0..2, 2..3]).unwrap().as_slice().unwrap(), [2.0, 5.0]);
        assert_eq!(a.read_window::<f64>(&[0..0, 2..3]).unwrap().len(), 0);
    }
}
