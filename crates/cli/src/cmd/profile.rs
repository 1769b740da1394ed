//! `skyphot profile FILE`: radial profiles and curves of growth.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use skyphot::aperture::{CurvesOfGrowth, GrowthShape, Normalization, ProfileConfig, RadialProfiles};
use skyphot::core::{Column, Exec, FlagSet, Image, Pixel, Point, Table};
use skyphot::pipeline::{
    ApertureSection, Exposure, InputSection, Length, Lengths, load, local_sky, overlap_method, table_meta,
};
use skyphot::plot::{Panel, Series, SeriesStyle, plot_lines};
use skyphot::with_exposure;

use crate::args::{GlobalArgs, InputArgs, SkyAnnulusArgs, TableOutput};
use crate::cmd::{self, aperture::read_positions};
use crate::failure::Usage;
use crate::progress::Progress;

#[derive(Debug, Args)]
#[command(after_help = "\
One row for every radius of every source: the flux inside it (curve of growth), and the mean
brightness of the ring that ends at it (profile). Without --annulus the image should be free of
background.

Examples:
  skyphot profile image.fits --positions stars.ecsv --radii 1:30:1 --annulus 40,50 --plot growth.png
  skyphot profile image.fits --positions '100.5,200' --radii 0.1:3:0.1arcsec --summary widths.csv")]
pub(crate) struct ProfileCmd {
    #[command(flatten)]
    input: InputArgs,
    /// Catalogue with pixel positions, - for ECSV on standard input, or the positions themselves: X,Y;X,Y;...
    #[arg(long, value_name = "CAT|X,Y;...", allow_hyphen_values = true, help_heading = "Profiles")]
    positions: String,
    /// Radii: first:last:step or a list, pixels or with a unit at the end (arcsec, mas: by the WCS at the image's centre)
    #[arg(
        long,
        value_name = "A:B:STEP|LIST",
        default_value = "1:30:1",
        allow_hyphen_values = true,
        help_heading = "Profiles"
    )]
    radii: Lengths,
    /// Curve of growth in ellipses: axis ratio b/a and angle of a, degrees counter-clockwise from +x
    #[arg(
        long,
        value_name = "RATIO,THETA",
        conflicts_with = "square",
        allow_hyphen_values = true,
        help_heading = "Profiles"
    )]
    ellipse: Option<String>,
    /// Curve of growth in squares; the radius is half the side
    #[arg(long, help_heading = "Profiles")]
    square: bool,
    /// Divide every curve by its largest value
    #[arg(long, help_heading = "Profiles")]
    normalize: bool,
    #[command(flatten)]
    sky: SkyAnnulusArgs,
    /// Weight of the pixels on the rims: exact, center or subpixel:N
    #[arg(long, default_value = "exact", help_heading = "Profiles")]
    method: String,
    #[command(flatten)]
    table: TableOutput,
    /// Table with one row for each source: total flux, FWHM, radii of 50 and 80 % of the flux
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    summary: Option<PathBuf>,
    /// Picture of profiles and curves of growth: .png or .svg
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    plot: Option<PathBuf>,
}

pub(crate) fn run(args: &ProfileCmd, global: &GlobalArgs) -> anyhow::Result<()> {
    let (mut planes, mut section) = (InputSection::default(), ApertureSection::default());
    args.input.planes.apply(&mut planes);
    args.sky.apply(&mut section);
    let positions = read_positions(&args.positions)?;
    let place = || format!("skyphot profile {}", args.input.file);
    let any = load(&args.input.file, &planes).with_context(place)?;
    with_exposure!(any, e => profile(&e, &positions, &planes, &section, args, global)).with_context(place)
}

/// Profiles and curves with the local sky taken off.
struct Curves {
    growth: CurvesOfGrowth,
    profiles: RadialProfiles,
    sky: Option<Vec<f64>>,
}

fn profile<T: Pixel>(
    e: &Exposure<T>,
    positions: &[Point],
    planes: &InputSection,
    section: &ApertureSection,
    args: &ProfileCmd,
    global: &GlobalArgs,
) -> anyhow::Result<()> {
    let progress = Progress::new(global);
    progress.step("profiles");
    e.require_good_pixels()?;
    cmd::aperture::require_inside(positions, e.data.dim(), &progress)?;
    let exec = global.exec()?;
    let radii = radii(&args.radii, e)?;
    let shape = growth_shape(args)?;
    let errors = e.total_error(planes.gain)?;
    let image = match &errors {
        Some(err) => e.image_with_error(err)?,
        None => e.image()?,
    };
    let mut curves = measure(&image, positions, &radii, shape, section, &args.method, &exec)?;
    if args.normalize {
        let left =
            curves.growth.normalize(Normalization::Max) + curves.profiles.normalize(Normalization::Max);
        if left > 0 {
            progress.note(&format!("note: {left} curves have no positive maximum and were not normalised"));
        }
    }
    let parameters = serde_json::json!({
        "input": planes, "positions": args.positions, "radii": radii, "ellipse": args.ellipse, "square": args.square,
        "normalize": args.normalize, "annulus": section.annulus, "annulus-stat": section.annulus_stat,
        "annulus-clip": section.annulus_clip, "method": args.method,
    });
    let meta = || table_meta("profile", &e.file, &e.sha256, &parameters);
    let mut table = long_table(&curves, &radii, e.unit.as_deref().filter(|_| !args.normalize))?;
    cmd::set_meta(&mut table, meta());
    drop(progress);
    cmd::write_table(&args.table.output, &table, global)?;
    if let Some(path) = &args.summary {
        let mut t = summary(&curves, e.unit.as_deref(), &exec)?;
        cmd::set_meta(&mut t, meta());
        cmd::write_table(path, &t, global)?;
    }
    if let Some(path) = &args.plot {
        let unit = if args.normalize { None } else { e.unit.as_deref() };
        cmd::save_picture(picture(&curves, &cmd::title(&args.input.file), unit), path, global)?;
    }
    Ok(())
}

/// Radii in pixels, ascending.
fn radii<T: Pixel>(lengths: &Lengths, e: &Exposure<T>) -> anyhow::Result<Vec<f64>> {
    let scale = if lengths.0.iter().any(|l| l.is_sky()) {
        let (ny, nx) = e.data.dim();
        let center = Point::new(0.5 * (nx as f64 - 1.0), 0.5 * (ny as f64 - 1.0));
        e.sky.as_ref().and_then(|m| m.pixel_scale(center)).ok_or_else(|| {
            Usage::error("radii on the sky need an image with a celestial WCS", "--radii in pixels: 1:30:1")
        })?
    } else {
        1.0
    };
    let r: Vec<f64> = lengths.0.iter().map(|l: &Length| l.to_pixels(scale)).filter(|r| *r != 0.0).collect();
    let ascending = r.windows(2).all(|w| w[0] < w[1]);
    if r.len() < 2 || r[0] < 0.0 || !ascending {
        return Err(Usage::error(
            format!("--radii {lengths} are not at least two ascending lengths > 0"),
            "--radii 1:30:1",
        ));
    }
    Ok(r)
}

fn growth_shape(args: &ProfileCmd) -> anyhow::Result<GrowthShape> {
    let Some(text) = &args.ellipse else {
        return Ok(if args.square { GrowthShape::Square } else { GrowthShape::Circle });
    };
    let bad = || {
        Usage::error(
            format!("--ellipse '{text}' is not an axis ratio (0 to 1) and an angle in degrees"),
            "--ellipse 0.6,30",
        )
    };
    let (q, theta) = text.split_once(',').ok_or_else(bad)?;
    let axis_ratio: f64 = q.trim().parse().ok().filter(|q| *q > 0.0 && *q <= 1.0).ok_or_else(bad)?;
    let theta: f64 = theta.trim().parse().ok().filter(|t: &f64| t.is_finite()).ok_or_else(bad)?;
    Ok(GrowthShape::Ellipse { axis_ratio, theta: theta.to_radians() })
}

fn measure<T: Pixel>(
    image: &Image<'_, T>,
    positions: &[Point],
    radii: &[f64],
    shape: GrowthShape,
    section: &ApertureSection,
    method: &str,
    exec: &Exec,
) -> anyhow::Result<Curves> {
    let config = ProfileConfig { method: overlap_method(method)?, exec: exec.clone() };
    let mut growth = CurvesOfGrowth::measure(image, positions, radii, shape, &config)?;
    let edges: Vec<f64> = std::iter::once(0.0).chain(radii.iter().copied()).collect();
    let mut profiles = RadialProfiles::measure(image, positions, &edges, &config)?;
    let sky = match section.annulus {
        Some(_) => Some(local_sky(image, positions, section, exec)?),
        None => None,
    };
    if let Some(sky) = &sky {
        for (i, b) in sky.iter().enumerate() {
            let area = growth.area.row(i).to_owned();
            growth.profile.row_mut(i).zip_mut_with(&area, |f, a| *f -= b * a);
            profiles.profile.row_mut(i).mapv_inplace(|v| v - b);
        }
    }
    Ok(Curves { growth, profiles, sky })
}

/// One row for each radius of each source.
fn long_table(c: &Curves, radii: &[f64], unit: Option<&str>) -> anyhow::Result<Table> {
    let (g, p) = (&c.growth, &c.profiles);
    let n = radii.len();
    let each = |f: &dyn Fn(usize) -> f64| (0..g.len()).flat_map(|i| vec![f(i); n]).collect::<Vec<f64>>();
    let flat = |a: &ndarray::Array2<f64>| a.iter().copied().collect::<Vec<f64>>();
    let repeat = |v: &[f64]| (0..g.len()).flat_map(|_| v.iter().copied()).collect::<Vec<f64>>();
    let unit_of = |column: Column| match unit {
        Some(u) => column.with_unit(u),
        None => column,
    };
    let mut t = Table::new();
    let ids: Vec<i64> = (0..g.len()).flat_map(|i| vec![i as i64 + 1; n]).collect();
    t.push(Column::new("id", ids).with_description("number of the source"))?;
    t.push(Column::new("x_center", each(&|i| g.positions[i].x)).with_unit("pix"))?;
    t.push(Column::new("y_center", each(&|i| g.positions[i].y)).with_unit("pix"))?;
    let size = match g.shape {
        GrowthShape::Ellipse { .. } => "semimajor axis of the ellipse",
        GrowthShape::Square => "half side of the square",
        _ => "radius of the circle",
    };
    t.push(Column::new("radius", repeat(radii)).with_unit("pix").with_description(size))?;
    t.push(unit_of(Column::new("flux", flat(&g.profile))).with_description("flux inside"))?;
    if let Some(e) = &g.profile_err {
        t.push(unit_of(Column::new("flux_err", flat(e))).with_description("its 1-sigma error"))?;
    }
    t.push(
        Column::new("area", flat(&g.area))
            .with_unit("pix2")
            .with_description("area of the good pixels inside"),
    )?;
    let ring = "middle of the circular ring that ends at the radius";
    t.push(Column::new("ring_radius", repeat(&p.radius)).with_unit("pix").with_description(ring))?;
    t.push(
        unit_of(Column::new("profile", flat(&p.profile)))
            .with_description("mean value per pixel in the ring"),
    )?;
    if let Some(e) = &p.profile_err {
        t.push(unit_of(Column::new("profile_err", flat(e))).with_description("its 1-sigma error"))?;
    }
    t.push(
        Column::new("ring_area", flat(&p.area)).with_unit("pix2").with_description("good area of the ring"),
    )?;
    if let Some(sky) = &c.sky {
        t.push(
            unit_of(Column::new("local_bkg", each(&|i| sky[i])))
                .with_description("sky per pixel, subtracted"),
        )?;
    }
    let flags: Vec<i64> =
        (0..g.len()).flat_map(|i| vec![i64::from((g.flags[i] | p.flags[i]).bits()); n]).collect();
    t.push(Column::new("flags", flags).with_description("quality of the largest aperture"))?;
    t.meta.set("flags", skyphot::aperture::ApertureFlags::legend_text());
    Ok(t)
}

/// One row for each source.
fn summary(c: &Curves, unit: Option<&str>, exec: &Exec) -> anyhow::Result<Table> {
    let mut total = c.growth.clone();
    total.unnormalize();
    let flux: Vec<f64> = total
        .profile
        .outer_iter()
        .map(|row| row.iter().copied().filter(|v| v.is_finite()).fold(f64::NAN, f64::max))
        .collect();
    total.normalize(Normalization::Max);
    let radii = total.radius_at_ee(&[0.5, 0.8]);
    let gaussian =
        c.profiles.gaussian_fits(exec).iter().map(|f| f.map_or(f64::NAN, |f| f.fwhm())).collect::<Vec<_>>();
    let moffat =
        c.profiles.moffat_fits(exec).iter().map(|f| f.map_or(f64::NAN, |f| f.fwhm())).collect::<Vec<_>>();
    let mut t = Table::new();
    t.push(Column::new("id", (1..=c.growth.len() as i64).collect::<Vec<_>>()))?;
    let positions = &c.growth.positions;
    t.push(Column::new("x_center", positions.iter().map(|p| p.x).collect::<Vec<_>>()).with_unit("pix"))?;
    t.push(Column::new("y_center", positions.iter().map(|p| p.y).collect::<Vec<_>>()).with_unit("pix"))?;
    let flux = Column::new("flux_max", flux).with_description("largest value of the curve of growth");
    t.push(match unit {
        Some(u) => flux.with_unit(u),
        None => flux,
    })?;
    let pix =
        |name: &str, v: Vec<f64>, text: &str| Column::new(name, v).with_unit("pix").with_description(text);
    t.push(pix("fwhm_gaussian", gaussian, "of a Gaussian fitted to the profile"))?;
    t.push(pix("fwhm_moffat", moffat, "of a Moffat function fitted to the profile"))?;
    t.push(pix("r50", radii.column(0).to_vec(), "radius of half of flux_max"))?;
    t.push(pix("r80", radii.column(1).to_vec(), "radius of 80 % of flux_max"))?;
    Ok(t)
}

/// Curves that are drawn at most; more are not told apart.
const DRAWN: usize = 7;

fn picture(
    c: &Curves,
    title: &str,
    unit: Option<&str>,
) -> Result<skyphot::plot::Picture, skyphot::plot::PlotError> {
    let drawn = c.growth.len().min(DRAWN);
    let series = |radius: &[f64], a: &ndarray::Array2<f64>, err: Option<&ndarray::Array2<f64>>| {
        (0..drawn)
            .map(|i| Series {
                y_err: err.map(|e| e.row(i).to_vec()),
                style: if radius.len() <= 60 { SeriesStyle::LineAndPoints } else { SeriesStyle::Line },
                name: (drawn > 1).then(|| format!("{}", i + 1)),
                ..Series::line(radius.to_vec(), a.row(i).to_vec())
            })
            .collect::<Vec<_>>()
    };
    let with_unit = |name: &str, per: &str| match unit {
        Some(u) => format!("{name} ({u}{per})"),
        None => name.to_owned(),
    };
    let (g, p) = (&c.growth, &c.profiles);
    let profile = Panel {
        series: series(&p.radius, &p.profile, p.profile_err.as_ref()),
        x_label: "radius (pixels)".into(),
        y_label: with_unit("mean brightness", "/pixel"),
        ..Panel::default()
    };
    let mut growth = Panel {
        series: series(&g.radius, &g.profile, g.profile_err.as_ref()),
        x_label: match g.shape {
            GrowthShape::Ellipse { .. } => "semimajor axis (pixels)".into(),
            GrowthShape::Square => "half side (pixels)".into(),
            _ => "radius (pixels)".into(),
        },
        y_label: with_unit("flux inside", ""),
        ..Panel::default()
    };
    if drawn == 1 {
        let mut one = g.clone();
        one.normalize(Normalization::Max);
        let half = one.radius_at_ee(&[0.5])[[0, 0]];
        if half.is_finite() {
            growth.marks.push((half, "half of the flux".to_owned()));
        }
    }
    for s in &mut growth.series {
        s.name = None;
    }
    let more =
        if g.len() > drawn { format!(" (first {drawn} of {} sources)", g.len()) } else { String::new() };
    plot_lines(&[profile, growth], Some(&format!("{title}{more}")), (900, 900))
}
