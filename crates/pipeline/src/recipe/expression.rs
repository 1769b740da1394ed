//! Sums over the columns of a table, as text.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use skyphot_calibration::{ConcentrationCut, magnitude, magnitude_error};
use skyphot_core::{ColumnData, Table};

use crate::{PipelineError, Result};

/// Numbers with names.
pub type Numbers = BTreeMap<String, f64>;

/// An expression over the columns of a table and named numbers: `(sum - sky * sum_area) * ee`, `mag_r1 < -3 and
/// type == 'PSF'`.
///
/// `+ - * / ^`, comparisons (`<= >= == != < >`; `=` is `==`), `and or not` (also `&`, `|`, and a comma between tests), `pi
/// true false`, numbers, `'text'`, and the functions `abs sqrt exp log10 asinh isfinite
/// mag(flux) mag_err(flux, error) min(a, b) max(a, b) if(test, a, b)` and `line(x, x0, y0, x1, y1, ...)`: a broken line,
/// level beyond its ends. Truth is 1, all else 0; comparisons with NaN and missing values are false; magnitudes of what is not
/// positive are NaN.
///
/// ```
/// use skyphot_core::{Column, Table};
/// use skyphot_pipeline::Expression;
/// let t = Table::from_columns([Column::new("flux", vec![100.0, -1.0]), Column::new("area", vec![2.0, 2.0])])?;
/// let sky = [("sky".to_owned(), 5.0)].into();
/// let e = Expression::parse("mag(flux - sky * area)")?.over(&t, &sky)?;
/// assert!((e[0] + 4.885_606_273_598_312).abs() < 1e-12 && e[1].is_nan());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    text: String,
    root: Node,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Number(f64),
    Text(String),
    Name(String),
    Unary(&'static str, Box<Node>),
    Binary(&'static str, Box<Node>, Box<Node>),
    Call(String, Vec<Node>),
}

#[derive(Debug, Clone)]
enum Value {
    One(f64),
    Many(Vec<f64>),
    Word(String),
    Words(Vec<Option<String>>),
}

impl Value {
    fn at(&self, i: usize) -> f64 {
        match self {
            Self::One(v) => *v,
            Self::Many(v) => v[i],
            _ => f64::NAN,
        }
    }

    fn word(&self, i: usize) -> Option<&str> {
        match self {
            Self::Word(w) => Some(w),
            Self::Words(w) => w[i].as_deref(),
            _ => None,
        }
    }
}

struct Scope<'a> {
    table: Option<&'a Table>,
    numbers: &'a Numbers,
    rows: usize,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// [`PipelineError::Value`] with what was expected where.
    pub fn parse(text: &str) -> Result<Self> {
        let tokens = tokens(text)?;
        let mut p = Parser { text, tokens, next: 0 };
        let mut root = p.binary(0)?;
        while p.peek() == Some(",") {
            p.next += 1;
            root = Node::Binary("and", Box::new(root), Box::new(p.binary(0)?));
        }
        match p.peek() {
            None => Ok(Self { text: text.to_owned(), root }),
            Some(t) => Err(p.wrong(&format!("'{t}'"))),
        }
    }

    /// One number for each row of a table.
    ///
    /// # Errors
    /// [`PipelineError::Value`] for names that are neither a column nor a number, and for text where a number belongs.
    pub fn over(&self, table: &Table, numbers: &Numbers) -> Result<Vec<f64>> {
        let scope = Scope { table: Some(table), numbers, rows: table.n_rows() };
        Ok(match self.value(&self.root, &scope)? {
            Value::One(v) => vec![v; table.n_rows()],
            Value::Many(v) => v,
            _ => return Err(self.wrong("a number in each row")),
        })
    }

    /// The rows for which a test is true.
    ///
    /// # Errors
    /// As [`Expression::over`].
    pub fn test(&self, table: &Table, numbers: &Numbers) -> Result<Vec<bool>> {
        Ok(self.over(table, numbers)?.into_iter().map(|v| v != 0.0 && !v.is_nan()).collect())
    }

    /// The value of an expression of numbers alone.
    ///
    /// # Errors
    /// As [`Expression::over`].
    pub fn number(&self, numbers: &Numbers) -> Result<f64> {
        match self.value(&self.root, &Scope { table: None, numbers, rows: 1 })? {
            Value::One(v) => Ok(v),
            _ => Err(self.wrong("one number")),
        }
    }

    fn wrong(&self, expected: &str) -> PipelineError {
        PipelineError::value("expression", &self.text, expected)
    }

    fn value(&self, node: &Node, scope: &Scope<'_>) -> Result<Value> {
        Ok(match node {
            Node::Number(v) => Value::One(*v),
            Node::Text(t) => Value::Word(t.clone()),
            Node::Name(n) => self.named(n, scope)?,
            Node::Unary(op, a) => {
                let a = self.value(a, scope)?;
                let f = |v: f64| if *op == "-" { -v } else { truth(v == 0.0 || v.is_nan()) };
                self.map(&[a], scope, |v| f(v[0]))?
            }
            Node::Binary(op, a, b) => {
                let (a, b) = (self.value(a, scope)?, self.value(b, scope)?);
                let text = |v: &Value| matches!(v, Value::Word(_) | Value::Words(_));
                if text(&a) && text(&b) {
                    return self.words(op, &a, &b, scope);
                }
                self.map(&[a, b], scope, |v| binary(op, v[0], v[1]))?
            }
            Node::Call(name, args) => {
                let values = args.iter().map(|a| self.value(a, scope)).collect::<Result<Vec<_>>>()?;
                self.call(name, &values, scope)?
            }
        })
    }

    fn named(&self, name: &str, scope: &Scope<'_>) -> Result<Value> {
        if let Some(table) = scope.table.filter(|t| t.has(name)) {
            let column = table.column(name)?;
            return Ok(match column.data() {
                ColumnData::Str(s) => Value::Words(
                    s.iter().enumerate().map(|(i, s)| (!column.is_missing(i)).then(|| s.clone())).collect(),
                ),
                _ => Value::Many(column.to_f64()?),
            });
        }
        if let Some(v) = scope.numbers.get(name) {
            return Ok(Value::One(*v));
        }
        match name {
            "pi" => return Ok(Value::One(std::f64::consts::PI)),
            "true" => return Ok(Value::One(1.0)),
            "false" => return Ok(Value::One(0.0)),
            _ => {}
        }
        if let (Some(table), true) = (scope.table, scope.numbers.is_empty()) {
            // Only columns can be meant.
            table.column(name)?;
        }
        let columns = scope.table.map_or(String::new(), |t| t.names().join(" "));
        let numbers: Vec<&str> = scope.numbers.keys().map(String::as_str).collect();
        Err(self.wrong(&format!(
            "made of the columns [{columns}] and numbers [{}]; there is no '{name}'",
            numbers.join(" ")
        )))
    }

    fn map(&self, args: &[Value], scope: &Scope<'_>, f: impl Fn(&[f64]) -> f64) -> Result<Value> {
        if args.iter().any(|a| matches!(a, Value::Word(_) | Value::Words(_))) {
            return Err(self.wrong("an expression without text where numbers belong"));
        }
        let row = |i: usize| f(&args.iter().map(|a| a.at(i)).collect::<Vec<_>>());
        Ok(if args.iter().any(|a| matches!(a, Value::Many(_))) {
            Value::Many((0..scope.rows).map(row).collect())
        } else {
            Value::One(row(0))
        })
    }

    fn words(&self, op: &str, a: &Value, b: &Value, scope: &Scope<'_>) -> Result<Value> {
        if !LEVELS[2].contains(&op) {
            return Err(self.wrong("a comparison between texts"));
        }
        // A text that is missing is in no comparison.
        let row = |i: usize| match (a.word(i), b.word(i)) {
            (Some(a), Some(b)) => truth(match op {
                "==" => a == b,
                "!=" => a != b,
                "<" => a < b,
                "<=" => a <= b,
                ">" => a > b,
                _ => a >= b,
            }),
            _ => 0.0,
        };
        Ok(Value::Many((0..scope.rows).map(row).collect()))
    }

    fn call(&self, name: &str, args: &[Value], scope: &Scope<'_>) -> Result<Value> {
        let count = |n: usize| {
            if args.len() == n { Ok(()) } else { Err(self.wrong(&format!("{n} arguments of {name}"))) }
        };
        let one: Option<fn(f64) -> f64> = match name {
            "abs" => Some(f64::abs),
            "sqrt" => Some(f64::sqrt),
            "exp" => Some(f64::exp),
            "log10" => Some(f64::log10),
            "asinh" => Some(f64::asinh),
            "isfinite" => Some(|v| truth(v.is_finite())),
            "mag" => Some(|v| magnitude(v, 0.0)),
            _ => None,
        };
        if let Some(f) = one {
            count(1)?;
            return self.map(args, scope, |v| f(v[0]));
        }
        match name {
            "mag_err" => count(2).and_then(|()| self.map(args, scope, |v| magnitude_error(v[0], v[1]))),
            "min" => count(2).and_then(|()| self.map(args, scope, |v| v[0].min(v[1]))),
            "max" => count(2).and_then(|()| self.map(args, scope, |v| v[0].max(v[1]))),
            "if" => count(3).and_then(|()| {
                self.map(args, scope, |v| if v[0] != 0.0 && !v[0].is_nan() { v[1] } else { v[2] })
            }),
            "line" => {
                let corners: Vec<f64> = args.iter().skip(1).map(|a| a.at(0)).collect();
                if corners.len() < 2 || !corners.len().is_multiple_of(2) {
                    return Err(self.wrong("line(x, x0, y0, x1, y1, ...)"));
                }
                let (x, y): (Vec<f64>, Vec<f64>) = corners.chunks_exact(2).map(|c| (c[0], c[1])).unzip();
                let cut = ConcentrationCut::new(&x, &y)?;
                self.map(&args[..1], scope, |v| cut.limit(v[0]))
            }
            _ => Err(self.wrong(&format!("made of known functions; there is no {name}()"))),
        }
    }
}

impl FromStr for Expression {
    type Err = PipelineError;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text.trim())
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn truth(v: bool) -> f64 {
    f64::from(u8::from(v))
}

fn binary(op: &str, a: f64, b: f64) -> f64 {
    let yes = |v: f64| v != 0.0 && !v.is_nan();
    match op {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        "^" => a.powf(b),
        "<" => truth(a < b),
        "<=" => truth(a <= b),
        ">" => truth(a > b),
        ">=" => truth(a >= b),
        "==" => truth(a == b),
        "!=" => truth(a != b && !a.is_nan() && !b.is_nan()),
        "and" => truth(yes(a) && yes(b)),
        _ => truth(yes(a) || yes(b)),
    }
}

/// Operators from the loosest to the tightest.
const LEVELS: [&[&str]; 6] =
    [&["or"], &["and"], &["<=", ">=", "==", "!=", "<", ">"], &["+", "-"], &["*", "/"], &["^"]];

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<String>,
    next: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&str> {
        self.tokens.get(self.next).map(String::as_str)
    }

    fn wrong(&self, found: &str) -> PipelineError {
        PipelineError::value(
            "expression",
            self.text,
            format!("an expression: {found} was not expected there"),
        )
    }

    fn expect(&mut self, token: &str) -> Result<()> {
        if self.peek() == Some(token) {
            self.next += 1;
            return Ok(());
        }
        let found = self.peek().map_or("the end".to_owned(), |t| format!("'{t}'"));
        Err(PipelineError::value(
            "expression",
            self.text,
            format!("complete: '{token}' was expected, not {found}"),
        ))
    }

    fn binary(&mut self, level: usize) -> Result<Node> {
        if level == LEVELS.len() {
            return self.unary();
        }
        let mut left = self.binary(level + 1)?;
        while let Some(op) = self.peek().and_then(|t| LEVELS[level].iter().find(|o| **o == t)) {
            self.next += 1;
            let right = self.binary(level + 1)?;
            left = Node::Binary(op, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Node> {
        match self.peek() {
            Some("-") => {
                self.next += 1;
                Ok(Node::Unary("-", Box::new(self.binary(5)?)))
            }
            Some("not") => {
                self.next += 1;
                Ok(Node::Unary("not", Box::new(self.binary(2)?)))
            }
            _ => self.atom(),
        }
    }

    fn atom(&mut self) -> Result<Node> {
        let Some(token) = self.peek().map(str::to_owned) else { return Err(self.wrong("the end")) };
        self.next += 1;
        let first = token.chars().next().unwrap_or(' ');
        if token == "(" {
            let inner = self.binary(0)?;
            self.expect(")")?;
            return Ok(inner);
        }
        if first == '\'' {
            return Ok(Node::Text(token[1..].to_owned()));
        }
        if first.is_ascii_digit() || first == '.' {
            return token.parse().map(Node::Number).map_err(|_| self.wrong(&format!("'{token}'")));
        }
        if !(first.is_alphabetic() || first == '_') {
            return Err(self.wrong(&format!("'{token}'")));
        }
        if self.peek() != Some("(") {
            return Ok(Node::Name(token));
        }
        self.next += 1;
        let mut args = Vec::new();
        while self.peek() != Some(")") {
            if !args.is_empty() {
                self.expect(",")?;
            }
            args.push(self.binary(0)?);
        }
        self.next += 1;
        Ok(Node::Call(token, args))
    }
}

fn tokens(text: &str) -> Result<Vec<String>> {
    let c: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut i = 0;
    while i < c.len() {
        let start = i;
        let run = |mut k: usize, f: &dyn Fn(char) -> bool| {
            while k < c.len() && f(c[k]) {
                k += 1;
            }
            k
        };
        if c[i].is_whitespace() {
            i += 1;
            continue;
        }
        if c[i].is_alphabetic() || c[i] == '_' {
            i = run(i, &|ch| ch.is_alphanumeric() || ch == '_' || ch == '.');
        } else if c[i].is_ascii_digit() || c[i] == '.' {
            i = run(i, &|ch| ch.is_ascii_digit() || ch == '.');
            if i < c.len() && matches!(c[i], 'e' | 'E') {
                let sign = usize::from(c.get(i + 1).is_some_and(|s| matches!(s, '+' | '-')));
                if c.get(i + 1 + sign).is_some_and(char::is_ascii_digit) {
                    i = run(i + 1 + sign, &|ch| ch.is_ascii_digit());
                }
            }
        } else if matches!(c[i], '\'' | '"') {
            let quote = c[i];
            i = run(i + 1, &|ch| ch != quote);
            if i == c.len() {
                return Err(PipelineError::value("expression", text, "complete: a quote is not closed"));
            }
            i += 1;
            out.push(std::iter::once('\'').chain(c[start + 1..i - 1].iter().copied()).collect());
            continue;
        } else {
            let next = c.get(i + 1);
            let double = matches!(c[i], '<' | '>' | '=' | '!') && next == Some(&'=')
                || matches!(c[i], '&' | '|') && next == Some(&c[i]);
            i += 1 + usize::from(double);
        }
        let token: String = c[start..i].iter().collect();
        out.push(match token.as_str() {
            "&" | "&&" => "and".to_owned(),
            "|" | "||" => "or".to_owned(),
            "=" => "==".to_owned(),
            _ => token,
        });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use skyphot_core::Column;

    fn number(text: &str) -> f64 {
        let numbers = [("fwhm".to_owned(), 2.0)].into();
        Expression::parse(text).unwrap().number(&numbers).unwrap()
    }

    #[test]
    fn arithmetic_binds_as_usual() {
        assert_eq!(number("1 + 2 * 3 ^ 2"), 19.0);
        assert_eq!(number("-2 ^ 2"), -4.0);
        assert_eq!(number("(1 - 4) / -3"), 1.0);
        assert_eq!(number("2*fwhm - 1e-1*10"), 3.0);
        assert_eq!(number("not 1 > 2 and 3 != 4 or 0"), 1.0);
        assert_eq!(number("line(1.15, 0.6, 0, 1, 1.5, 1.3, 1.8)"), 1.65);
        assert_eq!(number("if(isfinite(0/0), 1, max(2, 3))"), 3.0);
    }

    #[test]
    fn cuts() {
        let t = Table::from_columns([
            Column::new("a", vec![1.0, 2.0, 3.0, f64::NAN]),
            Column::new("n", vec![0_i64, 1, 2, 3]),
            Column::new("s", ["x", "y", "x", "z"].map(str::to_owned).to_vec()),
            Column::new("k", vec![true, false, true, true]),
        ])
        .unwrap();
        let none = Numbers::new();
        for (text, rows) in [
            ("a<2", [true, false, false, false]),
            ("a >= 2.0", [false, true, true, false]),
            ("a != 2", [true, false, true, false]),
            ("a > -1e3 && n <= 1", [true, true, false, false]),
            ("a = 1 | n == 3", [true, false, false, true]),
            ("s = 'x' , k", [true, false, true, false]),
            ("s != \"x\" or k == true and n > 1", [false, true, true, true]),
            ("s >= 'y'", [false, true, false, true]),
            ("n", [false, true, true, true]),
        ] {
            assert_eq!(text.parse::<Expression>().unwrap().test(&t, &none).unwrap(), rows, "{text}");
        }
        for text in ["", "a <", "< 3", "a < b c", "a b", "a < 1 &", "a ! 3", ", a"] {
            assert!(text.parse::<Expression>().is_err(), "{text}");
        }
        let e = "b < 3".parse::<Expression>().unwrap().test(&t, &none).unwrap_err().to_string();
        assert!(e.contains("'b'"), "{e}");
        assert!("s < 3".parse::<Expression>().unwrap().test(&t, &none).is_err());
    }

    #[test]
    fn rows_of_text_and_numbers() {
        let t = Table::from_columns([
            Column::new("type", vec!["PSF".to_owned(), "SER".to_owned()]),
            Column::new("m", vec![20.0, f64::NAN]),
        ])
        .unwrap();
        let e = Expression::parse("type == 'PSF' and m < 21").unwrap();
        assert_eq!(e.test(&t, &Numbers::new()).unwrap(), [true, false]);
        assert_eq!(
            Expression::parse("not (m < 21)").unwrap().test(&t, &Numbers::new()).unwrap(),
            [false, true]
        );
    }

    #[test]
    fn mistakes_are_named() {
        for (text, expected) in [
            ("1 +", "the end"),
            ("(1", "')'"),
            ("'a", "quote"),
            ("f(1)", "no f()"),
            ("a", "'a'"),
            ("1 2", "'2'"),
        ] {
            let e = Expression::parse(text).and_then(|e| e.number(&Numbers::new())).unwrap_err();
            assert!(e.to_string().contains(expected) && e.is_usage(), "{text}: {e}");
        }
    }
}
