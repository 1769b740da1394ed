//! From an image and start values to fitted sources.

use skyphot_aperture::{AperturePhotometry, CircularAperture, PhotometryConfig};
use skyphot_core::{Image, Pixel};
use skyphot_detection::Finder;

use super::blocks::Blocks;
use super::config::PsfConfig;
use super::group::{Fitted, Group};
use super::layout::{Layout, MAIN};
use super::member::{Member, cut};
use super::result::{PsfPhotometry, Start};
use crate::error::{PsfError, Result};
use crate::{InitialParameters, PsfFlags, PsfModel, SourceGroups};

/// Finds sources in a background-subtracted image and fits the model to them.
///
/// # Errors
/// Those of the finder and of [`fit`].
pub fn find_and_fit<T: Pixel, M: PsfModel + ?Sized>(
    image: &Image<'_, T>,
    model: &M,
    finder: &dyn Finder<T>,
    config: &PsfConfig,
) -> Result<PsfPhotometry> {
    let found = finder.find(image)?;
    fit(image, model, &InitialParameters::from_positions(&found.positions()), config)
}

/// Fits the model to sources of a background-subtracted image: least squares over the pixels of a box around each initial
/// position, weighted with the errors if the image has any, for every group of sources at once.
///
/// A group of more than [`block_threshold`](PsfConfig::block_threshold) sources is solved by blocks with their
/// surroundings, over and over until no source moves by 1e-9 pixels
/// or 2e-7 of its error, in memory proportional to the pixels fitted. The
/// answer is that of one large fit of all, which this converges to, with every source reaching as far as its model is more
/// than 1e-12 of its peak (or to the end of its bounding box, for models without an end); the errors are those of a
/// source with its block and surroundings, which the flag `local_covariance` says.
///
/// As in the reference, a pixel that lies in the boxes of two sources of a group counts twice, once for each with its own
/// local background.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_core::{Exec, Image, Point};
/// use skyphot_psf::{CircularGaussianPrf, InitialParameters, PsfConfig, Sources, fit, render};
/// let psf = CircularGaussianPrf::new(2.5)?;
/// let truth = Sources { x: &[20.3, 24.1], y: &[30.8, 31.0], flux: &[1000.0, 400.0], shape: &[], local_bkg: &[] };
/// let data = render(&psf, &truth, (60, 50), Some((31, 31)), &Exec::serial());
/// let start = InitialParameters::from_positions(&[Point::new(20.0, 31.0), Point::new(24.0, 31.0)]);
/// let config = PsfConfig {
///     aperture_radius: Some(3.0),
///     grouper: Some(skyphot_psf::SourceGrouper::new(6.0)?),
///     ..Default::default()
/// };
/// let phot = fit(&Image::new(data.view())?, &psf, &start, &config)?;
/// assert!((phot.flux_fit[1] - 400.0).abs() < 1e-6 && (phot.x_fit[0] - 20.3).abs() < 1e-8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`PsfError`] for parameters out of range, vectors of different lengths, or fluxes that are neither given nor to be
/// measured. A source that cannot be fitted is no error: its numbers are NaN and its flags say why.
///
/// # Flags
/// [`PsfFlags`].
#[doc(alias = "PSFPhotometry")]
#[doc(alias = "allstar")]
pub fn fit<T: Pixel, M: PsfModel + ?Sized>(
    image: &Image<'_, T>,
    model: &M,
    initial: &InitialParameters,
    config: &PsfConfig,
) -> Result<PsfPhotometry> {
    config.validate()?;
    initial.validate()?;
    let layout = Layout::new(model, config)?;
    let n = initial.positions.len();
    let local_bkg = local_backgrounds(image, initial, config);
    let flux = match &initial.flux {
        Some(v) => v.clone(),
        None => aperture_fluxes(image, initial, &local_bkg, config)?,
    };
    let groups = match (&initial.group_id, &config.grouper) {
        (Some(ids), _) => SourceGroups::from_ids(ids.clone()),
        (None, Some(grouper)) => grouper.group(&initial.positions),
        (None, None) => SourceGroups::from_ids((1..=n as i64).collect()),
    };
    let mut start: Vec<Vec<f64>> = (0..n)
        .map(|i| {
            let p = initial.positions[i];
            [flux[i], p.x, p.y].into_iter().chain(layout.shape.iter().map(|s| s.value)).collect()
        })
        .collect();
    for (name, values) in &initial.shape {
        let Some(k) = layout.shape.iter().position(|s| s.name == name) else {
            return Err(PsfError::InvalidData {
                what: "initial parameters",
                expected: "shape parameters of the model",
                found: format!("{name:?} for {}", model.name()),
            });
        };
        for (s, v) in start.iter_mut().zip(values) {
            s[MAIN + k] = *v;
        }
    }
    let mut out = PsfPhotometry::new(Start {
        shape: image.shape(),
        initial,
        flux,
        local_bkg,
        groups: &groups,
        start: &start,
        layout: &layout,
        config,
    });
    out.set_weighted(image.error().is_some());
    let mut members = groups.members();
    // The dearest groups first, so that no thread is left alone with one at the end.
    members.sort_by_key(|g| std::cmp::Reverse(g.len()));
    let counter = config.watch.count(start.len());
    let fits = config.exec.map(members.len(), |g| {
        let fits = fit_group(image, model, &layout, &members[g], &start, &out, config);
        counter.add(fits.len());
        fits
    });
    for (rows, fits) in members.iter().zip(fits) {
        for (row, (fitted, n_pixels, flags)) in rows.iter().zip(fits) {
            out.set(*row, fitted, n_pixels, flags);
        }
    }
    out.finish();
    Ok(out)
}

/// The fits of one group, in the order of its rows: numbers (none if the source cannot be fitted), pixels, flags.
fn fit_group<T: Pixel, M: PsfModel + ?Sized>(
    image: &Image<'_, T>,
    model: &M,
    layout: &Layout,
    rows: &[usize],
    start: &[Vec<f64>],
    out: &PsfPhotometry,
    config: &PsfConfig,
) -> Vec<(Option<Fitted>, usize, PsfFlags)> {
    let mut members: Vec<Member> = Vec::with_capacity(rows.len());
    let mut starts = Vec::with_capacity(rows.len());
    let mut result: Vec<(Option<Fitted>, usize, PsfFlags)> = Vec::with_capacity(rows.len());
    let mut valid = Vec::with_capacity(rows.len());
    for (at, &row) in rows.iter().enumerate() {
        let s = &start[row];
        let shape_is_finite = s[MAIN..].iter().all(|v| v.is_finite());
        let flux = if shape_is_finite { s[0] } else { f64::NAN };
        let (member, n_pixels, mut flags) =
            cut(image, (s[1], s[2]), flux, out.local_bkg[row], config.fit_shape, layout.n_free);
        if rows.len() > config.group_warning_threshold {
            flags |= PsfFlags::LARGE_GROUP;
        }
        match member {
            Ok(m) => {
                members.push(m);
                starts.push(s.clone());
                valid.push(at);
                result.push((None, n_pixels, flags));
            }
            Err(why) => result.push((None, n_pixels, flags | why)),
        }
    }
    if !members.is_empty() {
        let weighted = image.error().is_some();
        let max_evaluations = config.max_evaluations.max(1);
        let fits = if members.len() > config.block_threshold {
            Blocks {
                model,
                layout,
                members: &members,
                start: starts,
                xy_bounds: config.xy_bounds,
                weighted,
                max_evaluations,
                exec: &config.exec,
            }
            .fit()
        } else {
            Group {
                model,
                layout,
                members: &members,
                start: starts,
                anchor: None,
                reach: None,
                xy_bounds: config.xy_bounds,
                weighted,
                max_evaluations,
                tolerance: 1e-7,
                max_step: longest_step(config.fit_shape),
            }
            .fit()
        };
        for (at, fitted) in valid.into_iter().zip(fits) {
            result[at].0 = Some(fitted);
        }
    }
    result
}

/// The most that a step of a fit moves a source: a quarter of its box.
pub(super) fn longest_step((ny, nx): (usize, usize)) -> f64 {
    (0.25 * ny.max(nx) as f64).max(1.0)
}

/// Backgrounds as given, as estimated, or 0.
pub(super) fn local_backgrounds<T: Pixel>(
    image: &Image<'_, T>,
    initial: &InitialParameters,
    config: &PsfConfig,
) -> Vec<f64> {
    match (&initial.local_bkg, &config.local_background) {
        (Some(v), _) => v.clone(),
        (None, Some(estimator)) => estimator.measure(image, &initial.positions, &config.exec).value,
        (None, None) => vec![0.0; initial.positions.len()],
    }
}

/// Sums in circles, less the local background.
pub(super) fn aperture_fluxes<T: Pixel>(
    image: &Image<'_, T>,
    initial: &InitialParameters,
    local_bkg: &[f64],
    config: &PsfConfig,
) -> Result<Vec<f64>> {
    let Some(radius) = config.aperture_radius else {
        return Err(PsfError::InvalidData {
            what: "initial fluxes",
            expected: "a flux column or an aperture radius to measure them",
            found: "neither".to_owned(),
        });
    };
    let aperture = CircularAperture::new(radius)?;
    let local = local_bkg.iter().map(|b| if b.is_finite() { *b } else { 0.0 }).collect();
    let phot = AperturePhotometry::measure(
        image,
        &initial.positions,
        &[&aperture],
        &PhotometryConfig { local_background: Some(local), exec: config.exec.clone(), ..Default::default() },
    )?;
    Ok(phot.flux(0).to_vec())
}
