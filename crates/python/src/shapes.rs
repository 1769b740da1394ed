//! Aperture shapes as `(kind, numbers)`.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use skyphot::aperture::{
    CircularAnnulus, CircularAperture, EllipticalAnnulus, EllipticalAperture, OverlapMethod, PixelShape,
    PolygonAperture, RectangularAnnulus, RectangularAperture,
};
use skyphot::core::Point;

use crate::work::value_error;

/// A shape: `("circle", [r])`, `("circular_annulus", [r_in, r_out])`, `("ellipse", [a, b, theta])`,
/// `("elliptical_annulus", [a_in, a_out, b_in, b_out, theta])`, `("rectangle", [w, h, theta])`,
/// `("rectangular_annulus", [w_in, w_out, h_in, h_out, theta])`, `("polygon", [x0, y0, x1, y1, ...])`.
pub(crate) struct ShapeArg(pub(crate) PixelShape);

impl<'a, 'py> FromPyObject<'a, 'py> for ShapeArg {
    type Error = PyErr;

    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let (kind, p): (String, Vec<f64>) = obj.extract()?;
        let shape: Result<PixelShape, _> = match (kind.as_str(), p.as_slice()) {
            ("circle", [r]) => CircularAperture::new(*r).map(Into::into),
            ("circular_annulus", [a, b]) => CircularAnnulus::new(*a, *b).map(Into::into),
            ("ellipse", [a, b, t]) => EllipticalAperture::new(*a, *b, *t).map(Into::into),
            ("elliptical_annulus", [a, b, c, d, t]) => {
                EllipticalAnnulus::new(*a, *b, *c, *d, *t).map(Into::into)
            }
            ("rectangle", [w, h, t]) => RectangularAperture::new(*w, *h, *t).map(Into::into),
            ("rectangular_annulus", [a, b, c, d, t]) => {
                RectangularAnnulus::new(*a, *b, *c, *d, *t).map(Into::into)
            }
            ("polygon", p) if p.len().is_multiple_of(2) => {
                PolygonAperture::new(p.chunks(2).map(|c| Point { x: c[0], y: c[1] }).collect())
                    .map(Into::into)
            }
            (kind, p) => {
                return Err(PyValueError::new_err(format!("no aperture '{kind}' of {} numbers", p.len())));
            }
        };
        shape.map(Self).map_err(value_error)
    }
}

/// `method` and `subpixels` as photutils has them.
pub(crate) fn overlap(method: &str, subpixels: usize) -> PyResult<OverlapMethod> {
    match method {
        "exact" => Ok(OverlapMethod::Exact),
        "center" => Ok(OverlapMethod::Center),
        "subpixel" => Ok(OverlapMethod::Subpixel(subpixels)),
        other => Err(PyValueError::new_err(format!("Invalid mask method: '{other}'"))),
    }
}
