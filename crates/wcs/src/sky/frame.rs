//! Celestial reference frames.

use std::fmt;

use skyphot_core::{Exec, SkyCoord};

use super::precession;
use crate::angle::{
    IDENTITY, Mat3, Vec3, direction, mat_mul, mat_vec, rotation, sin_cos_deg, transpose, unit_vector,
};

/// Positions that one thread takes at a time.
const CHUNK: usize = 8192;

/// A celestial reference frame. Conversions follow astropy's: rotations between barycentric frames, so no parallax,
/// proper motion or nutation.
///
/// ```
/// use skyphot_core::SkyCoord;
/// use skyphot_wcs::SkyFrame;
/// let m31 = SkyCoord { lon: 10.68458, lat: 41.26917 };
/// let galactic = SkyFrame::Icrs.convert(SkyFrame::Galactic, m31);
/// assert!((galactic.lon - 121.174_241_81).abs() < 1e-7 && (galactic.lat + 21.572_885_57).abs() < 1e-7);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum SkyFrame {
    /// International Celestial Reference System.
    Icrs,
    /// FK5, with the equinox in Julian years.
    Fk5 {
        /// Equinox, Julian years (2000 = J2000).
        equinox: f64,
    },
    /// FK4 with its elliptic terms of aberration.
    Fk4 {
        /// Equinox, Besselian years (1950 = B1950); it is the epoch of observation too.
        equinox: f64,
    },
    /// FK4 without the elliptic terms.
    #[doc(alias = "FK4-NO-E")]
    Fk4NoETerms {
        /// Equinox, Besselian years.
        equinox: f64,
    },
    /// IAU 1958 galactic coordinates.
    Galactic,
    /// Mean ecliptic and equinox, seen from the barycentre.
    #[doc(alias = "BarycentricMeanEcliptic")]
    Ecliptic {
        /// Equinox, Julian years.
        equinox: f64,
    },
}

/// Pole of the galaxy and the longitude of the celestial pole, degrees: J2000 and B1950.
const GALAXY_J2000: (f64, f64, f64) = (192.859_481_206_534_8, 27.128_251_180_856_22, 122.931_918_568_002_6);
const GALAXY_B1950: (f64, f64, f64) = (192.25, 27.4, 123.0);

/// Murray 1989, A&A 218, 325: B1950 to J2000 without elliptic terms, and its change per century of the epoch.
const B1950_TO_J2000: Mat3 = [
    [0.999_925_679_495_687_7, -0.011_181_483_220_466_2, -0.004_859_003_815_359_2],
    [0.011_181_483_239_171_7, 0.999_937_484_893_313_5, -0.000_027_162_594_714_2],
    [0.004_859_003_772_314_3, -0.000_027_170_293_744_0, 0.999_988_194_602_374_2],
];
const FK4_DRIFT: Mat3 = [
    [-0.002_645_526_2e-6, -1.153_991_868_9e-6, 2.111_134_619_0e-6],
    [1.154_062_816_1e-6, -0.012_904_299_7e-6, 0.023_602_147_8e-6],
    [-2.111_297_904_8e-6, -0.005_602_444_8e-6, 0.010_258_773_4e-6],
];

/// Rotation from FK4 at B1950 to FK5 at J2000 for positions of an epoch in Besselian years.
fn fk4_to_fk5(epoch: f64) -> Mat3 {
    let t = ((besselian_jd(epoch) - 2_451_545.0) / 365.25 + 50.0) / 100.0;
    let mut b = B1950_TO_J2000;
    for (row, drift) in b.iter_mut().zip(FK4_DRIFT) {
        for (v, d) in row.iter_mut().zip(drift) {
            *v += d * t;
        }
    }
    b
}

/// Julian date of a Besselian year.
fn besselian_jd(year: f64) -> f64 {
    2_415_020.313_52 + (year - 1900.0) * 365.242_198_781
}

impl SkyFrame {
    /// Converts a position (degrees) of this frame to another frame.
    #[must_use]
    #[doc(alias = "transform_to")]
    pub fn convert(self, to: Self, position: SkyCoord) -> SkyCoord {
        Conversion::new(self, to).apply(position)
    }

    /// Converts positions (degrees) of this frame to another frame.
    #[must_use]
    pub fn convert_all(self, to: Self, positions: &[SkyCoord], exec: &Exec) -> Vec<SkyCoord> {
        let c = Conversion::new(self, to);
        let mut out = positions.to_vec();
        exec.for_each_chunk_mut(&mut out, CHUNK, |_, chunk| {
            for p in chunk {
                *p = c.apply(*p);
            }
        });
        out
    }

    /// Rotation to FK5 J2000 from this frame without its elliptic terms.
    fn rotation_to_j2000(self) -> Mat3 {
        match self {
            Self::Icrs => icrs_to_fk5(),
            Self::Fk5 { equinox } => precession::fk5(equinox, 2000.0),
            Self::Fk4 { equinox } | Self::Fk4NoETerms { equinox } => {
                mat_mul(&fk4_to_fk5(equinox), &precession::fk4(equinox, 1950.0))
            }
            Self::Galactic => transpose(&galaxy(GALAXY_J2000)),
            Self::Ecliptic { equinox } => mat_mul(&icrs_to_fk5(), &transpose(&precession::ecliptic(equinox))),
        }
    }

    /// The way back. Newcomb's precession back is not exactly the transpose of the way there.
    fn rotation_from_j2000(self) -> Mat3 {
        match self {
            Self::Fk4 { equinox } | Self::Fk4NoETerms { equinox } => {
                mat_mul(&precession::fk4(1950.0, equinox), &transpose(&fk4_to_fk5(equinox)))
            }
            other => transpose(&other.rotation_to_j2000()),
        }
    }

    /// Equinox in Besselian years of frames that count in Julian ones.
    fn besselian_equinox(self) -> Option<f64> {
        match self {
            Self::Fk5 { equinox } | Self::Ecliptic { equinox } => {
                let jd = 2_451_545.0 + (equinox - 2000.0) * 365.25;
                Some(1900.0 + (jd - 2_415_020.313_52) / 365.242_198_781)
            }
            _ => None,
        }
    }

    /// FK4 frames, with the equinox and whether the elliptic terms are in.
    fn fk4(self) -> Option<(f64, bool)> {
        match self {
            Self::Fk4 { equinox } => Some((equinox, true)),
            Self::Fk4NoETerms { equinox } => Some((equinox, false)),
            _ => None,
        }
    }
}

impl fmt::Display for SkyFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Icrs => f.write_str("ICRS"),
            Self::Fk5 { equinox } => write!(f, "FK5 (J{equinox})"),
            Self::Fk4 { equinox } => write!(f, "FK4 (B{equinox})"),
            Self::Fk4NoETerms { equinox } => write!(f, "FK4-NO-E (B{equinox})"),
            Self::Galactic => f.write_str("Galactic"),
            Self::Ecliptic { equinox } => write!(f, "Ecliptic (J{equinox})"),
        }
    }
}

/// Equatorial to galactic.
fn galaxy((ra, dec, lon0): (f64, f64, f64)) -> Mat3 {
    mat_mul(&rotation(2, 180.0 - lon0), &mat_mul(&rotation(1, 90.0 - dec), &rotation(2, ra)))
}

/// Frame bias of FK5 against ICRS (USNO Circular 179, section 3.5).
fn icrs_to_fk5() -> Mat3 {
    let mas = 1.0 / 3_600_000.0;
    mat_mul(&rotation(0, 19.9 * mas), &mat_mul(&rotation(1, 9.1 * mas), &rotation(2, -22.9 * mas)))
}

/// The elliptic terms of aberration of an equinox in Besselian years.
fn elliptic_terms(equinox: f64) -> Vec3 {
    let jd = besselian_jd(equinox);
    let t = (jd - besselian_jd(1950.0)) / 36525.0;
    let k = 0.005_693_2_f64.to_radians();
    let e = k * (0.016_730_11 + (-0.000_041_93 - 0.000_000_126 * t) * t);
    let perigee = (1_015_489.951 + (6190.67 + (1.65 + 0.012 * t) * t) * t) / 3600.0;
    let (sg, cg) = sin_cos_deg(perigee);
    let (so, co) = sin_cos_deg(precession::obliquity_1980((jd - 2_451_545.0) / 36525.0));
    [e * sg, -e * cg * co, -e * cg * so]
}

/// A conversion with its matrix worked out.
struct Conversion {
    remove: Option<Vec3>,
    matrix: Mat3,
    add: Option<Vec3>,
    identity: bool,
}

impl Conversion {
    fn new(from: SkyFrame, to: SkyFrame) -> Self {
        let terms = |f: SkyFrame| f.fk4().and_then(|(equinox, with)| with.then(|| elliptic_terms(equinox)));
        let matrix = match (from.fk4(), to.fk4(), from, to) {
            (Some((a, _)), Some((b, _)), ..) => precession::fk4(a, b),
            // Galactic coordinates were defined by FK4, and astropy goes there directly.
            (Some((a, _)), None, _, SkyFrame::Galactic) => {
                mat_mul(&galaxy(GALAXY_B1950), &precession::fk4(a, 1950.0))
            }
            (None, Some((b, _)), SkyFrame::Galactic, _) => {
                transpose(&mat_mul(&galaxy(GALAXY_B1950), &precession::fk4(b, 1950.0)))
            }
            _ if from == to => IDENTITY,
            (_, _, SkyFrame::Fk5 { equinox: a }, SkyFrame::Fk5 { equinox: b }) => precession::fk5(a, b),
            (_, _, SkyFrame::Icrs, SkyFrame::Ecliptic { equinox }) => precession::ecliptic(equinox),
            (_, _, SkyFrame::Ecliptic { equinox }, SkyFrame::Icrs) => {
                transpose(&precession::ecliptic(equinox))
            }
            // astropy precesses FK4 to the equinox of the target before it leaves FK4 (0.1 mas).
            (Some((a, true)), None, ..) if to.besselian_equinox().is_some() => {
                let e = to.besselian_equinox().unwrap_or(a);
                let detour = mat_mul(&precession::fk4(e, 1950.0), &precession::fk4(a, e));
                mat_mul(&to.rotation_from_j2000(), &mat_mul(&fk4_to_fk5(a), &detour))
            }
            _ => mat_mul(&to.rotation_from_j2000(), &from.rotation_to_j2000()),
        };
        Self { remove: terms(from), matrix, add: terms(to), identity: from == to }
    }

    fn apply(&self, p: SkyCoord) -> SkyCoord {
        if self.identity {
            return SkyCoord { lon: crate::angle::wrap_360(p.lon), lat: p.lat };
        }
        let mut v = unit_vector(p.lon, p.lat);
        if let Some(e) = self.remove {
            let d = dot(e, v);
            v = [0, 1, 2].map(|i| v[i] - e[i] + d * v[i]);
            v = normalised(v);
        }
        v = mat_vec(&self.matrix, v);
        if let Some(e) = self.add {
            v = normalised(v);
            let start = [0, 1, 2].map(|i| v[i] + e[i]);
            for _ in 0..10 {
                let d = 1.0 + dot(e, v);
                v = [0, 1, 2].map(|i| start[i] / d);
            }
        }
        let (lon, lat) = direction(v);
        SkyCoord { lon, lat }
    }
}

fn dot(a: Vec3, b: Vec3) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn normalised(v: Vec3) -> Vec3 {
    let n = dot(v, v).sqrt();
    v.map(|x| x / n)
}
