//! What one HDU of a FITS file is.

use std::fmt;

use skyphot_core::HeaderView;

use super::cfitsio::{RawHdu, RawKind};
use super::output::is_structural;
use crate::kernel::decode::Scaling;
use crate::{Card, CardValue, Header};

/// Kinds of HDUs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HduKind {
    /// An image, tile-compressed or not; it may have no pixels.
    Image,
    /// A binary table.
    BinaryTable,
    /// A table of text.
    AsciiTable,
    /// Random groups (radio interferometry), which are listed but not read.
    RandomGroups,
}

/// The type an image is stored as in memory by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PixelType {
    /// 32 bits: for BITPIX 8, 16 and -32.
    F32,
    /// 64 bits: for BITPIX 32, 64 and -64.
    F64,
}

/// One HDU: kind, name, shape and header.
#[derive(Debug, Clone, PartialEq)]
pub struct HduInfo {
    /// Number, 0 = primary.
    pub index: usize,
    /// Kind.
    pub kind: HduKind,
    /// EXTNAME, if there is one.
    pub name: Option<String>,
    /// EXTVER, 1 if not given.
    pub version: i64,
    /// Length of the axes in the order of arrays, slowest first: `[ny, nx]` for images, `[rows, bytes per row]` for
    /// tables. Empty if there are no data.
    pub shape: Vec<usize>,
    /// BITPIX: 8, 16, 32, 64 (integers), -32, -64 (floats).
    pub bitpix: i64,
    /// The image is tile-compressed. Its header is that of the image it stands for.
    pub compressed: bool,
    /// All cards.
    pub header: Header,
    /// Where the data start.
    pub(crate) data_start: u64,
    /// Bytes of data without padding, by the header.
    pub(crate) data_len: u128,
}

impl HduInfo {
    /// Takes over what cfitsio found and checks the keywords that sizes depend on.
    pub(super) fn new(index: usize, raw: RawHdu) -> Result<Self, String> {
        let stored = Header::parse(&raw.header);
        // What the file holds, and, of a compressed image, what it stands for.
        let (bitpix, shape) = axes(&stored)?;
        let groups = raw.kind == RawKind::Image
            && stored.get_bool("GROUPS") == Some(true)
            && shape.last().is_some_and(|&n| n == 0);
        let count = |key, default: i64| u128::try_from(stored.get_i64(key).unwrap_or(default)).unwrap_or(0);
        let mut size = u128::from(!shape.is_empty());
        for &n in shape.iter().take(shape.len() - usize::from(groups)) {
            size = size.saturating_mul(n as u128);
        }
        let data_len = (size.saturating_add(if shape.is_empty() { 0 } else { count("PCOUNT", 0) }))
            .saturating_mul(count("GCOUNT", 1))
            .saturating_mul(bitpix.unsigned_abs() as u128 / 8);
        let name = stored.get_str("EXTNAME").map(|s| s.trim().to_owned()).filter(|s| !s.is_empty());
        let header = if raw.compressed { uncompressed(&stored) } else { stored };
        let (bitpix, shape) = if raw.compressed { axes(&header)? } else { (bitpix, shape) };
        Ok(Self {
            index,
            kind: match raw.kind {
                _ if groups => HduKind::RandomGroups,
                RawKind::Image => HduKind::Image,
                RawKind::AsciiTable => HduKind::AsciiTable,
                RawKind::BinaryTable => HduKind::BinaryTable,
            },
            name,
            version: header.get_i64("EXTVER").unwrap_or(1),
            shape,
            bitpix,
            compressed: raw.compressed,
            header,
            data_start: raw.data_start,
            data_len,
        })
    }

    /// A table, binary or ASCII.
    #[must_use]
    pub fn is_table(&self) -> bool {
        matches!(self.kind, HduKind::BinaryTable | HduKind::AsciiTable)
    }

    /// The image has pixels.
    #[must_use]
    pub fn has_pixels(&self) -> bool {
        self.kind == HduKind::Image && !self.shape.is_empty() && self.shape.iter().all(|&n| n > 0)
    }

    /// `(ny, nx)` of a two-dimensional image. Axes of length 1 do not count: `[1, 1, 48, 60]` is 48 x 60.
    #[must_use]
    pub fn image_shape(&self) -> Option<(usize, usize)> {
        if !self.has_pixels() || self.shape.len() < 2 {
            return None;
        }
        let (front, last) = self.shape.split_at(self.shape.len() - 2);
        if front.iter().all(|&n| n == 1) {
            return Some((last[0], last[1]));
        }
        let long: Vec<usize> = self.shape.iter().copied().filter(|&n| n > 1).collect();
        match long[..] {
            [ny, nx] => Some((ny, nx)),
            _ => None,
        }
    }

    /// The type the pixels are stored as by default: `f32` for BITPIX 8, 16 and -32, `f64` for 32, 64 and -64.
    #[must_use]
    pub fn pixel_type(&self) -> PixelType {
        match self.bitpix {
            8 | 16 | -32 => PixelType::F32,
            _ => PixelType::F64,
        }
    }

    /// BUNIT, without blanks around it.
    #[must_use]
    pub fn unit(&self) -> Option<String> {
        self.header.get_str("BUNIT").map(|s| s.trim().to_owned()).filter(|s| !s.is_empty())
    }

    pub(crate) fn scaling(&self) -> Scaling {
        let h = &self.header;
        Scaling {
            bscale: h.get_f64("BSCALE").unwrap_or(Scaling::NONE.bscale),
            bzero: h.get_f64("BZERO").unwrap_or(Scaling::NONE.bzero),
            blank: if self.bitpix > 0 { h.get_i64("BLANK") } else { None },
        }
    }

    /// What the HDU holds, in words: `image of shape (48, 60), float32`.
    #[must_use]
    pub fn description(&self) -> String {
        match self.kind {
            HduKind::Image if self.shape.is_empty() => "header without data".to_owned(),
            HduKind::Image => {
                let shape = self.shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                let bits = self.bitpix.unsigned_abs();
                format!(
                    "{}-D image of shape ({shape}), {}{bits}{}",
                    self.shape.len(),
                    if self.bitpix < 0 { "float" } else { "int" },
                    if self.compressed { ", tile-compressed" } else { "" }
                )
            }
            HduKind::BinaryTable | HduKind::AsciiTable => format!(
                "{}table of {} rows and {} columns",
                if self.kind == HduKind::AsciiTable { "ASCII " } else { "" },
                self.shape.first().unwrap_or(&0),
                self.header.get_i64("TFIELDS").unwrap_or(0)
            ),
            HduKind::RandomGroups => "random groups".to_owned(),
        }
    }
}

/// BITPIX and the lengths of all axes, slowest first.
fn axes(header: &Header) -> Result<(i64, Vec<usize>), String> {
    let need = |key: &str| {
        header.get_i64(key).ok_or_else(|| {
            let found = header.get_str(key).unwrap_or_else(|| "nothing".to_owned());
            format!("expected a whole number for {key}, found {found}")
        })
    };
    let bitpix = need("BITPIX")?;
    if !matches!(bitpix, 8 | 16 | 32 | 64 | -32 | -64) {
        return Err(format!("expected BITPIX 8, 16, 32, 64, -32 or -64, found {bitpix}"));
    }
    let naxis = need("NAXIS")?;
    if !(0..=999).contains(&naxis) {
        return Err(format!("expected NAXIS between 0 and 999, found {naxis}"));
    }
    let mut shape = Vec::new();
    for i in (1..=naxis).rev() {
        let key = format!("NAXIS{i}");
        let n = need(&key)?;
        shape.push(usize::try_from(n).map_err(|_| format!("expected {key} >= 0, found {n}"))?);
    }
    Ok((bitpix, shape))
}

/// The header of the image that a compressed one stands for: ZBITPIX, ZNAXIS ... take the place of BITPIX, NAXIS ...,
/// and what describes the table of tiles goes.
fn uncompressed(stored: &Header) -> Header {
    let mut out = Header::new();
    for card in stored.cards() {
        let key = card.keyword();
        let numbered = |p: &str| {
            key.strip_prefix(p).is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        };
        let new = match key {
            // The image was a primary HDU before it was compressed.
            "XTENSION" if stored.card("ZSIMPLE").is_some() => Card::new("SIMPLE", true, "").ok(),
            "XTENSION" => Card::new("XTENSION", "IMAGE", "").ok(),
            "ZBITPIX" | "ZNAXIS" => card.renamed(&key[1..]),
            "ZHECKSUM" => card.renamed("CHECKSUM"),
            "ZDATASUM" => card.renamed("DATASUM"),
            _ if numbered("ZNAXIS") => card.renamed(&key[1..]),
            "EXTNAME" if card.value() == &CardValue::Str("COMPRESSED_IMAGE".to_owned()) => None,
            "BSCALE" | "BZERO" | "BLANK" | "DATAMIN" | "DATAMAX" | "EXTEND" => Some(card.clone()),
            _ if is_structural(key) => None,
            _ => Some(card.clone()),
        };
        if let Some(card) = new {
            out.push(card);
        }
    }
    out
}

/// `1 [SCI,1]: 2-D image of shape (48, 60), float32`.
impl fmt::Display for HduInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.index)?;
        if let Some(name) = &self.name {
            write!(f, " [{name},{}]", self.version)?;
        }
        write!(f, ": {}", self.description())
    }
}
