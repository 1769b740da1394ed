//! What a user types.

mod global;
mod input;
mod sections;
mod segment;
mod shapes;

use clap::{Parser, Subcommand};

pub(crate) use global::GlobalArgs;
pub(crate) use input::{InputArgs, PlaneArgs, TableOutput};
pub(crate) use sections::{ApertureArgs, BackgroundArgs, DetectArgs, OutputArgs, SkyAnnulusArgs, set};
pub(crate) use segment::SegmentArgs;
pub(crate) use shapes::ShapeArgs;

use crate::cmd;

/// Source detection and photometry for astronomical images.
///
/// Positions are 0-based pixels (the centre of the first pixel is 0,0); FILE[EXT], FILE[EXT,VER] or FILE[2] picks an
/// HDU. Exit codes: 0 done, 1 data or I/O error, 2 wrong usage, 130 interrupted.
#[derive(Debug, Parser)]
#[command(name = "skyphot", version, about, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Simulate the built-in field, run the pipeline on it, compare with the truth
    Demo(cmd::demo::DemoArgs),
    /// Show what a file holds: HDUs, shapes, units, world coordinates
    Info(cmd::info::InfoArgs),
    /// Sigma-clipped statistics of an image
    Stats(cmd::stats::StatsArgs),
    /// Raw CCD frames to an image: overscan, bias, dark, flat, errors, cosmic rays; combine frames
    Reduce(cmd::reduce::ReduceCmd),
    /// Estimate the two-dimensional background and its noise
    Background(cmd::background::BackgroundCmd),
    /// Find stars or peaks
    Detect(cmd::detect::DetectCmd),
    /// Find sources of any shape, take them apart, measure them
    Segment(cmd::segment::SegmentCmd),
    /// Aperture photometry at given positions
    Aperture(cmd::aperture::ApertureCmd),
    /// PSF photometry: fit a PSF to stars, alone or in groups, once or again in the residual
    Psf(cmd::psf::PsfCmd),
    /// Build an effective PSF from the stars of an image
    Epsf(cmd::epsf::EpsfCmd),
    /// Radial profiles and curves of growth of sources
    Profile(cmd::profile::ProfileCmd),
    /// Limiting flux and magnitude from random empty apertures
    Depth(cmd::depth::DepthCmd),
    /// Convert between pixels and the sky: positions, catalogues, TAN-SIP headers
    Wcs(cmd::wcs::WcsCmd),
    /// Join two catalogues by position
    Match(cmd::matching::MatchArgs),
    /// Zero point of a table of fluxes; magnitudes and flux densities
    Calibrate(cmd::calibrate::CalibrateCmd),
    /// Map of the area of every pixel on the sky
    AreaMap(cmd::area_map::AreaMapArgs),
    /// Photometry of a list of places on the sky in many images
    Forced(cmd::forced::ForcedCmd),
    /// Make a synthetic image from a scene file, with its truth
    Simulate(cmd::simulate::SimulateCmd),
    /// Draw an image, with marks on the sources of a catalogue
    Plot(cmd::plot::PlotArgs),
    /// The whole job: background, detection, photometry, catalogue, maps and a picture
    Run(cmd::run::RunArgs),
    /// Print the commented default configuration
    Config(cmd::config::ConfigArgs),
    /// Print shell completions
    Completions(cmd::completions::CompletionsArgs),
}
