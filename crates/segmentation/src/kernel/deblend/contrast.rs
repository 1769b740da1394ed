//! Floods a source from its peaks and takes away those that are too faint.

use super::flood::Flood;
use super::source::Source;

/// Cutouts up to this many pixels are summed up anew each time.
const SMALL: usize = 8192;
const NIL: u32 = u32::MAX;

/// Working space.
#[derive(Debug, Default)]
pub(crate) struct Contrast {
    flood: Flood,
    border: Vec<u32>,
    freed: Vec<u32>,
    /// Pixels of each label as chains: the first of each, and the next of each pixel.
    head: Vec<u32>,
    next: Vec<u32>,
    flux: Vec<f64>,
    alive: Vec<i32>,
    frac: Vec<f64>,
    order: Vec<u32>,
}

/// The pixels of the source could not all be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotConnected;

impl Contrast {
    /// Floods the source from `n` labels. Labels with less than the fraction `contrast` of the flux are taken away, the
    /// faintest first, and their pixels are flooded again. `None` floods once. Returns the number of labels left, which
    /// are then 1, 2, ...
    pub(crate) fn run(
        &mut self,
        source: &mut Source,
        n: usize,
        contrast: Option<f64>,
    ) -> Result<usize, NotConnected> {
        self.alive.clear();
        self.alive.extend(1..=n as i32);
        self.border.clear();
        for (p, l) in source.label.iter().enumerate() {
            if *l > 0 && source.around().iter().any(|o| source.label[p.wrapping_add_signed(*o as isize)] == 0)
            {
                self.border.push(p as u32);
            }
        }
        self.flood.run(source, &self.border);
        if let Some(contrast) = contrast {
            self.chain(source, n);
            self.sum(source);
            let mut exact = true;
            // How much rounding in the sums may matter.
            let sum_abs: f64 = source.value.iter().filter(|v| !v.is_nan()).map(|v| v.abs()).sum();
            let scale = if source.sum == 0.0 { f64::INFINITY } else { (sum_abs / source.sum).abs() };
            while self.alive.len() > 1 {
                let (mut remove, margin) = self.choose(source, contrast);
                if !exact && (margin <= 1e-10 * scale || margin.is_nan()) {
                    self.sum(source);
                    exact = true;
                    remove = self.choose(source, contrast).0;
                }
                if remove.is_empty() {
                    break;
                }
                self.take_away(source, &remove);
                if source.label.len() <= SMALL {
                    self.sum(source);
                } else {
                    exact = false;
                }
            }
        }
        if source.label.contains(&0) {
            return Err(NotConnected);
        }
        if self.alive.len() < n {
            let mut map = vec![0; n + 1];
            for (new, old) in self.alive.iter().enumerate() {
                map[*old as usize] = new as i32 + 1;
            }
            source.label.iter_mut().filter(|l| **l > 0).for_each(|l| *l = map[*l as usize]);
        }
        Ok(self.alive.len())
    }

    fn chain(&mut self, source: &Source, n: usize) {
        self.head.clear();
        self.head.resize(n + 1, NIL);
        if self.next.len() < source.label.len() {
            self.next.resize(source.label.len(), NIL);
        }
        for (p, &l) in source.label.iter().enumerate() {
            if l > 0 {
                self.next[p] = self.head[l as usize];
                self.head[l as usize] = p as u32;
            }
        }
    }

    /// Flux of every label, added up in raster order.
    fn sum(&mut self, source: &Source) {
        self.flux.clear();
        self.flux.resize(self.head.len(), 0.0);
        for (l, v) in source.label.iter().zip(&source.value) {
            if *l > 0 && !v.is_nan() {
                self.flux[*l as usize] += v;
            }
        }
    }

    /// The labels to take away now, and how close the closest comparison was.
    ///
    /// That is the faintest one; or several at once if together they stay below the contrast and below the next one,
    /// because then it makes no difference.
    fn choose(&mut self, source: &Source, contrast: f64) -> (Vec<i32>, f64) {
        let Self { alive, flux, frac, order, .. } = self;
        frac.clear();
        frac.extend(alive.iter().map(|l| flux[*l as usize] / source.sum));
        let mut margin = frac.iter().map(|f| (f - contrast).abs()).fold(f64::INFINITY, f64::min);
        if !frac.iter().any(|f| *f < contrast) {
            return (Vec::new(), margin);
        }
        order.clear();
        order.extend(0..frac.len() as u32);
        // NaN last, equal ones in the order of their labels.
        order.sort_by(|a, b| {
            let (a, b) = (frac[*a as usize], frac[*b as usize]);
            a.is_nan().cmp(&b.is_nan()).then(a.partial_cmp(&b).unwrap_or(std::cmp::Ordering::Equal))
        });
        let at = |i: usize| frac[order[i] as usize];
        let mut count = 1;
        if source.min >= 0.0 && frac.len() > 2 {
            let mut total = at(0);
            for k in 1..frac.len() - 1 {
                total += at(k);
                if total > 2.0 * contrast {
                    break;
                }
                margin = margin.min((total - contrast).abs()).min((total - at(k + 1)).abs());
                if total < contrast && total < at(k + 1) {
                    count = k + 1;
                }
            }
        }
        if count == 1
            && let Some(nan) = frac.iter().position(|f| f.is_nan())
        {
            return (vec![alive[nan]], 0.0);
        }
        if count < frac.len() {
            margin = margin.min(at(count) - at(count - 1));
        }
        (order[..count].iter().map(|i| alive[*i as usize]).collect(), margin)
    }

    /// Frees the pixels of these labels and floods them from their neighbours.
    fn take_away(&mut self, source: &mut Source, remove: &[i32]) {
        self.freed.clear();
        for &label in remove {
            let mut p = std::mem::replace(&mut self.head[label as usize], NIL);
            while p != NIL {
                source.label[p as usize] = 0;
                self.freed.push(p);
                p = self.next[p as usize];
            }
        }
        self.alive.retain(|l| !remove.contains(l));
        self.border.clear();
        for &p in &self.freed {
            for &o in source.around() {
                let nb = p.wrapping_add(o as u32);
                if source.label[nb as usize] > 0 {
                    self.border.push(nb);
                }
            }
        }
        self.border.sort_unstable();
        self.border.dedup();
        self.flood.run(source, &self.border);
        for &p in &self.flood.given {
            let l = source.label[p as usize] as usize;
            self.next[p as usize] = self.head[l];
            self.head[l] = p;
            let v = source.value[p as usize];
            if !v.is_nan() {
                self.flux[l] += v;
            }
        }
    }
}
