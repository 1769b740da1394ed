//! Region files: DS9 (`.reg`) and CASA (`.crtf`).

mod crtf;
mod crtf_output;
mod ds9;
mod ds9_output;
mod number;
mod properties;

use std::fmt;
use std::io::Write;
use std::path::Path;

use skyphot_core::Region;

use crate::{AtomicFile, IoError, Result};

/// A region file's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RegionFormat {
    /// SAOImage DS9, `.reg`.
    Ds9,
    /// CASA Region Text Format, `.crtf`.
    #[doc(alias = "CASA")]
    Crtf,
}

/// A place in a region file that was not understood, and what was done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionWarning {
    /// Line, 1 = first.
    pub line: usize,
    /// What is odd.
    pub message: String,
}

impl fmt::Display for RegionWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// What a region file holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RegionFile {
    /// The regions, in order. DS9's rings of several annuli are one region each; composites are their parts.
    pub regions: Vec<Region>,
    /// What was skipped or odd, in order of lines.
    pub warnings: Vec<RegionWarning>,
}

impl RegionFile {
    fn warn(&mut self, line: usize, message: impl Into<String>) {
        self.warnings.push(RegionWarning { line, message: message.into() });
    }
}

impl RegionFormat {
    /// The format by the first line (`#CRTF`), else by the suffix; DS9 if neither tells.
    #[must_use]
    pub fn detect(name: &Path, text: &str) -> Self {
        let by_name = name.extension().is_some_and(|e| e.eq_ignore_ascii_case("crtf"));
        if by_name || text.trim_start_matches('\u{feff}').trim_start().starts_with("#CRTF") {
            Self::Crtf
        } else {
            Self::Ds9
        }
    }

    /// The format that the suffix of an output names.
    fn of_output(path: &Path) -> Result<Self> {
        match path.extension().map(|e| e.to_string_lossy().to_lowercase()).as_deref() {
            Some("reg" | "ds9") => Ok(Self::Ds9),
            Some("crtf") => Ok(Self::Crtf),
            _ => Err(IoError::Region {
                path: path.to_owned(),
                message: "cannot tell the format of the regions from the name; expected .reg or .crtf"
                    .to_owned(),
            }),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Ds9 => "a DS9 region file",
            Self::Crtf => "a CASA region file",
        }
    }
}

/// Reads a region file. What is not understood is a [warning](RegionFile::warnings) with its line, never an error.
///
/// # Errors
/// [`IoError::Missing`], [`IoError::System`]; [`IoError::Region`] if the file is not text.
#[doc(alias = "Regions.read")]
pub fn read_regions(path: impl AsRef<Path>) -> Result<RegionFile> {
    let path = path.as_ref();
    let bytes = std::fs::read(path).map_err(|e| IoError::system(path, e))?;
    if bytes.contains(&0) {
        return Err(IoError::Region {
            path: path.to_owned(),
            message: "not a text file: expected a DS9 or CASA region file, found a zero byte".to_owned(),
        });
    }
    let text = String::from_utf8_lossy(&bytes);
    Ok(parse_regions(&text, RegionFormat::detect(path, &text)))
}

/// The regions of a text.
///
/// ```
/// use skyphot_core::region::{RegionFrame, RegionPoint, RegionShape};
/// use skyphot_io::{RegionFormat, parse_regions};
/// let file = parse_regions("image; circle(101, 51, 4) # color=red\npanda(1,2,3)", RegionFormat::Ds9);
/// assert_eq!(file.regions[0].frame, RegionFrame::Image);
/// let center = RegionPoint::new(100.0, 50.0); // DS9 counts from 1
/// assert_eq!(file.regions[0].shape, RegionShape::Circle { center, radius: 4.0 });
/// assert_eq!(file.regions[0].meta.color.as_deref(), Some("red"));
/// assert_eq!(file.warnings[0].line, 2);
/// ```
#[must_use]
#[doc(alias = "Regions.parse")]
pub fn parse_regions(text: &str, format: RegionFormat) -> RegionFile {
    let text = text.trim_start_matches('\u{feff}');
    match format {
        RegionFormat::Ds9 => ds9::parse(text),
        RegionFormat::Crtf => crtf::parse(text),
    }
}

/// Regions as text. Numbers have the digits that give the same bits again, but for the step of 1 between our pixels and
/// DS9's. Properties that the other format knows alone are left out.
///
/// # Errors
/// [`IoError::Unsupported`] for a shape or frame that the format has not.
#[doc(alias = "Regions.serialize")]
pub fn format_regions(regions: &[Region], format: RegionFormat) -> Result<String> {
    match format {
        RegionFormat::Ds9 => ds9_output::format(regions),
        RegionFormat::Crtf => crtf_output::format(regions),
    }
}

/// Writes regions; the suffix (`.reg`, `.ds9`, `.crtf`) is the format.
///
/// # Errors
/// As [`format_regions`]; [`IoError::Region`] for another suffix; [`IoError::Exists`], [`IoError::System`].
#[doc(alias = "Regions.write")]
pub fn write_regions(path: impl AsRef<Path>, regions: &[Region], overwrite: bool) -> Result<()> {
    let path = path.as_ref();
    let text = format_regions(regions, RegionFormat::of_output(path)?)?;
    let mut file = AtomicFile::create(path, overwrite)?;
    file.write_all(text.as_bytes()).map_err(|e| IoError::system(path, e))?;
    file.commit()
}
