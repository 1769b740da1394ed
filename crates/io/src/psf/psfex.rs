//! Models of PSFEx (`.psf` files).

use std::path::Path;

use ndarray::Array3;
use skyphot_core::HeaderView;

use super::bad;
use crate::{FitsFile, HduInfo, HduSelector, Result};

/// One quantity that the PSF depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct PsfexAxis {
    /// `X_IMAGE`, `Y_IMAGE` or another column of the catalogue.
    pub name: String,
    /// What is subtracted, in the unit of the column (FITS pixels count from 1).
    pub zero: f64,
    /// What it is divided by then.
    pub scale: f64,
    /// Number of the group, from 0.
    pub group: usize,
}

/// Images that are the coefficients of a polynomial.
#[derive(Debug, Clone, PartialEq)]
pub struct PsfexModel {
    /// The images, `(n, ny, nx)`, with the exponents of the first axis running fastest: 1, x, x^2, y, x y, y^2.
    pub data: Array3<f64>,
    /// Size of a sample in pixels.
    pub sampling: f64,
    /// Full width at half maximum, pixels, if given.
    pub fwhm: Option<f64>,
    /// Axes of the polynomial.
    pub axes: Vec<PsfexAxis>,
    /// Largest sum of exponents in each group.
    pub degrees: Vec<usize>,
}

/// Reads a PSFEx model (`POLNAXIS`, `PSF_SAMP`, the column `PSF_MASK`).
///
/// # Errors
/// [`IoError::Psf`](crate::IoError::Psf) for other files and keywords that do not fit each other; those of reading.
pub fn read_psfex(path: impl AsRef<Path>) -> Result<PsfexModel> {
    from_fits(&FitsFile::open(path)?)
}

pub(super) fn table_of(fits: &FitsFile) -> Option<&HduInfo> {
    fits.hdus().iter().find(|h| h.is_table() && h.header.get_i64("POLNAXIS").is_some())
}

/// Number of terms of a polynomial of `n` axes up to a degree.
fn terms(n: usize, degree: usize) -> usize {
    // (degree + n)! / (degree! n!)
    (1..=n).fold(1, |t, k| t * (degree + k) / k)
}

pub(super) fn from_fits(fits: &FitsFile) -> Result<PsfexModel> {
    let path = fits.path();
    let Some(hdu) = table_of(fits) else {
        return Err(bad(path, "expected a PSFEx model (a table with POLNAXIS and PSF_MASK), found none"));
    };
    let h = &hdu.header;
    let fail = |m: String| bad(path, m);
    let count = |key: &str, most: usize| -> Result<usize> {
        let v = h.get_i64(key).ok_or_else(|| fail(format!("no keyword {key}")))?;
        usize::try_from(v)
            .ok()
            .filter(|n| *n <= most)
            .ok_or_else(|| fail(format!("{key} = {v}, expected 0 ... {most}")))
    };
    let number = |key: &str| -> Result<f64> {
        let v = h.get_f64(key).ok_or_else(|| fail(format!("no keyword {key}")))?;
        if v.is_finite() { Ok(v) } else { Err(fail(format!("{key} = {v}, expected a finite number"))) }
    };
    let sampling = number("PSF_SAMP")?;
    if sampling <= 0.0 {
        return Err(fail(format!("PSF_SAMP = {sampling}, expected a positive number")));
    }
    let n_axes = count("POLNAXIS", 8)?;
    let n_groups = if n_axes == 0 { 0 } else { count("POLNGRP", 8)? };
    let mut axes = Vec::new();
    for i in 1..=n_axes {
        let scale = number(&format!("POLSCAL{i}"))?;
        let group = count(&format!("POLGRP{i}"), 8)?;
        if scale == 0.0 || group == 0 || group > n_groups {
            return Err(fail(format!("POLSCAL{i} = {scale}, POLGRP{i} = {group} of {n_groups} groups")));
        }
        axes.push(PsfexAxis {
            name: h.get_str(&format!("POLNAME{i}")).unwrap_or_default().trim().to_owned(),
            zero: number(&format!("POLZERO{i}"))?,
            scale,
            group: group - 1,
        });
    }
    let degrees = (1..=n_groups).map(|g| count(&format!("POLDEG{g}"), 20)).collect::<Result<Vec<_>>>()?;
    let expected: usize = degrees
        .iter()
        .enumerate()
        .map(|(g, d)| terms(axes.iter().filter(|a| a.group == g).count(), *d))
        .product();
    let (nx, ny) = (count("PSFAXIS1", 100_000)?, count("PSFAXIS2", 100_000)?);
    let n = if count("PSFNAXIS", 3)? < 3 { 1 } else { count("PSFAXIS3", 100_000)? };
    if n != expected {
        return Err(fail(format!("{n} images for a polynomial of {expected} terms")));
    }
    let table = fits.read_table(&HduSelector::Index(hdu.index))?;
    let values = table.f64("PSF_MASK")?;
    let found = values.len();
    let data = Array3::from_shape_vec((n, ny, nx), values)
        .map_err(|_| fail(format!("PSF_MASK has {found} values, expected {n} x {ny} x {nx}")))?;
    Ok(PsfexModel { data, sampling, fwhm: h.get_f64("PSF_FWHM"), axes, degrees })
}
