//! Catalogues against photutils 3.1.1 (fixture made by tests/reference/gen_catalog.py), and what must hold anyway.

use std::num::NonZeroUsize;

use ndarray::{Array2, s};
use serde_json::Value;
use skyphot_core::testing::{field, uniform};
use skyphot_core::{BoundingBox, Column, Exec, Image, Table};
use skyphot_detection::Threshold;
use skyphot_segmentation::{
    ApertureMaskMethod, CatalogConfig, CatalogImages, CatalogParts, CatalogScratch, CutoutMode, CutoutPlane,
    DetectConfig, KronParams, SegmentationImage, SextractorOptions, SourceCatalog, detect_sources,
    measure_source,
};

use crate::columns::{self, Tan};
use crate::support::{crc32, fixture};

const NY: usize = 140;
const NX: usize = 150;
const SEED: u64 = 77;

/// The image of the generator.
struct Scene {
    data: Array2<f64>,
    smooth: Array2<f64>,
    error: Array2<f64>,
    mask: Array2<bool>,
    holes: Array2<f64>,
    bad_error: Array2<f64>,
    sky: Array2<f64>,
    segm: SegmentationImage,
}

fn scene() -> Scene {
    let at = |f: &dyn Fn(usize, usize, u64) -> f64| {
        Array2::from_shape_fn((NY, NX), |(y, x)| f(y, x, (y * NX + x) as u64))
    };
    let sky = at(&|y, x, _| 100.0 + 0.05 * x as f64 + 0.02 * y as f64);
    let data = field(NY, NX, SEED, 60, 1.0) - &sky;
    let mut padded = Array2::zeros((NY + 2, NX + 2));
    padded.slice_mut(s![1..=NY, 1..=NX]).assign(&data);
    let mut smooth = Array2::<f64>::zeros((NY, NX));
    for dy in 0..3 {
        for dx in 0..3 {
            smooth += &padded.slice(s![dy..dy + NY, dx..dx + NX]);
        }
    }
    smooth /= 9.0;
    let error = at(&|_, _, i| 1.0 + 0.5 * uniform(SEED + 11, i));
    let holes = at(&|y, x, i| if uniform(SEED + 13, i) < 0.004 { f64::NAN } else { data[[y, x]] });
    let bad_error = at(&|y, x, i| if uniform(SEED + 14, i) < 0.002 { f64::INFINITY } else { error[[y, x]] });
    let image = Image::new(smooth.view()).unwrap();
    let segm = detect_sources(&image, &Threshold::Scalar(6.0), 5, &DetectConfig::default()).unwrap();
    let hidden = segm.labels()[3];
    let mask = Array2::from_shape_fn((NY, NX), |(y, x)| {
        uniform(SEED + 12, (y * NX + x) as u64) < 0.01 || segm.data()[[y, x]] == hidden
    });
    Scene { data, smooth, error, mask, holes, bad_error, sky, segm }
}

/// The gnomonic projection of the generator.
const TAN: Tan = Tan { pixel: (49.5, 39.5), pole: (150.1, 32.2), cd: [[-3.0e-5, 1.0e-5], [1.2e-5, 2.8e-5]] };

fn number(v: &Value) -> f64 {
    v.as_f64().unwrap_or_else(|| match v.as_str() {
        Some("inf") => f64::INFINITY,
        Some("-inf") => f64::NEG_INFINITY,
        _ => f64::NAN,
    })
}

/// What a column is at least compared with: angles and numbers below 1 by what they can be.
fn least(name: &str) -> f64 {
    match name {
        "orientation" | "sky_orientation" => 90.0,
        n if n.starts_with("covariance") => 1.0,
        "eccentricity" | "ellipticity" | "ellipse_cxy" | "perimeter" => 1.0,
        // First moments about the centroid are nothing but rounding.
        "moments_central" => 1e5,
        n if n.ends_with(".ra") || n.ends_with(".dec") => 1e-4,
        _ => 0.0,
    }
}

fn compare(case: &str, table: &Table, want: &Value) {
    for (name, values) in want.as_object().unwrap() {
        let want: Vec<f64> = values.as_array().unwrap().iter().map(number).collect();
        let got = table.column(name).unwrap_or_else(|e| panic!("{case}: {e}")).to_f64().unwrap();
        assert_eq!(got.len(), want.len(), "{case} {name}");
        let limit =
            if name.starts_with("flux_radius") || name.contains("centroid_win") { 1e-6 } else { 1e-8 };
        for (i, (g, w)) in got.iter().zip(&want).enumerate() {
            let same = (g.is_nan() && w.is_nan()) || g == w;
            let close = (g - w).abs() <= limit * w.abs().max(least(name));
            assert!(same || close, "{case} {name} [{i}]: {g} is not {w}");
        }
    }
}

fn all_columns(catalog: &SourceCatalog<'_>) -> Table {
    columns::all_columns(catalog).unwrap()
}

fn full<'a>(s: &'a Scene, config: CatalogConfig) -> SourceCatalog<'a> {
    let image = Image::new(s.holes.view()).unwrap();
    let image = image.with_error(s.bad_error.view()).unwrap().with_mask(s.mask.view()).unwrap();
    SourceCatalog::new(&image, &s.segm, CatalogConfig { local_bkg_width: 8, ..config })
        .unwrap()
        .with_convolved_data(s.smooth.view())
        .unwrap()
        .with_background(s.sky.view())
        .unwrap()
        .with_wcs(&TAN)
}

#[test]
fn columns_are_those_of_photutils() {
    let f = fixture(include_str!("fixtures/catalog.json"));
    let s = scene();
    assert_eq!(s.segm.len() as u64, f["n_labels"].as_u64().unwrap());
    assert_eq!(u64::from(crc32(s.segm.data())), f["crc"].as_u64().unwrap());
    let plain = Image::new(s.data.view()).unwrap();
    let with_error = plain.with_error(s.error.view()).unwrap();
    compare("all", &all_columns(&full(&s, CatalogConfig::default())), &f["cases"]["all"]);
    let catalog = SourceCatalog::new(&plain, &s.segm, CatalogConfig::default()).unwrap();
    compare("plain", &all_columns(&catalog), &f["cases"]["plain"]);
    let config = CatalogConfig {
        aperture_mask_method: ApertureMaskMethod::Mask,
        kron_params: KronParams { scale: 2.0, minimum_radius: 1.2, minimum_circular_radius: 5.0 },
        ..CatalogConfig::default()
    };
    let catalog = SourceCatalog::new(&with_error, &s.segm, config).unwrap();
    compare("mask", &all_columns(&catalog), &f["cases"]["mask"]);
    let config = CatalogConfig { aperture_mask_method: ApertureMaskMethod::None, ..CatalogConfig::default() };
    let smooth = Image::new(s.smooth.view()).unwrap().with_error(s.error.view()).unwrap();
    let detection = SourceCatalog::new(&smooth, &s.segm, config).unwrap();
    let config = CatalogConfig { local_bkg_width: 4, ..CatalogConfig::default() };
    let catalog =
        SourceCatalog::new(&with_error, &s.segm, config).unwrap().with_detection_catalog(&detection).unwrap();
    compare("detection", &all_columns(&catalog), &f["cases"]["detection"]);
}

fn bits(t: &Table) -> Vec<(String, Vec<u64>)> {
    t.columns()
        .iter()
        .map(|c| (c.name().to_owned(), c.to_f64().unwrap().iter().map(|v| v.to_bits()).collect()))
        .collect()
}

#[test]
fn threads_and_the_order_of_questions_do_not_change_a_bit() {
    let s = scene();
    let run = |n: usize| {
        let exec = Exec::with_threads(NonZeroUsize::new(n).unwrap()).unwrap();
        bits(&all_columns(&full(&s, CatalogConfig { exec, ..CatalogConfig::default() })))
    };
    let one = run(1);
    for n in [2, 3, 7] {
        assert!(run(n) == one, "{n} threads");
    }
    // Property by property, and from a selection.
    let catalog = full(&s, CatalogConfig::default());
    let radius = catalog.flux_radius(0.5).unwrap();
    let (flux, x) = (catalog.kron_flux(), catalog.x_centroid_win());
    let of = |name: &str| one.iter().find(|c| c.0 == name).unwrap().1.clone();
    let to_bits = |v: &[f64]| v.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    assert_eq!(to_bits(&radius), of("flux_radius(0.5)"));
    assert_eq!((to_bits(&flux), to_bits(&x)), (of("kron_flux"), of("x_centroid_win")));
    let rows = [5, 0, 2];
    let part = catalog.select(&rows).unwrap();
    assert_eq!(part.labels(), rows.map(|r| catalog.labels()[r]));
    let picked = rows.map(|r| of("gini")[r]);
    assert_eq!(to_bits(&part.gini()), picked);
    assert_eq!(to_bits(&full(&s, CatalogConfig::default()).select(&rows).unwrap().gini()), picked);
}

#[test]
fn windows_give_the_same_rows() {
    let s = scene();
    let config = CatalogConfig { local_bkg_width: 8, ..CatalogConfig::default() };
    let whole = full(&s, config.clone());
    let mut scratch = CatalogScratch::default();
    let mut rows = Vec::new();
    for (&label, bbox) in s.segm.labels().iter().zip(s.segm.bbox()) {
        let mut b = *bbox;
        // The error says which window is needed.
        let row = loop {
            let cut = |a: &Array2<f64>| {
                a.slice(s![b.y_min as usize..b.y_max as usize, b.x_min as usize..b.x_max as usize]).to_owned()
            };
            let (data, error, smooth, sky) = (cut(&s.holes), cut(&s.bad_error), cut(&s.smooth), cut(&s.sky));
            let part = s![b.y_min as usize..b.y_max as usize, b.x_min as usize..b.x_max as usize];
            let (mask, labels) = (s.mask.slice(part), s.segm.data().slice(part).to_owned());
            let image = Image::new(data.view()).unwrap().with_error(error.view()).unwrap();
            let images = CatalogImages::new(&image.with_mask(mask).unwrap(), labels.view())
                .unwrap()
                .with_convolved_data(smooth.view())
                .unwrap()
                .with_background(sky.view())
                .unwrap()
                .in_larger_image((b.x_min as usize, b.y_min as usize), (NY, NX))
                .unwrap();
            match measure_source(&images, (label, *bbox), &config, CatalogParts::ALL, &mut scratch) {
                Ok(row) => break row,
                Err(needed) => {
                    assert_ne!(needed.union(&b), b);
                    b = needed.union(&b);
                }
            }
        };
        rows.push(row);
    }
    let catalog =
        SourceCatalog::from_measurements(rows, s.segm.flags(), (NY, NX), config).unwrap().with_wcs(&TAN);
    assert!(bits(&catalog.to_full_table().unwrap()) == bits(&whole.to_full_table().unwrap()));
}

#[test]
fn columns_of_the_user_and_wrong_calls() {
    let s = scene();
    let mut catalog = full(&s, CatalogConfig::default());
    let n = catalog.len();
    catalog.add_property(Column::new("redshift", vec![0.5; n])).unwrap();
    assert!(catalog.add_property(Column::new("redshift", vec![0.5; n])).is_err());
    assert!(catalog.add_property(Column::new("area", vec![0.5; n])).is_err());
    assert!(catalog.add_property(Column::new("short", vec![0.5])).is_err());
    catalog.rename_property("redshift", "z").unwrap();
    assert_eq!(catalog.custom_properties(), ["z"]);
    let t = catalog.to_table(&["label", "z", "sky_centroid"]).unwrap();
    assert_eq!(t.names(), ["label", "z", "sky_centroid.ra", "sky_centroid.dec"]);
    assert_eq!(catalog.remove_property("z").unwrap().len(), n);
    let e = catalog.to_table(&["nonsense"]).unwrap_err().to_string();
    assert!(e.contains("nonsense") && e.contains("kron_flux"), "{e}");
    assert!(catalog.flux_radius(0.0).is_err() && catalog.circular_photometry(-1.0).is_err());
    assert!(catalog.select(&[n]).is_err() && catalog.select_labels(&[9999]).is_err());
    assert_eq!(catalog.to_table(&[]).unwrap().n_columns(), SourceCatalog::DEFAULT_COLUMNS.len() + 1);
    let cut = catalog.make_cutouts((7, 9), CutoutPlane::Data, CutoutMode::Partial(f64::NAN));
    assert!(cut[3].is_none() && cut[0].as_ref().is_some_and(|c| c.data.dim() == (7, 9)));
    let b: BoundingBox = catalog.bbox()[0];
    let own = catalog.segment_cutouts(CutoutPlane::Convolved);
    assert_eq!(own[0].as_ref().unwrap().data.dim(), b.shape());
    let kron = catalog.make_kron_apertures(None).unwrap();
    assert!(kron[3].is_none() && kron[0].is_some_and(|k| k.a >= k.b && k.b > 0.0));
}

/// A Gaussian of flux 1 in the middle of an odd square.
fn gaussian(n: usize, sigma: f64, dx: f64, dy: f64) -> Array2<f64> {
    let c = (n / 2) as f64;
    Array2::from_shape_fn((n, n), |(y, x)| {
        let (u, v) = (x as f64 - c - dx, y as f64 - c - dy);
        (-(u * u + v * v) / (2.0 * sigma * sigma)).exp() / (2.0 * std::f64::consts::PI * sigma * sigma)
    })
}

#[test]
fn measures_of_sextractor_have_their_closed_forms() {
    let sigma = 4.0;
    let data = gaussian(101, sigma, 0.3, -0.2) * 1000.0;
    // Down to a hundredth of the peak.
    let threshold = 0.01 * 1000.0 / (2.0 * std::f64::consts::PI * sigma * sigma);
    let segm = SegmentationImage::new(data.mapv(|v| i32::from(v > threshold))).unwrap();
    let image = Image::new(data.view()).unwrap();
    let catalog = SourceCatalog::new(&image, &segm, CatalogConfig::default()).unwrap();
    // The isophote of level q of the peak of a Gaussian has the area 2 pi sigma^2 ln(1 / q).
    let areas = catalog.isophotal_areas(&[threshold]).unwrap()[0];
    for (k, a) in areas.iter().enumerate() {
        let expected = 2.0 * std::f64::consts::PI * sigma * sigma * (1.0 - k as f64 / 8.0) * 100_f64.ln();
        assert!((*a as f64 - expected).abs() < 12.0, "{k}: {a} {expected}");
    }
    // 1 % of the light is below the threshold.
    let corrected = catalog.isocor_photometry(&[threshold]).unwrap().flux[0];
    assert!((corrected / 1000.0 - 1.0).abs() < 0.01, "{corrected}");
    assert!((catalog.segment_flux()[0] / 990.0 - 1.0).abs() < 1e-3);
    // The radius where exp(-u) between 0.91 and 1.1 radii is 0.2 of the mean within, u = r^2 / 2 sigma^2.
    let petro = catalog.petrosian_photometry(&Default::default()).unwrap();
    let (low, high) = (1.05_f64.powi(-4), 1.05_f64.powi(4));
    let ratio = |u: f64| ((-low * u).exp() - (-high * u).exp()) / (high - low) / (1.0 - (-u).exp());
    let a = catalog.semimajor_axis()[0];
    let u = (petro.radius[0] * a).powi(2) / (2.0 * sigma * sigma);
    assert!((ratio(u) - 0.2).abs() < 0.02, "{}", ratio(u));
    assert!((petro.flux[0] / 1000.0 - 1.0).abs() < 0.01);
    // Stars have 0; the disc of scale h in a wider Gaussian shows as wider.
    let fwhm = sigma * skyphot_core::SIGMA_TO_FWHM;
    let star = catalog.spread_model(gaussian(41, sigma, 0.0, 0.0).view(), fwhm).unwrap()[0];
    let wide = catalog.spread_model(gaussian(41, 0.8 * sigma, 0.0, 0.0).view(), 0.8 * fwhm).unwrap()[0];
    let sharp = catalog.spread_model(gaussian(41, 1.2 * sigma, 0.0, 0.0).view(), 1.2 * fwhm).unwrap()[0];
    assert!(star.abs() < 1e-4 && wide > 1e-3 && sharp < -1e-3, "{star} {wide} {sharp}");
    let t = catalog.to_sextractor_table(&SextractorOptions {
        zero_point: 25.0,
        threshold: Some(vec![threshold]),
        ..Default::default()
    });
    let t = t.unwrap();
    let get = |name: &str| t.column(name).unwrap().to_f64().unwrap()[0];
    assert!((get("X_IMAGE") - 51.3).abs() < 0.01 && (get("Y_IMAGE") - 50.8).abs() < 0.01);
    assert!((get("MAG_AUTO") - (25.0 - 2.5 * get("FLUX_AUTO").log10())).abs() < 1e-12);
    assert_eq!(get("KRON_RADIUS"), 2.5 * catalog.kron_radius()[0]);
    assert_eq!((get("FLAGS"), get("NUMBER")), (0.0, 1.0));
    // Not convolved: every pixel of the segment is above the threshold.
    assert_eq!((get("ISOAREA_IMAGE"), get("ISO7")), (get("ISOAREAF_IMAGE"), areas[7] as f64));
}
