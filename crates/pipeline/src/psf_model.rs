//! PSFs as a user names them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use skyphot_io::{DaophotModel, FileSpec, PsfFile, PsfImage, PsfexModel, read_psf};
use skyphot_psf::{
    CircularGaussianPrf, DaophotCore, DaophotFunction, DaophotPsf, GriddedPsf, ImagePsf, ImagePsfConfig,
    MoffatPrf, PolynomialPsf, PolynomialPsfConfig, PsfModel,
};

use crate::{PipelineError, PsfKind, Result};

/// A PSF: `gaussian:FWHM`, `moffat:FWHM,BETA`, `build[:KIND]` (see [`PsfKind`]), or a file.
#[derive(Debug, Clone, PartialEq)]
pub enum PsfSpec {
    /// A circular Gaussian integrated over the pixels.
    Gaussian {
        /// Full width at half maximum, pixels.
        fwhm: f64,
    },
    /// A Moffat profile integrated over the pixels.
    Moffat {
        /// Full width at half maximum, pixels.
        fwhm: f64,
        /// Exponent.
        beta: f64,
    },
    /// Built from stars of the image.
    Build(PsfKind),
    /// A grid, an image or a PSFEx model.
    File(FileSpec),
}

impl FromStr for PsfSpec {
    type Err = PipelineError;
    fn from_str(text: &str) -> Result<Self> {
        const EXPECTED: &str = "gaussian:FWHM, moffat:FWHM,BETA, build, build:NX,NY, build:daophot[,FUNCTION][,DEGREE] or a file";
        let wrong = || PipelineError::value("PSF", text, EXPECTED);
        let numbers = |t: &str| -> Result<Vec<f64>> {
            t.split(',')
                .map(|v| v.trim().parse::<f64>().ok().filter(|v| v.is_finite() && *v > 0.0).ok_or_else(wrong))
                .collect()
        };
        match text.split_once(':') {
            Some(("gaussian", rest)) => match numbers(rest)?[..] {
                [fwhm] => Ok(Self::Gaussian { fwhm }),
                _ => Err(wrong()),
            },
            Some(("moffat", rest)) => match numbers(rest)?[..] {
                [fwhm, beta] if beta > 1.0 => Ok(Self::Moffat { fwhm, beta }),
                _ => Err(wrong()),
            },
            Some(("build", kind)) => Ok(Self::Build(kind.parse()?)),
            _ if text == "build" => Ok(Self::Build(PsfKind::Epsf)),
            _ if text.trim().is_empty() || matches!(text, "gaussian" | "moffat") => Err(wrong()),
            Some((kind, rest)) if is_kind(kind, rest) => Err(wrong()),
            _ => Ok(Self::File(FileSpec::parse(text))),
        }
    }
}

/// A word and numbers or words, as in `gauss:2`: another kind of PSF was meant, not a file.
fn is_kind(kind: &str, rest: &str) -> bool {
    let word = |t: &str| t.chars().all(|c| c.is_ascii_alphanumeric());
    let argument = |t: &str| word(t) || t.parse::<f64>().is_ok();
    // One letter is a drive.
    kind.len() > 1 && word(kind) && rest.split(',').all(|t| argument(t.trim()))
}

impl fmt::Display for PsfSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gaussian { fwhm } => write!(f, "gaussian:{fwhm}"),
            Self::Moffat { fwhm, beta } => write!(f, "moffat:{fwhm},{beta}"),
            Self::Build(PsfKind::Epsf) => f.write_str("build"),
            Self::Build(kind) => write!(f, "build:{kind}"),
            Self::File(file) => write!(f, "{file}"),
        }
    }
}

/// A model, what it is in words, and what a user should know.
#[derive(Debug, Clone)]
pub struct LoadedPsf {
    /// The model.
    pub model: Arc<dyn PsfModel>,
    /// For instance `4 x 4 grid of PSFs, 4 samples per pixel`.
    pub description: String,
    /// Something the user should know.
    pub notes: Vec<String>,
}

impl PsfSpec {
    /// The model; `None` for [`PsfSpec::Build`]. `detector` chooses from STDPSF files of several detectors,
    /// `oversampling` is that of an image whose file does not say.
    ///
    /// Images and PSFEx models that sum to about 1 instead of the number of samples per pixel area are multiplied by it,
    /// so that fluxes are total fluxes.
    ///
    /// # Errors
    /// Those of reading and of the models.
    pub fn load(&self, detector: Option<usize>, oversampling: Option<usize>) -> Result<Option<LoadedPsf>> {
        let mut notes = Vec::new();
        let (model, description): (Arc<dyn PsfModel>, String) = match self {
            Self::Build(_) => return Ok(None),
            Self::Gaussian { fwhm } => (
                Arc::new(CircularGaussianPrf::new(*fwhm)?),
                format!("circular Gaussian of FWHM {fwhm} px, integrated over the pixels"),
            ),
            Self::Moffat { fwhm, beta } => (
                Arc::new(MoffatPrf::with_fwhm(*fwhm, *beta)?),
                format!("Moffat profile of FWHM {fwhm} px and beta {beta}, integrated over the pixels"),
            ),
            Self::File(file) => match read_psf(file.clone(), detector)? {
                PsfFile::Grid(g) => {
                    let model = GriddedPsf::new(g.data.view(), &g.positions, g.oversampling)?;
                    let (ny, nx) = g.oversampling;
                    let samples = if ny == nx { nx.to_string() } else { format!("{nx} x {ny}") };
                    let of: Vec<&str> = [&g.instrument, &g.detector, &g.filter]
                        .into_iter()
                        .filter_map(Option::as_deref)
                        .collect();
                    let text = format!(
                        "{} x {} grid of PSFs{}{}, {samples} samples per pixel",
                        model.x_grid().len(),
                        model.y_grid().len(),
                        if of.is_empty() { "" } else { " of " },
                        of.join(" ")
                    );
                    (Arc::new(model), text)
                }
                PsfFile::Image(image) => image_model(&image, oversampling, &mut notes)?,
                PsfFile::Psfex(p) => psfex_model(&p, &mut notes)?,
                PsfFile::Daophot(d) => daophot_model(&d)?,
            },
        };
        Ok(Some(LoadedPsf { model, description, notes }))
    }
}

fn daophot_model(d: &DaophotModel) -> Result<(Arc<dyn PsfModel>, String)> {
    let expected = "gaussian, moffat15, moffat25, lorentz, penny1 or penny2";
    let function = DaophotFunction::of_name(&d.function)
        .ok_or_else(|| PipelineError::value("function of the PSF", d.function.as_str(), expected))?;
    let core = DaophotCore {
        function,
        x_hwhm: d.hwhm.0,
        y_hwhm: d.hwhm.1,
        tilt: d.tilt.0,
        gaussian_tilt: d.tilt.1,
        fraction: d.fraction,
    };
    let table = match &d.table {
        None => None,
        Some(t) => {
            let config = PolynomialPsfConfig {
                zero: t.zero,
                scale: t.scale,
                oversampling: t.oversampling,
                origin: Some(t.origin),
                factor: 1.0,
            };
            Some(PolynomialPsf::new(t.data.view(), &t.terms, config)?)
        }
    };
    let terms = table.as_ref().map_or(0, |t| t.terms().len());
    let text = format!(
        "{} of half widths {:.3} and {:.3} px with a table of {terms} terms",
        d.function, d.hwhm.0, d.hwhm.1
    );
    Ok((Arc::new(DaophotPsf::with_height(core, d.height, table, d.radius)?), text))
}

/// What samples are multiplied by so that their sum is that of a PSF of unit flux.
fn unit_flux(sum: f64, samples: f64, notes: &mut Vec<String>) -> f64 {
    let far = |expected: f64| if sum > 0.0 { (sum / expected).ln().abs() } else { f64::INFINITY };
    let factor = if far(1.0) < far(samples) { samples } else { 1.0 };
    if far(samples / factor) > 0.2 {
        notes.push(format!(
            "the PSF sums to {:.3} of a source's flux: fluxes are those of what it covers",
            sum * factor / samples
        ));
    }
    factor
}

fn image_model(
    image: &PsfImage,
    oversampling: Option<usize>,
    notes: &mut Vec<String>,
) -> Result<(Arc<dyn PsfModel>, String)> {
    let given = oversampling.map(|n| (n, n));
    let os = given.or(image.oversampling).unwrap_or_else(|| {
        notes
            .push("the PSF image does not say how it is sampled: one sample per pixel (OVERSAMP)".to_owned());
        (1, 1)
    });
    let samples = (os.0 * os.1) as f64;
    let factor = unit_flux(image.data.sum(), samples, notes);
    let data = image.data.mapv(|v| v * factor);
    let config = ImagePsfConfig { oversampling: os, origin: image.origin, extrapolate: false };
    let (ny, nx) = data.dim();
    Ok((
        Arc::new(ImagePsf::new(data.view(), config)?),
        format!("image of {nx} x {ny} samples, {} x {} per pixel", os.1, os.0),
    ))
}

fn psfex_model(p: &PsfexModel, notes: &mut Vec<String>) -> Result<(Arc<dyn PsfModel>, String)> {
    let (mut x, mut y) = (None, None);
    for (k, axis) in p.axes.iter().enumerate() {
        match axis.name.as_str() {
            "X_IMAGE" => x = Some(k),
            "Y_IMAGE" => y = Some(k),
            other => {
                return Err(PipelineError::value(
                    "PSFEx model that depends on",
                    other,
                    "one of X_IMAGE and Y_IMAGE only",
                ));
            }
        }
    }
    // The first axis runs fastest; within a group the sum of exponents is limited.
    let degree = |k: usize| p.degrees.get(p.axes[k].group).copied().unwrap_or(0) as u32;
    let mut terms = Vec::new();
    match p.axes.len() {
        0 => terms.push((0, 0)),
        1 => terms.extend((0..=degree(0)).map(|a| (a, 0))),
        _ => {
            let together = p.axes[0].group == p.axes[1].group;
            for b in 0..=degree(1) {
                let most = if together { degree(0) - b } else { degree(0) };
                terms.extend((0..=most).map(|a| (a, b)));
            }
        }
    }
    if y == Some(0) {
        terms.iter_mut().for_each(|t| *t = (t.1, t.0));
    }
    let zero = |k: Option<usize>| k.map_or(0.0, |k| p.axes[k].zero - 1.0);
    let scale = |k: Option<usize>| k.map_or(1.0, |k| p.axes[k].scale);
    let oversampling = 1.0 / p.sampling;
    let (_, ny, nx) = p.data.dim();
    let factor = unit_flux(p.data.index_axis(ndarray::Axis(0), 0).sum(), oversampling * oversampling, notes);
    let config = PolynomialPsfConfig {
        zero: (zero(x), zero(y)),
        scale: (scale(x), scale(y)),
        oversampling,
        origin: Some(((nx / 2) as f64, (ny / 2) as f64)),
        factor,
    };
    let model = PolynomialPsf::new(p.data.view(), &terms, config)?;
    let text = format!("PSFEx model of {} terms, {nx} x {ny} samples of {} px", terms.len(), p.sampling);
    Ok((Arc::new(model), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_understood() {
        assert_eq!("gaussian:2.5".parse::<PsfSpec>().unwrap(), PsfSpec::Gaussian { fwhm: 2.5 });
        assert_eq!("moffat:3,2.5".parse::<PsfSpec>().unwrap(), PsfSpec::Moffat { fwhm: 3.0, beta: 2.5 });
        assert_eq!("build".parse::<PsfSpec>().unwrap(), PsfSpec::Build(PsfKind::Epsf));
        assert_eq!("build:3,2".parse::<PsfSpec>().unwrap(), PsfSpec::Build(PsfKind::Grid { nx: 3, ny: 2 }));
        assert!(matches!("grid.fits[1]".parse::<PsfSpec>().unwrap(), PsfSpec::File(_)));
        for file in ["c:psf", "dir/gauss:2", "psf:1.fits", "psf.fits:2", "gauss"] {
            assert!(matches!(file.parse::<PsfSpec>().unwrap(), PsfSpec::File(_)), "{file}");
        }
        for wrong in ["gaussian:0", "gaussian:a", "gaussian:1,2", "moffat:2", "moffat:2,0.5", "", "moffat"] {
            assert!(wrong.parse::<PsfSpec>().unwrap_err().is_usage(), "{wrong}");
        }
        for wrong in ["gauss:2", "Gaussian:2.5", "epsf:4", "moffat25:3,2.5", "daophot:moffat25", "psf:"] {
            let e = wrong.parse::<PsfSpec>().unwrap_err();
            assert!(e.is_usage() && e.to_string().contains("gaussian:FWHM, moffat:FWHM,BETA"), "{wrong} {e}");
        }
        let spec = PsfSpec::Gaussian { fwhm: 2.5 };
        assert!(spec.load(None, None).unwrap().unwrap().description.contains("2.5 px"));
        assert!(PsfSpec::Build(PsfKind::Epsf).load(None, None).unwrap().is_none());
    }

    #[test]
    fn sums_become_those_of_unit_flux() {
        let mut notes = Vec::new();
        assert_eq!(unit_flux(0.98, 16.0, &mut notes), 16.0);
        assert_eq!(unit_flux(15.2, 16.0, &mut notes), 1.0);
        assert!(notes.is_empty());
        assert_eq!(unit_flux(9.0, 16.0, &mut notes), 1.0);
        assert_eq!(notes.len(), 1);
    }
}
