//! What is already done of a run, one file for each image.

use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest, Sha256};
use skyphot_core::Table;
use skyphot_io::{FileSpec, TableFormat, TableOptions, read_table, write_table};

use super::{ForcedOptions, ForcedTargets};
use crate::{PipelineError, Result, checksum};

/// Folder of finished parts beside the output.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    folder: PathBuf,
}

impl Parts {
    pub(super) fn beside(output: &Path) -> Self {
        let mut name = output.as_os_str().to_owned();
        name.push(".parts");
        Self { folder: name.into() }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn create(&self) -> Result<()> {
        std::fs::create_dir_all(&self.folder).map_err(|e| self.failed("create", e))
    }

    /// Removes the folder and what is in it; a folder that is not there is removed already.
    pub(super) fn remove(&self) -> Result<()> {
        match std::fs::remove_dir_all(&self.folder) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(self.failed("remove", e)),
            _ => Ok(()),
        }
    }

    fn failed(&self, action: &'static str, source: std::io::Error) -> PipelineError {
        PipelineError::File { action, path: self.folder.display().to_string(), source }
    }

    fn path(&self, key: &str) -> PathBuf {
        self.folder.join(format!("{key}.parquet"))
    }

    /// A finished part, if it is there and whole.
    pub(super) fn read(&self, key: &str) -> Option<Table> {
        let path = self.path(key);
        path.exists().then(|| read_table(path).ok()).flatten()
    }

    /// Stores a part: it appears under its name when it is complete.
    pub(super) fn write(&self, key: &str, table: &Table) -> Result<()> {
        let options =
            TableOptions { format: Some(TableFormat::Parquet), overwrite: true, ..TableOptions::default() };
        Ok(write_table(self.path(key), table, &options)?)
    }
}

/// What decides the rows of an image besides the image: version, options, catalogue, other files.
pub(super) fn fingerprint(targets: &ForcedTargets, options: &ForcedOptions) -> Result<String> {
    #[derive(Serialize)]
    struct All<'a> {
        version: &'a str,
        options: &'a ForcedOptions,
        targets: String,
        files: Vec<String>,
    }
    let p = &options.planes;
    let planes = [&p.error, &p.mask, &p.dq, &p.weight, &p.wcs, &p.area];
    let mut files: Vec<FileSpec> =
        planes.into_iter().flatten().filter(|f| f.as_str() != "auto").map(|f| FileSpec::parse(f)).collect();
    if let Some(crate::PsfSpec::File(f)) = &options.psf {
        files.push(f.clone());
    }
    let files = files.iter().map(|f| checksum(&f.path)).collect::<Result<Vec<_>>>()?;
    let all = All { version: env!("CARGO_PKG_VERSION"), options, targets: targets.checksum()?, files };
    let text = serde_json::to_string(&all).map_err(|e| PipelineError::Config(e.to_string()))?;
    Ok(hex(&Sha256::digest(text.as_bytes())))
}

/// One key of several texts.
pub(super) fn key(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for t in texts {
        hash.update((t.len() as u64).to_le_bytes());
        hash.update(t.as_bytes());
    }
    hex(&hash.finalize())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
