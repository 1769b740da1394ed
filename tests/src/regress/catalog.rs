//! Catalogues of whole real images against photutils: every numeric column, deblended sources, all options.

use std::path::Path;

use ndarray::{Array2, s};
use serde_json::Value;
use skyphot::core::testing::{test_data, uniform};
use skyphot::core::{Image, Table};
use skyphot::detection::Threshold;
use skyphot::io::FitsFile;
use skyphot::pipeline::fits_wcs;
use skyphot::segmentation::{
    ApertureMaskMethod, CatalogConfig, DeblendConfig, DetectConfig, KronParams, SourceCatalog,
    deblend_sources, detect_sources,
};
use skyphot::wcs::Wcs;

use super::scene::{number, numbers};
use super::{Error, Tally};

/// The images of `tests/reference/gen_regress_catalog.py`.
const NAMES: [&str; 2] = ["m67", "spitzer"];

pub(super) fn compare(tally: &mut Tally) -> Result<(), Error> {
    for name in NAMES {
        let path = format!("src/regress/fixtures/catalog/{name}.json");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let answers: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
        let source = &answers["source"];
        let Some(file) = test_data(source["path"].as_str().unwrap_or_default()) else { continue };
        let hdu = source["hdu"].as_u64().unwrap_or(0) as usize;
        let fits = FitsFile::open(&file)?;
        let header = fits.hdus().get(hdu).ok_or("an HDU that is not there")?;
        let wcs = fits_wcs(&fits, header, None)?;
        image(tally, crate::read_image(&file, hdu)?, &wcs, &answers).map_err(|e| format!("{name}: {e}"))?;
    }
    Ok(())
}

/// Means of 3 x 3 pixels, added in a fixed order.
fn box3(data: &Array2<f64>) -> Array2<f64> {
    let (ny, nx) = data.dim();
    let mut padded = Array2::zeros((ny + 2, nx + 2));
    padded.slice_mut(s![1..=ny, 1..=nx]).assign(&data.mapv(|v| if v.is_finite() { v } else { 0.0 }));
    let mut out = Array2::<f64>::zeros((ny, nx));
    for dy in 0..3 {
        for dx in 0..3 {
            out += &padded.slice(s![dy..dy + ny, dx..dx + nx]);
        }
    }
    out / 9.0
}

fn image(tally: &mut Tally, data: Array2<f64>, wcs: &Wcs, answers: &Value) -> Result<(), Error> {
    let (median, std) = (number(&answers["median"]), number(&answers["std"]));
    let shape = data.dim();
    let data = data - median;
    let smooth = box3(&data);
    let at = |seed: u64| move |(y, x): (usize, usize)| uniform(seed, (y * shape.1 + x) as u64);
    let error = Array2::from_shape_fn(shape, |p| std * (1.0 + 0.5 * at(51)(p)));
    let mask = Array2::from_shape_fn(shape, |p| at(52)(p) < 0.01);
    let sky = Array2::from_shape_fn(shape, |(_, x)| median + 0.0 * x as f64 + 0.01 * x as f64);
    let found = Image::new(smooth.view())?;
    let segm = detect_sources(&found, &Threshold::Scalar(2.0 * std), 5, &DetectConfig::default())?;
    let segm = deblend_sources(&found, &segm, 5, &DeblendConfig::default())?;
    let crc = crc32(segm.data().iter().flat_map(|l| l.to_le_bytes()));
    if (segm.len() as f64, f64::from(crc)) != (number(&answers["n_labels"]), number(&answers["crc"])) {
        return Err(format!("{} sources, or other pixels than photutils", segm.len()).into());
    }
    let plain = Image::new(data.view())?;
    let with_error = plain.with_error(error.view())?;
    let full = with_error.with_mask(mask.view())?;
    let width = |local_bkg_width| CatalogConfig { local_bkg_width, ..Default::default() };
    let cases = &answers["cases"];
    let catalog = SourceCatalog::new(&full, &segm, width(12))?
        .with_convolved_data(smooth.view())?
        .with_background(sky.view())?
        .with_wcs(wcs);
    columns(tally, &table(&catalog)?, answers, &cases["all"])?;
    let catalog = SourceCatalog::new(&plain, &segm, width(0))?;
    columns(tally, &table(&catalog)?, answers, &cases["plain"])?;
    let config = CatalogConfig {
        aperture_mask_method: ApertureMaskMethod::Mask,
        kron_params: KronParams { scale: 2.0, minimum_radius: 1.2, minimum_circular_radius: 5.0 },
        ..Default::default()
    };
    columns(tally, &table(&SourceCatalog::new(&with_error, &segm, config)?)?, answers, &cases["mask"])?;
    let config = CatalogConfig { aperture_mask_method: ApertureMaskMethod::None, ..Default::default() };
    let shapes = SourceCatalog::new(&found.with_error(error.view())?, &segm, config)?;
    let catalog = SourceCatalog::new(&full, &segm, width(6))?.with_detection_catalog(&shapes)?;
    columns(tally, &table(&catalog)?, answers, &cases["detection"])
}

fn table(catalog: &SourceCatalog<'_>) -> Result<Table, Error> {
    let mut t = catalog.to_full_table()?;
    for name in ["flux_radius(0.5)", "flux_radius(0.2)", "circular_flux(5)", "circular_flux_err(5)"] {
        t.push(catalog.to_table(&[name])?.column(name)?.clone())?;
    }
    Ok(t)
}

/// Columns whose values may be near 0 and are no better known than others: compared with the mean magnitude, too.
fn has_floor(name: &str) -> bool {
    [
        "covariance",
        "orientation",
        "moments_central",
        "eccentricity",
        "ellipticity",
        "ellipse_cxy",
        "perimeter",
    ]
    .iter()
    .any(|n| name.contains(n))
}

fn columns(tally: &mut Tally, ours: &Table, answers: &Value, theirs: &Value) -> Result<(), Error> {
    let picked = numbers(&answers["picked"]);
    for (name, want) in theirs.as_object().into_iter().flatten() {
        let v = ours.column(name)?.to_f64()?;
        let width = number(&want["width"]) as usize;
        let root = name.starts_with("flux_radius") || name.contains("centroid_win");
        // The derivatives of the map to the sky are numerical in both.
        let sky = name.starts_with("sky_") && (name.ends_with("_err") || name == "sky_orientation");
        let (kind, budget): (&str, f64) = match name.as_str() {
            "flags" => ("flags", 0.0),
            n if n.ends_with("_index") || n.ends_with("fallback") => ("places of extremes, fallbacks", 0.0),
            _ if sky => ("sky errors and angles, relative", 1e-6),
            n if n.starts_with("sky_") => ("sky positions, relative", 1e-11),
            _ if root => ("where a root is solved, relative", 1e-6),
            _ => ("other columns, relative", 1e-8),
        };
        let n = v.len().max(1) as f64;
        let finite = |v: f64| if v.is_finite() { v } else { 0.0 };
        let nan = v.iter().filter(|v| v.is_nan()).count() as f64;
        tally.absolute("number of NaN", 0.0, &[nan], &[number(&want["nan"])]);
        let size = number(&want["size"]).max(f64::MIN_POSITIVE);
        let sum: f64 = v.iter().map(|v| finite(*v)).sum();
        let seed = number(&answers["seed"]) as u64;
        let weighted: f64 = v.iter().enumerate().map(|(i, v)| finite(*v) * uniform(seed, i as u64)).sum();
        let magnitude: f64 = v.iter().map(|v| finite(*v).abs()).sum();
        // Sums round.
        let sums = [number(&want["sum"]), number(&want["weighted"]), number(&want["size"])];
        tally.in_units_of(
            &format!("all sources: {kind}"),
            budget.max(1e-12),
            size,
            &[sum, weighted, magnitude],
            &sums,
        );
        let rows = numbers(&want["rows"]);
        let floor = if has_floor(name) { size / n } else { 0.0 };
        let mine: Vec<f64> =
            picked.iter().flat_map(|&r| v[r as usize * width..(r as usize + 1) * width].to_vec()).collect();
        for (a, b) in mine.iter().zip(&rows) {
            let scale = b.abs().max(floor).max(f64::MIN_POSITIVE);
            tally.in_units_of(&format!("some sources: {kind}"), budget, scale, &[*a], &[*b]);
        }
    }
    Ok(())
}

/// CRC-32 as zlib has it.
fn crc32(bytes: impl Iterator<Item = u8>) -> u32 {
    !bytes.fold(!0_u32, |c, b| {
        (0..8).fold(c ^ u32::from(b), |c, _| if c & 1 == 1 { 0xEDB8_8320 ^ (c >> 1) } else { c >> 1 })
    })
}
