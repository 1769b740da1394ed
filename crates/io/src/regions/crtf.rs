//! Reading CASA region files.

use skyphot_core::region::{
    PointSymbol, Region, RegionFont, RegionFrame, RegionMeta, RegionPoint, RegionShape,
};

use super::RegionFile;
use super::ds9::short;
use super::number::{plain, sexagesimal, wrap};

/// Properties of CASA that DS9 has not; they stay among the other properties.
pub(super) const KEYS: [&str; 13] = [
    "coord",
    "frame",
    "corr",
    "veltype",
    "restfreq",
    "linestyle",
    "symthick",
    "usetex",
    "labelpos",
    "labelcolor",
    "labeloff",
    "range",
    "type",
];
/// Properties of CASA with a field of their own.
const FIELDS: [&str; 7] = ["linewidth", "symsize", "color", "font", "fontsize", "fontstyle", "label"];

type Outcome<T> = std::result::Result<T, String>;
type Pairs = Vec<(String, String)>;

pub(super) fn parse(text: &str) -> RegionFile {
    let mut out = RegionFile::default();
    let mut global = Pairs::new();
    if !text.trim_start().starts_with("#CRTF") {
        out.warn(1, "expected '#CRTF' at the start of a CASA region file");
    }
    for (i, line) in text.split('\n').enumerate() {
        let (line, number) = (line.trim(), i + 1);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let is_global = line.get(..6).is_some_and(|w| w.eq_ignore_ascii_case("global"));
        if is_global && line[6..].starts_with(|c: char| c.is_whitespace()) {
            let pairs = properties(&line[6..], number, &mut out);
            lay(&mut global, pairs);
            continue;
        }
        if let Err(message) = region(line, &global, number, &mut out) {
            out.warn(number, format!("skipped: {message}"));
        }
    }
    out
}

fn lay(under: &mut Pairs, over: Pairs) {
    for (k, v) in over {
        match under.iter_mut().find(|(u, _)| *u == k) {
            Some(p) => p.1 = v,
            None => under.push((k, v)),
        }
    }
}

/// `key=value` with commas between; values may be in quotes or square brackets.
fn properties(text: &str, line: usize, out: &mut RegionFile) -> Pairs {
    let mut pairs = Pairs::new();
    let mut rest = text.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
    while !rest.is_empty() {
        let Some((key, value)) = rest.split_once('=') else {
            out.warn(line, format!("ignored: expected key=value, found '{}'", short(rest)));
            break;
        };
        let (key, value) = (key.trim().to_lowercase(), value.trim_start());
        let (value, tail) = match value.chars().next() {
            Some(q @ ('\'' | '"')) if value[1..].contains(q) => {
                let end = 1 + value[1..].find(q).unwrap_or(0);
                (value[1..end].to_owned(), &value[end + 1..])
            }
            Some('[') if value.contains(']') => {
                let end = value.find(']').unwrap_or(0);
                let items: Vec<&str> =
                    value[1..end].split(',').map(str::trim).filter(|v| !v.is_empty()).collect();
                (format!("[{}]", items.join(", ")), &value[end + 1..])
            }
            _ => {
                let end = value.find(',').unwrap_or(value.len());
                (value[..end].trim().to_owned(), &value[end..])
            }
        };
        if KEYS.contains(&key.as_str()) || FIELDS.contains(&key.as_str()) {
            lay(&mut pairs, vec![(key, value)]);
        } else {
            out.warn(line, format!("'{}={}' is ignored: not a property of CASA", short(&key), short(&value)));
        }
        rest = tail.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
    }
    pairs
}

/// What stands in square brackets.
enum Item {
    Word(String),
    Pair(String, String),
}

/// The items of `[...]`, and what stands behind it.
fn bracket(text: &str) -> Outcome<(Vec<Item>, &str)> {
    let inside = text.strip_prefix('[').ok_or_else(|| format!("expected '[', found '{}'", short(text)))?;
    let mut items = Vec::new();
    let mut rest = inside.trim_start();
    loop {
        if let Some(tail) = rest.strip_prefix(']') {
            return Ok((items, tail));
        }
        if let Some(pair) = rest.strip_prefix('[') {
            let end = pair.find(']').ok_or("a bracket is not closed")?;
            let (a, b) = pair[..end]
                .split_once(',')
                .ok_or_else(|| format!("expected a pair [a, b], found '[{}]'", short(&pair[..end])))?;
            items.push(Item::Pair(a.trim().to_owned(), b.trim().to_owned()));
            rest = &pair[end + 1..];
        } else if let Some(q) = rest.chars().next().filter(|c| matches!(c, '\'' | '"')) {
            let end = rest[1..].find(q).ok_or("a quote is not closed")?;
            items.push(Item::Word(rest[1..1 + end].to_owned()));
            rest = &rest[end + 2..];
        } else {
            let end = rest.find([',', ']']).ok_or("a bracket is not closed")?;
            items.push(Item::Word(rest[..end].trim().to_owned()));
            rest = &rest[end..];
        }
        rest = rest.trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
}

fn region(text: &str, global: &Pairs, line: usize, out: &mut RegionFile) -> Outcome<()> {
    let (include, body) = match text.strip_prefix('-') {
        Some(b) => (false, b),
        None => (true, text.strip_prefix('+').unwrap_or(text)),
    };
    let body = body.trim_start();
    let (annotation, body) = match body.strip_prefix("ann").filter(|b| b.starts_with(char::is_whitespace)) {
        Some(b) => (true, b.trim_start()),
        None => (false, body),
    };
    let end = body.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(body.len());
    let kind = body[..end].to_lowercase();
    let known = [
        "circle",
        "box",
        "centerbox",
        "rotbox",
        "poly",
        "annulus",
        "ellipse",
        "line",
        "vector",
        "symbol",
        "point",
        "text",
    ];
    if !known.contains(&kind.as_str()) {
        return Err(format!("'{}' is no region of CASA", short(if kind.is_empty() { body } else { &kind })));
    }
    let (items, tail) = bracket(body[end..].trim_start())?;
    let mut pairs = global.clone();
    lay(&mut pairs, properties(tail, line, out));
    let coord = pairs.iter().find(|(k, _)| k == "coord").map(|(_, v)| v.to_lowercase());
    let mut meta = to_meta(&pairs, line, out);
    let shape = shape(&kind, &items, &mut meta)?;
    let frame = match (shape.pixels, coord.as_deref()) {
        (true, _) => RegionFrame::Image,
        (false, Some("j2000" | "fk5")) => RegionFrame::Fk5,
        (false, Some("b1950" | "fk4")) => RegionFrame::Fk4,
        (false, Some("icrs")) => RegionFrame::Icrs,
        (false, Some("galactic")) => RegionFrame::Galactic,
        (false, Some("supergal" | "supergalactic")) => RegionFrame::Supergalactic,
        (false, Some("ecliptic" | "geocentrictrueecliptic")) => RegionFrame::TrueEcliptic,
        (false, Some(other)) => return Err(format!("the frame '{}' is not supported", short(other))),
        (false, None) => {
            out.warn(line, "no frame was named (coord=...) for a region on the sky: J2000 is assumed");
            RegionFrame::Fk5
        }
    };
    if annotation {
        meta.set_property("type", "ann");
    }
    if kind == "vector" {
        meta.set_property("vector", "1");
    }
    out.regions.push(Region { shape: shape.shape, frame, include, meta });
    Ok(())
}

fn to_meta(pairs: &Pairs, line: usize, out: &mut RegionFile) -> RegionMeta {
    let mut m = RegionMeta::default();
    let mut font: Option<RegionFont> = None;
    for (key, value) in pairs {
        let mut bad = |expected: &str| {
            out.warn(line, format!("{key}={} is ignored: expected {expected}", short(value)));
        };
        match key.as_str() {
            "coord" => {}
            "label" => m.text = Some(value.clone()),
            "color" => m.color = Some(value.clone()),
            "linewidth" => match plain(value) {
                Some(v) => m.width = Some(v),
                None => bad("a number"),
            },
            "symsize" => match plain(value) {
                Some(v) => m.symbol_size = Some(v),
                None => bad("a number"),
            },
            "font" => font.get_or_insert_default().family = value.clone(),
            "fontsize" => match value.parse() {
                Ok(v) => font.get_or_insert_default().size = v,
                Err(_) => bad("a whole number"),
            },
            "fontstyle" => {
                let f = font.get_or_insert_default();
                (f.bold, f.italic) = (value.contains("bold"), value.contains("italic"));
            }
            "linestyle" => {
                m.dash = Some(value != "-");
                m.properties.push((key.clone(), value.clone()));
            }
            _ => m.properties.push((key.clone(), value.clone())),
        }
    }
    m.font = font;
    m
}

struct Shape {
    shape: RegionShape,
    pixels: bool,
}

/// Reads quantities and sees to it that all are pixels or none is.
#[derive(Default)]
struct Reader {
    pixels: Option<bool>,
}

impl Reader {
    fn seen(&mut self, pixels: bool) -> Outcome<()> {
        match self.pixels {
            Some(p) if p != pixels => Err("pixels and angles are mixed".to_owned()),
            _ => {
                self.pixels = Some(pixels);
                Ok(())
            }
        }
    }

    fn coordinate(&mut self, t: &str) -> Outcome<f64> {
        let fail = || format!("expected a coordinate (12.5deg, 18h12m24s, 10pix), found '{}'", short(t));
        if let Some(p) = t.strip_suffix("pix") {
            self.seen(true)?;
            return plain(p).ok_or_else(fail);
        }
        self.seen(false)?;
        let v = if let Some(v) = unit(t) {
            Some(v)
        } else if t.contains('h') {
            sexagesimal(t, &['h', 'm', 's']).map(|v| v * 15.0)
        } else if t.contains('d') {
            sexagesimal(t, &['d', 'm', 's'])
        } else if t.contains(':') {
            sexagesimal(t, &[':']).map(|v| v * 15.0)
        } else if t.matches('.').count() >= 2 {
            // -001.54.58.0916: the first two points separate, the third is a decimal point.
            sexagesimal(&t.replacen('.', ":", 2), &[':'])
        } else {
            plain(t)
        };
        v.ok_or_else(fail)
    }

    fn position(&mut self, item: &Item) -> Outcome<RegionPoint> {
        let Item::Pair(x, y) = item else { return Err("expected a position [x, y]".to_owned()) };
        let (x, y) = (self.coordinate(x)?, self.coordinate(y)?);
        if self.pixels == Some(true) {
            return Ok(RegionPoint::new(x, y));
        }
        if y.abs() > 90.0 {
            return Err(format!("expected a latitude between -90 and 90 degrees, found {y}"));
        }
        Ok(RegionPoint::new(wrap(x), y))
    }

    fn length(&mut self, t: &str) -> Outcome<f64> {
        let fail = || format!("expected a length with unit (2.3arcsec, 0.1deg, 5pix), found '{}'", short(t));
        if let Some(p) = t.strip_suffix("pix") {
            self.seen(true)?;
            return plain(p).ok_or_else(fail);
        }
        self.seen(false)?;
        unit(t).ok_or_else(fail)
    }

    fn pair(&mut self, item: &Item) -> Outcome<(f64, f64)> {
        let Item::Pair(a, b) = item else { return Err("expected a pair of lengths [a, b]".to_owned()) };
        Ok((self.length(a)?, self.length(b)?))
    }
}

/// A number with an angular unit, degrees.
fn unit(t: &str) -> Option<f64> {
    let scaled = |suffix: &str, f: fn(f64) -> f64| t.strip_suffix(suffix).and_then(plain).map(f);
    scaled("deg", |v| v)
        .or_else(|| scaled("arcmin", |v| v / 60.0))
        .or_else(|| scaled("arcsec", |v| v / 3600.0))
        .or_else(|| scaled("rad", f64::to_degrees))
        .or_else(|| scaled("\"", |v| v / 3600.0))
        .or_else(|| scaled("'", |v| v / 60.0))
}

fn angle(item: &Item) -> Outcome<f64> {
    match item {
        Item::Word(w) => unit(w).ok_or_else(|| format!("expected an angle with unit, found '{}'", short(w))),
        Item::Pair(..) => Err("expected an angle, found a pair".to_owned()),
    }
}

fn shape(kind: &str, items: &[Item], meta: &mut RegionMeta) -> Outcome<Shape> {
    let expected = match kind {
        "circle" => "[[x, y], r]",
        "box" | "line" | "vector" => "[[x1, y1], [x2, y2]]",
        "centerbox" => "[[x, y], [width, height]]",
        "rotbox" | "ellipse" => "[[x, y], [a, b], angle]",
        "annulus" => "[[x, y], [r1, r2]]",
        "symbol" | "text" => "[[x, y], text]",
        "point" => "[[x, y]]",
        _ => "[[x1, y1], [x2, y2], [x3, y3], ...]",
    };
    let wrong = || format!("{kind}: expected {kind}{expected}, found {} items", items.len());
    let mut r = Reader::default();
    let shape = match (kind, items) {
        ("circle", [c, Item::Word(radius)]) => {
            RegionShape::Circle { center: r.position(c)?, radius: r.length(radius)? }
        }
        ("annulus", [c, radii]) => {
            let (center, (inner, outer)) = (r.position(c)?, r.pair(radii)?);
            RegionShape::CircularAnnulus { center, inner, outer }
        }
        // The first axis is measured from north: it is our second.
        ("ellipse", [c, axes, t]) => {
            let (center, (b, a)) = (r.position(c)?, r.pair(axes)?);
            RegionShape::Ellipse { center, a, b, angle_deg: angle(t)? }
        }
        ("rotbox", [c, size, t]) => {
            let (center, (width, height)) = (r.position(c)?, r.pair(size)?);
            RegionShape::Rectangle { center, width, height, angle_deg: angle(t)? }
        }
        ("centerbox", [c, size]) => {
            let (center, (width, height)) = (r.position(c)?, r.pair(size)?);
            RegionShape::Rectangle { center, width, height, angle_deg: 0.0 }
        }
        ("box", [p, q]) => {
            let (p, q) = (r.position(p)?, r.position(q)?);
            RegionShape::Rectangle {
                center: RegionPoint::new(0.5 * (p.x + q.x), 0.5 * (p.y + q.y)),
                width: (p.x - q.x).abs(),
                height: (p.y - q.y).abs(),
                angle_deg: 0.0,
            }
        }
        ("line" | "vector", [p, q]) => RegionShape::Line { start: r.position(p)?, end: r.position(q)? },
        ("poly", vertices) if vertices.len() >= 3 => {
            RegionShape::Polygon { vertices: vertices.iter().map(|v| r.position(v)).collect::<Outcome<_>>()? }
        }
        ("point", [p]) => RegionShape::Point { position: r.position(p)? },
        ("symbol", [p, Item::Word(s)]) => {
            // The sign of a pixel is the comma itself.
            let mut chars = if s.is_empty() { ",".chars() } else { s.chars() };
            let (Some(c), None) = (chars.next(), chars.next()) else {
                return Err(format!("symbol: expected one letter or sign, found '{}'", short(s)));
            };
            meta.symbol = Some(symbol(c));
            RegionShape::Point { position: r.position(p)? }
        }
        ("text", [p, Item::Word(t)]) => {
            meta.text = Some(t.clone());
            RegionShape::Text { position: r.position(p)? }
        }
        _ => return Err(wrong()),
    };
    Ok(Shape { shape, pixels: r.pixels == Some(true) })
}

/// The symbol of a sign, the reverse of [`sign`].
fn symbol(c: char) -> PointSymbol {
    match c {
        'o' => PointSymbol::Circle,
        's' => PointSymbol::Box,
        'D' => PointSymbol::Diamond,
        '+' => PointSymbol::Cross,
        'x' => PointSymbol::X,
        c => PointSymbol::Sign(c),
    }
}

/// The sign of a symbol; what CASA has not is a point.
pub(super) fn sign(s: PointSymbol) -> char {
    match s {
        PointSymbol::Circle => 'o',
        PointSymbol::Box => 's',
        PointSymbol::Diamond => 'D',
        PointSymbol::Cross => '+',
        PointSymbol::X => 'x',
        PointSymbol::Sign(c) if c.is_ascii_graphic() && !"[]'\"".contains(c) => c,
        _ => '.',
    }
}
