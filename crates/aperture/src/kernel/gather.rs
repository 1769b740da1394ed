//! Pixel values of a coverage, packed.

use skyphot_core::Pixel;
use skyphot_geometry::Coverage;

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
    values.clear();
    let n: usize = cover.segments().iter().map(|s| s.full_end - s.full_start).sum();
    if rows.mask.is_none() && cover.partial().is_empty() {
        values.reserve(n);
        let mut lanes = [0.0; 4];
        for s in cover.segments() {
            let at = s.y * rows.nx;
            let row = &rows.data[at + s.full_start..at + s.full_end];
            values.extend(row.iter().map(|d| d.to_f64() - bkg));
            // Not a number is sticky: only its presence matters, not the sum.
            for (k, d) in row.iter().enumerate() {
                lanes[k % 4] += d.to_f64() * 0.0;
            }
        }
        if lanes.iter().all(|l| *l == 0.0) {
            return Counts { pixels: n, valid: n, ..Counts::default() };
        }
        values.clear();
    }
    visit_good(&Rows { error: None, ..*rows }, cover, |i, _| values.push(rows.data[i].to_f64() - bkg))
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
