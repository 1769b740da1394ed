//! The `datatype` of an array node.

use skyphot_core::tree::{ByteOrder, DType, Field, Node, ScalarKind};

/// Reads a `datatype`: a name, `[ucs4, 10]` or a list of fields.
pub(super) fn parse(node: &Node, order: ByteOrder) -> Result<DType, String> {
    if let Some(name) = node.as_str() {
        return Ok(DType::Scalar(scalar(name)?, order));
    }
    let items = node.as_seq().ok_or_else(|| format!("expected a datatype, found {}", node.describe()))?;
    if let [name, length] = items
        && let (Some(name), Some(length)) = (name.as_str(), length.as_usize())
    {
        let kind = match name {
            "ascii" => ScalarKind::Ascii(length),
            "ucs4" => ScalarKind::Ucs4(length),
            _ => return Err(format!("expected the datatype ascii or ucs4 before a length, found '{name}'")),
        };
        return Ok(DType::Scalar(kind, order));
    }
    let fields = items.iter().enumerate().map(|(i, f)| field(f, i, order)).collect::<Result<Vec<_>, _>>()?;
    Ok(DType::Record(fields))
}

fn field(node: &Node, index: usize, order: ByteOrder) -> Result<Field, String> {
    let unnamed = || format!("f{index}");
    if node.as_map().is_none() {
        return Ok(Field { name: unnamed(), dtype: parse(node, order)?, shape: Vec::new() });
    }
    let order = node.get("byteorder").map_or(Ok(order), byte_order)?;
    let dtype = node.get("datatype").ok_or("a field without a datatype")?;
    Ok(Field {
        name: node.get("name").and_then(Node::as_str).map_or_else(unnamed, str::to_owned),
        dtype: parse(dtype, order)?,
        shape: node.get("shape").map_or_else(|| Ok(Vec::new()), shape)?,
    })
}

/// A list of lengths.
pub(super) fn shape(node: &Node) -> Result<Vec<usize>, String> {
    let items = node.as_seq().ok_or_else(|| format!("expected a shape, found {}", node.describe()))?;
    if items.len() > 32 {
        return Err(format!("expected at most 32 axes, found {}", items.len()));
    }
    items
        .iter()
        .map(|n| {
            n.as_usize().ok_or_else(|| format!("expected the length of an axis, found {}", n.describe()))
        })
        .collect()
}

/// `little` or `big`.
pub(super) fn byte_order(node: &Node) -> Result<ByteOrder, String> {
    match node.as_str() {
        Some("little") => Ok(ByteOrder::Little),
        Some("big") => Ok(ByteOrder::Big),
        _ => Err(format!("expected the byte order little or big, found {}", node.describe())),
    }
}

fn scalar(name: &str) -> Result<ScalarKind, String> {
    Ok(match name {
        "bool8" => ScalarKind::Bool,
        "int8" => ScalarKind::Int8,
        "int16" => ScalarKind::Int16,
        "int32" => ScalarKind::Int32,
        "int64" => ScalarKind::Int64,
        "uint8" => ScalarKind::UInt8,
        "uint16" => ScalarKind::UInt16,
        "uint32" => ScalarKind::UInt32,
        "uint64" => ScalarKind::UInt64,
        "float16" => ScalarKind::Float16,
        "float32" => ScalarKind::Float32,
        "float64" => ScalarKind::Float64,
        "complex64" => ScalarKind::Complex64,
        "complex128" => ScalarKind::Complex128,
        _ => return Err(format!("unknown datatype '{name}'")),
    })
}
