//! `skyphot info FILE` of tables and of headers in text files.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;
use skyphot::io::{Header, TableFormat, read_headers, read_table};
use skyphot::wcs::Wcs;

use crate::args::GlobalArgs;
use crate::output;
use crate::sky::{ImageWcs, Summary};

/// Columns that are listed.
const COLUMNS: usize = 200;

/// Tells what a file that is no image holds; `error` says that it is none.
pub(crate) fn run(name: &str, path: &Path, global: &GlobalArgs, error: anyhow::Error) -> anyhow::Result<()> {
    if let Ok(headers) = read_headers(path) {
        return cards(name, &headers, global);
    }
    if TableFormat::from_path(path).is_err() {
        return Err(error);
    }
    let table = read_table(path)?;
    let kind = |c: &skyphot::core::Column| c.data().type_name();
    if global.json {
        let columns: Vec<_> = table
            .columns()
            .iter()
            .map(|c| json!({ "name": c.name(), "type": kind(c), "unit": c.unit, "description": c.description }))
            .collect();
        return output::json(&json!({ "file": name, "rows": table.n_rows(), "columns": columns }));
    }
    let n = table.columns().len();
    let mut text = format!("{name}\ntable of {} rows and {n} columns\n", table.n_rows());
    let width = table.columns().iter().map(|c| c.name().chars().count()).max().unwrap_or(0).min(40);
    for c in table.columns().iter().take(COLUMNS) {
        let unit = c.unit.as_ref().map_or_else(String::new, |u| format!(", {u}"));
        let says = c.description.as_ref().map_or_else(String::new, |d| format!("  {d}"));
        let _ = writeln!(text, "  {:width$}  {}{unit}{says}", c.name(), kind(c));
    }
    if n > COLUMNS {
        let _ = writeln!(text, "  ... {} more", n - COLUMNS);
    }
    output::text(&text)
}

fn cards(name: &str, headers: &[Header], global: &GlobalArgs) -> anyhow::Result<()> {
    let summary = |h: &Header| -> Result<Summary, String> {
        Wcs::from_header(h).map(|w| ImageWcs::fits(w, None).summary()).map_err(|e| e.to_string())
    };
    if global.json {
        let list: Vec<_> = headers
            .iter()
            .map(|h| {
                let wcs = summary(h).map_or_else(|e| json!({ "error": e }), |w| w.json());
                json!({ "cards": h.len(), "wcs": wcs })
            })
            .collect();
        return output::json(&json!({ "file": name, "headers": list }));
    }
    let mut text = format!("{name}\n");
    for (i, h) in headers.iter().enumerate() {
        let _ = writeln!(text, "{:3}  header in a text file, without data  ({} cards)", i + 1, h.len());
        match summary(h) {
            Ok(w) => text += &w.text("       "),
            Err(e) => {
                let _ = writeln!(text, "       no WCS that can be used: {e}");
            }
        }
    }
    output::text(&text)
}
