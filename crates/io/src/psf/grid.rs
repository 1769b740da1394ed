//! PSF images at the points of a grid.

use std::path::Path;

use ndarray::{Array2, Array3, ArrayView3, Axis, s};
use skyphot_core::{HeaderView, Point};

use super::{bad, keywords, stdpsf};
use crate::{FileSpec, FitsFile, FitsHdu, HduInfo, HduSelector, Header, ImageHdu, Result, write_fits};

/// PSF images and where on the detector they belong.
#[derive(Debug, Clone, PartialEq)]
pub struct PsfGrid {
    /// The images, `(n, ny, nx)`.
    pub data: Array3<f64>,
    /// The detector position of each, pixels from 0.
    pub positions: Vec<Point>,
    /// Samples per pixel along y and x.
    pub oversampling: (usize, usize),
    /// Instrument, if the file or its name says.
    pub instrument: Option<String>,
    /// Detector.
    pub detector: Option<String>,
    /// Filter.
    pub filter: Option<String>,
}

/// The layouts of grids.
enum Layout {
    /// `DET_YX0 = '(y, x)'` ...: STPSF, formerly WebbPSF.
    Stpsf,
    /// `NXPSFS`, `IPSFX01` ...
    Stdpsf,
    /// `GRID_XY0 = '(x, y)'` ...
    GridXy,
    /// Several image extensions with their own positions.
    Extensions,
}

fn images(fits: &FitsFile) -> impl Iterator<Item = &HduInfo> {
    fits.hdus().iter().filter(|h| h.has_pixels() && h.shape.len() >= 2)
}

fn layout(fits: &FitsFile) -> Option<(Layout, &HduInfo)> {
    let first = images(fits).next()?;
    let h = &first.header;
    let has = |prefix: &str| !keywords::numbered(h, prefix).is_empty();
    if images(fits).skip(1).any(|i| keywords::position(&i.header).is_some())
        && keywords::position(h).is_some()
    {
        Some((Layout::Extensions, first))
    } else if h.get_i64("NXPSFS").is_some() && h.get_i64("NYPSFS").is_some() {
        Some((Layout::Stdpsf, first))
    } else if has("DET_YX") {
        Some((Layout::Stpsf, first))
    } else if has("GRID_XY") || keywords::position(h).is_some() {
        Some((Layout::GridXy, first))
    } else {
        None
    }
}

pub(super) fn is_grid(fits: &FitsFile) -> bool {
    layout(fits).is_some()
}

/// Reads a grid of PSF images. Understood are
///
/// - files of STPSF (WebbPSF): a cube with `DET_YX0 = '(y, x)'` ... and `OVERSAMP`,
/// - STDPSF library files (WFPC2, ACS, WFC3, NIRCam, NIRISS, MIRI): a cube with `NXPSFS`, `NYPSFS`, `IPSFX01` ...,
///   four samples per pixel,
/// - a cube with `GRID_XY0 = '(x, y)'` ... or several image extensions with `GRID_X` and `GRID_Y` (or `GRID_XY`) each,
///   positions in pixels from 0, and `OVERSAMP` (or `OVERSAMX` and `OVERSAMY`).
///
/// `detector` chooses from STDPSF files of several detectors by the reference's numbers: WFPC2 1 = PC, 2 ... 4 = WF2 ...
/// WF4; ACS/WFC and WFC3/UVIS 1 = chip 2 (the extension `SCI,1`), 2 = chip 1; NIRCam `NRCSW` 1 ... 4 = A1 ... A4,
/// 5 ... 8 = B1 ... B4. Other files take no notice of it.
///
/// # Errors
/// [`IoError::Psf`](crate::IoError::Psf) for other files, a detector that is missing or unknown, and keywords that do not fit the images;
/// those of reading.
#[doc(alias = "GriddedPSFModel.read")]
#[doc(alias = "stdpsf_reader")]
#[doc(alias = "webbpsf_reader")]
pub fn read_psf_grid(path: impl AsRef<Path>, detector: Option<usize>) -> Result<PsfGrid> {
    from_fits(&FitsFile::open(path)?, detector)
}

pub(super) fn from_fits(fits: &FitsFile, detector: Option<usize>) -> Result<PsfGrid> {
    let path = fits.path();
    let Some((layout, first)) = layout(fits) else {
        return Err(bad(
            path,
            "expected a grid of PSFs (keywords DET_YX0, NXPSFS, GRID_XY0, or GRID_X and GRID_Y), found none",
        ));
    };
    let h = &first.header;
    let oversampling = || {
        let found = keywords::oversampling(h).map_err(|m| bad(path, m))?;
        found.ok_or_else(|| bad(path, "no keyword OVERSAMP (samples per pixel)"))
    };
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
    let word = |key: &str| h.get_str(key).map(|s| s.trim().to_owned()).filter(|s| !s.is_empty());
    let mut grid = PsfGrid {
        data: Array3::zeros((0, 0, 0)),
        positions: Vec::new(),
        oversampling: (4, 4),
        instrument: word("INSTRUME"),
        detector: word("DETECTOR"),
        filter: word("FILTER"),
    };
    match layout {
        Layout::Stdpsf => {
            let chosen = stdpsf::select(h, plane_count(first), name, detector).map_err(|m| bad(path, m))?;
            grid.data = planes(fits, first, &chosen.planes)?;
            grid.positions =
                chosen.y.iter().flat_map(|y| chosen.x.iter().map(|x| Point::new(*x, *y))).collect();
            grid.instrument = chosen.instrument.map(str::to_owned).or(grid.instrument);
            grid.detector = chosen.detector.or(grid.detector);
            grid.filter = stdpsf::of_name(name).2.or(grid.filter);
        }
        Layout::Stpsf | Layout::GridXy => {
            let (prefix, swap) =
                if matches!(layout, Layout::Stpsf) { ("DET_YX", true) } else { ("GRID_XY", false) };
            let mut listed = Vec::new();
            for (n, text) in keywords::numbered(h, prefix) {
                let (a, b) = keywords::pair(&text)
                    .ok_or_else(|| bad(path, format!("{prefix}{n} = {text:?}, expected two numbers")))?;
                listed.push(if swap { Point::new(b, a) } else { Point::new(a, b) });
            }
            if listed.is_empty() {
                listed.extend(keywords::position(h));
            }
            let n = plane_count(first);
            if listed.len() != n {
                return Err(bad(path, format!("{} positions for {n} images", listed.len())));
            }
            grid.positions = listed;
            grid.oversampling = oversampling()?;
            grid.data = planes(fits, first, &(0..n).collect::<Vec<_>>())?;
        }
        Layout::Extensions => {
            grid.oversampling = oversampling()?;
            let parts = images(fits)
                .filter(|i| keywords::position(&i.header).is_some())
                .map(|i| (fits, i))
                .collect::<Vec<_>>();
            stack(&parts, &mut grid)?;
        }
    }
    Ok(grid)
}

/// Reads a STDPSF library file with the grids of all its detectors: the images, their positions as the file counts them
/// over all detectors, and rows and columns of the whole grid.
///
/// # Errors
/// [`IoError::Psf`](crate::IoError::Psf) for other files; those of reading.
#[doc(alias = "STDPSFGrid")]
pub fn read_stdpsf_grid(path: impl AsRef<Path>) -> Result<(PsfGrid, (usize, usize))> {
    let fits = FitsFile::open(path)?;
    let Some((Layout::Stdpsf, first)) = layout(&fits) else {
        return Err(bad(fits.path(), "expected a STDPSF file (keywords NXPSFS and NYPSFS)"));
    };
    let name = fits.path().file_name().and_then(|n| n.to_str()).unwrap_or("");
    let n = plane_count(first);
    let (x, y) = stdpsf::grid_lines(&first.header, n).map_err(|m| bad(fits.path(), m))?;
    let (instrument, detector, filter) = stdpsf::of_name(name);
    let grid = PsfGrid {
        data: planes(&fits, first, &(0..n).collect::<Vec<_>>())?,
        positions: y.iter().flat_map(|y| x.iter().map(|x| Point::new(*x, *y))).collect(),
        oversampling: (4, 4),
        instrument: instrument.map(str::to_owned),
        detector: detector.map(str::to_owned),
        filter,
    };
    Ok((grid, (y.len(), x.len())))
}

/// What kind of grid of PSFs a FITS file holds: `stpsf`, `stdpsf`, `grid_xy` or `extensions`; `None` for others.
///
/// # Errors
/// Those of reading.
pub fn psf_grid_layout(path: impl AsRef<Path>) -> Result<Option<&'static str>> {
    Ok(layout(&FitsFile::open(path)?).map(|(l, _)| match l {
        Layout::Stpsf => "stpsf",
        Layout::Stdpsf => "stdpsf",
        Layout::GridXy => "grid_xy",
        Layout::Extensions => "extensions",
    }))
}

fn plane_count(hdu: &HduInfo) -> usize {
    hdu.shape[..hdu.shape.len() - 2].iter().product()
}

pub(super) fn planes(fits: &FitsFile, hdu: &HduInfo, chosen: &[usize]) -> Result<Array3<f64>> {
    let n = hdu.shape.len();
    let mut data = Array3::zeros((chosen.len(), hdu.shape[n - 2], hdu.shape[n - 1]));
    for (k, &plane) in chosen.iter().enumerate() {
        let image: Array2<f64> = fits.read_plane(&HduSelector::Index(hdu.index), plane)?;
        data.index_axis_mut(Axis(0), k).assign(&image);
    }
    Ok(data)
}

/// Puts two-dimensional images with positions in their headers together.
fn stack(parts: &[(&FitsFile, &HduInfo)], grid: &mut PsfGrid) -> Result<()> {
    let Some((_, first)) = parts.first() else { return Ok(()) };
    let shape = first.image_shape();
    let (ny, nx) = shape.unwrap_or((0, 0));
    grid.data = Array3::zeros((parts.len(), ny, nx));
    for (k, (fits, hdu)) in parts.iter().enumerate() {
        let path = fits.path();
        let position = keywords::position(&hdu.header).ok_or_else(|| {
            bad(path, format!("HDU {} has no position (GRID_X and GRID_Y, or GRID_XY)", hdu.index))
        })?;
        if hdu.image_shape() != shape || shape.is_none() {
            return Err(bad(
                path,
                format!(
                    "HDU {}: expected an image of {ny} x {nx} (ny x nx) as the first, found {:?}",
                    hdu.index, hdu.shape
                ),
            ));
        }
        let own = keywords::oversampling(&hdu.header).map_err(|m| bad(path, m))?;
        if own.is_some_and(|o| o != grid.oversampling) {
            return Err(bad(path, format!("HDU {}: another oversampling than the first image", hdu.index)));
        }
        let image: Array2<f64> = fits.read_image(&HduSelector::Index(hdu.index))?;
        grid.data.index_axis_mut(Axis(0), k).assign(&image);
        grid.positions.push(position);
    }
    Ok(())
}

/// Reads several FITS images, one PSF each, with `GRID_X` and `GRID_Y` (or `GRID_XY = '(x, y)'`) in their headers, as a
/// grid; `OVERSAMP` is 1 where it is missing.
///
/// # Errors
/// [`IoError::Psf`](crate::IoError::Psf) for an image without a position or of another shape or sampling than the first; those of reading.
pub fn read_psf_stack(files: &[FileSpec]) -> Result<PsfGrid> {
    let opened = files.iter().map(|f| FitsFile::open(&f.path)).collect::<Result<Vec<_>>>()?;
    let mut parts = Vec::new();
    for (fits, spec) in opened.iter().zip(files) {
        parts.push((fits, fits.image_hdu(&spec.hdu)?));
    }
    let Some((fits, first)) = parts.first() else {
        return Err(bad(Path::new(""), "expected at least one file of a PSF, found none"));
    };
    let h = &first.header;
    let oversampling = keywords::oversampling(h).map_err(|m| bad(fits.path(), m))?.unwrap_or((1, 1));
    let mut grid = PsfGrid {
        data: Array3::zeros((0, 0, 0)),
        positions: Vec::new(),
        oversampling,
        instrument: h.get_str("INSTRUME"),
        detector: h.get_str("DETECTOR"),
        filter: h.get_str("FILTER"),
    };
    stack(&parts, &mut grid)?;
    Ok(grid)
}

/// Writes a grid in the layout of STPSF (a cube with `DET_YX0` ... and `OVERSAMP`), which [`read_psf_grid`] and photutils
/// read.
///
/// # Errors
/// [`IoError::Psf`](crate::IoError::Psf) if the positions are not as many as the images; those of writing.
pub fn write_psf_grid(
    path: impl AsRef<Path>,
    data: ArrayView3<'_, f64>,
    positions: &[Point],
    oversampling: (usize, usize),
    header: Header,
    overwrite: bool,
) -> Result<()> {
    let path = path.as_ref();
    let (n, ny, nx) = data.dim();
    if n != positions.len() || n == 0 {
        return Err(bad(path, format!("{} positions for {n} images", positions.len())));
    }
    let mut h = header;
    if oversampling.0 == oversampling.1 {
        h.set("OVERSAMP", oversampling.0, "samples per pixel")?;
        h.set("DET_SAMP", oversampling.0, "samples per pixel")?;
    } else {
        h.set("OVERSAMX", oversampling.1, "samples per pixel along x")?;
        h.set("OVERSAMY", oversampling.0, "samples per pixel along y")?;
    }
    h.set("NUM_PSFS", n, "number of PSFs")?;
    for (k, p) in positions.iter().enumerate() {
        h.set(&format!("DET_YX{k}"), format!("({:?}, {:?})", p.y, p.x), "(y, x) of the PSF, pixels from 0")?;
    }
    let mut rows = Array2::zeros((n * ny, nx));
    for (k, plane) in data.outer_iter().enumerate() {
        rows.slice_mut(s![k * ny..(k + 1) * ny, ..]).assign(&plane);
    }
    let hdu = ImageHdu { data: Some((&rows).into()), planes: Some(n), header: h, ..ImageHdu::default() };
    write_fits(path, &[FitsHdu::Image(hdu)], overwrite)
}
