//! Priority-flood watershed (Soille 1990): pixels go to the source that reaches them first, brightest first, earlier
//! in the queue first among equals.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::heap::Heap;
use super::source::Source;

/// Working space of a flood.
#[derive(Debug, Default)]
pub(crate) struct Flood {
    seeds: Vec<(u64, u32)>,
    heap: BinaryHeap<Reverse<(u64, u32, u32)>>,
    queue: VecDeque<u32>,
    /// The pixels given away by the last flood, in order.
    pub(crate) given: Vec<u32>,
    /// The group of pixels that took a pixel away in this flood; 0: none.
    group_of: Vec<u32>,
}

/// Cost of entering a pixel as an integer in the order of the numbers: bright pixels are cheap, bad ones come last.
#[inline]
fn cost(value: f64) -> u64 {
    if value.is_nan() {
        return u64::MAX;
    }
    // Adding 0 makes one zero of the two.
    let bits = (0.0 - value + 0.0).to_bits();
    if bits >> 63 == 0 { bits | (1 << 63) } else { !bits }
}

impl Flood {
    /// Gives the free pixels (label 0) of the source to the labels that touch them. `border` holds the labelled
    /// pixels with a free neighbour, in raster order. Where the order of equally bright seeds decides, all labelled pixels
    /// take part as in the reference.
    pub(crate) fn run(&mut self, source: &mut Source, border: &[u32]) {
        self.seeds.clear();
        self.seeds.extend(border.iter().map(|p| (cost(source.value[*p as usize]), *p)));
        self.seeds.sort_unstable();
        let ties = self
            .seeds
            .windows(2)
            .any(|w| w[0].0 == w[1].0 && source.label[w[0].1 as usize] != source.label[w[1].1 as usize]);
        if !ties {
            self.fast::<false>(source);
        } else if !self.fast::<true>(source) {
            for p in std::mem::take(&mut self.given) {
                source.label[p as usize] = 0;
            }
            self.exact(source);
        }
    }

    /// Only seeds at the border, already in order; pixels at the current cost wait in a queue, not in the heap.
    ///
    /// With `TIES`, returns whether the order of equally bright seeds makes no difference, and stops where it might.
    /// Pixels that leave the heap one after another at the same cost, and came in from the same group, are a group of
    /// which the order is not known; the first groups are seeds of equal cost. Other groups come wholly before or
    /// after it. So a group's order matters only if two labels in it want the same pixel; else all its pixels are
    /// taken by whoever takes them in any order, and wait behind each other as new groups.
    fn fast<const TIES: bool>(&mut self, source: &mut Source) -> bool {
        let Self { seeds, heap, queue, given, group_of, .. } = self;
        heap.clear();
        queue.clear();
        given.clear();
        if TIES && group_of.len() < source.label.len() {
            group_of.resize(source.label.len(), 0);
        }
        let (mut next, mut age) = (0, 0_u32);
        let mut now = 0_u64;
        // The group whose pixels are leaving, where it came from (0: seeds), and its cost.
        let (mut group, mut from, mut at) = (0_u32, u32::MAX, 0_u64);
        loop {
            let seed = seeds.get(next).map(|s| s.0);
            let top = heap.peek().map(|Reverse(t)| t.0);
            let waits = !queue.is_empty();
            let (p, is_seed) = match (seed, top) {
                (Some(s), t) if t.is_none_or(|t| s <= t) && (!waits || s <= now) => {
                    now = s;
                    next += 1;
                    (seeds[next - 1].1, true)
                }
                (_, Some(t)) if !waits || t <= now => {
                    now = t;
                    (heap.pop().map_or(0, |Reverse(t)| t.2), false)
                }
                _ => match queue.pop_front() {
                    Some(p) => (p, false),
                    None => break,
                },
            };
            if TIES {
                let came = if is_seed { 0 } else { group_of[p as usize] };
                if came != from || now != at {
                    (from, at) = (came, now);
                    group += 1;
                }
            }
            let label = source.label[p as usize];
            for i in 0..source.around().len() {
                let nb = p.wrapping_add(source.around()[i] as u32);
                let there = source.label[nb as usize];
                if there != 0 {
                    if TIES && there > 0 && there != label && group_of[nb as usize] == group {
                        self.forget();
                        return false;
                    }
                    continue;
                }
                source.label[nb as usize] = label;
                given.push(nb);
                if TIES {
                    group_of[nb as usize] = group;
                }
                let c = cost(source.value[nb as usize]);
                if c <= now {
                    queue.push_back(nb);
                } else {
                    heap.push(Reverse((c, age, nb)));
                    age += 1;
                }
            }
        }
        if TIES {
            self.forget();
        }
        true
    }

    /// Takes the pixels that were given away out of their groups.
    fn forget(&mut self) {
        for p in &self.given {
            self.group_of[*p as usize] = 0;
        }
    }

    /// Every labelled pixel is a seed.
    fn exact(&mut self, source: &mut Source) {
        let dear = |v: f64| if v.is_nan() { f64::INFINITY } else { -v };
        let mut heap = Heap::default();
        for (p, l) in source.label.iter().enumerate() {
            if *l > 0 {
                heap.push(dear(source.value[p]), 0, p as u32);
            }
        }
        self.given.clear();
        let mut age = 0;
        while let Some((now, p)) = heap.pop() {
            let label = source.label[p as usize];
            for i in 0..source.around().len() {
                let nb = p.wrapping_add(source.around()[i] as u32);
                if source.label[nb as usize] == 0 {
                    age += 1;
                    source.label[nb as usize] = label;
                    self.given.push(nb);
                    heap.push(dear(source.value[nb as usize]).max(now), age, nb);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use skyphot_core::BoundingBox;
    use skyphot_core::testing::uniform;

    use super::*;
    use crate::Connectivity;

    /// Many equal pixels: the flood is the one with every labelled pixel in the heap, whether it finds that the order of
    /// equal ones makes no difference or not.
    #[test]
    fn equal_pixels_go_where_the_whole_heap_sends_them() {
        let (ny, nx) = (9, 12);
        let mut quick = 0;
        for case in 0..3000_u64 {
            let values = 2 + case % 40;
            let level = |i: u64| (uniform(case, i) * values as f64).floor() + 1.0;
            let data = Array2::from_shape_fn((ny, nx), |(y, x)| level((y * nx + x) as u64));
            let segm = Array2::from_elem((ny, nx), 1);
            let bbox = BoundingBox { x_min: 0, x_max: nx as i64, y_min: 0, y_max: ny as i64 };
            let connectivity = if case % 2 == 0 { Connectivity::Four } else { Connectivity::Eight };
            let mut source = Source::default();
            source.gather(data.view(), segm.view(), (0, 0), 1, &bbox, connectivity);
            for seed in 0..5 + case % 20 {
                let at = |k: u64, n: usize| (uniform(case + 7777, 2 * seed + k) * n as f64) as usize + 1;
                source.label[at(0, ny) * source.width + at(1, nx)] = (seed % 4) as i32 + 1;
            }
            let free = |p: usize| {
                source.around().iter().any(|o| source.label[p.wrapping_add_signed(*o as isize)] == 0)
            };
            let border: Vec<u32> = (0..source.label.len())
                .filter(|p| source.label[*p] > 0 && free(*p))
                .map(|p| p as u32)
                .collect();
            let start = source.label.clone();
            let mut flood = Flood::default();
            flood.exact(&mut source);
            let expected = std::mem::replace(&mut source.label, start.clone());
            flood.run(&mut source, &border);
            assert_eq!(source.label, expected, "case {case}");
            source.label = start;
            quick += usize::from(flood.fast::<true>(&mut source));
        }
        assert!(quick > 300, "{quick} of 3000 without the heap");
    }
}
