//! The simultaneous fit of a group too large for one matrix.
//!
//! The group is cut into compact blocks. Each is fitted together with the sources around it, to every pixel that any of
//! these reaches, while all others are held; only the block's own sources keep their new values. Repeated until nothing
//! moves, this is an overlapping Schwarz iteration (Cai & Sarkis 1999, SIAM J. Sci. Comput. 21, 792): where it stands
//! still, the gradient of the whole group's sum of squares vanishes, so the answer is that of the whole group. Memory is
//! that of the fit pixels and of the blocks in work.

use skyphot_core::Exec;

use super::group::{Fitted, Group};
use super::layout::{Layout, MAIN, Role};
use super::member::Member;
use crate::kernel::cells::Cells;
use crate::{Extent, PsfModel, Source, Window};

/// Sources of a block, and most of those around it that are fitted with them.
const CORE: usize = 24;
const AROUND: usize = 48;

/// Rounds over all blocks.
const MAX_SWEEPS: usize = 30;

/// A source stands still if it moves by less than this, in pixels and relative flux ...
const STILL: f64 = 1e-9;

/// ... or, the sum of squares not being able to tell, by less than this part of its errors.
const STILL_OF_ERROR: f64 = 2e-7;

/// Cells to look at around a place: a box of pixels around a place reaches half its size further than the place; cells are
/// never smaller than a box.
const REACH: i64 = 2;

/// A part of its peak below which a model does not reach a pixel.
const NEGLIGIBLE: f64 = 1e-12;

/// A large group, see [`Group`].
pub(crate) struct Blocks<'a, M: ?Sized> {
    pub(crate) model: &'a M,
    pub(crate) layout: &'a Layout,
    pub(crate) members: &'a [Member],
    pub(crate) start: Vec<Vec<f64>>,
    pub(crate) xy_bounds: (Option<f64>, Option<f64>),
    pub(crate) weighted: bool,
    pub(crate) max_evaluations: usize,
    pub(crate) exec: &'a Exec,
}

impl<M: PsfModel + ?Sized> Blocks<'_, M> {
    pub(crate) fn fit(&self) -> Vec<Fitted> {
        let n = self.members.len();
        let mut state = self.start.clone();
        let reach = self.reach();
        let box_size = self.members.iter().map(|m| m.window.nx.max(m.window.ny)).max().unwrap_or(1) as f64;
        let positions: Vec<(f64, f64)> = self.start.iter().map(|s| (s[1], s[2])).collect();
        let size = reach.0.max(reach.1).max(box_size);
        let homes = Cells::of(self.members.iter().map(Member::middle), size);
        let cores = compact(&positions, CORE);
        let mut fits: Vec<Option<Fitted>> = vec![None; n];
        let mut active: Vec<usize> = (0..cores.len()).collect();
        let mut waits = vec![false; n];
        for _ in 0..MAX_SWEEPS {
            let near = Cells::of(state.iter().map(|s| (s[1], s[2])), size);
            let solved = self.exec.map(active.len(), |b| {
                self.block(&cores[active[b]], &state, (&near, &homes), reach, box_size)
            });
            let mut moved = Vec::new();
            waits.fill(false);
            for (block, solved) in active.iter().zip(solved) {
                for (&j, f) in cores[*block].iter().zip(solved) {
                    if f.values.iter().all(|v| v.is_finite()) {
                        if !self.stands_still(&state[j], &f) {
                            moved.push((state[j][1], state[j][2]));
                            waits[j] = true;
                        }
                        state[j].clone_from(&f.values);
                    }
                    fits[j] = Some(f);
                }
            }
            if moved.is_empty() {
                break;
            }
            // A block looks again if anything moved that it sees.
            let sees = 2.0 * reach.0.max(reach.1) + 3.0 * box_size;
            let moved = Cells::of(moved.into_iter(), sees);
            active = (0..cores.len())
                .filter(|&b| cores[b].iter().any(|&j| moved.any_near(state[j][1], state[j][2])))
                .collect();
        }
        self.finish(fits, &waits)
    }

    /// The results with the covariances of unweighted fits scaled.
    fn finish(&self, fits: Vec<Option<Fitted>>, waits: &[bool]) -> Vec<Fitted> {
        let mut fits: Vec<Fitted> =
            fits.into_iter().map(|f| f.unwrap_or_else(|| Fitted::failed(self.layout.n_all()))).collect();
        let n_pixels: usize = self.members.iter().map(|m| m.n_pixels).sum();
        let n_parameters = fits.len() * self.layout.n_free;
        let chi2: f64 = fits.iter().map(|f| f.chi2).sum();
        let factor = if self.weighted { 1.0 } else { chi2 / (n_pixels as f64 - n_parameters as f64) };
        for (f, waits) in fits.iter_mut().zip(waits) {
            f.local_covariance = true;
            f.converged &= !waits;
            if n_pixels > n_parameters && factor.is_finite() {
                f.covariance.iter_mut().for_each(|c| *c *= factor);
            } else {
                f.covariance.clear();
            }
        }
        fits
    }

    fn stands_still(&self, old: &[f64], f: &Fitted) -> bool {
        let k = self.layout.n_free;
        (0..old.len()).all(|i| {
            let Role::Free(at) = self.layout.roles[i] else { return true };
            let error = f.covariance.get(at * k + at).map_or(0.0, |v| v.sqrt());
            let size = if i == 1 || i == 2 { 1.0 } else { f.values[i].abs() };
            (f.values[i] - old[i]).abs() <= (STILL * size).max(STILL_OF_ERROR * error)
        })
    }

    /// New values of the sources of a block.
    fn block(
        &self,
        core: &[usize],
        state: &[Vec<f64>],
        (near, homes): (&Cells, &Cells),
        reach: (f64, f64),
        box_size: f64,
    ) -> Vec<Fitted> {
        let mut sources = core.to_vec();
        let mut around: Vec<(f64, usize)> = Vec::new();
        for &i in core {
            near.for_each_within(REACH, state[i][1], state[i][2], |j| {
                let d = (state[i][1] - state[j][1]).abs().max((state[i][2] - state[j][2]).abs());
                if d <= 2.0 * box_size {
                    around.push((d, j));
                }
            });
        }
        around.sort_by(|a, b| a.1.cmp(&b.1).then(a.0.total_cmp(&b.0)));
        around.dedup_by_key(|a| a.1);
        around.retain(|a| !core.contains(&a.1));
        around.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        sources.extend(around.iter().take(AROUND).map(|a| a.1));
        // Every window that a source of the block reaches, its own first.
        let extent = |s: &[f64]| Window::of_extent(&Extent::around(s[1], s[2], reach));
        let mut windows = sources.clone();
        let mut is_in = sources.clone();
        is_in.sort_unstable();
        let fitted = |j: usize| is_in.binary_search(&j).is_ok();
        let mut passive = Vec::new();
        for &i in &sources {
            let own = extent(&state[i]);
            homes.for_each_within(REACH, state[i][1], state[i][2], |j| {
                if !fitted(j) && !own.intersection(&self.members[j].window).is_empty() {
                    passive.push(j);
                }
            });
        }
        passive.sort_unstable();
        passive.dedup();
        windows.extend(passive);
        let mut values = Vec::new();
        let members: Vec<Member> = windows
            .iter()
            .map(|&i| {
                let mut m = self.members[i].clone();
                let (x, y) = m.middle();
                near.for_each_within(REACH, x, y, |j| {
                    if fitted(j) || extent(&state[j]).intersection(&m.window).is_empty() {
                        return;
                    }
                    values.resize(m.window.len(), 0.0);
                    let s = &state[j];
                    let source = Source { x: s[1], y: s[2], shape: &s[MAIN..] };
                    self.model.evaluate(&source, m.window, &mut values);
                    for (d, v) in m.data.iter_mut().zip(&values) {
                        *d -= s[0] * v;
                    }
                });
                m
            })
            .collect();
        let group = Group {
            model: self.model,
            layout: self.layout,
            members: &members,
            start: sources.iter().map(|&j| state[j].clone()).collect(),
            anchor: Some(sources.iter().map(|&j| self.start[j].clone()).collect()),
            reach: Some(reach),
            xy_bounds: self.xy_bounds,
            weighted: true,
            max_evaluations: self.max_evaluations,
            tolerance: 0.1 * STILL,
            max_step: (0.25 * box_size).max(1.0),
        };
        let mut fits = group.fit();
        fits.truncate(core.len());
        fits
    }

    /// How far from a source its model has to be looked at, pixels along x and y: to where it falls below
    /// [`NEGLIGIBLE`] of its peak, and not beyond its support, or its extent if it has no end.
    fn reach(&self) -> (f64, f64) {
        const FAR: f64 = 64.0;
        let finite = self.start.iter().find(|s| s.iter().all(|v| v.is_finite()));
        let Some(s) = finite else { return (1.0, 1.0) };
        let source = Source { x: 0.0, y: 0.0, shape: &s[MAIN..] };
        let half = |e: Extent| (e.x.1.abs().max(e.x.0.abs()), e.y.1.abs().max(e.y.0.abs()));
        let mut limit = half(self.model.support(&source));
        let extent = half(self.model.extent(&source));
        if !limit.0.is_finite() {
            limit.0 = extent.0;
        }
        if !limit.1.is_finite() {
            limit.1 = extent.1;
        }
        let size = |v: f64| v.min(FAR).ceil() as i64;
        let (hx, hy) = (size(limit.0), size(limit.1));
        let window = Window::new(-hx, -hy, (2 * hx + 1) as usize, (2 * hy + 1) as usize);
        let mut values = vec![0.0; window.len()];
        // The model may depend on the position, so it is looked at in place.
        let shifted = Window::new(
            window.x_min + s[1].round() as i64,
            window.y_min + s[2].round() as i64,
            window.nx,
            window.ny,
        );
        self.model.evaluate(&Source { x: s[1], y: s[2], shape: source.shape }, shifted, &mut values);
        let peak = values.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
        let (mut rx, mut ry) = (0, 0);
        for (j, row) in values.chunks_exact(window.nx).enumerate() {
            for (i, v) in row.iter().enumerate() {
                if v.abs() > NEGLIGIBLE * peak {
                    rx = rx.max((i as i64 - hx).abs());
                    ry = ry.max((j as i64 - hy).abs());
                }
            }
        }
        // Shapes that are fitted may grow.
        let grow = if self.layout.with_shape { 1.5 } else { 1.0 };
        let end =
            |r: i64, h: i64, limit: f64| if r >= h { limit } else { (grow * (r as f64 + 2.0)).min(limit) };
        (end(rx, hx, limit.0), end(ry, hy, limit.1))
    }
}

/// Cuts points into compact sets of at most `most`, halving the longer side of their box.
pub(super) fn compact(points: &[(f64, f64)], most: usize) -> Vec<Vec<usize>> {
    let mut done = Vec::new();
    let mut todo = vec![(0..points.len()).collect::<Vec<usize>>()];
    while let Some(mut set) = todo.pop() {
        if set.len() <= most.max(1) {
            set.sort_unstable();
            done.push(set);
            continue;
        }
        let range = |f: fn(&(f64, f64)) -> f64| {
            let v = || set.iter().map(|&i| f(&points[i]));
            v().fold(f64::NEG_INFINITY, f64::max) - v().fold(f64::INFINITY, f64::min)
        };
        let by_x = range(|p| p.0) >= range(|p| p.1);
        let key = |i: usize| if by_x { points[i].0 } else { points[i].1 };
        set.sort_by(|&a, &b| key(a).total_cmp(&key(b)).then(a.cmp(&b)));
        let half = set.split_off(set.len() / 2);
        todo.push(half);
        todo.push(set);
    }
    done.sort();
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photometry::config::PsfConfig;
    use crate::photometry::member::cut;
    use crate::{CircularGaussianPrf, PsfFlags, Sources, render};
    use ndarray::Array2;
    use skyphot_core::Image;
    use skyphot_core::testing::{noise, uniform};

    /// A crowded square: the members and start values of `n` stars, `density` per pixel.
    fn scene(n: usize, density: f64) -> (CircularGaussianPrf, Vec<Member>, Vec<Vec<f64>>, Layout) {
        let side = (n as f64 / density).sqrt();
        let model = CircularGaussianPrf::new(2.5).unwrap();
        let at = |k: u64| -> Vec<f64> { (0..n as u64).map(|i| side * uniform(7 + k, i)).collect() };
        let (x, y) = (at(0), at(1));
        let flux: Vec<f64> = (0..n as u64).map(|i| 200.0 / (0.02 + uniform(9, i))).collect();
        let shape = (side as usize + 1, side as usize + 1);
        let s = Sources { x: &x, y: &y, flux: &flux, shape: &[], local_bkg: &[] };
        let mut data = render(&model, &s, shape, Some((25, 25)), &Exec::serial());
        data.indexed_iter_mut().for_each(|((j, i), v)| *v += noise(11, (j * shape.1 + i) as u64));
        let error = Array2::from_elem(shape, 1.0);
        let image = Image::new(data.view()).unwrap().with_error(error.view()).unwrap();
        let layout = Layout::new(&model, &PsfConfig::default()).unwrap();
        let start: Vec<Vec<f64>> = (0..n)
            .map(|i| {
                let off = |k| 0.3 * (uniform(k, i as u64) - 0.5);
                vec![flux[i] * (1.0 + off(12)), x[i] + off(13), y[i] + off(14), 2.5]
            })
            .collect();
        let members = start
            .iter()
            .map(|s| cut(&image, (s[1], s[2]), s[0], 0.0, (5, 5), layout.n_free))
            .map(|(m, _, _): (Result<Member, PsfFlags>, _, _)| m.unwrap())
            .collect();
        (model, members, start, layout)
    }

    fn blocks<'a>(
        model: &'a CircularGaussianPrf,
        members: &'a [Member],
        start: &[Vec<f64>],
        layout: &'a Layout,
        exec: &'a Exec,
    ) -> Vec<Fitted> {
        Blocks {
            model,
            layout,
            members,
            start: start.to_vec(),
            xy_bounds: (Some(2.0), Some(2.0)),
            weighted: false,
            max_evaluations: 100,
            exec,
        }
        .fit()
    }

    #[test]
    fn equal_the_whole_group_in_one_matrix() {
        let (model, members, start, layout) = scene(150, 0.01);
        let found = blocks(&model, &members, &start, &layout, &Exec::serial());
        let whole = Group {
            model: &model,
            layout: &layout,
            members: &members,
            start: start.clone(),
            anchor: None,
            reach: None,
            xy_bounds: (Some(2.0), Some(2.0)),
            weighted: false,
            max_evaluations: 200,
            tolerance: 1e-11,
            max_step: 1.25,
        }
        .fit();
        let mut compared = 0;
        for (f, w) in found.iter().zip(&whole) {
            if !(f.converged && w.converged) || f.near_bound || w.near_bound {
                continue;
            }
            compared += 1;
            let error = |i: usize| w.covariance[i * 4].sqrt();
            for i in 0..3 {
                let size = if i == 0 { w.values[0].abs() } else { 1.0 };
                let d = (f.values[i] - w.values[i]).abs();
                // Where neighbours can hardly be told apart, both stop where the sum of squares cannot.
                assert!(d <= 1e-8 * size || d <= 2e-5 * error(i), "{i}: {} {}", f.values[i], w.values[i]);
                // Errors come from the neighbourhood.
                assert!((f.covariance[i * 4].sqrt() / error(i) - 1.0).abs() < 1e-3);
            }
            assert!((f.chi2 / w.chi2 - 1.0).abs() < 1e-4);
        }
        assert!(compared > 120, "{compared}");
    }

    #[test]
    fn threads_do_not_matter() {
        let (model, members, start, layout) = scene(120, 0.01);
        let one = blocks(&model, &members, &start, &layout, &Exec::serial());
        let three = Exec::with_threads(std::num::NonZeroUsize::new(3).unwrap()).unwrap();
        let more = blocks(&model, &members, &start, &layout, &three);
        for (a, b) in one.iter().zip(&more) {
            assert_eq!((&a.values, &a.covariance), (&b.values, &b.covariance));
        }
    }

    #[test]
    fn sets_are_compact_and_complete() {
        let p: Vec<(f64, f64)> = (0..100).map(|i| (uniform(1, i), 3.0 * uniform(2, i))).collect();
        let sets = compact(&p, 8);
        let mut all: Vec<usize> = sets.concat();
        all.sort_unstable();
        assert_eq!(all, (0..100).collect::<Vec<_>>());
        assert!(sets.iter().all(|s| s.len() <= 8 && s.len() >= 4));
    }
}
