//! The catalogue of the sources of a segmentation image.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use skyphot_core::{BoundingBox, Column, FlagSet, Image, Pixel, SkyTransform};

use super::config::CatalogConfig;
use super::images::CatalogImages;
use super::kernel::segment::Isophotal;
use super::measure::{CatalogParts, CatalogScratch, Measurer, SourceMeasurement};
use crate::error::{Result, SegmentationError};
use crate::{SegmentationFlags, SegmentationImage};

/// A map to the sky that can be printed.
#[derive(Clone)]
pub(crate) enum Wcs<'a> {
    Borrowed(&'a dyn SkyTransform),
    Shared(Arc<dyn SkyTransform>),
}

impl Wcs<'_> {
    pub(crate) fn get(&self) -> &dyn SkyTransform {
        match self {
            Self::Borrowed(t) => *t,
            Self::Shared(t) => t.as_ref(),
        }
    }
}

impl fmt::Debug for Wcs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SkyTransform")
    }
}

/// What has been measured so far.
#[derive(Debug, Default)]
struct Cache(Mutex<(CatalogParts, Arc<Vec<SourceMeasurement>>)>);

impl Cache {
    fn lock(&self) -> MutexGuard<'_, (CatalogParts, Arc<Vec<SourceMeasurement>>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clone for Cache {
    fn clone(&self) -> Self {
        Self(Mutex::new(self.lock().clone()))
    }
}

/// Boxes that sources need and the window of the image lacks, by label.
#[derive(Debug, Default)]
pub(crate) struct Missing(Mutex<BTreeMap<i32, BoundingBox>>);

impl Missing {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<i32, BoundingBox>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has been missed so far.
    pub(crate) fn take(&self) -> BTreeMap<i32, BoundingBox> {
        std::mem::take(&mut *self.lock())
    }
}

/// Radii by the fraction of the flux (its bits).
#[derive(Debug, Default)]
struct Radii(Mutex<BTreeMap<u64, Arc<Vec<f64>>>>);

impl Radii {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Vec<f64>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clone for Radii {
    fn clone(&self) -> Self {
        Self(Mutex::new(self.lock().clone()))
    }
}

/// Photometry and shapes of the sources of a [`SegmentationImage`]: everything photutils' `SourceCatalog` knows, by the
/// same names.
///
/// The data must be background-subtracted. A property is measured when it is first asked for, for all sources at once,
/// and kept. Masked and non-finite pixels are left out; a source without a good pixel has NaN everywhere. Positions are
/// 0-based pixels, lengths pixels, angles degrees.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_core::Image;
/// use skyphot_segmentation::{CatalogConfig, SegmentationImage, SourceCatalog};
/// let spot = |y: usize, x: usize| {
///     let (dx, dy) = (x as f64 - 12.0, y as f64 - 10.0);
///     100.0 * (-(dx * dx / 8.0 + dy * dy / 4.5)).exp()
/// };
/// let data = Array2::from_shape_fn((21, 25), |(y, x)| spot(y, x));
/// let segm = SegmentationImage::new(data.mapv(|v| i32::from(v > 1.0)))?;
/// let cat = SourceCatalog::new(&Image::new(data.view())?, &segm, CatalogConfig::default())?;
/// assert!((cat.x_centroid()[0] - 12.0).abs() < 1e-12 && (cat.y_centroid()[0] - 10.0).abs() < 1e-12);
/// assert!((cat.kron_flux()[0] / data.sum() - 1.0).abs() < 0.01);
/// let table = cat.to_table(&["label", "x_centroid", "kron_flux", "flags"])?;
/// assert_eq!(table.n_rows(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[doc(alias = "FLUX_AUTO")]
pub struct SourceCatalog<'a> {
    images: Option<CatalogImages<'a>>,
    full: (usize, usize),
    labels: Vec<i32>,
    bboxes: Vec<BoundingBox>,
    provenance: Vec<SegmentationFlags>,
    config: CatalogConfig,
    wcs: Option<Wcs<'a>>,
    detection: Option<Arc<SourceCatalog<'a>>>,
    cache: Cache,
    radii: Radii,
    missing: Arc<Missing>,
    pub(crate) extra: Vec<Column>,
}

impl<'a> SourceCatalog<'a> {
    /// A catalogue of an image.
    ///
    /// # Errors
    /// [`SegmentationError::ShapeMismatch`], [`SegmentationError::InvalidParameter`].
    pub fn new<T: Pixel>(
        image: &Image<'a, T>,
        segm: &'a SegmentationImage,
        config: CatalogConfig,
    ) -> Result<Self> {
        Self::from_images(CatalogImages::new(image, segm.data())?, segm, config)
    }

    /// A catalogue of several images that belong together.
    ///
    /// # Errors
    /// [`SegmentationError::ShapeMismatch`], [`SegmentationError::InvalidParameter`].
    pub fn from_images(
        images: CatalogImages<'a>,
        segm: &SegmentationImage,
        config: CatalogConfig,
    ) -> Result<Self> {
        config.validate()?;
        let full = images.full_shape();
        if images.window().shape() != full || segm.shape() != full {
            return Err(SegmentationError::ShapeMismatch {
                what: "images of a catalogue",
                expected: full,
                found: images.window().shape(),
            });
        }
        Ok(Self::in_window(images, segm.labels().to_vec(), segm.bbox().to_vec(), segm.flags(), config))
    }

    /// A catalogue of some sources of a window. What the window lacks is [`missing`](Self::missing).
    pub(crate) fn in_window(
        images: CatalogImages<'a>,
        labels: Vec<i32>,
        bboxes: Vec<BoundingBox>,
        provenance: Vec<SegmentationFlags>,
        config: CatalogConfig,
    ) -> Self {
        Self {
            full: images.full_shape(),
            images: Some(images),
            labels,
            bboxes,
            provenance,
            config,
            wcs: None,
            detection: None,
            cache: Cache::default(),
            radii: Radii::default(),
            missing: Arc::default(),
            extra: Vec::new(),
        }
    }

    /// What sources needed and the window did not have; shared with clones.
    pub(crate) fn missing(&self) -> Arc<Missing> {
        Arc::clone(&self.missing)
    }

    /// The answer, or nothing and a note of the box that is missing.
    pub(crate) fn noted<T>(
        &self,
        row: usize,
        answer: std::result::Result<T, BoundingBox>,
        nothing: impl FnOnce() -> T,
    ) -> T {
        answer.unwrap_or_else(|b| {
            let mut all = self.missing.lock();
            let label = self.labels[row];
            let known = all.get(&label).map_or(b, |k| k.union(&b));
            all.insert(label, known);
            nothing()
        })
    }

    /// A catalogue put together from measurements that were made window by window of an image of shape `(ny, nx)`.
    /// `provenance` are the flags of the segmentation, one per source. What was not measured cannot be had from it.
    ///
    /// # Errors
    /// [`SegmentationError::Core`] if there are not as many flags as sources, [`SegmentationError::InvalidParameter`].
    pub fn from_measurements(
        rows: Vec<SourceMeasurement>,
        provenance: Vec<SegmentationFlags>,
        full_shape: (usize, usize),
        config: CatalogConfig,
    ) -> Result<Self> {
        config.validate()?;
        if provenance.len() != rows.len() {
            return Err(skyphot_core::CoreError::ColumnLength {
                name: "flags".to_owned(),
                expected: rows.len(),
                found: provenance.len(),
            }
            .into());
        }
        let parts = rows.iter().fold(CatalogParts::ALL, |p, r| p.without(CatalogParts::ALL.without(r.parts)));
        let catalog = Self {
            images: None,
            full: full_shape,
            labels: rows.iter().map(|r| r.label).collect(),
            bboxes: rows.iter().map(|r| r.bbox).collect(),
            provenance,
            config,
            wcs: None,
            detection: None,
            cache: Cache::default(),
            radii: Radii::default(),
            missing: Arc::default(),
            extra: Vec::new(),
        };
        *catalog.cache.lock() = (parts, Arc::new(rows));
        Ok(catalog)
    }

    /// Measures centroids and shapes on the data convolved with the kernel of the detection.
    ///
    /// # Errors
    /// [`SegmentationError::ShapeMismatch`].
    pub fn with_convolved_data<T: Pixel>(mut self, data: ndarray::ArrayView2<'a, T>) -> Result<Self> {
        self.images = self.images.map(|i| i.with_convolved_data(data)).transpose()?;
        self.forget();
        Ok(self)
    }

    /// Also measures the background that was subtracted from the data.
    ///
    /// # Errors
    /// [`SegmentationError::ShapeMismatch`].
    pub fn with_background<T: Pixel>(mut self, background: ndarray::ArrayView2<'a, T>) -> Result<Self> {
        self.images = self.images.map(|i| i.with_background(background)).transpose()?;
        self.forget();
        Ok(self)
    }

    /// Gives the sources positions on the sky.
    #[must_use]
    pub fn with_wcs(mut self, wcs: &'a dyn SkyTransform) -> Self {
        self.wcs = Some(Wcs::Borrowed(wcs));
        self
    }

    /// As [`with_wcs`](Self::with_wcs), for catalogues that outlive nothing, as those of [`catalog_tiled`](crate::catalog_tiled).
    #[must_use]
    pub fn with_shared_wcs(mut self, wcs: Arc<dyn SkyTransform>) -> Self {
        self.wcs = Some(Wcs::Shared(wcs));
        self
    }

    /// Takes centroids, shapes and Kron apertures from the catalogue of a detection image with the same sources
    /// (photometry of several bands in the same apertures). Its WCS, its treatment of neighbours and its Kron parameters
    /// replace those of this catalogue.
    ///
    /// # Errors
    /// [`SegmentationError::ShapeMismatch`] or [`SegmentationError::UnknownLabel`] if it is one of other sources.
    #[doc(alias = "detection_catalog")]
    pub fn with_detection_catalog(mut self, detection: &SourceCatalog<'a>) -> Result<Self> {
        if detection.full != self.full {
            return Err(SegmentationError::ShapeMismatch {
                what: "detection catalogue's image",
                expected: self.full,
                found: detection.full,
            });
        }
        if detection.labels != self.labels || detection.bboxes != self.bboxes {
            let other = self.labels.iter().zip(&detection.labels).find(|(a, b)| a != b);
            return Err(SegmentationError::UnknownLabel(
                other.map_or(detection.labels.last().copied().unwrap_or(0), |(_, b)| *b),
            ));
        }
        self.config.aperture_mask_method = detection.config.aperture_mask_method;
        self.config.kron_params = detection.config.kron_params;
        self.wcs = detection.wcs.clone();
        self.detection = Some(Arc::new(detection.clone()));
        self.forget();
        Ok(self)
    }

    fn forget(&mut self) {
        self.cache = Cache::default();
        self.radii = Radii::default();
    }

    /// Number of sources.
    #[must_use]
    #[doc(alias = "n_labels")]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// There is no source.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Labels of the sources in the segmentation image.
    #[must_use]
    #[doc(alias = "NUMBER")]
    pub fn labels(&self) -> &[i32] {
        &self.labels
    }

    /// The smallest box that contains each segment.
    #[must_use]
    #[doc(alias = "slices")]
    pub fn bbox(&self) -> &[BoundingBox] {
        &self.bboxes
    }

    /// The settings in use.
    #[must_use]
    pub fn config(&self) -> &CatalogConfig {
        &self.config
    }

    /// Shape `(ny, nx)` of the image.
    #[must_use]
    pub fn image_shape(&self) -> (usize, usize) {
        self.full
    }

    pub(crate) fn wcs(&self) -> Option<&Wcs<'a>> {
        self.wcs.as_ref()
    }

    pub(crate) fn images(&self) -> Option<&CatalogImages<'a>> {
        self.images.as_ref()
    }

    /// Itself.
    pub(crate) fn own(&self) -> &Self {
        self
    }

    /// The catalogue that centroids and shapes come from.
    pub(crate) fn shapes(&self) -> &Self {
        self.detection.as_deref().unwrap_or(self)
    }

    /// The rows of the detection catalogue with the parts they have to share.
    pub(crate) fn detection_rows(&self) -> Option<Arc<Vec<SourceMeasurement>>> {
        self.detection.as_ref().map(|d| d.rows(CatalogParts::KRON_RADIUS))
    }

    /// All rows with at least the wanted parts.
    pub(crate) fn rows(&self, want: CatalogParts) -> Arc<Vec<SourceMeasurement>> {
        self.measure(want, &[])
    }

    /// Measures the wanted parts and radii that are not there yet, in one go.
    pub(crate) fn measure(&self, want: CatalogParts, fractions: &[f64]) -> Arc<Vec<SourceMeasurement>> {
        let want = if fractions.is_empty() { want } else { want | CatalogParts::KRON_FLUX }.closure();
        let missing: Vec<f64> = {
            let known = self.radii.lock();
            fractions.iter().copied().filter(|f| !known.contains_key(&f.to_bits())).collect()
        };
        let (have, rows) = self.cache.lock().clone();
        let Some(images) = &self.images else { return rows };
        if have.contains(want) && missing.is_empty() {
            return rows;
        }
        let detection = self.detection_rows();
        let measurer = Measurer { images, config: &self.config };
        let complete = have.contains(CatalogParts::ISOPHOTAL);
        // Runs of sources, so that threads share little.
        const RUN: usize = 64;
        let n = self.len();
        let measured = self.config.exec.map_init(n.div_ceil(RUN), CatalogScratch::default, |scratch, run| {
            (run * RUN..((run + 1) * RUN).min(n))
                .map(|i| {
                    let known = complete.then(|| &rows[i]);
                    let detection = detection.as_ref().map(|d| &d[i]);
                    let source = (self.labels[i], self.bboxes[i]);
                    let row = measurer.measure(source, want, known, detection, &missing, scratch);
                    self.noted(i, row, || {
                        let row = SourceMeasurement::with_segment(source, want, Isophotal::nothing());
                        (row, vec![f64::NAN; missing.len()])
                    })
                })
                .collect::<Vec<_>>()
        });
        let mut all = Vec::with_capacity(n);
        let mut radii = vec![Vec::with_capacity(n); missing.len()];
        for (row, r) in measured.into_iter().flatten() {
            all.push(row);
            for (to, r) in radii.iter_mut().zip(r) {
                to.push(r);
            }
        }
        let all = Arc::new(all);
        {
            let mut known = self.radii.lock();
            for (f, r) in missing.iter().zip(radii) {
                known.insert(f.to_bits(), Arc::new(r));
            }
        }
        let mut cache = self.cache.lock();
        // Another thread may have been faster with other parts; these are the more if they contain them.
        if !cache.0.contains(have | want) {
            *cache = (have | want, Arc::clone(&all));
        }
        all
    }

    /// Radii measured by [`measure`](Self::measure), or NaN.
    pub(crate) fn known_radii(&self, fraction: f64) -> Arc<Vec<f64>> {
        let known = self.radii.lock().get(&fraction.to_bits()).cloned();
        known.unwrap_or_else(|| Arc::new(vec![f64::NAN; self.len()]))
    }

    /// What the measurement of each source came upon, and how deblending came to it.
    #[must_use]
    pub fn flags(&self) -> Vec<SegmentationFlags> {
        use SegmentationFlags as F;
        let rows = self.rows(CatalogParts::KRON_FLUX | CatalogParts::LOCAL_BACKGROUND);
        let detection = self.detection_rows();
        let own = &self.config.kron_params;
        let (ny, nx) = (self.full.0 as i64, self.full.1 as i64);
        rows.iter()
            .zip(&self.provenance)
            .enumerate()
            .map(|(i, (m, provenance))| {
                let shapes = detection.as_ref().map_or(m, |d| &d[i]);
                let b = &m.bbox;
                let mut f = *provenance;
                f.set(F::EDGE_TOUCH, b.x_min == 0 || b.y_min == 0 || b.x_max == nx || b.y_max == ny);
                f.set(F::MASKED_PIXELS, m.iso.any_masked);
                f.set(F::NON_FINITE_DATA, m.iso.any_non_finite);
                f.set(F::NON_FINITE_ERROR, m.iso.any_non_finite_error);
                f.set(F::ALL_MASKED, m.iso.all_masked());
                let few = m.local.1 < super::kernel::local_background::MIN_PIXELS;
                f.set(F::LOCAL_BKG_TOO_FEW_PIXELS, self.config.local_bkg_width > 0 && few);
                let c = &shapes.iso.raw_covariance;
                let positive = shapes.iso.moments[0][0] > 0.0;
                f.set(F::UNDEFINED_SHAPE, !positive || c.is_invalid());
                f.set(F::SINGULAR_COVARIANCE, c.is_singular());
                f |= m.kron_flux.flags;
                let minimum = shapes.measured_kron_radius(own) <= own.minimum_radius
                    || shapes.kron_radius(own, own) == 0.0;
                f.set(F::KRON_MINIMUM_RADIUS, minimum);
                f
            })
            .collect()
    }

    /// Names of the flags of each source.
    #[must_use]
    pub fn decode_flags(&self) -> Vec<(i32, Vec<&'static str>)> {
        self.labels.iter().zip(self.flags()).map(|(l, f)| (*l, f.names())).collect()
    }

    /// The catalogue of some of the sources, by their places here, in that order.
    ///
    /// # Errors
    /// [`SegmentationError::InvalidParameter`] for a place beyond the last source.
    pub fn select(&self, rows: &[usize]) -> Result<Self> {
        if let Some(&bad) = rows.iter().find(|&&r| r >= self.len()) {
            return Err(SegmentationError::InvalidParameter {
                name: "row",
                expected: "the number of a source in the catalogue",
                found: bad as f64,
            });
        }
        let (have, all) = self.cache.lock().clone();
        let cached = if all.is_empty() {
            (CatalogParts::NONE, all)
        } else {
            (have, Arc::new(rows.iter().map(|&r| all[r].clone()).collect()))
        };
        let radii = self
            .radii
            .lock()
            .iter()
            .map(|(f, v)| (*f, Arc::new(rows.iter().map(|&r| v[r]).collect::<Vec<f64>>())))
            .collect();
        Ok(Self {
            images: self.images.clone(),
            full: self.full,
            labels: rows.iter().map(|&r| self.labels[r]).collect(),
            bboxes: rows.iter().map(|&r| self.bboxes[r]).collect(),
            provenance: rows.iter().map(|&r| self.provenance[r]).collect(),
            config: self.config.clone(),
            wcs: self.wcs.clone(),
            detection: self.detection.as_ref().map(|d| d.select(rows)).transpose()?.map(Arc::new),
            cache: Cache(Mutex::new(cached)),
            radii: Radii(Mutex::new(radii)),
            missing: Arc::default(),
            extra: self.extra.iter().map(|c| c.take(rows)).collect(),
        })
    }

    /// The catalogue of the sources of some labels, in that order.
    ///
    /// # Errors
    /// [`SegmentationError::UnknownLabel`].
    #[doc(alias = "get_labels")]
    #[doc(alias = "select_label")]
    pub fn select_labels(&self, labels: &[i32]) -> Result<Self> {
        let places: BTreeMap<i32, usize> = self.labels.iter().enumerate().map(|(i, l)| (*l, i)).collect();
        let rows = labels
            .iter()
            .map(|l| places.get(l).copied().ok_or(SegmentationError::UnknownLabel(*l)))
            .collect::<Result<Vec<_>>>()?;
        self.select(&rows)
    }
}
