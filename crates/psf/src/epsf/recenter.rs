//! The centre of an ePSF.

use ndarray::{Array2, ArrayView2};
use skyphot_centroids::{CentroidMethod, centroid_symmetry};
use skyphot_core::{Image, Point};

use super::Recentering;
use crate::error::Result;
use crate::render::box_around;
use crate::{ImagePsf, ImagePsfConfig, PsfModel, Source, Window};

/// Accuracy of the centre, samples.
const ACCURACY: f64 = 1e-4;

/// Moves the centre of the samples to the middle of the grid. Returns the moved samples and the offset `(x, y)` of the
/// centre before, in pixels.
pub(crate) fn recenter(
    data: Array2<f64>,
    oversampling: (usize, usize),
    recentering: &Recentering,
    box_pixels: (usize, usize),
    max_iters: usize,
) -> Result<(Array2<f64>, Point)> {
    let (ny, nx) = data.dim();
    let odd = |n: usize| n + usize::from(n.is_multiple_of(2));
    let size = (odd(box_pixels.0 * oversampling.0), odd(box_pixels.1 * oversampling.1));
    let middle = Point::new((nx as f64 - 1.0) / 2.0, (ny as f64 - 1.0) / 2.0);
    let all = Window::of_shape((ny, nx));
    let part = box_around(middle.x, middle.y, size).intersection(&all);
    let (x0, y0) = (part.x_min as usize, part.y_min as usize);
    let cut = ndarray::s![y0..y0 + part.ny, x0..x0 + part.nx];
    let config = ImagePsfConfig { oversampling: (1, 1), origin: Some((0.0, 0.0)), extrapolate: true };
    let surface = ImagePsf::new(data.view(), config)?;
    let mut moved = data;
    let (mut total, mut last) = (Point::new(0.0, 0.0), f64::INFINITY);
    for _ in 0..max_iters {
        let c = centroid(recentering, moved.slice(cut));
        let (dx, dy) = (c.x + x0 as f64 - middle.x, c.y + y0 as f64 - middle.y);
        let distance = dx * dx + dy * dy;
        if !(distance < last) {
            if distance.is_nan() {
                total = Point::new(f64::NAN, f64::NAN);
            }
            break;
        }
        last = distance;
        total = Point::new(total.x + dx, total.y + dy);
        if let Some(out) = moved.as_slice_mut() {
            surface.evaluate(&Source { x: -total.x, y: -total.y, shape: &[] }, all, out);
        }
        if distance < ACCURACY * ACCURACY {
            break;
        }
    }
    Ok((moved, Point::new(total.x / oversampling.1 as f64, total.y / oversampling.0 as f64)))
}

/// The centre in a box; NaN where there is none.
fn centroid(recentering: &Recentering, part: ArrayView2<'_, f64>) -> Point {
    const NOWHERE: Point = Point::new(f64::NAN, f64::NAN);
    let measure = |method: CentroidMethod| {
        Image::new(part).ok().and_then(|i| method.measure(&i).ok()).map_or(NOWHERE, |c| c.position)
    };
    match recentering {
        Recentering::Symmetry => symmetry(part).unwrap_or_else(|| measure(CentroidMethod::Com)),
        Recentering::Method(method) => measure(*method),
        Recentering::Custom(f) => f(part).unwrap_or(NOWHERE),
    }
}

/// The centre of symmetry, unless it lies on the limit of its search.
fn symmetry(part: ArrayView2<'_, f64>) -> Option<Point> {
    let (ny, nx) = part.dim();
    let c = centroid_symmetry(&Image::new(part).ok()?, None).ok()?.position;
    let reach = 0.3 * ny.min(nx) as f64;
    let free = |at: f64, n: usize| {
        let middle = (n as f64 - 1.0) / 2.0;
        (at - middle).abs() <= middle - reach - 1e-3
    };
    (free(c.x, nx) && free(c.y, ny)).then_some(c)
}

/// Offset in pixels of the centre of mass from the centre of symmetry, both in a box of 5 x 5 pixels; `None` for an ePSF
/// not larger than that.
pub(crate) fn center_asymmetry(data: ArrayView2<'_, f64>, oversampling: (usize, usize)) -> Option<Point> {
    let (ny, nx) = data.dim();
    let odd = |n: usize| n + usize::from(n.is_multiple_of(2));
    if ny <= odd(5 * oversampling.0) || nx <= odd(5 * oversampling.1) {
        return None;
    }
    let find = |r: Recentering| recenter(data.to_owned(), oversampling, &r, (5, 5), 20).ok().map(|(_, c)| c);
    let (mass, symmetry) = (find(Recentering::Method(CentroidMethod::Com))?, find(Recentering::Symmetry)?);
    Some(Point::new(mass.x - symmetry.x, mass.y - symmetry.y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shifted_gaussian_goes_to_the_middle() {
        let g = |x0: f64, y0: f64| {
            Array2::from_shape_fn((41, 45), |(y, x)| {
                (-((x as f64 - x0).powi(2) + (y as f64 - y0).powi(2)) / 50.0).exp()
            })
        };
        for r in [Recentering::Symmetry, Recentering::Method(CentroidMethod::Com)] {
            let (moved, offset) = recenter(g(23.2, 19.1), (4, 4), &r, (5, 5), 20).unwrap();
            assert!((offset.x - 0.3).abs() < 2e-3 && (offset.y + 0.225).abs() < 2e-3, "{r:?} {offset:?}");
            let worst = moved.iter().zip(&g(22.0, 20.0)).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(worst < 2e-3, "{worst}");
        }
        let a = center_asymmetry(g(22.0, 20.0).view(), (4, 4)).unwrap();
        assert!(a.x.abs() < 1e-4 && a.y.abs() < 1e-4);
    }
}
