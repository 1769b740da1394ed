//! Detects, deblends and measures a field under SExtractor's names, for `tests/reference/compare_sextractor.py`.
//!
//! `sextractor_columns DIR`: DIR/task.json gives `ny`, `nx`, `threshold`, `kernel` (the text of a `.conv` file), `n_pixels`,
//! `n_levels`, `contrast`, `contrast_method` and `fractions`; DIR/data.bin holds background-subtracted `f4` pixels, DIR/error.bin their
//! errors. Every column is written to `DIR/out/NAME.bin` as 64-bit floats.

use std::error::Error;
use std::path::Path;

use ndarray::Array2;
use serde_json::Value;
use skyphot_core::Image;
use skyphot_detection::Threshold;
use skyphot_filter::Kernel;
use skyphot_segmentation::{
    CatalogConfig, ContrastMethod, DeblendConfig, KronParams, SextractorOptions, SourceCatalog, SourceFinder,
};

type Res<T> = Result<T, Box<dyn Error>>;

fn plane(dir: &Path, name: &str, shape: (usize, usize)) -> Res<Array2<f32>> {
    let bytes = std::fs::read(dir.join(format!("{name}.bin")))?;
    let value = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
    Ok(Array2::from_shape_vec(shape, bytes.chunks_exact(4).map(value).collect())?)
}

fn numbers(v: &Value) -> Vec<f64> {
    v.as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
}

fn main() -> Res<()> {
    let dir = std::env::args().nth(1).ok_or("a directory is needed")?;
    let dir = Path::new(&dir);
    let task: Value = serde_json::from_slice(&std::fs::read(dir.join("task.json"))?)?;
    let count = |name: &str| task[name].as_u64().unwrap_or(0) as usize;
    let number = |name: &str| task[name].as_f64().unwrap_or(f64::NAN);
    let shape = (count("ny"), count("nx"));
    let (data, error) = (plane(dir, "data", shape)?, plane(dir, "error", shape)?);
    let kernel = Kernel::from_conv(task["kernel"].as_str().unwrap_or_default())?;
    let image = Image::new(data.view())?.with_error(error.view())?;
    let finder = SourceFinder {
        deblend: Some(DeblendConfig {
            n_levels: count("n_levels"),
            contrast: number("contrast"),
            contrast_method: match task["contrast_method"].as_str() {
                Some("basin") => ContrastMethod::Basin,
                _ => ContrastMethod::Saddle,
            },
            ..Default::default()
        }),
        ..SourceFinder::new(count("n_pixels"))
    };
    let threshold = number("threshold");
    let (segm, smooth) = finder.find_convolved(&image, &kernel, &Threshold::Scalar(threshold))?;
    let config = CatalogConfig {
        kron_params: KronParams { scale: 2.5, minimum_radius: 1.4, minimum_circular_radius: 0.0 },
        ..Default::default()
    };
    let catalog = SourceCatalog::new(&image, &segm, config)?.with_convolved_data(smooth.view())?;
    let options = SextractorOptions {
        threshold: Some(vec![threshold]),
        flux_fractions: numbers(&task["fractions"]),
        ..Default::default()
    };
    let table = catalog.to_sextractor_table(&options)?;
    let out = dir.join("out");
    std::fs::create_dir_all(&out)?;
    for c in table.columns() {
        let bytes: Vec<u8> = c.to_f64()?.into_iter().flat_map(f64::to_le_bytes).collect();
        std::fs::write(out.join(format!("{}.bin", c.name())), bytes)?;
    }
    Ok(())
}
