//! DAOPHOT's kind of PSF: parameters of an analytic core in keywords, the table of residuals as a cube.

use std::path::Path;

use ndarray::{Array2, Array3, s};
use skyphot_core::HeaderView;

use super::{bad, grid, keywords};
use crate::{FitsFile, FitsHdu, HduInfo, Header, ImageHdu, Result, write_fits};

/// The table of residuals of a [`DaophotModel`].
#[derive(Debug, Clone, PartialEq)]
pub struct DaophotTable {
    /// The images, `(n, ny, nx)`.
    pub data: Array3<f64>,
    /// Exponents of x and y of each image.
    pub terms: Vec<(u32, u32)>,
    /// Position at which the polynomial's variables are 0, pixels from 0.
    pub zero: (f64, f64),
    /// What offsets from it are divided by, pixels.
    pub scale: (f64, f64),
    /// Samples per pixel.
    pub oversampling: f64,
    /// The sample `(x, y)` on a source, from 0.
    pub origin: (f64, f64),
}

/// An analytic core and the table of what it misses.
#[derive(Debug, Clone, PartialEq)]
pub struct DaophotModel {
    /// `gaussian`, `moffat15`, `moffat25`, `lorentz`, `penny1` or `penny2`.
    pub function: String,
    /// Half widths at half maximum along x and y, pixels.
    pub hwhm: (f64, f64),
    /// Tilt, and that of the Gaussian of `penny2`.
    pub tilt: (f64, f64),
    /// Fraction of the Lorentz function of the Penny functions.
    pub fraction: f64,
    /// Height of the core.
    pub height: f64,
    /// Radius beyond which the PSF is 0, pixels.
    pub radius: f64,
    /// The table; `None` for the core alone.
    pub table: Option<DaophotTable>,
}

const KIND: &str = "DAOPHOT";

/// The HDU that holds such a PSF.
pub(super) fn hdu_of(fits: &FitsFile) -> Option<&HduInfo> {
    let is = |h: &&HduInfo| h.header.get_str("PSFTYPE").is_some_and(|t| t.trim() == KIND);
    fits.hdus().iter().find(is)
}

pub(super) fn from_fits(fits: &FitsFile, hdu: &HduInfo) -> Result<DaophotModel> {
    let (path, h) = (fits.path(), &hdu.header);
    let number = |key: &str| {
        h.get_f64(key)
            .filter(|v| v.is_finite())
            .ok_or_else(|| bad(path, format!("no keyword {key} with a number")))
    };
    let both = |x: &str, y: &str| Ok::<_, crate::IoError>((number(x)?, number(y)?));
    let table = if hdu.has_pixels() {
        let n: usize = hdu.shape[..hdu.shape.len().saturating_sub(2)].iter().product();
        let mut terms = Vec::new();
        for k in 0..n {
            let key = format!("PSFTERM{k}");
            let text = h.get_str(&key).ok_or_else(|| bad(path, format!("no keyword {key}")))?;
            let whole = |v: f64| (v.fract() == 0.0 && (0.0..=20.0).contains(&v)).then_some(v as u32);
            let term = keywords::pair(&text).and_then(|(a, b)| whole(a).zip(whole(b)));
            terms.push(term.ok_or_else(|| bad(path, format!("{key} = {text:?}, expected two exponents")))?);
        }
        Some(DaophotTable {
            data: grid::planes(fits, hdu, &(0..n).collect::<Vec<_>>())?,
            terms,
            zero: both("PSFXZERO", "PSFYZERO")?,
            scale: both("PSFXSCAL", "PSFYSCAL")?,
            oversampling: number("OVERSAMP")?,
            origin: both("PSF_X0", "PSF_Y0")?,
        })
    } else {
        None
    };
    Ok(DaophotModel {
        function: h.get_str("PSFFUNC").unwrap_or_default().trim().to_owned(),
        hwhm: both("PSFXHWHM", "PSFYHWHM")?,
        tilt: both("PSFTILT", "PSFGTILT")?,
        fraction: number("PSFFRAC")?,
        height: number("PSFHEIGH")?,
        radius: number("PSFRAD")?,
        table,
    })
}

/// Writes DAOPHOT's kind of PSF, which [`read_psf`](crate::read_psf) reads: `PSFTYPE = 'DAOPHOT'`, the parameters of the core
/// as keywords, the table as a cube.
///
/// # Errors
/// [`IoError::Psf`](crate::IoError::Psf) if there are not as many exponents as images; those of writing.
pub fn write_psf_daophot(
    path: impl AsRef<Path>,
    model: &DaophotModel,
    header: Header,
    overwrite: bool,
) -> Result<()> {
    let path = path.as_ref();
    let mut h = header;
    h.set("PSFTYPE", KIND, "analytic core and table of residuals")?;
    h.set("PSFFUNC", model.function.as_str(), "function of the core")?;
    for (key, value, text) in [
        ("PSFXHWHM", model.hwhm.0, "half width at half maximum along x, pixels"),
        ("PSFYHWHM", model.hwhm.1, "half width at half maximum along y, pixels"),
        ("PSFTILT", model.tilt.0, "factor of dx dy"),
        ("PSFGTILT", model.tilt.1, "the same of the Gaussian of penny2"),
        ("PSFFRAC", model.fraction, "fraction of the Lorentz function"),
        ("PSFHEIGH", model.height, "height of the core"),
        ("PSFRAD", model.radius, "radius of the PSF, pixels"),
    ] {
        h.set(key, value, text)?;
    }
    let Some(t) = &model.table else {
        return write_fits(path, &[FitsHdu::Image(ImageHdu { header: h, ..ImageHdu::default() })], overwrite);
    };
    let (n, ny, nx) = t.data.dim();
    if n == 0 || n != t.terms.len() {
        return Err(bad(path, format!("{} pairs of exponents for {n} images", t.terms.len())));
    }
    for (key, value, text) in [
        ("PSFXZERO", t.zero.0, "x where the polynomial is 0, pixels from 0"),
        ("PSFYZERO", t.zero.1, "y where the polynomial is 0, pixels from 0"),
        ("PSFXSCAL", t.scale.0, "unit of its x, pixels"),
        ("PSFYSCAL", t.scale.1, "unit of its y, pixels"),
        ("OVERSAMP", t.oversampling, "samples per pixel"),
        ("PSF_X0", t.origin.0, "sample (from 0) on the source"),
        ("PSF_Y0", t.origin.1, "sample (from 0) on the source"),
    ] {
        h.set(key, value, text)?;
    }
    for (k, (a, b)) in t.terms.iter().enumerate() {
        h.set(&format!("PSFTERM{k}"), format!("({a}, {b})"), "exponents of x and y")?;
    }
    let mut rows = Array2::zeros((n * ny, nx));
    for (k, plane) in t.data.outer_iter().enumerate() {
        rows.slice_mut(s![k * ny..(k + 1) * ny, ..]).assign(&plane);
    }
    let hdu = ImageHdu { data: Some((&rows).into()), planes: Some(n), header: h, ..ImageHdu::default() };
    write_fits(path, &[FitsHdu::Image(hdu)], overwrite)
}
