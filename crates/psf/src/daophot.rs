//! DAOPHOT's kind of PSF: an analytic core and a table of what it misses.

use std::f64::consts::{LN_2, PI, SQRT_2};

use crate::error::{PsfError, Result, finite};
use crate::kernel::quadrature::Legendre;
use crate::models::positive;
use crate::{Derivatives, Extent, PolynomialPsf, PsfModel, ShapeParameter, Source, Window};

/// Analytic functions of DAOPHOT, all with half widths at half maximum along x and y.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DaophotFunction {
    /// An elliptical Gaussian along the axes.
    #[default]
    Gaussian,
    /// `(1 + z)^-1.5`, tilted.
    Moffat15,
    /// `(1 + z)^-2.5`, tilted.
    Moffat25,
    /// `(1 + z)^-1`, tilted.
    Lorentz,
    /// A Gaussian along the axes and, with a given fraction of the peak, a tilted Lorentz function of the same widths.
    Penny1,
    /// A Gaussian and a Lorentz function, each with a tilt of its own.
    Penny2,
}

impl DaophotFunction {
    /// `gaussian`, `moffat15`, `moffat25`, `lorentz`, `penny1` or `penny2`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gaussian => "gaussian",
            Self::Moffat15 => "moffat15",
            Self::Moffat25 => "moffat25",
            Self::Lorentz => "lorentz",
            Self::Penny1 => "penny1",
            Self::Penny2 => "penny2",
        }
    }

    /// The function of a [`name`](Self::name); `None` for others.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Gaussian, Self::Moffat15, Self::Moffat25, Self::Lorentz, Self::Penny1, Self::Penny2]
            .into_iter()
            .find(|f| f.name() == name)
    }
}

/// The analytic core of a [`DaophotPsf`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DaophotCore {
    /// The function.
    pub function: DaophotFunction,
    /// Half width at half maximum along x, pixels.
    pub x_hwhm: f64,
    /// Half width at half maximum along y, pixels.
    pub y_hwhm: f64,
    /// Tilt: factor of `dx dy` in the quadratic form (of the Lorentz function in the Penny functions). Default 0.
    pub tilt: f64,
    /// Tilt of the Gaussian of [`DaophotFunction::Penny2`]. Default 0.
    pub gaussian_tilt: f64,
    /// Fraction of the peak that the Lorentz function of the Penny functions has. Default 0.25.
    pub fraction: f64,
}

impl Default for DaophotCore {
    fn default() -> Self {
        Self {
            function: DaophotFunction::Gaussian,
            x_hwhm: 1.0,
            y_hwhm: 1.0,
            tilt: 0.0,
            gaussian_tilt: 0.0,
            fraction: 0.25,
        }
    }
}

impl DaophotCore {
    fn checked(self) -> Result<Self> {
        positive("x_hwhm", self.x_hwhm)?;
        positive("y_hwhm", self.y_hwhm)?;
        for (name, tilt) in [("tilt", self.tilt), ("gaussian_tilt", self.gaussian_tilt)] {
            finite(name, tilt)?;
            // The quadratic form has to grow in every direction.
            if tilt * tilt >= 4.0 / (self.x_hwhm * self.y_hwhm).powi(2) {
                let expected = "smaller than 2 / (x_hwhm y_hwhm)";
                return Err(PsfError::InvalidParameter { name, expected, found: tilt });
            }
        }
        if (0.0..=1.0).contains(&self.fraction) {
            Ok(self)
        } else {
            Err(PsfError::InvalidParameter { name: "fraction", expected: "0 ... 1", found: self.fraction })
        }
    }

    /// Value and derivatives by the offset at a point; the peak is 1.
    fn point(&self, dx: f64, dy: f64) -> [f64; 3] {
        let (rx, ry) = (1.0 / (self.x_hwhm * self.x_hwhm), 1.0 / (self.y_hwhm * self.y_hwhm));
        // q = 1 on the ellipse of half maximum
        let form = |tilt: f64| {
            let q = rx * dx * dx + ry * dy * dy + tilt * dx * dy;
            (q, 2.0 * rx * dx + tilt * dy, 2.0 * ry * dy + tilt * dx)
        };
        let gauss = |tilt: f64| {
            let (q, qx, qy) = form(tilt);
            let v = (-LN_2 * q).exp();
            [v, -LN_2 * v * qx, -LN_2 * v * qy]
        };
        let power = |beta: f64| {
            let (q, qx, qy) = form(self.tilt);
            let a = 2f64.powf(1.0 / beta) - 1.0;
            let base = 1.0 + a * q;
            let v = base.powf(-beta);
            let slope = -beta * a * v / base;
            [v, slope * qx, slope * qy]
        };
        let penny = |tilt: f64| {
            let (g, l) = (gauss(tilt), power(1.0));
            std::array::from_fn(|i| (1.0 - self.fraction) * g[i] + self.fraction * l[i])
        };
        match self.function {
            DaophotFunction::Gaussian => gauss(0.0),
            DaophotFunction::Moffat15 => power(1.5),
            DaophotFunction::Moffat25 => power(2.5),
            DaophotFunction::Lorentz => power(1.0),
            DaophotFunction::Penny1 => penny(0.0),
            DaophotFunction::Penny2 => penny(self.gaussian_tilt),
        }
    }

    /// Integral over the pixel around an offset and its derivatives by the offset.
    pub(crate) fn pixel(&self, dx: f64, dy: f64, nodes: &[(f64, f64)]) -> [f64; 3] {
        if self.function == DaophotFunction::Gaussian {
            let axis = |d: f64, hwhm: f64| {
                // sigma = hwhm / sqrt(2 ln 2)
                let sigma = hwhm / (2.0 * LN_2).sqrt();
                let (a, b) = ((d - 0.5) / sigma, (d + 0.5) / sigma);
                let below = |t: f64| 0.5 * libm::erfc(-t / SQRT_2);
                let area = sigma * (2.0 * PI).sqrt();
                // The difference of two values near 1 is taken on the side of the tail.
                let inside = if a > 0.0 { below(-a) - below(-b) } else { below(b) - below(a) };
                (area * inside, (-0.5 * b * b).exp() - (-0.5 * a * a).exp())
            };
            let ((vx, sx), (vy, sy)) = (axis(dx, self.x_hwhm), axis(dy, self.y_hwhm));
            return [vx * vy, sx * vy, vx * sy];
        }
        let mut sum = [0.0; 3];
        for &(v, wv) in nodes {
            for &(u, wu) in nodes {
                for (s, p) in sum.iter_mut().zip(self.point(dx + u, dy + v)) {
                    *s += wu * wv * p;
                }
            }
        }
        sum
    }
}

/// DAOPHOT's PSF (Stetson 1987, PASP 99, 191; 1992, ASPC 25, 297): an analytic core integrated over the pixels plus, where
/// given, a table of residuals that is constant over the image, linear or quadratic in the position.
///
/// Within `radius` of the source it is `height core + table`; beyond, 0.
///
/// ```
/// use skyphot_psf::{DaophotCore, DaophotFunction, DaophotPsf, PsfModel, Source, Window};
/// let core = DaophotCore { function: DaophotFunction::Moffat25, x_hwhm: 1.4, y_hwhm: 1.2, ..Default::default() };
/// let psf = DaophotPsf::new(core, None, 12.0)?;
/// let mut out = vec![0.0; 25 * 25];
/// psf.evaluate(&Source { x: 12.0, y: 12.0, shape: &[] }, Window::new(0, 0, 25, 25), &mut out);
/// assert!((out.iter().sum::<f64>() - 1.0).abs() < 1e-12);
/// # Ok::<(), skyphot_psf::PsfError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "allstar")]
#[doc(alias = "penny1")]
pub struct DaophotPsf {
    core: DaophotCore,
    height: f64,
    table: Option<PolynomialPsf>,
    radius: f64,
    nodes: [Vec<(f64, f64)>; 2],
}

/// From this distance, pixels, a pixel is far from the core: every function is smooth there, and fewer nodes give its integral
/// to 12 digits.
const FAR: f64 = 4.0;

impl DaophotPsf {
    /// A model whose pixels sum to 1 around a source at the zero point of the table (or anywhere without one) at the
    /// centre of a pixel: the core gets the height that makes it so. The table has the unit of the model.
    ///
    /// # Errors
    /// [`PsfError::InvalidParameter`] for values out of range, and if no height makes the sum 1.
    pub fn new(core: DaophotCore, table: Option<PolynomialPsf>, radius: f64) -> Result<Self> {
        let mut psf = Self::with_height(core, 0.0, table, radius)?;
        let (x, y) = psf.table.as_ref().map_or((0.0, 0.0), |t| t.config().zero);
        let (x, y) = (x.round(), y.round());
        let source = Source { x, y, shape: &[] };
        let n = (2.0 * radius).ceil() as usize + 3;
        let w = Window::new(x as i64 - (n / 2) as i64, y as i64 - (n / 2) as i64, n, n);
        let mut out = vec![0.0; w.len()];
        psf.evaluate(&source, w, &mut out);
        let from_table: f64 = out.iter().sum();
        psf.height = 1.0;
        psf.evaluate(&source, w, &mut out);
        let from_core = out.iter().sum::<f64>() - from_table;
        psf.height = positive("height of the core", (1.0 - from_table) / from_core)?;
        Ok(psf)
    }

    /// A model with a given height of the core (that of the function itself, not integrated over pixels).
    ///
    /// # Errors
    /// [`PsfError::InvalidParameter`] for values out of range.
    pub fn with_height(
        core: DaophotCore,
        height: f64,
        table: Option<PolynomialPsf>,
        radius: f64,
    ) -> Result<Self> {
        let radius = positive("radius", radius)?;
        if radius > 5000.0 {
            return Err(PsfError::InvalidParameter { name: "radius", expected: "up to 5000", found: radius });
        }
        Ok(Self {
            core: core.checked()?,
            height: finite("height", height)?,
            table,
            radius,
            nodes: [Legendre::new(11).within_pixel(), Legendre::new(5).within_pixel()],
        })
    }

    /// The analytic core.
    #[must_use]
    pub fn core(&self) -> &DaophotCore {
        &self.core
    }

    /// The height of the core.
    #[must_use]
    pub fn height(&self) -> f64 {
        self.height
    }

    /// The table of residuals.
    #[must_use]
    pub fn table(&self) -> Option<&PolynomialPsf> {
        self.table.as_ref()
    }

    /// The radius beyond which the model is 0, pixels.
    #[must_use]
    pub fn radius(&self) -> f64 {
        self.radius
    }

    fn pixel(&self, dx: f64, dy: f64) -> [f64; 3] {
        let far = dx * dx + dy * dy >= FAR * FAR;
        self.core.pixel(dx, dy, &self.nodes[usize::from(far)])
    }

    /// Calls `f` with the index and the offset of every pixel within the radius.
    fn inside(&self, s: &Source<'_>, w: Window, mut f: impl FnMut(usize, f64, f64)) {
        let limit = self.radius * self.radius;
        for j in 0..w.ny {
            let dy = (w.y_min + j as i64) as f64 - s.y;
            for i in 0..w.nx {
                let dx = (w.x_min + i as i64) as f64 - s.x;
                if dx * dx + dy * dy <= limit {
                    f(j * w.nx + i, dx, dy);
                }
            }
        }
    }
}

impl PsfModel for DaophotPsf {
    fn name(&self) -> &'static str {
        "DaophotPsf"
    }

    fn shape_parameters(&self) -> Vec<ShapeParameter> {
        Vec::new()
    }

    fn evaluate(&self, s: &Source<'_>, w: Window, out: &mut [f64]) {
        let mut table = vec![0.0; w.len()];
        if let Some(t) = &self.table {
            t.evaluate(s, w, &mut table);
        }
        out.fill(0.0);
        self.inside(s, w, |k, dx, dy| {
            out[k] = self.height * self.pixel(dx, dy)[0] + table[k];
        });
    }

    fn derivatives(&self, s: &Source<'_>, w: Window, _with_shape: bool, out: &mut Derivatives) {
        let mut table = Derivatives::default();
        table.resize(w.len(), 0);
        if let Some(t) = &self.table {
            t.derivatives(s, w, false, &mut table);
        }
        out.resize(w.len(), 0);
        for v in [&mut out.value, &mut out.dx, &mut out.dy] {
            v.fill(0.0);
        }
        self.inside(s, w, |k, dx, dy| {
            let [v, by_dx, by_dy] = self.pixel(dx, dy);
            out.value[k] = self.height * v + table.value[k];
            out.dx[k] = table.dx[k] - self.height * by_dx;
            out.dy[k] = table.dy[k] - self.height * by_dy;
        });
    }

    fn extent(&self, s: &Source<'_>) -> Extent {
        Extent::around(s.x, s.y, (self.radius, self.radius))
    }

    fn support(&self, s: &Source<'_>) -> Extent {
        self.extent(s)
    }

    fn fwhm(&self) -> Option<f64> {
        Some(2.0 * (self.core.x_hwhm * self.core.y_hwhm).sqrt())
    }
}
