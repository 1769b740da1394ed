//! A PSF from the stars of an image.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use ndarray::Array3;
use skyphot_core::{Column, Exec, FlagSet, Image, Pixel, Point, Table};
use skyphot_io::Header;
use skyphot_psf::{
    DaophotBuilder, DaophotResult, EpsfBuilder, EpsfGrid, EpsfGridConfig, EpsfResult, EpsfStars,
    ExtractConfig, ExtractedStars, PsfModel, SelectedStars, SelectionFlags, StarCatalog, StarField,
    StarSelection, build_epsf_grid, extract_stars, select_stars,
};

use crate::{PipelineError, PsfKind, Result};

/// Which stars [`choose_stars`] takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StarChoice {
    /// Rows and columns of the cutouts: stars keep half of it from the edges. Default (25, 25).
    pub size: (usize, usize),
    /// The brightest this many. Default 200.
    pub most: usize,
    /// Full width at half maximum, pixels. Default 3.
    pub fwhm: f64,
    /// Largest value of a pixel of a core. Default: no limit.
    pub saturation: Option<f64>,
    /// Distance, pixels, within which there is no neighbour of a twentieth of the flux. Default: half the cutout.
    pub isolation: Option<f64>,
    /// Least ratio of flux to noise. Default 50.
    pub min_snr: f64,
}

impl Default for StarChoice {
    fn default() -> Self {
        Self { size: (25, 25), most: 200, fwhm: 3.0, saturation: None, isolation: None, min_snr: 50.0 }
    }
}

/// Stars fit for a PSF out of all that were found on an image free of background, see [`select_stars`].
///
/// # Errors
/// [`PipelineError::NoPsfStars`] if none is, with the reasons.
pub fn choose_stars<T: Pixel>(
    image: &Image<'_, T>,
    found: &[Point],
    choice: &StarChoice,
) -> Result<SelectedStars> {
    let half = 0.5 * choice.size.0.max(choice.size.1) as f64;
    let fwhm = if choice.fwhm.is_finite() { choice.fwhm } else { 3.0 };
    let config = StarSelection {
        radius: (1.5 * fwhm).clamp(2.0, half.max(2.0)),
        min_snr: choice.min_snr,
        saturation: choice.saturation,
        isolation: choice.isolation.unwrap_or(half),
        edge: half,
        brightest: Some(choice.most),
        ..StarSelection::default()
    };
    let selected = select_stars(image, found, &config)?;
    if selected.selected().is_empty() {
        return Err(PipelineError::NoPsfStars { found: found.len(), why: reasons(&selected) });
    }
    Ok(selected)
}

/// How many candidates were turned down for what: `12 too near the edge, 3 saturated`.
#[must_use]
pub fn reasons(selected: &SelectedStars) -> String {
    let mut text = Vec::new();
    for flag in SelectionFlags::LEGEND {
        let n = selected.flags.iter().filter(|f| f.bits() & flag.value != 0).count();
        if n > 0 {
            text.push(format!("{n} {}", flag.short));
        }
    }
    text.join(", ")
}

/// How [`build_psf`] works.
#[derive(Debug, Clone)]
pub struct EpsfOptions {
    /// The kind of PSF.
    pub kind: PsfKind,
    /// Rows and columns of the cutouts, odd numbers. Default (25, 25).
    pub size: (usize, usize),
    /// Samples per pixel of an ePSF along y and x. Default (4, 4).
    pub oversampling: (usize, usize),
    /// Largest number of iterations. Default 10.
    pub max_iterations: usize,
    /// Stars with a pixel above this are left out, data units. Default: none is.
    pub saturation: Option<f64>,
    /// The samples of an ePSF within this radius sum to a flux of 1, pixels. Default: all samples do.
    pub norm_radius: Option<f64>,
    /// Part of its size by which a cell of a grid reaches into its neighbours. Default 0.25.
    pub overlap: f64,
    /// Threads.
    pub exec: Exec,
}

impl Default for EpsfOptions {
    fn default() -> Self {
        Self {
            kind: PsfKind::default(),
            size: (25, 25),
            oversampling: (4, 4),
            max_iterations: 10,
            saturation: None,
            norm_radius: None,
            overlap: 0.25,
            exec: Exec::default(),
        }
    }
}

/// A PSF built from stars.
#[derive(Debug, Clone)]
pub enum BuiltPsf {
    /// One ePSF.
    Epsf(Box<EpsfResult>),
    /// A grid of ePSFs.
    Grid(Box<EpsfGrid>),
    /// An analytic core and a table.
    Daophot(Box<DaophotResult>),
}

impl BuiltPsf {
    /// The model.
    #[must_use]
    pub fn model(&self) -> Arc<dyn PsfModel> {
        match self {
            Self::Epsf(r) => Arc::new(r.epsf.clone()),
            Self::Grid(g) => Arc::new(g.psf.clone()),
            Self::Daophot(d) => Arc::new(d.psf.clone()),
        }
    }

    /// The stars with their fitted positions and fluxes.
    #[must_use]
    pub fn stars(&self) -> &EpsfStars {
        match self {
            Self::Epsf(r) => &r.stars,
            Self::Grid(g) => &g.field.stars,
            Self::Daophot(d) => &d.stars,
        }
    }

    /// Number of stars that were used.
    #[must_use]
    pub fn n_used(&self) -> usize {
        self.stars().n_good_cutouts()
    }

    /// Largest number of iterations, if they are counted.
    #[must_use]
    pub fn n_iterations(&self) -> Option<usize> {
        match self {
            Self::Epsf(r) => Some(r.n_iterations),
            Self::Grid(g) => Some(
                g.cells.iter().filter_map(|c| c.result.as_ref()).map(|r| r.n_iterations).fold(0, usize::max),
            ),
            Self::Daophot(_) => None,
        }
    }

    /// The report on every star.
    ///
    /// # Errors
    /// None in practice; columns of one length always make a table.
    pub fn star_table(&self) -> Result<Table> {
        Ok(match self {
            Self::Epsf(r) => r.star_table()?,
            Self::Grid(g) => g.field.star_table()?,
            Self::Daophot(d) => d.star_table()?,
        })
    }

    /// A row for every candidate: why it was not chosen, and what became of it if it was.
    ///
    /// # Errors
    /// None in practice; columns of one length always make a table.
    pub fn report(&self, selected: &SelectedStars) -> Result<Table> {
        let (mut out, fits) = (selected.to_table()?, self.star_table()?);
        out.column_mut("flags")?.description = Some(format!("selection: {}", SelectionFlags::legend_text()));
        let ids = fits.column("id")?.to_i64()?;
        let mut row = vec![None; selected.len()];
        for (k, id) in ids.iter().enumerate() {
            if let Some(r) = usize::try_from(id - 1).ok().and_then(|i| row.get_mut(i)) {
                *r = Some(k);
            }
        }
        for c in fits.columns() {
            let name = match c.name() {
                "id" | "image" | "x_init" | "y_init" => continue,
                "flux" => "flux_fit",
                "flags" => "fit_flags",
                name => name,
            };
            let mut column = if name == "excluded" || name == "fit_flags" || name == "n_pixels" {
                let v = if name == "excluded" {
                    fits.column("excluded")?.to_f64()?.iter().map(|v| *v as i64).collect()
                } else {
                    c.to_i64()?
                };
                Column::new(name, row.iter().map(|r| r.map_or(0, |k| v[k])).collect::<Vec<i64>>())
            } else {
                let v = c.to_f64()?;
                Column::new(name, row.iter().map(|r| r.map_or(f64::NAN, |k| v[k])).collect::<Vec<f64>>())
            };
            column.unit.clone_from(&c.unit);
            column.description.clone_from(&c.description);
            out.push(column)?;
        }
        Ok(out)
    }

    /// Writes the PSF as a file that [`PsfSpec`](crate::PsfSpec) reads.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write(&self, path: &Path, header: Header, overwrite: bool) -> Result<()> {
        match self {
            Self::Epsf(r) => {
                let e = &r.epsf;
                skyphot_io::write_psf_image(path, e.data(), e.oversampling(), e.origin(), header, overwrite)?;
            }
            Self::Grid(g) => {
                let (ny, nx) = g.field.data().dim();
                let mut data = Array3::zeros((g.cells.len(), ny, nx));
                for (mut plane, cell) in data.outer_iter_mut().zip(&g.cells) {
                    plane.assign(&cell.result.as_ref().map_or(g.field.data(), |r| r.data()));
                }
                let at: Vec<Point> = g.cells.iter().map(|c| c.position).collect();
                let os = g.field.epsf.oversampling();
                skyphot_io::write_psf_grid(path, data.view(), &at, os, header, overwrite)?;
            }
            Self::Daophot(d) => {
                let (core, psf) = (d.psf.core(), &d.psf);
                let table = psf.table().map(|t| skyphot_io::DaophotTable {
                    data: t.data().to_owned(),
                    terms: t.terms().to_vec(),
                    zero: t.config().zero,
                    scale: t.config().scale,
                    oversampling: t.oversampling(),
                    origin: t.origin(),
                });
                let model = skyphot_io::DaophotModel {
                    function: core.function.name().to_owned(),
                    hwhm: (core.x_hwhm, core.y_hwhm),
                    tilt: (core.tilt, core.gaussian_tilt),
                    fraction: core.fraction,
                    height: psf.height(),
                    radius: psf.radius(),
                    table,
                };
                skyphot_io::write_psf_daophot(path, &model, header, overwrite)?;
            }
        }
        Ok(())
    }

    /// What it is, for notes: `effective PSF of 57 stars`.
    #[must_use]
    pub fn description(&self) -> String {
        let n = self.n_used();
        match self {
            Self::Epsf(r) => {
                let (y, x) = r.epsf.oversampling();
                let os = if x == y { x.to_string() } else { format!("{x} x {y}") };
                format!("effective PSF from {n} stars, {os} samples per pixel")
            }
            Self::Grid(g) => {
                let (x, y) = (g.psf.x_grid().len(), g.psf.y_grid().len());
                format!("{x} x {y} grid of effective PSFs from {n} stars")
            }
            Self::Daophot(d) => {
                let degree = match d.psf.table().map_or(1, |t| t.terms().len()) {
                    1 => "constant",
                    3 => "linear",
                    _ => "quadratic",
                };
                let c = d.psf.core();
                format!(
                    "{} of half widths {:.3} and {:.3} px with a {degree} table from {n} stars",
                    c.function.name(),
                    c.x_hwhm,
                    c.y_hwhm
                )
            }
        }
    }
}

/// Cuts stars out of a background-subtracted image and builds a PSF from them; `watch` is told what is going on.
///
/// # Errors
/// Those of the extraction and of the builders.
pub fn build_psf<T: Pixel>(
    image: &Image<'_, T>,
    stars: &StarCatalog,
    options: &EpsfOptions,
    mut watch: impl FnMut(&str),
) -> Result<(BuiltPsf, ExtractedStars)> {
    let extracted = extract_stars(
        &[StarField::new(*image)],
        std::slice::from_ref(stars),
        &ExtractConfig { size: options.size, saturation: options.saturation },
    )?;
    let builder = EpsfBuilder {
        oversampling: options.oversampling,
        max_iters: options.max_iterations,
        norm_radius: options.norm_radius,
        exec: options.exec.clone(),
        ..EpsfBuilder::default()
    };
    let built = match options.kind {
        PsfKind::Epsf => {
            let r = builder.build_with(&extracted.stars, None, |i| {
                watch(&format!("{} {}", i.stage.name(), i.number));
                ControlFlow::Continue(())
            })?;
            BuiltPsf::Epsf(Box::new(r))
        }
        PsfKind::Grid { nx, ny } => {
            watch(&format!("{nx} x {ny} cells"));
            let config =
                EpsfGridConfig { cells: (ny, nx), overlap: options.overlap, builder, ..Default::default() };
            BuiltPsf::Grid(Box::new(build_epsf_grid(&extracted.stars, image.shape(), &config)?))
        }
        PsfKind::Daophot { function, degree } => {
            let builder = DaophotBuilder {
                function,
                variation: Some(degree),
                exec: options.exec.clone(),
                ..DaophotBuilder::default()
            };
            BuiltPsf::Daophot(Box::new(builder.build_with(&extracted.stars, |what| watch(what))?))
        }
    };
    Ok((built, extracted))
}
