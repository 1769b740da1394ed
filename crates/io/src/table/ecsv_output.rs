//! Enhanced CSV 1.0 (astropy proposal for enhancement 6): writing.

use std::io::{self, Write};

use skyphot_core::{Column, ColumnData, Exec, Meta, MetaValue, Table};

/// Rows that one task turns into text.
const ROWS: usize = 4096;

pub(super) fn write(out: &mut dyn Write, table: &Table, exec: &Exec) -> io::Result<()> {
    out.write_all(header(table).as_bytes())?;
    let names: Vec<String> = table.names().iter().map(|n| quoted_name(n)).collect();
    out.write_all(names.join(" ").as_bytes())?;
    out.write_all(b"\n")?;
    // A few tasks at a time, so that the text of a huge table is never in memory as a whole.
    let batch = ROWS * exec.threads().max(1) * 4;
    let mut start = 0;
    while start < table.n_rows() {
        let end = (start + batch).min(table.n_rows());
        for text in exec.map_chunks(end - start, ROWS, |r| rows(table, start + r.start..start + r.end)) {
            out.write_all(&text)?;
        }
        start = end;
    }
    Ok(())
}

fn quoted_name(name: &str) -> String {
    let mut out = Vec::new();
    push_text(name, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn header(table: &Table) -> String {
    let mut h = String::from("# %ECSV 1.0\n# ---\n");
    for line in yaml(table).lines() {
        h.push_str("# ");
        h.push_str(line);
        h.push('\n');
    }
    h
}

/// Types, units, descriptions and metadata as YAML.
pub(super) fn yaml(table: &Table) -> String {
    let mut h = String::from("datatype:\n");
    for c in table.columns() {
        let mut parts = vec![format!("name: {}", scalar(c.name()))];
        if let Some(unit) = &c.unit {
            parts.push(format!("unit: {}", scalar(unit)));
        }
        if c.width() == 1 {
            parts.push(format!("datatype: {}", c.data().type_name()));
        } else {
            parts.push(format!("datatype: string, subtype: '{}[{}]'", c.data().type_name(), c.width()));
        }
        if let Some(format) = &c.format {
            parts.push(format!("format: {}", scalar(format)));
        }
        if let Some(text) = &c.description {
            parts.push(format!("description: {}", scalar(text)));
        }
        h.push_str(&format!("- {{{}}}\n", parts.join(", ")));
    }
    if !table.meta.is_empty() {
        h.push_str("meta: !!omap\n");
        for (key, value) in table.meta.iter() {
            h.push_str(&format!("- {{{}: {}}}\n", scalar(key), flow(value)));
        }
    }
    h.push_str("schema: astropy-2.0\n");
    h
}

/// A value on one line.
fn flow(value: &MetaValue) -> String {
    let map = |m: &Meta| m.iter().map(|(k, v)| format!("{}: {}", scalar(k), flow(v))).collect::<Vec<_>>();
    match value {
        MetaValue::Null => "null".to_owned(),
        MetaValue::Bool(b) => b.to_string(),
        MetaValue::Int(i) => i.to_string(),
        MetaValue::Float(f) => yaml_float(*f),
        MetaValue::Str(s) => scalar(s),
        MetaValue::List(v) => format!("[{}]", v.iter().map(flow).collect::<Vec<_>>().join(", ")),
        MetaValue::Map(m) => format!("{{{}}}", map(m).join(", ")),
    }
}

/// YAML 1.1 takes `1e5` for text: a number needs a point, and its exponent a sign.
fn yaml_float(v: f64) -> String {
    if v.is_nan() {
        return ".nan".to_owned();
    }
    if v.is_infinite() {
        return if v > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let text = ryu::Buffer::new().format_finite(v).to_owned();
    let (digits, exponent) = text.split_once('e').map_or((text.as_str(), None), |(d, e)| (d, Some(e)));
    let mut out = digits.to_owned();
    if !out.contains('.') {
        out.push_str(".0");
    }
    if let Some(e) = exponent {
        out.push('e');
        if !e.starts_with('-') {
            out.push('+');
        }
        out.push_str(e);
    }
    out
}

/// Text as a YAML scalar: plain if no reader can misunderstand it, otherwise in double quotes.
fn scalar(s: &str) -> String {
    let plain_bytes = s.bytes().all(|b| b.is_ascii_alphanumeric() || b" _./()%^*+-<>=;".contains(&b));
    let starts = s.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    let reserved = matches!(
        s.to_lowercase().as_str(),
        "true" | "false" | "yes" | "no" | "on" | "off" | "null" | "y" | "n" | "nan" | "inf"
    );
    if plain_bytes && starts && !reserved && !s.ends_with(' ') {
        return s.to_owned();
    }
    let mut out = String::from("\"");
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control()
                || matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}') =>
            {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn rows(table: &Table, range: std::ops::Range<usize>) -> Vec<u8> {
    let columns = table.columns();
    let mut out = Vec::with_capacity(range.len() * (columns.len() * 16 + 1));
    for row in range {
        for (i, c) in columns.iter().enumerate() {
            if i > 0 {
                out.push(b' ');
            }
            if c.is_missing(row) {
                out.extend_from_slice(b"\"\"");
            } else if c.width() == 1 {
                push_value(c.data(), row, &mut out, push_text);
            } else {
                push_text(&json_row(c, row), &mut out);
            }
        }
        out.push(b'\n');
    }
    out
}

/// One value as text.
pub(super) fn push_value(data: &ColumnData, i: usize, out: &mut Vec<u8>, text: impl Fn(&str, &mut Vec<u8>)) {
    match data {
        ColumnData::Bool(v) => out.extend_from_slice(if v[i] { b"True" } else { b"False" }),
        ColumnData::U8(v) => push_int(i128::from(v[i]), out),
        ColumnData::I16(v) => push_int(i128::from(v[i]), out),
        ColumnData::I32(v) => push_int(i128::from(v[i]), out),
        ColumnData::I64(v) => push_int(i128::from(v[i]), out),
        ColumnData::U32(v) => push_int(i128::from(v[i]), out),
        ColumnData::U64(v) => push_int(i128::from(v[i]), out),
        ColumnData::F32(v) => push_float(v[i], v[i].is_nan(), v[i].is_finite(), v[i] > 0.0, out),
        ColumnData::F64(v) => push_float(v[i], v[i].is_nan(), v[i].is_finite(), v[i] > 0.0, out),
        ColumnData::Str(v) => text(&v[i], out),
    }
}

/// Shortest digits that give the same bits again; `nan`, `inf`, `-inf`.
#[inline]
fn push_float<F: ryu::Float>(v: F, nan: bool, finite: bool, positive: bool, out: &mut Vec<u8>) {
    if finite {
        out.extend_from_slice(ryu::Buffer::new().format_finite(v).as_bytes());
    } else {
        out.extend_from_slice(if nan {
            b"nan"
        } else if positive {
            b"inf"
        } else {
            b"-inf"
        });
    }
}

fn push_int(v: i128, out: &mut Vec<u8>) {
    let mut digits = [0_u8; 24];
    let mut at = digits.len();
    // Every column type fits 64 bits and a sign.
    let mut left = v.unsigned_abs() as u64;
    loop {
        at -= 1;
        digits[at] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    if v < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[at..]);
}

/// Text between blanks: in quotes if it is empty or holds a blank, a quote or a leading `#`.
fn push_text(s: &str, out: &mut Vec<u8>) {
    let plain = !s.is_empty()
        && !s.starts_with('#')
        && !s.bytes().any(|b| b <= b' ' || b == b'"' || b == b'\'' || b == b',' || b == 0x7f);
    if plain {
        out.extend_from_slice(s.as_bytes());
        return;
    }
    out.push(b'"');
    for b in s.bytes() {
        match b {
            b'"' => out.extend_from_slice(b"\"\""),
            b'\n' | b'\r' => out.push(b' '),
            _ => out.push(b),
        }
    }
    out.push(b'"');
}

/// The values of one row of an array column as a JSON list, with Python's `NaN` and `Infinity`.
pub(super) fn json_row(c: &Column, row: usize) -> String {
    let mut out = vec![b'['];
    for i in row * c.width()..(row + 1) * c.width() {
        if out.len() > 1 {
            out.push(b',');
        }
        match c.data() {
            ColumnData::Bool(v) => out.extend_from_slice(if v[i] { b"true" } else { b"false" }),
            ColumnData::F32(v) if !v[i].is_finite() => out.extend_from_slice(json_special(f64::from(v[i]))),
            ColumnData::F64(v) if !v[i].is_finite() => out.extend_from_slice(json_special(v[i])),
            data => push_value(data, i, &mut out, |s, out| {
                out.extend_from_slice(serde_json::Value::from(s).to_string().as_bytes());
            }),
        }
    }
    out.push(b']');
    String::from_utf8_lossy(&out).into_owned()
}

fn json_special(v: f64) -> &'static [u8] {
    if v.is_nan() {
        b"NaN"
    } else if v > 0.0 {
        b"Infinity"
    } else {
        b"-Infinity"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_that_need_quotes() {
        for (text, expected) in [
            ("deg", "deg"),
            ("1.5", "\"1.5\""),
            ("yes", "\"yes\""),
            ("a: b", "\"a: b\""),
            ("", "\"\""),
            (".3f", "\".3f\""),
            ("two\nlines \"q\"", "\"two\\nlines \\\"q\\\"\""),
        ] {
            assert_eq!(scalar(text), expected);
        }
    }

    #[test]
    fn numbers_yaml_takes_for_numbers() {
        for (v, expected) in [(1e20, "1.0e+20"), (1.5e-10, "1.5e-10"), (3.0, "3.0"), (f64::NAN, ".nan")] {
            assert_eq!(yaml_float(v), expected);
        }
    }

    #[test]
    fn integers_at_the_ends() {
        let text = |v: i128| {
            let mut out = Vec::new();
            push_int(v, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(text(i64::MIN.into()), i64::MIN.to_string());
        assert_eq!(text(u64::MAX.into()), u64::MAX.to_string());
        assert_eq!(text(0), "0");
    }
}
