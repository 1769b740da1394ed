//! Accuracy: `skyphot-regress` (package `skyphot-tests`) measures how far we are from stored reference answers and
//! prints one JSON line per quantity; here they become a table, and a quantity over its budget becomes a failure.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{run, workspace};

const BEGIN: &str = "<!-- headers: begin (cargo xtask regress --write) -->";
const END: &str = "<!-- headers: end -->";

/// Writes the table of headers into `docs/accuracy.md`. A test compares it with what is measured.
pub(crate) fn write() -> Result<()> {
    if std::env::var_os("SKYPHOT_TEST_DATA").is_none() {
        bail!("the table needs SKYPHOT_TEST_DATA");
    }
    let program = build()?;
    let text = run::output(run::command(program).arg("--wcs-table").stderr(Stdio::inherit()))?;
    let path = workspace::root().join("docs/accuracy.md");
    let old = workspace::read(&path)?;
    let new = workspace::between(&old, BEGIN, END, &text).context("docs/accuracy.md")?;
    std::fs::write(&path, new)?;
    Ok(())
}

fn build() -> Result<PathBuf> {
    // `--workspace` selects the same features as the tests do, so nothing is built twice.
    run::checked(run::cargo().args(["build", "--workspace", "--bin", "skyphot-regress"]))?;
    Ok(workspace::target()?.join("debug/skyphot-regress"))
}

/// Builds and runs the comparison of `topic` (all without).
pub(crate) fn all(topic: Option<&str>) -> Result<()> {
    let program = build()?;
    let text = run::output(run::command(program).args(topic).stderr(Stdio::inherit()))?;
    let rows = text.lines().map(Row::parse).collect::<Result<Vec<_>>>()?;
    if rows.is_empty() {
        bail!("no quantity was compared");
    }
    print!("{}", table(&rows));
    let over: Vec<&str> = rows.iter().filter(|r| r.over()).map(|r| r.quantity.as_str()).collect();
    if !over.is_empty() {
        bail!("over budget: {}", over.join("; "));
    }
    Ok(())
}

/// One compared quantity.
#[derive(Debug)]
struct Row {
    topic: String,
    quantity: String,
    n: u64,
    max: f64,
    q99: f64,
    budget: f64,
}

impl Row {
    fn parse(line: &str) -> Result<Self> {
        let v: Value = serde_json::from_str(line).with_context(|| format!("not a JSON line: {line}"))?;
        let text = |k: &str| v[k].as_str().map(str::to_owned).with_context(|| format!("no {k} in {line}"));
        // JSON has no NaN: a missing number is one, and a NaN is over any budget.
        let number = |k: &str| v[k].as_f64().unwrap_or(f64::NAN);
        Ok(Self {
            topic: text("topic")?,
            quantity: text("quantity")?,
            n: v["n"].as_u64().unwrap_or(0),
            max: number("max"),
            q99: number("q99"),
            budget: number("budget"),
        })
    }

    fn over(&self) -> bool {
        self.max.is_nan() || self.max > self.budget || self.n == 0
    }
}

fn table(rows: &[Row]) -> String {
    let width = rows.iter().map(|r| r.quantity.chars().count()).max().unwrap_or(0);
    let mut out = format!(
        "{:<11} {:<width$} {:>9} {:>9} {:>9} {:>9}\n",
        "topic", "quantity", "values", "max", "q99", "budget"
    );
    for r in rows {
        let mark = if r.over() { "  OVER" } else { "" };
        out += &format!(
            "{:<11} {:<width$} {:>9} {:>9.2e} {:>9.2e} {:>9.1e}{mark}\n",
            r.topic, r.quantity, r.n, r.max, r.q99, r.budget
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_budget_missing_and_empty_are_found() {
        let row = |s: &str| Row::parse(s).unwrap();
        let ok = row(r#"{"topic":"a","quantity":"b","n":3,"max":1e-12,"q99":1e-13,"budget":1e-10}"#);
        assert!(!ok.over());
        assert!(row(r#"{"topic":"a","quantity":"b","n":3,"max":1e-9,"q99":0,"budget":1e-10}"#).over());
        assert!(row(r#"{"topic":"a","quantity":"b","n":3,"max":null,"q99":0,"budget":1e-10}"#).over());
        assert!(row(r#"{"topic":"a","quantity":"b","n":0,"max":0,"q99":0,"budget":1e-10}"#).over());
        assert!(Row::parse("running").is_err());
        assert!(table(&[ok]).contains("1.00e-12"));
    }
}
