//! House rules that no compiler knows.

use std::path::Path;

use anyhow::Result;
use cargo_metadata::Metadata;

use crate::{unused, workspace};

/// Longest file of source text, in lines.
const MAX_LINES: usize = 1000;
/// Largest file of any kind, in bytes.
const MAX_BYTES: u64 = 600 * 1024;

/// Words that mark unfinished work or belong to one machine. Split, so that this file does not contain them.
const FORBIDDEN: [(&str, &str); 11] = [
    (concat!("TO", "DO"), "unfinished work: do it or open an issue"),
    (concat!("FIX", "ME"), "unfinished work: do it or open an issue"),
    (concat!("XX", "X"), "unfinished work: do it or open an issue"),
    (concat!("db", "g!("), "debugging output"),
    (concat!("to", "do!("), "unfinished work"),
    (concat!("unimple", "mented!("), "unfinished work"),
    (concat!("<<<<", "<<< "), "a merge conflict"),
    (concat!("/ro", "ot/"), "a path of one machine"),
    (concat!("/ho", "me/"), "a path of one machine"),
    (concat!("/Use", "rs/"), "a path of one machine"),
    (concat!("/wo", "rk/"), "a path of one machine"),
];

/// Complaints about the files and manifests of the workspace.
pub(crate) fn check() -> Result<Vec<String>> {
    let root = workspace::root();
    let metadata = workspace::metadata()?;
    let mut out = manifests(&metadata)?;
    out.extend(unused::check(&metadata)?);
    for path in workspace::files(&root)? {
        let name = workspace::relative(&path);
        if name == "Cargo.lock" {
            continue;
        }
        let bytes = std::fs::metadata(&path)?.len();
        if bytes > MAX_BYTES {
            out.push(format!("{name}: {} KiB, at most {} KiB", bytes / 1024, MAX_BYTES / 1024));
        }
        if is_text(&path) {
            out.extend(text(&name, &workspace::read(&path)?));
        }
    }
    Ok(out)
}

fn is_text(path: &Path) -> bool {
    let suffix = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    ["rs", "py", "toml", "md", "sh", "yml", "yaml"].contains(&suffix) || path.ends_with(".ci/run")
}

fn text(name: &str, text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let source = name.ends_with(".rs") || name.ends_with(".py");
    let lines = text.lines().count();
    if source && lines > MAX_LINES {
        out.push(format!("{name}: {lines} lines, at most {MAX_LINES}: split by noun"));
    }
    for (i, line) in text.lines().enumerate() {
        let at = format!("{name}:{}", i + 1);
        for (word, why) in FORBIDDEN {
            if has_word(line, word) {
                out.push(format!("{at}: `{}`: {why}", word.trim()));
            }
        }
        if line.trim_start().starts_with(concat!("#[ig", "nore]")) {
            out.push(format!("{at}: an ignored test needs its reason: #[ig\u{6e}ore = \"...\"]"));
        }
        let glob = line.trim_start().starts_with("pub use ") && line.trim_end().ends_with("::*;");
        if glob && name.starts_with("crates/") && !name.contains("prelude") {
            out.push(format!("{at}: glob re-export: name what is public"));
        }
    }
    if name.starts_with("crates/")
        && text.contains(concat!("allow(unsafe", "_code)"))
        && !text.contains("SAFETY:")
    {
        out.push(format!("{name}: unsafe code without a SAFETY comment"));
    }
    out
}

/// `word` in `line`, not as part of a longer identifier.
pub(crate) fn has_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(i, _)| {
        let (before, after) = (line[..i].chars().next_back(), line[i + word.len()..].chars().next());
        let open = |edge: Option<char>, own: Option<char>| !(edge.is_some_and(part) && own.is_some_and(part));
        open(before, word.chars().next()) && open(after, word.chars().next_back())
    })
}

fn manifests(metadata: &Metadata) -> Result<Vec<String>> {
    let mut out = Vec::new();
    let packages = metadata.workspace_packages();
    let version = packages.first().map(|p| p.version.clone());
    for p in packages {
        let name = &p.name;
        let manifest = p.manifest_path.as_std_path();
        let published = p.publish.as_ref().is_none_or(|l| !l.is_empty());
        if p.description.as_deref().unwrap_or_default().trim().is_empty() {
            out.push(format!("{name}: no description"));
        }
        if p.license.as_deref() != Some("MIT OR Apache-2.0") {
            out.push(format!("{name}: licence is {:?}, expected MIT OR Apache-2.0", p.license));
        }
        if Some(&p.version) != version.as_ref() {
            out.push(format!("{name}: version {} differs from the other crates'", p.version));
        }
        if published && !manifest.with_file_name("README.md").exists() {
            out.push(format!("{name}: no README.md beside its Cargo.toml"));
        }
        let text = workspace::read(manifest)?;
        if !text.contains("[lints]\nworkspace = true") {
            out.push(format!("{name}: does not take the lints of the workspace"));
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_whole() {
        let (word, longer) = (FORBIDDEN[0].0, FORBIDDEN[2].0);
        assert!(has_word(&format!("// {word}: later"), word));
        assert!(!has_word(&format!("{word}S_LEFT"), word));
        assert!(!has_word(&format!("J{longer}"), longer));
        assert!(has_word(concat!("see /ho", "me/someone/data"), FORBIDDEN[8].0));
    }

    #[test]
    fn each_rule_bites() {
        let bad = format!("{} x\n    {}\npub use a::*;\n", FORBIDDEN[1].0, concat!("#[ig", "nore]"));
        let found = text("crates/a/src/lib.rs", &bad);
        assert_eq!(found.len(), 3, "{found:?}");
        let long = "x\n".repeat(MAX_LINES + 1);
        assert_eq!(text("crates/a/src/lib.rs", &long).len(), 1);
        assert!(text("CHANGELOG.md", &long).is_empty());
        let reason = concat!("#[ig", "nore = \"needs two minutes\"]");
        assert!(text("crates/a/src/lib.rs", reason).is_empty());
    }
}
