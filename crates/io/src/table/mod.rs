//! Tables in files.

mod csv;
mod delimited;
mod ecsv;
mod ecsv_output;
mod format;
pub(crate) mod json;
mod parquet;
mod votable;
mod votable_output;
mod yaml;

pub use format::{TableFormat, TableOptions, read_table, read_table_from, write_table, write_table_to};
pub use parquet::ParquetParts;
