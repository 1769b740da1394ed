//! The fit of an ePSF to one star.

use skyphot_core::Point;
use skyphot_fit::{Bounds, FitStatus, LevenbergMarquardt, NormalEquations, Problem};

use super::{EpsfFlags, EpsfStar};
use crate::render::box_around;
use crate::{Derivatives, ImagePsf, PsfModel, Source, Window};

/// Pixels of a fit box with the model that is moved over them.
struct StarProblem<'a> {
    epsf: &'a ImagePsf,
    window: Window,
    data: Vec<f64>,
    weight: Vec<f64>,
    model: Derivatives,
}

impl Problem<3> for StarProblem<'_> {
    fn normal_equations(&mut self, &[flux, x, y]: &[f64; 3]) -> NormalEquations<3> {
        self.epsf.derivatives(&Source { x, y, shape: &[] }, self.window, false, &mut self.model);
        let mut n = NormalEquations::default();
        let m = &self.model;
        let pixels = self.data.iter().zip(&self.weight).zip(&m.value).zip(m.dx.iter().zip(&m.dy));
        for (((d, w), v), (dx, dy)) in pixels {
            n.add(w * (flux * v - d), &[w * v, w * flux * dx, w * flux * dy]);
        }
        n
    }
}

/// Gives a star the position and flux of the ePSF that fits it best; they stay as they are if that fails.
pub(crate) fn fit_star(
    star: &mut EpsfStar,
    epsf: &ImagePsf,
    fit_shape: Option<(usize, usize)>,
    max_evaluations: usize,
) {
    let (ny, nx) = star.shape();
    let at = star.cutout_center();
    let all = Window::of_shape((ny, nx));
    let window = fit_shape.map_or(all, |shape| box_around(at.x, at.y, shape));
    if window.intersection(&all) != window {
        star.set_fit_status(EpsfFlags::FIT_BOX_OUTSIDE);
        return;
    }
    let (x0, y0) = (window.x_min as usize, window.y_min as usize);
    let part = ndarray::s![y0..y0 + window.ny, x0..x0 + window.nx];
    let weight: Vec<f64> = star.weights().slice(part).iter().copied().collect();
    if weight.iter().all(|w| *w == 0.0) {
        star.set_fit_status(EpsfFlags::FIT_BOX_MASKED);
        return;
    }
    let data =
        star.data().slice(part).iter().zip(&weight).map(|(d, w)| if *w > 0.0 { *d } else { 0.0 }).collect();
    let mut problem = StarProblem { epsf, window, data, weight, model: Derivatives::default() };
    let lm = LevenbergMarquardt { step_tolerance: 1e-9, max_evaluations, ..Default::default() };
    let Ok(fit) = lm.fit(&mut problem, [star.flux(), at.x, at.y], &Bounds::default()) else {
        star.set_fit_status(EpsfFlags::NO_CONVERGENCE);
        return;
    };
    let [flux, x, y] = fit.parameters;
    if !(x >= 0.0 && x < nx as f64 && y >= 0.0 && y < ny as f64 && flux.is_finite()) {
        star.set_fit_status(EpsfFlags::POSITION_OUTSIDE);
        return;
    }
    let settled = star.set_cutout_center(Point::new(x, y)).is_ok() && star.set_flux(flux).is_ok();
    let failed = !settled || matches!(fit.status, FitStatus::MaxIterations | FitStatus::Singular);
    star.set_fit_status(if failed { EpsfFlags::NO_CONVERGENCE } else { EpsfFlags::empty() });
}
