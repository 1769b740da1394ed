//! Labels, areas and bounding boxes of a label image in one pass over runs of equal pixels.

use std::collections::HashMap;

use skyphot_core::BoundingBox;

/// Labels in increasing order with their areas and boxes.
#[derive(Debug, Clone, Default)]
pub(crate) struct LabelStats {
    pub(crate) labels: Vec<i32>,
    pub(crate) areas: Vec<usize>,
    pub(crate) boxes: Vec<BoundingBox>,
}

#[derive(Clone, Copy)]
struct Entry {
    area: usize,
    x0: u32,
    x1: u32,
    y0: u32,
    y1: u32,
}

const EMPTY: Entry = Entry { area: 0, x0: u32::MAX, x1: 0, y0: u32::MAX, y1: 0 };

impl Entry {
    #[inline]
    fn add(&mut self, y: usize, x0: usize, x1: usize) {
        self.area += x1 - x0;
        self.x0 = self.x0.min(x0 as u32);
        self.x1 = self.x1.max(x1 as u32);
        self.y0 = self.y0.min(y as u32);
        self.y1 = self.y1.max(y as u32 + 1);
    }
}

/// Calls `f(y, x0, x1, label)` for every run of pixels of one non-zero label, rows first.
pub(crate) fn for_each_run(data: &[i32], nx: usize, mut f: impl FnMut(usize, usize, usize, i32)) {
    for (y, row) in data.chunks_exact(nx.max(1)).enumerate() {
        let mut x = 0;
        while x < nx {
            let label = row[x];
            if label == 0 {
                // Backgrounds are long: skip them eight pixels at a time.
                x += 1;
                while x + 8 <= nx && row[x..x + 8].iter().fold(0, |a, &b| a | b) == 0 {
                    x += 8;
                }
                continue;
            }
            let start = x;
            while x < nx && row[x] == label {
                x += 1;
            }
            f(y, start, x, label);
        }
    }
}

/// Measures the labels of a contiguous label image with rows of `nx` pixels; labels must not be negative.
pub(crate) fn measure(data: &[i32], nx: usize) -> LabelStats {
    let max = data.iter().copied().max().unwrap_or(0).max(0) as usize;
    let mut found: Vec<(i32, Entry)> = if max <= data.len() + 1024 {
        let mut table = vec![EMPTY; max + 1];
        for_each_run(data, nx, |y, x0, x1, label| table[label as usize].add(y, x0, x1));
        (0..).zip(table).filter(|(_, e)| e.area > 0).collect()
    } else {
        let mut table: HashMap<i32, Entry> = HashMap::new();
        for_each_run(data, nx, |y, x0, x1, label| table.entry(label).or_insert(EMPTY).add(y, x0, x1));
        table.into_iter().collect()
    };
    found.sort_unstable_by_key(|(l, _)| *l);
    let mut stats = LabelStats::default();
    for (label, e) in found {
        stats.labels.push(label);
        stats.areas.push(e.area);
        stats.boxes.push(BoundingBox {
            x_min: i64::from(e.x0),
            x_max: i64::from(e.x1),
            y_min: i64::from(e.y0),
            y_max: i64::from(e.y1),
        });
    }
    stats
}
