//! The five tutorials: the recipes next to photutils, astropy and gwcs on the same files.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use ndarray::Array2;
use serde_json::Value;
use skyphot::calibration::{
    EncircledEnergy, EnergyInterpolation, Reference, ZeroPointConfig, zero_point_of_field,
};
use skyphot::core::testing::test_data;
use skyphot::core::{Exec, SkyCoord, Table};
use skyphot::io::{Header, read_table, write_image};
use skyphot::pipeline::{Recipe, RecipeSummary, RunOptions, run_recipe};

fn fixture(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("it/fixtures/workflow_{name}.json"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn run(
    recipe: &str,
    inputs: &[PathBuf],
    with: &[(&str, PathBuf)],
    out: &Path,
    threads: usize,
) -> RecipeSummary {
    let mut companions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, file) in with {
        companions.entry((*name).to_owned()).or_default().push(file.display().to_string());
    }
    let inputs: Vec<String> = inputs.iter().map(|p| p.display().to_string()).collect();
    let options = RunOptions {
        output: out,
        overwrite: false,
        exec: Exec::with_threads(NonZeroUsize::new(threads).unwrap()).unwrap(),
        progress: &|_| {},
    };
    let summary = run_recipe(&Recipe::load(recipe).unwrap(), &inputs, &companions, &options).unwrap();
    // Every file that is named is there, and every picture of the report is one of them.
    let report = std::fs::read_to_string(out.join("report.md")).unwrap();
    for f in &summary.files {
        assert!(out.join(f).metadata().unwrap().len() > 0, "{f}");
        assert!(!f.ends_with(".png") || report.contains(&format!("]({f})")), "{f}");
    }
    summary
}

fn list(v: &Value) -> Vec<f64> {
    v.as_array().unwrap().iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
}

#[track_caller]
fn close(found: f64, expected: f64, relative: f64, absolute: f64, what: &str) {
    let ok = (found - expected).abs() <= absolute + relative * expected.abs();
    assert!(ok || found.is_nan() && expected.is_nan(), "{what}: {found} instead of {expected}");
}

#[track_caller]
fn column(table: &Table, name: &str, expected: &Value, relative: f64, absolute: f64) {
    let (found, expected) = (table.f64(name).unwrap(), list(expected));
    assert_eq!(found.len(), expected.len(), "rows of {name}");
    for (i, (f, e)) in found.iter().zip(&expected).enumerate() {
        close(*f, *e, relative, absolute, &format!("{name}[{i}]"));
    }
}

#[track_caller]
fn numbers(s: &RecipeSummary, image: usize, name: &str, expected: &Value, relative: f64) {
    for (k, e) in ["mean", "median", "std"].iter().zip(list(expected)) {
        let key = format!("{name}_{k}");
        close(s.images[image].numbers[&key], e, relative, 1e-9, &key);
    }
}

#[test]
fn a_gradient_is_removed() {
    let Some(file) = test_data("ground/TIC_125489084.01-S001-R055-C001-ip-sim.fit.bz2") else { return };
    let expected = fixture("ground");
    let dir = tempfile::tempdir().unwrap();
    let s = run("ground-gradient", &[file], &[], dir.path(), 2);
    for name in ["plain", "clipped", "unmasked", "sourceless", "flat"] {
        numbers(&s, 0, name, &expected[name], 1e-8);
    }
    for name in [
        "source_threshold",
        "source_segments",
        "source_pixels",
        "background_median",
        "background_rms",
        "tutorial_median",
        "tutorial_rms",
    ] {
        close(s.images[0].numbers[name], expected[name].as_f64().unwrap(), 1e-9, 0.0, name);
    }
    let map: Array2<f64> = skyphot::io::ImageFile::open(dir.path().join("background.fits"))
        .unwrap()
        .read_image(&Default::default())
        .unwrap();
    for p in expected["background"].as_array().unwrap() {
        let (y, x) = (p[0].as_u64().unwrap() as usize, p[1].as_u64().unwrap() as usize);
        close(map[[y, x]], p[2].as_f64().unwrap(), 1e-8, 0.0, "background");
    }
    // The ends of the gradient, outside of the sources: less than a hundredth is left, which the tutorial's filter of 9 x 9
    // boxes does not reach on an image of this size.
    let n = &s.images[0].numbers;
    let difference = |name: &str| n[&format!("{name}_upper_mean")] - n[&format!("{name}_lower_mean")];
    for name in ["before", "tutorial", "after"] {
        let e = list(&expected["corners"][name]);
        close(n[&format!("{name}_lower_mean")], e[0], 1e-8, 1e-9, name);
        close(n[&format!("{name}_upper_mean")], e[1], 1e-8, 1e-9, name);
    }
    assert!(difference("before") > 20.0 && difference("tutorial") > 10.0);
    assert!(difference("after").abs() < 0.01 * difference("before"), "{}", difference("after"));
}

/// The field of `deep_field` in the generator.
fn deep_field() -> Array2<f64> {
    let (ny, nx) = (420, 510);
    let mut data = Array2::<f64>::zeros((ny, nx));
    for k in 0..60_i32 {
        let cx = 40.0 + f64::from(k * 97 % 430) + 0.25 * f64::from(k % 4);
        let cy = 45.0 + f64::from(k * 61 % 330) + 0.125 * f64::from(k % 5);
        let a = 2.0 + f64::from(k * 7 % 9) * 0.5;
        let b = a * (0.45 + 0.05 * f64::from(k % 11));
        let t = f64::from(k * 37 % 180).to_radians();
        let flux = 0.05 * f64::from(1 + k % 13) * a;
        for ((y, x), v) in data.indexed_iter_mut() {
            let (dx, dy) = (x as f64 - cx, y as f64 - cy);
            let (p, q) = (dx * t.cos() + dy * t.sin(), -dx * t.sin() + dy * t.cos());
            let r = (p / a).powi(2) + (q / b).powi(2);
            *v += flux / (2.0 * std::f64::consts::PI * a * b) * (-0.5 * r).exp();
        }
    }
    for ((i, j), v) in data.indexed_iter_mut() {
        let noise = ((i * 7919 + j * 104_729 + (i * j) % 1009 * 31) % 2003) as f64 / 2003.0 - 0.5;
        *v += 3.5e-4 * noise + 2e-5;
        if i < 20 || j < 25 || i >= ny - 15 || j >= nx - 18 {
            *v = 0.0;
        }
    }
    data
}

#[test]
fn galaxies_in_a_deep_field() {
    let expected = fixture("xdf");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("field.fits");
    let mut h = Header::new();
    for (key, text) in [("CTYPE1", "RA---TAN"), ("CTYPE2", "DEC--TAN")] {
        h.set(key, text, "").unwrap();
    }
    for (key, v) in [
        ("CRPIX1", 256.0),
        ("CRPIX2", 211.0),
        ("CRVAL1", 53.1625),
        ("CRVAL2", -27.7914),
        ("CD1_1", -1.666_666_666_666_7e-5),
        ("CD1_2", 0.0),
        ("CD2_1", 0.0),
        ("CD2_2", 1.666_666_666_666_7e-5),
    ] {
        h.set(key, v, "").unwrap();
    }
    write_image(&file, deep_field().view(), Some(&h), false).unwrap();
    let out = dir.path().join("out");
    let s = run("xdf", std::slice::from_ref(&file), &[], &out, 2);
    numbers(&s, 0, "sky", &expected["sky"], 1e-9);
    let peaks = read_table(out.join("peaks.ecsv")).unwrap();
    column(&peaks, "x_centroid", &expected["peaks"][0], 0.0, 1e-6);
    column(&peaks, "y_centroid", &expected["peaks"][1], 0.0, 1e-6);
    let t = read_table(out.join("catalog.ecsv")).unwrap();
    for name in ["x_centroid", "y_centroid"] {
        column(&t, name, &expected[name], 0.0, 1e-6);
    }
    for name in ["ra", "dec"] {
        column(&t, name, &expected[name], 0.0, 1e-9);
    }
    column(&t, "area", &expected["segment_area"], 0.0, 0.0);
    column(&t, "semimajor_axis", &expected["semimajor_axis"], 1e-8, 0.0);
    column(&t, "orientation", &expected["orientation"], 0.0, 1e-6);
    // Sums over pixels of both signs: relative to the sum of a source.
    column(&t, "aperture_sum", &expected["aperture_sum"], 1e-8, 0.0);
    column(&t, "aperture_sum_sky", &expected["sky_sum"], 1e-8, 0.0);
    column(&t, "aperture_sum_subpixel", &expected["subpixel"], 1e-8, 0.0);
    column(&t, "annulus_sum", &expected["annulus_sum"], 1e-8, 1e-12);
    column(&t, "aperture_sum_bkgsub", &expected["bkgsub"], 1e-8, 0.0);
    column(&t, "aperture_sum_bkgsub_tutorial", &expected["bkgsub_tutorial"], 1e-8, 0.0);
    // The same bytes with other threads.
    let again = dir.path().join("again");
    run("xdf", &[file], &[], &again, 3);
    let bytes = |d: &Path| std::fs::read(d.join("catalog.ecsv")).unwrap();
    assert!(bytes(&out) == bytes(&again), "the catalogue depends on the threads");
}

#[test]
fn forced_photometry_on_a_roman_exposure() {
    let root = "roman/r0003201001001001004_0001_wfi01_f106";
    let Some(file) = test_data(&format!("{root}_cal.asdf")) else { return };
    let data = |n: &str| test_data(n).unwrap();
    let with = [
        ("positions", data(&format!("{root}_truth.ecsv"))),
        ("area", data("roman/roman_wfi_area_wfi01_sub768.asdf")),
        ("ee", data(&format!("{root}_ee.ecsv"))),
    ];
    let expected = fixture("roman");
    let dir = tempfile::tempdir().unwrap();
    let s = run("roman-forced", &[file], &with, dir.path(), 2);
    let t = read_table(dir.path().join("catalog.ecsv")).unwrap();
    assert_eq!(t.n_rows() as u64, expected["n"].as_u64().unwrap());
    for name in ["x_center", "y_center"] {
        column(&t, name, &expected[name], 0.0, 1e-6);
    }
    for name in ["sum", "sum_err", "sky"] {
        column(&t, name, &expected[name], 1e-8, 0.0);
    }
    column(&t, "flux_jy", &expected["flux_jy"], 1e-8, 1e-18);
    for name in ["mag_ab", "mag_true"] {
        column(&t, name, &expected[name], 0.0, 1e-6);
    }
    for name in ["ee_correction", "jansky"] {
        close(s.images[0].numbers[name], expected[name].as_f64().unwrap(), 1e-12, 0.0, name);
    }
    numbers(&s, 0, "offset", &expected["offset"], 1e-6);
    let n = &s.images[0].numbers;
    assert!(
        n["offset_median"].abs() < 0.01 && n["clean_median"].abs() < 0.01 && n["clean_n"] > 15.0,
        "{n:?}"
    );
}

#[test]
fn stars_on_miri_exposures() {
    let bands = [("F560W", "seq1_MIRIMAGE_F560Wexp1"), ("F770W", "seq2_MIRIMAGE_F770Wexp2")];
    let image = |n: &str| test_data(&format!("jwst/det_image_{n}_cal.fits.gz"));
    if image(bands[0].1).is_none() {
        return;
    }
    let images: Vec<PathBuf> = bands.iter().map(|b| image(b.1).unwrap()).collect();
    let with: Vec<(&str, PathBuf)> = bands
        .iter()
        .map(|b| ("reference", test_data(&format!("jwst/complex_2021_level3_{}_cat.ecsv", b.0)).unwrap()))
        .collect();
    let expected = fixture("miri");
    let dir = tempfile::tempdir().unwrap();
    let s = run("jwst-miri", &images, &with, dir.path(), 2);
    for (k, (band, name)) in bands.iter().enumerate() {
        let (e, n) = (&expected[band], &s.images[k].numbers);
        assert_eq!(s.images[k].name, *band);
        for key in ["n_bad", "n_found", "n_clean", "n_matched"] {
            assert_eq!(n[key], e[key].as_f64().unwrap(), "{band} {key}");
        }
        for key in ["background_median", "background_rms"] {
            close(n[key], e[key].as_f64().unwrap(), 1e-9, 0.0, key);
        }
        assert_eq!(
            [n["n_saturated"], n["n_jump"]].to_vec(),
            list(&e["circle"]),
            "{band}: sources with saturated pixels and jumps"
        );
        // The tutorial's zeros beyond the edge.
        assert_eq!(n["n_edge"], e["sky_changed_by_edge"].as_f64().unwrap(), "{band}");
        close(n["edge_largest"], e["sky_edge_largest"].as_f64().unwrap(), 1e-8, 1e-10, "edge");
        let t = read_table(dir.path().join(format!("{band}_catalog.ecsv"))).unwrap();
        for key in ["x_centroid", "y_centroid"] {
            column(&t, key, &e[key], 0.0, 1e-6);
        }
        for key in ["ra", "dec"] {
            column(&t, key, &e[key], 0.0, 1e-9);
        }
        column(&t, "sky", &e["sky"], 1e-8, 1e-10);
        for key in ["flux_r0", "flux_r1", "flux_r2"] {
            column(&t, key, &e[key], 1e-8, 1e-9);
        }
        close(n["zero_point"], e["zero_point"].as_f64().unwrap(), 0.0, 1e-6, "zero point");
        close(n["zero_point_scatter"], e["zero_point_scatter"].as_f64().unwrap(), 0.0, 1e-6, "scatter");
        column(&t, "mag_ab", &e["mag_ab"], 0.0, 1e-6);
        column(&t, "extended", &e["extended"], 0.0, 0.0);
        let measured = true_zero_point(&t, name, band);
        // What header and encircled energy say without any star: the table is of the light before it falls on pixels.
        let table = read_table(test_data("jwst/miri_scene_a_miri_ee.ecsv").unwrap()).unwrap();
        let ee = EncircledEnergy::from_column(&table, &format!("ee_{band}"), EnergyInterpolation::Linear)
            .unwrap()
            .through_pixels(1.0)
            .unwrap();
        let physical = n["ab_zero_point"] + 2.5 * ee.at(2.0 * n["fwhm"]).log10();
        close(physical, measured, 0.0, 0.005, "zero point of the header");
    }
    let colours = read_table(dir.path().join("colours.ecsv")).unwrap();
    let both = colours.f64("F560W-F770W").unwrap().iter().filter(|c| c.is_finite()).count();
    assert!(both > 100, "{both} stars in both filters");
}

/// The zero point of the middle circle from the true magnitudes of the bright stars, within 0.005 mag.
fn true_zero_point(t: &Table, name: &str, band: &str) -> f64 {
    let truth = read_table(test_data(&format!("jwst/det_image_{name}_truth_pix.ecsv")).unwrap()).unwrap();
    let sky = |t: &Table| -> Vec<SkyCoord> {
        let (ra, dec) = (t.f64("ra").unwrap(), t.f64("dec").unwrap());
        ra.iter().zip(&dec).map(|(&lon, &lat)| SkyCoord { lon, lat }).collect()
    };
    let magnitude = truth.f64(&format!("{band}_abmag")).unwrap();
    let reference = Reference { sky: &sky(&truth), magnitude: &magnitude, error: None, colour: None };
    let instrumental = t.f64("mag_r1").unwrap();
    let select: Vec<bool> = instrumental.iter().map(|m| *m < -3.0).collect();
    let found = zero_point_of_field(
        &sky(t),
        &instrumental,
        None,
        Some(&select),
        &reference,
        0.055 / 3600.0,
        &ZeroPointConfig::default(),
        &Exec::default(),
    )
    .unwrap();
    // What photutils measures with the same circle against the same truth.
    let path = test_data(&format!("refs/workflow_miri_det_image_{name}.json")).unwrap();
    let stored: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let expected = -list(&stored["vs_truth"]["mag_r1_minus_true_abmag"])[1];
    let zp = &found.zero_point;
    assert!(
        zp.n_used > 20 && (zp.value - expected).abs() < 0.005,
        "{band}: {} instead of {expected}",
        zp.value
    );
    zp.value
}

#[test]
fn a_gradient_on_a_miri_exposure() {
    let Some(file) = test_data("jwst/det_image_seq2_MIRIMAGE_F770Wexp2_cal.fits.gz") else { return };
    let reference = test_data("jwst/complex_2021_level3_F770W_cat.ecsv").unwrap();
    let expected = fixture("exercise");
    let dir = tempfile::tempdir().unwrap();
    let s = run("miri-exercise", &[file], &[("reference", reference)], dir.path(), 2);
    let n = &s.images[0].numbers;
    for (key, e) in ["gradient_amplitude", "gradient_x", "gradient_y"].iter().zip(list(&expected["gradient"]))
    {
        close(n[*key], e, 1e-12, 0.0, key);
    }
    for key in ["n_found", "n_sources"] {
        assert_eq!(n[key], expected[key].as_f64().unwrap(), "{key}");
    }
    for key in ["background_median", "background_rms"] {
        close(n[key], expected[key].as_f64().unwrap(), 1e-9, 0.0, key);
    }
    close(n["flat_std"], expected["flat"].as_f64().unwrap(), 1e-8, 0.0, "noise after the subtraction");
    close(n["zero_point"], expected["zero_point"].as_f64().unwrap(), 0.0, 1e-6, "zero point");
    let t = read_table(dir.path().join("catalog.ecsv")).unwrap();
    column(&t, "flux", &expected["flux"], 1e-8, 1e-9);
}

#[test]
fn nircam_stars_with_a_grid_of_psfs() {
    let Some(grid) = test_data("psf/nircam_nrca1_f200w_fovp101_samp4_npsf16.fits.gz") else { return };
    let expected = fixture("nircam");
    let dir = tempfile::tempdir().unwrap();
    let s = run("nircam-psf", &[grid], &[], dir.path(), 2);
    let table = |n: &str| read_table(dir.path().join(format!("{n}.ecsv"))).unwrap();
    for (k, name) in ["x_0", "y_0", "flux"].iter().enumerate() {
        column(&table("truth"), name, &expected["true"][k], 1e-12, 0.0);
    }
    for (name, key) in [("catalog", "phot"), ("grouped", "grouped"), ("single", "single")] {
        let t = table(name);
        for c in ["x_fit", "y_fit"] {
            column(&t, c, &expected[key][c], 0.0, 1e-6);
        }
        column(&t, "flux_fit", &expected[key]["flux_fit"], 1e-8, 0.0);
        column(&t, "flux_err", &expected[key]["flux_err"], 1e-6, 0.0);
    }
    let n = &s.images[0].numbers;
    assert_eq!((n["catalog_sources"], n["n_pairs"], n["n_true"]), (500.0, 500.0, 500.0));
    assert_eq!(n["grouped_groups"], expected["n_groups"].as_f64().unwrap());
    assert_eq!(n["grouped_largest_group"], expected["largest_group"].as_f64().unwrap());
}
