//! Writing DS9 region files.

use skyphot_core::region::{PointSymbol, Region, RegionFrame, RegionMeta, RegionPoint, RegionShape};

use super::RegionFormat;
use super::crtf::KEYS as CRTF_KEYS;
use super::number::angular_length;
use crate::{IoError, Result};

pub(super) fn format(regions: &[Region]) -> Result<String> {
    let mut out = "# Region file format: DS9 version 4.1\n".to_owned();
    let properties: Vec<Vec<String>> = regions.iter().map(|r| looks(&r.meta)).collect();
    // What all regions share is said once.
    let shared: Vec<String> = match properties.split_first() {
        Some((first, others)) if !others.is_empty() => {
            first.iter().filter(|p| others.iter().all(|o| o.contains(p))).cloned().collect()
        }
        _ => Vec::new(),
    };
    if !shared.is_empty() {
        out += &format!("global {}\n", shared.join(" "));
    }
    let mut frame = None;
    for (region, own) in regions.iter().zip(&properties) {
        if frame != Some(region.frame) {
            frame = Some(region.frame);
            out += frame_name(region.frame)?;
            out.push('\n');
        }
        let mut own: Vec<String> = own.iter().filter(|p| !shared.contains(p)).cloned().collect();
        own.extend(region.meta.text.iter().map(|t| format!("text={}", quoted(t))));
        own.extend(region.meta.tags.iter().map(|t| format!("tag={}", quoted(t))));
        own.extend(region.meta.comment.iter().map(|c| line_of(c)));
        let sign = if region.include { "" } else { "-" };
        let shape = shape(&region.shape, region.frame)?;
        let hidden = matches!(region.shape, RegionShape::Text { .. }) && region.include;
        out += &match (hidden, own.is_empty()) {
            (true, _) => format!("# {shape} {}", own.join(" ")).trim_end().to_owned(),
            (false, true) => format!("{sign}{shape}"),
            (false, false) => format!("{sign}{shape} # {}", own.join(" ")),
        };
        out.push('\n');
    }
    Ok(out)
}

fn frame_name(frame: RegionFrame) -> Result<&'static str> {
    match frame {
        RegionFrame::TrueEcliptic | RegionFrame::Supergalactic => {
            let what = format!("the frame {frame}");
            Err(IoError::Unsupported { format: RegionFormat::Ds9.name(), what })
        }
        f => Ok(f.name()),
    }
}

fn shape(shape: &RegionShape, frame: RegionFrame) -> Result<String> {
    let at = |p: &RegionPoint| {
        if frame.is_pixel() { format!("{},{}", p.x + 1.0, p.y + 1.0) } else { format!("{},{}", p.x, p.y) }
    };
    let len = |v: f64| if frame.is_pixel() { format!("{v}") } else { angular_length(v, "\"", "d") };
    let pair = |p: (f64, f64)| format!("{},{}", len(p.0), len(p.1));
    Ok(match shape {
        RegionShape::Circle { center, radius } => format!("circle({},{})", at(center), len(*radius)),
        RegionShape::Ellipse { center, a, b, angle_deg } => {
            format!("ellipse({},{},{angle_deg})", at(center), pair((*a, *b)))
        }
        RegionShape::Rectangle { center, width, height, angle_deg } => {
            format!("box({},{},{angle_deg})", at(center), pair((*width, *height)))
        }
        RegionShape::CircularAnnulus { center, inner, outer } => {
            format!("annulus({},{})", at(center), pair((*inner, *outer)))
        }
        RegionShape::EllipticalAnnulus { center, inner, outer, angle_deg } => {
            format!("ellipse({},{},{},{angle_deg})", at(center), pair(*inner), pair(*outer))
        }
        RegionShape::RectangularAnnulus { center, inner, outer, angle_deg } => {
            format!("box({},{},{},{angle_deg})", at(center), pair(*inner), pair(*outer))
        }
        RegionShape::Polygon { vertices } => {
            format!("polygon({})", vertices.iter().map(at).collect::<Vec<_>>().join(","))
        }
        RegionShape::Line { start, end } => format!("line({},{})", at(start), at(end)),
        RegionShape::Point { position } => format!("point({})", at(position)),
        RegionShape::Text { position } => format!("text({})", at(position)),
        other => {
            let what = format!("the shape {}", other.name());
            return Err(IoError::Unsupported { format: RegionFormat::Ds9.name(), what });
        }
    })
}

/// Properties that may be global.
fn looks(m: &RegionMeta) -> Vec<String> {
    let mut out = Vec::new();
    out.extend(m.color.as_ref().map(|c| format!("color={}", word(c))));
    out.extend(m.width.map(|w| format!("width={w}")));
    out.extend(m.dash.map(|d| format!("dash={}", u8::from(d))));
    if !m.dash_list.is_empty() {
        let lengths: Vec<String> = m.dash_list.iter().map(|d| format!("{d}")).collect();
        out.push(format!("dashlist={}", lengths.join(" ")));
    }
    out.extend(m.font.as_ref().map(|f| format!("font=\"{}\"", line_of(&f.to_string()).replace('"', ""))));
    out.extend(m.symbol.and_then(symbol).map(|s| match m.symbol_size {
        Some(size) => format!("point={s} {}", size.round()),
        None => format!("point={s}"),
    }));
    out.extend(m.fill.map(|f| format!("fill={}", u8::from(f))));
    for (k, v) in &m.properties {
        if CRTF_KEYS.contains(&k.as_str()) || k.is_empty() || !k.bytes().all(|b| b.is_ascii_alphanumeric()) {
            continue;
        }
        let plain = !v.is_empty() && v.bytes().all(|b| b.is_ascii_digit() || b" .+-".contains(&b));
        out.push(format!("{k}={}", if plain { line_of(v) } else { quoted(v) }));
    }
    out
}

fn symbol(s: PointSymbol) -> Option<&'static str> {
    Some(match s {
        PointSymbol::Circle => "circle",
        PointSymbol::Box => "box",
        PointSymbol::Diamond => "diamond",
        PointSymbol::Cross => "cross",
        PointSymbol::X => "x",
        PointSymbol::Arrow => "arrow",
        PointSymbol::BoxCircle => "boxcircle",
        _ => return None,
    })
}

/// One line without line breaks.
fn line_of(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// A word as it is, anything else in quotes.
fn word(text: &str) -> String {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"#_".contains(&b));
    if plain { text.to_owned() } else { quoted(text) }
}

/// A text in the first kind of quotes that it does not contain.
fn quoted(text: &str) -> String {
    let t = line_of(text);
    for (open, close) in [('{', '}'), ('"', '"'), ('\'', '\'')] {
        if !t.contains(close) {
            return format!("{open}{t}{close}");
        }
    }
    format!("{{{}}}", t.replace('}', ")"))
}
