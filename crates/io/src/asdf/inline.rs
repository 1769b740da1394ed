//! Arrays whose elements stand in the tree.

use skyphot_core::tree::{ArrayMask, ArrayNode, ByteOrder, DType, MemoryArray, Node, ScalarKind, Value};

use super::dtype;

/// An array out of nested lists; without a datatype, that of the values. Elements that are null are masked.
pub(super) fn array(
    data: &Node,
    datatype: Option<&Node>,
    shape: Option<Vec<usize>>,
) -> Result<ArrayNode, String> {
    let order = ByteOrder::Little;
    let wanted = datatype.map(|d| dtype::parse(d, order)).transpose()?;
    // The elements of records are lists themselves, so the shape has to say where they begin.
    let mut found = Vec::new();
    let mut first = Some(data);
    while let Some(items) = first.and_then(Node::as_seq) {
        found.push(items.len());
        first = items.first();
    }
    let depth = match (&shape, &wanted) {
        (Some(s), _) => s.len().min(found.len()),
        (None, Some(DType::Record(_))) => found.len().min(1),
        _ => found.len(),
    };
    found.truncate(depth);
    let mut leaves = Vec::new();
    flatten(data, &found, &mut leaves)?;
    if shape.as_ref().is_some_and(|s| *s != found) {
        return Err(format!("expected inline data of shape {shape:?}, found {found:?}"));
    }
    let dtype = wanted.unwrap_or_else(|| DType::Scalar(infer(&leaves), order));
    if dtype.size() == 0 {
        return Err("elements without a byte".to_owned());
    }
    // A null takes as much memory as an element, so the text of the file bounds neither. The tree's limit does.
    if dtype.size().saturating_mul(leaves.len()) > 1 << 28 {
        return Err(format!("{} inline elements of {} bytes are too many", leaves.len(), dtype.size()));
    }
    let mut bytes = Vec::new();
    for leaf in &leaves {
        encode(leaf, &dtype, &mut bytes)?;
    }
    let nulls: Vec<u8> = leaves.iter().map(|n| u8::from(n.is_null())).collect();
    let array = ArrayNode::new(MemoryArray::new(found.clone(), dtype, bytes).map_err(|e| e.to_string())?);
    if !nulls.contains(&1) {
        return Ok(array);
    }
    let kind = DType::Scalar(ScalarKind::Bool, order);
    let mask = ArrayNode::new(MemoryArray::new(found, kind, nulls).map_err(|e| e.to_string())?);
    Ok(array.with_mask(ArrayMask::Array(mask)))
}

fn flatten<'a>(node: &'a Node, shape: &[usize], out: &mut Vec<&'a Node>) -> Result<(), String> {
    let Some((&n, rest)) = shape.split_first() else {
        out.push(node);
        return Ok(());
    };
    let items = node.as_seq().filter(|s| s.len() == n).ok_or("inline data whose lists differ in length")?;
    items.iter().try_for_each(|i| flatten(i, rest, out))
}

fn infer(leaves: &[&Node]) -> ScalarKind {
    let (mut kind, mut text) = (ScalarKind::Bool, 0);
    let rank = |k: ScalarKind| match k {
        ScalarKind::Bool => 0,
        ScalarKind::Int64 => 1,
        ScalarKind::UInt64 => 2,
        ScalarKind::Float64 => 3,
        ScalarKind::Complex128 => 4,
        _ => 5,
    };
    for leaf in leaves {
        let k = match leaf.value() {
            Value::Int(v) if i64::try_from(*v).is_ok() => ScalarKind::Int64,
            Value::Int(_) => ScalarKind::UInt64,
            Value::Float(_) => ScalarKind::Float64,
            Value::Complex(..) => ScalarKind::Complex128,
            Value::String(s) => {
                text = text.max(s.chars().count());
                ScalarKind::Ucs4(0)
            }
            _ => ScalarKind::Bool,
        };
        if rank(k) > rank(kind) {
            kind = k;
        }
    }
    match kind {
        ScalarKind::Ucs4(_) => ScalarKind::Ucs4(text.max(1)),
        ScalarKind::Bool if leaves.is_empty() => ScalarKind::Float64,
        k => k,
    }
}

fn encode(node: &Node, dtype: &DType, out: &mut Vec<u8>) -> Result<(), String> {
    let (kind, order) = match dtype {
        DType::Scalar(kind, order) => (*kind, *order),
        DType::Record(fields) => {
            let items = node.as_seq().filter(|s| s.len() == fields.len());
            let items = items
                .ok_or_else(|| format!("expected {} fields, found {}", fields.len(), node.describe()))?;
            for (field, item) in fields.iter().zip(items) {
                let mut leaves = Vec::new();
                flatten(item, &field.shape, &mut leaves)?;
                leaves.iter().try_for_each(|l| encode(l, &field.dtype, out))?;
            }
            return Ok(());
        }
    };
    let start = out.len();
    if node.is_null() {
        out.resize(start + kind.size(), 0);
        return Ok(());
    }
    let bad = || format!("expected {}, found {}", kind.name(), node.describe());
    let int = || match node.value() {
        Value::Int(v) => Ok(*v),
        Value::Bool(v) => Ok(i128::from(*v)),
        // Whole numbers may be written with a point.
        Value::Float(v) if v.fract() == 0.0 && v.abs() < 1e18 => Ok(*v as i128),
        _ => Err(bad()),
    };
    let complex = || match node.value() {
        Value::Complex(re, im) => Ok((*re, *im)),
        Value::Bool(v) => Ok((f64::from(u8::from(*v)), 0.0)),
        _ => node.as_f64().map(|v| (v, 0.0)).ok_or_else(bad),
    };
    let real = || complex().and_then(|(re, im)| if im == 0.0 { Ok(re) } else { Err(bad()) });
    macro_rules! put {
        ($($v:expr),*) => {
            match order {
                ByteOrder::Little => { $(out.extend_from_slice(&$v.to_le_bytes());)* }
                ByteOrder::Big => { $(out.extend_from_slice(&$v.to_be_bytes());)* }
            }
        };
    }
    macro_rules! whole {
        ($t:ty) => {{
            let v = <$t>::try_from(int()?).map_err(|_| bad())?;
            put!(v)
        }};
    }
    match kind {
        ScalarKind::Bool => out.push(u8::from(int()? != 0)),
        ScalarKind::Int8 => whole!(i8),
        ScalarKind::Int16 => whole!(i16),
        ScalarKind::Int32 => whole!(i32),
        ScalarKind::Int64 => whole!(i64),
        ScalarKind::UInt8 => whole!(u8),
        ScalarKind::UInt16 => whole!(u16),
        ScalarKind::UInt32 => whole!(u32),
        ScalarKind::UInt64 => whole!(u64),
        ScalarKind::Float16 => put!(half(real()?)),
        ScalarKind::Float32 => put!((real()? as f32)),
        ScalarKind::Float64 => put!(real()?),
        ScalarKind::Complex64 => {
            let (re, im) = complex()?;
            put!((re as f32), (im as f32));
        }
        ScalarKind::Complex128 => {
            let (re, im) = complex()?;
            put!(re, im);
        }
        ScalarKind::Ascii(n) => {
            let text = node.as_str().filter(|s| s.is_ascii() && s.len() <= n).ok_or_else(bad)?;
            out.extend_from_slice(text.as_bytes());
            out.resize(start + n, 0);
        }
        ScalarKind::Ucs4(n) => {
            let text = node.as_str().filter(|s| s.chars().count() <= n).ok_or_else(bad)?;
            for c in text.chars() {
                put!(u32::from(c));
            }
            out.resize(start + kind.size(), 0);
        }
    }
    Ok(())
}

/// The nearest half precision number (ties to even).
fn half(v: f64) -> u16 {
    let sign = if v.is_sign_negative() { 0x8000 } else { 0 };
    let a = v.abs();
    if v.is_nan() {
        return 0x7e00;
    }
    if a >= 65520.0 {
        return sign | 0x7c00;
    }
    let exponent = if a < 2.0_f64.powi(-14) { -14 } else { a.log2().floor() as i32 };
    // In units of the last place; 2^11 carries into the exponent by itself.
    let units = (a / 2.0_f64.powi(exponent - 10)).round_ties_even() as u16;
    let bits = if units < 1024 && exponent == -14 {
        units
    } else {
        (((exponent + 15) as u16) << 10).wrapping_add(units.wrapping_sub(1024))
    };
    sign | bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision() {
        for (v, bits) in
            [(1.0, 0x3c00), (-2.0, 0xc000), (65504.0, 0x7bff), (65520.0, 0x7c00), (0.0, 0), (6e-8, 1)]
        {
            assert_eq!(half(v), bits, "{v}");
        }
        assert_eq!(half(0.1), 0x2e66);
        assert_eq!(half(2047.9), 0x6800);
    }

    #[test]
    fn nulls_are_masked() {
        let data = Node::sequence([Node::from(1.0), Node::null(), Node::from(3)]);
        let a = array(&data, None, None).unwrap();
        assert_eq!(a.to_f64().unwrap().as_slice().unwrap(), [1.0, 0.0, 3.0]);
        assert_eq!(a.read_mask().unwrap().unwrap().as_slice().unwrap(), [false, true, false]);
        let ragged = Node::sequence([data.clone(), Node::from(3)]);
        assert!(array(&ragged, None, None).is_err());
        assert!(array(&data, Some(&Node::from("int8")), Some(vec![2])).is_err());
        assert!(array(&data, Some(&Node::from("ascii")), None).is_err());
    }
}
