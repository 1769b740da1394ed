//! A FITS header that approximates a graph.

use skyphot_core::{Point, SkyCoord};

use super::{Gwcs, PixelBounds};
use crate::angle::inverse_2x2;
use crate::celestial::Rotation;
use crate::fit::fit_pair;
use crate::poly::Poly2;
use crate::sip::Sip;
use crate::wcs::degrees;
use crate::{Projection, ProjectionCode, Result, SkyFrame, Wcs, WcsCard, WcsError};

/// Highest degree that is tried.
const MAX_DEGREE: usize = 9;

/// What [`Gwcs::to_fits_sip`] aims at; the defaults are those of gwcs.
#[derive(Debug, Clone)]
pub struct GwcsSipConfig {
    /// Largest error of the forward polynomials, pixels; default 0.25.
    pub max_pix_error: f64,
    /// Degree of the forward polynomials, 1 for none; default (`None`): the lowest one up to 9 that reaches
    /// `max_pix_error`. A degree that is given is used whatever its error.
    pub degree: Option<usize>,
    /// Largest error of the inverse polynomials, pixels; default 0.25. `None` for no inverse polynomials.
    pub max_inv_pix_error: Option<f64>,
    /// Degree of the inverse polynomials, as `degree`.
    pub inv_degree: Option<usize>,
    /// Points along each side of the grid that is fitted, at least 8; default 32. A grid twice as fine tells the errors.
    pub npoints: usize,
    /// Reference pixel, 1-based (`CRPIX`); default: the middle of the bounding box, rounded to a tenth.
    pub crpix: Option<[f64; 2]>,
    /// The pixels to fit; default: the bounding box of the graph.
    pub bounding_box: Option<PixelBounds>,
    /// Projection; default TAN.
    pub projection: ProjectionCode,
}

impl Default for GwcsSipConfig {
    fn default() -> Self {
        Self {
            max_pix_error: 0.25,
            degree: None,
            max_inv_pix_error: Some(0.25),
            inv_degree: None,
            npoints: 32,
            crpix: None,
            bounding_box: None,
            projection: ProjectionCode::Tan,
        }
    }
}

/// A FITS system in place of a graph, and how good it is.
#[derive(Debug, Clone)]
pub struct GwcsSip {
    /// The system; [`to_cards`](Wcs::to_cards) gives its header.
    pub wcs: Wcs,
    /// Largest distance from the graph within the bounding box, pixels (`SIPMXERR`).
    pub max_error: f64,
    /// Largest error of the inverse polynomials, pixels (`SIPIVERR`); `None` without them.
    pub max_inverse_error: Option<f64>,
}

impl GwcsSip {
    /// The header: the keywords of the system, and the errors as `SIPMXERR` and `SIPIVERR`.
    #[must_use]
    pub fn to_cards(&self) -> Vec<WcsCard> {
        let mut cards = self.wcs.to_cards();
        let mut push = |key: &str, v: f64, comment: &str| {
            cards.push(WcsCard {
                key: key.to_owned(),
                value: crate::WcsValue::Number(v),
                comment: comment.to_owned(),
            });
        };
        push("SIPMXERR", self.max_error, "[pix] Largest distance from the GWCS");
        if let Some(e) = self.max_inverse_error {
            push("SIPIVERR", e, "[pix] Largest error of AP and BP");
        }
        cards
    }
}

/// Pairs of numbers: positions or values.
type Pairs = Vec<(f64, f64)>;

/// Two polynomials without constant terms, in pixels.
struct Fit {
    p: Poly2,
    q: Poly2,
    error: f64,
}

impl Gwcs {
    /// The TAN-SIP system (or one of another projection) that comes closest to the graph within its bounding box.
    ///
    /// # Errors
    /// [`WcsError::NotAccurate`] if no degree up to 9 reaches the error asked for, [`WcsError::NoBoundingBox`] without a
    /// finite bounding box, [`WcsError::InvalidParameter`] for fewer than 8 points, a box below one pixel, or a degree
    /// outside 1 to 19, [`WcsError::DegenerateFit`] where the graph has no sky.
    pub fn to_fits_sip(&self, config: &GwcsSipConfig) -> Result<GwcsSip> {
        let bounds = config.bounding_box.or(self.bounds).filter(PixelBounds::is_finite);
        let bounds = bounds.ok_or(WcsError::NoBoundingBox)?;
        let invalid = |name, expected, found| Err(WcsError::InvalidParameter { name, expected, found });
        if !(8..=1000).contains(&config.npoints) {
            return invalid("npoints", "8 to 1000", config.npoints as f64);
        }
        for d in [config.degree, config.inv_degree].into_iter().flatten() {
            if !(1..=crate::sip::MAX_ORDER).contains(&d) {
                return invalid("degree", "1 to 19", d as f64);
            }
        }
        for (low, high) in [bounds.x(), bounds.y()] {
            if high - low < 1.0 {
                return invalid("bounding box", "at least a pixel wide", high - low);
            }
        }
        let tenth = |v: f64| (v * 10.0).round_ties_even() / 10.0;
        let centre = bounds.center();
        let crpix = config.crpix.map_or([tenth(centre.x), tenth(centre.y)], |c| [c[0] - 1.0, c[1] - 1.0]);
        let no_sky = || WcsError::DegenerateFit("the graph has no sky at some pixels of the bounding box");
        let crval = self.sky_of(Point::new(crpix[0], crpix[1]), false).map_err(|_| no_sky())?;

        let projection = Projection::new(config.projection, &[])?;
        let (_, theta0) = projection.reference();
        let rotation = Rotation::new(crval.lon, crval.lat, 0.0, degrees(theta0), None, 90.0)?;
        let plane = |uv: &Pairs| -> Result<Pairs> {
            let points: Vec<Point> = uv.iter().map(|(u, v)| Point::new(u + crpix[0], v + crpix[1])).collect();
            let sky = self.evaluate(&points, false, &skyphot_core::Exec::serial());
            let one = |s: &SkyCoord| {
                let (phi, theta) = rotation.to_native(*s);
                projection.native_to_plane(phi, theta).map(|(x, y)| (x.to_degrees(), y.to_degrees()))
            };
            sky.sky.iter().map(|s| one(s).ok_or_else(no_sky)).collect()
        };
        let (coarse, fine) = (grid(&bounds, crpix, config.npoints), grid(&bounds, crpix, 2 * config.npoints));
        let (xy, fine_xy) = (plane(&coarse)?, plane(&fine)?);
        let unit = plane(&vec![(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)])?;
        let side = |k: usize| (unit[k].0 - unit[0].0, unit[k].1 - unit[0].1);
        let (a, b) = (side(1), side(2));
        let scale = (a.0 * b.1 - a.1 * b.0).abs().sqrt();
        if !(scale > 0.0 && scale.is_finite()) {
            return Err(WcsError::DegenerateFit("the pixels have no area"));
        }

        let forward = fit(
            "SIP approximation",
            config.degree,
            config.max_pix_error,
            (&coarse, &xy),
            (&fine, &fine_xy),
            scale,
        )?;
        let (p, q) = (&forward.p, &forward.q);
        let cd = [[p.get(1, 0), p.get(0, 1)], [q.get(1, 0), q.get(0, 1)]];
        let inverse = inverse_2x2(&cd).ok_or(WcsError::SingularMatrix(cd))?;
        let apply = |(x, y): (f64, f64)| {
            (inverse[0][0] * x + inverse[0][1] * y, inverse[1][0] * x + inverse[1][1] * y)
        };
        let reference = [crpix[0] + 1.0, crpix[1] + 1.0];
        let frame = self.frame().unwrap_or(SkyFrame::Icrs);
        let size = |high: f64| (high + 1.0).max(1.0) as usize;
        let shape = self.shape().unwrap_or((size(bounds.y().1), size(bounds.x().1)));
        let mut wcs = Wcs::with_projection(projection.clone(), crval, reference, cd)?
            .with_frame(frame)
            .with_shape(shape);
        let mut max_inverse_error = None;
        let degree = p.degree().max(q.degree());
        if degree > 1 {
            let (mut a, mut b) = (Poly2::zeros(degree), Poly2::zeros(degree));
            for i in 0..=degree {
                for j in 0..=degree - i {
                    if i + j > 1 {
                        let (u, v) = apply((p.get(i, j), q.get(i, j)));
                        a.set(i, j, u);
                        b.set(i, j, v);
                    }
                }
            }
            let mut sip = Sip { crpix: reference, a, b, inverse: None };
            if let Some(limit) = config.max_inv_pix_error {
                let turn = |uv: &Pairs, xy: &Pairs| -> (Pairs, Pairs) {
                    let focal: Pairs = xy.iter().map(|v| apply(*v)).collect();
                    let d = uv.iter().zip(&focal).map(|(u, f)| (u.0 - f.0, u.1 - f.1)).collect();
                    (focal, d)
                };
                let (c, f) = (turn(&coarse, &xy), turn(&fine, &fine_xy));
                let back = fit(
                    "inverse SIP approximation",
                    config.inv_degree,
                    limit,
                    (&c.0, &c.1),
                    (&f.0, &f.1),
                    1.0,
                )?;
                max_inverse_error = Some(back.error);
                sip.inverse = Some((back.p, back.q));
            }
            wcs = wcs.with_sip(Some(sip));
        }
        Ok(GwcsSip { wcs, max_error: forward.error, max_inverse_error })
    }
}

/// Positions about the reference pixel.
fn grid(b: &PixelBounds, crpix: [f64; 2], n: usize) -> Pairs {
    let along = |(low, high): (f64, f64), k: usize| low + (high - low) * k as f64 / (n - 1) as f64;
    (0..n * n).map(|k| (along(b.x(), k % n) - crpix[0], along(b.y(), k / n) - crpix[1])).collect()
}

/// The polynomials of the lowest degree whose largest error on the fine grid, over `scale`, is within the limit.
fn fit(
    what: &'static str,
    degree: Option<usize>,
    limit: f64,
    (uv, xy): (&Pairs, &Pairs),
    (fine_uv, fine_xy): (&Pairs, &Pairs),
    scale: f64,
) -> Result<Fit> {
    let span = uv.iter().map(|p| p.0.abs().max(p.1.abs())).fold(0.0, f64::max);
    if !(span > 0.0 && span.is_finite()) {
        return Err(WcsError::DegenerateFit("the bounding box has no size"));
    }
    let scaled = |v: &Pairs| -> Pairs { v.iter().map(|p| (p.0 / span, p.1 / span)).collect() };
    let (near, fine) = (scaled(uv), scaled(fine_uv));
    let weights = vec![1.0; near.len()];
    let mut best = f64::INFINITY;
    let range = degree.map_or(1..=MAX_DEGREE, |d| d..=d);
    for d in range {
        let (p, q) = fit_pair(&near, xy, &weights, d, false)?;
        let error = fine
            .iter()
            .zip(fine_xy)
            .map(|((u, v), (x, y))| (p.value(*u, *v) - x).hypot(q.value(*u, *v) - y))
            .fold(0.0, f64::max)
            / scale;
        best = best.min(error);
        if error <= limit || degree.is_some() {
            let unscale = |p: &Poly2| {
                let mut out = Poly2::zeros(d);
                for (i, j, v) in p.terms() {
                    out.set(i, j, v * span.powi(-((i + j) as i32)));
                }
                out
            };
            return Ok(Fit { p: unscale(&p), q: unscale(&q), error });
        }
    }
    Err(WcsError::NotAccurate { what, allowed: limit, found: best })
}
