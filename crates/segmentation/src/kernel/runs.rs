//! Connected components of runs of pixels: union-find in bands of rows that are then joined.

use skyphot_core::{BoundingBox, Exec};

use super::label_stats::LabelStats;

/// Rows of a band. A constant: the cut must not depend on the number of threads.
pub(crate) const BAND: usize = 64;

/// A horizontal run of pixels above the threshold: columns `x0..x1`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) x0: u32,
    pub(crate) x1: u32,
}

/// Runs of consecutive rows in raster order with the component each belongs to.
#[derive(Debug, Clone, Default)]
pub(crate) struct RunRows {
    /// The runs of row `i` are `first[i]..first[i + 1]`.
    pub(crate) first: Vec<u32>,
    pub(crate) runs: Vec<Run>,
    /// Union-find: every entry points to itself or to an earlier run of its component.
    pub(crate) parent: Vec<u32>,
}

/// The first run of the component of `i`.
#[inline]
pub(crate) fn find(parent: &mut [u32], mut i: u32) -> u32 {
    while parent[i as usize] != i {
        let up = parent[parent[i as usize] as usize];
        parent[i as usize] = up;
        i = up;
    }
    i
}

/// Joins two components; the earlier run stays the root.
#[inline]
pub(crate) fn unite(parent: &mut [u32], a: u32, b: u32) {
    let (a, b) = (find(parent, a), find(parent, b));
    if a < b {
        parent[b as usize] = a;
    } else {
        parent[a as usize] = b;
    }
}

/// Calls `f(i, j)` for runs of two neighbouring rows that touch; `reach` is 1 if corners count.
pub(crate) fn for_each_contact(above: &[Run], below: &[Run], reach: u32, mut f: impl FnMut(usize, usize)) {
    let (mut i, mut j) = (0, 0);
    while i < above.len() && j < below.len() {
        let (a, b) = (above[i], below[j]);
        if a.x0 < b.x1 + reach && b.x0 < a.x1 + reach {
            f(i, j);
        }
        if a.x1 < b.x1 {
            i += 1;
        } else {
            j += 1;
        }
    }
}

impl RunRows {
    pub(crate) fn new() -> Self {
        Self { first: vec![0], runs: Vec::new(), parent: Vec::new() }
    }

    /// Number of rows.
    fn rows(&self) -> usize {
        self.first.len() - 1
    }

    /// Range of the runs of a row.
    pub(crate) fn row(&self, i: usize) -> std::ops::Range<usize> {
        self.first[i] as usize..self.first[i + 1] as usize
    }

    /// Adds a row of bytes 0 and 1 below the last one.
    pub(crate) fn push(&mut self, row: &[u8], reach: u32) {
        let start = self.runs.len();
        super::above::for_each_run(row, |x0, x1| self.runs.push(Run { x0, x1 }));
        self.parent.extend(start as u32..self.runs.len() as u32);
        let above = if self.rows() == 0 { 0..0 } else { self.row(self.rows() - 1) };
        let (runs, parent) = (&self.runs, &mut self.parent);
        for_each_contact(&runs[above.clone()], &runs[start..], reach, |i, j| {
            unite(parent, (above.start + i) as u32, (start + j) as u32);
        });
        self.first.push(self.runs.len() as u32);
    }

    /// Adds rows that were connected on their own, below the last one.
    fn append(&mut self, other: &Self, reach: u32) {
        let start = self.runs.len();
        let above = if self.rows() == 0 { 0..0 } else { self.row(self.rows() - 1) };
        let shift = start as u32;
        self.parent.extend(other.parent.iter().map(|p| p + shift));
        self.runs.extend_from_slice(&other.runs);
        self.first.extend(other.first[1..].iter().map(|f| f + shift));
        if other.rows() > 0 {
            let below = other.row(0);
            let (runs, parent) = (&self.runs, &mut self.parent);
            for_each_contact(&runs[above.clone()], &runs[start..start + below.len()], reach, |i, j| {
                unite(parent, (above.start + i) as u32, (start + j) as u32);
            });
        }
    }
}

/// Rows of bytes 0 and 1, made on request; each band of rows is asked for by one thread with scratch space of its own.
pub(crate) trait AboveRows: Sync {
    type Scratch: Default;
    /// Fills `out` with rows `y0..`, each of the width of the image.
    fn fill(&self, y0: usize, out: &mut [u8], scratch: &mut Self::Scratch);
}

/// The connected runs of rows `rows` of an image of `nx` columns.
pub(crate) fn connect<S: AboveRows>(
    source: &S,
    rows: std::ops::Range<usize>,
    nx: usize,
    reach: u32,
    exec: &Exec,
) -> RunRows {
    let bands = exec.map_chunks(rows.len(), BAND, |r| {
        let (mut scratch, mut bytes) = (S::Scratch::default(), vec![0_u8; nx * 8]);
        let mut band = RunRows::new();
        let mut y = r.start;
        while y < r.end {
            let n = (r.end - y).min(8);
            source.fill(rows.start + y, &mut bytes[..n * nx], &mut scratch);
            bytes[..n * nx].chunks_exact(nx).for_each(|row| band.push(row, reach));
            y += n;
        }
        band
    });
    join(bands, reach)
}

/// Joins bands that were connected on their own.
pub(crate) fn join(bands: Vec<RunRows>, reach: u32) -> RunRows {
    let mut all = RunRows::new();
    let total = bands.iter().map(|b| b.runs.len()).sum();
    all.runs.reserve(total);
    all.parent.reserve(total);
    for band in bands {
        all.append(&band, reach);
    }
    all
}

/// Numbers the components of at least `n_pixels` pixels in the order of their first pixel, from 1. Returns the label
/// of every run (0 = dropped) and what is known of the labels. `y0` is the first row.
pub(crate) fn number(runs: &mut RunRows, y0: usize, n_pixels: usize) -> (Vec<i32>, LabelStats) {
    let mut areas = vec![0_usize; runs.runs.len()];
    for i in 0..runs.runs.len() {
        let root = find(&mut runs.parent, i as u32);
        runs.parent[i] = root;
        let r = runs.runs[i];
        areas[root as usize] += (r.x1 - r.x0) as usize;
    }
    let mut labels = vec![0_i32; runs.runs.len()];
    let mut stats = LabelStats::default();
    for row in 0..runs.rows() {
        let y = (y0 + row) as i64;
        for i in runs.row(row) {
            let (root, r) = (runs.parent[i] as usize, runs.runs[i]);
            if areas[root] < n_pixels {
                continue;
            }
            let (x0, x1) = (i64::from(r.x0), i64::from(r.x1));
            if root == i {
                let label = stats.labels.len() as i32 + 1;
                labels[i] = label;
                stats.labels.push(label);
                stats.areas.push(areas[root]);
                stats.boxes.push(BoundingBox { x_min: x0, x_max: x1, y_min: y, y_max: y + 1 });
            } else {
                labels[i] = labels[root];
                let b = &mut stats.boxes[labels[root] as usize - 1];
                b.x_min = b.x_min.min(x0);
                b.x_max = b.x_max.max(x1);
                b.y_max = y + 1;
            }
        }
    }
    (labels, stats)
}
