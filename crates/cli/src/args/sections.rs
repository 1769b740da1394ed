//! Flags that lay over a section of the configuration.

use clap::Args;
use skyphot::pipeline::spec::{FwhmSpec, Numbers, Pair, Shape, ThresholdSpec};
use skyphot::pipeline::{ApertureSection, BackgroundSection, DetectSection, OutputSection};

/// A flag that was given replaces an optional value.
pub(crate) fn lay<T: Clone>(value: &mut Option<T>, flag: &Option<T>) {
    if flag.is_some() {
        value.clone_from(flag);
    }
}

/// A flag that was given replaces a value.
pub(crate) fn set<T: Clone>(value: &mut T, flag: &Option<T>) {
    if let Some(v) = flag {
        value.clone_from(v);
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Background")]
pub(crate) struct BackgroundArgs {
    /// Box of the mesh, pixels [default: 64, or the image where that is smaller]
    #[arg(id = "background_box", long = "box", value_name = "N[,N]")]
    box_size: Option<Shape>,
    /// Median filter over the meshes, boxes, odd [default: 3]
    #[arg(long, value_name = "N[,N]")]
    filter: Option<Shape>,
    /// Only meshes above this value are filtered, data units
    #[arg(long, value_name = "VALUE")]
    filter_threshold: Option<f64>,
    /// Background of a box [default: sextractor]
    #[arg(long, value_parser = ["sextractor", "median", "mean", "mmm", "mode", "biweight"])]
    estimator: Option<String>,
    /// Noise of a box [default: std]
    #[arg(long, value_parser = ["std", "mad", "biweight"])]
    rms_estimator: Option<String>,
    /// Clipping limit, standard deviations [default: 3]
    #[arg(long, value_name = "S")]
    sigma: Option<f64>,
    /// Clipping passes, 0 for as many as needed [default: 10]
    #[arg(long, value_name = "N")]
    maxiters: Option<usize>,
    /// Boxes with more bad or clipped pixels than this percentage are not used [default: 10, or more where that leaves
    /// no box]
    #[arg(long, value_name = "PERCENT")]
    exclude_percentile: Option<f64>,
    /// Between the meshes: cubic spline or inverse distance weights [default: zoom]
    #[arg(long, value_parser = ["zoom", "idw"])]
    interpolator: Option<String>,
}

impl BackgroundArgs {
    pub(crate) fn apply(&self, s: &mut BackgroundSection) {
        lay(&mut s.r#box, &self.box_size);
        set(&mut s.filter, &self.filter);
        lay(&mut s.filter_threshold, &self.filter_threshold);
        set(&mut s.estimator, &self.estimator);
        set(&mut s.rms_estimator, &self.rms_estimator);
        set(&mut s.sigma, &self.sigma);
        set(&mut s.maxiters, &self.maxiters);
        lay(&mut s.exclude_percentile, &self.exclude_percentile);
        set(&mut s.interpolator, &self.interpolator);
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Detection")]
pub(crate) struct DetectArgs {
    /// DAOFIND, IRAF starfind, a template, or local peaks [default: dao]
    #[arg(long, value_parser = ["dao", "iraf", "star", "peaks"])]
    finder: Option<String>,
    /// So many times the background rms, or a value in data units [default: 5sigma]
    #[arg(long, value_name = "5sigma|VALUE")]
    pub(crate) threshold: Option<ThresholdSpec>,
    /// Full width at half maximum of the stars, pixels, or auto: measured on the image [default: auto]
    #[arg(long, value_name = "PIXELS|auto")]
    fwhm: Option<FwhmSpec>,
    /// Box of the peak finder and of the centroids, pixels [default: 11]
    #[arg(long, value_name = "N[,N]")]
    box_size: Option<Shape>,
    /// Centroid of the peak finder [default: com]
    #[arg(long, value_parser = ["none", "com", "quadratic", "1dg", "2dg", "symmetry"])]
    centroid: Option<String>,
    /// Sharpness that is kept [default: the finder's own]
    #[arg(long, value_name = "LOW,HIGH", allow_hyphen_values = true)]
    sharpness: Option<Pair>,
    /// Roundness that is kept [default: the finder's own]
    #[arg(long, value_name = "LOW,HIGH", allow_hyphen_values = true)]
    roundness: Option<Pair>,
    /// Only the N brightest sources
    #[arg(long, value_name = "N")]
    brightest: Option<usize>,
    /// No sources with a peak above this, data units
    #[arg(long, value_name = "VALUE")]
    peak_max: Option<f64>,
    /// No sources nearer to the border than half a kernel
    #[arg(long)]
    exclude_border: bool,
    /// Smallest distance between sources, pixels [default: 2.5 FWHM]
    #[arg(long, value_name = "R")]
    min_separation: Option<f64>,
}

impl DetectArgs {
    pub(crate) fn apply(&self, s: &mut DetectSection) {
        set(&mut s.finder, &self.finder);
        set(&mut s.threshold, &self.threshold);
        set(&mut s.fwhm, &self.fwhm);
        set(&mut s.box_size, &self.box_size);
        set(&mut s.centroid, &self.centroid);
        lay(&mut s.sharpness, &self.sharpness);
        lay(&mut s.roundness, &self.roundness);
        lay(&mut s.brightest, &self.brightest);
        lay(&mut s.peak_max, &self.peak_max);
        s.exclude_border |= self.exclude_border;
        lay(&mut s.min_separation, &self.min_separation);
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Apertures")]
pub(crate) struct ApertureArgs {
    /// Radii of the circles, pixels [default: 3,5]
    #[arg(long, value_name = "R[,R...]")]
    circle: Option<Numbers>,
    #[command(flatten)]
    sky: SkyAnnulusArgs,
    /// Weight of the pixels on the rim: exact, center or subpixel:N [default: exact]
    #[arg(long)]
    method: Option<String>,
}

impl ApertureArgs {
    pub(crate) fn apply(&self, s: &mut ApertureSection) {
        set(&mut s.circle, &self.circle);
        self.sky.apply(s);
        set(&mut s.method, &self.method);
    }
}

/// The annulus of the local sky, as far as it is a circle.
#[derive(Debug, Args)]
pub(crate) struct SkyAnnulusArgs {
    /// Inner and outer radius of the local sky annulus, pixels
    #[arg(long, value_name = "IN,OUT")]
    annulus: Option<Pair>,
    /// Statistic of the annulus [default: median]
    #[arg(long, value_parser = ["median", "mean", "mode"])]
    annulus_stat: Option<String>,
    /// Clipping of the annulus: sigma and passes [default: 3,5]
    #[arg(long, value_name = "SIGMA,N")]
    annulus_clip: Option<Pair>,
}

impl SkyAnnulusArgs {
    pub(crate) fn apply(&self, s: &mut ApertureSection) {
        lay(&mut s.annulus, &self.annulus);
        set(&mut s.annulus_stat, &self.annulus_stat);
        set(&mut s.annulus_clip, &self.annulus_clip);
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Format of the catalogue [default: ecsv]
    #[arg(long, value_parser = ["ecsv", "fits", "csv", "parquet", "votable"])]
    format: Option<String>,
    /// No background.fits and rms.fits
    #[arg(long)]
    no_maps: bool,
    /// No overlay.png
    #[arg(long)]
    no_overlay: bool,
}

impl OutputArgs {
    pub(crate) fn apply(&self, s: &mut OutputSection) {
        set(&mut s.format, &self.format);
        s.maps &= !self.no_maps;
        s.overlay &= !self.no_overlay;
    }
}
