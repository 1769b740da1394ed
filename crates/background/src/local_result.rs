//! Results of local backgrounds.

use skyphot_core::{Column, FlagSet, Table};

use crate::{LocalBackgroundFlags, Result};

/// Local backgrounds, one entry per position in the order given.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LocalBackgrounds {
    /// The backgrounds, in the unit of the data; NaN where there are no good pixels.
    pub value: Vec<f64>,
    /// Pixels used, after clipping.
    pub n_pixels: Vec<usize>,
    /// What to know about them.
    pub flags: Vec<LocalBackgroundFlags>,
}

impl LocalBackgrounds {
    /// Number of positions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.value.len()
    }

    /// No positions.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.value.is_empty()
    }

    /// Columns `id` (from 1), `local_bkg`, `n_pixels` and `flags`, with the legend of the flags in the metadata.
    ///
    /// # Errors
    /// [`BackgroundError::Core`](crate::BackgroundError::Core) if the vectors were changed to different lengths.
    pub fn to_table(&self) -> Result<Table> {
        let mut table = Table::from_columns([
            Column::new("id", (1..=self.len() as i64).collect::<Vec<_>>()),
            Column::new("local_bkg", self.value.clone()),
            Column::new("n_pixels", self.n_pixels.iter().map(|&n| n as i64).collect::<Vec<_>>()),
            Column::new("flags", self.flags.iter().map(|f| i64::from(f.to_bits())).collect::<Vec<_>>()),
        ])?;
        table.meta.set("flags", LocalBackgroundFlags::legend_text());
        Ok(table)
    }
}
