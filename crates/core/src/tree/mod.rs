//! A tree of tagged values: what an ASDF file holds, without any file.
//!
//! A reader (`skyphot-io`) makes [`Node`]s; whoever interprets them (GWCS, the pipeline) needs no file library and does
//! no input or output, except that an [`ArrayNode`] reads its elements when it is asked for them.
//!
//! # What a node is
//! A [`Node`] is a [`Value`] and an optional [`Tag`]. Nodes are immutable and shared: cloning one costs a reference
//! count, and a YAML anchor with three aliases is one node in three places ([`Node::same`] tells). A tree has no cycles.
//!
//! - Tags are complete (`tag:stsci.edu:asdf/transform/compose-1.2.0`); the `!transform/compose-1.2.0` shorthand of a file
//!   is expanded. A tag nobody knows is no obstacle: the value is there as if there were none.
//! - Whole numbers are [`Value::Int`] (128 bits, so that both `i64` and `u64` fit), complex numbers ([`Value::Complex`])
//!   are those of `core/complex`; time stamps stay strings, below their `time/time` tag where there is one.
//! - `core/ndarray` nodes, with data in blocks, inline or in the HDUs of a FITS file, are [`Value::Array`].
//! - `unit/quantity` stays a mapping with that tag; [`Node::magnitude`] and [`Node::unit`] look through it.
//!
//! # Limits
//! A reader refuses trees nested deeper than [`MAX_DEPTH`], with more than [`MAX_NODES`] values when every alias is
//! written out (so that code that walks a tree need not fear an "alias bomb"), and arrays whose elements are not all in
//! the file. Recursive code over a tree is therefore safe.
//!
//! # Example
//! ```
//! use skyphot_core::tree::Node;
//!
//! let shift = Node::mapping([("offset", Node::from(3.5))]).with_tag("tag:stsci.edu:asdf/transform/shift-1.3.0");
//! let tree = Node::mapping([("forward", Node::sequence([shift]))]);
//! let node = tree.path("forward.0").unwrap();
//! assert!(node.tag().is_some_and(|t| t.is("transform/shift")));
//! assert_eq!(node.require("offset")?.to_f64()?, 3.5);
//! # Ok::<(), skyphot_core::CoreError>(())
//! ```

mod array;
mod dtype;
mod element;
mod node;
mod source;
mod tag;

pub use array::{ArrayMask, ArrayNode};
pub use dtype::{ByteOrder, DType, Field, ScalarKind};
pub use element::Element;
pub use node::{Mapping, Node, Value};
pub use source::{ArraySource, MemoryArray};
pub use tag::Tag;

/// Deepest nesting of a tree that a reader accepts.
pub const MAX_DEPTH: usize = 256;

/// Most values in a tree, every alias counted as often as it occurs, that a reader accepts.
pub const MAX_NODES: usize = 4_000_000;
