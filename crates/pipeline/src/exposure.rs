//! An image with its planes, as loaded from files.

use ndarray::Array2;
use skyphot_core::{DataQuality, HeaderView, Image, Pixel};
use skyphot_io::{FileSpec, FitsFile, HduInfo, HduSelector, Header, PixelType, UncertaintyKind};
use skyphot_stats::{EffectiveGain, calc_total_error};

use crate::{InputSection, PipelineError, Result, provenance};

/// An image with its error, mask and header.
#[derive(Debug, Clone)]
pub struct Exposure<T: Pixel> {
    /// Pixel values, `(ny, nx)`.
    pub data: Array2<T>,
    /// 1-sigma errors, if a plane was given.
    pub error: Option<Array2<T>>,
    /// Bad pixels (`true`), if a mask, data-quality or weight plane was given.
    pub mask: Option<Array2<bool>>,
    /// Header of the image.
    pub header: Header,
    /// Unit of the image (BUNIT).
    pub unit: Option<String>,
    /// File and HDU as given.
    pub file: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Things to know about the file.
    pub notes: Vec<String>,
}

/// An exposure in the pixel type its file calls for: `f32` for BITPIX 8, 16 and -32, `f64` for the others.
#[derive(Debug, Clone)]
pub enum AnyExposure {
    /// Stored as `f32`.
    F32(Exposure<f32>),
    /// Stored as `f64`.
    F64(Exposure<f64>),
}

/// Calls an expression on the exposure inside an [`AnyExposure`], whatever its pixel type.
#[macro_export]
macro_rules! with_exposure {
    ($any:expr, $e:ident => $body:expr) => {
        match $any {
            $crate::AnyExposure::F32($e) => $body,
            $crate::AnyExposure::F64($e) => $body,
        }
    };
}

/// Loads an image, `FILE` or `FILE[EXT]`, with the planes a section names.
///
/// # Errors
/// [`PipelineError::Io`]; [`PipelineError::PlaneShape`] for a plane of another shape; [`PipelineError::NotScience`]
/// for a file whose header says that it is a mask, weight or data-quality frame; [`PipelineError::Value`] for unknown
/// data-quality names.
pub fn load(file: &str, planes: &InputSection) -> Result<AnyExposure> {
    let spec = FileSpec::parse(file);
    let fits = FitsFile::open(&spec.path)?;
    let info = fits.image_hdu(&spec.hdu)?;
    if spec.hdu == HduSelector::Auto {
        refuse_auxiliary(file, fits.hdus().first().into_iter().chain([info]), info.index)?;
    }
    match info.pixel_type() {
        PixelType::F32 => Ok(AnyExposure::F32(load_as(file, &fits, info, planes)?)),
        PixelType::F64 => Ok(AnyExposure::F64(load_as(file, &fits, info, planes)?)),
    }
}

fn load_as<T: Pixel>(
    file: &str,
    fits: &FitsFile,
    info: &HduInfo,
    planes: &InputSection,
) -> Result<Exposure<T>> {
    let data: Array2<T> = fits.read_image(&HduSelector::Index(info.index))?;
    let shape = data.dim();
    let mut mask = None;
    if let Some(f) = &planes.mask {
        let (file, hdu) = open(f)?;
        add(&mut mask, checked("mask", f, shape, file.read_mask(&hdu)?)?);
    }
    if let Some(f) = &planes.dq {
        let (file, hdu) = open(f)?;
        let plane = checked("data-quality plane", f, shape, file.read_dq(&hdu)?)?;
        add(&mut mask, dq_mask(&plane, planes)?);
    }
    let error = match (&planes.error, &planes.weight) {
        (Some(f), _) => Some(error_plane("error", f, UncertaintyKind::StdDev, shape, &mut mask)?),
        (None, Some(f)) => Some(error_plane("weight", f, UncertaintyKind::Weight, shape, &mut mask)?),
        (None, None) => None,
    };
    if let Some(g) = planes.gain
        && !(g > 0.0 && g.is_finite())
    {
        return Err(PipelineError::value("gain", g.to_string(), "a number of electrons per data unit > 0"));
    }
    Ok(Exposure {
        data,
        error,
        mask,
        header: info.header.clone(),
        unit: info.unit(),
        file: file.to_owned(),
        sha256: provenance::checksum(fits.path())?,
        notes: fits.warnings().to_vec(),
    })
}

fn open(file: &str) -> Result<(FitsFile, HduSelector)> {
    let spec = FileSpec::parse(file);
    Ok((FitsFile::open(&spec.path)?, spec.hdu))
}

fn checked<A>(
    what: &'static str,
    file: &str,
    expected: (usize, usize),
    plane: Array2<A>,
) -> Result<Array2<A>> {
    let found = plane.dim();
    if found == expected {
        Ok(plane)
    } else {
        Err(PipelineError::PlaneShape { what, file: file.to_owned(), expected, found })
    }
}

fn add(mask: &mut Option<Array2<bool>>, other: Array2<bool>) {
    match mask {
        Some(m) => m.zip_mut_with(&other, |a, &b| *a |= b),
        None => *mask = Some(other),
    }
}

fn error_plane<T: Pixel>(
    what: &'static str,
    file: &str,
    kind: UncertaintyKind,
    shape: (usize, usize),
    mask: &mut Option<Array2<bool>>,
) -> Result<Array2<T>> {
    let (fits, hdu) = open(file)?;
    let plane = fits.read_error::<T>(&hdu, kind)?;
    let error = checked(what, file, shape, plane.error)?;
    if plane.mask.iter().any(|&m| m) {
        add(mask, plane.mask);
    }
    Ok(error)
}

fn dq_mask(plane: &Array2<u32>, planes: &InputSection) -> Result<Array2<bool>> {
    if let Some(good) = &planes.dq_good {
        return Ok(plane.mapv(|v| v != 0 && !good.contains(&v)));
    }
    let Some(bits) = &planes.dq_bad_bits else { return Ok(plane.mapv(|v| v != 0)) };
    let legend = DataQuality::jwst();
    let mut bad = 0_u32;
    for b in bits {
        bad |= match b.trim().parse::<u32>() {
            Ok(n) if n < 32 => 1 << n,
            Ok(_) => {
                return Err(PipelineError::value("data-quality bit", b.clone(), "a bit number from 0 to 31"));
            }
            Err(_) => u32::try_from(legend.bits_of(b.trim())?).unwrap_or(0),
        };
    }
    Ok(plane.mapv(|v| v & bad != 0))
}

/// Refuses frames whose header says that they belong to an image rather than being one.
fn refuse_auxiliary<'a>(file: &str, hdus: impl Iterator<Item = &'a HduInfo>, index: usize) -> Result<()> {
    let refuse = |why: String, what: &str, flag: &str| {
        let why = format!("{why}, {what}; give it with {flag}, or pick the HDU by hand, {file}[{index}]");
        Err(PipelineError::NotScience { file: file.to_owned(), why })
    };
    // The DECam community pipeline leaves the header of the image in its weight and quality frames: only the name tells.
    let name = file.rsplit('/').next().unwrap_or(file);
    if name.starts_with("c4d_") && name.contains("_ood_") {
        return refuse("its name has the product code ood".into(), "a data-quality frame", "--dq");
    }
    if name.starts_with("c4d_") && name.contains("_oow_") {
        return refuse("its name has the product code oow".into(), "a weight map", "--weight");
    }
    let kind = |v: &str| match v.to_ascii_lowercase().as_str() {
        "dq" | "dqmask" | "mask" | "flags" | "msk" | "bpm" => {
            Some(("a mask or data-quality frame", "--dq or --mask"))
        }
        "wht" | "weight" | "weightmap" | "wtmap" | "ivar" | "invvar" | "weight map" => {
            Some(("a weight map", "--weight"))
        }
        "err" | "error" | "rms" | "sigma" => Some(("an error map", "--error")),
        _ => None,
    };
    for info in hdus {
        for key in ["PRODTYPE", "EXTNAME", "EXTTYPE", "IMTYPE", "IMAGETYP", "OBSTYPE"] {
            let value = info.header.get_str(key).unwrap_or_default();
            if let Some((what, flag)) = kind(value.trim()) {
                return refuse(format!("its header says {key} = '{}'", value.trim()), what, flag);
            }
        }
    }
    Ok(())
}

impl<T: Pixel> Exposure<T> {
    /// The image with its mask and error.
    ///
    /// # Errors
    /// [`PipelineError::Core`] for shapes that differ.
    pub fn image(&self) -> Result<Image<'_, T>> {
        let mut image = Image::new(self.data.view())?;
        if let Some(m) = &self.mask {
            image = image.with_mask(m.view())?;
        }
        if let Some(e) = &self.error {
            image = image.with_error(e.view())?;
        }
        Ok(image)
    }

    /// The image with another error plane.
    ///
    /// # Errors
    /// [`PipelineError::Core`] for shapes that differ.
    pub fn image_with_error<'a>(&'a self, error: &'a Array2<T>) -> Result<Image<'a, T>> {
        Ok(self.image()?.with_error(error.view())?)
    }

    /// Number of bad pixels: masked, NaN or infinite.
    #[must_use]
    pub fn n_bad(&self) -> usize {
        match &self.mask {
            Some(m) => self.data.iter().zip(m).filter(|(v, m)| **m || !v.is_finite()).count(),
            None => self.data.iter().filter(|v| !v.is_finite()).count(),
        }
    }

    /// Refuses an image without one good pixel.
    ///
    /// # Errors
    /// [`PipelineError::AllBad`].
    pub fn require_good_pixels(&self) -> Result<()> {
        if self.n_bad() == self.data.len() {
            return Err(PipelineError::AllBad { file: self.file.clone(), pixels: self.data.len() });
        }
        Ok(())
    }

    /// The error plane, with the Poisson noise of the sources for a gain in electrons per data unit; `None` if there
    /// is neither a plane nor a gain.
    ///
    /// # Errors
    /// [`PipelineError::Stats`] for a gain that is not positive.
    pub fn total_error(&self, gain: Option<f64>) -> Result<Option<Array2<T>>> {
        match (&self.error, gain) {
            (e, None) => Ok(e.clone()),
            (Some(e), Some(g)) => {
                Ok(Some(calc_total_error(self.data.view(), e.view(), EffectiveGain::Scalar(g))?))
            }
            (None, Some(g)) => {
                let zero = Array2::from_elem(self.data.dim(), T::default());
                Ok(Some(calc_total_error(self.data.view(), zero.view(), EffectiveGain::Scalar(g))?))
            }
        }
    }
}
