//! `skyphot info FILE`: what a file holds.

use std::fmt::Write as _;

use anyhow::Context;
use clap::Args;
use serde_json::json;
use skyphot::io::{FileSpec, FitsFile, HduInfo, HduSelector, ImageFile};

use crate::args::GlobalArgs;
use crate::{output, sky};

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  skyphot info image.fits.fz\n  skyphot info 'image.fits[SCI]' --header\n  skyphot info image.fits --json"
)]
pub(crate) struct InfoArgs {
    /// FILE, or FILE[EXT] for one HDU; of ASDF files FILE, or FILE[roman.meta] for a part of the tree
    file: String,
    /// Print all header cards, or the whole tree, as well
    #[arg(long)]
    header: bool,
}

pub(crate) fn run(args: &InfoArgs, global: &GlobalArgs) -> anyhow::Result<()> {
    let place = || format!("skyphot info {}", args.file);
    let spec = FileSpec::parse(&args.file);
    let file = match ImageFile::open(&spec.path).with_context(place)? {
        ImageFile::Fits(file) => file,
        ImageFile::Asdf(file) => {
            return super::info_asdf::run(&args.file, file, &spec.hdu, args.header, global);
        }
        _ => anyhow::bail!("{} is neither FITS nor ASDF", spec.path.display()),
    };
    let hdus: Vec<&HduInfo> = match &spec.hdu {
        HduSelector::Auto => file.hdus().iter().collect(),
        one => vec![file.find(one).with_context(place)?],
    };
    if global.json {
        let list: Vec<_> = hdus.iter().map(|h| as_json(&file, h)).collect();
        return output::json(&json!({ "file": args.file, "hdus": list, "warnings": file.warnings() }));
    }
    let mut text = format!("{}\n", args.file);
    let width = hdus.iter().filter_map(|h| h.name.as_ref()).map(String::len).max().unwrap_or(0).max(7);
    for h in &hdus {
        let name =
            h.name.clone().unwrap_or_else(|| if h.index == 0 { "PRIMARY".into() } else { String::new() });
        let version = if h.name.is_some() { h.version.to_string() } else { String::new() };
        let unit = h.unit().map_or_else(String::new, |u| format!(", {u}"));
        let _ = writeln!(
            text,
            "{:3}  {name:width$} {version:>3}  {}{unit}  ({} cards)",
            h.index,
            h.description(),
            h.header.len()
        );
        match sky::of_hdu(&file, h) {
            Some(Ok(w)) => text += &w.text("       "),
            Some(Err(e)) => {
                let _ = writeln!(text, "       WCS that cannot be used: {e}");
            }
            None => {}
        }
        if args.header {
            for r in h.header.to_records() {
                let _ = writeln!(text, "       {}", r.trim_end());
            }
        }
    }
    if let (Ok(h), HduSelector::Auto) = (file.image_hdu(&HduSelector::Auto), &spec.hdu) {
        let _ = writeln!(text, "measured by default: HDU {}", h.index);
    }
    for w in file.warnings() {
        let _ = writeln!(text, "warning: {w}");
    }
    output::text(&text)
}

fn as_json(file: &FitsFile, h: &HduInfo) -> serde_json::Value {
    let wcs = match sky::of_hdu(file, h) {
        Some(Ok(w)) => w.json(),
        Some(Err(e)) => json!({ "error": e }),
        None => serde_json::Value::Null,
    };
    json!({
        "index": h.index, "name": h.name, "version": h.version, "description": h.description(), "shape": h.shape,
        "bitpix": h.bitpix, "wcs": wcs, "unit": h.unit(), "cards": h.header.len(),
    })
}
