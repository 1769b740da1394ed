//! Small values a user types: sizes, pairs, thresholds.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{PipelineError, Result};

/// A length in pixels as typed: `3`, `3px`.
///
/// # Errors
/// [`PipelineError::Value`] for other units and for text that is not a number.
pub fn parse_pixels(text: &str) -> Result<f64> {
    let t = text.trim();
    let number = t.strip_suffix("px").or_else(|| t.strip_suffix("pix")).unwrap_or(t).trim();
    let v: f64 = number
        .parse()
        .map_err(|_| PipelineError::value("size", text, "a number of pixels such as 3 or 3px"))?;
    if v.is_finite() { Ok(v) } else { Err(PipelineError::value("size", text, "a finite number of pixels")) }
}

/// Sizes in pixels as typed: `3,5,7.5px`.
///
/// # Errors
/// As [`parse_pixels`], and for an empty list.
pub fn parse_pixel_list(text: &str) -> Result<Vec<f64>> {
    text.split(',').map(parse_pixels).collect()
}

/// Whole sizes `(ny, nx)`: one number for both, or `ny,nx`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape(
    /// Rows.
    pub usize,
    /// Columns.
    pub usize,
);

impl FromStr for Shape {
    type Err = PipelineError;

    fn from_str(s: &str) -> Result<Self> {
        let bad = || PipelineError::value("size", s, "one whole number of pixels >= 1, or two as ny,nx");
        let one = |t: &str| {
            t.trim().trim_end_matches("px").parse::<usize>().ok().filter(|&v| v > 0).ok_or_else(bad)
        };
        match s.split(',').collect::<Vec<_>>()[..] {
            [a] => one(a).map(|v| Self(v, v)),
            [a, b] => Ok(Self(one(a)?, one(b)?)),
            _ => Err(bad()),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == self.1 { write!(f, "{}", self.0) } else { write!(f, "{},{}", self.0, self.1) }
    }
}

/// A detection threshold: so many sigma of the background noise, or a value in the unit of the data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ThresholdSpec {
    /// Times the background rms of each pixel.
    Sigma(f64),
    /// In the unit of the image.
    Value(f64),
}

impl FromStr for ThresholdSpec {
    type Err = PipelineError;

    fn from_str(s: &str) -> Result<Self> {
        let t = s.trim();
        let (number, sigma) = match t.strip_suffix("sigma").or_else(|| t.strip_suffix('s')) {
            Some(n) => (n, true),
            None => (t, false),
        };
        let v: f64 = number.trim().parse().ok().filter(|v: &f64| v.is_finite()).ok_or_else(|| {
            PipelineError::value(
                "threshold",
                s,
                "a value in image units such as 12.5, or so many sigma: 5sigma",
            )
        })?;
        Ok(if sigma { Self::Sigma(v) } else { Self::Value(v) })
    }
}

impl fmt::Display for ThresholdSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sigma(v) => write!(f, "{v}sigma"),
            Self::Value(v) => write!(f, "{v}"),
        }
    }
}

/// Full width at half maximum of point sources: given in pixels, or measured on the brightest stars.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FwhmSpec {
    /// Measured on the image.
    Auto,
    /// Pixels.
    Pixels(f64),
}

impl FromStr for FwhmSpec {
    type Err = PipelineError;

    fn from_str(s: &str) -> Result<Self> {
        if s.trim() == "auto" {
            return Ok(Self::Auto);
        }
        match parse_pixels(s) {
            Ok(v) if v > 0.0 => Ok(Self::Pixels(v)),
            _ => Err(PipelineError::value("fwhm", s, "a number of pixels > 0, or auto")),
        }
    }
}

impl fmt::Display for FwhmSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Pixels(v) => write!(f, "{v}"),
        }
    }
}

/// Two numbers `low,high`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair(
    /// First (lower, inner).
    pub f64,
    /// Second (upper, outer).
    pub f64,
);

impl FromStr for Pair {
    type Err = PipelineError;

    fn from_str(s: &str) -> Result<Self> {
        match parse_pixel_list(s)?[..] {
            [a, b] => Ok(Self(a, b)),
            _ => Err(PipelineError::value("pair", s, "two numbers as low,high")),
        }
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.0, self.1)
    }
}

/// A list of numbers, in TOML a number, an array or text.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers(
    /// The numbers in order.
    pub Vec<f64>,
);

impl FromStr for Numbers {
    type Err = PipelineError;

    fn from_str(s: &str) -> Result<Self> {
        parse_pixel_list(s).map(Self)
    }
}

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().map(f64::to_string).collect::<Vec<_>>().join(","))
    }
}

/// What a TOML file may hold for these values: text as on the command line, a number, or an array of numbers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Raw {
    Int(i64),
    Float(f64),
    List(Vec<f64>),
    Text(String),
}

impl Raw {
    fn into_text(self) -> String {
        match self {
            Self::Int(v) => v.to_string(),
            Self::Float(v) => v.to_string(),
            Self::List(v) => v.iter().map(f64::to_string).collect::<Vec<_>>().join(","),
            Self::Text(s) => s,
        }
    }
}

/// Text, or a number as text.
pub(crate) fn text_or_number<'de, D: Deserializer<'de>>(d: D) -> std::result::Result<String, D::Error> {
    Raw::deserialize(d).map(Raw::into_text)
}

macro_rules! text_serde {
    ($($t:ty),*) => {$(
        impl<'de> Deserialize<'de> for $t {
            fn deserialize<D: Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
                Raw::deserialize(d)?.into_text().parse().map_err(serde::de::Error::custom)
            }
        }

        impl Serialize for $t {
            fn serialize<S: Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
    )*};
}
text_serde!(Shape, ThresholdSpec, FwhmSpec, Pair, Numbers);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_as_users_type_them() {
        assert_eq!(parse_pixels(" 3px ").unwrap(), 3.0);
        assert_eq!(parse_pixel_list("3,5.5px").unwrap(), [3.0, 5.5]);
        assert!(parse_pixels("3furlong").is_err());
        assert_eq!("64".parse::<Shape>().unwrap(), Shape(64, 64));
        assert_eq!("64,32".parse::<Shape>().unwrap(), Shape(64, 32));
        assert!("0".parse::<Shape>().is_err());
        assert!("1,2,3".parse::<Shape>().is_err());
        assert!("nan".parse::<Pair>().is_err());
    }

    #[test]
    fn thresholds_and_widths() {
        assert_eq!("5sigma".parse::<ThresholdSpec>().unwrap(), ThresholdSpec::Sigma(5.0));
        assert_eq!("12.5".parse::<ThresholdSpec>().unwrap(), ThresholdSpec::Value(12.5));
        let e = "bright".parse::<ThresholdSpec>().unwrap_err().to_string();
        assert!(e.contains("'bright'") && e.contains("5sigma"), "{e}");
        assert_eq!("auto".parse::<FwhmSpec>().unwrap(), FwhmSpec::Auto);
        assert!("-3".parse::<FwhmSpec>().is_err());
    }
}
