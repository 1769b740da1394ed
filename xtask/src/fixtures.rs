//! Reference fixtures: every `tests/reference/gen_*.py` is run with the pinned peers into an empty folder, and what
//! it wrote is compared with (or copied over) what is committed.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::peers::Peers;
use crate::run::{self, Outcome};
use crate::workspace;

/// Peers on another processor round differently; anything larger than this is a change.
const RELATIVE: f64 = 1e-9;
const ABSOLUTE: f64 = 1e-11;
/// The kernels that linear algebra of the peers uses, those for AVX2. Left alone it takes what suits the processor, and
/// iterative fits stop at other places, up to 1e-7 apart.
const BLAS: &str = "Haswell";

/// Runs the generators; `check` compares only.
pub(crate) fn all(check: bool, name: Option<&str>) -> Result<Outcome> {
    let peers = match Peers::find()? {
        Ok(p) => p,
        Err(why) => {
            println!("fixtures: nothing regenerated: {why}");
            return Ok(Outcome::Skipped(why));
        }
    };
    let root = workspace::root();
    let scratch = workspace::target()?.join("fixtures");
    if scratch.exists() {
        std::fs::remove_dir_all(&scratch)?;
    }
    std::fs::create_dir_all(&scratch)?;
    let scripts: Vec<PathBuf> =
        generators(&root)?.into_iter().filter(|s| name.is_none_or(|n| file_name(s).contains(n))).collect();
    if scripts.is_empty() {
        bail!("no generator in tests/reference matches");
    }
    run_all(&peers, &scripts, &scratch)?;

    let mut wrong = Vec::new();
    let fresh = workspace::files(&scratch)?;
    for new in &fresh {
        let inside = new.strip_prefix(&scratch).context("a fixture outside its folder")?;
        let old = root.join(inside);
        let label = inside.to_string_lossy();
        let Some(difference) = difference(&old, new)? else { continue };
        if check {
            wrong.push(format!("{label}: {difference}"));
        } else {
            std::fs::create_dir_all(old.parent().context("a fixture without a folder")?)?;
            std::fs::copy(new, &old)?;
            println!("{label}: written ({difference})");
        }
    }
    for (old, script) in committed(&root)? {
        let asked = scripts.iter().any(|s| file_name(s) == script);
        let label = workspace::relative(&old);
        if !generators(&root)?.iter().any(|s| file_name(s) == script) {
            wrong.push(format!("{label}: was made by {script}, which is not in tests/reference"));
        } else if asked && !scratch.join(&label).exists() {
            if std::env::var_os("SKYPHOT_TEST_DATA").is_some() {
                wrong.push(format!("{label}: {script} does not write it any more"));
            } else {
                println!("{label}: not checked, {script} needs SKYPHOT_TEST_DATA for it");
            }
        }
    }
    for w in &wrong {
        println!("{w}");
    }
    println!("fixtures: {} generators, {} files, {} wrong", scripts.len(), fresh.len(), wrong.len());
    std::fs::remove_dir_all(&scratch)?;
    Ok(if wrong.is_empty() { Outcome::Passed } else { Outcome::Failed(format!("{} files", wrong.len())) })
}

/// Runs the scripts, as many at once as there are processors; each of them takes one.
fn run_all(peers: &Peers, scripts: &[PathBuf], folder: &Path) -> Result<()> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<()> {
        while let Some(script) = scripts.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut python = peers.python();
            for threads in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"] {
                python.env(threads, "1");
            }
            python.env("OPENBLAS_CORETYPE", BLAS);
            run::checked(python.arg(script).arg(folder))?;
        }
        Ok(())
    };
    let n = std::thread::available_parallelism()?.get();
    std::thread::scope(|s| {
        let threads: Vec<_> = (0..n).map(|_| s.spawn(work)).collect();
        threads.into_iter().try_for_each(|t| t.join().unwrap_or_else(|_| bail!("a thread panicked")))
    })
}

fn generators(root: &Path) -> Result<Vec<PathBuf>> {
    let all = workspace::files(&root.join("tests/reference"))?;
    Ok(all
        .into_iter()
        .filter(|p| file_name(p).starts_with("gen_") && file_name(p).ends_with(".py"))
        .collect())
}

/// Committed fixtures and the generator each names.
fn committed(root: &Path) -> Result<Vec<(PathBuf, String)>> {
    let mut out = Vec::new();
    for folder in ["crates", "tests"] {
        for path in workspace::files(&root.join(folder))? {
            let fixture = path.components().any(|c| c.as_os_str() == "fixtures");
            if !fixture || path.extension().is_none_or(|e| e != "json") {
                continue;
            }
            if let Some(script) = parse(&path)?.get("made_by").and_then(Value::as_str) {
                out.push((path, script.to_owned()));
            }
        }
    }
    Ok(out)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn parse(path: &Path) -> Result<Value> {
    serde_json::from_str(&workspace::read(path)?)
        .with_context(|| format!("{} is not JSON", workspace::relative(path)))
}

/// What differs first, if anything does.
fn difference(old: &Path, new: &Path) -> Result<Option<String>> {
    if !old.exists() {
        return Ok(Some("is not committed".to_owned()));
    }
    if new.extension().is_some_and(|e| e == "json") {
        return Ok(unlike(&parse(old)?, &parse(new)?, ""));
    }
    let same = std::fs::read(old)? == std::fs::read(new)?;
    Ok((!same).then(|| "the bytes differ".to_owned()))
}

/// Path and values of the first difference between two JSON values; numbers may differ by rounding.
fn unlike(old: &Value, new: &Value, at: &str) -> Option<String> {
    match (old, new) {
        (Value::Object(a), Value::Object(b)) => {
            if let Some(k) = a.keys().find(|k| !b.contains_key(*k)) {
                return Some(format!("{at}/{k} is no longer written"));
            }
            b.iter().find_map(|(k, v)| match a.get(k) {
                Some(w) => unlike(w, v, &format!("{at}/{k}")),
                None => Some(format!("{at}/{k} is new")),
            })
        }
        (Value::Array(a), Value::Array(b)) => {
            if a.len() != b.len() {
                return Some(format!("{at} had {} items, has {}", a.len(), b.len()));
            }
            a.iter().zip(b).enumerate().find_map(|(i, (v, w))| unlike(v, w, &format!("{at}/{i}")))
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64()?, b.as_f64()?);
            let near = (a - b).abs() <= ABSOLUTE + RELATIVE * a.abs().max(b.abs());
            (!near).then(|| format!("{at} was {a}, is {b}"))
        }
        _ => (old != new).then(|| format!("{at} was {old}, is {new}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rounding_is_no_difference_and_anything_else_is() {
        let old = json!({"a": [1.0, 2], "b": "x"});
        assert_eq!(unlike(&old, &json!({"a": [1.000_000_000_000_1, 2.0], "b": "x"}), ""), None);
        let cases = [
            (json!({"a": [1.000_001, 2], "b": "x"}), "/a/0 was 1, is 1.000001"),
            (json!({"a": [1.0], "b": "x"}), "/a had 2 items, has 1"),
            (json!({"a": [1.0, 2], "b": "nan"}), "/b was \"x\", is \"nan\""),
            (json!({"a": [1.0, 2]}), "/b is no longer written"),
            (json!({"a": [1.0, 2], "b": "x", "c": 1}), "/c is new"),
        ];
        for (new, message) in cases {
            assert_eq!(unlike(&old, &new, "").as_deref(), Some(message));
        }
    }
}
