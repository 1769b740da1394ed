//! What the tests share.

use ndarray::{Array2, ArrayView2};
use serde_json::Value;
use skyphot_core::testing::{field, uniform};
use skyphot_detection::Threshold;

/// A fixture by name.
pub(crate) fn fixture(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// CRC-32 of the little-endian pixels, as zlib has it.
pub(crate) fn crc32(labels: ArrayView2<'_, i32>) -> u32 {
    let table: Vec<u32> = (0..256)
        .map(|i| (0..8).fold(i, |c: u32, _| if c & 1 == 1 { 0xEDB8_8320 ^ (c >> 1) } else { c >> 1 }))
        .collect();
    !labels
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .fold(!0, |c, b| table[((c ^ u32::from(b)) & 255) as usize] ^ (c >> 8))
}

/// One image of the generator.
pub(crate) struct Case {
    pub(crate) data: Array2<f64>,
    pub(crate) single: bool,
    pub(crate) mask: Option<Array2<bool>>,
    pub(crate) threshold: Threshold,
    pub(crate) n_pixels: usize,
}

/// As `image` of the generator.
pub(crate) fn case(seed: u64) -> Case {
    let u: Vec<f64> = (1000..1010).map(|k| uniform(seed, k)).collect();
    let (ny, nx) = (20 + (u[0] * 50.0) as usize, 20 + (u[1] * 60.0) as usize);
    let index = |(y, x): (usize, usize)| (y * nx + x) as u64;
    let mut data = field(ny, nx, seed, 3 + (u[2] * 25.0) as usize, 0.5 + 2.0 * u[3]) - 100.0;
    match seed % 4 {
        1 => data.mapv_inplace(|v| (v / 4.0).floor()),
        3 => data.mapv_inplace(|v| f64::from(v as f32)),
        _ => {}
    }
    if seed % 5 == 2 {
        data.indexed_iter_mut()
            .filter(|(p, _)| uniform(seed + 7, index(*p)) < 0.01)
            .for_each(|(_, v)| *v = f64::NAN);
    }
    let mask =
        (seed % 5 == 4).then(|| Array2::from_shape_fn((ny, nx), |p| uniform(seed + 8, index(p)) < 0.02));
    let level = if seed % 7 == 6 { -1.0 } else { 2.0 + (8.0 * u[4]).floor() };
    let threshold = if seed % 6 == 5 {
        Threshold::Image(Array2::from_shape_fn((ny, nx), |p| level + uniform(seed + 9, index(p))))
    } else {
        Threshold::Scalar(level)
    };
    Case { data, single: seed % 4 == 3, mask, threshold, n_pixels: 1 + (u[5] * 8.0) as usize }
}
