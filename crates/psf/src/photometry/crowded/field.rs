//! The image, the sources on it, and what is left of it without them.

use ndarray::{Array2, ArrayView2};
use skyphot_core::{Image, Point};

use super::config::CrowdedConfig;
use crate::error::Result;
use crate::kernel::cells::Cells;
use crate::photometry::blocks::compact;
use crate::photometry::engine::longest_step;
use crate::photometry::group::{Fitted, Group};
use crate::photometry::layout::{Layout, MAIN};
use crate::photometry::member::{Member, cut};
use crate::render::draw_onto;
use crate::{PsfModel, Source, SourceGrouper, Sources};

/// Sources fitted together at most.
const MOST: usize = 16;
/// A fit ends with a step of less than this, in pixels and as part of the flux. What is left is of the order of its square,
/// and the rounds go on until the tolerance is met.
const STEP: f64 = 1e-3;

/// One source on its way.
#[derive(Debug, Clone)]
pub(super) struct Star {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) flux: f64,
    /// The place its fit box, its group and its share of pixels follow from.
    pub(super) home: Point,
    /// Where it was found, and in which pass.
    pub(super) found: Point,
    pub(super) flux_found: f64,
    pub(super) pass: u32,
    /// Errors of flux, x and y in its last fit; NaN before.
    pub(super) error: [f64; 3],
    pub(super) settled: bool,
    /// Its residuals, as they are since its last fit, were looked at for a second source.
    pub(super) examined: bool,
}

impl Star {
    /// Lets the home follow a source that went far. It does not follow each step: with a box that changes when the source
    /// crosses the edge of a pixel, sources near one would go back and forth for ever.
    ///
    /// Whether it did.
    fn follow(&mut self) -> bool {
        const FAR: f64 = 0.35;
        let far = (self.x - self.home.x).hypot(self.y - self.home.y) > FAR;
        if far {
            self.home = Point::new(self.x, self.y);
        }
        far
    }
}

/// What a round of fits did.
struct Round {
    /// The sources fitted, with x, y and flux as they were.
    before: Vec<(usize, (f64, f64, f64))>,
    /// Some have not settled.
    goes_on: bool,
}

pub(super) struct Field<'a> {
    pub(super) data: &'a Array2<f64>,
    pub(super) error: Option<&'a Array2<f64>>,
    pub(super) mask: Option<ArrayView2<'a, bool>>,
    pub(super) config: &'a CrowdedConfig,
    pub(super) layout: Layout,
    /// Values of the model's shape parameters.
    pub(super) shape: Vec<f64>,
    /// The image less the sources.
    pub(super) residual: Array2<f64>,
}

impl Field<'_> {
    /// The residuals with error and mask.
    pub(super) fn left(&self) -> Result<Image<'_, f64>> {
        let mut out = Image::new(self.residual.view())?;
        if let Some(e) = self.error {
            out = out.with_error(e.view())?;
        }
        if let Some(m) = self.mask {
            out = out.with_mask(m)?;
        }
        Ok(out)
    }

    /// The residuals of all sources.
    pub(super) fn subtract(&mut self, model: &dyn PsfModel, stars: &[Star]) {
        self.residual.assign(self.data);
        self.add(model, stars.iter().map(|s| (s.x, s.y, -s.flux)));
    }

    /// Adds sources, `(x, y, flux)`, to the residuals.
    fn add(&mut self, model: &dyn PsfModel, sources: impl Iterator<Item = (f64, f64, f64)> + Clone) {
        let x: Vec<f64> = sources.clone().map(|s| s.0).collect();
        let y: Vec<f64> = sources.clone().map(|s| s.1).collect();
        let flux: Vec<f64> = sources.map(|s| s.2).collect();
        let sources = Sources { x: &x, y: &y, flux: &flux, shape: &[], local_bkg: &[] };
        draw_onto(&mut self.residual, model, &sources, self.config.sub_shape, &self.config.psf.exec);
    }

    /// Rounds of fits until a round moves no source by more than `tolerance` of its errors.
    pub(super) fn settle(&mut self, model: &dyn PsfModel, stars: &mut [Star], tolerance: f64) -> Result<()> {
        self.subtract(model, stars);
        let mut groups = None;
        for _ in 0..self.config.max_sweeps {
            let follow = stars.iter_mut().fold(false, |any, s| s.follow() | any);
            let known = groups.take().filter(|_| !follow);
            let all = groups.insert(match known {
                Some(g) => g,
                None => self.groups(stars, self.config.join * self.config.fwhm)?,
            });
            let Round { before, goes_on } = self.sweep(model, all, stars, tolerance)?;
            if 2 * before.len() < stars.len() {
                let after = before.iter().map(|(i, _)| (stars[*i].x, stars[*i].y, -stars[*i].flux));
                self.add(model, before.iter().map(|(_, b)| *b).chain(after));
            } else {
                self.subtract(model, stars);
            }
            if !goes_on {
                break;
            }
        }
        Ok(())
    }

    /// One round of fits of all that have not settled.
    fn sweep(
        &self,
        model: &dyn PsfModel,
        groups: &[Vec<usize>],
        stars: &mut [Star],
        tolerance: f64,
    ) -> Result<Round> {
        let c = self.config;
        let image = self.left()?;
        let groups: Vec<&[usize]> =
            groups.iter().map(Vec::as_slice).filter(|g| g.iter().any(|&i| !stars[i].settled)).collect();
        let limit = 0.5 * c.fwhm;
        let counter = c.psf.watch.count(groups.iter().map(|g| g.len()).sum());
        let fits = c.psf.exec.map(groups.len(), |g| {
            counter.add(groups[g].len());
            let (members, rows, start) = self.members(model, &image, groups[g], stars);
            if rows.is_empty() {
                return Vec::new();
            }
            let group = self.group(model, &members, start, Some(limit), c.psf.max_evaluations.clamp(1, 8));
            rows.into_iter().zip(group.fit()).collect()
        });
        let (mut moved, mut before) = (Vec::new(), Vec::new());
        for s in stars.iter_mut() {
            s.settled = true;
        }
        for (i, f) in fits.into_iter().flatten() {
            let s = &mut stars[i];
            if f.values.iter().any(|v| !v.is_finite()) {
                continue;
            }
            before.push((i, (s.x, s.y, s.flux)));
            let error = |k: usize| f.covariance.get(k * 4).map_or(f64::NAN, |v| v.sqrt());
            s.error = [error(0), error(1), error(2)];
            let far = |d: f64, e: f64, floor: f64| d.abs() > tolerance * e.max(floor);
            let changed = far(f.values[0] - s.flux, s.error[0], 1e-4 * s.flux.abs())
                || far(f.values[1] - s.x, s.error[1], 1e-3)
                || far(f.values[2] - s.y, s.error[2], 1e-3);
            (s.flux, s.x, s.y) = (f.values[0], f.values[1], f.values[2]);
            s.examined = false;
            if changed {
                moved.push((s.x, s.y));
            }
        }
        if moved.is_empty() {
            return Ok(Round { before, goes_on: false });
        }
        let (ny, nx) = c.psf.fit_shape;
        let near = Cells::of(moved.into_iter(), (ny.max(nx) as f64) / 2.0 + c.fwhm);
        let waits = c.psf.exec.map(stars.len(), |i| near.any_near(stars[i].x, stars[i].y));
        stars.iter_mut().zip(waits).for_each(|(s, waits)| s.settled = !waits);
        Ok(Round { before, goes_on: true })
    }

    /// Rows of sources that are fitted together.
    fn groups(&self, stars: &[Star], separation: f64) -> Result<Vec<Vec<usize>>> {
        let at: Vec<Point> = stars.iter().map(|s| s.home).collect();
        let mut out = Vec::new();
        for g in SourceGrouper::new(separation)?.group(&at).members() {
            if g.len() <= MOST {
                out.push(g);
            } else {
                let points: Vec<(f64, f64)> = g.iter().map(|&i| (at[i].x, at[i].y)).collect();
                let parts = compact(&points, MOST);
                out.extend(parts.into_iter().map(|p| p.into_iter().map(|k| g[k]).collect::<Vec<_>>()));
            }
        }
        Ok(out)
    }

    /// The pixels of some sources with those sources put back, each pixel counted once, for the source nearest to it;
    /// the rows that have pixels; and their start values.
    pub(super) fn members(
        &self,
        model: &dyn PsfModel,
        image: &Image<'_, f64>,
        rows: &[usize],
        stars: &[Star],
    ) -> (Vec<Member>, Vec<usize>, Vec<Vec<f64>>) {
        let (mut members, mut kept, mut start) = (Vec::new(), Vec::new(), Vec::new());
        for &i in rows {
            let s = &stars[i];
            let Some(m) = self.member(model, image, s, rows.iter().map(|&j| &stars[j])) else { continue };
            members.push(m);
            kept.push(i);
            start.push(self.start(s));
        }
        if kept.len() > 1 {
            let at: Vec<(f64, f64)> = kept.iter().map(|&i| (stars[i].home.x, stars[i].home.y)).collect();
            count_once(&mut members, &at, self.layout.n_free);
        }
        (members, kept, start)
    }

    /// The pixels of the fit box of a source with some sources put back.
    pub(super) fn member<'s>(
        &self,
        model: &dyn PsfModel,
        image: &Image<'_, f64>,
        s: &Star,
        back: impl Iterator<Item = &'s Star>,
    ) -> Option<Member> {
        let shape = self.config.psf.fit_shape;
        let mut m = cut(image, (s.home.x, s.home.y), s.flux, 0.0, shape, self.layout.n_free).0.ok()?;
        let mut values = vec![0.0; m.window.len()];
        for t in back {
            model.evaluate(&Source { x: t.x, y: t.y, shape: &self.shape }, m.window, &mut values);
            for ((d, v), w) in m.data.iter_mut().zip(&values).zip(&m.weight) {
                if *w > 0.0 {
                    *d += t.flux * v;
                }
            }
        }
        Some(m)
    }

    /// What a fit of a source starts from.
    pub(super) fn start(&self, s: &Star) -> Vec<f64> {
        [s.flux, s.x, s.y].into_iter().chain(self.shape.iter().copied()).collect()
    }

    /// The sum of squared weighted residuals over the pixels of a fit.
    pub(super) fn chi2_left(&self, m: &Member) -> f64 {
        let w = m.window;
        let at = |k: usize| [(w.y_min + (k / w.nx) as i64) as usize, (w.x_min + (k % w.nx) as i64) as usize];
        let good = m.weight.iter().enumerate().filter(|(_, weight)| **weight > 0.0);
        good.map(|(k, weight)| (self.residual[at(k)] * weight).powi(2)).sum()
    }

    pub(super) fn group<'g>(
        &'g self,
        model: &'g dyn PsfModel,
        members: &'g [Member],
        start: Vec<Vec<f64>>,
        limit: Option<f64>,
        max_evaluations: usize,
    ) -> Group<'g, dyn PsfModel + 'g> {
        Group {
            model,
            layout: &self.layout,
            members,
            start,
            anchor: None,
            reach: None,
            xy_bounds: (limit, limit),
            weighted: self.error.is_some(),
            max_evaluations,
            tolerance: STEP,
            max_step: longest_step(self.config.psf.fit_shape),
        }
    }

    /// Errors of a source fitted together with its neighbours within a radius.
    pub(super) fn with_neighbours(
        &self,
        model: &dyn PsfModel,
        image: &Image<'_, f64>,
        rows: &[usize],
        stars: &[Star],
    ) -> Option<Fitted> {
        let (members, kept, start) = self.members(model, image, rows, stars);
        if kept.first() != rows.first() {
            return None;
        }
        self.group(model, &members, start, None, 1).fit().into_iter().next()
    }

    /// The flux that fits best at a position, `sum(w m r) / sum(w m m)`.
    pub(super) fn flux_at(&self, model: &dyn PsfModel, image: &Image<'_, f64>, p: Point) -> f64 {
        let (member, _, _) = cut(image, (p.x, p.y), 0.0, 0.0, self.config.psf.fit_shape, 1);
        let Ok(m) = member else { return f64::NAN };
        let mut values = vec![0.0; m.window.len()];
        model.evaluate(&Source { x: p.x, y: p.y, shape: &self.shape }, m.window, &mut values);
        let (mut a, mut b) = (0.0, 0.0);
        for ((v, d), w) in values.iter().zip(&m.data).zip(&m.weight) {
            a += w * w * v * d;
            b += w * w * v * v;
        }
        a / b
    }

    pub(super) fn is_good(&self, y: usize, x: usize) -> bool {
        self.data[[y, x]].is_finite() && !self.mask.is_some_and(|m| m[[y, x]])
    }
}

/// Leaves a pixel that several boxes hold to the nearest of their sources, unless a source had too few left then.
fn count_once(members: &mut [Member], at: &[(f64, f64)], n_free: usize) {
    let boxes: Vec<_> = members.iter().map(|m| m.window).collect();
    for (i, m) in members.iter_mut().enumerate() {
        let keep = m.weight.clone();
        let w = m.window;
        for (k, weight) in m.weight.iter_mut().enumerate() {
            let (x, y) = (w.x_min + (k % w.nx) as i64, w.y_min + (k / w.nx) as i64);
            let distance = |j: usize| (x as f64 - at[j].0).powi(2) + (y as f64 - at[j].1).powi(2);
            let own = distance(i);
            let lost = (0..boxes.len()).any(|j| {
                let b = &boxes[j];
                let holds = x >= b.x_min && x < b.x_end() && y >= b.y_min && y < b.y_end();
                j != i && holds && (distance(j) < own || distance(j) == own && j < i)
            });
            if lost {
                *weight = 0.0;
            }
        }
        let n = m.weight.iter().filter(|w| **w > 0.0).count();
        if n > n_free {
            m.n_pixels = n;
        } else {
            m.weight = keep;
        }
    }
}

/// Numbers of a source before its shape parameters.
pub(super) const FREE: usize = MAIN;
