//! SIP keywords.

use super::keys::Keys;
use crate::poly::Poly2;
use crate::sip::MAX_ORDER;
use crate::{Result, Sip, WcsError};

/// What the SIP keywords hold.
pub(super) enum Found {
    Forward(Box<Sip>),
    InverseOnly,
}

/// SIP polynomials are used from order 2 on, as astropy does.
pub(super) fn read(keys: &Keys, crpix: [f64; 2]) -> Result<Option<Found>> {
    let forward = pair(keys, "A", "B")?;
    let inverse = pair(keys, "AP", "BP")?;
    Ok(match (forward, inverse) {
        (Some((a, b)), inverse) => Some(Found::Forward(Box::new(Sip { crpix, a, b, inverse }))),
        (None, Some(_)) => Some(Found::InverseOnly),
        (None, None) => None,
    })
}

fn order(keys: &Keys, name: &str) -> Result<Option<usize>> {
    let key = format!("{name}_ORDER");
    let Some(v) = keys.first_number(&key)? else { return Ok(None) };
    if v.fract() != 0.0 || !(0.0..=MAX_ORDER as f64).contains(&v) {
        return Err(WcsError::InvalidKeyword {
            key,
            expected: format!("a whole number from 0 to {MAX_ORDER}"),
            found: v.to_string(),
        });
    }
    Ok(Some(v as usize))
}

fn pair(keys: &Keys, first: &str, second: &str) -> Result<Option<(Poly2, Poly2)>> {
    let missing = |present: &str, missing: &str| WcsError::MissingKeyword {
        present: format!("{present}_ORDER"),
        missing: format!("{missing}_ORDER"),
    };
    match (order(keys, first)?, order(keys, second)?) {
        (Some(m), None) if m > 1 => Err(missing(first, second)),
        (None | Some(0 | 1), Some(n)) if n > 1 => Err(missing(second, first)),
        (Some(m), Some(n)) if m > 1 && n > 1 => {
            Ok(Some((polynomial(keys, first, m)?, polynomial(keys, second, n)?)))
        }
        _ => Ok(None),
    }
}

fn polynomial(keys: &Keys, name: &str, degree: usize) -> Result<Poly2> {
    let mut out = Poly2::zeros(degree);
    for p in 0..=degree {
        for q in 0..=degree - p {
            if let Some(v) = keys.first_number(&format!("{name}_{p}_{q}"))? {
                out.set(p, q, v);
            }
        }
    }
    Ok(out.trimmed())
}
