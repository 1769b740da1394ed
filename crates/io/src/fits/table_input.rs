//! Binary and ASCII tables of FITS files: reading.

use skyphot_core::{Column, ColumnData, HeaderView, Meta, MetaValue, Table};

use super::file::FitsFile;
use super::hdu::{HduInfo, HduKind};
use super::output::is_structural;
use crate::header::{Card, parse_number};
use crate::{CardValue, HduSelector, Header, IoError, Result};

/// How one column stands in the rows.
struct Field {
    name: String,
    /// Place in the row, bytes.
    start: usize,
    repeat: usize,
    code: u8,
    /// Bytes of one element.
    size: usize,
    scale: f64,
    zero: f64,
    null: Option<String>,
    unit: Option<String>,
    description: Option<String>,
    /// Characters of one string, of a column of several strings per row.
    string_len: Option<usize>,
}

impl FitsFile {
    /// A table with its units, descriptions and, as metadata, the cards that do not describe the structure. Missing
    /// values (TNULL, logicals that are neither T nor F, empty ASCII fields) are masked; columns with several values
    /// per row keep them; columns of variable length are left out and named in the metadata `skipped_columns`.
    ///
    /// # Errors
    /// As [`table_hdu`](Self::table_hdu); [`IoError::Truncated`], [`IoError::Fits`].
    pub fn read_table(&self, hdu: &HduSelector) -> Result<Table> {
        let info = self.table_hdu(hdu)?;
        self.check_length(info)?;
        if info.header.get_bool("ZTABLE") == Some(true) {
            return Err(self.wrong(info, "a table that is not compressed by tiles"));
        }
        let fail = |m| self.fits_error(info, m);
        let (rows, row_bytes) = match info.shape[..] {
            [r, b] => (r, b),
            _ => return Err(fail(format!("expected a table with NAXIS = 2, found {}", info.shape.len()))),
        };
        let fields = fields(info, row_bytes).map_err(fail)?;
        let bytes = self
            .source
            .reader()?
            .read(info.data_start, rows * row_bytes)
            .map_err(|e| IoError::system(self.path(), e))?;
        let mut table = Table::new();
        let mut skipped = Vec::new();
        for f in fields {
            if f.repeat == 0 {
                skipped.push(MetaValue::Str(format!("{} (no values)", f.name)));
                continue;
            }
            if matches!(f.code, b'P' | b'Q') {
                skipped.push(MetaValue::Str(format!("{} (variable length)", f.name)));
                continue;
            }
            let cells = Cells { bytes: &bytes, rows, row_bytes, field: &f };
            let mut column = if info.kind == HduKind::AsciiTable { cells.ascii() } else { cells.binary() }
                .map_err(fail)?;
            column.unit = f.unit.clone();
            column.description = f.description.clone();
            let mut name = f.name.clone();
            let mut k = 1;
            while table.has(&name) {
                k += 1;
                name = format!("{}_{k}", f.name);
            }
            table.push(column.renamed(name))?;
        }
        table.meta = meta(&info.header);
        if !skipped.is_empty() {
            table.meta.set("skipped_columns", skipped);
        }
        Ok(table)
    }
}

/// `3A`, `PE(7)`, `I10`, `E15.7`: repeat, code, width.
fn parse_form(form: &str, ascii: bool) -> Option<(usize, u8, usize)> {
    let form = form.trim();
    let digits = form.bytes().take_while(u8::is_ascii_digit).count();
    let repeat = if digits == 0 { 1 } else { form[..digits].parse().ok()? };
    let code = form.as_bytes().get(digits)?.to_ascii_uppercase();
    let rest = form.get(digits + 1..)?;
    if ascii {
        let width = rest.split('.').next()?;
        let width = if width.is_empty() { 1 } else { width.parse().ok()? };
        return matches!(code, b'A' | b'I' | b'F' | b'E' | b'D').then_some((1, code, width));
    }
    let size = match code {
        b'L' | b'B' | b'A' | b'X' => 1,
        b'I' => 2,
        b'J' | b'E' => 4,
        b'K' | b'D' | b'C' | b'P' => 8,
        b'M' | b'Q' => 16,
        _ => return None,
    };
    // `PE(7)`: one descriptor per row.
    Some((if matches!(code, b'P' | b'Q') { repeat.min(1) } else { repeat }, code, size))
}

fn fields(info: &HduInfo, row_bytes: usize) -> std::result::Result<Vec<Field>, String> {
    let h = &info.header;
    let ascii = info.kind == HduKind::AsciiTable;
    let n =
        h.get_i64("TFIELDS").filter(|n| (0..=999).contains(n)).ok_or("expected TFIELDS between 0 and 999")?;
    let mut at = 0_usize;
    let mut out = Vec::new();
    for i in 1..=n {
        let text = |key: &str| {
            h.get_str(&format!("{key}{i}")).map(|s| s.trim().to_owned()).filter(|s| !s.is_empty())
        };
        let form = text("TFORM").ok_or_else(|| format!("TFORM{i} is missing"))?;
        let (repeat, code, size) =
            parse_form(&form, ascii).ok_or_else(|| format!("cannot read TFORM{i} = '{form}'"))?;
        let start = if ascii {
            h.get_i64(&format!("TBCOL{i}"))
                .and_then(|b| usize::try_from(b - 1).ok())
                .ok_or_else(|| format!("expected TBCOL{i} >= 1"))?
        } else {
            at
        };
        let bytes = if code == b'X' { repeat.div_ceil(8) } else { repeat.saturating_mul(size) };
        at = start.saturating_add(bytes);
        if at > row_bytes {
            return Err(format!("column {i} ends at byte {at} of a row of {row_bytes} bytes"));
        }
        let string_len = if code == b'A' && !ascii {
            let dims = text("TDIM").and_then(|d| {
                d.trim_start_matches('(')
                    .split([',', ')'])
                    .next()
                    .and_then(|s| s.trim().parse::<usize>().ok())
            });
            // The old convention of `rAw`: strings of w characters.
            let old = form.split_once(['A', 'a']).and_then(|(_, w)| w.parse::<usize>().ok());
            dims.or(old).filter(|&l| l > 0 && l < repeat && repeat.is_multiple_of(l))
        } else {
            None
        };
        out.push(Field {
            name: text("TTYPE").unwrap_or_else(|| format!("col{i}")),
            start,
            repeat,
            code,
            size,
            scale: h.get_f64(&format!("TSCAL{i}")).unwrap_or(1.0),
            zero: h.get_f64(&format!("TZERO{i}")).unwrap_or(0.0),
            null: text("TNULL"),
            unit: text("TUNIT"),
            description: text("TCOMM"),
            string_len,
        });
    }
    Ok(out)
}

struct Cells<'a> {
    bytes: &'a [u8],
    rows: usize,
    row_bytes: usize,
    field: &'a Field,
}

impl Cells<'_> {
    fn cell(&self, row: usize, bytes: usize) -> &[u8] {
        let start = row * self.row_bytes + self.field.start;
        &self.bytes[start..start + bytes]
    }

    fn numbers<const N: usize, T>(&self, per_element: usize, f: impl Fn([u8; N]) -> T) -> Vec<T> {
        let f = &f;
        (0..self.rows)
            .flat_map(|r| {
                let cell = self.cell(r, self.field.repeat * N * per_element);
                cell.as_chunks::<N>().0.iter().map(move |&c| f(c))
            })
            .collect()
    }

    fn binary(&self) -> std::result::Result<Column, String> {
        let f = self.field;
        let plain = f.scale == 1.0 && f.zero == 0.0;
        let mut width = f.repeat;
        let mut missing: Option<Vec<bool>> = None;
        let mut integers = |v: Vec<i64>, unsigned_zero: f64, signed: fn(Vec<i64>) -> ColumnData| {
            if let Some(null) = f.null.as_ref().and_then(|n| n.parse::<i64>().ok()) {
                missing = Some(v.chunks(f.repeat).map(|row| row.contains(&null)).collect());
            }
            if plain {
                return signed(v);
            }
            if f.scale == 1.0 && f.zero == unsigned_zero {
                return match f.code {
                    b'I' => ColumnData::I32(v.iter().map(|&x| (x + (1 << 15)) as i32).collect()),
                    b'J' => ColumnData::U32(v.iter().map(|&x| (x + (1 << 31)) as u32).collect()),
                    b'K' => ColumnData::U64(v.iter().map(|&x| (x ^ i64::MIN) as u64).collect()),
                    _ => ColumnData::I16(v.iter().map(|&x| (x - 128) as i16).collect()),
                };
            }
            ColumnData::F64(v.iter().map(|&x| x as f64 * f.scale + f.zero).collect())
        };
        let data = match f.code {
            b'L' => {
                let v = self.numbers(1, |[b]: [u8; 1]| b);
                missing = Some(
                    v.chunks(f.repeat).map(|row| row.iter().any(|b| !matches!(b, b'T' | b'F'))).collect(),
                );
                ColumnData::Bool(v.into_iter().map(|b| b == b'T').collect())
            }
            b'X' => {
                let bytes = f.repeat.div_ceil(8);
                ColumnData::Bool(
                    (0..self.rows)
                        .flat_map(|r| {
                            let cell = self.cell(r, bytes);
                            (0..f.repeat).map(move |i| cell[i / 8] >> (7 - i % 8) & 1 == 1)
                        })
                        .collect(),
                )
            }
            b'B' => integers(self.numbers(1, |[b]: [u8; 1]| i64::from(b)), -128.0, |v| {
                ColumnData::U8(v.into_iter().map(|x| x as u8).collect())
            }),
            b'I' => integers(self.numbers(1, |b| i64::from(i16::from_be_bytes(b))), 32768.0, |v| {
                ColumnData::I16(v.into_iter().map(|x| x as i16).collect())
            }),
            b'J' => integers(self.numbers(1, |b| i64::from(i32::from_be_bytes(b))), 2_147_483_648.0, |v| {
                ColumnData::I32(v.into_iter().map(|x| x as i32).collect())
            }),
            b'K' => {
                integers(self.numbers(1, i64::from_be_bytes), 9_223_372_036_854_775_808.0, ColumnData::I64)
            }
            b'E' | b'C' if plain => {
                let n = if f.code == b'C' { 2 } else { 1 };
                width *= n;
                ColumnData::F32(self.numbers(n, f32::from_be_bytes))
            }
            b'E' | b'C' => {
                let n = if f.code == b'C' { 2 } else { 1 };
                width *= n;
                ColumnData::F64(self.numbers(n, |b| f64::from(f32::from_be_bytes(b)) * f.scale + f.zero))
            }
            b'D' | b'M' => {
                let n = if f.code == b'M' { 2 } else { 1 };
                width *= n;
                ColumnData::F64(self.numbers(n, |b| f64::from_be_bytes(b) * f.scale + f.zero))
            }
            b'A' => {
                let len = f.string_len.unwrap_or(f.repeat);
                width = f.repeat / len;
                ColumnData::Str(
                    (0..self.rows).flat_map(|r| self.cell(r, f.repeat).chunks(len).map(text)).collect(),
                )
            }
            other => return Err(format!("column '{}' has the unknown type {}", f.name, char::from(other))),
        };
        let column = Column::new_array(f.name.clone(), data, width).map_err(|e| e.to_string())?;
        Ok(match missing {
            Some(m) => column.with_mask(m),
            None => column,
        })
    }

    fn ascii(&self) -> std::result::Result<Column, String> {
        let f = self.field;
        let cells: Vec<String> = (0..self.rows).map(|r| text(self.cell(r, f.size))).collect();
        if f.code == b'A' {
            return Ok(Column::new(f.name.clone(), cells));
        }
        let empty: Vec<bool> =
            cells.iter().map(|c| c.trim().is_empty() || f.null.as_deref() == Some(c.trim())).collect();
        let bad = |c: &str| format!("column '{}': expected a number, found '{c}'", f.name);
        let plain = f.scale == 1.0 && f.zero == 0.0;
        let data = if f.code == b'I' && plain {
            let v = cells.iter().zip(&empty).map(|(c, &e)| match c.trim().parse::<i64>() {
                _ if e => Ok(0),
                Ok(i) => Ok(i),
                Err(_) => Err(bad(c)),
            });
            ColumnData::I64(v.collect::<std::result::Result<_, _>>()?)
        } else {
            let v = cells.iter().zip(&empty).map(|(c, &e)| match parse_number(c.trim()) {
                _ if e => Ok(f64::NAN),
                Some(x) => Ok(x * f.scale + f.zero),
                None => Err(bad(c)),
            });
            ColumnData::F64(v.collect::<std::result::Result<_, _>>()?)
        };
        Ok(Column::new(f.name.clone(), data).with_mask(empty))
    }
}

/// A string ends at the first NUL; blanks at its end do not count.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).trim_end().to_owned()
}

/// The cards that do not describe the structure.
fn meta(header: &Header) -> Meta {
    let mut meta = Meta::new();
    let mut comments = Vec::new();
    for card in header.cards().iter().filter(|c: &&Card| !is_structural(c.keyword())) {
        let value = match card.value() {
            CardValue::Undefined => MetaValue::Null,
            CardValue::Logical(b) => MetaValue::Bool(*b),
            CardValue::Int(i) => MetaValue::Int(*i),
            CardValue::Float(v) => MetaValue::Float(*v),
            CardValue::Complex(a, b) => MetaValue::List(vec![MetaValue::Float(*a), MetaValue::Float(*b)]),
            CardValue::Str(s) => MetaValue::Str(s.clone()),
            CardValue::Commentary(s) => {
                match card.keyword() {
                    "COMMENT" => comments.push(MetaValue::Str(s.trim_start().to_owned())),
                    "HISTORY" => {
                        let mut lines = match meta.remove("HISTORY") {
                            Some(MetaValue::List(v)) => v,
                            _ => Vec::new(),
                        };
                        lines.push(MetaValue::Str(s.trim_start().to_owned()));
                        meta.set("HISTORY", lines);
                    }
                    _ => {}
                }
                continue;
            }
        };
        meta.set(card.keyword(), value);
    }
    if !comments.is_empty() {
        meta.set("comments", comments);
    }
    meta
}
