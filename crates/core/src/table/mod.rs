//! Tables with typed columns, units and metadata.

mod column;
mod meta;

pub use column::{Column, ColumnData};
pub use meta::{Meta, MetaValue};

use crate::{CoreError, Result};

/// A table: named columns of equal length, and ordered metadata.
///
/// ```
/// use skyphot_core::{Column, Table};
/// let mut t = Table::new();
/// t.push(Column::new("id", vec![1_i64, 2, 3]))?;
/// t.push(Column::new("flux", vec![5.0, 9.0, 7.0]).with_unit("adu"))?;
/// let t = t.sorted_by("flux", true)?;
/// assert_eq!(t.column("id")?.to_i64()?, [2, 3, 1]);
/// # Ok::<(), skyphot_core::CoreError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    columns: Vec<Column>,
    rows: usize,
    /// Metadata, in order.
    pub meta: Meta,
}

impl Table {
    /// A table without columns and rows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A table of the given columns.
    ///
    /// # Errors
    /// [`CoreError::ColumnLength`] or [`CoreError::DuplicateColumn`].
    pub fn from_columns(columns: impl IntoIterator<Item = Column>) -> Result<Self> {
        let mut t = Self::new();
        for c in columns {
            t.push(c)?;
        }
        Ok(t)
    }

    /// Appends a column.
    ///
    /// # Errors
    /// [`CoreError::ColumnLength`] if it is not as long as the others, [`CoreError::DuplicateColumn`] if its name is
    /// taken.
    pub fn push(&mut self, column: Column) -> Result<()> {
        self.insert(self.columns.len(), column)
    }

    /// Inserts a column at a place (0 = first).
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn insert(&mut self, at: usize, column: Column) -> Result<()> {
        if self.has(column.name()) {
            return Err(CoreError::DuplicateColumn(column.name().to_owned()));
        }
        if self.columns.is_empty() {
            self.rows = column.len();
        } else if column.len() != self.rows {
            return Err(CoreError::ColumnLength {
                name: column.name().to_owned(),
                expected: self.rows,
                found: column.len(),
            });
        }
        self.columns.insert(at.min(self.columns.len()), column);
        Ok(())
    }

    /// Removes a column and returns it.
    ///
    /// # Errors
    /// [`CoreError::MissingColumn`].
    pub fn remove(&mut self, name: &str) -> Result<Column> {
        let i = self.index_of(name)?;
        Ok(self.columns.remove(i))
    }

    /// Number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    #[must_use]
    pub fn n_columns(&self) -> usize {
        self.columns.len()
    }

    /// No rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// All columns, in order.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// All columns, in order, without a copy.
    #[must_use]
    pub fn into_columns(self) -> Vec<Column> {
        self.columns
    }

    /// Names of all columns, in order.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.columns.iter().map(Column::name).collect()
    }

    /// There is a column of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|c| c.name() == name)
    }

    fn index_of(&self, name: &str) -> Result<usize> {
        self.columns.iter().position(|c| c.name() == name).ok_or_else(|| CoreError::MissingColumn {
            name: name.to_owned(),
            available: self.names().into_iter().map(str::to_owned).collect(),
        })
    }

    /// The column of a name.
    ///
    /// # Errors
    /// [`CoreError::MissingColumn`] with the names there are.
    pub fn column(&self, name: &str) -> Result<&Column> {
        Ok(&self.columns[self.index_of(name)?])
    }

    /// The column of a name, to change its unit, description or values.
    ///
    /// # Errors
    /// [`CoreError::MissingColumn`].
    pub fn column_mut(&mut self, name: &str) -> Result<&mut Column> {
        let i = self.index_of(name)?;
        Ok(&mut self.columns[i])
    }

    /// A numeric column as `f64`; missing values are NaN.
    ///
    /// # Errors
    /// [`CoreError::MissingColumn`], or [`CoreError::ColumnType`] for text.
    pub fn f64(&self, name: &str) -> Result<Vec<f64>> {
        self.column(name)?.to_f64()
    }

    /// The rows of the given numbers, in that order (rows may repeat).
    ///
    /// # Panics
    /// If a number is not a row.
    #[must_use]
    pub fn take(&self, rows: &[usize]) -> Self {
        Self {
            columns: self.columns.iter().map(|c| c.take(rows)).collect(),
            rows: rows.len(),
            meta: self.meta.clone(),
        }
    }

    /// The same columns, metadata included, with `n` rows of nothing: zeros, empty text, `false`.
    #[must_use]
    pub fn blank(&self, n: usize) -> Self {
        Self { columns: self.columns.iter().map(|c| c.blank(n)).collect(), rows: n, meta: self.meta.clone() }
    }

    /// Writes the rows of a table with the same columns over the rows of the given numbers: with
    /// [`blank`](Self::blank), a large table is put together of parts in any order.
    ///
    /// # Errors
    /// [`CoreError::MissingColumn`] and [`CoreError::ColumnType`] for other columns, [`CoreError::ColumnLength`] for
    /// another number of rows.
    ///
    /// # Panics
    /// If a number is not a row.
    pub fn set_rows(&mut self, rows: &[usize], other: &Self) -> Result<()> {
        for c in &mut self.columns {
            if other.rows != rows.len() {
                let (expected, found) = (rows.len(), other.rows);
                return Err(CoreError::ColumnLength { name: c.name().to_owned(), expected, found });
            }
            c.set_rows(rows, other.column(c.name())?)?;
        }
        Ok(())
    }

    /// The rows where `keep` is true.
    ///
    /// # Panics
    /// If `keep` is not as long as the table.
    #[must_use]
    pub fn filter(&self, keep: &[bool]) -> Self {
        assert_eq!(keep.len(), self.rows, "one choice per row");
        let rows: Vec<usize> = (0..self.rows).filter(|&i| keep[i]).collect();
        self.take(&rows)
    }

    /// Sorted by one column; equal rows keep their order, missing and NaN values come last.
    ///
    /// # Errors
    /// [`CoreError::MissingColumn`].
    pub fn sorted_by(&self, name: &str, descending: bool) -> Result<Self> {
        Ok(self.take(&self.column(name)?.argsort(descending)))
    }

    /// Only the named columns, in the order given.
    ///
    /// # Errors
    /// [`CoreError::MissingColumn`], [`CoreError::DuplicateColumn`].
    pub fn select(&self, names: &[&str]) -> Result<Self> {
        let mut t = Self { meta: self.meta.clone(), ..Self::default() };
        for n in names {
            t.push(self.column(n)?.clone())?;
        }
        t.rows = self.rows;
        Ok(t)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Table {
        Table::from_columns([
            Column::new("id", vec![1_i64, 2, 3, 4]),
            Column::new("v", vec![2.0, f64::NAN, 1.0, 2.0]),
            Column::new("s", vec!["b".to_owned(), "a".into(), "d".into(), "c".into()]),
        ])
        .unwrap()
    }

    #[test]
    fn sorting_is_stable_and_puts_nan_last() {
        let t = sample();
        assert_eq!(t.sorted_by("v", false).unwrap().column("id").unwrap().to_i64().unwrap(), [3, 1, 4, 2]);
        assert_eq!(t.sorted_by("v", true).unwrap().column("id").unwrap().to_i64().unwrap(), [1, 4, 3, 2]);
        assert_eq!(t.sorted_by("s", false).unwrap().column("id").unwrap().to_i64().unwrap(), [2, 1, 4, 3]);
    }

    #[test]
    fn selection_keeps_rows_and_meta() {
        let mut t = sample();
        t.meta.set("a", 1_i64);
        let u = t.filter(&[true, false, false, true]).select(&["s", "id"]).unwrap();
        assert_eq!(u.names(), ["s", "id"]);
        assert_eq!(u.n_rows(), 2);
        assert_eq!(u.meta.get("a"), Some(&MetaValue::Int(1)));
        assert!(t.column("x").unwrap_err().to_string().contains("the table has: id, v, s"));
        assert!(t.push(Column::new("w", vec![1.0])).is_err());
        assert!(t.push(Column::new("v", vec![1.0; 4])).is_err());
    }

    #[test]
    fn parts_make_a_whole() {
        let t = sample();
        let mut u = t.blank(4);
        u.set_rows(&[2, 0], &t.take(&[2, 0])).unwrap();
        let masked = Column::new("id", vec![2_i64, 4]).with_mask(vec![false, true]);
        let mut part = t.take(&[1, 3]);
        part.columns[0] = masked;
        u.set_rows(&[1, 3], &part).unwrap();
        assert_eq!((u.column("s"), u.f64("v").unwrap()[3]), (t.column("s"), 2.0));
        assert_eq!(u.column("id").unwrap().mask(), Some(&[false, false, false, true][..]));
        assert!(
            u.set_rows(&[1], &part).is_err() && u.set_rows(&[0, 1], &part.select(&["s"]).unwrap()).is_err()
        );
    }

    #[test]
    fn values_are_handed_over_and_not_copied() {
        let values = vec![1.0, 2.0, 3.0];
        let at = values.as_ptr();
        let mask = vec![false, true, false];
        let t = Table::from_columns([
            Column::new("a", values).with_mask(mask.clone()),
            Column::new("b", vec![true, false, true]),
        ])
        .unwrap();
        let mut columns = t.into_columns().into_iter();
        match columns.next().unwrap().into_parts() {
            (ColumnData::F64(v), Some(m)) => assert_eq!((v.as_ptr(), m), (at, mask)),
            other => panic!("{other:?}"),
        }
        assert_eq!(columns.next().unwrap().into_parts(), (ColumnData::Bool(vec![true, false, true]), None));
        assert!(columns.next().is_none());
    }

    #[test]
    fn masked_values_read_as_nan_and_sort_last() {
        let c = Column::new("m", vec![3_i64, 1, 2]).with_mask(vec![false, true, false]);
        assert!(c.to_f64().unwrap()[1].is_nan());
        assert_eq!(c.argsort(false), [2, 0, 1]);
    }
}
