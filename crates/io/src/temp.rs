//! Files that appear under their name only when they are complete.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::{NamedTempFile, TempPath};

use crate::{IoError, Result};

/// Names of temporary files that are being written in this process.
static IN_FLIGHT: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn in_flight() -> std::sync::MutexGuard<'static, Vec<PathBuf>> {
    IN_FLIGHT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes every temporary file that this process is writing at the moment and returns how many there were. For a
/// handler of Ctrl-C; the writers of these files will fail afterwards.
pub fn cleanup_temporaries() -> usize {
    let files: Vec<PathBuf> = in_flight().drain(..).collect();
    files.iter().filter(|p| std::fs::remove_file(p).is_ok()).count()
}

/// A file being written under a temporary name beside its target. [`commit`](Self::commit) gives it its name;
/// dropping it removes it.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("note.txt");
/// use std::io::Write;
/// let mut file = skyphot_io::AtomicFile::create(&path, false)?;
/// write!(file, "done")?;
/// assert!(!path.exists());
/// file.commit()?;
/// assert_eq!(std::fs::read_to_string(&path)?, "done");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct AtomicFile {
    // The writer goes first: it is closed before the file is removed.
    writer: BufWriter<File>,
    temporary: Option<TempPath>,
    registered: PathBuf,
    target: PathBuf,
    overwrite: bool,
}

impl AtomicFile {
    /// Starts a file that will be called `target`.
    ///
    /// # Errors
    /// [`IoError::Exists`] if the target is there and `overwrite` is false; [`IoError::System`].
    pub fn create(target: impl AsRef<Path>, overwrite: bool) -> Result<Self> {
        let target = target.as_ref().to_owned();
        if target.is_dir() {
            return Err(IoError::system(&target, io::Error::from(io::ErrorKind::IsADirectory)));
        }
        if !overwrite && target.exists() {
            return Err(IoError::Exists(target));
        }
        let folder = match target.parent() {
            Some(p) if !p.as_os_str().is_empty() => p,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".skyphot-").suffix(".tmp");
        #[cfg(unix)]
        {
            // As any new file: the umask of the process applies.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let file: NamedTempFile = builder.tempfile_in(folder).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => IoError::Missing(folder.to_owned()),
            _ => IoError::system(&target, e),
        })?;
        let (file, temporary) = file.into_parts();
        let registered = std::path::absolute(&temporary).unwrap_or_else(|_| temporary.to_path_buf());
        in_flight().push(registered.clone());
        Ok(Self {
            writer: BufWriter::with_capacity(1 << 16, file),
            temporary: Some(temporary),
            registered,
            target,
            overwrite,
        })
    }

    /// The name the file will have.
    #[must_use]
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// The name the file has until then, for writers that open files by name. Nothing more may be written here.
    pub(crate) fn temporary(&mut self) -> Result<&Path> {
        self.writer.flush().map_err(|e| IoError::system(&self.target, e))?;
        Ok(&self.registered)
    }

    /// Finishes the file and gives it its name.
    ///
    /// # Errors
    /// [`IoError::System`]; [`IoError::Exists`] if the target has appeared in the meantime. The temporary file is
    /// removed in either case.
    pub fn commit(mut self) -> Result<()> {
        self.writer.flush().map_err(|e| IoError::system(&self.target, e))?;
        let Some(temporary) = self.temporary.take() else { return Ok(()) };
        let result = if self.overwrite {
            temporary.persist(&self.target).map_err(|e| e.error)
        } else {
            temporary.persist_noclobber(&self.target).map_err(|e| e.error)
        };
        result.map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists => IoError::Exists(self.target.clone()),
            _ => IoError::System { path: self.target.clone(), source: e },
        })
    }
}

impl Write for AtomicFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.writer.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        in_flight().retain(|p| *p != self.registered);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let count = || std::fs::read_dir(dir.path()).unwrap().count();
        let mut f = AtomicFile::create(&path, false).unwrap();
        f.write_all(b"1").unwrap();
        assert_eq!(count(), 1);
        drop(f);
        assert_eq!(count(), 0);
        AtomicFile::create(&path, false).unwrap().commit().unwrap();
        assert!(matches!(AtomicFile::create(&path, false), Err(IoError::Exists(_))));
        let late = AtomicFile::create(&path, true).unwrap();
        late.commit().unwrap();
        assert_eq!(count(), 1);
        assert!(AtomicFile::create(dir.path(), true).is_err());
        assert!(matches!(AtomicFile::create(dir.path().join("no/a"), true), Err(IoError::Missing(_))));
    }

    #[test]
    fn the_registry_knows_files_in_flight() {
        let dir = tempfile::tempdir().unwrap();
        let f = AtomicFile::create(dir.path().join("b"), false).unwrap();
        assert!(in_flight().contains(&f.registered));
        let name = f.registered.clone();
        drop(f);
        assert!(!in_flight().contains(&name));
    }
}
