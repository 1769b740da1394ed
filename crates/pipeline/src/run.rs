//! The whole job.

use std::path::{Path, PathBuf};
use std::time::Instant;

use ndarray::Array2;
use serde::Serialize;
use skyphot_core::{Column, Exec, Pixel, Table};
use skyphot_io::{Header, TableOptions};
use skyphot_plot::{ColorMap, Interval, PlotConfig, Stretch, plot_image};
use skyphot_stats::{EffectiveGain, calc_total_error};

use crate::detect::Noise;
use crate::exposure::{AnyExposure, Exposure};
use crate::segment::{find_in_run, pictures, write_labels};
use crate::{
    Detected, PipelineError, PsfSpec, Result, RunConfig, StoredPixel, add_sky_columns, detect,
    estimate_background, estimate_fwhm, load, measure, overlay_of, provenance, psf_gallery, report, run_psf,
    write_map,
};

/// What a run did, as `run.json` holds it.
#[derive(Debug, Clone, Serialize)]
pub struct RunSummary {
    /// skyphot's version.
    pub version: String,
    /// Begin (UTC).
    pub started: String,
    /// The image.
    pub input: String,
    /// Its checksum.
    pub input_sha256: String,
    /// Shape `(ny, nx)`.
    pub shape: (usize, usize),
    /// Unit of the image.
    pub unit: Option<String>,
    /// Bad pixels: masked, NaN or infinite.
    pub n_bad_pixels: usize,
    /// Median of the background meshes, data unit.
    pub background_median: f64,
    /// Median of the noise meshes, data unit.
    pub background_rms_median: f64,
    /// FWHM in force, pixels.
    pub fwhm: f64,
    /// Sources in the catalogue.
    pub n_sources: usize,
    /// Sources with any flag.
    pub n_flagged: usize,
    /// Things to know.
    pub notes: Vec<String>,
    /// Threads in use.
    pub threads: usize,
    /// Seconds per step, in order.
    pub seconds: Vec<(String, f64)>,
    /// Files written, relative to the output folder.
    pub files: Vec<String>,
    /// Every parameter that was in force.
    pub parameters: RunConfig,
}

/// What `run` needs beside the configuration.
pub struct RunOptions<'a> {
    /// Folder for all files; made if it is not there.
    pub output: &'a Path,
    /// Overwrite files that exist.
    pub overwrite: bool,
    /// Threads.
    pub exec: Exec,
    /// Called with the name of each step as it begins.
    pub progress: &'a (dyn Fn(&str) + Sync),
}

impl std::fmt::Debug for RunOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunOptions")
            .field("output", &self.output)
            .field("overwrite", &self.overwrite)
            .finish()
    }
}

/// Background, detection and photometry of one image; writes the catalogue, the maps, the picture, `report.md` and
/// `run.json` into a folder.
///
/// # Errors
/// Any step's error; files already finished stay, none is half-written.
pub fn run(file: &str, config: &RunConfig, options: &RunOptions<'_>) -> Result<RunSummary> {
    let mut job = Job::new(options);
    job.begin("reading");
    match load(file, &config.input)? {
        AnyExposure::F32(e) => job.work(e, config),
        AnyExposure::F64(e) => job.work(e, config),
    }
}

/// Names of the catalogue by format.
pub(crate) fn catalog_name(format: &str) -> Result<&'static str> {
    Ok(match format {
        "ecsv" => "catalog.ecsv",
        "fits" => "catalog.fits",
        "csv" => "catalog.csv",
        "parquet" => "catalog.parquet",
        "votable" => "catalog.xml",
        _ => return Err(PipelineError::value("format", format, "one of ecsv, fits, csv, parquet, votable")),
    })
}

struct Job<'a> {
    options: &'a RunOptions<'a>,
    started: u64,
    step: Option<(String, Instant)>,
    seconds: Vec<(String, f64)>,
    files: Vec<String>,
}

impl<'a> Job<'a> {
    fn new(options: &'a RunOptions<'a>) -> Self {
        Self { options, started: provenance::unix_time(), step: None, seconds: Vec::new(), files: Vec::new() }
    }

    fn begin(&mut self, what: &str) {
        self.end();
        (self.options.progress)(what);
        self.step = Some((what.to_owned(), Instant::now()));
    }

    fn end(&mut self) {
        if let Some((name, t)) = self.step.take() {
            self.seconds.push((name, t.elapsed().as_secs_f64()));
        }
    }

    fn file(&mut self, name: &str) -> PathBuf {
        self.files.push(name.to_owned());
        self.options.output.join(name)
    }

    fn work<T: StoredPixel>(mut self, mut exposure: Exposure<T>, config: &RunConfig) -> Result<RunSummary> {
        let exec = self.options.exec.clone();
        exposure.require_good_pixels()?;
        let n_bad = exposure.n_bad();
        let catalog = catalog_name(&config.output.format)?;
        let psf = run_psf::spec_of(&config.psf)?;
        if !matches!(config.detect.method.as_str(), "stars" | "segment") {
            let found = config.detect.method.as_str();
            return Err(PipelineError::value("detection method", found, "stars or segment"));
        }
        self.begin("background");
        let (bkg, notes) = estimate_background(&exposure.image()?, &config.background, &exec)?;
        exposure.notes.extend(notes);
        self.prepare_folder(config, catalog, psf.as_ref())?;
        let rms: Array2<T> = bkg.background_rms();
        let (background_median, background_rms_median) =
            (bkg.background_median(), bkg.background_rms_median());
        if config.output.maps {
            self.begin("writing maps");
            let map: Array2<T> = bkg.background();
            self.write_map("background.fits", &map, &exposure.header)?;
            self.write_map("rms.fits", &rms, &exposure.header)?;
        }
        bkg.subtract_from(&mut exposure.data)?;
        drop(bkg);

        self.begin("detection");
        let errors = total_error(&exposure, &rms, config.input.gain)?;
        let noise_map = rms.mapv(Pixel::to_f64);
        let noise = Noise::Map(noise_map.view());
        let (found, segments) = if config.detect.method == "segment" {
            let fwhm = estimate_fwhm(&exposure.image()?, &noise)?.unwrap_or(f64::NAN);
            let segments = find_in_run(&exposure, &rms, &errors, &config.segment, &config.input, &exec)?;
            let (table, positions) = (segments.table.clone(), segments.positions());
            (Detected { table, positions, fwhm, notes: segments.notes.clone() }, Some(segments))
        } else {
            (detect(&exposure.image()?, &noise, &config.detect, &exec)?, None)
        };
        drop(rms);
        if let Some(s) = &segments {
            self.begin("writing labels");
            let path = self.file("segmentation.fits");
            write_labels(&path, &s.sources, &exposure.header, self.options.overwrite)?;
        }

        self.begin("photometry");
        let measured = {
            let image = exposure.image_with_error(&errors)?;
            measure(&image, &found.positions, &config.aperture, &exec)?
        };
        let mut table = join(&found, &measured, exposure.unit.as_deref())?;
        add_sky_columns(&mut table, exposure.sky.as_ref(), &found.positions, &exec)?;
        table.meta = provenance::table_meta(
            "run",
            &exposure.file,
            &exposure.sha256,
            &serde_json::to_value(config).unwrap_or_default(),
        );
        table.meta.set("fwhm_px", found.fwhm);
        table.meta.set("background_median", background_median);
        table.meta.set("background_rms_median", background_rms_median);
        if let Some(legend) = measured.meta.get("flags") {
            let name = if segments.is_some() { "aperture_flags" } else { "flags" };
            table.meta.set(name, legend.clone());
        }

        let mut psf_notes = Vec::new();
        if let Some(spec) = &psf {
            psf_notes = self.psf(&exposure, &errors, &noise_map, &found, spec, config, catalog)?;
        }
        drop(noise_map);
        self.begin("writing");
        let path = self.file(catalog);
        let table_options =
            TableOptions { overwrite: self.options.overwrite, exec: exec.clone(), ..TableOptions::default() };
        skyphot_io::write_table(&path, &table, &table_options)?;
        if config.output.overlay {
            self.begin("picture");
            let path = self.file("overlay.png");
            let plot = PlotConfig {
                interval: Interval::AsymmetricPercentile { lower: 1.0, upper: 99.7 },
                stretch: Stretch::Asinh(0.1),
                colormap: ColorMap::GrayR,
                title: Some(format!("{}: {} sources", short_name(&exposure.file), table.n_rows())),
                unit: exposure.unit.clone(),
                ..PlotConfig::default()
            };
            // Circles that a person can see, however large the image.
            let visible = exposure.data.dim().0.max(exposure.data.dim().1) as f64 / 140.0;
            let radius =
                config.aperture.circle.0.iter().copied().fold(visible, f64::max).max(1.5 * found.fwhm);
            match &segments {
                None => plot_image(&exposure.image()?, &[overlay_of(&found.positions, radius)], &plot)?
                    .save(&path, self.options.overwrite)?,
                Some(s) => {
                    let title = plot.title.unwrap_or_default();
                    let unit = exposure.unit.as_deref();
                    pictures::overlay(&exposure.image()?, 1, &s.sources, &s.ellipses, &title, unit)?
                        .save(&path, self.options.overwrite)?;
                    let path = self.file("labels.png");
                    pictures::label_map(&s.sources, &title)?.save(&path, self.options.overwrite)?;
                }
            }
        }
        self.end();
        self.files.push("report.md".into());
        self.files.push("run.json".into());
        let flags = table.column("flags").and_then(Column::to_i64).unwrap_or_default();
        let summary = RunSummary {
            version: env!("CARGO_PKG_VERSION").into(),
            started: provenance::timestamp(self.started),
            input: exposure.file.clone(),
            input_sha256: exposure.sha256.clone(),
            shape: exposure.data.dim(),
            unit: exposure.unit.clone(),
            n_bad_pixels: n_bad,
            background_median,
            background_rms_median,
            fwhm: found.fwhm,
            n_sources: table.n_rows(),
            n_flagged: flags.iter().filter(|&&f| f != 0).count(),
            notes: exposure.notes.iter().chain(&found.notes).chain(&psf_notes).cloned().collect(),
            threads: exec.threads(),
            seconds: self.seconds,
            files: self.files,
            parameters: config.clone(),
        };
        report::write(self.options.output, &summary, &table, self.options.overwrite)?;
        Ok(summary)
    }

    /// PSF photometry of what was found, with its files; the notes.
    fn psf<T: StoredPixel>(
        &mut self,
        exposure: &Exposure<T>,
        errors: &Array2<T>,
        noise: &Array2<f64>,
        found: &Detected,
        spec: &PsfSpec,
        config: &RunConfig,
        catalog: &str,
    ) -> Result<Vec<String>> {
        self.begin("PSF photometry");
        let (exec, overwrite) = (self.options.exec.clone(), self.options.overwrite);
        let image = exposure.image_with_error(errors)?;
        let mut step = run_psf::psf_step(&image, noise, found, spec, config, &exec)?;
        add_sky_columns(&mut step.table, exposure.sky.as_ref(), &step.phot.positions(), &exec)?;
        if let Some(unit) = &exposure.unit {
            let names: Vec<String> = step.table.names().iter().map(|n| (*n).to_owned()).collect();
            for n in names.iter().filter(|n| n.starts_with("flux") || *n == "local_bkg") {
                step.table.column_mut(n)?.unit.get_or_insert_with(|| unit.clone());
            }
        }
        let own = step.table.meta.clone();
        let parameters = serde_json::to_value(config).unwrap_or_default();
        step.table.meta = provenance::table_meta("run", &exposure.file, &exposure.sha256, &parameters);
        step.table.meta.set("psf", step.description.as_str());
        for (k, v) in own.iter() {
            if step.table.meta.get(k).is_none() {
                step.table.meta.set(k, v.clone());
            }
        }
        let path = self.file(&run_psf::table_name(catalog));
        let options = TableOptions { overwrite, exec, ..TableOptions::default() };
        skyphot_io::write_table(&path, &step.table, &options)?;
        if config.output.maps {
            self.write_map("psf_residual.fits", &step.residual, &exposure.header)?;
        }
        if let Some(built) = &step.built {
            let path = self.file("psf.fits");
            let header = run_psf::psf_header(short_name(&exposure.file), built.n_used())?;
            built.write(&path, header, overwrite)?;
            if config.output.overlay {
                let path = self.file("psf.png");
                let title = format!("PSF of {}", short_name(&exposure.file));
                psf_gallery(&exposure.image()?, built, &found.positions, &title)?.save(&path, overwrite)?;
            }
        }
        Ok(step.notes)
    }

    /// Makes the folder and refuses to begin if a file would be overwritten that must not be.
    fn prepare_folder(&self, config: &RunConfig, catalog: &str, psf: Option<&PsfSpec>) -> Result<()> {
        let dir = self.options.output;
        std::fs::create_dir_all(dir).map_err(|source| PipelineError::File {
            action: "make the folder",
            path: dir.display().to_string(),
            source,
        })?;
        let mut names = vec![catalog, "report.md", "run.json"];
        if config.output.maps {
            names.extend(["background.fits", "rms.fits"]);
        }
        if config.output.overlay {
            names.push("overlay.png");
        }
        if config.detect.method == "segment" {
            names.push("segmentation.fits");
            if config.output.overlay {
                names.push("labels.png");
            }
        }
        let more = psf.map(|p| run_psf::files(config, p, catalog)).unwrap_or_default();
        names.extend(more.iter().map(String::as_str));
        match names.iter().map(|n| dir.join(n)).find(|p| p.exists()) {
            Some(p) if !self.options.overwrite => Err(skyphot_io::IoError::Exists(p).into()),
            _ => Ok(()),
        }
    }

    fn write_map<T: StoredPixel>(&mut self, name: &str, map: &Array2<T>, header: &Header) -> Result<()> {
        let path = self.file(name);
        write_map(&path, map.view(), header, self.options.overwrite)
    }
}

fn short_name(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file)
}

/// The 1-sigma error of each pixel: the plane that came with the image, else the background rms; with a gain the
/// Poisson noise of the sources is added.
pub(crate) fn total_error<T: Pixel>(
    exposure: &Exposure<T>,
    rms: &Array2<T>,
    gain: Option<f64>,
) -> Result<Array2<T>> {
    let base = exposure.error.as_ref().unwrap_or(rms);
    Ok(match gain {
        None => base.clone(),
        Some(g) => calc_total_error(exposure.data.view(), base.view(), EffectiveGain::Scalar(g))?,
    })
}

/// The finder's columns, then the fluxes. The finder's own flux and magnitude get the prefix `finder_`, the flags of the
/// apertures `aperture_` where the sources have flags of their own.
fn join(found: &Detected, measured: &Table, unit: Option<&str>) -> Result<Table> {
    let mut t = Table::new();
    for c in found.table.columns() {
        let c = match c.name() {
            name @ ("flux" | "mag") => c.clone().renamed(format!("finder_{name}")),
            _ => c.clone(),
        };
        let mut c = c;
        if matches!(c.name(), "peak" | "peak_value" | "max_value" | "finder_flux") && c.unit.is_none() {
            c.unit = unit.map(str::to_owned);
        }
        t.push(c)?;
    }
    for c in measured.columns() {
        if matches!(c.name(), "id" | "x_center" | "y_center") {
            continue;
        }
        let mut c = c.clone();
        if c.name() == "flags" && t.has("flags") {
            c = c.renamed("aperture_flags");
        }
        if c.unit.is_none() && (c.name().starts_with("flux") || c.name() == "local_bkg") {
            c.unit = unit.map(str::to_owned);
        }
        t.push(c)?;
    }
    Ok(t)
}
