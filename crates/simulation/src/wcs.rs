//! The gnomonic (TAN) projection of the scene (Calabretta & Greisen 2002, A&A 395, 1077).

use skyphot_core::{Point, SkyCoord};

use crate::{Card, SceneConfig};

/// A TAN projection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tan {
    /// Reference pixel, 0-based.
    center: Point,
    /// Degrees.
    crval: SkyCoord,
    /// Degrees per pixel.
    cd: [[f64; 2]; 2],
}

impl Tan {
    pub(crate) fn new(config: &SceneConfig) -> Self {
        let (ny, nx) = config.shape;
        let scale = config.pixel_scale / 3600.0;
        let (s, c) = config.position_angle_deg.to_radians().sin_cos();
        Self {
            center: Point::new(0.5 * nx as f64 - 0.5, 0.5 * ny as f64 - 0.5),
            crval: SkyCoord { lon: config.pointing.0, lat: config.pointing.1 },
            cd: [[-scale * c, scale * s], [scale * s, scale * c]],
        }
    }

    /// ICRS coordinates of a pixel position.
    pub(crate) fn to_sky(self, p: Point) -> SkyCoord {
        let (u, v) = (p.x - self.center.x, p.y - self.center.y);
        let xi = (self.cd[0][0] * u + self.cd[0][1] * v).to_radians();
        let eta = (self.cd[1][0] * u + self.cd[1][1] * v).to_radians();
        let (s0, c0) = self.crval.lat.to_radians().sin_cos();
        let down = c0 - eta * s0;
        let ra = self.crval.lon + xi.atan2(down).to_degrees();
        let dec = (s0 + eta * c0).atan2(xi.hypot(down)).to_degrees();
        SkyCoord { lon: ra.rem_euclid(360.0), lat: dec }
    }

    pub(crate) fn cards(&self) -> Vec<Card> {
        vec![
            Card::new("WCSAXES", 2_i64, "number of world coordinate axes"),
            Card::new("CTYPE1", "RA---TAN", "right ascension, gnomonic projection"),
            Card::new("CTYPE2", "DEC--TAN", "declination, gnomonic projection"),
            Card::new("CUNIT1", "deg", "unit of axis 1"),
            Card::new("CUNIT2", "deg", "unit of axis 2"),
            Card::new("CRPIX1", self.center.x + 1.0, "reference pixel, axis 1"),
            Card::new("CRPIX2", self.center.y + 1.0, "reference pixel, axis 2"),
            Card::new("CRVAL1", self.crval.lon, "[deg] right ascension at the reference pixel"),
            Card::new("CRVAL2", self.crval.lat, "[deg] declination at the reference pixel"),
            Card::new("CD1_1", self.cd[0][0], "[deg/pix] transformation matrix"),
            Card::new("CD1_2", self.cd[0][1], "[deg/pix] transformation matrix"),
            Card::new("CD2_1", self.cd[1][0], "[deg/pix] transformation matrix"),
            Card::new("CD2_2", self.cd[1][1], "[deg/pix] transformation matrix"),
            Card::new("RADESYS", "ICRS", "reference system"),
        ]
    }
}
