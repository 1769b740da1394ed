//! From the numbers of an image to flux density.

use skyphot_core::HeaderView;
use skyphot_core::tree::Node;

use crate::error::positive;
use crate::{CalibrationError, FluxUnit, MagnitudeSystem, Result, jansky_of_flam};

/// Square degrees to steradian and arcsec2 to steradian.
const SR_PER_ARCSEC2: f64 = 2.350_443_053_909_789e-11;

/// What one unit of summed pixels is in Jy.
///
/// ```
/// use skyphot_calibration::{FluxScale, MagnitudeSystem};
/// // A surface brightness of 1 MJy/sr over pixels of 0.11 arcsec.
/// let scale = FluxScale::from_surface_brightness(1.0, 2.844e-13)?;
/// assert!((scale.jansky(2.0) - 5.688e-7).abs() < 1e-20);
/// assert!((scale.zero_point(MagnitudeSystem::Ab) - 25.265).abs() < 1e-3);
/// # Ok::<(), skyphot_calibration::CalibrationError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FluxScale {
    jansky_per_unit: f64,
    source: String,
    assumed: Vec<String>,
}

impl FluxScale {
    /// `jansky_per_unit`: flux density, Jy, of a sum of 1.
    ///
    /// # Errors
    /// [`CalibrationError::InvalidParameter`] if it is not positive and finite.
    pub fn new(jansky_per_unit: f64) -> Result<Self> {
        positive("jansky_per_unit", jansky_per_unit)?;
        Ok(Self { jansky_per_unit, source: "given".to_owned(), assumed: Vec::new() })
    }

    /// Pixels that hold surface brightness: `mjy_per_sr` MJy/sr per unit (1 if the image is in MJy/sr), over pixels of
    /// `pixel_area` steradian.
    ///
    /// # Errors
    /// As [`FluxScale::new`].
    #[doc(alias = "PHOTMJSR")]
    #[doc(alias = "PIXAR_SR")]
    #[doc(alias = "conversion_megajanskys")]
    pub fn from_surface_brightness(mjy_per_sr: f64, pixel_area: f64) -> Result<Self> {
        positive("mjy_per_sr", mjy_per_sr)?;
        positive("pixel_area", pixel_area)?;
        Self::new(mjy_per_sr * 1e6 * pixel_area)
    }

    /// The magnitude of a sum of 1 in a system of magnitudes.
    ///
    /// # Errors
    /// [`CalibrationError::InvalidParameter`] if the zero point is not finite.
    #[doc(alias = "MAG_ZEROPOINT")]
    pub fn from_zero_point(zero_point: f64, system: MagnitudeSystem) -> Result<Self> {
        crate::error::finite("zero_point", zero_point)?;
        Self::new(system.jansky(zero_point))
    }

    /// Inverse sensitivity of HST: `photflam` erg/s/cm2/Angstrom per unit at the pivot wavelength, Angstrom.
    ///
    /// # Errors
    /// As [`FluxScale::new`].
    pub fn from_photflam(photflam: f64, pivot: f64) -> Result<Self> {
        positive("photflam", photflam)?;
        positive("pivot", pivot)?;
        Self::new(jansky_of_flam(photflam, pivot))
    }

    /// The same image after its values were divided by `time`: counts become counts per second.
    ///
    /// # Errors
    /// [`CalibrationError::InvalidParameter`] if the time is not positive.
    pub fn per_exposure_time(mut self, time: f64) -> Result<Self> {
        self.jansky_per_unit /= positive("time", time)?;
        Ok(self)
    }

    /// From the keywords of an image, in this order:
    ///
    /// 1. `BUNIT` is a flux density (`Jy`, `nJy`, `nanomaggy`, with or without `/pixel`): that.
    /// 2. `BUNIT` is `MJy/sr` (or another flux density per steradian or arcsec2): times `PIXAR_SR`, else `PIXAR_A2`.
    /// 3. `PHOTMJSR` (MJy/sr per DN/s) with `PIXAR_SR` or `PIXAR_A2`.
    /// 4. `PHOTFNU` (Jy s per electron) or `PHOTFLAM` with `PHOTPLAM`; divided by `EXPTIME` unless `BUNIT` is per second.
    /// 5. An AB zero point of the image as it is: `MAGZERO`, `MAGZPT`, `MAGZP`, `ZPTAB`, `PHOTZP`, `ZP`, `ZEROPT`.
    ///
    /// `pixel_area`, steradian, stands in for a missing `PIXAR_SR` (take it from the WCS). What had to be taken for
    /// granted is listed by [`FluxScale::assumed`].
    ///
    /// # Errors
    /// [`CalibrationError::NoFluxScale`] if there is none of these, or one of them is unusable.
    pub fn from_header(header: &dyn HeaderView, pixel_area: Option<f64>) -> Result<Self> {
        let bunit = header.get_str("BUNIT").unwrap_or_default();
        let unit = bunit.replace(' ', "");
        let mut assumed = Vec::new();
        let mut area = || -> Result<(f64, &'static str)> {
            if let Some(a) = header.get_f64("PIXAR_SR").filter(|a| *a > 0.0) {
                return Ok((a, "PIXAR_SR"));
            }
            if let Some(a) = header.get_f64("PIXAR_A2").filter(|a| *a > 0.0) {
                return Ok((a * SR_PER_ARCSEC2, "PIXAR_A2"));
            }
            let a = pixel_area.ok_or_else(|| {
                CalibrationError::NoFluxScale(
                    "neither PIXAR_SR nor PIXAR_A2 says how large a pixel is".to_owned(),
                )
            })?;
            assumed.push("the pixel area is that of the world coordinates".to_owned());
            Ok((a, "world coordinates"))
        };
        let done = |factor: f64, source: String, assumed: Vec<String>| {
            positive("flux scale", factor)
                .map(|f| Self { jansky_per_unit: f, source: source.clone(), assumed })
                .map_err(|_| CalibrationError::NoFluxScale(format!("{source} gives {factor} Jy")))
        };
        let per_pixel = unit.trim_end_matches("/pixel").trim_end_matches("/pix").trim_end_matches("/beam");
        if unit.ends_with("/beam") {
            return Err(CalibrationError::NoFluxScale(format!(
                "BUNIT is {bunit}, and the beam is not known here"
            )));
        }
        if let Some(f) = per_pixel.parse::<FluxUnit>().ok().and_then(FluxUnit::factor) {
            return done(f, format!("BUNIT = {bunit}"), assumed);
        }
        for (ending, sr) in [("/sr", 1.0), ("/arcsec2", SR_PER_ARCSEC2), ("/arcsec**2", SR_PER_ARCSEC2)] {
            let Some(f) = unit.strip_suffix(ending).and_then(|u| u.parse::<FluxUnit>().ok()?.factor()) else {
                continue;
            };
            let (a, key) = area()?;
            return done(f * a / sr, format!("BUNIT = {bunit} with {key}"), assumed);
        }
        if let Some(p) = header.get_f64("PHOTMJSR") {
            let (a, key) = area()?;
            return done(p * 1e6 * a, format!("PHOTMJSR with {key}"), assumed);
        }
        let hst = match (header.get_f64("PHOTFNU"), header.get_f64("PHOTFLAM"), header.get_f64("PHOTPLAM")) {
            (Some(f), _, _) if f > 0.0 => Some((f, "PHOTFNU")),
            (_, Some(f), Some(p)) if f > 0.0 => Some((jansky_of_flam(f, p), "PHOTFLAM and PHOTPLAM")),
            _ => None,
        };
        if let Some((per_rate, keys)) = hst {
            let rate = unit.to_ascii_lowercase();
            if rate.ends_with("/s")
                || rate.ends_with("/sec")
                || rate.ends_with("s-1")
                || rate.ends_with("/second")
            {
                return done(per_rate, keys.to_owned(), assumed);
            }
            let time = header.get_f64("EXPTIME").filter(|t| *t > 0.0);
            let Some(time) = time else {
                return Err(CalibrationError::NoFluxScale(format!(
                    "{keys} are for counts per second, BUNIT is {bunit:?}, and there is no EXPTIME"
                )));
            };
            if unit.is_empty() {
                assumed.push("the image holds counts, not counts per second (no BUNIT)".to_owned());
            }
            return done(per_rate / time, format!("{keys} with EXPTIME"), assumed);
        }
        for key in ["MAGZERO", "MAGZPT", "MAGZP", "ZPTAB", "PHOTZP", "ZP", "ZEROPT"] {
            if let Some(zp) = header.get_f64(key).filter(|z| z.is_finite() && *z != 0.0) {
                if key != "ZPTAB" {
                    assumed.push(format!("{key} is the AB magnitude of one unit of the image"));
                }
                return done(MagnitudeSystem::Ab.jansky(zp), key.to_owned(), assumed);
            }
        }
        Err(CalibrationError::NoFluxScale(format!(
            "BUNIT is {bunit:?}, and there is no PHOTMJSR, PHOTFNU, PHOTFLAM or MAGZERO keyword"
        )))
    }

    /// From the tree of a Roman exposure: `meta.photometry.conversion_megajanskys` (or `conversion_mjy_sr`, MJy/sr per
    /// DN/s) and `pixel_area` (or `pixelarea_steradians`, sr). `tree` is the root, `roman` or `meta` of it.
    ///
    /// # Errors
    /// [`CalibrationError::NoFluxScale`] if one is missing or null.
    pub fn from_tree(tree: &Node) -> Result<Self> {
        let place = ["roman.meta.photometry", "meta.photometry", "photometry"];
        let photometry = place.iter().find_map(|p| tree.path(p)).unwrap_or(tree);
        let get = |names: [&str; 2]| {
            names.iter().find_map(|n| photometry.get(n)?.to_f64().ok()).ok_or_else(|| {
                CalibrationError::NoFluxScale(format!(
                    "meta.photometry has no number {} or {}",
                    names[0], names[1]
                ))
            })
        };
        let per_unit = get(["conversion_megajanskys", "conversion_mjy_sr"])?;
        let area = get(["pixel_area", "pixelarea_steradians"])?;
        let mut scale = Self::from_surface_brightness(per_unit, area)
            .map_err(|e| CalibrationError::NoFluxScale(format!("meta.photometry: {e}")))?;
        scale.source = "meta.photometry".to_owned();
        Ok(scale)
    }

    /// Jy of a sum of 1.
    #[must_use]
    pub fn jansky_per_unit(&self) -> f64 {
        self.jansky_per_unit
    }

    /// Flux density, Jy, of a sum (or of its error).
    #[must_use]
    pub fn jansky(&self, sum: f64) -> f64 {
        sum * self.jansky_per_unit
    }

    /// Magnitude of a sum of 1: add it to instrumental magnitudes.
    #[must_use]
    pub fn zero_point(&self, system: MagnitudeSystem) -> f64 {
        system.magnitude(self.jansky_per_unit)
    }

    /// The keywords the scale was taken from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What the file does not say and was taken for granted.
    #[must_use]
    pub fn assumed(&self) -> &[String] {
        &self.assumed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Cards(Vec<(&'static str, &'static str)>);
    impl HeaderView for Cards {
        fn get_str(&self, key: &str) -> Option<String> {
            self.0.iter().find(|c| c.0 == key).map(|c| c.1.to_owned())
        }
        fn keys(&self) -> Vec<String> {
            self.0.iter().map(|c| c.0.to_owned()).collect()
        }
    }

    fn scale(cards: &[(&'static str, &'static str)]) -> Result<FluxScale> {
        FluxScale::from_header(&Cards(cards.to_vec()), None)
    }

    #[test]
    fn keywords_of_the_observatories() {
        let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-12, "{a} {b}");
        near(scale(&[("BUNIT", "nanomaggy")]).unwrap().jansky_per_unit(), 3.631e-6);
        near(scale(&[("BUNIT", "MJy/sr"), ("PIXAR_SR", "2.8E-13")]).unwrap().jansky_per_unit(), 2.8e-7);
        let a2 = scale(&[("BUNIT", "MJy / sr"), ("PIXAR_A2", "0.0121")]).unwrap();
        let arcsec = std::f64::consts::PI / 648_000.0;
        near(a2.jansky_per_unit(), 1e6 * 0.0121 * arcsec * arcsec);
        let dn = [("BUNIT", "DN/s"), ("PHOTMJSR", "0.5"), ("PIXAR_SR", "2e-13")];
        near(scale(&dn).unwrap().jansky_per_unit(), 1e-7);
        // ACS/WFC F435W: PHOTFLAM 3.1840e-19, PHOTPLAM 4328.6; AB zero point 25.68.
        let acs = [
            ("BUNIT", "ELECTRONS/S"),
            ("PHOTFLAM", "3.1840E-19"),
            ("PHOTPLAM", "4328.6"),
            ("EXPTIME", "100"),
        ];
        let rate = scale(&acs).unwrap();
        assert!((rate.zero_point(MagnitudeSystem::Ab) - 25.65).abs() < 0.05);
        let mut counts = acs;
        counts[0].1 = "ELECTRONS";
        near(scale(&counts).unwrap().jansky_per_unit() * 100.0, rate.jansky_per_unit());
        let zp = scale(&[("MAGZERO", "30.0")]).unwrap();
        assert!((zp.zero_point(MagnitudeSystem::Ab) - 30.0).abs() < 1e-12);
        assert_eq!(zp.assumed().len(), 1);
    }

    #[test]
    fn what_is_missing_is_said() {
        let text = |cards: &[(&'static str, &'static str)]| scale(cards).unwrap_err().to_string();
        assert!(text(&[]).contains("no PHOTMJSR"));
        assert!(text(&[("BUNIT", "MJy/sr")]).contains("PIXAR_SR"));
        assert!(text(&[("BUNIT", "Jy/beam")]).contains("beam"));
        assert!(text(&[("PHOTFLAM", "1e-19"), ("PHOTPLAM", "5000")]).contains("EXPTIME"));
        assert!(text(&[("BUNIT", "MJy/sr"), ("PIXAR_SR", "-1")]).contains("PIXAR_SR"));
        assert!(
            FluxScale::from_tree(&Node::null()).unwrap_err().to_string().contains("conversion_megajanskys")
        );
        assert!(FluxScale::new(f64::NAN).is_err());
    }

    #[test]
    fn roman_trees() {
        let n = |v: f64| Node::from(v);
        let photometry = Node::mapping([("conversion_megajanskys", n(0.3)), ("pixel_area", n(2.8e-13))]);
        let meta = Node::mapping([("photometry", photometry)]);
        let root = Node::mapping([("roman", Node::mapping([("meta", meta.clone())]))]);
        for tree in [&root, &meta] {
            assert!((FluxScale::from_tree(tree).unwrap().jansky_per_unit() / 8.4e-8 - 1.0).abs() < 1e-12);
        }
    }
}
