//! Region files on an image.

use std::path::Path;

use anyhow::Context;
use skyphot::core::Pixel;
use skyphot::io::RegionFile;
use skyphot::pipeline::{Exposure, RegionShapes, region_shapes};

use crate::progress::Progress;

/// Reads a region file; one without a region is an error.
pub(crate) fn read_region_file(path: &Path) -> anyhow::Result<RegionFile> {
    let file =
        skyphot::io::read_regions(path).with_context(|| format!("reading the regions {}", path.display()))?;
    if file.regions.is_empty() {
        let why = file.warnings.first().map_or(String::new(), |w| format!("; {w}"));
        anyhow::bail!("{} has no region that is understood{why}", path.display());
    }
    Ok(file)
}

/// Regions on an image, with notes on what is odd.
pub(crate) fn place_regions<T: Pixel>(
    file: &RegionFile,
    path: &Path,
    e: &Exposure<T>,
    progress: &Progress,
) -> RegionShapes {
    let placed = region_shapes(&file.regions, &e.header, e.sky.as_ref());
    let odd = file.warnings.iter().map(ToString::to_string).chain(placed.notes.iter().cloned());
    for note in odd {
        progress.note(&format!("note: {}: {note}", path.display()));
    }
    placed
}
