//! Reading DS9 region files.

use skyphot_core::region::{Region, RegionFrame, RegionPoint, RegionShape};

use super::RegionFile;
use super::number::{plain, sexagesimal, wrap};
use super::properties::{Properties, closing};

/// Shapes DS9 has and we have not.
const UNKNOWN_SHAPES: [&str; 7] = ["vector", "ruler", "compass", "projection", "panda", "epanda", "bpanda"];
/// Shapes that DS9 hides in comments.
const IN_COMMENTS: [&str; 6] = ["text", "composite", "vector", "ruler", "compass", "projection"];

/// What a frame statement left for the shapes behind it.
#[derive(Clone, Copy)]
enum Current {
    /// None yet.
    Unsaid,
    /// One that we have not.
    Unsupported,
    Known(RegionFrame),
}

struct Parser {
    out: RegionFile,
    frame: Current,
    global: Properties,
    composite: Option<Properties>,
}

pub(super) fn parse(text: &str) -> RegionFile {
    let mut p = Parser {
        out: RegionFile::default(),
        frame: Current::Unsaid,
        global: Properties::default(),
        composite: None,
    };
    for (i, line) in text.split('\n').enumerate() {
        let line = line.trim();
        if line.strip_prefix('#').is_some_and(|c| comment_shape(c).is_none()) {
            continue;
        }
        for statement in statements(line) {
            p.statement(statement.trim(), i + 1);
        }
    }
    p.out
}

/// The shape a comment hides.
fn comment_shape(comment: &str) -> Option<&str> {
    let t = comment.trim_start();
    let t = t.strip_prefix(['+', '-']).unwrap_or(t);
    let end = t.find(|c: char| !c.is_ascii_alphanumeric())?;
    let known = IN_COMMENTS.iter().any(|s| t[..end].eq_ignore_ascii_case(s));
    (known && t[end..].trim_start().starts_with('(')).then_some(t)
}

/// A line cut at the semicolons that are not inside a quoted value.
fn statements(line: &str) -> Vec<&str> {
    let bytes = line.as_bytes();
    let (mut out, mut start, mut i) = (Vec::new(), 0, 0);
    while i < bytes.len() {
        match bytes[i] {
            b';' => {
                out.push(&line[start..i]);
                start = i + 1;
            }
            b'=' => {
                let at = i + 1 + bytes[i + 1..].iter().take_while(|b| b.is_ascii_whitespace()).count();
                if let Some(end) = closing(line, at) {
                    i = end;
                }
            }
            _ => {}
        }
        i += 1;
    }
    out.push(&line[start..]);
    out
}

fn frame_of(word: &str) -> Option<Current> {
    Some(Current::Known(match word {
        "image" => RegionFrame::Image,
        "physical" => RegionFrame::Physical,
        "detector" => RegionFrame::Detector,
        "amplifier" => RegionFrame::Amplifier,
        "icrs" => RegionFrame::Icrs,
        "fk5" | "j2000" => RegionFrame::Fk5,
        "fk4" | "b1950" => RegionFrame::Fk4,
        "galactic" => RegionFrame::Galactic,
        "ecliptic" => RegionFrame::Ecliptic,
        "linear" | "tile" => return Some(Current::Unsupported),
        w => {
            let letter = w.strip_prefix("wcs")?;
            let one = letter.is_empty()
                || letter == "0"
                || (letter.len() == 1 && letter.as_bytes()[0].is_ascii_lowercase());
            return one.then_some(Current::Unsupported);
        }
    }))
}

impl Parser {
    fn statement(&mut self, text: &str, line: usize) {
        let mut text = text;
        // A frame may stand before a shape without a semicolon.
        loop {
            let hidden = text.strip_prefix('#');
            if hidden.is_some_and(|t| comment_shape(t).is_none()) || text.is_empty() {
                return;
            }
            let body = hidden.unwrap_or(text).trim_start();
            let (include, body) = match body.strip_prefix(['-', '!']) {
                Some(b) => (false, b.trim_start()),
                None => (true, body.strip_prefix('+').unwrap_or(body).trim_start()),
            };
            let end = body.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(body.len());
            let (word, rest) = (body[..end].to_lowercase(), &body[end..]);
            if word.is_empty() {
                self.out.warn(line, format!("skipped: expected a frame or a shape, found '{}'", short(body)));
                return;
            }
            if word == "global" {
                let p = Properties::parse(rest, line, &mut self.out);
                self.global.update(&p);
                return;
            }
            let Some(frame) = frame_of(&word) else {
                return self.shape(&word, rest, include, line);
            };
            if matches!(frame, Current::Unsupported) {
                self.out.warn(
                    line,
                    format!("the frame '{word}' is not supported: the regions behind it are skipped"),
                );
            }
            self.frame = frame;
            text = rest.trim();
        }
    }

    fn shape(&mut self, word: &str, rest: &str, include: bool, line: usize) {
        if UNKNOWN_SHAPES.contains(&word) {
            return self.out.warn(line, format!("skipped: the shape '{word}' is not supported"));
        }
        let known = [
            "circle",
            "ellipse",
            "box",
            "annulus",
            "polygon",
            "line",
            "point",
            "text",
            "composite",
            "rotbox",
        ];
        if !known.contains(&word) {
            return self.out.warn(line, format!("skipped: '{}' is no frame and no shape", short(word)));
        }
        let (params, tail) = split_params(rest);
        let (in_composite, tail) = match tail.trim_start().strip_prefix("||") {
            Some(t) => (true, t),
            None => (false, tail),
        };
        let tail = tail.trim_start();
        let properties = Properties::parse(tail.strip_prefix('#').unwrap_or(tail), line, &mut self.out);
        if word == "composite" {
            let mut p = properties;
            p.remove("composite");
            self.composite = Some(p);
            return;
        }
        let mut all = self.global.clone();
        if let Some(c) = &self.composite {
            all.update(c);
        }
        // The sign overrides what is global, and the region's own include overrides the sign.
        all.remove("include");
        all.update(&properties);
        let include = all.remove("include").map_or(include, |v| v == "1");
        if !in_composite {
            self.composite = None;
        }
        let frame = match self.frame {
            Current::Known(f) => f,
            Current::Unsupported => {
                return self.out.warn(line, format!("skipped: {word} in a frame that is not supported"));
            }
            Current::Unsaid => {
                self.out.warn(line, "no frame was named before this region: physical is assumed, as in DS9");
                self.frame = Current::Known(RegionFrame::Physical);
                RegionFrame::Physical
            }
        };
        match shapes(word, params, frame) {
            Err(message) => self.out.warn(line, format!("skipped: {word}: {message}")),
            Ok(shapes) => {
                let mut meta = all.to_meta();
                meta.comment = (!properties.words.is_empty()).then(|| properties.words.join(" "));
                for shape in shapes {
                    self.out.regions.push(Region { shape, frame, include, meta: meta.clone() });
                }
            }
        }
    }
}

/// The parameters of a shape, with or without brackets, and what stands behind them.
fn split_params(rest: &str) -> (&str, &str) {
    let t = rest.trim_start();
    if let Some(inside) = t.strip_prefix('(') {
        if let Some(end) = inside.find(')') {
            return (&inside[..end], &inside[end + 1..]);
        }
        let end = inside.find('#').unwrap_or(inside.len());
        return (&inside[..end], &inside[end..]);
    }
    let end = t.find('#').into_iter().chain(t.find("||")).min().unwrap_or(t.len());
    (&t[..end], &t[end..])
}

type Outcome<T> = std::result::Result<T, String>;

/// The shapes of a statement: several if it is a row of annuli.
fn shapes(word: &str, params: &str, frame: RegionFrame) -> Outcome<Vec<RegionShape>> {
    let mut n_rings = None;
    let mut p: Vec<String> = Vec::new();
    for t in params.split(|c: char| c == ',' || c.is_whitespace()).filter(|t| !t.is_empty()) {
        let t = t.to_lowercase();
        match t.strip_prefix("n=") {
            Some(n) => {
                let n: Option<usize> = n.parse().ok().filter(|n| (1..=10_000).contains(n));
                n_rings = Some(n.ok_or_else(|| format!("expected n=NUMBER of rings, found '{t}'"))?);
            }
            None => p.push(t),
        }
    }
    let count = |ok: bool, expected: &str| {
        if ok { Ok(()) } else { Err(format!("expected {expected}, found {} numbers", p.len())) }
    };
    let at = |i: usize| position(&p[i], &p[i + 1], frame);
    let len = |i: usize| length(&p[i], frame);
    Ok(match word {
        "circle" => {
            count(p.len() == 3, "x, y, radius")?;
            vec![RegionShape::Circle { center: at(0)?, radius: len(2)? }]
        }
        "annulus" => {
            count(p.len() >= 4 && (n_rings.is_none() || p.len() == 4), "x, y and two radii or more")?;
            let mut radii = (2..p.len()).map(len).collect::<Outcome<Vec<f64>>>()?;
            if let Some(n) = n_rings {
                let (inner, step) = (radii[0], (radii[1] - radii[0]) / n as f64);
                radii = (0..=n).map(|i| if i == n { radii[1] } else { inner + step * i as f64 }).collect();
            }
            let center = at(0)?;
            radii
                .windows(2)
                .map(|r| RegionShape::CircularAnnulus { center, inner: r[0], outer: r[1] })
                .collect()
        }
        "ellipse" | "box" | "rotbox" => {
            count(p.len() == 4 || (p.len() >= 5 && p.len() % 2 == 1), "x, y, pairs of lengths and an angle")?;
            let center = at(0)?;
            let (last, angle_deg) =
                if p.len() == 4 { (4, 0.0) } else { (p.len() - 1, angle(&p[p.len() - 1])?) };
            let mut sizes =
                (2..last).step_by(2).map(|i| Ok((len(i)?, len(i + 1)?))).collect::<Outcome<Vec<_>>>()?;
            if let (Some(n), 2) = (n_rings, sizes.len()) {
                let (i, o) = (sizes[0], sizes[1]);
                let mix =
                    |k: usize, i: f64, o: f64| if k == n { o } else { i + (o - i) / n as f64 * k as f64 };
                sizes = (0..=n).map(|k| (mix(k, i.0, o.0), mix(k, i.1, o.1))).collect();
            }
            match (word, sizes.len()) {
                ("ellipse", 1) => {
                    vec![RegionShape::Ellipse { center, a: sizes[0].0, b: sizes[0].1, angle_deg }]
                }
                (_, 1) => {
                    let (width, height) = sizes[0];
                    vec![RegionShape::Rectangle { center, width, height, angle_deg }]
                }
                _ => sizes
                    .windows(2)
                    .map(|s| {
                        let (inner, outer) = (s[0], s[1]);
                        if word == "ellipse" {
                            RegionShape::EllipticalAnnulus { center, inner, outer, angle_deg }
                        } else {
                            RegionShape::RectangularAnnulus { center, inner, outer, angle_deg }
                        }
                    })
                    .collect(),
            }
        }
        "polygon" => {
            count(p.len() >= 6 && p.len().is_multiple_of(2), "three pairs x, y or more")?;
            let vertices = (0..p.len()).step_by(2).map(at).collect::<Outcome<Vec<_>>>()?;
            vec![RegionShape::Polygon { vertices }]
        }
        "line" => {
            count(p.len() == 4, "x1, y1, x2, y2")?;
            vec![RegionShape::Line { start: at(0)?, end: at(2)? }]
        }
        "point" | "text" => {
            count(p.len() == 2, "x, y")?;
            let position = at(0)?;
            vec![if word == "text" {
                RegionShape::Text { position }
            } else {
                RegionShape::Point { position }
            }]
        }
        _ => return Err("no shape".to_owned()),
    })
}

fn position(x: &str, y: &str, frame: RegionFrame) -> Outcome<RegionPoint> {
    if frame.is_pixel() {
        let pixel = |t: &str| {
            let number =
                if frame == RegionFrame::Physical { t.strip_suffix('p') } else { t.strip_suffix('i') };
            plain(number.unwrap_or(t))
                .map(|v| v - 1.0)
                .ok_or_else(|| format!("expected {frame} pixels, found '{}'", short(t)))
        };
        return Ok(RegionPoint::new(pixel(x)?, pixel(y)?));
    }
    let equatorial = matches!(frame, RegionFrame::Icrs | RegionFrame::Fk5 | RegionFrame::Fk4);
    let angle = |t: &str, hours: bool| {
        let sexagesimal_hours = || sexagesimal(t, &['h', 'm', 's']).map(|v| v * 15.0);
        let v = if t.contains(':') {
            sexagesimal(t, &[':']).map(|v| if hours { v * 15.0 } else { v })
        } else if let Some(radians) = t.strip_suffix('r') {
            plain(radians).map(f64::to_degrees)
        } else if t.contains('h') {
            sexagesimal_hours()
        } else if let Some(degrees) = t.strip_suffix('d').and_then(plain) {
            Some(degrees)
        } else if t.contains('d') {
            sexagesimal(t, &['d', 'm', 's'])
        } else {
            plain(t)
        };
        v.ok_or_else(|| format!("expected an angle, found '{}'", short(t)))
    };
    let (lon, lat) = (angle(x, equatorial)?, angle(y, false)?);
    if lat.abs() > 90.0 {
        return Err(format!("expected a latitude between -90 and 90 degrees, found {lat}"));
    }
    Ok(RegionPoint::new(wrap(lon), lat))
}

fn length(t: &str, frame: RegionFrame) -> Outcome<f64> {
    if frame.is_pixel() {
        let number = if frame == RegionFrame::Physical { t.strip_suffix('p') } else { t.strip_suffix('i') };
        return plain(number.unwrap_or(t))
            .ok_or_else(|| format!("expected a length in {frame} pixels, found '{}'", short(t)));
    }
    angle(t).map_err(|_| {
        format!("expected a length on the sky (5\", 5', 5d, 5r or degrees), found '{}'", short(t))
    })
}

/// An angle in degrees, with or without unit.
fn angle(t: &str) -> Outcome<f64> {
    let v = match t.chars().last() {
        Some('"') => plain(&t[..t.len() - 1]).map(|v| v / 3600.0),
        Some('\'') => plain(&t[..t.len() - 1]).map(|v| v / 60.0),
        Some('d') => plain(&t[..t.len() - 1]),
        Some('r') => plain(&t[..t.len() - 1]).map(f64::to_degrees),
        _ => plain(t),
    };
    v.ok_or_else(|| format!("expected an angle, found '{}'", short(t)))
}

/// The beginning of a text, for messages.
pub(super) fn short(text: &str) -> String {
    if text.chars().count() <= 40 {
        return text.to_owned();
    }
    text.chars().take(40).collect::<String>() + "..."
}
