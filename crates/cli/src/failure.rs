//! How a failure is told: one line what, one line where, one line what to try; and the exit code.

use std::process::ExitCode;

use skyphot::io::IoError;
use skyphot::pipeline::PipelineError;
use skyphot::segmentation::SegmentationError;
use skyphot::wcs::WcsError;

/// A request that is wrong in itself: exit code 2.
#[derive(Debug)]
pub(crate) struct Usage {
    what: String,
    hint: String,
}

impl Usage {
    /// What is wrong, and what to try instead.
    pub(crate) fn error(what: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
        anyhow::Error::new(Self { what: what.into(), hint: hint.into() })
    }
}

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Usage {}

/// What to try after an error of the library.
fn hint(error: &anyhow::Error) -> Option<String> {
    let io = error.chain().find_map(|e| {
        e.downcast_ref::<IoError>().or_else(|| match e.downcast_ref::<PipelineError>() {
            Some(PipelineError::Io(io)) => Some(io),
            _ => None,
        })
    });
    let pipeline = error.chain().find_map(|e| e.downcast_ref::<PipelineError>());
    Some(match (io, pipeline) {
        (Some(IoError::Exists(_)), _) => "--force to overwrite, or another output".into(),
        (Some(IoError::Missing(_)), _) => "check the name and the folder".into(),
        (
            Some(IoError::MissingHdu { .. } | IoError::WrongHdu { .. } | IoError::NothingSuitable { .. }),
            _,
        ) => "skyphot info FILE lists the HDUs; FILE[EXT] or FILE[2] picks one".into(),
        (Some(IoError::Truncated { .. } | IoError::Compression { .. }), _) => {
            "fetch the file again: it is incomplete".into()
        }
        (Some(IoError::NotFits { .. } | IoError::NotAnImage { .. } | IoError::Empty(_)), _) => {
            "give an image in FITS or ASDF".into()
        }
        (Some(IoError::MissingArray { .. }), _) => {
            "skyphot info FILE lists the arrays; FILE[roman.data] picks one".into()
        }
        (_, Some(PipelineError::NoWcs { .. })) => {
            "an image with a WCS or GWCS; skyphot info FILE shows what a file has".into()
        }
        (_, Some(PipelineError::Unfinished { .. })) => {
            "--resume to go on with it, or --force to start anew".into()
        }
        (_, Some(PipelineError::NotAreas { .. })) => {
            "--area FILE[EXT] with areas over the nominal one, such as skyphot area-map writes".into()
        }
        (Some(IoError::UnknownFormat { .. }), _) => {
            "a name ending in .ecsv .fits .csv .parquet .vot or .xml".into()
        }
        (_, Some(PipelineError::Wcs(WcsError::NoCelestialAxes { .. }))) => {
            "an image whose header has a WCS: skyphot info FILE shows which HDU has one".into()
        }
        (_, Some(PipelineError::Config(_))) => "skyphot config prints all keys with their defaults".into(),
        (_, Some(PipelineError::AllBad { .. })) => {
            "check --mask, --dq and --weight: true or non-zero marks a bad pixel".into()
        }
        (_, Some(PipelineError::Segmentation(SegmentationError::Memory { .. }))) => {
            "a larger --max-memory, or a higher --threshold for fewer sources".into()
        }
        (_, Some(PipelineError::Value { .. })) => "--help explains every flag with an example".into(),
        _ => return None,
    })
}

/// Prints the error on standard error and returns the exit code: 2 for wrong usage, 1 for data and I/O.
#[allow(clippy::print_stderr)]
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    let usage = error.chain().find_map(|e| e.downcast_ref::<Usage>());
    let wrong_call = usage.is_some()
        || error.chain().any(|e| e.downcast_ref::<PipelineError>().is_some_and(PipelineError::is_usage));
    let mut lines = error.chain().map(ToString::to_string).collect::<Vec<_>>();
    // The deepest cause says what happened; what wraps it says where.
    lines.reverse();
    lines.dedup();
    eprintln!("error: {}", lines[0]);
    for l in &lines[1..] {
        eprintln!("  where: {l}");
    }
    if let Some(hint) = usage.map(|u| u.hint.clone()).or_else(|| hint(error)) {
        eprintln!("  try: {hint}");
    }
    ExitCode::from(if wrong_call { 2 } else { 1 })
}
