//! Spherical projections of FITS Paper II (Calabretta & Greisen 2002, A&A 395, 1077) with HPX (Calabretta & Roukema
//! 2007, MNRAS 381, 865) and XPH (Calabretta & Lowe 2013, PASA 30, e050).
//!
//! Everything here works in radians: native longitude `phi`, native latitude `theta`, and plane coordinates `x`, `y`
//! on a sphere of unit radius.

mod code;
mod conic;
mod cylindrical;
mod healpix;
mod oblique;
mod polyconic;
mod pseudo;
mod quadcube;
mod zenithal;
mod zpn;

pub use code::ProjectionCode;

use crate::{Result, WcsError};

/// Tolerance for arguments that rounding pushed over the edge of their range.
pub(crate) const EDGE: f64 = 1e-13;

/// `v` if it lies in `[-1, 1]`, the end of the range if it is outside by rounding only.
pub(crate) fn unit(v: f64) -> Option<f64> {
    if v.abs() <= 1.0 {
        Some(v)
    } else if v.abs() <= 1.0 + EDGE {
        Some(v.signum())
    } else {
        None
    }
}

/// `theta` if it is a latitude, the pole if it is outside by rounding only.
pub(crate) fn latitude(theta: f64) -> Option<f64> {
    use std::f64::consts::FRAC_PI_2;
    if theta.abs() <= FRAC_PI_2 {
        Some(theta)
    } else if theta.abs() <= FRAC_PI_2 + 4.0 * EDGE {
        Some(FRAC_PI_2.copysign(theta))
    } else {
        None
    }
}

/// The pair if `phi` is within a turn and `theta` is a latitude.
pub(crate) fn native((phi, theta): (f64, f64)) -> Option<(f64, f64)> {
    use std::f64::consts::PI;
    let phi = if phi.abs() <= PI {
        phi
    } else if phi.abs() <= PI + 4.0 * EDGE {
        PI.copysign(phi)
    } else {
        return None;
    };
    Some((phi, latitude(theta)?))
}

/// A projection with its parameters: between native spherical coordinates and a plane, both in radians.
///
/// ```
/// use skyphot_wcs::{Projection, ProjectionCode};
/// let p = Projection::new(ProjectionCode::Tan, &[])?;
/// let (x, y) = p.native_to_plane(0.3, 1.2).unwrap();
/// let (phi, theta) = p.plane_to_native(x, y).unwrap();
/// assert!((phi - 0.3).abs() < 1e-15 && (theta - 1.2).abs() < 1e-15);
/// # Ok::<(), skyphot_wcs::WcsError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Projection {
    code: ProjectionCode,
    parameters: Vec<(usize, f64)>,
    kind: Kind,
}

/// The projections with their constants worked out.
#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Azp(oblique::Azp),
    Szp(oblique::Szp),
    Tan,
    Stg,
    Sin(oblique::Sin),
    Arc,
    Zpn(zpn::Zpn),
    Zea,
    Air(zenithal::Air),
    Cyp(cylindrical::Cyp),
    Cea(f64),
    Car,
    Mer,
    Sfl,
    Par,
    Mol,
    Ait,
    Conic(conic::Conic),
    Bon(polyconic::Bon),
    Pco,
    Tsc,
    Csc,
    Qsc,
    Hpx(healpix::Hpx),
    Xph,
}

impl Projection {
    /// The projection `code` with parameters `(m, PVi_m)` of the latitude axis, in the units of FITS (degrees where
    /// they are angles). Missing parameters have the defaults of Paper II; those a projection does not use are
    /// ignored.
    ///
    /// # Errors
    /// [`WcsError::InvalidProjection`] for parameters for which the projection does not exist.
    pub fn new(code: ProjectionCode, parameters: &[(usize, f64)]) -> Result<Self> {
        use ProjectionCode as C;
        let pv = |m: usize, default: f64| parameters.iter().rev().find(|p| p.0 == m).map_or(default, |p| p.1);
        for &(_, v) in parameters {
            if !v.is_finite() {
                return Err(invalid(code, "finite parameters", v));
            }
        }
        let kind = match code {
            C::Azp => Kind::Azp(oblique::Azp::new(pv(1, 0.0), pv(2, 0.0))?),
            C::Szp => Kind::Szp(oblique::Szp::new(pv(1, 0.0), pv(2, 0.0), pv(3, 90.0))?),
            C::Tan => Kind::Tan,
            C::Stg => Kind::Stg,
            C::Sin => Kind::Sin(oblique::Sin { xi: pv(1, 0.0), eta: pv(2, 0.0) }),
            C::Arc => Kind::Arc,
            C::Zpn => Kind::Zpn(zpn::Zpn::new(parameters)?),
            C::Zea => Kind::Zea,
            C::Air => Kind::Air(zenithal::Air::new(pv(1, 90.0))?),
            C::Cyp => Kind::Cyp(cylindrical::Cyp::new(pv(1, 1.0), pv(2, 1.0))?),
            C::Cea => {
                let lambda = pv(1, 1.0);
                if !(lambda > 0.0 && lambda <= 1.0) {
                    return Err(invalid(code, "0 < lambda <= 1 (PVi_1)", lambda));
                }
                Kind::Cea(lambda)
            }
            C::Car => Kind::Car,
            C::Mer => Kind::Mer,
            C::Sfl => Kind::Sfl,
            C::Par => Kind::Par,
            C::Mol => Kind::Mol,
            C::Ait => Kind::Ait,
            C::Cop | C::Coe | C::Cod | C::Coo => {
                let Some(&(_, theta_a)) = parameters.iter().rev().find(|p| p.0 == 1) else {
                    return Err(invalid(code, "the middle latitude PVi_1", f64::NAN));
                };
                Kind::Conic(conic::Conic::new(code, theta_a, pv(2, 0.0))?)
            }
            C::Bon => {
                let Some(&(_, theta_1)) = parameters.iter().rev().find(|p| p.0 == 1) else {
                    return Err(invalid(code, "the standard latitude PVi_1", f64::NAN));
                };
                if theta_1 == 0.0 { Kind::Sfl } else { Kind::Bon(polyconic::Bon::new(theta_1)) }
            }
            C::Pco => Kind::Pco,
            C::Tsc => Kind::Tsc,
            C::Csc => Kind::Csc,
            C::Qsc => Kind::Qsc,
            C::Hpx => Kind::Hpx(healpix::Hpx::new(pv(1, 4.0), pv(2, 3.0))?),
            C::Xph => Kind::Xph,
        };
        Ok(Self { code, parameters: parameters.to_vec(), kind })
    }

    /// Which projection it is.
    #[must_use]
    pub fn code(&self) -> ProjectionCode {
        self.code
    }

    /// The parameters `(m, PVi_m)` as given.
    #[must_use]
    pub fn parameters(&self) -> &[(usize, f64)] {
        &self.parameters
    }

    /// Native coordinates `(phi0, theta0)` of the reference point, radians.
    #[must_use]
    pub fn reference(&self) -> (f64, f64) {
        let theta = match &self.kind {
            Kind::Conic(c) => c.theta_a,
            Kind::Xph => std::f64::consts::FRAC_PI_2,
            _ if self.code.is_zenithal() => std::f64::consts::FRAC_PI_2,
            _ => 0.0,
        };
        (0.0, theta)
    }

    /// Native `(phi, theta)` of a point of the plane, `None` if the map does not reach there. Radians.
    #[must_use]
    pub fn plane_to_native(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        if !(x.is_finite() && y.is_finite()) {
            return None;
        }
        match &self.kind {
            Kind::Azp(p) => p.to_native(x, y),
            Kind::Szp(p) => p.to_native(x, y),
            Kind::Tan => zenithal::to_native(x, y, zenithal::tan_theta),
            Kind::Stg => zenithal::to_native(x, y, zenithal::stg_theta),
            Kind::Sin(p) => p.to_native(x, y),
            Kind::Arc => zenithal::to_native(x, y, zenithal::arc_theta),
            Kind::Zpn(p) => zenithal::to_native(x, y, |r| p.theta(r)),
            Kind::Zea => zenithal::to_native(x, y, zenithal::zea_theta),
            Kind::Air(p) => zenithal::to_native(x, y, |r| p.theta(r)),
            Kind::Cyp(p) => native(p.to_native(x, y)?),
            Kind::Cea(lambda) => native(cylindrical::cea_to_native(*lambda, x, y)?),
            Kind::Car => native((x, y)),
            Kind::Mer => native(cylindrical::mer_to_native(x, y)),
            Kind::Sfl => native(pseudo::sfl_to_native(x, y)?),
            Kind::Par => native(pseudo::par_to_native(x, y)?),
            Kind::Mol => native(pseudo::mol_to_native(x, y)?),
            Kind::Ait => native(pseudo::ait_to_native(x, y)?),
            Kind::Conic(p) => native(p.to_native(x, y)?),
            Kind::Bon(p) => native(p.to_native(x, y)?),
            Kind::Pco => native(polyconic::pco_to_native(x, y)?),
            Kind::Tsc => quadcube::to_native(x, y, quadcube::tsc_inverse),
            Kind::Csc => quadcube::to_native(x, y, quadcube::csc_inverse),
            Kind::Qsc => quadcube::to_native(x, y, quadcube::qsc_inverse),
            Kind::Hpx(p) => native(p.to_native(x, y)?),
            Kind::Xph => native(healpix::xph_to_native(x, y)?),
        }
    }

    /// The point of the plane for native `(phi, theta)`, `None` if the map does not show it. Radians.
    #[must_use]
    pub fn native_to_plane(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        if !(phi.is_finite() && theta.is_finite()) {
            return None;
        }
        match &self.kind {
            Kind::Azp(p) => p.to_plane(phi, theta),
            Kind::Szp(p) => p.to_plane(phi, theta),
            Kind::Tan => zenithal::to_plane(phi, zenithal::tan_radius(theta)?),
            Kind::Stg => zenithal::to_plane(phi, zenithal::stg_radius(theta)?),
            Kind::Sin(p) => p.to_plane(phi, theta),
            Kind::Arc => zenithal::to_plane(phi, std::f64::consts::FRAC_PI_2 - theta),
            Kind::Zpn(p) => zenithal::to_plane(phi, p.radius(theta)?),
            Kind::Zea => zenithal::to_plane(phi, zenithal::zea_radius(theta)),
            Kind::Air(p) => zenithal::to_plane(phi, p.radius(theta)?),
            Kind::Cyp(p) => p.to_plane(phi, theta),
            Kind::Cea(lambda) => Some((phi, theta.sin() / lambda)),
            Kind::Car => Some((phi, theta)),
            Kind::Mer => cylindrical::mer_to_plane(phi, theta),
            Kind::Sfl => Some((phi * theta.cos(), theta)),
            Kind::Par => Some(pseudo::par_to_plane(phi, theta)),
            Kind::Mol => Some(pseudo::mol_to_plane(phi, theta)),
            Kind::Ait => Some(pseudo::ait_to_plane(phi, theta)),
            Kind::Conic(p) => p.to_plane(phi, theta),
            Kind::Bon(p) => Some(p.to_plane(phi, theta)),
            Kind::Pco => Some(polyconic::pco_to_plane(phi, theta)),
            Kind::Tsc => Some(quadcube::to_plane(phi, theta, quadcube::tsc_forward)),
            Kind::Csc => Some(quadcube::to_plane(phi, theta, quadcube::csc_forward)),
            Kind::Qsc => Some(quadcube::to_plane(phi, theta, quadcube::qsc_forward)),
            Kind::Hpx(p) => Some(p.to_plane(phi, theta)),
            Kind::Xph => Some(healpix::xph_to_plane(phi, theta)),
        }
    }
}

pub(crate) fn invalid(code: ProjectionCode, expected: &'static str, found: f64) -> WcsError {
    WcsError::InvalidProjection { projection: code.code(), expected, found }
}
