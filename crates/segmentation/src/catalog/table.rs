//! The catalogue as a table.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use skyphot_centroids::Covariance;
use skyphot_core::{Column, CoreError, FlagSet, MetaValue, SkyCoord, Table};

use super::columns::FLOAT_COLUMNS;
use super::measure::{CatalogParts, SourceMeasurement};
use super::photometry::ApertureFlux;
use super::sky::Which;
use super::source_catalog::SourceCatalog;
use crate::SegmentationFlags;
use crate::error::Result;

/// A column that is not one number per source.
type Special = (&'static str, CatalogParts, fn(&SourceCatalog<'_>) -> Result<Vec<Column>>);

const ISO: CatalogParts = CatalogParts::ISOPHOTAL;
const WIN: CatalogParts = CatalogParts::WINDOWED;
const QUAD: CatalogParts = CatalogParts::QUADRATIC;
const NONE: CatalogParts = CatalogParts::NONE;

/// The other columns.
const SPECIAL_COLUMNS: &[Special] = &[
    ("label", NONE, |c| {
        let labels = c.labels().iter().map(|l| i64::from(*l)).collect::<Vec<_>>();
        one(Column::new("label", labels).with_description("Label of the source in the segmentation image."))
    }),
    ("bbox_xmin", NONE, |c| one(boxed(c, "bbox_xmin", |b| b.x_min))),
    ("bbox_xmax", NONE, |c| one(boxed(c, "bbox_xmax", |b| b.x_max - 1))),
    ("bbox_ymin", NONE, |c| one(boxed(c, "bbox_ymin", |b| b.y_min))),
    ("bbox_ymax", NONE, |c| one(boxed(c, "bbox_ymax", |b| b.y_max - 1))),
    ("segment_area", ISO, |c| {
        let areas = c.segment_area().into_iter().map(|a| a as i64).collect::<Vec<_>>();
        one(Column::new("segment_area", areas).with_unit("pix2"))
    }),
    ("flags", CatalogParts::KRON_FLUX, |c| {
        let flags = c.flags().into_iter().map(|f| i64::from(f.bits())).collect::<Vec<_>>();
        one(Column::new("flags", flags).with_description(SegmentationFlags::legend_text()))
    }),
    ("min_value_xindex", ISO, |c| one(index(c, "min_value_xindex", |m| m.iso.min_at.0))),
    ("min_value_yindex", ISO, |c| one(index(c, "min_value_yindex", |m| m.iso.min_at.1))),
    ("max_value_xindex", ISO, |c| one(index(c, "max_value_xindex", |m| m.iso.max_at.0))),
    ("max_value_yindex", ISO, |c| one(index(c, "max_value_yindex", |m| m.iso.max_at.1))),
    ("centroid_win_fallback", CatalogParts::WINDOWED, |c| {
        one(Column::new("centroid_win_fallback", c.centroid_win_fallback()))
    }),
    ("centroid_quad_fallback", CatalogParts::QUADRATIC, |c| {
        one(Column::new("centroid_quad_fallback", c.centroid_quad_fallback()))
    }),
    ("min_value_index", ISO, |c| indices(c, "min_value_index", |m| m.iso.min_at, false)),
    ("max_value_index", ISO, |c| indices(c, "max_value_index", |m| m.iso.max_at, false)),
    ("cutout_min_value_index", ISO, |c| indices(c, "cutout_min_value_index", |m| m.iso.min_at, true)),
    ("cutout_max_value_index", ISO, |c| indices(c, "cutout_max_value_index", |m| m.iso.max_at, true)),
    ("centroid", ISO, |c| pair(c, "centroid", ISO, |m| m.iso.centroid)),
    ("centroid_err", ISO, |c| pair(c, "centroid_err", ISO, |m| errors(&m.iso.centroid_error))),
    ("centroid_win", WIN, |c| pair(c, "centroid_win", WIN, |m| m.windowed.position)),
    ("centroid_win_err", WIN, |c| pair(c, "centroid_win_err", WIN, |m| errors(&m.windowed.error))),
    ("centroid_quad", QUAD, |c| pair(c, "centroid_quad", QUAD, |m| m.quadratic.position)),
    ("centroid_quad_err", QUAD, |c| pair(c, "centroid_quad_err", QUAD, |m| errors(&m.quadratic.error))),
    ("cutout_centroid_win", WIN, |c| pair(c, "cutout_centroid_win", WIN, |m| m.in_box(m.windowed.position))),
    ("cutout_centroid_quad", QUAD, |c| {
        pair(c, "cutout_centroid_quad", QUAD, |m| m.in_box(m.quadratic.position))
    }),
    ("cutout_centroid", ISO, |c| {
        array(c, "cutout_centroid", ISO, 2, |m, v| {
            v.extend([m.iso.cutout_centroid.0, m.iso.cutout_centroid.1])
        })
    }),
    ("covariance", ISO, |c| {
        array(c, "covariance", ISO, 4, |m, v| {
            let k = &m.iso.covariance;
            v.extend([k.xx, k.xy, k.xy, k.yy]);
        })
    }),
    ("covariance_eigvals", ISO, |c| {
        array(c, "covariance_eigvals", ISO, 2, |m, v| {
            v.extend([m.iso.shape.eigenvalues.0, m.iso.shape.eigenvalues.1]);
        })
    }),
    ("moments", ISO, |c| array(c, "moments", ISO, 16, |m, v| v.extend(m.iso.moments.as_flattened()))),
    ("moments_central", ISO, |c| {
        array(c, "moments_central", ISO, 16, |m, v| v.extend(m.iso.central.as_flattened()))
    }),
    ("sky_centroid", ISO, |c| sky(c, "sky_centroid", c.sky_centroid())),
    ("sky_centroid_win", CatalogParts::WINDOWED, |c| sky(c, "sky_centroid_win", c.sky_centroid_win())),
    ("sky_centroid_quad", CatalogParts::QUADRATIC, |c| sky(c, "sky_centroid_quad", c.sky_centroid_quad())),
    ("sky_centroid_ra_err", ISO, |c| sky_error(c, "sky_centroid_ra_err", Which::Isophotal, true)),
    ("sky_centroid_dec_err", ISO, |c| sky_error(c, "sky_centroid_dec_err", Which::Isophotal, false)),
    ("sky_centroid_win_ra_err", CatalogParts::WINDOWED, |c| {
        sky_error(c, "sky_centroid_win_ra_err", Which::Windowed, true)
    }),
    ("sky_centroid_win_dec_err", CatalogParts::WINDOWED, |c| {
        sky_error(c, "sky_centroid_win_dec_err", Which::Windowed, false)
    }),
    ("sky_centroid_quad_ra_err", CatalogParts::QUADRATIC, |c| {
        sky_error(c, "sky_centroid_quad_ra_err", Which::Quadratic, true)
    }),
    ("sky_centroid_quad_dec_err", CatalogParts::QUADRATIC, |c| {
        sky_error(c, "sky_centroid_quad_dec_err", Which::Quadratic, false)
    }),
    ("sky_centroid_err", ISO, |c| sky_errors(c, "sky_centroid_err", Which::Isophotal)),
    ("sky_centroid_win_err", WIN, |c| sky_errors(c, "sky_centroid_win_err", Which::Windowed)),
    ("sky_centroid_quad_err", QUAD, |c| sky_errors(c, "sky_centroid_quad_err", Which::Quadratic)),
    ("sky_orientation", ISO, |c| {
        let angles = c.sky_orientation();
        Ok(angles.map(|v| Column::new("sky_orientation", v).with_unit("deg")).into_iter().collect())
    }),
    ("sky_bbox_ll", NONE, |c| corner(c, "sky_bbox_ll", 0)),
    ("sky_bbox_ul", NONE, |c| corner(c, "sky_bbox_ul", 1)),
    ("sky_bbox_lr", NONE, |c| corner(c, "sky_bbox_lr", 2)),
    ("sky_bbox_ur", NONE, |c| corner(c, "sky_bbox_ur", 3)),
];

fn one(c: Column) -> Result<Vec<Column>> {
    Ok(vec![c])
}

fn boxed(c: &SourceCatalog<'_>, name: &str, f: impl Fn(&skyphot_core::BoundingBox) -> i64) -> Column {
    Column::new(name, c.bbox().iter().map(f).collect::<Vec<_>>()).with_unit("pix")
}

fn index(c: &SourceCatalog<'_>, name: &str, f: impl Fn(&SourceMeasurement) -> i64) -> Column {
    let rows = c.rows(ISO);
    let missing = rows.iter().map(|m| m.iso.all_masked()).collect();
    Column::new(name, rows.iter().map(f).collect::<Vec<_>>()).with_mask(missing).with_unit("pix")
}

/// `(y, x)` of a pixel, in the image or in the bounding box.
fn indices(
    c: &SourceCatalog<'_>,
    name: &str,
    f: impl Fn(&SourceMeasurement) -> (i64, i64),
    in_box: bool,
) -> Result<Vec<Column>> {
    let rows = c.rows(ISO);
    let of = |m: &SourceMeasurement| {
        let (x, y) = f(m);
        if in_box { [y - m.bbox.y_min, x - m.bbox.x_min] } else { [y, x] }
    };
    let missing = rows.iter().map(|m| m.iso.all_masked()).collect();
    let v: Vec<i64> = rows.iter().flat_map(of).collect();
    one(Column::new_array(name, v, 2)?.with_mask(missing).with_unit("pix"))
}

/// `(x, y)`.
fn pair(
    c: &SourceCatalog<'_>,
    name: &str,
    parts: CatalogParts,
    f: impl Fn(&SourceMeasurement) -> (f64, f64),
) -> Result<Vec<Column>> {
    let rows = c.shapes().rows(parts);
    let v: Vec<f64> = rows.iter().map(f).flat_map(|p| [p.0, p.1]).collect();
    one(Column::new_array(name, v, 2)?.with_unit("pix"))
}

fn errors(c: &Covariance) -> (f64, f64) {
    (c.xx.sqrt(), c.yy.sqrt())
}

fn array(
    c: &SourceCatalog<'_>,
    name: &str,
    parts: CatalogParts,
    width: usize,
    f: impl Fn(&SourceMeasurement, &mut Vec<f64>),
) -> Result<Vec<Column>> {
    let mut v = Vec::with_capacity(width * c.len());
    c.shapes().rows(parts).iter().for_each(|m| f(m, &mut v));
    Ok(vec![Column::new_array(name, v, width)?])
}

fn sky(_: &SourceCatalog<'_>, name: &str, positions: Option<Vec<SkyCoord>>) -> Result<Vec<Column>> {
    let Some(p) = positions else { return Ok(Vec::new()) };
    let column = |what: &str, v: Vec<f64>| Column::new(format!("{name}.{what}"), v).with_unit("deg");
    Ok(vec![
        column("ra", p.iter().map(|s| s.lon).collect()),
        column("dec", p.iter().map(|s| s.lat).collect()),
    ])
}

fn sky_error(c: &SourceCatalog<'_>, name: &str, which: Which, east: bool) -> Result<Vec<Column>> {
    let Some(errors) = c.sky_errors(which) else { return Ok(Vec::new()) };
    let v = errors.into_iter().map(|e| if east { e.0 } else { e.1 }).collect::<Vec<_>>();
    one(Column::new(name, v).with_unit("arcsec"))
}

/// East and North.
fn sky_errors(c: &SourceCatalog<'_>, name: &str, which: Which) -> Result<Vec<Column>> {
    let Some(errors) = c.sky_errors(which) else { return Ok(Vec::new()) };
    let v: Vec<f64> = errors.into_iter().flat_map(|e| [e.0, e.1]).collect();
    one(Column::new_array(name, v, 2)?.with_unit("arcsec"))
}

fn corner(c: &SourceCatalog<'_>, name: &str, which: usize) -> Result<Vec<Column>> {
    sky(c, name, c.sky_bbox().map(|mut k| std::mem::take(&mut k[which])))
}

/// Circular photometry by radius (its bits): fluxes and errors come from one measurement.
#[derive(Debug, Default)]
struct Circles(BTreeMap<u64, ApertureFlux>);

impl Circles {
    fn of(&mut self, catalog: &SourceCatalog<'_>, radius: f64) -> Result<&ApertureFlux> {
        Ok(match self.0.entry(radius.to_bits()) {
            Entry::Occupied(e) => e.into_mut(),
            Entry::Vacant(e) => e.insert(catalog.circular_photometry(radius)?),
        })
    }
}

impl SourceCatalog<'_> {
    /// The columns of a table nobody chose others for: photutils' default.
    pub const DEFAULT_COLUMNS: &'static [&'static str] = &[
        "label",
        "x_centroid",
        "y_centroid",
        "sky_centroid",
        "bbox_xmin",
        "bbox_xmax",
        "bbox_ymin",
        "bbox_ymax",
        "area",
        "semimajor_axis",
        "semiminor_axis",
        "orientation",
        "eccentricity",
        "min_value",
        "max_value",
        "segment_flux",
        "segment_flux_err",
        "kron_flux",
        "kron_flux_err",
        "flags",
    ];

    /// Number of pixels of each segment, good or bad.
    #[must_use]
    pub fn segment_area(&self) -> Vec<usize> {
        self.shapes().rows(ISO).iter().map(|m| m.iso.n_segment).collect()
    }

    /// The windowed centroid is the isophotal one, or NaN.
    #[must_use]
    pub fn centroid_win_fallback(&self) -> Vec<bool> {
        self.shapes().rows(CatalogParts::WINDOWED).iter().map(|m| m.windowed.fallback).collect()
    }

    /// The quadratic centroid is not the maximum of a fit: it is the peak pixel, the isophotal centroid, or NaN.
    #[must_use]
    pub fn centroid_quad_fallback(&self) -> Vec<bool> {
        self.shapes().rows(CatalogParts::QUADRATIC).iter().map(|m| m.quadratic.fallback).collect()
    }

    /// Names of all columns that can be asked for, the user's included. Besides, `flux_radius(F)` is the radius of a
    /// fraction F of the Kron flux, and `circular_flux(R)` and `circular_flux_err(R)` those in a circle of radius R.
    #[must_use]
    #[doc(alias = "properties")]
    pub fn column_names(&self) -> Vec<&str> {
        let special = SPECIAL_COLUMNS.iter().map(|s| s.0);
        let floats = FLOAT_COLUMNS.iter().map(|f| f.name);
        special.chain(floats).chain(self.extra.iter().map(Column::name)).collect()
    }

    pub(crate) fn has_column(&self, name: &str) -> bool {
        self.column_names().contains(&name)
    }

    /// One column by its name; two for positions on the sky, none for those if there is no WCS.
    fn columns_of(&self, name: &str, circles: &mut Circles) -> Result<Vec<Column>> {
        if let Some(f) = FLOAT_COLUMNS.iter().find(|f| f.name == name) {
            let c = Column::new(name, (f.get)(self)).with_description(f.text);
            return one(match f.unit {
                Some(u) if u != "data" => c.with_unit(u),
                _ => c,
            });
        }
        if let Some(s) = SPECIAL_COLUMNS.iter().find(|s| s.0 == name) {
            return (s.2)(self);
        }
        if let Some(c) = self.extra.iter().find(|c| c.name() == name) {
            return one(c.clone());
        }
        let argument = |prefix: &str| {
            let number = name.strip_prefix(prefix)?.strip_prefix('(')?.strip_suffix(')')?;
            number.trim().parse::<f64>().ok()
        };
        if let Some(f) = argument("flux_radius") {
            return one(Column::new(name, self.flux_radius(f)?).with_unit("pix"));
        }
        if let Some(r) = argument("circular_flux") {
            return one(Column::new(name, circles.of(self, r)?.flux.clone()));
        }
        if let Some(r) = argument("circular_flux_err") {
            return one(Column::new(name, circles.of(self, r)?.flux_err.clone()));
        }
        Err(CoreError::MissingColumn {
            name: name.to_owned(),
            available: self.column_names().into_iter().map(str::to_owned).collect(),
        }
        .into())
    }

    /// Measures everything that some columns need, in one go over the sources.
    fn measure_for(&self, columns: &[&str]) {
        let (mut own, mut shapes) = (CatalogParts::NONE, CatalogParts::NONE);
        for name in columns {
            if let Some(f) = FLOAT_COLUMNS.iter().find(|f| f.name == *name) {
                *(if f.of_shapes { &mut shapes } else { &mut own }) |= f.parts;
            } else if let Some(s) = SPECIAL_COLUMNS.iter().find(|s| s.0 == *name) {
                let of_shapes = s.1.contains(CatalogParts::WINDOWED) || s.1.contains(CatalogParts::QUADRATIC);
                *(if of_shapes { &mut shapes } else { &mut own }) |= s.1;
            } else if *name == "flux_radius(0.5)" {
                own |= CatalogParts::HALF_LIGHT;
            }
        }
        if std::ptr::eq(self.shapes(), self) {
            self.rows(own | shapes);
        } else {
            self.shapes().rows(shapes | CatalogParts::KRON_RADIUS);
            self.rows(own);
        }
    }

    /// A table of the given columns ([`column_names`](Self::column_names)), or of
    /// [`DEFAULT_COLUMNS`](Self::DEFAULT_COLUMNS) if none are given. Positions on the sky become two columns,
    /// `NAME.ra` and `NAME.dec` in degrees; without a WCS they are left out.
    ///
    /// # Errors
    /// [`SegmentationError::Core`](crate::SegmentationError::Core) for a column that there is not.
    pub fn to_table(&self, columns: &[&str]) -> Result<Table> {
        let columns = if columns.is_empty() { Self::DEFAULT_COLUMNS } else { columns };
        self.measure_for(columns);
        let (mut t, mut circles) = (Table::new(), Circles::default());
        for name in columns {
            for c in self.columns_of(name, &mut circles)? {
                t.push(c)?;
            }
        }
        let config = self.config();
        t.meta.set("local_bkg_width", MetaValue::Int(config.local_bkg_width as i64));
        t.meta.set("aperture_mask_method", config.aperture_mask_method.name());
        let k = &config.kron_params;
        let params = [k.scale, k.minimum_radius, k.minimum_circular_radius].map(MetaValue::Float);
        t.meta.set("kron_params", MetaValue::List(params.to_vec()));
        Ok(t)
    }

    /// A table of everything but the user's columns.
    ///
    /// # Errors
    /// As [`to_table`](Self::to_table).
    pub fn to_full_table(&self) -> Result<Table> {
        let special = SPECIAL_COLUMNS.iter().map(|s| s.0);
        let names: Vec<&str> = special.chain(FLOAT_COLUMNS.iter().map(|f| f.name)).collect();
        self.to_table(&names)
    }
}
