//! The length of the outline of a segment (Benkrid, Crookes & Benkrid 2000, Irish Machine Vision and Image Processing
//! Conference, 51).

use std::f64::consts::SQRT_2;

use skyphot_core::BoundingBox;

use crate::catalog::images::CatalogImages;

/// Buffers.
#[derive(Debug, Default)]
pub(crate) struct PerimeterScratch {
    member: Vec<u8>,
    border: Vec<u8>,
    row: Vec<f64>,
}

/// Length of the lines between the centres of the border pixels (4-connected) of the good pixels of a segment.
pub(crate) fn perimeter(
    images: &CatalogImages<'_>,
    label: i32,
    b: &BoundingBox,
    scratch: &mut PerimeterScratch,
) -> f64 {
    let (ny, nx) = b.shape();
    // One pixel of nothing all around.
    let stride = nx + 2;
    let PerimeterScratch { member, border, row } = scratch;
    for v in [&mut *member, &mut *border] {
        v.clear();
        v.resize(stride * (ny + 2), 0);
    }
    row.resize(nx, 0.0);
    for (j, y) in (b.y_min..b.y_max).enumerate() {
        let m = &mut member[(j + 1) * stride + 1..][..nx];
        images.labels(b.x_min, y, nx, |i, l| m[i] = u8::from(l == label));
        images.masked(b.x_min, y, nx, |i| m[i] = 0);
        images.read(&*images.data, b.x_min, y, row);
        for (m, v) in m.iter_mut().zip(row.iter()) {
            *m &= u8::from(v.is_finite());
        }
    }
    for j in 1..=ny {
        for k in j * stride + 1..j * stride + 1 + nx {
            let inner = member[k - 1] & member[k + 1] & member[k - stride] & member[k + stride];
            border[k] = member[k] & (1 - inner);
        }
    }
    let mut counts = [0_u32; 3];
    for j in 1..=ny {
        for k in j * stride + 1..j * stride + 1 + nx {
            let sides = border[k - 1] + border[k + 1] + border[k - stride] + border[k + stride];
            let corners = border[k - stride - 1]
                + border[k - stride + 1]
                + border[k + stride - 1]
                + border[k + stride + 1];
            match border[k] + 2 * sides + 10 * corners {
                5 | 7 | 15 | 17 | 25 | 27 => counts[0] += 1,
                21 | 33 => counts[1] += 1,
                13 | 23 => counts[2] += 1,
                _ => {}
            }
        }
    }
    let [straight, diagonal, bent] = counts.map(f64::from);
    straight + diagonal * SQRT_2 + bent * ((1.0 + SQRT_2) / 2.0)
}
