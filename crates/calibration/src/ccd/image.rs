//! An image with its error, mask and unit.

use ndarray::{Array2, ArrayView2, Zip};
use skyphot_core::{Image, Pixel};

use super::{Section, Unit};
use crate::{CalibrationError, Result};

/// Pixels with optional 1-sigma errors, optional mask (`true` = bad) and a unit, all of shape `(ny, nx)`.
///
/// Arithmetic propagates errors to first order, joins masks and checks units, as `CCDData` of astropy does.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_calibration::ccd::CcdImage;
/// let raw = CcdImage::new(Array2::from_elem((2, 3), 110.0), "adu".parse()?)?
///     .with_error(Array2::from_elem((2, 3), 4.0))?;
/// let bias = CcdImage::new(Array2::from_elem((2, 3), 10.0), "adu".parse()?)?
///     .with_error(Array2::from_elem((2, 3), 3.0))?;
/// let net = raw.subtract(&bias)?.multiply_scalar(2.0, &"electron / adu".parse()?);
/// assert_eq!((net.data()[[0, 0]], net.error().map(|e| e[[0, 0]])), (200.0, Some(10.0)));
/// assert_eq!(net.unit().to_string(), "electron");
/// # Ok::<(), skyphot_calibration::CalibrationError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "CCDData")]
pub struct CcdImage<T: Pixel> {
    data: Array2<T>,
    error: Option<Array2<T>>,
    mask: Option<Array2<bool>>,
    unit: Unit,
}

#[derive(Clone, Copy)]
enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Operation {
    fn value(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Add => a + b,
            Self::Subtract => a - b,
            Self::Multiply => a * b,
            Self::Divide => a / b,
        }
    }

    /// 1-sigma error of the result; `rho` is the correlation of the two errors.
    fn error(self, a: f64, sa: f64, b: f64, sb: f64, rho: f64) -> f64 {
        // Derivatives with respect to both operands.
        let (da, db) = match self {
            Self::Add => (1.0, 1.0),
            Self::Subtract => (1.0, -1.0),
            Self::Multiply => (b, a),
            Self::Divide => (1.0 / b, -a / (b * b)),
        };
        let (u, v) = (da * sa, db * sb);
        (u * u + v * v + 2.0 * rho * u * v).max(0.0).sqrt()
    }

    fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Subtract => "subtract",
            Self::Multiply => "multiply",
            Self::Divide => "divide",
        }
    }
}

impl<T: Pixel> CcdImage<T> {
    /// Pixels alone.
    ///
    /// # Errors
    /// [`skyphot_core::CoreError::EmptyImage`] if an axis has length 0.
    pub fn new(data: Array2<T>, unit: Unit) -> Result<Self> {
        Image::new(data.view())?;
        Ok(Self { data, error: None, mask: None, unit })
    }

    /// Adds 1-sigma errors in the unit of the data.
    ///
    /// # Errors
    /// [`CalibrationError::ShapeMismatch`].
    #[doc(alias = "StdDevUncertainty")]
    pub fn with_error(mut self, error: Array2<T>) -> Result<Self> {
        self.check("error", error.dim())?;
        self.error = Some(error);
        Ok(self)
    }

    /// Adds errors given as variances.
    ///
    /// # Errors
    /// [`CalibrationError::ShapeMismatch`].
    #[doc(alias = "VarianceUncertainty")]
    pub fn with_variance(self, variance: ArrayView2<'_, T>) -> Result<Self> {
        self.with_error(variance.mapv(|v| T::from_f64(v.to_f64().sqrt())))
    }

    /// Adds errors given as inverse variances; 0 becomes an infinite error.
    ///
    /// # Errors
    /// [`CalibrationError::ShapeMismatch`].
    #[doc(alias = "InverseVariance")]
    pub fn with_inverse_variance(self, weight: ArrayView2<'_, T>) -> Result<Self> {
        self.with_error(weight.mapv(|v| T::from_f64(v.to_f64().recip().sqrt())))
    }

    /// Adds a mask, `true` = bad.
    ///
    /// # Errors
    /// [`CalibrationError::ShapeMismatch`].
    pub fn with_mask(mut self, mask: Array2<bool>) -> Result<Self> {
        self.check("mask", mask.dim())?;
        self.mask = Some(mask);
        Ok(self)
    }

    fn check(&self, name: &'static str, found: (usize, usize)) -> Result<()> {
        if found == self.shape() {
            Ok(())
        } else {
            Err(CalibrationError::ShapeMismatch { name, expected: self.shape(), found })
        }
    }

    /// Shape, `(ny, nx)`.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        self.data.dim()
    }

    /// The pixels.
    #[must_use]
    pub fn data(&self) -> ArrayView2<'_, T> {
        self.data.view()
    }

    /// 1-sigma errors.
    #[must_use]
    pub fn error(&self) -> Option<ArrayView2<'_, T>> {
        self.error.as_ref().map(|a| a.view())
    }

    /// The mask.
    #[must_use]
    pub fn mask(&self) -> Option<ArrayView2<'_, bool>> {
        self.mask.as_ref().map(|a| a.view())
    }

    /// The unit.
    #[must_use]
    pub fn unit(&self) -> &Unit {
        &self.unit
    }

    /// The pixel is masked or not finite.
    ///
    /// # Panics
    /// If it lies outside the image.
    #[must_use]
    pub fn is_bad(&self, x: usize, y: usize) -> bool {
        !self.data[[y, x]].is_finite() || self.mask.as_ref().is_some_and(|m| m[[y, x]])
    }

    /// The view every measurement of the other crates takes.
    ///
    /// # Errors
    /// None: the shapes were checked.
    pub fn image(&self) -> Result<Image<'_, T>> {
        let mut image = Image::new(self.data.view())?;
        if let Some(e) = &self.error {
            image = image.with_error(e.view())?;
        }
        if let Some(m) = &self.mask {
            image = image.with_mask(m.view())?;
        }
        Ok(image)
    }

    /// Pixels, errors and mask.
    #[must_use]
    pub fn into_parts(self) -> (Array2<T>, Option<Array2<T>>, Option<Array2<bool>>) {
        (self.data, self.error, self.mask)
    }

    /// The pixels of a section.
    ///
    /// # Errors
    /// [`CalibrationError::InvalidSection`] if it reaches beyond the image.
    #[doc(alias = "trim_image")]
    pub fn trim(&self, section: &Section) -> Result<Self> {
        section.check(self.shape())?;
        let s = ndarray::s![section.y(), section.x()];
        Ok(Self {
            data: self.data.slice(s).to_owned(),
            error: self.error.as_ref().map(|e| e.slice(s).to_owned()),
            mask: self.mask.as_ref().map(|m| m.slice(s).to_owned()),
            unit: self.unit.clone(),
        })
    }

    /// Sum; errors are independent.
    ///
    /// # Errors
    /// [`CalibrationError::ShapeMismatch`], [`CalibrationError::UnitMismatch`].
    pub fn add(&self, other: &Self) -> Result<Self> {
        self.combine(other, Operation::Add, 0.0)
    }

    /// Difference; errors are independent.
    ///
    /// # Errors
    /// As [`CcdImage::add`].
    pub fn subtract(&self, other: &Self) -> Result<Self> {
        self.combine(other, Operation::Subtract, 0.0)
    }

    /// Product; errors are independent.
    ///
    /// # Errors
    /// [`CalibrationError::ShapeMismatch`].
    pub fn multiply(&self, other: &Self) -> Result<Self> {
        self.combine(other, Operation::Multiply, 0.0)
    }

    /// Quotient; errors are independent. Pixels divided by 0 are not finite, and so count as bad from then on.
    ///
    /// # Errors
    /// [`CalibrationError::ShapeMismatch`].
    pub fn divide(&self, other: &Self) -> Result<Self> {
        self.combine(other, Operation::Divide, 0.0)
    }

    /// [`CcdImage::add`] with correlated errors, `correlation` from -1 to 1.
    ///
    /// # Errors
    /// As [`CcdImage::add`], and [`CalibrationError::InvalidParameter`].
    pub fn add_correlated(&self, other: &Self, correlation: f64) -> Result<Self> {
        self.combine(other, Operation::Add, correlation)
    }

    /// [`CcdImage::subtract`] with correlated errors.
    ///
    /// # Errors
    /// As [`CcdImage::add_correlated`].
    pub fn subtract_correlated(&self, other: &Self, correlation: f64) -> Result<Self> {
        self.combine(other, Operation::Subtract, correlation)
    }

    /// [`CcdImage::multiply`] with correlated errors.
    ///
    /// # Errors
    /// As [`CcdImage::add_correlated`].
    pub fn multiply_correlated(&self, other: &Self, correlation: f64) -> Result<Self> {
        self.combine(other, Operation::Multiply, correlation)
    }

    /// [`CcdImage::divide`] with correlated errors.
    ///
    /// # Errors
    /// As [`CcdImage::add_correlated`].
    pub fn divide_correlated(&self, other: &Self, correlation: f64) -> Result<Self> {
        self.combine(other, Operation::Divide, correlation)
    }

    /// Adds a number without error.
    ///
    /// # Errors
    /// [`CalibrationError::UnitMismatch`].
    pub fn add_scalar(&self, value: f64, unit: &Unit) -> Result<Self> {
        let f = self.factor(unit, Operation::Add)?;
        Ok(self.map(1.0, value * f, self.unit.clone()))
    }

    /// Subtracts a number without error.
    ///
    /// # Errors
    /// [`CalibrationError::UnitMismatch`].
    pub fn subtract_scalar(&self, value: f64, unit: &Unit) -> Result<Self> {
        let f = self.factor(unit, Operation::Subtract)?;
        Ok(self.map(1.0, -(value * f), self.unit.clone()))
    }

    /// Multiplies by a number without error.
    #[must_use]
    pub fn multiply_scalar(&self, value: f64, unit: &Unit) -> Self {
        self.map(value, 0.0, self.unit.times(unit))
    }

    /// Divides by a number without error.
    #[must_use]
    pub fn divide_scalar(&self, value: f64, unit: &Unit) -> Self {
        let out = |v: &T| T::from_f64(v.to_f64() / value);
        let error = |v: &T| T::from_f64(v.to_f64() / value.abs());
        Self {
            data: self.data.map(out),
            error: self.error.as_ref().map(|e| e.map(error)),
            mask: self.mask.clone(),
            unit: self.unit.per(unit),
        }
    }

    /// Subtracts an array without error, in the unit of the data, that broadcasts to the image.
    pub(super) fn minus(&self, other: ArrayView2<'_, f64>) -> Self {
        let mut out = self.clone();
        if let Some(other) = other.broadcast(out.data.dim()) {
            Zip::from(&mut out.data).and(&other).for_each(|a, b| *a = T::from_f64(a.to_f64() - b));
        }
        out
    }

    fn map(&self, factor: f64, offset: f64, unit: Unit) -> Self {
        Self {
            data: self.data.map(|v| T::from_f64(v.to_f64() * factor + offset)),
            error: self.error.as_ref().map(|e| e.map(|v| T::from_f64(v.to_f64() * factor.abs()))),
            mask: self.mask.clone(),
            unit,
        }
    }

    /// What numbers in `unit` are multiplied by to be in the unit of this image.
    fn factor(&self, unit: &Unit, operation: Operation) -> Result<f64> {
        unit.factor_to(&self.unit).ok_or_else(|| CalibrationError::UnitMismatch {
            operation: operation.name(),
            left: self.unit.to_string(),
            right: unit.to_string(),
        })
    }

    fn combine(&self, other: &Self, operation: Operation, rho: f64) -> Result<Self> {
        if other.shape() != self.shape() {
            return Err(CalibrationError::ShapeMismatch {
                name: "second operand",
                expected: self.shape(),
                found: other.shape(),
            });
        }
        if !(-1.0..=1.0).contains(&rho) {
            let expected = "from -1 to 1";
            return Err(CalibrationError::InvalidParameter { name: "correlation", expected, found: rho });
        }
        let (k, unit) = match operation {
            Operation::Add | Operation::Subtract => (self.factor(&other.unit, operation)?, self.unit.clone()),
            Operation::Multiply => (1.0, self.unit.times(&other.unit)),
            Operation::Divide => (1.0, self.unit.per(&other.unit)),
        };
        let mut data = self.data.clone();
        Zip::from(&mut data).and(&other.data).for_each(|a, b| {
            *a = T::from_f64(operation.value(a.to_f64(), b.to_f64() * k));
        });
        let error = (self.error.is_some() || other.error.is_some()).then(|| {
            let at = |e: &Option<Array2<T>>, i| e.as_ref().map_or(0.0, |e| e[i].to_f64());
            Array2::from_shape_fn(self.shape(), |i| {
                let (a, b) = (self.data[i].to_f64(), other.data[i].to_f64() * k);
                let (sa, sb) = (at(&self.error, i), at(&other.error, i) * k);
                T::from_f64(operation.error(a, sa, b, sb, rho))
            })
        });
        let mask = match (&self.mask, &other.mask) {
            (Some(a), Some(b)) => Some(Zip::from(a).and(b).map_collect(|a, b| *a || *b)),
            (a, b) => a.clone().or_else(|| b.clone()),
        };
        Ok(Self { data, error, mask, unit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn unit(s: &str) -> Unit {
        s.parse().unwrap()
    }

    #[test]
    fn units_masks_and_shapes_are_checked() {
        let a =
            CcdImage::new(array![[2.0, 4.0]], unit("Jy")).unwrap().with_mask(array![[true, false]]).unwrap();
        let b = CcdImage::new(array![[1000.0, 0.0]], unit("mJy"))
            .unwrap()
            .with_mask(array![[false, true]])
            .unwrap();
        let sum = a.add(&b).unwrap();
        assert_eq!(sum.data(), array![[3.0, 4.0]]);
        assert_eq!(sum.mask().unwrap(), array![[true, true]]);
        assert!(sum.error().is_none());
        assert_eq!(a.divide(&b).unwrap().unit().to_string(), "1000");
        let s = CcdImage::new(array![[1.0, 1.0]], unit("s")).unwrap();
        let text = a.add(&s).unwrap_err().to_string();
        assert_eq!(text, "add: the unit \"Jy\" does not go with \"s\"");
        assert_eq!(a.divide(&s).unwrap().unit().to_string(), "Jy / s");
        let wide = CcdImage::new(array![[1.0, 1.0, 1.0]], unit("Jy")).unwrap();
        assert!(a.add(&wide).is_err());
        assert!(a.add_correlated(&b, 2.0).is_err());
        assert!(a.add_scalar(1.0, &unit("s")).is_err());
        assert_eq!(a.subtract_scalar(500.0, &unit("mJy")).unwrap().data(), array![[1.5, 3.5]]);
        assert_eq!(a.divide_scalar(2.0, &unit("s")).data(), array![[1.0, 2.0]]);
        assert!(CcdImage::new(Array2::<f32>::zeros((0, 3)), unit("")).is_err());
        let w = CcdImage::new(array![[1.0, 1.0]], unit("")).unwrap();
        assert_eq!(
            w.clone().with_variance(array![[4.0, 9.0]].view()).unwrap().error().unwrap(),
            array![[2.0, 3.0]]
        );
        let e = w.with_inverse_variance(array![[0.25, 0.0]].view()).unwrap();
        assert_eq!(e.error().unwrap(), array![[2.0, f64::INFINITY]]);
    }
}
