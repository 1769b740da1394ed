//! Celestial reference frames.

/// A celestial reference frame.
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
