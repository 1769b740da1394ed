//! One keyword record of a FITS header: text to value and back.

use crate::{IoError, Result};

/// Bytes of one record.
pub(crate) const RECORD: usize = 80;

/// The value of a header card.
#[derive(Debug, Clone, PartialEq)]
pub enum CardValue {
    /// A card with `=` but no value.
    Undefined,
    /// `T` or `F`.
    Logical(bool),
    /// A whole number.
    Int(i64),
    /// A number (or a whole number beyond 64 bits).
    Float(f64),
    /// A pair of numbers.
    Complex(f64, f64),
    /// Text, without quotes and trailing blanks.
    Str(String),
    /// The text of COMMENT, HISTORY, blank and other cards without `=`.
    Commentary(String),
}

impl CardValue {
    /// The value as text; `None` if undefined.
    #[must_use]
    pub fn to_text(&self) -> Option<String> {
        Some(match self {
            Self::Undefined => return None,
            Self::Logical(b) => if *b { "T" } else { "F" }.to_owned(),
            Self::Int(i) => i.to_string(),
            Self::Float(f) => format_float(*f),
            Self::Complex(a, b) => format!("({}, {})", format_float(*a), format_float(*b)),
            Self::Str(s) | Self::Commentary(s) => s.clone(),
        })
    }
}

macro_rules! from_value {
    ($($t:ty => $e:expr),* $(,)?) => {$(
        impl From<$t> for CardValue {
            fn from(v: $t) -> Self {
                let f: fn($t) -> Self = $e;
                f(v)
            }
        }
    )*};
}
from_value! {
    bool => Self::Logical,
    i64 => Self::Int,
    i32 => |v| Self::Int(i64::from(v)),
    u32 => |v| Self::Int(i64::from(v)),
    usize => |v| i64::try_from(v).map_or(Self::Float(v as f64), Self::Int),
    f64 => Self::Float,
    String => |v| Self::Str(v.trim_end().to_owned()),
    &str => |v| Self::Str(v.trim_end().to_owned()),
}

/// One card: keyword, value, comment.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    pub(crate) keyword: String,
    pub(crate) value: CardValue,
    pub(crate) comment: String,
    /// The records as they stood in the file; cards that were not changed are written back as they were.
    pub(crate) records: Vec<String>,
}

impl Card {
    /// A new card. Keywords longer than 8 characters, or with blanks, become `HIERARCH` cards.
    ///
    /// # Errors
    /// [`IoError::Card`] if FITS cannot hold the keyword, or the value is NaN or infinite.
    pub fn new(keyword: &str, value: impl Into<CardValue>, comment: &str) -> Result<Self> {
        let keyword = normalise(keyword);
        let fail = |message: &str| IoError::Card { keyword: keyword.clone(), message: message.to_owned() };
        let value = value.into();
        if !keyword.bytes().all(|b| (32..127).contains(&b) && b != b'=') {
            return Err(fail("expected printable ASCII without '='"));
        }
        if keyword.len() > 60 {
            return Err(fail("expected at most 60 characters"));
        }
        let finite = match &value {
            CardValue::Float(v) => v.is_finite(),
            CardValue::Complex(a, b) => a.is_finite() && b.is_finite(),
            _ => true,
        };
        if !finite {
            return Err(fail("FITS headers cannot hold NaN or infinity"));
        }
        Ok(Self { keyword, value, comment: comment.to_owned(), records: Vec::new() })
    }

    /// Keyword, in capitals, without `HIERARCH`; empty for blank cards.
    #[must_use]
    pub fn keyword(&self) -> &str {
        &self.keyword
    }

    /// Value.
    #[must_use]
    pub fn value(&self) -> &CardValue {
        &self.value
    }

    /// What stands after the slash.
    #[must_use]
    pub fn comment(&self) -> &str {
        &self.comment
    }

    /// The records of 80 characters, as in the file.
    #[must_use]
    pub fn to_records(&self) -> Vec<String> {
        if self.records.is_empty() { self.format() } else { self.records.clone() }
    }

    /// The same value under another keyword.
    pub(crate) fn renamed(&self, keyword: &str) -> Option<Self> {
        Self::new(keyword, self.value.clone(), &self.comment).ok()
    }

    /// Reads one record; CONTINUE is left to the header.
    pub(crate) fn parse(record: &str) -> Self {
        let card = |keyword: &str, value, comment| Self {
            keyword: normalise(keyword),
            value,
            comment,
            records: vec![format!("{record:<80}")],
        };
        let head = record.get(..8).unwrap_or(record).trim_end();
        let rest = record.get(8..).unwrap_or("");
        if head == "HIERARCH"
            && let Some((key, value)) = rest.split_once('=')
        {
            let (value, comment) = parse_value(value);
            return card(key.trim(), value, comment);
        }
        match rest.strip_prefix('=') {
            Some(value) if !matches!(head, "COMMENT" | "HISTORY" | "") => {
                let (value, comment) = parse_value(value);
                card(head, value, comment)
            }
            _ => card(head, CardValue::Commentary(rest.trim_end().to_owned()), String::new()),
        }
    }

    /// Adds the text of a CONTINUE record.
    pub(crate) fn extend(&mut self, record: &str) -> bool {
        let CardValue::Str(s) = &mut self.value else { return false };
        if !s.ends_with('&') {
            return false;
        }
        let (CardValue::Str(more), comment) = parse_value(record.get(8..).unwrap_or("")) else {
            return false;
        };
        s.pop();
        s.push_str(&more);
        if !comment.is_empty() {
            if !self.comment.is_empty() {
                self.comment.push(' ');
            }
            self.comment.push_str(&comment);
        }
        self.records.push(format!("{record:<80}"));
        true
    }

    fn is_standard(&self) -> bool {
        self.keyword.len() <= 8
            && self
                .keyword
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b"-_".contains(&b))
    }

    fn format(&self) -> Vec<String> {
        let start = if self.is_standard() {
            format!("{:<8}= ", self.keyword)
        } else {
            format!("HIERARCH {} = ", self.keyword)
        };
        let with_comment = |body: String| {
            let mut r = body;
            let comment = ascii(&self.comment);
            if !comment.is_empty() && r.len() + 3 < RECORD {
                r.push_str(" / ");
                r.push_str(&comment);
            }
            r.truncate(RECORD);
            vec![format!("{r:<80}")]
        };
        match &self.value {
            CardValue::Commentary(text) => {
                let text = ascii(text);
                let mut out = Vec::new();
                let mut rest = text.as_str();
                loop {
                    let (now, later) = rest.split_at(rest.len().min(RECORD - 8));
                    out.push(format!("{:<8}{now:<72}", self.keyword.get(..8).unwrap_or(&self.keyword)));
                    if later.is_empty() {
                        return out;
                    }
                    rest = later;
                }
            }
            CardValue::Str(s) => {
                let escaped = ascii(s).replace('\'', "''");
                if start.len() + escaped.len().max(8) + 2 <= RECORD {
                    return with_comment(format!("{start}{:<20}", format!("'{escaped:<8}'")));
                }
                self.format_long(start, &escaped)
            }
            other => {
                let text = other.to_text().unwrap_or_default();
                with_comment(format!("{start}{text:>20}"))
            }
        }
    }

    /// Text over several records, `&` at the end of each but the last.
    fn format_long(&self, start: String, escaped: &str) -> Vec<String> {
        let mut out = Vec::new();
        let mut start = start;
        let mut rest = escaped;
        loop {
            let room = RECORD - start.len() - 3;
            if rest.len() <= room {
                let mut last = format!("{start}'{rest}'");
                let comment = ascii(&self.comment);
                if !comment.is_empty() && last.len() + 3 < RECORD {
                    last.push_str(" / ");
                    last.push_str(&comment);
                    last.truncate(RECORD);
                }
                out.push(format!("{last:<80}"));
                return out;
            }
            let mut cut = room;
            // Two quotes stand for one and must stay together.
            let quotes = rest[..cut].bytes().rev().take_while(|&b| b == b'\'').count();
            if quotes % 2 == 1 {
                cut -= 1;
            }
            out.push(format!("{:<80}", format!("{start}'{}&'", &rest[..cut])));
            rest = &rest[cut..];
            start = "CONTINUE  ".to_owned();
        }
    }
}

/// Capitals, single blanks between words, no `HIERARCH`.
pub(crate) fn normalise(keyword: &str) -> String {
    let mut k = keyword.split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase();
    if let Some(rest) = k.strip_prefix("HIERARCH ") {
        k = rest.to_owned();
    }
    k
}

/// Shortest digits that give the same number again, FITS style.
pub(crate) fn format_float(v: f64) -> String {
    if !v.is_finite() {
        return if v.is_nan() {
            "NaN"
        } else if v > 0.0 {
            "Inf"
        } else {
            "-Inf"
        }
        .to_owned();
    }
    ryu::Buffer::new().format_finite(v).replace('e', "E")
}

fn ascii(s: &str) -> String {
    s.chars().map(|c| if (' '..='~').contains(&c) { c } else { '?' }).collect()
}

pub(crate) fn parse_number(text: &str) -> Option<f64> {
    let plain =
        |t: &str| t.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)).then(|| t.parse().ok())?;
    plain(text).or_else(|| plain(&text.replace(['D', 'd'], "E")))
}

/// What stands after `=`: value and comment.
fn parse_value(text: &str) -> (CardValue, String) {
    let t = text.trim_start();
    let comment_of = |rest: &str| rest.split_once('/').map_or(String::new(), |(_, c)| c.trim().to_owned());
    if let Some(body) = t.strip_prefix('\'') {
        let mut s = String::new();
        let mut chars = body.char_indices().peekable();
        let mut end = body.len();
        while let Some((i, c)) = chars.next() {
            if c != '\'' {
                s.push(c);
            } else if chars.peek().is_some_and(|&(_, n)| n == '\'') {
                s.push('\'');
                chars.next();
            } else {
                end = i + 1;
                break;
            }
        }
        return (CardValue::Str(s.trim_end().to_owned()), comment_of(&body[end..]));
    }
    let value = t.split('/').next().unwrap_or("").trim();
    let parsed = match value {
        "" => CardValue::Undefined,
        "T" => CardValue::Logical(true),
        "F" => CardValue::Logical(false),
        v => {
            let pair = v.strip_prefix('(').and_then(|v| v.strip_suffix(')')).and_then(|v| v.split_once(','));
            if let Some((a, b)) = pair
                && let (Some(a), Some(b)) = (parse_number(a.trim()), parse_number(b.trim()))
            {
                CardValue::Complex(a, b)
            } else if let Ok(i) = v.parse() {
                CardValue::Int(i)
            } else {
                parse_number(v).map_or_else(|| CardValue::Str(v.to_owned()), CardValue::Float)
            }
        }
    };
    (parsed, comment_of(t))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_all_kinds() {
        for (text, value, comment) in [
            ("A       =                    T / yes", CardValue::Logical(true), "yes"),
            ("A       =                  -12", CardValue::Int(-12), ""),
            ("A       =              1.5D+03 / [s] time", CardValue::Float(1500.0), "[s] time"),
            ("A       = (1.0, -2)", CardValue::Complex(1.0, -2.0), ""),
            ("A       = 'it''s a / slash'    / c", CardValue::Str("it's a / slash".into()), "c"),
            ("A       =                      / none", CardValue::Undefined, "none"),
            ("A       = ''", CardValue::Str(String::new()), ""),
            ("A       = 2001-01-01", CardValue::Str("2001-01-01".into()), ""),
            ("HIERARCH ESO  DET = 3 / x", CardValue::Int(3), "x"),
            ("COMMENT = not a value", CardValue::Commentary("= not a value".into()), ""),
        ] {
            let c = Card::parse(text);
            assert_eq!((&c.value, c.comment.as_str()), (&value, comment), "{text}");
        }
        assert_eq!(Card::parse("HIERARCH ESO  DET = 3").keyword(), "ESO DET");
    }

    #[test]
    fn written_cards_read_back() {
        let long = "it's ".repeat(60) + "end";
        for (key, value) in [
            ("EXPTIME", CardValue::Float(0.1)),
            ("BIG", CardValue::Int(i64::MIN)),
            ("TINY", CardValue::Float(-1.234_567_890_123_456_7e-300)),
            ("FLAG", CardValue::Logical(false)),
            ("NOTE", CardValue::Str("it's".into())),
            ("LONG", CardValue::Str(long.clone())),
            ("a.long.name", CardValue::Str(long)),
            ("ESO DET", CardValue::Undefined),
            ("Z", CardValue::Complex(0.5, -3.0)),
        ] {
            let card = Card::new(key, value.clone(), "why").unwrap();
            let records = card.to_records();
            assert!(records.iter().all(|r| r.len() == RECORD), "{records:?}");
            let mut back = Card::parse(&records[0]);
            for r in &records[1..] {
                assert!(back.extend(r), "{r}");
            }
            assert_eq!(back.value, value, "{records:?}");
            assert_eq!(back.keyword, normalise(key));
            assert_eq!(back.comment, "why", "{records:?}");
        }
        assert!(Card::new("A", f64::NAN, "").is_err());
        assert!(Card::new("A=B", 1.0, "").is_err());
    }
}
