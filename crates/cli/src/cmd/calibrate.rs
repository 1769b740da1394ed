//! `skyphot calibrate PHOT`: zero point and physical units.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use skyphot::calibration::{
    ApertureCorrections, CalibrationError, EncircledEnergy, EnergyInterpolation, FluxScale,
};
use skyphot::core::{HeaderView, Point};
use skyphot::io::{FileSpec, ImageFile};
use skyphot::pipeline::calibrate::{
    CalibrateOptions, Calibrated, FluxCorrections, ZeroPointSource, calibrate,
};
use skyphot::pipeline::spec::Pair;
use skyphot::pipeline::{
    Expression, PipelineError, PixelAreas, PsfSpec, checksum, positions_of, psf_encircled_energy,
    stated_pixel_area, table_meta,
};
use skyphot::plot::{Color, Panel, Series, plot_lines};

use crate::args::GlobalArgs;
use crate::failure::Usage;
use crate::progress::Progress;
use crate::{cmd, output};

#[derive(Debug, Args)]
#[command(after_help = "\
The zero point is the AB magnitude of a flux of 1. It is that of stars of a reference catalogue
(--reference: counterparts that are each other's nearest, the clipped median of reference less
instrumental magnitude), a number, what an image says (--image), or a column (zero_point, as
forced writes it). The table gets mag_inst, mag_ab, mag_ab_err, flux_jy, flux_jy_err, and with a
reference ref_index, separation, ref_mag, zp_residual, zp_kept. A colour term is fitted by the
colours of the reference, and applied if --own-colour says those of the sources.

Examples:
  skyphot calibrate phot.ecsv --reference gaia.csv --ref-mag-column phot_g_mean_mag -o cal.ecsv
  skyphot calibrate phot.ecsv --mag-column mag_r1 --reference cat.ecsv --ref-mag-column abmag \\
      --select 'mag_r1 < -3' --clip 2,10 --radius 0.055arcsec --plot zp.png -o cal.ecsv
  skyphot calibrate phot.ecsv --zero-point 25.3 --ee-table ee.ecsv --aperture-radius 3 -o cal.fits
  skyphot calibrate phot.ecsv --image jw_cal.fits --apcorr apcorr.fits \\
      --apcorr-row filter=F770W --aperture-radius 3 -o cal.ecsv")]
pub(crate) struct CalibrateCmd {
    /// Table of fluxes, - for ECSV on standard input
    phot: String,
    /// Column of the fluxes [default: flux, flux_0, psf_flux, flux_fit, kron_flux or segment_flux]
    #[arg(long, value_name = "COLUMN", help_heading = "Fluxes", conflicts_with = "mag_column")]
    flux: Option<String>,
    /// Column of their errors [default: as the fluxes, with _err]
    #[arg(long, value_name = "COLUMN", help_heading = "Fluxes")]
    flux_err: Option<String>,
    /// Column of instrumental magnitudes, in place of fluxes
    #[arg(long, value_name = "COLUMN", help_heading = "Fluxes")]
    mag_column: Option<String>,
    /// Encircled energy (columns radius, ee): fluxes are divided by that of --aperture-radius
    #[arg(long, value_name = "FILE", help_heading = "Fluxes", conflicts_with = "apcorr")]
    ee_table: Option<String>,
    /// Column of --ee-table with the fraction, such as ee_F560W [default: ee, eefraction, ...]
    #[arg(long, value_name = "COLUMN", requires = "ee_table", help_heading = "Fluxes")]
    ee_column: Option<String>,
    /// Side of a pixel in the unit of --ee-table, if that is of the light before it falls on pixels (optical models)
    #[arg(long, value_name = "SIDE", requires = "ee_table", help_heading = "Fluxes")]
    ee_pixel: Option<f64>,
    /// Aperture corrections (columns radius, eefraction, apcorr, skyin, skyout)
    #[arg(long, value_name = "FILE", help_heading = "Fluxes")]
    apcorr: Option<String>,
    /// PSF (gaussian:FWHM, moffat:FWHM,BETA or a file): fluxes are divided by the part of its light within
    /// --aperture-radius, pixels
    #[arg(long, value_name = "PSF", help_heading = "Fluxes", conflicts_with_all = ["apcorr", "ee_table"], requires = "aperture_radius")]
    psf: Option<PsfSpec>,
    /// Which rows of --apcorr: a column and its value, such as filter=F770W; may be given several times
    #[arg(long, value_name = "COLUMN=VALUE", requires = "apcorr", help_heading = "Fluxes")]
    apcorr_row: Vec<String>,
    /// Radius of the aperture of the fluxes, in the unit of the table of corrections
    #[arg(long, value_name = "R", help_heading = "Fluxes")]
    aperture_radius: Option<f64>,
    /// Map of pixel areas: fluxes are multiplied by the area at their position (if the image was not)
    #[arg(long, value_name = "FILE[EXT]", help_heading = "Fluxes")]
    area_map: Option<String>,
    /// AB magnitude of a flux of 1
    #[arg(
        long,
        value_name = "MAG",
        allow_hyphen_values = true,
        help_heading = "Zero point",
        conflicts_with_all = ["reference", "image", "zero_point_column"]
    )]
    zero_point: Option<f64>,
    /// Column with it [default: zero_point, if there is nothing else]
    #[arg(long, value_name = "COLUMN", help_heading = "Zero point", conflicts_with_all = ["reference", "image"])]
    zero_point_column: Option<String>,
    /// Image whose header or tree says what its unit is worth
    #[arg(long, value_name = "FILE[EXT]", help_heading = "Zero point", conflicts_with = "reference")]
    image: Option<String>,
    /// Catalogue of stars of known magnitude
    #[arg(long, value_name = "CAT", help_heading = "Zero point")]
    reference: Option<String>,
    /// Column of their magnitudes
    #[arg(long, value_name = "COLUMN", default_value = "mag", help_heading = "Zero point")]
    ref_mag_column: String,
    /// Column of the errors of these
    #[arg(long, value_name = "COLUMN", help_heading = "Zero point")]
    ref_err_column: Option<String>,
    /// Rows that may take part: cuts on columns joined by & and |, mag_inst among them
    #[arg(long, value_name = "CUT", allow_hyphen_values = true, help_heading = "Zero point")]
    select: Option<Expression>,
    /// Stars of the reference that may take part
    #[arg(long, value_name = "CUT", allow_hyphen_values = true, help_heading = "Zero point")]
    ref_select: Option<Expression>,
    /// Largest distance of counterparts: 0.5arcsec
    #[arg(long, value_name = "ANGLE", default_value = "0.5arcsec", help_heading = "Zero point")]
    radius: skyphot::pipeline::Length,
    /// Clipping of the differences: sigma and passes (0: until nothing changes)
    #[arg(long, value_name = "SIGMA,N", default_value = "2,10", help_heading = "Zero point")]
    clip: Pair,
    /// What is made of the differences
    #[arg(
        long,
        value_parser = ["median", "mean", "weighted-mean"],
        default_value = "median",
        help_heading = "Zero point"
    )]
    statistic: String,
    /// Fit a colour term: a column of the reference with the colour, or two whose difference it is
    #[arg(long, value_name = "COLUMN[,COLUMN]", help_heading = "Zero point")]
    colour: Option<String>,
    /// Apply the colour term: a column of the table with the colours of its sources, or two whose difference they are
    #[arg(long, value_name = "COLUMN[,COLUMN]", requires = "colour", help_heading = "Zero point")]
    own_colour: Option<String>,
    /// Colour at which the zero point holds
    #[arg(
        long,
        value_name = "MAG",
        default_value_t = 0.0,
        allow_hyphen_values = true,
        help_heading = "Zero point"
    )]
    pivot_colour: f64,
    /// Column mag_vega: mag_ab less this
    #[arg(long, value_name = "MAG", allow_hyphen_values = true, help_heading = "Output")]
    ab_minus_vega: Option<f64>,
    /// Column mag_asinh, with this softening in the unit of the fluxes
    #[arg(long, value_name = "FLUX", help_heading = "Output")]
    asinh: Option<f64>,
    /// The limiting magnitude is so many errors
    #[arg(long, value_name = "N", default_value_t = 5.0, help_heading = "Output")]
    nsigma: f64,
    /// Table to write: .ecsv .fits .csv .parquet .vot .xml, or - for ECSV on standard output
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    /// Picture of the residuals of the zero point: .png or .svg
    #[arg(long, value_name = "FILE", requires = "reference", help_heading = "Output")]
    plot: Option<PathBuf>,
}

pub(crate) fn run(args: &CalibrateCmd, global: &GlobalArgs) -> anyhow::Result<()> {
    let place = || format!("skyphot calibrate {}", args.phot);
    let progress = Progress::new(global);
    progress.step("calibrating");
    let table = cmd::read_table(&args.phot).with_context(|| format!("reading the fluxes '{}'", args.phot))?;
    let stars = match &args.reference {
        Some(f) => Some(cmd::read_table(f).with_context(|| format!("reading the reference '{f}'"))?),
        None => None,
    };
    let mut notes = Vec::new();
    let options = options(args, global, &table, &mut notes).with_context(place)?;
    let corrections = corrections(args, &table).with_context(place)?;
    let name = args.reference.as_deref().unwrap_or_default();
    let reference = stars.as_ref().map(|s| (s, name));
    let found = match calibrate(&table, &args.phot, reference, &corrections, &options) {
        Err(PipelineError::Calibration(e @ CalibrationError::TooFewSources { .. })) => {
            return Err(anyhow::Error::new(TooFew { what: e, radius: args.radius.to_string() })
                .context(format!("skyphot calibrate {} --reference {name}", args.phot)));
        }
        other => other.with_context(place)?,
    };
    for n in &notes {
        progress.note(&format!("note: {n}"));
    }
    drop(progress);
    let to_stdout = args.output.as_ref().is_some_and(|o| o.as_os_str() == "-");
    if let Some(path) = &args.output {
        let mut out = found.table.clone();
        let sum = if args.phot == "-" { String::new() } else { checksum(&FileSpec::parse(&args.phot).path)? };
        let mut meta = table_meta("calibrate", &args.phot, &sum, &serde_json::to_value(&options)?);
        for (key, file) in [
            ("reference", &args.reference),
            ("ee-table", &args.ee_table),
            ("apcorr", &args.apcorr),
            ("area-map", &args.area_map),
        ] {
            if let Some(f) = file {
                meta.set(key, f.as_str());
            }
        }
        if let Some(p) = &args.psf {
            meta.set("psf", p.to_string());
        }
        for (key, value) in numbers(&found) {
            meta.set(key, value);
        }
        cmd::set_meta(&mut out, meta);
        cmd::write_table(path, &out, global)?;
    }
    if let Some(path) = &args.plot {
        draw(&found, args, path, global)?;
    }
    if to_stdout || global.quiet && !global.json {
        return Ok(());
    }
    if global.json {
        let mut all = serde_json::Map::new();
        all.insert("file".into(), args.phot.as_str().into());
        all.insert("column".into(), found.column.as_str().into());
        for (k, v) in numbers(&found) {
            all.insert(k.into(), v.into());
        }
        return output::json(&all);
    }
    output::text(&report(&found, &options, args))
}

/// Numbers of the metadata and of the summary.
fn numbers(found: &Calibrated) -> Vec<(&'static str, f64)> {
    let mut all = vec![("zero_point", found.zero_point), ("flux_correction", found.correction)];
    if let Some(f) = &found.field {
        let z = &f.zero_point;
        all.extend([
            ("zero_point_err", z.error),
            ("zero_point_scatter", z.scatter),
            ("zero_point_used", z.n_used as f64),
            ("zero_point_clipped", z.n_clipped as f64),
            ("zero_point_matched", f.reference.iter().flatten().count() as f64),
            ("colour_term", z.colour_term),
            ("colour_term_err", z.colour_term_error),
        ]);
    }
    all.push(("limiting_magnitude", found.limit));
    all.retain(|(_, v)| v.is_finite());
    all
}

fn report(found: &Calibrated, options: &CalibrateOptions, args: &CalibrateCmd) -> String {
    let mut text = String::new();
    match &found.field {
        Some(f) => {
            let z = &f.zero_point;
            let matched = f.reference.iter().flatten().count();
            text += &format!(
                "zero point {:.5} +- {:.5} mag (AB), scatter {:.5} mag: {} stars used, {} clipped, {matched} matched of {}\n",
                z.value,
                z.error,
                z.scatter,
                z.n_used,
                z.n_clipped,
                f.reference.len()
            );
            if options.colour.is_some() {
                text += &format!(
                    "colour term {:.5} +- {:.5} about colour {}\n",
                    z.colour_term, z.colour_term_error, options.pivot_colour
                );
            }
        }
        None => {
            let from = match &options.zero_point {
                ZeroPointSource::Scale(_, from) => format!(" by {from}"),
                ZeroPointSource::Column(c) => format!(", median of the column {c}"),
                _ => String::new(),
            };
            text += &format!("zero point {:.5} mag (AB){from}\n", found.zero_point);
        }
    }
    if (found.correction - 1.0).abs() > 1e-12 {
        text += &format!("fluxes multiplied by {:.6} (median)\n", found.correction);
    }
    if found.limit.is_finite() {
        text += &format!("limit of {} errors: {:.3} mag (median)\n", options.n_sigma, found.limit);
    }
    if let Some(o) = &args.output {
        text += &format!("{}: {} rows of {}\n", o.display(), found.table.n_rows(), found.column);
    }
    text
}

fn options(
    args: &CalibrateCmd,
    global: &GlobalArgs,
    table: &skyphot::core::Table,
    notes: &mut Vec<String>,
) -> anyhow::Result<CalibrateOptions> {
    let zero_point = match (&args.reference, &args.image, args.zero_point, &args.zero_point_column) {
        (Some(_), ..) => ZeroPointSource::Reference,
        (_, Some(file), ..) => {
            let scale = scale_of(file)?;
            notes.extend(scale.assumed().iter().map(|a| format!("{file}: {a}")));
            ZeroPointSource::Scale(scale.jansky_per_unit(), format!("{} of {file}", scale.source()))
        }
        (_, _, Some(v), _) => ZeroPointSource::Given(v),
        (.., Some(c)) => ZeroPointSource::Column(c.clone()),
        _ if table.has("zero_point") => ZeroPointSource::Column("zero_point".to_owned()),
        _ => {
            return Err(Usage::error(
                "nothing says what the zero point is",
                "--reference CAT, --zero-point MAG, or --image FILE",
            ));
        }
    };
    let radius = match args.radius {
        skyphot::pipeline::Length::Arcsec(v) => v,
        other => return Err(Usage::error(format!("--radius {other} is no angle"), "--radius 0.5arcsec")),
    };
    let columns = |c: &String| match c.split_once(',') {
        Some((a, b)) => (a.trim().to_owned(), Some(b.trim().to_owned())),
        None => (c.trim().to_owned(), None),
    };
    Ok(CalibrateOptions {
        flux: args.flux.clone(),
        flux_err: args.flux_err.clone(),
        magnitude: args.mag_column.clone(),
        zero_point,
        select: args.select.clone(),
        reference_magnitude: args.ref_mag_column.clone(),
        reference_error: args.ref_err_column.clone(),
        colour: args.colour.as_ref().map(columns),
        own_colour: args.own_colour.as_ref().map(columns),
        pivot_colour: args.pivot_colour,
        reference_select: args.ref_select.clone(),
        radius,
        clip: args.clip,
        statistic: args.statistic.clone(),
        aperture_radius: args.aperture_radius,
        ab_minus_vega: args.ab_minus_vega,
        asinh_softening: args.asinh,
        n_sigma: args.nsigma,
        exec: global.exec()?,
    })
}

/// What one unit of an image is worth.
fn scale_of(file: &str) -> anyhow::Result<FluxScale> {
    let spec = FileSpec::parse(file);
    let image = ImageFile::open(&spec.path)?;
    let area = stated_pixel_area(&image, &spec.hdu);
    Ok(match &image {
        ImageFile::Fits(f) => {
            let own = &f.image_hdu(&spec.hdu)?.header;
            FluxScale::from_header(own as &dyn HeaderView, area).or_else(|e| match f.hdus().first() {
                Some(p) => FluxScale::from_header(&p.header, area).map_err(|_| e),
                None => Err(e),
            })?
        }
        ImageFile::Asdf(f) => {
            let path = f.image_path(&spec.hdu)?;
            let parent = path.rsplit_once('.').map_or("", |(p, _)| p);
            FluxScale::from_tree(f.tree().path(parent).unwrap_or(f.tree()))?
        }
        _ => anyhow::bail!("{file} is neither FITS nor ASDF"),
    })
}

fn corrections(args: &CalibrateCmd, phot: &skyphot::core::Table) -> anyhow::Result<FluxCorrections> {
    let energy = match &args.ee_table {
        None if args.psf.is_some() => psf_energy(args, phot)?,
        Some(f) => {
            let table = cmd::read_table(f).with_context(|| format!("reading the encircled energy '{f}'"))?;
            let energy = match &args.ee_column {
                Some(c) => EncircledEnergy::from_column(&table, c, EnergyInterpolation::Linear)?,
                None => EncircledEnergy::from_table(&table, EnergyInterpolation::Linear)?,
            };
            Some(match args.ee_pixel {
                Some(side) => energy.through_pixels(side)?,
                None => energy,
            })
        }
        None => None,
    };
    let aperture = match &args.apcorr {
        Some(f) => {
            let table = cmd::read_table(f).with_context(|| format!("reading the corrections '{f}'"))?;
            let rows: Vec<(&str, &str)> = args
                .apcorr_row
                .iter()
                .map(|r| {
                    r.split_once('=').map(|(a, b)| (a.trim(), b.trim())).ok_or_else(|| {
                        Usage::error(
                            format!("--apcorr-row {r} is no COLUMN=VALUE"),
                            "--apcorr-row filter=F770W",
                        )
                    })
                })
                .collect::<anyhow::Result<_>>()?;
            Some(ApertureCorrections::from_table(&table, &rows)?)
        }
        None => None,
    };
    let areas = args.area_map.as_deref().map(PixelAreas::read).transpose()?;
    Ok(FluxCorrections { energy, aperture, areas })
}

/// The part of the light of a PSF within the aperture, at the mean position of the sources.
fn psf_energy(args: &CalibrateCmd, phot: &skyphot::core::Table) -> anyhow::Result<Option<EncircledEnergy>> {
    let (Some(spec), Some(r)) = (&args.psf, args.aperture_radius) else { return Ok(None) };
    if !(r > 0.0 && r.is_finite()) {
        return Err(Usage::error(format!("--aperture-radius {r} is no radius > 0"), "--aperture-radius 3"));
    }
    let Some(psf) = spec.load(None, None)? else {
        return Err(Usage::error("--psf build has no image to build from", "--psf epsf.fits"));
    };
    let good: Vec<Point> =
        positions_of(phot, &args.phot).unwrap_or_default().into_iter().filter(|p| p.is_finite()).collect();
    let n = good.len().max(1) as f64;
    let mean = good.iter().fold(Point::new(0.0, 0.0), |a, p| Point::new(a.x + p.x / n, a.y + p.y / n));
    Ok(Some(psf_encircled_energy(psf.model.as_ref(), mean, &[0.5 * r, r])?))
}

fn draw(found: &Calibrated, args: &CalibrateCmd, path: &Path, global: &GlobalArgs) -> anyhow::Result<()> {
    let Some(f) = &found.field else { return Ok(()) };
    let z = &f.zero_point;
    let pick = |keep: bool| -> (Vec<f64>, Vec<f64>) {
        (0..z.residual.len())
            .filter(|&i| z.kept[i] == keep && z.residual[i].is_finite())
            .map(|i| (f.magnitude[i], z.residual[i]))
            .unzip()
    };
    let ((x, y), (rx, ry)) = (pick(true), pick(false));
    let low = x.iter().chain(&rx).copied().fold(f64::INFINITY, f64::min);
    let high = x.iter().chain(&rx).copied().fold(f64::NEG_INFINITY, f64::max);
    let (used, rejected) = (x.len(), rx.len());
    let mut kept = Series::points(x, y).named(format!("used ({used})"));
    kept.color = Some(Color::DODGER_BLUE);
    let mut out = Series::points(rx, ry).named(format!("rejected ({rejected})"));
    out.color = Some(crate::overlay::RED);
    let panel = Panel {
        series: vec![out, kept, Series::line(vec![low, high], vec![0.0, 0.0])],
        x_label: format!("{} of the reference (mag)", args.ref_mag_column),
        y_label: "reference - calibrated (mag)".into(),
        ..Panel::default()
    };
    let title = format!("Zero point {:.4} +- {:.4} mag, {}", z.value, z.error, cmd::title(&args.phot));
    cmd::save_picture(plot_lines(&[panel], Some(&title), (900, 560)), path, global)
}

/// Too few counterparts, with what may help.
#[derive(Debug)]
struct TooFew {
    what: CalibrationError,
    radius: String,
}

impl std::fmt::Display for TooFew {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}; counterparts lie within {} (--radius) and pass --select and --ref-select",
            self.what, self.radius
        )
    }
}

impl std::error::Error for TooFew {}
