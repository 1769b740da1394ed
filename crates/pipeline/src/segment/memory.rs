//! Amounts of memory a user types.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{PipelineError, Result};

/// An amount of memory: `512MiB`, `1GiB`, `2GB`, or bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemorySize(
    /// Bytes.
    pub usize,
);

const UNITS: [(&str, f64); 9] = [
    ("KiB", 1024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
    ("kB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("K", 1024.0),
    ("M", 1_048_576.0),
    ("G", 1_073_741_824.0),
];

impl FromStr for MemorySize {
    type Err = PipelineError;

    fn from_str(s: &str) -> Result<Self> {
        let t = s.trim();
        let (number, unit) = UNITS
            .iter()
            .find_map(|&(u, f)| Some((t.strip_suffix(u)?, f)))
            .unwrap_or((t.strip_suffix('B').unwrap_or(t), 1.0));
        number
            .trim()
            .parse::<f64>()
            .ok()
            .map(|v| v * unit)
            .filter(|v| v.is_finite() && *v >= 1.0)
            .map(|v| Self(v as usize))
            .ok_or_else(|| PipelineError::value("memory", s, "an amount such as 512MiB or 2GiB"))
    }
}

impl fmt::Display for MemorySize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}MiB", self.0.div_ceil(1 << 20))
    }
}

impl Serialize for MemorySize {
    fn serialize<S: Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MemorySize {
    fn deserialize<D: Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
        crate::spec::text_or_number(d)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_as_typed() {
        let m = |t: &str| t.parse::<MemorySize>().map(|m| m.0);
        assert_eq!(m("512MiB").unwrap(), 512 << 20);
        assert_eq!(m("1.5G").unwrap(), 3 << 29);
        assert_eq!(m("2 GB").unwrap(), 2_000_000_000);
        assert_eq!(m("1000").unwrap(), 1000);
        for bad in ["", "GiB", "-1G", "nan", "lots", "0"] {
            assert!(m(bad).is_err(), "{bad}");
        }
    }
}
