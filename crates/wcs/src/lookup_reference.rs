//! Where the lookup tables of a header are kept.

/// Which correction a lookup table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LookupKind {
    /// `D2IMDISi`: detector to image.
    D2im,
    /// `CPDISi`: prior distortion.
    Cpdis,
}

/// A lookup table that a header announces: the caller reads the extension, makes a
/// [`LookupTable`](crate::LookupTable) of it, and puts it into [`LookupTables`](crate::LookupTables).
///
/// ```
/// use skyphot_wcs::{LookupKind, LookupReference};
/// let cards = [("CPDIS1", "LOOKUP"), ("DP1", "EXTVER: 3.0"), ("DP1", "AXIS.1: 1"), ("DP1", "AXIS.2: 2")];
/// let found = LookupReference::find(cards);
/// assert_eq!((found[0].kind, found[0].axis, found[0].extver), (LookupKind::Cpdis, 1, 3));
/// assert_eq!((found[0].extname(), found[0].transposed), ("WCSDVARR", false));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LookupReference {
    /// Detector to image or prior distortion.
    pub kind: LookupKind,
    /// Axis that is corrected, 1 or 2.
    pub axis: usize,
    /// `EXTVER` of the extension.
    pub extver: i64,
    /// The axes of the table are swapped: transpose it.
    pub transposed: bool,
}

impl LookupReference {
    /// The references among the cards of a header, `(keyword, text)` with repeats, such as those of
    /// [`HeaderView::entries`](skyphot_core::HeaderView::entries). Record-valued keywords may be written
    /// `DP1 = 'EXTVER: 3.0'` or `DP1.EXTVER = 3.0`.
    #[must_use]
    pub fn find<K: AsRef<str>, V: AsRef<str>>(cards: impl IntoIterator<Item = (K, V)>) -> Vec<Self> {
        let mut announced = Vec::new();
        let mut fields: Vec<(String, f64)> = Vec::new();
        for (key, text) in cards {
            let (key, text) = (key.as_ref().trim().to_ascii_uppercase(), text.as_ref());
            for (kind, prefix) in [(LookupKind::D2im, "D2IMDIS"), (LookupKind::Cpdis, "CPDIS")] {
                if let Some(axis @ (1 | 2)) = key.strip_prefix(prefix).and_then(|a| a.parse().ok())
                    && text.trim().eq_ignore_ascii_case("LOOKUP")
                {
                    announced.push((kind, axis));
                }
            }
            if !(key.starts_with("DP") || key.starts_with("D2IM")) {
                continue;
            }
            if let Some((field, value)) = text.split_once(':') {
                if let Ok(v) = value.trim().parse() {
                    fields.push((format!("{key}.{}", field.trim().to_ascii_uppercase()), v));
                }
            } else if key.contains('.')
                && let Ok(v) = text.trim().parse()
            {
                fields.push((key, v));
            }
        }
        let field = |name: &str| fields.iter().rev().find(|f| f.0 == name).map(|f| f.1 as i64);
        announced
            .into_iter()
            .map(|(kind, axis): (LookupKind, usize)| {
                let record = match kind {
                    LookupKind::D2im => format!("D2IM{axis}"),
                    LookupKind::Cpdis => format!("DP{axis}"),
                };
                Self {
                    kind,
                    axis,
                    extver: field(&format!("{record}.EXTVER")).unwrap_or(1),
                    transposed: field(&format!("{record}.AXIS.{axis}")).is_some_and(|a| a != axis as i64),
                }
            })
            .collect()
    }

    /// `EXTNAME` of the extension: `D2IMARR` or `WCSDVARR`.
    #[must_use]
    pub fn extname(&self) -> &'static str {
        match self.kind {
            LookupKind::D2im => "D2IMARR",
            LookupKind::Cpdis => "WCSDVARR",
        }
    }
}
