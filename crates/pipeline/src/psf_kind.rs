//! Which kind of PSF is built from stars.

use std::fmt;
use std::str::FromStr;

use skyphot_psf::DaophotFunction;

use crate::{PipelineError, Result};

/// Kind of a PSF that is built from stars: `""` (an ePSF), `NX,NY` (a grid of ePSFs), or `daophot[,FUNCTION][,DEGREE]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PsfKind {
    /// One ePSF.
    #[default]
    Epsf,
    /// An ePSF for each cell of a grid.
    Grid {
        /// Cells along x.
        nx: usize,
        /// Cells along y.
        ny: usize,
    },
    /// An analytic core and a table of what it misses.
    Daophot {
        /// The function of the core; `None` for the best.
        function: Option<DaophotFunction>,
        /// Degree of the polynomial of the position, 0, 1 or 2.
        degree: u32,
    },
}

impl PsfKind {
    /// What is expected of its text.
    pub const EXPECTED: &'static str =
        "nothing, NX,NY, or daophot[,gaussian|moffat15|moffat25|lorentz|penny1|penny2][,DEGREE 0..2]";
}

impl FromStr for PsfKind {
    type Err = PipelineError;
    fn from_str(text: &str) -> Result<Self> {
        let wrong = || PipelineError::value("kind of PSF", text, Self::EXPECTED);
        let mut words = text.split(',').map(str::trim);
        match words.next() {
            Some("") if !text.contains(',') => Ok(Self::Epsf),
            Some("daophot") => {
                let (mut function, mut degree) = (None, 0);
                for w in words {
                    if let Ok(n @ 0..=2) = w.parse() {
                        degree = n;
                    } else {
                        function = Some(DaophotFunction::of_name(w).ok_or_else(wrong)?);
                    }
                }
                Ok(Self::Daophot { function, degree })
            }
            Some(nx) => {
                let cells = |t: &str| t.parse().ok().filter(|n| (1..=100).contains(n)).ok_or_else(wrong);
                match (words.next(), words.next()) {
                    (Some(ny), None) => Ok(Self::Grid { nx: cells(nx)?, ny: cells(ny)? }),
                    _ => Err(wrong()),
                }
            }
            None => Err(wrong()),
        }
    }
}

impl fmt::Display for PsfKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Epsf => Ok(()),
            Self::Grid { nx, ny } => write!(f, "{nx},{ny}"),
            Self::Daophot { function: None, degree } => write!(f, "daophot,{degree}"),
            Self::Daophot { function: Some(g), degree } => write!(f, "daophot,{},{degree}", g.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_understood() {
        for text in ["", "3,2", "daophot,0", "daophot,penny1,2"] {
            assert_eq!(text.parse::<PsfKind>().unwrap().to_string(), text);
        }
        assert_eq!("daophot".parse::<PsfKind>().unwrap().to_string(), "daophot,0");
        for wrong in ["3", "0,3", "3,2,1", ",", "daophot,voigt", "daophot,3", "epsf"] {
            assert!(wrong.parse::<PsfKind>().is_err(), "{wrong}");
        }
    }
}
