//! Fitting a [`Wcs`] to matched points.

use skyphot_core::{Point, SkyCoord};

use crate::angle::{Vec3, direction, inverse_2x2, unit_vector};
use crate::celestial::Rotation;
use crate::poly::Poly2;
use crate::sip::MAX_ORDER;
use crate::wcs::degrees;
use crate::{Projection, ProjectionCode, Result, Sip, SkyFrame, Wcs, WcsError};

/// What [`fit_wcs_from_points`] fits.
#[derive(Debug, Clone)]
pub struct WcsFitConfig {
    /// Projection; default TAN.
    pub projection: ProjectionCode,
    /// Order of the SIP polynomials, `None` (the default) for no distortion.
    pub sip_degree: Option<usize>,
    /// Order of the inverse SIP polynomials; default: that of the forward ones plus 1. `Some(0)` for none.
    pub inverse_degree: Option<usize>,
    /// Reference position (`CRVAL`); default the mean direction of the points.
    pub reference: Option<SkyCoord>,
    /// Frame of the positions; default ICRS.
    pub frame: SkyFrame,
}

impl Default for WcsFitConfig {
    fn default() -> Self {
        Self {
            projection: ProjectionCode::Tan,
            sip_degree: None,
            inverse_degree: None,
            reference: None,
            frame: SkyFrame::Icrs,
        }
    }
}

/// A fitted system and how well it fits.
#[derive(Debug, Clone)]
pub struct WcsFit {
    /// The system.
    pub wcs: Wcs,
    /// Residuals of each point towards east and north in the projection plane, degrees (given minus fitted).
    pub residuals: Vec<(f64, f64)>,
    /// Root mean square of the residuals of both coordinates together, degrees.
    pub rms: f64,
}

/// Fits a system to pixel positions (0-based) and their positions on the sky, with weights (such as `1 / sigma^2`) or
/// without.
///
/// The fit is linear least squares in the projection plane: the plane coordinates of the points are polynomials of
/// the pixel offsets, and the reference pixel is where both vanish.
///
/// ```
/// use skyphot_core::{Exec, Point, SkyCoord};
/// use skyphot_wcs::{ProjectionCode, Wcs, WcsFitConfig, fit_wcs_from_points};
/// let truth = Wcs::new(ProjectionCode::Tan, SkyCoord { lon: 5.0, lat: 50.0 }, [40.0, 60.0], [[-1e-4, 0.0], [0.0, 1e-4]])?;
/// let points: Vec<Point> = (0..20).map(|i| Point::new(7.0 * f64::from(i), f64::from(i * i % 90))).collect();
/// let sky = truth.all_pix2world(&points, &Exec::serial()).sky;
/// let config = WcsFitConfig { reference: Some(truth.crval()), ..Default::default() };
/// let fit = fit_wcs_from_points(&points, &sky, None, &config)?;
/// assert!(fit.rms < 1e-12);
/// # Ok::<(), skyphot_wcs::WcsError>(())
/// ```
///
/// # Errors
/// [`WcsError::LengthMismatch`] for lists of different lengths, [`WcsError::TooFewPoints`] or
/// [`WcsError::DegenerateFit`] if the points do not determine the system, [`WcsError::InvalidParameter`] for a SIP degree
/// of 1 or above 19.
pub fn fit_wcs_from_points(
    points: &[Point],
    sky: &[SkyCoord],
    weights: Option<&[f64]>,
    config: &WcsFitConfig,
) -> Result<WcsFit> {
    let n = points.len();
    let mismatch = |what, found| WcsError::LengthMismatch { what, expected: n, found };
    if sky.len() != n {
        return Err(mismatch("positions on the sky", sky.len()));
    }
    if let Some(w) = weights {
        if w.len() != n {
            return Err(mismatch("weights", w.len()));
        }
        if let Some(bad) = w.iter().find(|w| !(w.is_finite() && **w >= 0.0)) {
            return Err(WcsError::InvalidParameter { name: "weight", expected: "0 or more", found: *bad });
        }
    }
    let degree = config.sip_degree.unwrap_or(1);
    if config.sip_degree.is_some_and(|d| !(2..=MAX_ORDER).contains(&d)) {
        return Err(WcsError::InvalidParameter {
            name: "SIP degree",
            expected: "2 to 19",
            found: degree as f64,
        });
    }
    let needed = (degree + 1) * (degree + 2) / 2;
    let used: Vec<usize> = (0..n)
        .filter(|&i| points[i].is_finite() && sky[i].lon.is_finite() && sky[i].lat.is_finite())
        .filter(|&i| weights.is_none_or(|w| w[i] > 0.0))
        .collect();
    if used.len() < needed {
        return Err(WcsError::TooFewPoints { what: "the fit", needed, found: used.len() });
    }

    // The points in the projection plane, degrees.
    let reference = config.reference.unwrap_or_else(|| mean_direction(sky, &used));
    let projection = Projection::new(config.projection, &[])?;
    let (_, theta0) = projection.reference();
    let rotation = Rotation::new(reference.lon, reference.lat, 0.0, degrees(theta0), None, 90.0)?;
    let mut target = Vec::with_capacity(used.len());
    for &i in &used {
        let (phi, theta) = rotation.to_native(sky[i]);
        let (x, y) = projection
            .native_to_plane(phi, theta)
            .ok_or(WcsError::DegenerateFit("a position is not on the map about the reference position"))?;
        target.push((x.to_degrees(), y.to_degrees()));
    }
    let weight: Vec<f64> = used.iter().map(|&i| weights.map_or(1.0, |w| w[i])).collect();

    // Polynomials about a centre that is moved to where both vanish.
    let mean = |f: fn(&Point) -> f64| used.iter().map(|&i| f(&points[i])).sum::<f64>() / used.len() as f64;
    let mut centre = [mean(|p| p.x) + 1.0, mean(|p| p.y) + 1.0];
    let span = used
        .iter()
        .map(|&i| (points[i].x + 1.0 - centre[0]).abs().max((points[i].y + 1.0 - centre[1]).abs()))
        .fold(0.0, f64::max)
        .max(1e-9);
    let mut found = None;
    for _ in 0..50 {
        let u: Vec<(f64, f64)> = used
            .iter()
            .map(|&i| ((points[i].x + 1.0 - centre[0]) / span, (points[i].y + 1.0 - centre[1]) / span))
            .collect();
        let (p, q) = fit_pair(&u, &target, &weight, degree, true)?;
        let m = [[p.get(1, 0), p.get(0, 1)], [q.get(1, 0), q.get(0, 1)]];
        let inv = inverse_2x2(&m).ok_or(WcsError::DegenerateFit("they lie on a line"))?;
        let (c, d) = (p.get(0, 0), q.get(0, 0));
        let step = [inv[0][0] * c + inv[0][1] * d, inv[1][0] * c + inv[1][1] * d];
        let size = step[0].hypot(step[1]);
        let done = size < 1e-14 * (1.0 + centre[0].hypot(centre[1]) / span);
        found = Some((p, q, m, inv));
        if done || !size.is_finite() {
            break;
        }
        centre = [centre[0] - step[0] * span, centre[1] - step[1] * span];
    }
    let (p, q, m, inv) = found.ok_or(WcsError::DegenerateFit("no reference pixel"))?;
    let cd = m.map(|r| r.map(|v| v / span));
    let mut wcs = Wcs::with_projection(projection.clone(), reference, centre, cd)?.with_frame(config.frame);
    if config.sip_degree.is_some() {
        let mut a = Poly2::zeros(degree);
        let mut b = Poly2::zeros(degree);
        for i in 0..=degree {
            for j in 0..=degree - i {
                if i + j < 2 {
                    continue;
                }
                let (x, y) = (p.get(i, j), q.get(i, j));
                // The corrections in pixels: CD^-1 applied to the higher terms.
                let scale = span.powi(1 - (i + j) as i32);
                a.set(i, j, (inv[0][0] * x + inv[0][1] * y) * scale);
                b.set(i, j, (inv[1][0] * x + inv[1][1] * y) * scale);
            }
        }
        let sip = Sip { crpix: centre, a, b, inverse: None };
        wcs = wcs.with_sip(Some(sip));
        let order = config.inverse_degree.unwrap_or((degree + 1).min(MAX_ORDER));
        if order >= 1 {
            let inverse = fit_inverse(&wcs, points, &used, order);
            if let Some(s) = &mut wcs.sip {
                s.inverse = inverse;
            }
        }
    }

    let mut residuals = vec![(f64::NAN, f64::NAN); n];
    let mut sum = 0.0;
    let mut total = 0.0;
    for (k, &i) in used.iter().enumerate() {
        let f = wcs.focal([points[i].x + 1.0, points[i].y + 1.0]);
        let (u, v) = (f[0] - wcs.crpix[0], f[1] - wcs.crpix[1]);
        let x = wcs.cd[0][0] * u + wcs.cd[0][1] * v;
        let y = wcs.cd[1][0] * u + wcs.cd[1][1] * v;
        residuals[i] = (target[k].0 - x, target[k].1 - y);
        sum += weight[k] * (residuals[i].0.powi(2) + residuals[i].1.powi(2));
        total += 2.0 * weight[k];
    }
    Ok(WcsFit { wcs, residuals, rms: (sum / total).sqrt() })
}

fn mean_direction(sky: &[SkyCoord], used: &[usize]) -> SkyCoord {
    let mut sum: Vec3 = [0.0; 3];
    for &i in used {
        let v = unit_vector(sky[i].lon, sky[i].lat);
        for k in 0..3 {
            sum[k] += v[k];
        }
    }
    let (lon, lat) = direction(sum);
    SkyCoord { lon, lat }
}

/// AP and BP from a grid over the range of the points; `None` if it cannot be inverted there.
fn fit_inverse(wcs: &Wcs, points: &[Point], used: &[usize], order: usize) -> Option<(Poly2, Poly2)> {
    let sip = wcs.sip.as_ref()?;
    let range = |f: fn(&Point) -> f64| {
        used.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), &i| {
            (lo.min(f(&points[i])), hi.max(f(&points[i])))
        })
    };
    let ((x0, x1), (y0, y1)) = (range(|p| p.x), range(|p| p.y));
    let steps = 2 * order + 4;
    let mut u = Vec::new();
    let mut t = Vec::new();
    for i in 0..=steps {
        for j in 0..=steps {
            let p = [
                x0 + 1.0 + (x1 - x0) * i as f64 / steps as f64,
                y0 + 1.0 + (y1 - y0) * j as f64 / steps as f64,
            ];
            let f = wcs.focal(p);
            u.push((f[0] - sip.crpix[0], f[1] - sip.crpix[1]));
            t.push((p[0] - f[0], p[1] - f[1]));
        }
    }
    let span = u.iter().map(|v| v.0.abs().max(v.1.abs())).fold(0.0, f64::max);
    if !(span > 0.0 && span.is_finite()) {
        return None;
    }
    let scaled: Vec<(f64, f64)> = u.iter().map(|v| (v.0 / span, v.1 / span)).collect();
    let (p, q) = fit_pair(&scaled, &t, &vec![1.0; u.len()], order, true).ok()?;
    let unscale = |p: &Poly2| {
        let mut out = Poly2::zeros(order);
        for (i, j, v) in p.terms() {
            out.set(i, j, v * span.powi(-((i + j) as i32)));
        }
        out
    };
    Some((unscale(&p), unscale(&q)))
}

/// Two polynomials of one degree by weighted least squares (Householder's method), with a constant term or without.
pub(crate) fn fit_pair(
    u: &[(f64, f64)],
    target: &[(f64, f64)],
    weight: &[f64],
    degree: usize,
    constant: bool,
) -> Result<(Poly2, Poly2)> {
    let skip = usize::from(!constant);
    let columns = (degree + 1) * (degree + 2) / 2 - skip;
    let rows = u.len();
    // Column by column, with the two right-hand sides at the end.
    let mut a = vec![vec![0.0; rows]; columns + 2];
    for (r, ((u, v), (x, y))) in u.iter().zip(target).enumerate() {
        let s = weight[r].sqrt();
        let mut k = 0;
        let mut pu = s;
        for i in 0..=degree {
            let mut term = pu;
            for j in 0..=degree - i {
                if i + j >= skip {
                    a[k][r] = term;
                    k += 1;
                }
                term *= v;
            }
            pu *= u;
        }
        a[columns][r] = s * x;
        a[columns + 1][r] = s * y;
    }
    let mut diagonal = vec![0.0; columns];
    for k in 0..columns {
        let (head, tail) = a.split_at_mut(k + 1);
        let col = &mut head[k];
        let full = col.iter().map(|v| v * v).sum::<f64>().sqrt();
        let norm = col[k..].iter().map(|v| v * v).sum::<f64>().sqrt();
        if !(norm > 1e-13 * full) {
            return Err(WcsError::DegenerateFit("too few different positions for the degree"));
        }
        let alpha = if col[k] > 0.0 { -norm } else { norm };
        diagonal[k] = alpha;
        col[k] -= alpha;
        let vv = col[k..].iter().map(|v| v * v).sum::<f64>();
        for other in tail {
            let dot = col[k..].iter().zip(&other[k..]).map(|(a, b)| a * b).sum::<f64>();
            let f = 2.0 * dot / vv;
            for (o, c) in other[k..].iter_mut().zip(&col[k..]) {
                *o -= f * c;
            }
        }
    }
    let solve = |rhs: &[f64]| {
        let mut x = vec![0.0; columns];
        for k in (0..columns).rev() {
            let mut s = rhs[k];
            for j in k + 1..columns {
                s -= a[j][k] * x[j];
            }
            x[k] = s / diagonal[k];
        }
        let mut p = Poly2::zeros(degree);
        let mut k = 0;
        for i in 0..=degree {
            for j in 0..=degree - i {
                if i + j >= skip {
                    p.set(i, j, x[k]);
                    k += 1;
                }
            }
        }
        p
    };
    Ok((solve(&a[columns]), solve(&a[columns + 1])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use skyphot_core::Exec;
    use skyphot_core::testing::uniform;

    #[test]
    fn a_known_distortion_comes_back() {
        let sip = Sip::new(
            [400.0, 500.0],
            &[(2, 0, 1e-5), (1, 1, -2e-5), (0, 3, 2e-9)],
            &[(0, 2, 3e-5), (2, 1, 1e-9)],
        )
        .unwrap();
        let crval = SkyCoord { lon: 200.0, lat: -60.0 };
        let truth = Wcs::new(ProjectionCode::Tan, crval, [400.0, 500.0], [[-1e-4, 1e-5], [2e-5, 1.2e-4]])
            .unwrap()
            .with_sip(Some(sip.clone()));
        let points: Vec<Point> =
            (0..200).map(|i| Point::new(1000.0 * uniform(1, i), 1000.0 * uniform(2, i))).collect();
        let mut sky = truth.all_pix2world(&points, &Exec::serial()).sky;
        sky[7].lon = f64::NAN;
        let config = WcsFitConfig { sip_degree: Some(3), reference: Some(crval), ..WcsFitConfig::default() };
        let fit = fit_wcs_from_points(&points, &sky, None, &config).unwrap();
        assert!(fit.rms < 1e-12 && fit.residuals[7].0.is_nan());
        assert!((fit.wcs.crpix()[0] - 400.0).abs() < 1e-8 && (fit.wcs.crpix()[1] - 500.0).abs() < 1e-8);
        for (p, q, v) in sip.a() {
            assert!((fit.wcs.sip().unwrap().a.get(p, q) - v).abs() < 1e-9 * v.abs());
        }
        // The inverse polynomials alone are good to a fraction of a pixel.
        let s = fit.wcs.sip().unwrap();
        let (ap, bp) = s.inverse.as_ref().unwrap();
        for p in &points {
            let f = fit.wcs.focal([p.x + 1.0, p.y + 1.0]);
            let (u, v) = (f[0] - s.crpix[0], f[1] - s.crpix[1]);
            assert!((f[0] + ap.value(u, v) - p.x - 1.0).abs() < 0.01);
            assert!((f[1] + bp.value(u, v) - p.y - 1.0).abs() < 0.01);
        }
    }

    #[test]
    fn what_cannot_be_fitted() {
        let line: Vec<Point> = (0..9).map(|i| Point::new(f64::from(i), 2.0 * f64::from(i))).collect();
        let sky: Vec<SkyCoord> = (0..9).map(|i| SkyCoord { lon: 1e-3 * f64::from(i), lat: 0.0 }).collect();
        let config = WcsFitConfig::default();
        assert!(matches!(fit_wcs_from_points(&line, &sky, None, &config), Err(WcsError::DegenerateFit(_))));
        assert!(matches!(
            fit_wcs_from_points(&line[..2], &sky[..2], None, &config),
            Err(WcsError::TooFewPoints { .. })
        ));
        assert!(matches!(
            fit_wcs_from_points(&line, &sky[..2], None, &config),
            Err(WcsError::LengthMismatch { .. })
        ));
    }
}
