//! Aperture shapes as `(kind, numbers)`.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use skyphot::aperture::{
    CircularAnnulus, CircularAperture, EllipticalAnnulus, EllipticalAperture, OverlapMethod, PixelShape,
    PolygonAperture, RectangularAnnulus, RectangularAperture, SkyCircularAnnulus, SkyCircularAperture,
    SkyEllipticalAnnulus, SkyEllipticalAperture, SkyPolygonAperture, SkyRectangularAnnulus,
    SkyRectangularAperture, SkyShape,
};
use skyphot::core::Point;

use crate::work::value_error;

/// A shape as Python sees it: `("circle", [r])`, `("circular_annulus", [r_in, r_out])`, `("ellipse", [a, b, theta])`,
/// `("elliptical_annulus", [a_in, a_out, b_in, b_out, theta])`, `("rectangle", [w, h, theta])`,
/// `("rectangular_annulus", [w_in, w_out, h_in, h_out, theta])`, `("polygon", [x0, y0, x1, y1, ...])`.
pub(crate) type Description = (&'static str, Vec<f64>);

/// Shapes that Python describes by their kind and numbers.
pub(crate) trait Described: Sized {
    fn of(kind: &str, numbers: &[f64]) -> PyResult<Self>;

    fn description(&self) -> PyResult<Description>;
}

/// Both ways for a kind of shapes: its polygon, then the name, variant, aperture and numbers of the others.
macro_rules! described_as {
    ($shape:ident: $polygon:ident $(, $kind:literal $variant:ident $aperture:ident [$($number:ident),*])*) => {
        impl Described for $shape {
            fn of(kind: &str, numbers: &[f64]) -> PyResult<Self> {
                let shape: Result<Self, _> = match (kind, numbers) {
                    $(($kind, &[$($number),*]) => $aperture::new($($number),*).map(Into::into),)*
                    ("polygon", p) if p.len().is_multiple_of(2) => {
                        $polygon::new(p.chunks(2).map(|c| Point { x: c[0], y: c[1] }).collect()).map(Into::into)
                    }
                    (kind, p) => return Err(value_error(format!("no aperture '{kind}' of {} numbers", p.len()))),
                };
                shape.map_err(value_error)
            }

            fn description(&self) -> PyResult<Description> {
                Ok(match self {
                    $(Self::$variant(s) => ($kind, vec![$(s.$number()),*]),)*
                    Self::Polygon(s) => ("polygon", s.offsets().iter().flat_map(|p| [p.x, p.y]).collect()),
                    other => return Err(value_error(format!("no counterpart of {other:?}"))),
                })
            }
        }
    };
}

/// The same list for shapes in pixels and for those in arcseconds on the sky.
macro_rules! described {
    ($($kind:literal $variant:ident $aperture:ident $sky:ident $numbers:tt),*) => {
        described_as!(PixelShape: PolygonAperture $(, $kind $variant $aperture $numbers)*);
        described_as!(SkyShape: SkyPolygonAperture $(, $kind $variant $sky $numbers)*);
    };
}

described!(
    "circle" Circle CircularAperture SkyCircularAperture [r],
    "circular_annulus" CircularAnnulus CircularAnnulus SkyCircularAnnulus [r_in, r_out],
    "ellipse" Ellipse EllipticalAperture SkyEllipticalAperture [a, b, theta],
    "elliptical_annulus" EllipticalAnnulus EllipticalAnnulus SkyEllipticalAnnulus [a_in, a_out, b_in, b_out, theta],
    "rectangle" Rectangle RectangularAperture SkyRectangularAperture [w, h, theta],
    "rectangular_annulus" RectangularAnnulus RectangularAnnulus SkyRectangularAnnulus [w_in, w_out, h_in, h_out, theta]
);

/// A shape that Python hands over.
pub(crate) struct ShapeArg<S = PixelShape>(pub(crate) S);

impl<'a, 'py, S: Described> FromPyObject<'a, 'py> for ShapeArg<S> {
    type Error = PyErr;

    fn extract(obj: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let (kind, numbers): (String, Vec<f64>) = obj.extract()?;
        S::of(&kind, &numbers).map(Self)
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
