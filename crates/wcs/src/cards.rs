//! Writing a [`Wcs`] as keywords.

use crate::Wcs;
use crate::plane::PlaneDistortion;

/// A value of a header card.
#[derive(Debug, Clone, PartialEq)]
pub enum WcsValue {
    /// Text, to be quoted.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
}

/// A header card.
#[derive(Debug, Clone, PartialEq)]
pub struct WcsCard {
    /// Keyword.
    pub key: String,
    /// Value.
    pub value: WcsValue,
    /// Comment.
    pub comment: String,
}

struct Writer {
    alt: String,
    cards: Vec<WcsCard>,
}

impl Writer {
    fn push(&mut self, key: String, value: WcsValue, comment: &str) {
        self.cards.push(WcsCard { key, value, comment: comment.to_owned() });
    }

    fn number(&mut self, base: &str, v: f64, comment: &str) {
        self.push(format!("{base}{}", self.alt), WcsValue::Number(v), comment);
    }

    fn text(&mut self, base: &str, v: &str, comment: &str) {
        self.push(format!("{base}{}", self.alt), WcsValue::Text(v.to_owned()), comment);
    }
}

impl Wcs {
    /// The keywords of this system, with the suffix of the alternate it was read from. `CDi_j` holds the linear part.
    /// Lookup tables cannot be written as keywords: they are left out.
    #[must_use]
    #[doc(alias = "to_header")]
    pub fn to_cards(&self) -> Vec<WcsCard> {
        let mut w = Writer { alt: self.meta.alt.map(String::from).unwrap_or_default(), cards: Vec::new() };
        let (lon, lat) = if self.meta.latitude_first { (2, 1) } else { (1, 2) };
        let key = format!("WCSAXES{}", w.alt);
        w.push(key, WcsValue::Integer(2), "Number of coordinate axes");
        if let Some(name) = &self.meta.name {
            w.text("WCSNAME", name, "Name of the coordinate system");
        }
        w.number("CRPIX1", self.crpix[0], "Reference pixel");
        w.number("CRPIX2", self.crpix[1], "Reference pixel");
        for axis in [1, 2] {
            let row = if axis == lon { 0 } else { 1 };
            w.number(&format!("CD{axis}_1"), self.cd[row][0], "[deg] Coordinate transformation matrix");
            w.number(&format!("CD{axis}_2"), self.cd[row][1], "[deg] Coordinate transformation matrix");
        }
        let ctype = self.ctype();
        for axis in [1, 2] {
            let i = usize::from(axis != lon);
            w.text(&format!("CUNIT{axis}"), "deg", "Unit of the coordinate");
            w.text(&format!("CTYPE{axis}"), &ctype[i], "Type of the coordinate");
            w.number(&format!("CRVAL{axis}"), self.meta.crval[i], "[deg] Coordinate of the reference pixel");
        }
        self.write_projection(&mut w, lon, lat);
        w.number("LONPOLE", self.meta.lonpole, "[deg] Native longitude of the celestial pole");
        w.number("LATPOLE", self.meta.latpole, "[deg] Native latitude of the celestial pole");
        if let Some(r) = &self.meta.radesys {
            w.text("RADESYS", r, "Reference system");
        }
        if let Some(e) = self.meta.equinox {
            w.number("EQUINOX", e, "[yr] Equinox of the coordinates");
        }
        self.write_sip(&mut w);
        w.cards
    }

    fn write_projection(&self, w: &mut Writer, lon: usize, lat: usize) {
        match &self.plane {
            Some(PlaneDistortion::Tpv(t)) => {
                for (axis, pv) in [(lon, &t.pv[0]), (lat, &t.pv[1])] {
                    for (m, v) in pv {
                        w.number(&format!("PV{axis}_{m}"), *v, "Distortion of the projection plane");
                    }
                }
            }
            Some(PlaneDistortion::Tnx(s)) => {
                let zpx = self.meta.code == "ZPX";
                for (axis, name, cor, surface) in
                    [(lon, "ra", "lngcor", &s[0]), (lat, "dec", "latcor", &s[1])]
                {
                    let mut text = format!("wtype={} axtype={name} ", if zpx { "zpx" } else { "tnx" });
                    if zpx {
                        for (m, v) in self.projection.parameters() {
                            text.push_str(&format!("projp{m}={v:?} "));
                        }
                    }
                    if let Some(surface) = surface {
                        text.push_str(&format!("{cor} = \"{}\"", surface.text));
                    }
                    // Pieces of 68 characters; blanks at the end of one would be lost, so they are moved.
                    let chars: Vec<char> = text.chars().collect();
                    let mut at = 0;
                    let mut piece = 1;
                    while at < chars.len() {
                        let end = (at + 68).min(chars.len());
                        let part: String = chars[at..end].iter().collect();
                        let key = format!("WAT{axis}_{piece:03}");
                        w.push(key, WcsValue::Text(part), "");
                        at = end;
                        piece += 1;
                    }
                }
                return;
            }
            None => {}
        }
        for (m, v) in &self.meta.lon_parameters {
            w.number(&format!("PV{lon}_{m}"), *v, "Projection parameter");
        }
        for (m, v) in self.projection.parameters() {
            w.number(&format!("PV{lat}_{m}"), *v, "Projection parameter");
        }
    }

    fn write_sip(&self, w: &mut Writer) {
        let Some(s) = &self.sip else { return };
        let mut sets = vec![("A", "SIP, detector to sky", &s.a), ("B", "SIP, detector to sky", &s.b)];
        if let Some((ap, bp)) = &s.inverse {
            sets.push(("AP", "SIP, sky to detector", ap));
            sets.push(("BP", "SIP, sky to detector", bp));
        }
        for (name, comment, p) in sets {
            // Readers take orders below 2 for no distortion.
            let order = p.degree().max(2) as i64;
            w.push(format!("{name}_ORDER"), WcsValue::Integer(order), "Order of the polynomial");
            for (i, j, v) in p.terms() {
                w.push(format!("{name}_{i}_{j}"), WcsValue::Number(v), comment);
            }
        }
    }
}
