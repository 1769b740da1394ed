//! A PSF that is a polynomial of the position.

use ndarray::{Array3, ArrayView3, Axis};
use skyphot_fit::spline;

use crate::error::{PsfError, Result};
use crate::kernel::planes::{Tap, Weighted, derivatives, taps, values};
use crate::samples::check_plane;
use crate::{Derivatives, Extent, PsfModel, ShapeParameter, Source, Window};

/// How the images of a [`PolynomialPsf`] are sampled and weighted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PolynomialPsfConfig {
    /// Position, pixels from 0, at which the polynomial's variables are zero. Default (0, 0).
    pub zero: (f64, f64),
    /// Length, pixels, by which offsets from it are divided. Default (1, 1).
    pub scale: (f64, f64),
    /// Samples per pixel; `1 / PSF_SAMP` of a PSFEx model. Default 1.
    pub oversampling: f64,
    /// Sample `(x, y)` that lies on the position of a source. Default `None`: the centre of the images.
    pub origin: Option<(f64, f64)>,
    /// What all values are multiplied by. Default 1.
    pub factor: f64,
}

impl Default for PolynomialPsfConfig {
    fn default() -> Self {
        Self { zero: (0.0, 0.0), scale: (1.0, 1.0), oversampling: 1.0, origin: None, factor: 1.0 }
    }
}

/// A PSF that varies over the image as a polynomial, `sum_k u^a_k v^b_k I_k` with `u = (x - x_zero) / x_scale`,
/// `v = (y - y_zero) / y_scale`, exponents `(a_k, b_k)` and images `I_k` (Bertin 2011, ASPC 442, 435). Between samples it
/// is a bicubic spline.
///
/// ```
/// use ndarray::Array3;
/// use skyphot_psf::{PolynomialPsf, PolynomialPsfConfig, PsfModel, Source, Window};
/// let planes = Array3::from_shape_fn((2, 9, 9), |(k, y, x)| {
///     let r2 = (x as f64 - 4.0).powi(2) + (y as f64 - 4.0).powi(2);
///     (-r2 / 4.0).exp() * if k == 0 { 0.08 } else { 0.01 }
/// });
/// let config = PolynomialPsfConfig { zero: (100.0, 0.0), scale: (50.0, 1.0), ..Default::default() };
/// let psf = PolynomialPsf::new(planes.view(), &[(0, 0), (1, 0)], config)?;
/// let mut out = [0.0; 1];
/// psf.evaluate(&Source { x: 150.0, y: 20.0, shape: &[] }, Window::new(150, 20, 1, 1), &mut out);
/// assert!((out[0] - 0.09).abs() < 1e-15);
/// # Ok::<(), skyphot_psf::PsfError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "PSFEx")]
pub struct PolynomialPsf {
    data: Array3<f64>,
    terms: Vec<(u32, u32)>,
    config: PolynomialPsfConfig,
    /// Spline coefficients of every image.
    planes: Vec<Vec<f64>>,
    /// Sample on the position of a source.
    origin: (f64, f64),
}

impl PolynomialPsf {
    /// A model of images of shape `(n, ny, nx)` with the exponents of x and y that belong to each.
    ///
    /// # Errors
    /// [`PsfError::InvalidData`] if there are not as many exponents as images, or for images as in
    /// [`ImagePsf::new`](crate::ImagePsf::new); [`PsfError::InvalidParameter`] for numbers that are not finite, or not
    /// positive where a length or a sampling is meant.
    pub fn new(data: ArrayView3<'_, f64>, terms: &[(u32, u32)], config: PolynomialPsfConfig) -> Result<Self> {
        let n = data.len_of(Axis(0));
        if n == 0 || n != terms.len() {
            return Err(PsfError::InvalidData {
                what: "polynomial PSF",
                expected: "a pair of exponents for each image",
                found: format!("{} pairs for {n} images", terms.len()),
            });
        }
        let c = &config;
        let origin = c.origin.unwrap_or((0.0, 0.0));
        for (name, v) in [
            ("zero", c.zero.0),
            ("zero", c.zero.1),
            ("origin", origin.0),
            ("origin", origin.1),
            ("factor", c.factor),
        ] {
            crate::error::finite(name, v)?;
        }
        for v in [c.scale.0, c.scale.1, c.oversampling] {
            if !(v.is_finite() && v != 0.0 && c.oversampling > 0.0) {
                return Err(PsfError::InvalidParameter {
                    name: "scale or oversampling",
                    expected: "a finite number, the oversampling positive",
                    found: v,
                });
            }
        }
        let (_, ny, nx) = data.dim();
        let mut planes = Vec::with_capacity(n);
        for p in data.outer_iter() {
            check_plane(p)?;
            planes.push(spline::plane(&p.iter().copied().collect::<Vec<_>>(), ny, nx));
        }
        let origin = c.origin.unwrap_or(((nx as f64 - 1.0) / 2.0, (ny as f64 - 1.0) / 2.0));
        Ok(Self { data: data.to_owned(), terms: terms.to_vec(), config, planes, origin })
    }

    /// All pairs of exponents with a sum of up to `degree`, those of x running fastest: `1, x, x^2, y, x y, y^2`.
    #[must_use]
    pub fn terms_of_degree(degree: u32) -> Vec<(u32, u32)> {
        (0..=degree).flat_map(|b| (0..=degree - b).map(move |a| (a, b))).collect()
    }

    /// The images, `(n, ny, nx)`.
    #[must_use]
    pub fn data(&self) -> ArrayView3<'_, f64> {
        self.data.view()
    }

    /// The exponents of x and y of each image.
    #[must_use]
    pub fn terms(&self) -> &[(u32, u32)] {
        &self.terms
    }

    /// Sampling and scales.
    #[must_use]
    pub fn config(&self) -> &PolynomialPsfConfig {
        &self.config
    }

    /// Samples per pixel.
    #[must_use]
    pub fn oversampling(&self) -> f64 {
        self.config.oversampling
    }

    /// The sample `(x, y)` on the position of a source.
    #[must_use]
    pub fn origin(&self) -> (f64, f64) {
        self.origin
    }

    fn weighted(&self, x: f64, y: f64) -> Vec<Weighted<'_>> {
        let c = &self.config;
        let (u, v) = ((x - c.zero.0) / c.scale.0, (y - c.zero.1) / c.scale.1);
        let power = |t: f64, n: u32| t.powi(n as i32);
        let slope = |t: f64, n: u32| if n == 0 { 0.0 } else { f64::from(n) * t.powi(n as i32 - 1) };
        let weighted = self.terms.iter().enumerate().map(|(k, &(a, b))| {
            let w = c.factor * power(u, a) * power(v, b);
            let by_x = c.factor * slope(u, a) * power(v, b) / c.scale.0;
            let by_y = c.factor * power(u, a) * slope(v, b) / c.scale.1;
            Weighted { plane: &self.planes[k], w, wx: by_x, wy: by_y }
        });
        weighted.collect()
    }

    fn taps(&self, s: &Source<'_>, w: Window) -> (Vec<Tap>, Vec<Tap>) {
        let os = self.config.oversampling;
        let (_, ny, nx) = self.data.dim();
        let (mut x, mut y) = (Vec::with_capacity(w.nx), Vec::with_capacity(w.ny));
        taps(w.x_min, w.nx, s.x, (os, self.origin.0, nx), false, &mut x);
        taps(w.y_min, w.ny, s.y, (os, self.origin.1, ny), false, &mut y);
        (x, y)
    }
}

impl PsfModel for PolynomialPsf {
    fn name(&self) -> &'static str {
        "PolynomialPsf"
    }

    fn shape_parameters(&self) -> Vec<ShapeParameter> {
        Vec::new()
    }

    fn evaluate(&self, s: &Source<'_>, window: Window, out: &mut [f64]) {
        let (x, y) = self.taps(s, window);
        values(&self.weighted(s.x, s.y), self.data.dim().2 + 3, &x, &y, out);
    }

    fn derivatives(&self, s: &Source<'_>, window: Window, _with_shape: bool, out: &mut Derivatives) {
        out.resize(window.len(), 0);
        let (x, y) = self.taps(s, window);
        let (os, width) = (self.config.oversampling, self.data.dim().2 + 3);
        let planes = self.weighted(s.x, s.y);
        derivatives(&planes, width, (&x, &y), (os, os), &mut out.value, &mut out.dx, &mut out.dy);
    }

    /// Half a sample beyond the outermost ones.
    fn extent(&self, source: &Source<'_>) -> Extent {
        let os = self.config.oversampling;
        let (_, ny, nx) = self.data.dim();
        let side = |n: usize, origin: f64| ((n as f64 - 1.0) / 2.0 - origin) / os;
        let half = |n: usize| n as f64 / 2.0 / os;
        let (x, y) = (source.x + side(nx, self.origin.0), source.y + side(ny, self.origin.1));
        Extent::around(x, y, (half(nx), half(ny)))
    }

    fn support(&self, source: &Source<'_>) -> Extent {
        self.extent(source)
    }
}
