//! Simple imaging polynomial (Shupe et al. 2005, ASP Conf. Ser. 347, 491).

use crate::poly::Poly2;
use crate::{Result, WcsError};

/// Highest SIP order that is accepted.
pub(crate) const MAX_ORDER: usize = 19;

/// SIP distortion: with `u = x - CRPIX1`, `v = y - CRPIX2` the undistorted offsets are `u + f(u, v)`, `v + g(u, v)`,
/// `f = sum A_p_q u^p v^q` and `g = sum B_p_q u^p v^q`.
///
/// The inverse polynomials `AP`, `BP` are only a first guess: positions are always inverted by iteration on the
/// forward ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Sip {
    pub(crate) crpix: [f64; 2],
    pub(crate) a: Poly2,
    pub(crate) b: Poly2,
    pub(crate) inverse: Option<(Poly2, Poly2)>,
}

impl Sip {
    /// A distortion about the pixel `crpix` (1-based, as FITS counts) from terms `(p, q, A_p_q)` and `(p, q, B_p_q)`.
    ///
    /// # Errors
    /// [`WcsError::InvalidParameter`] for orders above 19 or coefficients that are not finite.
    pub fn new(crpix: [f64; 2], a: &[(usize, usize, f64)], b: &[(usize, usize, f64)]) -> Result<Self> {
        Ok(Self { crpix, a: from_terms(a)?, b: from_terms(b)?, inverse: None })
    }

    /// Adds the approximate inverse: terms `(p, q, AP_p_q)` and `(p, q, BP_p_q)`.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_inverse(mut self, ap: &[(usize, usize, f64)], bp: &[(usize, usize, f64)]) -> Result<Self> {
        self.inverse = Some((from_terms(ap)?, from_terms(bp)?));
        Ok(self)
    }

    /// Reference pixel of the polynomials, 1-based.
    #[must_use]
    pub fn crpix(&self) -> [f64; 2] {
        self.crpix
    }

    /// Orders of `A` and `B`.
    #[must_use]
    pub fn order(&self) -> (usize, usize) {
        (self.a.degree(), self.b.degree())
    }

    /// Terms `(p, q, A_p_q)` that are not 0.
    #[must_use]
    pub fn a(&self) -> Vec<(usize, usize, f64)> {
        self.a.terms().collect()
    }

    /// Terms `(p, q, B_p_q)` that are not 0.
    #[must_use]
    pub fn b(&self) -> Vec<(usize, usize, f64)> {
        self.b.terms().collect()
    }

    /// Terms `(p, q, AP_p_q)` that are not 0; empty without inverse polynomials.
    #[must_use]
    pub fn ap(&self) -> Vec<(usize, usize, f64)> {
        self.inverse.iter().flat_map(|i| i.0.terms()).collect()
    }

    /// Terms `(p, q, BP_p_q)` that are not 0; empty without inverse polynomials.
    #[must_use]
    pub fn bp(&self) -> Vec<(usize, usize, f64)> {
        self.inverse.iter().flat_map(|i| i.1.terms()).collect()
    }

    /// The corrections `(f, g)` in pixels at 1-based pixel coordinates.
    #[must_use]
    #[doc(alias = "sip_pix2foc")]
    pub fn correction(&self, x: f64, y: f64) -> (f64, f64) {
        let (u, v) = (x - self.crpix[0], y - self.crpix[1]);
        (self.a.value(u, v), self.b.value(u, v))
    }
}

fn from_terms(terms: &[(usize, usize, f64)]) -> Result<Poly2> {
    let degree = terms.iter().map(|t| t.0.saturating_add(t.1)).max().unwrap_or(0);
    if degree > MAX_ORDER {
        return Err(WcsError::InvalidParameter {
            name: "SIP order",
            expected: "at most 19",
            found: degree as f64,
        });
    }
    let mut p = Poly2::zeros(degree);
    for &(i, j, v) in terms {
        p.set(i, j, v);
    }
    if !p.is_finite() {
        return Err(WcsError::InvalidParameter {
            name: "SIP coefficients",
            expected: "finite",
            found: f64::NAN,
        });
    }
    Ok(p)
}
