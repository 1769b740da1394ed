//! Forced photometry of one image.

use std::sync::Arc;

use ndarray::Array2;
use skyphot_aperture::{PhotometryConfig, PixelShape, annulus_statistics};
use skyphot_calibration::{FluxScale, MagnitudeSystem};
use skyphot_core::{Column, Exec, FlagSet, HeaderView, Image, Pixel, Point, SkyTransform, Table};
use skyphot_io::{ImageFile, PixelType};
use skyphot_psf::{InitialParameters, PsfFlags, PsfModel};
use skyphot_stats::{SigmaClip, sigma_clipped_stats};
use skyphot_wcs::sky::SkyFrame;

use super::{ForcedFlags, ForcedOptions, ForcedTargets, Observation, observation_of};
use crate::load::{Opened, Part};
use crate::{
    DetectSection, EpsfOptions, LoadedPsf, Noise, PipelineError, PsfOptions, PsfSpec, PsfStart, Result,
    Shapes, SkyMap, Sources, StarChoice, build_psf, choose_stars, detect, measure_shapes, overlap_method,
    psf_photometry, shape_statistics, stated_pixel_area,
};

/// Square seconds of arc in steradians.
const SR_PER_ARCSEC2: f64 = 2.350_443_053_909_789e-11;
/// The error of a median over that of a mean, for normal deviates.
const MEDIAN: f64 = 1.253_314_137_315_500_3;

/// Fluxes of all places in one image, a row for each (for those on the image with
/// [`only_on_image`](ForcedOptions::only_on_image)). `psf` is the loaded [`ForcedOptions::psf`]; for one to be built from
/// the stars of the image it is `None`.
///
/// Columns: `id`, `ra dec` (ICRS, degrees), `image`, `filter`, `mjd`, `exptime` (see
/// [`observation_of`]), `unit` of the fluxes, `zero_point` (AB magnitude of a flux of 1, NaN if the file does not say), `x y`
/// (pixels, 0-based), for every aperture `flux flux_err limit area` (numbered from 0 if there are several), with an
/// annulus `local_bkg local_bkg_err` per pixel, with a PSF `psf_flux psf_flux_err psf_limit psf_qfit psf_cfit`, `dq` (all
/// bits of the data quality in the largest aperture), `flags` ([`ForcedFlags`]).
///
/// The variance of an aperture's flux is the sum of the variances of its pixels and `(area local_bkg_err)^2`, where
/// `local_bkg_err` is the clipped standard deviation of the annulus over the root of its number of pixels (times 1.2533
/// for a median). An image without errors gets those of its clipped scatter, and of the Poisson noise above its clipped
/// median if a gain is given. Limits are [`n_sigma`](ForcedOptions::n_sigma) errors. The error of the PSF's flux does not
/// know that of the local background.
///
/// # Errors
/// Those of [`load`](crate::load) and of the measurements; [`PipelineError::NoWcs`]; [`PipelineError::AllBad`].
pub fn measure_forced(
    file: &str,
    targets: &ForcedTargets,
    options: &ForcedOptions,
    psf: Option<&LoadedPsf>,
) -> Result<Table> {
    options.check()?;
    let opened = Opened::new(file, &options.planes)?;
    match opened.science.pixel_type {
        PixelType::F32 => Forced::<f32>::new(&opened, targets, options)?.table(psf),
        PixelType::F64 => Forced::<f64>::new(&opened, targets, options)?.table(psf),
    }
}

/// One image and where the sources are on it.
struct Forced<'a, T: Pixel> {
    opened: &'a Opened,
    targets: &'a ForcedTargets,
    options: &'a ForcedOptions,
    sky: SkyMap,
    points: Vec<Point>,
    /// Rows of the list that are on the image.
    rows: Vec<usize>,
    kind: std::marker::PhantomData<T>,
}

/// Columns of the sources on the image, in their order.
#[derive(Default)]
struct Measured {
    columns: Vec<(Column, Vec<f64>)>,
    dq: Vec<i64>,
    flags: Vec<ForcedFlags>,
}

impl Measured {
    fn push(&mut self, name: impl Into<String>, description: &str, values: Vec<f64>) {
        let empty: Vec<f64> = Vec::new();
        self.columns.push((Column::new(name, empty).with_description(description), values));
    }
}

/// Background per pixel and its error.
type Local = (Vec<f64>, Vec<f64>);

impl<'a, T: Pixel> Forced<'a, T> {
    fn new(opened: &'a Opened, targets: &'a ForcedTargets, options: &'a ForcedOptions) -> Result<Self> {
        let Some(sky) = opened.science.sky.clone() else {
            return Err(PipelineError::NoWcs { file: opened.file.clone() });
        };
        let places = SkyFrame::Icrs.convert_all(sky.frame(), targets.sky(), &options.exec);
        let mut points = vec![Point::new(f64::NAN, f64::NAN); places.len()];
        sky.sky_to_pixels(&places, &mut points);
        let (ny, nx) = opened.shape;
        let inside = |p: &Point| p.x >= -0.5 && p.y >= -0.5 && p.x < nx as f64 - 0.5 && p.y < ny as f64 - 0.5;
        let rows = (0..points.len()).filter(|&i| inside(&points[i])).collect();
        Ok(Self { opened, targets, options, sky, points, rows, kind: std::marker::PhantomData })
    }

    fn table(&self, psf: Option<&LoadedPsf>) -> Result<Table> {
        let measured = if self.rows.is_empty() {
            // Nothing to see: the pixels need not be read, the columns are those of no source.
            let (data, none) = (Array2::<T>::from_elem((1, 1), T::default()), Array2::zeros((1, 1)));
            let model = psf.map(|p| p.model.clone());
            let model = match (&self.options.psf, model) {
                (Some(PsfSpec::Build(_)), _) => {
                    PsfSpec::Gaussian { fwhm: 2.0 }.load(None, None)?.map(|p| p.model)
                }
                (_, m) => m,
            };
            self.measure(&Image::new(data.view())?, Some(&none), false, model.as_deref())?
        } else {
            self.of_pixels(psf)?
        };
        self.assemble(measured)
    }

    fn of_pixels(&self, psf: Option<&LoadedPsf>) -> Result<Measured> {
        let exec = &self.options.exec;
        let Part { data, error, mask } = self.opened.read::<T>(None)?;
        let good = match &mask {
            Some(m) => data.iter().zip(m).any(|(v, m)| v.is_finite() && !m),
            None => data.iter().any(|v| v.is_finite()),
        };
        if !good {
            return Err(PipelineError::AllBad { file: self.opened.file.clone(), pixels: data.len() });
        }
        let mut plain = Image::new(data.view())?;
        if let Some(m) = &mask {
            plain = plain.with_mask(m.view())?;
        }
        let gain = self.options.planes.gain;
        let scattered = error.is_none();
        let needs_level = scattered || matches!(self.options.psf, Some(PsfSpec::Build(_)));
        let stats =
            if needs_level { Some(sigma_clipped_stats(&plain, &SigmaClip::default(), exec)?) } else { None };
        let (level, scatter) = stats.as_ref().map_or((0.0, f64::NAN), |s| (s.median, s.std));
        let error: Array2<T> = match (error, gain) {
            (Some(e), None) => e,
            (Some(e), Some(g)) => ndarray::Zip::from(&e)
                .and(&data)
                .map_collect(|e, v| T::from_f64((e.to_f64().powi(2) + v.to_f64().max(0.0) / g).sqrt())),
            (None, g) => data.mapv(|v| {
                let source = g.map_or(0.0, |g| (v.to_f64() - level).max(0.0) / g);
                T::from_f64((scatter * scatter + source).sqrt())
            }),
        };
        let image = plain.with_error(error.view())?;
        let model: Option<Arc<dyn PsfModel>> = match (&self.options.psf, psf) {
            (Some(PsfSpec::Build(_)), _) => Some(build(&image, level, scatter, self.options)?),
            (_, Some(p)) => Some(p.model.clone()),
            (_, None) => None,
        };
        let words = self.opened.dq_words()?;
        self.measure(&image, words.as_ref(), scattered, model.as_deref())
    }

    /// All columns of the sources on the image.
    fn measure(
        &self,
        image: &Image<'_, T>,
        words: Option<&Array2<u32>>,
        scattered: bool,
        model: Option<&dyn PsfModel>,
    ) -> Result<Measured> {
        let o = self.options;
        let positions: Vec<Point> = self.rows.iter().map(|&i| self.points[i]).collect();
        let catalogue = self.targets.table().take(&self.rows);
        let sources = Sources { positions: &positions, table: Some(&catalogue), sky: Some(&self.sky) };
        let start = if scattered { ForcedFlags::ERROR_FROM_SCATTER } else { ForcedFlags::empty() };
        let mut out = Measured { flags: vec![start; positions.len()], ..Measured::default() };
        let annulus = o.annulus.as_ref().map(|a| a.resolve(&sources)).transpose()?;
        let local = annulus.map(|a| self.local(image, &positions, &a, &mut out.flags)).transpose()?;
        let shapes = o.apertures.iter().map(|a| a.resolve(&sources)).collect::<Result<Vec<_>>>()?;
        let first = self.apertures(image, &positions, &shapes, local.as_ref(), &mut out)?;
        if let Some((value, error)) = &local {
            out.push("local_bkg", "local sky per pixel, subtracted", value.clone());
            out.push("local_bkg_err", "error of the local sky per pixel", error.clone());
        }
        let fitted = match model {
            Some(m) => Some(self.fit(image, &positions, m, local.as_ref(), &mut out)?),
            None => None,
        };
        if let Some((flux, limit)) = first.or(fitted) {
            for ((f, l), flags) in flux.iter().zip(&limit).zip(&mut out.flags) {
                flags.set(ForcedFlags::UPPER_LIMIT, f < l);
            }
        }
        out.dq = match words {
            Some(w) => {
                (0..positions.len()).map(|i| i64::from(quality(w, positions[i], &shapes, i))).collect()
            }
            None => vec![0; positions.len()],
        };
        Ok(out)
    }

    fn local(
        &self,
        image: &Image<'_, T>,
        positions: &[Point],
        annulus: &Shapes,
        flags: &mut [ForcedFlags],
    ) -> Result<Local> {
        let (section, exec) = (&self.options.section, &self.options.exec);
        let pair = section.annulus_clip;
        if !(pair.0 > 0.0 && pair.1 >= 0.0) {
            return Err(PipelineError::value(
                "annulus-clip",
                pair.to_string(),
                "sigma,passes with sigma > 0",
            ));
        }
        let clip =
            SigmaClip { max_iters: (pair.1 >= 1.0).then_some(pair.1 as usize), ..SigmaClip::new(pair.0) };
        let (median, mean, mode, std, n) = match annulus {
            Shapes::Same(s) => {
                let s = annulus_statistics(image, positions, s.as_aperture(), Some(&clip), exec)?;
                (s.median, s.mean, s.mode, s.std, s.n.iter().map(|n| *n as f64).collect::<Vec<_>>())
            }
            each => {
                let config = skyphot_aperture::StatsConfig {
                    sigma_clip: Some(clip),
                    exec: exec.clone(),
                    ..Default::default()
                };
                let s = shape_statistics(image, positions, each, None, &config)?;
                (s.median, s.mean, s.mode, s.std, s.center_aper_area)
            }
        };
        let (value, factor) = match section.annulus_stat.as_str() {
            "median" => (median, MEDIAN),
            "mean" => (mean, 1.0),
            // Three medians less two means.
            "mode" => (mode, 3.0 * MEDIAN - 2.0),
            other => {
                return Err(PipelineError::value("annulus-stat", other, "one of median, mean, mode"));
            }
        };
        for (v, f) in value.iter().zip(flags) {
            f.set(ForcedFlags::NO_BACKGROUND, !v.is_finite());
        }
        let error = std.iter().zip(&n).map(|(s, n)| if *n > 0.0 { factor * s / n.sqrt() } else { f64::NAN });
        Ok((value, error.collect()))
    }

    /// Flux and limit of the first aperture.
    fn apertures(
        &self,
        image: &Image<'_, T>,
        positions: &[Point],
        shapes: &[Shapes],
        local: Option<&Local>,
        out: &mut Measured,
    ) -> Result<Option<(Vec<f64>, Vec<f64>)>> {
        if shapes.is_empty() {
            return Ok(None);
        }
        let config = PhotometryConfig {
            method: overlap_method(&self.options.section.method)?,
            local_background: local.map(|l| l.0.clone()),
            exec: self.options.exec.clone(),
            ..PhotometryConfig::default()
        };
        let sums = measure_shapes(image, positions, shapes, None, &config)?;
        let mut first = None;
        for k in 0..shapes.len() {
            let named = |name: &str| if shapes.len() == 1 { name.to_owned() } else { format!("{name}_{k}") };
            let column = |name: &str| -> Result<Vec<f64>> {
                let n = named(name);
                Ok(if sums.has(&n) { sums.f64(&n)? } else { vec![f64::NAN; positions.len()] })
            };
            let (flux, area) = (column("flux")?, column("area")?);
            let mut error = column("flux_err")?;
            if let Some((_, sky)) = local {
                for ((e, a), s) in error.iter_mut().zip(&area).zip(sky) {
                    *e = e.hypot(a * s);
                }
            }
            let limit: Vec<f64> = error.iter().map(|e| self.options.n_sigma * e).collect();
            let flags = if sums.has(&named("flags")) { named("flags") } else { "flags".to_owned() };
            for (i, (f, bits)) in out.flags.iter_mut().zip(sums.column(&flags)?.to_i64()?).enumerate() {
                *f |= of_aperture(bits as u32, shapes[k].at(i).is_none());
            }
            if first.is_none() {
                first = Some((flux.clone(), limit.clone()));
            }
            out.push(named("flux"), "sum within the aperture less its sky", flux);
            out.push(named("flux_err"), "error of the flux", error);
            out.push(named("limit"), "smallest flux that counts as seen", limit);
            out.push(named("area"), "pixels of the aperture that were used", area);
        }
        Ok(first)
    }

    /// Flux and limit of the PSF.
    fn fit(
        &self,
        image: &Image<'_, T>,
        positions: &[Point],
        model: &dyn PsfModel,
        local: Option<&Local>,
        out: &mut Measured,
    ) -> Result<(Vec<f64>, Vec<f64>)> {
        let n = positions.len();
        let nan = || vec![f64::NAN; n];
        let (mut flux, mut error, mut qfit, mut cfit) = (nan(), nan(), nan(), nan());
        if n > 0 {
            let initial = InitialParameters {
                local_bkg: local.map(|l| l.0.clone()),
                ..InitialParameters::from_positions(positions)
            };
            let options = PsfOptions {
                fit_shape: self.options.fit_shape,
                fixed_positions: true,
                group: self.options.group,
                exec: self.options.exec.clone(),
                ..PsfOptions::default()
            };
            let phot = psf_photometry(image, model, &PsfStart::Given(initial), None, &options)?;
            for i in 0..n {
                let f = phot.flags[i];
                let sky = local.is_none_or(|l| l.0[i].is_finite());
                if sky {
                    (flux[i], error[i]) = (phot.flux_fit[i], phot.flux_err[i]);
                    (qfit[i], cfit[i]) = (phot.qfit[i], phot.cfit[i]);
                }
                let seen = flux[i].is_finite() && error[i].is_finite();
                out.flags[i].set(ForcedFlags::PSF_FAILED, !seen);
                if f.intersects(PsfFlags::N_PIXELS_FIT_PARTIAL) {
                    let box_at = |v: f64, half: usize, n: usize| {
                        let c = v.round();
                        c - half as f64 >= 0.0 && c + half as f64 <= n as f64 - 1.0
                    };
                    let (hy, hx) = (self.options.fit_shape.0 / 2, self.options.fit_shape.1 / 2);
                    let (ny, nx) = image.shape();
                    let whole = box_at(positions[i].x, hx, nx) && box_at(positions[i].y, hy, ny);
                    out.flags[i] |= if whole { ForcedFlags::BAD_PIXELS } else { ForcedFlags::EDGE };
                }
                if f.intersects(PsfFlags::FULLY_MASKED | PsfFlags::NO_OVERLAP | PsfFlags::TOO_FEW_PIXELS) {
                    out.flags[i] |= ForcedFlags::NO_PIXELS;
                }
            }
        }
        let limit: Vec<f64> = error.iter().map(|e| self.options.n_sigma * e).collect();
        out.push("psf_flux", "flux of the PSF at the place", flux.clone());
        out.push("psf_flux_err", "error of the flux of the PSF", error);
        out.push("psf_limit", "smallest flux of the PSF that counts as seen", limit.clone());
        out.push("psf_qfit", "sum of the absolute residuals over the flux", qfit);
        out.push("psf_cfit", "residual of the central pixel over the flux", cfit);
        Ok((flux, limit))
    }

    /// Rows for all places, or those on the image.
    fn assemble(&self, measured: Measured) -> Result<Table> {
        let wanted: Vec<usize> =
            if self.options.only_on_image { self.rows.clone() } else { (0..self.points.len()).collect() };
        let mut place = vec![None; self.points.len()];
        for (k, i) in self.rows.iter().enumerate() {
            place[*i] = Some(k);
        }
        let n = wanted.len();
        let of = |f: &dyn Fn(usize) -> f64| -> Vec<f64> { wanted.iter().map(|&i| f(i)).collect() };
        let (file, hdu) = self.opened.source();
        let Observation { mjd, exptime, filter } = observation_of(file, hdu);
        let unit = self.opened.science.unit.clone().unwrap_or_default();
        let sky = self.targets.sky();
        let mut table = Table::from_columns([
            self.targets.id().take(&wanted),
            Column::new("ra", of(&|i| sky[i].lon)).with_unit("deg").with_description("right ascension, ICRS"),
            Column::new("dec", of(&|i| sky[i].lat)).with_unit("deg").with_description("declination, ICRS"),
            Column::new("image", vec![self.opened.file.clone(); n]),
            Column::new("filter", vec![filter; n]),
            Column::new("mjd", vec![mjd; n]).with_unit("d").with_description("start of the exposure"),
            Column::new("exptime", vec![exptime; n]).with_unit("s"),
            Column::new("unit", vec![unit; n]).with_description("unit of the fluxes"),
            Column::new("zero_point", vec![self.zero_point(); n])
                .with_unit("mag")
                .with_description("AB magnitude of a flux of 1"),
            Column::new("x", of(&|i| self.points[i].x)).with_unit("pix"),
            Column::new("y", of(&|i| self.points[i].y)).with_unit("pix"),
        ])?;
        for (column, values) in measured.columns {
            let spread = of(&|i| place[i].map_or(f64::NAN, |k: usize| values[k]));
            let mut c = Column::new(column.name(), spread);
            c.description = column.description;
            table.push(c)?;
        }
        let dq: Vec<i64> = wanted.iter().map(|&i| place[i].map_or(0, |k| measured.dq[k])).collect();
        let flags: Vec<i32> = wanted
            .iter()
            .map(|&i| place[i].map_or(ForcedFlags::OFF_IMAGE, |k| measured.flags[k]).to_bits() as i32)
            .collect();
        table.push(Column::new("dq", dq).with_description("all bits of the data quality"))?;
        table.push(Column::new("flags", flags).with_description("quality, see the metadata"))?;
        Ok(table)
    }

    /// AB magnitude of one unit; NaN where the file does not say.
    fn zero_point(&self) -> f64 {
        let (file, hdu) = self.opened.source();
        let scale = match file {
            ImageFile::Fits(f) => {
                let own = f.image_hdu(hdu).ok().map(|h| &h.header as &dyn HeaderView);
                let primary = f.hdus().first().map(|h| &h.header as &dyn HeaderView);
                let (ny, nx) = self.opened.shape;
                let middle = Point::new(0.5 * (nx as f64 - 1.0), 0.5 * (ny as f64 - 1.0));
                let area = stated_pixel_area(file, hdu)
                    .or_else(|| Some(self.sky.pixel_scale(middle)?.powi(2) * SR_PER_ARCSEC2));
                FluxScale::from_header(&Headers(own.into_iter().chain(primary).collect()), area).ok()
            }
            ImageFile::Asdf(f) => {
                let path = f.image_path(hdu).unwrap_or_default();
                let parent = path.rsplit_once('.').map_or("", |(p, _)| p);
                f.tree().path(parent).and_then(|n| FluxScale::from_tree(n).ok())
            }
            _ => None,
        };
        scale.map_or(f64::NAN, |s| s.zero_point(MagnitudeSystem::Ab))
    }
}

/// Headers one behind the other: the first that has a keyword counts.
struct Headers<'a>(Vec<&'a dyn HeaderView>);

impl HeaderView for Headers<'_> {
    fn get_str(&self, key: &str) -> Option<String> {
        self.0.iter().find_map(|h| h.get_str(key))
    }

    fn keys(&self) -> Vec<String> {
        self.0.iter().flat_map(|h| h.keys()).collect()
    }
}

fn of_aperture(bits: u32, none: bool) -> ForcedFlags {
    use skyphot_aperture::ApertureFlags as A;
    if none {
        return ForcedFlags::NO_APERTURE;
    }
    let a = A::from_bits_truncate(bits);
    let mut f = ForcedFlags::empty();
    f.set(ForcedFlags::EDGE, a.intersects(A::PARTIAL_OVERLAP));
    f.set(ForcedFlags::BAD_PIXELS, a.intersects(A::MASKED_PIXELS | A::NON_FINITE_DATA | A::NON_FINITE_ERROR));
    f.set(ForcedFlags::NO_PIXELS, a.intersects(A::NO_OVERLAP | A::NO_PIXELS | A::ALL_MASKED));
    f
}

/// All bits of the pixels that the widest aperture of source `i` touches; of the pixel of the place without apertures.
fn quality(words: &Array2<u32>, p: Point, shapes: &[Shapes], i: usize) -> u32 {
    let shape = shapes
        .iter()
        .filter_map(|s| s.at(i))
        .max_by(|a, b| a.as_aperture().area().total_cmp(&b.as_aperture().area()));
    let (ny, nx) = words.dim();
    let cut = |v: f64, n: usize| v.max(0.0).min(n as f64) as usize;
    match shape {
        Some(PixelShape::Circle(c)) => {
            let r = c.r();
            let (x0, x1) = (cut((p.x - r).round(), nx), cut((p.x + r).round() + 1.0, nx));
            let (y0, y1) = (cut((p.y - r).round(), ny), cut((p.y + r).round() + 1.0, ny));
            let mut all = 0;
            for y in y0..y1 {
                for x in x0..x1 {
                    // The point of the pixel that is nearest to the centre.
                    let gap = |v: f64, c: f64| ((v - c).abs() - 0.5).max(0.0);
                    if gap(x as f64, p.x).hypot(gap(y as f64, p.y)) < r {
                        all |= words[[y, x]];
                    }
                }
            }
            all
        }
        Some(other) => {
            let b = other.as_aperture().bbox(p);
            let (x0, x1) = (cut(b.x_min as f64, nx), cut(b.x_max as f64, nx));
            let (y0, y1) = (cut(b.y_min as f64, ny), cut(b.y_max as f64, ny));
            (y0..y1).flat_map(|y| (x0..x1).map(move |x| (y, x))).fold(0, |all, at| all | words[at])
        }
        None => words.get((cut(p.y.round(), ny), cut(p.x.round(), nx))).copied().unwrap_or(0),
    }
}

/// A PSF from the stars of the image.
fn build<T: Pixel>(
    image: &Image<'_, T>,
    level: f64,
    scatter: f64,
    options: &ForcedOptions,
) -> Result<Arc<dyn PsfModel>> {
    const SIZE: (usize, usize) = (25, 25);
    const MOST: usize = 40;
    let data = image.data().mapv(|v| v.to_f64() - level);
    let mut less = Image::new(data.view())?;
    if let Some(m) = image.mask() {
        less = less.with_mask(m)?;
    }
    let exec: &Exec = &options.exec;
    let found = detect(&less, &Noise::Scalar(scatter), &DetectSection::default(), exec)?;
    let choice = StarChoice { size: SIZE, most: MOST, fwhm: found.fwhm, ..StarChoice::default() };
    let chosen = choose_stars(&less, &found.positions, &choice)?;
    let os = options.oversampling.unwrap_or(4);
    let config =
        EpsfOptions { size: SIZE, oversampling: (os, os), exec: exec.clone(), ..EpsfOptions::default() };
    Ok(build_psf(&less, &chosen.catalog(), &config, |_| ())?.0.model())
}
