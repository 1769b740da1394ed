//! Rows of delimited text, and columns of one type made from them.

use std::borrow::Cow;

use skyphot_core::{Column, ColumnData, Exec};

/// A cell: its text without quotes, and whether it stood in quotes.
pub(super) type Cell<'a> = (Cow<'a, [u8]>, bool);

/// Walks over the cells of delimited text.
pub(super) struct Rows<'a> {
    text: &'a [u8],
    at: usize,
    delimiter: u8,
    /// Number of the current line, 1 = first.
    pub(super) line: usize,
}

impl<'a> Rows<'a> {
    pub(super) fn new(text: &'a [u8], delimiter: u8, line: usize) -> Self {
        Self { text, at: 0, delimiter, line }
    }

    /// Calls `f(index, cell)` for the cells of the next row and returns their number; `None` at the end. Empty lines
    /// are passed over, as are lines that start with `#` if `comments`.
    pub(super) fn next_row(
        &mut self,
        comments: bool,
        mut f: impl FnMut(usize, Cell<'a>) -> Result<(), String>,
    ) -> Option<Result<usize, String>> {
        loop {
            let rest = &self.text[self.at..];
            if rest.is_empty() {
                return None;
            }
            let end = rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
            let line = &rest[..end];
            if line.trim_ascii().is_empty() || (comments && line.trim_ascii_start().starts_with(b"#")) {
                self.at = (self.at + end + 1).min(self.text.len());
                self.line += 1;
            } else {
                break;
            }
        }
        let blanks = self.delimiter == b' ';
        let mut n = 0;
        loop {
            if blanks {
                while matches!(self.text.get(self.at), Some(b' ' | b'\t')) {
                    self.at += 1;
                }
                if self.line_done() {
                    return Some(Ok(n));
                }
            }
            let cell = match self.cell() {
                Ok(c) => c,
                Err(e) => return Some(Err(e)),
            };
            if let Err(e) = f(n, cell) {
                return Some(Err(e));
            }
            n += 1;
            match self.text.get(self.at) {
                Some(&b) if b == self.delimiter && !blanks => self.at += 1,
                _ if blanks => {}
                _ => {
                    self.line_done();
                    return Some(Ok(n));
                }
            }
        }
    }

    /// Where the next row starts.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Passes over the end of the line if it is here.
    fn line_done(&mut self) -> bool {
        if self.text.get(self.at) == Some(&b'\r') && matches!(self.text.get(self.at + 1), Some(b'\n') | None)
        {
            self.at += 1;
        }
        match self.text.get(self.at) {
            None => true,
            Some(b'\n') => {
                self.at += 1;
                self.line += 1;
                true
            }
            _ => false,
        }
    }

    fn cell(&mut self) -> Result<Cell<'a>, String> {
        let start = self.at;
        if self.text.get(start) == Some(&b'"') {
            let mut out: Option<Vec<u8>> = None;
            let mut from = start + 1;
            let mut i = from;
            loop {
                match self.text.get(i) {
                    None => return Err("a quoted text is not closed".to_owned()),
                    Some(b'"') if self.text.get(i + 1) == Some(&b'"') => {
                        out.get_or_insert_default().extend_from_slice(&self.text[from..=i]);
                        i += 2;
                        from = i;
                    }
                    Some(b'"') => break,
                    Some(b'\n') => {
                        self.line += 1;
                        i += 1;
                    }
                    Some(_) => i += 1,
                }
            }
            self.at = i + 1;
            let last = &self.text[from..i];
            return Ok(match out {
                None => (Cow::Borrowed(last), true),
                Some(mut v) => {
                    v.extend_from_slice(last);
                    (Cow::Owned(v), true)
                }
            });
        }
        let rest = &self.text[start..];
        let end = rest
            .iter()
            .position(|&b| {
                b == self.delimiter || b == b'\n' || b == b'\r' || (b == b'\t' && self.delimiter == b' ')
            })
            .unwrap_or(rest.len());
        self.at = start + end;
        let cell = &rest[..end];
        let cell = if self.delimiter == b' ' { cell } else { cell.trim_ascii() };
        Ok((Cow::Borrowed(cell), false))
    }
}

/// What a column is made into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub(super) enum Kind {
    Bool,
    U8,
    I16,
    I32,
    I64,
    U32,
    U64,
    F32,
    F64,
    Str,
}

impl Kind {
    /// The type of an ECSV name; types without a twin here widen.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "bool" => Self::Bool,
            "uint8" => Self::U8,
            "int8" | "int16" => Self::I16,
            "int32" | "uint16" => Self::I32,
            "int64" => Self::I64,
            "uint32" => Self::U32,
            "uint64" => Self::U64,
            "float16" | "float32" => Self::F32,
            "float64" | "float128" => Self::F64,
            "string" => Self::Str,
            _ => return None,
        })
    }

    fn empty(self) -> ColumnData {
        match self {
            Self::Bool => ColumnData::Bool(Vec::new()),
            Self::U8 => ColumnData::U8(Vec::new()),
            Self::I16 => ColumnData::I16(Vec::new()),
            Self::I32 => ColumnData::I32(Vec::new()),
            Self::I64 => ColumnData::I64(Vec::new()),
            Self::U32 => ColumnData::U32(Vec::new()),
            Self::U64 => ColumnData::U64(Vec::new()),
            Self::F32 => ColumnData::F32(Vec::new()),
            Self::F64 => ColumnData::F64(Vec::new()),
            Self::Str => ColumnData::Str(Vec::new()),
        }
    }
}

/// A column that grows.
#[derive(Debug)]
pub(super) struct Builder {
    data: ColumnData,
    mask: Vec<bool>,
}

impl Builder {
    pub(super) fn new(kind: Kind) -> Self {
        Self { data: kind.empty(), mask: Vec::new() }
    }

    /// Adds a value; empty text is a missing value.
    pub(super) fn push(&mut self, text: &[u8]) -> Result<(), String> {
        fn number<T: std::str::FromStr + Default>(text: &[u8], what: &str) -> Result<T, String> {
            std::str::from_utf8(text)
                .ok()
                .and_then(|t| t.parse().ok())
                .ok_or_else(|| format!("expected {what}, found '{}'", String::from_utf8_lossy(text)))
        }
        let missing = text.is_empty();
        self.mask.push(missing);
        macro_rules! put {
            ($v:expr, $what:expr, $default:expr) => {
                $v.push(if missing { $default } else { number(text, $what)? })
            };
        }
        match &mut self.data {
            ColumnData::Bool(v) => v.push(match text {
                b"True" | b"true" | b"T" | b"1" => true,
                b"False" | b"false" | b"F" | b"0" | b"" => false,
                other => {
                    return Err(format!(
                        "expected True or False, found '{}'",
                        String::from_utf8_lossy(other)
                    ));
                }
            }),
            ColumnData::U8(v) => put!(v, "uint8", 0),
            ColumnData::I16(v) => put!(v, "int16", 0),
            ColumnData::I32(v) => put!(v, "int32", 0),
            ColumnData::I64(v) => put!(v, "int64", 0),
            ColumnData::U32(v) => put!(v, "uint32", 0),
            ColumnData::U64(v) => put!(v, "uint64", 0),
            ColumnData::F32(v) => put!(v, "a number", f32::NAN),
            ColumnData::F64(v) => put!(v, "a number", f64::NAN),
            ColumnData::Str(v) => v.push(String::from_utf8_lossy(text).into_owned()),
        }
        Ok(())
    }

    fn append(&mut self, other: Self) {
        self.mask.extend(other.mask);
        match (&mut self.data, other.data) {
            (ColumnData::Bool(a), ColumnData::Bool(b)) => a.extend(b),
            (ColumnData::U8(a), ColumnData::U8(b)) => a.extend(b),
            (ColumnData::I16(a), ColumnData::I16(b)) => a.extend(b),
            (ColumnData::I32(a), ColumnData::I32(b)) => a.extend(b),
            (ColumnData::I64(a), ColumnData::I64(b)) => a.extend(b),
            (ColumnData::U32(a), ColumnData::U32(b)) => a.extend(b),
            (ColumnData::U64(a), ColumnData::U64(b)) => a.extend(b),
            (ColumnData::F32(a), ColumnData::F32(b)) => a.extend(b),
            (ColumnData::F64(a), ColumnData::F64(b)) => a.extend(b),
            (ColumnData::Str(a), ColumnData::Str(b)) => a.extend(b),
            _ => {}
        }
    }

    pub(super) fn finish(self, name: &str) -> Column {
        Column::new(name, self.data).with_mask(self.mask)
    }
}

/// Bytes of text that one task reads.
const PIECE: usize = 1 << 18;

/// Reads rows of the given types, in parallel: no cell may hold a line break. `first_line` is for messages.
pub(super) fn read_typed(
    text: &[u8],
    delimiter: u8,
    kinds: &[Kind],
    first_line: usize,
    exec: &Exec,
) -> Result<Vec<Builder>, (usize, String)> {
    let mut cuts = vec![0];
    while cuts[cuts.len() - 1] < text.len() {
        let from = (cuts[cuts.len() - 1] + PIECE).min(text.len());
        let rest = &text[from..];
        cuts.push(rest.iter().position(|&b| b == b'\n').map_or(text.len(), |i| from + i + 1));
    }
    let pieces = exec.try_map(cuts.len() - 1, |i| {
        let mut builders: Vec<Builder> = kinds.iter().map(|&k| Builder::new(k)).collect();
        let mut rows = Rows::new(&text[cuts[i]..cuts[i + 1]], delimiter, 0);
        // The number of the line is counted only if it is needed.
        let lines = || first_line + text[..cuts[i]].iter().filter(|&&b| b == b'\n').count();
        loop {
            let row = rows.next_row(true, |k, (cell, _)| match builders.get_mut(k) {
                Some(b) => b.push(&cell),
                None => Ok(()),
            });
            match row {
                None => return Ok(builders),
                Some(Ok(n)) if n == kinds.len() => {}
                Some(Ok(n)) => {
                    let line = lines() + rows.line.saturating_sub(1);
                    return Err((line, format!("expected {} values, found {n}", kinds.len())));
                }
                Some(Err(e)) => return Err((lines() + rows.line, e)),
            }
        }
    })?;
    let mut pieces = pieces.into_iter();
    let mut all = pieces.next().unwrap_or_else(|| kinds.iter().map(|&k| Builder::new(k)).collect());
    for piece in pieces {
        all.iter_mut().zip(piece).for_each(|(a, b)| a.append(b));
    }
    Ok(all)
}
