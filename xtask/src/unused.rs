//! Dependencies that a crate lists and never names: they cost users time to build and give the layers false edges.

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, TargetKind};

use crate::tidy::has_word;
use crate::workspace;

/// Listed for the features they switch on for another dependency.
const FOR_FEATURES: [&str; 1] = ["argmin-math"];

/// Complaints about all crates of the workspace.
pub(crate) fn check(metadata: &Metadata) -> Result<Vec<String>> {
    let mut out = Vec::new();
    for p in metadata.workspace_packages() {
        let folder = p.manifest_path.parent().context("a manifest without a folder")?;
        let mut source = String::new();
        for file in workspace::files(folder.as_std_path())? {
            // Examples of a README are tests of its crate.
            if file.extension().is_some_and(|e| e == "rs" || e == "md") {
                source.push_str(&workspace::read(&file)?);
            }
        }
        let listed = p.dependencies.iter().filter(|d| !FOR_FEATURES.contains(&d.name.as_str()));
        let names = listed.map(|d| (d.name.as_str(), d.rename.clone().unwrap_or(library(metadata, &d.name))));
        out.extend(unnamed(&source, names).map(|d| format!("{} depends on {d} and never names it", p.name)));
    }
    Ok(out)
}

/// Packages whose library's name is no word of the source.
fn unnamed<'a>(
    source: &str,
    libraries: impl Iterator<Item = (&'a str, String)>,
) -> impl Iterator<Item = &'a str> {
    libraries.filter(|(_, lib)| !source.lines().any(|l| has_word(l, lib))).map(|(package, _)| package)
}

/// What the library of a package is called in source text.
fn library(metadata: &Metadata, package: &str) -> String {
    let kinds = [TargetKind::Lib, TargetKind::RLib, TargetKind::CDyLib, TargetKind::ProcMacro];
    let targets = metadata.packages.iter().filter(|p| p.name == package).flat_map(|p| &p.targets);
    let library =
        targets.filter(|t| t.kind.iter().any(|k| kinds.contains(k))).map(|t| t.name.as_str()).next();
    library.unwrap_or(package).replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_is_found() {
        let source = "use md5::Digest;\nlet x = rayon_core::join(a, b);\n";
        let listed = [("md-5", "md5"), ("rayon", "rayon"), ("rayon-core", "rayon_core"), ("serde", "serde")];
        let found: Vec<&str> = unnamed(source, listed.map(|(p, l)| (p, l.to_owned())).into_iter()).collect();
        assert_eq!(found, ["rayon", "serde"]);
    }

    #[test]
    fn packages_with_libraries_of_other_names_are_known() {
        let metadata = workspace::metadata().unwrap();
        assert_eq!(library(&metadata, "md-5"), "md5");
        assert_eq!(library(&metadata, "skyphot-core"), "skyphot_core");
        assert_eq!(check(&metadata).unwrap(), Vec::<String>::new());
    }
}
