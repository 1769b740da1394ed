//! The reference implementations: a Python environment with pinned versions.
//!
//! The pins are `tests/reference/requirements.txt`; the environment is `$SKYPHOT_PEERS`, else
//! `~/.cache/skyphot-peers`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::{run, workspace};

/// The environment, found and with the versions that are pinned.
#[derive(Debug, Clone)]
pub(crate) struct Peers {
    python: PathBuf,
}

impl Peers {
    /// The peers, or why there are none.
    pub(crate) fn find() -> Result<std::result::Result<Self, String>> {
        let folder = match std::env::var_os("SKYPHOT_PEERS") {
            Some(f) => PathBuf::from(f),
            None => match std::env::var_os("HOME") {
                Some(home) => PathBuf::from(home).join(".cache/skyphot-peers"),
                None => return Ok(Err("neither SKYPHOT_PEERS nor HOME is set".to_owned())),
            },
        };
        let python = folder.join("bin/python");
        if !python.exists() {
            return Ok(Err(
                "the Python peers are not installed (SKYPHOT_PEERS, else ~/.cache/skyphot-peers)".to_owned(),
            ));
        }
        let peers = Self { python };
        let wrong = peers.wrong_versions()?;
        if wrong.is_empty() {
            return Ok(Ok(peers));
        }
        Ok(Err(format!("the Python peers are not the pinned ones: {}", wrong.join(", "))))
    }

    /// Python on a script.
    pub(crate) fn python(&self) -> Command {
        let mut c = run::command(&self.python);
        c.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONWARNINGS", "ignore");
        c
    }

    /// Pins that the environment does not meet.
    fn wrong_versions(&self) -> Result<Vec<String>> {
        let pins = workspace::read(&workspace::root().join("tests/reference/requirements.txt"))?;
        let pins: Vec<(&str, &str)> =
            pins.lines().filter(|l| !l.starts_with('#')).filter_map(|l| l.trim().split_once("==")).collect();
        let script = "import sys\nfrom importlib.metadata import version, PackageNotFoundError as E\n\
                      for p in sys.argv[1:]:\n  try: print(version(p))\n  except E: print('none')\n";
        let found = run::output(self.python().arg("-c").arg(script).args(pins.iter().map(|(p, _)| p)))?;
        Ok(pins
            .iter()
            .zip(found.lines())
            .filter(|((_, pin), have)| pin != have)
            .map(|((name, pin), have)| format!("{name} {pin} is pinned, {have} is installed"))
            .collect())
    }
}
