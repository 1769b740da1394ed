//! Coordinate frames of regions.

use std::fmt;

/// What the numbers of a region mean: pixels of an image, or degrees on the sky.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RegionFrame {
    /// Pixels of the image, 0-based.
    Image,
    /// Pixels of the image this one was cut or binned from (IRAF's `LTV`, `LTM`), 0-based.
    Physical,
    /// Pixels of the detector (NOAO's `DTV`, `DTM`), 0-based.
    Detector,
    /// Pixels as the amplifier reads them (NOAO's `ATV`, `ATM`), 0-based.
    Amplifier,
    /// ICRS, degrees.
    Icrs,
    /// FK5, equinox J2000, degrees.
    #[doc(alias = "j2000")]
    Fk5,
    /// FK4, equinox B1950, degrees.
    #[doc(alias = "b1950")]
    Fk4,
    /// Galactic longitude and latitude, degrees.
    Galactic,
    /// Mean ecliptic and equinox of J2000 seen from the barycentre, degrees (DS9).
    #[doc(alias = "barycentricmeanecliptic")]
    Ecliptic,
    /// True ecliptic and equinox seen from the Earth's centre, degrees (CASA).
    #[doc(alias = "geocentrictrueecliptic")]
    TrueEcliptic,
    /// de Vaucouleurs' supergalactic longitude and latitude, degrees.
    Supergalactic,
}

impl RegionFrame {
    /// Coordinates are pixels (0-based), not degrees.
    #[must_use]
    pub const fn is_pixel(self) -> bool {
        matches!(self, Self::Image | Self::Physical | Self::Detector | Self::Amplifier)
    }

    /// The name DS9 has for the frame, or nearly so.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Physical => "physical",
            Self::Detector => "detector",
            Self::Amplifier => "amplifier",
            Self::Icrs => "icrs",
            Self::Fk5 => "fk5",
            Self::Fk4 => "fk4",
            Self::Galactic => "galactic",
            Self::Ecliptic => "ecliptic",
            Self::TrueEcliptic => "true ecliptic",
            Self::Supergalactic => "supergalactic",
        }
    }
}

impl fmt::Display for RegionFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
