//! A k-d tree in two dimensions (Bentley 1975, Commun. ACM 18, 509) with best-first search.
//!
//! On a regular grid many points are equally far away. Which of them are found first follows from the order in which
//! the tree is built and searched; both are chosen so that ties fall as with `scipy.spatial.cKDTree` (balanced,
//! compact, 10 points per leaf): nodes are halved by a quickselect with the median of three (Musser 1997, Softw. Pract.
//! Exper. 27, 983), a point replaces a neighbour only if it is strictly closer, and the farthest neighbour is the top
//! of a binary heap.

const LEAF: usize = 10;

#[derive(Debug, Clone)]
pub(crate) struct KdTree {
    points: Vec<[f64; 2]>,
    order: Vec<usize>,
    nodes: Vec<Node>,
    low: [f64; 2],
    high: [f64; 2],
}

#[derive(Debug, Clone)]
enum Node {
    Leaf { start: usize, end: usize },
    Inner { axis: usize, split: f64, less: usize, greater: usize },
}

impl KdTree {
    pub(crate) fn new(points: Vec<[f64; 2]>) -> Self {
        let order: Vec<usize> = (0..points.len()).collect();
        let (low, high) = bounds(&points, &order);
        let mut tree = Self { points, order, nodes: Vec::new(), low, high };
        if !tree.points.is_empty() {
            tree.build(0, tree.points.len());
        }
        tree
    }

    fn build(&mut self, start: usize, end: usize) -> usize {
        let here = self.nodes.len();
        self.nodes.push(Node::Leaf { start, end });
        if end - start <= LEAF {
            return here;
        }
        let order = &mut self.order[start..end];
        let (low, high) = bounds(&self.points, order);
        let axis = usize::from(high[1] - low[1] > high[0] - low[0]);
        if low[axis] == high[axis] {
            return here;
        }
        let points = &self.points;
        let key = |i: usize| points[i][axis];
        let mid = order.len() / 2;
        select(order, mid, &key);
        let mut split = key(order[mid]);
        let mut cut = partition(&mut order[..mid], |i| key(i) < split);
        if cut == 0 {
            // No point lies below the median: split off the smallest ones.
            split = low[axis].next_up();
            cut = partition(order, |i| key(i) < split);
        }
        let less = self.build(start, start + cut);
        let greater = self.build(start + cut, end);
        self.nodes[here] = Node::Inner { axis, split, less, greater };
        here
    }
}

fn bounds(points: &[[f64; 2]], order: &[usize]) -> ([f64; 2], [f64; 2]) {
    let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
    for &i in order {
        for a in 0..2 {
            low[a] = low[a].min(points[i][a]);
            high[a] = high[a].max(points[i][a]);
        }
    }
    (low, high)
}

/// Brings the `nth` item to its sorted place: smaller ones before it, larger ones behind.
fn select(v: &mut [usize], nth: usize, key: &impl Fn(usize) -> f64) {
    let (mut first, mut last) = (0, v.len());
    while last - first > 3 {
        let (a, b, c) = (key(v[first + 1]), key(v[first + (last - first) / 2]), key(v[last - 1]));
        let middle = if a < b {
            if b < c {
                first + (last - first) / 2
            } else if a < c {
                last - 1
            } else {
                first + 1
            }
        } else if a < c {
            first + 1
        } else if b < c {
            last - 1
        } else {
            first + (last - first) / 2
        };
        v.swap(first, middle);
        let pivot = key(v[first]);
        let (mut i, mut j) = (first + 1, last);
        let cut = loop {
            while key(v[i]) < pivot {
                i += 1;
            }
            j -= 1;
            while pivot < key(v[j]) {
                j -= 1;
            }
            if i >= j {
                break i;
            }
            v.swap(i, j);
            i += 1;
        };
        if cut <= nth {
            first = cut;
        } else {
            last = cut;
        }
    }
    for i in first + 1..last {
        let mut j = i;
        while j > first && key(v[j]) < key(v[j - 1]) {
            v.swap(j, j - 1);
            j -= 1;
        }
    }
}

/// Brings the items that fulfil `wanted` to the front and returns their number.
fn partition(v: &mut [usize], wanted: impl Fn(usize) -> bool) -> usize {
    let (mut i, mut j) = (0, v.len());
    loop {
        while i < j && wanted(v[i]) {
            i += 1;
        }
        if i == j {
            return i;
        }
        j -= 1;
        while i < j && !wanted(v[j]) {
            j -= 1;
        }
        if i == j {
            return i;
        }
        v.swap(i, j);
        i += 1;
    }
}

/// Scratch space of a search.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    /// Neighbours, farthest on top: `(-distance^2, point)`.
    neighbors: MinHeap<usize>,
    /// Nodes to visit, nearest on top.
    nodes: MinHeap<Visit>,
    found: Vec<(f64, usize)>,
}

#[derive(Debug, Clone, Copy)]
struct Visit {
    node: usize,
    distance: f64,
    sides: [f64; 2],
}

impl Query {
    /// The `k` points nearest to `at` as `(distance^2, index)`, nearest first.
    pub(crate) fn nearest(&mut self, tree: &KdTree, at: [f64; 2], k: usize) -> &[(f64, usize)] {
        self.neighbors.items.clear();
        self.nodes.items.clear();
        self.found.clear();
        if tree.nodes.is_empty() || k == 0 {
            return &self.found;
        }
        let side = |a: usize| {
            let d = (tree.low[a] - at[a]).max(at[a] - tree.high[a]).max(0.0);
            d * d
        };
        let mut now = Visit { node: 0, distance: side(0) + side(1), sides: [side(0), side(1)] };
        let mut limit = f64::INFINITY;
        loop {
            match tree.nodes[now.node] {
                Node::Leaf { start, end } => {
                    for &i in &tree.order[start..end] {
                        let p = tree.points[i];
                        let (dy, dx) = (p[0] - at[0], p[1] - at[1]);
                        let d = dy * dy + dx * dx;
                        if d < limit {
                            if self.neighbors.items.len() == k {
                                self.neighbors.pop();
                            }
                            self.neighbors.push(-d, i);
                            if self.neighbors.items.len() == k {
                                limit = -self.neighbors.items[0].0;
                            }
                        }
                    }
                    match self.nodes.pop() {
                        Some((_, next)) => now = next,
                        None => break,
                    }
                }
                Node::Inner { axis, split, less, greater } => {
                    if now.distance > limit {
                        break;
                    }
                    let mut far = now;
                    let gap = split - at[axis];
                    (now.node, far.node) = if at[axis] < split { (less, greater) } else { (greater, less) };
                    far.distance += gap * gap - far.sides[axis];
                    far.sides[axis] = gap * gap;
                    if now.distance > far.distance {
                        std::mem::swap(&mut now, &mut far);
                    }
                    if far.distance <= limit {
                        self.nodes.push(far.distance, far);
                    }
                }
            }
        }
        while let Some((d, i)) = self.neighbors.pop() {
            self.found.push((-d, i));
        }
        self.found.reverse();
        &self.found
    }
}

/// A binary heap with the smallest key on top; equal keys keep a reproducible order.
#[derive(Debug, Clone)]
struct MinHeap<T> {
    items: Vec<(f64, T)>,
}

impl<T> Default for MinHeap<T> {
    fn default() -> Self {
        Self { items: Vec::new() }
    }
}

impl<T> MinHeap<T> {
    fn push(&mut self, key: f64, item: T) {
        let mut i = self.items.len();
        self.items.push((key, item));
        while i > 0 && self.items[i].0 < self.items[(i - 1) / 2].0 {
            self.items.swap(i, (i - 1) / 2);
            i = (i - 1) / 2;
        }
    }

    fn pop(&mut self) -> Option<(f64, T)> {
        if self.items.is_empty() {
            return None;
        }
        let top = self.items.swap_remove(0);
        let v = &mut self.items;
        let mut i = 0;
        loop {
            let (left, right) = (2 * i + 1, 2 * i + 2);
            let smaller = |j: usize| j < v.len() && v[i].0 > v[j].0;
            if !smaller(left) && !smaller(right) {
                return Some(top);
            }
            let child = if right < v.len() && v[left].0 > v[right].0 { right } else { left };
            v.swap(child, i);
            i = child;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skyphot_core::testing::uniform;

    #[test]
    fn distances_equal_those_of_a_full_search() {
        for n in [1, 9, 10, 11, 50, 300] {
            let grid: Vec<[f64; 2]> = (0..n).map(|i| [f64::from(i / 17), f64::from(i % 17)]).collect();
            let free: Vec<[f64; 2]> =
                (0..n as u64).map(|i| [20.0 * uniform(1, 2 * i), 20.0 * uniform(1, 2 * i + 1)]).collect();
            for points in [grid, free, vec![[2.0, 3.0]; n as usize]] {
                let tree = KdTree::new(points.clone());
                let mut query = Query::default();
                for q in 0..40 {
                    let at = [f64::from(q % 7) * 3.0 - 1.0, f64::from(q) * 0.5];
                    let mut all: Vec<f64> =
                        points.iter().map(|p| (p[0] - at[0]).powi(2) + (p[1] - at[1]).powi(2)).collect();
                    all.sort_by(f64::total_cmp);
                    all.truncate(10);
                    let found: Vec<f64> = query.nearest(&tree, at, 10).iter().map(|f| f.0).collect();
                    assert_eq!(found, all, "{n} points");
                }
            }
        }
    }
}
