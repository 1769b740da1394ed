//! Broken lines.

use std::str::FromStr;

use crate::PlotError;

/// How a line is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum LineStyle {
    /// Not at all.
    #[default]
    Solid,
    /// Dashes.
    Dashed,
    /// Dots.
    Dotted,
    /// Dashes and dots.
    DashDot,
}

impl FromStr for LineStyle {
    type Err = PlotError;

    fn from_str(s: &str) -> Result<Self, PlotError> {
        Ok(match s.trim().to_ascii_lowercase().as_str() {
            "solid" | "-" => Self::Solid,
            "dashed" | "--" => Self::Dashed,
            "dotted" | ":" => Self::Dotted,
            "dashdot" | "-." => Self::DashDot,
            _ => {
                return Err(PlotError::Parse {
                    what: "line style",
                    expected: "solid, dashed, dotted or dashdot",
                    found: s.to_owned(),
                });
            }
        })
    }
}

impl LineStyle {
    /// The pieces of a line that is `width` wide.
    pub(crate) fn cut(self, line: Vec<(f64, f64)>, width: f64) -> Vec<Vec<(f64, f64)>> {
        let unit = width.max(1.0);
        // Drawn, left out, drawn, ...
        let pattern: &[f64] = match self {
            Self::Solid => return vec![line],
            Self::Dashed => &[4.5, 2.5],
            Self::Dotted => &[1.0, 1.7],
            Self::DashDot => &[6.0, 2.0, 1.2, 2.0],
        };
        let mut out: Vec<Vec<(f64, f64)>> = Vec::new();
        let (mut k, mut left) = (0, pattern[0] * unit);
        let mut piece: Vec<(f64, f64)> = line.first().copied().into_iter().collect();
        for pair in line.windows(2) {
            let (mut a, b) = (pair[0], pair[1]);
            let mut length = (b.0 - a.0).hypot(b.1 - a.1);
            while length > left {
                let t = left / length;
                a = (a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1));
                length -= left;
                if k % 2 == 0 {
                    piece.push(a);
                    out.push(std::mem::take(&mut piece));
                } else {
                    piece = vec![a];
                }
                k = (k + 1) % pattern.len();
                left = pattern[k] * unit;
            }
            left -= length;
            if k % 2 == 0 {
                piece.push(b);
            }
        }
        if k % 2 == 0 && piece.len() > 1 {
            out.push(piece);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_have_the_lengths_of_the_pattern() {
        let line = vec![(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)];
        assert_eq!(LineStyle::Solid.cut(line.clone(), 1.0).as_slice(), std::slice::from_ref(&line));
        let length = |l: &Vec<(f64, f64)>| -> f64 {
            l.windows(2).map(|w| (w[1].0 - w[0].0).hypot(w[1].1 - w[0].1)).sum()
        };
        let dashes = LineStyle::Dashed.cut(line.clone(), 1.0);
        assert_eq!(dashes.len(), 3);
        assert!(dashes[..2].iter().all(|d| (length(d) - 4.5).abs() < 1e-12));
        assert_eq!(dashes[1].first(), Some(&(7.0, 0.0)));
        assert_eq!(dashes[1].last(), Some(&(10.0, 1.5)));
        assert!(LineStyle::Dotted.cut(line, 2.0).len() > 2);
        assert!(LineStyle::DashDot.cut(vec![], 1.0).is_empty());
        assert_eq!("dotted".parse::<LineStyle>().unwrap(), LineStyle::Dotted);
        assert!("wavy".parse::<LineStyle>().is_err());
    }
}
