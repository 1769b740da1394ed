//! Header cards.

use skyphot_core::MetaValue;

/// One card of a FITS header.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// Keyword, upper case, at most 8 letters.
    pub key: String,
    /// Logical, whole number, number or text.
    pub value: MetaValue,
    /// What it means.
    pub comment: String,
}

impl Card {
    /// A card.
    pub fn new(key: &str, value: impl Into<MetaValue>, comment: &str) -> Self {
        Self { key: key.to_owned(), value: value.into(), comment: comment.to_owned() }
    }
}
