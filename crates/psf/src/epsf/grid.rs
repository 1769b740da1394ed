//! A PSF that varies over the field.

use ndarray::Array3;
use skyphot_core::Point;

use super::{EpsfBuilder, EpsfEntry, EpsfResult, EpsfStars};
use crate::error::{PsfError, Result};
use crate::{GriddedPsf, ImagePsf, ImagePsfConfig};

/// How [`build_epsf_grid`] cuts the field.
#[derive(Debug, Clone)]
pub struct EpsfGridConfig {
    /// Rows and columns of cells. Default (3, 3).
    pub cells: (usize, usize),
    /// A cell takes the stars of its neighbours within this fraction of its size, so that the PSFs change smoothly.
    /// Default 0.25.
    pub overlap: f64,
    /// A cell with fewer stars takes the nearest ones beyond. Default 20.
    pub min_stars: usize,
    /// How each ePSF is built.
    pub builder: EpsfBuilder,
}

impl Default for EpsfGridConfig {
    fn default() -> Self {
        Self { cells: (3, 3), overlap: 0.25, min_stars: 20, builder: EpsfBuilder::default() }
    }
}

/// One cell of a grid of ePSFs.
#[derive(Debug, Clone)]
pub struct EpsfCell {
    /// Middle of the cell, pixels.
    pub position: Point,
    /// Number of stars used.
    pub n_stars: usize,
    /// Stars came from beyond the cell and its overlap.
    pub widened: bool,
    /// The ePSF with its stars; `None` where it could not be built and that of the whole field stands in.
    pub result: Option<EpsfResult>,
}

/// A spatially varying ePSF.
#[derive(Debug, Clone)]
pub struct EpsfGrid {
    /// The model, with an ePSF in the middle of each cell.
    pub psf: GriddedPsf,
    /// The ePSF of the whole field, from which those of the cells begin.
    pub field: EpsfResult,
    /// The cells, row by row.
    pub cells: Vec<EpsfCell>,
}

/// Builds an ePSF for each cell of a field of `shape` `(ny, nx)` pixels from the stars in and around it, and interpolates
/// between the middles of the cells.
///
/// # Errors
/// As [`EpsfBuilder::build`] for the whole field, and [`PsfError::InvalidParameter`] for no cells or an overlap that is
/// not a number of 0 or more.
pub fn build_epsf_grid(
    stars: &EpsfStars,
    shape: (usize, usize),
    config: &EpsfGridConfig,
) -> Result<EpsfGrid> {
    let (rows, columns) = config.cells;
    if rows == 0 || columns == 0 || rows.max(columns) > 1000 {
        let found = format!("({rows}, {columns})");
        return Err(PsfError::InvalidData {
            what: "cells (y, x)",
            expected: "two numbers from 1 to 1000",
            found,
        });
    }
    if !(config.overlap >= 0.0 && config.overlap.is_finite()) {
        return Err(PsfError::InvalidParameter {
            name: "overlap",
            expected: "0 or more",
            found: config.overlap,
        });
    }
    let field = config.builder.build(stars)?;
    let (height, width) = (shape.0 as f64 / rows as f64, shape.1 as f64 / columns as f64);
    let model = ImagePsf::new(
        field.data(),
        ImagePsfConfig { oversampling: config.builder.oversampling, ..Default::default() },
    )?;
    let place = |e: &EpsfEntry| e.stars()[0].center();
    let mut cells = Vec::with_capacity(rows * columns);
    for j in 0..rows {
        for i in 0..columns {
            let middle = Point::new((i as f64 + 0.5) * width - 0.5, (j as f64 + 0.5) * height - 0.5);
            // How far from the middle, in units of half a cell.
            let reach = |e: &EpsfEntry| {
                let p = place(e);
                (2.0 * (p.x - middle.x).abs() / width).max(2.0 * (p.y - middle.y).abs() / height)
            };
            let mut limit = 1.0 + 2.0 * config.overlap;
            let mut reaches: Vec<f64> = field.stars.entries().iter().map(reach).collect();
            reaches.sort_by(f64::total_cmp);
            let widened = reaches.iter().filter(|r| **r <= limit).count() < config.min_stars;
            if widened {
                limit = reaches[config.min_stars.clamp(1, reaches.len()) - 1];
            }
            let near = field.stars.filtered(|e| reach(e) <= limit);
            let result =
                config.builder.build_with(&near, Some(&model), |_| std::ops::ControlFlow::Continue(())).ok();
            let n_stars = result.as_ref().map_or(0, |r| r.stars.n_good_cutouts());
            cells.push(EpsfCell { position: middle, n_stars, widened, result });
        }
    }
    let (ny, nx) = field.data().dim();
    let mut data = Array3::zeros((cells.len(), ny, nx));
    for (mut plane, cell) in data.outer_iter_mut().zip(&cells) {
        plane.assign(&cell.result.as_ref().map_or(field.data(), EpsfResult::data));
    }
    let positions: Vec<Point> = cells.iter().map(|c| c.position).collect();
    let psf = GriddedPsf::new(data.view(), &positions, config.builder.oversampling)?;
    Ok(EpsfGrid { psf, field, cells })
}
