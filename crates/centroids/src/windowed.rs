//! Centroids under a Gaussian window that follows the source.

use skyphot_core::{BoundingBox, Column, Exec, FlagSet, Image, Pixel, Point, Table};

use crate::{CentroidError, CentroidFlags, Covariance, Result};

/// Radius of the window in its standard deviations.
const REACH: f64 = 4.0;
/// Steps are longer by this than the offset of the weighted mean, which a window halves.
const STEP: f64 = 2.0;
/// Largest standard deviation of a window, pixels.
const MAX_SIGMA: f64 = 1e5;

/// How [`centroid_windowed`] measures. The defaults are those of photutils and SExtractor.
#[derive(Debug, Clone)]
pub struct WindowedConfig {
    /// The position has converged when the weighted mean moves by no more than this, pixels. Default: 1e-4.
    pub tolerance: f64,
    /// Largest number of iterations. Default: 16.
    pub max_iters: usize,
    /// Threads. Default: all cores.
    pub exec: Exec,
}

impl Default for WindowedConfig {
    fn default() -> Self {
        Self { tolerance: 1e-4, max_iters: 16, exec: Exec::default() }
    }
}

/// Windowed centroids, one per input position and in the same order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WindowedCentroids {
    /// Columns, pixels; NaN where there is no centroid.
    #[doc(alias = "XWIN_IMAGE")]
    #[doc(alias = "x_centroid_win")]
    pub x: Vec<f64>,
    /// Rows, pixels; NaN where there is no centroid.
    #[doc(alias = "YWIN_IMAGE")]
    #[doc(alias = "y_centroid_win")]
    pub y: Vec<f64>,
    /// Covariance of the position from the errors of the pixels, square pixels; NaN without errors.
    #[doc(alias = "ERRX2WIN_IMAGE")]
    pub position_covariance: Vec<Covariance>,
    /// Second central moments under the window, square pixels.
    #[doc(alias = "X2WIN_IMAGE")]
    pub moments: Vec<Covariance>,
    /// What was out of the ordinary.
    pub flags: Vec<CentroidFlags>,
}

impl WindowedCentroids {
    /// Number of positions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.x.len()
    }

    /// No positions.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.x.is_empty()
    }

    /// Columns `id`, `x_centroid_win`, `y_centroid_win`, their errors (pixels) and `flags`.
    ///
    /// # Errors
    /// None for a value made by [`centroid_windowed`]; columns of different length otherwise.
    pub fn to_table(&self) -> skyphot_core::Result<Table> {
        let error = |f: fn(&Covariance) -> f64| -> Vec<f64> {
            self.position_covariance.iter().map(|c| f(c).sqrt()).collect()
        };
        let mut t = Table::from_columns([
            Column::new("id", (1..=self.len() as i64).collect::<Vec<_>>()),
            Column::new("x_centroid_win", self.x.clone()).with_unit("pix"),
            Column::new("y_centroid_win", self.y.clone()).with_unit("pix"),
            Column::new("x_centroid_win_err", error(|c| c.xx)).with_unit("pix"),
            Column::new("y_centroid_win_err", error(|c| c.yy)).with_unit("pix"),
            Column::new("flags", self.flags.iter().map(|f| f.to_bits()).collect::<Vec<u32>>()),
        ])?;
        t.meta.set("flags", CentroidFlags::legend_text());
        Ok(t)
    }
}

/// Follows sources with a Gaussian window of standard deviation `sigma` (pixels; one for all positions, or one each):
/// `x += 2 sum(w I (x_i - x)) / sum(w I)` over the pixels within 4 sigma, until the weighted mean moves by less than the
/// tolerance. The accuracy comes close to that of a fitted profile (Bertin, SExtractor manual, "Windowed positional
/// parameters"). A good `sigma` is the half-light radius times 2 / 2.3548.
///
/// The error is `4 sum(w^2 e^2 (x_i - x)^2 + w^2 e^2 / 12) / sum(w I)^2`.
///
/// # Errors
/// [`CentroidError`] for a window that is not greater than 0 and at most 1e5 pixels, or not one for each position.
///
/// # Flags
/// A position outside the image, a window without good pixels or of no positive flux gives NaN and says so; so does a
/// window whose second moments are those of no source ([`CentroidFlags::NO_MAXIMUM`]).
///
/// ```
/// use ndarray::Array2;
/// use skyphot_centroids::{WindowedConfig, centroid_windowed};
/// use skyphot_core::{Image, Point};
/// let star = |x: f64, y: f64| (-((x - 30.3) * (x - 30.3) + (y - 20.6) * (y - 20.6)) / 8.0).exp();
/// let data = Array2::from_shape_fn((50, 60), |(y, x)| 100.0 * star(x as f64, y as f64));
/// let image = Image::new(data.view())?;
/// let c = centroid_windowed(&image, &[Point::new(30.0, 21.0)], &[2.0], &WindowedConfig::default())?;
/// assert!((c.x[0] - 30.3).abs() < 1e-3 && (c.y[0] - 20.6).abs() < 1e-3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "winpos")]
#[doc(alias = "XWIN_IMAGE")]
pub fn centroid_windowed<T: Pixel>(
    image: &Image<'_, T>,
    positions: &[Point],
    sigma: &[f64],
    config: &WindowedConfig,
) -> Result<WindowedCentroids> {
    if sigma.len() != 1 && sigma.len() != positions.len() {
        return Err(CentroidError::WindowCount { expected: positions.len(), found: sigma.len() });
    }
    if let Some(&bad) = sigma.iter().find(|s| !(**s > 0.0 && **s <= MAX_SIGMA)) {
        return Err(CentroidError::InvalidWindow(bad));
    }
    let found = config.exec.map(positions.len(), |i| {
        let sigma = if sigma.len() == 1 { sigma[0] } else { sigma[i] };
        one(image, positions[i], sigma, config)
    });
    Ok(WindowedCentroids {
        x: found.iter().map(|c| c.at.x).collect(),
        y: found.iter().map(|c| c.at.y).collect(),
        position_covariance: found.iter().map(|c| c.error).collect(),
        moments: found.iter().map(|c| c.moments).collect(),
        flags: found.iter().map(|c| c.flags).collect(),
    })
}

struct Found {
    at: Point,
    error: Covariance,
    moments: Covariance,
    flags: CentroidFlags,
}

impl Found {
    const fn failed(flags: CentroidFlags) -> Self {
        let at = Point { x: f64::NAN, y: f64::NAN };
        Self { at, error: Covariance::NAN, moments: Covariance::NAN, flags }
    }
}

/// Calls `f(value, error, dx, dy, weight)` for the good pixels of the window and says what was wrong with the others.
fn window<T: Pixel>(
    image: &Image<'_, T>,
    at: Point,
    sigma: f64,
    mut f: impl FnMut(f64, f64, f64, f64, f64),
) -> CentroidFlags {
    let radius = REACH * sigma;
    // As SExtractor and photutils have it: the box is cut about the nearest pixel.
    let half = (radius + 1.5) as i64;
    let (x0, y0) = ((at.x + 0.5).floor() as i64, (at.y + 0.5).floor() as i64);
    let bbox = BoundingBox {
        x_min: x0.saturating_sub(half),
        x_max: x0.saturating_add(half + 1),
        y_min: y0.saturating_sub(half),
        y_max: y0.saturating_add(half + 1),
    };
    let Some(o) = bbox.overlap(image.shape()) else { return CentroidFlags::OUTSIDE };
    let mut flags = CentroidFlags::empty();
    let (rows, cols) = image.shape();
    let reaches = |v: f64, n: usize| v - radius < -0.5 || v + radius > n as f64 - 0.5;
    flags.set(CentroidFlags::PARTIAL_OVERLAP, reaches(at.x, cols) || reaches(at.y, rows));
    let scale = -0.5 / (sigma * sigma);
    for y in o.image_rows {
        let dy = y as f64 - at.y;
        for x in o.image_cols.clone() {
            let dx = x as f64 - at.x;
            let r2 = dx * dx + dy * dy;
            if r2 > radius * radius {
                continue;
            }
            if image.is_bad(x, y) {
                flags |= CentroidFlags::MASKED_PIXELS;
                continue;
            }
            let error = image.error().map_or(f64::NAN, |e| e[[y, x]].to_f64());
            f(image.data()[[y, x]].to_f64(), error, dx, dy, (r2 * scale).exp());
        }
    }
    flags
}

fn one<T: Pixel>(image: &Image<'_, T>, start: Point, sigma: f64, config: &WindowedConfig) -> Found {
    let (rows, cols) = image.shape();
    let inside =
        |p: Point| p.x >= -0.5 && p.x <= cols as f64 - 0.5 && p.y >= -0.5 && p.y <= rows as f64 - 0.5;
    if !inside(start) {
        return Found::failed(CentroidFlags::OUTSIDE);
    }
    let (mut at, mut flags) = (start, CentroidFlags::NOT_CONVERGED);
    let mut last = (start, 0.0, 0.0, 0.0);
    for _ in 0..config.max_iters.max(1) {
        let (mut n, mut flux, mut sx, mut sy) = (0_usize, 0.0, 0.0, 0.0);
        let seen = window(image, at, sigma, |v, _, dx, dy, w| {
            n += 1;
            flux += w * v;
            sx += w * v * dx;
            sy += w * v * dy;
        });
        flags |= seen;
        if n == 0 {
            return Found::failed(flags | CentroidFlags::ALL_MASKED);
        }
        let (mx, my) = (sx / flux, sy / flux);
        last = (at, flux, mx, my);
        at = Point::new(at.x + STEP * mx, at.y + STEP * my);
        if !(flux > 0.0 && inside(at)) {
            let reason = if flux > 0.0 { CentroidFlags::OUTSIDE } else { CentroidFlags::NO_SIGNAL };
            return Found::failed(flags | reason);
        }
        if mx.hypot(my) <= config.tolerance {
            flags.remove(CentroidFlags::NOT_CONVERGED);
            break;
        }
    }
    // Moments about the middle of the last window.
    let (middle, flux, mx, my) = last;
    let mut m = Covariance { xx: 0.0, xy: 0.0, yy: 0.0 };
    let (mut e, mut e0) = (m, 0.0);
    window(image, middle, sigma, |v, error, dx, dy, w| {
        let (v, we) = (w * v, w * w * error * error);
        m.xx += v * dx * dx;
        m.xy += v * dx * dy;
        m.yy += v * dy * dy;
        e0 += we;
        e.xx += we * dx * dx;
        e.xy += we * dx * dy;
        e.yy += we * dy * dy;
    });
    let moments =
        Covariance { xx: m.xx / flux - mx * mx, xy: m.xy / flux - mx * my, yy: m.yy / flux - my * my };
    if moments.xx < 0.0 || moments.yy < 0.0 || moments.determinant() < 0.0 {
        return Found::failed(flags | CentroidFlags::NO_MAXIMUM);
    }
    let norm = STEP * STEP / (flux * flux);
    let pixel = e0 * Covariance::PIXEL_VARIANCE;
    let error = Covariance { xx: (e.xx + pixel) * norm, xy: e.xy * norm, yy: (e.yy + pixel) * norm };
    Found { at, error, moments, flags }
}
