//! The pixels behind the statistics of one position.

use ndarray::Array2;
use skyphot_core::{BoundingBox, Image, Pixel, Point};
use skyphot_geometry::{Coverage, OverlapMethod};
use skyphot_stats::kernel::clip_sorted;

use crate::photometry_config::background_of;
use crate::{Aperture, Result, StatsConfig};

/// The pixels an aperture holds at one position, as [`ApertureStats`](crate::ApertureStats) uses them: cutouts of the
/// image over the part of the bounding box that lies on it. Pixels that do not count are NaN: those outside the
/// aperture, masked, not finite, or clipped.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ApertureCutout {
    /// The part of the bounding box on the image.
    pub bbox: BoundingBox,
    /// Values less the local background of the pixels whose centres lie inside.
    #[doc(alias = "data_cutout")]
    pub data: Array2<f64>,
    /// Weight times value less the local background; they add up to `sum`.
    #[doc(alias = "data_sum_cutout")]
    pub data_sum: Array2<f64>,
    /// Weight times error; their squares add up to that of `sum_err`. `None` without an error plane.
    #[doc(alias = "error_sum_cutout")]
    pub error_sum: Option<Array2<f64>>,
}

/// The pixels of an aperture at one position; `None` if it does not overlap the image. Of several local backgrounds the
/// first one is used.
///
/// # Errors
/// [`ApertureError`](crate::ApertureError) for a configuration out of range.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_aperture::{CircularAperture, StatsConfig, aperture_cutout};
/// use skyphot_core::{Image, Point};
/// let data = Array2::from_elem((20, 20), 2.0);
/// let image = Image::new(data.view())?;
/// let aperture = CircularAperture::new(3.0)?;
/// let cutout = aperture_cutout(&image, Point::new(10.0, 10.0), &aperture, &StatsConfig::default())?.unwrap();
/// assert_eq!(cutout.data.dim(), (7, 7));
/// assert!(cutout.data[[0, 0]].is_nan() && cutout.data[[3, 3]] == 2.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn aperture_cutout<T: Pixel>(
    image: &Image<'_, T>,
    position: Point,
    aperture: &dyn Aperture,
    config: &StatsConfig,
) -> Result<Option<ApertureCutout>> {
    let backgrounds = config.local_background.as_deref();
    config.validate(backgrounds.map_or(1, <[f64]>::len))?;
    if !position.is_finite() {
        return Ok(None);
    }
    let (ny, nx) = image.shape();
    let window = BoundingBox { x_min: 0, x_max: nx as i64, y_min: 0, y_max: ny as i64 };
    let Some(bbox) = aperture.bbox(position).intersection(&window) else { return Ok(None) };
    let bkg = background_of(backgrounds, 0).unwrap_or(0.0);
    let cut = |method: OverlapMethod| {
        let mut cover = Coverage::new();
        aperture.coverage(position, method, &bbox, &mut cover);
        let mut values = Array2::from_elem(bbox.shape(), f64::NAN);
        let mut weights = Array2::from_elem(bbox.shape(), f64::NAN);
        cover.for_each(|y, x, w| {
            let (i, j) = (x + bbox.x_min as usize, y + bbox.y_min as usize);
            if !image.is_bad(i, j) {
                values[[y, x]] = image.data()[[j, i]].to_f64() - bkg;
                weights[[y, x]] = w;
            }
        });
        if let Some(clip) = &config.sigma_clip {
            let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
            sorted.sort_unstable_by(f64::total_cmp);
            let found = clip_sorted(&sorted, clip);
            values.map_inplace(|v| {
                if !(*v >= found.lower && *v <= found.upper) {
                    *v = f64::NAN;
                }
            });
        }
        (values, weights)
    };
    let (data, _) = cut(OverlapMethod::Center);
    let (values, weights) = cut(config.sum_method);
    let error_sum = image.error().map(|e| {
        Array2::from_shape_fn(values.dim(), |(y, x)| {
            if values[[y, x]].is_nan() {
                return f64::NAN;
            }
            weights[[y, x]] * e[[y + bbox.y_min as usize, x + bbox.x_min as usize]].to_f64()
        })
    });
    Ok(Some(ApertureCutout { bbox, data, data_sum: values * weights, error_sum }))
}
