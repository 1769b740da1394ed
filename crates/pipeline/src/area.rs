//! Maps of pixel areas in files.

use ndarray::Array2;
use skyphot_core::HeaderView;
use skyphot_io::{FileSpec, HduSelector, ImageFile};

use crate::{PipelineError, Result, stated_pixel_area};

/// A map of pixel areas: the area of each pixel over the nominal one.
#[derive(Debug, Clone)]
pub struct PixelAreas {
    /// Areas over the nominal area, `(ny, nx)`; NaN where there is none.
    pub areas: Array2<f64>,
    /// The nominal area, steradians, if the file states it.
    pub nominal_area: Option<f64>,
}

impl PixelAreas {
    /// Reads the map of `FILE` or `FILE[EXT]`: the `AREA` extension of a FITS file (JWST exposures and references), else
    /// its image; `roman.data` of a Roman area reference, or `area` beside the image of an ASDF file. Maps in
    /// steradians, square degrees, square minutes or seconds of arc are divided by the nominal area that the file states.
    ///
    /// ```no_run
    /// let map = skyphot_pipeline::PixelAreas::read("jw01227_cal.fits")?;
    /// println!("{:?} pixels of nominally {:?} sr", map.areas.dim(), map.nominal_area);
    /// # Ok::<(), skyphot_pipeline::PipelineError>(())
    /// ```
    ///
    /// # Errors
    /// [`PipelineError::Io`]; [`PipelineError::NotAreas`] for a unit that is no area, a map in a unit of area in a file
    /// that states no nominal area, values that are not positive, or a median area that is not within a factor of 10 of
    /// the nominal one: that is an image of something else.
    pub fn read(file: &str) -> Result<Self> {
        let spec = FileSpec::parse(file);
        Self::read_from(&ImageFile::open(&spec.path)?, &spec.hdu, file)
    }

    /// As [`PixelAreas::read`] from a file that is open already; `file` is its name in messages.
    pub(crate) fn read_from(source: &ImageFile, hdu: &HduSelector, file: &str) -> Result<Self> {
        let hdu = area_plane(source, hdu);
        let scale = AreaScale::of(source, &hdu, file)?;
        let mut areas: Array2<f64> = source.read_image(&hdu)?;
        scale.apply(&mut areas)?;
        if areas.iter().all(|v| v.is_nan()) {
            let why = "it has no positive value".to_owned();
            return Err(PipelineError::NotAreas { file: file.to_owned(), why });
        }
        Ok(Self { areas, nominal_area: scale.nominal })
    }
}

/// How the values of a plane become areas over the nominal one.
#[derive(Debug, Clone)]
pub(crate) struct AreaScale {
    file: String,
    factor: f64,
    nominal: Option<f64>,
}

impl AreaScale {
    /// Looks at the unit of a plane; `file` is its name in messages.
    pub(crate) fn of(source: &ImageFile, hdu: &HduSelector, file: &str) -> Result<Self> {
        let wrong = |why: String| PipelineError::NotAreas { file: file.to_owned(), why };
        let (unit, nominal) = match source {
            ImageFile::Fits(f) => (f.image_hdu(hdu)?.unit(), fits_nominal(source, hdu)),
            ImageFile::Asdf(f) => (f.unit(&f.image_path(hdu)?), stated_pixel_area(source, hdu)),
            _ => (None, None),
        };
        let area = match unit.as_deref().map(str::trim).unwrap_or_default() {
            "" | "1" | "dimensionless" | "dimensionless_unscaled" | "none" | "None" | "unitless" => None,
            "sr" => Some(1.0),
            "deg2" | "deg**2" | "deg^2" => Some(1.0_f64.to_radians().powi(2)),
            "arcmin2" | "arcmin**2" | "arcmin^2" => Some((1.0_f64 / 60.0).to_radians().powi(2)),
            "arcsec2" | "arcsec**2" | "arcsec^2" => Some((1.0_f64 / 3600.0).to_radians().powi(2)),
            other => {
                return Err(wrong(format!("its unit is '{other}', expected none or an area such as sr")));
            }
        };
        let factor = match (area, nominal) {
            (None, _) => 1.0,
            (Some(area), Some(nominal)) => area / nominal,
            (Some(_), None) => {
                let unit = unit.unwrap_or_default();
                return Err(wrong(format!(
                    "its unit is {unit}, but the nominal area (PIXAR_SR) is not stated"
                )));
            }
        };
        Ok(Self { file: file.to_owned(), factor, nominal })
    }

    /// Areas over the nominal one; pixels without an area become NaN. The values must be what areas can be.
    pub(crate) fn apply(&self, areas: &mut Array2<f64>) -> Result<()> {
        let wrong = |why: String| Err(PipelineError::NotAreas { file: self.file.clone(), why });
        // JWST marks pixels without an area with 0.
        areas.mapv_inplace(|v| if v == 0.0 || !v.is_finite() { f64::NAN } else { v * self.factor });
        let mut good: Vec<f64> = areas.iter().copied().filter(|v| !v.is_nan()).collect();
        if let Some(v) = good.iter().find(|v| **v < 0.0) {
            return wrong(format!("it has negative values ({v})"));
        }
        if good.is_empty() {
            return Ok(());
        }
        let middle = good.len() / 2;
        let median = *good.select_nth_unstable_by(middle, f64::total_cmp).1;
        if !(0.1..=10.0).contains(&median) {
            return wrong(format!("its median is {median}, expected about 1: areas over the nominal area"));
        }
        Ok(())
    }
}

/// `PIXAR_SR` of the plane itself, of the science image, or of the primary header.
fn fits_nominal(source: &ImageFile, hdu: &HduSelector) -> Option<f64> {
    stated_pixel_area(source, hdu).or_else(|| {
        let ImageFile::Fits(f) = source else { return None };
        f.hdus().iter().find_map(|h| h.header.get_f64("PIXAR_SR")).filter(|v| *v > 0.0 && v.is_finite())
    })
}

/// The plane of a file that holds areas.
pub(crate) fn area_plane(source: &ImageFile, given: &HduSelector) -> HduSelector {
    if *given != HduSelector::Auto {
        return given.clone();
    }
    match source {
        ImageFile::Fits(f) => {
            let area =
                f.hdus().iter().find(|h| h.name.as_ref().is_some_and(|n| n.eq_ignore_ascii_case("AREA")));
            area.map_or(HduSelector::Auto, |h| HduSelector::Index(h.index))
        }
        ImageFile::Asdf(f) => {
            let image = f.image_path(given).ok();
            let beside = image.and_then(|p| f.sibling(&p, "area"));
            beside.map_or(HduSelector::Auto, HduSelector::name)
        }
        _ => HduSelector::Auto,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skyphot_core::testing::test_data;
    use skyphot_io::{Header, write_image};

    #[test]
    fn maps_of_jwst_and_roman() {
        // Shape, smallest, largest and nominal area by astropy.io.fits 8.0.2 and asdf 5.4.0.
        let files = [
            (
                "jwst/jw12345002001_02101_00001_mirimage_sub256_cal.fits",
                (256, 256),
                0.994_687_497_615_814_2,
                1.014_176_368_713_379,
            ),
            ("roman/roman_wfi_area_wfi01_sub320x288.asdf", (288, 320), f64::NAN, f64::NAN),
        ];
        for (file, shape, low, high) in files {
            let Some(path) = test_data(file) else { return };
            let map = PixelAreas::read(path.to_str().unwrap()).unwrap();
            assert_eq!(map.areas.dim(), shape);
            let (a, b) = map.areas.iter().fold((f64::MAX, f64::MIN), |(a, b), &v| (a.min(v), b.max(v)));
            assert!(low.is_nan() || ((a - low).abs() < 1e-7 && (b - high).abs() < 1e-7), "{file} {a} {b}");
            assert!(map.nominal_area.is_some_and(|v| (2.7e-13..2.9e-13).contains(&v)), "{file}");
        }
    }

    #[test]
    fn units_and_values_are_looked_at() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, value: f64, unit: &str, pixar: Option<f64>| {
            let path = dir.path().join(name);
            let mut h = Header::new();
            h.set("EXTNAME", "AREA", "").unwrap();
            if !unit.is_empty() {
                h.set("BUNIT", unit, "").unwrap();
            }
            if let Some(v) = pixar {
                h.set("PIXAR_SR", v, "").unwrap();
            }
            write_image(&path, Array2::from_elem((3, 4), value).view(), Some(&h), true).unwrap();
            PixelAreas::read(path.to_str().unwrap())
        };
        assert_eq!(write("a.fits", 1.25, "", None).unwrap().areas[[2, 3]], 1.25);
        let sr = write("b.fits", 3e-13, "sr", Some(2.5e-13)).unwrap();
        assert!((sr.areas[[0, 0]] - 1.2).abs() < 1e-12);
        let arcsec = write("c.fits", 0.0121, "arcsec2", Some(2.844_036_095_230_84e-13)).unwrap();
        assert!((arcsec.areas[[0, 0]] - 1.0).abs() < 1e-9);
        for (name, value, unit, words) in [
            ("d.fits", 1.0, "MJy/sr", "its unit is 'MJy/sr'"),
            ("e.fits", 3e-13, "sr", "not stated"),
            ("f.fits", 3e-13, "", "its median"),
            ("g.fits", -1.0, "", "negative"),
            ("h.fits", f64::NAN, "", "no positive value"),
        ] {
            let e = write(name, value, unit, None).unwrap_err().to_string();
            assert!(e.contains(words) && e.contains(name), "{e}");
        }
    }
}
