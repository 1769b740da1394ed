//! Positions from a catalogue.

use skyphot_core::{Point, Table};

use crate::{PipelineError, Result};

/// Pairs of column names that mean a pixel position, best first.
const NAMES: [(&str, &str); 8] = [
    ("x_fit", "y_fit"),
    ("x_centroid", "y_centroid"),
    ("xcentroid", "ycentroid"),
    ("x_center", "y_center"),
    ("x_peak", "y_peak"),
    ("x_0", "y_0"),
    ("x", "y"),
    ("X", "Y"),
];

/// The pixel positions (0-based) of a catalogue: the first of `x_fit y_fit`, `x_centroid y_centroid`,
/// `x_center y_center`, `x_peak y_peak`, `x_0 y_0`, `x y` that it has, or `X_IMAGE Y_IMAGE` (1-based) of SExtractor.
/// `file` is named in errors.
///
/// # Errors
/// [`PipelineError::NoPositions`]; columns that are not numbers.
pub fn positions_of(table: &Table, file: &str) -> Result<Vec<Point>> {
    let read = |x: &str, y: &str, offset: f64| -> Result<Vec<Point>> {
        let (x, y) = (table.f64(x)?, table.f64(y)?);
        Ok(x.iter().zip(&y).map(|(&x, &y)| Point::new(x - offset, y - offset)).collect())
    };
    for (x, y) in NAMES {
        if table.has(x) && table.has(y) {
            return read(x, y, 0.0);
        }
    }
    if table.has("X_IMAGE") && table.has("Y_IMAGE") {
        return read("X_IMAGE", "Y_IMAGE", 1.0);
    }
    let mut expected: Vec<String> = NAMES.iter().map(|(x, y)| format!("{x},{y}")).collect();
    expected.push("X_IMAGE,Y_IMAGE".into());
    Err(PipelineError::NoPositions {
        file: file.to_owned(),
        expected: expected.join(" "),
        found: table.names().join(", "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use skyphot_core::Column;

    #[test]
    fn the_best_pair_wins_and_sextractor_counts_from_one() {
        let t = Table::from_columns([
            Column::new("x_peak", vec![1_i64]),
            Column::new("y_peak", vec![2_i64]),
            Column::new("x_centroid", vec![1.25]),
            Column::new("y_centroid", vec![2.5]),
        ])
        .unwrap();
        assert_eq!(positions_of(&t, "t").unwrap(), [Point::new(1.25, 2.5)]);
        let t = Table::from_columns([Column::new("X_IMAGE", vec![1.0]), Column::new("Y_IMAGE", vec![1.0])]);
        assert_eq!(positions_of(&t.unwrap(), "t").unwrap(), [Point::new(0.0, 0.0)]);
        let e = positions_of(&Table::new(), "cat.ecsv").unwrap_err().to_string();
        assert!(e.contains("cat.ecsv") && e.contains("x_centroid,y_centroid"), "{e}");
    }
}
