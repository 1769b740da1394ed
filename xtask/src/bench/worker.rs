//! One side of a comparison: a process that answers requests.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// A process that reads one request per line and answers each with one line of JSON.
#[derive(Debug)]
pub(super) struct Worker {
    name: String,
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Worker {
    pub(super) fn start(command: &mut Command, inputs: &Path, work: &Path) -> Result<Self> {
        let name = format!("{command:?}");
        let mut child = command
            .arg(inputs)
            .arg(work)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let requests = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().context("no standard output")?);
        Ok(Self { name, child, requests, answers })
    }

    /// Sends a request and waits for the answer.
    pub(super) fn ask(&mut self, request: &str) -> Result<Value> {
        self.send(request)?;
        self.answer(request)
    }

    fn send(&mut self, request: &str) -> Result<()> {
        let pipe = self.requests.as_mut().context("the process is gone")?;
        writeln!(pipe, "{request}").with_context(|| format!("{} ended before `{request}`", self.name))
    }

    fn answer(&mut self, request: &str) -> Result<Value> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            bail!("{} ended at `{request}`", self.name);
        }
        let answer: Value =
            serde_json::from_str(&line).with_context(|| format!("`{request}`: answer {line}"))?;
        match answer["error"].as_str() {
            Some(e) => bail!("`{request}`: {e}"),
            None => Ok(answer),
        }
    }

    /// Runs a case once: the time it took and the files it saved its values in (64-bit little-endian floats).
    pub(super) fn run(
        &mut self,
        case: &str,
        who: &str,
        threads: usize,
        save: bool,
    ) -> Result<(Duration, BTreeMap<String, PathBuf>)> {
        let answer =
            self.ask(&format!("run {case} {who} {threads} {}", if save { "save" } else { "time" }))?;
        let seconds = answer["seconds"].as_f64().context("an answer without seconds")?;
        let saved = answer["saved"].as_object().into_iter().flatten();
        let files = saved.filter_map(|(k, v)| Some((k.clone(), PathBuf::from(v.as_str()?)))).collect();
        Ok((Duration::from_secs_f64(seconds), files))
    }

    /// Runs a case with one thread here and in another process at the same time: the longer time.
    pub(super) fn run_with(&mut self, other: &mut Self, case: &str) -> Result<Duration> {
        let request = format!("run {case} skyphot 1 time");
        self.send(&request)?;
        other.send(&request)?;
        let mut longest = 0.0_f64;
        for side in [self, other] {
            longest = longest.max(side.answer(&request)?["seconds"].as_f64().context("no seconds")?);
        }
        Ok(Duration::from_secs_f64(longest))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // End of input ends the process.
        self.requests = None;
        self.child.wait().ok();
    }
}
