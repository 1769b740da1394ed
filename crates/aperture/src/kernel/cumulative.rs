//! Sums in nested apertures at one position.

use skyphot_core::{BoundingBox, Pixel, Point};
use skyphot_geometry::{Coverage, OverlapMethod};

use super::sum::{aperture_sum, visit_good};
use crate::planes::Rows;
use crate::sums::OneSum;
use crate::{Aperture, ApertureFlags};

/// Sums of one position in all apertures, appended to `out`. Pixels whose error is not finite are left out like masked
/// ones. Without an aperture (radius 0) everything is 0.
pub(crate) fn cumulative<T: Pixel>(
    rows: &Rows<'_, T>,
    window: &BoundingBox,
    apertures: &[Option<Box<dyn Aperture>>],
    position: Point,
    method: OverlapMethod,
    cover: &mut Coverage,
    out: &mut Vec<OneSum>,
) {
    for aperture in apertures {
        let Some(aperture) = aperture else {
            let flux_err = if rows.error.is_some() { 0.0 } else { f64::NAN };
            out.push(OneSum { flux: 0.0, flux_err, area: 0.0, flags: ApertureFlags::empty() });
            continue;
        };
        if !position.is_finite() {
            out.push(OneSum::nan(ApertureFlags::NOWHERE));
            continue;
        }
        aperture.coverage(position, method, window, cover);
        let mut one = aperture_sum(rows, cover, 0.0);
        if one.flags.contains(ApertureFlags::NON_FINITE_ERROR) {
            one = without_bad_errors(rows, cover, one.flags);
        }
        out.push(one);
    }
}

/// The sum over the pixels of finite data and finite error.
#[cold]
fn without_bad_errors<T: Pixel>(rows: &Rows<'_, T>, cover: &Coverage, flags: ApertureFlags) -> OneSum {
    let (mut flux, mut var, mut area) = (0.0, 0.0, 0.0);
    visit_good(rows, cover, |i, w| {
        let e = rows.error.map_or(0.0, |e| e[i].to_f64());
        if e.is_finite() {
            flux += w * rows.data[i].to_f64();
            area += w;
            var += (w * e) * (w * e);
        }
    });
    OneSum { flux, flux_err: var.sqrt(), area, flags }
}
