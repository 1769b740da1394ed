//! Properties of DS9 regions: `color=red text={a b} dashlist=8 3 tag={x} tag={y}`.

use skyphot_core::region::{PointSymbol, RegionFont, RegionMeta};

use super::RegionFile;
use super::number::plain;

/// Properties as written: keys in lower case, and words that belong to none.
#[derive(Debug, Clone, Default)]
pub(super) struct Properties {
    pub(super) pairs: Vec<(String, String)>,
    pub(super) words: Vec<String>,
}

/// Keys whose value is 0 or 1.
const SWITCHES: [&str; 14] = [
    "dash",
    "select",
    "highlite",
    "fixed",
    "edit",
    "move",
    "rotate",
    "delete",
    "include",
    "source",
    "background",
    "fill",
    "vector",
    "textrotate",
];

/// Where the quoted value that begins at `at` (`{`, `'` or `"`) ends: the index of its closing sign.
pub(super) fn closing(text: &str, at: usize) -> Option<usize> {
    let close = match text.as_bytes().get(at)? {
        b'{' => '}',
        b'\'' => '\'',
        b'"' => '"',
        _ => return None,
    };
    text[at + 1..].find(close).map(|i| at + 1 + i)
}

impl Properties {
    /// Takes a text apart; what is wrong about it is warned of.
    pub(super) fn parse(text: &str, line: usize, out: &mut RegionFile) -> Self {
        let mut p = Self::default();
        let mut rest = text.trim_start();
        while let Some(first) = rest.chars().next() {
            let key_len = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
            let after = rest[key_len..].trim_start();
            let Some(value) = after.strip_prefix('=').filter(|_| first.is_ascii_alphabetic()) else {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                p.words.push(rest[..end].to_owned());
                rest = rest[end..].trim_start();
                continue;
            };
            let key = rest[..key_len].to_lowercase();
            let value = value.trim_start();
            let (value, tail) = match closing(value, 0) {
                Some(end) => (value[1..end].trim().to_owned(), &value[end + 1..]),
                None => unquoted(value),
            };
            rest = tail.trim_start();
            p.add(key, value, line, out);
        }
        for switch in ["background", "source"] {
            if let Some(i) = p.words.iter().position(|w| w == switch) {
                p.words.remove(i);
                p.add(switch.to_owned(), "1".to_owned(), line, out);
            }
        }
        p
    }

    fn add(&mut self, key: String, value: String, line: usize, out: &mut RegionFile) {
        if let Some(expected) = wrong(&key, &value) {
            out.warn(line, format!("{key}={value} is ignored: expected {expected}"));
        } else if key != "tag" && self.pairs.iter().any(|(k, _)| *k == key) {
            out.warn(line, format!("{key}={value} is ignored: the region has {key} already"));
        } else {
            self.pairs.push((key, value));
        }
    }

    /// Lays `other` over these.
    pub(super) fn update(&mut self, other: &Self) {
        self.pairs.retain(|(k, _)| !other.pairs.iter().any(|(o, _)| o == k));
        self.pairs.extend(other.pairs.iter().cloned());
    }

    pub(super) fn remove(&mut self, key: &str) -> Option<String> {
        let i = self.pairs.iter().position(|(k, _)| k == key)?;
        Some(self.pairs.remove(i).1)
    }

    /// As the vocabulary has them; `include` is left out.
    pub(super) fn to_meta(&self) -> RegionMeta {
        let mut m = RegionMeta::default();
        for (key, value) in &self.pairs {
            match key.as_str() {
                "include" => {}
                "text" => m.text = Some(value.clone()),
                "color" => m.color = Some(value.clone()),
                "tag" => m.tags.push(value.clone()),
                "width" => m.width = plain(value),
                "dash" => m.dash = Some(value == "1"),
                "fill" => m.fill = Some(value == "1"),
                "dashlist" => m.dash_list = value.split_whitespace().filter_map(plain).collect(),
                "font" => m.font = font(value),
                "point" => {
                    let mut words = value.split_whitespace();
                    m.symbol = words.next().and_then(symbol);
                    m.symbol_size = words.next().and_then(plain);
                }
                _ => m.properties.push((key.clone(), value.clone())),
            }
        }
        m
    }
}

/// A value without quotes: its first word, and the number behind it; all numbers if it begins with one.
fn unquoted(text: &str) -> (String, &str) {
    let word = |t: &str| t.find(char::is_whitespace).unwrap_or(t.len());
    let mut end = word(text);
    let numbers = plain(&text[..end]).is_some();
    loop {
        let tail = text[end..].trim_start();
        let next = word(tail);
        if tail.is_empty() || plain(&tail[..next]).is_none() {
            break;
        }
        end = text.len() - tail.len() + next;
        if !numbers {
            break;
        }
    }
    (text[..end].split_whitespace().collect::<Vec<_>>().join(" "), &text[end..])
}

/// What a value should have been, if it is wrong.
fn wrong(key: &str, value: &str) -> Option<&'static str> {
    let numbers = |v: &str| v.split_whitespace().all(|w| plain(w).is_some());
    match key {
        k if SWITCHES.contains(&k) => (!matches!(value, "0" | "1")).then_some("0 or 1"),
        "line" => (!matches!(value, "0 0" | "0 1" | "1 0" | "1 1")).then_some("0 or 1 for each end"),
        "width" | "textangle" => plain(value).is_none().then_some("a number"),
        "dashlist" => (value.is_empty() || !numbers(value)).then_some("lengths of dash and gap"),
        "font" => font(value).is_none().then_some("family, size, normal or bold, roman or italic"),
        "point" => {
            let mut words = value.split_whitespace();
            let known = words.next().and_then(symbol).is_some();
            let size = words.next().is_none_or(|w| w.bytes().all(|b| b.is_ascii_digit()));
            (!known || !size || words.next().is_some())
                .then_some("circle, box, diamond, cross, x, arrow or boxcircle, and perhaps a whole size")
        }
        _ => None,
    }
}

fn font(value: &str) -> Option<RegionFont> {
    let mut words = value.split_whitespace();
    let mut font = RegionFont { family: words.next()?.to_owned(), ..RegionFont::default() };
    if let Some(size) = words.next() {
        font.size = size.parse().ok()?;
    }
    for w in words {
        match w {
            "normal" | "roman" => {}
            "bold" => font.bold = true,
            "italic" => font.italic = true,
            _ => return None,
        }
    }
    Some(font)
}

pub(super) fn symbol(name: &str) -> Option<PointSymbol> {
    Some(match name {
        "circle" => PointSymbol::Circle,
        "box" => PointSymbol::Box,
        "diamond" => PointSymbol::Diamond,
        "cross" => PointSymbol::Cross,
        "x" => PointSymbol::X,
        "arrow" => PointSymbol::Arrow,
        "boxcircle" => PointSymbol::BoxCircle,
        _ => return None,
    })
}
