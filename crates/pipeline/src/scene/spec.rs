//! What a scene file says.

use serde::{Deserialize, Serialize};

use crate::{PipelineError, Result};

/// A commented scene file.
pub const EXAMPLE_SCENE: &str = include_str!("example.toml");

/// A scene: what is on the sky and what the detector makes of it. See [`EXAMPLE_SCENE`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SceneSpec {
    /// `(ny, nx)`.
    pub shape: (usize, usize),
    /// Seed. Default 0.
    #[serde(default)]
    pub seed: u64,
    /// Unit of the image. Default: none.
    #[serde(default)]
    pub unit: Option<String>,
    /// AB magnitude of a flux of 1. Default: none.
    #[serde(default)]
    pub zero_point: Option<f64>,
    /// Sky. Default: none.
    #[serde(default)]
    pub background: SceneBackground,
    /// Noise. Default: none.
    #[serde(default)]
    pub noise: SceneNoise,
    /// World coordinates. Default: none.
    #[serde(default)]
    pub wcs: Option<SceneWcs>,
    /// Keywords of the header. Default: none.
    #[serde(default)]
    pub header: toml::Table,
    /// Groups of sources. Default: none.
    #[serde(default)]
    pub sources: Vec<SceneSources>,
}

/// Sky: `level + gradient . (x, y)`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SceneBackground {
    /// At the first pixel, unit of the image.
    pub level: f64,
    /// Per pixel along x and y.
    pub gradient: (f64, f64),
}

/// Noise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SceneNoise {
    /// Electrons per unit. Default 1.
    pub gain: f64,
    /// Photon noise of sky and sources. Default false.
    pub poisson: bool,
    /// Electrons. Default 0.
    pub read_noise: f64,
    /// Standard deviation of more noise, unit of the image. Default 0.
    pub gaussian: f64,
}

impl Default for SceneNoise {
    fn default() -> Self {
        Self { gain: 1.0, poisson: false, read_noise: 0.0, gaussian: 0.0 }
    }
}

/// World coordinates: a tangential projection in the ICRS.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SceneWcs {
    /// Right ascension of the centre of the image, degrees.
    pub ra: f64,
    /// Declination of it, degrees.
    pub dec: f64,
    /// Seconds of arc per pixel.
    pub scale: f64,
    /// Position angle of +y, degrees from north to east. Default 0.
    #[serde(default)]
    pub rotation: f64,
}

/// One number, or the ends of a range.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Range {
    /// The same for all.
    One(f64),
    /// Drawn between them.
    Between(f64, f64),
}

impl Range {
    /// Both ends.
    #[must_use]
    pub const fn ends(self) -> (f64, f64) {
        match self {
            Self::One(v) => (v, v),
            Self::Between(a, b) => (a, b),
        }
    }
}

/// What sources look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SourceKind {
    /// Stars with a PSF.
    Psf,
    /// Elliptical Gaussians, integrated over the pixels.
    Gaussian,
    /// Circular Moffat profiles, integrated over the pixels.
    Moffat,
    /// Galaxies with a Sersic profile, integrated over the pixels; with a `psf` as it shows them.
    Sersic,
}

impl SourceKind {
    /// Its name in a scene file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Psf => "psf",
            Self::Gaussian => "gaussian",
            Self::Moffat => "moffat",
            Self::Sersic => "sersic",
        }
    }
}

/// A group of sources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SceneSources {
    /// What they look like.
    pub model: SourceKind,
    /// How many, at random places; without a catalogue.
    #[serde(default)]
    pub number: Option<usize>,
    /// Catalogue with columns `x y` or `ra dec`, `flux` or `mag`, and any of the parameters.
    #[serde(default)]
    pub catalogue: Option<String>,
    /// Total flux, unit of the image.
    #[serde(default)]
    pub flux: Option<Range>,
    /// `uniform` or `log`. Default `uniform`.
    #[serde(default)]
    pub flux_distribution: Option<String>,
    /// Pixels between sources of the group. Default 0.
    #[serde(default)]
    pub min_separation: f64,
    /// Pixels along the borders without sources of the group. Default 0.
    #[serde(default)]
    pub border: usize,
    /// PSF of stars, and of galaxies if they are to be blurred: `gaussian:FWHM`, `moffat:FWHM,BETA` or a file.
    #[serde(default)]
    pub psf: Option<String>,
    /// Samples per pixel of a PSF image that does not say.
    #[serde(default)]
    pub oversampling: Option<usize>,
    /// Rows and columns on which stars, Gaussians, Moffat profiles and the PSF of galaxies are drawn. Default: the extent of the model, of
    /// Moffat profiles a box of 20 full widths.
    #[serde(default)]
    pub box_shape: Option<(usize, usize)>,
    /// Full width at half maximum, pixels; of Gaussians that of the major axis.
    #[serde(default)]
    pub fwhm: Option<Range>,
    /// Exponent of Moffat profiles.
    #[serde(default)]
    pub beta: Option<Range>,
    /// Semi-major axis of half the light of galaxies, pixels.
    #[serde(default)]
    pub r_eff: Option<Range>,
    /// Sersic index.
    #[serde(default)]
    pub n: Option<Range>,
    /// Minor over major axis of Gaussians and galaxies. Default 1.
    #[serde(default)]
    pub axis_ratio: Option<Range>,
    /// Angle of the major axis, degrees counter-clockwise from +x. Default 0.
    #[serde(default)]
    pub theta: Option<Range>,
}

impl SceneSpec {
    /// Reads a scene file.
    ///
    /// # Errors
    /// [`PipelineError::Config`] for text that is not TOML, unknown keys, and values that make no scene.
    pub fn from_toml(text: &str) -> Result<Self> {
        let spec: Self = toml::from_str(text).map_err(|e| PipelineError::Config(e.to_string()))?;
        spec.check()?;
        Ok(spec)
    }

    /// Refuses values that make no scene.
    ///
    /// # Errors
    /// [`PipelineError::Config`].
    pub fn check(&self) -> Result<()> {
        let bad = |what: String| Err(PipelineError::Config(what));
        let (ny, nx) = self.shape;
        if ny == 0 || nx == 0 || ny.checked_mul(nx).is_none_or(|n| n > 1 << 31) {
            return bad(format!(
                "shape is [{ny}, {nx}], expected rows and columns from 1 and not above 2^31 pixels"
            ));
        }
        let n = &self.noise;
        if !(n.gain > 0.0 && n.gain.is_finite()) {
            return bad(format!("noise.gain is {}, expected electrons per unit > 0", n.gain));
        }
        for (name, v) in [("noise.read-noise", n.read_noise), ("noise.gaussian", n.gaussian)] {
            if !(v >= 0.0 && v.is_finite()) {
                return bad(format!("{name} is {v}, expected 0 or more"));
            }
        }
        if let Some(w) = self.wcs
            && !(w.scale > 0.0 && w.scale.is_finite() && w.dec.abs() <= 90.0 && w.ra.is_finite())
        {
            return bad(format!("wcs is {w:?}, expected a scale > 0 and a place on the sky"));
        }
        for (k, s) in self.sources.iter().enumerate() {
            let at = format!("sources {} ({})", k + 1, s.model.name());
            match (s.number, &s.catalogue) {
                (None, None) => return bad(format!("{at} has neither number nor catalogue")),
                (Some(_), Some(_)) => return bad(format!("{at} has both number and catalogue")),
                (Some(_), None) if s.flux.is_none() => return bad(format!("{at} has no flux")),
                _ => {}
            }
            match s.flux_distribution.as_deref() {
                None | Some("uniform") => {}
                Some("log") if s.flux.is_none_or(|f| f.ends().0 > 0.0 && f.ends().1 > 0.0) => {}
                Some("log") => return bad(format!("{at}: a log distribution needs fluxes > 0")),
                Some(other) => {
                    return bad(format!("{at}: flux-distribution is '{other}', expected uniform or log"));
                }
            }
            if s.model == SourceKind::Psf && s.psf.is_none() {
                return bad(format!("{at} has no psf, expected gaussian:FWHM, moffat:FWHM,BETA or a file"));
            }
            if matches!(s.model, SourceKind::Gaussian | SourceKind::Moffat) && s.psf.is_some() {
                return bad(format!("{at} has a psf, expected none: fwhm is its width"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_a_scene() {
        let s = SceneSpec::from_toml(EXAMPLE_SCENE).unwrap();
        assert_eq!((s.shape, s.sources.len()), ((400, 500), 3));
        assert_eq!(s.sources[0].flux, Some(Range::Between(200.0, 60000.0)));
        assert_eq!(s.sources[2].flux, Some(Range::One(5000.0)));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, words) in [
            ("", "shape"),
            ("shape = [0, 5]", "shape is [0, 5]"),
            ("shape = [5, 5]\nseeds = 3", "seeds"),
            ("shape = [5, 5]\n[noise]\ngain = 0", "noise.gain is 0"),
            ("shape = [5, 5]\n[[sources]]\nmodel = \"sersic\"", "neither number nor catalogue"),
            ("shape = [5, 5]\n[[sources]]\nmodel = \"comet\"", "comet"),
            ("shape = [5, 5]\n[[sources]]\nmodel = \"psf\"\nnumber = 3\nflux = 2", "no psf"),
            (
                "shape = [5, 5]\n[[sources]]\nmodel = \"moffat\"\npsf = \"gaussian:2\"\nnumber = 3\nflux = 2",
                "expected none",
            ),
            ("shape = [5, 5]\n[[sources]]\nmodel = \"moffat\"\nnumber = 3", "no flux"),
        ] {
            let e = SceneSpec::from_toml(text).unwrap_err().to_string();
            assert!(e.contains(words), "{text}: {e}");
        }
    }
}
