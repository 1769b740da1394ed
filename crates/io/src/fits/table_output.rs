//! Binary tables of FITS files: writing.

use std::io::Write;
use std::path::Path;

use skyphot_core::{Column, ColumnData, Meta, MetaValue, Table};

use super::output::{is_structural, pad, structural, write_header};
use crate::header::Card;
use crate::table::json;
use crate::{CardValue, Header, IoError, Result};

/// A column ready to be cut into rows.
struct Field<'a> {
    column: &'a Column,
    /// Bytes per row.
    bytes: usize,
    form: String,
    dim: Option<String>,
    zero: Option<CardValue>,
    /// Stored value of missing rows.
    null: Option<i64>,
}

impl<'a> Field<'a> {
    fn new(column: &'a Column) -> Self {
        let w = column.width();
        let repeat = if w == 1 { String::new() } else { w.to_string() };
        let simple = |code: &str, size: usize| (format!("{repeat}{code}"), size * w);
        let (mut dim, mut zero) = (None, None);
        let (form, bytes) = match column.data() {
            ColumnData::Bool(_) => simple("L", 1),
            ColumnData::U8(_) => simple("B", 1),
            ColumnData::I16(_) => simple("I", 2),
            ColumnData::I32(_) => simple("J", 4),
            ColumnData::I64(_) => simple("K", 8),
            ColumnData::U32(_) => {
                zero = Some(CardValue::Int(1 << 31));
                simple("J", 4)
            }
            ColumnData::U64(_) => {
                // Beyond i64, but a whole number all the same.
                zero = Some(CardValue::Float(9_223_372_036_854_775_808.0));
                simple("K", 8)
            }
            ColumnData::F32(_) => simple("E", 4),
            ColumnData::F64(_) => simple("D", 8),
            ColumnData::Str(v) => {
                let len = v.iter().map(|s| s.chars().count()).max().unwrap_or(0).max(1);
                if w > 1 {
                    dim = Some(format!("({len},{w})"));
                }
                (format!("{}A", len * w), len * w)
            }
        };
        Self { column, bytes, form, dim, zero, null: null_value(column) }
    }

    fn row(&self, row: usize, out: &mut Vec<u8>) {
        let w = self.column.width();
        let range = row * w..(row + 1) * w;
        let missing = self.column.is_missing(row);
        let null = self.null.unwrap_or(0);
        macro_rules! put {
            ($v:expr, $missing:expr, $f:expr) => {
                for &x in &$v[range] {
                    out.extend_from_slice(&if missing {
                        $missing.to_be_bytes()
                    } else {
                        $f(x).to_be_bytes()
                    });
                }
            };
        }
        match self.column.data() {
            ColumnData::Bool(v) => {
                out.extend(v[range].iter().map(|&b| {
                    if missing {
                        0
                    } else if b {
                        b'T'
                    } else {
                        b'F'
                    }
                }));
            }
            ColumnData::U8(v) => put!(v, (null as u8), |x: u8| x),
            ColumnData::I16(v) => put!(v, (null as i16), |x: i16| x),
            ColumnData::I32(v) => put!(v, (null as i32), |x: i32| x),
            ColumnData::I64(v) => put!(v, null, |x: i64| x),
            ColumnData::U32(v) => put!(v, (null as i32), |x: u32| (x ^ 1 << 31) as i32),
            ColumnData::U64(v) => put!(v, null, |x: u64| (x ^ 1 << 63) as i64),
            ColumnData::F32(v) => put!(v, f32::NAN, |x: f32| x),
            ColumnData::F64(v) => put!(v, f64::NAN, |x: f64| x),
            ColumnData::Str(v) => {
                let len = self.bytes / w;
                for s in &v[range] {
                    let start = out.len();
                    if !missing {
                        out.extend(s.chars().map(|c| if c.is_ascii() { c as u8 } else { b'?' }));
                    }
                    out.resize(start + len, 0);
                }
            }
        }
    }
}

/// A stored value that no row has, for integer columns with missing rows.
fn null_value(column: &Column) -> Option<i64> {
    column.mask()?;
    let stored: Vec<i64> = match column.data() {
        ColumnData::U8(v) => v.iter().map(|&x| i64::from(x)).collect(),
        ColumnData::I16(v) => v.iter().map(|&x| i64::from(x)).collect(),
        ColumnData::I32(v) => v.iter().map(|&x| i64::from(x)).collect(),
        ColumnData::I64(v) => v.clone(),
        ColumnData::U32(v) => v.iter().map(|&x| i64::from((x ^ 1 << 31) as i32)).collect(),
        ColumnData::U64(v) => v.iter().map(|&x| (x ^ 1 << 63) as i64).collect(),
        _ => return None,
    };
    let mut candidates: Box<dyn Iterator<Item = i64>> = match column.data() {
        ColumnData::U8(_) => Box::new((0..=255).rev()),
        ColumnData::I16(_) => Box::new(i64::from(i16::MIN)..=i64::from(i16::MAX)),
        ColumnData::I32(_) | ColumnData::U32(_) => Box::new(i64::from(i32::MIN)..=i64::from(i32::MAX)),
        _ => Box::new(i64::MIN..=i64::MAX),
    };
    let used: std::collections::HashSet<i64> = stored
        .iter()
        .enumerate()
        .filter(|(i, _)| !column.is_missing(i / column.width()))
        .map(|(_, &v)| v)
        .collect();
    candidates.find(|c| !used.contains(c))
}

/// Writes a table as a BINTABLE extension.
pub(super) fn write_table_hdu(
    out: &mut dyn Write,
    table: &Table,
    name: Option<&str>,
    path: &Path,
) -> Result<()> {
    let fields: Vec<Field<'_>> = table.columns().iter().map(Field::new).collect();
    if fields.len() > 999 {
        return Err(IoError::Unsupported {
            format: "a FITS table",
            what: format!("{} columns", fields.len()),
        });
    }
    let row_bytes: usize = fields.iter().map(|f| f.bytes).sum();
    let mut header = Header::new();
    for card in [
        structural("XTENSION", "BINTABLE")?,
        structural("BITPIX", 8)?,
        structural("NAXIS", 2)?,
        structural("NAXIS1", row_bytes)?,
        structural("NAXIS2", table.n_rows())?,
        structural("PCOUNT", 0)?,
        structural("GCOUNT", 1)?,
        structural("TFIELDS", fields.len())?,
    ] {
        header.push(card);
    }
    for (i, f) in fields.iter().enumerate() {
        let n = i + 1;
        header.push(structural(&format!("TTYPE{n}"), f.column.name())?);
        header.push(structural(&format!("TFORM{n}"), f.form.as_str())?);
        if let Some(unit) = &f.column.unit {
            header.push(structural(&format!("TUNIT{n}"), unit.as_str())?);
        }
        if let Some(zero) = &f.zero {
            header.push(structural(&format!("TSCAL{n}"), 1)?);
            header.push(match zero {
                CardValue::Float(_) => Card::parse(&format!("TZERO{n:<3}=  9223372036854775808")),
                other => structural(&format!("TZERO{n}"), other.clone())?,
            });
        }
        if let Some(null) = f.null {
            header.push(structural(&format!("TNULL{n}"), null)?);
        }
        if let Some(dim) = &f.dim {
            header.push(structural(&format!("TDIM{n}"), dim.as_str())?);
        }
        if let Some(text) = &f.column.description {
            header.push(structural(&format!("TCOMM{n}"), text.as_str())?);
        }
    }
    if let Some(name) = name {
        header.push(structural("EXTNAME", name)?);
    }
    meta_cards(&table.meta, &mut header, name.is_some());
    let sys = |e| IoError::system(path, e);
    write_header(out, header.to_records().into_iter()).map_err(sys)?;
    let mut bytes = Vec::new();
    let mut written = 0;
    for row in 0..table.n_rows() {
        for f in &fields {
            f.row(row, &mut bytes);
        }
        if bytes.len() >= 1 << 17 || row + 1 == table.n_rows() {
            out.write_all(&bytes).map_err(sys)?;
            written += bytes.len();
            bytes.clear();
        }
    }
    pad(out, written, 0).map_err(sys)
}

/// Metadata as cards: scalars as they are, lists and mappings as JSON text, `comments` as COMMENT cards. What FITS
/// cannot hold (NaN) becomes text.
fn meta_cards(meta: &Meta, header: &mut Header, named: bool) {
    for (key, value) in meta.iter() {
        if is_structural(&key.to_uppercase()) || (named && key.eq_ignore_ascii_case("EXTNAME")) {
            continue;
        }
        if let (true, MetaValue::List(lines)) = (key == "comments", value) {
            for l in lines {
                header.add_comment(&l.as_str().map_or_else(|| json::to_text(l), str::to_owned));
            }
            continue;
        }
        let value = match value {
            MetaValue::Null => CardValue::Undefined,
            MetaValue::Bool(b) => CardValue::Logical(*b),
            MetaValue::Int(i) => CardValue::Int(*i),
            MetaValue::Float(f) if f.is_finite() => CardValue::Float(*f),
            MetaValue::Float(f) => CardValue::Str(f.to_string()),
            MetaValue::Str(s) => CardValue::from(s.as_str()),
            nested => CardValue::Str(json::to_text(nested)),
        };
        if let Ok(card) = Card::new(key, value, "") {
            header.push(card);
        }
    }
}
