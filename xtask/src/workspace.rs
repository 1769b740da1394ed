//! Where the workspace is and what cargo knows about it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, MetadataCommand};

use crate::run;

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    here.parent().map_or_else(|| here.clone(), Path::to_path_buf)
}

/// Cargo's build folder.
pub(crate) fn target() -> Result<PathBuf> {
    Ok(metadata()?.target_directory.into_std_path_buf())
}

/// `cargo metadata`, with the dependency graph of this platform only (so that nothing else has to be downloaded).
pub(crate) fn metadata() -> Result<Metadata> {
    let host = run::output(run::command("rustc").arg("-vV"))?
        .lines()
        .find_map(|l| l.strip_prefix("host: ").map(str::to_owned))
        .context("`rustc -vV` does not name a host")?;
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .other_options(vec!["--filter-platform".to_owned(), host])
        .exec()
        .context("`cargo metadata` failed")
}

/// Text of a file, with its name in the error.
pub(crate) fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", relative(path)))
}

/// A path as seen from the root, with forward slashes.
pub(crate) fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

/// All files below `folder`, sorted, without build output and version control.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    const SKIP: [&str; 8] = [
        "target",
        ".git",
        "__pycache__",
        "skyphot-demo",
        ".venv",
        ".pytest_cache",
        ".mypy_cache",
        "proptest-regressions",
    ];
    let mut found = Vec::new();
    let mut todo = vec![folder.to_path_buf()];
    while let Some(dir) = todo.pop() {
        for entry in std::fs::read_dir(&dir).with_context(|| format!("cannot list {}", relative(&dir)))? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                if !SKIP.iter().any(|s| entry.file_name() == *s) {
                    todo.push(path);
                }
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// `text` with everything between two marker lines replaced.
pub(crate) fn between(text: &str, begin: &str, end: &str, new: &str) -> Result<String> {
    let start = text.find(begin).with_context(|| format!("no line `{begin}`"))? + begin.len();
    let stop = text.find(end).with_context(|| format!("no line `{end}`"))?;
    anyhow::ensure!(start <= stop, "`{end}` stands before `{begin}`");
    Ok(format!("{}\n\n{new}\n{}", &text[..start], &text[stop..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_between_markers_is_replaced() {
        let old = "a\n<b>\nold\n<e>\nz\n";
        let new = between(old, "<b>", "<e>", "new\n").unwrap();
        assert_eq!(new, "a\n<b>\n\nnew\n\n<e>\nz\n");
        assert_eq!(between(&new, "<b>", "<e>", "new\n").unwrap(), new);
        assert!(between(old, "<x>", "<e>", "").is_err());
        assert!(between(old, "<e>", "<b>", "").is_err());
    }
}
