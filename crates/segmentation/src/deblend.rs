//! Overlapping sources taken apart.

use std::collections::BTreeMap;

use ndarray::Array2;
use skyphot_core::{BoundingBox, Exec, Image, Pixel};

use crate::error::{Result, SegmentationError};
use crate::kernel::deblend::contrast::NotConnected;
use crate::kernel::deblend::one::{Parts, Workspace};
use crate::kernel::label_stats::{LabelStats, for_each_run};
use crate::kernel::runs::BAND;
use crate::kernel::zeros2;
use crate::{DeblendConfig, DeblendInfo, SegmentationFlags, SegmentationImage};

/// Sources in larger boxes than this (pixels) are a piece of work of their own.
const LARGE: usize = 32_768;
/// Small sources that one piece of work has together.
const CHUNK: usize = 64;

/// Takes overlapping sources apart by multiple thresholds and a watershed.
///
/// Every source is thresholded again at `n_levels` levels between its faintest and brightest pixel; a peak that is
/// separate at some level with at least `n_pixels` pixels, and has the fraction `contrast` of the flux, becomes a
/// source. The other pixels go to the peaks by flooding downhill. `image` is the one the sources were detected on (the
/// convolved one, if that was); bad pixels are ignored until the end, when they go to a neighbour. Sources of less than
/// `2 n_pixels` pixels stay as they are.
///
/// The result knows which labels come from which ([`parents`](SegmentationImage::parents)) and flags them. Every
/// source is worked on alone, the largest first, on all threads; the answer does not depend on their number.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_core::Image;
/// use skyphot_detection::Threshold;
/// use skyphot_segmentation::{deblend_sources, detect_sources};
/// let gauss = |x: f64, y: f64, x0: f64| 100.0 * (-0.5 * ((x - x0).powi(2) + (y - 10.0).powi(2)) / 4.0).exp();
/// let data = Array2::from_shape_fn((20, 30), |(y, x)| gauss(x as f64, y as f64, 11.0) + gauss(x as f64, y as f64, 18.0));
/// let image = Image::new(data.view())?;
/// let segm = detect_sources(&image, &Threshold::Scalar(1.0), 5, &Default::default())?;
/// let parts = deblend_sources(&image, &segm, 5, &Default::default())?;
/// assert_eq!((segm.len(), parts.len()), (1, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`SegmentationError::InvalidParameter`], [`SegmentationError::ShapeMismatch`], [`SegmentationError::UnknownLabel`] for
/// labels to deblend that do not occur, [`SegmentationError::Disconnected`] if the connectivity is not that of the
/// detection.
///
/// # Flags
/// `deblended` for new sources, `deblend_non_positive_min` and `deblend_too_many_markers` where the levels had to be
/// changed.
///
/// # References
/// Bertin & Arnouts 1996, A&AS 117, 393 (multiple thresholds); Soille & Ansoult 1990 (watershed); photutils 3.1
/// (criteria).
#[doc(alias = "DEBLEND_NTHRESH")]
#[doc(alias = "DEBLEND_MINCONT")]
pub fn deblend_sources<T: Pixel>(
    image: &Image<'_, T>,
    segm: &SegmentationImage,
    n_pixels: usize,
    config: &DeblendConfig,
) -> Result<SegmentationImage> {
    if segm.shape() != image.shape() {
        return Err(SegmentationError::ShapeMismatch {
            what: "segmentation image",
            expected: image.shape(),
            found: segm.shape(),
        });
    }
    config.check(n_pixels)?;
    let indices = match &config.labels {
        Some(labels) => segm.indices(labels)?,
        None => (0..segm.len()).collect(),
    };
    if config.contrast == 1.0 {
        let mut same = SegmentationImage::from_valid(segm.data().to_owned());
        if config.relabel {
            same.relabel_consecutive(1)?;
        }
        return Ok(same);
    }
    let sources: Vec<usize> =
        indices.into_iter().filter(|i| segm.areas()[*i] >= n_pixels.saturating_mul(2)).collect();
    let size = |i: usize| {
        let (ny, nx) = segm.bbox()[i].shape();
        ny * nx
    };
    let parts = largest_first(&sources, size, &config.exec, |work, i| {
        let (label, bbox) = (segm.labels()[i], &segm.bbox()[i]);
        work.deblend(image.data(), segm.data(), (0, 0), label, bbox, n_pixels, config)
    });
    let mut found = Vec::with_capacity(sources.len());
    for (i, p) in sources.iter().zip(parts) {
        let label = segm.labels()[*i];
        found.push((*i, p.map_err(|NotConnected| SegmentationError::Disconnected { label })?));
    }
    assemble(segm, &found, config)
}

/// Calls `f` for every source: large ones alone and first, small ones many together in their order, because those next to
/// each other share lines of memory; answers in the order of `sources`.
pub(crate) fn largest_first<R: Send + Clone>(
    sources: &[usize],
    size: impl Fn(usize) -> usize,
    exec: &skyphot_core::Exec,
    f: impl Fn(&mut Workspace, usize) -> R + Sync + Send,
) -> Vec<R> {
    let (mut large, small): (Vec<usize>, Vec<usize>) =
        (0..sources.len()).partition(|k| size(sources[*k]) > LARGE);
    large.sort_by_key(|k| std::cmp::Reverse(size(sources[*k])));
    let pieces: Vec<&[usize]> = large.chunks(1).chain(small.chunks(CHUNK)).collect();
    let done = exec.map_init(pieces.len(), Workspace::default, |work, piece| {
        pieces[piece].iter().map(|k| (*k, f(work, sources[*k]))).collect::<Vec<_>>()
    });
    let mut out: Vec<(usize, R)> = done.into_iter().flatten().collect();
    out.sort_unstable_by_key(|(k, _)| *k);
    out.into_iter().map(|(_, r)| r).collect()
}

/// Draws the new sources and numbers them.
fn assemble(
    segm: &SegmentationImage,
    found: &[(usize, Parts)],
    config: &DeblendConfig,
) -> Result<SegmentationImage> {
    let new: i64 = found.iter().map(|(_, p)| p.n as i64).sum();
    let last = i64::from(segm.max_label()) + new;
    if last > i64::from(i32::MAX) {
        return Err(SegmentationError::TooManyLabels(last));
    }
    let (mut children, mut info) = (BTreeMap::new(), DeblendInfo::default());
    let mut next = segm.max_label();
    for (i, p) in found {
        let label = segm.labels()[*i];
        if p.n >= 2 {
            children.insert(label, (next + 1..=next + p.n as i32).collect::<Vec<_>>());
            next += p.n as i32;
        }
        if p.non_positive_min {
            info.non_positive_min_labels.push(label);
        }
        if p.too_many_markers {
            info.too_many_markers_labels.push(label);
        }
    }
    let mut flags = BTreeMap::<i32, SegmentationFlags>::new();
    for kid in children.values().flatten() {
        flags.insert(*kid, SegmentationFlags::DEBLENDED);
    }
    for (labels, flag) in [
        (&info.non_positive_min_labels, SegmentationFlags::DEBLEND_NON_POSITIVE_MIN),
        (&info.too_many_markers_labels, SegmentationFlags::DEBLEND_TOO_MANY_MARKERS),
    ] {
        for label in labels {
            for l in children.get(label).map_or(std::slice::from_ref(label), Vec::as_slice) {
                *flags.entry(*l).or_default() |= flag;
            }
        }
    }
    let mut sheet = Sheet::new(segm, found, &children);
    if config.relabel {
        let map: BTreeMap<i32, i32> = sheet.stats.labels.iter().copied().zip(1..).collect();
        let to = |l: i32| map.get(&l).copied().unwrap_or(l);
        children.values_mut().flatten().for_each(|l| *l = to(*l));
        flags = flags.into_iter().map(|(l, f)| (to(l), f)).collect();
        sheet.renumber(&to);
    }
    let data = sheet.draw(segm, found, &config.exec);
    Ok(SegmentationImage::from_stats(data, sheet.stats).with_deblending(children, flags, info))
}

/// The new image before it is drawn: what is known of its labels, and where they go.
struct Sheet {
    stats: LabelStats,
    /// The new label of every source that stays whole, 0 for the others.
    whole: Vec<i32>,
    /// The label of the first new source less 1 of every deblended one.
    base: Vec<Option<i32>>,
}

impl Sheet {
    fn new(segm: &SegmentationImage, found: &[(usize, Parts)], children: &BTreeMap<i32, Vec<i32>>) -> Self {
        let mut whole = segm.labels().to_vec();
        let mut base = Vec::with_capacity(found.len());
        for (i, _) in found {
            let kids = children.get(&segm.labels()[*i]);
            base.push(kids.map(|k| k[0] - 1));
            if kids.is_some() {
                whole[*i] = 0;
            }
        }
        let mut stats = LabelStats::default();
        for (i, l) in whole.iter().enumerate().filter(|(_, l)| **l != 0) {
            stats.labels.push(*l);
            stats.areas.push(segm.areas()[i]);
            stats.boxes.push(segm.bbox()[i]);
        }
        // New labels follow the largest old one in the order of their parents.
        let mut parts: Vec<(i32, usize)> =
            base.iter().zip(0..).filter_map(|(b, k)| Some(((*b)?, k))).collect();
        parts.sort_unstable();
        for (b, k) in parts {
            let (i, p) = &found[k];
            let first = stats.labels.len();
            stats.labels.extend(b + 1..=b + p.n as i32);
            stats.areas.resize(first + p.n, 0);
            let none = BoundingBox { x_min: i64::MAX, x_max: i64::MIN, y_min: i64::MAX, y_max: i64::MIN };
            stats.boxes.resize(first + p.n, none);
            let corner = &segm.bbox()[*i];
            for &(y, x0, x1, l) in &p.runs {
                let k = first + l as usize - 1;
                stats.areas[k] += (x1 - x0) as usize;
                let y = corner.y_min + i64::from(y);
                let run = BoundingBox {
                    x_min: corner.x_min + i64::from(x0),
                    x_max: corner.x_min + i64::from(x1),
                    y_min: y,
                    y_max: y + 1,
                };
                stats.boxes[k] = stats.boxes[k].union(&run);
            }
        }
        Self { stats, whole, base }
    }

    /// All labels become what `to` says; their order stays.
    fn renumber(&mut self, to: &impl Fn(i32) -> i32) {
        self.whole.iter_mut().filter(|l| **l != 0).for_each(|l| *l = to(*l));
        self.base.iter_mut().flatten().for_each(|b| *b = to(*b + 1) - 1);
        self.stats.labels.iter_mut().for_each(|l| *l = to(*l));
    }

    fn draw(&self, segm: &SegmentationImage, found: &[(usize, Parts)], exec: &Exec) -> Array2<i32> {
        let (_, nx) = segm.shape();
        let max = segm.max_label() as usize;
        let unchanged = segm.labels() == self.whole;
        let dense = max <= segm.pixels().len() + 1024;
        let mut table = vec![0; if dense { max + 1 } else { 0 }];
        if dense {
            segm.labels().iter().zip(&self.whole).for_each(|(l, n)| table[*l as usize] = *n);
        }
        let mut data = zeros2(segm.shape());
        let Some(pixels) = data.as_slice_mut() else { return data };
        exec.for_each_chunk_mut(pixels, nx * BAND, |band, out| {
            let old = &segm.pixels()[band * nx * BAND..][..out.len()];
            if unchanged {
                out.copy_from_slice(old);
            } else {
                for_each_run(old, nx, |y, x0, x1, l| {
                    let new = if dense {
                        table[l as usize]
                    } else {
                        segm.labels().binary_search(&l).map_or(0, |i| self.whole[i])
                    };
                    out[y * nx + x0..y * nx + x1].fill(new);
                });
            }
        });
        for ((i, p), base) in found.iter().zip(&self.base) {
            let Some(base) = base else { continue };
            let b = &segm.bbox()[*i];
            for &(y, x0, x1, l) in &p.runs {
                let at = (b.y_min as usize + y as usize) * nx + b.x_min as usize;
                pixels[at + x0 as usize..at + x1 as usize].fill(base + l);
            }
        }
        data
    }
}
