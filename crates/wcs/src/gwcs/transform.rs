//! Lists of positions through a [`Gwcs`].

use skyphot_core::memory::zeros;
use skyphot_core::{Exec, Point, SkyCoord};

use super::Gwcs;
use crate::angle::wrap_360;
use crate::kernel::program::stride;
use crate::transform::{NAN_POINT, NAN_SKY};
use crate::{PixelPositions, PointStatus, SkyPositions};

/// Points that one thread takes at a time.
const CHUNK: usize = 4096;
/// Points that run through the program at a time.
pub(crate) const BLOCK: usize = 128;

impl Gwcs {
    /// Pixels (0-based) to the sky; those outside the bounding box are NaN.
    #[must_use]
    #[doc(alias = "pixel_to_world")]
    #[doc(alias = "__call__")]
    pub fn all_pix2world(&self, points: &[Point], exec: &Exec) -> SkyPositions {
        self.evaluate(points, true, exec)
    }

    /// The sky (degrees, in the frame of this system) to pixels (0-based); those outside the bounding box are NaN.
    ///
    /// The inverse is the one of the graph, with the accuracy its authors gave it (often 0.01 pixels), and an iteration
    /// where there is none; see [`numerical_inverse`](Self::numerical_inverse) for the exact one.
    #[must_use]
    #[doc(alias = "world_to_pixel")]
    pub fn all_world2pix(&self, sky: &[SkyCoord], exec: &Exec) -> PixelPositions {
        self.invert(sky, true, exec)
    }

    /// As [`all_pix2world`](Self::all_pix2world), with the bounding box or without.
    #[must_use]
    pub fn evaluate(&self, points: &[Point], with_bounding_box: bool, exec: &Exec) -> SkyPositions {
        let n = points.len();
        let mut out = SkyPositions { sky: zeros(n), status: vec![PointStatus::Ok; n] };
        exec.for_each_chunk_mut2((&mut out.sky, CHUNK), (&mut out.status, CHUNK), |i, sky, status| {
            self.evaluate_into(&points[i * CHUNK..i * CHUNK + sky.len()], with_bounding_box, sky, status);
        });
        out
    }

    /// As [`all_world2pix`](Self::all_world2pix), with the bounding box or without.
    #[must_use]
    pub fn invert(&self, sky: &[SkyCoord], with_bounding_box: bool, exec: &Exec) -> PixelPositions {
        let n = sky.len();
        let mut out = PixelPositions { points: zeros(n), status: vec![PointStatus::Ok; n] };
        exec.for_each_chunk_mut2((&mut out.points, CHUNK), (&mut out.status, CHUNK), |i, points, status| {
            self.invert_into(&sky[i * CHUNK..i * CHUNK + points.len()], with_bounding_box, points, status);
        });
        out
    }

    /// The sky to pixels by iteration on the forward transform, to about 1e-9 pixels whatever inverse the graph has.
    #[must_use]
    pub fn numerical_inverse(
        &self,
        sky: &[SkyCoord],
        with_bounding_box: bool,
        exec: &Exec,
    ) -> PixelPositions {
        let n = sky.len();
        let mut out = PixelPositions { points: zeros(n), status: vec![PointStatus::Ok; n] };
        exec.for_each_chunk_mut2((&mut out.points, CHUNK), (&mut out.status, CHUNK), |i, points, status| {
            let input = &sky[i * CHUNK..i * CHUNK + points.len()];
            self.iterate_into(input, with_bounding_box, points, status);
        });
        out
    }

    /// One pixel position to the sky.
    pub(crate) fn sky_of(&self, p: Point, bounded: bool) -> Result<SkyCoord, PointStatus> {
        let (mut sky, mut status) = ([NAN_SKY], [PointStatus::Ok]);
        self.evaluate_into(&[p], bounded, &mut sky, &mut status);
        if status[0].is_ok() { Ok(sky[0]) } else { Err(status[0]) }
    }

    /// One position on the sky to a pixel position.
    pub(crate) fn pixel_of(&self, s: SkyCoord, bounded: bool) -> Result<Point, PointStatus> {
        let (mut points, mut status) = ([NAN_POINT], [PointStatus::Ok]);
        self.invert_into(&[s], bounded, &mut points, &mut status);
        if status[0].is_ok() { Ok(points[0]) } else { Err(status[0]) }
    }

    pub(crate) fn evaluate_into(
        &self,
        input: &[Point],
        bounded: bool,
        sky: &mut [SkyCoord],
        status: &mut [PointStatus],
    ) {
        let rows = stride(input.len().min(BLOCK));
        let mut buffer = vec![0.0; self.forward.columns * rows];
        let bounds = self.bounds.filter(|_| bounded);
        let [lon, lat] = self.celestial.map(|c| self.forward.outputs[c] * rows);
        for ((input, sky), status) in
            input.chunks(BLOCK).zip(sky.chunks_mut(BLOCK)).zip(status.chunks_mut(BLOCK))
        {
            for (i, p) in input.iter().enumerate() {
                buffer[i] = p.x;
                buffer[rows + i] = p.y;
            }
            self.forward.run(&mut buffer, rows);
            let (lons, lats) = (&buffer[lon..lon + rows], &buffer[lat..lat + rows]);
            for (i, (s, t)) in sky.iter_mut().zip(status).enumerate() {
                let (mut l, b) = (lons[i] * self.degrees[0], lats[i] * self.degrees[1]);
                let p = input[i];
                (*s, *t) = if bounds.is_some_and(|b| !b.contains(p)) {
                    (NAN_SKY, PointStatus::OutsideBoundingBox)
                } else if !p.is_finite() {
                    (NAN_SKY, PointStatus::NotFinite)
                } else if !(l.is_finite() && b.is_finite()) {
                    (NAN_SKY, PointStatus::OutsideProjection)
                } else {
                    if !(0.0..360.0).contains(&l) {
                        l = wrap_360(l);
                    }
                    (SkyCoord { lon: l, lat: b }, PointStatus::Ok)
                };
            }
        }
    }

    pub(crate) fn invert_into(
        &self,
        input: &[SkyCoord],
        bounded: bool,
        points: &mut [Point],
        status: &mut [PointStatus],
    ) {
        let Some(program) = &self.backward else {
            return self.iterate_into(input, bounded, points, status);
        };
        let rows = stride(input.len().min(BLOCK));
        let mut buffer = vec![0.0; program.columns * rows];
        let bounds = self.bounds.filter(|_| bounded);
        let cone = self.cone.as_ref().filter(|_| bounded);
        let [x, y] = [0, 1].map(|i| program.outputs[i] * rows);
        let direction = [2, 3, 4].map(|i| program.outputs[i] * rows);
        for ((input, points), status) in
            input.chunks(BLOCK).zip(points.chunks_mut(BLOCK)).zip(status.chunks_mut(BLOCK))
        {
            for (i, s) in input.iter().enumerate() {
                buffer[i] = s.lon / self.degrees[0];
                buffer[rows + i] = s.lat / self.degrees[1];
            }
            program.run(&mut buffer, rows);
            let (xs, ys) = (&buffer[x..x + rows], &buffer[y..y + rows]);
            let vs = direction.map(|v| &buffer[v..v + rows]);
            for (i, (p, t)) in points.iter_mut().zip(status).enumerate() {
                let (s, q) = (input[i], Point::new(xs[i], ys[i]));
                (*p, *t) = if !(s.lon.is_finite() && s.lat.is_finite()) {
                    (NAN_POINT, PointStatus::NotFinite)
                } else if !q.is_finite() || s.lat.abs() > 90.0 + 1e-9 {
                    (NAN_POINT, PointStatus::OutsideProjection)
                } else if bounds.is_some_and(|b| !b.contains(q))
                    || cone.is_some_and(|c| !c.contains(vs.map(|v| v[i])))
                {
                    (NAN_POINT, PointStatus::OutsideBoundingBox)
                } else {
                    (q, PointStatus::Ok)
                };
            }
        }
    }
}
