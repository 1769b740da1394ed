//! One file per subcommand.

pub(crate) mod aperture;
pub(crate) mod background;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod detect;
pub(crate) mod info;
pub(crate) mod plot;
pub(crate) mod run;
pub(crate) mod stats;

use std::path::Path;

use skyphot::core::Table;
use skyphot::io::{TableFormat, TableOptions};

use crate::args::GlobalArgs;

/// Writes a table: `-` is ECSV on standard output, else the suffix picks the format.
pub(crate) fn write_table(path: &Path, table: &Table, global: &GlobalArgs) -> anyhow::Result<()> {
    if path.as_os_str() == "-" {
        let mut out = Vec::new();
        skyphot::io::write_table_to(&mut out, table, TableFormat::Ecsv)?;
        return crate::output::bytes(&out);
    }
    let options = TableOptions { overwrite: global.force, exec: global.exec()?, ..TableOptions::default() };
    Ok(skyphot::io::write_table(path, table, &options)?)
}

/// Reads a table: `-` is ECSV on standard input.
pub(crate) fn read_table(file: &str) -> anyhow::Result<Table> {
    if file == "-" {
        return Ok(skyphot::io::read_table_from(&mut std::io::stdin().lock(), None)?);
    }
    Ok(skyphot::io::read_table(file)?)
}
