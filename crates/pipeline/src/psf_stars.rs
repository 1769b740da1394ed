//! An effective PSF from the stars of an image.

use skyphot_core::{Exec, Image, Pixel, Point};
use skyphot_psf::{
    EpsfBuilder, EpsfIteration, EpsfResult, ExtractConfig, ExtractedStars, StarCatalog, StarField,
    extract_stars,
};

use crate::Result;

/// How [`build_epsf`] works.
#[derive(Debug, Clone)]
pub struct EpsfOptions {
    /// Rows and columns of the cutouts, odd numbers. Default (25, 25).
    pub size: (usize, usize),
    /// Samples per pixel along y and x. Default (4, 4).
    pub oversampling: (usize, usize),
    /// Largest number of iterations. Default 10.
    pub max_iterations: usize,
    /// Stars with a pixel above this are left out, data units. Default: none is.
    pub saturation: Option<f64>,
    /// The samples within this radius sum to a flux of 1, pixels. Default: all samples do.
    pub norm_radius: Option<f64>,
    /// Threads.
    pub exec: Exec,
}

impl Default for EpsfOptions {
    fn default() -> Self {
        Self {
            size: (25, 25),
            oversampling: (4, 4),
            max_iterations: 10,
            saturation: None,
            norm_radius: None,
            exec: Exec::default(),
        }
    }
}

/// The brightest `most` stars that are alone: no star of more than a twentieth of their flux within half a cutout of
/// `size` `(ny, nx)`, and the whole cutout on the image of `shape`.
#[must_use]
pub fn choose_stars(
    positions: &[Point],
    flux: &[f64],
    shape: (usize, usize),
    size: (usize, usize),
    most: usize,
) -> Vec<usize> {
    let half = (size.0 as f64 / 2.0, size.1 as f64 / 2.0);
    let mut order: Vec<usize> = (0..positions.len().min(flux.len())).filter(|&i| flux[i] > 0.0).collect();
    order.sort_by(|&a, &b| flux[b].total_cmp(&flux[a]).then(a.cmp(&b)));
    let inside = |p: Point| {
        p.x >= half.1
            && p.y >= half.0
            && p.x <= shape.1 as f64 - 1.0 - half.1
            && p.y <= shape.0 as f64 - 1.0 - half.0
    };
    let mut by_x: Vec<usize> = order.clone();
    by_x.sort_by(|&a, &b| positions[a].x.total_cmp(&positions[b].x));
    let alone = |i: usize| {
        let p = positions[i];
        let first = by_x.partition_point(|&k| positions[k].x < p.x - half.1);
        by_x[first..]
            .iter()
            .take_while(|&&k| positions[k].x <= p.x + half.1)
            .all(|&k| k == i || (positions[k].y - p.y).abs() > half.0 || flux[k] < 0.05 * flux[i])
    };
    order.into_iter().filter(|&i| inside(positions[i]) && alone(i)).take(most).collect()
}

/// Cuts stars out of a background-subtracted image and builds an effective PSF from them; `watch` sees every iteration.
///
/// # Errors
/// Those of the extraction and of the builder.
pub fn build_epsf<T: Pixel>(
    image: &Image<'_, T>,
    stars: &[Point],
    options: &EpsfOptions,
    mut watch: impl FnMut(&EpsfIteration),
) -> Result<(EpsfResult, ExtractedStars)> {
    let extracted = extract_stars(
        &[StarField::new(*image)],
        &[StarCatalog::at_pixels(stars.to_vec())],
        &ExtractConfig { size: options.size, saturation: options.saturation },
    )?;
    let builder = EpsfBuilder {
        oversampling: options.oversampling,
        max_iters: options.max_iterations,
        norm_radius: options.norm_radius,
        exec: options.exec.clone(),
        ..EpsfBuilder::default()
    };
    let result = builder.build_with(&extracted.stars, None, |i| {
        watch(i);
        std::ops::ControlFlow::Continue(())
    })?;
    Ok((result, extracted))
}
