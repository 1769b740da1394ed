//! Photometry in any shapes, fixed or different for each source.

use skyphot_aperture::{
    Aperture, AperturePhotometry, ApertureStats, CircularAperture, Neighbors, PhotometryConfig, PixelShape,
    StatsConfig, annulus_statistics,
};
use skyphot_core::{Column, Exec, Image, Pixel, Point, Table};
use skyphot_stats::SigmaClip;

use crate::{ApertureSection, PipelineError, Result, Shapes};

/// Sums in one or more shapes at every position, see [`AperturePhotometry`]. A source with a shape that is none has NaN
/// results and the flag `non_finite_position`.
///
/// # Errors
/// Errors of the photometry.
pub fn measure_shapes<T: Pixel>(
    image: &Image<'_, T>,
    positions: &[Point],
    shapes: &[Shapes],
    neighbors: Option<&Neighbors<'_>>,
    config: &PhotometryConfig,
) -> Result<Table> {
    let same: Option<Vec<&dyn Aperture>> = shapes
        .iter()
        .map(|s| match s {
            Shapes::Same(a) => Some(a.as_aperture()),
            Shapes::Each(_) => None,
        })
        .collect();
    let phot = match (same, neighbors) {
        (Some(same), None) => AperturePhotometry::measure(image, positions, &same, config)?,
        (Some(same), Some(n)) => {
            AperturePhotometry::measure_with_neighbors(image, positions, &same, n, config)?
        }
        (None, n) => {
            let (places, each) = expand(positions, shapes)?;
            let lists: Vec<&[PixelShape]> = each.iter().map(Vec::as_slice).collect();
            AperturePhotometry::measure_each(image, &places, &lists, n, config)?
        }
    };
    let mut table = phot.to_table();
    restore(&mut table, positions)?;
    Ok(table)
}

/// Statistics of the pixels in one shape at every position, see [`ApertureStats`].
///
/// # Errors
/// Errors of the statistics.
pub fn shape_statistics<T: Pixel>(
    image: &Image<'_, T>,
    positions: &[Point],
    shapes: &Shapes,
    neighbors: Option<&Neighbors<'_>>,
    config: &StatsConfig,
) -> Result<ApertureStats> {
    Ok(match (shapes, neighbors) {
        (Shapes::Same(s), None) => ApertureStats::measure(image, positions, s.as_aperture(), config)?,
        (Shapes::Same(s), Some(n)) => {
            ApertureStats::measure_with_neighbors(image, positions, s.as_aperture(), n, config)?
        }
        (each, n) => {
            let (places, lists) = expand(positions, std::slice::from_ref(each))?;
            let apertures: Vec<&dyn Aperture> = lists.iter().flatten().map(PixelShape::as_aperture).collect();
            ApertureStats::measure_each(image, &places, &apertures, n, config)?
        }
    })
}

/// The sky per pixel in a shape around every position: statistic and clipping of a section.
///
/// # Errors
/// [`PipelineError::Value`] for a clipping out of range and an unknown statistic; errors of the measurement.
pub fn sky_in<T: Pixel>(
    image: &Image<'_, T>,
    positions: &[Point],
    shapes: &Shapes,
    section: &ApertureSection,
    exec: &Exec,
) -> Result<Vec<f64>> {
    let clip = section.annulus_clip;
    if clip.0 <= 0.0 || clip.1 < 0.0 {
        return Err(PipelineError::value("annulus-clip", clip.to_string(), "sigma,passes with sigma > 0"));
    }
    let clip = SigmaClip { max_iters: (clip.1 >= 1.0).then_some(clip.1 as usize), ..SigmaClip::new(clip.0) };
    let (median, mean, mode) = match shapes {
        Shapes::Same(s) => {
            let found = annulus_statistics(image, positions, s.as_aperture(), Some(&clip), exec)?;
            (found.median, found.mean, found.mode)
        }
        each => {
            let config = StatsConfig { sigma_clip: Some(clip), exec: exec.clone(), ..StatsConfig::default() };
            let found = shape_statistics(image, positions, each, None, &config)?;
            (found.median, found.mean, found.mode)
        }
    };
    Ok(match section.annulus_stat.as_str() {
        "median" => median,
        "mean" => mean,
        "mode" => mode,
        other => return Err(PipelineError::value("annulus-stat", other, "one of median, mean, mode")),
    })
}

/// One list of shapes for each entry; positions are NaN where one of them is none.
fn expand(positions: &[Point], shapes: &[Shapes]) -> Result<(Vec<Point>, Vec<Vec<PixelShape>>)> {
    let dummy: PixelShape = CircularAperture::new(1.0)?.into();
    let mut places = positions.to_vec();
    let lists = shapes
        .iter()
        .map(|s| {
            places
                .iter_mut()
                .enumerate()
                .map(|(i, p)| match s.at(i) {
                    Some(shape) => shape.clone(),
                    None => {
                        *p = Point::new(f64::NAN, f64::NAN);
                        dummy.clone()
                    }
                })
                .collect()
        })
        .collect();
    Ok((places, lists))
}

/// The positions as they were.
fn restore(table: &mut Table, positions: &[Point]) -> Result<()> {
    for (name, values) in [
        ("x_center", positions.iter().map(|p| p.x).collect::<Vec<f64>>()),
        ("y_center", positions.iter().map(|p| p.y).collect()),
    ] {
        let column = table.column_mut(name)?;
        let mut fresh = Column::new(name, values);
        fresh.unit = column.unit.take();
        fresh.description = column.description.take();
        *column = fresh;
    }
    Ok(())
}
