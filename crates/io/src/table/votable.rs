//! VOTable: reading TABLEDATA, BINARY and BINARY2.

use std::panic::catch_unwind;
use std::path::Path;

use skyphot_core::{Column, ColumnData, MetaValue, Table};
use votable::TableElem;
use votable::data::DataElem;
use votable::datatype::Datatype;
use votable::field::{ArraySize, Field};
use votable::impls::VOTableValue;
use votable::impls::mem::InMemTableDataRows;
use votable::votable::VOTableWrapper;

use super::json;
use crate::{IoError, Result};

pub(super) fn read(bytes: &[u8], path: &Path) -> Result<Table> {
    let fail = |m: String| IoError::table(path, "VOTable", None, m);
    // The parser is not ours and takes some broken files for impossible.
    let parsed = catch_unwind(|| VOTableWrapper::<InMemTableDataRows>::from_ivoa_xml_bytes(bytes))
        .map_err(|_| fail("the file breaks the format".to_owned()))?
        .map_err(|e| fail(e.to_string()))?
        .unwrap();
    let found = parsed.get_first_table().ok_or_else(|| fail("no TABLE with data in the file".to_owned()))?;
    let mut table = Table::new();
    if let Some(d) = &found.description {
        table.meta.set("description", d.get_content_unwrapped().trim());
    }
    let fields: Vec<&Field> = found
        .elems
        .iter()
        .filter_map(|e| match e {
            TableElem::Field(f) => Some(f),
            _ => None,
        })
        .collect();
    for e in &found.elems {
        if let TableElem::Param(p) = e {
            let value = match p.field.datatype {
                _ if p.field.utype.as_deref() == Some("json") => {
                    serde_json::from_str(&p.value).map_or(MetaValue::Null, |v| json::from_json(&v))
                }
                Datatype::Logical => MetaValue::Bool(p.value.starts_with(['T', 't', '1'])),
                Datatype::Byte | Datatype::ShortInt | Datatype::Int | Datatype::LongInt => {
                    p.value.parse().map_or_else(|_| MetaValue::Str(p.value.clone()), MetaValue::Int)
                }
                Datatype::Float | Datatype::Double => {
                    p.value.parse().map_or_else(|_| MetaValue::Str(p.value.clone()), MetaValue::Float)
                }
                _ => MetaValue::Str(p.value.clone()),
            };
            table.meta.set(p.field.name.as_str(), value);
        }
    }
    let empty = Vec::new();
    let rows = match found.data.as_ref().map(|d| &d.data) {
        Some(DataElem::TableData(d)) => &d.content.rows,
        Some(DataElem::Binary(d)) => d.stream.content.as_ref().map_or(&empty, |c| &c.rows),
        Some(DataElem::Binary2(d)) => d.stream.content.as_ref().map_or(&empty, |c| &c.rows),
        Some(DataElem::Fits(_)) => {
            return Err(fail("the data are in a FITS file, which is not read".to_owned()));
        }
        None => &empty,
    };
    let mut skipped = Vec::new();
    for (k, f) in fields.iter().enumerate() {
        let cells: Vec<&VOTableValue> =
            rows.iter().map(|r| r.get(k).unwrap_or(&VOTableValue::Null)).collect();
        let Some(mut column) = column(f, &cells) else {
            skipped.push(MetaValue::Str(format!("{} (variable length or bits)", f.name)));
            continue;
        };
        column.unit = f.unit.clone().filter(|u| !u.is_empty());
        column.description = f.description.as_ref().map(|d| d.get_content_unwrapped().trim().to_owned());
        let mut name = f.name.clone();
        let mut n = 1;
        while table.has(&name) {
            n += 1;
            name = format!("{}_{n}", f.name);
        }
        table.push(column.renamed(name))?;
    }
    if !skipped.is_empty() {
        table.meta.set("skipped_columns", skipped);
    }
    Ok(table)
}

/// Numbers of one cell.
fn numbers<T: Copy>(v: &VOTableValue, f: impl Fn(Number) -> Option<T>) -> Option<Vec<T>> {
    use VOTableValue as V;
    let one = |n: Number| f(n).map(|x| vec![x]);
    match v {
        V::Bool(b) => one(Number::Int(i64::from(*b))),
        V::Byte(x) => one(Number::Int(i64::from(*x))),
        V::Short(x) => one(Number::Int(i64::from(*x))),
        V::Int(x) => one(Number::Int(i64::from(*x))),
        V::Long(x) => one(Number::Int(*x)),
        V::Float(x) => one(Number::Single(*x)),
        V::Double(x) => one(Number::Double(*x)),
        V::ByteArray(v) => v.iter().map(|&x| f(Number::Int(i64::from(x)))).collect(),
        V::ShortArray(v) => v.iter().map(|&x| f(Number::Int(i64::from(x)))).collect(),
        V::IntArray(v) => v.iter().map(|&x| f(Number::Int(i64::from(x)))).collect(),
        V::LongArray(v) => v.iter().map(|&x| f(Number::Int(x))).collect(),
        V::FloatArray(v) => v.iter().map(|&x| f(Number::Single(x))).collect(),
        V::DoubleArray(v) => v.iter().map(|&x| f(Number::Double(x))).collect(),
        V::ComplexFloat((a, b)) => [*a, *b].iter().map(|&x| f(Number::Single(x))).collect(),
        V::ComplexDouble((a, b)) => [*a, *b].iter().map(|&x| f(Number::Double(x))).collect(),
        V::ComplexFloatArray(v) => {
            v.iter().flat_map(|&(a, b)| [a, b]).map(|x| f(Number::Single(x))).collect()
        }
        V::ComplexDoubleArray(v) => {
            v.iter().flat_map(|&(a, b)| [a, b]).map(|x| f(Number::Double(x))).collect()
        }
        V::BooleanArray(v) => v.iter().map(|b| f(Number::Int(i64::from(b.unwrap_or(false))))).collect(),
        _ => None,
    }
}

#[derive(Clone, Copy)]
enum Number {
    Int(i64),
    Single(f32),
    Double(f64),
}

impl Number {
    fn int(self) -> Option<i64> {
        match self {
            Self::Int(i) => Some(i),
            _ => None,
        }
    }

    fn float(self) -> Option<f64> {
        Some(match self {
            Self::Int(i) => i as f64,
            Self::Single(x) => f64::from(x),
            Self::Double(x) => x,
        })
    }
}

/// `None` if the rows have different lengths, and for arrays of bits.
fn column(f: &Field, cells: &[&VOTableValue]) -> Option<Column> {
    // The parser keeps the bits of an array to itself.
    if cells.iter().any(|v| matches!(v, VOTableValue::BitArray(_))) {
        return None;
    }
    let mask: Vec<bool> = cells.iter().map(|v| matches!(v, VOTableValue::Null)).collect();
    macro_rules! build {
        ($variant:ident, $default:expr, $get:expr) => {{
            let rows: Vec<Option<Vec<_>>> = cells.iter().map(|v| numbers(v, $get)).collect();
            gather(f, &rows, $default, ColumnData::$variant)?
        }};
    }
    let column = match f.datatype {
        Datatype::CharASCII | Datatype::CharUnicode => {
            let rows: Vec<Option<Vec<String>>> = cells.iter().map(|v| texts(v)).collect();
            gather(f, &rows, String::new(), ColumnData::Str)?
        }
        Datatype::Logical | Datatype::Bit => build!(Bool, false, |n: Number| n.int().map(|i| i != 0)),
        Datatype::Byte => build!(U8, 0, |n: Number| n.int().map(|i| i as u8)),
        Datatype::ShortInt => build!(I16, 0, |n: Number| n.int().map(|i| i as i16)),
        Datatype::Int => build!(I32, 0, |n: Number| n.int().map(|i| i as i32)),
        Datatype::LongInt => build!(I64, 0, |n: Number| n.int()),
        Datatype::Float | Datatype::ComplexFloat => {
            build!(F32, f32::NAN, |n: Number| n.float().map(|x| x as f32))
        }
        Datatype::Double | Datatype::ComplexDouble => build!(F64, f64::NAN, Number::float),
    };
    // A missing number of a float column is NaN already, but stays marked as missing.
    Some(column.with_mask(mask))
}

fn texts(v: &VOTableValue) -> Option<Vec<String>> {
    match v {
        VOTableValue::String(s) => Some(vec![s.trim_end_matches([' ', '\0']).to_owned()]),
        VOTableValue::CharASCII(c) | VOTableValue::CharUnicode(c) => Some(vec![c.to_string()]),
        VOTableValue::StringArray(v) => {
            Some(v.iter().map(|s| s.trim_end_matches([' ', '\0']).to_owned()).collect())
        }
        _ => None,
    }
}

fn gather<T: Clone>(
    f: &Field,
    rows: &[Option<Vec<T>>],
    default: T,
    data: impl Fn(Vec<T>) -> ColumnData,
) -> Option<Column> {
    let fixed = match (&f.datatype, &f.arraysize) {
        (Datatype::CharASCII | Datatype::CharUnicode, _) | (_, None) => None,
        (_, Some(ArraySize::Fixed1D { size })) => Some(*size as usize),
        (_, Some(_)) => None,
    };
    let width = rows.iter().flatten().map(Vec::len).max().or(fixed).unwrap_or(1).max(1);
    let mut all = Vec::with_capacity(rows.len() * width);
    for r in rows {
        match r {
            Some(r) if r.len() == width => all.extend(r.iter().cloned()),
            Some(r) if !r.is_empty() => return None,
            _ => all.extend(std::iter::repeat_n(default.clone(), width)),
        }
    }
    Column::new_array(f.name.clone(), data(all), width).ok()
}
