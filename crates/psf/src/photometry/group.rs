//! The simultaneous fit of the sources of a group.

use skyphot_fit::{DenseNormal, FitStatus, System, SystemFit, SystemOutcome};

use super::layout::{Layout, MAIN, Role};
use super::member::Member;
use crate::kernel::products::products;
use crate::{Derivatives, Extent, PsfModel, Source, Window};

/// What a fit gives for one source of a group.
#[derive(Debug, Clone)]
pub(crate) struct Fitted {
    /// Flux, x, y and shape parameters.
    pub(crate) values: Vec<f64>,
    /// Covariance of the fitted parameters, row by row; empty if there is none.
    pub(crate) covariance: Vec<f64>,
    /// The covariance is that of the neighbourhood.
    pub(crate) local_covariance: bool,
    pub(crate) converged: bool,
    pub(crate) near_bound: bool,
    /// Sum of absolute residuals in data units, central residual (data - model), and sum of squared weighted residuals.
    pub(crate) sum_abs: f64,
    pub(crate) central: f64,
    pub(crate) chi2: f64,
}

/// Members, their start values and limits.
pub(crate) struct Group<'a, M: ?Sized> {
    pub(crate) model: &'a M,
    pub(crate) layout: &'a Layout,
    /// Pixels: first those of the sources, one window each, then any others that the sources reach.
    pub(crate) members: &'a [Member],
    /// Flux, x, y and shape parameters of every source.
    pub(crate) start: Vec<Vec<f64>>,
    /// What the limits of the positions are counted from, if not the start values.
    pub(crate) anchor: Option<Vec<Vec<f64>>>,
    /// How far from a source to look along x and y, if not as far as its model's support.
    pub(crate) reach: Option<(f64, f64)>,
    pub(crate) xy_bounds: (Option<f64>, Option<f64>),
    pub(crate) weighted: bool,
    pub(crate) max_evaluations: usize,
    /// See [`SystemFit::step_tolerance`].
    pub(crate) tolerance: f64,
    /// The most that a position changes in one step along x and y.
    pub(crate) max_step: f64,
}

impl<M: PsfModel + ?Sized> Group<'_, M> {
    pub(crate) fn fit(&self) -> Vec<Fitted> {
        let k = self.layout.n_free;
        let n = self.start.len() * k;
        let (mut p, mut lower, mut upper, mut scale) =
            (Vec::with_capacity(n), Vec::with_capacity(n), Vec::with_capacity(n), Vec::with_capacity(n));
        for (row, s) in self.start.iter().enumerate() {
            let anchor = self.anchor.as_ref().map_or(s, |a| &a[row]);
            for (i, role) in self.layout.roles.iter().enumerate() {
                if !matches!(role, Role::Free(_)) {
                    continue;
                }
                let limit = match i {
                    1 => self.xy_bounds.0,
                    2 => self.xy_bounds.1,
                    _ => None,
                };
                let (lo, hi) = limit.map_or(self.layout.bounds[i], |d| (anchor[i] - d, anchor[i] + d));
                p.push(s[i]);
                lower.push(lo);
                upper.push(hi);
                scale.push(match i {
                    0 => 0.0,
                    1 | 2 => 1.0,
                    _ => s[i].abs().max(1e-2),
                });
            }
        }
        let mut system = Equations::new(self);
        let lm = SystemFit {
            step_tolerance: self.tolerance,
            max_evaluations: self.max_evaluations,
            initial_damping: 1e-4,
        };
        let outcome = if n == 0 {
            let chi2 = system.evaluate(&p);
            system.accept();
            SystemOutcome { chi2, iterations: 0, evaluations: 1, status: FitStatus::Converged }
        } else {
            match lm.run(&mut system, &mut p, &lower, &upper, &scale) {
                Ok(o) => o,
                // Bounds were checked before; what is left are start values at which the model is not finite.
                Err(_) => {
                    return self.start.iter().map(|_| Fitted::failed(self.layout.n_all())).collect();
                }
            }
        };
        let free: Vec<bool> = lower.iter().zip(&upper).map(|(a, b)| a < b).collect();
        let covariance = if n == 0 { None } else { system.covariance(&free) };
        let n_pixels: usize = self.members.iter().map(|m| m.n_pixels).sum();
        let factor = if self.weighted { 1.0 } else { outcome.chi2 / (n_pixels as f64 - n as f64) };
        let usable = n_pixels > n && factor.is_finite();
        let converged = outcome.status.is_success();
        (0..self.start.len())
            .map(|i| {
                let own = i * k..(i + 1) * k;
                let mut values = self.start[i].clone();
                self.layout.expand(&p[own.clone()], &mut values);
                let block = match &covariance {
                    Some(c) if usable => own
                        .clone()
                        .flat_map(|a| own.clone().map(move |b| (a, b)))
                        .map(|(a, b)| c[a * n + b] * factor)
                        .collect(),
                    _ => Vec::new(),
                };
                let near = |j: usize| {
                    let close = |b: f64| b.is_finite() && (b - p[j]).abs() <= 0.01;
                    close(lower[j]) || close(upper[j])
                };
                let (member, residual) = (&self.members[i], &system.current.residuals[i]);
                let raw = |j: usize| {
                    let w = member.weight[j];
                    if w > 0.0 { residual[j] / w } else { 0.0 }
                };
                Fitted {
                    values,
                    covariance: block,
                    local_covariance: false,
                    converged,
                    near_bound: own.clone().any(near),
                    sum_abs: (0..residual.len()).map(|j| raw(j).abs()).sum(),
                    central: member.center.map_or(f64::NAN, |j| -raw(j)),
                    chi2: residual.iter().map(|r| r * r).sum(),
                }
            })
            .collect()
    }
}

impl Fitted {
    pub(crate) fn failed(n: usize) -> Self {
        Self {
            values: vec![f64::NAN; n],
            covariance: Vec::new(),
            local_covariance: false,
            converged: false,
            near_bound: false,
            sum_abs: f64::NAN,
            central: f64::NAN,
            chi2: f64::NAN,
        }
    }
}

/// Normal equations and weighted residuals at one point.
struct State {
    normal: DenseNormal,
    /// Per member, over its window.
    residuals: Vec<Vec<f64>>,
}

/// The least-squares system of a group.
struct Equations<'g, 'a, M: ?Sized> {
    group: &'g Group<'a, M>,
    current: State,
    trial: State,
    /// All numbers of every member at the trial point.
    all: Vec<Vec<f64>>,
    derivatives: Derivatives,
    /// Weighted Jacobian columns of the sources that reach a window, one after the other.
    columns: Vec<f64>,
    /// Those sources.
    present: Vec<usize>,
    /// Products of the columns with the residuals and with each other.
    gradient: Vec<f64>,
    products: Vec<f64>,
}

impl<'g, 'a, M: PsfModel + ?Sized> Equations<'g, 'a, M> {
    fn new(group: &'g Group<'a, M>) -> Self {
        let n = group.start.len() * group.layout.n_free;
        let state = || State {
            normal: DenseNormal::new(n),
            residuals: group.members.iter().map(|m| vec![0.0; m.data.len()]).collect(),
        };
        Self {
            group,
            current: state(),
            trial: state(),
            all: group.start.clone(),
            derivatives: Derivatives::default(),
            columns: Vec::new(),
            present: Vec::new(),
            gradient: Vec::new(),
            products: Vec::new(),
        }
    }

    fn covariance(&self, free: &[bool]) -> Option<Vec<f64>> {
        self.current.normal.covariance(free)
    }

    /// Adds the weighted pixels of member `i`.
    fn add_member(&mut self, i: usize) -> f64 {
        let g = self.group;
        let (layout, member) = (g.layout, &g.members[i]);
        let (k, len) = (layout.n_free, member.data.len());
        let residual = &mut self.trial.residuals[i];
        for (r, d) in residual.iter_mut().zip(&member.data) {
            *r = -d;
        }
        self.present.clear();
        self.columns.clear();
        for (j, all) in self.all.iter().enumerate() {
            let source = Source { x: all[1], y: all[2], shape: &all[MAIN..] };
            if j != i {
                let extent = match g.reach {
                    Some(half) => Extent::around(source.x, source.y, half),
                    None => g.model.support(&source),
                };
                let reach = Window::of_extent(&extent);
                if reach.intersection(&member.window).is_empty() {
                    continue;
                }
            }
            let d = &mut self.derivatives;
            g.model.derivatives(&source, member.window, layout.with_shape, d);
            let flux = all[0];
            for (r, v) in residual.iter_mut().zip(&d.value) {
                *r += flux * v;
            }
            self.present.push(j);
            let first = self.columns.len();
            self.columns.resize(first + k * len, 0.0);
            for (q, role) in layout.roles.iter().enumerate() {
                let (at, factor) = match role {
                    Role::Free(at) => (*at, if q == 0 { 1.0 } else { flux }),
                    Role::Fixed => continue,
                    Role::Tied(of, f) => match layout.roles[MAIN + of] {
                        Role::Free(at) => (at, flux * f),
                        _ => continue,
                    },
                };
                let column = match q {
                    0 => &d.value,
                    1 => &d.dx,
                    2 => &d.dy,
                    _ => &d.shape[q - MAIN],
                };
                let out = &mut self.columns[first + at * len..first + (at + 1) * len];
                for ((o, c), w) in out.iter_mut().zip(column).zip(&member.weight) {
                    *o += factor * c * w;
                }
            }
        }
        let mut chi2 = 0.0;
        for (r, w) in residual.iter_mut().zip(&member.weight) {
            *r *= w;
            chi2 += *r * *r;
        }
        products(&self.columns, len, residual, &mut self.gradient, &mut self.products);
        let normal = &mut self.trial.normal;
        let row = |a: usize| self.present[a / k] * k + a % k;
        let mut next = self.products.iter();
        for (a, g) in self.gradient.iter().enumerate() {
            let i = row(a);
            normal.add_gradient(i, *g);
            for (b, v) in (a..self.gradient.len()).zip(&mut next) {
                normal.add_product(i, row(b), *v);
            }
        }
        chi2
    }
}

impl<M: PsfModel + ?Sized> System for Equations<'_, '_, M> {
    fn n_parameters(&self) -> usize {
        self.group.start.len() * self.group.layout.n_free
    }

    fn evaluate(&mut self, p: &[f64]) -> f64 {
        let k = self.group.layout.n_free;
        for (i, all) in self.all.iter_mut().enumerate() {
            self.group.layout.expand(&p[i * k..(i + 1) * k], all);
        }
        self.trial.normal.clear();
        (0..self.group.members.len()).map(|i| self.add_member(i)).sum()
    }

    fn accept(&mut self) {
        std::mem::swap(&mut self.current, &mut self.trial);
    }

    fn max_step(&self, parameter: usize) -> f64 {
        let k = self.group.layout.n_free;
        let of = |role: &Role| *role == Role::Free(parameter % k);
        if self.group.layout.roles[1..MAIN].iter().any(of) { self.group.max_step } else { f64::INFINITY }
    }

    fn gradient(&self) -> &[f64] {
        self.current.normal.gradient()
    }

    fn solve(&mut self, lambda: f64, free: &[bool], step: &mut [f64]) -> bool {
        self.current.normal.step(lambda, free, step)
    }

    fn predicted(&self, step: &[f64]) -> f64 {
        self.current.normal.predicted(step)
    }
}
