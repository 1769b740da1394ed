//! One file per subcommand.

pub(crate) mod aperture;
pub(crate) mod area_map;
pub(crate) mod background;
pub(crate) mod calibrate;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod depth;
pub(crate) mod detect;
pub(crate) mod epsf;
pub(crate) mod forced;
pub(crate) mod info;
mod info_asdf;
mod info_other;
pub(crate) mod matching;
pub(crate) mod plot;
pub(crate) mod profile;
pub(crate) mod psf;
mod psf_completeness;
mod psf_stars;
pub(crate) mod reduce;
pub(crate) mod run;
pub(crate) mod segment;
pub(crate) mod simulate;
pub(crate) mod stats;
pub(crate) mod wcs;

use std::path::Path;

use skyphot::core::{Meta, Table};
use skyphot::io::{TableFormat, TableOptions};
use skyphot::plot::PlotError;

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

/// Puts the metadata of the command before a table's own.
pub(crate) fn set_meta(table: &mut Table, of_command: Meta) {
    let own = std::mem::replace(&mut table.meta, of_command);
    for (k, v) in own.iter() {
        if table.meta.get(k).is_none() {
            table.meta.set(k, v.clone());
        }
    }
}

/// The last part of a file's name, for titles.
pub(crate) fn title(file: &str) -> String {
    file.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Saves a picture.
pub(crate) fn save_picture(
    picture: Result<skyphot::plot::Picture, PlotError>,
    path: &Path,
    global: &GlobalArgs,
) -> anyhow::Result<()> {
    Ok(picture?.save(path, global.force)?)
}
