//! Random numbers: PCG-XSL-RR 128/64, one independent stream per purpose and image row.

use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng;

/// What a stream is for; rows of an image follow each other from there.
#[derive(Debug, Clone, Copy)]
#[repr(u64)]
pub(crate) enum Purpose {
    Stars = 1 << 32,
    Galaxies = 2 << 32,
    Defects = 3 << 32,
    Cluster = 4 << 32,
    Poisson = 6 << 32,
    Read = 7 << 32,
}

fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The generator of a seed, a purpose and a row.
pub(crate) fn generator(seed: u64, purpose: Purpose, row: usize) -> Pcg64 {
    let stream = purpose as u64 + row as u64;
    let state = u128::from(mix(seed)) << 64 | u128::from(mix(seed ^ mix(stream)));
    Pcg64::new(state, u128::from(stream))
}

/// Uniform in `[0, 1)` with 53 bits.
pub(crate) fn uniform(rng: &mut Pcg64) -> f64 {
    (rng.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
}

/// Uniform in `[a, b)`.
pub(crate) fn between(rng: &mut Pcg64, a: f64, b: f64) -> f64 {
    a + (b - a) * uniform(rng)
}

/// A power law: the number of draws above `x` falls as `x^-slope`, between `lo` and `hi`.
pub(crate) fn power_law(rng: &mut Pcg64, slope: f64, lo: f64, hi: f64) -> f64 {
    let u = uniform(rng);
    if slope.abs() < 1e-9 {
        return lo * (hi / lo).powf(u);
    }
    let (a, b) = (lo.powf(-slope), hi.powf(-slope));
    (a + (b - a) * u).powf(-1.0 / slope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_law_has_its_slope() {
        let mut rng = generator(1, Purpose::Stars, 0);
        let v: Vec<f64> = (0..20_000).map(|_| power_law(&mut rng, 0.8, 100.0, 1e6)).collect();
        assert!(v.iter().all(|x| (100.0..=1e6).contains(x)));
        let above = |x: f64| v.iter().filter(|y| **y > x).count() as f64;
        // 10^-0.8 per decade, far from the upper end.
        assert!((above(1000.0) / above(100.0) - 0.158).abs() < 0.01);
    }

    #[test]
    fn streams_differ() {
        let first = |row| generator(3, Purpose::Read, row).next_u64();
        assert_ne!(first(0), first(1));
        assert_eq!(first(1), first(1));
    }
}
