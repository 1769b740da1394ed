//! Statistics at one position.

use std::f64::consts::{LN_2, PI};

use skyphot_core::{BoundingBox, Pixel};
use skyphot_geometry::Coverage;
use skyphot_stats::kernel::{
    biweight_location, biweight_midvariance, clip_sorted, mad_sorted, mean_std, median_sorted,
};
use skyphot_stats::{MAD_TO_STD, SigmaClip};

use crate::kernel::gather::{Member, gather_members};
use crate::kernel::moments::moments;
use crate::kernel::sum::{Counts, aperture_sum};
use crate::planes::Rows;
use crate::stats::OneStats;
use crate::sums::OneSum;
use crate::{ApertureFlags, StatsConfig};

/// Measures one position after the other with the same buffers.
#[derive(Debug)]
pub(crate) struct Measurer<'a, T> {
    rows: Rows<'a, T>,
    clip: Option<&'a SigmaClip>,
    ddof: usize,
    members: Vec<Member>,
    sorted: Vec<f64>,
    scratch: Vec<f64>,
}

impl<'a, T: Pixel> Measurer<'a, T> {
    pub(crate) fn new(rows: Rows<'a, T>, config: &'a StatsConfig) -> Self {
        Self {
            rows,
            clip: config.sigma_clip.as_ref(),
            ddof: config.ddof,
            members: Vec::new(),
            sorted: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// `centers` covers the pixels whose centres lie inside, `cover` those of the sum.
    pub(crate) fn measure(
        &mut self,
        bbox: &BoundingBox,
        centers: &Coverage,
        cover: &Coverage,
        bkg: f64,
    ) -> OneStats {
        let known = bkg.is_finite();
        let bkg = if known { bkg } else { 0.0 };
        let sum = self.sum(cover, bkg);
        let counts = gather_members(&Rows { error: None, ..self.rows }, centers, bkg, &mut self.members);
        let base = counts.flags(centers);

        // No overlap only if neither set of pixels overlaps.
        let mut flags = base | sum.flags;
        flags.set(ApertureFlags::NO_OVERLAP, (base & sum.flags).contains(ApertureFlags::NO_OVERLAP));
        self.clip_members();
        let n = self.members.len();
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

    /// The sum over `cover`, clipped if need be.
    fn sum(&mut self, cover: &Coverage, bkg: f64) -> OneSum {
        if self.clip.is_none() || !cover.overlaps() {
            return aperture_sum(&self.rows, cover, bkg);
        }
        let counts = gather_members(&self.rows, cover, bkg, &mut self.members);
        self.clip_members();
        let (mut flux, mut var, mut area) = (0.0, 0.0, 0.0);
        for m in &self.members {
            flux += m.weight * m.value;
            area += m.weight;
            if let Some(e) = self.rows.error {
                let e = m.weight * e[m.index].to_f64();
                var += e * e;
            }
        }
        let flux_err = if self.rows.error.is_some() { var.sqrt() } else { f64::NAN };
        OneSum { flux, flux_err, area, flags: counts.flags(cover) }
    }

    /// Sorts the values into `sorted` and drops what sigma clipping rejects, there and among the members.
    fn clip_members(&mut self) {
        self.sorted.clear();
        self.sorted.extend(self.members.iter().map(|m| m.value));
        self.sorted.sort_unstable_by(f64::total_cmp);
        let Some(clip) = self.clip else { return };
        let found = clip_sorted(&self.sorted, clip);
        if found.n_used() == self.sorted.len() {
            return;
        }
        // As in astropy and photutils the last bounds decide on all values: a value rejected by an earlier, narrower
        // interval comes back.
        let keep = found.lower..=found.upper;
        self.sorted.retain(|v| keep.contains(v));
        self.members.retain(|m| keep.contains(&m.value));
    }

    /// Statistics of the values; there is at least one.
    fn values(&mut self, s: &mut OneStats) {
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
        s.mad_std = mad_sorted(v, s.median) * MAD_TO_STD;
        s.biweight_location = biweight_location(v, 6.0, &mut self.scratch);
        s.biweight_midvariance = biweight_midvariance(v, 9.0, &mut self.scratch);
        s.gini = gini(v, &mut self.scratch);
    }

    /// Centroid and ellipse, and their flags.
    fn shape(&self, bbox: &BoundingBox, counts: &Counts, s: &mut OneStats) {
        let mut undefined = counts.pixels > 0 && counts.valid == 0;
        if !self.members.is_empty() {
            // From the lower left corner of the box on the image, which keeps numbers small.
            let origin = (bbox.x_min.max(0), bbox.y_min.max(0));
            let m = moments(&self.members, self.rows.nx, (origin.0 as usize, origin.1 as usize));
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

/// Gini coefficient of the absolute values (Lotz et al. 2004, AJ 128, 163, eq. 6).
fn gini(values: &[f64], scratch: &mut Vec<f64>) -> f64 {
    let n = values.len();
    if n < 2 {
        return 0.0;
    }
    scratch.clear();
    scratch.extend(values.iter().map(|v| v.abs()));
    scratch.sort_unstable_by(f64::total_cmp);
    let total: f64 = scratch.iter().sum();
    if total == 0.0 {
        return 0.0;
    }
    let n = n as f64;
    let weighted: f64 = scratch.iter().enumerate().map(|(i, v)| (2.0 * (i as f64 + 1.0) - n - 1.0) * v).sum();
    weighted / (total / n * n * (n - 1.0))
}
