//! Weighted sums over a coverage.

use skyphot_core::Pixel;
use skyphot_geometry::Coverage;

use crate::ApertureFlags;
use crate::planes::Rows;
use crate::sums::OneSum;

/// Independent partial sums of runs of full weight, in a fixed order.
const LANES: usize = 4;

#[derive(Debug, Clone, Copy, Default)]
struct Acc {
    flux: [f64; LANES],
    var: [f64; LANES],
    rim_flux: f64,
    rim_var: f64,
    rim_area: f64,
    full: usize,
}

impl Acc {
    #[inline(always)]
    fn flux(&self) -> f64 {
        let f = &self.flux;
        ((f[0] + f[2]) + (f[1] + f[3])) + self.rim_flux
    }

    #[inline(always)]
    fn var(&self) -> f64 {
        let v = &self.var;
        ((v[0] + v[2]) + (v[1] + v[3])) + self.rim_var
    }

    #[inline(always)]
    fn area(&self) -> f64 {
        self.full as f64 + self.rim_area
    }

    #[inline(always)]
    fn rim<T: Pixel, const ERROR: bool>(&mut self, weights: &[f64], data: &[T], error: &[T], bkg: f64) {
        for (k, (&w, d)) in weights.iter().zip(data).enumerate() {
            self.rim_flux += w * (d.to_f64() - bkg);
            self.rim_area += w;
            if ERROR {
                let e = w * error[k].to_f64();
                self.rim_var += e * e;
            }
        }
    }

    #[inline(always)]
    fn run<T: Pixel, const ERROR: bool>(&mut self, data: &[T], error: &[T], bkg: f64) {
        let (head, tail) = data.as_chunks::<LANES>();
        for c in head {
            for (f, d) in self.flux.iter_mut().zip(c) {
                *f += d.to_f64() - bkg;
            }
        }
        for (k, d) in tail.iter().enumerate() {
            self.flux[k] += d.to_f64() - bkg;
        }
        if ERROR {
            let (head, tail) = error.as_chunks::<LANES>();
            for c in head {
                for (v, e) in self.var.iter_mut().zip(c) {
                    let e = e.to_f64();
                    *v += e * e;
                }
            }
            for (k, e) in tail.iter().enumerate() {
                let e = e.to_f64();
                self.var[k] += e * e;
            }
        }
    }
}

/// All pixels of the coverage, whatever they hold.
fn sum_all<T: Pixel, const ERROR: bool>(rows: &Rows<'_, T>, cover: &Coverage, bkg: f64) -> Acc {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        #[allow(unsafe_code)]
        return unsafe { sum_all_avx2::<T, ERROR>(rows, cover, bkg) };
    }
    sum_all_any::<T, ERROR>(rows, cover, bkg)
}

/// The same code with wider registers; no operation is fused or reordered, so the bits are the same.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn sum_all_avx2<T: Pixel, const ERROR: bool>(rows: &Rows<'_, T>, cover: &Coverage, bkg: f64) -> Acc {
    sum_all_any::<T, ERROR>(rows, cover, bkg)
}

#[inline(always)]
fn sum_all_any<T: Pixel, const ERROR: bool>(rows: &Rows<'_, T>, cover: &Coverage, bkg: f64) -> Acc {
    let mut acc = Acc::default();
    let mut weights = cover.partial();
    let error = if ERROR { rows.error.unwrap_or(rows.data) } else { rows.data };
    for s in cover.segments() {
        let at = s.y * rows.nx;
        let d = &rows.data[at + s.start..at + s.end];
        let e = if ERROR { &error[at + s.start..at + s.end] } else { d };
        let (left, full, n) = (s.full_start - s.start, s.full_end - s.start, d.len());
        let (w_left, rest) = weights.split_at(left);
        let (w_right, rest) = rest.split_at(n - full);
        weights = rest;
        acc.rim::<T, ERROR>(w_left, &d[..left], &e[..left], bkg);
        acc.run::<T, ERROR>(&d[left..full], &e[left..full], bkg);
        acc.rim::<T, ERROR>(w_right, &d[full..], &e[full..], bkg);
        acc.full += full - left;
    }
    acc
}

/// A masked pixel lies among those of the coverage, or between the ends of a row.
#[inline]
fn any_masked(mask: &[bool], nx: usize, cover: &Coverage) -> bool {
    cover.segments().iter().any(|s| {
        let at = s.y * nx;
        mask[at + s.start..at + s.end].iter().fold(false, |a, &b| a | b)
    })
}

/// Sum, error, area and flags of one aperture at one position. Without a local background `bkg` is 0.
#[inline]
pub(crate) fn aperture_sum<T: Pixel>(rows: &Rows<'_, T>, cover: &Coverage, bkg: f64) -> OneSum {
    if !cover.overlaps() {
        return OneSum::nan(ApertureFlags::NO_OVERLAP | ApertureFlags::NO_PIXELS);
    }
    if !rows.mask.is_some_and(|m| any_masked(m, rows.nx, cover)) {
        let acc = if rows.error.is_some() {
            sum_all::<T, true>(rows, cover, bkg)
        } else {
            sum_all::<T, false>(rows, cover, bkg)
        };
        let (flux, var, area) = (acc.flux(), acc.var(), acc.area());
        // No bad pixel can hide behind finite sums; what is not finite may be that of a pixel of weight 0.
        if flux.is_finite() && var.is_finite() && area > 0.0 {
            let mut flags = ApertureFlags::empty();
            if cover.has_outside() {
                flags |= ApertureFlags::PARTIAL_OVERLAP;
            }
            let flux_err = if rows.error.is_some() { var.sqrt() } else { f64::NAN };
            return OneSum { flux, flux_err, area, flags };
        }
    }
    careful_sum(rows, cover, bkg)
}

/// Counts of one aperture at one position.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    /// Pixels of nonzero weight on the image.
    pub(crate) pixels: usize,
    pub(crate) masked: usize,
    pub(crate) non_finite: usize,
    pub(crate) valid: usize,
    pub(crate) bad_error: bool,
}

impl Counts {
    /// The flags these counts mean.
    pub(crate) fn flags(&self, cover: &Coverage) -> ApertureFlags {
        let mut f = ApertureFlags::empty();
        let outside = cover.has_outside();
        f.set(ApertureFlags::NO_OVERLAP, !cover.overlaps() || (self.pixels == 0 && outside));
        f.set(ApertureFlags::PARTIAL_OVERLAP, self.pixels > 0 && outside);
        f.set(ApertureFlags::NO_PIXELS, self.pixels == 0);
        f.set(ApertureFlags::MASKED_PIXELS, self.masked > 0);
        f.set(ApertureFlags::ALL_MASKED, self.pixels > 0 && self.valid == 0);
        f.set(ApertureFlags::NON_FINITE_DATA, self.non_finite > 0);
        f.set(ApertureFlags::NON_FINITE_ERROR, self.bad_error);
        f
    }
}

/// Visits the good pixels of a coverage, `f(index, weight)`, and counts the others.
#[inline]
pub(crate) fn visit_good<T: Pixel>(
    rows: &Rows<'_, T>,
    cover: &Coverage,
    mut f: impl FnMut(usize, f64),
) -> Counts {
    let mut c = Counts::default();
    cover.for_each(|y, x, w| {
        let i = y * rows.nx + x;
        c.pixels += 1;
        if rows.mask.is_some_and(|m| m[i]) {
            c.masked += 1;
        } else if !rows.data[i].is_finite() {
            c.non_finite += 1;
        } else {
            c.valid += 1;
            c.bad_error |= rows.error.is_some_and(|e| !e[i].is_finite());
            f(i, w);
        }
    });
    c
}

/// The same pixel by pixel, without those that are masked or not finite.
#[cold]
fn careful_sum<T: Pixel>(rows: &Rows<'_, T>, cover: &Coverage, bkg: f64) -> OneSum {
    let (mut flux, mut var, mut area) = (0.0, 0.0, 0.0);
    let counts = visit_good(rows, cover, |i, w| {
        flux += w * (rows.data[i].to_f64() - bkg);
        area += w;
        if let Some(e) = rows.error {
            let e = w * e[i].to_f64();
            var += e * e;
        }
    });
    let flags = counts.flags(cover);
    if flags.contains(ApertureFlags::NO_OVERLAP) {
        return OneSum::nan(flags);
    }
    let flux_err = if rows.error.is_some() { var.sqrt() } else { f64::NAN };
    OneSum { flux, flux_err, area, flags }
}
