//! Galaxies.

use ndarray::Array2;
use skyphot_core::Point;

use crate::Result;
use crate::error::{positive, require};
use crate::kernel::gamma::{gamma, lower_gamma_fraction};
use crate::kernel::quadrature::{GL3, GL6, mean_over, mean_with_cusp};
use crate::star::{check_center, span};

/// A galaxy with a Sérsic (1968) profile `exp(-b (R / r_eff)^(1/n))`, seen without blurring.
#[derive(Debug, Clone, Copy, PartialEq)]
#[doc(alias = "Sersic2D")]
pub struct SersicGalaxy {
    /// Position, pixels.
    pub center: Point,
    /// Total flux out to infinity.
    pub flux: f64,
    /// Semi-major axis of the ellipse that holds half of the flux, pixels.
    pub r_eff: f64,
    /// Sérsic index: 1 exponential disk, 4 de Vaucouleurs.
    pub n: f64,
    /// Minor over major axis, 0 to 1.
    pub axis_ratio: f64,
    /// Direction of the major axis, radians counter-clockwise from +x.
    pub theta: f64,
}

impl SersicGalaxy {
    /// `b(n)`, which makes `r_eff` the half-light radius: the series of Ciotti & Bertin (1999, eq. 18) and two Newton
    /// steps on `P(2n, b) = 1/2`.
    #[must_use]
    pub fn b(n: f64) -> f64 {
        let m = n.recip();
        let mut b = 2.0 * n - 1.0 / 3.0
            + m * (4.0 / 405.0
                + m * (46.0 / 25_515.0 + m * (131.0 / 1_148_175.0 - m * 2_194_697.0 / 30_690_717_750.0)));
        for _ in 0..2 {
            let slope = b.powf(2.0 * n - 1.0) * (-b).exp() / gamma(2.0 * n);
            b -= (lower_gamma_fraction(2.0 * n, b) - 0.5) / slope;
        }
        b
    }

    /// The part of the light within the ellipse of semi-major axis `r` pixels, 0 to 1, before blurring.
    #[must_use]
    pub fn encircled_energy(&self, r: f64) -> f64 {
        lower_gamma_fraction(2.0 * self.n, Self::b(self.n) * (r / self.r_eff).powf(self.n.recip()))
    }

    /// Its brightness, flux per square pixel, at a distance `(dx, dy)` pixels from its centre.
    ///
    /// # Errors
    /// [`SimulationError::InvalidParameter`](crate::SimulationError::InvalidParameter) for a parameter out of its range.
    pub fn brightness(&self) -> Result<impl Fn(f64, f64) -> f64 + use<>> {
        self.validate()?;
        let Self { flux, r_eff, n, axis_ratio: q, theta, .. } = *self;
        let b = Self::b(n);
        let amplitude =
            flux * b.powf(2.0 * n) / (std::f64::consts::TAU * n * r_eff * r_eff * q * gamma(2.0 * n));
        let (s, c) = theta.sin_cos();
        let power = n.recip();
        Ok(move |x: f64, y: f64| {
            let r = (x * c + y * s).hypot((y * c - x * s) / q);
            amplitude * (-b * (r / r_eff).powf(power)).exp()
        })
    }

    fn validate(&self) -> Result<()> {
        check_center(self.center, self.flux)?;
        positive("the effective radius of a galaxy", self.r_eff)?;
        require((0.4..=10.0).contains(&self.n), "the Sérsic index", "between 0.4 and 10", self.n)?;
        let q = self.axis_ratio;
        require(q > 0.0 && q <= 1.0, "the axis ratio of a galaxy", "above 0 and at most 1", q)?;
        require(self.theta.is_finite(), "the angle of a galaxy", "finite", self.theta)
    }
}

/// Adds a galaxy, integrated over each pixel (with ever finer parts near the centre), on the pixels within the ellipse
/// of semi-major axis `radius` pixels.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_core::Point;
/// use skyphot_simulation::{SersicGalaxy, add_sersic_galaxy};
/// let mut image = Array2::zeros((101, 101));
/// let disk = SersicGalaxy { center: Point::new(50.0, 50.3), flux: 500.0, r_eff: 4.0, n: 1.0, axis_ratio: 0.6, theta: 0.5 };
/// add_sersic_galaxy(&mut image, &disk, 45.0)?;
/// assert!((image.sum() - 500.0).abs() < 0.01);
/// # Ok::<(), skyphot_simulation::SimulationError>(())
/// ```
///
/// # Errors
/// [`SimulationError::InvalidParameter`](crate::SimulationError::InvalidParameter) for a parameter out of its range.
pub fn add_sersic_galaxy(image: &mut Array2<f64>, galaxy: &SersicGalaxy, radius: f64) -> Result<()> {
    let f = galaxy.brightness()?;
    positive("the radius of a galaxy", radius)?;
    let SersicGalaxy { center, r_eff, axis_ratio: q, theta, .. } = *galaxy;
    let (s, c) = theta.sin_cos();
    let elliptical = |x: f64, y: f64| {
        let (u, v) = (x * c + y * s, (y * c - x * s) / q);
        u.hypot(v)
    };
    // Thin galaxies change a lot within a pixel.
    let rule = if r_eff * q < 2.5 { GL6 } else { GL3 };
    let near = |x: f64, y: f64, h: f64| elliptical(x, y) < 2.0 * h / q;
    let (ny, nx) = image.dim();
    let cols = span(center.x, radius, nx);
    for row in span(center.y, radius, ny) {
        for col in cols.clone() {
            let (x, y) = (col as f64 - center.x, row as f64 - center.y);
            let r = elliptical(x, y);
            if r > radius {
                continue;
            }
            image[[row, col]] += if r < 4.0 / q {
                mean_with_cusp(rule, (x, y, 1.0), 8, &f, &near)
            } else if r < 6.0 * r_eff || r * q < 12.0 {
                mean_over(rule, x, y, 1.0, &f)
            } else {
                // Far out the profile is straight across a pixel.
                f(x, y)
            };
        }
    }
    Ok(())
}
