//! One source or two?

use skyphot_core::{Image, Point};
use skyphot_fit::NormalEquations;

use super::field::{Field, Star};
use crate::error::Result;
use crate::kernel::cells::Cells;
use crate::photometry::group::Fitted;
use crate::render::box_around;
use crate::{PsfModel, Source, Window};

/// What a source leaves, as a change of its shape.
struct Excess {
    /// The sum of squared weighted residuals falls by this, to second order, if the shape is free.
    gain: f64,
    /// Unit vector along which the source is widest.
    direction: (f64, f64),
    /// The factor of the second derivative along it, flux times square pixels.
    widest: f64,
}

impl Field<'_> {
    /// Sources whose residuals call for it as two, where two explain their pixels much better. How many there were.
    pub(super) fn split(&self, model: &dyn PsfModel, stars: &mut Vec<Star>, pass: u32) -> Result<usize> {
        let c = self.config;
        if !c.split_chi.is_finite() || self.error.is_none() {
            return Ok(0);
        }
        let image = self.left()?;
        let pairs = c.psf.exec.map(stars.len(), |i| {
            let s = &stars[i];
            if s.examined || s.flux <= 4.0 * c.min_snr * s.error[0] {
                return None;
            }
            let excess = self.excess(model, s)?;
            // Half of the gain, since this is an estimate; the fit decides.
            let tried = excess.gain > 0.5 * c.split_gain || self.quality(model, s).chi > c.split_chi;
            if tried && excess.widest > 0.0 { self.two(model, &image, s, &excess, pass) } else { None }
        });
        stars.iter_mut().for_each(|s| s.examined = true);
        let mut order: Vec<(f64, usize, [Star; 2])> =
            pairs.into_iter().enumerate().filter_map(|(i, p)| p.map(|(gain, p)| (gain, i, p))).collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        // The best first: two neighbours may both have found the same third.
        let apart = c.join * c.fwhm;
        let mut taken = Cells::new(apart, 2 * order.len());
        let mut places: Vec<(f64, f64)> = Vec::new();
        for (_, i, pair) in order {
            let mut near = false;
            for s in &pair {
                taken.for_each_within(1, s.x, s.y, |k| {
                    near |= (places[k].0 - s.x).hypot(places[k].1 - s.y) < apart;
                });
            }
            if near {
                stars[i].examined = false;
                continue;
            }
            for s in &pair {
                taken.put(places.len(), s.x, s.y);
                places.push((s.x, s.y));
            }
            let [a, b] = pair;
            stars[i] = a;
            stars.push(b);
        }
        Ok(places.len() / 2)
    }

    /// The sum of squared weighted residuals is so much less with two sources instead of one.
    pub(super) fn is_much_better(&self, one: f64, two: f64, n_pixels: usize) -> bool {
        let left = two / (n_pixels as f64 - 6.0).max(1.0);
        // Without errors the sums have no scale but this.
        let left = if self.error.is_some() { left.max(1.0) } else { left };
        one - two > self.config.split_gain * left
    }

    /// Fits the residuals by the PSF, its first and its second derivatives. Two stars of one flux together, `f` of
    /// it in the second, `d` apart, are to second order one of that flux plus `f (1 - f) / 2` of its second derivative
    /// along the line between them times `d^2`.
    fn excess(&self, model: &dyn PsfModel, s: &Star) -> Option<Excess> {
        let all = Window::of_shape(self.data.dim());
        let w = box_around(s.x, s.y, self.config.psf.fit_shape).intersection(&all);
        // Wide enough to be like a pair that can be told from one.
        let h = 0.25 * self.config.fwhm;
        let places = [(0., 0.), (h, 0.), (-h, 0.), (0., h), (0., -h), (h, h), (-h, -h), (h, -h), (-h, h)]
            .map(|(dx, dy)| {
                let mut values = vec![0.0; w.len()];
                model.evaluate(&Source { x: s.x + dx, y: s.y + dy, shape: &self.shape }, w, &mut values);
                values
            });
        let mut equations = NormalEquations::<6>::default();
        for k in 0..w.len() {
            let (x, y) = ((w.x_min + (k % w.nx) as i64) as usize, (w.y_min + (k / w.nx) as i64) as usize);
            let weight = self.error.map_or(1.0, |e| 1.0 / e[[y, x]]);
            if !(self.is_good(y, x) && weight.is_finite() && weight > 0.0) {
                continue;
            }
            let [c, px, mx, py, my, pp, mm, pm, mp] = places.each_ref().map(|v| v[k]);
            let row = [
                c,
                (px - mx) / (2.0 * h),
                (py - my) / (2.0 * h),
                (px + mx - 2.0 * c) / (h * h),
                (py + my - 2.0 * c) / (h * h),
                (pp + mm - pm - mp) / (4.0 * h * h),
            ];
            // The residual of nothing, so that the solution is the coefficients.
            equations.add(-self.residual[[y, x]] * weight, &row.map(|v| v * weight));
        }
        let best = equations.solve()?;
        let gain = -best.iter().zip(&equations.jtr).map(|(b, g)| b * g).sum::<f64>();
        let (xx, yy, xy): (f64, f64, f64) = (best[3], best[4], 0.5 * best[5]);
        let (sin, cos): (f64, f64) = (0.5 * (2.0 * xy).atan2(xx - yy)).sin_cos();
        let widest = 0.5 * (xx + yy) + (0.5 * (xx - yy)).hypot(xy);
        Some(Excess { gain, direction: (cos, sin), widest })
    }

    fn two(
        &self,
        model: &dyn PsfModel,
        image: &Image<'_, f64>,
        s: &Star,
        excess: &Excess,
        pass: u32,
    ) -> Option<(f64, [Star; 2])> {
        let c = self.config;
        let m = self.member(model, image, s, std::iter::once(s))?;
        let (before, n_pixels, start) = (self.chi2_left(&m), m.n_pixels, self.start(s));
        // The second source has no pixels of its own: both are fitted to those of the one.
        let mut none = m.clone();
        none.weight.fill(0.0);
        none.n_pixels = 0;
        let members = [m, none];
        let (cos, sin) = excess.direction;
        let fitted = |fraction: f64, sign: f64| {
            let d = (2.0 * excess.widest / (s.flux * fraction * (1.0 - fraction))).sqrt();
            let d = sign * d.clamp(0.3 * c.fwhm, c.fwhm);
            let half = |flux: f64, d: f64| {
                let mut p = start.clone();
                (p[0], p[1], p[2]) = (flux * p[0], p[1] + d * cos, p[2] + d * sin);
                p
            };
            let pair = vec![half(1.0 - fraction, -fraction * d), half(fraction, (1.0 - fraction) * d)];
            self.group(model, &members, pair, Some(c.fwhm), 40).fit()
        };
        // One flux for both, or a faint one on either side.
        let chi2 = |fits: &[Fitted]| fits.iter().map(|f| f.chi2).sum::<f64>();
        let fits = [(0.5, 1.0), (0.15, 1.0), (0.15, -1.0)]
            .map(|(fraction, sign)| fitted(fraction, sign))
            .into_iter()
            .filter(|fits| chi2(fits).is_finite())
            .min_by(|a, b| chi2(a).total_cmp(&chi2(b)))?;
        let after = chi2(&fits);
        let (a, b) = (&fits[0], &fits[1]);
        let error = |k: usize, f: &Fitted| f.covariance.get(k * 4).map_or(f64::NAN, |v| v.sqrt());
        // How the flux is shared may be uncertain, as long as it is that there are two that is not.
        let good = |f: &Fitted| f.values[0] > error(0, f);
        let apart = (a.values[1] - b.values[1]).hypot(a.values[2] - b.values[2]);
        if !(self.is_much_better(before, after, n_pixels) && good(a) && good(b))
            || apart <= c.merge * c.fwhm
            || apart >= c.join * c.fwhm
        {
            return None;
        }
        let star = |f: &Fitted| Star {
            x: f.values[1],
            y: f.values[2],
            flux: f.values[0],
            home: Point::new(f.values[1], f.values[2]),
            error: [error(0, f), error(1, f), error(2, f)],
            settled: false,
            examined: false,
            ..s.clone()
        };
        let (mut a, mut b) = (star(a), star(b));
        if b.flux > a.flux {
            std::mem::swap(&mut a, &mut b);
        }
        (b.pass, b.found, b.flux_found) = (pass, Point::new(b.x, b.y), b.flux);
        Some((before - after, [a, b]))
    }
}
