//! One source, measured in a window of the image.

use std::ops::{BitOr, BitOrAssign};

use skyphot_core::{BoundingBox, Point};

use super::config::{CatalogConfig, KronParams};
use super::images::CatalogImages;
use super::kernel::aperture::{ApertureScratch, ApertureSum, ApertureTask, Shape, mirror_center};
use super::kernel::kron::{SCALE, kron_sums};
use super::kernel::local_background::local_background;
use super::kernel::perimeter::{PerimeterScratch, perimeter};
use super::kernel::quadratic::{CentroidResult, centroid_quadratic};
use super::kernel::radius::{RadiusTask, flux_radii};
use super::kernel::segment::{Isophotal, SegmentPixels};
use super::kernel::stamp::{Stamp, StampRequest};
use super::kernel::windowed::centroid_windowed;

/// Parts of the measurement of a source; each one is made when a property that needs it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CatalogParts(u32);

impl CatalogParts {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Sums, extremes, moments and shape of the segment.
    pub const ISOPHOTAL: Self = Self(1);
    /// The local background.
    pub const LOCAL_BACKGROUND: Self = Self(2);
    /// The Kron radius.
    pub const KRON_RADIUS: Self = Self(4);
    /// Flux and flags of the Kron aperture.
    pub const KRON_FLUX: Self = Self(8);
    /// The radius of half the Kron flux.
    pub const HALF_LIGHT: Self = Self(16);
    /// The windowed centroid.
    pub const WINDOWED: Self = Self(32);
    /// The quadratic centroid.
    pub const QUADRATIC: Self = Self(64);
    /// The perimeter.
    pub const PERIMETER: Self = Self(128);
    /// The Gini coefficient.
    pub const GINI: Self = Self(256);
    /// Everything.
    pub const ALL: Self = Self(511);

    /// All of `other` is in here.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// What is here and not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// With all parts that these follow from.
    #[must_use]
    pub(crate) const fn closure(self) -> Self {
        let mut p = self;
        if p.contains(Self::WINDOWED) {
            p = p.union(Self::HALF_LIGHT);
        }
        if p.contains(Self::HALF_LIGHT) {
            p = p.union(Self::KRON_FLUX);
        }
        if p.contains(Self::KRON_FLUX) {
            p = p.union(Self::KRON_RADIUS).union(Self::LOCAL_BACKGROUND);
        }
        if p.0 != 0 {
            p = p.union(Self::ISOPHOTAL);
        }
        p
    }
}

impl BitOr for CatalogParts {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

impl BitOrAssign for CatalogParts {
    fn bitor_assign(&mut self, other: Self) {
        *self = self.union(other);
    }
}

/// The measurement of one source: the parts that were asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceMeasurement {
    pub(crate) label: i32,
    pub(crate) bbox: BoundingBox,
    pub(crate) parts: CatalogParts,
    pub(crate) iso: Isophotal,
    /// Level and number of pixels.
    pub(crate) local: (f64, usize),
    /// Sums of the first moment.
    pub(crate) kron: Option<(f64, f64)>,
    pub(crate) kron_flux: ApertureSum,
    pub(crate) half_light: f64,
    pub(crate) windowed: CentroidResult,
    pub(crate) quadratic: CentroidResult,
    pub(crate) perimeter: f64,
    pub(crate) gini: f64,
    /// The background image at the centroid.
    pub(crate) background_centroid: f64,
}

impl SourceMeasurement {
    /// A source of which only the segment is known.
    pub(crate) fn with_segment(
        (label, bbox): (i32, BoundingBox),
        parts: CatalogParts,
        iso: Isophotal,
    ) -> Self {
        let nowhere = CentroidResult {
            position: (f64::NAN, f64::NAN),
            error: skyphot_centroids::Covariance::NAN,
            fallback: true,
        };
        Self {
            label,
            bbox,
            parts,
            iso,
            local: (0.0, 0),
            kron: None,
            kron_flux: ApertureSum::UNDEFINED,
            half_light: f64::NAN,
            windowed: nowhere,
            quadratic: nowhere,
            perimeter: f64::NAN,
            gini: f64::NAN,
            background_centroid: f64::NAN,
        }
    }

    /// Label of the source.
    #[must_use]
    pub fn label(&self) -> i32 {
        self.label
    }

    /// Bounding box of its segment in the whole image.
    #[must_use]
    pub fn bbox(&self) -> BoundingBox {
        self.bbox
    }

    /// What has been measured.
    #[must_use]
    pub fn parts(&self) -> CatalogParts {
        self.parts
    }

    /// A position of the whole image from the corner of the bounding box.
    pub(crate) fn in_box(&self, p: (f64, f64)) -> (f64, f64) {
        (p.0 - self.bbox.x_min as f64, p.1 - self.bbox.y_min as f64)
    }

    pub(crate) fn center(&self) -> Point {
        Point::new(self.iso.centroid.0, self.iso.centroid.1)
    }

    /// The background to subtract from each pixel; NaN for a source without good pixels.
    pub(crate) fn local_background(&self) -> f64 {
        if self.iso.all_masked() { f64::NAN } else { self.local.0 }
    }

    /// The unscaled Kron radius as measured; the minimum where the moment is not positive, NaN where there is none.
    pub(crate) fn measured_kron_radius(&self, own: &KronParams) -> f64 {
        match self.kron {
            None => f64::NAN,
            Some((numerator, denominator)) if numerator <= 0.0 || denominator <= 0.0 => own.minimum_radius,
            Some((numerator, denominator)) => numerator / denominator,
        }
    }

    /// The unscaled Kron radius that the aperture is made with: 0 for the minimum circle.
    pub(crate) fn kron_radius(&self, own: &KronParams, params: &KronParams) -> f64 {
        let mut r = self.measured_kron_radius(own);
        if r > SCALE {
            r = f64::NAN;
        }
        if r < params.minimum_radius {
            r = params.minimum_radius;
        }
        let s = &self.iso.shape;
        if params.scale * r * (s.semimajor_axis * s.semiminor_axis).sqrt() <= params.minimum_circular_radius {
            r = 0.0;
        }
        r
    }

    /// The Kron aperture, `None` if it is undefined.
    pub(crate) fn kron_shape(&self, own: &KronParams, params: &KronParams) -> Option<Shape> {
        let scale = self.kron_radius(own, params) * params.scale;
        let s = &self.iso.shape;
        let (a, b) = (s.semimajor_axis * scale, s.semiminor_axis * scale);
        let finite = a.is_finite() && b.is_finite() && s.orientation.is_finite();
        if self.iso.all_masked() || !self.center().is_finite() || !finite {
            return None;
        }
        Some(if a == 0.0 && b == 0.0 {
            Shape::Circle(params.minimum_circular_radius)
        } else {
            Shape::Ellipse(a, b, s.orientation)
        })
    }

    /// Radius of the largest circle that [`flux_radii`] looks at.
    pub(crate) fn max_circular_radius(&self, own: &KronParams) -> f64 {
        let r = self.iso.shape.semimajor_axis * self.kron_radius(own, own) * own.scale;
        if r == 0.0 { own.minimum_circular_radius } else { r }
    }
}

/// Buffers for the measurement of sources, one per thread.
#[derive(Debug, Default)]
pub struct CatalogScratch {
    pixels: SegmentPixels,
    aperture: ApertureScratch,
    stamp: Stamp,
    perimeter: PerimeterScratch,
    values: Vec<f64>,
    row: Vec<f64>,
    radii: Vec<f64>,
}

/// The background image at a position within a segment, bilinear.
fn background_at(images: &CatalogImages<'_>, p: Point) -> f64 {
    let Some(background) = images.background.as_ref().filter(|_| p.is_finite()) else { return f64::NAN };
    let (ny, nx) = images.full_shape();
    let axis = |v: f64, n: usize| {
        let v = v.clamp(0.0, (n - 1) as f64);
        (v as i64, v - v.floor())
    };
    let ((x, fx), (y, fy)) = (axis(p.x, nx), axis(p.y, ny));
    let mut sum = 0.0;
    for (dy, wy) in [(0, 1.0 - fy), (1, fy)].into_iter().filter(|w| w.1 > 0.0) {
        for (dx, wx) in [(0, 1.0 - fx), (1, fx)].into_iter().filter(|w| w.1 > 0.0) {
            sum += wy * wx * images.value(&**background, x + dx, y + dy);
        }
    }
    sum
}

/// Measures sources in a window of the image, with the settings of one catalogue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measurer<'m, 'i> {
    pub(crate) images: &'m CatalogImages<'i>,
    pub(crate) config: &'m CatalogConfig,
}

impl Measurer<'_, '_> {
    fn request(&self, label: i32, center: Point) -> StampRequest {
        StampRequest {
            label,
            method: self.config.aperture_mask_method,
            center: mirror_center((center.x, center.y)),
            with_error: self.images.error.is_some(),
        }
    }

    /// Adds the missing parts to a measurement, or begins one. Centroid, shape and Kron radius of `detection`, if given,
    /// take the place of the source's own. Radii are measured for `fractions` of the Kron flux.
    pub(crate) fn measure(
        &self,
        (label, bbox): (i32, BoundingBox),
        want: CatalogParts,
        known: Option<&SourceMeasurement>,
        detection: Option<&SourceMeasurement>,
        fractions: &[f64],
        scratch: &mut CatalogScratch,
    ) -> Result<(SourceMeasurement, Vec<f64>), BoundingBox> {
        let images = self.images;
        images.clip(&bbox)?;
        let want = want.closure();
        scratch.aperture.forget();
        let mut m = match known {
            Some(m) => m.clone(),
            None => {
                let iso = scratch.pixels.measure(images, label, &bbox);
                SourceMeasurement::with_segment((label, bbox), CatalogParts::ISOPHOTAL, iso)
            }
        };
        if known.is_none() {
            m.background_centroid = background_at(images, detection.unwrap_or(&m).center());
        }
        let missing = want.without(m.parts);
        if missing.contains(CatalogParts::GINI) {
            if known.is_some() {
                scratch.pixels.measure(images, label, &bbox);
            }
            m.gini = scratch.pixels.gini();
        }
        if missing.contains(CatalogParts::LOCAL_BACKGROUND) && self.config.local_bkg_width > 0 {
            let width = self.config.local_bkg_width;
            m.local = local_background(images, &bbox, width, &mut scratch.values, &mut scratch.row)?;
        }
        if missing.contains(CatalogParts::KRON_RADIUS) && detection.is_none() && !m.iso.all_masked() {
            let center = m.center();
            let request = self.request(label, center);
            m.kron = kron_sums(images, center, &m.iso.shape, &request, &mut scratch.aperture)?;
        }
        let own = &self.config.kron_params;
        let geometry = detection.unwrap_or(&m);
        let (center, shape, max_radius) =
            (geometry.center(), geometry.kron_shape(own, own), geometry.max_circular_radius(own));
        let radius_task = |m: &SourceMeasurement| RadiusTask {
            center,
            kron_flux: m.kron_flux.flux,
            max_radius,
            local_background: m.local_background(),
        };
        if missing.contains(CatalogParts::KRON_FLUX) {
            m.kron_flux = match shape.filter(|_| !m.iso.all_masked()) {
                None => ApertureSum::UNDEFINED,
                Some(shape) => {
                    let request = self.request(label, center);
                    if missing.contains(CatalogParts::HALF_LIGHT) || !fractions.is_empty() {
                        // The circles will need more than the ellipse: load it at once.
                        let all = RadiusTask { kron_flux: 1.0, ..radius_task(&m) }.bbox(images);
                        if let Some(b) = all.map(|b| images.clip(&b)).transpose()?.flatten() {
                            let level = m.local_background();
                            scratch.aperture.prepare(images, &b, &request, level);
                        }
                    }
                    self.aperture_sum(&m, center, &shape, scratch)?
                }
            };
        }
        let mut radii = Vec::new();
        let half = missing.contains(CatalogParts::HALF_LIGHT);
        if half || !fractions.is_empty() {
            let request = self.request(label, center);
            let task = radius_task(&m);
            if half {
                let out = &mut scratch.radii;
                flux_radii(images, &task, &[0.5], &request, &mut scratch.aperture, out)?;
                m.half_light = out[0];
            }
            if !fractions.is_empty() {
                flux_radii(images, &task, fractions, &request, &mut scratch.aperture, &mut radii)?;
            }
        }
        if missing.contains(CatalogParts::WINDOWED) && detection.is_none() {
            let request = self.request(label, m.center());
            m.windowed = centroid_windowed(images, &m.iso, m.half_light, &request, &mut scratch.stamp)?;
        }
        if missing.contains(CatalogParts::QUADRATIC) && detection.is_none() {
            m.quadratic = centroid_quadratic(images, label, &bbox, &m.iso);
        }
        if missing.contains(CatalogParts::PERIMETER) && !m.iso.all_masked() {
            m.perimeter = perimeter(images, label, &bbox, &mut scratch.perimeter);
        }
        m.parts |= want;
        Ok((m, radii))
    }

    /// Flux in an aperture at a position.
    pub(crate) fn aperture_sum(
        &self,
        m: &SourceMeasurement,
        center: Point,
        shape: &Shape,
        scratch: &mut CatalogScratch,
    ) -> Result<ApertureSum, BoundingBox> {
        ApertureTask {
            images: self.images,
            request: self.request(m.label, center),
            center,
            local_background: m.local_background(),
        }
        .sum(shape, &mut scratch.aperture)
    }
}

/// Measures one source of a window of the image, exactly as a [`SourceCatalog`](crate::SourceCatalog) of the whole image
/// would: `label` and `bbox` (in the whole image) of its segment, and the parts that are wanted.
///
/// # Errors
/// The box that has to be in the window for this source, if the window lacks part of it. No larger window than that
/// and the one at hand together gives the same error again.
pub fn measure_source(
    images: &CatalogImages<'_>,
    (label, bbox): (i32, BoundingBox),
    config: &CatalogConfig,
    parts: CatalogParts,
    scratch: &mut CatalogScratch,
) -> Result<SourceMeasurement, BoundingBox> {
    Measurer { images, config }.measure((label, bbox), parts, None, None, &[], scratch).map(|(m, _)| m)
}

impl CatalogScratch {
    /// Forgets what was loaded for another source.
    pub(crate) fn fresh(&mut self) {
        self.aperture.forget();
    }
}
