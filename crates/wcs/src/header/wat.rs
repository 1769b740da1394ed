//! IRAF's `WATi_jjj` records: the distortions of TNX and ZPX.

use super::axes::CelestialAxes;
use super::keys::Keys;
use crate::WcsWarning;
use crate::plane::Surface;

pub(super) struct Wat {
    pub(super) surfaces: [Option<Surface>; 2],
    /// Coefficients of ZPX, `(m, projpm)`.
    pub(super) projp: Vec<(usize, f64)>,
}

pub(super) fn read(keys: &Keys, axes: &CelestialAxes, warnings: &mut Vec<WcsWarning>) -> Wat {
    let mut out = Wat { surfaces: [None, None], projp: Vec::new() };
    for (k, (axis, attribute)) in [(axes.lon, "lngcor"), (axes.lat, "latcor")].into_iter().enumerate() {
        let text = record(keys, axis);
        if text.is_empty() {
            warnings.push(WcsWarning::InvalidWat { axis, reason: "there is no record".to_owned() });
            continue;
        }
        for (name, value) in attributes(&text) {
            if name == attribute {
                match Surface::parse(&value) {
                    Ok(s) => out.surfaces[k] = Some(s),
                    Err(reason) => warnings.push(WcsWarning::InvalidWat { axis, reason }),
                }
            } else if let Some(m) = name.strip_prefix("projp").and_then(|m| m.parse::<usize>().ok())
                && let Ok(v) = value.trim().parse::<f64>()
                && m <= 30
                && v.is_finite()
                && !out.projp.iter().any(|p| p.0 == m)
            {
                out.projp.push((m, v));
            }
        }
    }
    out.projp.sort_unstable_by_key(|p| p.0);
    out
}

/// The pieces `WATi_001`, `WATi_002`, ... in a row. Each is 68 characters long, except the last.
fn record(keys: &Keys, axis: usize) -> String {
    let mut text = String::new();
    for j in 1..1000_usize {
        let Some(piece) = keys.untrimmed(&format!("WAT{axis}_{j:03}")) else { break };
        let missing = (68 * (j - 1)).saturating_sub(text.chars().count());
        text.extend(std::iter::repeat_n(' ', missing));
        text.push_str(piece);
    }
    text
}

/// `name = value` and `name = "several words"`.
fn attributes(text: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('=') {
        let name = before.split_whitespace().next_back().unwrap_or("").to_ascii_lowercase();
        let after = after.trim_start();
        let (value, tail) = if let Some(quoted) = after.strip_prefix('"') {
            quoted.split_once('"').unwrap_or((quoted, ""))
        } else {
            match after.find(char::is_whitespace) {
                Some(i) => after.split_at(i),
                None => (after, ""),
            }
        };
        out.push((name, value.to_owned()));
        rest = tail;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::attributes;

    #[test]
    fn attribute_lists() {
        let a = attributes("wtype=zpx axtype=ra projp0=0. projp3=337.74 lngcor = \"3. 3. 1\"");
        assert_eq!(a[0], ("wtype".to_owned(), "zpx".to_owned()));
        assert_eq!(a[3], ("projp3".to_owned(), "337.74".to_owned()));
        assert_eq!(a[4], ("lngcor".to_owned(), "3. 3. 1".to_owned()));
    }
}
