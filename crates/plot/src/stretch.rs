//! How values between the limits are spread over the colours.

use std::fmt;
use std::str::FromStr;

use crate::{PlotError, Result};

/// A monotone function that maps `[0, 1]` to `[0, 1]` (formulas and defaults of astropy's stretches).
///
/// As text: `linear`, `sqrt`, `squared`, `log`, `asinh`, `sinh`, `histeq`, `power:A`, `powerdist`, and with a
/// parameter `log:A`, `asinh:A`, `sinh:A`, `powerdist:A`, `linear:SLOPE,INTERCEPT`.
///
/// ```
/// use skyphot_plot::Stretch;
/// let s: Stretch = "asinh:0.1".parse()?;
/// let y = s.apply(0.25);
/// assert!((s.inverse(y) - 0.25).abs() < 1e-15);
/// # Ok::<(), skyphot_plot::PlotError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Stretch {
    /// `slope x + intercept`.
    #[doc(alias = "LinearStretch")]
    Linear {
        /// Slope, not 0.
        slope: f64,
        /// Value at 0.
        intercept: f64,
    },
    /// `sqrt(x)`.
    #[doc(alias = "SqrtStretch")]
    Sqrt,
    /// `x^2`.
    #[doc(alias = "SquaredStretch")]
    Squared,
    /// `x^a`, `a > 0`.
    #[doc(alias = "PowerStretch")]
    Power(f64),
    /// `(a^x - 1) / (a - 1)`, `a > 0`, not 1; 1000 as a rule.
    #[doc(alias = "PowerDistStretch")]
    PowerDist(f64),
    /// `ln(a x + 1) / ln(a + 1)`, `a > 0`; 1000 as a rule.
    #[doc(alias = "LogStretch")]
    Log(f64),
    /// `asinh(x / a) / asinh(1 / a)`, `a > 0`; 0.1 as a rule.
    #[doc(alias = "AsinhStretch")]
    Asinh(f64),
    /// `sinh(x / a) / sinh(1 / a)`, `a > 0`; 1/3 as a rule.
    #[doc(alias = "SinhStretch")]
    Sinh(f64),
    /// Every colour covers the same number of pixels. The function follows from the data, so it exists only in an
    /// [`ImageNorm`](crate::ImageNorm) or as a [`HistEq`](crate::HistEq); here it acts as the identity.
    #[doc(alias = "HistEqStretch")]
    HistEq,
}

impl Default for Stretch {
    fn default() -> Self {
        Self::LINEAR
    }
}

impl Stretch {
    /// The identity.
    pub const LINEAR: Self = Self::Linear { slope: 1.0, intercept: 0.0 };

    /// The stretched value. Values outside `[0, 1]` are not clipped; NaN where the formula has no real answer.
    #[must_use]
    pub fn apply(&self, x: f64) -> f64 {
        match *self {
            Self::Linear { slope, intercept } => slope * x + intercept,
            Self::Sqrt => x.sqrt(),
            Self::Squared => x * x,
            Self::Power(a) => x.powf(a),
            Self::PowerDist(a) => (a.powf(x) - 1.0) / (a - 1.0),
            Self::Log(a) => (a * x + 1.0).ln() / (a + 1.0).ln(),
            Self::Asinh(a) => (x / a).asinh() / (1.0 / a).asinh(),
            Self::Sinh(a) => (x / a).sinh() / (1.0 / a).sinh(),
            Self::HistEq => x,
        }
    }

    /// The value that is stretched to `y`.
    #[must_use]
    pub fn inverse(&self, y: f64) -> f64 {
        match *self {
            Self::Linear { slope, intercept } => (y - intercept) / slope,
            Self::Sqrt => y * y,
            Self::Squared => y.sqrt(),
            Self::Power(a) => y.powf(1.0 / a),
            Self::PowerDist(a) => (y * (a - 1.0) + 1.0).ln() / a.ln(),
            Self::Log(a) => ((y * (a + 1.0).ln()).exp() - 1.0) / a,
            Self::Asinh(a) => (y * (1.0 / a).asinh()).sinh() * a,
            Self::Sinh(a) => (y * (1.0 / a).sinh()).asinh() * a,
            Self::HistEq => y,
        }
    }

    /// Negative values have no place in this stretch: an [`ImageNorm`](crate::ImageNorm) marks them invalid.
    pub(crate) fn rejects_negative(&self) -> bool {
        match *self {
            Self::Sqrt | Self::Log(_) => true,
            Self::Power(a) => a < 1.0,
            _ => false,
        }
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// [`PlotError::InvalidParameter`] for a parameter outside its range.
    pub fn validate(&self) -> Result<()> {
        let (ok, expected, a) = match *self {
            Self::Linear { slope, intercept } => {
                (slope.is_finite() && slope != 0.0 && intercept.is_finite(), "finite and not 0", slope)
            }
            Self::PowerDist(a) => (a > 0.0 && a != 1.0 && a.is_finite(), "positive and not 1", a),
            Self::Power(a) | Self::Log(a) | Self::Asinh(a) | Self::Sinh(a) => {
                (a > 0.0 && a.is_finite(), "positive", a)
            }
            Self::Sqrt | Self::Squared | Self::HistEq => return Ok(()),
        };
        if ok {
            Ok(())
        } else {
            let what = "the parameter of the stretch";
            Err(PlotError::InvalidParameter { what, expected, found: a.to_string() })
        }
    }
}

impl fmt::Display for Stretch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::LINEAR => f.write_str("linear"),
            Self::Linear { slope, intercept } => write!(f, "linear:{slope},{intercept}"),
            Self::Sqrt => f.write_str("sqrt"),
            Self::Squared => f.write_str("squared"),
            Self::Power(a) => write!(f, "power:{a}"),
            Self::PowerDist(a) => write!(f, "powerdist:{a}"),
            Self::Log(a) => write!(f, "log:{a}"),
            Self::Asinh(a) => write!(f, "asinh:{a}"),
            Self::Sinh(a) => write!(f, "sinh:{a}"),
            Self::HistEq => f.write_str("histeq"),
        }
    }
}

impl FromStr for Stretch {
    type Err = PlotError;

    fn from_str(s: &str) -> Result<Self> {
        let error = || PlotError::Parse {
            what: "stretch",
            expected: "linear, sqrt, squared, log[:A], asinh[:A], sinh[:A], power:A, powerdist[:A] or histeq",
            found: s.to_owned(),
        };
        let t = s.trim().to_ascii_lowercase();
        let (name, parameter) = match t.split_once(':') {
            Some((n, p)) => (n, Some(p)),
            None => (t.as_str(), None),
        };
        let number = |p: &str| p.trim().parse::<f64>().map_err(|_| error());
        let or = |default: f64| parameter.map_or(Ok(default), number);
        let stretch = match (name, parameter) {
            ("linear", None) => Self::LINEAR,
            ("linear", Some(p)) => {
                let (slope, intercept) = p.split_once(',').ok_or_else(error)?;
                Self::Linear { slope: number(slope)?, intercept: number(intercept)? }
            }
            ("sqrt", None) => Self::Sqrt,
            ("squared", None) => Self::Squared,
            ("histeq", None) => Self::HistEq,
            ("power", Some(p)) => Self::Power(number(p)?),
            ("powerdist", _) => Self::PowerDist(or(1000.0)?),
            ("log", _) => Self::Log(or(1000.0)?),
            ("asinh", _) => Self::Asinh(or(0.1)?),
            ("sinh", _) => Self::Sinh(or(1.0 / 3.0)?),
            _ => return Err(error()),
        };
        stretch.validate()?;
        Ok(stretch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [&str; 10] = [
        "linear",
        "linear:1.5,-0.2",
        "sqrt",
        "squared",
        "power:3",
        "powerdist:10",
        "log:1000",
        "asinh:0.1",
        "sinh:0.3",
        "histeq",
    ];

    #[test]
    fn text_round_trips() {
        for t in ALL {
            assert_eq!(t.parse::<Stretch>().unwrap().to_string(), t);
        }
        assert_eq!("log".parse::<Stretch>().unwrap(), Stretch::Log(1000.0));
        for t in ["", "power", "power:-1", "log:0", "powerdist:1", "sqrt:2", "gamma", "asinh:x"] {
            assert!(t.parse::<Stretch>().is_err(), "{t}");
        }
    }

    #[test]
    fn zero_and_one_stay() {
        for t in ALL.iter().filter(|t| !t.starts_with("linear:")) {
            let s: Stretch = t.parse().unwrap();
            assert!(s.apply(0.0).abs() < 1e-15 && (s.apply(1.0) - 1.0).abs() < 1e-15, "{t}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn inverse_undoes(x in 0.0_f64..1.0, i in 0..ALL.len()) {
            let s: Stretch = ALL[i].parse().unwrap();
            prop_assert!((s.inverse(s.apply(x)) - x).abs() < 1e-11, "{} {}", ALL[i], x);
        }
    }
}
