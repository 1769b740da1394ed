//! Raw CCD frames to images: the steps of `skyphot_calibration::ccd` on files.

use ndarray::Array2;
use skyphot_calibration::ccd::{
    CcdImage, CombineClip, CombineConfig, CombineMethod, CosmicRayConfig, DarkScaling, OverscanConfig,
    OverscanModel, Section, Unit, combine, create_deviation, detect_cosmic_rays, flat_correct, gain_correct,
    subtract_bias, subtract_dark, subtract_overscan,
};
use skyphot_core::{Exec, HeaderView};
use skyphot_io::{FileSpec, FitsFile, FitsHdu, HduSelector, Header, ImageHdu};
use skyphot_stats::{CenterFunc, SigmaClip, SpreadFunc};

use crate::{PipelineError, Result};

/// What [`reduce`] does; steps that are `None` are left out.
///
/// The order: overscan, trim, bias, errors, dark, gain, flat, cosmic rays; then the frames are combined.
#[derive(Debug, Clone)]
pub struct ReduceOptions {
    /// Section of the overscan, `[x1:x2,y1:y2]` (1-based, both ends included) or the keyword that says it (`BIASSEC`).
    pub overscan: Option<String>,
    /// Median of each row of the overscan, not the mean.
    pub overscan_median: bool,
    /// Degree of a polynomial through the rows of the overscan.
    pub overscan_degree: Option<usize>,
    /// Section that is kept, or its keyword (`TRIMSEC`).
    pub trim: Option<String>,
    /// Bias frame.
    pub bias: Option<String>,
    /// Dark frame, without bias.
    pub dark: Option<String>,
    /// Scale the dark by the exposure times.
    pub scale_dark: bool,
    /// Keyword of the exposure time, seconds.
    pub exposure_key: String,
    /// Flat field; it is divided by its mean.
    pub flat: Option<String>,
    /// Lower values of the flat (as it is in its file) are raised to this.
    pub flat_min: Option<f64>,
    /// Electrons per data unit.
    pub gain: Option<f64>,
    /// Read noise, electrons: with the gain (1 without) the errors of the pixels.
    pub read_noise: Option<f64>,
    /// Finds and replaces cosmic rays; gain and read noise are those above.
    pub cosmic_rays: Option<CosmicRayConfig>,
    /// Unit of the frames where a header has none.
    pub unit: String,
    /// How several frames become one.
    pub method: CombineMethod,
    /// Clipping about the median in units of the MAD's standard deviation: limit and passes.
    pub clip: Option<(f64, usize)>,
    /// Lowest and highest values of each pixel that are left out.
    pub reject: (usize, usize),
    /// Frames are divided by their median before they are combined (flats).
    pub normalize: bool,
    /// Threads.
    pub exec: Exec,
}

impl Default for ReduceOptions {
    fn default() -> Self {
        Self {
            overscan: None,
            overscan_median: false,
            overscan_degree: None,
            trim: None,
            bias: None,
            dark: None,
            scale_dark: false,
            exposure_key: "EXPTIME".to_owned(),
            flat: None,
            flat_min: None,
            gain: None,
            read_noise: None,
            cosmic_rays: None,
            unit: "adu".to_owned(),
            method: CombineMethod::Average,
            clip: None,
            reject: (0, 0),
            normalize: false,
            exec: Exec::default(),
        }
    }
}

/// A reduced image.
#[derive(Debug, Clone)]
pub struct Reduced {
    /// Pixels, errors, mask and unit.
    pub image: CcdImage<f64>,
    /// Header of the first frame, with a history.
    pub header: Header,
    /// Frames it is made of.
    pub n_frames: usize,
    /// Pixels that cosmic rays hit, in all frames.
    pub n_cosmic_rays: usize,
    /// Bad pixels.
    pub n_bad: usize,
}

/// A frame as it is in a file.
struct Frame {
    image: CcdImage<f64>,
    header: Header,
    exposure: Option<f64>,
}

/// Reads a frame; the planes `ERR` and `MASK` of its file, if there are any, are its errors and mask.
fn read(file: &str, options: &ReduceOptions) -> Result<Frame> {
    let spec = FileSpec::parse(file);
    let fits = FitsFile::open(&spec.path)?;
    let info = fits.image_hdu(&spec.hdu)?;
    let header = info.header.clone();
    let first = fits.hdus().first().map(|h| h.header.clone()).unwrap_or_default();
    let data: Array2<f64> = fits.read_image(&spec.hdu)?;
    let text = header.get_str("BUNIT").filter(|u| !u.trim().is_empty());
    let unit: Unit = text.as_deref().unwrap_or(&options.unit).trim().parse()?;
    let shape = data.dim();
    let bad = data.mapv(|v| !v.is_finite());
    let mut image = CcdImage::new(data, unit)?;
    let has = |name: &str| fits.find(&HduSelector::name(name)).is_ok_and(|h| h.has_pixels());
    let fits_shape = |what: &'static str, found: (usize, usize)| {
        if found == shape {
            return Ok(());
        }
        Err(PipelineError::PlaneShape { what, file: file.to_owned(), expected: shape, found })
    };
    if has("ERR") {
        let error: Array2<f64> = fits.read_image(&HduSelector::name("ERR"))?;
        fits_shape("error", error.dim())?;
        image = image.with_error(error)?;
    }
    let mut mask = bad;
    if has("MASK") {
        let plane = fits.read_mask(&HduSelector::name("MASK"))?;
        fits_shape("mask", plane.dim())?;
        mask.zip_mut_with(&plane, |m, p| *m |= p);
    }
    if mask.iter().any(|m| *m) {
        image = image.with_mask(mask)?;
    }
    let key = &options.exposure_key;
    let exposure = header.get_f64(key).or_else(|| first.get_f64(key));
    Ok(Frame { image, header, exposure })
}

/// A section as text, or under a keyword of the header.
fn section(text: &str, frame: &Frame, shape: (usize, usize)) -> Result<Section> {
    let keyword = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    if !text.is_empty() && text.chars().all(keyword) && !text.starts_with(|c: char| c.is_ascii_digit()) {
        let Some(value) = frame.header.get_str(text) else {
            return Err(PipelineError::value("section", text, "a keyword of the header, or [x1:x2,y1:y2]"));
        };
        return Ok(Section::from_fits(&value, shape)?);
    }
    Ok(Section::from_fits(text, shape)?)
}

/// The frames that the others are corrected by.
struct Masters {
    bias: Option<Frame>,
    dark: Option<Frame>,
    flat: Option<Frame>,
}

/// Corrects raw frames by overscan, bias, dark and flat, gives them errors, removes cosmic rays, and combines them.
///
/// Errors are propagated to first order through all steps, those of the masters included (their `ERR` planes); masks are
/// joined. The errors of a combined image are those of the scatter of its frames. Pixels with a flat of 0 are bad.
///
/// # Errors
/// [`PipelineError::Value`] for no frame or an exposure time that is missing; [`PipelineError::Calibration`] for shapes
/// and units that do not fit and sections beyond the image; [`PipelineError::Io`].
#[doc(alias = "ccd_process")]
pub fn reduce(files: &[String], options: &ReduceOptions) -> Result<Reduced> {
    let Some(first) = files.first() else {
        return Err(PipelineError::value("frames", "none", "one frame or more"));
    };
    let master = |name: &Option<String>| name.as_deref().map(|f| read(f, options)).transpose();
    let masters =
        Masters { bias: master(&options.bias)?, dark: master(&options.dark)?, flat: master(&options.flat)? };
    let mut frames = Vec::new();
    let mut header = Header::new();
    let mut n_cosmic_rays = 0;
    for file in files {
        let frame = read(file, options)?;
        let (image, hits) = one(file, &frame, &masters, options)?;
        n_cosmic_rays += hits;
        if file == first && frames.is_empty() {
            header = trimmed_header(&frame, options)?;
        }
        frames.push(image);
    }
    let image = if let [one] = frames.as_slice() { one.clone() } else { together(&frames, options)? };
    header.set("BUNIT", image.unit().to_string(), "unit of the pixels")?;
    for line in history(files, options) {
        header.add_history(&line);
    }
    let (ny, nx) = image.shape();
    let n_bad = (0..ny * nx).filter(|i| image.is_bad(i % nx, i / nx)).count();
    Ok(Reduced { image, header, n_frames: files.len(), n_cosmic_rays, n_bad })
}

fn one(
    file: &str,
    frame: &Frame,
    masters: &Masters,
    options: &ReduceOptions,
) -> Result<(CcdImage<f64>, usize)> {
    let mut image = frame.image.clone();
    if let Some(text) = &options.overscan {
        let config = OverscanConfig {
            median: options.overscan_median,
            model: options.overscan_degree.map_or(OverscanModel::Rows, OverscanModel::Polynomial),
            ..OverscanConfig::default()
        };
        image = subtract_overscan(&image, &section(text, frame, image.shape())?, &config)?;
    }
    if let Some(text) = &options.trim {
        image = image.trim(&section(text, frame, image.shape())?)?;
    }
    if let Some(noise) = options.read_noise {
        // The electrons are those above the bias, whose own errors come in with its subtraction.
        let net = match &masters.bias {
            Some(b) => subtract_bias(&image, &b.image)?,
            None => image.clone(),
        };
        let noisy = create_deviation(net, options.gain.unwrap_or(1.0), noise, true)?;
        if let Some(e) = noisy.error() {
            image = image.with_error(e.to_owned())?;
        }
    }
    if let Some(b) = &masters.bias {
        image = subtract_bias(&image, &b.image)?;
    }
    if let Some(d) = &masters.dark {
        let scaling = if options.scale_dark {
            let time = |t: Option<f64>, of: &str| {
                t.ok_or_else(|| {
                    PipelineError::value("exposure time", of, format!("a file with {}", options.exposure_key))
                })
            };
            let dark = options.dark.as_deref().unwrap_or("dark");
            DarkScaling::Exposure { image: time(frame.exposure, file)?, dark: time(d.exposure, dark)? }
        } else {
            DarkScaling::None
        };
        image = subtract_dark(&image, &d.image, scaling)?;
    }
    if let Some(g) = options.gain {
        let unit: Unit = "electron".parse()?;
        let per = unit.per(image.unit());
        image = gain_correct(&image, g, &per)?;
    }
    if let Some(f) = &masters.flat {
        image = flat_correct(&image, &f.image, options.flat_min, None)?;
    }
    // Where a master has nothing to say the image has nothing to say.
    let bad = image.data().mapv(|v| !v.is_finite());
    if bad.iter().any(|b| *b) {
        image = masked(image, &bad)?;
    }
    let mut hits = 0;
    if let Some(config) = &options.cosmic_rays {
        let mut config = config.clone();
        config.readnoise = options.read_noise.unwrap_or(config.readnoise);
        config.exec = options.exec.clone();
        let found = detect_cosmic_rays(&image.image()?, None, None, &config)?;
        hits = found.mask.iter().filter(|m| **m).count();
        let (_, error, mask) = image.clone().into_parts();
        let mut clean = CcdImage::new(found.clean, image.unit().clone())?;
        if let Some(e) = error {
            clean = clean.with_error(e)?;
        }
        if let Some(m) = mask {
            clean = clean.with_mask(m)?;
        }
        image = masked(clean, &found.mask)?;
    }
    Ok((image, hits))
}

/// The image with more bad pixels.
fn masked(image: CcdImage<f64>, bad: &Array2<bool>) -> Result<CcdImage<f64>> {
    let mask = match image.mask() {
        Some(m) => ndarray::Zip::from(&m).and(bad).map_collect(|a, b| *a || *b),
        None => bad.clone(),
    };
    Ok(image.with_mask(mask)?)
}

fn together(frames: &[CcdImage<f64>], options: &ReduceOptions) -> Result<CcdImage<f64>> {
    let sigma = options.clip.map(|(limit, passes)| {
        SigmaClip { center: CenterFunc::Median, spread: SpreadFunc::MadStd, ..SigmaClip::new(limit) }
            .with_max_iters(Some(passes))
    });
    let scale = if options.normalize {
        let mut scale = Vec::new();
        for f in frames {
            let clip = SigmaClip::new(f64::MAX).with_max_iters(Some(1));
            let level = skyphot_stats::sigma_clipped_stats(&f.image()?, &clip, &options.exec)?.median;
            if !(level.is_finite() && level > 0.0) {
                return Err(PipelineError::value("median of a frame", level.to_string(), "positive"));
            }
            scale.push(1.0 / level);
        }
        Some(scale)
    } else {
        None
    };
    let config = CombineConfig {
        method: options.method,
        clip: CombineClip { extrema: options.reject, sigma, ..CombineClip::default() },
        scale,
        weights: None,
        exec: options.exec.clone(),
    };
    let unit = match (options.normalize, frames.first()) {
        (false, Some(f)) => f.unit().clone(),
        _ => Unit::dimensionless(),
    };
    let made = combine(frames, &config)?;
    Ok(CcdImage::new(made.data, unit)?.with_error(made.error)?.with_mask(made.mask)?)
}

/// Cards of the raw frame that are still true.
fn trimmed_header(frame: &Frame, options: &ReduceOptions) -> Result<Header> {
    let mut header = frame.header.clone();
    if let Some(text) = &options.trim {
        let s = section(text, frame, frame.image.shape())?;
        for (key, start) in [("CRPIX1", s.x().start), ("CRPIX2", s.y().start)] {
            if let Some(v) = header.get_f64(key) {
                header.set(key, v - start as f64, "after trimming")?;
            }
        }
        for key in ["TRIMSEC", "DATASEC", "BIASSEC", "CCDSEC", "DETSEC"] {
            header.remove(key);
        }
    }
    Ok(header)
}

fn history(files: &[String], options: &ReduceOptions) -> Vec<String> {
    let mut out = vec![format!("skyphot reduce: {} frame(s), first {}", files.len(), files[0])];
    for (what, value) in [
        ("overscan", &options.overscan),
        ("trim", &options.trim),
        ("bias", &options.bias),
        ("dark", &options.dark),
        ("flat", &options.flat),
    ] {
        out.extend(value.as_ref().map(|v| format!("{what} {v}")));
    }
    out.extend(options.gain.map(|g| format!("gain {g} electron per unit")));
    out.extend(options.read_noise.map(|r| format!("read noise {r} electron")));
    if files.len() > 1 {
        out.push(format!(
            "combined by {:?}, clip {:?}, reject {:?}",
            options.method, options.clip, options.reject
        ));
    }
    out
}

impl Reduced {
    /// Writes the image as the primary HDU, its errors as `ERR` and its mask (1: bad) as `MASK`; pixels are of 32 bits.
    ///
    /// # Errors
    /// [`PipelineError::Io`], also if the file exists and `overwrite` is false.
    pub fn write(&self, path: &std::path::Path, overwrite: bool) -> Result<()> {
        let data = self.image.data().mapv(|v| v as f32);
        let error = self.image.error().map(|e| e.mapv(|v| v as f32));
        let mask = self.image.mask().map(|m| m.mapv(u8::from));
        let mut plane = Header::new();
        plane.set("BUNIT", self.image.unit().to_string(), "unit of the errors")?;
        let first =
            ImageHdu { data: Some(data.view().into()), header: self.header.clone(), ..ImageHdu::default() };
        let mut hdus = vec![FitsHdu::Image(first)];
        hdus.extend(error.as_ref().map(|e| FitsHdu::image("ERR", e.view(), plane)));
        hdus.extend(mask.as_ref().map(|m| FitsHdu::image("MASK", m.view(), Header::new())));
        Ok(skyphot_io::write_fits(path, &hdus, overwrite)?)
    }
}
