//! Coverage of the sky as HEALPix cells of several sizes (IVOA MOC 2.0).

use std::f64::consts::{FRAC_PI_2, PI, TAU};
use std::io::Write;
use std::path::Path;

use ::moc::deser::fits::keywords::MocType;
use ::moc::deser::json::to_json_aladin;
use ::moc::moc::range::RangeMOC;
use ::moc::moc::{RangeMOCIntoIterator, RangeMOCIterator};
use ::moc::qty::Hpx;
use cdshealpix::nested;
use ndarray::ArrayView2;
use skyphot_core::{Point, SkyCoord, SkyTransform};

use crate::{AtomicFile, IoError, Result};

/// A multi-order coverage map: a part of the sky (ICRS) as HEALPix cells in the nested scheme.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_core::{Point, SkyCoord, SkyTransform};
/// use skyphot_io::Moc;
/// // Pixels of one arcsecond near the equator.
/// struct Flat;
/// impl SkyTransform for Flat {
///     fn pixel_to_sky(&self, p: Point) -> Option<SkyCoord> {
///         Some(SkyCoord { lon: 150.0 - p.x / 3600.0, lat: p.y / 3600.0 })
///     }
///     fn sky_to_pixel(&self, s: SkyCoord) -> Option<Point> {
///         Some(Point::new((150.0 - s.lon) * 3600.0, s.lat * 3600.0))
///     }
/// }
/// let mask = Array2::from_shape_fn((20, 20), |(y, x)| y > 5 && x > 9);
/// let moc = Moc::from_mask(mask.view(), &Flat, None)?;
/// assert_eq!(moc.order(), 17); // cells of 1.6 arcsec
/// assert!(moc.contains(SkyCoord { lon: 150.0 - 12.0 / 3600.0, lat: 8.0 / 3600.0 }));
/// assert!(!moc.contains(SkyCoord { lon: 150.0 - 2.0 / 3600.0, lat: 8.0 / 3600.0 }));
/// # Ok::<(), skyphot_io::IoError>(())
/// ```
///
/// # References
/// IVOA recommendation MOC 2.0 (2022); Gorski et al. 2005, ApJ 622, 759.
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "MOCPy")]
pub struct Moc {
    ranges: RangeMOC<u64, Hpx<u64>>,
}

/// The highest order of the standard: cells of 0.4 milliarcseconds.
const MAX_ORDER: u8 = 29;
/// Most samples of a pixel either way.
const MAX_SAMPLES: usize = 64;
/// Cells are made one of each when so many have come together.
const COMPACT: usize = 1 << 20;

impl Moc {
    /// The cells that the pixels of a mask touch; `sky` gives ICRS. See [`from_rows`](Self::from_rows).
    ///
    /// # Errors
    /// As [`from_rows`](Self::from_rows).
    pub fn from_mask(mask: ArrayView2<'_, bool>, sky: &dyn SkyTransform, order: Option<u8>) -> Result<Self> {
        Self::from_rows(mask.dim(), sky, order, |y, row| {
            for (r, m) in row.iter_mut().zip(mask.row(y)) {
                *r = *m;
            }
        })
    }

    /// The cells that the pixels of a mask of shape `(ny, nx)` touch, of which a row is made at a time: `row` is called with each `y`
    /// and sets what is covered (all values are false before). `sky` gives ICRS.
    ///
    /// Each pixel is sampled at its corners and on a grid between them, with steps of at most a quarter of the side of a cell, so that
    /// every pixel is covered, but for slivers of cells that lie between samples. Without an `order` the cells are the largest that are
    /// not wider than two pixels. Pixels that are not on the sky are left out.
    ///
    /// # Errors
    /// [`IoError::Moc`] if the order is above 29, or so high that a pixel has more than 16 cells either way, or if no pixel is on
    /// the sky.
    pub fn from_rows(
        shape: (usize, usize),
        sky: &dyn SkyTransform,
        order: Option<u8>,
        mut row: impl FnMut(usize, &mut [bool]),
    ) -> Result<Self> {
        let (small, large) = pixel_sides(shape, sky)
            .ok_or_else(|| IoError::Moc("expected pixels with places on the sky, found none".into()))?;
        let order = match order {
            Some(o) if o <= MAX_ORDER => o,
            Some(o) => return Err(IoError::Moc(format!("expected an order of 0 to 29, found {o}"))),
            None => order_for(2.0 * small),
        };
        let steps = (4.0 * large / cell_side(order)).ceil().max(2.0);
        if steps > MAX_SAMPLES as f64 {
            let most = order_for(4.0 * large / MAX_SAMPLES as f64).saturating_sub(1);
            return Err(IoError::Moc(format!(
                "expected an order of at most {most} for pixels of {:.3} arcsec, found {order}",
                large.to_degrees() * 3600.0
            )));
        }
        let steps = steps as usize;
        let layer = nested::get(order);
        let (ny, nx) = shape;
        let (mut covered, mut cells, mut compact_at) = (vec![false; nx], Vec::<u64>::new(), COMPACT);
        let (mut points, mut places) = (Vec::new(), Vec::new());
        for y in 0..ny {
            covered.fill(false);
            row(y, &mut covered);
            points.clear();
            for run in runs(&covered) {
                for j in 0..=steps {
                    let py = y as f64 - 0.5 + j as f64 / steps as f64;
                    let at = |i: usize| run.start as f64 - 0.5 + i as f64 / steps as f64;
                    points.extend((0..=run.len() * steps).map(|i| Point::new(at(i), py)));
                }
            }
            places.clear();
            places.resize(points.len(), SkyCoord { lon: f64::NAN, lat: f64::NAN });
            sky.pixels_to_sky(&points, &mut places);
            let mut last = None;
            for s in &places {
                let Some((lon, lat)) = radians(*s) else { continue };
                let cell = layer.hash(lon, lat);
                if last != Some(cell) {
                    cells.push(cell);
                    last = Some(cell);
                }
            }
            if cells.len() > compact_at {
                cells.sort_unstable();
                cells.dedup();
                compact_at = 2 * cells.len().max(COMPACT / 2);
            }
        }
        Ok(Self::of_cells(order, cells))
    }

    /// The union of cells of one order.
    fn of_cells(order: u8, mut cells: Vec<u64>) -> Self {
        cells.sort_unstable();
        cells.dedup();
        let shift = 2 * u32::from(MAX_ORDER - order);
        let ranges = cells.chunk_by(|a, b| a + 1 == *b).map(|c| c[0] << shift..(c[c.len() - 1] + 1) << shift);
        Self { ranges: RangeMOC::from_maxdepth_ranges(order, ranges, None) }
    }

    /// The order of the smallest cells, whose side is `58.6 / 2^order` degrees.
    #[must_use]
    pub fn order(&self) -> u8 {
        self.ranges.depth_max()
    }

    /// Whether nothing is covered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The covered solid angle, square degrees.
    #[must_use]
    pub fn area(&self) -> f64 {
        let cells = 12.0 * 4_f64.powi(i32::from(self.order()));
        self.ranges.n_depth_max_cells() as f64 / cells * 4.0 * PI * (180.0 / PI).powi(2)
    }

    /// Whether a place (ICRS) is covered.
    #[must_use]
    pub fn contains(&self, place: SkyCoord) -> bool {
        radians(place).is_some_and(|(lon, lat)| {
            let cell = nested::get(self.order()).hash(lon, lat);
            self.ranges.contains_depth_max_val(&cell)
        })
    }

    /// The cells as `(order, number)`, of each order the largest that fit, along the curve of the nested scheme.
    #[must_use]
    pub fn cells(&self) -> Vec<(u8, u64)> {
        (&self.ranges).into_range_moc_iter().cells().map(|c| (c.depth, c.idx)).collect()
    }

    /// The text of the standard: `order/cells order/cells ...`, in lines of about 80 characters.
    ///
    /// # Errors
    /// [`IoError::Moc`].
    pub fn to_ascii(&self) -> Result<String> {
        self.ranges.to_ascii().map_err(failed)
    }

    /// The JSON that Aladin and others read: `{"order": [cells, ...], ...}`.
    ///
    /// # Errors
    /// [`IoError::Moc`].
    pub fn to_json(&self) -> Result<String> {
        let mut text = Vec::new();
        let cells = (&self.ranges).into_range_moc_iter().cells();
        to_json_aladin(cells, &Some(100), "", &mut text).map_err(failed)?;
        text.push(b'\n');
        String::from_utf8(text).map_err(failed)
    }

    /// A FITS file with a table of ranges, as the standard has it.
    ///
    /// # Errors
    /// [`IoError::Moc`].
    pub fn to_fits(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let ranges = (&self.ranges).into_range_moc_iter();
        ranges.to_fits_ivoa(None, Some(MocType::Image), &mut bytes).map_err(failed)?;
        Ok(bytes)
    }

    /// Writes `.fits` (also `.fit`), `.json` or `.txt` (ASCII).
    ///
    /// # Errors
    /// [`IoError::Moc`] for another suffix; [`IoError::Exists`], [`IoError::System`].
    pub fn write(&self, path: impl AsRef<Path>, overwrite: bool) -> Result<()> {
        let path = path.as_ref();
        let bytes = match Self::format_of(path)? {
            Format::Fits => self.to_fits()?,
            Format::Json => self.to_json()?.into_bytes(),
            Format::Ascii => self.to_ascii()?.into_bytes(),
        };
        let mut file = AtomicFile::create(path, overwrite)?;
        file.write_all(&bytes).map_err(|e| IoError::system(path, e))?;
        file.commit()
    }

    /// Whether a map can be written under this name.
    ///
    /// # Errors
    /// [`IoError::Moc`] for a suffix that is none of those of [`write`](Self::write).
    pub fn check_name(path: impl AsRef<Path>) -> Result<()> {
        Self::format_of(path.as_ref()).map(|_| ())
    }

    fn format_of(path: &Path) -> Result<Format> {
        let suffix = path.extension().map(|s| s.to_string_lossy().to_ascii_lowercase());
        match suffix.as_deref() {
            Some("fits" | "fit") => Ok(Format::Fits),
            Some("json") => Ok(Format::Json),
            Some("txt") => Ok(Format::Ascii),
            _ => Err(IoError::Moc(format!(
                "expected a name ending in .fits, .json or .txt, found {}",
                path.display()
            ))),
        }
    }
}

enum Format {
    Fits,
    Json,
    Ascii,
}

fn failed(e: impl std::fmt::Display) -> IoError {
    IoError::Moc(e.to_string())
}

/// Runs of true values.
fn runs(row: &[bool]) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
    let mut x = 0;
    std::iter::from_fn(move || {
        let start = x + row[x..].iter().position(|m| *m)?;
        x = row[start..].iter().position(|m| !*m).map_or(row.len(), |n| start + n);
        Some(start..x)
    })
}

/// Side of a cell, radians: the root of its area.
fn cell_side(order: u8) -> f64 {
    (PI / 3.0).sqrt() / f64::from(1_u32 << order)
}

/// The order of the largest cells that are not wider than an angle in radians.
fn order_for(side: f64) -> u8 {
    (0..MAX_ORDER).find(|o| cell_side(*o) <= side).unwrap_or(MAX_ORDER)
}

/// Longitude in `[0, 2 pi)` and latitude.
fn radians(s: SkyCoord) -> Option<(f64, f64)> {
    let (lon, lat) = (s.lon.rem_euclid(360.0).to_radians(), s.lat.to_radians());
    (lon.is_finite() && lat.abs() <= FRAC_PI_2 + 1e-9)
        .then(|| (if lon < TAU { lon } else { 0.0 }, lat.clamp(-FRAC_PI_2, FRAC_PI_2)))
}

/// The least and the largest side of a pixel (radians), at the centre, the corners and between them.
fn pixel_sides((ny, nx): (usize, usize), sky: &dyn SkyTransform) -> Option<(f64, f64)> {
    let vector = |x: f64, y: f64| {
        let (lon, lat) = radians(sky.pixel_to_sky(Point::new(x, y))?)?;
        Some([lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()])
    };
    let side = |x: f64, y: f64, dx: f64, dy: f64| {
        let (a, b) = (vector(x - dx, y - dy)?, vector(x + dx, y + dy)?);
        let chord = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
        Some(2.0 * (0.5 * chord).min(1.0).asin()).filter(|s| *s > 0.0)
    };
    let mut found: Option<(f64, f64)> = None;
    for i in 0..=8_u32 {
        for j in 0..=8_u32 {
            let at = |n: usize, k: u32| (n.saturating_sub(1)) as f64 * f64::from(k) / 8.0;
            let (x, y) = (at(nx, i), at(ny, j));
            for s in [side(x, y, 0.5, 0.0), side(x, y, 0.0, 0.5)].into_iter().flatten() {
                let (a, b) = found.unwrap_or((s, s));
                found = Some((a.min(s), b.max(s)));
            }
        }
    }
    found
}
