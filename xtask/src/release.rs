//! What has to be true before a release.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use cargo_metadata::{DependencyKind, Metadata};

use crate::layers::Edges;
use crate::run::{self, Outcome, Report, cargo};
use crate::workspace;

/// Checks the tree, the changelog and the versions, then packages every crate that is published.
pub(crate) fn dry_run(allow_dirty: bool) -> Result<bool> {
    let metadata = workspace::metadata()?;
    let order = order(&metadata)?;
    let mut r = Report::default();
    r.step("tree", || {
        let changes = run::output(run::command("git").args(["status", "--porcelain"]))?;
        print!("{changes}");
        if changes.is_empty() || allow_dirty {
            return Ok(Outcome::Passed);
        }
        bail!("{} uncommitted files", changes.lines().count())
    });
    r.step("versions", || versions(&metadata).map(|()| Outcome::Passed));
    r.step("changelog", || {
        let version = version(&metadata)?;
        let text = workspace::read(&workspace::root().join("CHANGELOG.md"))?;
        if !has_section(&text, &version) {
            bail!("CHANGELOG.md has no section `## {version}`");
        }
        Ok(Outcome::Passed)
    });
    r.step("package", || {
        println!("in this order: {}", order.join(", "));
        // All at once: cargo resolves crates that are not published yet against each other.
        let mut c = cargo();
        c.args(["package", "--locked", "--no-verify", "--allow-dirty"]);
        for name in &order {
            c.args(["--package", name]);
        }
        run::step(&mut c)
    });
    Ok(r.summary("release --dry-run"))
}

fn version(metadata: &Metadata) -> Result<String> {
    let p = metadata.workspace_packages();
    Ok(p.iter().find(|p| p.name == "skyphot").context("no package skyphot")?.version.to_string())
}

/// One version for all, and every dependency on one of ours asks for exactly that.
fn versions(metadata: &Metadata) -> Result<()> {
    let version = version(metadata)?;
    let packages = metadata.workspace_packages();
    for p in &packages {
        if p.version.to_string() != version {
            bail!("{} has version {}, expected {version}", p.name, p.version);
        }
        for d in p.dependencies.iter().filter(|d| packages.iter().any(|o| o.name == d.name)) {
            if d.kind != DependencyKind::Development && d.req.to_string() != format!("^{version}") {
                bail!("{} asks for {} {}, expected {version}", p.name, d.name, d.req);
            }
        }
    }
    println!("{} crates, version {version}", packages.len());
    Ok(())
}

fn has_section(changelog: &str, version: &str) -> bool {
    changelog.lines().filter_map(|l| l.strip_prefix("## ")).any(|l| {
        let title = l.trim_start_matches('[');
        title
            .strip_prefix(version)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit() || c == '.'))
    })
}

/// Published crates, dependencies first.
fn order(metadata: &Metadata) -> Result<Vec<String>> {
    let heights: BTreeMap<String, usize> = Edges::read(metadata)?
        .heights()
        .map_err(|c| anyhow::anyhow!("the layers have a cycle through {c}"))?;
    let mut published: Vec<(usize, String)> = metadata
        .workspace_packages()
        .iter()
        .filter(|p| p.publish.as_ref().is_none_or(|l| !l.is_empty()))
        .map(|p| (heights.get(p.name.as_str()).copied().unwrap_or(0), p.name.to_string()))
        .collect();
    published.sort();
    Ok(published.into_iter().map(|(_, name)| name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_a_heading_of_exactly_this_version() {
        for good in ["## 0.1.0", "## [0.1.0] - 2026-01-01", "## 0.1.0 (unreleased)"] {
            assert!(has_section(good, "0.1.0"), "{good}");
        }
        for bad in ["## 0.1.01", "## 0.1.0.1", "0.1.0", "## 0.2.0"] {
            assert!(!has_section(bad, "0.1.0"), "{bad}");
        }
    }
}
