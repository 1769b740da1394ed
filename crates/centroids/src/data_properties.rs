//! Position and shape of the one source of an image.

use skyphot_core::{Image, Pixel, Point};

use crate::gini::gini_of;
use crate::{Covariance, EllipseShape};

/// Position, size, shape and brightness of the one source on a background-subtracted cutout, from the moments of its
/// good pixels. Everything is NaN without a good pixel, positions and shapes also if no pixel is positive.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DataProperties {
    /// Centre of mass, pixels.
    pub centroid: Point,
    /// Sum of the values.
    #[doc(alias = "segment_flux")]
    pub flux: f64,
    /// Error of the sum; NaN without errors.
    #[doc(alias = "segment_flux_err")]
    pub flux_err: f64,
    /// Number of good pixels.
    #[doc(alias = "segment_area")]
    pub area: usize,
    /// Smallest value.
    pub min_value: f64,
    /// Largest value.
    pub max_value: f64,
    /// Column and row of the smallest value, the first one of several.
    pub min_value_index: Option<(usize, usize)>,
    /// Column and row of the largest value, the first one of several.
    pub max_value_index: Option<(usize, usize)>,
    /// `moments[i][j] = sum y^i x^j I`.
    pub moments: [[f64; 4]; 4],
    /// The same about the centroid.
    pub moments_central: [[f64; 4]; 4],
    /// Second moments, each axis at least that of a pixel; NaN if they are those of no ellipse.
    pub covariance: Covariance,
    /// Axes and angle of the ellipse.
    pub shape: EllipseShape,
    /// Gini coefficient of the absolute values.
    pub gini: f64,
    /// Radius of the circle of the same area, pixels.
    pub equivalent_radius: f64,
}

/// Measures position and shape of the one source on a background-subtracted cutout. Masked and non-finite pixels are
/// left out. Negative values count as 0 in the moments, and so in positions and shapes.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_centroids::data_properties;
/// use skyphot_core::Image;
/// let star = |x: f64, y: f64| (-0.5 * ((x - 30.3) / 4.0).powi(2) - 0.5 * ((y - 25.6) / 2.5).powi(2)).exp();
/// let data = Array2::from_shape_fn((50, 60), |(y, x)| star(x as f64, y as f64));
/// let p = data_properties(&Image::new(data.view())?);
/// assert!((p.centroid.x - 30.3).abs() < 1e-8 && (p.shape.semimajor_axis - 4.0).abs() < 1e-8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn data_properties<T: Pixel>(image: &Image<'_, T>) -> DataProperties {
    let (ny, nx) = image.shape();
    let mut values = Vec::with_capacity(ny * nx);
    let mut places = Vec::with_capacity(ny * nx);
    let mut variance = 0.0;
    for ((y, x), v) in image.data().indexed_iter() {
        if !image.is_bad(x, y) {
            values.push(v.to_f64());
            places.push((x, y));
            variance += image.error().map_or(f64::NAN, |e| e[[y, x]].to_f64().powi(2));
        }
    }
    let n = values.len();
    let extreme = |better: fn(f64, f64) -> bool| {
        (0..n).fold(None, |best: Option<usize>, k| match best {
            Some(b) if !better(values[k], values[b]) => Some(b),
            _ => Some(k),
        })
    };
    let (low, high) = (extreme(|a, b| a < b), extreme(|a, b| a > b));
    let about = |c: Point| power_moments(&values, &places, c);
    let nan = [[f64::NAN; 4]; 4];
    let moments = if n > 0 { about(Point::default()) } else { nan };
    let centroid = Point::new(moments[0][1] / moments[0][0], moments[1][0] / moments[0][0]);
    let moments_central = if centroid.is_finite() { about(centroid) } else { nan };
    let covariance = Covariance::from_central_moments(&moments_central).regularized();
    let value = |k: Option<usize>| k.map_or(f64::NAN, |k| values[k]);
    DataProperties {
        centroid,
        flux: if n > 0 { values.iter().sum() } else { f64::NAN },
        flux_err: if n > 0 { variance.sqrt() } else { f64::NAN },
        area: n,
        min_value: value(low),
        max_value: value(high),
        min_value_index: low.map(|k| places[k]),
        max_value_index: high.map(|k| places[k]),
        moments,
        moments_central,
        covariance,
        shape: EllipseShape::new(&covariance),
        equivalent_radius: if n > 0 { (n as f64 / std::f64::consts::PI).sqrt() } else { f64::NAN },
        gini: gini_of(&mut values.clone()),
    }
}

fn power_moments(values: &[f64], places: &[(usize, usize)], c: Point) -> [[f64; 4]; 4] {
    let mut m = [[0.0; 4]; 4];
    for (v, (x, y)) in values.iter().zip(places) {
        let (dx, dy) = (*x as f64 - c.x, *y as f64 - c.y);
        let mut power = v.max(0.0);
        for line in &mut m {
            let mut p = power;
            for s in line {
                *s += p;
                p *= dx;
            }
            power *= dy;
        }
    }
    m
}
