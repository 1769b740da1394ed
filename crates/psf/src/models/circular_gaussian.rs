//! Circular Gaussians, sampled at pixel centres or integrated over pixels.

use super::{FWHM_TO_SIGMA, GAUSSIAN_BOX, GAUSSIAN_SUPPORT, LENGTH, positive};
use crate::kernel::separable::{Axis, Order, outer, pixel_axis, point_axis};
use crate::{Derivatives, Extent, PsfModel, Result, ShapeParameter, Source, Window};

/// How a circular Gaussian is turned into pixel values.
#[derive(Clone, Copy)]
enum Kind {
    Point,
    Pixel,
}

fn evaluate(kind: Kind, sigma: f64, s: &Source<'_>, w: Window, out: &mut [f64]) {
    let axis = |first, n, at| match kind {
        Kind::Point => point_axis(first, n, at, sigma, Order::Value),
        Kind::Pixel => pixel_axis(first, n, at, sigma, Order::Value),
    };
    let (ax, ay) = (axis(w.x_min, w.nx, s.x), axis(w.y_min, w.ny, s.y));
    outer(&ax.value, &ay.value, out);
}

fn derivatives(
    kind: Kind,
    sigma: f64,
    d_sigma: f64,
    s: &Source<'_>,
    w: Window,
    with_shape: bool,
    out: &mut Derivatives,
) {
    out.resize(w.len(), usize::from(with_shape));
    let order = if with_shape { Order::PositionAndSigma } else { Order::Position };
    let axis = |first, n, at| match kind {
        Kind::Point => point_axis(first, n, at, sigma, order),
        Kind::Pixel => pixel_axis(first, n, at, sigma, order),
    };
    let (ax, ay): (Axis, Axis) = (axis(w.x_min, w.nx, s.x), axis(w.y_min, w.ny, s.y));
    outer(&ax.value, &ay.value, &mut out.value);
    outer(&ax.d_position, &ay.value, &mut out.dx);
    outer(&ax.value, &ay.d_position, &mut out.dy);
    if let Some(d) = out.shape.first_mut() {
        for (j, row) in d.chunks_exact_mut(w.nx.max(1)).enumerate() {
            for (i, v) in row.iter_mut().enumerate() {
                *v = d_sigma * (ax.d_sigma[i] * ay.value[j] + ax.value[i] * ay.d_sigma[j]);
            }
        }
    }
}

macro_rules! circular {
    ($(#[$doc:meta])* $name:ident, $kind:expr, $parameter:ident, $text:literal, $to_sigma:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct $name {
            $parameter: f64,
        }

        impl $name {
            #[doc = concat!("A model of the given ", $text, ", pixels.")]
            ///
            /// # Errors
            /// [`PsfError::InvalidParameter`](crate::PsfError::InvalidParameter) unless it is finite and positive.
            pub fn new($parameter: f64) -> Result<Self> {
                Ok(Self { $parameter: positive(stringify!($parameter), $parameter)? })
            }

            #[doc = concat!("The ", $text, ", pixels.")]
            #[must_use]
            pub fn $parameter(&self) -> f64 {
                self.$parameter
            }

            fn sigma_of(s: &Source<'_>) -> f64 {
                s.shape[0] * $to_sigma
            }
        }

        impl PsfModel for $name {
            fn name(&self) -> &'static str {
                stringify!($name)
            }

            fn shape_parameters(&self) -> Vec<ShapeParameter> {
                vec![ShapeParameter { name: stringify!($parameter), value: self.$parameter, bounds: LENGTH }]
            }

            fn evaluate(&self, source: &Source<'_>, window: Window, out: &mut [f64]) {
                evaluate($kind, Self::sigma_of(source), source, window, out);
            }

            fn derivatives(&self, source: &Source<'_>, window: Window, with_shape: bool, out: &mut Derivatives) {
                derivatives($kind, Self::sigma_of(source), $to_sigma, source, window, with_shape, out);
            }

            fn extent(&self, source: &Source<'_>) -> Extent {
                let half = GAUSSIAN_BOX * Self::sigma_of(source);
                Extent::around(source.x, source.y, (half, half))
            }

            fn support(&self, source: &Source<'_>) -> Extent {
                let half = GAUSSIAN_SUPPORT * Self::sigma_of(source) + 0.5;
                Extent::around(source.x, source.y, (half, half))
            }

            fn fwhm(&self) -> Option<f64> {
                Some(self.$parameter * $to_sigma / FWHM_TO_SIGMA)
            }
        }
    };
}

circular! {
    /// A circular Gaussian sampled at the pixel centres,
    /// `1 / (2 pi sigma^2) exp(-r^2 / (2 sigma^2))` with `sigma = fwhm / (2 sqrt(2 ln 2))`.
    ///
    /// It is not integrated over the pixels: for photometry of stars narrower than about 4 pixels take
    /// [`CircularGaussianPrf`].
    ///
    /// ```
    /// use skyphot_psf::{CircularGaussianPsf, PsfModel, Source, Window};
    /// let psf = CircularGaussianPsf::new(3.0)?;
    /// let mut out = [0.0; 9];
    /// psf.evaluate(&Source { x: 1.0, y: 1.0, shape: &[3.0] }, Window::new(0, 0, 3, 3), &mut out);
    /// assert!((out[4] - 0.09806).abs() < 1e-5);
    /// # Ok::<(), skyphot_psf::PsfError>(())
    /// ```
    CircularGaussianPsf, Kind::Point, fwhm, "full width at half maximum", FWHM_TO_SIGMA
}

circular! {
    /// A circular Gaussian integrated over the pixels, a product of differences of error functions. Its width is given
    /// as the full width at half maximum of the Gaussian before the integration.
    ///
    /// ```
    /// use skyphot_psf::{CircularGaussianPrf, PsfModel, Source, Window};
    /// let prf = CircularGaussianPrf::new(2.0)?;
    /// let window = Window::new(-10, -10, 21, 21);
    /// let mut out = vec![0.0; window.len()];
    /// prf.evaluate(&Source { x: 0.3, y: -0.2, shape: &[2.0] }, window, &mut out);
    /// assert!((out.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    /// # Ok::<(), skyphot_psf::PsfError>(())
    /// ```
    #[doc(alias = "IntegratedGaussianPRF")]
    CircularGaussianPrf, Kind::Pixel, fwhm, "full width at half maximum", FWHM_TO_SIGMA
}

circular! {
    /// [`CircularGaussianPrf`] with its width given as the standard deviation.
    CircularGaussianSigmaPrf, Kind::Pixel, sigma, "standard deviation", 1.0
}
