//! The job of `skyphot segment`.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use ndarray::Array2;
use serde::Serialize;
use skyphot_core::{Column, Exec, Image, Pixel, Table};
use skyphot_io::{Header, Moc, PixelType, TableOptions};
use skyphot_segmentation::{TileBytes, TilePlan, catalog_tiled, find_sources_tiled};
use skyphot_wcs::sky::SkyFrame;

use crate::load::Opened;
use crate::run::catalog_name;
use crate::segment::columns::{Ellipse, TableMaker};
use crate::segment::memory::MemorySize;
use crate::segment::parts::{Measured, Parts};
use crate::segment::sources::Sources;
use crate::segment::{SegmentSection, pictures, whole};
use crate::spec::ThresholdSpec;
use crate::{
    BackgroundSection, Exposure, InputSection, PipelineError, Result, SkyMap, estimate_background, provenance,
};

/// What `segment` needs beside the configuration.
pub struct SegmentOptions<'a> {
    /// Folder for all files; made if it is not there.
    pub output: &'a Path,
    /// Format of the catalogue: `ecsv`, `fits`, `csv`, `parquet` or `votable`.
    pub format: &'a str,
    /// Image that the sources are found on; the other one is measured in their apertures.
    pub detect_image: Option<&'a str>,
    /// The process takes no more than so much memory; larger images are worked on in parts.
    pub max_memory: Option<MemorySize>,
    /// Side of the parts in pixels, whatever the memory.
    pub tile: Option<usize>,
    /// Write `segmentation.fits`.
    pub segmentation: bool,
    /// Write `overlay.png` and `labels.png`.
    pub pictures: bool,
    /// Write the outlines of the sources as regions.
    pub regions: Option<&'a Path>,
    /// Write the part of the sky that the sources cover: a MOC as `.fits`, `.json` or `.txt`.
    pub moc: Option<&'a Path>,
    /// Its order, 0 to 29; without it the one of the largest cells that are not wider than two pixels.
    pub moc_order: Option<u8>,
    /// Overwrite files that exist.
    pub overwrite: bool,
    /// Threads.
    pub exec: Exec,
    /// Called with the name of each step as it begins.
    pub progress: &'a (dyn Fn(&str) + Sync),
    /// Called with what the user should know at once.
    pub note: &'a (dyn Fn(&str) + Sync),
}

impl std::fmt::Debug for SegmentOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SegmentOptions").field("output", &self.output).finish_non_exhaustive()
    }
}

/// What `segment` did.
#[derive(Debug, Clone, Serialize)]
pub struct SegmentSummary {
    /// The image.
    pub input: String,
    /// Shape `(ny, nx)`.
    pub shape: (usize, usize),
    /// Unit of the image.
    pub unit: Option<String>,
    /// Median of the background meshes of the image the sources were found on, data unit.
    pub background_median: f64,
    /// Median of its noise meshes, data unit.
    pub background_rms_median: f64,
    /// Sources in the catalogue.
    pub n_sources: usize,
    /// Sources that come from deblending.
    pub n_deblended: usize,
    /// Sources with any flag.
    pub n_flagged: usize,
    /// How the image was cut, if it was.
    pub plan: Option<String>,
    /// Things to know.
    pub notes: Vec<String>,
    /// Seconds per step, in order.
    pub seconds: Vec<(String, f64)>,
    /// Files written, relative to the output folder if they are in it.
    pub files: Vec<String>,
}

/// Finds the sources of an image as connected pixels, measures them, and writes the catalogue, the label image and
/// pictures into a folder.
///
/// # Errors
/// Any step's error; files already finished stay, none is half-written.
pub fn segment(
    file: &str,
    planes: &InputSection,
    background: &BackgroundSection,
    section: &SegmentSection,
    options: &SegmentOptions<'_>,
) -> Result<SegmentSummary> {
    // What is wrong in the request itself is said before anything is read.
    let catalog = catalog_name(options.format)?;
    section.finder(&options.exec)?;
    section.cleaning()?;
    section.load_kernel()?;
    section.noise_of(planes.weight.is_some())?;
    TableMaker::new(section, &|_, _| Ok(1.0), None, None)?.check(section)?;
    if options.tile.is_some_and(|t| t < 16) {
        return Err(PipelineError::value("tile", options.tile.unwrap_or(0).to_string(), "16 pixels or more"));
    }
    if let Some(path) = options.moc {
        Moc::check_name(path)?;
        if let Some(order) = options.moc_order.filter(|o| *o > 29) {
            return Err(PipelineError::value("moc-order", order.to_string(), "between 0 and 29"));
        }
    }
    let request = Request { planes, background, section, options, catalog };
    let mut job = Job { request: &request, step: None, seconds: Vec::new(), files: Vec::new() };
    job.begin("reading");
    let opened = Opened::new(file, planes)?;
    let detection = options
        .detect_image
        .map(|f| {
            let d = Opened::new(f, planes)?;
            if d.shape == opened.shape {
                return Ok(d);
            }
            Err(PipelineError::PlaneShape {
                what: "detection image",
                file: f.to_owned(),
                expected: opened.shape,
                found: d.shape,
            })
        })
        .transpose()?;
    match opened.science.pixel_type {
        PixelType::F32 => job.run::<f32>(opened, detection),
        PixelType::F64 => job.run::<f64>(opened, detection),
    }
}

/// What is to be done.
struct Request<'a> {
    planes: &'a InputSection,
    background: &'a BackgroundSection,
    section: &'a SegmentSection,
    options: &'a SegmentOptions<'a>,
    catalog: &'static str,
}

/// What was found, and what is known of the image.
struct Found {
    sources: Sources,
    table: Table,
    ellipses: Vec<Ellipse>,
    background_median: f64,
    background_rms_median: f64,
    notes: Vec<String>,
    plan: Option<String>,
    /// SHA-256 of the file.
    sha256: String,
}

/// What of an image is not pixels.
struct About {
    file: String,
    header: Header,
    unit: Option<String>,
    sky: Option<Arc<SkyMap>>,
    shape: (usize, usize),
}

struct Job<'a> {
    request: &'a Request<'a>,
    step: Option<(String, Instant)>,
    seconds: Vec<(String, f64)>,
    files: Vec<String>,
}

impl Job<'_> {
    fn begin(&mut self, what: &str) {
        self.end();
        (self.request.options.progress)(what);
        self.step = Some((what.to_owned(), Instant::now()));
    }

    fn end(&mut self) {
        if let Some((name, t)) = self.step.take() {
            self.seconds.push((name, t.elapsed().as_secs_f64()));
        }
    }

    fn file(&mut self, name: &str) -> PathBuf {
        self.files.push(name.to_owned());
        self.request.options.output.join(name)
    }

    /// In memory or in parts.
    fn run<T: Pixel>(self, opened: Opened, detection: Option<Opened>) -> Result<SegmentSummary> {
        self.prepare_folder()?;
        let options = self.request.options;
        let shape = opened.shape;
        let about = About {
            file: opened.file.clone(),
            header: opened.science.header.clone(),
            unit: opened.science.unit.clone(),
            sky: opened.science.sky.as_ref().map(|s| Arc::new(s.in_frame(SkyFrame::Icrs))),
            shape,
        };
        if options.moc.is_some() && about.sky.is_none() {
            return Err(PipelineError::NoWcs { file: about.file });
        }
        let plan = plan::<T>(&opened, detection.as_ref(), self.request.section, options)?;
        let notes: Vec<String> =
            opened.notes.iter().chain(detection.iter().flat_map(|d| &d.notes)).cloned().collect();
        match plan {
            None => self.whole::<T>(opened, detection, about, notes),
            Some(plan) => self.tiled::<T>(&plan, opened, detection, about, notes),
        }
    }

    /// The image and everything that goes with it in memory.
    fn whole<T: Pixel>(
        mut self,
        opened: Opened,
        detection: Option<Opened>,
        about: About,
        mut notes: Vec<String>,
    ) -> Result<SegmentSummary> {
        let Request { section, planes, .. } = self.request;
        let exec = self.request.options.exec.clone();
        let loaded = detection.map(|d| self.load::<T>(d, &mut notes)).transpose()?;
        let image = self.load::<T>(opened, &mut notes)?;
        let found_on = loaded.as_ref().unwrap_or(&image);
        self.begin("detection");
        let of = section.noise_of(planes.weight.is_some())?;
        let noise = whole::noise(&found_on.exposure, &found_on.rms, of)?;
        let detected = whole::find(&found_on.exposure.image()?, noise, section, &exec)?;
        notes.extend(whole::clean_note(detected.cleaned));
        self.begin("measurement");
        let threshold = |y: usize, x: usize| {
            Ok(match section.threshold {
                ThresholdSpec::Value(v) => v,
                ThresholdSpec::Sigma(n) => n * noise[[y, x]].to_f64(),
            })
        };
        let maker = TableMaker::new(section, &threshold, about.sky.as_ref(), about.unit.as_deref())?;
        let (errors, base) = (image.errors(planes.gain)?, loaded.as_ref().map(|l| l.errors(planes.gain)));
        let base = base.transpose()?;
        let measured = image.exposure.image_with_error(&errors)?;
        let sources = &detected.sources;
        let convolved = detected.convolved.as_ref();
        let level = image.background.as_ref();
        let catalog = match (&loaded, &base) {
            (Some(l), Some(e)) => {
                let of = l.exposure.image_with_error(e)?;
                let shapes = whole::catalog(&of, sources, convolved, l.background.as_ref(), section, &exec)?;
                let own = whole::catalog(&measured, sources, None, level, section, &exec)?;
                own.with_detection_catalog(&shapes)?
            }
            _ => whole::catalog(&measured, sources, convolved, level, section, &exec)?,
        };
        let table = maker.table(catalog)?;
        let (table, ellipses) = maker.finish(table, &exec)?;
        drop((errors, base));
        let found = Found {
            sources: Sources::Image(detected.sources),
            table,
            ellipses,
            background_median: found_on.medians.0,
            background_rms_median: found_on.medians.1,
            notes,
            plan: None,
            sha256: image.exposure.sha256.clone(),
        };
        let view = found_on.exposure.image()?;
        self.finish(found, &about, || Ok(None), &view)
    }

    /// An image in memory with its background, which is subtracted if that is wanted.
    fn load<T: Pixel>(&mut self, opened: Opened, notes: &mut Vec<String>) -> Result<Loaded<T>> {
        let Request { section, background, .. } = self.request;
        let exec = &self.request.options.exec;
        self.begin("reading");
        let mut exposure: Exposure<T> = opened.load()?;
        exposure.require_good_pixels()?;
        self.begin("background");
        let (bkg, more) = estimate_background(&exposure.image()?, background, exec)?;
        notes.extend(more);
        let rms: Array2<T> = bkg.background_rms();
        let mut level = None;
        if section.subtract_background {
            bkg.subtract_from(&mut exposure.data)?;
            if wants_background(section) {
                level = Some(bkg.background());
            }
        }
        let medians = (bkg.background_median(), bkg.background_rms_median());
        Ok(Loaded { exposure, rms, background: level, medians })
    }

    /// The image in parts.
    fn tiled<T: Pixel>(
        mut self,
        plan: &TilePlan,
        opened: Opened,
        detection: Option<Opened>,
        about: About,
        mut notes: Vec<String>,
    ) -> Result<SegmentSummary> {
        let Request { section, background, planes, options, .. } = self.request;
        let exec = &options.exec;
        let asked = options.tile.is_some() || plan.max_memory().is_some();
        if asked {
            (options.note)(&format!("plan: {plan}"));
        }
        self.begin("background");
        let weight = planes.weight.is_some();
        let mut parts = |opened| {
            let (parts, more) =
                Parts::<T>::new(opened, background, section, planes.gain, weight, plan.band_rows(), exec)?;
            notes.extend(more);
            Ok::<_, PipelineError>(parts)
        };
        let loaded = detection.map(&mut parts).transpose()?;
        let summed = opened.clone();
        let (image, sha256) = exec.join(|| parts(opened), || summed.checksum());
        let (image, sha256) = (image?, sha256?);
        let found_on = loaded.as_ref().unwrap_or(&image);
        self.begin("detection");
        let kernel = section.load_kernel()?;
        let sources = find_sources_tiled(found_on, kernel.as_ref(), &section.finder(exec)?, plan)?;
        self.begin("measurement");
        let threshold = |y: usize, x: usize| found_on.threshold_at(y, x);
        let maker = TableMaker::new(section, &threshold, about.sky.as_ref(), about.unit.as_deref())?;
        let measured = Measured { image: &image, detection: loaded.as_ref() };
        let table =
            catalog_tiled(&measured, kernel.as_ref(), &sources, &section.catalog(exec)?, plan, |c| {
                maker.table(c)
            })?;
        let (table, ellipses) = maker.finish(table, exec)?;
        let bkg = found_on.background();
        let found = Found {
            sources: Sources::Runs(sources),
            table,
            ellipses,
            background_median: bkg.background_median(),
            background_rms_median: bkg.background_rms_median(),
            notes,
            plan: asked.then(|| plan.to_string()),
            sha256,
        };
        let factor = about.shape.0.max(about.shape.1).div_ceil(pictures::CANVAS as usize);
        let small = || Ok(Some((found_on.reduced(factor, plan.band_rows())?, factor)));
        let none = Array2::<T>::from_elem((1, 1), T::default());
        self.finish(found, &about, small, &Image::new(none.view())?)
    }

    /// Writes everything. `small` makes the image smaller by a factor, if it is not in memory.
    fn finish<T: Pixel>(
        mut self,
        found: Found,
        about: &About,
        small: impl FnOnce() -> Result<Option<(Array2<f32>, usize)>>,
        image: &Image<'_, T>,
    ) -> Result<SegmentSummary> {
        let Request { section, planes, background, options, catalog } = *self.request;
        self.begin("writing");
        let mut table = found.table;
        let parameters = serde_json::json!({
            "input": planes, "background": background, "segment": section,
            "detect-image": options.detect_image,
        });
        let own = std::mem::replace(
            &mut table.meta,
            provenance::table_meta("segment", &about.file, &found.sha256, &parameters),
        );
        for (k, v) in own.iter() {
            if table.meta.get(k).is_none() {
                table.meta.set(k, v.clone());
            }
        }
        table.meta.set("background_median", found.background_median);
        table.meta.set("background_rms_median", found.background_rms_median);
        if options.segmentation {
            let path = self.file("segmentation.fits");
            write_labels(&path, &found.sources, &about.header, options.overwrite)?;
        }
        let path = self.file(catalog);
        let table_options = TableOptions {
            overwrite: options.overwrite,
            exec: options.exec.clone(),
            ..TableOptions::default()
        };
        skyphot_io::write_table(&path, &table, &table_options)?;
        if let Some(path) = options.regions {
            self.files.push(path.display().to_string());
            skyphot_io::write_regions(path, &found.sources.regions()?, options.overwrite)?;
        }
        if let (Some(path), Some(sky)) = (options.moc, &about.sky) {
            self.files.push(path.display().to_string());
            coverage(&found.sources, sky, options.moc_order)?.write(path, options.overwrite)?;
        }
        if options.pictures {
            self.begin("pictures");
            let name = about.file.rsplit('/').next().unwrap_or(&about.file);
            let title = format!("{name}: {} sources", found.sources.len());
            let unit = about.unit.as_deref();
            let picture = match small()? {
                Some((small, factor)) => pictures::overlay(
                    &Image::new(small.view())?,
                    factor,
                    &found.sources,
                    &found.ellipses,
                    &title,
                    unit,
                )?,
                None => pictures::overlay(image, 1, &found.sources, &found.ellipses, &title, unit)?,
            };
            let path = self.file("overlay.png");
            picture.save(&path, options.overwrite)?;
            let path = self.file("labels.png");
            pictures::label_map(&found.sources, &title)?.save(&path, options.overwrite)?;
        }
        self.end();
        let flag_column = table.column("flags").or_else(|_| table.column("FLAGS"));
        let flags = flag_column.and_then(Column::to_i64).unwrap_or_default();
        let (n_deblended, non_positive, too_many) = found.sources.deblending();
        let mut notes = found.notes;
        if too_many > 0 {
            notes.push(format!("{too_many} sources had too many peaks for the levels asked for (flag 128)"));
        }
        if non_positive > 0 && section.mode == "exponential" {
            notes
                .push(format!("{non_positive} sources with pixels of 0 or less were deblended in mode sinh"));
        }
        Ok(SegmentSummary {
            input: about.file.clone(),
            shape: about.shape,
            unit: about.unit.clone(),
            background_median: found.background_median,
            background_rms_median: found.background_rms_median,
            n_sources: found.sources.len(),
            n_deblended,
            n_flagged: flags.iter().filter(|&&f| f != 0).count(),
            plan: found.plan,
            notes,
            seconds: self.seconds,
            files: self.files,
        })
    }

    /// Makes the folder and refuses to begin if a file would be overwritten that must not be.
    fn prepare_folder(&self) -> Result<()> {
        let options = self.request.options;
        let dir = options.output;
        std::fs::create_dir_all(dir).map_err(|source| PipelineError::File {
            action: "make the folder",
            path: dir.display().to_string(),
            source,
        })?;
        let mut names = vec![dir.join(self.request.catalog)];
        if options.segmentation {
            names.push(dir.join("segmentation.fits"));
        }
        if options.pictures {
            names.extend(["overlay.png", "labels.png"].map(|n| dir.join(n)));
        }
        names.extend([options.regions, options.moc].into_iter().flatten().map(Path::to_owned));
        match names.into_iter().find(|p| p.exists()) {
            Some(p) if !options.overwrite => Err(skyphot_io::IoError::Exists(p).into()),
            _ => Ok(()),
        }
    }
}

/// An image in memory.
struct Loaded<T: Pixel> {
    exposure: Exposure<T>,
    rms: Array2<T>,
    /// The background, if it is to be measured.
    background: Option<Array2<T>>,
    /// Background and noise.
    medians: (f64, f64),
}

impl<T: Pixel> Loaded<T> {
    /// The errors of the measurement: those of the image, else the noise of the background; with the Poisson noise of the
    /// sources for a gain.
    fn errors(&self, gain: Option<f64>) -> Result<Cow<'_, Array2<T>>> {
        Ok(match gain {
            None => Cow::Borrowed(self.exposure.error.as_ref().unwrap_or(&self.rms)),
            Some(_) => Cow::Owned(crate::run::total_error(&self.exposure, &self.rms, gain)?),
        })
    }
}

/// Columns of the background itself are asked for.
pub(crate) fn wants_background(section: &SegmentSection) -> bool {
    matches!(section.columns.trim(), "all" | "sextractor") || section.columns.contains("background")
}

/// Writes the label image, compressed by tiles, with the header of the image.
pub(crate) fn write_labels(path: &Path, sources: &Sources, header: &Header, overwrite: bool) -> Result<()> {
    let shape = sources.shape();
    Ok(skyphot_io::write_label_rows(path, shape, "SEGMENTATION", header, overwrite, |rows, out| {
        for (o, l) in out.iter_mut().zip(sources.rows(rows)) {
            *o = l;
        }
    })?)
}

/// The part of the sky that the sources cover.
fn coverage(sources: &Sources, sky: &SkyMap, order: Option<u8>) -> Result<Moc> {
    let (ny, _) = sources.shape();
    let mut labels = (0, Array2::zeros((0, 0)));
    Ok(Moc::from_rows(sources.shape(), sky, order, |y, row| {
        if y >= labels.0 + labels.1.nrows() {
            labels = (y, sources.rows(y..(y + 64).min(ny)));
        }
        for (r, l) in row.iter_mut().zip(labels.1.row(y - labels.0)) {
            *r = *l > 0;
        }
    })?)
}

/// How the image is cut; `None`: not at all.
fn plan<T: Pixel>(
    opened: &Opened,
    detection: Option<&Opened>,
    section: &SegmentSection,
    options: &SegmentOptions<'_>,
) -> Result<Option<TilePlan>> {
    let (ny, nx) = opened.shape;
    let in_parts = |found: String| {
        if section.clean {
            return Err(PipelineError::value(
                "clean",
                found,
                "an image in memory as a whole: sources are not cleaned in parts",
            ));
        }
        Ok(())
    };
    if let Some(tile) = options.tile {
        in_parts(format!("parts of {tile} x {tile} pixels"))?;
        return Ok(Some(TilePlan::with_tile((ny, nx), (tile, tile))?));
    }
    let both = [Some(opened), detection].into_iter().flatten();
    // Large images as a whole take longer: what does not fit the caches is fetched again in every step.
    let in_cache = || {
        let parts =
            ny * nx >= 2 * SIDE * SIDE && !section.clean && both.clone().all(Opened::reads_parts_fast);
        Ok(if parts { Some(TilePlan::with_tile((ny, nx), (SIDE, SIDE))?) } else { None })
    };
    let Some(max) = options.max_memory else { return in_cache() };
    let bytes = both.clone().map(Parts::<T>::bytes_per_pixel).sum();
    if (ny * nx).saturating_mul(bytes * 3 / 2).saturating_add(PROGRAM) < max.0 {
        return in_cache();
    }
    in_parts(format!("parts in {max}"))?;
    for part in both {
        if !part.reads_parts() {
            return Err(PipelineError::value(
                "memory",
                max.to_string(),
                format!("enough for {}, which cannot be read in parts: decompress it", part.file),
            ));
        }
    }
    let kernel = section.load_kernel()?;
    let bytes = TileBytes { detect: bytes, measure: bytes };
    Ok(Some(TilePlan::for_memory((ny, nx), kernel.as_ref(), bytes, max.0)?))
}

/// Side of the parts of large images that nobody asked to be cut.
const SIDE: usize = 1024;

/// What the program takes without any pixels.
const PROGRAM: usize = 48 << 20;
