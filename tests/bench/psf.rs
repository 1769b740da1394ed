//! PSF photometry. Its counterpart is `peers_psf.py`.

use ndarray::{Array2, Axis, stack};
use skyphot::core::testing::{noise, uniform};
use skyphot::core::{Exec, Image, Point};
use skyphot::detection::{DaoStarFinder, IrafStarFinder};
use skyphot::io::{FitsFile, HduSelector, read_image};
use skyphot::psf::{
    CircularGaussianPrf, CrowdedConfig, EpsfBuilder, EpsfRefiner, GriddedPsf, InitialParameters, PsfConfig,
    PsfModel, PsfPhotometry, SourceGrouper, Sources, fit, fit_crowded, render,
};

use super::cases::timed;
use super::inputs::Inputs;
use super::{Done, Error, Values};

/// The cases whose names begin with `psf-`.
pub(crate) fn run(case: &str, inputs: &mut Inputs, exec: &Exec) -> Result<Done, Error> {
    match case {
        "psf-gridded" => gridded(inputs, exec, None, false),
        "psf-gridded-35" => gridded(inputs, exec, Some(35.0), false),
        "psf-gridded-read" => gridded(inputs, exec, None, true),
        "psf-gridded-35-read" => gridded(inputs, exec, Some(35.0), true),
        "psf-residual" => residual(inputs, exec),
        "psf-crowded" => crowded(inputs, exec, None),
        "psf-crowded-10" => crowded(inputs, exec, Some(10.0)),
        "psf-100k" => many(exec),
        _ => Err(format!("no case {case}").into()),
    }
}

/// The 4 x 4 PSFs of the grid and where they belong.
fn grid(inputs: &Inputs) -> Result<GriddedPsf, Error> {
    let file = FitsFile::open(inputs.path("nircam_like_psfgrid.fits"))?;
    let planes: Vec<Array2<f64>> =
        (0..16).map(|k| file.read_plane(&HduSelector::Index(0), k)).collect::<Result<_, _>>()?;
    let cube = stack(Axis(0), &planes.iter().map(|p| p.view()).collect::<Vec<_>>())?;
    let at = [0.0, 682.0, 1365.0, 2047.0];
    let positions: Vec<Point> = at.iter().flat_map(|y| at.map(|x| Point::new(x, *y))).collect();
    Ok(GriddedPsf::new(cube.view(), &positions, (4, 4))?)
}

fn values(p: &PsfPhotometry) -> Values {
    [
        ("x_fit", p.x_fit.clone()),
        ("y_fit", p.y_fit.clone()),
        ("flux_fit", p.flux_fit.clone()),
        ("flux_err", p.flux_err.clone()),
    ]
    .into()
}

fn config(radius: f64, separation: Option<f64>, exec: &Exec) -> Result<PsfConfig, Error> {
    let grouper = separation.map(SourceGrouper::new).transpose()?;
    Ok(PsfConfig { aperture_radius: Some(radius), grouper, exec: exec.clone(), ..PsfConfig::default() })
}

/// The image of 500 stars, and where they are.
fn stars(inputs: &Inputs) -> Result<(Array2<f64>, InitialParameters), Error> {
    let data: Array2<f64> = read_image(inputs.path("nircam_like2k.fits"))?.data;
    let found = IrafStarFinder::new(6.0, 3.0)?.find(&Image::new(data.view())?)?;
    Ok((data, InitialParameters::from_positions(&found.positions())))
}

fn gridded(inputs: &Inputs, exec: &Exec, separation: Option<f64>, reading: bool) -> Result<Done, Error> {
    let (data, start) = stars(inputs)?;
    let error = Array2::from_elem(data.dim(), 0.5);
    let image = Image::new(data.view())?.with_error(error.view())?;
    let config = config(5.0, separation, exec)?;
    let model = if reading { None } else { Some(grid(inputs)?) };
    if let Some(m) = &model {
        // The splines are there already, as photutils' are.
        fit(&image, m, &start, &config)?;
    }
    timed(
        || {
            let read;
            let model = match &model {
                Some(m) => m,
                None => {
                    read = grid(inputs)?;
                    &read
                }
            };
            Ok(fit(&image, model, &start, &config)?)
        },
        |p| Ok(values(&p)),
    )
}

fn residual(inputs: &Inputs, exec: &Exec) -> Result<Done, Error> {
    let (data, start) = stars(inputs)?;
    let error = Array2::from_elem(data.dim(), 0.5);
    let image = Image::new(data.view())?.with_error(error.view())?;
    let model = grid(inputs)?;
    let p = fit(&image, &model, &start, &config(5.0, None, exec)?)?;
    let peak = data.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    timed(
        || Ok(p.residual_image(&model, &image, Some((101, 101)), false)),
        move |r| Ok([("residual", r.iter().copied().collect()), ("peak", vec![peak])].into()),
    )
}

fn crowded(inputs: &mut Inputs, exec: &Exec, separation: Option<f64>) -> Result<Done, Error> {
    let data = inputs.crowded()?.mapv(f64::from);
    let error = Array2::from_elem(data.dim(), 1.0);
    let image = Image::new(data.view())?.with_error(error.view())?;
    let finder = DaoStarFinder { min_separation: Some(2.0), ..DaoStarFinder::new(6.0, 2.5)? };
    let start = InitialParameters::from_positions(&finder.find(&image)?.positions());
    let model = CircularGaussianPrf::new(2.5)?;
    let config = config(3.0, separation, exec)?;
    timed(|| Ok(fit(&image, &model, &start, &config)?), |p| Ok(values(&p)))
}

/// 100,000 stars of a cluster by formula on 3072 x 3072 pixels: found, fitted, subtracted, up to four times over, with the PSF
/// made from the stars.
fn many(exec: &Exec) -> Result<Done, Error> {
    const N: u64 = 100_000;
    const SIDE: usize = 3072;
    let column = |f: &dyn Fn(u64) -> f64| (0..N).map(f).collect::<Vec<f64>>();
    // The mean of three numbers is nearest to the middle most often.
    let at = |k: u64| {
        let u = |i: u64, j: u64| uniform(200 + 3 * k + j, i);
        column(&|i| SIDE as f64 * (u(i, 0) + 0.5 * (u(i, 1) + u(i, 2))) / 2.0)
    };
    let (x, y, flux) = (at(0), at(1), column(&|i| 60.0 / (0.003 + uniform(210, i))));
    let model = CircularGaussianPrf::new(2.5)?;
    let s = Sources { x: &x, y: &y, flux: &flux, shape: &[], local_bkg: &[] };
    let mut data = render(&model, &s, (SIDE, SIDE), Some((25, 25)), exec);
    data.indexed_iter_mut().for_each(|((j, i), v)| *v += noise(211, (j * SIDE + i) as u64));
    let error = Array2::from_elem(data.dim(), 1.0);
    let image = Image::new(data.view())?.with_error(error.view())?;
    let mut config = CrowdedConfig { sub_shape: Some((21, 21)), ..CrowdedConfig::new(2.5) };
    config.psf.exec = exec.clone();
    let finder = DaoStarFinder::crowded(4.0, 2.5)?;
    let builder = EpsfBuilder { exec: exec.clone(), ..Default::default() };
    let refiner = EpsfRefiner { builder, ..Default::default() };
    let model: &dyn PsfModel = &model;
    timed(
        || Ok(fit_crowded(&image, model, &finder, Some(&refiner), &config)?),
        |c| Ok([("flux_fit", c.photometry.flux_fit)].into()),
    )
}
