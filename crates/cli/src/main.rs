//! The `skyphot` command: parses, calls the library, prints.

mod args;
mod cmd;
mod failure;
mod output;
mod overlay;
mod progress;
mod regions;
mod sky;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command};

fn main() -> ExitCode {
    reset_sigpipe_message();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // clap knows: help and version go to standard output with code 0, mistakes to standard error with code 2.
        Err(e) => e.exit(),
    };
    // Ctrl-C leaves no half-written file: finished files were renamed, the one in flight is removed.
    let _ = ctrlc::set_handler(|| {
        skyphot::io::cleanup_temporaries();
        std::process::exit(130);
    });
    let global = &cli.global;
    let done = match &cli.command {
        Command::Demo(a) => cmd::demo::run(a, global),
        Command::Info(a) => cmd::info::run(a, global),
        Command::Stats(a) => cmd::stats::run(a, global),
        Command::Reduce(a) => cmd::reduce::run(a, global),
        Command::Background(a) => cmd::background::run(a, global),
        Command::Detect(a) => cmd::detect::run(a, global),
        Command::Segment(a) => cmd::segment::run(a, global),
        Command::Aperture(a) => cmd::aperture::run(a, global),
        Command::Psf(a) => cmd::psf::run(a, global),
        Command::Epsf(a) => cmd::epsf::run(a, global),
        Command::Profile(a) => cmd::profile::run(a, global),
        Command::Depth(a) => cmd::depth::run(a, global),
        Command::Wcs(a) => cmd::wcs::run(a, global),
        Command::Match(a) => cmd::matching::run(a, global),
        Command::Calibrate(a) => cmd::calibrate::run(a, global),
        Command::AreaMap(a) => cmd::area_map::run(a, global),
        Command::Forced(a) => cmd::forced::run(a, global),
        Command::Simulate(a) => cmd::simulate::run(a, global),
        Command::Plot(a) => cmd::plot::run(a, global),
        Command::Run(a) => cmd::run::run(a, global),
        Command::Config(a) => cmd::config::run(a, global),
        Command::Completions(a) => cmd::completions::run(a),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => failure::report(&e),
    }
}

/// A reader that goes away (`skyphot ... | head`) ends the program quietly instead of with a panic message.
fn reset_sigpipe_message() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let text = info.payload().downcast_ref::<String>().map_or("", String::as_str);
        if text.starts_with("failed printing to stdout") {
            std::process::exit(0);
        }
        default(info);
    }));
}
