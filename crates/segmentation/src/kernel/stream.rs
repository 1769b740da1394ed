//! Connected components of an image that comes in bands of rows: only what is still open is kept open.

use skyphot_core::BoundingBox;

use super::runs::{Run, RunRows, find, for_each_contact, unite};
use crate::SourceRuns;
use crate::error::{Result, SegmentationError};
use crate::source_runs::PixelRun;

/// A source under construction.
#[derive(Debug, Clone, Default)]
struct Open {
    /// Runs as `(y, x0, x1)`, not yet in order.
    runs: Vec<(u32, u32, u32)>,
    area: usize,
}

/// Takes in bands from top to bottom.
#[derive(Debug)]
pub(crate) struct Stream {
    reach: u32,
    n_pixels: usize,
    y: u32,
    /// The last row: its runs and the open source of each.
    last: Vec<(Run, u32)>,
    open: Vec<Open>,
    /// Runs of the sources that are complete, and where each begins and ends.
    done: Vec<PixelRun>,
    sources: Vec<(usize, usize)>,
}

impl Stream {
    pub(crate) fn new(reach: u32, n_pixels: usize) -> Self {
        Self {
            reach,
            n_pixels,
            y: 0,
            last: Vec::new(),
            open: Vec::new(),
            done: Vec::new(),
            sources: Vec::new(),
        }
    }

    /// Adds a band that was connected on its own.
    pub(crate) fn push(&mut self, band: &RunRows) {
        let rows = band.first.len() - 1;
        if rows == 0 {
            return;
        }
        // Components: the open ones first, then one for every run of the band (only roots are used).
        let old = self.open.len() as u32;
        let mut parent: Vec<u32> = (0..old).collect();
        parent.extend(band.parent.iter().map(|p| p + old));
        let above: Vec<Run> = self.last.iter().map(|(r, _)| *r).collect();
        for_each_contact(&above, &band.runs[band.row(0)], self.reach, |i, j| {
            unite(&mut parent, self.last[i].1, j as u32 + old);
        });
        let mut slots = vec![u32::MAX; parent.len()];
        let mut next: Vec<Open> = Vec::new();
        let mut slot_of = |root: u32, next: &mut Vec<Open>| {
            let s = &mut slots[root as usize];
            if *s == u32::MAX {
                *s = next.len() as u32;
                next.push(Open::default());
            }
            *s
        };
        for (i, mut o) in std::mem::take(&mut self.open).into_iter().enumerate() {
            let root = find(&mut parent, i as u32);
            let slot = slot_of(root, &mut next) as usize;
            let into = &mut next[slot];
            into.area += o.area;
            if into.runs.len() < o.runs.len() {
                std::mem::swap(&mut into.runs, &mut o.runs);
            }
            into.runs.append(&mut o.runs);
        }
        self.last.clear();
        for row in 0..rows {
            for k in band.row(row) {
                let root = find(&mut parent, k as u32 + old);
                let slot = slot_of(root, &mut next);
                let (r, o) = (band.runs[k], &mut next[slot as usize]);
                o.runs.push((self.y + row as u32, r.x0, r.x1));
                o.area += (r.x1 - r.x0) as usize;
                if row + 1 == rows {
                    self.last.push((r, slot));
                }
            }
        }
        self.y += rows as u32;
        // Close what does not reach the last row.
        let mut place = vec![u32::MAX; next.len()];
        for (_, slot) in &mut self.last {
            let p = &mut place[*slot as usize];
            if *p == u32::MAX {
                *p = self.open.len() as u32;
                self.open.push(std::mem::take(&mut next[*slot as usize]));
            }
            *slot = *p;
        }
        next.into_iter().filter(|o| !o.runs.is_empty()).for_each(|o| self.close(o));
    }

    fn close(&mut self, mut o: Open) {
        if o.area >= self.n_pixels {
            o.runs.sort_unstable();
            let from = self.done.len();
            self.done.append(&mut o.runs);
            self.sources.push((from, self.done.len()));
        }
    }

    /// Bytes of memory it will take, about: for a moment all runs are there twice.
    pub(crate) fn memory(&self) -> usize {
        2 * size_of::<PixelRun>() * self.done.len() + 100 * self.sources.len()
    }

    /// All sources that are large enough, in the order of their first pixels.
    pub(crate) fn finish(mut self, shape: (usize, usize)) -> Result<SourceRuns> {
        for o in std::mem::take(&mut self.open) {
            self.close(o);
        }
        let Self { done, mut sources, .. } = self;
        let n = i32::try_from(sources.len())
            .map_err(|_| SegmentationError::TooManyLabels(sources.len() as i64))?;
        sources.sort_unstable_by_key(|s| done[s.0]);
        let mut runs = Vec::with_capacity(done.len());
        sources.iter().for_each(|&(from, to)| runs.extend_from_slice(&done[from..to]));
        drop(done);
        let ends = sources.iter().scan(0, |end, s| {
            *end += s.1 - s.0;
            Some(*end)
        });
        Ok(SourceRuns::new(shape, (1..=n).collect(), runs, ends))
    }
}

/// Area and box of runs in order.
pub(crate) fn measure(runs: &[(u32, u32, u32)]) -> (usize, BoundingBox) {
    let mut b = BoundingBox { x_min: i64::MAX, x_max: i64::MIN, y_min: i64::MAX, y_max: i64::MIN };
    let mut area = 0;
    for &(y, x0, x1) in runs {
        area += (x1 - x0) as usize;
        b.x_min = b.x_min.min(i64::from(x0));
        b.x_max = b.x_max.max(i64::from(x1));
        b.y_min = b.y_min.min(i64::from(y));
        b.y_max = b.y_max.max(i64::from(y) + 1);
    }
    (area, b)
}
