//! The world coordinate system of an image, whatever kind it is.

use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::Context;
use serde_json::json;
use skyphot::core::{Exec, Point, SkyCoord, SkyTransform};
use skyphot::io::{FitsFile, HduInfo, HduSelector, Header, ImageFile};
use skyphot::pipeline::{AnyWcs, PipelineError, fits_wcs, image_gwcs, wcs_header};
use skyphot::wcs::sky::{format_dms, format_hms};
use skyphot::wcs::{
    Gwcs, PixelBounds, SkyFrame, Wcs, WcsError, WcsFitConfig, fit_wcs_from_points, local_jacobian,
};

/// Positions that one thread takes at a time.
const CHUNK: usize = 4096;

/// A map between the pixels of an image and the sky, and what is known about it.
#[derive(Clone)]
pub(crate) struct ImageWcs {
    /// Pixels to degrees in the frame.
    pub(crate) transform: Arc<dyn SkyTransform>,
    /// What it is, in words.
    pub(crate) kind: String,
    /// Frame of the positions, if it is a known one.
    pub(crate) frame: Option<SkyFrame>,
    /// `(ny, nx)`.
    pub(crate) shape: Option<(usize, usize)>,
    /// The pixels the system is meant for, if it says so.
    pub(crate) bounds: Option<PixelBounds>,
    /// Nominal area of a pixel, square degrees: that which the file states, else that of the reference pixel.
    pub(crate) nominal_area: f64,
    /// Cards that describe it, as far as FITS can.
    pub(crate) cards: Header,
    /// What was odd.
    pub(crate) warnings: Vec<String>,
}

impl ImageWcs {
    /// Opens the system of `FILE` or `FILE[EXT]`; `key` picks an alternate one. Without `[EXT]` it is that of the science
    /// image, or of the first HDU that has one.
    pub(crate) fn open(file: &str, key: Option<char>) -> anyhow::Result<Self> {
        Ok(match AnyWcs::open(file, key).context("no world coordinate system that can be used")? {
            AnyWcs::Fits { wcs, shape, pixel_area } => Self::fits(*wcs, shape).with_stated_area(pixel_area),
            AnyWcs::Gwcs { wcs, pixel_area } => Self::gwcs(*wcs).with_stated_area(pixel_area),
            _ => anyhow::bail!("{file}: a world coordinate system of another kind"),
        })
    }

    /// The nominal area of a pixel that the file states, steradians, goes before that of the system.
    fn with_stated_area(mut self, area: Option<f64>) -> Self {
        if let Some(area) = area {
            self.nominal_area = area.to_degrees().to_degrees();
        }
        self
    }

    /// A graph of transforms; FITS cards cannot say what it is.
    pub(crate) fn gwcs(wcs: Gwcs) -> Self {
        let steps: Vec<&str> = wcs.frames().iter().map(|f| f.name()).collect();
        Self {
            kind: format!("GWCS {}", steps.join(" to ")),
            frame: wcs.frame(),
            shape: wcs.shape(),
            bounds: wcs.bounding_box().filter(PixelBounds::is_finite),
            nominal_area: wcs.pixel_area(wcs.reference_pixel()).unwrap_or(f64::NAN),
            warnings: Vec::new(),
            cards: Header::new(),
            transform: Arc::new(wcs),
        }
    }

    /// A FITS system.
    pub(crate) fn fits(wcs: Wcs, shape: Option<(usize, usize)>) -> Self {
        let cards = wcs_header(&wcs.to_cards());
        let [x, y] = wcs.ctype();
        Self {
            kind: format!("FITS {x} {y}"),
            frame: wcs.frame(),
            shape: shape.or(wcs.shape()),
            bounds: None,
            nominal_area: wcs.proj_plane_pixel_area(),
            warnings: wcs.warnings().iter().map(ToString::to_string).collect(),
            cards,
            transform: Arc::new(wcs),
        }
    }

    /// The frame, or ICRS if it is not known.
    pub(crate) fn frame_or_icrs(&self) -> SkyFrame {
        self.frame.unwrap_or(SkyFrame::Icrs)
    }

    /// Pixels to a frame.
    pub(crate) fn to_sky(&self, points: &[Point], frame: SkyFrame, exec: &Exec) -> Vec<SkyCoord> {
        let mut sky = vec![SkyCoord { lon: f64::NAN, lat: f64::NAN }; points.len()];
        exec.for_each_chunk_mut(&mut sky, CHUNK, |i, s| {
            self.transform.pixels_to_sky(&points[i * CHUNK..i * CHUNK + s.len()], s);
        });
        self.frame_or_icrs().convert_all(frame, &sky, exec)
    }

    /// Positions in a frame to pixels.
    pub(crate) fn to_pixel(&self, sky: &[SkyCoord], frame: SkyFrame, exec: &Exec) -> Vec<Point> {
        let sky = frame.convert_all(self.frame_or_icrs(), sky, exec);
        let mut points = vec![Point { x: f64::NAN, y: f64::NAN }; sky.len()];
        exec.for_each_chunk_mut(&mut points, CHUNK, |i, p| {
            self.transform.sky_to_pixels(&sky[i * CHUNK..i * CHUNK + p.len()], p);
        });
        points
    }

    /// The TAN-SIP of the lowest order that is good to `max_error` pixels all over the image.
    pub(crate) fn to_fits_sip(&self, max_error: f64) -> anyhow::Result<SipFit> {
        let shape = self.shape.context("the size of the image is not known")?;
        let exec = Exec::default();
        let native = self.frame_or_icrs();
        let grid = |n: usize| -> (Vec<Point>, Vec<SkyCoord>) {
            let at = |i: usize, size: usize| size as f64 * i as f64 / (n - 1) as f64 - 0.5;
            let points: Vec<Point> =
                (0..n * n).map(|k| Point::new(at(k % n, shape.1), at(k / n, shape.0))).collect();
            let sky = self.to_sky(&points, native, &exec);
            points.into_iter().zip(sky).filter(|(_, s)| s.lon.is_finite()).unzip()
        };
        let (points, sky) = grid(32);
        let (check, truth) = grid(47);
        let middle = Point::new(0.5 * (shape.1 as f64 - 1.0), 0.5 * (shape.0 as f64 - 1.0));
        let mut best = f64::INFINITY;
        for order in 1..=9 {
            let config = WcsFitConfig {
                sip_degree: (order > 1).then_some(order),
                reference: self.transform.pixel_to_sky(middle),
                frame: native,
                ..WcsFitConfig::default()
            };
            let fit = fit_wcs_from_points(&points, &sky, None, &config)?;
            let back = fit.wcs.all_world2pix(&truth, &exec).points;
            let error = back
                .iter()
                .zip(&check)
                .map(|(a, b)| a.distance(*b))
                .fold(0.0, |m: f64, d| if d.is_nan() { f64::INFINITY } else { m.max(d) });
            if error <= max_error {
                let cards = Self::fits(fit.wcs.with_shape(shape), None).cards;
                return Ok(SipFit { cards, order, max_error: error });
            }
            best = best.min(error);
        }
        anyhow::bail!("no TAN-SIP up to order 9 is good to {max_error} pixels, the best to {best:.2e}")
    }

    /// The system is meant for less than the whole image.
    fn is_part_of(&self, (ny, nx): (usize, usize)) -> bool {
        let (x, y) = self.extent();
        x.0 > -0.5 || y.0 > -0.5 || x.1 < nx as f64 - 0.5 || y.1 < ny as f64 - 0.5
    }

    /// First and last x and y: the edges of the image, or of the part of it that the system is meant for.
    fn extent(&self) -> ((f64, f64), (f64, f64)) {
        let whole = self.shape.map(|(ny, nx)| ((-0.5, nx as f64 - 0.5), (-0.5, ny as f64 - 0.5)));
        match (whole, self.bounds) {
            (Some((x, y)), Some(b)) => {
                let clip = |a: (f64, f64), b: (f64, f64)| (a.0.max(b.0), a.1.min(b.1));
                let (cx, cy) = (clip(x, b.x()), clip(y, b.y()));
                if cx.0 < cx.1 && cy.0 < cy.1 { (cx, cy) } else { (x, y) }
            }
            (Some(whole), None) => whole,
            (None, Some(b)) => (b.x(), b.y()),
            (None, None) => ((-0.5, 0.5), (-0.5, 0.5)),
        }
    }

    /// Centre, scale, orientation and corners.
    pub(crate) fn summary(&self) -> Summary {
        let (x, y) = self.extent();
        let centre = Point::new(0.5 * (x.0 + x.1), 0.5 * (y.0 + y.1));
        let points =
            [centre, Point::new(x.0, y.0), Point::new(x.0, y.1), Point::new(x.1, y.1), Point::new(x.1, y.0)];
        let icrs = self.to_sky(&points, SkyFrame::Icrs, &Exec::serial());
        let m = local_jacobian(self.transform.as_ref(), centre);
        let nan = f64::NAN;
        let scale = m.map_or([nan; 2], |m| [0, 1].map(|j| m[0][j].hypot(m[1][j]) * 3600.0));
        let angle = m.map_or(nan, |m| m[0][1].atan2(m[1][1]).to_degrees().rem_euclid(360.0));
        // What is a hair below a full turn is none.
        let angle = if angle > 360.0 - 5e-4 { 0.0 } else { angle };
        let mirrored = m.is_some_and(|m| m[0][0] * m[1][1] - m[0][1] * m[1][0] > 0.0);
        Summary {
            kind: self.kind.clone(),
            frame: self.frame.map_or_else(|| "frame not given, taken for ICRS".to_owned(), |f| f.to_string()),
            centre: icrs[0],
            scale,
            position_angle: angle,
            mirrored,
            footprint: [icrs[1], icrs[2], icrs[3], icrs[4]],
            extent: (self.bounds.is_some() && self.shape.is_none_or(|s| self.is_part_of(s)))
                .then_some((x, y)),
            warnings: self.warnings.clone(),
        }
    }
}

/// A fitted TAN-SIP.
#[derive(Debug, Clone)]
pub(crate) struct SipFit {
    /// Its cards.
    pub(crate) cards: Header,
    /// Order of the polynomials, 1 for none.
    pub(crate) order: usize,
    /// Largest error, pixels.
    pub(crate) max_error: f64,
}

/// A system in a few numbers.
#[derive(Debug, Clone)]
pub(crate) struct Summary {
    kind: String,
    frame: String,
    centre: SkyCoord,
    scale: [f64; 2],
    position_angle: f64,
    mirrored: bool,
    footprint: [SkyCoord; 4],
    /// Pixels the corners belong to, if it is not the whole image.
    extent: Option<((f64, f64), (f64, f64))>,
    warnings: Vec<String>,
}

impl Summary {
    /// Lines of text, each behind `indent`.
    pub(crate) fn text(&self, indent: &str) -> String {
        let mut out = format!("{indent}WCS {}, {}\n", self.kind, self.frame);
        let c = self.centre;
        if c.lon.is_finite() {
            let _ = writeln!(
                out,
                "{indent}  centre    {:.6} {:+.6} deg ICRS ({} {})",
                c.lon,
                c.lat,
                format_hms(c.lon, 2),
                format_dms(c.lat, 1)
            );
            let _ = writeln!(
                out,
                "{indent}  scale     {:.5} x {:.5} arcsec per pixel",
                self.scale[0], self.scale[1]
            );
            let side = if self.mirrored { "mirrored: east is right" } else { "east is left" };
            let _ = writeln!(
                out,
                "{indent}  rotation  +y at position angle {:.3} deg (north through east), with north up {side}",
                self.position_angle
            );
        } else {
            let _ = writeln!(out, "{indent}  the centre of the image is not on the sky");
        }
        let corner = |s: &SkyCoord| {
            if s.lon.is_finite() {
                format!("{:.6} {:+.6}", s.lon, s.lat)
            } else {
                "not on the sky".to_owned()
            }
        };
        let corners: Vec<String> = self.footprint.iter().map(corner).collect();
        let _ = writeln!(out, "{indent}  corners   {} (from the lower left, clockwise)", corners.join(", "));
        if let Some((x, y)) = self.extent {
            let _ = writeln!(
                out,
                "{indent}  valid     for x {} to {} and y {} to {} only (bounding box): the corners are those",
                x.0, x.1, y.0, y.1
            );
        }
        for w in &self.warnings {
            let _ = writeln!(out, "{indent}  note      {w}");
        }
        out
    }

    /// The same for machines; what is not on the sky is null.
    pub(crate) fn json(&self) -> serde_json::Value {
        let pair = |s: &SkyCoord| json!([s.lon, s.lat]);
        json!({
            "kind": self.kind, "frame": self.frame, "centre_icrs_deg": pair(&self.centre),
            "pixel_scale_arcsec": self.scale, "position_angle_deg": self.position_angle, "mirrored": self.mirrored,
            "footprint_icrs_deg": self.footprint.iter().map(pair).collect::<Vec<_>>(),
            "bounding_box_xy": self.extent.map(|(x, y)| json!([[x.0, x.1], [y.0, y.1]])), "notes": self.warnings,
        })
    }
}

/// The summary for an HDU: `None` if there is no sky in it, an error text if there is one that cannot be used.
pub(crate) fn of_hdu(file: &FitsFile, hdu: &HduInfo) -> Option<Result<Summary, String>> {
    hdu.image_shape()?;
    // The science image of JWST has both; the graph is the better one.
    if let Ok(Some(wcs)) = image_gwcs(&ImageFile::Fits(file.clone()), &HduSelector::Index(hdu.index)) {
        return Some(Ok(ImageWcs::gwcs(wcs).summary()));
    }
    match fits_wcs(file, hdu, None) {
        Ok(wcs) => Some(Ok(ImageWcs::fits(wcs, hdu.image_shape()).summary())),
        Err(PipelineError::Wcs(WcsError::NoCelestialAxes { .. })) => None,
        Err(e) => Some(Err(e.to_string())),
    }
}

/// Pairs of column names that mean a position on the sky in degrees, best first.
const SKY_COLUMNS: [(&str, &str); 9] = [
    ("ra", "dec"),
    ("RA", "DEC"),
    ("Ra", "Dec"),
    ("sky_centroid.ra", "sky_centroid.dec"),
    ("RAJ2000", "DEJ2000"),
    ("_RAJ2000", "_DEJ2000"),
    ("ALPHA_J2000", "DELTA_J2000"),
    ("RA_ICRS", "DE_ICRS"),
    ("raMean", "decMean"),
];

/// The columns of a catalogue that hold positions on the sky.
pub(crate) fn sky_columns(table: &skyphot::core::Table) -> Option<(&'static str, &'static str)> {
    SKY_COLUMNS.into_iter().find(|(a, b)| table.has(a) && table.has(b))
}

/// What [`sky_columns`] looks for, in words.
pub(crate) fn sky_column_names() -> String {
    SKY_COLUMNS.map(|(a, b)| format!("{a},{b}")).join(" ")
}

/// Positions on the sky from two columns of degrees.
pub(crate) fn sky_of(table: &skyphot::core::Table, lon: &str, lat: &str) -> anyhow::Result<Vec<SkyCoord>> {
    let (lon, lat) = (table.f64(lon)?, table.f64(lat)?);
    Ok(lon.into_iter().zip(lat).map(|(lon, lat)| SkyCoord { lon, lat }).collect())
}
