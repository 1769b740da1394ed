//! Inputs that tests here and the reference scripts in `tests/reference` make bit for bit alike. Not public API.

use std::path::PathBuf;

use ndarray::Array2;

/// splitmix64 of `seed + index`, as a uniform number in `[0, 1)` with 53 bits.
#[must_use]
pub fn uniform(seed: u64, index: u64) -> f64 {
    let mut z =
        seed.wrapping_mul(0x2545_F491_4F6C_DD1D).wrapping_add(index.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
}

/// Noise of about unit width: twelve uniform numbers added up, less 6.
#[must_use]
pub fn noise(seed: u64, index: u64) -> f64 {
    let mut s = -6.0;
    for k in 0..12 {
        s += uniform(seed, index * 12 + k);
    }
    s
}

/// A field by formula: a tilted sky, noise of width `sigma`, and `n_stars` Moffat (beta 2) stars of FWHM about 3 px.
/// Only `+ - * /` are used, so every machine and language gives the same bits.
#[must_use]
pub fn field(ny: usize, nx: usize, seed: u64, n_stars: usize, sigma: f64) -> Array2<f64> {
    let stars: Vec<(f64, f64, f64)> = (0..n_stars as u64)
        .map(|i| {
            let u = uniform(seed + 1, 3 * i + 2);
            (
                uniform(seed + 1, 3 * i) * nx as f64 - 0.5,
                uniform(seed + 1, 3 * i + 1) * ny as f64 - 0.5,
                20.0 / (0.02 + u * u),
            )
        })
        .collect();
    let mut image = Array2::zeros((ny, nx));
    for y in 0..ny {
        for x in 0..nx {
            let (xf, yf) = (x as f64, y as f64);
            let mut v = 100.0 + 0.05 * xf + 0.02 * yf + sigma * noise(seed, (y * nx + x) as u64);
            for &(sx, sy, peak) in &stars {
                let (dx, dy) = (xf - sx, yf - sy);
                let q = 1.0 + (dx * dx + dy * dy) / 5.4;
                v += peak / (q * q);
            }
            image[[y, x]] = v;
        }
    }
    image
}

/// The path of a shared test file below `$SKYPHOT_TEST_DATA`; `None`, with a line on standard error that says so,
/// where the variable is not set or the file is missing.
#[must_use]
pub fn test_data(relative: &str) -> Option<PathBuf> {
    let Some(root) = std::env::var_os("SKYPHOT_TEST_DATA") else {
        say(&format!("skipped: {relative}: SKYPHOT_TEST_DATA is not set"));
        return None;
    };
    let path = PathBuf::from(root).join(relative);
    if path.exists() {
        Some(path)
    } else {
        say(&format!("skipped: {relative}: not below SKYPHOT_TEST_DATA"));
        None
    }
}

/// A line that the test runner does not swallow, as it does what `eprintln!` prints.
fn say(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[cfg(test)]
mod tests {
    // Values of the same formulas in tests/reference/common.py.
    #[test]
    fn same_bits_as_the_reference_scripts() {
        assert_eq!(super::uniform(7, 3), UNIFORM_7_3);
        assert_eq!(super::noise(7, 3), NOISE_7_3);
        assert_eq!(super::field(20, 30, 5, 4, 2.0)[[11, 17]], FIELD_5);
    }
    const UNIFORM_7_3: f64 = 0.7922433572800224;
    const NOISE_7_3: f64 = -0.04232780899786259;
    const FIELD_5: f64 = 97.48774767269988;
}
