//! When and how an image was taken.

use skyphot_core::HeaderView;
use skyphot_core::tree::Node;
use skyphot_io::{HduSelector, ImageFile};

/// Time, exposure and filter of an image, as far as its file says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Observation {
    /// Start of the exposure, modified Julian date (days, in the time scale of the file); NaN if the file does not say.
    pub mjd: f64,
    /// Exposure time, seconds; NaN if the file does not say.
    pub exptime: f64,
    /// Filter; empty if the file does not say.
    pub filter: String,
}

/// What the file of an image says about when and how it was taken.
///
/// - FITS, the header of the image before the primary one: `MJD-OBS`, `MJD-BEG`, `EXPSTART`, `MJD_OBS`, `MJD`, `JD`, or
///   the date `DATE-OBS` or `DATE-BEG` (with `TIME-OBS`, `UTC-OBS`, `UT` if it has no time); `EXPTIME`, `EXPOSURE`, `EFFEXPTM`, `XPOSURE`, `TEXPTIME`; `FILTER`,
///   `FILTER1` and `FILTER2` (without `CLEAR`), `FILTNAM1`, `FILTERS`, `BAND`.
/// - ASDF: `meta.exposure.start_time`, `meta.exposure.exposure_time` (or `effective_exposure_time`),
///   `meta.instrument.optical_element`.
#[must_use]
pub fn observation_of(file: &ImageFile, image: &HduSelector) -> Observation {
    match file {
        ImageFile::Fits(fits) => {
            let own = fits.image_hdu(image).ok().map(|h| &h.header);
            let primary = fits.hdus().first().map(|h| &h.header);
            let headers: Vec<&dyn HeaderView> =
                own.into_iter().chain(primary).map(|h| h as &dyn HeaderView).collect();
            of_headers(&headers)
        }
        ImageFile::Asdf(asdf) => {
            let path = asdf.image_path(image).unwrap_or_default();
            let parent = path.rsplit_once('.').map_or(String::new(), |(p, _)| format!("{p}."));
            of_tree(&|key| asdf.tree().path(&format!("{parent}meta.{key}")))
        }
        _ => Observation { mjd: f64::NAN, exptime: f64::NAN, filter: String::new() },
    }
}

fn of_headers(headers: &[&dyn HeaderView]) -> Observation {
    let number = |keys: &[&str], good: fn(f64) -> bool| {
        headers
            .iter()
            .find_map(|h| keys.iter().find_map(|k| h.get_f64(k).filter(|v| good(*v) && v.is_finite())))
    };
    let text = |key: &str| {
        headers.iter().find_map(|h| h.get_str(key).map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()))
    };
    let mjd = number(&["MJD-OBS", "MJD-BEG", "EXPSTART", "MJD_OBS", "MJD"], |v| v > 0.0 && v < 1e6)
        .or_else(|| number(&["JD"], |v| v > 2_400_000.5).map(|v| v - 2_400_000.5))
        .or_else(|| {
            ["DATE-OBS", "DATE-BEG"].iter().find_map(|key| {
                let date = text(key)?;
                if date.contains('T') {
                    return mjd_of_text(&date);
                }
                let time =
                    ["TIME-OBS", "UTC-OBS", "UT"].iter().find_map(|k| text(k).filter(|t| t.contains(':')));
                mjd_of_text(&match time {
                    Some(t) => format!("{date}T{t}"),
                    None => date,
                })
            })
        });
    let exptime = number(&["EXPTIME", "EXPOSURE", "EFFEXPTM", "XPOSURE", "TEXPTIME"], |v| v >= 0.0);
    let wheels: Vec<String> = ["FILTER1", "FILTER2"]
        .iter()
        .filter_map(|k| text(k))
        .filter(|f| !f.to_ascii_uppercase().starts_with("CLEAR"))
        .collect();
    let filter = text("FILTER")
        .or_else(|| (!wheels.is_empty()).then(|| wheels.join("+")))
        .or_else(|| ["FILTNAM1", "FILTERS", "BAND"].iter().find_map(|k| text(k)));
    Observation {
        mjd: mjd.unwrap_or(f64::NAN),
        exptime: exptime.unwrap_or(f64::NAN),
        filter: filter.unwrap_or_default(),
    }
}

fn of_tree<'a>(get: &dyn Fn(&str) -> Option<&'a Node>) -> Observation {
    let number = |keys: [&str; 2]| {
        keys.iter().find_map(|k| get(k)?.to_f64().ok().filter(|v| v.is_finite())).unwrap_or(f64::NAN)
    };
    // Times of astropy are a text, or a mapping with one.
    let start = get("exposure.start_time").and_then(|n| {
        let text = n.as_str().or_else(|| n.get("value")?.as_str())?;
        mjd_of_text(text)
    });
    Observation {
        mjd: start.unwrap_or(f64::NAN),
        exptime: number(["exposure.exposure_time", "exposure.effective_exposure_time"]),
        filter: get("instrument.optical_element").and_then(Node::as_str).unwrap_or_default().to_owned(),
    }
}

/// The modified Julian date of `2026-01-31T12:34:56.7`, `2026-01-31 12:34`, `2026-01-31`, or `31/12/99` (1999).
fn mjd_of_text(text: &str) -> Option<f64> {
    let text = text.trim().trim_end_matches('Z');
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, ""));
    let (y, m, d): (i64, i64, i64) = if date.contains('/') {
        let mut p = date.split('/').map(|v| v.trim().parse::<i64>().ok());
        let (d, m, y) = (p.next()??, p.next()??, p.next()??);
        (if y < 100 { 1900 + y } else { y }, m, d)
    } else {
        let mut p = date.split('-').map(|v| v.parse::<i64>().ok());
        (p.next()??, p.next()??, p.next()??)
    };
    if !(1..=12).contains(&m) || !(1..=31).contains(&d) || !(1..=9999).contains(&y) {
        return None;
    }
    let mut seconds = 0.0;
    for (k, part) in time.split(':').filter(|p| !p.is_empty()).enumerate() {
        let unit = [3600.0, 60.0, 1.0].get(k)?;
        seconds += unit * part.trim().parse::<f64>().ok().filter(|v| (0.0..61.0).contains(v))?;
    }
    // Civil date to days, as in Hinnant, "chrono-Compatible Low-Level Date Algorithms" (2013).
    let y = if m <= 2 { y - 1 } else { y };
    let era = y.div_euclid(400);
    let year = y.rem_euclid(400);
    let day = (153 * (if m > 2 { m - 3 } else { m + 9 }) + 2) / 5 + d - 1;
    let days = era * 146_097 + year * 365 + year / 4 - year / 100 + day - 719_468;
    Some((days + 40_587) as f64 + seconds / 86_400.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use skyphot_core::testing::test_data;
    use skyphot_io::Header;

    /// By astropy.time 8.0.2: `Time(...).mjd`.
    #[test]
    fn dates_become_days() {
        for (text, mjd) in [
            ("1858-11-17T00:00:00", 0.0),
            ("2000-01-01T12:00:00", 51_544.5),
            ("2026-02-28T23:59:59.5Z", 61_099.999_994_212_96),
            ("2024-02-29 06:00", 60_369.25),
            ("31/12/99", 51_543.0),
        ] {
            assert!((mjd_of_text(text).unwrap() - mjd).abs() < 1e-10, "{text}");
        }
        for text in ["", "yesterday", "2024-13-01", "2024-01-01T25:99:99:1", "2024-01"] {
            assert!(mjd_of_text(text).is_none(), "{text}");
        }
    }

    #[test]
    fn keywords_in_their_order() {
        let header = |cards: &[(&str, &str)]| {
            let mut h = Header::new();
            for (k, v) in cards {
                match v.parse::<f64>() {
                    Ok(n) => h.set(k, n, "").unwrap(),
                    Err(_) => h.set(k, *v, "").unwrap(),
                }
            }
            h
        };
        let own = header(&[("FILTER1", "CLEAR1L"), ("FILTER2", "F435W"), ("DATE-OBS", "2004-01-02")]);
        let primary = header(&[("EXPTIME", "30.5"), ("UTC-OBS", "12:00:00"), ("FILTERS", "x")]);
        let o = of_headers(&[&own, &primary]);
        assert_eq!((o.mjd, o.exptime, o.filter.as_str()), (53_006.5, 30.5, "F435W"));
        let o = of_headers(&[&header(&[("MJD-OBS", "59000.25"), ("FILTER", "r")]), &own]);
        assert_eq!((o.mjd, o.filter.as_str(), o.exptime.is_nan()), (59_000.25, "r", true));
        assert!(of_headers(&[&Header::new()]).mjd.is_nan());
    }

    #[test]
    fn files_of_jwst_and_roman() {
        for (file, filter) in [
            ("jwst/jw12345002001_02101_00001_mirimage_sub256_cal.fits", "F770W"),
            ("roman/r0003201001001001005_0002_wfi01_f129_cal.asdf", "F129"),
        ] {
            let Some(path) = test_data(file) else { return };
            let o = observation_of(&ImageFile::open(path).unwrap(), &HduSelector::Auto);
            assert_eq!(o.filter, filter, "{file}");
            assert!(o.mjd > 59_000.0 && o.mjd < 63_000.0 && o.exptime > 0.0, "{file} {o:?}");
        }
    }
}
