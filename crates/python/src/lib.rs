#![doc = include_str!("../README.md")]

mod aperture;
mod background;
mod calibration;
mod catalog;
mod ccd;
mod centroids;
mod datasets;
mod detection;
mod epsf;
mod healpix;
mod image;
mod io;
mod profiles;
mod psf;
mod psf_grid;
mod psf_model;
mod run;
mod segmentation;
mod shapes;
mod sky;
mod stats;
mod table;
mod utils;
mod wcs;
mod work;

use pyo3::prelude::*;

/// The native half of the package: arrays in, arrays and columns out. Private: use the modules of `skyphot`.
#[pymodule(gil_used = false)]
fn _core(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    work::register(m)?;
    stats::register(m)?;
    aperture::register(m)?;
    sky::register(m)?;
    background::register(m)?;
    centroids::register(m)?;
    detection::register(m)?;
    segmentation::register(m)?;
    catalog::register(m)?;
    profiles::register(m)?;
    psf_grid::register(m)?;
    psf_model::register(m)?;
    psf::register(m)?;
    wcs::register(m)?;
    datasets::register(m)?;
    utils::register(m)?;
    io::register(m)?;
    calibration::register(m)?;
    ccd::register(m)?;
    run::register(m)?;
    healpix::register(m)?;
    epsf::register(m)?;
    Ok(())
}
