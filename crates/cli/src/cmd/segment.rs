//! `skyphot segment FILE`: sources of any shape.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use skyphot::pipeline::{
    self, BackgroundSection, InputSection, MemorySize, SegmentOptions, SegmentSection, SegmentSummary,
};

use crate::args::{BackgroundArgs, GlobalArgs, InputArgs, SegmentArgs};
use crate::output;
use crate::progress::Progress;

#[derive(Debug, Args)]
#[command(after_help = "\
Writes into the folder: catalog.ecsv (or the --format asked for), segmentation.fits (labels of 32
bits, compressed by tiles, with the header of the image), overlay.png (outlines blue, Kron ellipses
red) and labels.png. A two-dimensional background is subtracted first.

Examples:
  skyphot segment image.fits --threshold 1.5sigma --npixels 5 --kernel 3.0 --deblend -o sources
  skyphot segment i.fits --detect-image detection.fits --weight i_wht.fits --deblend -o i_band
  skyphot segment mosaic.fits --deblend --max-memory 1GiB --format parquet --no-pictures -o mosaic
  skyphot segment image.fits --kernel default.conv --columns sextractor --format fits -o sex")]
pub(crate) struct SegmentCmd {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    segment: SegmentArgs,
    /// Image that the sources are found on, of the same shape; FILE is measured in their apertures
    #[arg(long, value_name = "FILE[EXT]", help_heading = "Detection")]
    detect_image: Option<String>,
    #[command(flatten)]
    background: BackgroundArgs,
    /// The process takes no more memory than this, such as 512MiB or 2GiB: what is larger is worked on in parts, with
    /// the same results
    #[arg(long, value_name = "SIZE", help_heading = "Memory")]
    max_memory: Option<MemorySize>,
    /// Work on parts of N x N pixels, whatever the memory
    #[arg(long, value_name = "N", conflicts_with = "max_memory", help_heading = "Memory")]
    tile: Option<usize>,
    /// Folder for the results; made if it is not there
    #[arg(short, long, value_name = "DIR", help_heading = "Output")]
    output: PathBuf,
    /// Format of the catalogue
    #[arg(
        long,
        default_value = "ecsv",
        value_parser = ["ecsv", "fits", "csv", "parquet", "votable"],
        help_heading = "Output"
    )]
    format: String,
    /// Outlines of the sources as polygons: .reg (DS9) or .crtf (CASA)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    regions: Option<PathBuf>,
    /// Part of the sky that the sources cover, as a MOC: .fits, .json or .txt
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    moc: Option<PathBuf>,
    /// Order of its smallest cells, 0 to 29 [default: that of the largest cells not wider than two pixels]
    #[arg(long, value_name = "N", requires = "moc", help_heading = "Output")]
    moc_order: Option<u8>,
    /// No segmentation.fits
    #[arg(long, help_heading = "Output")]
    no_segmentation: bool,
    /// No overlay.png and labels.png
    #[arg(long, help_heading = "Output")]
    no_pictures: bool,
}

pub(crate) fn run(args: &SegmentCmd, global: &GlobalArgs) -> anyhow::Result<()> {
    let mut planes = InputSection::default();
    let (mut section, mut background) = (SegmentSection::default(), BackgroundSection::default());
    args.input.planes.apply(&mut planes);
    args.segment.apply(&mut section);
    args.background.apply(&mut background);
    let progress = Progress::new(global);
    let options = SegmentOptions {
        output: &args.output,
        format: &args.format,
        detect_image: args.detect_image.as_deref(),
        max_memory: args.max_memory,
        tile: args.tile,
        segmentation: !args.no_segmentation,
        pictures: !args.no_pictures,
        regions: args.regions.as_deref(),
        moc: args.moc.as_deref(),
        moc_order: args.moc_order,
        overwrite: global.force,
        exec: global.exec()?,
        progress: &|step| progress.step(step),
        note: &|text| progress.note(text),
    };
    let summary = pipeline::segment(&args.input.file, &planes, &background, &section, &options)
        .with_context(|| format!("skyphot segment {}", args.input.file))?;
    drop(progress);
    if global.json { output::json(&summary) } else { print(&summary, args, global) }
}

fn print(s: &SegmentSummary, args: &SegmentCmd, global: &GlobalArgs) -> anyhow::Result<()> {
    if global.quiet {
        return Ok(());
    }
    let unit = s.unit.as_deref().unwrap_or("");
    let mut text = format!(
        "{}: {} x {} pixels\nbackground {:.6} {unit}, rms {:.6} {unit}\n{} sources, {} deblended, {} with flags\n",
        s.input,
        s.shape.1,
        s.shape.0,
        s.background_median,
        s.background_rms_median,
        s.n_sources,
        s.n_deblended,
        s.n_flagged
    );
    for n in &s.notes {
        text += &format!("note: {n}\n");
    }
    if global.verbose {
        for (step, t) in &s.seconds {
            text += &format!("{t:9.3} s  {step}\n");
        }
    }
    text += &format!("written to {}: {}\n", args.output.display(), s.files.join(", "));
    output::text(&text)
}
