//! Images of many sources.

use ndarray::Array2;
use skyphot_core::{Exec, Image, Pixel, memory};

use crate::{PsfModel, Source, Window};

/// Sources to draw, all slices of one length.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// Positions, pixels.
    pub x: &'a [f64],
    /// Positions, pixels.
    pub y: &'a [f64],
    /// Fluxes.
    pub flux: &'a [f64],
    /// Shape parameters of every source one after the other (`n_shape` values each); empty = those of the model.
    pub shape: &'a [f64],
    /// A constant to add over the box of each source (0 where not finite); empty = none.
    pub local_bkg: &'a [f64],
}

/// One source to add to an image.
#[derive(Debug, Clone, Copy)]
pub struct Drawn<'a> {
    /// Position and shape.
    pub source: Source<'a>,
    /// Its flux.
    pub flux: f64,
    /// A constant to add over its window.
    pub background: f64,
    /// The pixels it is added to.
    pub window: Window,
}

impl Drawn<'_> {
    /// Adds values over the window of the source, times its flux, and the constant to an image of the pixels of `all`.
    pub(crate) fn add(&self, values: &[f64], all: Window, image: &mut [f64]) {
        let (flux, background) = (self.flux, self.background);
        for (j, line) in values.chunks_exact(self.window.nx.max(1)).enumerate() {
            for (p, v) in self.row(j, all, image).iter_mut().zip(line) {
                *p += flux * v + background;
            }
        }
    }

    /// Adds the constant alone.
    pub(crate) fn add_background(&self, all: Window, image: &mut [f64]) {
        if self.background != 0.0 {
            for j in 0..self.window.ny {
                for p in self.row(j, all, image) {
                    *p += self.background;
                }
            }
        }
    }

    fn row<'i>(&self, j: usize, all: Window, image: &'i mut [f64]) -> &'i mut [f64] {
        let w = &self.window;
        let start = ((w.y_min - all.y_min) as usize + j) * all.nx + (w.x_min - all.x_min) as usize;
        &mut image[start..start + w.nx]
    }
}

/// Rows that one task draws.
const ROWS_PER_TASK: usize = 256;

/// The sum of all sources on an image of shape `(ny, nx)`.
///
/// Each is drawn on a box of `psf_shape` `(ny, nx)` pixels around its position, by default the model's bounding box. A
/// source with a position or flux that is not finite, or with its box outside the image, adds nothing. The sum in a
/// pixel is taken in an order that depends on the sources alone.
#[doc(alias = "make_model_image")]
#[must_use]
pub fn render<M: PsfModel + ?Sized>(
    model: &M,
    sources: &Sources<'_>,
    shape: (usize, usize),
    psf_shape: Option<(usize, usize)>,
    exec: &Exec,
) -> Array2<f64> {
    let mut image = zeros(shape);
    draw_onto(&mut image, model, sources, psf_shape, exec);
    image
}

/// An image less the sources of [`render`].
pub(crate) fn residual<T: Pixel, M: PsfModel + ?Sized>(
    data: &Image<'_, T>,
    model: &M,
    sources: &Sources<'_>,
    psf_shape: Option<(usize, usize)>,
    exec: &Exec,
) -> Array2<f64> {
    let mut out = zeros(data.shape());
    let nx = data.shape().1;
    draw_bands(&mut out, model, sources, psf_shape, exec, |first, rows| {
        for (row, y) in rows.chunks_exact_mut(nx).zip(first..) {
            ndarray::Zip::from(row).and(data.data().row(y)).for_each(|o, d| *o = d.to_f64() - *o);
        }
    });
    out
}

fn zeros((ny, nx): (usize, usize)) -> Array2<f64> {
    Array2::from_shape_vec((ny, nx), memory::zeros(ny * nx)).unwrap_or_default()
}

/// Adds the sources of [`render`] to an image of standard layout.
pub(crate) fn draw_onto<M: PsfModel + ?Sized>(
    image: &mut Array2<f64>,
    model: &M,
    sources: &Sources<'_>,
    psf_shape: Option<(usize, usize)>,
    exec: &Exec,
) {
    draw_bands(image, model, sources, psf_shape, exec, |_, _| ());
}

/// The same; `finish` gets each band of rows with the number of its first one once all is drawn there.
fn draw_bands<M: PsfModel + ?Sized>(
    image: &mut Array2<f64>,
    model: &M,
    sources: &Sources<'_>,
    psf_shape: Option<(usize, usize)>,
    exec: &Exec,
    finish: impl Fn(usize, &mut [f64]) + Sync + Send,
) {
    let shape = image.dim();
    let (ny, nx) = shape;
    if ny == 0 || nx == 0 {
        return;
    }
    let defaults: Vec<f64> = model.shape_parameters().iter().map(|p| p.value).collect();
    let n_shape = defaults.len();
    let source = |i: usize| Source {
        x: sources.x[i],
        y: sources.y[i],
        shape: if sources.shape.is_empty() {
            &defaults
        } else {
            &sources.shape[i * n_shape..(i + 1) * n_shape]
        },
    };
    let windows: Vec<Window> = (0..sources.x.len())
        .map(|i| {
            let s = source(i);
            if !(s.x.is_finite() && s.y.is_finite() && sources.flux[i].is_finite()) {
                return Window::new(0, 0, 0, 0);
            }
            let (h, w) = psf_shape.unwrap_or_else(|| {
                let e = model.extent(&s);
                (size(e.y), size(e.x))
            });
            box_around(s.x, s.y, (h, w)).intersection(&Window::of_shape(shape))
        })
        .collect();
    let mut bands: Vec<Vec<usize>> = vec![Vec::new(); ny.div_ceil(ROWS_PER_TASK)];
    for (i, w) in windows.iter().enumerate().filter(|(_, w)| !w.is_empty()) {
        let rows = w.y_min as usize / ROWS_PER_TASK..=(w.y_end() - 1) as usize / ROWS_PER_TASK;
        for band in &mut bands[rows] {
            band.push(i);
        }
    }
    let Some(pixels) = image.as_slice_mut() else { return };
    exec.for_each_chunk_mut(pixels, ROWS_PER_TASK * nx, |band, rows| {
        let y0 = (band * ROWS_PER_TASK) as i64;
        let all = Window::new(0, y0, nx, rows.len() / nx);
        let drawn: Vec<Drawn<'_>> = bands[band]
            .iter()
            .map(|&i| Drawn {
                source: source(i),
                flux: sources.flux[i],
                background: sources.local_bkg.get(i).copied().filter(|b| b.is_finite()).unwrap_or(0.0),
                window: windows[i].intersection(&all),
            })
            .collect();
        model.draw(&drawn, all, rows);
        finish(band * ROWS_PER_TASK, rows);
    });
}

/// Pixels of an interval, rounded up.
fn size((a, b): (f64, f64)) -> usize {
    (b - a).ceil().clamp(0.0, 1e6) as usize
}

/// The box of `(ny, nx)` pixels around a position as the reference cuts it out: it begins at `ceil(position - n / 2)`.
pub(crate) fn box_around(x: f64, y: f64, (ny, nx): (usize, usize)) -> Window {
    let first = |at: f64, n: usize| (at - n as f64 / 2.0).ceil().clamp(-1e15, 1e15) as i64;
    Window::new(first(x, nx), first(y, ny), nx, ny)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CircularGaussianPrf;
    use std::num::NonZeroUsize;

    #[test]
    fn fluxes_are_kept_and_threads_do_not_matter() {
        let model = CircularGaussianPrf::new(2.0).unwrap();
        let x = [30.2, 50.7, f64::NAN, 52.0, -80.0];
        let y = [31.0, 60.0, 3.0, 61.5, 3.0];
        let flux = [100.0, 50.0, 1.0, -20.0, 7.0];
        let s = Sources { x: &x, y: &y, flux: &flux, shape: &[], local_bkg: &[] };
        let one = render(&model, &s, (100, 90), Some((31, 31)), &Exec::serial());
        assert!((one.sum() - 130.0).abs() < 1e-9);
        for n in [2, 3, 7] {
            let exec = Exec::with_threads(NonZeroUsize::new(n).unwrap()).unwrap();
            assert_eq!(render(&model, &s, (100, 90), Some((31, 31)), &exec), one);
        }
    }

    #[test]
    fn a_residual_is_the_image_less_what_is_drawn() {
        let model = CircularGaussianPrf::new(2.0).unwrap();
        // One source lies across the border of two tasks.
        let (x, y) = ([10.2, 20.7, 5.5], [31.0, ROWS_PER_TASK as f64 - 0.3, 2.5 * ROWS_PER_TASK as f64]);
        let s = Sources {
            x: &x,
            y: &y,
            flux: &[100.0, 50.0, 70.0],
            shape: &[],
            local_bkg: &[1.0, 2.0, f64::NAN],
        };
        let wide = Array2::from_shape_fn((3 * ROWS_PER_TASK - 9, 60), |(y, x)| (y * 60 + x) as f32 * 0.01);
        // Rows of every second pixel are no slices.
        let view = wide.slice(ndarray::s![.., ..;2]);
        let image = Image::new(view).unwrap();
        let expected = view.mapv(f64::from) - render(&model, &s, view.dim(), Some((31, 31)), &Exec::serial());
        for n in [1, 2, 3] {
            let exec = Exec::with_threads(NonZeroUsize::new(n).unwrap()).unwrap();
            assert_eq!(residual(&image, &model, &s, Some((31, 31)), &exec), expected);
        }
    }
}
