//! Whole fields next to photutils (`tests/reference/gen_psf_fields.py`).

use ndarray::{Array2, Array3, Axis, s};
use serde_json::Value;
use skyphot::core::testing::{noise, test_data, uniform};
use skyphot::core::{Exec, Image, Point};
use skyphot::psf::{
    CircularGaussianPrf, GriddedPsf, ImagePsf, ImagePsfConfig, InitialParameters, PsfConfig, PsfFlags,
    PsfModel, PsfPhotometry, SourceGrouper, Sources, fit, render,
};

fn numbers(v: &Value) -> Vec<f64> {
    v.as_array().unwrap().iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
}

/// Where photutils has converged: the same sources within 1e-4 pixels and 1e-4 of the flux, errors and qualities within 1e-3;
/// the same flags.
fn check(what: &str, p: &PsfPhotometry, expected: &Value) {
    let theirs: Vec<u32> = numbers(&expected["flags"]).iter().map(|v| *v as u32).collect();
    assert_eq!(p.len(), theirs.len(), "{what}");
    let mut compared = 0;
    for i in 0..p.len() {
        // Where photutils gives up there is nothing to compare.
        if theirs[i] & PsfFlags::NO_CONVERGENCE.bits() != 0 {
            continue;
        }
        let flags = p.flags[i] & PsfFlags::from_bits_truncate(8191);
        assert_eq!(flags.bits(), theirs[i], "{what} flags {i}");
        compared += 1;
        let e = |column: &str| expected[column][i].as_f64().unwrap_or(f64::NAN);
        let close = |column: &str, found: f64, tolerance: f64| {
            let e = e(column);
            assert!(
                (found - e).abs() <= tolerance || found.is_nan() && e.is_nan(),
                "{what} {column} {i}: {found} instead of {e}"
            );
        };
        let relative =
            |column: &str, found: f64, tolerance: f64| close(column, found, tolerance * e(column).abs());
        close("group_id", p.group_id[i] as f64, 0.0);
        close("group_size", p.group_size[i] as f64, 0.0);
        close("n_pixels_fit", p.n_pixels_fit[i] as f64, 0.0);
        relative("flux_init", p.flux_init[i], 1e-8);
        close("x_fit", p.x_fit[i], 1e-4);
        close("y_fit", p.y_fit[i], 1e-4);
        relative("flux_fit", p.flux_fit[i], 1e-4);
        relative("x_err", p.x_err[i], 1e-3);
        relative("y_err", p.y_err[i], 1e-3);
        relative("flux_err", p.flux_err[i], 1e-3);
        relative("qfit", p.qfit[i], 1e-3);
        relative("reduced_chi2", p.reduced_chi2[i], 1e-3);
        // The central residual of a good fit is next to nothing: it is measured against all of them.
        close("cfit", p.cfit[i], 1e-3 * e("cfit").abs().max(e("qfit").abs() / 25.0));
    }
    assert!(compared * 10 >= p.len() * 9, "{what}: {compared} of {}", p.len());
}

fn check_all(
    what: &str,
    model: &dyn PsfModel,
    (data, sigma): (&Array2<f64>, f64),
    start: &[Point],
    (radius, separation): (f64, f64),
    expected: &Value,
) {
    let error = Array2::from_elem(data.dim(), sigma);
    let image = Image::new(data.view()).unwrap().with_error(error.view()).unwrap();
    for (name, grouped, fixed_position) in
        [("alone", false, false), ("grouped", true, false), ("forced", true, true)]
    {
        let config = PsfConfig {
            aperture_radius: Some(radius),
            grouper: grouped.then(|| SourceGrouper::new(separation).unwrap()),
            fixed_position,
            exec: Exec::serial(),
            ..PsfConfig::default()
        };
        let p = fit(&image, model, &InitialParameters::from_positions(start), &config).unwrap();
        check(&format!("{what} {name}"), &p, &expected[name]);
    }
}

/// Stars by formula with noise of unit width, and a start near each.
fn scene(model: &dyn PsfModel, n: u64, seed: u64, (ny, nx): (usize, usize)) -> (Array2<f64>, Vec<Point>) {
    let column = |f: &dyn Fn(u64) -> f64| (0..n).map(f).collect::<Vec<f64>>();
    let x = column(&|k| uniform(seed, 3 * k) * nx as f64 - 0.5);
    let y = column(&|k| uniform(seed, 3 * k + 1) * ny as f64 - 0.5);
    let flux = column(&|k| 200.0 / (0.05 + uniform(seed, 3 * k + 2)));
    let s = Sources { x: &x, y: &y, flux: &flux, shape: &[], local_bkg: &[] };
    let mut data = render(model, &s, (ny, nx), Some((41, 41)), &Exec::serial());
    data.indexed_iter_mut().for_each(|((j, i), v)| *v += noise(seed + 2, (j * nx + i) as u64));
    let off = |k: u64| 0.6 * (uniform(seed + 1, k) - 0.5);
    let start = (0..n)
        .zip(x.iter().zip(&y))
        .map(|(k, (x, y))| Point::new(x + off(2 * k), y + off(2 * k + 1)))
        .collect();
    (data, start)
}

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/psf_fields.json")).unwrap()
}

#[test]
fn a_field_with_a_psf_that_varies() {
    let mut psfs = Array3::zeros((6, 61, 61));
    for (i, mut psf) in psfs.axis_iter_mut(Axis(0)).enumerate() {
        let wide = 30.0 + 4.0 * i as f64;
        psf.indexed_iter_mut().for_each(|((y, x), v)| {
            let (x, y) = (x as f64 - 30.0, y as f64 - 30.0);
            let q = 1.0 + (x * x + 0.3 * x * y + 1.2 * y * y) / wide;
            *v = 1.0 / (q * q * q);
        });
        let factor = 16.0 / psf.sum();
        psf *= factor;
    }
    let grid: Vec<Point> =
        [0.0, 139.0].iter().flat_map(|y| [0.0, 80.0, 159.0].map(|x| Point::new(x, *y))).collect();
    let model = GriddedPsf::new(psfs.view(), &grid, (4, 4)).unwrap();
    let (data, start) = scene(&model, 60, 110, (140, 160));
    check_all("gridded", &model, (&data, 1.0), &start, (4.0, 12.0), &fixture()["gridded"]);
}

#[test]
fn a_crowded_field() {
    let model = CircularGaussianPrf::new(2.5).unwrap();
    let (data, start) = scene(&model, 250, 120, (320, 300));
    check_all("crowded", &model, (&data, 1.0), &start, (3.0, 10.0), &fixture()["crowded"]);
}

#[test]
fn a_plate_of_m67_with_its_epsf() {
    let all: Value = serde_json::from_str(include_str!("fixtures/psf_m67.json")).unwrap();
    let plane = |v: &Value| {
        let rows: Vec<Vec<f64>> = v.as_array().unwrap().iter().map(numbers).collect();
        Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
    };
    let Some(path) = test_data("real/M6707HH.fits.gz") else { return };
    let pixels = skyphot::io::read_image::<f64>(path.as_path()).unwrap().data;
    let data = &pixels.slice(s![430..600, 430..610]) - all["level"].as_f64().unwrap();
    let config = ImagePsfConfig { oversampling: (2, 2), ..ImagePsfConfig::default() };
    let model = ImagePsf::new(plane(&all["psf"]).view(), config).unwrap();
    let (x, y) = (numbers(&all["start"]["x"]), numbers(&all["start"]["y"]));
    let start: Vec<Point> = x.into_iter().zip(y).map(Point::from).collect();
    let sigma = all["sigma"].as_f64().unwrap();
    check_all("m67", &model, (&data, sigma), &start, (5.0, 14.0), &all["runs"]);
}
