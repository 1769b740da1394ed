//! Aperture statistics of 300 sources on each of two real images against photutils
//! (`tests/reference/gen_aperture_stats.py`).

#![allow(clippy::print_stderr)]

use ndarray::Array2;
use serde_json::Value;
use skyphot::aperture::{
    Aperture, ApertureStats, CircularAnnulus, CircularAperture, EllipticalAperture, OverlapMethod,
    RectangularAperture, StatsConfig,
};
use skyphot::core::testing::{test_data, uniform};
use skyphot::core::{Image, Point};
use skyphot::io::{FitsFile, HduSelector};
use skyphot::pipeline::fits_wcs;
use skyphot::stats::SigmaClip;

fn numbers(v: &Value) -> Vec<f64> {
    let number = |v: &Value| v.as_f64().unwrap_or_else(|| v.as_str().unwrap().parse().unwrap());
    v.as_array().unwrap().iter().map(number).collect()
}

fn shape(name: &str) -> Box<dyn Aperture> {
    match name {
        "circle" => Box::new(CircularAperture::new(5.0).unwrap()),
        "ellipse" => Box::new(EllipticalAperture::new(7.0, 3.0, 0.5).unwrap()),
        "annulus" => Box::new(CircularAnnulus::new(6.0, 11.0).unwrap()),
        _ => Box::new(RectangularAperture::new(9.0, 6.0, 1.1).unwrap()),
    }
}

/// In the order of the generator.
const COLUMNS: [&str; 32] = [
    "x_centroid",
    "y_centroid",
    "sum",
    "sum_err",
    "sum_aper_area",
    "center_aper_area",
    "min",
    "max",
    "mean",
    "mean_err",
    "median",
    "median_err",
    "mode",
    "std",
    "mad_std",
    "var",
    "biweight_location",
    "biweight_midvariance",
    "fwhm",
    "semimajor_axis",
    "semiminor_axis",
    "orientation",
    "eccentricity",
    "elongation",
    "ellipticity",
    "covariance_xx",
    "covariance_xy",
    "covariance_yy",
    "ellipse_cxx",
    "ellipse_cxy",
    "ellipse_cyy",
    "gini",
];

/// An image with all that may come along.
struct Planes {
    data: Array2<f64>,
    with_nan: Array2<f64>,
    error: Array2<f64>,
    mask: Array2<bool>,
}

struct Case<'a> {
    view: Image<'a, f64>,
    config: StatsConfig,
    aperture: Box<dyn Aperture>,
}

impl Planes {
    fn read(file: &str) -> Option<Self> {
        let path = test_data(file)?;
        let data = FitsFile::open(path).unwrap().read_image::<f64>(&HduSelector::Index(0)).unwrap();
        let (ny, nx) = data.dim();
        let at = |seed: u64, y: usize, x: usize| uniform(seed, (y * nx + x) as u64);
        let nan = |(y, x)| if at(82, y, x) < 0.005 { f64::NAN } else { data[[y, x]] };
        Some(Self {
            with_nan: Array2::from_shape_fn((ny, nx), nan),
            error: Array2::from_shape_fn((ny, nx), |(y, x)| 1.0 + 0.5 * at(83, y, x)),
            mask: Array2::from_shape_fn((ny, nx), |(y, x)| at(81, y, x) < 0.01),
            data,
        })
    }

    fn case(&self, c: &Value) -> Case<'_> {
        let yes = |name: &str| c[name].as_bool().unwrap();
        let mut view = Image::new(if yes("nan") { self.with_nan.view() } else { self.data.view() }).unwrap();
        if yes("mask") {
            view = view.with_mask(self.mask.view()).unwrap();
        }
        if yes("error") {
            view = view.with_error(self.error.view()).unwrap();
        }
        let config = StatsConfig {
            sigma_clip: c["sigma"].as_f64().map(|s| SigmaClip::new(s).with_max_iters(Some(10))),
            local_background: c["bkg"].as_f64().map(|b| vec![b]),
            ddof: c["ddof"].as_u64().unwrap() as usize,
            sum_method: match c["method"].as_str().unwrap() {
                "exact" => OverlapMethod::Exact,
                "center" => OverlapMethod::Center,
                _ => OverlapMethod::Subpixel(5),
            },
            ..StatsConfig::default()
        };
        Case { view, config, aperture: shape(c["shape"].as_str().unwrap()) }
    }
}

fn places(v: &Value) -> Vec<Point> {
    let place = |p: &Value| Point::new(p[0].as_f64().unwrap(), p[1].as_f64().unwrap());
    v.as_array().unwrap().iter().map(place).collect()
}

#[test]
fn every_source_in_every_combination() {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/aperture_stats_all.json")).unwrap();
    for image in fixture["images"].as_array().unwrap() {
        let file = image["file"].as_str().unwrap();
        let Some(planes) = Planes::read(file) else { continue };
        let positions = places(&image["positions"]);
        assert_eq!(positions.len(), 300);
        for c in image["all"].as_array().unwrap() {
            let Case { view, config, aperture } = planes.case(c);
            let s = ApertureStats::measure(&view, &positions, &*aperture, &config).unwrap();
            let expected = numbers(&c["folded"]);
            for i in 0..positions.len() {
                // As in the generator: any deviation of any column changes the sum.
                let mut total = 0.0;
                for (k, name) in COLUMNS.iter().enumerate() {
                    if *name == "sum_err" && c["error"] == false {
                        continue;
                    }
                    let w = |n: u64| 1.0 + uniform(84, 3 * k as u64 + n);
                    let v = s.column(name).unwrap()[i];
                    let absolute = matches!(
                        *name,
                        "orientation" | "covariance_xy" | "ellipse_cxy" | "eccentricity" | "ellipticity"
                    );
                    total += if v.is_nan() {
                        w(2)
                    } else if v == 0.0 {
                        0.0
                    } else if absolute {
                        w(0) * v
                    } else {
                        w(0) * v.abs().ln() + if v < 0.0 { w(1) } else { 0.0 }
                    };
                }
                let what = format!("{file} {} at {:?}", c["shape"], positions[i]);
                assert!(
                    (total - expected[i]).abs() <= 1e-8,
                    "{what}: found {total}, expected {}",
                    expected[i]
                );
            }
            let bits: Vec<f64> = s.flags.iter().map(|f| f64::from(f.bits())).collect();
            assert_eq!(bits, numbers(&c["flags"]), "{file} {}", c["shape"]);
        }
    }
}

/// Centroids and angles on the sky of the brightest sources.
#[test]
fn sources_on_the_sky() {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/aperture_stats_all.json")).unwrap();
    let mut seen = 0;
    for image in fixture["images"].as_array().unwrap().iter().filter(|i| !i["seen"].is_null()) {
        let file = image["file"].as_str().unwrap();
        let Some(path) = test_data(file) else { continue };
        let fits = FitsFile::open(path).unwrap();
        let wcs = fits_wcs(&fits, &fits.hdus()[0], None).unwrap();
        let data = fits.read_image::<f64>(&HduSelector::Index(0)).unwrap();
        let config = StatsConfig {
            local_background: Some(vec![image["seen"]["sky"].as_f64().unwrap()]),
            ..StatsConfig::default()
        };
        let positions = places(&image["positions"]);
        let view = Image::new(data.view()).unwrap();
        let s = ApertureStats::measure(&view, &positions, &*shape("circle"), &config).unwrap();
        let expected = ["lon", "lat", "orientation"].map(|n| numbers(&image["seen"][n]));
        let (sky, angle) = (s.sky_centroids(&wcs), s.sky_orientations(&wcs));
        for i in 0..positions.len() {
            let found = [sky[i].lon, sky[i].lat, angle[i]];
            // An angle of a source that is nearly round is worth its elongation.
            let round = 1e-8 / (s.elongation[i] - 1.0).max(1e-6);
            for (k, tolerance) in [(0, 1e-9), (1, 1e-9), (2, round.max(1e-7))] {
                let (f, e) = (found[k], expected[k][i]);
                let same = f.is_nan() && e.is_nan();
                assert!(same || (f - e).abs() <= tolerance, "{file} {k} of {i}: found {f}, expected {e}");
            }
        }
        seen += 1;
    }
    if seen == 0 {
        eprintln!("skipped: no image with a sky");
    }
}

#[test]
fn every_statistic_of_real_sources() {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/aperture_stats.json")).unwrap();
    for image in fixture["images"].as_array().unwrap() {
        assert_eq!(image["n"], 300);
        let file = image["file"].as_str().unwrap();
        let Some(planes) = Planes::read(file) else { continue };
        for c in image["cases"].as_array().unwrap() {
            let Case { view, config, aperture } = planes.case(c);
            let positions = places(&c["positions"]);
            let s = ApertureStats::measure(&view, &positions, &*aperture, &config).unwrap();
            for name in ApertureStats::COLUMNS.iter().filter(|n| !c[**n].is_null()) {
                // Angles and off-diagonal elements come from numbers of size 1 that cancel.
                let size = match *name {
                    "orientation" | "covariance_xy" | "ellipse_cxy" => 1.0,
                    _ => 0.0,
                };
                let (found, expected) = (s.column(name).unwrap(), numbers(&c[*name]));
                assert_eq!(found.len(), 50);
                for (i, (f, e)) in found.iter().zip(expected).enumerate() {
                    let same = f.is_nan() && e.is_nan();
                    let what = format!("{file} {name} of {} at {:?}", c["shape"], positions[i]);
                    assert!(
                        same || (f - e).abs() <= 1e-8 * e.abs().max(size),
                        "{what}: found {f}, expected {e}"
                    );
                }
            }
            let bits: Vec<f64> = s.flags.iter().map(|f| f64::from(f.bits())).collect();
            assert_eq!(bits, numbers(&c["flags"]), "{file} {}", c["shape"]);
        }
    }
}
