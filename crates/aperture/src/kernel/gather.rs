//! Pixel values of a coverage, packed.

use skyphot_core::Pixel;
use skyphot_geometry::Coverage;
use skyphot_stats::kernel::sum;

use super::sum::{Counts, visit_good};
use crate::planes::Rows;

/// Packs the good pixels of a coverage whose weights are all 1, less `bkg`. With `ERROR` unset in the rows, errors are
/// not looked at.
pub(crate) fn gather<T: Pixel>(
    rows: &Rows<'_, T>,
    cover: &Coverage,
    bkg: f64,
    values: &mut Vec<f64>,
) -> Counts {
    let n: usize = cover.segments().iter().map(|s| s.full_end - s.full_start).sum();
    if rows.mask.is_none() && cover.partial().is_empty() {
        pack(rows, cover, bkg, n, values);
        // No bad pixel can hide behind a finite sum.
        if sum(values).is_finite() {
            return Counts { pixels: n, valid: n, ..Counts::default() };
        }
    }
    values.clear();
    visit_good(&Rows { error: None, ..*rows }, cover, |i, _| values.push(rows.data[i].to_f64() - bkg))
}

/// Packs all `n` pixels of a coverage, whatever they hold.
fn pack<T: Pixel>(rows: &Rows<'_, T>, cover: &Coverage, bkg: f64, n: usize, values: &mut Vec<f64>) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        #[allow(unsafe_code)]
        unsafe {
            pack_avx2(rows, cover, bkg, n, values);
        }
        return;
    }
    pack_any(rows, cover, bkg, n, values);
}

/// The same code with wider registers.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn pack_avx2<T: Pixel>(rows: &Rows<'_, T>, cover: &Coverage, bkg: f64, n: usize, values: &mut Vec<f64>) {
    pack_any(rows, cover, bkg, n, values);
}

#[inline(always)]
fn pack_any<T: Pixel>(rows: &Rows<'_, T>, cover: &Coverage, bkg: f64, n: usize, values: &mut Vec<f64>) {
    values.resize(n, 0.0);
    let mut rest = values.as_mut_slice();
    for s in cover.segments() {
        let at = s.y * rows.nx;
        let row = &rows.data[at + s.full_start..at + s.full_end];
        let (here, behind) = rest.split_at_mut(row.len());
        for (v, d) in here.iter_mut().zip(row) {
            *v = d.to_f64() - bkg;
        }
        rest = behind;
    }
}

/// A good pixel with its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    pub(crate) value: f64,
    pub(crate) weight: f64,
    pub(crate) index: usize,
}

/// Packs the good pixels of a coverage with their weights and places.
pub(crate) fn gather_members<T: Pixel>(
    rows: &Rows<'_, T>,
    cover: &Coverage,
    bkg: f64,
    members: &mut Vec<Member>,
) -> Counts {
    members.clear();
    visit_good(rows, cover, |index, weight| {
        members.push(Member { value: rows.data[index].to_f64() - bkg, weight, index });
    })
}
