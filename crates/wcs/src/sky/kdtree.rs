//! A balanced k-d tree over a fixed set of points.

use std::cmp::Ordering;

use skyphot_core::Exec;

/// Points of one leaf.
const LEAF: usize = 12;
/// Levels of the tree that one call walks through by itself.
const LEVELS: usize = if cfg!(test) { 3 } else { 20 };

/// Points that one thread takes at a time.
const CHUNK: usize = 4096;
/// Fewer points than these are arranged by one thread.
const SERIAL: usize = 8192;

/// Points in `D` dimensions, arranged for neighbour searches. Points that are not finite are left out.
#[derive(Debug, Clone)]
pub(crate) struct KdTree<const D: usize> {
    points: Vec<[f64; D]>,
    /// Index of each point in the caller's list.
    index: Vec<usize>,
    /// Split axis and value of the inner nodes, in the order of a binary heap.
    nodes: Vec<(usize, f64)>,
}

impl<const D: usize> KdTree<D> {
    pub(crate) fn new(points: &[[f64; D]], exec: &Exec) -> Self {
        let mut items: Vec<(usize, [f64; D])> =
            points.iter().copied().enumerate().filter(|(_, p)| p.iter().all(|v| v.is_finite())).collect();
        let mut depth = 0;
        while (items.len() >> depth) > LEAF {
            depth += 1;
        }
        let nodes = build_parallel(&mut items, depth, exec);
        Self {
            points: items.iter().map(|i| i.1).collect(),
            index: items.iter().map(|i| i.0).collect(),
            nodes,
        }
    }

    /// Number of points in the tree.
    pub(crate) fn len(&self) -> usize {
        self.points.len()
    }

    /// Indices of finite queries in the order of the leaves they fall into: neighbours walk through the same nodes.
    pub(crate) fn order(&self, queries: &[[f64; D]], exec: &Exec) -> Vec<usize> {
        let leaf = |q: &[f64; D]| {
            let mut node = 0;
            while let Some((axis, value)) = self.nodes.get(node) {
                node = 2 * node + if q[*axis] < *value { 1 } else { 2 };
            }
            node - self.nodes.len()
        };
        let finite = |q: &[f64; D]| q.iter().all(|v| v.is_finite());
        let mut leaves = vec![0; queries.len()];
        exec.for_each_chunk_mut(&mut leaves, CHUNK, |k, chunk| {
            for (l, q) in chunk.iter_mut().zip(&queries[k * CHUNK..]) {
                *l = leaf(q);
            }
        });
        let mut start = vec![0; self.nodes.len() + 2];
        for (q, l) in queries.iter().zip(&leaves) {
            if finite(q) {
                start[l + 1] += 1;
            }
        }
        for i in 1..start.len() {
            start[i] += start[i - 1];
        }
        let mut order = vec![0; start[start.len() - 1]];
        for (i, (q, l)) in queries.iter().zip(&leaves).enumerate() {
            if finite(q) {
                order[start[*l]] = i;
                start[*l] += 1;
            }
        }
        order
    }

    /// The nearest point as `(squared distance, index)`, the lower index of equally near ones.
    pub(crate) fn nearest_one(&self, q: &[f64; D]) -> Option<(f64, usize)> {
        let mut best = (f64::INFINITY, usize::MAX);
        let off = [0.0; D];
        self.nearest_one_in(q, &mut best, 0, 0..self.points.len(), 0.0, off);
        (best.1 != usize::MAX).then_some(best)
    }

    fn nearest_one_in(
        &self,
        q: &[f64; D],
        best: &mut (f64, usize),
        mut node: usize,
        mut range: std::ops::Range<usize>,
        distance: f64,
        off: [f64; D],
    ) {
        // What is farther is looked at after what is nearer, from the leaf upwards.
        let mut stack = [(0_usize, 0_usize, 0_usize, 0.0_f64, 0_usize, 0.0_f64); LEVELS];
        let mut n = 0;
        while n < LEVELS
            && let Some(&(axis, value)) = self.nodes.get(node)
        {
            let middle = range.start + range.len() / 2;
            let t = q[axis] - value;
            let d = distance - off[axis] * off[axis] + t * t;
            let (near, far) = ((range.start..middle, 2 * node + 1), (middle..range.end, 2 * node + 2));
            let (near, far) = if t < 0.0 { (near, far) } else { (far, near) };
            stack[n] = (far.1, far.0.start, far.0.end, d, axis, t);
            n += 1;
            node = near.1;
            range = near.0;
        }
        if node < self.nodes.len() {
            self.nearest_one_in(q, best, node, range, distance, off);
            range = 0..0;
        }
        for (p, i) in self.points[range.clone()].iter().zip(&self.index[range]) {
            let d = squared(q, p);
            if d < best.0 || (d == best.0 && *i < best.1) {
                *best = (d, *i);
            }
        }
        while n > 0 {
            n -= 1;
            let (node, start, end, d, axis, t) = stack[n];
            if d <= best.0 {
                let mut off = off;
                off[axis] = t;
                self.nearest_one_in(q, best, node, start..end, d, off);
            }
        }
    }

    /// The `k` nearest points as `(squared distance, index)`, nearest first; equal distances by index.
    pub(crate) fn nearest(&self, q: &[f64; D], k: usize, best: &mut Vec<(f64, usize)>) {
        best.clear();
        let mut off = [0.0; D];
        self.nearest_in(q, k, best, 0, 0..self.points.len(), 0.0, &mut off);
    }

    #[allow(clippy::too_many_arguments)]
    fn nearest_in(
        &self,
        q: &[f64; D],
        k: usize,
        best: &mut Vec<(f64, usize)>,
        node: usize,
        range: std::ops::Range<usize>,
        distance: f64,
        off: &mut [f64; D],
    ) {
        if node >= self.nodes.len() {
            for i in range {
                let d = squared(q, &self.points[i]);
                let item = (d, self.index[i]);
                if best.len() < k || less(item, best[best.len() - 1]) {
                    if best.len() == k {
                        best.pop();
                    }
                    let at = best.partition_point(|b| less(*b, item));
                    best.insert(at, item);
                }
            }
            return;
        }
        let (axis, value) = self.nodes[node];
        let middle = range.start + range.len() / 2;
        let t = q[axis] - value;
        let (near, far) = ((range.start..middle, 2 * node + 1), (middle..range.end, 2 * node + 2));
        let (near, far) = if t < 0.0 { (near, far) } else { (far, near) };
        self.nearest_in(q, k, best, near.1, near.0, distance, off);
        // The far half is at least this far away.
        let old = off[axis];
        let d = distance - old * old + t * t;
        if best.len() < k || d <= best[best.len() - 1].0 {
            off[axis] = t;
            self.nearest_in(q, k, best, far.1, far.0, d, off);
            off[axis] = old;
        }
    }

    /// Indices of all points within a squared distance, with their squared distances, in no particular order.
    pub(crate) fn within(&self, q: &[f64; D], limit: f64, found: &mut Vec<(f64, usize)>) {
        found.clear();
        let mut off = [0.0; D];
        self.within_in(q, limit, found, 0, 0..self.points.len(), 0.0, &mut off);
    }

    #[allow(clippy::too_many_arguments)]
    fn within_in(
        &self,
        q: &[f64; D],
        limit: f64,
        found: &mut Vec<(f64, usize)>,
        node: usize,
        range: std::ops::Range<usize>,
        distance: f64,
        off: &mut [f64; D],
    ) {
        if node >= self.nodes.len() {
            for i in range {
                let d = squared(q, &self.points[i]);
                if d <= limit {
                    found.push((d, self.index[i]));
                }
            }
            return;
        }
        let (axis, value) = self.nodes[node];
        let middle = range.start + range.len() / 2;
        let t = q[axis] - value;
        let (near, far) = ((range.start..middle, 2 * node + 1), (middle..range.end, 2 * node + 2));
        let (near, far) = if t < 0.0 { (near, far) } else { (far, near) };
        self.within_in(q, limit, found, near.1, near.0, distance, off);
        let old = off[axis];
        let d = distance - old * old + t * t;
        if d <= limit {
            off[axis] = t;
            self.within_in(q, limit, found, far.1, far.0, d, off);
            off[axis] = old;
        }
    }
}

fn less(a: (f64, usize), b: (f64, usize)) -> bool {
    a.0 < b.0 || (a.0 == b.0 && a.1 < b.1)
}

#[inline(always)]
fn squared<const D: usize>(a: &[f64; D], b: &[f64; D]) -> f64 {
    let mut s = 0.0;
    for i in 0..D {
        let d = a[i] - b[i];
        s += d * d;
    }
    s
}

/// The inner nodes of a tree of so many levels, in the order of a binary heap; the same for any number of threads.
fn build_parallel<const D: usize>(
    items: &mut [(usize, [f64; D])],
    depth: usize,
    exec: &Exec,
) -> Vec<(usize, f64)> {
    let mut nodes = vec![(0, 0.0); (1 << depth) - 1];
    if exec.threads() == 1 || items.len() < SERIAL || depth < 2 {
        build(items, 0, &mut nodes);
        return nodes;
    }
    nodes[0] = split(items);
    let (left, right) = items.split_at_mut(items.len() / 2);
    let (left, right) =
        exec.join(|| build_parallel(left, depth - 1, exec), || build_parallel(right, depth - 1, exec));
    for level in 0..depth - 1 {
        let (from, n) = ((1 << level) - 1, 1 << level);
        let to = 2 * n - 1;
        nodes[to..to + n].copy_from_slice(&left[from..from + n]);
        nodes[to + n..to + 2 * n].copy_from_slice(&right[from..from + n]);
    }
    nodes
}

fn build<const D: usize>(items: &mut [(usize, [f64; D])], node: usize, nodes: &mut [(usize, f64)]) {
    if node >= nodes.len() {
        return;
    }
    nodes[node] = split(items);
    let (left, right) = items.split_at_mut(items.len() / 2);
    build(left, 2 * node + 1, nodes);
    build(right, 2 * node + 2, nodes);
}

/// Puts the lower half of some points along their longest axis before the upper half: the axis, and where it is cut.
fn split<const D: usize>(items: &mut [(usize, [f64; D])]) -> (usize, f64) {
    let mut lo = [f64::INFINITY; D];
    let mut hi = [f64::NEG_INFINITY; D];
    for (_, p) in items.iter() {
        for d in 0..D {
            lo[d] = lo[d].min(p[d]);
            hi[d] = hi[d].max(p[d]);
        }
    }
    let mut axis = 0;
    for d in 1..D {
        if hi[d] - lo[d] > hi[axis] - lo[axis] {
            axis = d;
        }
    }
    let middle = items.len() / 2;
    // All coordinates are finite.
    items.select_nth_unstable_by(middle, |a, b| {
        let (x, y) = (a.1[axis], b.1[axis]);
        if x < y {
            Ordering::Less
        } else if x > y {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    });
    (axis, items[middle].1[axis])
}

#[cfg(test)]
mod tests {
    use super::*;
    use skyphot_core::testing::uniform;

    #[test]
    fn equals_the_search_through_all_points() {
        for n in [1, 2, 12, 13, 25, 100, 777] {
            let p: Vec<[f64; 2]> =
                (0..n).map(|i| [uniform(1, i), (uniform(2, i) * 8.0).floor() / 8.0]).collect();
            let tree = KdTree::new(&p, &Exec::serial());
            assert_eq!(tree.len(), p.len());
            let (mut best, mut found) = (Vec::new(), Vec::new());
            for j in 0..40 {
                let q = [uniform(3, j) * 1.4 - 0.2, uniform(4, j) * 1.4 - 0.2];
                let mut all: Vec<(f64, usize)> =
                    p.iter().enumerate().map(|(i, p)| (squared(&q, p), i)).collect();
                all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                tree.nearest(&q, 5, &mut best);
                assert_eq!(best, all[..all.len().min(5)]);
                assert_eq!(tree.nearest_one(&q), Some(all[0]));
                tree.within(&q, 0.04, &mut found);
                found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                assert_eq!(found, all.iter().copied().filter(|a| a.0 <= 0.04).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn nothing_and_nan() {
        let tree = KdTree::<3>::new(&[[f64::NAN, 0.0, 0.0]], &Exec::serial());
        let mut best = vec![(0.0, 0)];
        tree.nearest(&[0.0; 3], 1, &mut best);
        assert!(best.is_empty());
    }

    #[test]
    fn the_same_tree_for_any_number_of_threads() {
        let p: Vec<[f64; 3]> = (0..20_000)
            .map(|i| {
                [
                    uniform(1, i),
                    (uniform(2, i) * 16.0).floor(),
                    uniform(3, i) * if i % 9 == 0 { f64::NAN } else { 1.0 },
                ]
            })
            .collect();
        let one = KdTree::new(&p, &Exec::serial());
        for threads in [2, 3, 7] {
            let exec = Exec::with_threads(std::num::NonZeroUsize::new(threads).unwrap()).unwrap();
            let tree = KdTree::new(&p, &exec);
            assert!(tree.nodes == one.nodes && tree.index == one.index && tree.points == one.points);
            assert_eq!(tree.order(&p, &exec), one.order(&p, &Exec::serial()));
        }
    }

    #[test]
    fn deep_trees_and_equal_points() {
        // Tests walk three levels at a time, so that the recursion is seen.
        let p: Vec<[f64; 2]> = (0..300).map(|i| [(i / 100) as f64, 7.0]).collect();
        let tree = KdTree::new(&p, &Exec::serial());
        for (q, expected) in [(0.2, 0), (1.1, 100), (2.9, 200)] {
            assert_eq!(tree.nearest_one(&[q, 7.0]).unwrap().1, expected);
        }
    }
}
