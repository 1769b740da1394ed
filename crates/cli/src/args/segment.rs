//! Flags of the `[segment]` section.

use clap::Args;
use skyphot::pipeline::spec::{Numbers, Shape, ThresholdSpec};
use skyphot::pipeline::{KernelSpec, SegmentSection};

use crate::args::sections::{lay, set};

#[derive(Debug, Args)]
pub(crate) struct SegmentArgs {
    /// So many times the noise, or a value in data units above the background [default: 1.5sigma]
    #[arg(long, value_name = "1.5sigma|VALUE", help_heading = "Detection")]
    threshold: Option<ThresholdSpec>,
    /// Noise of the threshold: rms of the background, the plane of errors, or auto: the plane of --weight if there is
    /// one, else the background's [default: auto]
    #[arg(long, value_parser = ["auto", "background", "error"], help_heading = "Detection")]
    noise: Option<String>,
    /// Least number of connected pixels [default: 5]
    #[arg(long, value_name = "N", help_heading = "Detection")]
    npixels: Option<usize>,
    /// Pixels touch by edges and corners (8) or by edges (4) [default: 8]
    #[arg(long, value_name = "4|8", help_heading = "Detection")]
    connectivity: Option<u8>,
    /// Kernel that the image is convolved with: FWHM of a Gaussian in pixels, a file (.conv, FITS), or none [default: 3]
    #[arg(long, value_name = "FWHM|FILE|none", help_heading = "Detection")]
    kernel: Option<KernelSpec>,
    /// Size of the Gaussian kernel, pixels, odd [default: the least that holds 1.5 FWHM]
    #[arg(long, value_name = "N[,N]", help_heading = "Detection")]
    kernel_size: Option<Shape>,
    /// The image is free of background: only its noise is estimated
    #[arg(long, help_heading = "Detection")]
    no_background: bool,
    /// Take overlapping sources apart
    #[arg(long, help_heading = "Deblending")]
    deblend: bool,
    /// Levels between the faintest and the brightest pixel of a source [default: 32]
    #[arg(long, value_name = "N", help_heading = "Deblending")]
    nlevels: Option<usize>,
    /// Part of the flux that a peak needs to be a source of its own, 0 to 1 [default: 0.001]
    #[arg(long, value_name = "PART", help_heading = "Deblending")]
    contrast: Option<f64>,
    /// Spacing of the levels [default: exponential]
    #[arg(long, value_parser = ["exponential", "linear", "sinh"], help_heading = "Deblending")]
    mode: Option<String>,
    /// Least number of pixels of a part [default: --npixels]
    #[arg(long, value_name = "N", help_heading = "Deblending")]
    deblend_npixels: Option<usize>,
    /// SExtractor's CLEAN: detections in the wings of brighter sources become part of these (not with --tile, nor where
    /// --max-memory needs parts)
    #[arg(long, help_heading = "Deblending")]
    clean: bool,
    /// Exponent of the Moffat profile of these wings, 0.1 to 10: the smaller, the further they reach [default: 1]
    #[arg(long, value_name = "EXPONENT", requires = "clean", help_heading = "Deblending")]
    clean_param: Option<f64>,
    /// Columns: default, all, sextractor (its names and conventions), or a list such as label,ra,dec,kron_flux; also
    /// flux_radius(0.5) and circular_flux(3) [default: default]
    #[arg(long, value_name = "default|all|sextractor|LIST", help_heading = "Catalogue")]
    columns: Option<String>,
    /// Width of the rectangular annulus of a local background, pixels; 0 for none [default: 0]
    #[arg(long, value_name = "PIXELS", help_heading = "Catalogue")]
    local_background: Option<usize>,
    /// Pixels of neighbours in apertures: replaced by those opposite of the centre, left out, or kept [default: correct]
    #[arg(long, value_parser = ["correct", "mask", "none"], help_heading = "Catalogue")]
    neighbors: Option<String>,
    /// Kron aperture: scale, least Kron radius, least radius of the circle in pixels [default: 2.5,1.4,0]
    #[arg(long, value_name = "SCALE,RADIUS[,CIRCLE]", help_heading = "Catalogue")]
    kron: Option<Numbers>,
    /// Magnitude of flux 1, for --columns sextractor [default: 0]
    #[arg(long, value_name = "MAG", allow_hyphen_values = true, help_heading = "Catalogue")]
    zero_point: Option<f64>,
}

impl SegmentArgs {
    pub(crate) fn apply(&self, s: &mut SegmentSection) {
        s.subtract_background &= !self.no_background;
        set(&mut s.threshold, &self.threshold);
        set(&mut s.noise, &self.noise);
        set(&mut s.npixels, &self.npixels);
        set(&mut s.connectivity, &self.connectivity);
        set(&mut s.kernel, &self.kernel);
        lay(&mut s.kernel_size, &self.kernel_size);
        s.deblend |= self.deblend;
        set(&mut s.nlevels, &self.nlevels);
        set(&mut s.contrast, &self.contrast);
        set(&mut s.mode, &self.mode);
        lay(&mut s.deblend_npixels, &self.deblend_npixels);
        s.clean |= self.clean;
        set(&mut s.clean_param, &self.clean_param);
        set(&mut s.columns, &self.columns);
        set(&mut s.local_background, &self.local_background);
        set(&mut s.neighbors, &self.neighbors);
        set(&mut s.kron, &self.kron);
        set(&mut s.zero_point, &self.zero_point);
    }
}
