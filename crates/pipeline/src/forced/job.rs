//! Forced photometry of many images.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use skyphot_core::{Exec, FlagSet, SkyCoord, Table};
use skyphot_io::{FileSpec, IoError, ParquetParts, TableFormat, TableOptions, read_table, write_table};
use skyphot_wcs::sky::SkyFrame;
use skyphot_wcs::{ProjectionCode, Wcs};

use super::parts::{Parts, fingerprint, key};
use super::{ForcedFlags, ForcedOptions, ForcedTargets, measure_forced};
use crate::provenance::to_meta;
use crate::{LoadedPsf, PipelineError, Result, SkyMap, Sources, checksum, table_meta};

/// What a run may do with files that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ForcedRun {
    /// Go on with what an interrupted run has left. Default false.
    pub resume: bool,
    /// Replace the output, and throw away what an interrupted run has left. Default false.
    pub overwrite: bool,
}

/// One image is done.
#[derive(Debug, Clone, Copy)]
pub struct ForcedProgress<'a> {
    /// The image.
    pub image: &'a str,
    /// An earlier run had done it.
    pub resumed: bool,
    /// Why it was skipped.
    pub failure: Option<&'a str>,
}

/// An image that could not be measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForcedFailure {
    /// The image.
    pub image: String,
    /// Why.
    pub why: String,
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ForcedSummary {
    /// Images in the output.
    pub images: usize,
    /// Images of these that an earlier run had done.
    pub resumed: usize,
    /// Rows written.
    pub rows: usize,
    /// Images that were skipped, in the order given.
    pub failed: Vec<ForcedFailure>,
    /// The output was there already, complete and the same.
    pub was_complete: bool,
}

enum Done {
    /// Key of the part and whether an earlier run made it.
    Part(String, bool),
    Failed(String),
}

/// Measures the places in every image and writes one table, the images in the order given, see
/// [`measure_forced`] for its columns. A Parquet output has a row group for each image; other formats are put together in memory.
///
/// What is done is kept in files beside the output, `OUTPUT.parts`, until the output is complete: a run that was ended, in
/// whatever way, goes on where it was with [`ForcedRun::resume`] and writes the same bytes. A part is used again if the
/// image, the places, the options, the files they name and the version are those it was made with; others are made anew.
/// An image that cannot be measured is skipped and told in the summary and in the metadata of the table (`skipped`). Rows
/// never depend on the number of threads; as many images are in memory at a time.
///
/// # Errors
/// [`IoError::Exists`]; [`PipelineError::Unfinished`] where an interrupted run has left something and neither is allowed;
/// [`PipelineError::NothingMeasured`]; errors of the PSF, of writing, and wrong options.
pub fn forced(
    images: &[String],
    targets: &ForcedTargets,
    options: &ForcedOptions,
    output: &Path,
    run: ForcedRun,
    progress: &(dyn Fn(ForcedProgress<'_>) + Sync),
) -> Result<ForcedSummary> {
    let format = TableFormat::from_path(output)?;
    let parts = Parts::beside(output);
    if output.exists() && !run.overwrite && !run.resume {
        return Err(IoError::Exists(output.to_owned()).into());
    }
    if parts.folder().exists() && !run.resume {
        if !run.overwrite {
            return Err(PipelineError::Unfinished { parts: parts.folder().display().to_string() });
        }
        parts.remove()?;
    }
    if options.apertures.is_empty() && options.psf.is_none() {
        return Err(PipelineError::value("photometry", "nothing", "an aperture or a PSF"));
    }
    check_sizes(targets, options)?;
    let psf = match &options.psf {
        Some(p) => p.load(options.psf_detector, options.oversampling)?,
        None => None,
    };
    let shared = fingerprint(targets, options)?;
    // An image that cannot be read has no checksum, and no part.
    let sums: Vec<String> =
        options.exec.map(images.len(), |i| checksum(&FileSpec::parse(&images[i]).path).unwrap_or_default());
    let mut all: Vec<&str> = vec![&shared];
    all.extend(images.iter().zip(&sums).flat_map(|(i, s)| [i.as_str(), s.as_str()]));
    let job = key(&all);
    if run.resume && !run.overwrite && output.exists() {
        let there = read_table(output)?;
        if there.meta.get("job").and_then(|m| m.as_str()) != Some(job.as_str()) {
            return Err(IoError::Exists(output.to_owned()).into());
        }
        parts.remove()?;
        return Ok(ForcedSummary {
            images: images.len(),
            resumed: images.len(),
            rows: there.n_rows(),
            was_complete: true,
            ..ForcedSummary::default()
        });
    }
    parts.create()?;
    let work =
        Work { images, targets, options, psf: psf.as_ref(), parts: &parts, shared: &shared, sums: &sums };
    let done = work.run(progress)?;
    let summary = work.merge(&done, output, format, &job, run)?;
    parts.remove()?;
    Ok(summary)
}

/// Sizes that are wrong for every image are told before any is read.
fn check_sizes(targets: &ForcedTargets, options: &ForcedOptions) -> Result<()> {
    options.check()?;
    let origin = SkyCoord { lon: 0.0, lat: 0.0 };
    let wcs = Wcs::new(ProjectionCode::Tan, origin, [0.0, 0.0], [[-1e-4, 0.0], [0.0, 1e-4]])?;
    let sky = SkyMap::new(Arc::new(wcs), SkyFrame::Icrs);
    let none = targets.table().take(&[]);
    let sources = Sources { positions: &[], table: Some(&none), sky: Some(&sky) };
    for shape in options.apertures.iter().chain(&options.annulus) {
        shape.resolve(&sources)?;
    }
    Ok(())
}

struct Work<'a> {
    images: &'a [String],
    targets: &'a ForcedTargets,
    options: &'a ForcedOptions,
    psf: Option<&'a LoadedPsf>,
    parts: &'a Parts,
    shared: &'a str,
    sums: &'a [String],
}

impl Work<'_> {
    /// A part for every image.
    fn run(&self, progress: &(dyn Fn(ForcedProgress<'_>) + Sync)) -> Result<Vec<Done>> {
        // Many images: one thread each. One image: all threads.
        let many = self.images.len() > 1;
        let (outer, inner) = if many {
            (self.options.exec.clone(), Exec::serial())
        } else {
            (Exec::serial(), self.options.exec.clone())
        };
        let options = ForcedOptions { exec: inner, ..self.options.clone() };
        outer.try_map(self.images.len(), |i| {
            let image = &self.images[i];
            let done = self.one(i, &options)?;
            let (resumed, failure) = match &done {
                Done::Part(_, resumed) => (*resumed, None),
                Done::Failed(why) => (false, Some(why.as_str())),
            };
            progress(ForcedProgress { image, resumed, failure });
            Ok(done)
        })
    }

    fn one(&self, i: usize, options: &ForcedOptions) -> Result<Done> {
        let image = &self.images[i];
        let part = key(&[self.shared, image, &self.sums[i]]);
        if !self.sums[i].is_empty() && self.parts.read(&part).is_some() {
            return Ok(Done::Part(part, true));
        }
        let measured =
            catch_unwind(AssertUnwindSafe(|| measure_forced(image, self.targets, options, self.psf)));
        let table = match measured {
            Ok(Ok(t)) => t,
            Ok(Err(e)) => return Ok(Done::Failed(e.to_string())),
            Err(_) => return Ok(Done::Failed("an error of the program".to_owned())),
        };
        self.parts.write(&part, &table)?;
        Ok(Done::Part(part, false))
    }

    /// The parts as one table.
    fn merge(
        &self,
        done: &[Done],
        output: &Path,
        format: TableFormat,
        job: &str,
        run: ForcedRun,
    ) -> Result<ForcedSummary> {
        let mut summary = ForcedSummary::default();
        for (d, image) in done.iter().zip(self.images) {
            match d {
                Done::Part(_, resumed) => {
                    summary.images += 1;
                    summary.resumed += usize::from(*resumed);
                }
                Done::Failed(why) => {
                    summary.failed.push(ForcedFailure { image: image.clone(), why: why.clone() });
                }
            }
        }
        let keys: Vec<&str> = done
            .iter()
            .filter_map(|d| match d {
                Done::Part(key, _) => Some(key.as_str()),
                Done::Failed(_) => None,
            })
            .collect();
        let Some(first) = keys.first() else {
            // Nothing is lost: nothing was done.
            self.parts.remove()?;
            let why = summary.failed.first().map_or_else(|| "none was given".to_owned(), |f| f.why.clone());
            return Err(PipelineError::NothingMeasured { images: self.images.len(), why });
        };
        let read = |key: &str| {
            self.parts.read(key).ok_or_else(|| PipelineError::File {
                action: "read",
                path: self.parts.folder().display().to_string(),
                source: std::io::Error::other("a finished part is gone or damaged; --resume makes it anew"),
            })
        };
        let mut like = read(first)?;
        like.meta = self.meta(&summary, job);
        if format == TableFormat::Parquet {
            let mut file = ParquetParts::create(output, &like, run.overwrite)?;
            for key in &keys {
                let part = read(key)?;
                summary.rows += part.n_rows();
                file.push(&part)?;
            }
            file.finish()?;
            return Ok(summary);
        }
        let mut tables = vec![like];
        for key in &keys[1..] {
            tables.push(read(key)?);
        }
        let whole = joined(&tables)?;
        summary.rows = whole.n_rows();
        let options =
            TableOptions { format: Some(format), overwrite: run.overwrite, exec: self.options.exec.clone() };
        write_table(output, &whole, &options)?;
        Ok(summary)
    }

    fn meta(&self, summary: &ForcedSummary, job: &str) -> skyphot_core::Meta {
        let parameters = serde_json::to_value(self.options).unwrap_or_default();
        let input = format!("{} images", self.images.len());
        let mut meta = table_meta("forced", &input, "", &parameters);
        meta.remove("input_sha256");
        meta.set("job", job);
        let list = |values: Vec<String>| to_meta(&serde_json::Value::from(values));
        meta.set("images", list(self.images.to_vec()));
        meta.set("images_sha256", list(self.sums.to_vec()));
        if let Some(p) = self.psf {
            meta.set("psf", p.description.clone());
        }
        let skipped = summary.failed.iter().map(|f| format!("{}: {}", f.image, f.why));
        meta.set("skipped", list(skipped.collect()));
        meta.set("flags_legend", ForcedFlags::legend_text());
        meta
    }
}

/// The rows of all tables, one behind the other, with the metadata of the first.
fn joined(tables: &[Table]) -> Result<Table> {
    let n: usize = tables.iter().map(Table::n_rows).sum();
    let Some(first) = tables.first() else { return Ok(Table::new()) };
    let mut whole = first.blank(n);
    whole.meta = first.meta.clone();
    let mut at = 0;
    for t in tables {
        let rows: Vec<usize> = (at..at + t.n_rows()).collect();
        whole.set_rows(&rows, t)?;
        at += t.n_rows();
    }
    // Every row was set: what is still said to be missing is so in its part too.
    Ok(whole)
}
