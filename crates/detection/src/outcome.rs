//! Why a catalogue is as long as it is.

/// What came of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[doc(alias = "NoDetectionsWarning")]
pub enum Outcome {
    /// There are sources.
    #[default]
    Found,
    /// No local maximum lies above the threshold.
    NothingAboveThreshold,
    /// There were local maxima above the threshold, but none passed the filters.
    AllFiltered,
}

impl Outcome {
    /// The outcome in words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Found => "sources were found",
            Self::NothingAboveThreshold => "no local maximum lies above the threshold",
            Self::AllFiltered => "local maxima lie above the threshold, but none passed the filters",
        }
    }

    pub(crate) fn of(n_candidates: usize, n_kept: usize) -> Self {
        match (n_candidates, n_kept) {
            (0, _) => Self::NothingAboveThreshold,
            (_, 0) => Self::AllFiltered,
            _ => Self::Found,
        }
    }
}
