//! Lengths a user types: pixels or an angle on the sky.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::{PipelineError, Result};

/// A length on an image: `3`, `3px`, `0.5arcsec`, `0.5"`, `200mas`, `1arcmin`, `0.01deg`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Length {
    /// Pixels.
    Pixels(f64),
    /// Seconds of arc on the sky.
    Arcsec(f64),
}

/// Suffixes and what they are in pixels or seconds of arc.
const UNITS: [(&str, bool, f64); 8] = [
    ("px", false, 1.0),
    ("pix", false, 1.0),
    ("mas", true, 1e-3),
    ("arcsec", true, 1.0),
    ("arcmin", true, 60.0),
    ("deg", true, 3600.0),
    ("\"", true, 1.0),
    ("'", true, 60.0),
];

impl Length {
    /// The number, in its own unit.
    #[must_use]
    pub const fn value(self) -> f64 {
        match self {
            Self::Pixels(v) | Self::Arcsec(v) => v,
        }
    }

    /// It is an angle on the sky.
    #[must_use]
    pub const fn is_sky(self) -> bool {
        matches!(self, Self::Arcsec(_))
    }

    /// In pixels, where a pixel is `scale` seconds of arc wide.
    #[must_use]
    pub fn to_pixels(self, scale: f64) -> f64 {
        match self {
            Self::Pixels(v) => v,
            Self::Arcsec(v) => v / scale,
        }
    }
}

impl FromStr for Length {
    type Err = PipelineError;

    fn from_str(s: &str) -> Result<Self> {
        let t = s.trim();
        let (number, sky, factor) = UNITS
            .iter()
            .find_map(|&(u, sky, f)| Some((t.strip_suffix(u)?, sky, f)))
            .unwrap_or((t, false, 1.0));
        let v: f64 = number.trim().parse().ok().filter(|v: &f64| v.is_finite()).ok_or_else(|| {
            PipelineError::value(
                "length",
                s,
                "a number of pixels such as 3 or 3px, or an angle such as 0.5arcsec",
            )
        })?;
        Ok(if sky { Self::Arcsec(v * factor) } else { Self::Pixels(v) })
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pixels(v) => write!(f, "{v}"),
            Self::Arcsec(v) => write!(f, "{v}arcsec"),
        }
    }
}

impl Serialize for Length {
    fn serialize<S: Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::Pixels(v) => s.serialize_f64(*v),
            Self::Arcsec(_) => s.collect_str(self),
        }
    }
}

/// A list of lengths: `3,5`, `0.5arcsec,1arcsec`, or a range `first:last:step` with the last one included; a unit at the
/// end counts for all that have none.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Lengths(
    /// The lengths in order.
    pub Vec<Length>,
);

/// Most steps of a range.
const MAX_STEPS: f64 = 100_000.0;

impl FromStr for Lengths {
    type Err = PipelineError;

    fn from_str(s: &str) -> Result<Self> {
        let bad = || {
            PipelineError::value(
                "list of lengths",
                s,
                "numbers such as 3,5,8, or a range first:last:step such as 1:30:1, with px or arcsec at the end",
            )
        };
        let t = s.trim();
        let is_range = t.contains(':');
        let mut items =
            t.split([',', ':']).map(Length::from_str).collect::<Result<Vec<Length>>>().map_err(|_| bad())?;
        let unit_at_end = items.last().is_some_and(|l| l.is_sky());
        if unit_at_end {
            // `1:3:0.5arcmin`: what the unit is worth is what it made of the last number.
            let last = t.rsplit([',', ':']).next().unwrap_or_default().trim();
            let unit = last.trim_start_matches(|c: char| c.is_ascii_digit() || "+-.eE ".contains(c));
            let worth = format!("1{unit}").parse::<Length>().map_err(|_| bad())?.value();
            let has_unit = |p: &str| p.trim().parse::<f64>().is_err();
            for (l, text) in items.iter_mut().zip(t.split([',', ':'])) {
                if !has_unit(text) {
                    *l = Length::Arcsec(l.value() * worth);
                }
            }
        }
        if !is_range {
            return Ok(Self(items));
        }
        let sky = items[0].is_sky();
        if t.contains(',') || items.iter().any(|l| l.is_sky() != sky) {
            return Err(bad());
        }
        let (first, last, step) = match items[..] {
            [a, b] => (a.value(), b.value(), 1.0),
            [a, b, c] => (a.value(), b.value(), c.value()),
            _ => return Err(bad()),
        };
        let steps = (last - first) / step;
        if !(step > 0.0 && (0.0..=MAX_STEPS).contains(&steps)) {
            return Err(bad());
        }
        let n = (steps + 1e-9).floor() as usize;
        let at = |i: usize| first + step * i as f64;
        Ok(Self((0..=n).map(|i| if sky { Length::Arcsec(at(i)) } else { Length::Pixels(at(i)) }).collect()))
    }
}

impl fmt::Display for Lengths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().map(Length::to_string).collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_as_typed() {
        let px = |t: &str| t.parse::<Length>().unwrap();
        assert_eq!(px("3px"), Length::Pixels(3.0));
        assert_eq!(px("0.5\""), Length::Arcsec(0.5));
        assert_eq!(px("2arcmin"), Length::Arcsec(120.0));
        assert_eq!(px("250mas").to_pixels(0.125), 2.0);
        let list = |t: &str| t.parse::<Lengths>().unwrap().0;
        assert_eq!(list("1:2:0.5").len(), 3);
        assert_eq!(list("0.1:0.5:0.1").len(), 5);
        assert_eq!(list("1:3:0.5arcmin")[1], Length::Arcsec(90.0));
        assert_eq!(list("1,2arcsec"), [Length::Arcsec(1.0), Length::Arcsec(2.0)]);
        assert_eq!(list("3,5.5px"), [Length::Pixels(3.0), Length::Pixels(5.5)]);
        for bad in
            ["", "x", "1:2:0", "3:1:1", "1:2,3", "1:1e9:1", "1px:3arcsec:1", "nan", "1:2:3:4", "5lightyears"]
        {
            assert!(bad.parse::<Lengths>().is_err(), "{bad}");
        }
    }
}
