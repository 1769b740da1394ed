//! Cuts on the columns of a table.

use std::fmt;
use std::str::FromStr;

use skyphot_core::{ColumnData, Table};

use crate::{PipelineError, Result};

/// A cut such as `mag_r1 < -3`, `flags == 0 & snr > 10 | name = 'M 31'`: comparisons joined by `&` (`and`, `,`) and `|`
/// (`or`), of which `&` binds closer. A column alone is true where it is not 0. Comparisons with NaN and missing values
/// are false.
///
/// ```
/// use skyphot_core::{Column, Table};
/// use skyphot_pipeline::Selection;
/// let table = Table::from_columns([
///     Column::new("mag", vec![-5.0, -2.0, f64::NAN]),
///     Column::new("flags", vec![0_i64, 0, 0]),
/// ])?;
/// let cut: Selection = "mag < -3 and flags == 0".parse()?;
/// assert_eq!(cut.rows(&table)?, [true, false, false]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    text: String,
    /// Alternatives of terms that must all hold.
    terms: Vec<Vec<Term>>,
}

#[derive(Debug, Clone, PartialEq)]
struct Term {
    column: String,
    test: Test,
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    True,
    Number(Comparison, f64),
    Text(Comparison, String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Less,
    AtMost,
    More,
    AtLeast,
    Is,
    IsNot,
}

impl Comparison {
    fn holds<T: PartialOrd>(self, a: &T, b: &T) -> bool {
        match self {
            Self::Less => a < b,
            Self::AtMost => a <= b,
            Self::More => a > b,
            Self::AtLeast => a >= b,
            Self::Is => a == b,
            Self::IsNot => a != b,
        }
    }
}

/// Longer signs first.
const SIGNS: [(&str, Comparison); 7] = [
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("==", Comparison::Is),
    ("!=", Comparison::IsNot),
    ("<", Comparison::Less),
    (">", Comparison::More),
    ("=", Comparison::Is),
];

impl FromStr for Selection {
    type Err = PipelineError;

    fn from_str(text: &str) -> Result<Self> {
        let words = format!(" {text} ").replace(" and ", " & ").replace(" or ", " | ");
        let words = words.replace("&&", "&").replace("||", "|");
        let terms = words
            .split('|')
            .map(|all| all.split(['&', ',']).map(|t| term(t, text)).collect::<Result<Vec<_>>>())
            .collect::<Result<Vec<_>>>()?;
        Ok(Self { text: text.trim().to_owned(), terms })
    }
}

fn term(part: &str, text: &str) -> Result<Term> {
    let bad =
        || PipelineError::value("selection", text, "a cut on columns such as 'mag_r1 < -3 & flags == 0'");
    let part = part.trim();
    let first = part.find(['<', '>', '=', '!']);
    let Some(at) = first else {
        return if part.is_empty() || part.contains(char::is_whitespace) {
            Err(bad())
        } else {
            Ok(Term { column: part.to_owned(), test: Test::True })
        };
    };
    let (column, rest) = part.split_at(at);
    let (sign, comparison) = SIGNS.iter().find(|(s, _)| rest.starts_with(s)).ok_or_else(bad)?;
    let value = rest[sign.len()..].trim();
    let column = column.trim().to_owned();
    if column.is_empty() || value.is_empty() {
        return Err(bad());
    }
    let quoted = |q: char| value.strip_prefix(q).and_then(|v| v.strip_suffix(q));
    if let Some(v) = quoted('\'').or_else(|| quoted('"')) {
        return Ok(Term { column, test: Test::Text(*comparison, v.to_owned()) });
    }
    let value = match value.to_ascii_lowercase().as_str() {
        "true" => 1.0,
        "false" => 0.0,
        v => v.parse::<f64>().map_err(|_| bad())?,
    };
    Ok(Term { column, test: Test::Number(*comparison, value) })
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Selection {
    /// For each row whether it is selected.
    ///
    /// # Errors
    /// [`PipelineError::Core`] for a column that is not there, or that is text where a number is compared.
    pub fn rows(&self, table: &Table) -> Result<Vec<bool>> {
        let mut any = vec![false; table.n_rows()];
        for alternative in &self.terms {
            let mut all = vec![true; table.n_rows()];
            for t in alternative {
                t.narrow(table, &mut all)?;
            }
            any.iter_mut().zip(&all).for_each(|(a, b)| *a |= b);
        }
        Ok(any)
    }
}

impl Term {
    fn narrow(&self, table: &Table, rows: &mut [bool]) -> Result<()> {
        let column = table.column(&self.column)?;
        if let (Test::Text(c, value), ColumnData::Str(texts)) = (&self.test, column.data()) {
            for (i, r) in rows.iter_mut().enumerate() {
                *r &= !column.is_missing(i) && c.holds(&texts[i].as_str(), &value.as_str());
            }
            return Ok(());
        }
        let values = table.f64(&self.column)?;
        for (i, (r, v)) in rows.iter_mut().zip(&values).enumerate() {
            *r &= !column.is_missing(i)
                && !v.is_nan()
                && match &self.test {
                    Test::True => *v != 0.0,
                    Test::Number(c, n) => c.holds(v, n),
                    Test::Text(c, t) => t.parse::<f64>().is_ok_and(|n| c.holds(v, &n)),
                };
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skyphot_core::Column;

    #[test]
    fn cuts() {
        let t = Table::from_columns([
            Column::new("a", vec![1.0, 2.0, 3.0, f64::NAN]),
            Column::new("n", vec![0_i64, 1, 2, 3]),
            Column::new("s", ["x", "y", "x", "z"].map(str::to_owned).to_vec()),
            Column::new("k", vec![true, false, true, true]),
        ])
        .unwrap();
        for (text, rows) in [
            ("a<2", [true, false, false, false]),
            ("a >= 2.0", [false, true, true, false]),
            ("a != 2", [true, false, true, false]),
            ("a > -1e3 && n <= 1", [true, true, false, false]),
            ("a = 1 | n == 3", [true, false, false, true]),
            ("s = 'x' , k", [true, false, true, false]),
            ("s != \"x\" or k == true and n > 1", [false, true, true, true]),
            ("n", [false, true, true, true]),
        ] {
            assert_eq!(text.parse::<Selection>().unwrap().rows(&t).unwrap(), rows, "{text}");
        }
        for text in ["", "a <", "< 3", "a < b c", "a b", "a < 1 &", "a ! 3"] {
            assert!(text.parse::<Selection>().is_err(), "{text}");
        }
        let e = "b < 3".parse::<Selection>().unwrap().rows(&t).unwrap_err().to_string();
        assert!(e.contains("'b'"), "{e}");
        assert!("s < 3".parse::<Selection>().unwrap().rows(&t).is_err());
    }
}
