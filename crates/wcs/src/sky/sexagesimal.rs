//! Angles as text.

use skyphot_core::SkyCoord;

use crate::angle::wrap_360;
use crate::{Result, WcsError};

/// Hours, minutes and seconds of a longitude in degrees, with `digits` decimals of the seconds: `05:34:31.94`.
///
/// ```
/// use skyphot_wcs::sky::{format_dms, format_hms};
/// assert_eq!(format_hms(83.633_083, 2), "05:34:31.94");
/// assert_eq!(format_hms(359.999_999_9, 1), "00:00:00.0");
/// assert_eq!(format_dms(-0.5, 0), "-00:30:00");
/// ```
#[must_use]
#[doc(alias = "to_string")]
pub fn format_hms(lon: f64, digits: usize) -> String {
    if !lon.is_finite() {
        return "nan".to_owned();
    }
    let (h, rest) = parts(wrap_360(lon) / 15.0, digits);
    format!("{:02}{rest}", h % 24)
}

/// Degrees, minutes and seconds of a latitude in degrees, with a sign and `digits` decimals of the seconds.
#[must_use]
pub fn format_dms(lat: f64, digits: usize) -> String {
    if !lat.is_finite() {
        return "nan".to_owned();
    }
    let (d, rest) = parts(lat.abs(), digits);
    let sign = if lat < 0.0 { '-' } else { '+' };
    format!("{sign}{d:02}{rest}")
}

/// Whole units, and `:mm:ss.s` of the rest. Rounded once, so that there are never 60 seconds.
fn parts(value: f64, digits: usize) -> (u64, String) {
    let digits = digits.min(9);
    let unit = 10_u64.pow(digits as u32);
    let total = (value * 3600.0 * unit as f64).round() as u64;
    let (seconds, fraction) = (total / unit, total % unit);
    let tail = if digits > 0 { format!(".{fraction:0digits$}") } else { String::new() };
    (seconds / 3600, format!(":{:02}:{:02}{tail}", seconds / 60 % 60, seconds % 60))
}

/// An angle in degrees from text: decimal degrees (`83.63`), or sexagesimal with `:`, blanks or `h m s` / `d m s`.
/// Sexagesimal numbers with `h` are hours; those without a letter are hours if `hours` is set, else degrees.
///
/// ```
/// use skyphot_wcs::sky::parse_angle;
/// assert_eq!(parse_angle("05:34:32", true)?, 83.63333333333333);
/// assert_eq!(parse_angle("-0d30m", false)?, -0.5);
/// assert_eq!(parse_angle("83.5", true)?, 83.5);
/// # Ok::<(), skyphot_wcs::WcsError>(())
/// ```
///
/// # Errors
/// [`WcsError::InvalidKeyword`] with the text if it is no angle.
pub fn parse_angle(text: &str, hours: bool) -> Result<f64> {
    let fail = || WcsError::InvalidKeyword {
        key: "angle".to_owned(),
        expected: "degrees, or hours or degrees with minutes and seconds".to_owned(),
        found: text.to_owned(),
    };
    let t = text.trim().to_lowercase().replace('\u{2212}', "-");
    let in_hours = t.contains('h');
    let negative = t.starts_with('-');
    let body = t.strip_prefix(['+', '-']).unwrap_or(&t);
    if body.starts_with(['+', '-']) {
        return Err(fail());
    }
    let fields: Vec<&str> = body
        .split(|c: char| {
            c.is_whitespace() || matches!(c, ':' | 'h' | 'd' | 'm' | 's' | '\u{b0}' | '\'' | '"')
        })
        .filter(|f| !f.is_empty())
        .collect();
    let mut value = 0.0;
    let mut scale = 1.0;
    if fields.is_empty() || fields.len() > 3 {
        return Err(fail());
    }
    for (i, f) in fields.iter().enumerate() {
        let plain =
            f.bytes().all(|b| b.is_ascii_digit() || b == b'.' || (fields.len() == 1 && b"e+-".contains(&b)));
        let v: f64 = f.parse().ok().filter(|_| plain).ok_or_else(fail)?;
        if i > 0 && v >= 60.0 {
            return Err(fail());
        }
        value += v / scale;
        scale *= 60.0;
    }
    // One number alone is in degrees, unless it says hours.
    let factor =
        if in_hours || (hours && fields.len() > 1 && !t.contains(['d', '\u{b0}'])) { 15.0 } else { 1.0 };
    let value = value * factor;
    Ok(if negative { -value } else { value })
}

/// A position from text: two angles, `83.63 22.01`, `05:34:31.9 +22:00:52`, `5h34m31.9s, 22d00m52s`.
///
/// # Errors
/// [`WcsError::InvalidKeyword`] with the text if it is no position.
pub fn parse_position(text: &str) -> Result<SkyCoord> {
    let fail = || WcsError::InvalidKeyword {
        key: "position".to_owned(),
        expected: "two angles".to_owned(),
        found: text.to_owned(),
    };
    let t = text.trim();
    let (lon, lat) = if let Some((a, b)) = t.split_once(',') {
        (a.to_owned(), b.to_owned())
    } else {
        let words: Vec<&str> = t.split_whitespace().collect();
        if words.is_empty() || !words.len().is_multiple_of(2) {
            return Err(fail());
        }
        let half = words.len() / 2;
        (words[..half].join(" "), words[half..].join(" "))
    };
    let (lon, lat) = (parse_angle(&lon, true)?, parse_angle(&lat, false)?);
    if lat.abs() > 90.0 {
        return Err(fail());
    }
    Ok(SkyCoord { lon: wrap_360(lon), lat })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_and_nonsense() {
        for t in [
            "05:34:31.94 +22:00:52.2",
            "5h34m31.94s 22d00m52.2s",
            "05 34 31.94 22 00 52.2",
            "83.633083333333333, 22.0145",
        ] {
            let s = parse_position(t).unwrap();
            assert!(
                (s.lon - 83.633_083_333_333_33).abs() < 1e-12 && (s.lat - 22.0145).abs() < 1e-12,
                "{t} {s:?}"
            );
        }
        for t in ["", "1 2 3", "a b", "10 95", "1:70:00 2", "--3 4", "1:2:3:4 5"] {
            assert!(parse_position(t).is_err(), "{t}");
        }
    }

    #[test]
    fn there_and_back() {
        for i in 0..500 {
            let lon = 0.719 * f64::from(i);
            let lat = 0.3591 * f64::from(i) - 89.7;
            let lon_back = parse_angle(&format_hms(lon, 9), true).unwrap();
            let lat_back = parse_angle(&format_dms(lat, 9), false).unwrap();
            assert!((lon - lon_back).abs() < 1e-11 && (lat - lat_back).abs() < 1e-12);
        }
        assert_eq!(format_dms(59.999_999_99, 1), "+60:00:00.0");
    }
}
