//! The `[psf]` section of a configuration.

use serde::{Deserialize, Serialize};

use crate::spec::{Pair, Shape};

/// PSF photometry of the sources that were found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct PsfSection {
    /// The PSF, as [`PsfSpec`](crate::PsfSpec) reads it; no PSF photometry without it.
    pub psf: Option<String>,
    /// Detector of a STDPSF file that holds several, from 1.
    pub psf_detector: Option<usize>,
    /// Samples per pixel of a PSF image, or of the PSF that is built: 4 without it.
    pub oversampling: Option<usize>,
    /// Cutouts of the stars that the PSF is built from, pixels, odd.
    pub psf_size: Shape,
    /// Most stars it is built from.
    pub psf_stars: usize,
    /// Pixels above this make a star unfit for it, data units.
    pub saturation: Option<f64>,
    /// Distance, pixels, within which such a star has no neighbour; half the cutout without it.
    pub isolation: Option<f64>,
    /// Pixels that are fitted around each source, odd.
    pub fit_shape: Shape,
    /// Keep the positions of the detection.
    pub fixed_positions: bool,
    /// Sources up to so many pixels apart are fitted together; each alone without it.
    pub group: Option<f64>,
    /// Find and fit again in the residual: `none`, `new` or `all`.
    pub iterate: String,
    /// Find the sources in what is left of the image, pass by pass, and fit all of them again: crowded fields.
    pub crowded: bool,
    /// With `crowded`, make the PSF anew after every pass from so many of the brightest stars.
    pub refine: Option<usize>,
    /// Most passes of `iterate` and `crowded`.
    pub max_passes: usize,
    /// Radius of the aperture that measures initial fluxes, pixels.
    pub aperture_radius: f64,
    /// Inner and outer radius of an annulus around every source whose median is subtracted, pixels.
    pub local_background: Option<Pair>,
    /// Largest distance of a fitted from an initial position along x and y, pixels.
    pub xy_bounds: Option<f64>,
    /// Box on which each source is subtracted, pixels; all of the PSF without it.
    pub psf_shape: Option<Shape>,
}

impl Default for PsfSection {
    fn default() -> Self {
        Self {
            psf: None,
            psf_detector: None,
            oversampling: None,
            psf_size: Shape(25, 25),
            psf_stars: 200,
            saturation: None,
            isolation: None,
            fit_shape: Shape(5, 5),
            fixed_positions: false,
            group: None,
            iterate: "none".into(),
            crowded: false,
            refine: None,
            max_passes: 3,
            aperture_radius: 5.0,
            local_background: None,
            xy_bounds: None,
            psf_shape: None,
        }
    }
}
