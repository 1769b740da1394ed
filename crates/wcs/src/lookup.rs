//! Lookup-table distortions (Calabretta et al. 2004, "Paper IV", as used by HST).

use ndarray::{Array2, ArrayView2};
use skyphot_core::{HeaderView, Pixel};

use crate::{Result, WcsError};

/// A table of corrections in pixels, interpolated bilinearly; beyond its edge the value of the edge holds.
///
/// FITS stores them in `WCSDVARR` (for `CPDISi`) and `D2IMARR` (for `D2IMDISi`) extensions.
///
/// ```
/// use ndarray::arr2;
/// use skyphot_wcs::LookupTable;
/// let table = LookupTable::new(arr2(&[[0.0, 1.0], [2.0, 3.0]]).view(), [1.0, 1.0], [1.0, 1.0], [10.0, 10.0])?;
/// assert_eq!(table.correction(6.0, 6.0), 1.5);
/// # Ok::<(), skyphot_wcs::WcsError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "DistortionLookupTable")]
pub struct LookupTable {
    pub(crate) data: Array2<f64>,
    pub(crate) crpix: [f64; 2],
    pub(crate) crval: [f64; 2],
    pub(crate) cdelt: [f64; 2],
}

impl LookupTable {
    /// A table of shape `(ny, nx)`, pixels, whose element `crpix` (1-based) belongs to the image pixel `crval`
    /// (1-based), with steps of `cdelt` pixels.
    ///
    /// # Errors
    /// [`WcsError::InvalidParameter`] for an empty table, a step of 0 or numbers that are not finite.
    pub fn new<T: Pixel>(
        data: ArrayView2<'_, T>,
        crpix: [f64; 2],
        crval: [f64; 2],
        cdelt: [f64; 2],
    ) -> Result<Self> {
        if data.is_empty() {
            return Err(WcsError::InvalidParameter {
                name: "size of a lookup table",
                expected: "at least 1",
                found: 0.0,
            });
        }
        for v in crpix.iter().chain(&crval).chain(&cdelt) {
            if !v.is_finite() {
                return Err(WcsError::InvalidParameter {
                    name: "lookup-table coordinates",
                    expected: "finite",
                    found: *v,
                });
            }
        }
        if cdelt.contains(&0.0) {
            return Err(WcsError::InvalidParameter {
                name: "step of a lookup table",
                expected: "other than 0",
                found: 0.0,
            });
        }
        Ok(Self { data: data.mapv(Pixel::to_f64).as_standard_layout().into_owned(), crpix, crval, cdelt })
    }

    /// A table with the `CRPIX`, `CRVAL` and `CDELT` of the header of its extension (missing: 0, 0 and 1).
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_header<T: Pixel>(data: ArrayView2<'_, T>, header: &dyn HeaderView) -> Result<Self> {
        let pair = |name: &str, default: f64| {
            ["1", "2"].map(|i| header.get_f64(&format!("{name}{i}")).unwrap_or(default))
        };
        Self::new(data, pair("CRPIX", 0.0), pair("CRVAL", 0.0), pair("CDELT", 1.0))
    }

    /// Shape `(ny, nx)`.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        self.data.dim()
    }

    /// The correction in pixels at 1-based pixel coordinates.
    #[must_use]
    pub fn correction(&self, x: f64, y: f64) -> f64 {
        self.derivatives(x, y).0
    }

    /// Correction and its slopes along x and y (0 beyond the edge).
    pub(crate) fn derivatives(&self, x: f64, y: f64) -> (f64, f64, f64) {
        let (ny, nx) = self.data.dim();
        let (i, wx, sx) = self.locate(0, x, nx);
        let (j, wy, sy) = self.locate(1, y, ny);
        let (i1, j1) = ((i + 1).min(nx - 1), (j + 1).min(ny - 1));
        let (a, b) = (self.data[[j, i]], self.data[[j, i1]]);
        let (c, d) = (self.data[[j1, i]], self.data[[j1, i1]]);
        let value = a * (1.0 - wx) * (1.0 - wy) + c * (1.0 - wx) * wy + b * wx * (1.0 - wy) + d * wx * wy;
        let dx = ((b - a) * (1.0 - wy) + (d - c) * wy) * sx;
        let dy = ((c - a) * (1.0 - wx) + (d - b) * wx) * sy;
        (value, dx, dy)
    }

    /// Cell, weight in it, and cells per pixel (0 beyond the edge).
    fn locate(&self, axis: usize, v: f64, n: usize) -> (usize, f64, f64) {
        let t = (v - self.crval[axis]) / self.cdelt[axis] + self.crpix[axis] - 1.0;
        let last = (n - 1) as f64;
        if !(t > 0.0) {
            return (0, 0.0, if t == 0.0 { 1.0 / self.cdelt[axis] } else { 0.0 });
        }
        if t >= last {
            return (n - 1, 0.0, 0.0);
        }
        let f = t.floor();
        (f as usize, t - f, 1.0 / self.cdelt[axis])
    }
}

/// The lookup tables of an image: detector-to-image (`D2IMDIS1`, `D2IMDIS2`) and prior distortion (`CPDIS1`,
/// `CPDIS2`), one per axis.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LookupTables {
    /// Corrections of the detector, applied first.
    #[doc(alias = "det2im1")]
    pub d2im: [Option<LookupTable>; 2],
    /// Distortions of the focal plane, applied together with SIP.
    #[doc(alias = "cpdis1")]
    pub cpdis: [Option<LookupTable>; 2],
}

impl LookupTables {
    /// There is no table at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.d2im.iter().chain(&self.cpdis).all(Option::is_none)
    }
}
