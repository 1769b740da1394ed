//! PSF photometry of one image.

use skyphot_background::{Estimator, LocalBackground};
use skyphot_core::{Exec, Image, Pixel, Table};
use skyphot_detection::{Finder, StarCatalog};
use skyphot_psf::{
    EpsfBuilder, EpsfRefiner, InitialParameters, IterationMode, IterativeConfig, PsfConfig, PsfModel,
    PsfPhotometry, SourceGrouper, Watch, fit, fit_iteratively,
};

use crate::{PipelineError, Result, positions_of};

/// How [`psf_photometry`] works.
#[derive(Debug, Clone)]
pub struct PsfOptions {
    /// Rows and columns that are fitted around each source, odd numbers. Default (5, 5).
    pub fit_shape: (usize, usize),
    /// Keep the positions. Default false.
    pub fixed_positions: bool,
    /// Sources up to so many pixels apart are fitted together. Default: each alone.
    pub group: Option<f64>,
    /// Find and fit again in what the fit left. Default: once.
    pub iterate: Option<IterationMode>,
    /// Largest number of passes. Default 3.
    pub max_iterations: usize,
    /// Radius of the aperture of the initial fluxes, pixels. Default 5.
    pub aperture_radius: f64,
    /// Radii of an annulus around every source whose median is subtracted, pixels. Default: none.
    pub local_background: Option<(f64, f64)>,
    /// Largest distance from the initial position along each axis, pixels. Default: no limit.
    pub xy_bounds: Option<f64>,
    /// Rows and columns on which sources are subtracted. Default: the whole model.
    pub psf_shape: Option<(usize, usize)>,
    /// Threads.
    pub exec: Exec,
    /// Is told how many sources are fitted.
    pub watch: Watch,
}

impl Default for PsfOptions {
    fn default() -> Self {
        Self {
            fit_shape: (5, 5),
            fixed_positions: false,
            group: None,
            iterate: None,
            max_iterations: 3,
            aperture_radius: 5.0,
            local_background: None,
            xy_bounds: None,
            psf_shape: None,
            exec: Exec::default(),
            watch: Watch::default(),
        }
    }
}

/// Where the sources come from.
#[derive(Debug)]
pub enum PsfStart<'a> {
    /// These.
    Given(InitialParameters),
    /// What a finder finds.
    Find(&'a dyn Finder<f64>),
}

/// A finder that sees the image less a constant.
#[derive(Debug)]
pub struct LevelFinder {
    /// The finder.
    pub finder: Box<dyn Finder<f64>>,
    /// What is subtracted, data units.
    pub level: f64,
}

impl Finder<f64> for LevelFinder {
    fn find(&self, image: &Image<'_, f64>) -> skyphot_detection::Result<StarCatalog> {
        if self.level == 0.0 {
            return self.finder.find(image);
        }
        let data = image.data().mapv(|v| v - self.level);
        let mut less = Image::new(data.view())?;
        if let Some(m) = image.mask() {
            less = less.with_mask(m)?;
        }
        self.finder.find(&less)
    }
}

/// Start values from a catalogue: its positions under any of the usual names and, if it has them, fluxes
/// (`flux_init`, `flux`, `flux_fit` ...), backgrounds (`local_bkg`), numbers and groups. `file` is named in errors.
///
/// # Errors
/// [`PipelineError::NoPositions`]; columns that are not numbers.
pub fn initial_of(table: &Table, file: &str) -> Result<InitialParameters> {
    let positions = positions_of(table, file)?;
    let xy = Table::from_columns([
        skyphot_core::Column::new("x_init", positions.iter().map(|p| p.x).collect::<Vec<_>>()),
        skyphot_core::Column::new("y_init", positions.iter().map(|p| p.y).collect::<Vec<_>>()),
    ])?;
    let mut all = xy;
    for name in ["id", "group_id", "local_bkg", "flux_init", "flux", "flux_fit"] {
        if table.has(name) {
            all.push(table.column(name)?.clone())?;
        }
    }
    Ok(InitialParameters::from_table(&all, &[])?)
}

/// What makes the PSF of a crowded field anew from its `n` brightest unsaturated stars, on cutouts `size`, with `oversampling`
/// samples per pixel (4 without it); pixels of `saturation` or more make a star unfit.
#[must_use]
pub fn epsf_refiner(
    n: usize,
    size: (usize, usize),
    oversampling: Option<usize>,
    saturation: Option<f64>,
    exec: &Exec,
) -> EpsfRefiner {
    let os = oversampling.unwrap_or(4);
    let builder = EpsfBuilder { oversampling: (os, os), exec: exec.clone(), ..EpsfBuilder::default() };
    EpsfRefiner { builder, n_stars: n, size, saturation, ..EpsfRefiner::default() }
}

/// Fits a PSF to the sources of an image that is free of background (or has only a background that is subtracted around
/// each source).
///
/// # Errors
/// [`PipelineError::Value`] for passes that refit all sources without groups, or for passes with given positions only;
/// those of the finder and of the fit.
pub fn psf_photometry<T: Pixel>(
    image: &Image<'_, T>,
    model: &dyn PsfModel,
    start: &PsfStart<'_>,
    finder: Option<&dyn Finder<f64>>,
    options: &PsfOptions,
) -> Result<PsfPhotometry> {
    let config = PsfConfig {
        fit_shape: options.fit_shape,
        fixed_position: options.fixed_positions,
        xy_bounds: (options.xy_bounds, options.xy_bounds),
        aperture_radius: Some(options.aperture_radius),
        grouper: options.group.map(SourceGrouper::new).transpose()?,
        local_background: options
            .local_background
            .map(|(a, b)| LocalBackground::new(a, b, Estimator::Median))
            .transpose()?,
        exec: options.exec.clone(),
        watch: options.watch.clone(),
        ..PsfConfig::default()
    };
    let finder = match start {
        PsfStart::Find(f) => Some(*f),
        PsfStart::Given(_) => finder,
    };
    let initial = match start {
        PsfStart::Given(i) => Some(i),
        PsfStart::Find(_) => None,
    };
    match (options.iterate, finder, initial) {
        (Some(IterationMode::All), ..) if options.group.is_none() => {
            Err(PipelineError::value("--iterate", "all", "possible without --group R"))
        }
        (Some(mode), Some(finder), initial) => {
            let iterative = IterativeConfig {
                psf: config,
                mode,
                max_iterations: options.max_iterations,
                sub_shape: options.psf_shape,
            };
            Ok(fit_iteratively(image, model, finder, initial, &iterative)?)
        }
        (None, _, Some(initial)) => Ok(fit(image, model, initial, &config)?),
        (None, Some(finder), None) => {
            let data = image.data().mapv(Pixel::to_f64);
            let mut plain = Image::new(data.view())?;
            if let Some(m) = image.mask() {
                plain = plain.with_mask(m)?;
            }
            let found = finder.find(&plain)?;
            Ok(fit(image, model, &InitialParameters::from_positions(&found.positions()), &config)?)
        }
        (_, None, _) => Err(PipelineError::value("sources", "none", "positions or a finder")),
    }
}
