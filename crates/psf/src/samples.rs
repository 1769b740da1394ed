//! Oversampled PSF images behind a spline, shared by the single image and the grid.

use std::sync::OnceLock;

use ndarray::{Array3, ArrayView2, Axis};
use skyphot_fit::spline;

use crate::error::{PsfError, Result};
use crate::kernel::planes::{Tap, Weighted, derivatives, taps, values};
use crate::kernel::run;
use crate::kernel::run::{Drawing, ROWS_AT_ONCE, Run, add_rows};
use crate::render::Drawn;
use crate::{Derivatives, Extent, Source, Window};

/// Planes of one size with their sampling.
#[derive(Debug, Clone)]
pub(crate) struct Samples {
    data: Array3<f64>,
    /// Spline coefficients per plane, made when first needed.
    planes: Vec<OnceLock<Vec<f64>>>,
    ny: usize,
    nx: usize,
    /// Samples per pixel along y and x.
    oversampling: (usize, usize),
    /// Sample `(x, y)` that lies on the position of a source.
    origin: (f64, f64),
    /// Outside the samples: the value at the edge instead of 0.
    clamp: bool,
}

impl PartialEq for Samples {
    fn eq(&self, other: &Self) -> bool {
        let key = |s: &Self| (s.oversampling, s.origin, s.clamp);
        self.data == other.data && key(self) == key(other)
    }
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

/// Planes around a source with their weights, and how many.
pub(crate) type Around<'a> = ([Weighted<'a>; 4], usize);

impl Samples {
    /// Samples in standard layout, `(n, ny, nx)`.
    pub(crate) fn new(
        data: Array3<f64>,
        oversampling: (usize, usize),
        origin: Option<(f64, f64)>,
        clamp: bool,
    ) -> Result<Self> {
        check_oversampling(oversampling)?;
        let (n, ny, nx) = data.dim();
        for p in data.axis_iter(Axis(0)) {
            check_plane(p)?;
        }
        let data = if data.is_standard_layout() { data } else { data.as_standard_layout().into_owned() };
        let planes = (0..n).map(|_| OnceLock::new()).collect();
        let origin = origin.unwrap_or(((nx as f64 - 1.0) / 2.0, (ny as f64 - 1.0) / 2.0));
        Ok(Self { data, planes, ny, nx, oversampling, origin, clamp })
    }

    pub(crate) fn data(&self) -> &Array3<f64> {
        &self.data
    }

    pub(crate) fn oversampling(&self) -> (usize, usize) {
        self.oversampling
    }

    pub(crate) fn clamp(&self) -> bool {
        self.clamp
    }

    pub(crate) fn set_clamp(&mut self, clamp: bool) {
        self.clamp = clamp;
    }

    pub(crate) fn origin(&self) -> (f64, f64) {
        self.origin
    }

    pub(crate) fn plane(&self, k: usize, w: f64, wx: f64, wy: f64) -> Weighted<'_> {
        let plane = self.planes[k].get_or_init(|| {
            let n = self.ny * self.nx;
            let all = self.data.as_slice().unwrap_or_default();
            spline::plane(&all[k * n..(k + 1) * n], self.ny, self.nx)
        });
        Weighted { plane, w, wx, wy }
    }

    /// What has equal steps along both axes; `None` for the general way.
    fn drawing<'a>(&self, (planes, n): Around<'a>, s: &Source<'_>, w: Window) -> Option<Drawing<'a>> {
        let (oy, ox) = self.oversampling;
        let x = Run::new(w.x_min, w.nx, s.x, (ox, self.origin.0, self.nx))?;
        let y = Run::new(w.y_min, w.ny, s.y, (oy, self.origin.1, self.ny))?;
        if self.clamp && (x.n < w.nx || y.n < w.ny) {
            return None;
        }
        Some(Drawing { planes, n_planes: n, x, y, flux: 1.0, at: y.first * w.nx + x.first })
    }

    fn taps(&self, s: &Source<'_>, w: Window) -> (Vec<Tap>, Vec<Tap>) {
        let (oy, ox) = self.oversampling;
        let (mut x, mut y) = (Vec::with_capacity(w.nx), Vec::with_capacity(w.ny));
        taps(w.x_min, w.nx, s.x, (ox as f64, self.origin.0, self.nx), self.clamp, &mut x);
        taps(w.y_min, w.ny, s.y, (oy as f64, self.origin.1, self.ny), self.clamp, &mut y);
        (x, y)
    }

    pub(crate) fn evaluate(&self, planes: Around<'_>, s: &Source<'_>, w: Window, out: &mut [f64]) {
        if let Some(d) = self.drawing(planes, s, w) {
            run::values(&d, self.nx + 3, w.nx, out);
            return;
        }
        let (x, y) = self.taps(s, w);
        values(&planes.0[..planes.1], self.nx + 3, &x, &y, out);
    }

    pub(crate) fn derivatives(&self, planes: Around<'_>, s: &Source<'_>, w: Window, out: &mut Derivatives) {
        out.resize(w.len(), 0);
        if let Some(d) = self.drawing(planes, s, w) {
            run::derivatives(&d, self.nx + 3, w.nx, &mut out.value, &mut out.dx, &mut out.dy);
            return;
        }
        let (x, y) = self.taps(s, w);
        let os = (self.oversampling.1 as f64, self.oversampling.0 as f64);
        let planes = &planes.0[..planes.1];
        derivatives(planes, self.nx + 3, (&x, &y), os, &mut out.value, &mut out.dx, &mut out.dy);
    }

    /// Adds sources to an image over a window. Those with the same planes are drawn together, a few rows of the planes
    /// at a time, which then come from the cache. `planes` gives each source its planes and their number for sorting.
    pub(crate) fn draw<'a>(
        &'a self,
        sources: &[Drawn<'_>],
        window: Window,
        image: &mut [f64],
        planes: impl Fn(&Source<'_>) -> (usize, Around<'a>),
    ) {
        let width = self.nx + 3;
        let mut fast: Vec<(usize, Drawing<'a>)> = Vec::with_capacity(sources.len());
        let mut scratch = Vec::new();
        for s in sources {
            let (key, around) = planes(&s.source);
            let corner = (s.window.y_min - window.y_min) as usize * window.nx
                + (s.window.x_min - window.x_min) as usize;
            match self.drawing(around, &s.source, s.window) {
                Some(d) => {
                    if d.x.n > 0 && d.y.n > 0 {
                        let at = corner + d.y.first * window.nx + d.x.first;
                        fast.push((key, Drawing { flux: s.flux, at, ..d }));
                    }
                    s.add_background(window, image);
                }
                None => {
                    let (x, y) = self.taps(&s.source, s.window);
                    scratch.resize(s.window.len(), 0.0);
                    values(&around.0[..around.1], width, &x, &y, &mut scratch);
                    s.add(&scratch, window, image);
                }
            }
        }
        fast.sort_by_key(|(key, _)| *key);
        let mut sums = Vec::new();
        for cell in fast.chunk_by(|a, b| a.0 == b.0) {
            for block in (0..self.ny).step_by(ROWS_AT_ONCE) {
                for (_, d) in cell {
                    // Rows of the source that begin in the block.
                    let row = |k: usize| k.saturating_sub(d.y.start).div_ceil(d.y.step).min(d.y.n);
                    let (from, to) = (row(block), row(block + ROWS_AT_ONCE));
                    if from < to {
                        add_rows(d, (from, to), width, window.nx, image, &mut sums);
                    }
                }
            }
        }
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
