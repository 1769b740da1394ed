//! Numbers with units, and sexagesimal angles.

/// A finite plain number: digits, sign, point, exponent; no `inf`, no `nan`.
pub(super) fn plain(text: &str) -> Option<f64> {
    let ok = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    text.parse().ok().filter(|v: &f64| ok && v.is_finite())
}

/// Up to three fields between `separators`, with the sign of the first for all: `-0:30:00` is -0.5.
pub(super) fn sexagesimal(text: &str, separators: &[char]) -> Option<f64> {
    let (negative, body) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let body = body.strip_suffix(separators).unwrap_or(body);
    let mut value = 0.0;
    let mut scale = 1.0;
    for (i, field) in body.split(separators).enumerate() {
        let digits = !field.is_empty() && field.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let v: f64 = field.parse().ok().filter(|_| digits)?;
        if i > 2 || (i > 0 && v > 60.0) {
            return None;
        }
        value += v / scale;
        scale *= 60.0;
    }
    Some(if negative { -value } else { value })
}

/// Degrees of a longitude brought into `[0, 360)`.
pub(super) fn wrap(lon: f64) -> f64 {
    if (0.0..360.0).contains(&lon) {
        return lon;
    }
    let w = lon.rem_euclid(360.0);
    if w >= 360.0 { 0.0 } else { w }
}

/// A length in degrees as text that gives the same bits again: arcseconds where they do, else degrees with `degrees`.
pub(super) fn angular_length(deg: f64, arcsec: &str, degrees: &str) -> String {
    let s = format!("{}", deg * 3600.0);
    match s.parse::<f64>() {
        Ok(v) if v / 3600.0 == deg => s + arcsec,
        _ => format!("{deg}{degrees}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_as_people_write_them() {
        assert_eq!(sexagesimal("-0:30:00", &[':']), Some(-0.5));
        assert_eq!(sexagesimal("18h12m36s", &['h', 'm', 's']), Some(18.21));
        assert_eq!(sexagesimal("+12d30m", &['d', 'm', 's']), Some(12.5));
        for bad in ["", "-", ":", "1:2:3:4", "1:61", "1:-2", "nan:1", "1::2"] {
            assert_eq!(sexagesimal(bad, &[':']), None, "{bad}");
        }
        for bad in ["", "inf", "nan", "1e999", "0x10", "1d", "--1"] {
            assert_eq!(plain(bad), None, "{bad}");
        }
        assert_eq!((wrap(-10.0), wrap(503.75), wrap(-1e-20)), (350.0, 143.75, 0.0));
    }

    #[test]
    fn lengths_come_back_bit_for_bit() {
        for v in [3.964_000_7 / 3600.0, 1.0 / 3.0, 0.5, 0.0, 1e-9, 2.0 / 3600.0] {
            let s = angular_length(v, "\"", "d");
            let back = match s.strip_suffix('"') {
                Some(t) => t.parse::<f64>().unwrap() / 3600.0,
                None => s.strip_suffix('d').unwrap().parse().unwrap(),
            };
            assert_eq!(back, v, "{s}");
        }
        assert_eq!(angular_length(2.0 / 3600.0, "\"", "d"), "2\"");
    }
}
