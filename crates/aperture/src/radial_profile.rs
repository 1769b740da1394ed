//! Radial profiles.

use ndarray::{Array2, ArrayView1};
use skyphot_core::{BoundingBox, Column, Exec, FlagSet, Image, Meta, Pixel, Point, Table};

use crate::columns::{put, put_f64};
use crate::nested::Nested;
use crate::profile_config::check_radii;
use crate::profile_fit::{fit_gaussian, fit_moffat};
use crate::{Aperture, ApertureFlags, CircularAperture, GaussianProfile, MoffatProfile};
use crate::{Normalization, ProfileConfig, Result};

/// Mean brightness in concentric rings around many positions, all of them measured in one pass.
///
/// The value of a ring is the difference of the sums in its two circles over the difference of their areas, its error
/// the root of the difference of their variances over the same. Pixels that are masked, or whose value or error is not
/// finite, count in neither sum nor area.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_aperture::{ProfileConfig, RadialProfiles};
/// use skyphot_core::{Exec, Image, Point};
///
/// let data = Array2::from_shape_fn((61, 61), |(y, x)| {
///     let r2 = (x as f64 - 30.2).powi(2) + (y as f64 - 29.7).powi(2);
///     100.0 * (-0.5 * r2 / 9.0).exp()
/// });
/// let edges: Vec<f64> = (0..20).map(f64::from).collect();
/// let stars = [Point::new(30.2, 29.7)];
/// let profiles = RadialProfiles::measure(&Image::new(data.view())?, &stars, &edges, &ProfileConfig::default())?;
/// assert_eq!((profiles.len(), profiles.radius[0]), (1, 0.5));
/// let fit = profiles.gaussian_fits(&Exec::serial())[0].unwrap();
/// assert!((fit.fwhm() / 2.354_82 - 3.0).abs() < 0.05); // pixels and rings broaden it
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Flags
/// Those of the largest circle, see [`ApertureFlags`]. Where a circle and the image do not overlap, and in rings without
/// a good pixel, values are NaN.
#[doc(alias = "RadialProfile")]
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RadialProfiles {
    /// The positions, as they were given.
    pub positions: Vec<Point>,
    /// Radii of the edges of the rings, pixels.
    pub radii: Vec<f64>,
    /// Middle of every ring, pixels: the mean of its edges.
    pub radius: Vec<f64>,
    /// Mean brightness, data units per pixel; a row for each position, a column for each ring.
    pub profile: Array2<f64>,
    /// Its 1-sigma error; `None` without an error plane.
    pub profile_err: Option<Array2<f64>>,
    /// Unmasked area of the rings, square pixels.
    pub area: Array2<f64>,
    /// What every profile and its errors are divided by, 1 at first.
    pub normalization: Vec<f64>,
    /// Quality.
    pub flags: Vec<ApertureFlags>,
    /// Parameters, for the table.
    pub meta: Meta,
}

impl RadialProfiles {
    /// Measures the rings between consecutive `radii` (pixels, ascending, from 0 or more) around all positions.
    ///
    /// # Errors
    /// [`ApertureError`](crate::ApertureError) for radii or an overlap method out of range.
    pub fn measure<T: Pixel>(
        image: &Image<'_, T>,
        positions: &[Point],
        radii: &[f64],
        config: &ProfileConfig,
    ) -> Result<Self> {
        check_radii("radii", radii, true)?;
        let circles = radii
            .iter()
            .map(|&r| if r > 0.0 { circle(r).map(Some) } else { Ok(None) })
            .collect::<Result<Vec<_>>>()?;
        let sums = Nested::measure(image, positions, &circles, config)?;
        let difference = |a: &Array2<f64>| {
            Array2::from_shape_fn((a.nrows(), a.ncols() - 1), |(i, k)| a[[i, k + 1]] - a[[i, k]])
        };
        let (flux, area) = (difference(&sums.flux), difference(&sums.area));
        let profile_err = sums.flux_err.map(|e| difference(&e.map(|e| e * e)).map(|v| v.sqrt()) / &area);
        Ok(Self {
            positions: positions.to_vec(),
            radii: radii.to_vec(),
            radius: radii.windows(2).map(|w| 0.5 * (w[0] + w[1])).collect(),
            profile: flux / &area,
            profile_err,
            area,
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

    /// The profile of one position as a value of its own.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<RadialProfile> {
        let row = |a: &Array2<f64>| (index < a.nrows()).then(|| a.row(index).to_vec());
        let normalization = *self.normalization.get(index)?;
        Some(RadialProfile {
            position: *self.positions.get(index)?,
            radii: self.radii.clone(),
            radius: self.radius.clone(),
            profile: row(&self.profile)?,
            profile_err: match &self.profile_err {
                Some(e) => Some(row(e)?),
                None => None,
            },
            area: row(&self.area)?,
            normalization,
            flags: *self.flags.get(index)?,
        })
    }

    /// Divides every profile and its errors by its largest value or sum. A profile whose divisor would not be positive
    /// and finite stays as it is; the number of those is returned. Normalising twice is normalising once.
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

    /// A Gaussian around radius 0 fitted to each profile; `None` for a profile without a finite value.
    #[must_use]
    pub fn gaussian_fits(&self, exec: &Exec) -> Vec<Option<GaussianProfile>> {
        exec.map(self.profile.nrows(), |i| fit_gaussian(&self.radius, self.profile.row(i)))
    }

    /// A Moffat function around radius 0 fitted to each profile; `None` for a profile without a finite value.
    #[must_use]
    pub fn moffat_fits(&self, exec: &Exec) -> Vec<Option<MoffatProfile>> {
        exec.map(self.profile.nrows(), |i| fit_moffat(&self.radius, self.profile.row(i)))
    }

    /// One row for each ring of each position: `id`, `radius`, `profile`, `profile_err`, `area`, `flags`.
    #[must_use]
    pub fn to_table(&self) -> Table {
        let columns = [
            ("profile", &self.profile, None, "mean brightness"),
            ("area", &self.area, Some("pix2"), "unmasked area"),
        ];
        long_table(
            &self.meta,
            &self.radius,
            "middle of the ring",
            columns,
            self.profile_err.as_ref(),
            &self.flags,
        )
    }
}

/// A table of one row for each radius of each position.
pub(crate) fn long_table(
    meta: &Meta,
    radius: &[f64],
    radius_text: &str,
    [profile, area]: [(&str, &Array2<f64>, Option<&str>, &str); 2],
    error: Option<&Array2<f64>>,
    flags: &[ApertureFlags],
) -> Table {
    let (n, m) = (flags.len(), radius.len());
    let mut t = Table::new();
    t.meta = meta.clone();
    let ids: Vec<i64> = (1..=n as i64).flat_map(|i| std::iter::repeat_n(i, m)).collect();
    put(&mut t, Column::new("id", ids).with_description("number of the position"));
    let radii: Vec<f64> = (0..n).flat_map(|_| radius.iter().copied()).collect();
    put_f64(&mut t, "radius".to_owned(), &radii, Some("pix"), radius_text);
    let flat = |a: &Array2<f64>| a.iter().copied().collect::<Vec<f64>>();
    put_f64(&mut t, profile.0.to_owned(), &flat(profile.1), profile.2, profile.3);
    if let Some(e) = error {
        put_f64(&mut t, "profile_err".to_owned(), &flat(e), None, "1-sigma error of the profile");
    }
    put_f64(&mut t, area.0.to_owned(), &flat(area.1), area.2, area.3);
    let bits: Vec<i64> = flags.iter().flat_map(|f| std::iter::repeat_n(i64::from(f.bits()), m)).collect();
    put(&mut t, Column::new("flags", bits).with_description("quality, see the metadata"));
    t.meta.set("flags", ApertureFlags::legend_text());
    t
}

/// The profile around one position.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_aperture::{Normalization, ProfileConfig, RadialProfile};
/// use skyphot_core::{Image, Point};
/// let data = Array2::from_elem((21, 21), 2.0);
/// let image = Image::new(data.view())?;
/// let mut p = RadialProfile::new(&image, Point::new(10.0, 10.0), &[0.0, 2.0, 5.0], &ProfileConfig::default())?;
/// assert!((p.profile[1] - 2.0).abs() < 1e-14);
/// p.normalize(Normalization::Max);
/// assert!((p.profile[0] - 1.0).abs() < 1e-14);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RadialProfile {
    /// The position.
    pub position: Point,
    /// Radii of the edges of the rings, pixels.
    pub radii: Vec<f64>,
    /// Middle of every ring, pixels.
    pub radius: Vec<f64>,
    /// Mean brightness, data units per pixel.
    pub profile: Vec<f64>,
    /// Its 1-sigma error; `None` without an error plane.
    #[doc(alias = "profile_error")]
    pub profile_err: Option<Vec<f64>>,
    /// Unmasked area of the rings, square pixels.
    pub area: Vec<f64>,
    /// What profile and errors are divided by, 1 at first.
    #[doc(alias = "normalization_value")]
    pub normalization: f64,
    /// Quality.
    pub flags: ApertureFlags,
}

impl RadialProfile {
    /// Measures one position. For many of them [`RadialProfiles::measure`] is faster.
    ///
    /// # Errors
    /// As [`RadialProfiles::measure`].
    pub fn new<T: Pixel>(
        image: &Image<'_, T>,
        position: Point,
        radii: &[f64],
        config: &ProfileConfig,
    ) -> Result<Self> {
        let p = RadialProfiles::measure(image, &[position], radii, config)?;
        let row = |a: &Array2<f64>| a.iter().copied().collect::<Vec<f64>>();
        Ok(Self {
            position,
            profile: row(&p.profile),
            profile_err: p.profile_err.as_ref().map(row),
            area: row(&p.area),
            radii: p.radii,
            radius: p.radius,
            normalization: 1.0,
            flags: p.flags.first().copied().unwrap_or_default(),
        })
    }

    /// Divides profile and errors by the largest value or the sum of the profile. `false`, and no change, if that is
    /// not positive and finite.
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

    /// The Gaussian around radius 0 that fits the finite values of the profile best (least squares, not weighted).
    #[must_use]
    #[doc(alias = "gaussian_fwhm")]
    pub fn gaussian_fit(&self) -> Option<GaussianProfile> {
        fit_gaussian(&self.radius, ArrayView1::from(&self.profile))
    }

    /// The Moffat function around radius 0 that fits the finite values of the profile best (least squares, not
    /// weighted), its `alpha` in 1 to 25.
    #[must_use]
    #[doc(alias = "moffat_fwhm")]
    pub fn moffat_fit(&self) -> Option<MoffatProfile> {
        fit_moffat(&self.radius, ArrayView1::from(&self.profile))
    }

    /// Distance from the position (pixels) and value of every good pixel of the image whose centre lies between the
    /// smallest and the largest radius, both included, row by row. Values are divided by the normalisation.
    #[must_use]
    #[doc(alias = "data_radius")]
    pub fn data_profile<T: Pixel>(&self, image: &Image<'_, T>) -> (Vec<f64>, Vec<f64>) {
        let (mut radii, mut values) = (Vec::new(), Vec::new());
        let (Some(&r_min), Some(&r_max), true) =
            (self.radii.first(), self.radii.last(), self.position.is_finite())
        else {
            return (radii, values);
        };
        let (x, y) = (self.position.x, self.position.y);
        let low = |v: f64| (v - r_max).floor() as i64;
        let high = |v: f64| ((v + r_max).floor() as i64).saturating_add(1);
        let bbox = BoundingBox { x_min: low(x), x_max: high(x), y_min: low(y), y_max: high(y) };
        let Some(o) = bbox.overlap(image.shape()) else { return (radii, values) };
        for j in o.image_rows {
            for i in o.image_cols.clone() {
                let r = (i as f64 - x).hypot(j as f64 - y);
                let bad = image.is_bad(i, j) || image.error().is_some_and(|e| !e[[j, i]].is_finite());
                if r >= r_min && r <= r_max && !bad {
                    radii.push(r);
                    values.push(image.data()[[j, i]].to_f64() / self.normalization);
                }
            }
        }
        (radii, values)
    }
}

pub(crate) fn circle(radius: f64) -> Result<Box<dyn Aperture>> {
    Ok(Box::new(CircularAperture::new(radius)?))
}
