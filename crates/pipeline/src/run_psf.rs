//! The PSF photometry of a run.

use ndarray::{Array2, Zip};
use skyphot_core::{Exec, Image, Pixel, Table};
use skyphot_detection::{Finder, Threshold};
use skyphot_io::Header;
use skyphot_psf::{
    CrowdedConfig, InitialParameters, IterationMode, PsfPhotometry, RefinePsf, Watch, fit_crowded,
};

use crate::spec::ThresholdSpec;
use crate::{
    Detected, EpsfOptions, LevelFinder, PipelineError, PsfKind, PsfOptions, PsfSection, PsfSpec, PsfStart,
    Result, RunConfig, StarChoice, StoredPixel, build_psf, choose_stars, epsf_refiner, psf_photometry,
    reasons, star_finder,
};

/// What the step makes.
pub(crate) struct PsfStep<T> {
    /// The table, without sky columns and metadata.
    pub(crate) table: Table,
    pub(crate) phot: PsfPhotometry,
    /// The image less all sources.
    pub(crate) residual: Array2<T>,
    /// The PSF that was built.
    pub(crate) built: Option<crate::BuiltPsf>,
    pub(crate) notes: Vec<String>,
    /// What the PSF is.
    pub(crate) description: String,
}

/// The PSF of a section, `None` without one.
pub(crate) fn spec_of(section: &PsfSection) -> Result<Option<PsfSpec>> {
    let spec = section.psf.as_deref().map(str::parse).transpose()?;
    if spec.is_some() {
        let iterate = iteration(section)?;
        let not_crowded = [
            ("iterate", iterate.is_some()),
            ("group", section.group.is_some()),
            ("fixed-positions", section.fixed_positions),
            ("local-background", section.local_background.is_some()),
            ("xy-bounds", section.xy_bounds.is_some()),
        ];
        if let Some((name, _)) = not_crowded.iter().find(|(_, given)| section.crowded && *given) {
            return Err(PipelineError::value("crowded", "true", format!("false together with {name}")));
        }
        match section.refine {
            Some(_) if !section.crowded => {
                return Err(PipelineError::value("refine", "a number", "nothing without crowded = true"));
            }
            Some(n @ 0..4) => {
                return Err(PipelineError::value("refine", n.to_string(), "4 stars or more"));
            }
            _ => (),
        }
    }
    Ok(spec)
}

fn iteration(section: &PsfSection) -> Result<Option<IterationMode>> {
    Ok(match section.iterate.as_str() {
        "none" => None,
        "new" => Some(IterationMode::New),
        "all" => Some(IterationMode::All),
        other => return Err(PipelineError::value("iterate", other, "none, new or all")),
    })
}

/// PSF photometry of the sources found on a background-subtracted image with errors; `noise` is that of the sky.
pub(crate) fn psf_step<T: StoredPixel>(
    image: &Image<'_, T>,
    noise: &Array2<f64>,
    found: &Detected,
    spec: &PsfSpec,
    config: &RunConfig,
    exec: &Exec,
) -> Result<PsfStep<T>> {
    let section = &config.psf;
    let mut notes = Vec::new();
    let (mut built, mut model, mut description);
    match spec.load(section.psf_detector, section.oversampling)? {
        Some(p) => {
            notes.extend(p.notes.iter().cloned());
            (built, model, description) = (None, p.model, p.description);
        }
        None => {
            let b = build(image, found, spec, section, &mut notes, exec)?;
            (model, description) = (b.model(), b.description());
            built = Some(b);
        }
    }
    let iterate = iteration(section)?;
    let fwhm = if found.fwhm.is_finite() { found.fwhm } else { model.fwhm().unwrap_or(3.0) };
    let finder: Option<Box<dyn Finder<f64>>> = if iterate.is_none() && !section.crowded {
        None
    } else {
        let threshold = match config.detect.threshold {
            ThresholdSpec::Value(v) => Threshold::Scalar(v),
            ThresholdSpec::Sigma(n) => Threshold::Image(noise.mapv(|s| n * s)),
        };
        let crowded = section.crowded.then(|| config.detect.for_crowded_fields());
        let finder = star_finder(crowded.as_ref().unwrap_or(&config.detect), threshold, fwhm, exec)?;
        Some(Box::new(LevelFinder { finder, level: 0.0 }))
    };
    let options = PsfOptions {
        fit_shape: (section.fit_shape.0, section.fit_shape.1),
        fixed_positions: section.fixed_positions,
        group: section.group,
        iterate,
        max_iterations: section.max_passes,
        aperture_radius: section.aperture_radius,
        local_background: section.local_background.map(|p| (p.0, p.1)),
        xy_bounds: section.xy_bounds,
        psf_shape: section.psf_shape.map(|s| (s.0, s.1)),
        exec: exec.clone(),
        watch: Watch::default(),
    };
    let (phot, table) = match (section.crowded, &finder) {
        (true, Some(finder)) => {
            let refiner = section.refine.map(|n| {
                let size = (section.psf_size.0, section.psf_size.1);
                epsf_refiner(n, size, section.oversampling, section.saturation, exec)
            });
            let refine = refiner.as_ref().map(|r| r as &dyn RefinePsf);
            let mut crowded = CrowdedConfig::new(model.fwhm().unwrap_or(fwhm));
            let (ny, nx) = crowded.psf.fit_shape;
            crowded.psf.fit_shape = (ny.max(options.fit_shape.0), nx.max(options.fit_shape.1));
            crowded.psf.exec = exec.clone();
            crowded.max_passes = section.max_passes;
            crowded.sub_shape = options.psf_shape;
            let fits = fit_crowded(image, model.as_ref(), finder.as_ref(), refine, &crowded)?;
            let table = fits.to_table()?;
            if let (Some(better), Some(n)) = (fits.model, section.refine) {
                model = better;
                description +=
                    &format!(", then an effective PSF from up to {n} stars with all others subtracted");
                notes.push(description.clone());
            }
            (fits.photometry, table)
        }
        _ => {
            let start = PsfStart::Given(InitialParameters::from_positions(&found.positions));
            let phot = psf_photometry(image, model.as_ref(), &start, finder.as_deref(), &options)?;
            let table = phot.to_table()?;
            (phot, table)
        }
    };
    let with_sky = section.local_background.is_some();
    let drawn = phot.model_image(model.as_ref(), image.shape(), options.psf_shape, with_sky);
    let residual = Zip::from(image.data()).and(&drawn).map_collect(|d, m| T::from_f64(Pixel::to_f64(*d) - m));
    if let Some(b) = &mut built {
        notes.push(b.description());
    }
    Ok(PsfStep { table, phot, residual, built, notes, description })
}

fn build<T: StoredPixel>(
    image: &Image<'_, T>,
    found: &Detected,
    spec: &PsfSpec,
    section: &PsfSection,
    notes: &mut Vec<String>,
    exec: &Exec,
) -> Result<crate::BuiltPsf> {
    let size = (section.psf_size.0, section.psf_size.1);
    let choice = StarChoice {
        size,
        most: section.psf_stars,
        fwhm: found.fwhm,
        saturation: section.saturation,
        isolation: section.isolation,
        ..StarChoice::default()
    };
    let chosen = choose_stars(image, &found.positions, &choice)?;
    let down = reasons(&chosen);
    if !down.is_empty() {
        notes.push(format!("stars for the PSF: {} of {}; {down}", chosen.selected().len(), chosen.len()));
    }
    let os = section.oversampling.unwrap_or(4);
    let options = EpsfOptions {
        kind: if let PsfSpec::Build(kind) = spec { *kind } else { PsfKind::default() },
        size,
        oversampling: (os, os),
        saturation: section.saturation,
        exec: exec.clone(),
        ..EpsfOptions::default()
    };
    // Unweighted: the builder weighs the stars itself.
    let mut plain = Image::new(image.data())?;
    if let Some(m) = image.mask() {
        plain = plain.with_mask(m)?;
    }
    Ok(build_psf(&plain, &chosen.catalog(), &options, |_| ())?.0)
}

/// Names of the files of the step.
pub(crate) fn files(config: &RunConfig, spec: &PsfSpec, catalog: &str) -> Vec<String> {
    let mut names = vec![table_name(catalog)];
    if config.output.maps {
        names.push("psf_residual.fits".into());
    }
    if matches!(spec, PsfSpec::Build(_)) {
        names.push("psf.fits".into());
        if config.output.overlay {
            names.push("psf.png".into());
        }
    }
    names
}

/// `psf_catalog.ecsv` for `catalog.ecsv`.
pub(crate) fn table_name(catalog: &str) -> String {
    format!("psf_{catalog}")
}

/// The header of the PSF that was built.
pub(crate) fn psf_header(file: &str, used: usize) -> Result<Header> {
    let mut header = Header::new();
    header.set("SW_FILE", file, "image the PSF was built from")?;
    header.set("NSTARS", used, "stars used")?;
    Ok(header)
}
