//! The celestial axes among the axes of a header.

use super::keys::Keys;
use crate::{Result, WcsError};

/// Which axes are longitude and latitude, and how they are projected.
pub(super) struct CelestialAxes {
    /// Number of axes.
    pub(super) n: usize,
    /// FITS number of the longitude axis.
    pub(super) lon: usize,
    /// FITS number of the latitude axis.
    pub(super) lat: usize,
    /// Pixel axes of x and y.
    pub(super) pixel: [usize; 2],
    pub(super) prefix: [String; 2],
    pub(super) code: String,
    pub(super) sip_suffix: bool,
}

#[derive(PartialEq, Clone, Copy)]
enum Role {
    Lon,
    Lat,
}

/// Role, first four characters, projection code and rest of a celestial axis type.
fn parse(ctype: &str) -> Option<(Role, String, String, String)> {
    let t = ctype.trim().to_ascii_uppercase();
    if !t.is_ascii() || t.len() < 8 || t.as_bytes()[4] != b'-' {
        return None;
    }
    let prefix = &t[..4];
    let role = match prefix {
        "RA--" => Role::Lon,
        "DEC-" => Role::Lat,
        _ if prefix.ends_with("LON") => Role::Lon,
        _ if prefix.ends_with("LAT") => Role::Lat,
        _ if prefix.ends_with("LN") => Role::Lon,
        _ if prefix.ends_with("LT") => Role::Lat,
        _ => return None,
    };
    Some((role, prefix.to_owned(), t[5..8].to_owned(), t[8..].to_owned()))
}

/// What two partner prefixes have in common.
fn system(prefix: &str) -> &str {
    match prefix {
        "RA--" | "DEC-" => "equatorial",
        _ if prefix.ends_with("LON") || prefix.ends_with("LAT") => &prefix[..1],
        _ => &prefix[..2],
    }
}

impl CelestialAxes {
    /// Right ascension and declination as axes 1 and 2.
    pub(super) fn equatorial(code: &str) -> Self {
        Self {
            n: 2,
            lon: 1,
            lat: 2,
            pixel: [1, 2],
            prefix: ["RA--".to_owned(), "DEC-".to_owned()],
            code: code.to_owned(),
            sip_suffix: false,
        }
    }

    pub(super) fn find(keys: &Keys) -> Result<Self> {
        let n = keys.n_axes();
        let ctypes: Vec<String> =
            (1..=n).map(|i| keys.text(&format!("CTYPE{i}")).unwrap_or_default()).collect();
        let mut lon = None;
        let mut lat = None;
        for (i, t) in ctypes.iter().enumerate() {
            if let Some((role, prefix, code, rest)) = parse(t) {
                let slot = if role == Role::Lon { &mut lon } else { &mut lat };
                if slot.is_none() {
                    *slot = Some((i + 1, prefix, code, rest));
                }
            }
        }
        let (Some(lon), Some(lat)) = (lon, lat) else {
            return Err(WcsError::NoCelestialAxes { ctypes });
        };
        if system(&lon.1) != system(&lat.1) || lon.2 != lat.2 {
            return Err(WcsError::MismatchedAxes {
                lon: ctypes[lon.0 - 1].clone(),
                lat: ctypes[lat.0 - 1].clone(),
            });
        }
        Ok(Self {
            n,
            lon: lon.0,
            lat: lat.0,
            pixel: [lon.0.min(lat.0), lon.0.max(lat.0)],
            prefix: [lon.1, lat.1],
            code: lon.2,
            sip_suffix: lon.3.starts_with("-SIP") && lat.3.starts_with("-SIP"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axis_types() {
        assert!(parse("LINEAR").is_none());
        assert!(parse("RA").is_none());
        assert!(parse("VELO-LSR").is_none());
        let (_, prefix, code, rest) = parse("RA---TAN-SIP").unwrap();
        assert_eq!((prefix.as_str(), code.as_str(), rest.as_str()), ("RA--", "TAN", "-SIP"));
        assert_eq!(parse("GLAT-CAR").unwrap().1, "GLAT");
        assert_eq!(system("GLON"), system("GLAT"));
        assert_ne!(system("GLON"), system("ELAT"));
    }
}
