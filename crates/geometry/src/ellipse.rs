//! Ellipses and pixels.

use skyphot_core::{BoundingBox, Point};

use crate::kernel::{Convex, fill_ellipse, push_ring, push_sampled, samples_of};
use crate::{Coverage, GeometryError, OverlapMethod, Result};

/// Largest size, pixels: beyond it pixel numbers lose their meaning.
pub(crate) const MAX_SIZE: f64 = 1e9;

/// Checks a length in pixels.
pub(crate) fn check_size(name: &'static str, v: f64) -> Result<f64> {
    if v > 0.0 && v <= MAX_SIZE {
        Ok(v)
    } else {
        Err(GeometryError::InvalidSize { name, expected: "greater than 0 and at most 1e9", found: v })
    }
}

/// Checks an angle in radians.
pub(crate) fn check_angle(theta: f64) -> Result<f64> {
    if theta.abs() <= MAX_SIZE {
        Ok(theta)
    } else {
        Err(GeometryError::InvalidSize {
            name: "theta",
            expected: "an angle of at most 1e9 radians",
            found: theta,
        })
    }
}

/// An ellipse, seen along an axis of the image: at the distance `d` from the centre along it, the ellipse spans
/// `shear d +- width sqrt(1 - (d / extent)^2)` along the other axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct AlongAxis {
    pub(crate) extent: f64,
    /// Place along the other axis where the extent is reached.
    pub(crate) at_extent: f64,
    shear: f64,
    width: f64,
    inv_extent: f64,
}

impl AlongAxis {
    fn new(extent: f64, mixed: f64, scale: f64) -> Self {
        let inv_extent = 1.0 / extent;
        let at_extent = mixed * inv_extent;
        Self { extent, at_extent, shear: at_extent * inv_extent, width: scale * inv_extent, inv_extent }
    }

    /// Both ends at the distance `d`, the larger one first; beyond the ellipse, those of its end.
    #[inline(always)]
    pub(crate) fn ends(&self, d: f64) -> (f64, f64) {
        let t = d * self.inv_extent;
        let q = (1.0 - t) * (1.0 + t);
        let half = self.width * (if q > 0.0 { q } else { 0.0 }).sqrt();
        let middle = self.shear * d;
        (middle + half, middle - half)
    }

    /// The edges of pixels, the first at `first`, from the centre, and the ends there.
    #[inline(always)]
    pub(crate) fn crossings(
        &self,
        first: f64,
        center: f64,
        at: &mut [f64],
        upper: &mut [f64],
        lower: &mut [f64],
    ) {
        for (k, (d, (u, l))) in (0_u32..).zip(at.iter_mut().zip(upper.iter_mut().zip(lower.iter_mut()))) {
            *d = (f64::from(k) + first) - center;
            (*u, *l) = self.ends(*d);
        }
    }
}

/// An ellipse and the numbers its weights need.
///
/// ```
/// use skyphot_core::{BoundingBox, Point};
/// use skyphot_geometry::{Coverage, Ellipse, OverlapMethod};
/// let ellipse = Ellipse::new(5.0, 3.0, 0.6)?;
/// let mut cover = Coverage::new();
/// let window = BoundingBox { x_min: 0, x_max: 40, y_min: 0, y_max: 30 };
/// ellipse.coverage(Point::new(20.3, 15.1), OverlapMethod::Exact, &window, &mut cover);
/// assert!((cover.area() - std::f64::consts::PI * 15.0).abs() < 1e-12);
/// # Ok::<(), skyphot_geometry::GeometryError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[doc(alias = "elliptical_overlap_grid")]
pub struct Ellipse {
    pub(crate) a: f64,
    pub(crate) b: f64,
    theta: f64,
    sin: f64,
    cos: f64,
    /// `a b`.
    pub(crate) scale: f64,
    unit: [f64; 4],
    pub(crate) x_axis: AlongAxis,
    pub(crate) y_axis: AlongAxis,
}

impl Ellipse {
    /// The ellipse of semiaxes `a` and `b` pixels; `theta` is the angle of the axis `a`, radians counter-clockwise from
    /// +x.
    ///
    /// # Errors
    /// [`GeometryError::InvalidSize`] unless `0 < a, b <= 1e9` and `|theta| <= 1e9`.
    pub fn new(a: f64, b: f64, theta: f64) -> Result<Self> {
        check_size("a", a)?;
        check_size("b", b)?;
        let (sin, cos) = check_angle(theta)?.sin_cos();
        let (ax, ay, bx, by) = (a * cos, a * sin, b * -sin, b * cos);
        let x_extent = (ax * ax + bx * bx).sqrt();
        let y_extent = (ay * ay + by * by).sqrt();
        let (mixed, scale) = ((a - b) * (a + b) * (sin * cos), a * b);
        Ok(Self {
            a,
            b,
            theta,
            sin,
            cos,
            scale,
            unit: [cos / a, sin / a, -sin / b, cos / b],
            x_axis: AlongAxis::new(x_extent, mixed, scale),
            y_axis: AlongAxis::new(y_extent, mixed, scale),
        })
    }

    /// Semiaxis along `theta`, pixels.
    #[must_use]
    pub const fn a(&self) -> f64 {
        self.a
    }

    /// The other semiaxis, pixels.
    #[must_use]
    pub const fn b(&self) -> f64 {
        self.b
    }

    /// Angle of the axis `a`, radians counter-clockwise from +x.
    #[must_use]
    pub const fn theta(&self) -> f64 {
        self.theta
    }

    /// The point `(dx, dy)` from the centre where the ellipse is the unit circle.
    #[inline(always)]
    pub(crate) fn unit(&self, dx: f64, dy: f64) -> (f64, f64) {
        let m = &self.unit;
        (dx * m[0] + dy * m[1], dx * m[2] + dy * m[3])
    }

    /// The smallest box of whole pixels that contains the ellipse at a finite position.
    #[must_use]
    pub fn bbox(&self, c: Point) -> BoundingBox {
        let (ex, ey) = (self.x_axis.extent, self.y_axis.extent);
        BoundingBox::from_float(c.x - ex, c.x + ex, c.y - ey, c.y + ey)
    }

    /// Fills `out` with what the ellipse at a finite position covers of a window.
    pub fn coverage(&self, center: Point, method: OverlapMethod, window: &BoundingBox, out: &mut Coverage) {
        let bbox = self.bbox(center);
        let Some(common) = bbox.intersection(window) else {
            out.reset(false, true);
            return;
        };
        out.reset(true, common != bbox);
        match method {
            OverlapMethod::Exact => fill_ellipse(self, center, &common, window, out),
            _ => push_sampled(self, center, samples_of(method), &bbox, window, out),
        }
    }

    /// Fills `out` with what the ring between this ellipse and an `inner` one of the same centre covers of a window.
    pub fn ring_coverage(
        &self,
        inner: &Self,
        center: Point,
        method: OverlapMethod,
        window: &BoundingBox,
        out: &mut Coverage,
    ) {
        let bbox = self.bbox(center);
        push_ring(&bbox, window, out, method, |part, window, outer, hole| match method {
            OverlapMethod::Exact => {
                fill_ellipse(self, center, part, window, outer);
                if let Some(part) = inner.bbox(center).intersection(part) {
                    fill_ellipse(inner, center, &part, window, hole);
                }
            }
            _ => {
                // Both ellipses are sampled at the places that the bounding box of the ring defines.
                let n = samples_of(method);
                self.push_rows(center, n, &bbox, window, part, outer);
                inner.push_rows(center, n, &bbox, window, part, hole);
            }
        });
    }
}

impl Convex for Ellipse {
    #[inline(always)]
    fn contains(&self, x: f64, y: f64) -> bool {
        let (u, v) = (y * self.sin + x * self.cos, y * self.cos - x * self.sin);
        u * u * (1.0 / (self.a * self.a)) + v * v * (1.0 / (self.b * self.b)) < 1.0
    }

    fn span(&self, y: f64) -> Option<(f64, f64)> {
        (y.abs() < self.y_axis.extent).then(|| {
            let (right, left) = self.y_axis.ends(y);
            (left, right)
        })
    }

    fn hull(&self, y0: f64, y1: f64) -> Option<(f64, f64)> {
        let high = self.y_axis.extent;
        if y0 >= high || y1 <= -high {
            return None;
        }
        let ((r0, l0), (r1, l1)) = (self.y_axis.ends(y0.max(-high)), self.y_axis.ends(y1.min(high)));
        let (extent, turn) = (self.x_axis.extent, self.x_axis.at_extent);
        let left = if y0 <= -turn && -turn <= y1 { -extent } else { l0.min(l1) };
        let right = if y0 <= turn && turn <= y1 { extent } else { r0.max(r1) };
        Some((left, right))
    }

    fn size(&self) -> f64 {
        self.a.max(self.b)
    }
}
