//! Spurious detections in the wings of brighter sources.

use std::collections::HashMap;

use ndarray::ArrayView2;
use skyphot_core::{Image, Pixel};
use skyphot_detection::Threshold;

use crate::SegmentationImage;
use crate::detect::check;
use crate::error::{Result, SegmentationError};
use crate::kernel::label_stats::for_each_run;

/// Parameters of [`clean_sources`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CleanConfig {
    /// Exponent of the Moffat profile that the wings are assumed to have, 0.1 to 10: the smaller it is, the further they reach
    /// beyond the area of the source. Default 1.
    #[doc(alias = "CLEAN_PARAM")]
    pub beta: f64,
    /// How far the wings of a source are looked at, in units of its isophotal ellipse. Default 10.
    pub reach: f64,
    /// Give the pixels of a spurious source to the brighter one (the default), or else to the background.
    pub merge: bool,
    /// Number the result consecutively. Default true.
    pub relabel: bool,
}

impl Default for CleanConfig {
    fn default() -> Self {
        Self { beta: 1.0, reach: 10.0, merge: true, relabel: true }
    }
}

/// Takes away the sources that would not have been detected without the wings of a brighter one (SExtractor's CLEAN).
///
/// The wings of a source are taken for a Moffat profile `p / (1 + k r^2)^beta` in its isophotal ellipse, with the peak `p`
/// of the source and the `k` with which the profile falls to the threshold at the edge of its area. A fainter source
/// (in flux) is spurious if these wings, at its centroid, exceed what its `n_pixels`-th brightest pixel has above the
/// threshold: less than `n_pixels` pixels would then have been above it. It goes to the source with the strongest wings
/// there.
///
/// `image` and `threshold` are those of the detection, background-subtracted (the convolved image, if it was one). Flags and
/// parents of the sources that stay are kept.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_core::Image;
/// use skyphot_detection::Threshold;
/// use skyphot_segmentation::{SegmentationImage, clean_sources};
/// // A bright star, and a piece of its wings that was taken for a source.
/// let star = |x: f64, y: f64| 3000.0 / (1.0 + (x * x + y * y) / 4.0);
/// let data = Array2::from_shape_fn((61, 61), |(y, x)| star(x as f64 - 25.0, y as f64 - 30.0));
/// let labels = Array2::from_shape_fn((61, 61), |(y, x)| match data[[y, x]] {
///     v if v <= 20.0 => 0,
///     _ if (x as f64 - 44.0).hypot(y as f64 - 30.0) < 3.5 => 2,
///     _ => 1,
/// });
/// let segm = SegmentationImage::new(labels)?;
/// let clean = clean_sources(&Image::new(data.view())?, &segm, &Threshold::Scalar(20.0), 5, &Default::default())?;
/// assert_eq!((segm.len(), clean.len()), (2, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`SegmentationError::ShapeMismatch`], [`SegmentationError::InvalidParameter`].
///
/// # References
/// Bertin & Arnouts 1996, A&AS 117, 393, section 6; the SExtractor manual, "Cleaning". The profile of a wing is that of
/// the manual; the details are ours.
#[doc(alias = "CLEAN")]
pub fn clean_sources<T: Pixel>(
    image: &Image<'_, T>,
    segm: &SegmentationImage,
    threshold: &Threshold,
    n_pixels: usize,
    config: &CleanConfig,
) -> Result<SegmentationImage> {
    check::<T>(threshold.into(), image.shape(), n_pixels)?;
    if segm.shape() != image.shape() {
        return Err(SegmentationError::ShapeMismatch {
            what: "segmentation image",
            expected: image.shape(),
            found: segm.shape(),
        });
    }
    let invalid = |name, expected, found| Err(SegmentationError::InvalidParameter { name, expected, found });
    if !(0.1..=10.0).contains(&config.beta) {
        return invalid("beta", "between 0.1 and 10", config.beta);
    }
    if !(config.reach > 0.0 && config.reach.is_finite()) {
        return invalid("reach", "greater than 0", config.reach);
    }
    let sources = shapes(image.data(), image.mask(), segm, threshold, n_pixels, config.beta);
    let mut out = segm.clone();
    let eaters = eaters(&sources, config);
    let mut by_target = std::collections::BTreeMap::<i32, Vec<i32>>::new();
    for (i, e) in eaters.iter().enumerate() {
        if let Some(e) = e {
            let target = if config.merge { segm.labels()[root(&eaters, *e)] } else { 0 };
            by_target.entry(target).or_default().push(segm.labels()[i]);
        }
    }
    for (target, labels) in by_target {
        out.reassign_labels(&labels, target, false)?;
    }
    if config.relabel {
        out.relabel_consecutive(1)?;
    }
    Ok(out)
}

/// What cleaning wants to know of a source.
#[derive(Debug, Clone, Copy, Default)]
struct Wing {
    flux: f64,
    x: f64,
    y: f64,
    /// The ellipse `cxx dx^2 + cyy dy^2 + cxy dx dy = 1` of the shape and area of the source, and its semi-major axis.
    cxx: f64,
    cyy: f64,
    cxy: f64,
    a: f64,
    peak: f64,
    /// `k` of the profile.
    k: f64,
    /// What the `n_pixels`-th brightest pixel has above its threshold.
    margin: f64,
}

#[derive(Debug, Clone, Default)]
struct Sums {
    s: [f64; 6],
    threshold: f64,
    peak: f64,
    n: usize,
    /// The largest excesses, at most `n_pixels` of them.
    top: Vec<f64>,
}

fn shapes<T: Pixel>(
    data: ArrayView2<'_, T>,
    mask: Option<ArrayView2<'_, bool>>,
    segm: &SegmentationImage,
    threshold: &Threshold,
    n_pixels: usize,
    beta: f64,
) -> Vec<Wing> {
    let mut sums = vec![Sums { peak: f64::NEG_INFINITY, ..Sums::default() }; segm.len()];
    for_each_run(segm.pixels(), segm.shape().1, |y, x0, x1, label| {
        let Ok(i) = segm.labels().binary_search(&label) else { return };
        let (s, b) = (&mut sums[i], &segm.bbox()[i]);
        for x in x0..x1 {
            let v = data[[y, x]].to_f64();
            if !v.is_finite() || mask.as_ref().is_some_and(|m| m[[y, x]]) {
                continue;
            }
            let t = threshold.at(x, y);
            // Relative to the corner of the box: small numbers lose nothing.
            let (dx, dy) = ((x as i64 - b.x_min) as f64, (y as i64 - b.y_min) as f64);
            for (s, w) in s.s.iter_mut().zip([1.0, dx, dy, dx * dx, dy * dy, dx * dy]) {
                *s += v * w;
            }
            s.threshold += t;
            s.peak = s.peak.max(v);
            s.n += 1;
            let excess = v - t;
            if s.top.len() < n_pixels || s.top.last().is_some_and(|l| excess > *l) {
                let at = s.top.partition_point(|e| *e >= excess);
                s.top.insert(at, excess);
                s.top.truncate(n_pixels);
            }
        }
    });
    sums.iter()
        .zip(segm.bbox())
        .map(|(s, b)| wing(s, (b.x_min as f64, b.y_min as f64), n_pixels, beta))
        .collect()
}

fn wing(s: &Sums, (x0, y0): (f64, f64), n_pixels: usize, beta: f64) -> Wing {
    let nothing = Wing { flux: f64::NAN, ..Wing::default() };
    let flux = s.s[0];
    if s.n == 0 || flux <= 0.0 {
        return nothing;
    }
    let (mx, my) = (s.s[1] / flux, s.s[2] / flux);
    // No source is smaller than a pixel.
    let (mut xx, mut yy, xy) = (s.s[3] / flux - mx * mx, s.s[4] / flux - my * my, s.s[5] / flux - mx * my);
    if xx * yy - xy * xy < 1.0 / 144.0 {
        xx = xx.max(0.0) + 1.0 / 12.0;
        yy = yy.max(0.0) + 1.0 / 12.0;
    }
    let det = xx * yy - xy * xy;
    if det.is_nan() || det <= 0.0 {
        return nothing;
    }
    let a2 = 0.5 * (xx + yy) + (0.25 * (xx - yy) * (xx - yy) + xy * xy).sqrt();
    let threshold = s.threshold / s.n as f64;
    // Beyond the area of the source, in units of the ellipse, squared.
    let edge = s.n as f64 / (std::f64::consts::PI * det.sqrt());
    Wing {
        flux,
        x: x0 + mx,
        y: y0 + my,
        cxx: yy / det / edge,
        cyy: xx / det / edge,
        cxy: -2.0 * xy / det / edge,
        a: (a2 * edge).sqrt(),
        peak: s.peak,
        k: if threshold > 0.0 { (s.peak / threshold).powf(1.0 / beta) - 1.0 } else { f64::NAN },
        margin: if s.top.len() < n_pixels { 0.0 } else { s.top[n_pixels - 1] },
    }
}

impl Wing {
    /// The profile at a place, NaN for a source that has none.
    fn at(&self, x: f64, y: f64, beta: f64) -> f64 {
        let (dx, dy) = (x - self.x, y - self.y);
        let r2 = self.cxx * dx * dx + self.cyy * dy * dy + self.cxy * dx * dy;
        self.peak * (1.0 + self.k * r2).powf(-beta)
    }
}

/// For every source the brighter one in whose wings it would not have been detected.
fn eaters(sources: &[Wing], config: &CleanConfig) -> Vec<Option<usize>> {
    const CELL: f64 = 32.0;
    let cell = |v: f64| (v / CELL).floor() as i64;
    let mut cells: HashMap<(i64, i64), Vec<usize>> = HashMap::new();
    for (i, s) in sources.iter().enumerate().filter(|(_, s)| s.flux.is_finite()) {
        cells.entry((cell(s.x), cell(s.y))).or_default().push(i);
    }
    let mut best: Vec<Option<(f64, usize)>> = vec![None; sources.len()];
    for (j, big) in sources.iter().enumerate().filter(|(_, s)| s.flux.is_finite() && s.k > 0.0) {
        let reach = config.reach * big.a;
        for y in cell(big.y - reach)..=cell(big.y + reach) {
            for x in cell(big.x - reach)..=cell(big.x + reach) {
                for &i in cells.get(&(x, y)).into_iter().flatten() {
                    let small = &sources[i];
                    if small.flux >= big.flux || (small.x - big.x).hypot(small.y - big.y) > reach {
                        continue;
                    }
                    let light = big.at(small.x, small.y, config.beta);
                    // Of equal wings the first.
                    if light > small.margin && best[i].is_none_or(|(l, _)| light > l) {
                        best[i] = Some((light, j));
                    }
                }
            }
        }
    }
    best.into_iter().map(|b| b.map(|(_, j)| j)).collect()
}

/// Where a source ends that may be spurious itself: eaters are brighter, so this ends.
fn root(eaters: &[Option<usize>], mut i: usize) -> usize {
    while let Some(j) = eaters[i] {
        i = j;
    }
    i
}
