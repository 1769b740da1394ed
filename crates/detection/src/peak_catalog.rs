//! What `find_peaks` returns.

use skyphot_centroids::Centroids;
use skyphot_core::{Column, FlagSet, Meta, Point, Table};

use crate::Outcome;
use crate::error::Result;

/// Local peaks of an image, one entry per peak. An empty catalogue is a valid answer; [`outcome`](Self::outcome) says
/// why it is empty.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PeakCatalog {
    /// Column of the peak pixel.
    pub x_peak: Vec<usize>,
    /// Row of the peak pixel.
    pub y_peak: Vec<usize>,
    /// Value of the peak pixel, data units.
    pub peak_value: Vec<f64>,
    /// Centroids, if a method was given. NaN where there is none; the flags say why.
    pub centroids: Option<Centroids>,
    /// Peaks above the threshold, before `n_peaks` cut them.
    pub n_candidates: usize,
    /// Why the catalogue is as long as it is.
    pub outcome: Outcome,
    /// Parameters of the search, for the table.
    pub meta: Meta,
}

impl PeakCatalog {
    /// Number of peaks.
    #[must_use]
    pub fn len(&self) -> usize {
        self.x_peak.len()
    }

    /// No peaks.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.x_peak.is_empty()
    }

    /// The centroids where there are any, else the peak pixels.
    #[must_use]
    pub fn positions(&self) -> Vec<Point> {
        let peak = |i: usize| Point::new(self.x_peak[i] as f64, self.y_peak[i] as f64);
        (0..self.len())
            .map(|i| {
                let centroid = self.centroids.as_ref().map(|c| Point::new(c.x[i], c.y[i]));
                centroid.filter(|p| p.is_finite()).unwrap_or_else(|| peak(i))
            })
            .collect()
    }

    /// A table with the columns and the order of photutils 3: `id` (from 1), `x_peak`, `y_peak`, `peak_value` and, with
    /// centroids, `x_centroid`, `y_centroid` and the `flags` of the centroids. The metadata holds the parameters,
    /// `n_candidates` and a `note` on the outcome.
    ///
    /// # Errors
    /// [`DetectionError::Table`](crate::DetectionError::Table) if a public vector was changed to another length.
    pub fn to_table(&self) -> Result<Table> {
        let whole = |v: &[usize]| v.iter().map(|&i| i as i64).collect::<Vec<i64>>();
        let mut t = Table::from_columns([
            Column::new("id", (1..=self.len() as i64).collect::<Vec<_>>())
                .with_description("number of the peak"),
            Column::new("x_peak", whole(&self.x_peak))
                .with_unit("pix")
                .with_description("column of the peak pixel, 0-based"),
            Column::new("y_peak", whole(&self.y_peak))
                .with_unit("pix")
                .with_description("row of the peak pixel, 0-based"),
            Column::new("peak_value", self.peak_value.clone()).with_description("value of the peak pixel"),
        ])?;
        t.meta = self.meta.clone();
        if let Some(c) = &self.centroids {
            t.push(
                Column::new("x_centroid", c.x.clone())
                    .with_unit("pix")
                    .with_description("column of the centroid, 0-based"),
            )?;
            t.push(
                Column::new("y_centroid", c.y.clone())
                    .with_unit("pix")
                    .with_description("row of the centroid, 0-based"),
            )?;
            let bits: Vec<u32> = c.flags.iter().map(|f| f.to_bits()).collect();
            t.push(Column::new("flags", bits).with_description("flags of the centroid, see the metadata"))?;
            t.meta.set("flags", skyphot_centroids::CentroidFlags::legend_text());
        }
        t.meta.set("n_candidates", self.n_candidates);
        t.meta.set("note", self.outcome.text());
        Ok(t)
    }
}
