//! Enhanced CSV 1.0: reading.

use std::path::Path;

use skyphot_core::{Column, ColumnData, Exec, Meta, MetaValue, Table};

use super::delimited::{Builder, Kind, Rows, read_typed};
use super::{json, yaml};
use crate::{IoError, Result};

/// One column as the header describes it.
struct Described {
    name: String,
    kind: Kind,
    /// Values are JSON: the type inside.
    inner: Option<String>,
    unit: Option<String>,
    format: Option<String>,
    description: Option<String>,
}

pub(super) fn read(bytes: &[u8], path: &Path, exec: &Exec) -> Result<Table> {
    let fail = |line: Option<usize>, m: String| IoError::table(path, "ECSV", line, m);
    let mut header = String::new();
    let (mut at, mut line) = (0, 0);
    while at < bytes.len() {
        let end = bytes[at..].iter().position(|&b| b == b'\n').map_or(bytes.len(), |i| at + i + 1);
        let text = &bytes[at..end];
        if !text.starts_with(b"#") {
            if text.trim_ascii().is_empty() {
                at = end;
                line += 1;
                continue;
            }
            break;
        }
        let text = String::from_utf8_lossy(&text[1..]);
        let text = text.strip_prefix(' ').unwrap_or(&text).trim_end();
        if !text.starts_with("%ECSV") && text != "---" {
            header.push_str(text);
        }
        header.push('\n');
        at = end;
        line += 1;
    }
    let MetaValue::Map(header) = yaml::parse(&header).map_err(|m| fail(None, m))? else {
        return Err(fail(None, "expected a YAML mapping in the header".to_owned()));
    };
    let delimiter = match header.get("delimiter").and_then(MetaValue::as_str) {
        None | Some(" ") => b' ',
        Some(",") => b',',
        Some(other) => {
            return Err(fail(None, format!("expected a blank or a comma as delimiter, found '{other}'")));
        }
    };
    let columns = describe(&header).map_err(|m| fail(None, m))?;
    let body = &bytes[at..];
    let names_end = body.iter().position(|&b| b == b'\n').map_or(body.len(), |i| i + 1);
    let mut names = Vec::new();
    Rows::new(&body[..names_end], delimiter, line + 1)
        .next_row(false, |_, (cell, _)| {
            names.push(String::from_utf8_lossy(&cell).into_owned());
            Ok(())
        })
        .transpose()
        .map_err(|m| fail(Some(line + 1), m))?;
    let described: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
    if names != described {
        return Err(fail(
            Some(line + 1),
            format!(
                "the column names [{}] are not those of the header [{}]",
                names.join(", "),
                described.join(", ")
            ),
        ));
    }
    let kinds: Vec<Kind> = columns.iter().map(|c| c.kind).collect();
    let builders = read_typed(&body[names_end..], delimiter, &kinds, line + 2, exec)
        .map_err(|(line, m)| fail(Some(line), m))?;
    let mut table = Table::new();
    for (c, b) in columns.iter().zip(builders) {
        let mut column = b.finish(&c.name);
        if let Some(inner) = &c.inner {
            column = from_json(column, inner).map_err(|m| fail(None, format!("column '{}': {m}", c.name)))?;
        }
        column.unit = c.unit.clone();
        column.format = c.format.clone();
        column.description = c.description.clone();
        table.push(column)?;
    }
    take_meta(&mut table, &header)?;
    Ok(table)
}

fn take_meta(table: &mut Table, header: &Meta) -> Result<()> {
    if let Some(MetaValue::Map(meta)) = header.get("meta") {
        table.meta = meta.clone();
    }
    if let Some(MetaValue::Map(mixins)) = table.meta.remove("__serialized_columns__") {
        plain_masks(table, &mixins)?;
    }
    Ok(())
}

/// Gives a table that was stored otherwise the units, formats, descriptions and metadata of a YAML header.
pub(super) fn apply_header(table: &mut Table, yaml: &str) -> std::result::Result<(), String> {
    let MetaValue::Map(header) = yaml::parse(yaml)? else {
        return Err("expected a YAML mapping in the metadata".to_owned());
    };
    for c in describe(&header)? {
        if let Ok(column) = table.column_mut(&c.name) {
            column.unit = c.unit;
            column.format = c.format;
            column.description = c.description;
        }
    }
    take_meta(table, &header).map_err(|e| e.to_string())
}

fn describe(header: &Meta) -> std::result::Result<Vec<Described>, String> {
    let list: &[MetaValue] = match header.get("datatype") {
        Some(MetaValue::List(list)) => list,
        // A table without columns.
        Some(MetaValue::Null) => &[],
        _ => return Err("the header has no list 'datatype'".to_owned()),
    };
    list.iter()
        .map(|item| {
            let MetaValue::Map(item) = item else { return Err("a column is not a mapping".to_owned()) };
            let text = |key: &str| match item.get(key) {
                None | Some(MetaValue::Null) => None,
                Some(MetaValue::Str(s)) => Some(s.clone()),
                // Names such as 1 or true.
                Some(MetaValue::Float(v)) => Some(v.to_string()),
                Some(other) => Some(json::to_text(other)),
            };
            let name = text("name").ok_or("a column has no name")?;
            let datatype = text("datatype").ok_or_else(|| format!("column '{name}' has no datatype"))?;
            let mut kind = Kind::of_name(&datatype)
                .ok_or_else(|| format!("column '{name}' has the unknown datatype '{datatype}'"))?;
            let mut inner = None;
            if let Some(subtype) = text("subtype") {
                if kind == Kind::Str && subtype != "json" {
                    inner = Some(subtype);
                } else {
                    kind = Kind::Str;
                }
            }
            Ok(Described {
                name,
                kind,
                inner,
                unit: text("unit").filter(|u| !u.is_empty()),
                format: text("format"),
                description: text("description"),
            })
        })
        .collect()
}

/// A column of JSON lists of one length as an array column. Lists of different lengths stay text.
fn from_json(column: Column, subtype: &str) -> std::result::Result<Column, String> {
    let (inner, shape) = match subtype.split_once('[') {
        Some((i, shape)) => (i, shape.trim_end_matches(']')),
        None => (subtype, ""),
    };
    let width = shape.split(',').try_fold(1_usize, |n, s| s.trim().parse::<usize>().ok().map(|k| n * k));
    let (Some(width), Some(kind)) = (width, Kind::of_name(inner)) else { return Ok(column) };
    let ColumnData::Str(cells) = column.data() else { return Ok(column) };
    let mut values = Builder::new(kind);
    for (row, cell) in cells.iter().enumerate() {
        if column.is_missing(row) {
            (0..width).try_for_each(|_| values.push(b""))?;
            continue;
        }
        let found = push_json(cell, &mut values)?;
        if found != width {
            return Err(format!("row {row}: expected {width} values, found {found}"));
        }
    }
    let flat = values.finish(column.name());
    // A row of an array column is missing as a whole; single missing values are NaN.
    let new = Column::new_array(column.name(), flat.data().clone(), width).map_err(|e| e.to_string())?;
    let missing = (0..cells.len()).map(|r| column.is_missing(r)).collect();
    Ok(new.with_mask(missing))
}

/// Adds all scalars of a JSON list, nested or not, with Python's NaN and Infinity; returns how many there were.
fn push_json(text: &str, out: &mut Builder) -> std::result::Result<usize, String> {
    let mut n = 0;
    let mut rest = text.trim_start();
    let mut depth = 0_usize;
    while !rest.is_empty() {
        if let Some(r) = rest.strip_prefix('[') {
            depth += 1;
            rest = r;
        } else if let Some(r) = rest.strip_prefix(']') {
            depth = depth.checked_sub(1).ok_or("unexpected ']'")?;
            rest = r;
        } else if let Some(r) = rest.strip_prefix(',') {
            rest = r;
        } else if rest.starts_with('"') {
            let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<String>();
            let s = stream.next().ok_or("expected text")?.map_err(|e| e.to_string())?;
            rest = &rest[stream.byte_offset()..];
            out.push(s.as_bytes())?;
            n += 1;
        } else {
            let end = rest.find([',', ']', '[']).unwrap_or(rest.len());
            let token = rest[..end].trim();
            out.push(match token {
                "null" => b"",
                "NaN" => b"nan",
                "Infinity" => b"inf",
                "-Infinity" => b"-inf",
                t => t.as_bytes(),
            })?;
            n += 1;
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    if depth == 0 { Ok(n) } else { Err("a JSON list is not closed".to_owned()) }
}

/// Masked columns that astropy stored in two parts (`x` and `x.mask`) are put together again. All other mixins stay
/// the plain columns they are.
fn plain_masks(table: &mut Table, mixins: &Meta) -> Result<()> {
    for (name, mixin) in mixins.iter() {
        let MetaValue::Map(mixin) = mixin else { continue };
        let masked = mixin.get("__class__").and_then(MetaValue::as_str).is_some_and(|c| c.contains("Masked"));
        let part = |key: &str| match mixin.get(key) {
            Some(MetaValue::Map(m)) => m.get("name").and_then(MetaValue::as_str),
            _ => None,
        };
        let (Some(data), Some(mask)) = (part("data").or(part("value")), part("mask")) else { continue };
        if !masked || data != name || !table.has(data) || !table.has(mask) {
            continue;
        }
        if let ColumnData::Bool(m) = table.remove(mask)?.data()
            && table.column(data)?.width() == 1
        {
            let column = table.column_mut(data)?;
            *column = column.clone().with_mask(m.clone());
        }
    }
    Ok(())
}
