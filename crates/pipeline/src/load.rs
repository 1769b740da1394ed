//! Loading of images with the planes that go with them.

use std::sync::Arc;

use ndarray::Array2;
use skyphot_core::{BoundingBox, DataQuality, HeaderView, Pixel};
use skyphot_io::{FileSpec, HduInfo, HduSelector, ImageFile, PixelType, UncertaintyKind};

use crate::area::{AreaScale, area_plane};
use crate::science::Science;
use crate::{AnyExposure, AnyWcs, Exposure, InputSection, PipelineError, Result, provenance};

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
    let opened = Opened::new(file, planes)?;
    match opened.science.pixel_type {
        PixelType::F32 => Ok(AnyExposure::F32(opened.load()?)),
        PixelType::F64 => Ok(AnyExposure::F64(opened.load()?)),
    }
}

/// Pixels of an image, or of a part of it, with the planes that go with them.
#[derive(Debug)]
pub(crate) struct Part<T: Pixel> {
    pub(crate) data: Array2<T>,
    /// 1-sigma errors.
    pub(crate) error: Option<Array2<T>>,
    /// Bad pixels.
    pub(crate) mask: Option<Array2<bool>>,
}

/// A plane in a file.
#[derive(Debug, Clone)]
struct Plane {
    name: String,
    file: Arc<ImageFile>,
    hdu: HduSelector,
}

impl Plane {
    fn open(name: &str) -> Result<Self> {
        let spec = FileSpec::parse(name);
        Ok(Self { name: name.to_owned(), file: Arc::new(ImageFile::open(&spec.path)?), hdu: spec.hdu })
    }

    fn pixels<T: Pixel>(&self, window: Option<&BoundingBox>) -> Result<Array2<T>> {
        Ok(match window {
            Some(w) => self.file.read_cutout(&self.hdu, w)?,
            None => self.file.read_image(&self.hdu)?,
        })
    }

    fn bits(&self, window: Option<&BoundingBox>) -> Result<Array2<u32>> {
        Ok(match window {
            Some(w) => self.file.read_dq_cutout(&self.hdu, w)?,
            None => self.file.read_dq(&self.hdu)?,
        })
    }

    fn shape(&self) -> Result<(usize, usize)> {
        Ok(self.file.image_shape(&self.hdu)?)
    }
}

/// An image and its planes, found and opened, not read.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    pub(crate) file: String,
    pub(crate) science: Science,
    /// Shape `(ny, nx)` of the image.
    pub(crate) shape: (usize, usize),
    image: Plane,
    mask: Option<Plane>,
    dq: Option<(Plane, u32)>,
    error: Option<(Plane, UncertaintyKind, &'static str)>,
    area: Option<(Plane, AreaScale)>,
    planes: InputSection,
    pub(crate) notes: Vec<String>,
}

impl Opened {
    pub(crate) fn new(file: &str, planes: &InputSection) -> Result<Self> {
        let spec = FileSpec::parse(file);
        let source = Arc::new(ImageFile::open(&spec.path)?);
        if let (ImageFile::Fits(fits), HduSelector::Auto) = (&*source, &spec.hdu) {
            let info = fits.image_hdu(&spec.hdu)?;
            refuse_auxiliary(file, fits.hdus().first().into_iter().chain([info]), info.index)?;
        }
        let mut science = Science::find(&source, &spec.hdu, planes)?;
        if let Some(f) = &planes.wcs {
            science.sky = Some(AnyWcs::open(f, None)?.into_sky_map());
        }
        if let Some(g) = planes.gain
            && !(g > 0.0 && g.is_finite())
        {
            return Err(PipelineError::value(
                "gain",
                g.to_string(),
                "a number of electrons per data unit > 0",
            ));
        }
        let kind = match planes.weight_type.as_deref() {
            None | Some("weight") => UncertaintyKind::Weight,
            Some("variance") => UncertaintyKind::Variance,
            Some("rms") => UncertaintyKind::StdDev,
            Some(other) => {
                return Err(PipelineError::value("weight-type", other, "one of weight, variance, rms"));
            }
        };
        let within =
            |hdu: &HduSelector| Plane { name: file.to_owned(), file: source.clone(), hdu: hdu.clone() };
        let image = within(&science.image);
        let shape = image.shape()?;
        let mut notes = [source.warnings(), &science.notes].concat();
        let dq = match (&planes.dq, &science.dq) {
            (Some(f), _) => Some((Plane::open(f)?, u32::MAX)),
            (None, Some(hdu)) => {
                let which = if planes.dq_good.is_some() || planes.dq_bad_bits.is_some() {
                    ""
                } else {
                    " (DO_NOT_USE)"
                };
                notes.push(format!("bad pixels{which} from {hdu}"));
                let bad = u32::try_from(science.legend.bits_of("DO_NOT_USE")?).unwrap_or(1);
                Some((within(hdu), bad))
            }
            (None, None) if planes.dq_good.is_some() || planes.dq_bad_bits.is_some() => {
                return Err(PipelineError::value(
                    "data-quality plane",
                    file,
                    "a file that brings one; name it with dq",
                ));
            }
            (None, None) => None,
        };
        let error = match (&planes.error, &planes.weight, &science.error) {
            (Some(f), _, _) => Some((Plane::open(f)?, UncertaintyKind::StdDev, "error")),
            (None, Some(f), _) => Some((Plane::open(f)?, kind, "weight")),
            (None, None, Some(hdu)) => {
                notes.push(format!("errors from {hdu}"));
                Some((within(hdu), UncertaintyKind::StdDev, "error plane"))
            }
            (None, None, None) => None,
        };
        let area = match (planes.area.as_deref(), &science.area) {
            (None, _) => None,
            (Some("auto"), Some(hdu)) => Some(within(hdu)),
            (Some("auto"), None) => {
                return Err(PipelineError::value(
                    "pixel-area map of",
                    file,
                    "in the file; give one as FILE[EXT]",
                ));
            }
            (Some(f), _) => {
                let mut plane = Plane::open(f)?;
                plane.hdu = area_plane(&plane.file, &plane.hdu);
                Some(plane)
            }
        };
        let area = match area {
            Some(p) => {
                let scale = AreaScale::of(&p.file, &p.hdu, &p.name)?;
                Some((p, scale))
            }
            None => None,
        };
        if area.is_some() {
            notes.push("pixel values and errors were multiplied by the pixel-area map".to_owned());
        }
        let mask = planes.mask.as_deref().map(Plane::open).transpose()?;
        let opened = Self {
            file: file.to_owned(),
            science,
            shape,
            image,
            mask,
            dq,
            error,
            area,
            planes: planes.clone(),
            notes,
        };
        for (what, plane) in [
            ("mask", opened.mask.as_ref()),
            ("data-quality plane", opened.dq.as_ref().map(|(p, _)| p)),
            (opened.error.as_ref().map_or("error", |e| e.2), opened.error.as_ref().map(|e| &e.0)),
            ("pixel-area map", opened.area.as_ref().map(|a| &a.0)),
        ] {
            let Some(plane) = plane else { continue };
            let found = plane.shape()?;
            if found != shape {
                return Err(PipelineError::PlaneShape {
                    what,
                    file: plane.name.clone(),
                    expected: shape,
                    found,
                });
            }
        }
        Ok(opened)
    }

    /// An error plane comes with the image or was named.
    pub(crate) fn has_error(&self) -> bool {
        self.error.is_some()
    }

    /// There is a plane of bad pixels.
    pub(crate) fn has_mask(&self) -> bool {
        self.mask.is_some() || self.dq.is_some() || self.error.is_some()
    }

    /// Only the wanted part is read from the files; else they are read or held as a whole.
    pub(crate) fn reads_parts(&self) -> bool {
        self.stored().all(|p| p.file.is_read_by_parts())
    }

    /// Parts cost no more to read than their share of the image: nothing is compressed.
    pub(crate) fn reads_parts_fast(&self) -> bool {
        self.reads_parts()
            && self.stored().all(|p| match &*p.file {
                ImageFile::Fits(fits) => fits.image_hdu(&p.hdu).is_ok_and(|hdu| !hdu.compressed),
                _ => false,
            })
    }

    /// All planes.
    fn stored(&self) -> impl Iterator<Item = &Plane> {
        [Some(&self.image), self.mask.as_ref(), self.dq.as_ref().map(|d| &d.0)]
            .into_iter()
            .chain([self.error.as_ref().map(|e| &e.0), self.area.as_ref().map(|a| &a.0)])
            .flatten()
    }

    /// The pixels, or those of a part of the image.
    pub(crate) fn read<T: Pixel>(&self, window: Option<&BoundingBox>) -> Result<Part<T>> {
        let mut data: Array2<T> = self.image.pixels(window)?;
        let mut mask = None;
        if let Some(p) = &self.mask {
            add(&mut mask, p.pixels::<f64>(window)?.mapv(|v| v != 0.0));
        }
        if let Some((p, bad)) = &self.dq {
            add(&mut mask, dq_mask(&p.bits(window)?, &self.planes, &self.science.legend, *bad)?);
        }
        let mut error = None;
        if let Some((p, kind, what)) = &self.error {
            let plane = kind.to_sigma(p.pixels::<T>(window)?);
            // A plane that was named leaves the mask alone where it has nothing to say about bad pixels.
            if *what == "error plane" || plane.mask.iter().any(|&m| m) {
                add(&mut mask, plane.mask);
            }
            error = Some(plane.error);
        }
        if let Some((p, scale)) = &self.area {
            let mut area = p.pixels::<f64>(window)?;
            scale.apply(&mut area)?;
            for plane in [Some(&mut data), error.as_mut()].into_iter().flatten() {
                plane.zip_mut_with(&area, |v, a| *v = T::from_f64(v.to_f64() * a));
            }
        }
        Ok(Part { data, error, mask })
    }

    pub(crate) fn load<T: Pixel>(self) -> Result<Exposure<T>> {
        let Part { data, error, mask } = self.read(None)?;
        Ok(Exposure {
            data,
            error,
            mask,
            sha256: self.checksum()?,
            header: self.science.header,
            sky: self.science.sky,
            unit: self.science.unit,
            file: self.file,
            notes: self.notes,
        })
    }

    /// The file of the image and its place there.
    pub(crate) fn source(&self) -> (&ImageFile, &HduSelector) {
        (&self.image.file, &self.image.hdu)
    }

    /// The file of the image, open.
    pub(crate) fn source_file(&self) -> Arc<ImageFile> {
        self.image.file.clone()
    }

    /// The words of the data-quality plane, if there is one.
    pub(crate) fn dq_words(&self) -> Result<Option<Array2<u32>>> {
        self.dq.as_ref().map(|(p, _)| p.bits(None)).transpose()
    }

    /// SHA-256 of the file of the image.
    pub(crate) fn checksum(&self) -> Result<String> {
        provenance::checksum(self.image.file.path())
    }
}

fn add(mask: &mut Option<Array2<bool>>, other: Array2<bool>) {
    match mask {
        Some(m) => m.zip_mut_with(&other, |a, &b| *a |= b),
        None => *mask = Some(other),
    }
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
