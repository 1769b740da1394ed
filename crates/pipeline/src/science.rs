//! The science image of a file and the planes that it brings along.

use std::sync::Arc;

use skyphot_core::tree::Node;
use skyphot_core::{DataQuality, HeaderView};
use skyphot_io::{AsdfFile, FitsFile, HduInfo, HduSelector, Header, ImageFile, PixelType};
use skyphot_wcs::sky::SkyFrame;
use skyphot_wcs::{Gwcs, GwcsSip, GwcsSipConfig, WcsCard, WcsError, WcsValue};

use crate::{InputSection, PipelineError, Result, SkyMap, fits_wcs};

/// Where everything is.
#[derive(Debug, Clone)]
pub(crate) struct Science {
    pub(crate) image: HduSelector,
    pub(crate) pixel_type: PixelType,
    pub(crate) header: Header,
    pub(crate) unit: Option<String>,
    pub(crate) sky: Option<SkyMap>,
    pub(crate) error: Option<HduSelector>,
    pub(crate) dq: Option<HduSelector>,
    pub(crate) area: Option<HduSelector>,
    pub(crate) legend: DataQuality,
    pub(crate) notes: Vec<String>,
}

impl Science {
    pub(crate) fn find(source: &ImageFile, image: &HduSelector, planes: &InputSection) -> Result<Self> {
        let mut notes = Vec::new();
        let graph = match image_gwcs(source, image) {
            Ok(wcs) => wcs,
            Err(e) => {
                notes.push(format!("the GWCS of the file cannot be used: {e}"));
                None
            }
        };
        let mut found = match source {
            ImageFile::Fits(file) => Self::of_fits(file, file.image_hdu(image)?, graph.map(sky_map), notes),
            ImageFile::Asdf(file) => Self::of_asdf(file, file.image_path(image)?, graph, notes)?,
            _ => {
                return Err(PipelineError::value(
                    "file",
                    source.path().display().to_string(),
                    "FITS or ASDF",
                ));
            }
        };
        if planes.ignore_planes {
            (found.error, found.dq) = (None, None);
        }
        Ok(found)
    }

    fn of_fits(file: &FitsFile, info: &HduInfo, mut sky: Option<SkyMap>, mut notes: Vec<String>) -> Self {
        let jwst = is_jwst_science(file, info);
        // Planes have the version of their image, except for the one map of areas.
        let plane = |name: &str, any: bool| {
            file.hdus()
                .iter()
                .find(|h| {
                    h.name.as_ref().is_some_and(|n| n.eq_ignore_ascii_case(name))
                        && (any || h.version == info.version)
                        && h.image_shape() == info.image_shape()
                })
                .filter(|_| jwst)
                .map(|h| HduSelector::Name { name: name.to_owned(), version: Some(h.version) })
        };
        if sky.is_none() {
            sky = match fits_wcs(file, info, None) {
                Ok(wcs) => {
                    notes.extend(wcs.warnings().iter().map(|w| format!("WCS: {w}")));
                    let frame = wcs.frame().unwrap_or(SkyFrame::Icrs);
                    Some(SkyMap::new(Arc::new(wcs), frame))
                }
                Err(PipelineError::Wcs(WcsError::NoCelestialAxes { .. })) => None,
                Err(e) => {
                    notes.push(format!("no ra and dec: the WCS of the header cannot be used: {e}"));
                    None
                }
            };
        }
        Self {
            image: HduSelector::Index(info.index),
            pixel_type: info.pixel_type(),
            header: info.header.clone(),
            unit: info.unit(),
            sky,
            error: plane("ERR", false),
            dq: plane("DQ", false),
            area: plane("AREA", true),
            legend: DataQuality::jwst(),
            notes,
        }
    }

    fn of_asdf(file: &AsdfFile, path: String, graph: Option<Gwcs>, notes: Vec<String>) -> Result<Self> {
        let named = |path: String| HduSelector::Name { name: path, version: None };
        let shape = |path: &str| file.array(path).ok().map(|a| a.shape().to_vec());
        let plane = |name: &str| {
            let other = file.sibling(&path, name).filter(|p| shape(p) == shape(&path))?;
            path.rsplit('.').next().is_some_and(|n| n == "data").then(|| named(other))
        };
        let mut header = Header::new();
        let unit = file.unit(&path);
        if let Some(unit) = &unit {
            header.set("BUNIT", unit.as_str(), "unit of the image")?;
        }
        if let Some(sip) = graph.as_ref().and_then(sip_of) {
            wcs_header(&sip.to_cards()).cards().iter().for_each(|c| header.push(c.clone()));
            header.add_comment(&format!(
                "The WCS is a TAN-SIP in place of the GWCS of the image, good to {:.2e} pixels",
                sip.max_error
            ));
        }
        let sky = graph.map(sky_map);
        Ok(Self {
            pixel_type: file.pixel_type(&path)?,
            error: plane("err"),
            dq: plane("dq"),
            area: plane("area"),
            image: named(path),
            header,
            unit,
            sky,
            legend: DataQuality::roman(),
            notes,
        })
    }
}

/// The GWCS that belongs to an image: that of the tree of an ASDF file, or of the tree in a JWST file for its `SCI`
/// images. `None` where there is none, an error where there is one that cannot be used.
///
/// # Errors
/// [`PipelineError::Io`] for an image that is not there or a tree that cannot be read, [`PipelineError::Wcs`].
pub fn image_gwcs(file: &ImageFile, image: &HduSelector) -> Result<Option<Gwcs>> {
    let (tree, shape) = match file {
        ImageFile::Asdf(file) => {
            // A file may hold nothing but a GWCS.
            let shape = file.image_path(image).ok().and_then(|p| match file.array(&p).ok()?.shape() {
                [ny, nx] => Some((*ny, *nx)),
                _ => None,
            });
            (file.tree().clone(), shape)
        }
        ImageFile::Fits(file) => {
            let Ok(info) = file.image_hdu(image) else { return Ok(None) };
            if !is_jwst_science(file, info) || !file.has_asdf() {
                return Ok(None);
            }
            (file.asdf()?.tree().clone(), info.image_shape())
        }
        _ => return Ok(None),
    };
    let Some(node) = first_gwcs(&tree) else { return Ok(None) };
    let wcs = Gwcs::from_tree(node)?;
    Ok(Some(match shape {
        Some(shape) if wcs.shape().is_none() => wcs.with_shape(shape),
        _ => wcs,
    }))
}

/// The first `gwcs/wcs` node of a tree.
fn first_gwcs(node: &Node) -> Option<&Node> {
    if node.is("gwcs/wcs") {
        return Some(node);
    }
    match (node.as_map(), node.as_seq()) {
        (Some(map), _) => map.entries().iter().find_map(|(_, v)| first_gwcs(v)),
        (_, Some(items)) => items.iter().find_map(first_gwcs),
        _ => None,
    }
}

fn is_jwst_science(file: &FitsFile, info: &HduInfo) -> bool {
    let telescope = file.hdus().first().and_then(|h| h.header.get_str("TELESCOP"));
    telescope.is_some_and(|t| t.trim() == "JWST")
        && info.name.as_ref().is_some_and(|n| n.eq_ignore_ascii_case("SCI"))
}

fn sky_map(wcs: Gwcs) -> SkyMap {
    let frame = wcs.frame().unwrap_or(SkyFrame::Icrs);
    SkyMap::new(Arc::new(wcs), frame)
}

/// The FITS system for maps that go with an image: good to 0.01 pixels if one is, else to 0.25.
fn sip_of(wcs: &Gwcs) -> Option<GwcsSip> {
    let fine =
        GwcsSipConfig { max_pix_error: 0.01, max_inv_pix_error: Some(0.01), ..GwcsSipConfig::default() };
    wcs.to_fits_sip(&fine).or_else(|_| wcs.to_fits_sip(&GwcsSipConfig::default())).ok()
}

/// The cards of a system as a header.
#[must_use]
pub fn wcs_header(cards: &[WcsCard]) -> Header {
    let mut header = Header::new();
    for c in cards {
        // Keywords and values of a system are such that FITS can hold them.
        let _ = match &c.value {
            WcsValue::Text(t) => header.set(&c.key, t.as_str(), &c.comment),
            WcsValue::Integer(i) => header.set(&c.key, *i, &c.comment),
            WcsValue::Number(v) => header.set(&c.key, *v, &c.comment),
        };
    }
    header
}
