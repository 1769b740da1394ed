//! Colour maps.

mod tables;

use std::fmt;
use std::str::FromStr;

use crate::{Color, PlotError};

/// A colour map of 256 colours; the same colours as matplotlib's map of that name.
///
/// Origin and licence of the tables: viridis, magma, inferno and plasma by N. Smith, S. van der Walt and E. Firing
/// (CC0); cividis by J. Nuñez, C. Anderton and R. Renslow (2018, PLoS ONE 13, e0199239; as distributed under the
/// matplotlib licence); coolwarm by K. Moreland (2009, "Diverging Color Maps for Scientific Visualization", free
/// data); RdBu from ColorBrewer 2.0 by C. Brewer, M. Harrower and The Pennsylvania State University (Apache
/// licence 2.0). The gray maps are straight lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ColorMap {
    /// Black to white.
    Gray,
    /// White to black.
    GrayR,
    /// Perceptually uniform, dark blue to yellow.
    #[default]
    Viridis,
    /// Perceptually uniform, black over purple to cream.
    Magma,
    /// Perceptually uniform, black over red to light yellow.
    Inferno,
    /// Perceptually uniform, blue over pink to yellow.
    Plasma,
    /// Blue to yellow, made for readers with a colour vision deficiency.
    Cividis,
    /// Diverging, blue over grey to red.
    Coolwarm,
    /// Diverging, red over white to blue.
    RdBu,
}

impl ColorMap {
    /// All maps.
    pub const ALL: [Self; 9] = [
        Self::Gray,
        Self::GrayR,
        Self::Viridis,
        Self::Magma,
        Self::Inferno,
        Self::Plasma,
        Self::Cividis,
        Self::Coolwarm,
        Self::RdBu,
    ];

    /// The name, as matplotlib writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gray => "gray",
            Self::GrayR => "gray_r",
            Self::Viridis => "viridis",
            Self::Magma => "magma",
            Self::Inferno => "inferno",
            Self::Plasma => "plasma",
            Self::Cividis => "cividis",
            Self::Coolwarm => "coolwarm",
            Self::RdBu => "RdBu",
        }
    }

    /// The colour of entry `index`.
    #[must_use]
    pub const fn entry(self, index: u8) -> Color {
        let i = index as usize;
        match self {
            Self::Gray => Color::new(index, index, index),
            Self::GrayR => Color::new(255 - index, 255 - index, 255 - index),
            Self::Viridis => Color::from_u32(tables::VIRIDIS[i]),
            Self::Magma => Color::from_u32(tables::MAGMA[i]),
            Self::Inferno => Color::from_u32(tables::INFERNO[i]),
            Self::Plasma => Color::from_u32(tables::PLASMA[i]),
            Self::Cividis => Color::from_u32(tables::CIVIDIS[i]),
            Self::Coolwarm => Color::from_u32(tables::COOLWARM[i]),
            Self::RdBu => Color::from_u32(tables::RDBU[i]),
        }
    }

    /// The entry of a value stretched to `[0, 1]`; values outside take the first and last entry, `None` for NaN.
    #[must_use]
    pub fn index(v: f64) -> Option<u8> {
        // The cast saturates.
        (!v.is_nan()).then_some((v * 256.0) as u8)
    }

    /// The colour of a value stretched to `[0, 1]`; values outside take the end colours, `None` for NaN.
    #[must_use]
    pub fn color(self, v: f64) -> Option<Color> {
        Self::index(v).map(|i| self.entry(i))
    }
}

impl fmt::Display for ColorMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ColorMap {
    type Err = PlotError;

    fn from_str(s: &str) -> Result<Self, PlotError> {
        let wanted = s.trim().to_ascii_lowercase().replace("grey", "gray");
        Self::ALL.into_iter().find(|m| m.name().eq_ignore_ascii_case(&wanted)).ok_or_else(|| {
            PlotError::Parse {
                what: "colour map",
                expected: "gray, gray_r, viridis, magma, inferno, plasma, cividis, coolwarm or RdBu",
                found: s.to_owned(),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for m in ColorMap::ALL {
            assert_eq!(m.to_string().parse::<ColorMap>().unwrap(), m);
        }
        assert_eq!("Grey_R".parse::<ColorMap>().unwrap(), ColorMap::GrayR);
        assert!("jet".parse::<ColorMap>().is_err());
    }

    #[test]
    fn ends_and_outside() {
        assert_eq!(ColorMap::Gray.color(-1.0), Some(Color::BLACK));
        assert_eq!(ColorMap::Gray.color(1.0), Some(Color::WHITE));
        assert_eq!(ColorMap::Gray.color(2.0), Some(Color::WHITE));
        assert_eq!(ColorMap::Gray.color(0.5), Some(Color::new(128, 128, 128)));
        assert_eq!(ColorMap::Gray.color(f64::NAN), None);
        // matplotlib.colormaps['viridis'](0, bytes=True) and (255, bytes=True)
        assert_eq!(ColorMap::Viridis.entry(0), Color::new(68, 1, 84));
        assert_eq!(ColorMap::Viridis.entry(255), Color::new(253, 231, 36));
    }
}
