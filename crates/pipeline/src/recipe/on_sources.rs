//! Steps that work on the sources of a table.

use ndarray::Array2;
use skyphot_aperture::{
    Aperture, ApertureFlags, AperturePhotometry, CircularAnnulus, CircularAperture, EllipticalAnnulus,
    EllipticalAperture, PhotometryConfig, PixelShape, SkyAperture, annulus_statistics,
};
use skyphot_calibration::{
    Band, EncircledEnergy, EnergyInterpolation, Reference, ZeroPointConfig, aperture_quality,
    colour_magnitude, zero_point_of_field,
};
use skyphot_core::{Column, Exec, Image, Point, SkyCoord, Table};
use skyphot_stats::SigmaClip;
use skyphot_wcs::sky::{CrossMatchConfig, SkyFrame, cross_match_sky, cross_match_xy};

use super::expression::Expression;
use super::field::Field;
use super::steps::{
    AperturesStep, ColourStep, ComputeStep, EncircledEnergyStep, MatchStep, NumberStep, PositionsStep,
    QualityStep, SelectStep, SkyStep, TableStep, ZeroPointStep,
};
use crate::{PipelineError, Result, add_sky_columns, overlap_method, positions_of};

/// Puts a column into a table, in place of one of its name.
fn put(table: &mut Table, column: Column) -> Result<()> {
    if table.has(column.name()) {
        table.remove(column.name())?;
    }
    Ok(table.push(column)?)
}

fn sky_of(table: &Table, names: (&str, &str)) -> Result<Vec<SkyCoord>> {
    let (ra, dec) = (table.f64(names.0)?, table.f64(names.1)?);
    Ok(ra.into_iter().zip(dec).map(|(lon, lat)| SkyCoord { lon, lat }).collect())
}

pub(super) fn positions(f: &mut Field, s: &PositionsStep) -> Result<()> {
    let file = f.companion(&s.file)?.to_owned();
    let mut table = skyphot_io::read_table(&file)?;
    if let Some(test) = &s.r#where {
        let keep = Expression::parse(test)?.test(&table, &f.numbers)?;
        table = table.filter(&keep);
    }
    let points = if table.has("ra") && table.has("dec") {
        let Some(sky) = &f.exposure.sky else {
            return Err(PipelineError::NoWcs { file: f.exposure.file.clone() });
        };
        let sky = sky.in_frame(SkyFrame::Icrs);
        let places = sky_of(&table, ("ra", "dec"))?;
        f.exec.map(places.len(), |i| {
            use skyphot_core::SkyTransform;
            sky.sky_to_pixel(places[i]).unwrap_or(Point::new(f64::NAN, f64::NAN))
        })
    } else {
        positions_of(&table, &file)?
    };
    let (ny, nx) = f.exposure.data.dim();
    let inside = |p: &Point| {
        p.is_finite() && p.x >= -0.5 && p.y >= -0.5 && p.x <= nx as f64 - 0.5 && p.y <= ny as f64 - 0.5
    };
    let keep: Vec<bool> = points.iter().map(inside).collect();
    let points: Vec<Point> = points.into_iter().filter(inside).collect();
    f.set("n_positions", keep.len() as f64);
    f.set("n_on_image", points.len() as f64);
    let mut table = table.filter(&keep);
    let x = Column::new("x_center", points.iter().map(|p| p.x).collect::<Vec<_>>()).with_unit("pix");
    let y = Column::new("y_center", points.iter().map(|p| p.y).collect::<Vec<_>>()).with_unit("pix");
    put(&mut table, x)?;
    put(&mut table, y)?;
    if let Some(name) = &s.filter_column {
        let column = table.column(&f.name)?.clone().renamed(name);
        put(&mut table, column)?;
    }
    f.tables.insert(s.table.clone(), table);
    Ok(())
}

pub(super) fn apertures(f: &mut Field, s: &AperturesStep) -> Result<()> {
    let points = f.positions(&s.table)?;
    let n = points.len();
    let mut lists: Vec<Vec<Option<PixelShape>>> = Vec::new();
    for r in &s.circle {
        let shape = PixelShape::from(CircularAperture::new(f.scalar(r)?)?);
        lists.push(vec![Some(shape); n]);
    }
    if let Some([a, b, theta]) = &s.ellipse {
        let (a, b, t) = (f.column(&s.table, a)?, f.column(&s.table, b)?, f.column(&s.table, theta)?);
        let one =
            |i: usize| EllipticalAperture::new(a[i], b[i], t[i].to_radians()).ok().map(PixelShape::from);
        lists.push((0..n).map(one).collect());
    }
    if let Some([a_in, a_out, b_out, theta]) = &s.elliptical_annulus {
        let (i, o) = (f.column(&s.table, a_in)?, f.column(&s.table, a_out)?);
        let (b, t) = (f.column(&s.table, b_out)?, f.column(&s.table, theta)?);
        let one = |k: usize| {
            EllipticalAnnulus::scaled(i[k], o[k], b[k], t[k].to_radians()).ok().map(PixelShape::from)
        };
        lists.push((0..n).map(one).collect());
    }
    let no_nan = match s.bad_pixels.as_str() {
        "skip" => true,
        "nan" => false,
        other => return Err(PipelineError::value("bad-pixels", other, "skip or nan")),
    };
    let config = PhotometryConfig {
        method: overlap_method(&s.method)?,
        exec: f.exec.clone(),
        ..PhotometryConfig::default()
    };
    let mut points = points;
    if s.sky {
        let Some(wcs) = &f.exposure.sky else {
            return Err(PipelineError::NoWcs { file: f.exposure.file.clone() });
        };
        let there_and_back = |p: Point, shape: &PixelShape| {
            let (at, shape) = shape.to_sky(wcs, p).ok()?;
            shape.to_pixel(wcs, at).ok()
        };
        for list in &mut lists {
            for (p, shape) in points.iter_mut().zip(list) {
                let found = shape.as_ref().and_then(|s| there_and_back(*p, s));
                *shape = found.map(|(at, found)| {
                    *p = at;
                    found
                });
            }
        }
    }
    let dummy = PixelShape::from(CircularAperture::new(1.0)?);
    let mut fresh = Vec::new();
    for (k, list) in lists.iter().enumerate() {
        let name = if lists.len() > 1 { format!("{}_{k}", s.name) } else { s.name.clone() };
        // A source whose shape is none has no place.
        let places: Vec<Point> = points
            .iter()
            .zip(list)
            .map(|(p, l)| if l.is_some() { *p } else { Point::new(f64::NAN, f64::NAN) })
            .collect();
        let shapes: Vec<PixelShape> =
            list.iter().map(|l| l.clone().unwrap_or_else(|| dummy.clone())).collect();
        let phot =
            AperturePhotometry::measure_each(&f.image()?, &places, &[shapes.as_slice()], None, &config)?;
        let flags = phot.flags(0);
        let bad = |i: usize| {
            !no_nan && flags[i].intersects(ApertureFlags::MASKED_PIXELS | ApertureFlags::NON_FINITE_DATA)
        };
        let blank = |v: &[f64]| -> Vec<f64> {
            v.iter().enumerate().map(|(i, v)| if bad(i) { f64::NAN } else { *v }).collect()
        };
        let unit = f.exposure.unit.clone();
        let with_unit = |mut c: Column| {
            c.unit.clone_from(&unit);
            c
        };
        fresh.push(with_unit(Column::new(&name, blank(phot.flux(0)))));
        if f.exposure.error.is_some() {
            fresh.push(with_unit(Column::new(format!("{name}_err"), blank(phot.flux_err(0)))));
        }
        let area: Vec<f64> = list.iter().map(|l| l.as_ref().map_or(f64::NAN, Aperture::area)).collect();
        fresh.push(Column::new(format!("{name}_area"), area).with_unit("pix2"));
        let flags: Vec<i64> = flags.iter().map(|v| v.bits() as i64).collect();
        fresh.push(Column::new(format!("{name}_flags"), flags));
    }
    let table = f.table_mut(&s.table)?;
    for c in fresh {
        put(table, c)?;
    }
    Ok(())
}

pub(super) fn sky(f: &mut Field, s: &SkyStep) -> Result<()> {
    let points = f.positions(&s.table)?;
    let annulus = CircularAnnulus::new(f.scalar(&s.annulus[0])?, f.scalar(&s.annulus[1])?)?;
    let clip = SigmaClip::new(s.sigma).with_max_iters(Some(s.maxiters));
    let mut mask = f.exposure.mask.clone();
    if let (true, Some(words)) = (s.without_flagged, &f.words) {
        let mask = mask.get_or_insert_with(|| Array2::from_elem(words.dim(), false));
        mask.zip_mut_with(words, |m, w| *m |= *w != 0);
    }
    let mut points = points;
    let mut data = f.exposure.data.view();
    let wider;
    if s.zeros_beyond_edge {
        let border = f.scalar(&s.annulus[1])?.ceil() as usize + 1;
        let (ny, nx) = data.dim();
        let inner = ndarray::s![border..border + ny, border..border + nx];
        let mut zeros = Array2::zeros((ny + 2 * border, nx + 2 * border));
        zeros.slice_mut(inner).assign(&data);
        mask = mask.map(|m| {
            let mut wide = Array2::from_elem(zeros.dim(), false);
            wide.slice_mut(inner).assign(&m);
            wide
        });
        points.iter_mut().for_each(|p| *p = Point::new(p.x + border as f64, p.y + border as f64));
        wider = zeros;
        data = wider.view();
    }
    let mut image = Image::new(data)?;
    if let Some(m) = &mask {
        image = image.with_mask(m.view())?;
    }
    let found = annulus_statistics(&image, &points, &annulus, Some(&clip), &f.exec)?;
    let mut values = match s.statistic.as_str() {
        "median" => found.median,
        "mean" => found.mean,
        "mode" => found.mode,
        other => return Err(PipelineError::value("statistic", other, "median, mean or mode")),
    };
    for (v, n) in values.iter_mut().zip(&found.n) {
        if *n < s.least {
            *v = f64::NAN;
        }
    }
    let mut column = Column::new(&s.name, values).with_description("sky per pixel");
    column.unit.clone_from(&f.exposure.unit);
    let n: Vec<i64> = found.n.iter().map(|n| *n as i64).collect();
    let table = f.table_mut(&s.table)?;
    put(table, column)?;
    put(table, Column::new(format!("{}_std", s.name), found.std))?;
    put(table, Column::new(format!("{}_n", s.name), n))
}

pub(super) fn compute(f: &mut Field, s: &ComputeStep) -> Result<()> {
    let values = f.column(&s.table, &s.value)?;
    let mut column = Column::new(&s.column, values);
    column.unit.clone_from(&s.unit);
    column.description = Some(s.about.clone().unwrap_or_else(|| s.value.clone()));
    put(f.table_mut(&s.table)?, column)
}

pub(super) fn select(f: &mut Field, s: &SelectStep) -> Result<()> {
    let keep = f.rows(&s.table, Some(&s.r#where))?;
    let table = f.table(&s.table)?;
    let kept = table.filter(&keep);
    if let Some(name) = &s.rejected {
        let others: Vec<bool> = keep.iter().map(|k| !k).collect();
        let rejected = table.filter(&others);
        f.tables.insert(name.clone(), rejected);
    }
    f.tables.insert(s.table.clone(), kept);
    Ok(())
}

pub(super) fn number(f: &mut Field, s: &NumberStep) -> Result<()> {
    let value = match (&s.value, &s.count, &s.max) {
        (Some(v), None, None) => f.scalar(v)?,
        (None, Some(test), None) => f.rows(&s.table, Some(test))?.iter().filter(|r| **r).count() as f64,
        (None, None, Some(e)) => {
            let finite = f.column(&s.table, e)?.into_iter().filter(|v| v.is_finite());
            finite.reduce(f64::max).unwrap_or(0.0)
        }
        _ => return Err(PipelineError::value("number", &s.name, "one of value, count and max")),
    };
    f.set(&s.name, value);
    Ok(())
}

pub(super) fn flux_scale(f: &mut Field) -> Result<()> {
    if let Err(why) = &f.scale {
        return Err(PipelineError::value("flux scale", &f.exposure.file, format!("known: {why}")));
    }
    if let Some(a) = f.pixel_area {
        f.set("pixel_area", a);
    }
    Ok(())
}

pub(super) fn encircled_energy(f: &mut Field, s: &EncircledEnergyStep) -> Result<()> {
    let table = skyphot_io::read_table(f.companion(&s.file)?)?;
    let mut energy = match &s.column {
        Some(name) => EncircledEnergy::from_column(&table, &f.fill(name)?, EnergyInterpolation::Linear)?,
        None => EncircledEnergy::from_table(&table, EnergyInterpolation::Linear)?,
    };
    if let Some(side) = &s.pixel {
        energy = energy.through_pixels(f.scalar(side)?)?;
    }
    let radius = f.scalar(&s.radius)?;
    if let Some(name) = &s.curve {
        let (radii, fractions) = energy.points();
        let unit = ["radius", "radius_arcsec"].iter().find_map(|n| table.column(n).ok()?.unit.clone());
        let mut column = Column::new("radius", radii.to_vec());
        column.unit = unit;
        let curve = Table::from_columns([column, Column::new("fraction", fractions.to_vec())])?;
        f.tables.insert(name.clone(), curve);
    }
    f.set("ee_correction", energy.correction(radius));
    Ok(())
}

pub(super) fn sky_positions(f: &mut Field, s: &TableStep) -> Result<()> {
    let points = f.positions(&s.table)?;
    let (sky, exec) = (f.exposure.sky.clone(), f.exec.clone());
    if sky.is_none() {
        return Err(PipelineError::NoWcs { file: f.exposure.file.clone() });
    }
    add_sky_columns(f.table_mut(&s.table)?, sky.as_ref(), &points, &exec)
}

pub(super) fn quality(f: &mut Field, s: &QualityStep) -> Result<()> {
    let Some(words) = &f.words else {
        return Err(PipelineError::value("data-quality plane", &f.exposure.file, "a file that brings one"));
    };
    let points = f.positions(&s.table)?;
    let found = aperture_quality(words.view(), &points, f.scalar(&s.radius)?, &f.exec)?;
    let mut columns = vec![
        Column::new("dq_any", found.any.iter().map(|v| i64::from(*v)).collect::<Vec<_>>())
            .with_description("all data-quality bits in the circle"),
        Column::new("dq_n", found.n_flagged.iter().map(|v| *v as i64).collect::<Vec<_>>()),
    ];
    for name in &s.bits {
        let bits = f.legend.bits_of(name)? as u32;
        let has: Vec<bool> = (0..found.len()).map(|i| found.has(i, bits)).collect();
        columns.push(Column::new(format!("dq_{}", name.to_ascii_lowercase()), has));
    }
    let table = f.table_mut(&s.table)?;
    columns.into_iter().try_for_each(|c| put(table, c))
}

pub(super) fn zero_point(f: &mut Field, s: &ZeroPointStep) -> Result<()> {
    let reference = skyphot_io::read_table(f.companion(&s.file)?)?;
    let [ra, dec] = &s.reference_position;
    let theirs = sky_of(&reference, (ra, dec))?;
    let magnitude = Expression::parse(&s.reference_magnitude)?.over(&reference, &f.numbers)?;
    let mine = sky_of(f.table(&s.table)?, ("ra", "dec"))?;
    let instrumental = f.column(&s.table, &s.magnitude)?;
    let select = f.rows(&s.table, s.r#where.as_deref())?;
    let config = ZeroPointConfig {
        clip: SigmaClip::new(s.sigma).with_max_iters(Some(s.maxiters)),
        ..ZeroPointConfig::default()
    };
    let found = zero_point_of_field(
        &mine,
        &instrumental,
        None,
        Some(&select),
        &Reference { sky: &theirs, magnitude: &magnitude, error: None, colour: None },
        s.radius / 3600.0,
        &config,
        &f.exec,
    )?;
    let zp = &found.zero_point;
    f.set("zero_point", zp.value);
    f.set("zero_point_error", zp.error);
    f.set("zero_point_scatter", zp.scatter);
    f.set("zero_point_n", zp.n_used as f64);
    f.set("n_matched", found.reference.iter().filter(|r| r.is_some()).count() as f64);
    let nan = f64::NAN;
    let pairs: Vec<(f64, f64)> = (0..mine.len())
        .map(|i| found.reference[i].map_or((nan, nan), |k| offset(mine[i], theirs[k])))
        .collect();
    let near = s.near.map(|r| nearest(&mine, &theirs, r, &f.exec)).transpose()?;
    let columns = found.to_table()?;
    let table = f.table_mut(&s.table)?;
    for c in columns.columns() {
        put(table, c.clone())?;
    }
    let [x, y] = offset_columns(["delta_ra", "delta_dec"].map(str::to_owned), &pairs);
    put(table, x)?;
    put(table, y)?;
    if let Some(near) = near {
        let [x, y] = offset_columns(["near_ra", "near_dec"].map(str::to_owned), &near);
        put(table, x)?;
        put(table, y)?;
    }
    Ok(())
}

/// Right ascension times the cosine of the declination, and declination, of a place less those of another, arcsec.
fn offset(a: SkyCoord, b: SkyCoord) -> (f64, f64) {
    let d = (a.lon - b.lon + 540.0).rem_euclid(360.0) - 180.0;
    (d * a.lat.to_radians().cos() * 3600.0, (a.lat - b.lat) * 3600.0)
}

fn offset_columns(names: [String; 2], offsets: &[(f64, f64)]) -> [Column; 2] {
    let [x, y] = names;
    [
        Column::new(x, offsets.iter().map(|o| o.0).collect::<Vec<_>>()).with_unit("arcsec"),
        Column::new(y, offsets.iter().map(|o| o.1).collect::<Vec<_>>()).with_unit("arcsec"),
    ]
}

/// Offsets from the nearest of other places, as far as they are within a radius (arcsec); NaN beyond it.
fn nearest(mine: &[SkyCoord], theirs: &[SkyCoord], radius: f64, exec: &Exec) -> Result<Vec<(f64, f64)>> {
    let config = CrossMatchConfig { radius: radius / 3600.0, mutual: false, exec: exec.clone() };
    let found = cross_match_sky(mine, theirs, &config)?;
    let one =
        |(i, k): (usize, &Option<usize>)| k.map_or((f64::NAN, f64::NAN), |k| offset(mine[i], theirs[k]));
    Ok(found.index.iter().enumerate().map(one).collect())
}

pub(super) fn match_truth(f: &mut Field, s: &MatchStep) -> Result<()> {
    let mine = f.positions(&s.table)?;
    if let (None, Some(file)) = (f.tables.get(&s.with), f.companions.get(&s.with)) {
        let table = skyphot_io::read_table(file)?;
        f.tables.insert(s.with.clone(), table);
    }
    let truth = f.table(&s.with)?.clone();
    let theirs = positions_of(&truth, &s.with)?;
    let config = CrossMatchConfig { radius: s.radius, mutual: true, exec: f.exec.clone() };
    let found = cross_match_xy(&mine, &theirs, &config)?;
    f.set("n_true", theirs.len() as f64);
    f.set("n_pairs", found.index.iter().filter(|i| i.is_some()).count() as f64);
    let mut columns = vec![Column::new("true_distance", found.separation.clone()).with_unit("pix")];
    for name in &s.columns {
        let values = truth.f64(name)?;
        let taken: Vec<f64> = found.index.iter().map(|i| i.map_or(f64::NAN, |i| values[i])).collect();
        columns.push(Column::new(format!("true_{name}"), taken));
    }
    let table = f.table_mut(&s.table)?;
    columns.into_iter().try_for_each(|c| put(table, c))
}

/// The colours of the sources of all fields.
pub(super) fn colours(fields: &[Field], s: &ColourStep) -> Result<Table> {
    let mut bands = Vec::new();
    for f in fields {
        bands.push((sky_of(f.table(&s.table)?, ("ra", "dec"))?, f.column(&s.table, &s.magnitude)?));
    }
    let bands: Vec<Band<'_>> = bands
        .iter()
        .zip(fields)
        .map(|((sky, magnitude), f)| Band { name: &f.name, sky, magnitude, error: None })
        .collect();
    let exec = fields.first().map(|f| f.exec.clone()).unwrap_or_default();
    let mut table = colour_magnitude(&bands, s.radius / 3600.0, &exec)?;
    if let (Some(radius), [first, others @ ..]) = (s.near, bands.as_slice()) {
        for b in others {
            let near = nearest(first.sky, b.sky, radius, &exec)?;
            let names = ["ra", "dec"].map(|c| format!("near_{c}_{}", b.name));
            for c in offset_columns(names, &near) {
                put(&mut table, c)?;
            }
        }
    }
    Ok(table)
}
