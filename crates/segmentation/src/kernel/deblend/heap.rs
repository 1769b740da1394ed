//! The textbook binary heap on (cost, age), with every seed in it.
//!
//! Among seeds of equal cost the order in which they leave depends on how the heap is built. Where that decides which
//! source a pixel goes to, the flood is done with this one, because it is the one the reference has.

/// `(cost, age, pixel)` with the smallest cost, then age, on top.
#[derive(Debug, Default)]
pub(crate) struct Heap {
    items: Vec<(f64, u64, u32)>,
}

fn less(a: &(f64, u64, u32), b: &(f64, u64, u32)) -> bool {
    if a.0 == b.0 { a.1 < b.1 } else { a.0 < b.0 }
}

impl Heap {
    pub(crate) fn push(&mut self, cost: f64, age: u64, pixel: u32) {
        let mut i = self.items.len();
        self.items.push((cost, age, pixel));
        while i > 0 {
            let up = (i - 1) / 2;
            if !less(&self.items[i], &self.items[up]) {
                break;
            }
            self.items.swap(i, up);
            i = up;
        }
    }

    pub(crate) fn pop(&mut self) -> Option<(f64, u32)> {
        let n = self.items.len();
        if n == 0 {
            return None;
        }
        self.items.swap(0, n - 1);
        let (cost, _, pixel) = self.items.pop()?;
        let (n, mut i) = (n - 1, 0);
        loop {
            let mut child = 2 * i + 1;
            if child >= n {
                break;
            }
            if child + 1 < n && less(&self.items[child + 1], &self.items[child]) {
                child += 1;
            }
            if !less(&self.items[child], &self.items[i]) {
                break;
            }
            self.items.swap(i, child);
            i = child;
        }
        Some((cost, pixel))
    }
}
