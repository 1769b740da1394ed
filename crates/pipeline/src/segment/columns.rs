//! Which columns a catalogue of segments has.

use std::str::FromStr;
use std::sync::Arc;

use ndarray::Array2;
use skyphot_core::{Column, Exec, Image, Point, Table};
use skyphot_segmentation::{SegmentationImage, SextractorOptions, SourceCatalog};

use crate::segment::SegmentSection;
use crate::{PipelineError, Result, SkyMap, add_sky_columns};

/// The columns that were asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ColumnSet {
    Default,
    All,
    Sextractor,
    List(Vec<String>),
}

impl FromStr for ColumnSet {
    type Err = PipelineError;

    fn from_str(s: &str) -> Result<Self> {
        Ok(match s.trim() {
            "default" => Self::Default,
            "all" => Self::All,
            "sextractor" => Self::Sextractor,
            list => {
                let names: Vec<String> = list.split(',').map(|n| n.trim().to_owned()).collect();
                if names.iter().any(String::is_empty) {
                    let expected = "default, all, sextractor, or names such as label,x_centroid,kron_flux";
                    return Err(PipelineError::value("columns", s, expected));
                }
                Self::List(names)
            }
        })
    }
}

/// Columns that go along until the pictures are drawn: centroid and Kron ellipse.
const HIDDEN: [&str; 5] = ["__x", "__y", "__a", "__b", "__theta"];

/// Makes tables of catalogues.
pub(crate) struct TableMaker<'a> {
    set: ColumnSet,
    zero_point: f64,
    /// The threshold of the detection at a pixel `(y, x)`.
    threshold: &'a (dyn Fn(usize, usize) -> Result<f64> + Sync),
    sky: Option<&'a Arc<SkyMap>>,
    unit: Option<&'a str>,
}

impl<'a> TableMaker<'a> {
    /// Fails for a column that there is not.
    pub(crate) fn new(
        section: &SegmentSection,
        threshold: &'a (dyn Fn(usize, usize) -> Result<f64> + Sync),
        sky: Option<&'a Arc<SkyMap>>,
        unit: Option<&'a str>,
    ) -> Result<Self> {
        let set: ColumnSet = section.columns.parse()?;
        Ok(Self { set, zero_point: section.zero_point, threshold, sky, unit })
    }

    /// The columns of a catalogue, and the hidden ones.
    pub(crate) fn table(&self, catalog: SourceCatalog<'_>) -> Result<Table> {
        let catalog = match self.sky {
            Some(sky) => catalog.with_shared_wcs(sky.clone()),
            None => catalog,
        };
        let mut table = match &self.set {
            ColumnSet::Default => catalog.to_table(&default_columns())?,
            ColumnSet::All => catalog.to_full_table()?,
            ColumnSet::List(names) => {
                let names: Vec<&str> =
                    names.iter().map(String::as_str).filter(|n| !matches!(*n, "ra" | "dec")).collect();
                // An empty list would be the default.
                if names.is_empty() { Table::new() } else { catalog.to_table(&names)? }
            }
            ColumnSet::Sextractor => {
                let threshold = catalog
                    .bbox()
                    .iter()
                    .map(|b| {
                        let at = |low: i64, high: i64| usize::try_from((low + high - 1) / 2).unwrap_or(0);
                        (self.threshold)(at(b.y_min, b.y_max), at(b.x_min, b.x_max))
                    })
                    .collect::<Result<Vec<f64>>>()?;
                // No source has no threshold; the columns have to be there all the same.
                let threshold = Some(if threshold.is_empty() { vec![0.0] } else { threshold });
                let options =
                    SextractorOptions { zero_point: self.zero_point, threshold, ..Default::default() };
                catalog.to_sextractor_table(&options)?
            }
        };
        let kron = catalog.make_kron_apertures(None)?;
        let of = |get: fn(&skyphot_segmentation::CatalogAperture) -> f64| -> Vec<f64> {
            kron.iter().map(|k| k.as_ref().map_or(f64::NAN, get)).collect()
        };
        let values = [catalog.x_centroid(), catalog.y_centroid(), of(|k| k.a), of(|k| k.b), of(|k| k.theta)];
        for (name, v) in HIDDEN.into_iter().zip(values) {
            table.push(Column::new(name, v))?;
        }
        Ok(table)
    }

    /// Takes the hidden columns away, adds places on the sky and units; returns the table and the Kron ellipses.
    pub(crate) fn finish(&self, mut table: Table, exec: &Exec) -> Result<(Table, Vec<Ellipse>)> {
        let mut hidden = Vec::new();
        for name in HIDDEN {
            hidden.push(table.remove(name)?.to_f64()?);
        }
        let positions: Vec<Point> =
            hidden[0].iter().zip(&hidden[1]).map(|(x, y)| Point::new(*x, *y)).collect();
        match &self.set {
            ColumnSet::Default | ColumnSet::All => {
                add_sky_columns(&mut table, self.sky.map(Arc::as_ref), &positions, exec)?;
            }
            ColumnSet::List(names) if names.iter().any(|n| n == "ra" || n == "dec") => {
                let mut sky = Table::from_columns([Column::new("x", hidden[0].clone())])?;
                add_sky_columns(&mut sky, self.sky.map(Arc::as_ref), &positions, exec)?;
                for (at, name) in names.iter().enumerate().filter(|(_, n)| *n == "ra" || *n == "dec") {
                    if let Ok(c) = sky.column(name) {
                        table.insert(at.min(table.n_columns()), c.clone())?;
                    }
                }
            }
            _ => {}
        }
        if let Some(unit) = self.unit {
            let names: Vec<String> = table.names().iter().map(|n| (*n).to_owned()).collect();
            for name in names.iter().filter(|n| in_data_units(n)) {
                table.column_mut(name)?.unit.get_or_insert_with(|| unit.to_owned());
            }
        }
        let ellipses = (0..positions.len())
            .map(|i| Ellipse { center: positions[i], a: hidden[2][i], b: hidden[3][i], theta: hidden[4][i] })
            .collect();
        Ok((table, ellipses))
    }

    /// Makes a table of nothing: fails for a column that there is not.
    pub(crate) fn check(&self, section: &SegmentSection) -> Result<()> {
        let (data, labels) = (Array2::<f32>::zeros((1, 1)), Array2::zeros((1, 1)));
        let segm = SegmentationImage::new(labels)?;
        let catalog =
            SourceCatalog::new(&Image::new(data.view())?, &segm, section.catalog(&Exec::serial())?)?;
        let known: Vec<String> = catalog.column_names().into_iter().map(str::to_owned).collect();
        match (self.table(catalog), &self.set) {
            (Ok(_), _) => Ok(()),
            (Err(e), ColumnSet::List(names)) => {
                let Some(wrong) = names
                    .iter()
                    .find(|n| !known.contains(n) && !n.contains('(') && *n != "ra" && *n != "dec")
                else {
                    return Err(e);
                };
                let near: Vec<&str> = known
                    .iter()
                    .map(String::as_str)
                    .filter(|k| wrong.split('_').any(|w| w.len() > 2 && k.contains(w)))
                    .collect();
                let list = if near.is_empty() { default_columns() } else { near };
                Err(PipelineError::value(
                    "column",
                    wrong.clone(),
                    format!("one of the catalogue's, such as {}", list.join(", ")),
                ))
            }
            (Err(e), _) => Err(e),
        }
    }
}

/// The Kron aperture of a source; NaN where it is undefined.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ellipse {
    pub(crate) center: Point,
    pub(crate) a: f64,
    pub(crate) b: f64,
    pub(crate) theta: f64,
}

/// Those of photutils; the place on the sky is added as `ra` and `dec`.
fn default_columns() -> Vec<&'static str> {
    SourceCatalog::DEFAULT_COLUMNS.iter().copied().filter(|n| *n != "sky_centroid").collect()
}

/// The values are in the unit of the image.
fn in_data_units(name: &str) -> bool {
    let n = name.to_ascii_lowercase();
    let flux = n.contains("flux") && !n.contains("radius") && !n.starts_with("mag");
    flux || n.ends_with("_value") || n.contains("background") || matches!(n.as_str(), "threshold")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(columns: &str) -> Result<()> {
        let section = SegmentSection { columns: columns.to_owned(), ..SegmentSection::default() };
        TableMaker::new(&section, &|_, _| Ok(1.0), None, None)?.check(&section)
    }

    #[test]
    fn columns_that_there_are_not_are_named() {
        for good in ["default", "all", "sextractor", "label,kron_flux", "ra, dec", "label,flux_radius(0.2)"] {
            check(good).unwrap_or_else(|e| panic!("{good}: {e}"));
        }
        let e = check("label,kron_flx").unwrap_err();
        assert!(e.is_usage() && e.to_string().contains("kron_flux"), "{e}");
        assert!(check("label,,kron_flux").unwrap_err().is_usage());
        assert!(
            in_data_units("FLUX_AUTO") && in_data_units("max_value") && !in_data_units("flux_radius(0.5)")
        );
    }
}
