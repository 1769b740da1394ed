//! Right ascension and declination for the sources of an image with a WCS.

use skyphot_core::{Column, Exec, HeaderView, Point, Table};
use skyphot_wcs::sky::SkyFrame;
use skyphot_wcs::{Wcs, WcsError};

use crate::Result;

/// Adds the columns `ra` and `dec` (ICRS, degrees) behind the positions of a table, if the header has a celestial WCS.
/// A frame that is not known is taken for ICRS. Returns notes: what was odd about the WCS, or why there are no columns.
///
/// # Errors
/// [`PipelineError::Core`](crate::PipelineError::Core) if the table does not have one row per position.
pub fn add_sky_columns(
    table: &mut Table,
    header: &dyn HeaderView,
    positions: &[Point],
    exec: &Exec,
) -> Result<Vec<String>> {
    if table.has("ra") || table.has("dec") {
        return Ok(Vec::new());
    }
    let wcs = match Wcs::from_header(header) {
        Ok(wcs) => wcs,
        Err(WcsError::NoCelestialAxes { .. }) => return Ok(Vec::new()),
        Err(e) => return Ok(vec![format!("no ra and dec: the WCS of the header cannot be used: {e}")]),
    };
    let frame = wcs.frame().unwrap_or(SkyFrame::Icrs);
    let sky = frame.convert_all(SkyFrame::Icrs, &wcs.all_pix2world(positions, exec).sky, exec);
    let at = table
        .names()
        .iter()
        .position(|n| matches!(*n, "y_centroid" | "y_center"))
        .or_else(|| table.names().iter().position(|n| *n == "y_peak"))
        .map_or(table.n_columns(), |i| i + 1);
    let ra = Column::new("ra", sky.iter().map(|s| s.lon).collect::<Vec<_>>());
    let dec = Column::new("dec", sky.iter().map(|s| s.lat).collect::<Vec<_>>());
    table.insert(at, ra.with_unit("deg").with_description("right ascension, ICRS"))?;
    table.insert(at + 1, dec.with_unit("deg").with_description("declination, ICRS"))?;
    Ok(wcs.warnings().iter().map(|w| format!("WCS: {w}")).collect())
}
