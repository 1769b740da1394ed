//! Measures every column of a catalogue from raw arrays, for `tests/reference/compare_catalog.py`.
//!
//! `catalog_columns DIR`: DIR/task.json gives `ny`, `nx`, `dtype` (`f4` or `f8`), which of `error`, `mask`,
//! `convolved`, `background` and `detection` (another image) there are as `DIR/NAME.bin`, `wcs` and the settings. Every
//! column is written to `DIR/out/NAME.bin` as 64-bit floats.

#[path = "../tests/it/columns.rs"]
mod columns;

use std::error::Error;
use std::path::Path;

use ndarray::Array2;
use serde_json::Value;
use skyphot_core::{Exec, Image, Pixel};
use skyphot_segmentation::{ApertureMaskMethod, CatalogConfig, KronParams, SegmentationImage, SourceCatalog};

use columns::Tan;

type Res<T> = Result<T, Box<dyn Error>>;

fn array<T: Copy>(
    dir: &Path,
    name: &str,
    shape: (usize, usize),
    from: impl Fn(&[u8]) -> T,
) -> Res<Array2<T>> {
    let bytes = std::fs::read(dir.join(format!("{name}.bin")))?;
    let size = bytes.len() / (shape.0 * shape.1);
    Ok(Array2::from_shape_vec(shape, bytes.chunks_exact(size).map(from).collect())?)
}

fn pixels<T: Pixel>(dir: &Path, name: &str, shape: (usize, usize)) -> Res<Array2<T>> {
    array(dir, name, shape, |b| {
        T::from_f64(match *b {
            [a, b, c, d] => f64::from(f32::from_le_bytes([a, b, c, d])),
            [a, b, c, d, e, f, g, h] => f64::from_le_bytes([a, b, c, d, e, f, g, h]),
            _ => f64::NAN,
        })
    })
}

/// Reference pixel, reference position and CD matrix.
fn tan(v: &Value) -> Option<Tan> {
    let pair = |v: &Value| Some((v[0].as_f64()?, v[1].as_f64()?));
    let row = |v: &Value| pair(v).map(|p| [p.0, p.1]);
    Some(Tan { pixel: pair(&v[0])?, pole: pair(&v[1])?, cd: [row(&v[2][0])?, row(&v[2][1])?] })
}

fn run<T: Pixel>(dir: &Path, task: &Value) -> Res<()> {
    let shape = (task["ny"].as_u64().unwrap_or(0) as usize, task["nx"].as_u64().unwrap_or(0) as usize);
    let has = |name: &str| task[name].as_bool().unwrap_or(false);
    let get = |name: &str| if has(name) { pixels::<T>(dir, name, shape).map(Some) } else { Ok(None) };
    let tan = tan(&task["wcs"]);
    let data = pixels::<T>(dir, "data", shape)?;
    let (error, convolved, background, detection) =
        (get("error")?, get("convolved")?, get("background")?, get("detection")?);
    let mask = if has("mask") { Some(array(dir, "mask", shape, |b| b[0] != 0)?) } else { None };
    let labels = array(dir, "labels", shape, |b| i32::from_le_bytes([b[0], b[1], b[2], b[3]]))?;
    let segm = SegmentationImage::new(labels)?;
    let kron: Vec<f64> =
        task["kron_params"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
    let config = CatalogConfig {
        local_bkg_width: task["local_bkg_width"].as_u64().unwrap_or(0) as usize,
        aperture_mask_method: match task["aperture_mask_method"].as_str() {
            Some("none") => ApertureMaskMethod::None,
            Some("mask") => ApertureMaskMethod::Mask,
            _ => ApertureMaskMethod::Correct,
        },
        kron_params: match kron[..] {
            [scale, minimum_radius, minimum_circular_radius] => {
                KronParams { scale, minimum_radius, minimum_circular_radius }
            }
            _ => KronParams::default(),
        },
        exec: Exec::serial(),
    };
    let mut image = Image::new(data.view())?;
    if let Some(e) = &error {
        image = image.with_error(e.view())?;
    }
    if let Some(m) = &mask {
        image = image.with_mask(m.view())?;
    }
    let mut detection_image = None;
    if let Some(d) = &detection {
        let image = Image::new(d.view())?;
        detection_image = Some(SourceCatalog::new(&image, &segm, config.clone())?);
    }
    let start = std::time::Instant::now();
    let mut catalog = SourceCatalog::new(&image, &segm, config)?;
    if let Some(c) = &convolved {
        catalog = catalog.with_convolved_data(c.view())?;
    }
    if let Some(b) = &background {
        catalog = catalog.with_background(b.view())?;
    }
    if let Some(d) = &detection_image {
        catalog = catalog.with_detection_catalog(d)?;
    }
    if let Some(t) = &tan {
        catalog = catalog.with_wcs(t);
    }
    let table = columns::all_columns(&catalog)?;
    let out = dir.join("out");
    std::fs::create_dir_all(&out)?;
    for c in table.columns() {
        let bytes: Vec<u8> = c.to_f64()?.into_iter().flat_map(f64::to_le_bytes).collect();
        std::fs::write(out.join(format!("{}.bin", c.name())), bytes)?;
    }
    std::fs::write(out.join("seconds"), start.elapsed().as_secs_f64().to_string())?;
    Ok(())
}

fn main() -> Res<()> {
    let dir = std::env::args().nth(1).ok_or("a directory is needed")?;
    let dir = Path::new(&dir);
    let task: Value = serde_json::from_slice(&std::fs::read(dir.join("task.json"))?)?;
    if task["dtype"].as_str() == Some("f4") { run::<f32>(dir, &task) } else { run::<f64>(dir, &task) }
}
