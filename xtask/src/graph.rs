//! The generated part of ARCHITECTURE.md: the crate graph and the table of layers, from `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::{Context, Result, bail};
use cargo_metadata::{DependencyKind, Metadata};

use crate::layers::Edges;
use crate::workspace;

const BEGIN: &str = "<!-- graph: begin (cargo xtask graph) -->";
const END: &str = "<!-- graph: end -->";

/// Writes the graph between the markers, or only compares.
pub(crate) fn update(check: bool) -> Result<()> {
    let path = workspace::root().join("ARCHITECTURE.md");
    let old = workspace::read(&path)?;
    let new =
        workspace::between(&old, BEGIN, END, &render(&workspace::metadata()?)?).context("ARCHITECTURE.md")?;
    if new == old {
        println!("ARCHITECTURE.md: the graph is up to date");
    } else if check {
        bail!("the graph in ARCHITECTURE.md is out of date: run `cargo xtask graph`");
    } else {
        std::fs::write(&path, new).context("cannot write ARCHITECTURE.md")?;
        println!("ARCHITECTURE.md: the graph is written");
    }
    Ok(())
}

fn render(metadata: &Metadata) -> Result<String> {
    let edges = Edges::read(metadata)?;
    let heights = edges.heights().map_err(|c| anyhow::anyhow!("the layers have a cycle through {c}"))?;
    let packages: BTreeMap<String, _> =
        metadata.workspace_packages().into_iter().map(|p| (p.name.to_string(), p)).collect();
    // What a user of the crate gets: no development dependencies.
    let normal: BTreeMap<&str, BTreeSet<&str>> = packages
        .iter()
        .map(|(name, p)| {
            let list = p.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal);
            (name.as_str(), list.map(|d| d.name.as_str()).collect())
        })
        .collect();
    let inside: BTreeMap<&str, BTreeSet<&str>> = normal
        .iter()
        .map(|(n, ds)| (*n, ds.iter().copied().filter(|d| packages.contains_key(*d)).collect()))
        .collect();

    let mut rows: Vec<(usize, &str)> =
        packages.keys().map(|n| (heights.get(n).copied().unwrap_or(0), n.as_str())).collect();
    // Automation stands apart, at the end.
    rows.sort_by_key(|(h, n)| (inside[n].is_empty() && *n != "skyphot-core", *h, *n));

    let mut out = String::from(
        "Arrows that follow from others are left out of the picture; the table has them all.\n\n",
    );
    out.push_str("```mermaid\nflowchart BT\n");
    for (_, name) in &rows {
        writeln!(out, "  {}[{}]", id(name), short(name))?;
    }
    for (_, name) in &rows {
        for d in reduced(name, &inside) {
            writeln!(out, "  {} --> {}", id(name), id(d))?;
        }
    }
    out.push_str("```\n\n| layer | crate | what | depends on | third party |\n|---|---|---|---|---|\n");
    for (height, name) in &rows {
        let alone = inside[name].is_empty() && *name != "skyphot-core";
        let layer = if alone { "-".to_owned() } else { height.to_string() };
        let ours: Vec<&str> = inside[name].iter().map(|d| short(d)).collect();
        let theirs: Vec<&str> = normal[name].iter().copied().filter(|d| !packages.contains_key(*d)).collect();
        let what = packages[*name].description.as_deref().unwrap_or_default();
        writeln!(out, "| {layer} | `{name}` | {what} | {} | {} |", ours.join(", "), theirs.join(", "))?;
    }
    Ok(out)
}

/// Dependencies of `name` that cannot be reached through another of them.
fn reduced<'a>(name: &str, inside: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Vec<&'a str> {
    let direct = &inside[name];
    let below = |start: &str| -> BTreeSet<&'a str> {
        let mut seen = BTreeSet::new();
        let mut todo: Vec<&str> = inside[start].iter().copied().collect();
        while let Some(d) = todo.pop() {
            if let Some((key, next)) = inside.get_key_value(d)
                && seen.insert(*key)
            {
                todo.extend(next);
            }
        }
        seen
    };
    direct.iter().copied().filter(|d| !direct.iter().any(|o| o != d && below(o).contains(d))).collect()
}

fn short(name: &str) -> &str {
    name.strip_prefix("skyphot-").unwrap_or(name)
}

fn id(name: &str) -> String {
    name.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_that_follow_are_left_out() {
        let inside = BTreeMap::from([
            ("a", BTreeSet::new()),
            ("b", BTreeSet::from(["a"])),
            ("c", BTreeSet::from(["a", "b"])),
            ("d", BTreeSet::from(["a", "c"])),
        ]);
        assert_eq!(reduced("c", &inside), ["b"]);
        assert_eq!(reduced("d", &inside), ["c"]);
    }
}
