//! The timed calls. Each has its counterpart in `peers.py`.

use std::time::Instant;

use skyphot::aperture::{AperturePhotometry, CircularAnnulus, CircularAperture, PhotometryConfig};
use skyphot::background::{Background2D, Background2DConfig};
use skyphot::centroids::CentroidMethod;
use skyphot::core::{Exec, Image, Table};
use skyphot::detection::{DaoStarFinder, IrafStarFinder, PeakConfig, find_peaks};
use skyphot::io::{FitsFile, HduSelector, TableOptions, write_table};
use skyphot::stats::{SigmaClip, sigma_clipped_stats};

use super::aperture_stats;
use super::inputs::Inputs;
use super::{Done, Error, Values, wcs, wcs_gwcs};

/// Runs a case once.
pub(crate) fn run(case: &str, inputs: &mut Inputs, exec: &Exec) -> Result<Done, Error> {
    match case {
        "background" => background(inputs, exec),
        "aperture-r3" => aperture(inputs, exec, 3.0),
        "aperture-r10" => aperture(inputs, exec, 10.0),
        "annulus" => annulus(inputs, exec),
        "aperture-stats" => aperture_stats::stats(inputs, exec),
        "profiles" => aperture_stats::profiles(inputs, exec),
        "catalog" => super::catalog::catalog(inputs, exec),
        "command-segment" => super::command::segment(inputs, exec),
        "dao" => dao(inputs, exec),
        "iraf" => iraf(inputs, exec),
        "peaks" => peaks(inputs, exec),
        "stats" => stats(inputs, exec),
        "read" => read(inputs),
        "ecsv" => ecsv(inputs, exec),
        "gwcs-forward" => wcs_gwcs::forward(exec),
        "gwcs-inverse" => wcs_gwcs::inverse(exec),
        "gwcs-numerical" => wcs_gwcs::numerical(exec),
        "wcs-sky" => wcs::to_sky(exec),
        "wcs-pixel" => wcs::to_pixel(exec),
        "match" => wcs::matching(exec),
        _ if case.starts_with("epsf-") => super::epsf::run(case, exec),
        _ if case.starts_with("psf-") => super::psf::run(case, inputs, exec),
        _ if case.starts_with("segment-") => super::segment::run(case, inputs, exec),
        _ if case.starts_with("shape-") => super::shapes::run(case, inputs, exec),
        _ if case.starts_with("workflow-") => super::workflow::run(case, inputs, exec),
        _ => Err(format!("no case {case}").into()),
    }
}

/// Times a call; the numbers are taken out of its result later.
pub(crate) fn timed<R: 'static>(
    call: impl FnOnce() -> Result<R, Error>,
    values: impl FnOnce(R) -> Result<Values, Error> + 'static,
) -> Result<Done, Error> {
    let start = Instant::now();
    let result = call()?;
    let seconds = start.elapsed().as_secs_f64();
    Ok(Done { seconds, values: Box::new(move || values(result)), file: None })
}

fn background(inputs: &mut Inputs, exec: &Exec) -> Result<Done, Error> {
    let image = Image::new(inputs.field()?.view())?;
    let config = Background2DConfig { exec: exec.clone(), ..Background2DConfig::new((64, 64)) };
    timed(
        || {
            let b = Background2D::estimate(&image, &config)?;
            Ok((b.background(), b.background_rms()))
        },
        |(bkg, rms)| {
            let wide = |a: ndarray::Array2<f32>| a.into_iter().map(f64::from).collect();
            Ok(Values::from([("bkg", wide(bkg)), ("rms", wide(rms))]))
        },
    )
}

fn aperture(inputs: &mut Inputs, exec: &Exec, radius: f64) -> Result<Done, Error> {
    let positions = inputs.positions(100_000)?;
    let (data, error) = inputs.field_and_error()?;
    let image = Image::new(data.view())?.with_error(error.view())?;
    let shape = CircularAperture::new(radius)?;
    let config = PhotometryConfig { exec: exec.clone(), ..Default::default() };
    timed(
        || Ok(AperturePhotometry::measure(&image, &positions, &[&shape], &config)?),
        |p| Ok(Values::from([("sum", p.flux(0).to_vec()), ("err", p.flux_err(0).to_vec())])),
    )
}

fn annulus(inputs: &mut Inputs, exec: &Exec) -> Result<Done, Error> {
    let positions = inputs.positions(20_000)?;
    let image = Image::new(inputs.field()?.view())?;
    let shape = CircularAnnulus::new(20.0, 25.0)?;
    let clip = SigmaClip::new(3.0).with_max_iters(Some(10));
    timed(
        || Ok(skyphot::aperture::annulus_statistics(&image, &positions, &shape, Some(&clip), exec)?),
        |s| Ok(Values::from([("median", s.median)])),
    )
}

fn dao(inputs: &mut Inputs, exec: &Exec) -> Result<Done, Error> {
    let image = Image::new(inputs.crowded()?.view())?;
    let finder = DaoStarFinder { exec: exec.clone(), ..DaoStarFinder::new(3.0, 2.5)? };
    timed(
        || Ok(finder.find(&image)?),
        |stars| {
            columns(
                &stars.to_table()?,
                &[
                    "x_centroid",
                    "y_centroid",
                    "sharpness",
                    "roundness1",
                    "roundness2",
                    "n_pixels",
                    "peak",
                    "flux",
                    "mag",
                ],
            )
        },
    )
}

fn iraf(inputs: &mut Inputs, exec: &Exec) -> Result<Done, Error> {
    let image = Image::new(inputs.crowded()?.view())?;
    let finder = IrafStarFinder { exec: exec.clone(), ..IrafStarFinder::new(3.0, 2.5)? };
    timed(
        || Ok(finder.find(&image)?),
        |stars| {
            columns(
                &stars.to_table()?,
                &[
                    "x_centroid",
                    "y_centroid",
                    "fwhm",
                    "sharpness",
                    "roundness",
                    "orientation",
                    "n_pixels",
                    "peak",
                    "flux",
                    "mag",
                ],
            )
        },
    )
}

fn peaks(inputs: &mut Inputs, exec: &Exec) -> Result<Done, Error> {
    let image = Image::new(inputs.crowded()?.view())?;
    let config = PeakConfig {
        box_size: (31, 31),
        centroid: Some(CentroidMethod::Gaussian2d),
        exec: exec.clone(),
        ..Default::default()
    };
    timed(
        || Ok(find_peaks(&image, 5.0, &config)?),
        |peaks| columns(&peaks.to_table()?, &["x_peak", "y_peak", "peak_value", "x_centroid", "y_centroid"]),
    )
}

fn stats(inputs: &mut Inputs, exec: &Exec) -> Result<Done, Error> {
    let image = Image::new(inputs.field()?.view())?;
    timed(
        || Ok(sigma_clipped_stats(&image, &SigmaClip::new(3.0), exec)?),
        |s| Ok(Values::from([("stats", vec![s.mean, s.median, s.std])])),
    )
}

fn read(inputs: &Inputs) -> Result<Done, Error> {
    let path = inputs.path("field4k.fits");
    timed(
        || Ok(FitsFile::open(&path)?.read_image::<f32>(&HduSelector::Index(0))?),
        |a| Ok(Values::from([("pixels", a.into_iter().map(f64::from).collect())])),
    )
}

fn ecsv(inputs: &mut Inputs, exec: &Exec) -> Result<Done, Error> {
    let file = inputs.work.join("skyphot.ecsv");
    let options = TableOptions { overwrite: true, exec: exec.clone(), ..Default::default() };
    let table = inputs.table()?;
    let done = timed(|| Ok(write_table(&file, table, &options)?), |()| Ok(Values::new()))?;
    Ok(Done { file: Some(file), ..done })
}

fn columns(table: &Table, names: &[&'static str]) -> Result<Values, Error> {
    names.iter().map(|&n| Ok((n, table.f64(n)?))).collect()
}
