//! Tables of results.

use skyphot_core::{Column, Table};

/// Appends a column. A public vector that was changed to another length is left out.
pub(crate) fn put(table: &mut Table, column: Column) {
    let _left_out = table.push(column);
}

/// Appends a column of numbers.
pub(crate) fn put_f64(table: &mut Table, name: String, values: &[f64], unit: Option<&str>, text: &str) {
    let mut c = Column::new(name, values.to_vec()).with_description(text);
    c.unit = unit.map(str::to_owned);
    put(table, c);
}

/// The numbers from 1.
pub(crate) fn ids(n: usize) -> Column {
    Column::new("id", (1..=n as i64).collect::<Vec<_>>()).with_description("number of the position")
}

/// The square of a unit: that of each factor, `MJy2 / sr2` for `MJy / sr`; `None` if it is written in another way.
pub(crate) fn squared(unit: &str) -> Option<String> {
    let mut out = String::new();
    let mut word = String::new();
    let finish = |word: &mut String, out: &mut String| -> Option<()> {
        let name = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let power = &word[name.len()..];
        if name.is_empty() || !name.chars().all(char::is_alphabetic) {
            return (word.is_empty() || word == "1").then(|| out.push_str(&std::mem::take(word)));
        }
        let power: u32 = if power.is_empty() { 1 } else { power.parse().ok()? };
        *out += &format!("{name}{}", power.checked_mul(2)?);
        word.clear();
        Some(())
    };
    for c in unit.chars() {
        if matches!(c, ' ' | '/' | '*' | '.') {
            finish(&mut word, &mut out)?;
            out.push(c);
        } else {
            word.push(c);
        }
    }
    finish(&mut word, &mut out)?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::squared;

    #[test]
    fn squares_of_units() {
        for (unit, square) in
            [("Jy", "Jy2"), ("MJy / sr", "MJy2 / sr2"), ("electron/s", "electron2/s2"), ("m3*1/s", "m6*1/s2")]
        {
            assert_eq!(squared(unit).as_deref(), Some(square));
        }
        for unit in ["10-6 Jy", "(DN)", "mag(AB)", "m(1/2)"] {
            assert_eq!(squared(unit), None, "{unit}");
        }
    }
}
