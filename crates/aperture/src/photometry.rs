//! Sums in apertures.

use skyphot_core::{Column, FlagSet, Image, Meta, Pixel, Point, Table};
use skyphot_geometry::Coverage;

use crate::aperture::describe;
use crate::columns::{ids, put, put_f64};
use crate::kernel::prefetch::prefetch;
use crate::kernel::sum::aperture_sum;
use crate::order::visiting_order;
use crate::photometry_config::background_of;
use crate::planes::Planes;
use crate::sums::{ApertureSums, OneSum};
use crate::{Aperture, ApertureError, ApertureFlags, PhotometryConfig, Result};

/// Positions that one thread takes at a time.
const CHUNK: usize = 1024;
/// Pixels are asked for so many positions ahead.
const AHEAD: usize = 3;

/// Sums of pixel values in one or more apertures at many positions, with errors, areas and flags.
///
/// `flux = sum(w (d - b))`, `flux_err = sqrt(sum(w^2 sigma^2))` and `area = sum(w)` over the pixels of weight
/// `w > 0` that are on the image, unmasked and finite; `d` is the data, `b` the local background of the position and
/// `sigma` the error plane.
///
/// # Flags
/// See [`ApertureFlags`]. A position without overlap has NaN results and `no_overlap`; a position that is not finite
/// has NaN results and `non_finite_position` besides; with a local background that is not finite, the flux is NaN and
/// `non_finite_background` is set.
///
/// # Differences from photutils
/// photutils refuses positions and local backgrounds that are not finite.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_aperture::{AperturePhotometry, CircularAperture, PhotometryConfig};
/// use skyphot_core::{Image, Point};
///
/// let data = Array2::<f32>::ones((50, 60));
/// let error = Array2::from_elem((50, 60), 0.1_f32);
/// let image = Image::new(data.view())?.with_error(error.view())?;
/// let (r3, r5) = (CircularAperture::new(3.0)?, CircularAperture::new(5.0)?);
/// let positions = [Point::new(20.3, 30.8), Point::new(-50.0, 3.0)];
/// let config = PhotometryConfig::default();
/// let phot = AperturePhotometry::measure(&image, &positions, &[&r3, &r5], &config)?;
/// assert!((phot.flux(0)[0] - 28.274333882308138).abs() < 1e-12);
/// assert!(phot.flux(1)[1].is_nan());
/// assert_eq!(phot.to_table().names()[..5], ["id", "x_center", "y_center", "flux_0", "flux_1"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "aperture_photometry")]
#[doc(alias = "FLUX_APER")]
#[doc(alias = "sum_circle")]
pub struct AperturePhotometry {
    positions: Vec<Point>,
    sums: Vec<ApertureSums>,
    local_background: Option<Vec<f64>>,
    meta: Meta,
}

impl AperturePhotometry {
    /// Measures all apertures at all positions (pixels, 0-based).
    ///
    /// # Errors
    /// [`ApertureError::NoAperture`]; [`ApertureError::LocalBackgroundLength`]; an overlap method out of range.
    pub fn measure<T: Pixel>(
        image: &Image<'_, T>,
        positions: &[Point],
        apertures: &[&dyn Aperture],
        config: &PhotometryConfig,
    ) -> Result<Self> {
        if apertures.is_empty() {
            return Err(ApertureError::NoAperture);
        }
        config.validate(positions.len())?;
        let planes = Planes::new(image);
        let window = planes.window();
        let backgrounds = config.local_background.as_deref();
        let order = visiting_order(positions);
        let visited: Vec<Point> = order.iter().map(|&i| positions[i as usize]).collect();
        let n_apertures = apertures.len();
        let chunks = config.exec.map_chunks(positions.len(), CHUNK, |range| {
            let rows = planes.rows();
            let mut cover = Coverage::new();
            let mut found = Vec::with_capacity(range.len() * n_apertures);
            let shape = (planes.ny, planes.nx);
            let here = &order[range.clone()];
            let places = &visited[range];
            for (k, (&i, &p)) in here.iter().zip(places).enumerate() {
                if let Some(p) = places.get(k + AHEAD).filter(|p| p.is_finite()) {
                    prefetch(&rows, &apertures[0].bbox(*p), shape);
                }
                let bkg = background_of(backgrounds, i as usize);
                for aperture in apertures {
                    if !p.is_finite() {
                        found.push(OneSum::nan(ApertureFlags::NOWHERE));
                        continue;
                    }
                    aperture.coverage(p, config.method, &window, &mut cover);
                    found.push(sum_with_background(&rows, &cover, bkg));
                }
            }
            found
        });
        let mut sums = vec![ApertureSums::new(positions.len()); n_apertures];
        let found = chunks.iter().flat_map(|c| c.chunks_exact(n_apertures));
        for (&i, found) in order.iter().zip(found) {
            for (s, one) in sums.iter_mut().zip(found) {
                s.set(i as usize, one);
            }
        }
        let local_background =
            backgrounds.map(|b| if b.len() == 1 { vec![b[0]; positions.len()] } else { b.to_vec() });
        let mut meta = Meta::new();
        meta.set("method", config.method.name());
        meta.set("subpixels", config.method.subpixels());
        for (k, aperture) in apertures.iter().enumerate() {
            describe(*aperture, &suffix("", n_apertures, k), &mut meta);
        }
        meta.set("flags", ApertureFlags::legend_text());
        Ok(Self { positions: positions.to_vec(), sums, local_background, meta })
    }

    /// Number of positions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// No positions.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// Number of apertures at every position.
    #[must_use]
    pub fn n_apertures(&self) -> usize {
        self.sums.len()
    }

    /// The positions, as they were given.
    #[must_use]
    pub fn positions(&self) -> &[Point] {
        &self.positions
    }

    /// All results, one [`ApertureSums`] for each aperture.
    #[must_use]
    pub fn sums(&self) -> &[ApertureSums] {
        &self.sums
    }

    /// Sums in aperture number `aperture`, data units.
    ///
    /// # Panics
    /// If there is no such aperture; so do the other getters.
    #[must_use]
    pub fn flux(&self, aperture: usize) -> &[f64] {
        &self.sums[aperture].flux
    }

    /// Errors of the sums, data units; NaN without an error plane.
    #[must_use]
    pub fn flux_err(&self, aperture: usize) -> &[f64] {
        &self.sums[aperture].flux_err
    }

    /// Area of the good pixels, square pixels.
    #[must_use]
    pub fn area(&self, aperture: usize) -> &[f64] {
        &self.sums[aperture].area
    }

    /// Quality of the sums.
    #[must_use]
    pub fn flags(&self, aperture: usize) -> &[ApertureFlags] {
        &self.sums[aperture].flags
    }

    /// The local backgrounds that were subtracted, one for each position, if any.
    #[must_use]
    pub fn local_background(&self) -> Option<&[f64]> {
        self.local_background.as_deref()
    }

    /// One row for each position: `id x_center y_center flux flux_err area [local_bkg] flags`. With more than one
    /// aperture the columns are `flux_0 flux_1 ... flags_0 flags_1 ...`, and a last column `flags` has the bits of
    /// all.
    #[must_use]
    pub fn to_table(&self) -> Table {
        let mut t = Table::new();
        t.meta = self.meta.clone();
        put(&mut t, ids(self.len()));
        let x: Vec<f64> = self.positions.iter().map(|p| p.x).collect();
        let y: Vec<f64> = self.positions.iter().map(|p| p.y).collect();
        put_f64(&mut t, "x_center".into(), &x, Some("pix"), "column of the aperture centre, 0-based");
        put_f64(&mut t, "y_center".into(), &y, Some("pix"), "row of the aperture centre, 0-based");
        let n = self.sums.len();
        let mut each = |name: &str, get: &dyn Fn(&ApertureSums) -> &[f64], unit: Option<&str>, text: &str| {
            for (k, s) in self.sums.iter().enumerate() {
                put_f64(&mut t, suffix(name, n, k), get(s), unit, text);
            }
        };
        each("flux", &|s| &s.flux, None, "sum of the values in the aperture");
        each("flux_err", &|s| &s.flux_err, None, "1-sigma error of the sum");
        each("area", &|s| &s.area, Some("pix2"), "area of the good pixels in the aperture");
        if let Some(b) = &self.local_background {
            put_f64(&mut t, "local_bkg".into(), b, None, "background per pixel, subtracted");
        }
        let bits = |f: &[ApertureFlags]| f.iter().map(|f| i64::from(f.bits())).collect::<Vec<_>>();
        if n > 1 {
            for (k, s) in self.sums.iter().enumerate() {
                put(&mut t, Column::new(suffix("flags", n, k), bits(&s.flags)).with_description("quality"));
            }
        }
        let mut all = vec![ApertureFlags::empty(); self.len()];
        for s in &self.sums {
            for (a, f) in all.iter_mut().zip(&s.flags) {
                *a |= *f;
            }
        }
        put(&mut t, Column::new("flags", bits(&all)).with_description("quality, see the metadata"));
        t
    }
}

/// Name of a column: numbered if there is more than one aperture.
fn suffix(name: &str, n: usize, k: usize) -> String {
    match (n, name) {
        (1, _) => name.to_owned(),
        (_, "") => k.to_string(),
        _ => format!("{name}_{k}"),
    }
}

/// A background that is not finite leaves error and area as they are.
fn sum_with_background<T: Pixel>(
    rows: &crate::planes::Rows<'_, T>,
    cover: &Coverage,
    bkg: Option<f64>,
) -> OneSum {
    match bkg {
        None => aperture_sum(rows, cover, 0.0),
        Some(b) if b.is_finite() => aperture_sum(rows, cover, b),
        Some(_) => {
            let mut s = aperture_sum(rows, cover, 0.0);
            s.flux = f64::NAN;
            s.flags |= ApertureFlags::NON_FINITE_BACKGROUND;
            s
        }
    }
}
