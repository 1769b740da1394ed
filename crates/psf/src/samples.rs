//! Oversampled PSF images behind a spline, shared by the single image and the grid.

use ndarray::ArrayView2;

use crate::error::{PsfError, Result};
use crate::kernel::planes::{Tap, Weighted, derivatives, taps, values};
use crate::{Derivatives, Extent, Source, Window};
use skyphot_fit::spline;

/// Planes of one size with their sampling.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Samples {
    /// Spline coefficients per plane.
    planes: Vec<Vec<f64>>,
    ny: usize,
    nx: usize,
    /// Samples per pixel along y and x.
    oversampling: (usize, usize),
    /// Sample `(x, y)` that lies on the position of a source.
    origin: (f64, f64),
    /// Outside the samples: the value at the edge instead of 0.
    clamp: bool,
}

pub(crate) fn check_plane(data: ArrayView2<'_, f64>) -> Result<()> {
    let (ny, nx) = data.dim();
    if ny < 4 || nx < 4 {
        let found = format!("{ny} x {nx} (ny x nx)");
        return Err(PsfError::InvalidData { what: "PSF image", expected: "at least 4 x 4 samples", found });
    }
    if let Some(((y, x), v)) = data.indexed_iter().find(|(_, v)| !v.is_finite()) {
        let found = format!("{v} at x = {x}, y = {y}");
        return Err(PsfError::InvalidData { what: "PSF image", expected: "finite everywhere", found });
    }
    Ok(())
}

pub(crate) fn check_oversampling((y, x): (usize, usize)) -> Result<()> {
    if y == 0 || x == 0 {
        let found = format!("({y}, {x})");
        return Err(PsfError::InvalidData { what: "oversampling (y, x)", expected: "at least 1", found });
    }
    Ok(())
}

impl Samples {
    pub(crate) fn new(
        planes: &[ArrayView2<'_, f64>],
        oversampling: (usize, usize),
        origin: Option<(f64, f64)>,
        clamp: bool,
    ) -> Result<Self> {
        check_oversampling(oversampling)?;
        let (ny, nx) = planes[0].dim();
        for p in planes {
            check_plane(*p)?;
        }
        let planes =
            planes.iter().map(|p| spline::plane(&p.iter().copied().collect::<Vec<_>>(), ny, nx)).collect();
        let origin = origin.unwrap_or(((nx as f64 - 1.0) / 2.0, (ny as f64 - 1.0) / 2.0));
        Ok(Self { planes, ny, nx, oversampling, origin, clamp })
    }

    pub(crate) fn oversampling(&self) -> (usize, usize) {
        self.oversampling
    }

    pub(crate) fn origin(&self) -> (f64, f64) {
        self.origin
    }

    pub(crate) fn plane(&self, k: usize, w: f64, wx: f64, wy: f64) -> Weighted<'_> {
        Weighted { plane: &self.planes[k], w, wx, wy }
    }

    fn taps(&self, s: &Source<'_>, w: Window) -> (Vec<Tap>, Vec<Tap>) {
        let (oy, ox) = self.oversampling;
        let (mut x, mut y) = (Vec::with_capacity(w.nx), Vec::with_capacity(w.ny));
        taps(w.x_min, w.nx, s.x, (ox as f64, self.origin.0, self.nx), self.clamp, &mut x);
        taps(w.y_min, w.ny, s.y, (oy as f64, self.origin.1, self.ny), self.clamp, &mut y);
        (x, y)
    }

    pub(crate) fn evaluate(&self, planes: &[Weighted<'_>], s: &Source<'_>, w: Window, out: &mut [f64]) {
        let (x, y) = self.taps(s, w);
        values(planes, self.nx + 3, &x, &y, out);
    }

    pub(crate) fn derivatives(
        &self,
        planes: &[Weighted<'_>],
        s: &Source<'_>,
        w: Window,
        out: &mut Derivatives,
    ) {
        out.resize(w.len(), 0);
        let (x, y) = self.taps(s, w);
        let os = (self.oversampling.1 as f64, self.oversampling.0 as f64);
        derivatives(planes, self.nx + 3, (&x, &y), os, &mut out.value, &mut out.dx, &mut out.dy);
    }

    /// Half a sample beyond the outermost ones.
    pub(crate) fn extent(&self, s: &Source<'_>) -> Extent {
        let (oy, ox) = (self.oversampling.0 as f64, self.oversampling.1 as f64);
        let shift_x = ((self.nx as f64 - 1.0) / 2.0 - self.origin.0) / ox;
        let shift_y = ((self.ny as f64 - 1.0) / 2.0 - self.origin.1) / oy;
        Extent::around(s.x + shift_x, s.y + shift_y, (self.nx as f64 / 2.0 / ox, self.ny as f64 / 2.0 / oy))
    }

    /// Where there are samples.
    pub(crate) fn support(&self, s: &Source<'_>) -> Extent {
        if self.clamp { Extent::EVERYWHERE } else { self.extent(s) }
    }
}
