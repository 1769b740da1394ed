//! Small median filters over bands of rows of an image.

/// A run of rows of an image, with its place in the image.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Band {
    /// Image row of the first row.
    pub(crate) first: usize,
    /// Number of rows.
    pub(crate) rows: usize,
    /// Width.
    pub(crate) nx: usize,
    /// Height of the image.
    pub(crate) ny: usize,
}

impl Band {
    /// Row `r` of the band has `h` rows on both sides within the image, and within the band.
    fn has_room(&self, r: usize, h: usize) -> bool {
        let y = self.first + r;
        y >= h && y + h < self.ny && r >= h && r + h < self.rows
    }
}

#[inline(always)]
fn order(a: &mut f32, b: &mut f32) {
    let (low, high) = if *a < *b { (*a, *b) } else { (*b, *a) };
    *a = low;
    *b = high;
}

/// Comparators of sorting networks for 5, 7 and 9 values (Knuth, The Art of Computer Programming 3, 5.3.4).
const FIVE: [(usize, usize); 9] = [(0, 3), (1, 4), (0, 2), (1, 3), (0, 1), (2, 4), (1, 2), (3, 4), (2, 3)];
const SEVEN: [(usize, usize); 16] = [
    (0, 6),
    (2, 3),
    (4, 5),
    (0, 2),
    (1, 4),
    (3, 6),
    (0, 1),
    (2, 5),
    (3, 4),
    (1, 2),
    (4, 6),
    (2, 3),
    (4, 5),
    (1, 2),
    (3, 4),
    (5, 6),
];
const NINE: [(usize, usize); 25] = [
    (0, 3),
    (1, 7),
    (2, 5),
    (4, 8),
    (0, 7),
    (2, 4),
    (3, 8),
    (5, 6),
    (0, 2),
    (1, 3),
    (4, 5),
    (7, 8),
    (1, 4),
    (3, 6),
    (5, 7),
    (0, 1),
    (2, 4),
    (3, 5),
    (6, 8),
    (2, 3),
    (4, 5),
    (6, 7),
    (1, 2),
    (3, 4),
    (5, 6),
];

#[inline(always)]
fn middle<const K: usize>(mut v: [f32; K]) -> f32 {
    let network: &[(usize, usize)] = match K {
        5 => &FIVE,
        7 => &SEVEN,
        _ => &NINE,
    };
    for &(i, j) in network {
        let (head, tail) = v.split_at_mut(j);
        order(&mut head[i], &mut tail[0]);
    }
    v[K / 2]
}

/// Median of `K` (5, 7 or 9) pixels along x, then of `K` such medians along y. Pixels nearer than `K / 2` to the border
/// of the image keep their value; so do rows whose neighbours are not in the band.
pub(crate) fn separable<const K: usize>(src: &[f32], band: Band) -> Vec<f32> {
    let (h, nx) = (K / 2, band.nx);
    let mut out = src.to_vec();
    if nx <= 2 * h {
        return out;
    }
    let mut across = src.to_vec();
    for (row, line) in across.chunks_exact_mut(nx).zip(src.chunks_exact(nx)) {
        for (o, w) in row[h..nx - h].iter_mut().zip(line.windows(K)) {
            *o = middle::<K>(std::array::from_fn(|k| w[k]));
        }
    }
    for r in (0..band.rows).filter(|r| band.has_room(*r, h)) {
        let lines: [&[f32]; K] = std::array::from_fn(|k| &across[(r + k - h) * nx..(r + k - h + 1) * nx]);
        for (x, o) in out[r * nx..(r + 1) * nx].iter_mut().enumerate().take(nx - h).skip(h) {
            *o = middle::<K>(std::array::from_fn(|k| lines[k][x]));
        }
    }
    out
}

/// Median of the `k` x `k` pixels about each; borders as in [`separable`].
pub(crate) fn square(src: &[f32], k: usize, band: Band) -> Vec<f32> {
    let (h, nx) = (k / 2, band.nx);
    let mut out = src.to_vec();
    let mut window = Vec::with_capacity(k * k);
    for r in (0..band.rows).filter(|r| band.has_room(*r, h)) {
        for x in h..nx.saturating_sub(h) {
            window.clear();
            for l in r - h..=r + h {
                window.extend_from_slice(&src[l * nx + x - h..=l * nx + x + h]);
            }
            out[r * nx + x] = *window.select_nth_unstable_by(k * k / 2, f32::total_cmp).1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorts<const K: usize>() {
        // A network that sorts every sequence of zeros and ones sorts everything (Knuth).
        for bits in 0u32..1 << K {
            let v: [f32; K] = std::array::from_fn(|k| (bits >> k & 1) as f32);
            let expected = if bits.count_ones() as usize > K / 2 { 1.0 } else { 0.0 };
            assert_eq!(middle::<K>(v), expected, "{K} {bits:b}");
        }
    }

    #[test]
    fn networks_find_the_median() {
        sorts::<5>();
        sorts::<7>();
        sorts::<9>();
    }

    #[test]
    fn filters_equal_the_obvious_ones() {
        let (ny, nx) = (19, 17);
        let v: Vec<f32> = (0..ny * nx).map(|i| ((i * 7919) % 1009) as f32).collect();
        let whole = Band { first: 0, rows: ny, nx, ny };
        let median = |mut w: Vec<f32>| {
            w.sort_by(f32::total_cmp);
            w[w.len() / 2]
        };
        let (fast, slow) = (square(&v, 5, whole), separable::<7>(&v, whole));
        for y in 0..ny {
            for x in 0..nx {
                let inside = |h: usize| y >= h && x >= h && y + h < ny && x + h < nx;
                let all = || (y - 2..=y + 2).flat_map(|l| (x - 2..=x + 2).map(move |c| (l, c)));
                let want = if inside(2) {
                    median(all().map(|(l, c)| v[l * nx + c]).collect())
                } else {
                    v[y * nx + x]
                };
                assert_eq!(fast[y * nx + x], want);
                let row = |l: usize| median((x - 3..=x + 3).map(|c| v[l * nx + c]).collect());
                let want = if inside(3) { median((y - 3..=y + 3).map(row).collect()) } else { v[y * nx + x] };
                assert_eq!(slow[y * nx + x], want);
            }
        }
        // A band gives the same in its inner rows, and at the border of the image.
        let band = Band { first: 8, rows: ny - 8, nx, ny };
        let part = separable::<7>(&v[8 * nx..], band);
        assert_eq!(part[3 * nx..], slow[11 * nx..]);
    }
}
