//! Reference system and equinox.

use super::axes::CelestialAxes;
use super::keys::Keys;
use crate::{SkyFrame, WcsWarning};

pub(super) struct System {
    pub(super) radesys: Option<String>,
    pub(super) equinox: Option<f64>,
    pub(super) frame: Option<SkyFrame>,
}

pub(super) fn read(keys: &Keys, axes: &CelestialAxes, warnings: &mut Vec<WcsWarning>) -> System {
    let mut equinox = number(keys, &keys.name("EQUINOX"));
    if equinox.is_none() && keys.is_primary() {
        equinox = number(keys, "EPOCH").filter(|v| *v > 0.0);
        if equinox.is_some() {
            warnings.push(WcsWarning::DeprecatedKeyword {
                key: "EPOCH".to_owned(),
                instead: "EQUINOX".to_owned(),
            });
        }
    }
    let mut radesys = keys.text("RADESYS").filter(|s| !s.is_empty());
    if radesys.is_none() && keys.is_primary() {
        radesys = keys.raw_text("RADECSYS").filter(|s| !s.is_empty());
        if radesys.is_some() {
            warnings.push(WcsWarning::DeprecatedKeyword {
                key: "RADECSYS".to_owned(),
                instead: "RADESYS".to_owned(),
            });
        }
    }
    match axes.prefix[0].as_str() {
        "GLON" => System { radesys: None, equinox: None, frame: Some(SkyFrame::Galactic) },
        "ELON" => {
            let equinox = equinox.unwrap_or(2000.0);
            System { radesys, equinox: Some(equinox), frame: Some(SkyFrame::Ecliptic { equinox }) }
        }
        "RA--" => equatorial(radesys, equinox, warnings),
        _ => System { radesys, equinox, frame: None },
    }
}

fn equatorial(radesys: Option<String>, equinox: Option<f64>, warnings: &mut Vec<WcsWarning>) -> System {
    // Paper II, section 3.1: the defaults of one follow from the other.
    let name = radesys.map(|s| s.to_ascii_uppercase()).unwrap_or_else(|| {
        match equinox {
            None => "ICRS",
            Some(e) if e < 1984.0 => "FK4",
            Some(_) => "FK5",
        }
        .to_owned()
    });
    let (equinox, frame) = match name.as_str() {
        "ICRS" => (None, Some(SkyFrame::Icrs)),
        "FK5" => {
            let equinox = equinox.unwrap_or(2000.0);
            (Some(equinox), Some(SkyFrame::Fk5 { equinox }))
        }
        "FK4" => {
            let equinox = equinox.unwrap_or(1950.0);
            (Some(equinox), Some(SkyFrame::Fk4 { equinox }))
        }
        "FK4-NO-E" => {
            let equinox = equinox.unwrap_or(1950.0);
            (Some(equinox), Some(SkyFrame::Fk4NoETerms { equinox }))
        }
        _ => {
            warnings.push(WcsWarning::UnknownReferenceSystem(name.clone()));
            (equinox, None)
        }
    };
    System { radesys: Some(name), equinox, frame }
}

/// A number that may be written `J2000` or `B1950`; anything else counts as missing.
fn number(keys: &Keys, name: &str) -> Option<f64> {
    let text = keys.raw_text(name)?;
    let digits = text.trim_start_matches(['J', 'B', 'j', 'b']);
    digits.replace(['D', 'd'], "E").parse().ok().filter(|v: &f64| v.is_finite() && v.abs() < 1e5)
}
