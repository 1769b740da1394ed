//! Which sources are none.

use skyphot_core::{Image, Point};

use super::field::{Field, Star};
use crate::PsfModel;
use crate::error::Result;
use crate::kernel::cells::Cells;

/// Rounds of dropping at most: without one source another may be significant, or not.
const ROUNDS: usize = 5;

impl Field<'_> {
    /// Drops sources that are not significant, left the image, or are too near to a brighter one, and fits what is left
    /// anew until it moves by less than `tolerance` of the errors. How many.
    pub(super) fn drop_bad(
        &mut self,
        model: &dyn PsfModel,
        stars: &mut Vec<Star>,
        tolerance: f64,
    ) -> Result<usize> {
        let mut dropped = 0;
        for _ in 0..ROUNDS {
            let keep = self.kept(model, stars)?;
            let gone: Vec<(f64, f64)> =
                stars.iter().zip(&keep).filter(|(_, k)| !**k).map(|(s, _)| (s.x, s.y)).collect();
            if gone.is_empty() {
                break;
            }
            dropped += gone.len();
            let (ny, nx) = self.config.psf.fit_shape;
            let around = Cells::of(gone.into_iter(), ny.max(nx) as f64 + self.config.fwhm);
            let mut k = keep.iter();
            stars.retain(|_| k.next().copied().unwrap_or(true));
            for s in stars.iter_mut() {
                s.settled &= !around.any_near(s.x, s.y);
            }
            self.settle(model, stars, tolerance)?;
        }
        Ok(dropped)
    }

    fn kept(&self, model: &dyn PsfModel, stars: &[Star]) -> Result<Vec<bool>> {
        let c = self.config;
        let (ny, nx) = (self.data.nrows() as f64, self.data.ncols() as f64);
        let image = self.left()?;
        let cells = Cells::of(stars.iter().map(|s| (s.x, s.y)), c.join * c.fwhm);
        let apart = |i: usize, j: usize| (stars[i].x - stars[j].x).hypot(stars[i].y - stars[j].y);
        // Of the sources that are on the image, those that may be noise.
        let doubtful = |i: usize| {
            let s = &stars[i];
            // Without errors at all, a positive flux has to do.
            if !s.error[0].is_finite() || s.flux >= c.min_snr * s.error[0] {
                return false;
            }
            let mut nearest: Option<(f64, usize)> = None;
            cells.for_each_within(1, s.x, s.y, |j| {
                let d = apart(i, j);
                if j != i && d < c.join * c.fwhm && nearest.is_none_or(|n| (d, j) < n) {
                    nearest = Some((d, j));
                }
            });
            // The errors of two close stars are those of their difference; together they may be beyond doubt.
            !nearest.is_some_and(|(_, j)| self.are_two(model, &image, s, &stars[j]))
        };
        let on_image = |s: &Star| s.x > -0.5 && s.y > -0.5 && s.x < nx - 0.5 && s.y < ny - 0.5;
        let states = c.psf.exec.map(stars.len(), |i| {
            let s = &stars[i];
            match on_image(s) && s.flux > 0.0 {
                false => State::Gone,
                true if doubtful(i) => State::Doubtful(s.flux / s.error[0]),
                true => State::Sure,
            }
        });
        Ok((0..stars.len())
            .map(|i| {
                let s = &stars[i];
                let mut keep = states[i] != State::Gone;
                let mut least = true;
                cells.for_each_within(1, s.x, s.y, |j| {
                    let t = &stars[j];
                    let brighter = t.flux > s.flux || t.flux == s.flux && j < i;
                    let hidden = brighter && states[j] == State::Sure && apart(i, j) < c.merge * c.fwhm;
                    keep &= j == i || !hidden;
                    // Of doubtful sources near to each other one at a time: without it the others may be sure.
                    if let (State::Doubtful(a), State::Doubtful(b)) = (states[i], states[j]) {
                        least &= j == i || apart(i, j) > c.join * c.fwhm || (b, j) > (a, i);
                    }
                });
                keep && !(matches!(states[i], State::Doubtful(_)) && least)
            })
            .collect())
    }

    /// Two sources explain their pixels much better than the best single one.
    fn are_two(&self, model: &dyn PsfModel, image: &Image<'_, f64>, a: &Star, b: &Star) -> bool {
        if !(a.flux > 0.0 && b.flux > 0.0) {
            return false;
        }
        let flux = a.flux + b.flux;
        let middle = |p: f64, q: f64| (a.flux * p + b.flux * q) / flux;
        let (x, y) = (middle(a.x, b.x), middle(a.y, b.y));
        let one = Star { x, y, flux, home: Point::new(x, y), ..a.clone() };
        let Some(m) = self.member(model, image, &one, [a, b].into_iter()) else { return false };
        let (two, n_pixels) = (self.chi2_left(&m), m.n_pixels);
        let members = [m];
        let fits = self.group(model, &members, vec![self.start(&one)], Some(self.config.fwhm), 40).fit();
        fits.first().is_some_and(|f| self.is_much_better(f.chi2, two, n_pixels))
    }
}

/// What is to become of a source.
#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    /// It stays.
    Sure,
    /// It has this ratio of flux to error, which is too little.
    Doubtful(f64),
    /// It left the image or is negative.
    Gone,
}
