//! Comma-separated text with a line of names (RFC 4180).

use std::io::{self, Write};
use std::path::Path;

use skyphot_core::{Column, Exec, Table};

use super::delimited::{Builder, Kind, Rows};
use super::ecsv_output::{json_row, push_value};
use crate::{IoError, Result};

const ROWS: usize = 4096;

pub(super) fn write(out: &mut dyn Write, table: &Table, exec: &Exec) -> io::Result<()> {
    let mut line = Vec::new();
    for (i, name) in table.names().iter().enumerate() {
        if i > 0 {
            line.push(b',');
        }
        push_text(name, &mut line);
    }
    line.push(b'\n');
    out.write_all(&line)?;
    for text in exec.map_chunks(table.n_rows(), ROWS, |r| rows(table.columns(), r)) {
        out.write_all(&text)?;
    }
    Ok(())
}

fn rows(columns: &[Column], range: std::ops::Range<usize>) -> Vec<u8> {
    let mut out = Vec::new();
    for row in range {
        for (i, c) in columns.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            if c.is_missing(row) {
                // A line of one empty cell would be an empty line.
                if columns.len() == 1 {
                    out.extend_from_slice(b"\"\"");
                }
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

fn push_text(s: &str, out: &mut Vec<u8>) {
    let quotes = s.is_empty()
        || s.starts_with(['#', ' '])
        || s.ends_with(' ')
        || s.bytes().any(|b| matches!(b, b',' | b'"' | b'\n' | b'\r'));
    if !quotes {
        out.extend_from_slice(s.as_bytes());
        return;
    }
    out.push(b'"');
    for b in s.bytes() {
        if b == b'"' {
            out.push(b'"');
        }
        out.push(b);
    }
    out.push(b'"');
}

/// The narrowest of these types that fits all cells of a column: int64, float64, bool, text.
#[derive(Clone, Copy)]
struct Guess {
    int: bool,
    float: bool,
    bool: bool,
    any: bool,
}

impl Guess {
    fn look(&mut self, cell: &[u8], quoted: bool) {
        if cell.is_empty() && !quoted {
            return;
        }
        let text = std::str::from_utf8(cell).unwrap_or("x");
        self.any = true;
        self.bool &= matches!(text, "True" | "False" | "true" | "false");
        self.int = self.int && !quoted && text.parse::<i64>().is_ok();
        self.float = self.float && !quoted && text.parse::<f64>().is_ok();
    }

    fn kind(self) -> Kind {
        match self {
            g if !g.any => Kind::Str,
            g if g.int => Kind::I64,
            g if g.float => Kind::F64,
            g if g.bool => Kind::Bool,
            _ => Kind::Str,
        }
    }
}

pub(super) fn read(bytes: &[u8], path: &Path) -> Result<Table> {
    let fail = |line: usize, m: String| IoError::table(path, "CSV", line, m);
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.contains(&0) {
        return Err(IoError::table(
            path,
            "CSV",
            None,
            "the file is not text, and no table format that is known",
        ));
    }
    let mut rows = Rows::new(bytes, b',', 1);
    let mut names: Vec<String> = Vec::new();
    let head = rows.next_row(true, |_, (cell, _)| {
        names.push(String::from_utf8_lossy(&cell).into_owned());
        Ok(())
    });
    match head {
        None => return Err(fail(1, "expected a line of column names".to_owned())),
        Some(Err(m)) => return Err(fail(rows.line, m)),
        Some(Ok(_)) => {}
    }
    let body = rows.position();
    let first = rows.line;
    let mut guesses = vec![Guess { int: true, float: true, bool: true, any: false }; names.len()];
    let check = |n: usize, line: usize| {
        if n == names.len() {
            Ok(())
        } else {
            Err(fail(line, format!("expected {} values, found {n}", names.len())))
        }
    };
    let mut rows = Rows::new(&bytes[body..], b',', first);
    loop {
        let row = rows.next_row(false, |k, (cell, quoted)| {
            if let Some(g) = guesses.get_mut(k) {
                g.look(&cell, quoted);
            }
            Ok(())
        });
        match row {
            None => break,
            Some(Ok(n)) => check(n, rows.line.saturating_sub(1))?,
            Some(Err(m)) => return Err(fail(rows.line, m)),
        }
    }
    let mut builders: Vec<Builder> = guesses.iter().map(|g| Builder::new(g.kind())).collect();
    let mut rows = Rows::new(&bytes[body..], b',', first);
    while let Some(row) = rows.next_row(false, |k, (cell, _)| builders[k].push(&cell)) {
        row.map_err(|m| fail(rows.line, m))?;
    }
    let mut table = Table::new();
    for (name, b) in names.iter().zip(builders) {
        table.push(b.finish(name))?;
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_guessed_and_quotes_undone() {
        let text =
            "a,b,c,d,\"e,f\"\r\n1,1.5,x,True,\"two\nlines\"\r\n,nan,\"q\"\"q\",False,\r\n-3,1e5,,True,7\r\n";
        let t = read(text.as_bytes(), Path::new("x")).unwrap();
        assert_eq!(t.names(), ["a", "b", "c", "d", "e,f"]);
        assert_eq!(t.column("a").unwrap().to_i64().unwrap(), [1, 0, -3]);
        assert!(t.column("a").unwrap().is_missing(1));
        assert_eq!(t.f64("b").unwrap()[2], 1e5);
        assert_eq!(t.column("c").unwrap().as_str().unwrap()[1], "q\"q");
        assert_eq!(t.column("e,f").unwrap().as_str().unwrap(), ["two\nlines", "", "7"]);
        let err = read(b"a,b\n1,2\n3\n", Path::new("x")).unwrap_err().to_string();
        assert_eq!(err, "x: CSV, line 3: expected 2 values, found 1");
        assert!(read(b"a\n\"1\n", Path::new("x")).is_err());
    }
}
