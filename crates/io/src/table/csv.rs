//! Comma-separated text with a line of names (RFC 4180). Reading also takes semicolons, tabs and blanks.

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
        // A lone name with a blank would be read as two.
        if table.n_columns() == 1 && name.contains([' ', '\t', ';']) && !name.contains(['"', ',']) {
            write!(line, "\"{name}\"")?;
        } else {
            push_text(name, &mut line);
        }
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

/// What separates the cells: the first of comma, tab, semicolon and blank that the line of names has.
fn delimiter(bytes: &[u8]) -> u8 {
    let mut lines = bytes.split(|&b| b == b'\n').map(<[u8]>::trim_ascii);
    let head = lines.find(|l| !l.is_empty() && !l.starts_with(b"#")).unwrap_or_default();
    let mut quoted = false;
    let bare: Vec<u8> = head
        .iter()
        .copied()
        .filter(|&b| {
            quoted ^= b == b'"';
            !quoted
        })
        .collect();
    [b',', b'\t', b';', b' '].into_iter().find(|d| bare.contains(d)).unwrap_or(b',')
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
    let delimiter = delimiter(bytes);
    let comments = delimiter == b' ';
    let mut rows = Rows::new(bytes, delimiter, 1);
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
    let (mut body, mut first) = (rows.position(), rows.line);
    if names.iter().all(|n| n.parse::<f64>().is_ok()) {
        // No names, numbers from the start: named as astropy does.
        (body, first) = (0, 1);
        names = (1..=names.len()).map(|i| format!("col{i}")).collect();
    }
    let comments = comments || body == 0;
    let mut guesses = vec![Guess { int: true, float: true, bool: true, any: false }; names.len()];
    let check = |n: usize, line: usize| {
        if n == names.len() {
            Ok(())
        } else {
            Err(fail(line, format!("expected {} values, found {n}", names.len())))
        }
    };
    let mut rows = Rows::new(&bytes[body..], delimiter, first);
    let mut n_rows = 0;
    loop {
        let row = rows.next_row(comments, |k, (cell, quoted)| {
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
        n_rows += 1;
    }
    // Columns of a table without rows are numbers: most are, and nobody can say otherwise.
    let kind = |g: &Guess| if n_rows == 0 { Kind::F64 } else { g.kind() };
    let mut builders: Vec<Builder> = guesses.iter().map(|g| Builder::new(kind(g))).collect();
    let mut rows = Rows::new(&bytes[body..], delimiter, first);
    while let Some(row) = rows.next_row(comments, |k, (cell, _)| builders[k].push(&cell)) {
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

    #[test]
    fn other_separators_and_missing_names_are_understood() {
        for text in [
            "# made by hand\nx y  name\n 1 2.5 a\n# between\n3  4 \"b c\"\n",
            "x\ty\tname\n1\t2.5\ta\n3\t4\tb c\n",
            "x;y;name\n1;2.5;a\n3;4;b c\n",
        ] {
            let t = read(text.as_bytes(), Path::new("x")).unwrap();
            assert_eq!(t.names(), ["x", "y", "name"], "{text}");
            assert_eq!(t.f64("y").unwrap(), [2.5, 4.0]);
            assert_eq!(t.column("name").unwrap().as_str().unwrap(), ["a", "b c"]);
        }
        for text in ["1 2\n3 4\n", "# none\n1,2\n3,4\n"] {
            let t = read(text.as_bytes(), Path::new("x")).unwrap();
            assert_eq!((t.names(), t.f64("col2").unwrap()), (vec!["col1", "col2"], vec![2.0, 4.0]), "{text}");
        }
        let one = Table::from_columns([Column::new("flux density", vec![1.5])]).unwrap();
        let mut text = Vec::new();
        write(&mut text, &one, &Exec::serial()).unwrap();
        assert_eq!(read(&text, Path::new("x")).unwrap(), one);
        let nothing = read(b"x,y\n", Path::new("x")).unwrap();
        assert_eq!((nothing.n_rows(), nothing.f64("x").unwrap().len()), (0, 0));
        let err = read(b"x y\n1 2\n3\n", Path::new("x")).unwrap_err().to_string();
        assert_eq!(err, "x: CSV, line 3: expected 2 values, found 1");
    }
}
