//! Local peaks.

use ndarray::Array2;
use skyphot_centroids::{CentroidMethod, CentroidSourcesConfig, centroid_sources};
use skyphot_core::{Exec, Image, Meta, Pixel, Point};
use skyphot_filter::Footprint;

use crate::error::{DetectionError, Result, at_least_one, not_negative};
use crate::select::{Neighbourhood, brightest, select_peaks};
use crate::{Outcome, PeakCatalog, Threshold};

/// How [`find_peaks`] searches.
#[derive(Debug, Clone)]
pub struct PeakConfig {
    /// Box `(ny, nx)` around a pixel that no other pixel in it may exceed; also the box for centroids, which must be odd
    /// then. Default 3 x 3.
    pub box_size: (usize, usize),
    /// A neighbourhood of any shape instead of the box.
    pub footprint: Option<Footprint>,
    /// Rows at the lower and upper and columns at the left and right edge, `(ny, nx)`, where no peak counts. Default 0.
    pub border_width: (usize, usize),
    /// Keep only this many peaks, the highest, highest first. Default: all.
    #[doc(alias = "npeaks")]
    pub n_peaks: Option<usize>,
    /// Peaks must be more than this many pixels apart; replaces box and footprint in the search (not for centroids), and
    /// makes touching or close peaks of one value a single one. `None` (default) or 0 = off.
    pub min_separation: Option<f64>,
    /// How to measure centroids, in the box or footprint around each peak. Default: not at all.
    #[doc(alias = "centroid_func")]
    pub centroid: Option<CentroidMethod>,
    /// Threads to use.
    pub exec: Exec,
}

impl Default for PeakConfig {
    fn default() -> Self {
        Self {
            box_size: (3, 3),
            footprint: None,
            border_width: (0, 0),
            n_peaks: None,
            min_separation: None,
            centroid: None,
            exec: Exec::default(),
        }
    }
}

/// Finds the pixels that lie above a threshold (data units; one value or an image) and that no pixel of their
/// neighbourhood exceeds. Peaks come row by row, or the highest first if `n_peaks` cuts.
///
/// Without a separation every pixel of a tie is a peak. With one, pixels that touch become the one nearest to their
/// middle, and of peaks of one value that are still too close the one of the larger plateau, then the first row by row,
/// is kept.
///
/// Masked and non-finite pixels are neither peaks nor do they hide any. Beyond the edge the image counts as 0: a
/// negative pixel whose neighbourhood reaches over the edge is no peak. A constant image has no peaks. The image's error,
/// if it has one, weights the Gaussian centroids.
///
/// ```
/// use skyphot_core::Image;
/// use skyphot_detection::{PeakConfig, find_peaks};
/// let data = skyphot_core::testing::field(80, 100, 7, 12, 1.0);
/// let config = PeakConfig { box_size: (5, 5), n_peaks: Some(4), ..Default::default() };
/// let peaks = find_peaks(&Image::new(data.view())?, 115.0, &config)?;
/// assert_eq!(peaks.len(), 4);
/// assert!(peaks.peak_value[0] >= peaks.peak_value[3]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`DetectionError`] for parameters out of range, a threshold image of another shape, or an even box with centroids.
/// Finding nothing is not an error.
///
/// # Differences from photutils
/// Infinite pixels count as bad. Of equal peaks at the limit of `n_peaks` the first row by row is kept.
pub fn find_peaks<T: Pixel>(
    image: &Image<'_, T>,
    threshold: impl Into<Threshold>,
    config: &PeakConfig,
) -> Result<PeakCatalog> {
    let threshold = threshold.into();
    at_least_one("n_peaks", config.n_peaks)?;
    not_negative("min_separation", config.min_separation)?;
    let (by, bx) = config.box_size;
    let footprint = match &config.footprint {
        Some(f) => f.clone(),
        None => Footprint::rectangle(by, bx)?,
    };
    if config.centroid.is_some() && config.footprint.is_none() && (by % 2 == 0 || bx % 2 == 0) {
        return Err(DetectionError::EvenBox(config.box_size));
    }
    if let Some(method) = &config.centroid {
        method.validate()?;
    }
    let neighbourhood = match config.min_separation {
        Some(s) if s > 0.0 => Neighbourhood::Separation(s),
        _ => Neighbourhood::Footprint(footprint),
    };
    let data = image.data();
    let mut peaks =
        select_peaks(data, image.mask(), &threshold, &neighbourhood, config.border_width, &config.exec)?;
    let n_candidates = peaks.len();
    let mut values: Vec<f64> = peaks.iter().map(|&(y, x)| data[[y, x]].to_f64()).collect();
    if let Some(n) = config.n_peaks.filter(|n| *n < n_candidates) {
        let keep = brightest(&values, n);
        peaks = keep.iter().map(|&i| peaks[i]).collect();
        values = keep.iter().map(|&i| values[i]).collect();
    }
    let centroids = match config.centroid {
        None => None,
        Some(method) => {
            let positions: Vec<Point> = peaks.iter().map(|&(y, x)| Point::new(x as f64, y as f64)).collect();
            let c = CentroidSourcesConfig {
                box_size: config.box_size,
                footprint: config.footprint.as_ref().map(odd_footprint),
                method,
                exec: config.exec.clone(),
            };
            Some(centroid_sources(image, &positions, &c)?)
        }
    };
    let mut meta = Meta::new();
    meta.set("finder", "peaks");
    meta.set("threshold", threshold.scalar());
    if let Neighbourhood::Separation(s) = neighbourhood {
        meta.set("min_separation", s);
    }
    Ok(PeakCatalog {
        x_peak: peaks.iter().map(|p| p.1).collect(),
        y_peak: peaks.iter().map(|p| p.0).collect(),
        peak_value: values,
        centroids,
        n_candidates,
        outcome: Outcome::of(n_candidates, n_candidates),
        meta,
    })
}

/// The same pixels in an array of odd sides, so that its central element lies on the peak.
fn odd_footprint(footprint: &Footprint) -> Array2<bool> {
    let (fy, fx) = footprint.shape();
    let data = footprint.data();
    Array2::from_shape_fn((fy | 1, fx | 1), |(y, x)| data.get([y, x]).copied().unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane() -> Array2<f64> {
        let mut d = Array2::zeros((9, 12));
        d[[4, 5]] = 5.0;
        d[[4, 6]] = 5.0;
        d[[7, 1]] = 7.0;
        d
    }

    #[test]
    fn ties_stay_or_become_one() {
        let d = plane();
        let image = Image::new(d.view()).unwrap();
        let all = find_peaks(&image, 1.0, &PeakConfig::default()).unwrap();
        assert_eq!((all.x_peak, all.y_peak), (vec![5, 6, 1], vec![4, 4, 7]));
        let one = PeakConfig { min_separation: Some(2.0), ..Default::default() };
        assert_eq!(find_peaks(&image, 1.0, &one).unwrap().x_peak, [5, 1]);
        let two = PeakConfig { n_peaks: Some(2), ..Default::default() };
        assert_eq!(find_peaks(&image, 1.0, &two).unwrap().x_peak, [1, 5]);
    }

    #[test]
    fn empty_catalogues_are_valid_tables() {
        let d = plane();
        let image = Image::new(d.view()).unwrap();
        let config = PeakConfig { centroid: Some(CentroidMethod::Com), ..Default::default() };
        let none = find_peaks(&image, 100.0, &config).unwrap();
        assert_eq!((none.len(), none.outcome), (0, Outcome::NothingAboveThreshold));
        let t = none.to_table().unwrap();
        assert_eq!(t.names(), ["id", "x_peak", "y_peak", "peak_value", "x_centroid", "y_centroid", "flags"]);
        let bad = Array2::from_elem((4, 4), f64::NAN);
        assert!(find_peaks(&Image::new(bad.view()).unwrap(), -1e300, &config).unwrap().is_empty());
    }

    #[test]
    fn what_is_refused() {
        let d = plane();
        let image = Image::new(d.view()).unwrap();
        let message = |c: PeakConfig| find_peaks(&image, 1.0, &c).unwrap_err().to_string();
        assert_eq!(
            message(PeakConfig {
                box_size: (30, 31),
                centroid: Some(CentroidMethod::Com),
                ..Default::default()
            }),
            "box_size must be odd along both axes to measure centroids, found (30, 31) (ny, nx)"
        );
        assert_eq!(
            message(PeakConfig { n_peaks: Some(0), ..Default::default() }),
            "n_peaks must be at least 1, found 0"
        );
        assert!(message(PeakConfig { box_size: (0, 3), ..Default::default() }).contains("found none"));
        assert!(find_peaks(&image, Array2::zeros((2, 2)), &PeakConfig::default()).is_err());
    }
}
