//! Passes over the values of a box. Sums run in a fixed order of lanes, so every instruction set gives the same bits.

const LANES: usize = 8;

/// Values in an interval: how many lie below it, how many in it, and the moments of those in it about a pivot.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Scan {
    pub(crate) below: usize,
    pub(crate) kept: usize,
    /// Sum of `v - pivot`.
    pub(crate) s1: f64,
    /// Sum of `(v - pivot)^2`.
    pub(crate) s2: f64,
}

macro_rules! dispatch {
    ($(#[$doc:meta])* $name:ident, $avx2:ident, $body:ident, ($($arg:ident: $t:ty),*) -> $r:ty) => {
        $(#[$doc])*
        pub(crate) fn $name($($arg: $t),*) -> $r {
            #[cfg(target_arch = "x86_64")]
            if std::arch::is_x86_feature_detected!("avx2") {
                // SAFETY: the processor has AVX2. The body is the same plain code, without fused operations.
                #[allow(unsafe_code)]
                return unsafe { $avx2($($arg),*) };
            }
            $body($($arg),*)
        }

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2")]
        fn $avx2($($arg: $t),*) -> $r {
            $body($($arg),*)
        }
    };
}

dispatch! {
    /// Counts and moments of the values in `low..=high`.
    scan, scan_avx2, scan_any, (values: &[f64], low: f64, high: f64, pivot: f64) -> Scan
}
dispatch! {
    /// Number of values `< low`, and `<= high`.
    count, count_avx2, count_any, (values: &[f64], low: f64, high: f64) -> (usize, usize)
}
dispatch! {
    /// Copies the values in `low..=high` to `out` and returns the number of values below.
    collect, collect_avx2, collect_any, (values: &[f64], low: f64, high: f64, out: &mut Vec<f64>) -> usize
}

dispatch! {
    /// Copies the values outside `low..=high` to `out`.
    collect_outside, outside_avx2, outside_any, (values: &[f64], low: f64, high: f64, out: &mut Vec<f64>) -> ()
}

#[inline(always)]
fn scan_any(values: &[f64], low: f64, high: f64, pivot: f64) -> Scan {
    let (mut s1, mut s2) = ([0.0; LANES], [0.0; LANES]);
    let (mut below, mut kept) = ([0_u64; LANES], [0_u64; LANES]);
    let (head, tail) = values.as_chunks::<LANES>();
    for c in head {
        for k in 0..LANES {
            let v = c[k];
            let inside = (v >= low) & (v <= high);
            let d = if inside { v - pivot } else { 0.0 };
            s1[k] += d;
            s2[k] += d * d;
            below[k] += u64::from(v < low);
            kept[k] += u64::from(inside);
        }
    }
    for (k, &v) in tail.iter().enumerate() {
        let inside = (v >= low) & (v <= high);
        let d = if inside { v - pivot } else { 0.0 };
        s1[k] += d;
        s2[k] += d * d;
        below[k] += u64::from(v < low);
        kept[k] += u64::from(inside);
    }
    let total = |s: [f64; LANES]| ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
    Scan {
        below: below.iter().sum::<u64>() as usize,
        kept: kept.iter().sum::<u64>() as usize,
        s1: total(s1),
        s2: total(s2),
    }
}

#[inline(always)]
fn count_any(values: &[f64], low: f64, high: f64) -> (usize, usize) {
    let (mut a, mut b) = (0_u64, 0_u64);
    for &v in values {
        a += u64::from(v < low);
        b += u64::from(v <= high);
    }
    (a as usize, b as usize)
}

#[inline(always)]
fn collect_any(values: &[f64], low: f64, high: f64, out: &mut Vec<f64>) -> usize {
    let mut below = 0_u64;
    collect_where(
        values,
        out,
        |chunk| {
            let mut inside = 0_u64;
            for &v in chunk {
                below += u64::from(v < low);
                inside += u64::from((v >= low) & (v <= high));
            }
            inside > 0
        },
        |v| (v >= low) & (v <= high),
    );
    below as usize
}

#[inline(always)]
fn outside_any(values: &[f64], low: f64, high: f64, out: &mut Vec<f64>) {
    collect_where(
        values,
        out,
        |chunk| {
            let mut outside = 0_u64;
            for &v in chunk {
                outside += u64::from((v < low) | (v > high));
            }
            outside > 0
        },
        |v| (v < low) | (v > high),
    );
}

/// Copies the wanted values; `any` tells whether a chunk has one.
#[inline(always)]
fn collect_where(
    values: &[f64],
    out: &mut Vec<f64>,
    mut any: impl FnMut(&[f64]) -> bool,
    wanted: impl Fn(f64) -> bool,
) {
    const CHUNK: usize = 2 * LANES;
    // One chunk more than can be wanted: every value of a chunk is written before it is known to be wanted.
    if out.len() < values.len() + CHUNK {
        out.resize(values.len() + CHUNK, 0.0);
    }
    let mut len = 0;
    let (head, tail) = values.as_chunks::<CHUNK>();
    for chunk in head {
        if any(chunk)
            && let Some(room) = out.get_mut(len..len + CHUNK)
        {
            let mut n = 0;
            for &v in chunk {
                room[n.min(CHUNK - 1)] = v;
                n += usize::from(wanted(v));
            }
            len += n;
        }
    }
    any(tail);
    for &v in tail {
        out[len] = v;
        len += usize::from(wanted(v));
    }
    out.truncate(len);
}
