//! Whole jobs as lists of steps in a TOML file.

mod expression;
mod field;
mod figure_steps;
mod figures;
mod on_image;
mod on_sources;
mod panels;
mod report;
mod steps;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use skyphot_core::Table;
use skyphot_io::TableOptions;

pub use expression::{Expression, Numbers};
pub use figure_steps::{
    AxisSection, CountSection, CutoutsStep, GuideSection, HistogramStep, ImageStep, MarkSection,
    PanelSection, PointsSection, PsfGridStep, ScatterStep,
};
pub use steps::{
    AperturesStep, BackgroundStep, ColourStep, ComputeStep, DetectStep, EncircledEnergyStep, FluxScaleStep,
    GradientStep, KeepStep, MaskStep, MatchStep, NumberStep, PixelAreaStep, PositionsStep, PsfStep,
    QualityStep, Scalar, SegmentStep, SelectStep, SimulateStep, SkyStep, SourceMaskStep, StatisticsStep,
    Step, SubtractStep, TableStep, TextStep, ZeroPointStep,
};

use crate::{PipelineError, Result, RunOptions, checksum, provenance, write_map};
use field::Field;
use report::Report;

/// The recipes that come with skyphot: name and text.
pub const RECIPES: [(&str, &str); 6] = [
    ("xdf", include_str!("../../recipes/xdf.toml")),
    ("roman-forced", include_str!("../../recipes/roman-forced.toml")),
    ("jwst-miri", include_str!("../../recipes/jwst-miri.toml")),
    ("miri-exercise", include_str!("../../recipes/miri-exercise.toml")),
    ("ground-gradient", include_str!("../../recipes/ground-gradient.toml")),
    ("nircam-psf", include_str!("../../recipes/nircam-psf.toml")),
];

/// The text of a recipe that comes with skyphot.
///
/// # Errors
/// [`PipelineError::Value`] with the names there are.
pub fn recipe_text(name: &str) -> Result<&'static str> {
    RECIPES.iter().find(|r| r.0 == name).map(|r| r.1).ok_or_else(|| {
        let names: Vec<&str> = RECIPES.iter().map(|r| r.0).collect();
        PipelineError::value(
            "recipe",
            name,
            format!("one of {}, or a file ending in .toml", names.join(", ")),
        )
    })
}

/// A list of steps and what they need.
///
/// Every step works on every image in turn before the next step begins. What a step finds out goes into named numbers and
/// tables, which [expressions](Expression) of later steps use.
///
/// ```
/// use skyphot_pipeline::{Recipe, recipe_text};
/// let recipe = Recipe::from_toml(recipe_text("xdf")?)?;
/// assert!(recipe.steps.len() > 10);
/// # Ok::<(), skyphot_pipeline::PipelineError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Recipe {
    /// First line of the report.
    pub title: String,
    /// What it is about.
    #[serde(default)]
    pub about: String,
    /// `image`, or `psf`: the input is a PSF and a step makes the image.
    #[serde(default = "image_input")]
    pub input: String,
    /// Companion files that must be given, with what they are.
    #[serde(default)]
    pub needs: BTreeMap<String, String>,
    /// Unit of the image where the file does not say or says it wrongly.
    #[serde(default)]
    pub unit: Option<String>,
    /// Named numbers; in a table named like a filter those of that filter.
    #[serde(default)]
    pub constants: BTreeMap<String, Constant>,
    /// The steps.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

fn image_input() -> String {
    "image".into()
}

/// A number for all filters, or numbers of one filter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Constant {
    /// For all.
    All(f64),
    /// For one.
    Filter(BTreeMap<String, f64>),
}

impl Recipe {
    /// Reads a recipe.
    ///
    /// # Errors
    /// [`PipelineError::Config`] with the line and what was expected there.
    pub fn from_toml(text: &str) -> Result<Self> {
        toml::from_str(text).map_err(|e| PipelineError::Config(e.to_string()))
    }

    /// The same measurements without pictures.
    #[must_use]
    pub fn without_pictures(mut self) -> Self {
        self.steps.retain(|s| !s.is_picture());
        self
    }

    /// A recipe by its name, or from a file that ends in `.toml`.
    ///
    /// # Errors
    /// [`PipelineError::Value`] for a name there is none of, [`PipelineError::File`], [`PipelineError::Config`].
    pub fn load(name: &str) -> Result<Self> {
        if !name.ends_with(".toml") {
            return Self::from_toml(recipe_text(name)?);
        }
        let text = std::fs::read_to_string(name).map_err(|source| PipelineError::File {
            action: "read",
            path: name.to_owned(),
            source,
        })?;
        Self::from_toml(&text)
    }
}

/// What a recipe did.
#[derive(Debug, Clone, Serialize)]
pub struct RecipeSummary {
    /// skyphot's version.
    pub version: String,
    /// Begin (UTC).
    pub started: String,
    /// Images, their checksums and the numbers found on each.
    pub images: Vec<ImageSummary>,
    /// Companion files and their checksums.
    pub companions: BTreeMap<String, Vec<(String, String)>>,
    /// Things to know.
    pub notes: Vec<String>,
    /// Seconds per step.
    pub seconds: Vec<(String, f64)>,
    /// Files written, relative to the folder.
    pub files: Vec<String>,
    /// The recipe that was in force.
    pub recipe: Recipe,
}

/// What was found on one image.
#[derive(Debug, Clone, Serialize)]
pub struct ImageSummary {
    /// Filter, or name of the file.
    pub name: String,
    /// File.
    pub file: String,
    /// SHA-256.
    pub sha256: String,
    /// Named numbers.
    pub numbers: Numbers,
    /// Rows of each table.
    pub tables: BTreeMap<String, usize>,
}

/// Runs a recipe on images; writes its tables, pictures, `report.md` and `run.json` into a folder.
///
/// `companions`: files by the names under which the recipe asks for them; for several images one file for all or one for
/// each.
///
/// # Errors
/// [`PipelineError::Value`] for a companion that is missing, and any step's error.
pub fn run_recipe(
    recipe: &Recipe,
    inputs: &[String],
    companions: &BTreeMap<String, Vec<String>>,
    options: &RunOptions<'_>,
) -> Result<RecipeSummary> {
    check(recipe, inputs, companions)?;
    let started = provenance::unix_time();
    let mut seconds = Vec::new();
    let mut clock = Instant::now();
    let mut lap = |name: &str| {
        seconds.push((name.to_owned(), clock.elapsed().as_secs_f64()));
        clock = Instant::now();
    };
    (options.progress)("reading");
    let mut fields = Vec::new();
    for (k, file) in inputs.iter().enumerate() {
        let mut f = if recipe.input == "psf" {
            let mut f = Field::blank(file, &options.exec);
            f.exposure.sha256 = checksum(Path::new(&skyphot_io::FileSpec::parse(file).path))?;
            f.companions.insert("psf".into(), file.clone());
            f
        } else {
            Field::open(file, &options.exec)?
        };
        for (name, list) in companions {
            let one = if list.len() == 1 { &list[0] } else { &list[k] };
            f.companions.insert(name.clone(), one.clone());
        }
        if recipe.unit.is_some() {
            f.exposure.unit.clone_from(&recipe.unit);
        }
        for (name, c) in &recipe.constants {
            match c {
                Constant::All(v) => f.numbers.entry(name.clone()).or_insert(*v),
                Constant::Filter(of) if *name == f.name => {
                    f.numbers.extend(of.iter().map(|(k, v)| (k.clone(), *v)));
                    continue;
                }
                Constant::Filter(_) => continue,
            };
        }
        fields.push(f);
    }
    let areas_inside = |s: &Step| matches!(s, Step::PixelArea(p) if p.file.is_none());
    if !recipe.steps.iter().any(areas_inside) {
        fields.iter_mut().for_each(|f| f.source = None);
    }
    name_fields(&mut fields);
    std::fs::create_dir_all(options.output).map_err(|source| PipelineError::File {
        action: "make the folder",
        path: options.output.display().to_string(),
        source,
    })?;
    for name in ["report.md", "run.json"] {
        let path = options.output.join(name);
        if path.exists() && !options.overwrite {
            return Err(skyphot_io::IoError::Exists(path).into());
        }
    }
    lap("reading");
    let mut report = Report::new(options.output, options.overwrite);
    let mut extra: Vec<(String, Table)> = Vec::new();
    for step in &recipe.steps {
        let name = step_name(step);
        (options.progress)(&name);
        match step {
            Step::Colour(s) => {
                if fields.len() > 1 {
                    let table = on_sources::colours(&fields, s)?;
                    if let Some(f) = fields.last_mut() {
                        f.tables.insert("colours".into(), table.clone());
                    }
                    extra.push(("colours".into(), table));
                }
            }
            Step::Text(s) if s.last => {
                if let (Some(f), true) = (fields.last(), fields.len() > 1) {
                    report.text(&f.fill(&s.text)?);
                }
            }
            Step::Scatter(s) if s.last => {
                if let (Some(f), true) = (fields.last(), fields.len() > 1) {
                    report.figure(&s.title, "", &panels::scatter(f, s)?)?;
                }
            }
            _ => {
                let many = fields.len() > 1;
                for f in &mut fields {
                    run_step(f, step, &mut report, many, options.overwrite)?;
                }
            }
        }
        lap(&name);
    }
    (options.progress)("writing");
    write_tables(recipe, &mut fields, extra, &mut report, options)?;
    lap("writing");
    let companions = companions
        .iter()
        .map(|(name, files)| {
            let sums = files
                .iter()
                .map(|f| Ok((f.clone(), checksum(Path::new(&skyphot_io::FileSpec::parse(f).path))?)))
                .collect::<Result<Vec<_>>>()?;
            Ok((name.clone(), sums))
        })
        .collect::<Result<_>>()?;
    let images = fields
        .iter()
        .map(|f| ImageSummary {
            name: f.name.clone(),
            file: f.exposure.file.clone(),
            sha256: f.exposure.sha256.clone(),
            numbers: f.numbers.clone(),
            tables: f.tables.iter().map(|(k, t)| (k.clone(), t.n_rows())).collect(),
        })
        .collect();
    let mut notes: Vec<String> = Vec::new();
    for n in fields.iter().flat_map(|f| &f.exposure.notes) {
        if !notes.contains(n) {
            notes.push(n.clone());
        }
    }
    let mut summary = RecipeSummary {
        version: env!("CARGO_PKG_VERSION").into(),
        started: provenance::timestamp(started),
        images,
        companions,
        notes,
        seconds,
        files: report.files.clone(),
        recipe: recipe.clone(),
    };
    summary.files.extend(["report.md".to_owned(), "run.json".to_owned()]);
    report.write(&summary)?;
    Ok(summary)
}

fn check(recipe: &Recipe, inputs: &[String], companions: &BTreeMap<String, Vec<String>>) -> Result<()> {
    if inputs.is_empty() {
        return Err(PipelineError::value("input", "", "one image or more"));
    }
    if !matches!(recipe.input.as_str(), "image" | "psf") {
        return Err(PipelineError::value("input of the recipe", &recipe.input, "image or psf"));
    }
    for (name, what) in &recipe.needs {
        if !companions.contains_key(name) {
            let expected = format!("complete: give {what} with --with {name}=FILE");
            return Err(PipelineError::value("recipe", &recipe.title, expected));
        }
    }
    for (name, files) in companions {
        if files.len() != 1 && files.len() != inputs.len() {
            let expected = format!("one file for all, or one for each of the {} images", inputs.len());
            return Err(PipelineError::value("companion", name, expected));
        }
    }
    Ok(())
}

/// Names that differ, and prefixes of file names where there is more than one image.
fn name_fields(fields: &mut [Field]) {
    if fields.len() < 2 {
        return;
    }
    for k in 1..fields.len() {
        if fields[..k].iter().any(|f| f.name == fields[k].name) {
            fields[k].name = format!("{}-{}", fields[k].name, k + 1);
        }
    }
    for f in fields {
        let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' };
        f.prefix = f.name.chars().map(safe).collect::<String>() + "_";
    }
}

fn step_name(step: &Step) -> String {
    let value = serde_json::to_value(step).unwrap_or_default();
    value.get("do").and_then(|v| v.as_str()).unwrap_or("step").to_owned()
}

fn run_step(f: &mut Field, step: &Step, report: &mut Report<'_>, many: bool, overwrite: bool) -> Result<()> {
    let titled = |title: &str, f: &Field| -> Result<String> {
        let title = f.fill(title)?;
        Ok(if many { format!("{}: {title}", f.name) } else { title })
    };
    match step {
        Step::Mask(s) => on_image::mask(f, s),
        Step::Keep(s) => {
            f.planes.insert(s.name.clone(), f.exposure.data.clone());
            Ok(())
        }
        Step::PixelArea(s) => on_image::pixel_area(f, s),
        Step::Statistics(s) => on_image::statistics(f, s),
        Step::SourceMask(s) => on_image::source_mask(f, s),
        Step::Subtract(s) => on_image::subtract(f, s),
        Step::Gradient(s) => on_image::gradient(f, s),
        Step::Restore(s) => on_image::restore(f, s),
        Step::Background(s) => {
            on_image::background(f, s)?;
            if s.write {
                let name = format!("{}{}.fits", f.prefix, s.name);
                let path = report.file(&name);
                write_map(&path, f.plane(&s.name)?, &f.exposure.header, overwrite)?;
                let path = report.file(&format!("{}subtracted.fits", f.prefix));
                write_map(&path, f.exposure.data.view(), &f.exposure.header, overwrite)?;
            }
            Ok(())
        }
        Step::Detect(s) => on_image::find(f, s),
        Step::Segment(s) => on_image::segment(f, s),
        Step::Positions(s) => on_sources::positions(f, s),
        Step::Apertures(s) => on_sources::apertures(f, s),
        Step::Sky(s) => on_sources::sky(f, s),
        Step::Compute(s) => on_sources::compute(f, s),
        Step::Select(s) => on_sources::select(f, s),
        Step::Number(s) => on_sources::number(f, s),
        Step::FluxScale(_) => on_sources::flux_scale(f),
        Step::EncircledEnergy(s) => on_sources::encircled_energy(f, s),
        Step::SkyPositions(s) => on_sources::sky_positions(f, s),
        Step::Quality(s) => on_sources::quality(f, s),
        Step::ZeroPoint(s) => on_sources::zero_point(f, s),
        Step::Psf(s) => on_image::psf(f, s),
        Step::Simulate(s) => on_image::simulate(f, s),
        Step::Match(s) => on_sources::match_truth(f, s),
        Step::Image(s) => {
            let title = titled(&s.title, f)?;
            let picture = figures::image(f, &ImageStep { title: title.clone(), ..s.clone() })?;
            report.figure(&title, &f.prefix, &picture)
        }
        Step::Histogram(s) => {
            let title = titled(&s.title, f)?;
            let picture = panels::histogram(f, &HistogramStep { title: title.clone(), ..s.clone() })?;
            report.figure(&title, &f.prefix, &picture)
        }
        Step::Scatter(s) => {
            let title = titled(&s.title, f)?;
            let picture = panels::scatter(f, &ScatterStep { title: title.clone(), ..s.clone() })?;
            report.figure(&title, &f.prefix, &picture)
        }
        Step::Cutouts(s) => {
            let title = titled(&s.title, f)?;
            match figures::cutouts(f, &CutoutsStep { title: title.clone(), ..s.clone() })? {
                Some(picture) => report.figure(&title, &f.prefix, &picture),
                None => Ok(()),
            }
        }
        Step::PsfGrid(s) => match figures::psf_grid(f, s)? {
            Some((title, picture)) => report.figure(&title, &f.prefix, &picture),
            None => Ok(()),
        },
        Step::Text(s) => {
            let text = f.fill(&s.text)?;
            match (many, text == s.text) {
                (true, true) => report.text_once(&text),
                (true, false) => report.text(&format!("**{}**\n\n{text}", f.name)),
                (false, _) => report.text(&text),
            }
            Ok(())
        }
        Step::Colour(_) => Ok(()),
    }
}

/// All tables with what they came from.
fn write_tables(
    recipe: &Recipe,
    fields: &mut [Field],
    extra: Vec<(String, Table)>,
    report: &mut Report<'_>,
    options: &RunOptions<'_>,
) -> Result<()> {
    let parameters = serde_json::to_value(recipe).unwrap_or_default();
    let table_options =
        TableOptions { overwrite: options.overwrite, exec: options.exec.clone(), ..TableOptions::default() };
    let many = fields.len() > 1;
    for f in fields.iter_mut() {
        let names: Vec<String> = f.tables.keys().filter(|n| *n != "colours").cloned().collect();
        for name in names {
            let Some(mut table) = f.tables.get(&name).cloned() else { continue };
            let numbers = serde_json::to_value(&f.numbers).unwrap_or_default();
            table.meta = provenance::table_meta("run", &f.exposure.file, &f.exposure.sha256, &parameters);
            table.meta.set("numbers", provenance::to_meta(&numbers));
            let path = report.file(&format!("{}{name}.ecsv", f.prefix));
            skyphot_io::write_table(&path, &table, &table_options)?;
            if name == "catalog" {
                report.columns(&table, if many { Some(&f.name) } else { None });
            }
        }
    }
    let first = fields.first();
    for (name, mut table) in extra {
        let (file, sum) = first.map_or(("", ""), |f| (f.exposure.file.as_str(), f.exposure.sha256.as_str()));
        table.meta = provenance::table_meta("run", file, sum, &parameters);
        let path = report.file(&format!("{name}.ecsv"));
        skyphot_io::write_table(&path, &table, &table_options)?;
    }
    Ok(())
}
