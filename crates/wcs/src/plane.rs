//! Distortions in the projection plane: TPV (and SCAMP's PV on TAN), and IRAF's TNX and ZPX.

use crate::newton::{Step, solve};
use crate::poly::Poly2;

/// `(xi, eta)` in degrees to distorted `(xi, eta)` in degrees.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PlaneDistortion {
    /// `PV1_m`, `PV2_m` as given, for writing, and the polynomials.
    Tpv(Box<Tpv>),
    /// Corrections that are added.
    Tnx(Box<[Option<Surface>; 2]>),
}

/// Polynomials of degree 7 with odd powers of the radius.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tpv {
    pub(crate) pv: [Vec<(usize, f64)>; 2],
    poly: [Poly2; 2],
    radial: [[f64; 4]; 2],
    has_radial: bool,
}

impl Tpv {
    /// From `(m, PVi_m)` of both axes; `PVi_1` is 1 if it is not given.
    pub(crate) fn new(pv: [Vec<(usize, f64)>; 2]) -> Self {
        let mut poly = [Poly2::zeros(7), Poly2::zeros(7)];
        let mut radial = [[0.0; 4]; 2];
        for axis in 0..2 {
            poly[axis].set(usize::from(axis == 0), usize::from(axis == 1), 1.0);
            for &(m, v) in &pv[axis] {
                match m {
                    3 => radial[axis][0] = v,
                    11 => radial[axis][1] = v,
                    23 => radial[axis][2] = v,
                    39 => radial[axis][3] = v,
                    _ => {
                        if let Some((p, q)) = tpv_powers(m) {
                            // The second axis counts from its own coordinate.
                            if axis == 0 { poly[axis].set(p, q, v) } else { poly[axis].set(q, p, v) }
                        }
                    }
                }
            }
        }
        let poly = poly.map(|p| p.trimmed());
        let has_radial = radial.iter().flatten().any(|v| *v != 0.0);
        Self { pv, poly, radial, has_radial }
    }

    fn axis(&self, axis: usize, x: f64, y: f64) -> (f64, f64, f64) {
        let (mut f, mut fx, mut fy) = self.poly[axis].derivatives(x, y);
        if self.has_radial {
            let r2 = x * x + y * y;
            let r = r2.sqrt();
            let c = &self.radial[axis];
            f += r * (c[0] + r2 * (c[1] + r2 * (c[2] + r2 * c[3])));
            if r > 0.0 {
                let d = (c[0] + r2 * (3.0 * c[1] + r2 * (5.0 * c[2] + r2 * 7.0 * c[3]))) / r;
                fx += d * x;
                fy += d * y;
            }
        }
        (f, fx, fy)
    }
}

/// Powers of a TPV term without the radial ones.
fn tpv_powers(m: usize) -> Option<(usize, usize)> {
    // Degree d starts at 0, 1, 4, 7, 12, 17, 24, 31.
    const START: [usize; 8] = [0, 1, 4, 7, 12, 17, 24, 31];
    let d = START.iter().rposition(|s| *s <= m)?;
    let q = m - START[d];
    (q <= d).then(|| (d - q, q))
}

/// A surface of IRAF's `gsurfit` in power form of normalised coordinates.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Surface {
    /// The text of the `lngcor` or `latcor` attribute, for writing.
    pub(crate) text: String,
    poly: Poly2,
    /// `(offset, scale)` of both coordinates: `t = (v - offset) * scale`.
    norm: [(f64, f64); 2],
}

impl Surface {
    /// From the numbers of a `lngcor` or `latcor` attribute.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let v: Vec<f64> = text
            .split_whitespace()
            .map(|t| t.parse::<f64>().map_err(|_| format!("'{t}' is not a number")))
            .collect::<Result<_, _>>()?;
        if v.len() < 8 {
            return Err(format!("expected at least 8 numbers, found {}", v.len()));
        }
        let order =
            |x: f64| if (1.0..=10.0).contains(&x) { Ok(x as usize) } else { Err(format!("order {x}")) };
        let (nx, ny) = (order(v[1])?, order(v[2])?);
        let kind = v[0].round() as i64;
        let cross = v[3].round() as i64;
        let norm = if kind == 3 {
            [(0.0, 1.0); 2]
        } else {
            [(v[4], v[5]), (v[6], v[7])].map(|(lo, hi)| (0.5 * (lo + hi), 2.0 / (hi - lo)))
        };
        if norm.iter().any(|n| !(n.0.is_finite() && n.1.is_finite())) {
            return Err("an empty range".to_owned());
        }
        let basis = |n: usize| basis_polynomials(kind, n);
        let (bx, by) = (basis(nx)?, basis(ny)?);
        let mut poly = Poly2::zeros(nx + ny - 2);
        let mut next = 8;
        let largest = nx.max(ny);
        for (n, py) in by.iter().enumerate() {
            let terms = match cross {
                0 => {
                    if n == 0 {
                        nx
                    } else {
                        1
                    }
                }
                1 => nx,
                2 => nx.min(largest.saturating_sub(n)),
                _ => return Err(format!("unknown cross-term type {cross}")),
            };
            for px in &bx[..terms] {
                let Some(&c) = v.get(next) else {
                    return Err(format!("expected more than {} coefficients", v.len() - 8));
                };
                next += 1;
                for (i, a) in px.iter().enumerate() {
                    for (j, b) in py.iter().enumerate() {
                        poly.set(i, j, poly.get(i, j) + c * a * b);
                    }
                }
            }
        }
        if !poly.is_finite() {
            return Err("coefficients that are not finite".to_owned());
        }
        Ok(Self { text: text.trim().to_owned(), poly: poly.trimmed(), norm })
    }

    fn derivatives(&self, x: f64, y: f64) -> (f64, f64, f64) {
        let [(ox, sx), (oy, sy)] = self.norm;
        let (f, fx, fy) = self.poly.derivatives((x - ox) * sx, (y - oy) * sy);
        (f, fx * sx, fy * sy)
    }
}

/// The first `n` Chebyshev (1), Legendre (2) or simple (3) polynomials as power series.
fn basis_polynomials(kind: i64, n: usize) -> Result<Vec<Vec<f64>>, String> {
    let mut b: Vec<Vec<f64>> = vec![vec![1.0]];
    for k in 1..n {
        let mut p = vec![0.0; k + 1];
        // x times the last one, with the recurrence's factors.
        let kf = k as f64;
        let (f, g) = match kind {
            1 => (if k == 1 { 1.0 } else { 2.0 }, 1.0),
            2 => ((2.0 * kf - 1.0) / kf, (kf - 1.0) / kf),
            3 => (1.0, 0.0),
            _ => return Err(format!("unknown surface type {kind}")),
        };
        for (i, c) in b[k - 1].iter().enumerate() {
            p[i + 1] += f * c;
        }
        if k >= 2 {
            for (i, c) in b[k - 2].iter().enumerate() {
                p[i] -= g * c;
            }
        }
        b.push(p);
    }
    if matches!(kind, 1..=3) { Ok(b) } else { Err(format!("unknown surface type {kind}")) }
}

impl PlaneDistortion {
    /// Distorted coordinates and the matrix of their derivatives.
    pub(crate) fn derivatives(&self, x: f64, y: f64) -> Step {
        match self {
            Self::Tpv(t) => {
                let (f, fx, fy) = t.axis(0, x, y);
                let (g, gx, gy) = t.axis(1, x, y);
                Step { value: [f, g], jacobian: [[fx, fy], [gx, gy]] }
            }
            Self::Tnx(s) => {
                let mut out = Step { value: [x, y], jacobian: [[1.0, 0.0], [0.0, 1.0]] };
                for (i, surface) in s.iter().enumerate() {
                    if let Some(surface) = surface {
                        let (f, fx, fy) = surface.derivatives(x, y);
                        out.value[i] += f;
                        out.jacobian[i][0] += fx;
                        out.jacobian[i][1] += fy;
                    }
                }
                out
            }
        }
    }

    pub(crate) fn forward(&self, x: f64, y: f64) -> (f64, f64) {
        let v = self.derivatives(x, y).value;
        (v[0], v[1])
    }

    /// The coordinates that are distorted to `(x, y)`.
    pub(crate) fn inverse(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        solve(|p| self.derivatives(p[0], p[1]), [x, y], [x, y], 1e-10).map(|p| (p[0], p[1]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tpv_terms_are_numbered_as_registered() {
        assert_eq!(tpv_powers(0), Some((0, 0)));
        assert_eq!(tpv_powers(2), Some((0, 1)));
        assert_eq!(tpv_powers(3), None);
        assert_eq!(tpv_powers(10), Some((0, 3)));
        assert_eq!(tpv_powers(11), None);
        assert_eq!(tpv_powers(17), Some((5, 0)));
        assert_eq!(tpv_powers(22), Some((0, 5)));
        assert_eq!(tpv_powers(30), Some((0, 6)));
        assert_eq!(tpv_powers(38), Some((0, 7)));
        assert_eq!(tpv_powers(39), None);
    }

    #[test]
    fn chebyshev_and_legendre() {
        assert_eq!(basis_polynomials(1, 4).unwrap()[3], [0.0, -3.0, 0.0, 4.0]);
        assert_eq!(basis_polynomials(2, 4).unwrap()[3], [0.0, -1.5, 0.0, 2.5]);
    }
}
