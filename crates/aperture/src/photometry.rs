//! Sums in apertures.

use skyphot_core::{Column, FlagSet, Image, Meta, Pixel, Point, Table};
use skyphot_geometry::Coverage;

use crate::aperture::describe;
use crate::columns::{ids, put, put_f64};
use crate::kernel::neighbors::{Labels, Source, neighbor_sum};
use crate::kernel::prefetch::prefetch;
use crate::kernel::sum::aperture_sum;
use crate::order::visiting_order;
use crate::photometry_config::background_of;
use crate::planes::{Planes, contiguous};
use crate::sums::{ApertureSums, OneSum};
use crate::{Aperture, ApertureError, ApertureFlags, Neighbors, PhotometryConfig, Result};

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
    /// Parameters of shapes that differ from one position to the next.
    params: Vec<(String, Vec<f64>)>,
    unit: Option<String>,
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
        Self::run(image, positions, &Same(apertures), None, config)
    }

    /// The same where a segmentation image says which pixels belong to neighbours.
    ///
    /// # Errors
    /// As [`measure`](Self::measure); [`ApertureError::LabelCount`], [`ApertureError::UnknownLabel`] and a segmentation
    /// image of another shape.
    ///
    /// ```
    /// use ndarray::Array2;
    /// use skyphot_aperture::{AperturePhotometry, CircularAperture, NeighborMethod, Neighbors, PhotometryConfig};
    /// use skyphot_core::{Image, Point};
    ///
    /// // A neighbour shines into the right half of the aperture.
    /// let labels = Array2::from_shape_fn((40, 40), |(_, x)| if x > 22 { 2 } else { 1 });
    /// let data = labels.mapv(|l| if l == 2 { 50.0 } else { 1.0 });
    /// let image = Image::new(data.view())?;
    /// let neighbors = Neighbors::new(labels.view(), &[1], NeighborMethod::Correct);
    /// let (at, r) = ([Point::new(20.0, 20.0)], CircularAperture::new(6.0)?);
    /// let config = PhotometryConfig::default();
    /// let phot = AperturePhotometry::measure_with_neighbors(&image, &at, &[&r], &neighbors, &config)?;
    /// assert!((phot.flux(0)[0] - std::f64::consts::PI * 36.0).abs() < 1e-12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "MASK_TYPE")]
    pub fn measure_with_neighbors<T: Pixel>(
        image: &Image<'_, T>,
        positions: &[Point],
        apertures: &[&dyn Aperture],
        neighbors: &Neighbors<'_>,
        config: &PhotometryConfig,
    ) -> Result<Self> {
        Self::run(image, positions, &Same(apertures), Some(neighbors), config)
    }

    /// Measures every position with shapes of its own: each list has one for each position. The table has their
    /// parameters.
    ///
    /// # Errors
    /// As [`measure_with_neighbors`](Self::measure_with_neighbors); [`ApertureError::ShapeCount`].
    ///
    /// ```
    /// use ndarray::Array2;
    /// use skyphot_aperture::{AperturePhotometry, EllipticalAperture, PhotometryConfig};
    /// use skyphot_core::{Image, Point};
    ///
    /// let data = Array2::<f32>::ones((50, 60));
    /// let image = Image::new(data.view())?;
    /// let positions = [Point::new(20.3, 30.8), Point::new(40.0, 13.0)];
    /// let shapes = [EllipticalAperture::new(5.0, 2.0, 0.3)?, EllipticalAperture::new(3.0, 1.0, 2.0)?];
    /// let config = PhotometryConfig::default();
    /// let phot = AperturePhotometry::measure_each(&image, &positions, &[&shapes], None, &config)?;
    /// assert!((phot.flux(0)[1] - std::f64::consts::PI * 3.0).abs() < 1e-12);
    /// assert!(phot.to_table().names().contains(&"aperture_theta"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn measure_each<T: Pixel, A: Aperture>(
        image: &Image<'_, T>,
        positions: &[Point],
        shapes: &[&[A]],
        neighbors: Option<&Neighbors<'_>>,
        config: &PhotometryConfig,
    ) -> Result<Self> {
        if let Some(list) = shapes.iter().find(|s| s.len() != positions.len()) {
            return Err(ApertureError::ShapeCount { expected: positions.len(), found: list.len() });
        }
        Self::run(image, positions, &Each(shapes), neighbors, config)
    }

    fn run<T: Pixel>(
        image: &Image<'_, T>,
        positions: &[Point],
        shapes: &dyn Shapes,
        neighbors: Option<&Neighbors<'_>>,
        config: &PhotometryConfig,
    ) -> Result<Self> {
        let n_apertures = shapes.len();
        if n_apertures == 0 {
            return Err(ApertureError::NoAperture);
        }
        config.validate(positions.len())?;
        let planes = Planes::new(image);
        let window = planes.window();
        let shape = (planes.ny, planes.nx);
        if let Some(n) = neighbors {
            n.validate(shape, positions.len())?;
        }
        let labels = neighbors.map(|n| (contiguous(n.segmentation()), n.labels(), n.method()));
        let backgrounds = config.local_background.as_deref();
        let order = visiting_order(positions);
        let visited: Vec<Point> = order.iter().map(|&i| positions[i as usize]).collect();
        let chunks = config.exec.map_chunks(positions.len(), CHUNK, |range| {
            let rows = planes.rows();
            let mut cover = Coverage::new();
            let mut found = Vec::with_capacity(range.len() * n_apertures);
            let here = &order[range.clone()];
            let places = &visited[range];
            for (k, (&i, &p)) in here.iter().zip(places).enumerate() {
                if let Some(next) = places.get(k + AHEAD).filter(|p| p.is_finite()) {
                    prefetch(&rows, &shapes.at(0, here[k + AHEAD] as usize).bbox(*next), shape);
                }
                let i = i as usize;
                let bkg = background_of(backgrounds, i);
                for a in 0..n_apertures {
                    if !p.is_finite() {
                        found.push(OneSum::nan(ApertureFlags::NOWHERE));
                        continue;
                    }
                    let aperture = shapes.at(a, i);
                    aperture.coverage(p, config.method, &window, &mut cover);
                    found.push(match &labels {
                        None => sum_with_background(bkg, |b| aperture_sum(&rows, &cover, b)),
                        Some((pixels, of, method)) => {
                            let labels = Labels { pixels, method: *method };
                            let label = of.get(i).copied().unwrap_or(0);
                            let source = Source::new(labels, label, p, aperture.bbox(p));
                            sum_with_background(bkg, |b| neighbor_sum(&rows, &source, &cover, b))
                        }
                    });
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
        if let Some(n) = neighbors {
            meta.set("neighbors", n.method().name());
        }
        let mut params = Vec::new();
        for k in 0..n_apertures {
            let index = suffix("", n_apertures, k);
            match shapes.same(k) {
                Some(aperture) => describe(aperture, &index, &mut meta),
                None => params.extend(shape_columns(shapes, k, &index, positions.len())),
            }
        }
        meta.set("flags", ApertureFlags::legend_text());
        let unit = config.unit.clone();
        Ok(Self { positions: positions.to_vec(), sums, local_background, params, unit, meta })
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
        let unit = self.unit.as_deref();
        each("flux", &|s| &s.flux, unit, "sum of the values in the aperture");
        each("flux_err", &|s| &s.flux_err, unit, "1-sigma error of the sum");
        each("area", &|s| &s.area, Some("pix2"), "area of the good pixels in the aperture");
        if let Some(b) = &self.local_background {
            let per_pixel = unit.map(|u| format!("{u} / pix2"));
            put_f64(&mut t, "local_bkg".into(), b, per_pixel.as_deref(), "background per pixel, subtracted");
        }
        for (name, values) in &self.params {
            put_f64(&mut t, name.clone(), values, None, "parameter of the aperture, pixels or radians");
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
#[inline(always)]
fn sum_with_background(bkg: Option<f64>, sum: impl Fn(f64) -> OneSum) -> OneSum {
    match bkg {
        None => sum(0.0),
        Some(b) if b.is_finite() => sum(b),
        Some(_) => {
            let mut s = sum(0.0);
            s.flux = f64::NAN;
            s.flags |= ApertureFlags::NON_FINITE_BACKGROUND;
            s
        }
    }
}

/// Which shape is measured where.
trait Shapes: Sync {
    /// Number of shapes at every position.
    fn len(&self) -> usize;

    /// Shape `k` of position `i`.
    fn at(&self, k: usize, i: usize) -> &dyn Aperture;

    /// Shape `k`, if it is the same everywhere.
    fn same(&self, k: usize) -> Option<&dyn Aperture>;
}

/// Shapes that are the same everywhere.
struct Same<'a>(&'a [&'a dyn Aperture]);

impl Shapes for Same<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }

    #[inline]
    fn at(&self, k: usize, _: usize) -> &dyn Aperture {
        self.0[k]
    }

    fn same(&self, k: usize) -> Option<&dyn Aperture> {
        Some(self.0[k])
    }
}

/// Shapes of every position.
struct Each<'a, A>(&'a [&'a [A]]);

impl<A: Aperture> Shapes for Each<'_, A> {
    fn len(&self) -> usize {
        self.0.len()
    }

    #[inline]
    fn at(&self, k: usize, i: usize) -> &dyn Aperture {
        &self.0[k][i]
    }

    fn same(&self, _: usize) -> Option<&dyn Aperture> {
        None
    }
}

/// Parameters of the shapes `k`, a column for each name; NaN where a shape has no such parameter.
fn shape_columns(shapes: &dyn Shapes, k: usize, index: &str, n: usize) -> Vec<(String, Vec<f64>)> {
    let mut columns: Vec<(&str, Vec<f64>)> = Vec::new();
    for i in 0..n {
        for (name, value) in shapes.at(k, i).params() {
            let at = columns.iter().position(|c| c.0 == name).unwrap_or_else(|| {
                columns.push((name, vec![f64::NAN; n]));
                columns.len() - 1
            });
            columns[at].1[i] = value;
        }
    }
    columns.into_iter().map(|(name, values)| (format!("aperture{index}_{name}"), values)).collect()
}
