//! Sources that have to be fitted together.

use std::collections::HashMap;

use skyphot_core::Point;

use crate::error::{PsfError, Result};
use crate::kernel::cells::Cells;

/// Groups sources that a chain of neighbours nearer than a separation connects (single linkage), as the reference's
/// hierarchical clustering does, but in time and memory proportional to the number of sources.
///
/// ```
/// use skyphot_core::Point;
/// use skyphot_psf::SourceGrouper;
/// let p = [(0.0, 0.0), (50.0, 0.0), (4.0, 0.0), (8.0, 0.0)].map(Point::from);
/// let groups = SourceGrouper::new(5.0)?.group(&p);
/// assert_eq!(groups.ids(), [1, 2, 1, 1]);
/// assert_eq!(groups.sizes(), [3, 1, 3, 3]);
/// # Ok::<(), skyphot_psf::PsfError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SourceGrouper {
    min_separation: f64,
}

/// Group numbers of sources, from 1 in the order of first appearance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceGroups {
    ids: Vec<i64>,
    sizes: Vec<usize>,
}

impl SourceGrouper {
    /// Sources up to `min_separation` pixels apart belong together.
    ///
    /// # Errors
    /// [`PsfError::InvalidParameter`] unless it is finite and positive.
    pub fn new(min_separation: f64) -> Result<Self> {
        if min_separation.is_finite() && min_separation > 0.0 {
            Ok(Self { min_separation })
        } else {
            Err(PsfError::InvalidParameter {
                name: "min_separation",
                expected: "a finite number greater than 0",
                found: min_separation,
            })
        }
    }

    /// The separation, pixels.
    #[must_use]
    pub fn min_separation(&self) -> f64 {
        self.min_separation
    }

    /// Groups of the positions. One that is not finite is alone.
    #[must_use]
    pub fn group(&self, positions: &[Point]) -> SourceGroups {
        let mut sets = Sets::new(positions.len());
        let mut cells = Cells::new(self.min_separation, positions.len());
        let limit = self.min_separation;
        for (i, p) in positions.iter().enumerate() {
            if !p.is_finite() {
                continue;
            }
            cells.for_each_within(1, p.x, p.y, |j| {
                let q = positions[j];
                let (x, y) = (p.x - q.x, p.y - q.y);
                if (x * x + y * y).sqrt() <= limit {
                    sets.join(i, j);
                }
            });
            cells.put(i, p.x, p.y);
        }
        SourceGroups::of_roots(&(0..positions.len()).map(|i| sets.root(i)).collect::<Vec<_>>())
    }
}

impl SourceGroups {
    /// Groups of rows with the same root, which is a row; the numbers are 1, 2 ... in the order of first appearance.
    fn of_roots(roots: &[usize]) -> Self {
        let (mut numbers, mut counts) = (vec![0; roots.len()], Vec::new());
        for &r in roots {
            if numbers[r] == 0 {
                counts.push(0);
                numbers[r] = counts.len();
            }
            counts[numbers[r] - 1] += 1;
        }
        Self {
            ids: roots.iter().map(|r| numbers[*r] as i64).collect(),
            sizes: roots.iter().map(|r| counts[numbers[*r] - 1]).collect(),
        }
    }

    /// Groups with numbers of the caller's.
    #[must_use]
    pub fn from_ids(ids: Vec<i64>) -> Self {
        let mut count: HashMap<i64, usize> = HashMap::new();
        for id in &ids {
            *count.entry(*id).or_default() += 1;
        }
        let sizes = ids.iter().map(|id| count[id]).collect();
        Self { ids, sizes }
    }

    /// Group number of every source.
    #[must_use]
    pub fn ids(&self) -> &[i64] {
        &self.ids
    }

    /// Size of the group of every source.
    #[must_use]
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// Number of groups.
    #[must_use]
    pub fn n_groups(&self) -> usize {
        let mut ids = self.ids.clone();
        ids.sort_unstable();
        ids.dedup();
        ids.len()
    }

    /// Rows of every group, groups by their number, rows in input order.
    #[must_use]
    pub fn members(&self) -> Vec<Vec<usize>> {
        let mut order: Vec<usize> = (0..self.ids.len()).collect();
        order.sort_by_key(|&i| self.ids[i]);
        order.chunk_by(|&a, &b| self.ids[a] == self.ids[b]).map(<[usize]>::to_vec).collect()
    }
}

/// Disjoint sets; the root of a set is its smallest member.
struct Sets(Vec<usize>);

impl Sets {
    fn new(n: usize) -> Self {
        Self((0..n).collect())
    }

    fn root(&mut self, mut i: usize) -> usize {
        while self.0[i] != i {
            self.0[i] = self.0[self.0[i]];
            i = self.0[i];
        }
        i
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skyphot_core::testing::uniform;

    #[test]
    fn equals_the_slow_way() {
        let p: Vec<Point> =
            (0..300).map(|i| Point::new(60.0 * uniform(1, 2 * i), 60.0 * uniform(1, 2 * i + 1))).collect();
        for separation in [0.5, 1.5, 2.5, 4.0] {
            let fast = SourceGrouper::new(separation).unwrap().group(&p);
            let mut label: Vec<i64> = (0..p.len() as i64).collect();
            loop {
                let before = label.clone();
                for i in 0..p.len() {
                    for j in 0..p.len() {
                        if (p[i].x - p[j].x).hypot(p[i].y - p[j].y) <= separation {
                            label[i] = label[i].min(label[j]);
                        }
                    }
                }
                if label == before {
                    break;
                }
            }
            // Numbers in the order of first appearance.
            let mut seen: Vec<i64> = Vec::new();
            let slow: Vec<i64> = label
                .iter()
                .map(|l| {
                    let known = seen.iter().position(|s| s == l);
                    known.unwrap_or_else(|| {
                        seen.push(*l);
                        seen.len() - 1
                    }) as i64
                        + 1
                })
                .collect();
            assert_eq!(fast, SourceGroups::from_ids(slow), "{separation}");
        }
    }

    #[test]
    fn odd_positions_are_alone() {
        let p = [(f64::NAN, 0.0), (1e300, 0.0), (f64::NAN, 0.0), (1.0, 1.0)].map(Point::from);
        let g = SourceGrouper::new(2.0).unwrap().group(&p);
        assert_eq!(g.ids(), [1, 2, 3, 4]);
        assert_eq!((g.n_groups(), g.members().len()), (4, 4));
        assert!(SourceGrouper::new(0.0).is_err());
    }
}
