//! The `[segment]` section of a configuration.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use skyphot_core::Exec;
use skyphot_filter::Kernel;
use skyphot_io::HduSelector;
use skyphot_segmentation::{
    ApertureMaskMethod, CatalogConfig, CleanConfig, Connectivity, DeblendConfig, DeblendMode, DetectConfig,
    KronParams, SourceFinder,
};

use crate::spec::{Numbers, Shape, ThresholdSpec, parse_pixels};
use crate::{PipelineError, Result};

/// Sources of any shape: how they are detected, taken apart and measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SegmentSection {
    /// Estimate and subtract the two-dimensional background first; its noise is measured in any case.
    pub subtract_background: bool,
    /// Threshold: so many sigma of the noise (`1.5sigma`), or a value in data units above the background.
    pub threshold: ThresholdSpec,
    /// The noise of the threshold: `background` (its rms), `error` (the plane of errors), or `auto`: the plane of
    /// `weight` where there is one, else the background's.
    pub noise: String,
    /// Least number of connected pixels.
    pub npixels: usize,
    /// Pixels touch by edges and corners (8) or by edges (4).
    pub connectivity: u8,
    /// Kernel that the image is convolved with for the detection: FWHM of a Gaussian in pixels, a file, or `none`.
    pub kernel: KernelSpec,
    /// Size of the Gaussian kernel, pixels, odd; without it the least that holds 1.5 FWHM.
    pub kernel_size: Option<Shape>,
    /// Take overlapping sources apart.
    pub deblend: bool,
    /// Levels between the faintest and the brightest pixel of a source.
    pub nlevels: usize,
    /// Part of the flux that a peak needs to be a source of its own.
    pub contrast: f64,
    /// Spacing of the levels: `exponential`, `linear` or `sinh`.
    pub mode: String,
    /// Least number of pixels of a part; `npixels` without it.
    pub deblend_npixels: Option<usize>,
    /// Take away the sources that would not have been detected without the wings of a brighter one. Not in parts.
    #[doc(alias = "CLEAN")]
    pub clean: bool,
    /// Exponent of the Moffat profile of these wings, 0.1 to 10: the smaller, the further they reach.
    #[doc(alias = "CLEAN_PARAM")]
    pub clean_param: f64,
    /// Columns: `default`, `all`, `sextractor`, or a list of names.
    pub columns: String,
    /// Width of the rectangular annulus of the local background, pixels; 0 for none.
    pub local_background: usize,
    /// What is done about pixels of neighbours in apertures: `correct`, `mask` or `none`.
    pub neighbors: String,
    /// Kron aperture: scale, least Kron radius, least radius of the circle in pixels.
    pub kron: Numbers,
    /// Magnitude of flux 1, for magnitudes under SExtractor's names.
    pub zero_point: f64,
}

impl Default for SegmentSection {
    fn default() -> Self {
        Self {
            subtract_background: true,
            threshold: ThresholdSpec::Sigma(1.5),
            noise: "auto".into(),
            npixels: 5,
            connectivity: 8,
            kernel: KernelSpec::Fwhm(3.0),
            kernel_size: None,
            deblend: false,
            nlevels: 32,
            contrast: 0.001,
            mode: "exponential".into(),
            deblend_npixels: None,
            clean: false,
            clean_param: 1.0,
            columns: "default".into(),
            local_background: 0,
            neighbors: "correct".into(),
            kron: Numbers(vec![2.5, 1.4, 0.0]),
            zero_point: 0.0,
        }
    }
}

/// Where the noise of a threshold comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoiseOf {
    Background,
    Error,
}

impl SegmentSection {
    pub(crate) fn noise_of(&self, weight: bool) -> Result<NoiseOf> {
        Ok(match self.noise.as_str() {
            "auto" if weight => NoiseOf::Error,
            "auto" | "background" => NoiseOf::Background,
            "error" => NoiseOf::Error,
            other => return Err(PipelineError::value("noise", other, "one of auto, background, error")),
        })
    }

    /// Detection and deblending as the section says.
    pub(crate) fn finder(&self, exec: &Exec) -> Result<SourceFinder> {
        let connectivity = match self.connectivity {
            4 => Connectivity::Four,
            8 => Connectivity::Eight,
            n => return Err(PipelineError::value("connectivity", n.to_string(), "4 or 8")),
        };
        let positive = |what, n: usize| {
            if n > 0 { Ok(()) } else { Err(PipelineError::value(what, n.to_string(), "a whole number >= 1")) }
        };
        positive("npixels", self.npixels)?;
        positive("nlevels", self.nlevels)?;
        let n_pixels_deblend = self.deblend_npixels.unwrap_or(self.npixels);
        positive("deblend-npixels", n_pixels_deblend)?;
        if !(0.0..=1.0).contains(&self.contrast) {
            return Err(PipelineError::value("contrast", self.contrast.to_string(), "between 0 and 1"));
        }
        let mode = match self.mode.as_str() {
            "exponential" => DeblendMode::Exponential,
            "linear" => DeblendMode::Linear,
            "sinh" => DeblendMode::Sinh,
            other => {
                return Err(PipelineError::value("mode", other, "one of exponential, linear, sinh"));
            }
        };
        let deblend = DeblendConfig {
            n_levels: self.nlevels,
            contrast: self.contrast,
            mode,
            connectivity,
            exec: exec.clone(),
            ..DeblendConfig::default()
        };
        let mut finder = SourceFinder::new(self.npixels);
        finder.n_pixels_deblend = n_pixels_deblend;
        finder.deblend = self.deblend.then_some(deblend);
        finder.detect = DetectConfig { connectivity, exec: exec.clone() };
        Ok(finder)
    }

    /// The cleaning as the section says, if there is any.
    pub(crate) fn cleaning(&self) -> Result<Option<CleanConfig>> {
        if !(0.1..=10.0).contains(&self.clean_param) {
            return Err(PipelineError::value(
                "clean-param",
                self.clean_param.to_string(),
                "between 0.1 and 10",
            ));
        }
        Ok(self.clean.then(|| CleanConfig { beta: self.clean_param, ..CleanConfig::default() }))
    }

    /// The measurement as the section says.
    pub(crate) fn catalog(&self, exec: &Exec) -> Result<CatalogConfig> {
        let aperture_mask_method = match self.neighbors.as_str() {
            "correct" => ApertureMaskMethod::Correct,
            "mask" => ApertureMaskMethod::Mask,
            "none" => ApertureMaskMethod::None,
            other => return Err(PipelineError::value("neighbors", other, "one of correct, mask, none")),
        };
        let bad = || {
            PipelineError::value(
                "kron",
                self.kron.to_string(),
                "scale,radius or scale,radius,circle: two numbers > 0, the third >= 0",
            )
        };
        let kron_params = match self.kron.0[..] {
            [scale, minimum_radius] => KronParams { scale, minimum_radius, minimum_circular_radius: 0.0 },
            [scale, minimum_radius, minimum_circular_radius] => {
                KronParams { scale, minimum_radius, minimum_circular_radius }
            }
            _ => return Err(bad()),
        };
        kron_params.validate().map_err(|_| bad())?;
        if !self.zero_point.is_finite() {
            return Err(PipelineError::value(
                "zero-point",
                self.zero_point.to_string(),
                "a finite magnitude",
            ));
        }
        Ok(CatalogConfig {
            local_bkg_width: self.local_background,
            aperture_mask_method,
            kron_params,
            exec: exec.clone(),
        })
    }

    /// The kernel, if there is one.
    pub(crate) fn load_kernel(&self) -> Result<Option<Kernel>> {
        match &self.kernel {
            KernelSpec::None => Ok(None),
            KernelSpec::Fwhm(fwhm) => {
                let least = (1.5 * fwhm).ceil() as usize | 1;
                let Shape(ny, nx) = self.kernel_size.unwrap_or(Shape(least.max(3), least.max(3)));
                if ny.is_multiple_of(2) || nx.is_multiple_of(2) {
                    let found = Shape(ny, nx).to_string();
                    return Err(PipelineError::value("kernel-size", found, "odd, such as 5 or 5,7"));
                }
                Ok(Some(Kernel::gaussian_fwhm(*fwhm, (ny, nx))?))
            }
            KernelSpec::File(name) => Ok(Some(read_kernel(name)?)),
        }
    }
}

/// A kernel from a file: SExtractor's `.conv`, or a FITS image, of which the sum becomes 1.
fn read_kernel(name: &str) -> Result<Kernel> {
    let spec = skyphot_io::FileSpec::parse(name);
    let bytes = std::fs::read(&spec.path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => PipelineError::Io(skyphot_io::IoError::Missing(spec.path.clone())),
        _ => PipelineError::File { action: "read the kernel", path: spec.path.display().to_string(), source },
    })?;
    let start = bytes.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(0);
    let is_conv = bytes[start..].starts_with(b"CONV") || bytes[start..].starts_with(b"#");
    if is_conv && spec.hdu == HduSelector::Auto {
        return Ok(Kernel::from_conv(&String::from_utf8_lossy(&bytes))?);
    }
    let image = skyphot_io::read_image::<f64>(spec).map_err(|e| match e {
        skyphot_io::IoError::NotFits { .. } | skyphot_io::IoError::NotAnImage { .. } => {
            PipelineError::value("kernel", name, "a file that begins with CONV (SExtractor's .conv), or FITS")
        }
        e => e.into(),
    })?;
    Ok(Kernel::from_array(image.data)?.normalized()?)
}

/// A kernel as typed: `3`, `3px` (FWHM of a Gaussian), `none`, or a file.
#[derive(Debug, Clone, PartialEq)]
pub enum KernelSpec {
    /// No convolution.
    None,
    /// Full width at half maximum of a Gaussian, pixels.
    Fwhm(f64),
    /// SExtractor's `.conv` or a FITS image.
    File(String),
}

impl FromStr for KernelSpec {
    type Err = PipelineError;

    fn from_str(s: &str) -> Result<Self> {
        let t = s.trim();
        if t.eq_ignore_ascii_case("none") {
            return Ok(Self::None);
        }
        match parse_pixels(t) {
            Ok(v) if v > 0.0 && v <= 100.0 => Ok(Self::Fwhm(v)),
            Err(_) if !t.is_empty() && t.parse::<f64>().is_err() => Ok(Self::File(t.to_owned())),
            _ => Err(PipelineError::value(
                "kernel",
                s,
                "the FWHM of a Gaussian in pixels (up to 100), a file, or none",
            )),
        }
    }
}

impl fmt::Display for KernelSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Fwhm(v) => write!(f, "{v}"),
            Self::File(name) => f.write_str(name),
        }
    }
}

impl Serialize for KernelSpec {
    fn serialize<S: Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KernelSpec {
    fn deserialize<D: Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
        crate::spec::text_or_number(d)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_as_typed() {
        let k = |t: &str| t.parse::<KernelSpec>();
        assert_eq!(k("3.0").unwrap(), KernelSpec::Fwhm(3.0));
        assert_eq!(k("2.5px").unwrap(), KernelSpec::Fwhm(2.5));
        assert_eq!(k("none").unwrap(), KernelSpec::None);
        assert_eq!(k("default.conv").unwrap(), KernelSpec::File("default.conv".into()));
        for bad in ["", "0", "-3", "nan", "1e9"] {
            assert!(k(bad).is_err(), "{bad}");
        }
        let section = SegmentSection::default();
        assert_eq!(section.load_kernel().unwrap().unwrap().shape(), (5, 5));
        let wide = SegmentSection { kernel: KernelSpec::Fwhm(1.0), ..SegmentSection::default() };
        assert_eq!(wide.load_kernel().unwrap().unwrap().shape(), (3, 3));
    }

    #[test]
    fn values_out_of_range_are_named() {
        let d = SegmentSection::default;
        let text = |s: SegmentSection| {
            let exec = Exec::serial();
            let finder = s.finder(&exec).map(|_| ());
            finder.and(s.cleaning().map(|_| ())).and(s.catalog(&exec).map(|_| ())).unwrap_err().to_string()
        };
        assert!(text(SegmentSection { connectivity: 6, ..d() }).contains("4 or 8"));
        assert!(text(SegmentSection { npixels: 0, ..d() }).contains("npixels"));
        assert!(text(SegmentSection { contrast: 1.5, ..d() }).contains("contrast"));
        assert!(text(SegmentSection { clean_param: 0.0, ..d() }).contains("clean-param"));
        assert!(text(SegmentSection { mode: "cubic".into(), ..d() }).contains("exponential"));
        assert!(text(SegmentSection { neighbors: "kill".into(), ..d() }).contains("correct"));
        assert!(text(SegmentSection { kron: Numbers(vec![2.5]), ..d() }).contains("scale,radius"));
    }
}
