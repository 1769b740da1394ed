//! Peaks of a source by multiple thresholds (Bertin & Arnouts 1996, section 7) in one pass down the levels.
//!
//! The components above each level form a tree. It is built from the top by union-find; a component that takes in two
//! or more large enough components of the level above is a junction, and each of these that has no junction itself is
//! a peak, drawn as large as it was just before they met.

use super::source::Source;

const NONE: u32 = u32::MAX;

/// How a component qualifies as a source of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule<'a> {
    pub(crate) n_pixels: u32,
    /// With the saddle criterion: the levels, and the flux above them a component must exceed.
    pub(crate) saddle: Option<(&'a [f64], f64)>,
}

/// Working space.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    order: Vec<u32>,
    fill: Vec<u32>,
    /// The component of every pixel of the padded cutout when it was added.
    component: Vec<u32>,
    /// Union-find of the components, of which every local maximum starts one.
    parent: Vec<u32>,
    nodes: Vec<Node>,
    stack: Vec<u32>,
    /// Peaks: a pixel of each and the level it lies above.
    peaks: Vec<(u32, u32)>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    /// The pixel it started with.
    start: u32,
    area: u32,
    /// The level at which the component was touched last.
    stamp: u32,
    /// A pixel of the one component of the level above that qualifies, `NONE` for none or several.
    kid: u32,
    kid_split: bool,
    /// Two or more of them were taken in at this level.
    junction: bool,
    /// There is a junction in the component.
    split: bool,
    flux: f64,
}

#[inline]
fn find(parent: &mut [u32], mut i: u32) -> u32 {
    while parent[i as usize] != i {
        let up = parent[parent[i as usize] as usize];
        parent[i as usize] = up;
        i = up;
    }
    i
}

impl Rule<'_> {
    fn passes(&self, node: &Node, level: u32) -> bool {
        node.area >= self.n_pixels
            && self.saddle.is_none_or(|(levels, limit)| {
                node.flux - levels[level as usize] * f64::from(node.area) > limit
            })
    }
}

impl Tree {
    /// Finds the peaks of a source whose pixels carry the number of levels below them; returns how many there are.
    /// None or at least two.
    pub(crate) fn build(&mut self, source: &Source, rule: &Rule<'_>) -> usize {
        self.peaks.clear();
        let level = &source.level[..];
        self.sort(level, source.max_level as usize);
        if self.order.len() < 2 * rule.n_pixels as usize {
            return 0;
        }
        if self.component.len() < level.len() {
            self.component.resize(level.len(), 0);
        }
        self.parent.clear();
        self.nodes.clear();
        let (before, after) = source.neighbors();
        for k in 0..self.order.len() {
            let p = self.order[k];
            let v = level[p as usize];
            let mut root = NONE;
            // Neighbours of this level that come later in raster order are not there yet.
            for &o in before {
                let nb = p.wrapping_add(o as u32) as usize;
                if level[nb] >= v {
                    root = self.take_in(root, self.component[nb], v, rule);
                }
            }
            for &o in after {
                let nb = p.wrapping_add(o as u32) as usize;
                if level[nb] > v {
                    root = self.take_in(root, self.component[nb], v, rule);
                }
            }
            if root == NONE {
                root = self.nodes.len() as u32;
                self.parent.push(root);
                self.nodes.push(Node {
                    start: p,
                    area: 0,
                    stamp: v,
                    kid: NONE,
                    kid_split: false,
                    junction: false,
                    split: false,
                    flux: 0.0,
                });
            }
            let node = &mut self.nodes[root as usize];
            node.area += 1;
            if rule.saddle.is_some() {
                node.flux += source.value[p as usize];
            }
            self.component[p as usize] = root;
        }
        // The whole source is the last junction.
        let last: Vec<&Node> = (0..self.nodes.len())
            .filter(|i| self.parent[*i] as usize == *i && rule.passes(&self.nodes[*i], 0))
            .map(|i| &self.nodes[i])
            .collect();
        if last.len() >= 2 {
            self.peaks.extend(last.iter().filter(|n| !n.split).map(|n| (n.start, 0)));
        }
        self.peaks.len()
    }

    /// Pixels above the lowest level, brightest level first, in raster order within a level.
    fn sort(&mut self, level: &[u32], max: usize) {
        self.fill.clear();
        self.fill.resize(max + 2, 0);
        for &v in level {
            self.fill[v as usize] += 1;
        }
        let mut at = 0;
        for v in (1..=max).rev() {
            let n = self.fill[v];
            self.fill[v] = at;
            at += n;
        }
        self.order.clear();
        self.order.resize(at as usize, 0);
        for (p, &v) in level.iter().enumerate() {
            if v > 0 {
                self.order[self.fill[v as usize] as usize] = p as u32;
                self.fill[v as usize] += 1;
            }
        }
    }

    /// Joins the component of root `a` (or none) with component `b` while level `v` is added; returns the new root.
    #[inline]
    fn take_in(&mut self, a: u32, b: u32, v: u32, rule: &Rule<'_>) -> u32 {
        let b = find(&mut self.parent, b);
        if a == b {
            return a;
        }
        let y = &mut self.nodes[b as usize];
        if y.stamp != v {
            // First touched at this level: what it is now, it was at the level above.
            y.stamp = v;
            y.junction = false;
            y.kid_split = y.split;
            y.kid = if rule.passes(y, v) { y.start } else { NONE };
        }
        if a == NONE { b } else { self.unite(a, b, v) }
    }

    fn unite(&mut self, a: u32, b: u32, v: u32) -> u32 {
        let (mut x, y) = (self.nodes[a as usize], self.nodes[b as usize]);
        let x_has = x.junction || x.kid != NONE;
        let y_has = y.junction || y.kid != NONE;
        if x_has && y_has {
            for n in [&x, &y] {
                if !n.junction && !n.kid_split {
                    self.peaks.push((n.kid, v));
                }
            }
            x.junction = true;
            x.split = true;
            x.kid = NONE;
        } else if y_has {
            x.kid = y.kid;
            x.kid_split = y.kid_split;
            x.junction = y.junction;
        }
        x.split |= y.split;
        let (big, small) = if x.area < y.area { (b, a) } else { (a, b) };
        x.start = self.nodes[big as usize].start;
        x.area += y.area;
        x.flux += y.flux;
        self.parent[small as usize] = big;
        self.nodes[big as usize] = x;
        big
    }

    /// Draws the peaks into the labels of the source (0 where it is not outside), numbered by their first pixels.
    pub(crate) fn paint(&mut self, source: &mut Source) {
        let mut firsts = Vec::with_capacity(self.peaks.len());
        for (i, &(start, above)) in self.peaks.iter().enumerate() {
            let label = i as i32 + 1;
            let mut first = start;
            source.label[start as usize] = label;
            self.stack.clear();
            self.stack.push(start);
            while let Some(p) = self.stack.pop() {
                first = first.min(p);
                for i in 0..source.around().len() {
                    let nb = p.wrapping_add(source.around()[i] as u32) as usize;
                    if source.label[nb] == 0 && source.level[nb] > above {
                        source.label[nb] = label;
                        self.stack.push(nb as u32);
                    }
                }
            }
            firsts.push((first, label));
        }
        firsts.sort_unstable();
        let mut map = vec![0; firsts.len() + 1];
        for (rank, (_, label)) in firsts.iter().enumerate() {
            map[*label as usize] = rank as i32 + 1;
        }
        source.label.iter_mut().filter(|l| **l > 0).for_each(|l| *l = map[*l as usize]);
    }
}
