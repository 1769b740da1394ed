//! The gnomonic (TAN) projection of the scene (Calabretta & Greisen 2002, A&A 395, 1077).

use skyphot_core::tree::Node;
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

/// Centre of the example systems, degrees.
const CENTER: (f64, f64) = (197.8925, -1.365_555_56);

/// Their pixels of 0.1 arcsec, turned by 60 degrees.
fn example_matrix() -> [[f64; 2]; 2] {
    let (s, c) = std::f64::consts::FRAC_PI_3.sin_cos();
    let scale = 0.1 / 3600.0;
    [[-scale * c, scale * s], [scale * s, scale * c]]
}

/// The header of photutils' example system for an image of shape `(ny, nx)`: TAN, 0.1 arcsec pixels, ICRS or Galactic.
#[must_use]
pub fn make_wcs(shape: (usize, usize), galactic: bool) -> Vec<Card> {
    let (lon, lat) = if galactic { ("GLON-TAN", "GLAT-TAN") } else { ("RA---TAN", "DEC--TAN") };
    let cd = example_matrix();
    let mut cards = vec![
        Card::new("WCSAXES", 2_i64, "number of world coordinate axes"),
        Card::new("CTYPE1", lon, "gnomonic projection"),
        Card::new("CTYPE2", lat, "gnomonic projection"),
        Card::new("CUNIT1", "deg", "unit of axis 1"),
        Card::new("CUNIT2", "deg", "unit of axis 2"),
        Card::new("CRPIX1", 0.5 * shape.1 as f64, "reference pixel, axis 1"),
        Card::new("CRPIX2", 0.5 * shape.0 as f64, "reference pixel, axis 2"),
        Card::new("CRVAL1", CENTER.0, "[deg] longitude at the reference pixel"),
        Card::new("CRVAL2", CENTER.1, "[deg] latitude at the reference pixel"),
        Card::new("CD1_1", cd[0][0], "[deg/pix] transformation matrix"),
        Card::new("CD1_2", cd[0][1], "[deg/pix] transformation matrix"),
        Card::new("CD2_1", cd[1][0], "[deg/pix] transformation matrix"),
        Card::new("CD2_2", cd[1][1], "[deg/pix] transformation matrix"),
    ];
    if !galactic {
        cards.push(Card::new("RADESYS", "ICRS", "reference system"));
    }
    cards
}

/// The same system as the transform graph of a `gwcs/wcs` node.
#[must_use]
pub fn make_gwcs(shape: (usize, usize), galactic: bool) -> Node {
    let number = |v: f64| Node::from(v);
    let list = |v: Vec<Node>| Node::sequence(v);
    let model = |tag: &str, entries: Vec<(&'static str, Node)>| {
        Node::mapping(entries).with_tag(format!("tag:stsci.edu:asdf/transform/{tag}"))
    };
    let shift = |n: usize| model("shift-1.4.0", vec![("offset", number(1.0 - 0.5 * n as f64))]);
    let row = |r: [f64; 2]| list(r.map(number).to_vec());
    let affine = |m: [[f64; 2]; 2]| {
        model("affine-1.5.0", vec![("matrix", list(m.map(row).to_vec())), ("translation", row([0.0, 0.0]))])
    };
    let m = example_matrix();
    let det = m[0][0] * m[1][1] - m[0][1] * m[1][0];
    let inverse = [[m[1][1] / det, -m[0][1] / det], [-m[1][0] / det, m[0][0] / det]];
    let matrix = model(
        "affine-1.5.0",
        vec![
            ("matrix", list(m.map(row).to_vec())),
            ("translation", row([0.0, 0.0])),
            ("inverse", affine(inverse)),
        ],
    );
    let rotation = model(
        "rotate3d-1.5.0",
        vec![
            ("phi", number(CENTER.0)),
            ("theta", number(CENTER.1)),
            ("psi", number(180.0)),
            ("direction", Node::from("native2celestial")),
        ],
    );
    let join = |tag: &str, a: Node, b: Node| model(tag, vec![("forward", list(vec![a, b]))]);
    let tan = model("gnomonic-1.4.0", vec![("direction", Node::from("pix2sky"))]);
    let shifts = join("concatenate-1.4.0", shift(shape.1), shift(shape.0));
    let all = ["compose-1.4.0"; 3].into_iter().zip([matrix, tan, rotation]);
    let transform = all.fold(shifts, |a, (tag, b)| join(tag, a, b));
    let names = |v: [&str; 2]| list(v.map(Node::from).to_vec());
    let frame = |tag: &str, name: &str, axes: [&str; 2], unit: &str| {
        vec![
            ("name", Node::from(name)),
            ("axes_names", names(axes)),
            ("unit", names([unit, unit])),
            ("tag", Node::from(tag)),
        ]
    };
    let tagged = |mut entries: Vec<(&'static str, Node)>, more: Option<Node>| {
        let tag = entries.pop().and_then(|t| t.1.as_str().map(str::to_owned)).unwrap_or_default();
        entries.extend(more.map(|m| ("reference_frame", m)));
        Node::mapping(entries).with_tag(format!("tag:stsci.edu:gwcs/{tag}"))
    };
    let detector = tagged(frame("frame2d-1.2.0", "detector", ["x", "y"], "pixel"), None);
    let name = if galactic { "galactic" } else { "icrs" };
    let reference = Node::mapping([("frame_attributes", Node::mapping::<&str>([]))])
        .with_tag(format!("tag:astropy.org:astropy/coordinates/frames/{name}-1.1.0"));
    let sky = tagged(frame("celestial_frame-1.2.0", name, ["lon", "lat"], "deg"), Some(reference));
    let step = |frame: Node, transform: Node| {
        Node::mapping([("frame", frame), ("transform", transform)]).with_tag("tag:stsci.edu:gwcs/step-1.3.0")
    };
    Node::mapping([
        ("name", Node::from("")),
        ("steps", list(vec![step(detector, transform), step(sky, Node::null())])),
    ])
    .with_tag("tag:stsci.edu:gwcs/wcs-1.4.0")
}
