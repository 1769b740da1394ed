//! Random numbers as numpy draws them, so that a seed means the same there and here.
//!
//! The generator is PCG XSL-RR 128/64 (O'Neill 2014, HMC-CS-2014-0905). Its seed is spread by the `seed_seq` of the same
//! author as numpy has it; integers below a bound are drawn as Lemire 2019 (ACM TOMACS 29, 3) and subsets as Floyd
//! (Bentley and Floyd 1987, CACM 30, 754). Normal deviates are those of a ziggurat of 256 layers (Marsaglia and Tsang
//! 2000, J. Stat. Soft. 5, 8; Doornik 2005), Poisson deviates those of Hoermann 1993 (Insurance: Mathematics and
//! Economics 12, 39), or products of uniform ones for small means.

use std::collections::HashSet;
use std::sync::OnceLock;

const MULTIPLIER: u128 = 0x2360_ED05_1FC6_5DA4_4385_DF64_9FCC_F645;
const POOL: usize = 4;

/// `numpy.random.default_rng(seed)`: the same draws in the same order (normal deviates to a few units of the last place).
///
/// ```
/// use skyphot_core::random::NumpyRandom;
/// let mut rng = NumpyRandom::new(0);
/// assert_eq!(rng.uniform(0.0, 1.0), 0.636_961_687_321_454_3);
/// assert_eq!([rng.choice(3, 9).len(), rng.choice(100, 9).len()], [3, 9]);
/// ```
#[doc(alias = "default_rng")]
#[derive(Debug, Clone)]
pub struct NumpyRandom {
    state: u128,
    increment: u128,
    half: Option<u32>,
}

impl NumpyRandom {
    /// The generator of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let w = seed_words(seed);
        let pair = |k: usize| (u128::from(w[k]) << 64) | u128::from(w[k + 1]);
        let mut r = Self { state: 0, increment: (pair(2) << 1) | 1, half: None };
        r.step();
        r.state = r.state.wrapping_add(pair(0));
        r.step();
        r
    }

    fn step(&mut self) {
        self.state = self.state.wrapping_mul(MULTIPLIER).wrapping_add(self.increment);
    }

    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.step();
        let folded = (self.state >> 64) as u64 ^ self.state as u64;
        folded.rotate_right((self.state >> 122) as u32)
    }

    fn next_u32(&mut self) -> u32 {
        if let Some(v) = self.half.take() {
            return v;
        }
        let v = self.next_u64();
        self.half = Some((v >> 32) as u32);
        v as u32
    }

    /// In `[0, 1)`.
    pub fn next_f64(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// In `[low, high)`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.next_f64()
    }

    /// Of the normal distribution with mean 0 and standard deviation 1.
    pub fn standard_normal(&mut self) -> f64 {
        let z = ziggurat();
        loop {
            let bits = self.next_u64();
            let layer = (bits & 0xff) as usize;
            let negative = bits >> 8 & 1 == 1;
            let size = bits >> 9 & 0x000f_ffff_ffff_ffff;
            let x = size as f64 * z.width[layer];
            let signed = |x: f64| if negative { -x } else { x };
            if size < z.inside[layer] {
                return signed(x);
            }
            if layer == 0 {
                // The tail beyond the last layer.
                loop {
                    let xx = -(-self.next_f64()).ln_1p() / TAIL;
                    let yy = -(-self.next_f64()).ln_1p();
                    if yy + yy > xx * xx {
                        let v = TAIL + xx;
                        return if size >> 8 & 1 == 1 { -v } else { v };
                    }
                }
            }
            let (below, above) = (z.height[layer - 1], z.height[layer]);
            if (below - above) * self.next_f64() + above < (-0.5 * x * x).exp() {
                return signed(x);
            }
        }
    }

    /// Of the normal distribution.
    pub fn normal(&mut self, mean: f64, std: f64) -> f64 {
        mean + std * self.standard_normal()
    }

    /// Of the Poisson distribution; 0 for a mean that is not positive.
    pub fn poisson(&mut self, mean: f64) -> f64 {
        if mean >= 10.0 {
            return self.poisson_rejection(mean);
        }
        if mean.is_nan() || mean <= 0.0 {
            return 0.0;
        }
        let limit = (-mean).exp();
        let (mut product, mut n) = (1.0, 0.0);
        loop {
            product *= self.next_f64();
            if product <= limit {
                return n;
            }
            n += 1.0;
        }
    }

    /// Transformed rejection with squeeze.
    fn poisson_rejection(&mut self, mean: f64) -> f64 {
        let b = 0.931 + 2.53 * mean.sqrt();
        let a = -0.059 + 0.02483 * b;
        let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
        let v_r = 0.9277 - 3.6224 / (b - 2.0);
        loop {
            let u = self.next_f64() - 0.5;
            let v = self.next_f64();
            let us = 0.5 - u.abs();
            let k = ((2.0 * a / us + b) * u + mean + 0.43).floor();
            if us >= 0.07 && v <= v_r {
                return k;
            }
            if k < 0.0 || (us < 0.013 && v > us) {
                continue;
            }
            let left = v.ln() + inverse_alpha.ln() - (a / (us * us) + b).ln();
            if left <= -mean + k * mean.ln() - ln_factorial(k) {
                return k;
            }
        }
    }

    /// An integer from 0 to `max`, both included.
    fn up_to(&mut self, max: u64) -> u64 {
        match u32::try_from(max) {
            Ok(0) => 0,
            Ok(u32::MAX) => u64::from(self.next_u32()),
            Ok(max) => {
                let n = max + 1;
                let mut m = u64::from(self.next_u32()) * u64::from(n);
                if (m as u32) < n {
                    let threshold = (u32::MAX - max) % n;
                    while (m as u32) < threshold {
                        m = u64::from(self.next_u32()) * u64::from(n);
                    }
                }
                m >> 32
            }
            Err(_) if max == u64::MAX => self.next_u64(),
            Err(_) => {
                let n = max + 1;
                let mut m = u128::from(self.next_u64()) * u128::from(n);
                if (m as u64) < n {
                    let threshold = (u64::MAX - max) % n;
                    while (m as u64) < threshold {
                        m = u128::from(self.next_u64()) * u128::from(n);
                    }
                }
                (m >> 64) as u64
            }
        }
    }

    /// Shuffles `data[first..]` from its end.
    fn shuffle(&mut self, data: &mut [usize], first: usize) {
        for i in (first..data.len()).rev() {
            let j = self.up_to(i as u64) as usize;
            data.swap(i, j);
        }
    }

    /// `size` different numbers below `n`, in random order; all of them if there are not so many.
    pub fn choice(&mut self, n: usize, size: usize) -> Vec<usize> {
        let size = size.min(n);
        if n > 10_000 && size > n / 50 {
            let mut all: Vec<usize> = (0..n).collect();
            self.shuffle(&mut all, (n - size).max(1));
            return all.split_off(n - size);
        }
        let mut seen = HashSet::with_capacity(size);
        let mut found = Vec::with_capacity(size);
        for j in n - size..n {
            let v = self.up_to(j as u64) as usize;
            let v = if seen.contains(&v) { j } else { v };
            seen.insert(v);
            found.push(v);
        }
        self.shuffle(&mut found, 1);
        found
    }
}

/// Where the tail of the ziggurat begins.
const TAIL: f64 = 3.654_152_885_361_009;
/// Area of each of its layers.
const LAYER: f64 = 0.004_928_673_233_974_658;

/// Layers of the normal density `exp(-x^2 / 2)`, all of one area; layer 0 holds the tail.
struct Ziggurat {
    /// Half width over 2^52.
    width: [f64; 256],
    /// Numbers below this lie under the curve for sure.
    inside: [u64; 256],
    /// Density at the edge.
    height: [f64; 256],
}

fn ziggurat() -> &'static Ziggurat {
    static TABLE: OnceLock<Ziggurat> = OnceLock::new();
    TABLE.get_or_init(|| {
        const UNIT: f64 = 4_503_599_627_370_496.0;
        let density = |x: f64| (-0.5 * x * x).exp();
        let base = LAYER / density(TAIL);
        let mut z = Ziggurat { width: [0.0; 256], inside: [0; 256], height: [0.0; 256] };
        (z.width[0], z.inside[0], z.height[0]) = (base / UNIT, (TAIL / base * UNIT) as u64, 1.0);
        (z.width[255], z.height[255]) = (TAIL / UNIT, density(TAIL));
        let mut outer = TAIL;
        for k in (1..255).rev() {
            let x = (-2.0 * (LAYER / outer + density(outer)).ln()).sqrt();
            z.inside[k + 1] = (x / outer * UNIT) as u64;
            (z.width[k], z.height[k]) = (x / UNIT, density(x));
            outer = x;
        }
        z
    })
}

/// `ln(k!)` by Stirling's series, to 1e-13.
fn ln_factorial(k: f64) -> f64 {
    let mut x = k + 1.0;
    let mut product = 1.0;
    while x < 10.0 {
        product *= x;
        x += 1.0;
    }
    let r = 1.0 / (x * x);
    let series = (1.0 / 12.0 - r * (1.0 / 360.0 - r * (1.0 / 1260.0 - r * (1.0 / 1680.0 - r / 1188.0)))) / x;
    (x - 0.5) * x.ln() - x + 0.918_938_533_204_672_8 + series - f64::ln(product)
}

/// Four well mixed words of a seed.
fn seed_words(seed: u64) -> [u64; 4] {
    let mut hash = 0x43b0_d7e5_u32;
    let mut hashmix = |v: u32| {
        let v = v ^ hash;
        hash = hash.wrapping_mul(0x931e_8875);
        let v = v.wrapping_mul(hash);
        v ^ (v >> 16)
    };
    let mix = |x: u32, y: u32| {
        let v = 0xca01_f9dd_u32.wrapping_mul(x).wrapping_sub(0x4973_f715_u32.wrapping_mul(y));
        v ^ (v >> 16)
    };
    let entropy = [seed as u32, (seed >> 32) as u32, 0, 0];
    let mut pool: [u32; POOL] = entropy.map(&mut hashmix);
    for from in 0..POOL {
        for to in 0..POOL {
            if from != to {
                pool[to] = mix(pool[to], hashmix(pool[from]));
            }
        }
    }
    let mut hash = 0x8b51_f9dd_u32;
    let mut word = |k: usize| {
        let v = pool[k % POOL] ^ hash;
        hash = hash.wrapping_mul(0x58f3_8ded);
        let v = v.wrapping_mul(hash);
        u64::from(v ^ (v >> 16))
    };
    std::array::from_fn(|k| word(2 * k) | (word(2 * k + 1) << 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_of_numpy() {
        for (seed, draws) in [
            (0, [11_749_869_230_777_074_271, 4_976_686_463_289_251_617]),
            (1, [9_441_442_522_235_856_127, 17_532_960_557_476_522_086]),
            (123_456_789_012_345, [9_776_902_893_865_078_502, 819_811_936_507_288_463_u64]),
        ] {
            let mut r = NumpyRandom::new(seed);
            assert_eq!([r.next_u64(), r.next_u64()], draws);
        }
        let mut r = NumpyRandom::new(7);
        assert_eq!(r.choice(500, 5), [310, 340, 468, 289, 447]);
        let shifts = [r.uniform(-0.5, 0.5), r.uniform(-0.5, 0.5)];
        assert!((shifts[0] - 0.373_553_45).abs() < 1e-8 && (shifts[1] + 0.494_734_7).abs() < 1e-8);
        let many = r.choice(20_000, 800);
        assert_eq!((many.len(), &many[..4]), (800, &[7339, 18538, 3273, 1758][..]));
        assert!((r.uniform(-0.5, 0.5) - 0.303_666_597_800_054).abs() < 1e-14);
        assert_eq!(r.choice(3, 9).len(), 3);
    }

    #[test]
    fn normal_and_poisson_draws_of_numpy() {
        // numpy.random.default_rng(0).standard_normal(3), and sums over many draws.
        let mut r = NumpyRandom::new(0);
        for v in [0.125_730_221_093_393_3, -0.132_104_863_291_301_9, 0.640_422_650_443_282_1] {
            assert!((r.standard_normal() - v).abs() < 1e-15);
        }
        let mut r = NumpyRandom::new(5);
        let (mut sum, mut squares, mut largest) = (0.0, 0.0, 0.0f64);
        for _ in 0..1_000_000 {
            let v = r.standard_normal();
            (sum, squares, largest) = (sum + v, squares + v * v, largest.max(v.abs()));
        }
        let want = NORMAL_SUMS;
        assert!((sum - want[0]).abs() < 1e-8 && (squares - want[1]).abs() < 1e-6, "{sum} {squares}");
        assert!((largest - want[2]).abs() < 1e-14, "{largest}");
        for (mean, total, square) in POISSON_SUMS {
            let mut r = NumpyRandom::new(3);
            let draws: Vec<f64> = (0..100_000).map(|_| r.poisson(mean)).collect();
            assert_eq!(draws.iter().sum::<f64>(), total, "{mean}");
            assert_eq!(draws.iter().map(|v| v * v).sum::<f64>(), square, "{mean}");
        }
        let mut r = NumpyRandom::new(0);
        assert_eq!([0; 5].map(|_| r.poisson(5.0)), [3.0, 7.0, 3.0, 4.0, 8.0]);
        assert!((ln_factorial(20.0) - 2_432_902_008_176_640_000f64.ln()).abs() < 1e-13);
        assert!(ln_factorial(0.0).abs() < 1e-13);
    }

    /// `numpy.random.default_rng(5).standard_normal(1_000_000)`: sum, sum of squares, largest absolute value.
    const NORMAL_SUMS: [f64; 3] = [1447.4419642717376, 1000833.3875927941, 4.820175842608121];

    /// `numpy.random.default_rng(3).poisson(mean, 100_000)`: sum and sum of squares.
    const POISSON_SUMS: [(f64, f64, f64); 5] = [
        (0.3, 30092.0, 39086.0),
        (9.5, 950920.0, 9991620.0),
        (10.0, 999925.0, 11000595.0),
        (237.5, 23750934.0, 5664845558.0),
        (100000.0, 10000021366.0, 1000014290041144.0),
    ];
}
