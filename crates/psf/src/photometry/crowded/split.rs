//! One source or two?

use skyphot_core::{Image, Point};

use super::field::{Field, Star};
use crate::PsfModel;
use crate::error::Result;

impl Field<'_> {
    /// Sources with a bad `chi` as two, where two explain their pixels much better. How many there were.
    pub(super) fn split(&self, model: &dyn PsfModel, stars: &mut Vec<Star>, pass: u32) -> Result<usize> {
        let c = self.config;
        if !c.split_chi.is_finite() || self.error.is_none() {
            return Ok(0);
        }
        let image = self.left()?;
        let pairs = c.psf.exec.map(stars.len(), |i| {
            let s = &stars[i];
            let bright = s.flux > 4.0 * c.min_snr * s.error[0];
            if bright && self.quality(model, s).chi > c.split_chi {
                self.two(model, &image, s, pass)
            } else {
                None
            }
        });
        let mut n = 0;
        for (i, pair) in pairs.into_iter().enumerate() {
            if let Some([a, b]) = pair {
                stars[i] = a;
                stars.push(b);
                n += 1;
            }
        }
        Ok(n)
    }

    fn two(&self, model: &dyn PsfModel, image: &Image<'_, f64>, s: &Star, pass: u32) -> Option<[Star; 2]> {
        let c = self.config;
        let (mut members, _, start) = self.members(model, image, &[0], std::slice::from_ref(s));
        let m = members.first()?;
        let (mut before, mut along, mut across) = (0.0, 0.0, 0.0);
        for (k, w) in m.weight.iter().enumerate() {
            if *w > 0.0 {
                let (x, y) =
                    (m.window.x_min + (k % m.window.nx) as i64, m.window.y_min + (k / m.window.nx) as i64);
                let r = self.residual[[y as usize, x as usize]];
                let (dx, dy) = (x as f64 - s.x, y as f64 - s.y);
                before += (r * w).powi(2);
                along += r * (dx * dx - dy * dy);
                across += r * 2.0 * dx * dy;
            }
        }
        let n_pixels = m.n_pixels;
        let (sin, cos) = (0.5 * across.atan2(along)).sin_cos();
        let d = 0.35 * c.fwhm;
        let half = |sign: f64| {
            let mut p = start[0].clone();
            (p[0], p[1], p[2]) = (0.5 * p[0], p[1] + sign * d * cos, p[2] + sign * d * sin);
            p
        };
        // The second source has no pixels of its own: both are fitted to those of the one.
        let mut none = m.clone();
        none.weight.fill(0.0);
        none.n_pixels = 0;
        members.push(none);
        let group = self.group(model, &members, vec![half(1.0), half(-1.0)], Some(c.fwhm), 40);
        let fits = group.fit();
        let after: f64 = fits.iter().map(|f| f.chi2).sum();
        let (a, b) = (&fits[0], &fits[1]);
        let error = |k: usize, f: &crate::photometry::group::Fitted| {
            f.covariance.get(k * 4).map_or(f64::NAN, |v| v.sqrt())
        };
        let good = |f: &crate::photometry::group::Fitted| f.values[0] > c.min_snr * error(0, f);
        let apart = (a.values[1] - b.values[1]).hypot(a.values[2] - b.values[2]);
        let left = (after / (n_pixels as f64 - 6.0).max(1.0)).max(1.0);
        if !(before - after > c.split_gain * left && good(a) && good(b) && apart > c.merge * c.fwhm) {
            return None;
        }
        let star = |f: &crate::photometry::group::Fitted| Star {
            x: f.values[1],
            y: f.values[2],
            flux: f.values[0],
            error: [error(0, f), error(1, f), error(2, f)],
            settled: false,
            ..s.clone()
        };
        let (mut a, mut b) = (star(a), star(b));
        if b.flux > a.flux {
            std::mem::swap(&mut a, &mut b);
        }
        (b.pass, b.found, b.flux_found) = (pass, Point::new(b.x, b.y), b.flux);
        Some([a, b])
    }
}
