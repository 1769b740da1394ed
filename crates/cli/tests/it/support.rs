//! Running the binary and making its inputs.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ndarray::Array2;
use skyphot::core::testing::field;
use tempfile::TempDir;

/// What a run of the command gave.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs the command in a folder.
pub(crate) fn skyphot(dir: &Path, args: &[&str]) -> Ran {
    let o: Output = Command::new(env!("CARGO_BIN_EXE_skyphot"))
        .args(args)
        .current_dir(dir)
        .env("NO_COLOR", "1")
        .output()
        .expect("the binary runs");
    Ran {
        code: o.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&o.stdout).into_owned(),
        err: String::from_utf8_lossy(&o.stderr).into_owned(),
    }
}

/// As [`skyphot`], and the run has to end well.
pub(crate) fn ok(dir: &Path, args: &[&str]) -> Ran {
    let r = skyphot(dir, args);
    assert_eq!(r.code, 0, "{args:?}\n{}{}", r.out, r.err);
    assert!(!r.err.contains("panicked"), "{}", r.err);
    r
}

/// A folder with `image.fits`: 150 x 130 pixels, 12 stars, noise 2.
pub(crate) fn folder() -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    write(&dir.path().join("image.fits"), &field(130, 150, 11, 12, 2.0));
    dir
}

/// Writes an image.
pub(crate) fn write(path: &Path, data: &Array2<f64>) {
    skyphot::io::write_image(path, data.view(), None, true).expect("an image is written");
}

/// Names of all files below a folder.
pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for e in std::fs::read_dir(dir).expect("a folder").map(|e| e.expect("an entry").path()) {
        if e.is_dir() { all.extend(files(&e)) } else { all.push(e) }
    }
    all.sort();
    all
}
