//! `skyphot info FILE`: what a file holds.

use std::fmt::Write as _;

use anyhow::Context;
use clap::Args;
use ndarray::Array2;
use serde_json::json;
use skyphot::core::{DataQuality, HeaderView};
use skyphot::io::{FileSpec, FitsFile, HduInfo, HduSelector, ImageFile, IoError};

use crate::args::GlobalArgs;
use crate::{output, sky};

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  skyphot info image.fits.fz\n  skyphot info 'image.fits[SCI]' --header\n  skyphot info image.fits --json"
)]
pub(crate) struct InfoArgs {
    /// FILE, or FILE[EXT] for one HDU; of ASDF files FILE, or FILE[roman.meta] for a part of the tree; tables and
    /// headers in text files too
    file: String,
    /// Print all header cards, or the whole tree, as well
    #[arg(long)]
    header: bool,
}

pub(crate) fn run(args: &InfoArgs, global: &GlobalArgs) -> anyhow::Result<()> {
    let place = || format!("skyphot info {}", args.file);
    let spec = FileSpec::parse(&args.file);
    let image = match ImageFile::open(&spec.path) {
        Ok(image) => image,
        Err(e @ (IoError::NotAnImage { .. } | IoError::Fits { hdu: 0, .. })) => {
            return super::info_other::run(&args.file, &spec.path, global, e.into()).with_context(place);
        }
        Err(e) => return Err(e).with_context(place),
    };
    let file = match image {
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
        if let Some(dq) = dq_of_hdu(&file, h) {
            let _ = writeln!(text, "       {}", dq.text());
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
        "bitpix": h.bitpix, "wcs": wcs, "dq": dq_of_hdu(file, h).map(|d| d.json()), "unit": h.unit(), "cards": h.header.len(),
    })
}

/// The bits set in the data-quality plane of a JWST product.
fn dq_of_hdu(file: &FitsFile, h: &HduInfo) -> Option<DqSummary> {
    let telescope = file.hdus().first().and_then(|h| h.header.get_str("TELESCOP"))?;
    let is_dq = h.name.as_ref().is_some_and(|n| n.eq_ignore_ascii_case("DQ")) && h.image_shape().is_some();
    (is_dq && telescope.trim() == "JWST")
        .then(|| file.read_dq(&HduSelector::Index(h.index)).ok())
        .flatten()
        .map(|plane| DqSummary::new(&plane, &DataQuality::jwst()))
}

/// How many pixels of a data-quality plane have which bit.
#[derive(Debug)]
pub(crate) struct DqSummary {
    pixels: usize,
    bits: Vec<(u8, String, usize)>,
}

impl DqSummary {
    pub(crate) fn new(plane: &Array2<u32>, legend: &DataQuality) -> Self {
        let mut counts = [0_usize; 32];
        for &v in plane.iter().filter(|v| **v != 0) {
            let mut rest = v;
            while rest != 0 {
                counts[rest.trailing_zeros() as usize] += 1;
                rest &= rest - 1;
            }
        }
        let name = |bit: u8| {
            let known = legend.definitions().iter().find(|d| d.bit == bit);
            known.map_or_else(|| "not in the legend".to_owned(), |d| d.name.clone())
        };
        let bits =
            (0_u8..32).zip(counts).filter(|(_, n)| *n > 0).map(|(bit, n)| (bit, name(bit), n)).collect();
        Self { pixels: plane.len(), bits }
    }

    /// One line.
    pub(crate) fn text(&self) -> String {
        if self.bits.is_empty() {
            return "DQ: no bit is set".to_owned();
        }
        let list: Vec<String> = self.bits.iter().map(|(b, name, n)| format!("{b} {name} {n}")).collect();
        format!("DQ bits, names and pixels (of {}): {}", self.pixels, list.join(", "))
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        self.bits.iter().map(|(b, name, n)| json!({ "bit": b, "name": name, "pixels": n })).collect()
    }
}
