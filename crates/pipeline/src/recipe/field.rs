//! One image of a run with all that is known about it.

use std::collections::BTreeMap;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2};
use skyphot_calibration::{FluxScale, MagnitudeSystem};
use skyphot_core::{DataQuality, Exec, HeaderView, Image, Point, Table};
use skyphot_io::{FileSpec, ImageFile};

use super::expression::{Expression, Numbers};
use super::steps::Scalar;
use crate::load::Opened;
use crate::{Exposure, InputSection, PipelineError, Result, positions_of};

/// An image on its way through a recipe.
#[derive(Debug)]
pub(crate) struct Field {
    /// Filter, or else the name of the file.
    pub(crate) name: String,
    /// Detector; empty if the file does not say.
    pub(crate) detector: String,
    /// `name_` where there is more than one image, for file names.
    pub(crate) prefix: String,
    pub(crate) exposure: Exposure<f64>,
    /// Data-quality words.
    pub(crate) words: Option<Array2<u32>>,
    pub(crate) legend: DataQuality,
    /// The file, while it may be needed again.
    pub(crate) source: Option<Arc<ImageFile>>,
    pub(crate) planes: BTreeMap<String, Array2<f64>>,
    pub(crate) source_mask: Option<Array2<bool>>,
    pub(crate) tables: BTreeMap<String, Table>,
    /// Tables that a step made here and not those of a companion.
    pub(crate) numbers: Numbers,
    /// The scale of fluxes or why there is none.
    pub(crate) scale: std::result::Result<FluxScale, String>,
    pub(crate) pixel_area: Option<f64>,
    /// Companion files by name.
    pub(crate) companions: BTreeMap<String, String>,
    pub(crate) exec: Exec,
}

impl Field {
    /// An image file. No pixel is masked yet but those that are not finite.
    pub(crate) fn open(file: &str, exec: &Exec) -> Result<Self> {
        let opened = Opened::new(file, &InputSection::default())?;
        let legend = opened.science.legend.clone();
        let words = opened.dq_words()?;
        let spec = FileSpec::parse(file);
        let source = opened.source_file();
        let pixel_area = crate::stated_pixel_area(&source, &spec.hdu);
        let (filter, detector, scale) = match &*source {
            ImageFile::Asdf(a) => {
                let text = |p: &str| a.tree().path(p).and_then(|n| n.as_str().map(str::to_owned));
                let filter = text("roman.meta.instrument.optical_element");
                let detector = text("roman.meta.instrument.detector");
                (filter, detector, FluxScale::from_tree(a.tree()).map_err(|e| e.to_string()))
            }
            ImageFile::Fits(f) => {
                let primary = f.hdus().first().map(|h| &h.header);
                let text = |key: &str| Some(primary?.get_str(key)?.trim().to_owned());
                let scale = FluxScale::from_header(&opened.science.header, pixel_area);
                (text("FILTER"), text("DETECTOR"), scale.map_err(|e| e.to_string()))
            }
            _ => (None, None, Err("the file has no header".to_owned())),
        };
        let stem = file.rsplit('/').next().unwrap_or(file).split(['.', '[']).next().unwrap_or("image");
        let name = filter.filter(|f| !f.is_empty()).unwrap_or_else(|| stem.to_owned());
        let mut exposure: Exposure<f64> = opened.load()?;
        exposure.mask = None;
        exposure.notes.retain(|n| !n.starts_with("bad pixels"));
        let field = Self::new(name, exposure, words, legend, scale, pixel_area, exec);
        Ok(Self { source: Some(source), detector: detector.unwrap_or_default(), ..field })
    }

    /// A field without an image, which a step is going to make.
    pub(crate) fn blank(name: &str, exec: &Exec) -> Self {
        let exposure = Exposure {
            data: Array2::zeros((1, 1)),
            error: None,
            mask: None,
            header: skyphot_io::Header::new(),
            sky: None,
            unit: None,
            file: name.to_owned(),
            sha256: String::new(),
            notes: Vec::new(),
        };
        let none = Err("a simulated image has no scale of fluxes".to_owned());
        Self::new(name.to_owned(), exposure, None, DataQuality::jwst(), none, None, exec)
    }

    fn new(
        name: String,
        exposure: Exposure<f64>,
        words: Option<Array2<u32>>,
        legend: DataQuality,
        scale: std::result::Result<FluxScale, String>,
        pixel_area: Option<f64>,
        exec: &Exec,
    ) -> Self {
        let mut numbers = Numbers::new();
        let (ny, nx) = exposure.data.dim();
        numbers.insert("nx".into(), nx as f64);
        numbers.insert("ny".into(), ny as f64);
        if let Ok(s) = &scale {
            numbers.insert("jansky".into(), s.jansky_per_unit());
            numbers.insert("ab_zero_point".into(), s.zero_point(MagnitudeSystem::Ab));
        }
        Self {
            name,
            detector: String::new(),
            prefix: String::new(),
            exposure,
            words,
            legend,
            source: None,
            planes: BTreeMap::new(),
            source_mask: None,
            tables: BTreeMap::new(),
            numbers,
            scale,
            pixel_area,
            companions: BTreeMap::new(),
            exec: exec.clone(),
        }
    }

    pub(crate) fn image(&self) -> Result<Image<'_, f64>> {
        self.exposure.image()
    }

    /// A plane by name: `data`, `error`, or one that was kept.
    pub(crate) fn plane(&self, name: &str) -> Result<ArrayView2<'_, f64>> {
        match (name, &self.exposure.error) {
            ("data", _) => return Ok(self.exposure.data.view()),
            ("error", Some(e)) => return Ok(e.view()),
            _ => {}
        }
        self.planes.get(name).map(|p| p.view()).ok_or_else(|| {
            let known: Vec<&str> = self.planes.keys().map(String::as_str).collect();
            PipelineError::value("image", name, format!("data, error or one of [{}]", known.join(" ")))
        })
    }

    pub(crate) fn table(&self, name: &str) -> Result<&Table> {
        self.tables.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.tables.keys().map(String::as_str).collect();
            PipelineError::value("table", name, format!("one of [{}]", known.join(" ")))
        })
    }

    pub(crate) fn table_mut(&mut self, name: &str) -> Result<&mut Table> {
        self.table(name)?;
        self.tables.get_mut(name).ok_or_else(|| PipelineError::value("table", name, "a table"))
    }

    pub(crate) fn positions(&self, table: &str) -> Result<Vec<Point>> {
        positions_of(self.table(table)?, table)
    }

    pub(crate) fn scalar(&self, value: &Scalar) -> Result<f64> {
        match value {
            Scalar::Number(v) => Ok(*v),
            Scalar::Text(t) => Expression::parse(t)?.number(&self.numbers),
        }
    }

    pub(crate) fn column(&self, table: &str, expression: &str) -> Result<Vec<f64>> {
        Expression::parse(expression)?.over(self.table(table)?, &self.numbers)
    }

    /// The rows of a table for which a test is true; all without one.
    pub(crate) fn rows(&self, table: &str, test: Option<&str>) -> Result<Vec<bool>> {
        let t = self.table(table)?;
        match test {
            None => Ok(vec![true; t.n_rows()]),
            Some(e) => Expression::parse(e)?.test(t, &self.numbers),
        }
    }

    pub(crate) fn set(&mut self, name: &str, value: f64) {
        self.numbers.insert(name.to_owned(), value);
    }

    pub(crate) fn companion(&self, name: &str) -> Result<&str> {
        self.companions.get(name).map(String::as_str).ok_or_else(|| {
            PipelineError::value("recipe", name, format!("complete: give the file with --with {name}=FILE"))
        })
    }
}
