//! Units of pixels: enough algebra for arithmetic with images.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::{CalibrationError, Result};

/// A product of named units with integer powers, and a scale (SI prefixes of Jy, s, electron, adu).
///
/// ```
/// use skyphot_calibration::ccd::Unit;
/// let gain: Unit = "electron / adu".parse()?;
/// let counts: Unit = "ADU".parse()?;
/// assert_eq!(counts.times(&gain).to_string(), "electron");
/// assert_eq!("mJy".parse::<Unit>()?.factor_to(&"Jy".parse()?), Some(1e-3));
/// # Ok::<(), skyphot_calibration::CalibrationError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    scale: f64,
    powers: BTreeMap<String, i32>,
}

/// Names that mean the same.
const ALIASES: [(&str, &[&str]); 8] = [
    ("adu", &["adu", "ADU"]),
    ("DN", &["DN", "dn"]),
    ("electron", &["electron", "electrons", "ELECTRON", "ELECTRONS", "e-", "e", "Electrons", "Electron"]),
    ("ct", &["ct", "count", "counts", "COUNTS", "Counts", "cts"]),
    ("s", &["s", "sec", "second", "seconds", "S", "SEC"]),
    ("pix", &["pix", "pixel", "pixels"]),
    ("Jy", &["Jy", "jy", "jansky"]),
    ("sr", &["sr", "steradian"]),
];

const PREFIXES: [(&str, f64); 6] =
    [("n", 1e-9), ("u", 1e-6), ("\u{b5}", 1e-6), ("m", 1e-3), ("k", 1e3), ("M", 1e6)];

impl Unit {
    /// No unit at all.
    #[must_use]
    pub fn dimensionless() -> Self {
        Self { scale: 1.0, powers: BTreeMap::new() }
    }

    /// The unit of a product.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        self.combined(other, 1)
    }

    /// The unit of a quotient.
    #[must_use]
    pub fn per(&self, other: &Self) -> Self {
        self.combined(other, -1)
    }

    /// What a value in this unit is multiplied by to be in the other; `None` if they measure different things.
    #[must_use]
    pub fn factor_to(&self, other: &Self) -> Option<f64> {
        (self.powers == other.powers).then(|| self.scale / other.scale)
    }

    /// There is no unit.
    #[must_use]
    pub fn is_dimensionless(&self) -> bool {
        self.powers.is_empty() && self.scale == 1.0
    }

    fn combined(&self, other: &Self, sign: i32) -> Self {
        let mut out = self.clone();
        out.scale *= other.scale.powi(sign);
        for (name, power) in &other.powers {
            let p = out.powers.entry(name.clone()).or_insert(0);
            *p += sign * power;
            if *p == 0 {
                out.powers.remove(name);
            }
        }
        out
    }
}

impl FromStr for Unit {
    type Err = CalibrationError;

    /// Factors separated by blanks, `*` or `.`, after a `/` in the denominator (one factor, or some in parentheses);
    /// powers as `m2`, `s-1`, `m**2` or `m^2`.
    fn from_str(text: &str) -> Result<Self> {
        let bad = |why: &str| CalibrationError::InvalidUnit { text: text.to_owned(), why: why.to_owned() };
        let mut unit = Self::dimensionless();
        let plain = text.replace("**", "^").replace('*', " ");
        let (mut sign, mut group) = (1, false);
        let mut word = String::new();
        let mut finish = |word: &mut String, sign: &mut i32, group: bool| -> Result<()> {
            if word.is_empty() {
                return Ok(());
            }
            let (name, power) = split_power(word).ok_or_else(|| bad("a power is not a whole number"))?;
            if name != "1" {
                let (scale, base) = known(&name);
                unit.scale *= f64::powi(scale, *sign * power);
                let p = unit.powers.entry(base).or_insert(0);
                *p += *sign * power;
            }
            word.clear();
            if !group {
                *sign = 1;
            }
            Ok(())
        };
        for c in plain.chars() {
            match c {
                '/' => {
                    finish(&mut word, &mut sign, group)?;
                    if group {
                        return Err(bad("a / inside parentheses"));
                    }
                    sign = -1;
                }
                '(' if sign < 0 && !group && word.is_empty() => group = true,
                ')' if group => {
                    finish(&mut word, &mut sign, true)?;
                    group = false;
                    sign = 1;
                }
                '(' | ')' => return Err(bad("unexpected parenthesis")),
                c if c.is_whitespace() => finish(&mut word, &mut sign, group)?,
                c => word.push(c),
            }
        }
        finish(&mut word, &mut sign, group)?;
        if group {
            return Err(bad("a parenthesis is not closed"));
        }
        unit.powers.retain(|_, p| *p != 0);
        Ok(unit)
    }
}

fn split_power(word: &str) -> Option<(String, i32)> {
    if let Some((name, power)) = word.split_once('^') {
        return Some((name.to_owned(), power.trim_matches(['(', ')']).parse().ok()?));
    }
    // "e-" is a name, "s-1" a power.
    let at = word.find(|c: char| c.is_ascii_digit()).filter(|at| *at > 0);
    let Some(mut at) = at else { return Some((word.to_owned(), 1)) };
    if word[..at].ends_with(['-', '+']) {
        at -= 1;
    }
    Some((word[..at].to_owned(), word[at..].parse().ok()?))
}

fn known(name: &str) -> (f64, String) {
    let base = |n: &str| ALIASES.iter().find(|a| a.1.contains(&n)).map(|a| a.0.to_owned());
    if let Some(b) = base(name) {
        return (1.0, b);
    }
    for (prefix, scale) in PREFIXES {
        if let Some(b) = name.strip_prefix(prefix).and_then(base) {
            return (scale, b);
        }
    }
    (1.0, name.to_owned())
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let term = |(name, p): (&String, i32)| if p == 1 { name.clone() } else { format!("{name}{p}") };
        let up: Vec<String> = self.powers.iter().filter(|p| *p.1 > 0).map(|(n, p)| term((n, *p))).collect();
        let down: Vec<String> = self.powers.iter().filter(|p| *p.1 < 0).map(|(n, p)| term((n, -p))).collect();
        let mut text = if self.scale == 1.0 { String::new() } else { format!("{} ", self.scale) };
        if up.is_empty() && !down.is_empty() {
            text.push('1');
        }
        text.push_str(&up.join(" "));
        match down.len() {
            0 => {}
            1 => text.push_str(&format!(" / {}", down[0])),
            _ => text.push_str(&format!(" / ({})", down.join(" "))),
        }
        f.write_str(text.trim())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_and_written() {
        for (text, out) in [
            ("electron/s", "electron / s"),
            ("ELECTRONS/S", "electron / s"),
            ("e- s-1", "electron / s"),
            ("DN / s", "DN / s"),
            ("MJy/sr", "1000000 Jy / sr"),
            ("erg / (Hz s cm2)", "erg / (Hz cm2 s)"),
            ("", ""),
            ("1 / s", "1 / s"),
            ("adu adu-1", ""),
            ("m**2", "m2"),
        ] {
            assert_eq!(text.parse::<Unit>().unwrap().to_string(), out, "{text}");
        }
        assert!("(a".parse::<Unit>().is_err());
        assert!("a/(b".parse::<Unit>().is_err());
        assert!("m^x".parse::<Unit>().unwrap_err().to_string().contains("whole number"));
        let (adu, s): (Unit, Unit) = ("adu".parse().unwrap(), "s".parse().unwrap());
        assert_eq!(adu.per(&s).times(&s), adu);
        assert_eq!(adu.factor_to(&s), None);
        assert!(adu.per(&adu).is_dimensionless());
    }
}
