//! Derivatives and pixel areas of any map between pixels and the sky.

use ndarray::Array2;
use skyphot_core::{Exec, Point, SkyCoord, SkyTransform};

use crate::angle::{sin_cos_deg, unit_vector};
use crate::transform::NAN_SKY;

/// Rows of an area map that one thread takes at a time.
const ROWS: usize = 16;

/// Derivatives of the direction on the sky at a pixel: `[[dE/dx, dE/dy], [dN/dx, dN/dy]]`, degrees towards east and north
/// per pixel, from central differences of the fourth order over one pixel to either side, or over half a pixel where
/// the sky ends before that (as at the edge of a bounding box). `None` where there is no sky.
///
/// The area of the pixel is the determinant's magnitude; it is negative where east is left of north, as on the sky.
#[must_use]
#[doc(alias = "local_partial_pixel_derivatives")]
pub fn local_jacobian(transform: &dyn SkyTransform, p: Point) -> Option<[[f64; 2]; 2]> {
    let at = transform.pixel_to_sky(p)?;
    let (sl, cl) = sin_cos_deg(at.lon);
    let (sb, cb) = sin_cos_deg(at.lat);
    let east = [-sl, cl, 0.0];
    let north = [-sb * cl, -sb * sl, cb];
    let vector = |dx: f64, dy: f64| -> Option<[f64; 3]> {
        let s = transform.pixel_to_sky(Point::new(p.x + dx, p.y + dy))?;
        Some(unit_vector(s.lon, s.lat))
    };
    let derivatives = |h: f64| -> Option<[[f64; 2]; 2]> {
        let mut out = [[0.0; 2]; 2];
        for (j, (ux, uy)) in [(h, 0.0), (0.0, h)].into_iter().enumerate() {
            let near = (vector(-0.5 * ux, -0.5 * uy)?, vector(0.5 * ux, 0.5 * uy)?);
            let far = (vector(-ux, -uy)?, vector(ux, uy)?);
            let d = [0, 1, 2].map(|i| (8.0 * (near.1[i] - near.0[i]) - (far.1[i] - far.0[i])) / (6.0 * h));
            let along = |axis: [f64; 3]| (d[0] * axis[0] + d[1] * axis[1] + d[2] * axis[2]).to_degrees();
            out[0][j] = along(east);
            out[1][j] = along(north);
        }
        Some(out)
    };
    derivatives(1.0).or_else(|| derivatives(0.5))
}

/// Area on the sky of every pixel of an image of shape `(ny, nx)` over a nominal area in square degrees; NaN where there
/// is no sky. An image in surface brightness times this map is an image in flux.
///
/// The area is that of the quadrilateral between the pixel's corners: the determinant of the local Jacobian, averaged
/// over the pixel.
///
/// ```
/// use skyphot_core::{Exec, SkyCoord};
/// use skyphot_wcs::{ProjectionCode, Wcs, pixel_area_map};
/// let wcs = Wcs::new(ProjectionCode::Tan, SkyCoord { lon: 0.0, lat: 0.0 }, [1.0, 1.0], [[-0.1, 0.0], [0.0, 0.1]])?;
/// let map = pixel_area_map(&wcs, 0.01, (1, 101), &Exec::serial());
/// // The gnomonic projection stretches the sky: its pixels get smaller as 1 / (1 + r^2)^1.5.
/// let r2 = (10.0_f64).to_radians().powi(2);
/// assert!((map[[0, 100]] - (1.0 + r2).powf(-1.5)).abs() < 1e-5);
/// # Ok::<(), skyphot_wcs::WcsError>(())
/// ```
#[must_use]
#[doc(alias = "compute_pixel_area_map")]
pub fn pixel_area_map(
    transform: &dyn SkyTransform,
    nominal: f64,
    (ny, nx): (usize, usize),
    exec: &Exec,
) -> Array2<f64> {
    let mut out = Array2::zeros((ny, nx));
    if nx == 0 || ny == 0 {
        return out;
    }
    let nominal = nominal.to_radians().to_radians();
    let corners = |y: usize| -> Vec<[f64; 3]> {
        let points: Vec<Point> = (0..=nx).map(|x| Point::new(x as f64 - 0.5, y as f64 - 0.5)).collect();
        let mut sky: Vec<SkyCoord> = vec![NAN_SKY; nx + 1];
        transform.pixels_to_sky(&points, &mut sky);
        sky.iter().map(|s| unit_vector(s.lon, s.lat)).collect()
    };
    let pixels = out.as_slice_mut().unwrap_or(&mut []);
    exec.for_each_chunk_mut(pixels, ROWS * nx, |k, chunk| {
        let mut lower = corners(k * ROWS);
        for (j, row) in chunk.chunks_mut(nx).enumerate() {
            let upper = corners(k * ROWS + j + 1);
            for (x, v) in row.iter_mut().enumerate() {
                // Half the cross product of the diagonals.
                let a = difference(upper[x + 1], lower[x]);
                let b = difference(upper[x], lower[x + 1]);
                let c = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
                *v = 0.5 * (c[0] * c[0] + c[1] * c[1] + c[2] * c[2]).sqrt() / nominal;
            }
            lower = upper;
        }
    });
    out
}

fn difference(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}
