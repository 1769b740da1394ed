//! The part of YAML that headers of ECSV files use: block and flow collections, plain, quoted and block scalars, tags
//! (read over, but for `!!omap`), anchors and aliases.

use std::collections::HashMap;

use skyphot_core::{Meta, MetaValue};

/// Deeper nesting is refused.
const MAX_DEPTH: usize = 64;
/// More values, copies by alias included, are refused.
const MAX_NODES: usize = 1_000_000;

/// Parses a document.
pub(super) fn parse(text: &str) -> Result<MetaValue, String> {
    let mut p = Parser { text: text.as_bytes(), at: 0, anchors: HashMap::new(), depth: 0, nodes: 0 };
    let value = p.block(0)?;
    p.skip_blank();
    if p.at < p.text.len() {
        return Err(p.fail("expected the end of the header"));
    }
    Ok(value)
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    anchors: HashMap<String, MetaValue>,
    depth: usize,
    nodes: usize,
}

#[derive(Default)]
struct Properties {
    tag: Option<String>,
    anchor: Option<String>,
}

impl Parser<'_> {
    fn fail(&self, message: &str) -> String {
        let before = &self.text[..self.at.min(self.text.len())];
        let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
        format!("YAML header, line {line}: {message}")
    }

    fn peek(&self) -> u8 {
        self.ahead(0)
    }

    fn ahead(&self, n: usize) -> u8 {
        self.text.get(self.at + n).copied().unwrap_or(b'\n')
    }

    fn eof(&self) -> bool {
        self.at >= self.text.len()
    }

    fn line_start(&self) -> usize {
        self.text[..self.at].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1)
    }

    fn column(&self) -> usize {
        self.at - self.line_start()
    }

    fn skip_spaces(&mut self) {
        while !self.eof() && matches!(self.peek(), b' ' | b'\t') {
            self.at += 1;
        }
    }

    /// Blanks, line ends and comments.
    fn skip_blank(&mut self) {
        loop {
            self.skip_spaces();
            if self.eof() {
                return;
            }
            match self.peek() {
                b'\n' | b'\r' => self.at += 1,
                b'#' => self.skip_line(),
                _ => return,
            }
        }
    }

    fn skip_line(&mut self) {
        while !self.eof() && self.peek() != b'\n' {
            self.at += 1;
        }
    }

    /// Only blanks or a comment are left on the line.
    fn at_line_end(&mut self) -> bool {
        self.skip_spaces();
        self.eof()
            || matches!(self.peek(), b'\n' | b'\r')
            || (self.peek() == b'#' && self.at > 0 && self.text[self.at - 1] == b' ')
    }

    fn at_dash(&self) -> bool {
        !self.eof() && self.peek() == b'-' && matches!(self.ahead(1), b' ' | b'\n' | b'\r')
    }

    fn count(&mut self, n: usize) -> Result<(), String> {
        self.nodes += n;
        if self.nodes > MAX_NODES { Err(self.fail("too many values")) } else { Ok(()) }
    }

    /// A node on the following lines or here, at least `indent` columns in.
    fn block(&mut self, indent: usize) -> Result<MetaValue, String> {
        self.skip_blank();
        if self.eof() || self.column() < indent {
            return Ok(MetaValue::Null);
        }
        self.node(indent, true)
    }

    fn node(&mut self, indent: usize, may_be_map: bool) -> Result<MetaValue, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.fail("nested too deeply"));
        }
        self.count(1)?;
        let column = self.column();
        let key_first = may_be_map && self.line_is_entry();
        let result = if self.at_dash() {
            self.sequence(column)
        } else if key_first {
            self.mapping(column)
        } else {
            self.scalar_or_flow(indent)
        };
        self.depth -= 1;
        result
    }

    fn scalar_or_flow(&mut self, indent: usize) -> Result<MetaValue, String> {
        let properties = self.properties();
        if self.at_line_end() && (properties.tag.is_some() || properties.anchor.is_some()) {
            let value = self.block(indent)?;
            return self.finish(value, properties);
        }
        let value = match self.peek() {
            b'[' | b'{' => self.flow()?,
            b'\'' | b'"' => MetaValue::Str(self.quoted()?),
            b'|' | b'>' => self.block_scalar(indent)?,
            b'*' => self.alias()?,
            _ if properties.tag.is_some() && may_start_map(self) => self.node(indent, true)?,
            _ => resolve(&self.plain(indent)),
        };
        self.finish(value, properties)
    }

    fn finish(&mut self, value: MetaValue, p: Properties) -> Result<MetaValue, String> {
        let value = match p.tag.as_deref() {
            Some("!!omap" | "tag:yaml.org,2002:omap") => omap(value),
            Some("!!str") => match value {
                MetaValue::Null => MetaValue::Str(String::new()),
                v => v,
            },
            _ => value,
        };
        if let Some(name) = p.anchor {
            self.anchors.insert(name, value.clone());
        }
        Ok(value)
    }

    fn properties(&mut self) -> Properties {
        let mut p = Properties::default();
        loop {
            self.skip_spaces();
            match self.peek() {
                b'!' => p.tag = Some(self.word()),
                b'&' => p.anchor = Some(self.word().split_off(1)),
                _ => return p,
            }
        }
    }

    /// Up to a blank or flow punctuation.
    fn word(&mut self) -> String {
        let start = self.at;
        while !self.eof() && !matches!(self.peek(), b' ' | b'\n' | b'\r' | b',' | b']' | b'}') {
            self.at += 1;
        }
        String::from_utf8_lossy(&self.text[start..self.at]).into_owned()
    }

    fn alias(&mut self) -> Result<MetaValue, String> {
        let name = self.word().split_off(1);
        let value = self.anchors.get(&name).cloned().ok_or_else(|| self.fail("unknown alias"))?;
        self.count(size(&value))?;
        Ok(value)
    }

    /// The line from here on is `key: ...`.
    fn line_is_entry(&self) -> bool {
        let rest = &self.text[self.at..];
        let line = rest.split(|&b| b == b'\n').next().unwrap_or(rest);
        let mut i = 0;
        match line.first() {
            Some(b'[' | b'{' | b'!' | b'&' | b'*' | b'|' | b'>' | b'#') => return false,
            Some(&q @ (b'\'' | b'"')) => {
                i = 1;
                while i < line.len() && line[i] != q {
                    i += 1 + usize::from(q == b'"' && line[i] == b'\\');
                }
                i += 1;
                return line.get(i..).is_some_and(|l| l.trim_ascii_start().starts_with(b":"));
            }
            _ => {}
        }
        while i < line.len() {
            match line[i] {
                b':' if matches!(line.get(i + 1), None | Some(b' ' | b'\r')) => return true,
                b'#' if i > 0 && line[i - 1] == b' ' => return false,
                _ => i += 1,
            }
        }
        false
    }

    fn mapping(&mut self, column: usize) -> Result<MetaValue, String> {
        let mut map = Meta::new();
        loop {
            let key = if matches!(self.peek(), b'\'' | b'"') {
                self.quoted()?
            } else {
                let start = self.at;
                let ends =
                    |p: &Self| p.eof() || (p.peek() == b':' && matches!(p.ahead(1), b' ' | b'\n' | b'\r'));
                while !ends(self) {
                    self.at += 1;
                }
                String::from_utf8_lossy(&self.text[start..self.at]).trim().to_owned()
            };
            self.skip_spaces();
            if self.eof() || self.peek() != b':' {
                return Err(self.fail("expected ':' after a key"));
            }
            self.at += 1;
            let value = self.entry_value(column)?;
            self.count(1)?;
            map.set(key, value);
            self.skip_blank();
            if self.eof() || self.column() != column || self.at_dash() || !self.line_is_entry() {
                return Ok(MetaValue::Map(map));
            }
        }
    }

    fn entry_value(&mut self, column: usize) -> Result<MetaValue, String> {
        if !self.at_line_end() {
            let before = self.at;
            let p = self.properties();
            if (p.tag.is_some() || p.anchor.is_some()) && self.at_line_end() {
                let value = self.nested_value(column)?;
                return self.finish(value, p);
            }
            self.at = before;
            return self.node(column + 1, false);
        }
        self.nested_value(column)
    }

    /// The value of a key, or of a tag, on the following lines. A list may stand as far in as its key.
    fn nested_value(&mut self, column: usize) -> Result<MetaValue, String> {
        self.skip_blank();
        if !self.eof() && self.column() == column && self.at_dash() {
            return self.node(column, false);
        }
        self.block(column + 1)
    }

    fn sequence(&mut self, column: usize) -> Result<MetaValue, String> {
        let mut list = Vec::new();
        while self.at_dash() && self.column() == column {
            self.at += 1;
            let value =
                if self.at_line_end() { self.block(column + 1)? } else { self.node(column + 1, true)? };
            list.push(value);
            self.skip_blank();
        }
        Ok(MetaValue::List(list))
    }

    fn flow(&mut self) -> Result<MetaValue, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.fail("nested too deeply"));
        }
        let open = self.peek();
        let close = if open == b'[' { b']' } else { b'}' };
        self.at += 1;
        let mut list = Vec::new();
        let mut map = Meta::new();
        loop {
            self.skip_blank();
            if self.eof() {
                return Err(self.fail("a list or mapping is not closed"));
            }
            if self.peek() == close {
                self.at += 1;
                break;
            }
            self.count(1)?;
            let value = self.flow_node()?;
            self.skip_blank();
            if open == b'{' {
                let key = match value {
                    MetaValue::Str(s) => s,
                    MetaValue::Null => "null".to_owned(),
                    MetaValue::Bool(b) => b.to_string(),
                    MetaValue::Int(i) => i.to_string(),
                    MetaValue::Float(f) => f.to_string(),
                    _ => return Err(self.fail("a key must be a scalar")),
                };
                let mut entry = MetaValue::Null;
                if self.peek() == b':' {
                    self.at += 1;
                    self.skip_blank();
                    if !matches!(self.peek(), b',' | b'}') {
                        entry = self.flow_node()?;
                    }
                }
                map.set(key, entry);
            } else {
                list.push(value);
            }
            self.skip_blank();
            match self.peek() {
                b',' => self.at += 1,
                b if b == close => {}
                _ => return Err(self.fail("expected ',' or the end of a list")),
            }
        }
        self.depth -= 1;
        Ok(if open == b'[' { MetaValue::List(list) } else { MetaValue::Map(map) })
    }

    fn flow_node(&mut self) -> Result<MetaValue, String> {
        let p = self.properties();
        self.skip_blank();
        let value = match self.peek() {
            b'[' | b'{' => self.flow()?,
            b'\'' | b'"' => MetaValue::Str(self.quoted()?),
            b'*' => self.alias()?,
            _ => {
                let start = self.at;
                while !self.eof() {
                    match self.peek() {
                        b',' | b']' | b'}' | b'[' | b'{' => break,
                        b':' if matches!(self.ahead(1), b' ' | b'\n' | b'\r' | b',' | b'}' | b']') => break,
                        b'#' if self.at > 0 && self.text[self.at - 1] == b' ' => break,
                        _ => self.at += 1,
                    }
                }
                if self.at == start && !self.eof() && matches!(self.peek(), b'[' | b'{') {
                    return Err(self.fail("unexpected bracket"));
                }
                resolve(&fold(&String::from_utf8_lossy(&self.text[start..self.at])))
            }
        };
        self.finish(value, p)
    }

    fn quoted(&mut self) -> Result<String, String> {
        let quote = self.peek();
        self.at += 1;
        let mut raw = Vec::new();
        loop {
            if self.eof() {
                return Err(self.fail("a quoted text is not closed"));
            }
            let b = self.peek();
            self.at += 1;
            match b {
                b'\'' if quote == b'\'' && self.peek() == b'\'' && !self.eof() => {
                    raw.push(b'\'');
                    self.at += 1;
                }
                _ if b == quote => break,
                b'\\' if quote == b'"' => self.escape(&mut raw)?,
                b'\n' => {
                    // A line break is a blank; empty lines are line breaks.
                    while raw.last().is_some_and(|b| matches!(b, b' ' | b'\t' | b'\r')) {
                        raw.pop();
                    }
                    let mut breaks = 0;
                    self.skip_spaces();
                    while !self.eof() && matches!(self.peek(), b'\n' | b'\r') {
                        breaks += usize::from(self.peek() == b'\n');
                        self.at += 1;
                        self.skip_spaces();
                    }
                    if breaks == 0 {
                        raw.push(b' ');
                    }
                    raw.extend(std::iter::repeat_n(b'\n', breaks));
                }
                _ => raw.push(b),
            }
        }
        Ok(String::from_utf8_lossy(&raw).into_owned())
    }

    fn escape(&mut self, raw: &mut Vec<u8>) -> Result<(), String> {
        let b = self.peek();
        self.at += 1;
        let digits = match b {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            _ => 0,
        };
        if digits > 0 {
            let text = self.text.get(self.at..self.at + digits).and_then(|t| std::str::from_utf8(t).ok());
            let c = text
                .and_then(|t| u32::from_str_radix(t, 16).ok())
                .and_then(char::from_u32)
                .ok_or_else(|| self.fail("wrong escape"))?;
            self.at += digits;
            raw.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            return Ok(());
        }
        match b {
            b'n' => raw.push(b'\n'),
            b't' | b'\t' => raw.push(b'\t'),
            b'r' => raw.push(b'\r'),
            b'0' => raw.push(0),
            b'a' => raw.push(7),
            b'b' => raw.push(8),
            b'e' => raw.push(27),
            b'f' => raw.push(12),
            b'v' => raw.push(11),
            b'N' => raw.extend_from_slice("\u{85}".as_bytes()),
            b'_' => raw.extend_from_slice("\u{a0}".as_bytes()),
            b'L' => raw.extend_from_slice("\u{2028}".as_bytes()),
            b'P' => raw.extend_from_slice("\u{2029}".as_bytes()),
            // The line goes on without a blank.
            b'\n' => self.skip_spaces(),
            other => raw.push(other),
        }
        Ok(())
    }

    /// A plain scalar, over lines that are at least `indent` columns in.
    fn plain(&mut self, indent: usize) -> String {
        let start = self.at;
        let mut end;
        loop {
            while !self.eof() && self.peek() != b'\n' {
                if self.peek() == b'#' && self.at > start && self.text[self.at - 1] == b' ' {
                    break;
                }
                self.at += 1;
            }
            end = self.at;
            self.skip_line();
            let here = self.at;
            self.skip_blank();
            if self.eof() || self.column() < indent.max(1) || self.at_dash() || self.line_is_entry() {
                self.at = here;
                break;
            }
        }
        fold(&String::from_utf8_lossy(&self.text[start..end]))
    }

    fn block_scalar(&mut self, indent: usize) -> Result<MetaValue, String> {
        let folded = self.peek() == b'>';
        self.at += 1;
        let mut chomp = b' ';
        while matches!(self.peek(), b'-' | b'+' | b'0'..=b'9') && !self.eof() {
            if matches!(self.peek(), b'-' | b'+') {
                chomp = self.peek();
            }
            self.at += 1;
        }
        self.skip_line();
        self.at += 1;
        let mut lines: Vec<String> = Vec::new();
        let mut own: Option<usize> = None;
        while !self.eof() {
            let rest = &self.text[self.at..];
            let line = rest.split(|&b| b == b'\n').next().unwrap_or(rest);
            let spaces = line.iter().take_while(|&&b| b == b' ').count();
            let blank = line.trim_ascii().is_empty();
            if !blank && spaces < own.unwrap_or(indent.max(1)) {
                break;
            }
            if !blank {
                own.get_or_insert(spaces);
            }
            let text = line.get(own.unwrap_or(spaces).min(line.len())..).unwrap_or(b"");
            lines.push(String::from_utf8_lossy(text).trim_end_matches('\r').to_owned());
            self.at += line.len() + 1;
        }
        self.at = self.at.min(self.text.len());
        while chomp != b'+' && lines.last().is_some_and(|l| l.trim().is_empty()) {
            lines.pop();
        }
        let mut out = if folded { fold(&lines.join("\n")) } else { lines.join("\n") };
        if chomp != b'-' && !out.is_empty() {
            out.push('\n');
        }
        Ok(MetaValue::Str(out))
    }
}

/// After a tag on the same line a mapping may start (`!tag key: value`).
fn may_start_map(p: &Parser<'_>) -> bool {
    p.line_is_entry()
}

/// Line breaks to blanks, empty lines to line breaks.
fn fold(text: &str) -> String {
    let mut out = String::new();
    let mut breaks = 0;
    for (i, line) in text.split('\n').enumerate() {
        let line = line.trim();
        if i > 0 && line.is_empty() {
            breaks += 1;
            continue;
        }
        if breaks > 0 {
            out.extend(std::iter::repeat_n('\n', breaks));
            breaks = 0;
        } else if i > 0 && !out.is_empty() {
            out.push(' ');
        }
        out.push_str(line);
    }
    out
}

/// A list of mappings of one key each as one mapping.
fn omap(value: MetaValue) -> MetaValue {
    let MetaValue::List(list) = value else { return value };
    let mut map = Meta::new();
    for item in list {
        if let MetaValue::Map(m) = item {
            for (k, v) in m.iter() {
                map.set(k, v.clone());
            }
        }
    }
    MetaValue::Map(map)
}

fn size(value: &MetaValue) -> usize {
    match value {
        MetaValue::List(v) => 1 + v.iter().map(size).sum::<usize>(),
        MetaValue::Map(m) => 1 + m.iter().map(|(_, v)| size(v)).sum::<usize>(),
        _ => 1,
    }
}

/// What a plain scalar means by the rules of YAML 1.1.
fn resolve(text: &str) -> MetaValue {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return MetaValue::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => {
            return MetaValue::Bool(true);
        }
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            return MetaValue::Bool(false);
        }
        ".nan" | ".NaN" | ".NAN" => return MetaValue::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" => return MetaValue::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return MetaValue::Float(f64::NEG_INFINITY),
        _ => {}
    }
    let number = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b))
        && text.bytes().any(|b| b.is_ascii_digit());
    if number {
        if let Ok(i) = text.parse() {
            return MetaValue::Int(i);
        }
        if let Ok(f) = text.parse() {
            return MetaValue::Float(f);
        }
    }
    MetaValue::Str(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get<'a>(v: &'a MetaValue, path: &[&str]) -> &'a MetaValue {
        path.iter().fold(v, |v, key| match v {
            MetaValue::Map(m) => m.get(key).unwrap_or_else(|| panic!("no {key} in {m:?}")),
            MetaValue::List(l) => &l[key.parse::<usize>().unwrap()],
            other => panic!("{key} in {other:?}"),
        })
    }

    #[test]
    fn what_astropy_writes() {
        let text = "\
datatype:
- {name: a, datatype: int64}
- {name: f, unit: deg, format: .3f, description: 'a: \"quoted\" #x
    over a line}'}
meta: !!omap
- x:
    k:
    - 1
    - {z: null}
    long: 'word word

      next '
    nan: .nan
    neg: -1.5e-10
    num: '12'
- {date: '2024-01-01'}
- lst: [a, 1]
- e: []
- tup: !!python/tuple [1, 2]
- plain: several words
    on two lines
- lit: |
    one
      two
- __serialized_columns__:
    sky:
      __class__: astropy.coordinates.sky_coordinate.SkyCoord
      dec: !astropy.table.SerializedColumn
        unit: &id001 !astropy.units.Unit {unit: deg}
        value: !astropy.table.SerializedColumn {name: sky.dec}
      ra: {unit: *id001}
      frame: icrs
schema: astropy-2.0
";
        let v = parse(text).unwrap();
        assert_eq!(get(&v, &["datatype", "1", "format"]), &MetaValue::Str(".3f".into()));
        assert_eq!(
            get(&v, &["datatype", "1", "description"]),
            &MetaValue::Str("a: \"quoted\" #x over a line}".into())
        );
        assert_eq!(get(&v, &["meta", "x", "k", "0"]), &MetaValue::Int(1));
        assert_eq!(get(&v, &["meta", "x", "k", "1", "z"]), &MetaValue::Null);
        assert_eq!(get(&v, &["meta", "x", "long"]), &MetaValue::Str("word word\nnext ".into()));
        assert_eq!(get(&v, &["meta", "x", "neg"]), &MetaValue::Float(-1.5e-10));
        assert_eq!(get(&v, &["meta", "x", "num"]), &MetaValue::Str("12".into()));
        assert_eq!(get(&v, &["meta", "lst"]), &MetaValue::List(vec!["a".into(), 1_i64.into()]));
        assert_eq!(get(&v, &["meta", "tup", "1"]), &MetaValue::Int(2));
        assert_eq!(get(&v, &["meta", "plain"]), &MetaValue::Str("several words on two lines".into()));
        assert_eq!(get(&v, &["meta", "lit"]), &MetaValue::Str("one\n  two\n".into()));
        let sky = ["meta", "__serialized_columns__", "sky"];
        assert_eq!(
            get(&v, &[&sky[..], &["dec", "value", "name"]].concat()),
            &MetaValue::Str("sky.dec".into())
        );
        assert_eq!(get(&v, &[&sky[..], &["ra", "unit", "unit"]].concat()), &MetaValue::Str("deg".into()));
        assert_eq!(get(&v, &["schema"]), &MetaValue::Str("astropy-2.0".into()));
    }

    #[test]
    fn broken_text_is_an_error_not_a_panic() {
        for text in [
            "a: [1, 2",
            "a: 'x",
            "{",
            "a: *no",
            "- {a",
            "\"\\u12\": 1",
            ": :",
            "[[[",
            "a: !x",
            "&a",
            "!!omap",
        ] {
            let _ = parse(text);
        }
        assert!(parse(&"[".repeat(1000)).is_err());
        assert!(parse(&"- ".repeat(1000)).is_err());
        let mut bomb = String::from("a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n");
        for i in 1..12 {
            let alias = format!("*a{},", i - 1).repeat(10);
            bomb.push_str(&format!("a{i}: &a{i} [{alias}]\n"));
        }
        assert!(parse(&bomb).is_err());
    }
}
