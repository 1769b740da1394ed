//! VOTable 1.4 with TABLEDATA: writing.

use std::io::{self, Write};

use skyphot_core::{Column, ColumnData, MetaValue, Table};

use super::ecsv_output::push_value;
use super::json;

pub(super) fn write(out: &mut dyn Write, table: &Table) -> io::Result<()> {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <VOTABLE version=\"1.4\" xmlns=\"http://www.ivoa.net/xml/VOTable/v1.3\">\n\
         <RESOURCE type=\"results\">\n<TABLE>\n",
    );
    for c in table.columns() {
        field(c, &mut text);
    }
    for (key, value) in table.meta.iter() {
        param(key, value, &mut text);
    }
    text.push_str("<DATA>\n<TABLEDATA>\n");
    out.write_all(text.as_bytes())?;
    let nulls: Vec<Option<i64>> = table.columns().iter().map(null).collect();
    let lengths: Vec<usize> = table
        .columns()
        .iter()
        .map(|c| if let (ColumnData::Str(v), true) = (c.data(), c.width() > 1) { text_len(v) } else { 0 })
        .collect();
    let mut bytes = Vec::new();
    for row in 0..table.n_rows() {
        bytes.extend_from_slice(b"<TR>");
        for (i, c) in table.columns().iter().enumerate() {
            bytes.extend_from_slice(b"<TD>");
            cell(c, row, nulls[i], lengths[i], &mut bytes);
            bytes.extend_from_slice(b"</TD>");
        }
        bytes.extend_from_slice(b"</TR>\n");
        if bytes.len() > 1 << 17 {
            out.write_all(&bytes)?;
            bytes.clear();
        }
    }
    out.write_all(&bytes)?;
    out.write_all(b"</TABLEDATA>\n</DATA>\n</TABLE>\n</RESOURCE>\n</VOTABLE>\n")
}

fn escape(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    for c in s.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' | '\r' => out.push_str(&format!("&#{};", c as u32)),
            // XML 1.0 has no way to write these.
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('?'),
            c => out.push(c),
        }
    }
    out
}

fn datatype(c: &Column) -> (&'static str, Option<String>) {
    let array = (c.width() > 1).then(|| c.width().to_string());
    let name = match c.data() {
        ColumnData::Bool(_) => "boolean",
        ColumnData::U8(_) => "unsignedByte",
        ColumnData::I16(_) => "short",
        ColumnData::I32(_) => "int",
        ColumnData::I64(_) | ColumnData::U32(_) => "long",
        // No unsigned type of 64 bits: exact as long as the values fit the signed one.
        ColumnData::U64(v) if v.iter().all(|&x| i64::try_from(x).is_ok()) => "long",
        ColumnData::U64(_) => "double",
        ColumnData::F32(_) => "float",
        ColumnData::F64(_) => "double",
        ColumnData::Str(v) => {
            let kind = if v.iter().all(|s| s.is_ascii()) { "char" } else { "unicodeChar" };
            let size = if c.width() > 1 { format!("{}x{}", text_len(v), c.width()) } else { "*".to_owned() };
            return (kind, Some(size));
        }
    };
    (name, array)
}

fn text_len(v: &[String]) -> usize {
    v.iter().map(|s| s.chars().count()).max().unwrap_or(0).max(1)
}

/// A value for integers that are missing, outside the values there are.
fn null(c: &Column) -> Option<i64> {
    c.mask()?;
    let v = match c.data() {
        ColumnData::F32(_) | ColumnData::F64(_) | ColumnData::Str(_) | ColumnData::Bool(_) => return None,
        _ => c.to_i64().ok()?,
    };
    let candidates: &[i64] = match c.data() {
        ColumnData::U8(_) => &[255, 0, 254, 1],
        ColumnData::I16(_) => &[i16::MIN as i64, i16::MAX as i64, -99],
        ColumnData::I32(_) => &[i32::MIN as i64, i32::MAX as i64, -99],
        _ => &[i64::MIN, i64::MAX, -99],
    };
    let present =
        |x: &i64| v.chunks(c.width()).enumerate().any(|(row, r)| !c.is_missing(row) && r.contains(x));
    candidates.iter().copied().find(|x| !present(x))
}

fn field(c: &Column, text: &mut String) {
    let (kind, size) = datatype(c);
    text.push_str(&format!("<FIELD name=\"{}\" datatype=\"{kind}\"", escape(c.name())));
    if let Some(size) = size {
        text.push_str(&format!(" arraysize=\"{size}\""));
    }
    if let Some(unit) = c.unit.as_ref().filter(|u| !u.is_empty()) {
        text.push_str(&format!(" unit=\"{}\"", escape(unit)));
    }
    text.push('>');
    if let Some(d) = &c.description {
        text.push_str(&format!("<DESCRIPTION>{}</DESCRIPTION>", escape(d)));
    }
    if let Some(n) = null(c) {
        text.push_str(&format!("<VALUES null=\"{n}\"/>"));
    }
    text.push_str("</FIELD>\n");
}

/// Metadata as PARAM; what is not a scalar as JSON text.
fn param(key: &str, value: &MetaValue, text: &mut String) {
    let (kind, value, utype) = match value {
        MetaValue::Bool(b) => ("boolean\"", if *b { "T" } else { "F" }.to_owned(), ""),
        MetaValue::Int(i) => ("long\"", i.to_string(), ""),
        MetaValue::Float(f) => {
            let mut v = Vec::new();
            push_value(&ColumnData::F64(vec![*f]), 0, &mut v, |_, _| {});
            ("double\"", String::from_utf8_lossy(&v).replace("nan", "NaN").replace("inf", "Inf"), "")
        }
        MetaValue::Str(s) if s.is_ascii() => ("char\" arraysize=\"*\"", s.clone(), ""),
        MetaValue::Str(s) => ("unicodeChar\" arraysize=\"*\"", s.clone(), ""),
        other => ("unicodeChar\" arraysize=\"*\"", json::to_text(other), " utype=\"json\""),
    };
    text.push_str(&format!(
        "<PARAM name=\"{}\" datatype=\"{kind}{utype} value=\"{}\"/>\n",
        escape(key),
        escape(&value)
    ));
}

fn cell(c: &Column, row: usize, null: Option<i64>, len: usize, out: &mut Vec<u8>) {
    if c.is_missing(row) {
        match null {
            Some(n) => out.extend_from_slice(vec![n.to_string(); c.width()].join(" ").as_bytes()),
            None if matches!(c.data(), ColumnData::F32(_) | ColumnData::F64(_)) => {
                out.extend_from_slice(vec!["NaN"; c.width()].join(" ").as_bytes());
            }
            None => {}
        }
        return;
    }
    let w = c.width();
    if let (ColumnData::Str(v), true) = (c.data(), w > 1) {
        for s in &v[row * w..(row + 1) * w] {
            out.extend_from_slice(escape(&format!("{s:<len$}")).as_bytes());
        }
        return;
    }
    for i in row * w..(row + 1) * w {
        if i > row * w {
            out.push(b' ');
        }
        match c.data() {
            ColumnData::Bool(v) => out.push(if v[i] { b'T' } else { b'F' }),
            ColumnData::F32(v) if !v[i].is_finite() => out.extend_from_slice(special(f64::from(v[i]))),
            ColumnData::F64(v) if !v[i].is_finite() => out.extend_from_slice(special(v[i])),
            data => push_value(data, i, out, |s, out| out.extend_from_slice(escape(s).as_bytes())),
        }
    }
}

fn special(v: f64) -> &'static [u8] {
    if v.is_nan() {
        b"NaN"
    } else if v > 0.0 {
        b"+Inf"
    } else {
        b"-Inf"
    }
}
