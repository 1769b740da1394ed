//! Units of parameters and axes.

/// Powers of the base dimensions: angle (degree), pixel, length (metre), time (second), anything else.
type Dimensions = [i8; 5];

/// A unit: how many base units it is, and of which dimensions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Unit {
    pub(crate) scale: f64,
    dimensions: Dimensions,
}

impl Unit {
    pub(crate) const DEGREE: Self = Self { scale: 1.0, dimensions: [1, 0, 0, 0, 0] };
    pub(crate) const NONE: Self = Self { scale: 1.0, dimensions: [0; 5] };

    /// Reads `deg`, `arcsec / pix`, `um**2`, `pixel-1` and their like.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > 200 {
            return None;
        }
        let mut unit = Self::NONE;
        let mut divide = false;
        // A product of factors; every '/' turns the next factor (or all in parentheses) over.
        let text = text.replace("**", "^");
        let mut depth_divide = false;
        let mut rest = text.as_str();
        while let Some(c) = rest.chars().next() {
            match c {
                ' ' | '*' | '.' => rest = &rest[c.len_utf8()..],
                '/' => {
                    divide = true;
                    rest = &rest[1..];
                }
                '(' => {
                    depth_divide = divide;
                    divide = false;
                    rest = &rest[1..];
                }
                ')' => {
                    depth_divide = false;
                    rest = &rest[1..];
                }
                _ => {
                    let end = rest
                        .char_indices()
                        .find(|(_, c)| !(c.is_alphabetic() || *c == '_'))
                        .map_or(rest.len(), |(i, _)| i);
                    if end == 0 {
                        // The number 1, as in '1 / pix'.
                        rest = rest.strip_prefix('1')?;
                        continue;
                    }
                    let factor = named(&rest[..end])?;
                    rest = &rest[end..];
                    let tail = rest.strip_prefix('^').unwrap_or(rest);
                    let digits = tail
                        .char_indices()
                        .find(|(i, c)| !(c.is_ascii_digit() || (*i == 0 && matches!(c, '-' | '+'))))
                        .map_or(tail.len(), |(i, _)| i);
                    let power: i8 = if digits > 0 {
                        let p = tail[..digits].parse().ok()?;
                        rest = &tail[digits..];
                        p
                    } else {
                        1
                    };
                    let power = if divide != depth_divide { power.checked_neg()? } else { power };
                    divide = false;
                    unit = unit.times(factor.power(power)?)?;
                }
            }
        }
        Some(unit)
    }

    fn power(self, p: i8) -> Option<Self> {
        let mut dimensions = [0; 5];
        for (d, s) in dimensions.iter_mut().zip(self.dimensions) {
            *d = s.checked_mul(p)?;
        }
        Some(Self { scale: self.scale.powi(i32::from(p)), dimensions })
    }

    pub(crate) fn times(self, other: Self) -> Option<Self> {
        let mut dimensions = self.dimensions;
        for (d, s) in dimensions.iter_mut().zip(other.dimensions) {
            *d = d.checked_add(s)?;
        }
        Some(Self { scale: self.scale * other.scale, dimensions })
    }

    pub(crate) fn over(self, other: Self) -> Option<Self> {
        self.times(other.power(-1)?)
    }

    /// What a number in this unit is multiplied with to be in another one, `None` if they measure different things.
    pub(crate) fn factor_to(self, other: Self) -> Option<f64> {
        if self == other {
            return Some(1.0);
        }
        (self.dimensions == other.dimensions).then(|| self.scale / other.scale)
    }

    pub(crate) fn is_angle(self) -> bool {
        self.dimensions == Self::DEGREE.dimensions
    }
}

fn named(name: &str) -> Option<Unit> {
    let unit = |scale: f64, axis: usize| {
        let mut dimensions = [0; 5];
        dimensions[axis] = 1;
        Some(Unit { scale, dimensions })
    };
    match name {
        "deg" | "degree" | "degrees" => unit(1.0, 0),
        "arcmin" | "arcminute" => unit(1.0 / 60.0, 0),
        "arcsec" | "arcsecond" => unit(1.0 / 3600.0, 0),
        "mas" => unit(1.0 / 3.6e6, 0),
        "uas" => unit(1.0 / 3.6e9, 0),
        "rad" | "radian" => unit(180.0 / std::f64::consts::PI, 0),
        "hourangle" => unit(15.0, 0),
        "pix" | "pixel" | "pixels" => unit(1.0, 1),
        "m" | "meter" => unit(1.0, 2),
        "km" => unit(1e3, 2),
        "cm" => unit(1e-2, 2),
        "mm" => unit(1e-3, 2),
        "um" | "micron" => unit(1e-6, 2),
        "nm" => unit(1e-9, 2),
        "Angstrom" | "AA" | "angstrom" => unit(1e-10, 2),
        "s" | "second" => unit(1.0, 3),
        "min" => unit(60.0, 3),
        "h" => unit(3600.0, 3),
        "d" | "day" => unit(86400.0, 3),
        "Hz" => unit(1.0, 3)?.power(-1),
        "dimensionless" | "one" => Some(Unit::NONE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_as_astropy_writes_them() {
        let u = |t| Unit::parse(t).unwrap();
        assert_eq!(u("arcsec").factor_to(Unit::DEGREE), Some(1.0 / 3600.0));
        assert_eq!(u("arcsec / pix").times(u("pixel")).unwrap(), u("arcsec"));
        assert_eq!(u("deg pix-1"), u("deg / pix"));
        assert_eq!(u("pix**-1"), u("1 / pix"));
        assert_eq!(u("deg/(pix2)"), u("deg pix^-2"));
        assert_eq!(u(""), Unit::NONE);
        assert!(u("rad").is_angle() && !u("pix").is_angle());
        assert_eq!(u("m").factor_to(u("s")), None);
        assert_eq!(Unit::parse("furlong"), None);
        assert_eq!(Unit::parse("pix999"), None);
    }
}
