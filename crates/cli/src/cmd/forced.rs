//! `skyphot forced IMAGES...`: photometry of a list of places on the sky in many images.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context;
use clap::Args;
use skyphot::pipeline::forced::{ForcedOptions, ForcedRun, ForcedTargets, forced};
use skyphot::pipeline::spec::{Pair, Shape};
use skyphot::pipeline::{ApertureSection, InputSection, PsfSpec, ShapeSpec};

use crate::args::{GlobalArgs, PlaneArgs};
use crate::progress::Progress;
use crate::{cmd, output};

#[derive(Debug, Args)]
#[command(after_help = "\
One row for each source and image: id, ra, dec, image, filter, mjd, exptime, unit, zero_point (AB
magnitude of a flux of 1, where the file says), x, y; for every aperture flux, flux_err, limit and
area (numbered if there are several); local_bkg; with --psf psf_flux, psf_flux_err and psf_limit;
dq, flags. A source that is not on an image has the flag 1 (off_image) and no flux. Without an
error plane errors come from the scatter of the pixels (flag 32). Errors of apertures include
that of the local sky.

What is done is kept in OUTPUT.parts until the end: after an interruption --resume goes on, and
the result has the same bytes. An image that cannot be read is skipped and named; the exit code
is 1 then.

Examples:
  skyphot forced visit*.fits --positions cat.ecsv --circle 3,5 --annulus 10,15 -o phot.parquet
  skyphot forced visit*.fits --positions cat.ecsv -o phot.parquet --resume
  skyphot forced r*_cal.asdf --positions cat.ecsv --circle 0.3arcsec -o phot.ecsv
  skyphot forced jw*_cal.fits --positions cat.ecsv --psf grid.fits --fit-shape 7 -o psf.parquet")]
pub(crate) struct ForcedCmd {
    /// Images: FITS or ASDF, each FILE or FILE[EXT]
    #[arg(required = true)]
    images: Vec<String>,
    /// Catalogue with ra and dec (degrees, ICRS; or RAJ2000, ALPHA_J2000 ...) and perhaps id; - for ECSV on standard input
    #[arg(long, value_name = "CAT", help_heading = "Sources")]
    positions: String,
    /// Leave out the rows of sources that are not on an image
    #[arg(long, help_heading = "Sources")]
    only_on_image: bool,
    /// Circles: radii in pixels (3, 3px), on the sky (0.5arcsec), or columns of the positions (fwhm, 2*fwhm)
    /// [default: 3,5, or none with --psf]
    #[arg(long, value_name = "R[,R...]", allow_hyphen_values = true, help_heading = "Apertures")]
    circle: Option<String>,
    /// Ellipse: semiaxes and angle of A in degrees, each a number or a column; in pixels the angle is counted
    /// counter-clockwise from +x, on the sky from north towards east. May be given several times
    #[arg(long, value_name = "A,B,THETA", allow_hyphen_values = true, help_heading = "Apertures")]
    ellipse: Vec<String>,
    /// Inner and outer radius of the local sky annulus, pixels or angles
    #[arg(long, value_name = "IN,OUT", allow_hyphen_values = true, help_heading = "Apertures")]
    annulus: Option<String>,
    /// Statistic of the annulus [default: median]
    #[arg(long, value_parser = ["median", "mean", "mode"], help_heading = "Apertures")]
    annulus_stat: Option<String>,
    /// Clipping of the annulus: sigma and passes [default: 3,5]
    #[arg(long, value_name = "SIGMA,N", help_heading = "Apertures")]
    annulus_clip: Option<Pair>,
    /// Weight of the pixels on the rim: exact, center or subpixel:N [default: exact]
    #[arg(long, help_heading = "Apertures")]
    method: Option<String>,
    /// PSF to fit at the positions: gaussian:FWHM, moffat:FWHM,BETA, a file (grid, image, STDPSF, PSFEx), or build: from
    /// the stars of each image
    #[arg(long, help_heading = "PSF")]
    psf: Option<PsfSpec>,
    /// Which detector of a STDPSF file that has several, counted from 1
    #[arg(long, value_name = "N", help_heading = "PSF")]
    psf_detector: Option<usize>,
    /// Samples per pixel of a PSF image that does not say, or of the PSF that is built
    #[arg(long, value_name = "N", help_heading = "PSF")]
    oversampling: Option<usize>,
    /// Box that is fitted around each source, pixels, odd
    #[arg(long, value_name = "N[,N]", default_value = "5", help_heading = "PSF")]
    fit_shape: Shape,
    /// Fit sources up to so many pixels apart together
    #[arg(long, value_name = "PIXELS", help_heading = "PSF")]
    group: Option<f64>,
    /// Limits are so many times the error
    #[arg(long, value_name = "N", default_value_t = 3.0, help_heading = "Output")]
    limit: f64,
    /// Table to write: .parquet .ecsv .fits .csv .vot .xml
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: PathBuf,
    /// Go on with what an interrupted run has left
    #[arg(long, help_heading = "Output")]
    resume: bool,
    #[command(flatten)]
    planes: PlaneArgs,
}

pub(crate) fn run(args: &ForcedCmd, global: &GlobalArgs) -> anyhow::Result<()> {
    let table = cmd::read_table(&args.positions)
        .with_context(|| format!("reading the positions '{}'", args.positions))?;
    let targets = ForcedTargets::from_table(&table, &args.positions)?;
    let options = options(args, global)?;
    let progress = Progress::new(global);
    let n = args.images.len();
    let done = AtomicUsize::new(0);
    let how = ForcedRun { resume: args.resume, overwrite: global.force };
    let summary = forced(&args.images, &targets, &options, &args.output, how, &|p| {
        let k = done.fetch_add(1, Ordering::Relaxed) + 1;
        progress.step(&format!("{k} of {n} images"));
        if let Some(why) = p.failure {
            progress.note(&format!("skipped: {}: {why}", p.image));
        } else if global.verbose {
            progress.note(&format!("{}: {}", p.image, if p.resumed { "was done" } else { "done" }));
        }
    })
    .with_context(|| format!("skyphot forced: {n} images"))?;
    drop(progress);
    let failed = summary.failed.len();
    if global.json {
        let failures: Vec<_> =
            summary.failed.iter().map(|f| serde_json::json!({"image": f.image, "why": f.why})).collect();
        output::json(&serde_json::json!({
            "output": args.output, "images": summary.images, "sources": targets.len(), "rows": summary.rows,
            "resumed": summary.resumed, "skipped": failures, "was_complete": summary.was_complete,
        }))?;
    } else if !global.quiet {
        let how = if summary.was_complete {
            ", complete already".to_owned()
        } else if summary.resumed > 0 {
            format!(", {} of them by an earlier run", summary.resumed)
        } else {
            String::new()
        };
        output::text(&format!(
            "{}: {} rows of {} sources in {} images{how}\n",
            args.output.display(),
            summary.rows,
            targets.len(),
            summary.images
        ))?;
    }
    anyhow::ensure!(failed == 0, "{failed} of {n} images were skipped; the table has all others");
    Ok(())
}

fn options(args: &ForcedCmd, global: &GlobalArgs) -> anyhow::Result<ForcedOptions> {
    let mut planes = InputSection::default();
    args.planes.apply(&mut planes);
    let mut apertures = match (&args.circle, &args.psf, args.ellipse.is_empty()) {
        (Some(text), ..) => ShapeSpec::circles(text)?,
        (None, None, true) => ShapeSpec::circles("3,5")?,
        (None, ..) => Vec::new(),
    };
    for text in &args.ellipse {
        apertures.push(ShapeSpec::ellipse(text)?);
    }
    let mut section = ApertureSection::default();
    crate::args::set(&mut section.annulus_stat, &args.annulus_stat);
    crate::args::set(&mut section.annulus_clip, &args.annulus_clip);
    crate::args::set(&mut section.method, &args.method);
    Ok(ForcedOptions {
        planes,
        apertures,
        annulus: args.annulus.as_deref().map(ShapeSpec::annulus).transpose()?,
        section,
        psf: args.psf.clone(),
        psf_detector: args.psf_detector,
        oversampling: args.oversampling,
        fit_shape: (args.fit_shape.0, args.fit_shape.1),
        group: args.group,
        n_sigma: args.limit,
        only_on_image: args.only_on_image,
        exec: global.exec()?,
    })
}
