//! `skyphot reduce FRAME...`: raw CCD frames to an image.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueEnum};
use skyphot::calibration::ccd::{CombineMethod, CosmicRayConfig};
use skyphot::pipeline::spec::Pair;
use skyphot::pipeline::{ReduceOptions, reduce};

use crate::args::GlobalArgs;
use crate::failure::Usage;
use crate::output;
use crate::progress::Progress;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Method {
    Mean,
    Median,
    Sum,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Every frame is corrected, in this order: overscan, trim, bias, errors, dark, gain, flat, cosmic rays; a step that is not
asked for is left out. Several frames are combined then. Sections are [x1:x2,y1:y2] as in FITS headers, 1-based with both
ends, or the keyword that holds one. The result has the image, its 1-sigma errors (ERR) and its bad pixels (MASK); masters
bring theirs along, and so their errors go into those of the result. Errors of combined frames are those of their scatter.

Examples:
  skyphot reduce bias*.fits --overscan BIASSEC --trim TRIMSEC --combine median -o bias.fits
  skyphot reduce flat*.fits --overscan BIASSEC --trim TRIMSEC --bias bias.fits --normalize --clip 3,5 -o flat.fits
  skyphot reduce science.fits --overscan BIASSEC --trim TRIMSEC --bias bias.fits --dark dark.fits --scale-dark \\
      --flat flat.fits --gain 1.4 --read-noise 6 --cosmic-rays -o reduced.fits
  skyphot detect reduced.fits --mask 'reduced.fits[MASK]' -o stars.ecsv")]
pub(crate) struct ReduceCmd {
    /// Raw frames: FILE, FILE[EXT] or FILE[2]; planes ERR and MASK of a file are its errors and bad pixels
    #[arg(value_name = "FRAME", required = true)]
    frames: Vec<String>,
    /// Image to write (.fits, .fits.gz, .fits.fz)
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Overscan: its mean in each row (or column, if it is wider than high) is subtracted
    #[arg(long, value_name = "SECTION|KEYWORD", help_heading = "Corrections")]
    overscan: Option<String>,
    /// Median of the overscan instead of its mean
    #[arg(long, requires = "overscan", help_heading = "Corrections")]
    overscan_median: bool,
    /// Degree of a polynomial through the levels of the overscan
    #[arg(long, value_name = "N", requires = "overscan", help_heading = "Corrections")]
    overscan_degree: Option<usize>,
    /// Part that is kept
    #[arg(long, value_name = "SECTION|KEYWORD", help_heading = "Corrections")]
    trim: Option<String>,
    /// Bias frame to subtract
    #[arg(long, value_name = "FILE", help_heading = "Corrections")]
    bias: Option<String>,
    /// Dark frame (without bias) to subtract
    #[arg(long, value_name = "FILE", help_heading = "Corrections")]
    dark: Option<String>,
    /// Multiply the dark by the exposure time of the frame over its own
    #[arg(long, requires = "dark", help_heading = "Corrections")]
    scale_dark: bool,
    /// Keyword of the exposure time
    #[arg(long, value_name = "KEYWORD", default_value = "EXPTIME", help_heading = "Corrections")]
    exposure_key: String,
    /// Flat field to divide by; it is divided by its mean first
    #[arg(long, value_name = "FILE", help_heading = "Corrections")]
    flat: Option<String>,
    /// Raise lower values of the flat, as its file has them, to this
    #[arg(long, value_name = "VALUE", requires = "flat", help_heading = "Corrections")]
    flat_min: Option<f64>,
    /// Electrons per data unit: the image is multiplied by it
    #[arg(long, value_name = "GAIN", help_heading = "Corrections")]
    gain: Option<f64>,
    /// Read noise, electrons: makes the errors of the pixels, with the Poisson noise of their electrons
    #[arg(long, value_name = "ELECTRONS", help_heading = "Corrections")]
    read_noise: Option<f64>,
    /// Unit of frames whose headers have no BUNIT
    #[arg(long, value_name = "UNIT", default_value = "adu", help_heading = "Corrections")]
    unit: String,
    /// Find cosmic rays (L.A.Cosmic), replace their pixels and mark them as bad
    #[arg(long, requires = "read_noise", help_heading = "Cosmic rays")]
    cosmic_rays: bool,
    /// Signal-to-noise ratio of a hit [default: 4.5]
    #[arg(long, value_name = "S", requires = "cosmic_rays", help_heading = "Cosmic rays")]
    sigclip: Option<f64>,
    /// Contrast between a hit and a star [default: 5]
    #[arg(long, value_name = "C", requires = "cosmic_rays", help_heading = "Cosmic rays")]
    objlim: Option<f64>,
    /// Electrons at which pixels are saturated [default: 65536]
    #[arg(long, value_name = "ELECTRONS", requires = "cosmic_rays", help_heading = "Cosmic rays")]
    saturation: Option<f64>,
    /// What is made of several frames
    #[arg(long, value_enum, default_value = "mean", help_heading = "Several frames")]
    combine: Method,
    /// Leave out values that many standard deviations (by the median absolute deviation) from the median: limit,passes
    #[arg(long, value_name = "SIGMA,PASSES", help_heading = "Several frames")]
    clip: Option<Pair>,
    /// Leave out so many of the lowest and the highest values
    #[arg(long, value_name = "LOW,HIGH", help_heading = "Several frames")]
    reject: Option<Pair>,
    /// Divide each frame by its median first, as for flats
    #[arg(long, help_heading = "Several frames")]
    normalize: bool,
}

pub(crate) fn run(args: &ReduceCmd, global: &GlobalArgs) -> anyhow::Result<()> {
    let whole = |what: &str, p: Option<Pair>| {
        let (a, b) = p.map_or((0.0, 0.0), |p| (p.0, p.1));
        if a >= 0.0 && b >= 0.0 && a.fract() == 0.0 && b.fract() == 0.0 {
            return Ok((a as usize, b as usize));
        }
        Err(Usage::error(format!("{what} {a},{b} are not whole numbers"), "for example --reject 0,1"))
    };
    let clip = match args.clip {
        None => None,
        Some(Pair(limit, passes)) if limit > 0.0 && passes >= 1.0 && passes.fract() == 0.0 => {
            Some((limit, passes as usize))
        }
        Some(p) => {
            let what = format!("--clip {p} is not a limit > 0 and a whole number of passes");
            return Err(Usage::error(what, "for example --clip 3,5"));
        }
    };
    let rays = CosmicRayConfig::default();
    // The image is in electrons by then, if there is a gain.
    let rays = CosmicRayConfig {
        sigclip: args.sigclip.unwrap_or(rays.sigclip),
        objlim: args.objlim.unwrap_or(rays.objlim),
        satlevel: args.saturation.unwrap_or(rays.satlevel),
        ..rays
    };
    let options = ReduceOptions {
        overscan: args.overscan.clone(),
        overscan_median: args.overscan_median,
        overscan_degree: args.overscan_degree,
        trim: args.trim.clone(),
        bias: args.bias.clone(),
        dark: args.dark.clone(),
        scale_dark: args.scale_dark,
        exposure_key: args.exposure_key.clone(),
        flat: args.flat.clone(),
        flat_min: args.flat_min,
        gain: args.gain,
        read_noise: args.read_noise,
        cosmic_rays: args.cosmic_rays.then_some(rays),
        unit: args.unit.clone(),
        method: match args.combine {
            Method::Mean => CombineMethod::Average,
            Method::Median => CombineMethod::Median,
            Method::Sum => CombineMethod::Sum,
        },
        clip,
        reject: whole("--reject", args.reject)?,
        normalize: args.normalize,
        exec: global.exec()?,
    };
    let name = args.frames.first().map_or("", String::as_str);
    let place = || format!("skyphot reduce {name}");
    let progress = Progress::new(global);
    progress.step("reducing");
    let made = reduce(&args.frames, &options).with_context(place)?;
    progress.step("writing");
    made.write(&args.output, global.force).with_context(place)?;
    drop(progress);
    let ((ny, nx), unit) = (made.image.shape(), made.image.unit().to_string());
    if global.json {
        return output::json(&serde_json::json!({
            "output": args.output, "frames": made.n_frames, "shape": [ny, nx], "unit": unit, "bad_pixels": made.n_bad,
            "cosmic_ray_pixels": made.n_cosmic_rays,
        }));
    }
    if global.quiet {
        return Ok(());
    }
    let rays =
        if args.cosmic_rays { format!(", {} hit by cosmic rays", made.n_cosmic_rays) } else { String::new() };
    output::text(&format!(
        "{}: {nx} x {ny} pixels{} of {} frame(s), {} bad{rays}\n",
        args.output.display(),
        if unit.is_empty() { String::new() } else { format!(" ({unit})") },
        made.n_frames,
        made.n_bad
    ))
}
