//! The places that forced photometry looks at.

use sha2::{Digest, Sha256};
use skyphot_core::{Column, SkyCoord, Table};

use crate::{PipelineError, Result};

/// Pairs of column names that mean a position on the sky in degrees, best first.
const SKY_COLUMNS: [(&str, &str); 9] = [
    ("ra", "dec"),
    ("RA", "DEC"),
    ("Ra", "Dec"),
    ("sky_centroid.ra", "sky_centroid.dec"),
    ("RAJ2000", "DEJ2000"),
    ("_RAJ2000", "_DEJ2000"),
    ("ALPHA_J2000", "DELTA_J2000"),
    ("RA_ICRS", "DE_ICRS"),
    ("raMean", "decMean"),
];

/// Places on the sky with their names, and the catalogue they come from.
#[derive(Debug, Clone)]
pub struct ForcedTargets {
    sky: Vec<SkyCoord>,
    id: Column,
    table: Table,
}

impl ForcedTargets {
    /// The places of a catalogue: columns `ra dec` (degrees, ICRS) or other usual names, and `id` if it has one (else
    /// the rows are numbered from 1). `file` is named in errors.
    ///
    /// # Errors
    /// [`PipelineError::NoPositions`]; columns that are not numbers; an `id` with missing entries.
    pub fn from_table(table: &Table, file: &str) -> Result<Self> {
        let sky = sky_of(table, file)?;
        let numbers = || Column::new("id", (1..).take(sky.len()).collect::<Vec<i64>>());
        let id = match table.column("id") {
            Ok(c) if c.width() == 1 && c.mask().is_none() => Column::new("id", c.data().clone()),
            Ok(c) if c.width() == 1 => {
                let found = format!("{} of {file}", c.name());
                return Err(PipelineError::value("column", found, "filled in every row"));
            }
            _ => numbers(),
        };
        let id = id.with_description("source, as in the list of positions");
        Ok(Self { sky, id, table: table.clone() })
    }

    /// Number of places.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sky.len()
    }

    /// There are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sky.is_empty()
    }

    /// The places, ICRS, degrees.
    #[must_use]
    pub fn sky(&self) -> &[SkyCoord] {
        &self.sky
    }

    /// The names of the sources.
    #[must_use]
    pub fn id(&self) -> &Column {
        &self.id
    }

    /// The catalogue.
    #[must_use]
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// A checksum of the catalogue.
    pub(super) fn checksum(&self) -> Result<String> {
        let mut bytes = Vec::new();
        skyphot_io::write_table_to(&mut bytes, &self.table, skyphot_io::TableFormat::Ecsv)?;
        Ok(super::parts::hex(&Sha256::digest(&bytes)))
    }
}

/// The directions of a catalogue, degrees.
pub(crate) fn sky_of(table: &Table, file: &str) -> Result<Vec<SkyCoord>> {
    let names = SKY_COLUMNS.into_iter().find(|(a, b)| table.has(a) && table.has(b));
    let Some((lon, lat)) = names else {
        return Err(PipelineError::NoPositions {
            file: file.to_owned(),
            expected: SKY_COLUMNS.map(|(a, b)| format!("{a},{b}")).join(" "),
            found: table.names().join(", "),
        });
    };
    // Columns of text without a row may be anything.
    if table.n_rows() == 0 {
        return Ok(Vec::new());
    }
    let (lon, lat) = (table.f64(lon)?, table.f64(lat)?);
    Ok(lon.into_iter().zip(lat).map(|(lon, lat)| SkyCoord { lon, lat }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_places() {
        let t = Table::from_columns([
            Column::new("RA", vec![10.0, 11.0]),
            Column::new("DEC", vec![-5.0, 5.0]),
            Column::new("id", vec!["a".to_owned(), "b".to_owned()]),
        ])
        .unwrap();
        let targets = ForcedTargets::from_table(&t, "t").unwrap();
        assert_eq!((targets.len(), targets.sky()[1].lat), (2, 5.0));
        assert_eq!(targets.id().as_str().unwrap(), ["a", "b"]);
        let same = ForcedTargets::from_table(&t, "other").unwrap();
        assert_eq!(targets.checksum().unwrap(), same.checksum().unwrap());
        let t = Table::from_columns([Column::new("ra", vec![10.0]), Column::new("dec", vec![0.0])]).unwrap();
        assert_eq!(ForcedTargets::from_table(&t, "t").unwrap().id().to_i64().unwrap(), [1]);
        let e = ForcedTargets::from_table(&Table::new(), "none.csv").unwrap_err().to_string();
        assert!(e.contains("none.csv") && e.contains("ra,dec"), "{e}");
    }
}
