//! Headers that stand in a file by themselves.

use std::path::Path;

use super::{Header, RECORD};
use crate::source::Source;
use crate::{IoError, Result};

/// Largest file that is looked at, bytes: a thousand times a long header.
const LARGEST: u64 = 32 << 20;

/// The headers of a text file: lines of up to 80 characters, as SCAMP's `.head` files, or records of 80 characters
/// without line breaks, as astropy's `Header.totextfile` and `tostring` write. `END` ends a header; another one may
/// follow (one for each extension).
///
/// # Errors
/// [`IoError::NotAnImage`] for what is no text or has no card; those of reading.
#[doc(alias = "fromtextfile")]
pub fn read_headers(path: impl AsRef<Path>) -> Result<Vec<Header>> {
    let path = path.as_ref();
    let source = Source::open(path)?;
    let no_header = |bytes: &[u8]| IoError::NotAnImage {
        path: path.to_owned(),
        found: bytes.iter().take(30).map(|&b| char::from(b)).collect(),
    };
    let n = source.len().min(LARGEST + 1);
    let bytes =
        source.reader()?.read(0, usize::try_from(n).unwrap_or(0)).map_err(|e| IoError::system(path, e))?;
    let text = std::str::from_utf8(&bytes).ok().filter(|t| {
        n <= LARGEST
            && !t.is_empty()
            && !t.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    });
    let Some(text) = text else { return Err(no_header(&bytes)) };
    let headers = parse(text);
    if headers.is_empty() { Err(no_header(&bytes)) } else { Ok(headers) }
}

/// `KEYWORD = ...`
fn is_card(record: &str) -> bool {
    let Some((key, rest)) = record.as_bytes().split_at_checked(8) else { return false };
    let name = key.trim_ascii_end();
    let letter = |c: &u8| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, b'-' | b'_');
    rest.starts_with(b"= ") && !name.is_empty() && name.iter().all(letter)
}

fn parse(text: &str) -> Vec<Header> {
    let mut records = Vec::new();
    if text.lines().all(|l| l.len() <= RECORD + 1) {
        for line in text.lines() {
            records.push(format!("{:RECORD$}", line.trim_end()));
        }
    } else {
        let bytes = text.as_bytes();
        records.extend(bytes.chunks(RECORD).map(|r| String::from_utf8_lossy(r).into_owned()));
    }
    let is_end = |r: &String| r.trim_end() == "END";
    records
        .split(is_end)
        .filter(|one| one.iter().any(|r| is_card(r)))
        .map(|one| Header::parse_records(one.iter().map(|r| r.as_bytes())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use skyphot_core::HeaderView;

    #[test]
    fn lines_and_records() {
        let lines = "HISTORY  by hand\nCTYPE1  = 'RA---TAN'\nCRVAL1  = 10.5\nEND     \nCRVAL1  = 11.5\nEND\n";
        let h = parse(lines);
        assert_eq!(h.len(), 2);
        assert_eq!(h[0].get_str("CTYPE1").as_deref(), Some("RA---TAN"));
        assert_eq!(h[1].get_f64("CRVAL1"), Some(11.5));
        let record: String =
            ["CTYPE1  = 'RA---TAN'", "CRVAL1  = 10.5", "END", ""].map(|l| format!("{l:80}")).concat();
        let h = parse(&record);
        assert_eq!((h.len(), h[0].get_f64("CRVAL1")), (1, Some(10.5)));
    }

    #[test]
    fn other_files_are_no_headers() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in
            [("a.csv", &b"x,y\n1,2\n"[..]), ("b", b"SIMPLE  =\0\x01"), ("c", b"# %ECSV 1.0\n# ---\n")]
        {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            assert!(matches!(read_headers(&path), Err(IoError::NotAnImage { .. })), "{name}");
        }
    }
}
