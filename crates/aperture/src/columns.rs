//! Tables of results.

use skyphot_core::{Column, Table};

/// Appends a column. A public vector that was changed to another length is left out.
pub(crate) fn put(table: &mut Table, column: Column) {
    let _left_out = table.push(column);
}

/// Appends a column of numbers.
pub(crate) fn put_f64(table: &mut Table, name: String, values: &[f64], unit: Option<&str>, text: &str) {
    let mut c = Column::new(name, values.to_vec()).with_description(text);
    c.unit = unit.map(str::to_owned);
    put(table, c);
}

/// The numbers from 1.
pub(crate) fn ids(n: usize) -> Column {
    Column::new("id", (1..=n as i64).collect::<Vec<_>>()).with_description("number of the position")
}
