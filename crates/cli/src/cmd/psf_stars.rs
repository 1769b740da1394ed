//! Stars that a PSF is built from, for `psf` and `epsf`.

use clap::Args;
use ndarray::Array2;
use skyphot::core::{Exec, Image, Pixel};
use skyphot::pipeline::spec::Shape;
use skyphot::pipeline::{DetectSection, Noise, StarChoice, choose_stars, detect, reasons};
use skyphot::psf::SelectedStars;

use crate::progress::Progress;

/// Which stars a PSF is built from.
#[derive(Debug, Args)]
pub(crate) struct StarArgs {
    /// Most stars the PSF is built from
    #[arg(long, value_name = "N", default_value_t = 200, help_heading = "Stars for the PSF")]
    psf_stars: usize,
    /// Pixels above this make a star unfit for it, data units
    #[arg(long, value_name = "VALUE", help_heading = "Stars for the PSF")]
    pub(crate) saturation: Option<f64>,
    /// No neighbour of a twentieth of its flux within this distance of such a star, pixels [default: half the cutout]
    #[arg(long, value_name = "R", help_heading = "Stars for the PSF")]
    isolation: Option<f64>,
    /// Least ratio of flux to noise of such a star
    #[arg(long, value_name = "S", default_value_t = 50.0, help_heading = "Stars for the PSF")]
    min_snr: f64,
}

/// The noise of the sky.
pub(crate) enum Sky {
    /// One value.
    Level(f64),
    /// A map.
    Map(Array2<f64>),
}

impl Sky {
    pub(crate) fn as_noise(&self) -> Noise<'_> {
        match self {
            Self::Level(s) => Noise::Scalar(*s),
            Self::Map(m) => Noise::Map(m.view()),
        }
    }
}

impl StarArgs {
    /// Stars fit for a PSF of an image free of background, with a note on those that were turned down.
    pub(crate) fn choose<T: Pixel>(
        &self,
        image: &Image<'_, T>,
        noise: &Sky,
        section: &DetectSection,
        size: Option<Shape>,
        progress: &Progress,
        exec: &Exec,
    ) -> anyhow::Result<SelectedStars> {
        progress.step("stars for the PSF");
        let found = detect(image, &noise.as_noise(), section, exec)?;
        let choice = StarChoice {
            size: cutout(size),
            most: self.psf_stars,
            fwhm: found.fwhm,
            saturation: self.saturation,
            isolation: self.isolation,
            min_snr: self.min_snr,
        };
        let chosen = choose_stars(image, &found.positions, &choice)?;
        let (n, down) = (chosen.selected().len(), reasons(&chosen));
        if !down.is_empty() {
            progress.note(&format!("note: stars for the PSF: {n} of {}; {down}", chosen.len()));
        }
        Ok(chosen)
    }
}

/// The shape of the cutouts.
pub(crate) fn cutout(size: Option<Shape>) -> (usize, usize) {
    size.map_or((25, 25), |s| (s.0, s.1))
}
