//! Right ascension and declination for the sources of an image with a WCS.

use skyphot_core::{Column, Exec, Point, SkyCoord, SkyTransform, Table};
use skyphot_wcs::sky::SkyFrame;

use crate::{Result, SkyMap};

/// Positions a thread works on at a time.
const CHUNK: usize = 1024;

/// Adds the columns `ra` and `dec` (ICRS, degrees) behind the positions of a table, if there is a way to the sky. They
/// are NaN where a position has no place on it.
///
/// # Errors
/// [`PipelineError::Core`](crate::PipelineError::Core) if the table does not have one row per position.
pub fn add_sky_columns(
    table: &mut Table,
    sky: Option<&SkyMap>,
    positions: &[Point],
    exec: &Exec,
) -> Result<()> {
    let Some(sky) = sky.filter(|_| !table.has("ra") && !table.has("dec")) else { return Ok(()) };
    let mut places = vec![SkyCoord { lon: f64::NAN, lat: f64::NAN }; positions.len()];
    exec.for_each_chunk_mut(&mut places, CHUNK, |index, chunk| {
        sky.pixels_to_sky(&positions[index * CHUNK..index * CHUNK + chunk.len()], chunk);
    });
    let places = sky.frame().convert_all(SkyFrame::Icrs, &places, exec);
    let at = table
        .names()
        .iter()
        .position(|n| matches!(*n, "y_centroid" | "y_center"))
        .or_else(|| table.names().iter().position(|n| *n == "y_peak"))
        .map_or(table.n_columns(), |i| i + 1);
    let ra = Column::new("ra", places.iter().map(|s| s.lon).collect::<Vec<_>>());
    let dec = Column::new("dec", places.iter().map(|s| s.lat).collect::<Vec<_>>());
    table.insert(at, ra.with_unit("deg").with_description("right ascension, ICRS"))?;
    table.insert(at + 1, dec.with_unit("deg").with_description("declination, ICRS"))?;
    Ok(())
}
