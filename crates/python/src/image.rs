//! Images as they come from Python: arrays that are borrowed, not copied.

use ndarray::{ArrayView2, Axis, Ix2, RawArrayView};
use numpy::{Element, PyArray2, PyArrayMethods};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use skyphot::core::{CoreError, Image, Pixel};

/// A numpy array that a working thread may read.
pub(crate) struct Held<T: Element> {
    view: RawArrayView<T, Ix2>,
    _owner: Py<PyArray2<T>>,
}

// SAFETY: the array's memory lives as long as `_owner`, numpy refuses to move it while there is another reference, and
// we only read. That nobody writes during a call is asked of the caller, as numpy does for its own calls.
#[allow(unsafe_code)]
unsafe impl<T: Element + Send> Send for Held<T> {}
// SAFETY: as above.
#[allow(unsafe_code)]
unsafe impl<T: Element + Sync> Sync for Held<T> {}

impl<T: Element> Held<T> {
    fn new(array: &Bound<'_, PyArray2<T>>) -> Self {
        // SAFETY: only the address, the shape and the strides are taken here.
        #[allow(unsafe_code)]
        let view = unsafe { array.as_array() }.raw_view();
        Self { view, _owner: array.clone().unbind() }
    }

    /// The pixels.
    pub(crate) fn view(&self) -> ArrayView2<'_, T> {
        // SAFETY: see above; the lifetime is that of `self`, which holds the array.
        #[allow(unsafe_code)]
        unsafe {
            self.view.deref_into_view()
        }
    }
}

impl<'a, 'py, T: Element> FromPyObject<'a, 'py> for Held<T> {
    type Error = PyErr;

    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let array = obj.cast::<PyArray2<T>>().map_err(|_| {
            PyTypeError::new_err(
                "skyphot._core was called with an array of another type or rank than it takes",
            )
        })?;
        Ok(Self::new(&array))
    }
}

/// Pixels of either type.
pub(crate) enum Plane {
    F32(Held<f32>),
    F64(Held<f64>),
}

impl<'a, 'py> FromPyObject<'a, 'py> for Plane {
    type Error = PyErr;

    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(a) = obj.cast::<PyArray2<f32>>() {
            return Ok(Self::F32(Held::new(&a)));
        }
        Ok(Self::F64(obj.extract()?))
    }
}

/// Data, error and mask: a tuple `(data, error or None, mask or None)` made by `skyphot._inputs`.
pub(crate) struct ImageArg {
    pub(crate) pixels: Pixels,
}

/// The planes of one pixel type.
pub(crate) enum Pixels {
    F32(Planes<f32>),
    F64(Planes<f64>),
}

/// Planes of one image.
pub(crate) struct Planes<T: Element> {
    data: Held<T>,
    error: Option<Held<T>>,
    mask: Option<Held<bool>>,
}

impl<T: Element + Pixel> Planes<T> {
    /// The borrowed image.
    pub(crate) fn image(&self) -> Result<Image<'_, T>, CoreError> {
        let mut image = Image::new(self.data.view())?;
        if let Some(e) = &self.error {
            image = image.with_error(e.view())?;
        }
        if let Some(m) = &self.mask {
            image = image.with_mask(m.view())?;
        }
        Ok(image)
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for ImageArg {
    type Error = PyErr;

    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let (data, error, mask): (Bound<'py, PyAny>, Option<Bound<'py, PyAny>>, Option<Held<bool>>) =
            obj.extract()?;
        let pixels = match data.extract()? {
            Plane::F32(data) => {
                Pixels::F32(Planes { data, error: error.map(|e| e.extract()).transpose()?, mask })
            }
            Plane::F64(data) => {
                Pixels::F64(Planes { data, error: error.map(|e| e.extract()).transpose()?, mask })
            }
        };
        Ok(Self { pixels })
    }
}

/// One row as an image of its own, with its mask.
pub(crate) fn row<'a, T: Pixel>(image: &Image<'a, T>, i: usize) -> Result<Image<'a, T>, CoreError> {
    let one = Image::new(image.data().index_axis_move(Axis(0), i).insert_axis(Axis(0)))?;
    match image.mask() {
        Some(m) => one.with_mask(m.index_axis_move(Axis(0), i).insert_axis(Axis(0))),
        None => Ok(one),
    }
}

/// `with_image!(arg, |image| expression)`: the expression for either pixel type; it may use `?` on errors that convert
/// into `skyphot::Error`.
macro_rules! with_image {
    ($arg:expr, |$image:ident| $body:expr) => {
        match &$arg.pixels {
            $crate::image::Pixels::F32(planes) => {
                let $image = &planes.image().map_err(skyphot::Error::from)?;
                $body
            }
            $crate::image::Pixels::F64(planes) => {
                let $image = &planes.image().map_err(skyphot::Error::from)?;
                $body
            }
        }
    };
}
pub(crate) use with_image;
