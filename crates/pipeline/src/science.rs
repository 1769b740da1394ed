//! The science image of a file and the planes that it brings along.

use std::sync::Arc;

use skyphot_core::tree::Node;
use skyphot_core::{DataQuality, HeaderView};
use skyphot_io::{AsdfFile, FitsFile, HduInfo, HduSelector, Header, ImageFile, PixelType};
use skyphot_wcs::sky::SkyFrame;
use skyphot_wcs::{Gwcs, WcsError};

use crate::{InputSection, PipelineError, Result, SkyMap, fits_wcs};

/// Where everything is.
#[derive(Debug)]
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
        let mut found = match source {
            ImageFile::Fits(file) => Self::of_fits(file, file.image_hdu(image)?)?,
            ImageFile::Asdf(file) => Self::of_asdf(file, file.image_path(image)?)?,
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

    fn of_fits(file: &FitsFile, info: &HduInfo) -> Result<Self> {
        let mut notes = Vec::new();
        let primary = file.hdus().first();
        let jwst = primary.and_then(|h| h.header.get_str("TELESCOP")).is_some_and(|t| t.trim() == "JWST");
        let is_science = info.name.as_ref().is_some_and(|n| n.eq_ignore_ascii_case("SCI"));
        // Planes have the version of their image, except for the one map of areas.
        let plane = |name: &str, any: bool| {
            file.hdus()
                .iter()
                .find(|h| {
                    h.name.as_ref().is_some_and(|n| n.eq_ignore_ascii_case(name))
                        && (any || h.version == info.version)
                        && h.image_shape() == info.image_shape()
                })
                .filter(|_| jwst && is_science)
                .map(|h| HduSelector::Name { name: name.to_owned(), version: Some(h.version) })
        };
        let mut sky = None;
        if jwst && is_science && file.has_asdf() {
            match file.asdf() {
                Ok(tree) => sky = gwcs(tree.tree(), "meta.wcs", &mut notes),
                Err(e) => notes.push(format!("the tree of the file cannot be read: {e}")),
            }
        }
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
        Ok(Self {
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
        })
    }

    fn of_asdf(file: &AsdfFile, path: String) -> Result<Self> {
        let mut notes = Vec::new();
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
        let parent = path.rsplit_once('.').map_or("", |(parent, _)| parent);
        let beside = file.tree().path(parent).and_then(|node| gwcs(node, "meta.wcs", &mut notes));
        let sky = beside.or_else(|| gwcs(file.tree(), "wcs", &mut notes));
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

/// The GWCS at a place of a tree; a note where there is one that cannot be used.
fn gwcs(tree: &Node, place: &str, notes: &mut Vec<String>) -> Option<SkyMap> {
    let node = tree.path(place).filter(|n| !n.is_null())?;
    match Gwcs::from_tree(node) {
        Ok(wcs) => {
            let frame = wcs.frame().unwrap_or(SkyFrame::Icrs);
            Some(SkyMap::new(Arc::new(wcs), frame))
        }
        Err(e) => {
            notes.push(format!("the GWCS of the file cannot be used: {e}"));
            None
        }
    }
}
