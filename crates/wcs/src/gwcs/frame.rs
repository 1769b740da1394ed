//! Coordinate frames of a graph.

use skyphot_core::tree::Node;

use super::parse::Reader;
use super::unit::Unit;
use crate::{Result, SkyFrame};

/// Most axes of a frame.
const MAX_AXES: usize = 64;

/// The coordinates before or after a step of a [`Gwcs`](crate::Gwcs).
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "CoordinateFrame")]
pub struct GwcsFrame {
    name: String,
    pub(crate) units: Vec<Option<Unit>>,
    unit_names: Vec<String>,
    /// Positions of longitude and latitude among the axes, if the frame has them.
    pub(crate) celestial: Option<[usize; 2]>,
    sky: Option<SkyFrame>,
}

impl GwcsFrame {
    /// Name of the frame (`detector`, `v2v3`, `world`).
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Units of the axes as the file writes them; empty if it says nothing.
    #[must_use]
    pub fn units(&self) -> &[String] {
        &self.unit_names
    }

    /// The axes hold a longitude and a latitude.
    #[must_use]
    pub fn is_celestial(&self) -> bool {
        self.celestial.is_some()
    }

    /// The celestial reference frame, `None` if there is none or none that can be converted.
    #[must_use]
    #[doc(alias = "reference_frame")]
    pub fn sky_frame(&self) -> Option<SkyFrame> {
        self.sky
    }

    /// Reads a frame, or a bare name.
    pub(crate) fn read(r: &Reader, node: &Node) -> Result<Self> {
        let bare = |name: &str| Self {
            name: name.to_owned(),
            units: Vec::new(),
            unit_names: Vec::new(),
            celestial: None,
            sky: None,
        };
        if let Some(name) = node.as_str() {
            let mut out = bare(name);
            if name.eq_ignore_ascii_case("icrs") {
                out.celestial = Some([0, 1]);
                out.sky = Some(SkyFrame::Icrs);
            }
            return Ok(out);
        }
        if node.is_null() {
            return Ok(bare(""));
        }
        let name = node.get("name").and_then(Node::as_str).unwrap_or_default();
        let mut out = bare(name);
        let parts = match node.get("frames").and_then(Node::as_seq) {
            Some(parts) if parts.len() > MAX_AXES => {
                return Err(r.invalid(format!("frames: expected at most {MAX_AXES}")));
            }
            Some(parts) => parts,
            None => std::slice::from_ref(node),
        };
        let mut placed: Vec<(usize, Option<Unit>, String)> = Vec::new();
        for part in parts {
            out.add(r, part, &mut placed)?;
        }
        placed.sort_by_key(|p| p.0);
        out.units = placed.iter().map(|p| p.1).collect();
        out.unit_names = placed.into_iter().map(|p| p.2).collect();
        Ok(out)
    }

    fn add(
        &mut self,
        r: &Reader,
        node: &Node,
        placed: &mut Vec<(usize, Option<Unit>, String)>,
    ) -> Result<()> {
        let celestial = node.is("celestial_frame");
        let order: Vec<usize> = match node.get("axes_order").and_then(Node::as_seq) {
            Some(s) => s.iter().filter_map(Node::as_usize).collect(),
            None => (0..if celestial || node.is("frame2d") { 2 } else { 0 }).collect(),
        };
        if order.len() > MAX_AXES || order.iter().any(|i| *i >= MAX_AXES) {
            return Err(r.invalid(format!("axes_order: expected indices below {MAX_AXES}, found {order:?}")));
        }
        if let Some(units) = node.get("unit").and_then(Node::as_seq) {
            for (k, u) in units.iter().enumerate().take(MAX_AXES) {
                let text = u.as_str().unwrap_or_default();
                let at = order.get(k).copied().unwrap_or(k);
                placed.push((at, Unit::parse(text).filter(|u| *u != Unit::NONE), text.to_owned()));
            }
        }
        if celestial {
            let [lon, lat, ..] = order[..] else {
                return Err(r.invalid("axes_order: expected two celestial axes"));
            };
            if lon == lat {
                return Err(r.invalid("axes_order: longitude and latitude are the same axis"));
            }
            self.celestial = Some([lon, lat]);
            self.sky = node.get("reference_frame").and_then(sky_frame);
        }
        Ok(())
    }
}

fn sky_frame(node: &Node) -> Option<SkyFrame> {
    let tag = node.tag()?;
    let equinox = |default: f64| match node.path("frame_attributes.equinox") {
        None => Some(default),
        Some(n) => year(n),
    };
    Some(match tag.short() {
        "icrs" => SkyFrame::Icrs,
        "fk5" => SkyFrame::Fk5 { equinox: equinox(2000.0)? },
        "fk4" => SkyFrame::Fk4 { equinox: equinox(1950.0)? },
        "fk4noeterms" => SkyFrame::Fk4NoETerms { equinox: equinox(1950.0)? },
        "galactic" => SkyFrame::Galactic,
        "barycentricmeanecliptic" => SkyFrame::Ecliptic { equinox: equinox(2000.0)? },
        _ => return None,
    })
}

/// The year of an epoch such as `J2000.000`, bare or as the value of a mapping.
fn year(node: &Node) -> Option<f64> {
    let node = node.get("value").unwrap_or(node);
    let year = match node.as_str() {
        Some(text) => text.trim().trim_start_matches(['J', 'B']).parse().ok()?,
        None => node.as_f64()?,
    };
    (1000.0..3000.0).contains(&year).then_some(year)
}
