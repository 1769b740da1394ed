//! FITS headers: cards in the order of the file.

mod card;
mod text;

pub use card::{Card, CardValue};
pub(crate) use card::{RECORD, normalise, parse_number};
pub use text::read_headers;

use skyphot_core::HeaderView;

use crate::Result;

/// The cards of a FITS header in order, without END. Keywords are matched without regard to case; `ESO DET GAIN` and
/// `HIERARCH ESO DET GAIN` are one keyword; CONTINUE records are part of the card they continue.
///
/// ```
/// use skyphot_core::HeaderView;
/// use skyphot_io::Header;
/// let mut header = Header::new();
/// header.set("EXPTIME", 30.0, "[s] exposure time")?;
/// header.add_history("made by an example");
/// assert_eq!(header.get_f64("exptime"), Some(30.0));
/// assert_eq!(header.card("EXPTIME").unwrap().comment(), "[s] exposure time");
/// # Ok::<(), skyphot_io::IoError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Header {
    cards: Vec<Card>,
}

impl Header {
    /// An empty header.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads records of 80 characters up to END or the end of the text.
    #[must_use]
    pub fn parse(text: &[u8]) -> Self {
        Self::parse_records(text.chunks(RECORD))
    }

    pub(super) fn parse_records<'a>(records: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut h = Self::new();
        for record in records {
            let record: String =
                record.iter().map(|&b| if (32..127).contains(&b) { char::from(b) } else { ' ' }).collect();
            let head = record.get(..8).unwrap_or(&record).trim_end();
            if head == "END" {
                break;
            }
            let continued =
                head == "CONTINUE" && h.cards.last_mut().is_some_and(|last: &mut Card| last.extend(&record));
            if !continued {
                h.cards.push(Card::parse(&record));
            }
        }
        h
    }

    /// All cards, in order.
    #[must_use]
    pub fn cards(&self) -> &[Card] {
        &self.cards
    }

    /// Number of cards.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cards.len()
    }

    /// No cards.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cards.is_empty()
    }

    /// The first card of a keyword.
    #[must_use]
    pub fn card(&self, keyword: &str) -> Option<&Card> {
        if let Some(c) = self.cards.iter().find(|c| c.keyword.eq_ignore_ascii_case(keyword)) {
            return Some(c);
        }
        let key = normalise(keyword);
        self.cards.iter().find(|c| c.keyword == key)
    }

    /// The value of a keyword.
    #[must_use]
    pub fn get(&self, keyword: &str) -> Option<&CardValue> {
        self.card(keyword).map(Card::value)
    }

    /// Sets a keyword: the first card of that name is replaced in its place (and keeps its comment if the new one is
    /// empty), otherwise a card is appended.
    ///
    /// # Errors
    /// [`IoError::Card`](crate::IoError::Card) if FITS cannot hold the keyword or the value.
    pub fn set(&mut self, keyword: &str, value: impl Into<CardValue>, comment: &str) -> Result<()> {
        let mut card = Card::new(keyword, value, comment)?;
        match self.cards.iter_mut().find(|c| c.keyword == card.keyword) {
            Some(old) => {
                if card.comment.is_empty() {
                    card.comment = std::mem::take(&mut old.comment);
                }
                *old = card;
            }
            None => self.cards.push(card),
        }
        Ok(())
    }

    /// Appends a card, whatever is there already.
    pub fn push(&mut self, card: Card) {
        self.cards.push(card);
    }

    /// Removes all cards of a keyword and returns how many there were.
    pub fn remove(&mut self, keyword: &str) -> usize {
        let key = normalise(keyword);
        let before = self.cards.len();
        self.cards.retain(|c| c.keyword != key);
        before - self.cards.len()
    }

    /// Keeps the cards for which `keep` is true.
    pub fn retain(&mut self, keep: impl FnMut(&Card) -> bool) {
        self.cards.retain(keep);
    }

    /// Appends a COMMENT (over several records if it is long).
    pub fn add_comment(&mut self, text: &str) {
        self.add_commentary("COMMENT", text);
    }

    /// Appends a HISTORY (over several records if it is long).
    pub fn add_history(&mut self, text: &str) {
        self.add_commentary("HISTORY", text);
    }

    fn add_commentary(&mut self, keyword: &str, text: &str) {
        for line in text.lines() {
            self.cards.push(Card {
                keyword: keyword.to_owned(),
                value: CardValue::Commentary(line.to_owned()),
                comment: String::new(),
                records: Vec::new(),
            });
        }
    }

    /// Texts of all COMMENT cards.
    #[must_use]
    pub fn comments(&self) -> Vec<&str> {
        self.commentary("COMMENT")
    }

    /// Texts of all HISTORY cards.
    #[must_use]
    pub fn history(&self) -> Vec<&str> {
        self.commentary("HISTORY")
    }

    fn commentary(&self, keyword: &str) -> Vec<&str> {
        self.cards
            .iter()
            .filter(|c| c.keyword == keyword)
            .filter_map(|c| match &c.value {
                CardValue::Commentary(s) => Some(s.as_str()),
                _ => None,
            })
            .collect()
    }

    /// All records of 80 characters, without END.
    #[must_use]
    pub fn to_records(&self) -> Vec<String> {
        self.cards.iter().flat_map(Card::to_records).collect()
    }
}

impl HeaderView for Header {
    fn get_str(&self, key: &str) -> Option<String> {
        self.get(key)?.to_text()
    }

    fn get_f64(&self, key: &str) -> Option<f64> {
        match self.get(key)? {
            CardValue::Int(i) => Some(*i as f64),
            CardValue::Float(f) => Some(*f),
            CardValue::Str(s) => parse_number(s.trim()),
            _ => None,
        }
    }

    fn keys(&self) -> Vec<String> {
        self.cards.iter().map(|c| c.keyword.clone()).collect()
    }

    fn entries(&self) -> Vec<(String, String)> {
        self.cards.iter().filter_map(|c| Some((c.keyword.clone(), c.value.to_text()?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(records: &[&str]) -> Vec<u8> {
        records.iter().flat_map(|r| format!("{r:<80}").into_bytes()).collect()
    }

    #[test]
    fn order_repeats_and_continue_are_kept() {
        let t = text(&[
            "B       = 1",
            "COMMENT one",
            "LONG    = 'abc&'",
            "CONTINUE  'def&' / part",
            "CONTINUE  'ghi' / two",
            "A       = 2 / last",
            "COMMENT two",
            "CONTINUE  'stray'",
            "END",
            "C       = 3",
        ]);
        let h = Header::parse(&t);
        assert_eq!(h.keys(), ["B", "COMMENT", "LONG", "A", "COMMENT", "CONTINUE"]);
        assert_eq!(h.get_str("long").unwrap(), "abcdefghi");
        assert_eq!(h.card("LONG").unwrap().comment(), "part two");
        assert_eq!(h.comments(), [" one", " two"].map(str::trim_start));
        assert_eq!(h.to_records().concat().into_bytes(), t[..8 * 80]);
    }

    #[test]
    fn set_replaces_in_place() {
        let mut h = Header::parse(&text(&["A       = 1 / first", "B       = 2"]));
        h.set("a", 5.5, "").unwrap();
        h.set("ESO X", "y", "").unwrap();
        assert_eq!(h.keys(), ["A", "B", "ESO X"]);
        assert_eq!(h.card("A").unwrap().comment(), "first");
        assert_eq!(h.get_f64("A"), Some(5.5));
        assert_eq!(h.get_str("hierarch eso x").as_deref(), Some("y"));
        h.push(Card::parse("A       = 7"));
        assert_eq!(h.get_i64("A"), None);
        assert_eq!(h.entries().last().unwrap(), &("A".to_owned(), "7".to_owned()));
        assert_eq!(h.remove("b"), 1);
        assert_eq!(h.get_i64("B"), None);
    }
}
