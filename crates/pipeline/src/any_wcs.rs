//! The world coordinate system of a file, whatever kind it is.

use std::sync::Arc;

use skyphot_io::{FileSpec, FitsFile, HduSelector, ImageFile, IoError, read_headers};
use skyphot_wcs::sky::SkyFrame;
use skyphot_wcs::{Gwcs, Wcs};

use crate::{PipelineError, Result, SkyMap, fits_wcs, image_gwcs};

/// The world coordinate system of an image.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum AnyWcs {
    /// That of a FITS header.
    Fits {
        /// The system.
        wcs: Box<Wcs>,
        /// `(ny, nx)` of the image.
        shape: Option<(usize, usize)>,
        /// Nominal area of a pixel that the header states (`PIXAR_SR`), steradians.
        pixel_area: Option<f64>,
    },
    /// A graph of transforms.
    Gwcs {
        /// The graph.
        wcs: Box<Gwcs>,
        /// Nominal area of a pixel that the file states, steradians.
        pixel_area: Option<f64>,
    },
}

impl AnyWcs {
    /// Opens the system of `FILE` or `FILE[EXT]`: a FITS image, a JWST or Roman exposure, any ASDF file with a GWCS, or
    /// [cards in a text file](read_headers) (SCAMP's `.head`; `FILE[2]` is the second header there). `key` picks an
    /// alternate one. Without `[EXT]` it is that of the science image, or of the first HDU that has one.
    ///
    /// # Errors
    /// [`PipelineError::Io`], [`PipelineError::NoWcs`] for a file without one, [`PipelineError::Wcs`] for one that cannot
    /// be used.
    pub fn open(file: &str, key: Option<char>) -> Result<Self> {
        let spec = FileSpec::parse(file);
        let image = match ImageFile::open(&spec.path) {
            Ok(image) => image,
            Err(e @ (IoError::NotAnImage { .. } | IoError::Fits { hdu: 0, .. })) => {
                return match read_headers(&spec.path) {
                    Ok(headers) => Self::of_text(file, &headers, &spec.hdu, key),
                    Err(_) => Err(e.into()),
                };
            }
            Err(e) => return Err(e.into()),
        };
        let pixel_area = stated_pixel_area(&image, &spec.hdu);
        if key.is_none()
            && let Some(wcs) = image_gwcs(&image, &spec.hdu)?
        {
            return Ok(Self::Gwcs { wcs: Box::new(wcs), pixel_area });
        }
        match image {
            ImageFile::Fits(fits) => Self::of_fits(&fits, &spec.hdu, key, pixel_area),
            _ => Err(PipelineError::NoWcs { file: file.to_owned() }),
        }
    }

    fn of_fits(
        fits: &FitsFile,
        image: &HduSelector,
        key: Option<char>,
        pixel_area: Option<f64>,
    ) -> Result<Self> {
        let first = match image {
            HduSelector::Auto => fits.image_hdu(image).ok(),
            one => Some(fits.find(one)?),
        };
        let rest = fits.hdus().iter().filter(|_| *image == HduSelector::Auto);
        let mut reason = None;
        for hdu in first.into_iter().chain(rest) {
            match fits_wcs(fits, hdu, key) {
                Ok(wcs) => {
                    return Ok(Self::Fits { wcs: Box::new(wcs), shape: hdu.image_shape(), pixel_area });
                }
                Err(e) => {
                    reason.get_or_insert(e);
                }
            }
        }
        Err(reason.unwrap_or_else(|| PipelineError::NoWcs { file: fits.path().display().to_string() }))
    }

    fn of_text(
        file: &str,
        headers: &[skyphot_io::Header],
        which: &HduSelector,
        key: Option<char>,
    ) -> Result<Self> {
        let one = match which {
            HduSelector::Auto => headers.first(),
            HduSelector::Index(i) => i.checked_sub(1).and_then(|i| headers.get(i)),
            HduSelector::Name { .. } => None,
        };
        let Some(header) = one else {
            let expected = format!("one of the {} headers of the file, [1] to [{0}]", headers.len());
            return Err(PipelineError::value("header", file, expected));
        };
        let wcs = Wcs::from_header_with(header, key, skyphot_wcs::LookupTables::default())?;
        Ok(Self::Fits { shape: wcs.shape(), wcs: Box::new(wcs), pixel_area: header_pixel_area(header) })
    }

    /// The system as a map from pixels to the sky. A frame that is not known is taken for ICRS.
    #[must_use]
    pub fn into_sky_map(self) -> SkyMap {
        match self {
            Self::Fits { wcs, .. } => {
                let frame = wcs.frame().unwrap_or(SkyFrame::Icrs);
                SkyMap::new(Arc::new(*wcs), frame)
            }
            Self::Gwcs { wcs, .. } => {
                let frame = wcs.frame().unwrap_or(SkyFrame::Icrs);
                SkyMap::new(Arc::new(*wcs), frame)
            }
        }
    }
}

fn header_pixel_area(header: &skyphot_io::Header) -> Option<f64> {
    use skyphot_core::HeaderView;
    header.get_f64("PIXAR_SR").filter(|v| *v > 0.0 && v.is_finite())
}

/// The nominal area of a pixel that a file states for an image, steradians: `PIXAR_SR` of the HDU or the primary header,
/// `meta.photometry.pixel_area` (exposures) or `meta.photometry.pixelarea_steradians` (area references) of Roman.
#[must_use]
pub fn stated_pixel_area(file: &ImageFile, image: &HduSelector) -> Option<f64> {
    match file {
        ImageFile::Fits(fits) => {
            let hdu = fits.image_hdu(image).ok()?;
            header_pixel_area(&hdu.header).or_else(|| header_pixel_area(&fits.hdus().first()?.header))
        }
        ImageFile::Asdf(asdf) => {
            let path = asdf.image_path(image).ok()?;
            let parent = path.rsplit_once('.').map_or(String::new(), |(p, _)| format!("{p}."));
            ["pixel_area", "pixelarea_steradians"].iter().find_map(|k| {
                let node = asdf.tree().path(&format!("{parent}meta.photometry.{k}"))?;
                node.to_f64().ok().filter(|v| *v > 0.0 && v.is_finite())
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skyphot_core::testing::test_data;
    use skyphot_core::{Point, SkyTransform};

    #[test]
    fn headers_in_text_files() {
        let Some(head) = test_data("wcs/scamp.head") else { return };
        let map = AnyWcs::open(head.to_str().unwrap(), None).unwrap().into_sky_map();
        assert!(map.pixel_to_sky(Point::new(100.0, 200.0)).is_some());
        let second = AnyWcs::open(&format!("{}[2]", head.display()), None);
        assert!(second.unwrap_err().is_usage());
        for f in ["irac_sip.hdr", "zpn-hole.hdr", "unit.hdr", "siponly.hdr", "2wcses.hdr"] {
            let path = test_data(&format!("wcs/astropy/{f}")).unwrap();
            AnyWcs::open(path.to_str().unwrap(), None).unwrap_or_else(|e| panic!("{f}: {e}"));
        }
        let table = test_data("jwst/miri_scene_a_truth.ecsv").unwrap();
        let e = AnyWcs::open(table.to_str().unwrap(), None).unwrap_err().to_string();
        assert!(e.contains("neither FITS nor ASDF"), "{e}");
    }

    #[test]
    fn stated_areas() {
        for (file, expected) in [
            ("jwst/jw12345002001_02101_00001_mirimage_sub256_cal.fits", 2.844_036_095_230_84e-13),
            ("roman/r0003201001001001005_0002_wfi01_f129_cal.asdf", 2.808_299_768_659_577_6e-13),
            ("roman/roman_wfi_area_wfi01_sub320x288.asdf", 2.808_299_768_659_577_6e-13),
        ] {
            let Some(path) = test_data(file) else { return };
            let found = stated_pixel_area(&ImageFile::open(path).unwrap(), &HduSelector::Auto);
            assert_eq!(found, Some(expected), "{file}");
        }
    }
}
