//! `skyphot psf FILE`: PSF photometry.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, ValueEnum};
use ndarray::Array2;
use skyphot::core::{Exec, Image, Pixel, Table};
use skyphot::detection::Threshold;
use skyphot::pipeline::spec::{FwhmSpec, Pair, Shape, ThresholdSpec};
use skyphot::pipeline::{
    BackgroundSection, DetectSection, EpsfOptions, Exposure, InputSection, LevelFinder, LoadedPsf, PsfKind,
    PsfOptions, PsfSpec, PsfStart, StoredPixel, add_sky_columns, build_psf, epsf_refiner,
    estimate_background, initial_of, load, psf_photometry, star_finder, table_meta, write_map,
};
use skyphot::plot::{Color, Interval, MarkerKind, Overlay, PlotConfig, plot_image};
use skyphot::psf::{
    CrowdedConfig, EpsfRefiner, InitialParameters, IterationMode, PsfFlags, PsfModel, PsfPhotometry,
    RefinePsf, fit_crowded,
};
use skyphot::stats::{SigmaClip, sigma_clipped_stats};
use skyphot::with_exposure;

use crate::args::{BackgroundArgs, DetectArgs, GlobalArgs, InputArgs, TableOutput};
use crate::cmd;
use crate::cmd::aperture::{read_sources, require_inside};
use crate::cmd::psf_completeness::{self, Magnitudes};
use crate::cmd::psf_stars::{Sky, StarArgs, cutout};
use crate::failure::Usage;
use crate::output;
use crate::progress::Progress;

#[derive(Debug, Args)]
#[command(after_help = "\
The image should be free of background: --subtract-background estimates and subtracts it first, or
--local-background takes it from an annulus around every source. With errors in the image (--error,
--gain, or those a JWST or Roman file brings) the fits are weighted.

Sources come from --positions, or else from the finder (--finder, --threshold, --fwhm ...). The table
has the columns of photutils: x_fit y_fit flux_fit x_err y_err flux_err qfit cfit reduced_chi2 flags ...

Examples:
  skyphot psf image.fits --psf grid.fits --threshold 5sigma -o stars.ecsv --residual residual.fits
  skyphot psf image.fits --psf gaussian:2.5 --positions cat.ecsv --fixed-positions -o forced.ecsv
  skyphot psf crowded.fits --psf moffat:3,2.5 --subtract-background --group 8 --iterate all -o stars.fits
  skyphot psf field.fits --psf build --subtract-background --plot residual.png -o stars.ecsv
  skyphot psf m13.fits --psf gaussian:3 --subtract-background --crowded --refine 100 -o stars.ecsv
  skyphot psf m13.fits --psf build:2,2 --subtract-background --crowded --completeness 50 -o stars.ecsv")]
pub(crate) struct PsfCmd {
    #[command(flatten)]
    input: InputArgs,
    /// The PSF: gaussian:FWHM or moffat:FWHM,BETA (pixels); a grid (STPSF, STDPSF or GRID_XY layout), an image, a PSFEx
    /// model or one of skyphot epsf; or made from bright stars of the image: build (an effective PSF), build:NX,NY (a grid of
    /// them) or build:daophot[,FUNCTION][,DEGREE] (an analytic core and a table of what it misses)
    #[arg(long, value_name = "gaussian:FWHM|moffat:FWHM,BETA|FILE|build", help_heading = "PSF")]
    psf: PsfSpec,
    /// Detector of a STDPSF file that holds several (from 1)
    #[arg(long, value_name = "N", help_heading = "PSF")]
    psf_detector: Option<usize>,
    /// Samples per pixel of a PSF image, or of the PSF that is built [default: what the file says; 4]
    #[arg(long, value_name = "N", help_heading = "PSF")]
    oversampling: Option<usize>,
    /// Cutouts of the stars the PSF is built from, pixels, odd [default: 25]
    #[arg(long, value_name = "N[,N]", help_heading = "PSF")]
    psf_size: Option<Shape>,
    #[command(flatten)]
    stars: StarArgs,
    /// Catalogue with pixel positions (x_fit y_fit, x_centroid y_centroid, x y ...) and, if it has them, fluxes, - for
    /// ECSV on standard input, or the positions themselves: X,Y;X,Y;...
    #[arg(long, value_name = "CAT|X,Y;...", allow_hyphen_values = true, help_heading = "Sources")]
    positions: Option<String>,
    /// Keep the positions: only fluxes are fitted (forced photometry)
    #[arg(long, requires = "positions", help_heading = "Sources")]
    fixed_positions: bool,
    /// Pixels that are fitted around each source, odd [default: 5]
    #[arg(long, value_name = "N[,N]", help_heading = "Fit")]
    fit_shape: Option<Shape>,
    /// Sources up to R pixels apart are fitted together
    #[arg(long, value_name = "R", help_heading = "Fit")]
    group: Option<f64>,
    /// Find and fit again in the residual: the new sources only, or all again (needs --group)
    #[arg(long, value_enum, value_name = "MODE", num_args = 0..=1, default_missing_value = "new", help_heading = "Fit")]
    iterate: Option<IterateArg>,
    /// Crowded fields: find, fit all, subtract, find what they hid, fit all again, split what is not one star; adds
    /// sharpness and chi. Sources of any roundness and separation are taken, unless --roundness or --min-separation is given
    #[arg(long, conflicts_with_all = ["iterate", "group", "positions", "local_background", "xy_bounds"], help_heading = "Fit")]
    crowded: bool,
    /// With --crowded, make the PSF anew after every pass: an effective PSF, the same all over the image, of the N
    /// brightest unsaturated stars, each with all others subtracted (--psf-size, --oversampling, --saturation)
    #[arg(long, value_name = "N", requires = "crowded", value_parser = clap::value_parser!(u32).range(4..), help_heading = "Fit")]
    refine: Option<u32>,
    /// Most passes of --iterate and --crowded
    #[arg(long = "max-passes", value_name = "N", default_value_t = 3, help_heading = "Fit")]
    max_passes: usize,
    /// Radius of the aperture that measures initial fluxes, pixels
    #[arg(long, value_name = "R", default_value_t = 5.0, help_heading = "Fit")]
    aperture_radius: f64,
    /// Inner and outer radius of an annulus around every source whose median is subtracted, pixels
    #[arg(long, value_name = "IN,OUT", help_heading = "Fit")]
    local_background: Option<Pair>,
    /// Largest distance of a fitted from an initial position along x and y, pixels
    #[arg(long, value_name = "D", help_heading = "Fit")]
    xy_bounds: Option<f64>,
    /// Put N artificial stars of every magnitude into the image, one at a time, measure around each anew as with --crowded,
    /// and write a table of completeness, bias and scatter by magnitude
    #[arg(long, value_name = "N", help_heading = "Artificial stars")]
    completeness: Option<std::num::NonZeroUsize>,
    /// That table [default: the name of --output with _completeness]
    #[arg(long, value_name = "FILE", requires = "completeness", help_heading = "Artificial stars")]
    completeness_output: Option<PathBuf>,
    /// Magnitudes to try [default: those of the sources found and 1.5 mag below, in steps of 0.5]
    #[arg(
        long,
        value_name = "BRIGHT,FAINT,STEP",
        requires = "completeness",
        allow_hyphen_values = true,
        help_heading = "Artificial stars"
    )]
    completeness_mags: Option<Magnitudes>,
    /// Magnitude of flux 1
    #[arg(
        long,
        value_name = "MAG",
        default_value_t = 0.0,
        allow_hyphen_values = true,
        help_heading = "Artificial stars"
    )]
    zero_point: f64,
    /// Estimate and subtract the two-dimensional background first
    #[arg(long, help_heading = "Background")]
    subtract_background: bool,
    #[command(flatten)]
    detect: DetectArgs,
    #[command(flatten)]
    background: BackgroundArgs,
    #[command(flatten)]
    table: TableOutput,
    /// Image less all fitted sources to write
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    residual: Option<PathBuf>,
    /// Image of all fitted sources to write
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    model: Option<PathBuf>,
    /// Box on which each source is drawn and subtracted, pixels [default: all of the PSF]
    #[arg(long, value_name = "N[,N]", help_heading = "Output")]
    psf_shape: Option<Shape>,
    /// Picture of the residual with the sources: .png or .svg
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    plot: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum IterateArg {
    /// Later passes fit what they find on the image less all sources so far
    New,
    /// Every pass fits all sources on the image
    All,
}

pub(crate) fn run(args: &PsfCmd, global: &GlobalArgs) -> anyhow::Result<()> {
    let mut planes = InputSection::default();
    args.input.planes.apply(&mut planes);
    let (mut section, mut background) = (DetectSection::default(), BackgroundSection::default());
    args.detect.apply(&mut section);
    args.background.apply(&mut background);
    if matches!(args.iterate, Some(IterateArg::All)) && args.group.is_none() {
        return Err(Usage::error(
            "--iterate all fits groups, and no --group was given",
            "--iterate all --group 8",
        ));
    }
    if args.completeness.is_some() {
        psf_completeness::file(args.completeness_output.as_deref(), &args.table.output)?;
    }
    let given = args.positions.as_deref().map(initial).transpose()?;
    let place = || format!("skyphot psf {}", args.input.file);
    let psf = args.psf.load(args.psf_detector, args.oversampling).with_context(place)?;
    let any = load(&args.input.file, &planes).with_context(place)?;
    let job = Job { args, global, planes: &planes, section: &section, background: &background, given, psf };
    with_exposure!(any, e => job.run(e)).with_context(place)
}

/// Start values from what was typed or from a catalogue.
fn initial(text: &str) -> anyhow::Result<InitialParameters> {
    let (positions, table) = read_sources(text)?;
    Ok(match table {
        Some(t) => initial_of(&t, text)?,
        None => InitialParameters::from_positions(&positions),
    })
}

struct Job<'a> {
    args: &'a PsfCmd,
    global: &'a GlobalArgs,
    planes: &'a InputSection,
    section: &'a DetectSection,
    background: &'a BackgroundSection,
    given: Option<InitialParameters>,
    psf: Option<LoadedPsf>,
}

impl Job<'_> {
    fn run<T: StoredPixel>(&self, mut e: Exposure<T>) -> anyhow::Result<()> {
        let (args, global) = (self.args, self.global);
        let progress = Progress::new(global);
        let exec = global.exec()?;
        e.require_good_pixels()?;
        if let Some(g) = &self.given {
            require_inside(&g.positions, e.data.dim(), &progress)?;
        }
        let errors = e.total_error(self.planes.gain)?;
        let (level, noise) = self.sky(&mut e, &progress, &exec)?;
        let image = match &errors {
            Some(err) => e.image_with_error(err)?,
            None => e.image()?,
        };
        let mut notes = e.notes.clone();
        let finding = self.given.is_none() || args.iterate.is_some() || args.completeness.is_some();
        let finder =
            if finding { Some(self.finder(&image, level, &noise, &exec, &mut notes)?) } else { None };
        let (model, description) = match &self.psf {
            Some(p) => {
                notes.extend(p.notes.iter().cloned());
                (p.model.clone(), p.description.clone())
            }
            None => {
                let kind = if let PsfSpec::Build(kind) = args.psf { kind } else { PsfKind::default() };
                self.build(kind, &image, level, &noise, &progress, &exec)?
            }
        };
        progress.step(&format!("fitting ({description})"));
        let options = PsfOptions {
            fit_shape: args.fit_shape.map_or((5, 5), |s| (s.0, s.1)),
            fixed_positions: args.fixed_positions,
            group: args.group,
            iterate: args.iterate.map(|i| match i {
                IterateArg::New => IterationMode::New,
                IterateArg::All => IterationMode::All,
            }),
            max_iterations: args.max_passes,
            aperture_radius: args.aperture_radius,
            local_background: args.local_background.map(|p| (p.0, p.1)),
            xy_bounds: args.xy_bounds,
            psf_shape: args.psf_shape.map(|s| (s.0, s.1)),
            exec: exec.clone(),
            watch: progress.watch(),
        };
        let start = match (&self.given, &finder) {
            (Some(g), _) => PsfStart::Given(g.clone()),
            (None, Some(f)) => PsfStart::Find(f),
            (None, None) => anyhow::bail!("neither positions nor a finder"),
        };
        let other = finder.as_ref().map(|f| f as &dyn skyphot::detection::Finder<f64>);
        let crowded = self.crowded(model.as_ref(), &progress, &exec);
        // The significance of a source needs errors.
        let sky_error = match (&errors, &noise) {
            (Some(_), _) => None,
            (None, Sky::Level(s)) => Some(Array2::from_elem(e.data.dim(), T::from_f64(*s))),
            (None, Sky::Map(m)) => Some(m.mapv(T::from_f64)),
        };
        let weighted = match &sky_error {
            Some(s) => e.image_with_error(s)?,
            None => image,
        };
        let (phot, table, model, description) = match (&finder, args.crowded) {
            (Some(f), true) => {
                let refiner = self.refiner(&exec);
                let refine = refiner.as_ref().map(|r| r as &dyn RefinePsf);
                let found = fit_crowded(&weighted, model.as_ref(), f, refine, &crowded)?;
                let table = found.to_table()?;
                let (model, text) = match (found.model, args.refine) {
                    (Some(better), Some(n)) => (
                        better,
                        format!(
                            "{description}, then an effective PSF from up to {n} stars with all others subtracted"
                        ),
                    ),
                    (_, refine) => {
                        if refine.is_some() {
                            notes.push(
                                "the PSF was kept: the one made from the stars was no other, or there were too few"
                                    .into(),
                            );
                        }
                        (model, description)
                    }
                };
                (found.photometry, table, model, text)
            }
            _ => {
                let phot = psf_photometry(&image, model.as_ref(), &start, other, &options)?;
                let table = phot.to_table()?;
                (phot, table, model, description)
            }
        };
        for n in &notes {
            progress.note(&format!("note: {n}"));
        }
        if phot.is_empty() {
            progress.note("note: no sources were found: a lower --threshold finds fainter ones");
        }
        let artificial = match (&finder, args.completeness) {
            (Some(f), Some(n)) => {
                progress.step(&format!("artificial stars ({description})"));
                let magnitudes = (args.completeness_mags, args.zero_point);
                Some(psf_completeness::table(
                    &weighted,
                    model.as_ref(),
                    f,
                    &crowded,
                    magnitudes,
                    &phot.flux_fit,
                    n.get(),
                )?)
            }
            _ => None,
        };
        self.write(&e, &image, (&phot, table), artificial, model.as_ref(), &description, &exec, &progress)
    }

    /// Subtracts the background if asked for; the level and the noise that the finder has to know.
    fn sky<T: StoredPixel>(
        &self,
        e: &mut Exposure<T>,
        progress: &Progress,
        exec: &Exec,
    ) -> anyhow::Result<(f64, Sky)> {
        if self.args.subtract_background {
            progress.step("background");
            let (bkg, notes) = estimate_background(&e.image()?, self.background, exec)?;
            e.notes.extend(notes);
            let rms = bkg.background_rms().mapv(Pixel::to_f64);
            bkg.subtract_from(&mut e.data)?;
            return Ok((0.0, Sky::Map(rms)));
        }
        progress.step("statistics");
        let s = sigma_clipped_stats(&e.image()?, &SigmaClip::default(), exec)?;
        if s.median.abs() > s.std && self.args.local_background.is_none() {
            e.notes.push(format!(
                "the image has a background of about {:.6}, which the fits do not know: --subtract-background or \
                 --local-background",
                s.median
            ));
        }
        Ok((s.median, Sky::Level(s.std)))
    }

    fn finder<T: Pixel>(
        &self,
        image: &Image<'_, T>,
        level: f64,
        noise: &Sky,
        exec: &Exec,
        notes: &mut Vec<String>,
    ) -> anyhow::Result<LevelFinder> {
        let fwhm = match (self.section.fwhm, self.psf.as_ref().and_then(|p| p.model.fwhm())) {
            (FwhmSpec::Pixels(v), _) => v,
            (FwhmSpec::Auto, Some(v)) => v,
            (FwhmSpec::Auto, None) => {
                let data = image.data().mapv(|v| v.to_f64() - level);
                let mut less = Image::new(data.view())?;
                if let Some(m) = image.mask() {
                    less = less.with_mask(m)?;
                }
                skyphot::pipeline::estimate_fwhm(&less, &noise.as_noise())?.unwrap_or_else(|| {
                    notes.push(
                        "too few bright stars to measure the FWHM: using 3 px (set it with --fwhm)".into(),
                    );
                    3.0
                })
            }
        };
        let threshold = match (self.section.threshold, noise) {
            (ThresholdSpec::Value(v), _) => Threshold::Scalar(v),
            (ThresholdSpec::Sigma(n), Sky::Level(s)) => Threshold::Scalar(n * s),
            (ThresholdSpec::Sigma(n), Sky::Map(m)) => Threshold::Image(m.mapv(|s| n * s)),
        };
        if self.section.finder == "peaks" {
            return Err(Usage::error(
                "PSF photometry takes no peak finder",
                "--finder dao, or skyphot detect --finder peaks -o cat.ecsv and --positions cat.ecsv",
            ));
        }
        let crowded = self.args.crowded.then(|| self.section.for_crowded_fields());
        let section = crowded.as_ref().unwrap_or(self.section);
        Ok(LevelFinder { finder: star_finder(section, threshold, fwhm, exec)?, level })
    }

    /// A PSF from stars of the image.
    fn build<T: Pixel>(
        &self,
        kind: PsfKind,
        image: &Image<'_, T>,
        level: f64,
        noise: &Sky,
        progress: &Progress,
        exec: &Exec,
    ) -> anyhow::Result<(Arc<dyn PsfModel>, String)> {
        let args = self.args;
        let data = image.data().mapv(|v| v.to_f64() - level);
        let mut less = Image::new(data.view())?;
        if let Some(m) = image.mask() {
            less = less.with_mask(m)?;
        }
        let stars = args.stars.choose(&less, noise, self.section, args.psf_size, progress, exec)?;
        let os = args.oversampling.unwrap_or(4);
        let options = EpsfOptions {
            kind,
            size: cutout(args.psf_size),
            oversampling: (os, os),
            saturation: args.stars.saturation,
            exec: exec.clone(),
            ..EpsfOptions::default()
        };
        let (built, _) = build_psf(&less, &stars.catalog(), &options, |what| {
            progress.step(&format!("building the PSF: {what}"));
        })?;
        let text = built.description();
        progress.note(&format!("note: {text}"));
        Ok((built.model(), text))
    }

    /// Photometry by the crowded-field mode, and what the artificial stars say.
    fn crowded(&self, model: &dyn PsfModel, progress: &Progress, exec: &Exec) -> CrowdedConfig {
        let args = self.args;
        let fwhm = model.fwhm().unwrap_or(match self.section.fwhm {
            FwhmSpec::Pixels(v) => v,
            FwhmSpec::Auto => 3.0,
        });
        let mut config = CrowdedConfig::new(fwhm);
        if let Some(s) = args.fit_shape {
            config.psf.fit_shape = (s.0, s.1);
        }
        config.psf.exec = exec.clone();
        config.psf.watch = progress.watch();
        config.max_passes = args.max_passes;
        config.sub_shape = args.psf_shape.map(|s| (s.0, s.1));
        config
    }

    /// What makes the PSF anew, if that was asked for.
    fn refiner(&self, exec: &Exec) -> Option<EpsfRefiner> {
        let args = self.args;
        let n = args.refine? as usize;
        Some(epsf_refiner(n, cutout(args.psf_size), args.oversampling, args.stars.saturation, exec))
    }

    fn write<T: StoredPixel>(
        &self,
        e: &Exposure<T>,
        image: &Image<'_, T>,
        (phot, mut table): (&PsfPhotometry, Table),
        artificial: Option<Table>,
        model: &dyn PsfModel,
        description: &str,
        exec: &Exec,
        progress: &Progress,
    ) -> anyhow::Result<()> {
        let (args, global) = (self.args, self.global);
        add_sky_columns(&mut table, e.sky.as_ref(), &phot.positions(), exec)?;
        if let Some(unit) = &e.unit {
            let names: Vec<String> = table.names().iter().map(|n| (*n).to_owned()).collect();
            for n in names.iter().filter(|n| n.starts_with("flux") || *n == "local_bkg") {
                table.column_mut(n)?.unit.get_or_insert_with(|| unit.clone());
            }
        }
        let parameters = serde_json::json!({
            "input": self.planes, "psf": args.psf.to_string(), "positions": args.positions,
            "fixed-positions": args.fixed_positions, "detect": args.positions.is_none().then_some(self.section),
            "background": args.subtract_background.then_some(self.background),
            "fit-shape": args.fit_shape, "group": args.group,
            "iterate": args.iterate.map(|i| format!("{i:?}").to_lowercase()), "max-passes": args.max_passes,
            "aperture-radius": args.aperture_radius, "local-background": args.local_background,
            "xy-bounds": args.xy_bounds, "crowded": args.crowded, "refine": args.refine,
        });
        let mut meta = table_meta("psf", &e.file, &e.sha256, &parameters);
        meta.set("psf", description);
        cmd::set_meta(&mut table, meta);
        cmd::write_table(&args.table.output, &table, global)?;
        let mut half = None;
        if let Some(mut t) = artificial {
            half = psf_completeness::half(&t)?;
            let mut meta = table_meta("psf --completeness", &e.file, &e.sha256, &parameters);
            meta.set("psf", description);
            cmd::set_meta(&mut t, meta);
            let path = psf_completeness::file(args.completeness_output.as_deref(), &args.table.output)?;
            cmd::write_table(&path, &t, global)?;
            if let Some(m) = half {
                progress.note(&format!("note: half of the artificial stars are found at magnitude {m:.2}"));
            }
        }
        let shape = args.psf_shape.map(|s| (s.0, s.1));
        if args.model.is_some() || args.residual.is_some() || args.plot.is_some() {
            progress.step("images");
            let drawn = phot.model_image(model, image.shape(), shape, false);
            if let Some(path) = &args.model {
                write_map(path, drawn.mapv(T::from_f64).view(), &e.header, global.force)?;
            }
            let with_sky = if args.local_background.is_some() {
                phot.model_image(model, image.shape(), shape, true)
            } else {
                drawn
            };
            let residual: Array2<T> = ndarray::Zip::from(image.data())
                .and(&with_sky)
                .map_collect(|d, m| T::from_f64(d.to_f64() - m));
            if let Some(path) = &args.residual {
                write_map(path, residual.view(), &e.header, global.force)?;
            }
            if let Some(path) = &args.plot {
                let mut shown = Image::new(residual.view())?;
                if let Some(m) = image.mask() {
                    shown = shown.with_mask(m)?;
                }
                draw(&shown, phot, path, &args.input.file, global)?;
            }
        }
        if global.json && args.table.output.as_os_str() != "-" {
            let flagged = phot.flags.iter().filter(|f| !f.is_empty()).count();
            return output::json(&serde_json::json!({
                "file": args.input.file, "sources": phot.len(), "flagged": flagged, "psf": description,
                "not_converged": count(phot, PsfFlags::NO_CONVERGENCE), "half_complete_mag": half,
            }));
        }
        Ok(())
    }
}

fn count(phot: &PsfPhotometry, flag: PsfFlags) -> usize {
    phot.flags.iter().filter(|f| f.contains(flag)).count()
}

fn draw<T: Pixel>(
    residual: &Image<'_, T>,
    phot: &PsfPhotometry,
    path: &std::path::Path,
    file: &str,
    global: &GlobalArgs,
) -> anyhow::Result<()> {
    let bad = PsfFlags::NO_CONVERGENCE | PsfFlags::NON_POSITIVE_FLUX | PsfFlags::NON_FINITE_FLUX;
    let (mut good, mut doubtful) = (Vec::new(), Vec::new());
    for (p, f) in phot.positions().into_iter().zip(&phot.flags) {
        if f.intersects(bad) { doubtful.push(p) } else { good.push(p) }
    }
    let overlays = [
        Overlay::markers(&good, MarkerKind::Cross, 5.0).with_color(Color::DODGER_BLUE),
        Overlay::markers(&doubtful, MarkerKind::Cross, 7.0).with_color(crate::overlay::RED),
    ];
    let config = PlotConfig {
        title: Some(format!("{} less {} sources", cmd::title(file), phot.len())),
        interval: Interval::Percentile(99.0),
        colormap: "gray".parse()?,
        ..PlotConfig::default()
    };
    cmd::save_picture(plot_image(residual, &overlays, &config), path, global)
}
