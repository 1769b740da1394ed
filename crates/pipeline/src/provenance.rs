//! What every table says about how it was made.

use std::io::Read;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};
use skyphot_core::{Meta, MetaValue};

use crate::{PipelineError, Result};

/// The pixel convention, in words.
pub const PIXEL_CONVENTION: &str = "0-based; the centre of the first pixel is (0, 0)";

/// SHA-256 of a file, hexadecimal.
///
/// # Errors
/// [`PipelineError::File`] if it cannot be read.
pub fn checksum(path: &Path) -> Result<String> {
    let err = |source| PipelineError::File { action: "read", path: path.display().to_string(), source };
    let mut file = std::fs::File::open(path).map_err(err)?;
    let mut hash = Sha256::new();
    // What was copied is still in the cache when it is hashed.
    let mut buffer = vec![0_u8; 1 << 17];
    loop {
        let n = file.read(&mut buffer).map_err(err)?;
        if n == 0 {
            break;
        }
        hash.update(&buffer[..n]);
    }
    Ok(hash.finalize().iter().map(|b| format!("{b:02x}")).collect())
}

/// Seconds since 1970: now, or `SOURCE_DATE_EPOCH` where that is set.
#[must_use]
pub fn unix_time() -> u64 {
    std::env::var("SOURCE_DATE_EPOCH")
        .ok()
        .and_then(|v| v.parse().ok())
        .unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs()))
}

/// The calendar date (UTC) of a time, `YYYY-MM-DD`.
#[must_use]
pub fn date(unix: u64) -> String {
    // Days to civil date after Hinnant, "chrono-Compatible Low-Level Date Algorithms" (2013).
    let days = (unix / 86_400) as i64 + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let m = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * m + 2) / 5 + 1;
    let month = if m < 10 { m + 3 } else { m - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Date and time (UTC), `YYYY-MM-DDThh:mm:ssZ`.
#[must_use]
pub fn timestamp(unix: u64) -> String {
    let s = unix % 86_400;
    format!("{}T{:02}:{:02}:{:02}Z", date(unix), s / 3600, s / 60 % 60, s % 60)
}

/// Metadata every table begins with: program, version, date, pixel convention, input and its checksum, parameters.
///
/// The date has no time of day, and nothing here depends on the number of threads: the same job gives the same bytes.
#[must_use]
pub fn table_meta(command: &str, input: &str, sha256: &str, parameters: &serde_json::Value) -> Meta {
    let mut m = Meta::new();
    m.set("creator", format!("skyphot {command}"));
    m.set("version", env!("CARGO_PKG_VERSION"));
    m.set("date", date(unix_time()));
    m.set("pixel_convention", PIXEL_CONVENTION);
    m.set("input", input);
    m.set("input_sha256", sha256);
    m.set("parameters", to_meta(parameters));
    m
}

/// A JSON tree as table metadata.
#[must_use]
pub(crate) fn to_meta(v: &serde_json::Value) -> MetaValue {
    use serde_json::Value;
    match v {
        Value::Null => MetaValue::Null,
        Value::Bool(b) => MetaValue::Bool(*b),
        Value::Number(n) => {
            n.as_i64().map_or_else(|| n.as_f64().map_or(MetaValue::Null, MetaValue::Float), MetaValue::Int)
        }
        Value::String(s) => MetaValue::Str(s.clone()),
        Value::Array(a) => MetaValue::List(a.iter().map(to_meta).collect()),
        Value::Object(o) => {
            let mut m = Meta::new();
            for (k, v) in o {
                m.set(k.clone(), to_meta(v));
            }
            MetaValue::Map(m)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_civil() {
        assert_eq!(timestamp(0), "1970-01-01T00:00:00Z");
        assert_eq!(timestamp(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(timestamp(1_735_689_599), "2024-12-31T23:59:59Z");
    }
}
