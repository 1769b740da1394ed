//! Loading of images with the planes that go with them.

use ndarray::Array2;
use skyphot_core::{DataQuality, HeaderView, Pixel};
use skyphot_io::{FileSpec, HduInfo, HduSelector, ImageFile, PixelType, UncertaintyKind};

use crate::science::Science;
use crate::{AnyExposure, Exposure, InputSection, PipelineError, Result, provenance};

/// Loads an image with the planes a section names: `FILE`, `FILE[EXT]`, or of an ASDF file `FILE[roman.data]`.
///
/// Exposures of JWST (FITS) and Roman (ASDF) bring their own planes, which are found unless the section names others
/// or says `ignore-planes`: errors (`ERR`, `err`), data quality (`DQ`, `dq`; pixels with `DO_NOT_USE` are bad unless
/// the section says which are) and the GWCS. What was found is told in the notes. Their pixel-area map is applied only
/// where the section asks for it: `area = "auto"`.
///
/// # Errors
/// [`PipelineError::Io`]; [`PipelineError::PlaneShape`] for a plane of another shape; [`PipelineError::NotScience`]
/// for a file whose header says that it is a mask, weight or data-quality frame; [`PipelineError::Value`] for unknown
/// data-quality names, or for `area = "auto"` in a file without such a map.
pub fn load(file: &str, planes: &InputSection) -> Result<AnyExposure> {
    let spec = FileSpec::parse(file);
    let source = ImageFile::open(&spec.path)?;
    if let (ImageFile::Fits(fits), HduSelector::Auto) = (&source, &spec.hdu) {
        let info = fits.image_hdu(&spec.hdu)?;
        refuse_auxiliary(file, fits.hdus().first().into_iter().chain([info]), info.index)?;
    }
    let science = Science::find(&source, &spec.hdu, planes)?;
    match science.pixel_type {
        PixelType::F32 => Ok(AnyExposure::F32(load_as(file, &source, science, planes)?)),
        PixelType::F64 => Ok(AnyExposure::F64(load_as(file, &source, science, planes)?)),
    }
}

fn load_as<T: Pixel>(
    file: &str,
    source: &ImageFile,
    science: Science,
    planes: &InputSection,
) -> Result<Exposure<T>> {
    let mut data: Array2<T> = source.read_image(&science.image)?;
    let shape = data.dim();
    let mut mask = None;
    let mut notes = [source.warnings(), &science.notes].concat();
    if let Some(f) = &planes.mask {
        let (file, hdu) = open(f)?;
        add(&mut mask, checked("mask", f, shape, file.read_mask(&hdu)?)?);
    }
    if let Some(f) = &planes.dq {
        let (other, hdu) = open(f)?;
        let plane = checked("data-quality plane", f, shape, other.read_dq(&hdu)?)?;
        add(&mut mask, dq_mask(&plane, planes, &science.legend, u32::MAX)?);
    } else if let Some(hdu) = &science.dq {
        let plane = checked("data-quality plane", file, shape, source.read_dq(hdu)?)?;
        let bad = u32::try_from(science.legend.bits_of("DO_NOT_USE")?).unwrap_or(1);
        add(&mut mask, dq_mask(&plane, planes, &science.legend, bad)?);
        let which =
            if planes.dq_good.is_some() || planes.dq_bad_bits.is_some() { "" } else { " (DO_NOT_USE)" };
        notes.push(format!("bad pixels{which} from {hdu}"));
    } else if planes.dq_good.is_some() || planes.dq_bad_bits.is_some() {
        return Err(PipelineError::value(
            "data-quality plane",
            file,
            "a file that brings one; name it with dq",
        ));
    }
    let mut error = match (&planes.error, &planes.weight, &science.error) {
        (Some(f), _, _) => Some(error_plane("error", f, UncertaintyKind::StdDev, shape, &mut mask)?),
        (None, Some(f), _) => Some(error_plane("weight", f, UncertaintyKind::Weight, shape, &mut mask)?),
        (None, None, Some(hdu)) => {
            let plane = source.read_error::<T>(hdu, UncertaintyKind::StdDev)?;
            let error = checked("error plane", file, shape, plane.error)?;
            add(&mut mask, plane.mask);
            notes.push(format!("errors from {hdu}"));
            Some(error)
        }
        (None, None, None) => None,
    };
    if let Some(area) = area_map(file, source, &science, planes)? {
        let area = checked("pixel-area map", planes.area.as_deref().unwrap_or(file), shape, area)?;
        for plane in [Some(&mut data), error.as_mut()].into_iter().flatten() {
            plane.zip_mut_with(&area, |v, a| *v = T::from_f64(v.to_f64() * a));
        }
        notes.push("pixel values and errors were multiplied by the pixel-area map".to_owned());
    }
    if let Some(g) = planes.gain
        && !(g > 0.0 && g.is_finite())
    {
        return Err(PipelineError::value("gain", g.to_string(), "a number of electrons per data unit > 0"));
    }
    Ok(Exposure {
        data,
        error,
        mask,
        header: science.header,
        sky: science.sky,
        unit: science.unit,
        file: file.to_owned(),
        sha256: provenance::checksum(source.path())?,
        notes,
    })
}

/// The map that the section asks for, if it does.
fn area_map(
    file: &str,
    source: &ImageFile,
    science: &Science,
    planes: &InputSection,
) -> Result<Option<Array2<f64>>> {
    match (planes.area.as_deref(), &science.area) {
        (None, _) => Ok(None),
        (Some("auto"), Some(hdu)) => Ok(Some(source.read_image(hdu)?)),
        (Some("auto"), None) => {
            Err(PipelineError::value("pixel-area map of", file, "in the file; give one as FILE[EXT]"))
        }
        (Some(f), _) => {
            let (other, hdu) = open(f)?;
            Ok(Some(other.read_image(&hdu)?))
        }
    }
}

fn open(file: &str) -> Result<(ImageFile, HduSelector)> {
    let spec = FileSpec::parse(file);
    Ok((ImageFile::open(&spec.path)?, spec.hdu))
}

fn checked<A>(
    what: &'static str,
    file: &str,
    expected: (usize, usize),
    plane: Array2<A>,
) -> Result<Array2<A>> {
    let found = plane.dim();
    if found == expected {
        Ok(plane)
    } else {
        Err(PipelineError::PlaneShape { what, file: file.to_owned(), expected, found })
    }
}

fn add(mask: &mut Option<Array2<bool>>, other: Array2<bool>) {
    match mask {
        Some(m) => m.zip_mut_with(&other, |a, &b| *a |= b),
        None => *mask = Some(other),
    }
}

fn error_plane<T: Pixel>(
    what: &'static str,
    file: &str,
    kind: UncertaintyKind,
    shape: (usize, usize),
    mask: &mut Option<Array2<bool>>,
) -> Result<Array2<T>> {
    let (source, hdu) = open(file)?;
    let plane = source.read_error::<T>(&hdu, kind)?;
    let error = checked(what, file, shape, plane.error)?;
    if plane.mask.iter().any(|&m| m) {
        add(mask, plane.mask);
    }
    Ok(error)
}

/// The bad pixels of a data-quality plane: those the section says, else those with one of `default` bits.
fn dq_mask(
    plane: &Array2<u32>,
    planes: &InputSection,
    legend: &DataQuality,
    default: u32,
) -> Result<Array2<bool>> {
    if let Some(good) = &planes.dq_good {
        return Ok(plane.mapv(|v| v != 0 && !good.contains(&v)));
    }
    let Some(bits) = &planes.dq_bad_bits else { return Ok(plane.mapv(|v| v & default != 0)) };
    let mut bad = 0_u32;
    for b in bits {
        bad |= match b.trim().parse::<u32>() {
            Ok(n) if n < 32 => 1 << n,
            Ok(_) => {
                return Err(PipelineError::value("data-quality bit", b.clone(), "a bit number from 0 to 31"));
            }
            Err(_) => u32::try_from(legend.bits_of(b.trim())?).unwrap_or(0),
        };
    }
    Ok(plane.mapv(|v| v & bad != 0))
}

/// Refuses frames whose header says that they belong to an image rather than being one.
fn refuse_auxiliary<'a>(file: &str, hdus: impl Iterator<Item = &'a HduInfo>, index: usize) -> Result<()> {
    let refuse = |why: String, what: &str, flag: &str| {
        let why = format!("{why}, {what}; give it with {flag}, or pick the HDU by hand, {file}[{index}]");
        Err(PipelineError::NotScience { file: file.to_owned(), why })
    };
    // The DECam community pipeline leaves the header of the image in its weight and quality frames: only the name tells.
    let name = file.rsplit('/').next().unwrap_or(file);
    if name.starts_with("c4d_") && name.contains("_ood_") {
        return refuse("its name has the product code ood".into(), "a data-quality frame", "--dq");
    }
    if name.starts_with("c4d_") && name.contains("_oow_") {
        return refuse("its name has the product code oow".into(), "a weight map", "--weight");
    }
    let kind = |v: &str| match v.to_ascii_lowercase().as_str() {
        "dq" | "dqmask" | "mask" | "flags" | "msk" | "bpm" => {
            Some(("a mask or data-quality frame", "--dq or --mask"))
        }
        "wht" | "weight" | "weightmap" | "wtmap" | "ivar" | "invvar" | "weight map" => {
            Some(("a weight map", "--weight"))
        }
        "err" | "error" | "rms" | "sigma" => Some(("an error map", "--error")),
        _ => None,
    };
    for info in hdus {
        for key in ["PRODTYPE", "EXTNAME", "EXTTYPE", "IMTYPE", "IMAGETYP", "OBSTYPE"] {
            let value = info.header.get_str(key).unwrap_or_default();
            if let Some((what, flag)) = kind(value.trim()) {
                return refuse(format!("its header says {key} = '{}'", value.trim()), what, flag);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::with_exposure;
    use serde_json::Value;
    use skyphot_core::testing::test_data;
    use skyphot_core::{Point, SkyTransform};

    fn reference(file: &str) -> Value {
        let name = file.replace('/', "__");
        let path = test_data(&format!("refs/{name}.json")).unwrap();
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    fn entry<'a>(json: &'a Value, place: &str) -> Option<&'a Value> {
        match json.get("hdus") {
            Some(hdus) => hdus.as_array()?.iter().find(|h| h["name"] == place)?.get("image"),
            None => json["tree"].as_array()?.iter().find(|t| t["path"] == place),
        }
    }

    fn agrees(what: &str, values: impl Iterator<Item = f64>, expected: &Value) {
        let v: Vec<f64> = values.filter(|v| v.is_finite()).collect();
        let mean = v.iter().sum::<f64>() / v.len() as f64;
        let (low, high) = v.iter().fold((f64::MAX, f64::MIN), |(a, b), &v| (a.min(v), b.max(v)));
        for (name, found, slack) in [("mean", mean, 1e-10), ("min", low, 0.0), ("max", high, 0.0)] {
            let e = expected[name].as_f64().unwrap();
            assert!((found - e).abs() <= slack * e.abs(), "{what} {name}: {found} {e}");
        }
    }

    /// Data, errors and data quality of every exposure are found, and are those of the reference.
    #[test]
    fn exposures_bring_their_planes() {
        let roman = [
            "r0003201001001001004_0001_wfi01_f106_cal.asdf",
            "r0003201001001001005_0002_wfi01_f129_cal.asdf",
            "r0003201001001001005_0002_wfi01_f129_rad023_cal.asdf",
            "r0003201001001001006_0003_wfi16_f106_cal.asdf",
        ]
        .map(|f| (format!("roman/{f}"), ["/roman/data", "/roman/err", "/roman/dq"]));
        let jwst = [
            "det_image_seq1_MIRIMAGE_F560Wexp1_cal.fits.gz",
            "det_image_seq2_MIRIMAGE_F770Wexp2_cal.fits.gz",
            "jw01227_nrcalong_f444w_cutout_cal.fits",
            "jw12345-o002_t001_miri_f770w-sub256_i2d.fits.gz",
            "jw12345002001_02101_00001_mirimage_sub256_cal.fits",
        ]
        .map(|f| (format!("jwst/{f}"), ["SCI", "ERR", "DQ"]));
        for (name, places) in roman.into_iter().chain(jwst) {
            let Some(path) = test_data(&name) else { return };
            let json = reference(&name);
            let file = path.to_str().unwrap();
            let any = load(file, &InputSection::default()).unwrap();
            with_exposure!(any, e => {
                agrees(&name, e.data.iter().map(|v| v.to_f64()), entry(&json, places[0]).unwrap());
                let error = e.error.as_ref().unwrap_or_else(|| panic!("{name}: no errors"));
                agrees(&name, error.iter().map(|v| v.to_f64()), entry(&json, places[1]).unwrap());
                if let Some(dq) = entry(&json, places[2]) {
                    let science = Science::find(&ImageFile::open(&path).unwrap(), &HduSelector::Auto, &InputSection::default());
                    let plane = ImageFile::open(&path).unwrap().read_dq(&science.unwrap().dq.unwrap()).unwrap();
                    agrees(&name, plane.iter().map(|&v| f64::from(v)), dq);
                    let mask = e.mask.as_ref().unwrap();
                    assert!(plane.iter().zip(mask).all(|(d, m)| d & 1 == 0 || *m), "{name}");
                }
                assert!(e.unit.is_some(), "{name}");
                let sky = e.sky.as_ref().unwrap_or_else(|| panic!("{name}: no sky, {:?}", e.notes));
                let (ny, nx) = e.data.dim();
                assert!(sky.pixel_to_sky(Point::new(nx as f64 / 2.0, ny as f64 / 2.0)).is_some(), "{name}");
            });
            let bare = load(file, &InputSection { ignore_planes: true, ..InputSection::default() }).unwrap();
            with_exposure!(bare, e => assert!(e.error.is_none() && e.mask.is_none(), "{name}"));
        }
    }

    #[test]
    fn any_array_and_the_area_map() {
        let Some(cal) = test_data("jwst/jw12345002001_02101_00001_mirimage_sub256_cal.fits") else { return };
        let cal = cal.to_str().unwrap();
        let auto = InputSection { area: Some("auto".into()), ..InputSection::default() };
        let plain = load(cal, &InputSection::default()).unwrap();
        let area: Array2<f64> = ImageFile::open(cal).unwrap().read_image(&HduSelector::name("AREA")).unwrap();
        let (AnyExposure::F32(a), AnyExposure::F32(b)) = (load(cal, &auto).unwrap(), plain) else { panic!() };
        assert_eq!(a.data[[100, 50]], (f64::from(b.data[[100, 50]]) * area[[100, 50]]) as f32);
        let roman = test_data("roman/r0003201001001001005_0002_wfi01_f129_cal.asdf").unwrap();
        let roman = roman.to_str().unwrap();
        assert!(load(roman, &auto).unwrap_err().is_usage());
        let error = load(&format!("{roman}[roman.err]"), &InputSection::default()).unwrap();
        with_exposure!(error, e => assert!(e.error.is_none() && e.mask.is_none()));
        let missing =
            load(&format!("{roman}[roman.nope]"), &InputSection::default()).unwrap_err().to_string();
        assert!(missing.contains("roman.var_poisson") && !missing.contains("coefficients"), "{missing}");
        let map = test_data("roman/roman_wfi_area_wfi01_sub320x288.asdf").unwrap();
        let with_map =
            InputSection { area: Some(map.to_str().unwrap().to_owned()), ..InputSection::default() };
        load(roman, &with_map).unwrap();
        let names =
            InputSection { dq_bad_bits: Some(vec!["GW_AFFECTED_DATA".into()]), ..InputSection::default() };
        load(roman, &names).unwrap();
    }
}
