//! What a scene contains.

use skyphot_core::{Exec, Point, SkyCoord};

use crate::error::{positive, require};
use crate::wcs::Tan;
use crate::{Result, StarProfile};

/// A crowded group of stars with a Plummer (1911) profile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cluster {
    /// Number of stars.
    pub n_stars: usize,
    /// Centre as fractions of the width and height of the image.
    pub center: (f64, f64),
    /// Radius of the core, pixels.
    pub radius: f64,
}

/// The recipe of a scene. The default is the demo field: 1024 x 1024 pixels with about 520 stars and 60 galaxies.
#[derive(Debug, Clone)]
pub struct SceneConfig {
    /// Shape `(ny, nx)`; default 1024 x 1024.
    pub shape: (usize, usize),
    /// Seed of all random numbers; default 42.
    pub seed: u64,
    /// Image of a star; default a Moffat profile of FWHM 3.2 pixels and beta 3.5. Galaxies are blurred with a
    /// Gaussian of the same FWHM.
    pub profile: StarProfile,
    /// Stars spread over the field; default 450.
    pub n_stars: usize,
    /// A crowded group; default 70 stars, core radius 28 pixels.
    pub cluster: Option<Cluster>,
    /// Smallest and largest flux of a star, adu; default 300 and 300000.
    pub star_flux: (f64, f64),
    /// Slope of the luminosity function: the number of stars brighter than F falls as `F^-slope`; default 0.75.
    pub star_slope: f64,
    /// Flux of one very bright star that saturates, adu; default 20 million.
    pub saturated_star: Option<f64>,
    /// Number of galaxies; default 60.
    pub n_galaxies: usize,
    /// Smallest and largest flux of a galaxy, adu; default 1500 and 150000.
    pub galaxy_flux: (f64, f64),
    /// Smallest and largest effective radius (semi-major axis), pixels; default 1.5 and 9.
    pub galaxy_r_eff: (f64, f64),
    /// Sky in the middle of the image, adu per pixel; default 250.
    pub sky: f64,
    /// Change of the sky per pixel along x and y, adu; default 0.035 and -0.018.
    pub sky_gradient: (f64, f64),
    /// Photon and read noise; default true.
    pub noise: bool,
    /// Electrons per adu; default 2.
    pub gain: f64,
    /// Read noise, electrons; default 8.
    pub read_noise: f64,
    /// Value at which a pixel saturates, adu; default 60000.
    pub full_well: f64,
    /// Charge above the full well runs along the column; default true.
    pub bleed: bool,
    /// Number of dead columns; default 1.
    pub n_bad_columns: usize,
    /// Number of hot pixels; default 80.
    pub n_hot_pixels: usize,
    /// Number of cosmic rays; default 45.
    pub n_cosmic_rays: usize,
    /// Sky position of the middle of the image, `(ra, dec)` in degrees (ICRS); default (150.1163, 2.2058).
    pub pointing: (f64, f64),
    /// Pixel scale, arcsec per pixel; default 0.3.
    pub pixel_scale: f64,
    /// Rotation of the image on the sky, degrees; default 12.
    pub position_angle_deg: f64,
    /// Magnitude of a source of 1 adu; default 27.
    pub zero_point: f64,
    /// Threads; the scene does not depend on them.
    pub exec: Exec,
}

impl Default for SceneConfig {
    fn default() -> Self {
        Self {
            shape: (1024, 1024),
            seed: 42,
            profile: StarProfile::Moffat { fwhm: 3.2, beta: 3.5 },
            n_stars: 450,
            cluster: Some(Cluster { n_stars: 70, center: (0.72, 0.3), radius: 28.0 }),
            star_flux: (300.0, 300_000.0),
            star_slope: 0.75,
            saturated_star: Some(2.0e7),
            n_galaxies: 60,
            galaxy_flux: (1_500.0, 150_000.0),
            galaxy_r_eff: (1.5, 9.0),
            sky: 250.0,
            sky_gradient: (0.035, -0.018),
            noise: true,
            gain: 2.0,
            read_noise: 8.0,
            full_well: 60_000.0,
            bleed: true,
            n_bad_columns: 1,
            n_hot_pixels: 80,
            n_cosmic_rays: 45,
            pointing: (150.1163, 2.2058),
            pixel_scale: 0.3,
            position_angle_deg: 12.0,
            zero_point: 27.0,
            exec: Exec::default(),
        }
    }
}

impl SceneConfig {
    /// Checks all parameters.
    ///
    /// # Errors
    /// [`SimulationError::InvalidParameter`](crate::SimulationError::InvalidParameter) for the first one out of range.
    pub fn validate(&self) -> Result<()> {
        let (ny, nx) = self.shape;
        require(
            (1..=65_536).contains(&ny),
            "the height of the scene",
            "between 1 and 65536 pixels",
            ny as f64,
        )?;
        require(
            (1..=65_536).contains(&nx),
            "the width of the scene",
            "between 1 and 65536 pixels",
            nx as f64,
        )?;
        self.profile.validate()?;
        for (what, (lo, hi)) in [
            ("the range of star fluxes", self.star_flux),
            ("the range of galaxy fluxes", self.galaxy_flux),
            ("the range of effective radii", self.galaxy_r_eff),
        ] {
            positive(what, lo)?;
            require(hi >= lo && hi.is_finite(), what, "in increasing order", hi)?;
        }
        require(
            self.star_slope.is_finite(),
            "the slope of the luminosity function",
            "finite",
            self.star_slope,
        )?;
        if let Some(c) = self.cluster {
            positive("the radius of the cluster", c.radius)?;
            require(
                c.center.0.is_finite() && c.center.1.is_finite(),
                "the centre of the cluster",
                "finite",
                c.center.0,
            )?;
        }
        if let Some(flux) = self.saturated_star {
            positive("the flux of the saturated star", flux)?;
        }
        require(self.sky >= 0.0 && self.sky.is_finite(), "the sky", "finite and not negative", self.sky)?;
        let (gx, gy) = self.sky_gradient;
        require(gx.is_finite() && gy.is_finite(), "the sky gradient", "finite", gx)?;
        positive("the gain", self.gain)?;
        require(
            self.read_noise >= 0.0 && self.read_noise.is_finite(),
            "the read noise",
            "not negative",
            self.read_noise,
        )?;
        positive("the full well", self.full_well)?;
        require(
            self.n_bad_columns <= nx,
            "the number of bad columns",
            "at most the width",
            self.n_bad_columns as f64,
        )?;
        positive("the pixel scale", self.pixel_scale)?;
        let (ra, dec) = self.pointing;
        require(ra.is_finite(), "the right ascension", "finite", ra)?;
        require((-90.0..=90.0).contains(&dec), "the declination", "between -90 and 90 degrees", dec)?;
        require(
            self.position_angle_deg.is_finite(),
            "the position angle",
            "finite",
            self.position_angle_deg,
        )?;
        require(self.zero_point.is_finite(), "the zero point", "finite", self.zero_point)
    }

    /// ICRS coordinates (degrees) of a pixel position: the WCS that the header of the scene describes.
    #[must_use]
    pub fn pixel_to_sky(&self, p: Point) -> SkyCoord {
        Tan::new(self).to_sky(p)
    }
}
