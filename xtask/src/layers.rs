//! The layers: which crate may depend on which, and which third-party crate has its home where.
//!
//! `[workspace.metadata.layers]` and `[workspace.metadata.only-in]` of the root manifest are compared with what
//! `cargo metadata` says, development and build dependencies included.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, Metadata};

use crate::workspace;

/// Who depends on whom, and the two tables of the root manifest.
#[derive(Debug, Clone)]
pub(crate) struct Edges {
    /// Crate of the workspace -> its direct dependencies of all kinds.
    pub(crate) depends: BTreeMap<String, BTreeSet<String>>,
    /// Crate of the workspace -> crates of the workspace it may depend on.
    pub(crate) layers: BTreeMap<String, BTreeSet<String>>,
    /// Third-party crate -> crates of the workspace that may use it.
    pub(crate) only_in: BTreeMap<String, BTreeSet<String>>,
}

impl Edges {
    pub(crate) fn read(metadata: &Metadata) -> Result<Self> {
        let depends = metadata
            .workspace_packages()
            .iter()
            .map(|p| (p.name.to_string(), p.dependencies.iter().map(|d| d.name.clone()).collect()))
            .collect();
        Ok(Self { depends, layers: table(metadata, "layers")?, only_in: table(metadata, "only-in")? })
    }

    /// Every edge and every row of the tables that should not be there.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let mut out = Vec::new();
        for (name, depends) in &self.depends {
            let Some(allowed) = self.layers.get(name) else {
                out.push(format!("{name} is not listed in [workspace.metadata.layers]"));
                continue;
            };
            for d in depends.iter().filter(|d| self.depends.contains_key(*d)) {
                if !allowed.contains(d) {
                    let list = join(allowed);
                    out.push(format!(
                        "{name} depends on {d}: not listed in [workspace.metadata.layers] (listed: {list})"
                    ));
                }
            }
            for d in depends {
                if let Some(homes) = self.only_in.get(d).filter(|homes| !homes.contains(name)) {
                    let list = join(homes);
                    out.push(format!(
                        "{name} depends on {d}: [workspace.metadata.only-in] keeps it in {list}"
                    ));
                }
            }
        }
        for (table, rows) in [("layers", &self.layers), ("only-in", &self.only_in)] {
            let keys = if table == "layers" { rows.keys().collect() } else { Vec::new() };
            for name in keys.into_iter().chain(rows.values().flatten()) {
                if !self.depends.contains_key(name) {
                    out.push(format!(
                        "[workspace.metadata.{table}] names {name}, which is no crate of the workspace"
                    ));
                }
            }
        }
        if let Err(cycle) = self.heights() {
            out.push(format!("[workspace.metadata.layers] has a cycle through {cycle}"));
        }
        out.sort();
        out.dedup();
        out
    }

    /// Layer of each crate of the table: 0 for those that may depend on nothing, else one more than the highest
    /// crate they may depend on. The error names a crate of a cycle.
    pub(crate) fn heights(&self) -> std::result::Result<BTreeMap<String, usize>, String> {
        let mut heights: BTreeMap<String, usize> = BTreeMap::new();
        while heights.len() < self.layers.len() {
            let mut grown = false;
            for (name, allowed) in &self.layers {
                if heights.contains_key(name) {
                    continue;
                }
                let below: Option<Vec<usize>> = allowed
                    .iter()
                    .filter(|a| self.layers.contains_key(*a))
                    .map(|a| heights.get(a).copied())
                    .collect();
                if let Some(below) = below {
                    heights.insert(name.clone(), below.iter().max().map_or(0, |h| h + 1));
                    grown = true;
                }
            }
            if !grown {
                let stuck = self.layers.keys().find(|n| !heights.contains_key(*n));
                return Err(stuck.cloned().unwrap_or_default());
            }
        }
        Ok(heights)
    }
}

/// Complaints about the workspace as it is.
pub(crate) fn check() -> Result<Vec<String>> {
    let metadata = workspace::metadata()?;
    let mut out = Edges::read(&metadata)?.complaints();
    for package in ALONE {
        out.extend(heavy(&tree(&metadata, package)?).map(|d| format!("{package} drags in {d}")));
    }
    Ok(out)
}

/// Crates that have to be usable without files, pictures, command lines and Python.
const ALONE: [&str; 5] =
    ["skyphot-aperture", "skyphot-background", "skyphot-detection", "skyphot-stats", "skyphot-wcs"];

/// What they must not drag in, with all crates whose names begin so.
const HEAVY: [&str; 13] = [
    "fitsio",
    "cfitsio",
    "plotters",
    "image",
    "clap",
    "pyo3",
    "numpy",
    "parquet",
    "votable",
    "indicatif",
    "flate2",
    "bzip2",
    "liblzma",
];

fn heavy(tree: &BTreeSet<String>) -> impl Iterator<Item = &String> {
    tree.iter().filter(|d| {
        HEAVY.iter().any(|h| d.strip_prefix(h).is_some_and(|r| r.is_empty() || r.starts_with(['-', '_'])))
    })
}

/// Everything a user of `package` has to build: normal and build dependencies, all the way down.
fn tree(metadata: &Metadata, package: &str) -> Result<BTreeSet<String>> {
    let resolve = metadata.resolve.as_ref().context("cargo metadata has no dependency graph")?;
    let start = metadata
        .workspace_packages()
        .into_iter()
        .find(|p| p.name == package)
        .with_context(|| format!("no package {package}"))?;
    let mut seen = BTreeSet::from([start.id.clone()]);
    let mut todo = vec![start.id.clone()];
    while let Some(id) = todo.pop() {
        let node = resolve.nodes.iter().find(|n| n.id == id).context("a package has no node in the graph")?;
        for d in &node.deps {
            let wanted = d.dep_kinds.iter().any(|k| k.kind != DependencyKind::Development);
            if wanted && seen.insert(d.pkg.clone()) {
                todo.push(d.pkg.clone());
            }
        }
    }
    Ok(seen.iter().map(|id| metadata[id].name.to_string()).collect())
}

fn table(metadata: &Metadata, name: &str) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let rows = metadata
        .workspace_metadata
        .get(name)
        .and_then(|t| t.as_object())
        .with_context(|| format!("Cargo.toml has no table [workspace.metadata.{name}]"))?;
    rows.iter()
        .map(|(key, list)| {
            let list = list
                .as_array()
                .and_then(|l| l.iter().map(|v| v.as_str().map(str::to_owned)).collect())
                .with_context(|| format!("[workspace.metadata.{name}] {key}: expected a list of names"))?;
            Ok((key.clone(), list))
        })
        .collect()
}

fn join(names: &BTreeSet<String>) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.iter().cloned().collect::<Vec<_>>().join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cargo makes one call for all tests of this file.
    fn metadata() -> &'static Metadata {
        static ONCE: std::sync::OnceLock<Metadata> = std::sync::OnceLock::new();
        ONCE.get_or_init(|| workspace::metadata().unwrap())
    }

    #[test]
    fn every_edge_is_listed() {
        assert_eq!(Edges::read(metadata()).unwrap().complaints(), Vec::<String>::new());
    }

    #[test]
    fn an_edge_that_is_not_listed_is_found() {
        let mut edges = Edges::read(metadata()).unwrap();
        edges.depends.get_mut("skyphot-stats").unwrap().insert("skyphot-io".to_owned());
        assert_eq!(
            edges.complaints(),
            [
                "skyphot-stats depends on skyphot-io: not listed in [workspace.metadata.layers] (listed: skyphot-core)"
            ]
        );
    }

    #[test]
    fn a_third_party_crate_away_from_its_home_is_found() {
        let mut edges = Edges::read(metadata()).unwrap();
        edges.depends.get_mut("skyphot-aperture").unwrap().insert("rayon".to_owned());
        assert_eq!(
            edges.complaints(),
            ["skyphot-aperture depends on rayon: [workspace.metadata.only-in] keeps it in skyphot-core"]
        );
    }

    #[test]
    fn unknown_names_new_crates_and_cycles_are_found() {
        let edges = Edges::read(metadata()).unwrap();

        let mut e = edges.clone();
        e.depends.insert("skyphot-new".to_owned(), BTreeSet::new());
        assert_eq!(e.complaints(), ["skyphot-new is not listed in [workspace.metadata.layers]"]);

        let mut e = edges.clone();
        e.only_in.get_mut("rayon").unwrap().insert("skyphot-gone".to_owned());
        assert_eq!(
            e.complaints(),
            ["[workspace.metadata.only-in] names skyphot-gone, which is no crate of the workspace"]
        );

        let mut e = edges;
        e.layers.get_mut("skyphot-core").unwrap().insert("skyphot".to_owned());
        let found = e.complaints();
        assert!(found.len() == 1 && found[0].contains("has a cycle through"), "{found:?}");
    }

    #[test]
    fn algorithms_stand_alone() {
        for package in ALONE {
            let tree = tree(metadata(), package).unwrap();
            assert!(tree.contains("ndarray"), "{package}: the tree is not a tree: {tree:?}");
            assert_eq!(heavy(&tree).collect::<Vec<_>>(), Vec::<&String>::new(), "{package}");
        }
        // The same question has another answer where it should.
        let all = tree(metadata(), "skyphot").unwrap();
        let found: Vec<_> = heavy(&all).collect();
        assert!(
            found.iter().any(|d| *d == "fitsio-sys") && found.iter().any(|d| *d == "plotters"),
            "{found:?}"
        );
    }
}
