//! Curves of growth.

use ndarray::Array2;
use skyphot_core::{Image, Meta, Pixel, Point, Table};

use crate::growth_shape::GrowthShape;
use crate::nested::Nested;
use crate::profile_config::{check_radii, interpolant};
use crate::radial_profile::long_table;
use crate::{ApertureFlags, Normalization, ProfileConfig, Result};

/// Flux in nested apertures around many positions, all of them measured in one pass.
///
/// Pixels that are masked, or whose value or error is not finite, count neither in the flux nor in the area.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_aperture::{CurvesOfGrowth, GrowthShape, Normalization, ProfileConfig};
/// use skyphot_core::{Image, Point};
///
/// let data = Array2::from_shape_fn((61, 61), |(y, x)| {
///     let r2 = (x as f64 - 30.2).powi(2) + (y as f64 - 29.7).powi(2);
///     100.0 * (-0.5 * r2 / 9.0).exp()
/// });
/// let image = Image::new(data.view())?;
/// let radii: Vec<f64> = (1..25).map(f64::from).collect();
/// let stars = [Point::new(30.2, 29.7)];
/// let config = ProfileConfig::default();
/// let mut curves = CurvesOfGrowth::measure(&image, &stars, &radii, GrowthShape::Circle, &config)?;
/// curves.normalize(Normalization::Max);
/// let half_light = curves.radius_at_ee(&[0.5])[[0, 0]];
/// assert!((half_light - 3.0 * (2.0 * 2.0_f64.ln()).sqrt()).abs() < 0.02);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Flags
/// Those of the largest aperture, see [`ApertureFlags`]. Where an aperture and the image do not overlap values are NaN.
#[doc(alias = "CurveOfGrowth")]
#[doc(alias = "EllipticalCurveOfGrowth")]
#[doc(alias = "EnsquaredCurveOfGrowth")]
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CurvesOfGrowth {
    /// The positions, as they were given.
    pub positions: Vec<Point>,
    /// The shape of the apertures.
    pub shape: GrowthShape,
    /// Their sizes, pixels: radii, semimajor axes or half sides.
    #[doc(alias = "half_size")]
    pub radius: Vec<f64>,
    /// Flux inside, data units; a row for each position, a column for each size.
    pub profile: Array2<f64>,
    /// Its 1-sigma error; `None` without an error plane.
    pub profile_err: Option<Array2<f64>>,
    /// Unmasked area inside, square pixels.
    pub area: Array2<f64>,
    /// What every curve and its errors are divided by, 1 at first.
    pub normalization: Vec<f64>,
    /// Quality.
    pub flags: Vec<ApertureFlags>,
    /// Parameters, for the table.
    pub meta: Meta,
}

impl CurvesOfGrowth {
    /// Measures apertures of one shape and all sizes (pixels, ascending, greater than 0) around all positions.
    ///
    /// # Errors
    /// [`ApertureError`](crate::ApertureError) for sizes, a shape or an overlap method out of range.
    pub fn measure<T: Pixel>(
        image: &Image<'_, T>,
        positions: &[Point],
        radii: &[f64],
        shape: GrowthShape,
        config: &ProfileConfig,
    ) -> Result<Self> {
        check_radii(shape.size_name(), radii, false)?;
        let apertures = radii.iter().map(|&r| shape.aperture(r).map(Some)).collect::<Result<Vec<_>>>()?;
        let mut sums = Nested::measure(image, positions, &apertures, config)?;
        shape.describe(&mut sums.meta);
        Ok(Self {
            positions: positions.to_vec(),
            shape,
            radius: radii.to_vec(),
            profile: sums.flux,
            profile_err: sums.flux_err,
            area: sums.area,
            normalization: vec![1.0; positions.len()],
            flags: sums.flags,
            meta: sums.meta,
        })
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

    /// The curve of one position as a value of its own.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<CurveOfGrowth> {
        let row = |a: &Array2<f64>| (index < a.nrows()).then(|| a.row(index).to_vec());
        Some(CurveOfGrowth {
            position: *self.positions.get(index)?,
            shape: self.shape,
            radius: self.radius.clone(),
            profile: row(&self.profile)?,
            profile_err: match &self.profile_err {
                Some(e) => Some(row(e)?),
                None => None,
            },
            area: row(&self.area)?,
            normalization: *self.normalization.get(index)?,
            flags: *self.flags.get(index)?,
        })
    }

    /// Divides every curve and its errors by its largest value or sum. A curve whose divisor would not be positive and
    /// finite stays as it is; the number of those is returned. Normalising twice is normalising once.
    pub fn normalize(&mut self, how: Normalization) -> usize {
        let mut left = 0;
        for i in 0..self.normalization.len().min(self.profile.nrows()) {
            let row = self.profile.row(i).to_vec();
            match how.of(&row) {
                Some(d) => self.divide(i, d),
                None => left += 1,
            }
        }
        left
    }

    /// Takes all normalisations back.
    pub fn unnormalize(&mut self) {
        for i in 0..self.normalization.len().min(self.profile.nrows()) {
            let d = std::mem::replace(&mut self.normalization[i], 1.0);
            self.profile.row_mut(i).map_inplace(|v| *v *= d);
            if let Some(e) = &mut self.profile_err {
                e.row_mut(i).map_inplace(|v| *v *= d);
            }
        }
    }

    fn divide(&mut self, i: usize, divisor: f64) {
        self.normalization[i] *= divisor;
        self.profile.row_mut(i).map_inplace(|v| *v /= divisor);
        if let Some(e) = &mut self.profile_err {
            e.row_mut(i).map_inplace(|v| *v /= divisor);
        }
    }

    /// The enclosed flux at any sizes (pixels), a row for each position: see [`CurveOfGrowth::ee_at_radius`]. A curve
    /// with less than two finite values gives NaN.
    #[must_use]
    pub fn ee_at_radius(&self, radius: &[f64]) -> Array2<f64> {
        self.interpolate(radius.len(), |curve, j| curve.value(radius[j]))
    }

    /// The sizes (pixels) that enclose given fluxes, a row for each position: see [`CurveOfGrowth::radius_at_ee`]. A
    /// curve with less than two finite values gives NaN.
    #[must_use]
    pub fn radius_at_ee(&self, ee: &[f64]) -> Array2<f64> {
        self.interpolate(ee.len(), |curve, j| curve.first(ee[j]))
    }

    fn interpolate(&self, m: usize, f: impl Fn(&skyphot_fit::Pchip, usize) -> f64) -> Array2<f64> {
        let mut out = Array2::from_elem((self.profile.nrows(), m), f64::NAN);
        for (i, row) in self.profile.outer_iter().enumerate() {
            if let Ok(curve) = interpolant(&self.radius, &row.to_vec()) {
                for j in 0..m {
                    out[[i, j]] = f(&curve, j);
                }
            }
        }
        out
    }

    /// One row for each size of each position: `id`, `radius`, `profile`, `profile_err`, `area`, `flags`.
    #[must_use]
    pub fn to_table(&self) -> Table {
        let columns = [
            ("profile", &self.profile, None, "enclosed flux"),
            ("area", &self.area, Some("pix2"), "unmasked area"),
        ];
        let text = self.shape.size_text();
        long_table(&self.meta, &self.radius, text, columns, self.profile_err.as_ref(), &self.flags)
    }
}

/// The curve of growth around one position.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_aperture::{CurveOfGrowth, GrowthShape, ProfileConfig};
/// use skyphot_core::{Image, Point};
/// let data = Array2::from_elem((41, 41), 1.0);
/// let image = Image::new(data.view())?;
/// let center = Point::new(20.0, 20.0);
/// let c = CurveOfGrowth::new(&image, center, &[2.0, 5.0, 9.0], GrowthShape::Circle, &ProfileConfig::default())?;
/// assert!((c.profile[1] - std::f64::consts::PI * 25.0).abs() < 1e-10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CurveOfGrowth {
    /// The position.
    pub position: Point,
    /// The shape of the apertures.
    pub shape: GrowthShape,
    /// Their sizes, pixels: radii, semimajor axes or half sides.
    #[doc(alias = "half_size")]
    pub radius: Vec<f64>,
    /// Flux inside, data units.
    pub profile: Vec<f64>,
    /// Its 1-sigma error; `None` without an error plane.
    #[doc(alias = "profile_error")]
    pub profile_err: Option<Vec<f64>>,
    /// Unmasked area inside, square pixels.
    pub area: Vec<f64>,
    /// What curve and errors are divided by, 1 at first.
    #[doc(alias = "normalization_value")]
    pub normalization: f64,
    /// Quality.
    pub flags: ApertureFlags,
}

impl CurveOfGrowth {
    /// Measures one position. For many of them [`CurvesOfGrowth::measure`] is faster.
    ///
    /// # Errors
    /// As [`CurvesOfGrowth::measure`].
    pub fn new<T: Pixel>(
        image: &Image<'_, T>,
        position: Point,
        radii: &[f64],
        shape: GrowthShape,
        config: &ProfileConfig,
    ) -> Result<Self> {
        let c = CurvesOfGrowth::measure(image, &[position], radii, shape, config)?;
        let row = |a: &Array2<f64>| a.iter().copied().collect::<Vec<f64>>();
        Ok(Self {
            position,
            shape,
            profile: row(&c.profile),
            profile_err: c.profile_err.as_ref().map(row),
            area: row(&c.area),
            radius: c.radius,
            normalization: 1.0,
            flags: c.flags.first().copied().unwrap_or_default(),
        })
    }

    /// Divides curve and errors by the largest value or the sum of the curve. `false`, and no change, if that is not
    /// positive and finite.
    pub fn normalize(&mut self, how: Normalization) -> bool {
        how.of(&self.profile).map(|d| self.divide(d)).is_some()
    }

    /// Takes the normalisation back.
    pub fn unnormalize(&mut self) {
        let d = std::mem::replace(&mut self.normalization, 1.0);
        for v in self.profile.iter_mut().chain(self.profile_err.iter_mut().flatten()) {
            *v *= d;
        }
    }

    fn divide(&mut self, divisor: f64) {
        self.normalization *= divisor;
        for v in self.profile.iter_mut().chain(self.profile_err.iter_mut().flatten()) {
            *v /= divisor;
        }
    }

    /// The enclosed flux (the encircled or ensquared energy of a normalised curve) at any sizes, pixels: the monotone
    /// cubic through the finite values of the curve. NaN outside them.
    ///
    /// # Errors
    /// [`ApertureError::TooFewValues`](crate::ApertureError::TooFewValues) for less than two finite values.
    #[doc(alias = "calc_ee_at_radius")]
    #[doc(alias = "calc_ee_at_half_size")]
    pub fn ee_at_radius(&self, radius: &[f64]) -> Result<Vec<f64>> {
        let curve = interpolant(&self.radius, &self.profile)?;
        Ok(radius.iter().map(|&r| curve.value(r)).collect())
    }

    /// The smallest size, pixels, at which the curve of [`ee_at_radius`](Self::ee_at_radius) reaches each of the given
    /// fluxes. NaN for values it does not reach.
    ///
    /// # Errors
    /// [`ApertureError::TooFewValues`](crate::ApertureError::TooFewValues) for less than two finite values.
    #[doc(alias = "calc_radius_at_ee")]
    #[doc(alias = "calc_half_size_at_ee")]
    pub fn radius_at_ee(&self, ee: &[f64]) -> Result<Vec<f64>> {
        let curve = interpolant(&self.radius, &self.profile)?;
        Ok(ee.iter().map(|&v| curve.first(v)).collect())
    }
}
