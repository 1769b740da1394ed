//! The events of a YAML text, put together.

use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use skyphot_core::tree::{MAX_DEPTH, MAX_NODES, Mapping, Node, Value};

use super::scalar;

/// What is wrong with a text, and where.
#[derive(Debug)]
pub(crate) struct YamlError {
    /// Line, 1 = first.
    pub(crate) line: usize,
    pub(crate) message: String,
}

/// A finished node: how many nodes it is with its aliases written out, and how deep.
#[derive(Debug, Clone)]
struct Built {
    node: Node,
    size: usize,
    height: usize,
}

#[derive(Debug)]
struct Frame {
    mapping: bool,
    tag: Option<Arc<str>>,
    anchor: usize,
    items: Vec<Node>,
    size: usize,
    height: usize,
}

/// The first document of `text` as a tree; an empty text is null.
///
/// Every node with a tag goes through `finish` when its parts are complete. The tree is built without recursion, and
/// [`MAX_DEPTH`] and [`MAX_NODES`] are checked while it grows.
pub(crate) fn parse(
    text: &str,
    mut finish: impl FnMut(Node) -> Result<Node, String>,
) -> Result<Node, YamlError> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) =
            event.map_err(|e| YamlError { line: e.marker().line(), message: e.info().to_owned() })?;
        let line = span.start.line();
        builder.event(event, &mut finish).map_err(|message| YamlError { line, message })?;
        if let Some(root) = builder.root.take() {
            return Ok(root);
        }
    }
    Ok(Node::null())
}

#[derive(Default)]
struct Builder {
    stack: Vec<Frame>,
    anchors: HashMap<usize, Built>,
    tags: HashMap<String, Arc<str>>,
    root: Option<Node>,
}

impl Builder {
    fn event(
        &mut self,
        event: Event<'_>,
        finish: &mut impl FnMut(Node) -> Result<Node, String>,
    ) -> Result<(), String> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.and_then(|t| self.tag(&t));
                let quoted = tag.as_deref() == Some("!");
                let tag = tag.filter(|t| &**t != "!");
                let plain = style == ScalarStyle::Plain && !quoted;
                let value = scalar::resolve(&text, plain, tag.as_deref())?;
                self.complete(value, tag, anchor, 1, 1, finish)
            }
            Event::SequenceStart(anchor, tag) => self.open(false, anchor, tag.as_deref()),
            Event::MappingStart(anchor, tag) => self.open(true, anchor, tag.as_deref()),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(frame) = self.stack.pop() else {
                    return Err("unexpected end of a collection".to_owned());
                };
                let value = if frame.mapping {
                    let mut entries = Vec::with_capacity(frame.items.len() / 2);
                    let mut items = frame.items.into_iter();
                    while let (Some(key), Some(value)) = (items.next(), items.next()) {
                        entries.push((key, value));
                    }
                    Value::Mapping(Mapping::new(entries))
                } else {
                    Value::Sequence(frame.items)
                };
                self.complete(value, frame.tag, frame.anchor, frame.size, frame.height + 1, finish)
            }
            Event::Alias(anchor) => {
                if self.stack.iter().any(|f| f.anchor == anchor) {
                    return Err("an anchor that contains an alias of itself: trees with cycles are not read"
                        .to_owned());
                }
                let built =
                    self.anchors.get(&anchor).cloned().ok_or("an alias of an anchor that is not there")?;
                self.place(built)
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn open(&mut self, mapping: bool, anchor: usize, tag: Option<&Tag>) -> Result<(), String> {
        let tag = tag.and_then(|t| self.tag(t)).filter(|t| &**t != "!");
        self.stack.push(Frame { mapping, tag, anchor, items: Vec::new(), size: 1, height: 0 });
        if self.stack.len() >= MAX_DEPTH { Err(too_deep()) } else { Ok(()) }
    }

    fn complete(
        &mut self,
        value: Value,
        tag: Option<Arc<str>>,
        anchor: usize,
        size: usize,
        height: usize,
        finish: &mut impl FnMut(Node) -> Result<Node, String>,
    ) -> Result<(), String> {
        let tagged = tag.is_some();
        let mut node = Node::tagged(tag, value);
        if tagged {
            node = finish(node)?;
        }
        let built = Built { node, size, height };
        if anchor != 0 {
            self.anchors.insert(anchor, built.clone());
        }
        self.place(built)
    }

    fn place(&mut self, built: Built) -> Result<(), String> {
        if self.stack.len() + built.height > MAX_DEPTH {
            return Err(too_deep());
        }
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(built.node);
            return Ok(());
        };
        frame.size = frame.size.saturating_add(built.size);
        if frame.size > MAX_NODES {
            return Err(format!(
                "the tree has more than {MAX_NODES} values when its aliases are written out"
            ));
        }
        frame.height = frame.height.max(built.height);
        frame.items.push(built.node);
        Ok(())
    }

    /// The complete tag, one allocation for each different one.
    fn tag(&mut self, tag: &Tag) -> Option<Arc<str>> {
        let full = format!("{}{}", tag.handle, tag.suffix);
        if full.is_empty() {
            return None;
        }
        if let Some(known) = self.tags.get(&full) {
            return Some(Arc::clone(known));
        }
        let shared: Arc<str> = full.as_str().into();
        self.tags.insert(full, Arc::clone(&shared));
        Some(shared)
    }
}

fn too_deep() -> String {
    format!("the tree is nested deeper than {MAX_DEPTH}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Node, String> {
        parse(text, Ok).map_err(|e| format!("{}: {}", e.line, e.message))
    }

    #[test]
    fn tags_and_anchors() {
        let tree = load(
            "%YAML 1.1\n%TAG ! tag:stsci.edu:asdf/\n--- !core/asdf-1.1.0\na: &x !transform/shift-1.2.0 {offset: 1.5}\n\
             b: *x\nc: !<asdf://e/t-1.0.0> 12\nd: !!str 12\ne: ! 12\nf: 'q: é'\n1: one\n...\n",
        )
        .unwrap();
        assert_eq!(tree.tag().unwrap().full(), "tag:stsci.edu:asdf/core/asdf-1.1.0");
        let a = tree.get("a").unwrap();
        assert_eq!(a.tag().unwrap().full(), "tag:stsci.edu:asdf/transform/shift-1.2.0");
        assert!(a.same(tree.get("b").unwrap()));
        assert_eq!(tree.get("c").unwrap().as_str(), Some("12"));
        assert_eq!(tree.get("c").unwrap().tag().unwrap().full(), "asdf://e/t-1.0.0");
        assert_eq!(tree.get("d").unwrap().as_str(), Some("12"));
        assert_eq!(tree.get("e").unwrap().as_str(), Some("12"));
        assert_eq!(tree.get("f").unwrap().as_str(), Some("q: é"));
        assert_eq!(tree.as_map().unwrap().len(), 7);
    }

    #[test]
    fn hostile() {
        assert!(load("a: &a [1, *a]\n").unwrap_err().contains("cycles"));
        assert!(load("a: *nothing\n").is_err());
        assert!(load(&format!("{}1\n", "- ".repeat(100_000))).unwrap_err().contains("deeper"));
        assert!(load(&"[".repeat(100_000)).is_err());
        assert!(load(&"{a: ".repeat(100_000)).is_err());
        assert!(load("a: [1, 2\nb: 3").is_err());
        // Nine anchors of nine aliases each: ten lines that stand for 9^9 values.
        let mut bomb = String::from("x0: &x0 [lol]\n");
        for i in 1..=9 {
            let many = vec![format!("*x{}", i - 1); 9].join(", ");
            bomb.push_str(&format!("x{i}: &x{i} [{many}]\n"));
        }
        assert!(load(&bomb).unwrap_err().contains("aliases"));
        // Every line nests the one before: deep, though no line is.
        let mut chain = String::from("x0: &x0 [1]\n");
        for i in 1..=400 {
            chain.push_str(&format!("x{i}: &x{i} [*x{}]\n", i - 1));
        }
        assert!(load(&chain).unwrap_err().contains("deeper"));
        assert!(load("").unwrap().is_null());
    }
}
