//! The pixels behind the statistics of one position.

use ndarray::{Array2, s};
use skyphot_core::{BoundingBox, Image, Pixel, Point};
use skyphot_geometry::{Coverage, OverlapMethod};
use skyphot_stats::kernel::clip_sorted;

use crate::kernel::neighbors::{Labels, Source};
use crate::kernel::sum::visit_good;
use crate::photometry_config::background_of;
use crate::planes::{Planes, contiguous};
use crate::{Aperture, Neighbors, Result, StatsConfig};

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
/// first one is used. Neighbours need the label of this position alone; corrected pixels hold their mirrored values.
///
/// # Errors
/// As [`ApertureStats::measure_with_neighbors`](crate::ApertureStats::measure_with_neighbors).
///
/// ```
/// use ndarray::Array2;
/// use skyphot_aperture::{CircularAperture, StatsConfig, aperture_cutout};
/// use skyphot_core::{Image, Point};
/// let data = Array2::from_elem((20, 20), 2.0);
/// let image = Image::new(data.view())?;
/// let aperture = CircularAperture::new(3.0)?;
/// let cutout = aperture_cutout(&image, Point::new(10.0, 10.0), &aperture, None, &StatsConfig::default())?.unwrap();
/// assert_eq!(cutout.data.dim(), (7, 7));
/// assert!(cutout.data[[0, 0]].is_nan() && cutout.data[[3, 3]] == 2.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn aperture_cutout<T: Pixel>(
    image: &Image<'_, T>,
    position: Point,
    aperture: &dyn Aperture,
    neighbors: Option<&Neighbors<'_>>,
    config: &StatsConfig,
) -> Result<Option<ApertureCutout>> {
    let backgrounds = config.local_background.as_deref();
    config.validate(backgrounds.map_or(1, <[f64]>::len))?;
    if let Some(n) = neighbors {
        n.validate(image.shape(), 1)?;
    }
    if !position.is_finite() {
        return Ok(None);
    }
    let (ny, nx) = image.shape();
    let window = BoundingBox { x_min: 0, x_max: nx as i64, y_min: 0, y_max: ny as i64 };
    let Some(bbox) = aperture.bbox(position).intersection(&window) else { return Ok(None) };
    let bkg = background_of(backgrounds, 0).unwrap_or(0.0);
    // Everything from here on happens on the part of the image within the box.
    let (cols, lines) = (bbox.x_min as usize..bbox.x_max as usize, bbox.y_min as usize..bbox.y_max as usize);
    let area = s![lines, cols];
    let mut part = Image::new(image.data().slice_move(area))?;
    if let Some(e) = image.error() {
        part = part.with_error(e.slice_move(area))?;
    }
    if let Some(m) = image.mask() {
        part = part.with_mask(m.slice_move(area))?;
    }
    let planes = Planes::new(&part);
    let (rows, inside) = (planes.rows(), planes.window());
    let (x0, y0) = (bbox.x_min as f64, bbox.y_min as f64);
    let center = Point::new(position.x - x0, position.y - y0);
    let labels = neighbors.map(|n| (contiguous(n.segmentation().slice_move(area)), n));
    let source = labels.as_ref().map(|(pixels, n)| {
        let label = n.labels().first().copied().unwrap_or(0);
        Source::new(Labels { pixels, method: n.method() }, label, center, inside)
    });
    let cut = |method: OverlapMethod| {
        let mut cover = Coverage::new();
        // Where the shape lies decides on its weights: the place is not shifted.
        aperture.coverage(position, method, &bbox, &mut cover);
        let nan = || Array2::from_elem(bbox.shape(), f64::NAN);
        let (mut values, mut weights, mut errors) = (nan(), nan(), rows.error.map(|_| nan()));
        let mut put = |i: usize, from: usize, w: f64| {
            let at = [i / rows.nx, i % rows.nx];
            values[at] = rows.data[from].to_f64() - bkg;
            weights[at] = w;
            if let (Some(all), Some(e)) = (&mut errors, rows.error) {
                all[at] = w * e[from].to_f64();
            }
        };
        match source.filter(|s| s.touches(rows.nx, &cover)) {
            Some(s) => {
                s.visit(&rows, &cover, &mut put);
            }
            None => {
                visit_good(&rows, &cover, |i, w| put(i, i, w));
            }
        }
        if let Some(clip) = &config.sigma_clip {
            let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
            sorted.sort_unstable_by(f64::total_cmp);
            let found = clip_sorted(&sorted, clip);
            let keep = |v: f64| v >= found.lower && v <= found.upper;
            if let Some(e) = &mut errors {
                ndarray::Zip::from(e).and(&values).for_each(|e, v| *e = if keep(*v) { *e } else { f64::NAN });
            }
            values.map_inplace(|v| *v = if keep(*v) { *v } else { f64::NAN });
        }
        (values, weights, errors)
    };
    let (data, ..) = cut(OverlapMethod::Center);
    let (values, weights, error_sum) = cut(config.sum_method);
    Ok(Some(ApertureCutout { bbox, data, data_sum: values * weights, error_sum }))
}
