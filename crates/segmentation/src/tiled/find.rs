//! Detection and deblending in parts.

use std::ops::Range;

use skyphot_core::BoundingBox;
use skyphot_filter::Kernel;

use super::group::{Group, groups};
use super::plan::TilePlan;
use super::source::TileSource;
use super::window::Window;
use crate::deblend::largest_first;
use crate::detect::{Plain, check};
use crate::error::SegmentationError;
use crate::kernel::deblend::contrast::NotConnected;
use crate::kernel::runs::connect;
use crate::kernel::stream::Stream;
use crate::{DeblendConfig, SourceFinder, SourceRuns};

/// Finds the sources of an image that is read in parts, with labels equal to those of the whole image at once.
///
/// Rows are read in bands, each once; the connected pixels are kept as runs, so the memory needed is that of a band and
/// of the sources, not of the image. Sources are then deblended in tiles, which are read again. Without deblending the
/// labels are those of [`detect_sources`](crate::detect_sources) (with a kernel, of
/// [`detect_sources_convolved`](crate::detect_sources_convolved)), with it those of
/// [`SourceFinder::find`] and [`SourceFinder::find_convolved`].
///
/// # Errors
/// Those of the source, those of the functions named, and [`SegmentationError::Memory`] if the plan has a limit that is
/// not enough.
pub fn find_sources_tiled<S>(
    source: &S,
    kernel: Option<&Kernel>,
    finder: &SourceFinder,
    plan: &TilePlan,
) -> std::result::Result<SourceRuns, S::Error>
where
    S: TileSource + Sync,
    S::Error: Send,
{
    let (ny, nx) = source.shape();
    if ny == 0 || nx == 0 {
        return Err(SegmentationError::from(skyphot_core::CoreError::EmptyImage((ny, nx))).into());
    }
    finder.check()?;
    let detect = finder.detection();
    let reach = detect.connectivity.reach();
    let mut stream = Stream::new(reach, finder.n_pixels);
    let bands: Vec<_> =
        (0..ny).step_by(plan.band_rows()).map(|y| y..(y + plan.band_rows()).min(ny)).collect();
    let read = |rows: &Range<usize>| {
        let (y_min, y_max) = (rows.start as i64, rows.end as i64);
        let band = BoundingBox { x_min: 0, x_max: nx as i64, y_min, y_max };
        Window::read(source, kernel, band, true, &detect.exec)
    };
    let both = |a: &Range<usize>, b: &Range<usize>| plan.fits_both_bands(a.len() + b.len());
    detect.exec.read_ahead(&bands, both, read, |rows, window| {
        let (data, threshold) = (window.smooth(), window.tile.threshold.rows());
        check(threshold, data.dim(), finder.n_pixels)?;
        let mask = window.tile.mask.as_ref().map(|m| m.view());
        let plain = Plain { data, mask, threshold, first: 0 };
        stream.push(&connect(&plain, 0..rows.len(), nx, reach, &detect.exec));
        Ok(plan.check_sources(stream.memory())?)
    })?;
    let whole = stream.finish((ny, nx))?;
    match &finder.deblend {
        Some(config) => deblend_tiled(source, kernel, &whole, finder.n_pixels_deblend, config, plan),
        None => Ok(whole),
    }
}

/// Takes the sources of a large image apart, tile by tile; as [`deblend_sources`](crate::deblend_sources).
///
/// # Errors
/// Those of the source, those of [`deblend_sources`](crate::deblend_sources), and [`SegmentationError::Memory`] for a
/// source that is too large for the limit of the plan.
pub fn deblend_tiled<S>(
    source: &S,
    kernel: Option<&Kernel>,
    sources: &SourceRuns,
    n_pixels: usize,
    config: &DeblendConfig,
    plan: &TilePlan,
) -> std::result::Result<SourceRuns, S::Error>
where
    S: TileSource + Sync,
    S::Error: Send,
{
    config.check(n_pixels)?;
    if let Some(label) = config.labels.iter().flatten().find(|l| sources.labels().binary_search(l).is_err()) {
        return Err(SegmentationError::UnknownLabel(*label).into());
    }
    let wanted = (0..sources.len()).filter(|i| {
        config.contrast < 1.0
            && sources.areas()[*i] >= n_pixels.saturating_mul(2)
            && config.labels.as_ref().is_none_or(|l| l.contains(&sources.labels()[*i]))
    });
    let mut found = Vec::new();
    let groups = groups(plan, sources.bbox(), wanted, |b| *b);
    let read = |group: &Group| {
        plan.check_window(group.window.shape())?;
        let window = Window::read(source, kernel, group.window, false, &config.exec)?;
        Ok::<_, S::Error>((window, sources.draw(&group.window)))
    };
    let both = |a: &Group, b: &Group| plan.fits_both(a.window.shape(), b.window.shape());
    config.exec.read_ahead(&groups, both, read, |group, (window, labels)| {
        let (bbox, data) = (group.window, window.smooth());
        let size = |i: usize| {
            let (ny, nx) = sources.bbox()[i].shape();
            ny * nx
        };
        let parts = largest_first(&group.sources, size, &config.exec, |work, i| {
            let (label, b) = (sources.labels()[i], &sources.bbox()[i]);
            work.deblend(data, labels.view(), (bbox.x_min, bbox.y_min), label, b, n_pixels, config)
        });
        for (i, p) in group.sources.iter().zip(parts) {
            let label = sources.labels()[*i];
            let p = p.map_err(|NotConnected| SegmentationError::Disconnected { label })?;
            if p.n >= 2 || p.non_positive_min || p.too_many_markers {
                found.push((*i, p));
            }
        }
        let runs = found.iter().map(|(_, p)| 16 * p.runs.len() + 64).sum::<usize>();
        Ok(plan.check_sources(2 * sources.memory() + runs)?)
    })?;
    found.sort_unstable_by_key(|(i, _)| *i);
    Ok(sources.deblended(&found, config.relabel)?)
}
