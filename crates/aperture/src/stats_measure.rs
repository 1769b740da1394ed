//! Statistics at one position.

use std::f64::consts::{LN_2, PI};

use skyphot_core::{BoundingBox, Pixel};
use skyphot_geometry::Coverage;
use skyphot_stats::kernel::{clip_sorted, mad_sorted, mean_std, median_sorted};
use skyphot_stats::{MAD_TO_STD, SigmaClip};

use crate::kernel::gather::{Member, gather_members};
use crate::kernel::neighbors::{Source, neighbor_sum};
use crate::kernel::order_stats::{biweight_location_sorted, biweight_midvariance_sorted, gini_sorted};
use crate::kernel::sort::sort;
use crate::kernel::sum::{Counts, aperture_sum};
use crate::kernel::window::Window;
use crate::planes::Rows;
use crate::stats::OneStats;
use crate::sums::OneSum;
use crate::{ApertureFlags, ApertureMoments, StatsConfig};

/// Measures one position after the other with the same buffers.
#[derive(Debug)]
pub(crate) struct Measurer<'a, T> {
    rows: Rows<'a, T>,
    clip: Option<&'a SigmaClip>,
    ddof: usize,
    members: Vec<Member>,
    window: Window,
    sorted: Vec<f64>,
    keys: Vec<i64>,
    /// Smallest and largest value that clipping has left.
    bounds: [f64; 2],
}

impl<'a, T: Pixel> Measurer<'a, T> {
    pub(crate) fn new(rows: Rows<'a, T>, config: &'a StatsConfig) -> Self {
        Self {
            rows,
            clip: config.sigma_clip.as_ref(),
            ddof: config.ddof,
            members: Vec::new(),
            window: Window::default(),
            sorted: Vec::new(),
            keys: Vec::new(),
            bounds: [f64::MIN, f64::MAX],
        }
    }

    /// `centers` covers the pixels whose centres lie inside, `cover` those of the sum.
    pub(crate) fn measure(
        &mut self,
        source: Option<&Source<'_>>,
        bbox: &BoundingBox,
        centers: &Coverage,
        cover: &Coverage,
        bkg: f64,
    ) -> OneStats {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            #[allow(unsafe_code)]
            return unsafe { self.measure_avx2(source, bbox, centers, cover, bkg) };
        }
        self.measure_any(source, bbox, centers, cover, bkg)
    }

    /// The same code with wider registers; no operation is fused or reordered, so the bits are the same.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn measure_avx2(
        &mut self,
        source: Option<&Source<'_>>,
        bbox: &BoundingBox,
        centers: &Coverage,
        cover: &Coverage,
        bkg: f64,
    ) -> OneStats {
        self.measure_any(source, bbox, centers, cover, bkg)
    }

    #[inline(always)]
    fn measure_any(
        &mut self,
        source: Option<&Source<'_>>,
        bbox: &BoundingBox,
        centers: &Coverage,
        cover: &Coverage,
        bkg: f64,
    ) -> OneStats {
        let known = bkg.is_finite();
        let bkg = if known { bkg } else { 0.0 };
        let sum = self.sum(source, cover, bkg);
        let (counts, base) = match source.filter(|s| s.touches(self.rows.nx, centers)) {
            Some(s) => {
                let rows = Rows { error: None, ..self.rows };
                let left = self.window.fill_without_neighbors(&rows, s, centers, bkg);
                self.window.good(&mut self.sorted);
                (left.counts, left.flags(centers))
            }
            None => {
                let mut counts = self.window.fill(&self.rows, centers, bkg);
                self.window.good(&mut self.sorted);
                counts.valid = self.sorted.len();
                counts.non_finite = counts.pixels - counts.masked - counts.valid;
                (counts, counts.flags(centers))
            }
        };

        // No overlap only if neither set of pixels overlaps.
        let mut flags = base | sum.flags;
        flags.set(ApertureFlags::NO_OVERLAP, (base & sum.flags).contains(ApertureFlags::NO_OVERLAP));
        self.bounds = self.clip_sorted();
        let n = self.sorted.len();
        flags.set(ApertureFlags::SIGMA_CLIPPED, n < counts.valid);
        flags.set(ApertureFlags::ALL_CLIPPED, counts.valid > 0 && n == 0);
        let too_few = n == 1 || (self.ddof > 0 && n <= self.ddof);
        flags.set(ApertureFlags::TOO_FEW_PIXELS, counts.pixels > 0 && too_few);

        let mut s = OneStats::nan(flags);
        if sum.area > 0.0 {
            (s.sum, s.sum_err, s.sum_aper_area) = (sum.flux, sum.flux_err, sum.area);
        }
        if n > 0 {
            self.values(&mut s);
        }
        self.shape(bbox, &counts, &mut s);
        if !known {
            s = OneStats::nan(s.flags | ApertureFlags::NON_FINITE_BACKGROUND);
        }
        s
    }

    /// Moments of the position measured last.
    pub(crate) fn moments(&self, bbox: &BoundingBox, centers: &Coverage, bkg: f64) -> ApertureMoments {
        if !centers.overlaps() || !bkg.is_finite() {
            return ApertureMoments::NAN;
        }
        let origin = (bbox.x_min.max(0) as f64, bbox.y_min.max(0) as f64);
        let raw = self.window.power_moments(self.bounds, origin);
        let (total, mut central) = (raw[0][0], [[f64::NAN; 4]; 4]);
        central[0][0] = total;
        if !self.sorted.is_empty() {
            let center = (origin.0 + raw[0][1] / total, origin.1 + raw[1][0] / total);
            central = self.window.power_moments(self.bounds, center);
        }
        ApertureMoments { raw, central }
    }

    /// The sum over `cover`, clipped if need be.
    fn sum(&mut self, source: Option<&Source<'_>>, cover: &Coverage, bkg: f64) -> OneSum {
        let source = source.filter(|s| s.touches(self.rows.nx, cover));
        if self.clip.is_none() || !cover.overlaps() {
            return match source {
                None => aperture_sum(&self.rows, cover, bkg),
                Some(s) => neighbor_sum(&self.rows, s, cover, bkg),
            };
        }
        let flags = match source {
            None => gather_members(&self.rows, cover, bkg, &mut self.members).flags(cover),
            Some(s) => {
                self.members.clear();
                let (rows, members) = (&self.rows, &mut self.members);
                let left = s.visit(rows, cover, |_, index, weight| {
                    members.push(Member { value: rows.data[index].to_f64() - bkg, weight, index });
                });
                left.flags(cover)
            }
        };
        self.sorted.clear();
        self.sorted.extend(self.members.iter().map(|m| m.value));
        let [low, high] = self.clip_sorted();
        let (mut flux, mut var, mut area) = (0.0, 0.0, 0.0);
        for m in self.members.iter().filter(|m| m.value >= low && m.value <= high) {
            flux += m.weight * m.value;
            area += m.weight;
            if let Some(e) = self.rows.error {
                let e = m.weight * e[m.index].to_f64();
                var += e * e;
            }
        }
        let flux_err = if self.rows.error.is_some() { var.sqrt() } else { f64::NAN };
        OneSum { flux, flux_err, area, flags }
    }

    /// Sorts the values and drops what sigma clipping rejects. Returns the smallest and largest value kept.
    fn clip_sorted(&mut self) -> [f64; 2] {
        sort(&mut self.sorted, &mut self.keys);
        let all = [f64::MIN, f64::MAX];
        let Some(clip) = self.clip else { return all };
        let found = clip_sorted(&self.sorted, clip);
        if found.n_used() == self.sorted.len() {
            return all;
        }
        // As in astropy and photutils the last bounds decide on all values: a value rejected by an earlier, narrower
        // interval comes back.
        let end = self.sorted.partition_point(|v| *v <= found.upper);
        self.sorted.truncate(end);
        let start = self.sorted.partition_point(|v| *v < found.lower);
        self.sorted.drain(..start);
        [found.lower, found.upper]
    }

    /// Statistics of the values; there is at least one.
    #[inline(always)]
    fn values(&self, s: &mut OneStats) {
        let v = &self.sorted;
        let n = v.len() as f64;
        s.center_aper_area = n;
        s.min = v[0];
        s.max = v[v.len() - 1];
        let (mean, std) = mean_std(v);
        let var = std * std;
        s.mean = mean;
        s.median = median_sorted(v);
        s.mode = 3.0 * s.median - 2.0 * mean;
        if n > self.ddof as f64 {
            s.var = var * (n / (n - self.ddof as f64));
            s.std = s.var.sqrt();
        }
        if n >= 2.0 {
            s.mean_err = (var / (n - 1.0)).sqrt();
            s.median_err = (0.5 * PI).sqrt() * s.mean_err;
        }
        let mad = mad_sorted(v, s.median);
        s.mad_std = mad * MAD_TO_STD;
        s.biweight_location = biweight_location_sorted(v, 6.0, s.median, mad);
        s.biweight_midvariance = biweight_midvariance_sorted(v, 9.0, s.median, mad);
        s.gini = gini_sorted(v);
    }

    /// Centroid and ellipse of the values within bounds, and their flags.
    #[inline(always)]
    fn shape(&self, bbox: &BoundingBox, counts: &Counts, s: &mut OneStats) {
        let mut undefined = counts.pixels > 0 && counts.valid == 0;
        if !self.sorted.is_empty() {
            // From the lower left corner of the box on the image, which keeps numbers small.
            let origin = (bbox.x_min.max(0), bbox.y_min.max(0));
            let m = self.window.moments(self.bounds, (origin.0 as usize, origin.1 as usize));
            (s.x_centroid, s.y_centroid) = (m.x + origin.0 as f64, m.y + origin.1 as f64);
            undefined |= m.total <= 0.0 || m.raw.is_invalid();
            s.flags.set(ApertureFlags::SINGULAR_COVARIANCE, m.raw.is_singular());
            let (x_min, x_max, y_min, y_max) = bbox.extent();
            let (x, y) = (s.x_centroid, s.y_centroid);
            s.flags
                .set(ApertureFlags::CENTROID_OUTSIDE_BBOX, x < x_min || x > x_max || y < y_min || y > y_max);
            let c = m.raw.regularized();
            (s.covariance_xx, s.covariance_xy, s.covariance_yy) = (c.xx, c.xy, c.yy);
            let (a2, b2) = c.axes_squared();
            let (a, b) = (a2.sqrt(), b2.sqrt());
            (s.semimajor_axis, s.semiminor_axis) = (a, b);
            s.fwhm = 2.0 * (LN_2 * (a * a + b * b)).sqrt();
            s.orientation = c.orientation_deg();
            s.eccentricity = (1.0 - b2 / a2).sqrt();
            s.elongation = a / b;
            s.ellipticity = 1.0 - b / a;
            let (sin, cos) = s.orientation.to_radians().sin_cos();
            s.ellipse_cxx = (cos / a).powi(2) + (sin / b).powi(2);
            s.ellipse_cyy = (sin / a).powi(2) + (cos / b).powi(2);
            s.ellipse_cxy = 2.0 * cos * sin * (1.0 / (a * a) - 1.0 / (b * b));
        }
        s.flags.set(ApertureFlags::UNDEFINED_SHAPE, undefined);
    }
}
