//! `skyphot info FILE.asdf`: arrays, tree and sky.

use std::fmt::Write as _;

use serde_json::json;
use skyphot::core::DataQuality;
use skyphot::core::tree::{Node, Value};
use skyphot::io::{AsdfFile, HduSelector, ImageFile};
use skyphot::pipeline::image_gwcs;

use super::info::DqSummary;
use crate::args::GlobalArgs;
use crate::output;
use crate::sky::ImageWcs;

/// Levels of the tree that are shown, and entries of one node, unless all are asked for.
const LEVELS: usize = 3;
const ENTRIES: usize = 40;
/// Lines of a tree at most.
const LINES: usize = 20_000;

pub(crate) fn run(
    name: &str,
    file: AsdfFile,
    part: &HduSelector,
    whole: bool,
    global: &GlobalArgs,
) -> anyhow::Result<()> {
    let at = match part {
        HduSelector::Name { name, .. } => name.clone(),
        _ => String::new(),
    };
    let Some(node) = file.tree().path(&at).cloned() else {
        anyhow::bail!("{}: nothing at '{at}' in the tree", file.path().display());
    };
    let arrays: Vec<_> = file
        .arrays()
        .into_iter()
        .filter(|(p, _)| {
            // The coefficients of a GWCS say little by themselves.
            p.starts_with(&at) && (whole || !at.is_empty() || !p.split('.').any(|k| k == "wcs"))
        })
        .collect();
    let measured = file.image_path(&HduSelector::Auto).ok();
    let image = ImageFile::Asdf(file.clone());
    let wcs = match image_gwcs(&image, &HduSelector::Auto) {
        Ok(wcs) => wcs.map(|w| Ok(ImageWcs::gwcs(w).summary())),
        Err(e) => Some(Err(e.to_string())),
    };
    let dq = measured.as_deref().filter(|m| m.ends_with("data")).and_then(|m| {
        let path = file.sibling(m, "dq")?;
        let plane = file.read_dq(&path).ok()?;
        Some((path, DqSummary::new(&plane, &DataQuality::roman())))
    });
    if global.json {
        let list: Vec<_> = arrays
            .iter()
            .map(|(p, a)| {
                json!({ "path": p, "dtype": a.dtype().to_string(), "shape": a.shape(), "unit": file.unit(p) })
            })
            .collect();
        let sky = match wcs {
            Some(Ok(w)) => w.json(),
            Some(Err(e)) => json!({ "error": e }),
            None => serde_json::Value::Null,
        };
        return output::json(&json!({
            "file": name, "asdf": file.version(), "standard": file.standard_version(), "arrays": list, "wcs": sky,
            "blocks": file.blocks().iter().map(|b| json!({
                "used": b.used(), "data_size": b.data_size(), "compression": b.compression(),
            })).collect::<Vec<_>>(),
            "measured": measured, "dq": dq.as_ref().map(|d| d.1.json()), "warnings": file.warnings(),
        }));
    }
    let standard = file.standard_version().map_or_else(String::new, |v| format!(", standard {v}"));
    let mut text = format!("{name}\nASDF {}{standard}, {} blocks\n", file.version(), file.blocks().len());
    let width = arrays.iter().map(|(p, _)| p.len()).max().unwrap_or(0);
    for (path, array) in arrays.iter().take(if whole { usize::MAX } else { ENTRIES }) {
        let unit = file.unit(path).map_or_else(String::new, |u| format!(", {u}"));
        let _ =
            writeln!(text, "  {path:width$}  array of shape {:?}, {}{unit}", array.shape(), array.dtype());
        // The data-quality plane of the exposure.
        if let Some(dq) = dq.as_ref().filter(|d| d.0 == *path) {
            let _ = writeln!(text, "  {:width$}  {}", "", dq.1.text());
        }
    }
    if !whole && arrays.len() > ENTRIES {
        let _ = writeln!(text, "  ... {} more arrays", arrays.len() - ENTRIES);
    }
    match wcs.filter(|_| at.is_empty()) {
        Some(Ok(w)) => text += &w.text("  "),
        Some(Err(e)) => {
            let _ = writeln!(text, "  GWCS that cannot be used: {e}");
        }
        None => {}
    }
    let _ = writeln!(text, "tree{}", if at.is_empty() { String::new() } else { format!(" below {at}") });
    let mut lines = 0;
    outline(&node, 1, if whole { usize::MAX } else { LEVELS }, whole, &mut lines, &mut text);
    if let Some(m) = measured.filter(|_| at.is_empty()) {
        let _ = writeln!(text, "measured by default: {m}");
    }
    for w in file.warnings() {
        let _ = writeln!(text, "warning: {w}");
    }
    output::text(&text)
}

fn outline(node: &Node, level: usize, deepest: usize, whole: bool, lines: &mut usize, text: &mut String) {
    let children: Vec<(String, &Node)> = match node.value() {
        Value::Mapping(map) => map.iter().map(|(k, v)| (k.to_owned(), v)).collect(),
        Value::Sequence(items) => items.iter().enumerate().map(|(i, v)| (i.to_string(), v)).collect(),
        _ => return,
    };
    let shown = if whole { children.len() } else { children.len().min(ENTRIES) };
    for (key, child) in &children[..shown] {
        *lines += 1;
        if *lines > LINES {
            return;
        }
        let tag = child.tag().map_or_else(String::new, |t| {
            format!("  <{}{}>", t.short(), t.version().map_or_else(String::new, |v| format!("-{v}")))
        });
        let value = match child.value() {
            Value::Mapping(m) => format!("({} keys)", m.len()),
            Value::Sequence(s) => format!("[{}]", s.len()),
            Value::Array(a) => format!("array of shape {:?}, {}", a.shape(), a.dtype()),
            Value::Null => "null".to_owned(),
            Value::Bool(v) => v.to_string(),
            Value::Int(v) => v.to_string(),
            Value::Float(v) => v.to_string(),
            Value::String(s) => s.chars().take(80).map(|c| if c.is_control() { ' ' } else { c }).collect(),
            _ => child.describe(),
        };
        let indent = "  ".repeat(level);
        let _ = writeln!(text, "{indent}{key}: {value}{tag}");
        if level < deepest {
            outline(child, level + 1, deepest, whole, lines, text);
        }
    }
    if shown < children.len() {
        let _ = writeln!(text, "{}... {} more", "  ".repeat(level), children.len() - shown);
    }
}
