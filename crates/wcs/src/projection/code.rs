//! Names of the projections.

use std::fmt;
use std::str::FromStr;

use crate::WcsError;

/// A three-letter projection code of FITS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProjectionCode {
    /// Zenithal perspective; `PVi_1` = distance mu in sphere radii, `PVi_2` = tilt gamma, degrees.
    Azp,
    /// Slant zenithal perspective; `PVi_1` = mu, `PVi_2` = phi_c and `PVi_3` = theta_c, degrees.
    Szp,
    /// Gnomonic.
    Tan,
    /// Stereographic.
    Stg,
    /// Slant orthographic (synthesis imaging); `PVi_1` = xi, `PVi_2` = eta.
    Sin,
    /// Zenithal equidistant.
    Arc,
    /// Zenithal polynomial; `PVi_0` ... `PVi_20`, polynomial in the polar distance in radians.
    Zpn,
    /// Zenithal equal area (Lambert).
    Zea,
    /// Airy; `PVi_1` = theta_b, degrees.
    Air,
    /// Cylindrical perspective; `PVi_1` = mu, `PVi_2` = lambda.
    Cyp,
    /// Cylindrical equal area; `PVi_1` = lambda.
    Cea,
    /// Plate carree.
    Car,
    /// Mercator.
    Mer,
    /// Sanson-Flamsteed.
    Sfl,
    /// Parabolic.
    Par,
    /// Mollweide.
    Mol,
    /// Hammer-Aitoff.
    Ait,
    /// Conic perspective; `PVi_1` = theta_a, `PVi_2` = eta, degrees.
    Cop,
    /// Conic equal area; `PVi_1` = theta_a, `PVi_2` = eta, degrees.
    Coe,
    /// Conic equidistant; `PVi_1` = theta_a, `PVi_2` = eta, degrees.
    Cod,
    /// Conic orthomorphic; `PVi_1` = theta_a, `PVi_2` = eta, degrees.
    Coo,
    /// Bonne's equal area; `PVi_1` = theta_1, degrees.
    Bon,
    /// Polyconic.
    Pco,
    /// Tangential spherical cube.
    Tsc,
    /// COBE quadrilateralised spherical cube.
    Csc,
    /// Quadrilateralised spherical cube.
    Qsc,
    /// HEALPix; `PVi_1` = H, `PVi_2` = K.
    Hpx,
    /// HEALPix polar ("butterfly").
    Xph,
}

impl ProjectionCode {
    /// All projections.
    pub const ALL: [Self; 28] = [
        Self::Azp,
        Self::Szp,
        Self::Tan,
        Self::Stg,
        Self::Sin,
        Self::Arc,
        Self::Zpn,
        Self::Zea,
        Self::Air,
        Self::Cyp,
        Self::Cea,
        Self::Car,
        Self::Mer,
        Self::Sfl,
        Self::Par,
        Self::Mol,
        Self::Ait,
        Self::Cop,
        Self::Coe,
        Self::Cod,
        Self::Coo,
        Self::Bon,
        Self::Pco,
        Self::Tsc,
        Self::Csc,
        Self::Qsc,
        Self::Hpx,
        Self::Xph,
    ];

    /// The code as FITS writes it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Azp => "AZP",
            Self::Szp => "SZP",
            Self::Tan => "TAN",
            Self::Stg => "STG",
            Self::Sin => "SIN",
            Self::Arc => "ARC",
            Self::Zpn => "ZPN",
            Self::Zea => "ZEA",
            Self::Air => "AIR",
            Self::Cyp => "CYP",
            Self::Cea => "CEA",
            Self::Car => "CAR",
            Self::Mer => "MER",
            Self::Sfl => "SFL",
            Self::Par => "PAR",
            Self::Mol => "MOL",
            Self::Ait => "AIT",
            Self::Cop => "COP",
            Self::Coe => "COE",
            Self::Cod => "COD",
            Self::Coo => "COO",
            Self::Bon => "BON",
            Self::Pco => "PCO",
            Self::Tsc => "TSC",
            Self::Csc => "CSC",
            Self::Qsc => "QSC",
            Self::Hpx => "HPX",
            Self::Xph => "XPH",
        }
    }

    /// The projection is referred to its native pole.
    #[must_use]
    pub const fn is_zenithal(self) -> bool {
        matches!(
            self,
            Self::Azp
                | Self::Szp
                | Self::Tan
                | Self::Stg
                | Self::Sin
                | Self::Arc
                | Self::Zpn
                | Self::Zea
                | Self::Air
        )
    }
}

impl fmt::Display for ProjectionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for ProjectionCode {
    type Err = WcsError;

    fn from_str(s: &str) -> Result<Self, WcsError> {
        Self::ALL
            .into_iter()
            .find(|c| c.code().eq_ignore_ascii_case(s.trim()))
            .ok_or_else(|| WcsError::UnknownProjection(s.trim().to_owned()))
    }
}
