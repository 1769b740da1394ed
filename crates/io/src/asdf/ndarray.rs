//! `core/ndarray` nodes.

use std::sync::Arc;

use skyphot_core::tree::{ArrayMask, ArrayNode, ByteOrder, DType, Node, ScalarKind, Value};

use super::array::{FileArray, Origin};
use super::block::Blocks;
use super::strided::Layout;
use super::{dtype, inline};
use crate::FitsFile;

/// What arrays of a tree may refer to.
pub(super) struct Context<'a> {
    pub(super) blocks: &'a Arc<Blocks>,
    pub(super) fits: Option<&'a Arc<FitsFile>>,
}

/// The node with its tag understood: arrays and complex numbers.
pub(super) fn finish(node: Node, context: &Context<'_>) -> Result<Node, String> {
    let Some(tag) = node.tag() else { return Ok(node) };
    let full: Arc<str> = tag.full().into();
    if tag.is("core/ndarray") && (node.as_map().is_some() || node.as_seq().is_some()) {
        let array = array(&node, context).map_err(|e| format!("array: {e}"))?;
        return Ok(Node::tagged(Some(full), Value::Array(array)));
    }
    if tag.is("core/complex")
        && let Some(text) = node.as_str()
    {
        let (re, im) = complex(text).ok_or_else(|| format!("expected a complex number, found '{text}'"))?;
        return Ok(Node::tagged(Some(full), Value::Complex(re, im)));
    }
    Ok(node)
}

fn array(node: &Node, context: &Context<'_>) -> Result<ArrayNode, String> {
    if node.as_seq().is_some() {
        return inline::array(node, None, None);
    }
    let array = match (node.get("source"), node.get("data")) {
        (Some(source), _) => stored(node, source, context)?,
        (None, Some(data)) => {
            let shape = node.get("shape").map(dtype::shape).transpose()?;
            inline::array(data, node.get("datatype"), shape)?
        }
        (None, None) => return Err("neither 'source' nor 'data'".to_owned()),
    };
    Ok(match node.get("mask") {
        Some(mask) => match (mask.as_array(), mask.as_f64()) {
            (Some(m), _) => array.with_mask(ArrayMask::Array(m.clone())),
            (None, Some(v)) => array.with_mask(ArrayMask::Value(v)),
            _ => array,
        },
        None => array,
    })
}

/// An array in a block or an HDU. That the elements are really there is checked when they are read, so that one lost
/// block does not hide the rest of the file.
fn stored(node: &Node, source: &Node, context: &Context<'_>) -> Result<ArrayNode, String> {
    let order = node.get("byteorder").map_or(Ok(ByteOrder::Little), dtype::byte_order)?;
    let dtype = match node.get("datatype") {
        Some(d) => dtype::parse(d, order)?,
        None => DType::Scalar(ScalarKind::Float64, order),
    };
    if dtype.size() == 0 {
        return Err("elements without a byte".to_owned());
    }
    let mut offset = 0;
    if let Some(n) = node.get("offset") {
        offset = n
            .as_i64()
            .and_then(|v| u64::try_from(v).ok())
            .ok_or_else(|| format!("expected an offset in bytes, found {}", n.describe()))?;
    }
    let origin = match (source.as_i64(), source.as_str()) {
        (Some(-1), _) => match context.blocks.list.len() {
            0 => Origin::Broken("the tree speaks of a streamed block, but the file has none".to_owned()),
            n => Origin::Block(Arc::clone(context.blocks), n - 1),
        },
        (Some(i), _) => match usize::try_from(i) {
            Ok(i) => Origin::Block(Arc::clone(context.blocks), i),
            Err(_) => return Err(format!("expected the number of a block, found {i}")),
        },
        (None, Some(name)) => match (name.strip_prefix("fits:"), context.fits) {
            (Some(hdu), Some(fits)) => match super::embedded::hdu_array(fits, hdu) {
                Ok(array) => return Ok(array),
                Err(why) => Origin::Broken(why),
            },
            (Some(_), None) => {
                Origin::Broken(format!("'{name}' is in the FITS file that this tree comes from"))
            }
            (None, _) => Origin::Broken(format!(
                "the elements are in another file, '{name}': files in exploded form are not followed"
            )),
        },
        _ => return Err(format!("expected the number of a block, found {}", source.describe())),
    };
    let item = dtype.size();
    let shape = match node.get("shape") {
        Some(s) => full_shape(s, item, offset, &origin)?,
        None => return Err("no shape".to_owned()),
    };
    let layout = match node.get("strides") {
        Some(list) => Layout { strides: strides(list, shape.len())?, shape, item, offset },
        None => Layout::contiguous(shape, item, offset)?,
    };
    Ok(ArrayNode::new(FileArray { origin, dtype, layout }))
}

/// The shape; a first length `*` is as many rows as the block holds.
fn full_shape(node: &Node, item: usize, offset: u64, origin: &Origin) -> Result<Vec<usize>, String> {
    let Some(("*", rest)) =
        node.as_seq().and_then(|s| s.split_first()).and_then(|(f, r)| Some((f.as_str()?, r)))
    else {
        return dtype::shape(node);
    };
    let mut shape = dtype::shape(&Node::sequence(rest.iter().cloned()))?;
    let row = shape.iter().try_fold(item, |n, &s| n.checked_mul(s)).filter(|&n| n > 0);
    let row = row.ok_or_else(|| format!("rows of shape {shape:?} cannot be counted"))?;
    let size = match origin {
        Origin::Block(blocks, i) => blocks.list.get(*i).map_or(0, |b| b.data_size().saturating_sub(offset)),
        _ => 0,
    };
    shape.insert(0, usize::try_from(size / row as u64).map_err(|e| e.to_string())?);
    Ok(shape)
}

fn strides(node: &Node, axes: usize) -> Result<Vec<i64>, String> {
    node.as_seq()
        .filter(|s| s.len() == axes)
        .and_then(|s| s.iter().map(Node::as_i64).collect())
        .ok_or_else(|| format!("expected {axes} strides in bytes, found {}", node.describe()))
}

/// `1+2j`, `(nan-infj)`, `3i`, `4`.
fn complex(text: &str) -> Option<(f64, f64)> {
    let text = text.trim().trim_start_matches('(').trim_end_matches(')');
    let number = |s: &str| match s {
        "+" | "" => Some(1.0),
        "-" => Some(-1.0),
        _ => s.parse::<f64>().ok(),
    };
    let Some(body) = text.strip_suffix(['i', 'j', 'I', 'J']) else { return Some((text.parse().ok()?, 0.0)) };
    // The last sign that does not belong to an exponent.
    let bytes = body.as_bytes();
    let split = (1..bytes.len())
        .rev()
        .find(|&i| matches!(bytes[i], b'+' | b'-') && !matches!(bytes[i - 1], b'e' | b'E'));
    match split {
        Some(i) => Some((body[..i].parse().ok()?, number(&body[i..])?)),
        None => Some((0.0, number(body)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::complex;

    #[test]
    fn complex_numbers() {
        assert_eq!(complex("1+2j"), Some((1.0, 2.0)));
        assert_eq!(complex("(1e-5-2.5e+3j)"), Some((1e-5, -2500.0)));
        assert_eq!(complex("3i"), Some((0.0, 3.0)));
        assert_eq!(complex("4"), Some((4.0, 0.0)));
        let (re, im) = complex("nan-infj").unwrap();
        assert!(re.is_nan() && im == f64::NEG_INFINITY);
        assert_eq!(complex("é+j"), None);
        assert_eq!(complex("j"), Some((0.0, 1.0)));
    }
}
