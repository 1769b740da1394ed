//! The gnomonic projection with SIP, several points at once.

use skyphot_core::{Point, SkyCoord};

use super::lanes::{LANES, V, atan2, map, map2, map3, polynomial, polynomial_derivatives, sin_cos_deg};
use crate::angle::{Mat3, wrap_360};
use crate::transform::{NAN_POINT, NAN_SKY};
use crate::{PointStatus, Sip, Wcs};

/// Steps of Newton's method before a point is left to the careful solver.
const MAX_STEPS: usize = 8;
/// A last step below this (pixels) ends the iteration; the error is of the order of its square times the curvature.
const LAST_STEP: f64 = 1e-5;

/// What both directions need.
struct Constants<'a> {
    crpix: [f64; 2],
    /// Radians per pixel.
    cd: [[f64; 2]; 2],
    /// Pixels per radian.
    cd_inverse: [[f64; 2]; 2],
    m: Mat3,
    lon_p: f64,
    sip: Option<&'a Sip>,
}

impl<'a> Constants<'a> {
    fn new(wcs: &'a Wcs, all: bool) -> Self {
        Self {
            crpix: wcs.crpix,
            cd: wcs.cd.map(|r| r.map(f64::to_radians)),
            cd_inverse: wcs.cd_inverse.map(|r| r.map(f64::to_degrees)),
            m: wcs.rotation.m,
            lon_p: wrap_360(wcs.rotation.lon_p),
            sip: if all { wcs.sip.as_ref() } else { None },
        }
    }

    #[inline(always)]
    fn group_to_sky(&self, x: &V, y: &V) -> (V, V) {
        let mut fx = map(x, |x| x + 1.0);
        let mut fy = map(y, |y| y + 1.0);
        if let Some(sip) = self.sip {
            let u = map(&fx, |v| v - sip.crpix[0]);
            let v = map(&fy, |v| v - sip.crpix[1]);
            let a = polynomial(sip.a.degree(), sip.a.coefficients(), &u, &v);
            let b = polynomial(sip.b.degree(), sip.b.coefficients(), &u, &v);
            fx = map2(&fx, &a, |f, a| f + a);
            fy = map2(&fy, &b, |f, b| f + b);
        }
        let u = map(&fx, |v| v - self.crpix[0]);
        let v = map(&fy, |v| v - self.crpix[1]);
        let cd = &self.cd;
        let x = map2(&u, &v, |u, v| cd[0][0] * u + cd[0][1] * v);
        let y = map2(&u, &v, |u, v| cd[1][0] * u + cd[1][1] * v);
        // The native direction of a point of the tangential plane is (-y, x, 1).
        let m = &self.m;
        let a = map2(&x, &y, |x, y| m[0][1] * x - m[0][0] * y + m[0][2]);
        let b = map2(&x, &y, |x, y| m[1][1] * x - m[1][0] * y + m[1][2]);
        let c = map2(&x, &y, |x, y| m[2][1] * x - m[2][0] * y + m[2][2]);
        let r = map2(&a, &b, |a, b| (a * a + b * b).sqrt());
        const DEG: f64 = 180.0 / std::f64::consts::PI;
        let lon = map(&atan2(&b, &a), |v| {
            let l = v * DEG + self.lon_p;
            let l = if l < 0.0 { l + 360.0 } else { l };
            if l >= 360.0 { l - 360.0 } else { l }
        });
        (lon, map(&atan2(&c, &r), |v| v * DEG))
    }

    /// Undistorted pixels (1-based), and the cosine of the distance from the tangential point.
    #[inline(always)]
    fn group_to_focal(&self, lon: &V, lat: &V) -> (V, V, V) {
        let (sl, cl) = sin_cos_deg(&map(lon, |l| l - self.lon_p));
        let (sb, cb) = sin_cos_deg(lat);
        let x = map2(&cb, &cl, |b, l| b * l);
        let y = map2(&cb, &sl, |b, l| b * l);
        let m = &self.m;
        let a = map3(&x, &y, &sb, |x, y, z| m[0][0] * x + m[1][0] * y + m[2][0] * z);
        let b = map3(&x, &y, &sb, |x, y, z| m[0][1] * x + m[1][1] * y + m[2][1] * z);
        let c = map3(&x, &y, &sb, |x, y, z| m[0][2] * x + m[1][2] * y + m[2][2] * z);
        let px = map2(&b, &c, |b, c| b / c);
        let py = map2(&a, &c, |a, c| -a / c);
        let i = &self.cd_inverse;
        let fx = map2(&px, &py, |x, y| i[0][0] * x + i[0][1] * y + self.crpix[0]);
        let fy = map2(&px, &py, |x, y| i[1][0] * x + i[1][1] * y + self.crpix[1]);
        (fx, fy, c)
    }

    /// Distorted pixels (1-based) and whether each point converged.
    #[inline(always)]
    fn group_undistort(&self, sip: &Sip, fx: &V, fy: &V) -> (V, V, [bool; LANES]) {
        let tu = map(fx, |v| v - sip.crpix[0]);
        let tv = map(fy, |v| v - sip.crpix[1]);
        // One step of the fixed-point iteration, then Newton's method.
        let a = polynomial(sip.a.degree(), sip.a.coefficients(), &tu, &tv);
        let b = polynomial(sip.b.degree(), sip.b.coefficients(), &tu, &tv);
        let mut u = map2(&tu, &a, |t, a| t - a);
        let mut v = map2(&tv, &b, |t, b| t - b);
        let mut done = [0.0; LANES];
        for _ in 0..MAX_STEPS {
            let (f, fu, fv) = polynomial_derivatives(sip.a.degree(), sip.a.coefficients(), &u, &v);
            let (g, gu, gv) = polynomial_derivatives(sip.b.degree(), sip.b.coefficients(), &u, &v);
            let mut all = true;
            for i in 0..LANES {
                let eu = tu[i] - (u[i] + f[i]);
                let ev = tv[i] - (v[i] + g[i]);
                let (p, q, r, s) = (1.0 + fu[i], fv[i], gu[i], 1.0 + gv[i]);
                let det = p * s - q * r;
                let du = (s * eu - q * ev) / det;
                let dv = (p * ev - r * eu) / det;
                // A point that is done stays where it is, whatever its neighbours need.
                let open = 1.0 - done[i];
                let finite = du * 0.0 == 0.0 && dv * 0.0 == 0.0;
                let (du, dv) = if finite { (du * open, dv * open) } else { (0.0, 0.0) };
                u[i] += du;
                v[i] += dv;
                let small = finite && du.abs() <= LAST_STEP && dv.abs() <= LAST_STEP;
                done[i] = if small { 1.0 } else { done[i] };
                all &= done[i] != 0.0;
            }
            if all {
                break;
            }
        }
        let mut ok = [false; LANES];
        for i in 0..LANES {
            ok[i] = done[i] != 0.0;
        }
        (map(&u, |u| u + sip.crpix[0]), map(&v, |v| v + sip.crpix[1]), ok)
    }
}

/// Pixels to the sky.
pub(crate) fn to_sky(
    wcs: &Wcs,
    all: bool,
    input: &[Point],
    sky: &mut [SkyCoord],
    status: &mut [PointStatus],
) {
    let k = Constants::new(wcs, all);
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2, as was just asked.
        #[allow(unsafe_code)]
        unsafe {
            to_sky_avx2(&k, input, sky, status);
        }
        return;
    }
    to_sky_plain(&k, input, sky, status);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn to_sky_avx2(k: &Constants<'_>, input: &[Point], sky: &mut [SkyCoord], status: &mut [PointStatus]) {
    to_sky_plain(k, input, sky, status);
}

#[inline(always)]
fn to_sky_plain(k: &Constants<'_>, input: &[Point], sky: &mut [SkyCoord], status: &mut [PointStatus]) {
    for ((p, s), t) in input.chunks(LANES).zip(sky.chunks_mut(LANES)).zip(status.chunks_mut(LANES)) {
        let (mut x, mut y) = ([0.0; LANES], [0.0; LANES]);
        for (i, p) in p.iter().enumerate() {
            x[i] = p.x;
            y[i] = p.y;
        }
        let (lon, lat) = k.group_to_sky(&x, &y);
        for (i, (s, t)) in s.iter_mut().zip(t).enumerate() {
            if lon[i] * 0.0 == 0.0 && lat[i] * 0.0 == 0.0 {
                *s = SkyCoord { lon: lon[i], lat: lat[i] };
                *t = PointStatus::Ok;
            } else {
                *s = NAN_SKY;
                *t = if p[i].is_finite() { PointStatus::OutsideProjection } else { PointStatus::NotFinite };
            }
        }
    }
}

/// The sky to pixels.
pub(crate) fn to_pixels(
    wcs: &Wcs,
    all: bool,
    input: &[SkyCoord],
    points: &mut [Point],
    status: &mut [PointStatus],
) {
    let k = Constants::new(wcs, all);
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2, as was just asked.
        #[allow(unsafe_code)]
        unsafe {
            to_pixels_avx2(wcs, &k, input, points, status);
        }
        return;
    }
    to_pixels_plain(wcs, &k, input, points, status);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn to_pixels_avx2(
    wcs: &Wcs,
    k: &Constants<'_>,
    input: &[SkyCoord],
    points: &mut [Point],
    status: &mut [PointStatus],
) {
    to_pixels_plain(wcs, k, input, points, status);
}

#[inline(always)]
fn to_pixels_plain(
    wcs: &Wcs,
    k: &Constants<'_>,
    input: &[SkyCoord],
    points: &mut [Point],
    status: &mut [PointStatus],
) {
    for ((s, p), t) in input.chunks(LANES).zip(points.chunks_mut(LANES)).zip(status.chunks_mut(LANES)) {
        let (mut lon, mut lat) = ([0.0; LANES], [0.0; LANES]);
        for (i, s) in s.iter().enumerate() {
            // Far turns would cost digits in the reduction.
            lon[i] = if s.lon.abs() <= 720.0 { s.lon } else { s.lon % 360.0 };
            lat[i] = s.lat;
        }
        let (fx, fy, c) = k.group_to_focal(&lon, &lat);
        let (x, y, ok) = match k.sip {
            Some(sip) => k.group_undistort(sip, &fx, &fy),
            None => (fx, fy, [true; LANES]),
        };
        for (i, (p, t)) in p.iter_mut().zip(t).enumerate() {
            (*p, *t) = if !(s[i].lon.is_finite() && s[i].lat.is_finite()) {
                (NAN_POINT, PointStatus::NotFinite)
            } else if !(c[i] > 0.0 && s[i].lat.abs() <= 90.0 + 1e-9) {
                (NAN_POINT, PointStatus::OutsideProjection)
            } else if ok[i] {
                (Point::new(x[i] - 1.0, y[i] - 1.0), PointStatus::Ok)
            } else {
                match wcs.undistort([fx[i], fy[i]]) {
                    Some(q) => (Point::new(q[0] - 1.0, q[1] - 1.0), PointStatus::Ok),
                    None => (NAN_POINT, PointStatus::Diverged),
                }
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ProjectionCode;
    use skyphot_core::Exec;
    use skyphot_core::testing::uniform;

    /// The fast loops give what the general code gives, and AVX2 changes no bit.
    #[test]
    fn fast_equals_slow() {
        let crval = SkyCoord { lon: 359.9, lat: 71.0 };
        let sip = Sip::new(
            [120.0, 140.0],
            &[(2, 0, 1e-5), (1, 1, -2e-5), (0, 3, 3e-8), (4, 0, 1e-12)],
            &[(0, 2, -1e-5), (2, 1, 4e-8)],
        )
        .unwrap();
        let wcs = Wcs::new(ProjectionCode::Tan, crval, [128.0, 130.0], [[-3e-4, 2e-5], [1e-5, 3.1e-4]])
            .unwrap()
            .with_sip(Some(sip));
        let points: Vec<Point> = (0..1003)
            .map(|i| Point::new(1000.0 * uniform(1, i) - 300.0, 1000.0 * uniform(2, i) - 300.0))
            .collect();
        for all in [false, true] {
            let fast = if all {
                wcs.all_pix2world(&points, &Exec::serial())
            } else {
                wcs.wcs_pix2world(&points, &Exec::serial())
            };
            let back = if all {
                wcs.all_world2pix(&fast.sky, &Exec::serial())
            } else {
                wcs.wcs_world2pix(&fast.sky, &Exec::serial())
            };
            for (i, p) in points.iter().enumerate() {
                let slow = wcs.sky_of(*p, all).unwrap();
                assert!(
                    (slow.lon - fast.sky[i].lon).abs() < 3e-13 && (slow.lat - fast.sky[i].lat).abs() < 3e-14
                );
                let slow = wcs.pixel_of(fast.sky[i], all).unwrap();
                assert!(slow.distance(back.points[i]) < 1e-9 && p.distance(back.points[i]) < 1e-9);
            }
            let k = Constants::new(&wcs, all);
            let mut plain = (vec![NAN_SKY; 1003], vec![PointStatus::Ok; 1003]);
            to_sky_plain(&k, &points, &mut plain.0, &mut plain.1);
            assert_eq!(plain.0, fast.sky);
            let mut plain = (vec![NAN_POINT; 1003], vec![PointStatus::Ok; 1003]);
            to_pixels_plain(&wcs, &k, &fast.sky, &mut plain.0, &mut plain.1);
            assert_eq!(plain.0, back.points);
        }
    }
}
