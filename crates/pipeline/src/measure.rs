//! From the aperture section of a configuration to a table of fluxes.

use skyphot_aperture::{
    Aperture, AperturePhotometry, CircularAnnulus, CircularAperture, OverlapMethod, PhotometryConfig,
    annulus_statistics,
};
use skyphot_core::{Column, Exec, Image, Pixel, Point, Table};
use skyphot_stats::SigmaClip;

use crate::{ApertureSection, PipelineError, Result};

/// Circular aperture photometry at `positions`, with the local sky of an annulus subtracted if the section has one.
///
/// Columns: `id x_center y_center flux[_i] flux_err[_i] area[_i] flags`, and with an annulus `local_bkg`.
///
/// # Errors
/// [`PipelineError::Value`] for radii that are not positive or an unknown name; errors of the photometry.
pub fn measure<T: Pixel>(
    image: &Image<'_, T>,
    positions: &[Point],
    section: &ApertureSection,
    exec: &Exec,
) -> Result<Table> {
    let circles = section
        .circle
        .0
        .iter()
        .map(|&r| {
            CircularAperture::new(r)
                .map_err(|_| PipelineError::value("circle radius", r.to_string(), "a number of pixels > 0"))
        })
        .collect::<Result<Vec<_>>>()?;
    let local = match section.annulus {
        Some(_) => Some(local_sky(image, positions, section, exec)?),
        None => None,
    };
    let config = PhotometryConfig {
        method: overlap_method(&section.method)?,
        local_background: local.clone(),
        exec: exec.clone(),
        ..PhotometryConfig::default()
    };
    let apertures: Vec<&dyn Aperture> = circles.iter().map(|c| c as &dyn Aperture).collect();
    let phot = AperturePhotometry::measure(image, positions, &apertures, &config)?;
    let mut table = phot.to_table();
    if let (Some(bkg), false) = (local, table.has("local_bkg")) {
        table.push(
            Column::new("local_bkg", bkg).with_description("local sky per pixel, subtracted from flux"),
        )?;
    }
    Ok(table)
}

/// The sky per pixel around every position by the annulus of a section; nothing without an annulus.
///
/// # Errors
/// [`PipelineError::Value`] for radii or a clipping out of range and an unknown statistic; errors of the measurement.
pub fn local_sky<T: Pixel>(
    image: &Image<'_, T>,
    positions: &[Point],
    section: &ApertureSection,
    exec: &Exec,
) -> Result<Vec<f64>> {
    let Some(pair) = section.annulus else { return Ok(Vec::new()) };
    let annulus = CircularAnnulus::new(pair.0, pair.1).map_err(|_| {
        PipelineError::value("annulus", pair.to_string(), "inner,outer with 0 < inner < outer")
    })?;
    let clip = section.annulus_clip;
    if clip.0 <= 0.0 || clip.1 < 0.0 {
        return Err(PipelineError::value("annulus-clip", clip.to_string(), "sigma,passes with sigma > 0"));
    }
    let clip = SigmaClip { max_iters: (clip.1 >= 1.0).then_some(clip.1 as usize), ..SigmaClip::new(clip.0) };
    let stats = annulus_statistics(image, positions, &annulus, Some(&clip), exec)?;
    Ok(match section.annulus_stat.as_str() {
        "median" => stats.median,
        "mean" => stats.mean,
        "mode" => stats.mode,
        other => return Err(PipelineError::value("annulus-stat", other, "one of median, mean, mode")),
    })
}

/// The overlap method of a name: `exact`, `center`, `subpixel` or `subpixel:N`.
///
/// # Errors
/// [`PipelineError::Value`] for any other.
pub fn overlap_method(name: &str) -> Result<OverlapMethod> {
    let bad = || PipelineError::value("method", name, "exact, center, subpixel or subpixel:N with N >= 1");
    Ok(match name.split_once(':') {
        None if name == "exact" => OverlapMethod::Exact,
        None if name == "center" => OverlapMethod::Center,
        None if name == "subpixel" => OverlapMethod::Subpixel(5),
        Some(("subpixel", n)) => OverlapMethod::Subpixel(n.parse().ok().filter(|&n| n > 0).ok_or_else(bad)?),
        _ => return Err(bad()),
    })
}
