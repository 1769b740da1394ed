//! An image and what the references say about it.

use std::path::Path;

use ndarray::{Array2, s};
use serde_json::Value;
use skyphot::core::Image;
use skyphot::core::testing::{field, test_data, uniform};

use super::Error;

/// An image with the stored answers.
#[derive(Debug, Clone)]
pub struct Scene {
    /// Name of the fixture.
    pub name: String,
    /// The pixels.
    pub data: Array2<f64>,
    /// Bad pixels.
    pub mask: Option<Array2<bool>>,
    /// The stored answers.
    pub answers: Value,
}

impl Scene {
    /// Every fixture whose image is there; a line on standard error says what is left out.
    ///
    /// # Errors
    /// A fixture or an image that cannot be read.
    pub fn all() -> Result<Vec<Self>, Error> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/regress/fixtures");
        let mut names: Vec<_> =
            std::fs::read_dir(&folder)?.map(|e| Ok(e?.path())).collect::<Result<_, Error>>()?;
        names.sort();
        let mut scenes = Vec::new();
        for path in names.iter().filter(|p| p.extension().is_some_and(|e| e == "json")) {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let answers: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
            if let Some((data, mask)) = pixels(&name, &answers)? {
                scenes.push(Self { name, data, mask, answers });
            }
        }
        Ok(scenes)
    }

    /// The image as the crates take it.
    ///
    /// # Errors
    /// None that can happen here.
    pub fn image(&self) -> Result<Image<'_, f64>, Error> {
        masked(&self.data, self.mask.as_ref())
    }
}

/// A view of data and mask.
pub(super) fn masked<'a>(
    data: &'a Array2<f64>,
    mask: Option<&'a Array2<bool>>,
) -> Result<Image<'a, f64>, Error> {
    let image = Image::new(data.view())?;
    Ok(match mask {
        Some(m) => image.with_mask(m.view())?,
        None => image,
    })
}

type Pixels = (Array2<f64>, Option<Array2<bool>>);

/// The image of a fixture, made or read as `gen_regress.py` does it; `None` if the test data are not there.
fn pixels(name: &str, answers: &Value) -> Result<Option<Pixels>, Error> {
    match name {
        "formula" => return Ok(Some((field(260, 300, 11, 70, 3.0), None))),
        "formula_holes" => {
            let mut data = field(231, 257, 23, 60, 4.0);
            let (ny, nx) = data.dim();
            let index = |y: usize, x: usize| (y * nx + x) as u64;
            let mut mask = Array2::from_shape_fn((ny, nx), |(y, x)| uniform(32, index(y, x)) < 0.02);
            mask.slice_mut(s![40..60, 100..180]).fill(true);
            for ((y, x), v) in data.indexed_iter_mut() {
                if uniform(31, index(y, x)) < 0.004 {
                    *v = f64::NAN;
                }
            }
            return Ok(Some((data, Some(mask))));
        }
        _ => {}
    }
    let source = &answers["source"];
    let path = source["path"].as_str().ok_or("a fixture without a source")?;
    let Some(file) = test_data(path) else { return Ok(None) };
    let section: Vec<usize> = source["section"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|v| Some(v.as_u64()? as usize))
        .collect();
    let [y0, y1, x0, x1] = section[..] else { return Err("a section has four numbers".into()) };
    let hdu = source["hdu"].as_u64().ok_or("a fixture without an HDU")? as usize;
    Ok(Some((crate::read_image(&file, hdu)?.slice(s![y0..y1, x0..x1]).to_owned(), None)))
}

/// Numbers of a JSON list (of lists, flattened); `"nan"` and infinities as `gen_*.py` write them.
pub(super) fn numbers(v: &Value) -> Vec<f64> {
    match v {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        Value::String(s) => vec![s.parse().unwrap_or(f64::NAN)],
        other => vec![other.as_f64().unwrap_or(f64::NAN)],
    }
}

/// One number.
pub(super) fn number(v: &Value) -> f64 {
    numbers(v).first().copied().unwrap_or(f64::NAN)
}

/// A pair of sizes.
pub(super) fn sizes(v: &Value) -> Result<(usize, usize), Error> {
    match numbers(v)[..] {
        [a, b] => Ok((a as usize, b as usize)),
        [a] => Ok((a as usize, a as usize)),
        _ => Err(format!("expected one or two sizes, found {v}").into()),
    }
}
