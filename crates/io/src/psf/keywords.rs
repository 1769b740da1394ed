//! Keywords that say where a PSF belongs and how it is sampled.

use skyphot_core::{HeaderView, Point};

use crate::Header;

/// `(1023.0, 0.0)`, `1023 0` or `1023, 0`: two numbers in the order of the text.
pub(super) fn pair(text: &str) -> Option<(f64, f64)> {
    let inner = text.trim().trim_start_matches(['(', '[']).trim_end_matches([')', ']']);
    let mut numbers = inner.split([',', ' ']).filter(|s| !s.is_empty()).map(|s| s.trim().parse::<f64>().ok());
    match (numbers.next()?, numbers.next()?, numbers.next()) {
        (Some(a), Some(b), None) => Some((a, b)),
        _ => None,
    }
}

/// Numbers and texts of the keywords `PREFIXn`, by `n`.
pub(super) fn numbered(header: &Header, prefix: &str) -> Vec<(u64, String)> {
    let mut all: Vec<(u64, String)> = header
        .keys()
        .iter()
        .filter_map(|k| {
            let n = k.strip_prefix(prefix)?;
            let digits = !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit());
            Some((digits.then(|| n.parse().ok())??, text(header, k)?))
        })
        .collect();
    all.sort_by_key(|(n, _)| *n);
    all
}

/// The value of a keyword as text, whatever its type.
pub(super) fn text(header: &Header, key: &str) -> Option<String> {
    header.get_str(key).or_else(|| header.get_f64(key).map(|v| v.to_string()))
}

/// Samples per pixel `(y, x)` from `OVERSAMP` (one number or `(y, x)`) or `OVERSAMX` and `OVERSAMY`; `None` without any,
/// an error text for what is no count.
pub(super) fn oversampling(header: &Header) -> Result<Option<(usize, usize)>, String> {
    let count = |v: f64| {
        let whole = v.fract() == 0.0 && (1.0..=1000.0).contains(&v);
        whole.then_some(v as usize).ok_or_else(|| format!("an oversampling of {v}, expected 1, 2, ... 1000"))
    };
    if let (Some(x), Some(y)) = (header.get_f64("OVERSAMX"), header.get_f64("OVERSAMY")) {
        return Ok(Some((count(y)?, count(x)?)));
    }
    for key in ["OVERSAMPLING", "OVERSAMP"] {
        if let Some(v) = header.get_f64(key) {
            let n = count(v)?;
            return Ok(Some((n, n)));
        }
        if let Some(t) = header.get_str(key) {
            let (y, x) = pair(&t).ok_or_else(|| format!("{key} = {t:?}, expected a number or two"))?;
            return Ok(Some((count(y)?, count(x)?)));
        }
    }
    Ok(None)
}

/// The position of one PSF: `GRID_XY = '(x, y)'`, `GRID_X` and `GRID_Y`, or `DET_YX0 = '(y, x)'`.
pub(super) fn position(header: &Header) -> Option<Point> {
    if let (Some(x), Some(y)) = (header.get_f64("GRID_X"), header.get_f64("GRID_Y")) {
        return Some(Point::new(x, y));
    }
    for key in ["GRID_XY", "GRID_XY0", "GRID_XY1"] {
        if let Some((x, y)) = text(header, key).as_deref().and_then(pair) {
            return Some(Point::new(x, y));
        }
    }
    let (y, x) = pair(&text(header, "DET_YX0")?)?;
    Some(Point::new(x, y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_and_counts() {
        assert_eq!(pair("(1023.0, 5)"), Some((1023.0, 5.0)));
        assert_eq!(pair(" 1 2 "), Some((1.0, 2.0)));
        assert_eq!(pair("(1, 2, 3)"), None);
        assert_eq!(pair("(1,"), None);
        let mut h = Header::new();
        assert_eq!(oversampling(&h), Ok(None));
        h.set("OVERSAMP", 4, "").unwrap();
        assert_eq!(oversampling(&h), Ok(Some((4, 4))));
        h.set("OVERSAMP", "(3, 2)", "").unwrap();
        assert_eq!(oversampling(&h), Ok(Some((3, 2))));
        h.set("OVERSAMP", 0, "").unwrap();
        assert!(oversampling(&h).is_err());
        for (k, v) in [("DET_YX10", "c"), ("DET_YX2", "b"), ("DET_YX0", "a"), ("DET_YXZ", "d")] {
            h.set(k, v, "").unwrap();
        }
        let texts: Vec<String> = numbered(&h, "DET_YX").into_iter().map(|t| t.1).collect();
        assert_eq!(texts, ["a", "b", "c"]);
    }
}
