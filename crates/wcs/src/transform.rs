//! Lists of positions through a [`Wcs`].

use skyphot_core::memory::zeros;
use skyphot_core::{Column, Exec, Point, SkyCoord, Table};

use crate::newton::{Step, solve};
use crate::plane::PlaneDistortion;
use crate::{PointStatus, ProjectionCode, Wcs, kernel};

/// Points that one thread takes at a time.
const CHUNK: usize = 4096;

/// Positions on the sky, one per pixel position.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SkyPositions {
    /// Positions in degrees; NaN where the status is not `Ok`.
    pub sky: Vec<SkyCoord>,
    /// How each point ended.
    pub status: Vec<PointStatus>,
}

/// Pixel positions, one per position on the sky.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PixelPositions {
    /// Positions in pixels, 0-based; NaN where the status is not `Ok`.
    pub points: Vec<Point>,
    /// How each point ended.
    pub status: Vec<PointStatus>,
}

impl SkyPositions {
    /// Number of positions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sky.len()
    }

    /// There is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sky.is_empty()
    }

    /// Every position is good.
    #[must_use]
    pub fn all_ok(&self) -> bool {
        self.status.iter().all(|s| s.is_ok())
    }

    /// Columns `lon`, `lat` (deg) and `status`.
    ///
    /// # Errors
    /// None in practice: the columns are equally long.
    pub fn to_table(&self) -> skyphot_core::Result<Table> {
        Table::from_columns([
            Column::new("lon", self.sky.iter().map(|s| s.lon).collect::<Vec<f64>>()).with_unit("deg"),
            Column::new("lat", self.sky.iter().map(|s| s.lat).collect::<Vec<f64>>()).with_unit("deg"),
            status_column(&self.status),
        ])
    }
}

impl PixelPositions {
    /// Number of positions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// There is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Every position is good.
    #[must_use]
    pub fn all_ok(&self) -> bool {
        self.status.iter().all(|s| s.is_ok())
    }

    /// Columns `x`, `y` (pix) and `status`.
    ///
    /// # Errors
    /// None in practice: the columns are equally long.
    pub fn to_table(&self) -> skyphot_core::Result<Table> {
        Table::from_columns([
            Column::new("x", self.points.iter().map(|p| p.x).collect::<Vec<f64>>()).with_unit("pix"),
            Column::new("y", self.points.iter().map(|p| p.y).collect::<Vec<f64>>()).with_unit("pix"),
            status_column(&self.status),
        ])
    }
}

fn status_column(status: &[PointStatus]) -> Column {
    Column::new("status", status.iter().map(|s| s.name().to_owned()).collect::<Vec<String>>())
}

pub(crate) const NAN_SKY: SkyCoord = SkyCoord { lon: f64::NAN, lat: f64::NAN };
pub(crate) const NAN_POINT: Point = Point { x: f64::NAN, y: f64::NAN };

impl Wcs {
    /// Pixels (0-based) to the sky with all distortions.
    #[must_use]
    #[doc(alias = "pixel_to_world")]
    pub fn all_pix2world(&self, points: &[Point], exec: &Exec) -> SkyPositions {
        self.to_sky_list(points, exec, true)
    }

    /// Pixels (0-based) to the sky without SIP and lookup tables.
    #[must_use]
    pub fn wcs_pix2world(&self, points: &[Point], exec: &Exec) -> SkyPositions {
        self.to_sky_list(points, exec, false)
    }

    /// The sky (degrees, in the frame of this system) to pixels (0-based) with all distortions.
    #[must_use]
    #[doc(alias = "world_to_pixel")]
    pub fn all_world2pix(&self, sky: &[SkyCoord], exec: &Exec) -> PixelPositions {
        self.to_pixel_list(sky, exec, true)
    }

    /// The sky (degrees, in the frame of this system) to pixels (0-based) without SIP and lookup tables.
    #[must_use]
    pub fn wcs_world2pix(&self, sky: &[SkyCoord], exec: &Exec) -> PixelPositions {
        self.to_pixel_list(sky, exec, false)
    }

    fn to_sky_list(&self, points: &[Point], exec: &Exec, all: bool) -> SkyPositions {
        let mut out = SkyPositions { sky: zeros(points.len()), status: vec![PointStatus::Ok; points.len()] };
        exec.for_each_chunk_mut2((&mut out.sky, CHUNK), (&mut out.status, CHUNK), |i, sky, status| {
            self.chunk_to_sky(&points[i * CHUNK..i * CHUNK + sky.len()], sky, status, all);
        });
        out
    }

    /// Points into slices that are equally long.
    pub(crate) fn chunk_to_sky(
        &self,
        input: &[Point],
        sky: &mut [SkyCoord],
        status: &mut [PointStatus],
        all: bool,
    ) {
        if self.is_fast(all) {
            kernel::tan_sip::to_sky(self, all, input, sky, status);
            return;
        }
        for ((p, s), t) in input.iter().zip(sky).zip(status) {
            (*s, *t) = match self.sky_of(*p, all) {
                Ok(v) => (v, PointStatus::Ok),
                Err(e) => (NAN_SKY, e),
            };
        }
    }

    fn to_pixel_list(&self, sky: &[SkyCoord], exec: &Exec, all: bool) -> PixelPositions {
        let mut out = PixelPositions { points: zeros(sky.len()), status: vec![PointStatus::Ok; sky.len()] };
        exec.for_each_chunk_mut2((&mut out.points, CHUNK), (&mut out.status, CHUNK), |i, points, status| {
            self.chunk_to_pixels(&sky[i * CHUNK..i * CHUNK + points.len()], points, status, all);
        });
        out
    }

    /// Directions into slices that are equally long.
    pub(crate) fn chunk_to_pixels(
        &self,
        input: &[SkyCoord],
        points: &mut [Point],
        status: &mut [PointStatus],
        all: bool,
    ) {
        if self.is_fast(all) {
            kernel::tan_sip::to_pixels(self, all, input, points, status);
            return;
        }
        for ((s, p), t) in input.iter().zip(points).zip(status) {
            (*p, *t) = match self.pixel_of(*s, all) {
                Ok(v) => (v, PointStatus::Ok),
                Err(e) => (NAN_POINT, e),
            };
        }
    }

    /// The gnomonic projection with at most SIP has its own loops.
    fn is_fast(&self, all: bool) -> bool {
        self.projection.code() == ProjectionCode::Tan
            && self.plane.is_none()
            && self.offset == [0.0; 2]
            && (!all || self.tables.is_empty())
    }

    /// One pixel position to the sky.
    pub(crate) fn sky_of(&self, p: Point, all: bool) -> Result<SkyCoord, PointStatus> {
        if !p.is_finite() {
            return Err(PointStatus::NotFinite);
        }
        let mut f = [p.x + 1.0, p.y + 1.0];
        if all && self.has_distortion() {
            f = self.focal(f);
        }
        let (x, y) = self.plane_of(f);
        let (phi, theta) = self.projection.plane_to_native(x, y).ok_or(PointStatus::OutsideProjection)?;
        Ok(self.rotation.to_sky(phi, theta))
    }

    /// Undistorted pixel coordinates (1-based) to the projection plane, radians.
    fn plane_of(&self, f: [f64; 2]) -> (f64, f64) {
        let (u, v) = (f[0] - self.crpix[0], f[1] - self.crpix[1]);
        let (mut x, mut y) = (self.cd[0][0] * u + self.cd[0][1] * v, self.cd[1][0] * u + self.cd[1][1] * v);
        if let Some(d) = &self.plane {
            (x, y) = d.forward(x, y);
        }
        (x.to_radians() + self.offset[0], y.to_radians() + self.offset[1])
    }

    /// Pixel coordinates (1-based) with SIP and lookup tables applied.
    #[inline]
    pub(crate) fn focal(&self, p: [f64; 2]) -> [f64; 2] {
        let mut d = p;
        for (axis, t) in self.tables.d2im.iter().enumerate() {
            if let Some(t) = t {
                d[axis] += t.correction(p[0], p[1]);
            }
        }
        let mut f = d;
        if let Some(s) = &self.sip {
            let (a, b) = s.correction(d[0], d[1]);
            f[0] += a;
            f[1] += b;
        }
        for (axis, t) in self.tables.cpdis.iter().enumerate() {
            if let Some(t) = t {
                f[axis] += t.correction(d[0], d[1]);
            }
        }
        f
    }

    /// As [`focal`](Self::focal), with derivatives.
    pub(crate) fn focal_step(&self, p: [f64; 2]) -> Step {
        let mut first = Step { value: p, jacobian: [[1.0, 0.0], [0.0, 1.0]] };
        for (axis, t) in self.tables.d2im.iter().enumerate() {
            if let Some(t) = t {
                add(&mut first, axis, t.derivatives(p[0], p[1]));
            }
        }
        let d = first.value;
        let mut second = Step { value: d, jacobian: [[1.0, 0.0], [0.0, 1.0]] };
        if let Some(s) = &self.sip {
            let (u, v) = (d[0] - s.crpix[0], d[1] - s.crpix[1]);
            add(&mut second, 0, s.a.derivatives(u, v));
            add(&mut second, 1, s.b.derivatives(u, v));
        }
        for (axis, t) in self.tables.cpdis.iter().enumerate() {
            if let Some(t) = t {
                add(&mut second, axis, t.derivatives(d[0], d[1]));
            }
        }
        let (a, b) = (second.jacobian, first.jacobian);
        second.jacobian = [0, 1].map(|i| [0, 1].map(|j| a[i][0] * b[0][j] + a[i][1] * b[1][j]));
        second
    }

    /// One position on the sky to a pixel position.
    pub(crate) fn pixel_of(&self, s: SkyCoord, all: bool) -> Result<Point, PointStatus> {
        if !(s.lon.is_finite() && s.lat.is_finite()) {
            return Err(PointStatus::NotFinite);
        }
        if s.lat.abs() > 90.0 + 1e-9 {
            return Err(PointStatus::OutsideProjection);
        }
        let (phi, theta) = self.rotation.to_native(s);
        let (x, y) = self.projection.native_to_plane(phi, theta).ok_or(PointStatus::OutsideProjection)?;
        let (mut x, mut y) = ((x - self.offset[0]).to_degrees(), (y - self.offset[1]).to_degrees());
        if let Some(d) = &self.plane {
            (x, y) = match d {
                PlaneDistortion::Tpv(_) | PlaneDistortion::Tnx(_) => {
                    d.inverse(x, y).ok_or(PointStatus::Diverged)?
                }
            };
        }
        let m = &self.cd_inverse;
        let f = [m[0][0] * x + m[0][1] * y + self.crpix[0], m[1][0] * x + m[1][1] * y + self.crpix[1]];
        let p =
            if all && self.has_distortion() { self.undistort(f).ok_or(PointStatus::Diverged)? } else { f };
        Ok(Point::new(p[0] - 1.0, p[1] - 1.0))
    }

    /// The pixel coordinates (1-based) that [`focal`](Self::focal) maps to `f`.
    pub(crate) fn undistort(&self, f: [f64; 2]) -> Option<[f64; 2]> {
        let start = self.first_guess(f);
        solve(|p| self.focal_step(p), f, start, 1e-7)
            .or_else(|| if start == f { None } else { solve(|p| self.focal_step(p), f, f, 1e-7) })
            .or_else(|| self.fixed_point(f))
    }

    /// The inverse polynomials' answer if it is better than none, else `f` itself.
    pub(crate) fn first_guess(&self, f: [f64; 2]) -> [f64; 2] {
        let Some(sip) = &self.sip else { return f };
        let Some((ap, bp)) = &sip.inverse else { return f };
        let (u, v) = (f[0] - sip.crpix[0], f[1] - sip.crpix[1]);
        let guess = [f[0] + ap.value(u, v), f[1] + bp.value(u, v)];
        let error = |p: [f64; 2]| {
            let q = self.focal(p);
            (q[0] - f[0]).hypot(q[1] - f[1])
        };
        if error(guess) < error(f) { guess } else { f }
    }

    /// The iteration of astropy, for kinks of lookup tables that Newton's method cannot step over.
    fn fixed_point(&self, f: [f64; 2]) -> Option<[f64; 2]> {
        let mut p = f;
        for _ in 0..200 {
            let q = self.focal(p);
            let d = [q[0] - f[0], q[1] - f[1]];
            p = [p[0] - d[0], p[1] - d[1]];
            let size = d[0].hypot(d[1]);
            if !size.is_finite() {
                return None;
            }
            if size < 1e-10 {
                return Some(p);
            }
        }
        None
    }
}

fn add(step: &mut Step, axis: usize, (f, fx, fy): (f64, f64, f64)) {
    step.value[axis] += f;
    step.jacobian[axis][0] += fx;
    step.jacobian[axis][1] += fy;
}
