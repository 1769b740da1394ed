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

/// Working space, one entry per pixel of the padded cutout.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    order: Vec<u32>,
    fill: Vec<u32>,
    parent: Vec<u32>,
    nodes: Vec<Node>,
    stack: Vec<u32>,
    /// Peaks: a pixel of each and the level it lies above.
    peaks: Vec<(u32, u32)>,
}

/// A component, kept at its root pixel.
#[derive(Debug, Clone, Copy, Default)]
struct Node {
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
        let level = &source.level;
        let max = source.max_level as usize;
        self.sort(level, max);
        if self.order.len() < 2 * rule.n_pixels as usize {
            return 0;
        }
        if self.parent.len() < level.len() {
            self.parent.resize(level.len(), 0);
            self.nodes.resize(level.len(), Node::default());
        }
        let (before, after) = source.neighbors();
        for k in 0..self.order.len() {
            let p = self.order[k];
            let v = level[p as usize];
            let mut root = p;
            self.parent[p as usize] = p;
            let flux = if rule.saddle.is_some() { source.value[p as usize] } else { 0.0 };
            self.nodes[p as usize] =
                Node { area: 1, stamp: v, kid: NONE, kid_split: false, junction: false, split: false, flux };
            for &o in before {
                let nb = p.wrapping_add(o as u32);
                if level[nb as usize] >= v {
                    root = self.unite(root, nb, v, rule);
                }
            }
            for &o in after {
                let nb = p.wrapping_add(o as u32);
                if level[nb as usize] > v {
                    root = self.unite(root, nb, v, rule);
                }
            }
        }
        // The whole source is the last junction.
        let mut last: Vec<(u32, bool)> = Vec::new();
        for &p in &self.order {
            if self.parent[p as usize] == p && rule.passes(&self.nodes[p as usize], 0) {
                last.push((p, self.nodes[p as usize].split));
            }
        }
        if last.len() >= 2 {
            self.peaks.extend(last.iter().filter(|(_, split)| !split).map(|(p, _)| (*p, 0)));
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

    /// Joins the component of root `a` with that of pixel `b` while level `v` is added; returns the new root.
    #[inline]
    fn unite(&mut self, a: u32, b: u32, v: u32, rule: &Rule<'_>) -> u32 {
        let b = find(&mut self.parent, b);
        if a == b {
            return a;
        }
        let (mut x, mut y) = (self.nodes[a as usize], self.nodes[b as usize]);
        if y.stamp != v {
            // First touched at this level: what it is now, it was at the level above.
            y.stamp = v;
            y.junction = false;
            y.kid_split = y.split;
            y.kid = if rule.passes(&y, v) { b } else { NONE };
        }
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
