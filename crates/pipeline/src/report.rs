//! `run.json` for programs and `report.md` for people.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use skyphot_core::{Column, Table};
use skyphot_io::AtomicFile;

use crate::{PipelineError, Result, RunSummary};

/// Writes both files into `dir`.
pub(crate) fn write(dir: &Path, summary: &RunSummary, table: &Table, overwrite: bool) -> Result<()> {
    let json = serde_json::to_string_pretty(summary)
        .map_err(|e| PipelineError::Config(format!("run.json cannot be made: {e}")))?;
    put(&dir.join("report.md"), &markdown(summary, table), overwrite)?;
    put(&dir.join("run.json"), &(json + "\n"), overwrite)
}

fn put(path: &Path, text: &str, overwrite: bool) -> Result<()> {
    let mut file = AtomicFile::create(path, overwrite)?;
    file.write_all(text.as_bytes()).map_err(|source| PipelineError::File {
        action: "write",
        path: path.display().to_string(),
        source,
    })?;
    Ok(file.commit()?)
}

fn markdown(s: &RunSummary, table: &Table) -> String {
    let unit = s.unit.as_deref().unwrap_or("data units");
    let mut t = format!("# {}\n\n", s.input);
    let rows = [
        ("Image", format!("{} x {} pixels, {} bad", s.shape.1, s.shape.0, s.n_bad_pixels)),
        ("Background (median)", format!("{:.6} {unit}", s.background_median)),
        ("Background rms (median)", format!("{:.6} {unit}", s.background_rms_median)),
        ("FWHM in force", format!("{:.3} px", s.fwhm)),
        ("Sources", s.n_sources.to_string()),
        ("Sources with flags", s.n_flagged.to_string()),
        ("skyphot", format!("{}, {}", s.version, s.started)),
        ("Input SHA-256", s.input_sha256.clone()),
    ];
    t += "| | |\n|---|---|\n";
    for (name, value) in rows {
        let _ = writeln!(t, "| {name} | {value} |");
    }
    if !s.notes.is_empty() {
        t += "\n## Notes\n\n";
        for n in &s.notes {
            let _ = writeln!(t, "- {n}");
        }
    }
    t += "\n## Columns of the catalogue\n\n| column | unit | meaning |\n|---|---|---|\n";
    for c in table.columns() {
        let text = |v: &Option<String>| v.clone().unwrap_or_default();
        let _ = writeln!(t, "| {} | {} | {} |", c.name(), text(&c.unit), text(&c.description));
    }
    t += &brightest(table);
    t += "\n## Seconds\n\n| step | s |\n|---|---|\n";
    for (step, sec) in &s.seconds {
        let _ = writeln!(t, "| {step} | {sec:.3} |");
    }
    if s.files.iter().any(|f| f == "overlay.png") {
        t += "\n![sources on the image](overlay.png)\n";
    }
    t
}

/// The ten brightest sources.
fn brightest(table: &Table) -> String {
    let Some(flux) = table.names().into_iter().find(|n| *n == "flux" || *n == "flux_0").map(str::to_owned)
    else {
        return String::new();
    };
    let shown = ["id", "x_centroid", "y_centroid", "x_peak", "y_peak", flux.as_str()];
    let names: Vec<&str> = shown.into_iter().filter(|n| table.has(n)).collect();
    let Ok(sorted) = table.sorted_by(&flux, true) else { return String::new() };
    let columns: Vec<Vec<f64>> =
        names.iter().filter_map(|n| sorted.column(n).and_then(Column::to_f64).ok()).collect();
    let mut t = format!("\n## The brightest\n\n| {} |\n|{}\n", names.join(" | "), "---|".repeat(names.len()));
    for row in 0..sorted.n_rows().min(10) {
        let cells: Vec<String> = columns
            .iter()
            .zip(&names)
            .map(|(c, n)| if *n == "id" { c[row].to_string() } else { format!("{:.2}", c[row]) })
            .collect();
        let _ = writeln!(t, "| {} |", cells.join(" | "));
    }
    t
}
