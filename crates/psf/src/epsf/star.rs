//! One star of an ePSF.

use std::fmt;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2, Zip};
use skyphot_core::{BoundingBox, Point, SkyTransform};

use super::EpsfFlags;
use super::fill::fill_missing;
use crate::error::{PsfError, Result};
use crate::{ImagePsf, PsfModel, Source, Window};

/// The coordinate system of the image that a star was cut from, shared by its stars.
#[derive(Clone)]
pub struct StarTransform(Arc<dyn SkyTransform>);

impl StarTransform {
    /// Shares a coordinate system.
    #[must_use]
    pub fn new(transform: Arc<dyn SkyTransform>) -> Self {
        Self(transform)
    }

    /// The coordinate system.
    #[must_use]
    pub fn get(&self) -> &dyn SkyTransform {
        &*self.0
    }
}

impl fmt::Debug for StarTransform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StarTransform")
    }
}

/// A cutout of a star with its weights, position and flux. The image must be free of background.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_psf::EpsfStar;
/// let cutout = Array2::from_elem((5, 7), 2.0);
/// let star = EpsfStar::new(cutout.view(), None)?;
/// assert_eq!(star.flux(), 70.0);
/// assert_eq!((star.center().x, star.center().y), (3.0, 2.0));
/// # Ok::<(), skyphot_psf::PsfError>(())
/// ```
#[derive(Debug, Clone)]
#[doc(alias = "EPSFStar")]
pub struct EpsfStar {
    data: Arc<Array2<f64>>,
    /// 0 where a pixel is bad.
    weights: Arc<Array2<f64>>,
    /// In the cutout.
    center: Point,
    original_center: Point,
    flux: f64,
    origin: (i64, i64),
    transform: Option<StarTransform>,
    id: Option<i64>,
    image: usize,
    flags: EpsfFlags,
}

impl EpsfStar {
    /// A star in the middle of a cutout `(ny, nx)`, with its flux estimated as the sum of the pixels (bad ones filled
    /// in). `weights` are the inverse of the errors (default: all 1); a pixel with a weight that is not a positive
    /// number, or a value that is not finite, is bad.
    ///
    /// # Errors
    /// [`PsfError::InvalidData`] for an empty cutout, weights of another shape, or no good pixel at all.
    pub fn new(data: ArrayView2<'_, f64>, weights: Option<ArrayView2<'_, f64>>) -> Result<Self> {
        let mut star = Self::without_flux(data, weights)?;
        star.flux = star.estimate_flux();
        if star.flux.is_nan() {
            let found = "none".to_owned();
            return Err(PsfError::InvalidData {
                what: "star cutout",
                expected: "at least one good pixel",
                found,
            });
        }
        Ok(star)
    }

    /// As [`new`](Self::new), with a known flux.
    ///
    /// # Errors
    /// As for [`new`](Self::new), but with a flux a cutout without a good pixel is allowed; and
    /// [`PsfError::InvalidParameter`] for a flux that is not finite.
    pub fn with_flux(
        data: ArrayView2<'_, f64>,
        weights: Option<ArrayView2<'_, f64>>,
        flux: f64,
    ) -> Result<Self> {
        let mut star = Self::without_flux(data, weights)?;
        star.set_flux(flux)?;
        star.flags.remove(EpsfFlags::ALL_ZERO);
        Ok(star)
    }

    fn without_flux(data: ArrayView2<'_, f64>, weights: Option<ArrayView2<'_, f64>>) -> Result<Self> {
        let (ny, nx) = data.dim();
        if ny == 0 || nx == 0 {
            let found = format!("{ny} x {nx}");
            return Err(PsfError::InvalidData { what: "star cutout", expected: "at least one pixel", found });
        }
        let mut flags = EpsfFlags::empty();
        let mut w = match weights {
            Some(w) if w.dim() != data.dim() => {
                return Err(PsfError::InvalidData {
                    what: "weights of a star",
                    expected: "of the shape of its cutout",
                    found: format!("{:?} for {:?} (ny, nx)", w.dim(), data.dim()),
                });
            }
            Some(w) => w.to_owned(),
            None => Array2::ones((ny, nx)),
        };
        for v in &mut w {
            if !v.is_finite() {
                flags |= EpsfFlags::BAD_WEIGHTS;
            }
            if !(v.is_finite() && *v > 0.0) {
                *v = 0.0;
            }
        }
        Zip::from(&mut w).and(data).for_each(|w, d| {
            if !d.is_finite() {
                *w = 0.0;
            }
        });
        let n_bad = w.iter().filter(|w| **w == 0.0).count();
        flags.set(EpsfFlags::PARTLY_MASKED, n_bad > 0);
        let all_zero = n_bad < w.len() && data.iter().zip(&w).all(|(d, w)| *w == 0.0 || *d == 0.0);
        flags.set(EpsfFlags::ALL_ZERO, all_zero);
        let center = Point::new((nx as f64 - 1.0) / 2.0, (ny as f64 - 1.0) / 2.0);
        Ok(Self {
            data: Arc::new(data.to_owned()),
            weights: Arc::new(w),
            center,
            original_center: center,
            flux: f64::NAN,
            origin: (0, 0),
            transform: None,
            id: None,
            image: 0,
            flags,
        })
    }

    /// The star at another position of the cutout.
    ///
    /// # Errors
    /// [`PsfError::InvalidData`] unless it is finite.
    pub fn at(mut self, cutout_center: Point) -> Result<Self> {
        self.set_cutout_center(cutout_center)?;
        self.original_center = self.center();
        Ok(self)
    }

    /// The cutout's first pixel `(x, y)` in the image it was cut from.
    #[must_use]
    pub fn with_origin(mut self, origin: (i64, i64)) -> Self {
        self.origin = origin;
        self.original_center = self.center();
        self
    }

    /// The coordinate system of the image it was cut from; linked stars need one.
    #[must_use]
    pub fn with_transform(mut self, transform: StarTransform) -> Self {
        self.transform = Some(transform);
        self
    }

    /// A number to know the star by.
    #[must_use]
    pub fn with_id(mut self, id: i64) -> Self {
        self.id = Some(id);
        self
    }

    /// The number of the image it was cut from (0 unless it came from several).
    #[must_use]
    pub fn with_image(mut self, image: usize) -> Self {
        self.image = image;
        self
    }

    /// The pixels, `(ny, nx)`.
    #[must_use]
    pub fn data(&self) -> ArrayView2<'_, f64> {
        self.data.view()
    }

    /// The weights; 0 marks a bad pixel.
    #[must_use]
    pub fn weights(&self) -> ArrayView2<'_, f64> {
        self.weights.view()
    }

    /// True where a pixel is bad.
    #[must_use]
    pub fn mask(&self) -> Array2<bool> {
        self.weights.mapv(|w| w == 0.0)
    }

    /// Shape `(ny, nx)` of the cutout.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        self.data.dim()
    }

    /// Position in the cutout, pixels.
    #[must_use]
    pub fn cutout_center(&self) -> Point {
        self.center
    }

    /// Position in the image, pixels.
    #[must_use]
    pub fn center(&self) -> Point {
        Point::new(self.center.x + self.origin.0 as f64, self.center.y + self.origin.1 as f64)
    }

    /// Position in the image before any fit, pixels.
    #[must_use]
    pub fn original_center(&self) -> Point {
        self.original_center
    }

    /// Total flux.
    #[must_use]
    pub fn flux(&self) -> f64 {
        self.flux
    }

    /// First pixel `(x, y)` of the cutout in the image.
    #[must_use]
    pub fn origin(&self) -> (i64, i64) {
        self.origin
    }

    /// The pixels of the image that the cutout covers.
    #[must_use]
    #[doc(alias = "bbox")]
    #[doc(alias = "slices")]
    pub fn bounding_box(&self) -> BoundingBox {
        let (ny, nx) = self.shape();
        BoundingBox {
            x_min: self.origin.0,
            x_max: self.origin.0 + nx as i64,
            y_min: self.origin.1,
            y_max: self.origin.1 + ny as i64,
        }
    }

    /// The coordinate system of the image it was cut from.
    #[must_use]
    #[doc(alias = "wcs_large")]
    pub fn transform(&self) -> Option<&StarTransform> {
        self.transform.as_ref()
    }

    /// The number it is known by.
    #[must_use]
    #[doc(alias = "id_label")]
    pub fn id(&self) -> Option<i64> {
        self.id
    }

    /// The number of the image it was cut from.
    #[must_use]
    pub fn image(&self) -> usize {
        self.image
    }

    /// What is the matter with it.
    #[must_use]
    pub fn flags(&self) -> EpsfFlags {
        self.flags
    }

    /// It no longer takes part in the building of the ePSF.
    #[must_use]
    pub fn is_excluded(&self) -> bool {
        self.flags.contains(EpsfFlags::EXCLUDED)
    }

    /// Its last fit failed.
    pub(crate) fn fit_failed(&self) -> bool {
        self.flags.intersects(FIT_FAILURES)
    }

    pub(crate) fn set_fit_status(&mut self, failure: EpsfFlags) {
        self.flags.remove(FIT_FAILURES);
        self.flags |= failure;
    }

    pub(crate) fn exclude(&mut self) {
        self.flags |= EpsfFlags::EXCLUDED;
    }

    pub(crate) fn add_flags(&mut self, flags: EpsfFlags) {
        self.flags |= flags;
    }

    /// Another flux.
    ///
    /// # Errors
    /// [`PsfError::InvalidParameter`] unless it is finite.
    pub fn set_flux(&mut self, flux: f64) -> Result<()> {
        self.flux = crate::error::finite("flux", flux)?;
        Ok(())
    }

    /// Another position in the cutout.
    ///
    /// # Errors
    /// [`PsfError::InvalidData`] unless it is finite.
    pub fn set_cutout_center(&mut self, center: Point) -> Result<()> {
        if !center.is_finite() {
            let found = format!("({}, {})", center.x, center.y);
            return Err(PsfError::InvalidData { what: "cutout_center (x, y)", expected: "finite", found });
        }
        self.center = center;
        Ok(())
    }

    /// The sum of all pixels, bad ones filled in from their neighbours; NaN without a good pixel.
    #[must_use]
    pub fn estimate_flux(&self) -> f64 {
        if self.weights.iter().all(|w| *w > 0.0) {
            return self.data.sum();
        }
        let mut data = self.data.view().to_owned();
        let missing = self.weights.mapv(|w| w == 0.0);
        if fill_missing(&mut data, &missing) { data.sum() } else { f64::NAN }
    }

    /// The ePSF at the star's place and of its flux, on the pixels of the cutout.
    #[must_use]
    #[doc(alias = "register_epsf")]
    pub fn model(&self, epsf: &ImagePsf) -> Array2<f64> {
        let mut out = Array2::zeros(self.shape());
        let source = Source { x: self.center.x, y: self.center.y, shape: &[] };
        if let Some(pixels) = out.as_slice_mut() {
            epsf.evaluate(&source, Window::of_shape(self.shape()), pixels);
        }
        out.mapv_into(|v| v * self.flux)
    }

    /// The pixels less the [`model`](Self::model).
    #[must_use]
    #[doc(alias = "compute_residual_image")]
    pub fn residual(&self, epsf: &ImagePsf) -> Array2<f64> {
        let mut out = self.model(epsf);
        Zip::from(&mut out).and(&*self.data).for_each(|o, d| *o = d - *o);
        out
    }
}

const FIT_FAILURES: EpsfFlags = EpsfFlags::FIT_BOX_OUTSIDE
    .union(EpsfFlags::NO_CONVERGENCE)
    .union(EpsfFlags::POSITION_OUTSIDE)
    .union(EpsfFlags::FIT_BOX_MASKED);

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn bad_pixels_have_no_weight() {
        let data = array![[1.0, f64::NAN, 1.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]];
        let weights = array![[1.0, 1.0, 1.0], [f64::INFINITY, -2.0, 0.5], [1.0, 1.0, 1.0]];
        let star = EpsfStar::new(data.view(), Some(weights.view())).unwrap();
        assert_eq!(star.weights().iter().filter(|w| **w == 0.0).count(), 3);
        assert!(star.flags().contains(EpsfFlags::BAD_WEIGHTS | EpsfFlags::PARTLY_MASKED));
        assert!((star.flux() - 9.0).abs() < 1e-9, "{}", star.flux());
    }

    #[test]
    fn a_star_without_pixels_needs_a_flux() {
        let data = Array2::from_elem((3, 3), f64::NAN);
        assert!(EpsfStar::new(data.view(), None).is_err());
        assert_eq!(EpsfStar::with_flux(data.view(), None, 3.0).unwrap().flux(), 3.0);
        assert!(EpsfStar::with_flux(data.view(), None, f64::NAN).is_err());
        assert!(EpsfStar::new(Array2::zeros((0, 3)).view(), None).is_err());
        let zero = EpsfStar::new(Array2::zeros((3, 3)).view(), None).unwrap();
        assert!(zero.flags().contains(EpsfFlags::ALL_ZERO));
    }
}
