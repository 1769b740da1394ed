//! Writing CASA region files.

use skyphot_core::region::{PointSymbol, Region, RegionFrame, RegionMeta, RegionPoint, RegionShape};

use super::RegionFormat;
use super::crtf::{KEYS, sign};
use super::number::angular_length;
use crate::{IoError, Result};

pub(super) fn format(regions: &[Region]) -> Result<String> {
    let mut out = "#CRTFv0 CASA Region Text Format version 0\n".to_owned();
    for r in regions {
        let annotation = if r.meta.property("type") == Some("ann") { "ann " } else { "" };
        let minus = if r.include { "" } else { "-" };
        let mut parts = vec![format!("{minus}{annotation}{}", shape(r)?)];
        parts.extend(coord(r.frame)?.map(|c| format!("coord={c}")));
        properties(&r.meta, matches!(r.shape, RegionShape::Text { .. }), &mut parts);
        out += &parts.join(", ");
        out.push('\n');
    }
    Ok(out)
}

fn unsupported<T>(what: String) -> Result<T> {
    Err(IoError::Unsupported { format: RegionFormat::Crtf.name(), what })
}

fn coord(frame: RegionFrame) -> Result<Option<&'static str>> {
    Ok(Some(match frame {
        RegionFrame::Image => return Ok(None),
        RegionFrame::Fk5 => "J2000",
        RegionFrame::Fk4 => "B1950",
        RegionFrame::Icrs => "ICRS",
        RegionFrame::Galactic => "GALACTIC",
        RegionFrame::Supergalactic => "SUPERGAL",
        RegionFrame::TrueEcliptic => "ECLIPTIC",
        other => return unsupported(format!("the frame {other}")),
    }))
}

fn shape(r: &Region) -> Result<String> {
    let pixel = r.frame.is_pixel();
    let at = |p: &RegionPoint| {
        if pixel { format!("[{}pix, {}pix]", p.x, p.y) } else { format!("[{}deg, {}deg]", p.x, p.y) }
    };
    let len = |v: f64| if pixel { format!("{v}pix") } else { angular_length(v, "arcsec", "deg") };
    let pair = |a: f64, b: f64| format!("[{}, {}]", len(a), len(b));
    Ok(match &r.shape {
        RegionShape::Circle { center, radius } => format!("circle[{}, {}]", at(center), len(*radius)),
        RegionShape::Ellipse { center, a, b, angle_deg } => {
            format!("ellipse[{}, {}, {angle_deg}deg]", at(center), pair(*b, *a))
        }
        RegionShape::Rectangle { center, width, height, angle_deg } => {
            format!("rotbox[{}, {}, {angle_deg}deg]", at(center), pair(*width, *height))
        }
        RegionShape::CircularAnnulus { center, inner, outer } => {
            format!("annulus[{}, {}]", at(center), pair(*inner, *outer))
        }
        RegionShape::Polygon { vertices } => {
            format!("poly[{}]", vertices.iter().map(at).collect::<Vec<_>>().join(", "))
        }
        RegionShape::Line { start, end } => format!("line[{}, {}]", at(start), at(end)),
        RegionShape::Point { position } => {
            format!("symbol[{}, {}]", at(position), sign(r.meta.symbol.unwrap_or(PointSymbol::Sign('.'))))
        }
        RegionShape::Text { position } => {
            format!("text[{}, {}]", at(position), quoted(r.meta.text.as_deref().unwrap_or("")))
        }
        other => return unsupported(format!("the shape {}", other.name())),
    })
}

fn properties(m: &RegionMeta, is_text: bool, out: &mut Vec<String>) {
    out.extend(m.text.iter().filter(|_| !is_text).map(|t| format!("label={}", quoted(t))));
    out.extend(m.color.as_ref().map(|c| format!("color={}", plain(c))));
    out.extend(m.width.map(|w| format!("linewidth={w}")));
    out.extend(m.symbol_size.map(|s| format!("symsize={s}")));
    if let Some(f) = &m.font {
        let style = match (f.bold, f.italic) {
            (false, false) => "normal",
            (true, false) => "bold",
            (false, true) => "italic",
            (true, true) => "bolditalic",
        };
        out.push(format!("font={}, fontsize={}, fontstyle={style}", plain(&f.family), f.size));
    }
    if let (Some(dash), None) = (m.dash, m.property("linestyle")) {
        out.push(format!("linestyle={}", if dash { "--" } else { "-" }));
    }
    for (k, v) in m.properties.iter().filter(|(k, _)| KEYS.contains(&k.as_str())) {
        if !matches!(k.as_str(), "type" | "coord") {
            out.push(if v.starts_with('[') {
                format!("{k}={}", v.replace(['\n', '\r'], " "))
            } else {
                format!("{k}={}", plain(v))
            });
        }
    }
}

/// Without what would end the value.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, ',' | '[' | ']' | '\'' | '"' | '\n' | '\r')).collect()
}

/// In quotes that the text does not contain.
fn quoted(text: &str) -> String {
    let t = text.replace(['\n', '\r'], " ");
    if t.contains('\'') { format!("\"{}\"", t.replace('"', "'")) } else { format!("'{t}'") }
}
