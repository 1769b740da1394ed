//! What plain scalars mean in YAML 1.1, as PyYAML resolves them.

use skyphot_core::tree::Value;

/// The value of a scalar: `plain` if it has no quotes, `tag` its complete tag.
///
/// A scalar with a tag of its own kind is text, however it looks (`!<...visit-1.0.0> 0012`).
pub(super) fn resolve(text: &str, plain: bool, tag: Option<&str>) -> Result<Value, String> {
    let string = || Ok(Value::String(text.into()));
    let Some(tag) = tag else {
        return if plain { Ok(implicit(text)) } else { string() };
    };
    let bad = |what: &str| Err(format!("expected {what}, found '{text}'"));
    match tag.strip_prefix("tag:yaml.org,2002:") {
        Some("null") => Ok(Value::Null),
        Some("bool") => boolean(text).map_or_else(|| bad("a truth value"), |v| Ok(Value::Bool(v))),
        Some("int") => integer(text).map_or_else(|| bad("a whole number"), Ok),
        Some("float") => match float(text).or_else(|| text.replace('_', "").parse().ok()) {
            Some(v) => Ok(Value::Float(v)),
            None => bad("a number"),
        },
        _ => string(),
    }
}

fn implicit(text: &str) -> Value {
    match text.as_bytes().first() {
        None => return Value::Null,
        Some(b'~' | b'n' | b'N') if matches!(text, "~" | "null" | "Null" | "NULL") => return Value::Null,
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') => {
            if let Some(v) = integer(text) {
                return v;
            }
            if let Some(v) = float(text) {
                return Value::Float(v);
            }
        }
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O') => {
            if let Some(v) = boolean(text) {
                return Value::Bool(v);
            }
        }
        Some(_) => {}
    }
    Value::String(text.into())
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// Whole numbers: decimal, `0x1F`, `017`, `0b11`, `1:30:00` (base 60). Those beyond 128 bits become real numbers.
fn integer(text: &str) -> Option<Value> {
    let (negative, digits) = sign(text);
    if !digits.bytes().next()?.is_ascii_digit() {
        return None;
    }
    if digits.contains(':') {
        let mut parts = digits.split(':');
        let first = parts.next().filter(|p| !p.starts_with('0') && all(p, |b| b.is_ascii_digit()))?;
        let mut total: i128 = first.replace('_', "").parse().ok()?;
        for p in parts {
            total = total.checked_mul(60)?.checked_add(sixtieth(p)?)?;
        }
        return Some(Value::Int(if negative { -total } else { total }));
    }
    let (radix, body) = match digits.as_bytes() {
        [b'0', b'x', ..] => (16, &digits[2..]),
        [b'0', b'b', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if !all(body, |b| char::from(b).is_digit(radix)) {
        return None;
    }
    let body = body.replace('_', "");
    let value = match i128::from_str_radix(&body, radix) {
        Ok(v) => Value::Int(if negative { -v } else { v }),
        Err(_) if radix == 10 && !body.is_empty() => Value::Float(text.replace('_', "").parse().ok()?),
        Err(_) => return None,
    };
    Some(value)
}

/// Real numbers: those of YAML 1.1 have a point, and a sign in the exponent.
fn float(text: &str) -> Option<f64> {
    let (negative, body) = sign(text);
    let signed = |v: f64| if negative { -v } else { v };
    match body {
        ".inf" | ".Inf" | ".INF" => return Some(signed(f64::INFINITY)),
        ".nan" | ".NaN" | ".NAN" => return (body.len() == text.len()).then_some(f64::NAN),
        _ => {}
    }
    let point = body.find('.')?;
    let (whole, rest) = (&body[..point], &body[point + 1..]);
    if whole.contains(':') {
        let mut parts = whole.split(':');
        let mut total: f64 =
            parts.next().filter(|p| all(p, |b| b.is_ascii_digit()))?.replace('_', "").parse().ok()?;
        for p in parts {
            total = total * 60.0 + sixtieth(p)? as f64;
        }
        let digits = rest.bytes().all(|b| b.is_ascii_digit() || b == b'_');
        let fraction: f64 = format!("0.{}0", rest.replace('_', "")).parse().ok().filter(|_| digits)?;
        return Some(signed(total + fraction));
    }
    let (fraction, exponent) = match rest.find(['e', 'E']) {
        Some(i) => (&rest[..i], Some(&rest[i + 1..])),
        None => (rest, None),
    };
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let lead = if whole.is_empty() { fraction } else { whole };
    let ok = lead.bytes().next().is_some_and(|b| b.is_ascii_digit())
        && digits(whole)
        && digits(fraction)
        && exponent.is_none_or(|e| {
            e.strip_prefix(['+', '-']).is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
        });
    if !ok {
        return None;
    }
    if text.contains('_') { text.replace('_', "").parse().ok() } else { text.parse().ok() }
}

fn sign(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}

fn all(text: &str, f: impl Fn(u8) -> bool) -> bool {
    text.bytes().any(&f) && text.bytes().all(|b| f(b) || b == b'_')
}

fn sixtieth(text: &str) -> Option<i128> {
    let ok = matches!(text.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
    text.parse().ok().filter(|_| ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> String {
        format!("{:?}", implicit(text))
    }

    #[test]
    fn as_pyyaml() {
        for (text, value) in [
            ("12", "Int(12)"),
            ("-1_000", "Int(-1000)"),
            ("0x1F", "Int(31)"),
            ("017", "Int(15)"),
            ("0o17", "String(\"0o17\")"),
            ("0b101", "Int(5)"),
            ("0", "Int(0)"),
            ("08", "String(\"08\")"),
            ("1:30", "Int(90)"),
            ("1:30.5", "Float(90.5)"),
            ("18446744073709551615", "Int(18446744073709551615)"),
            ("1.5", "Float(1.5)"),
            ("-1.5e-05", "Float(-1.5e-5)"),
            ("1.e+5", "Float(100000.0)"),
            (".5", "Float(0.5)"),
            ("1e5", "String(\"1e5\")"),
            ("1.0e5", "String(\"1.0e5\")"),
            (".", "String(\".\")"),
            ("-", "String(\"-\")"),
            ("-.inf", "Float(-inf)"),
            (".nan", "Float(NaN)"),
            ("~", "Null"),
            ("", "Null"),
            ("yes", "Bool(true)"),
            ("Off", "Bool(false)"),
            ("1.2.3", "String(\"1.2.3\")"),
            ("2020-01-01", "String(\"2020-01-01\")"),
            ("nan", "String(\"nan\")"),
            ("é", "String(\"é\")"),
        ] {
            assert_eq!(show(text), value, "{text}");
        }
        assert!(matches!(resolve("12", true, Some("asdf://x/y-1.0.0")), Ok(Value::String(_))));
        assert!(matches!(resolve("12", false, None), Ok(Value::String(_))));
        assert!(matches!(resolve("12", false, Some("tag:yaml.org,2002:float")), Ok(Value::Float(12.0))));
        assert!(resolve("x", true, Some("tag:yaml.org,2002:int")).is_err());
    }
}
