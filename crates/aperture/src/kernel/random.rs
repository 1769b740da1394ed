//! Random numbers as numpy draws them, so that a seed means the same there and here.
//!
//! The generator is PCG XSL-RR 128/64 (O'Neill 2014, HMC-CS-2014-0905). Its seed is spread by the `seed_seq` of the same
//! author as numpy has it; integers below a bound are drawn as Lemire 2019 (ACM TOMACS 29, 3) and subsets as Floyd
//! (Bentley and Floyd 1987, CACM 30, 754).

use std::collections::HashSet;

const MULTIPLIER: u128 = 0x2360_ED05_1FC6_5DA4_4385_DF64_9FCC_F645;
const POOL: usize = 4;

/// `numpy.random.default_rng(seed)`.
#[derive(Debug, Clone)]
pub(crate) struct Random {
    state: u128,
    increment: u128,
    half: Option<u32>,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
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

    fn next_u64(&mut self) -> u64 {
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
    fn next_f64(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// In `[low, high)`.
    pub(crate) fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.next_f64()
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
    pub(crate) fn choice(&mut self, n: usize, size: usize) -> Vec<usize> {
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
            let mut r = Random::new(seed);
            assert_eq!([r.next_u64(), r.next_u64()], draws);
        }
        let mut r = Random::new(7);
        assert_eq!(r.choice(500, 5), [310, 340, 468, 289, 447]);
        let shifts = [r.uniform(-0.5, 0.5), r.uniform(-0.5, 0.5)];
        assert!((shifts[0] - 0.373_553_45).abs() < 1e-8 && (shifts[1] + 0.494_734_7).abs() < 1e-8);
        let many = r.choice(20_000, 800);
        assert_eq!((many.len(), &many[..4]), (800, &[7339, 18538, 3273, 1758][..]));
        assert!((r.uniform(-0.5, 0.5) - 0.303_666_597_800_054).abs() < 1e-14);
        assert_eq!(r.choice(3, 9).len(), 3);
    }
}
