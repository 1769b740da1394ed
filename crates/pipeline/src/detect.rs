//! From the detection section of a configuration to a list of sources.

use ndarray::ArrayView2;
use skyphot_centroids::CentroidMethod;
use skyphot_core::{Exec, Image, Pixel, Point, Table};
use skyphot_detection::{
    DaoStarFinder, Finder, IrafStarFinder, Outcome, PeakConfig, StarFinder, Threshold, find_peaks,
};

use crate::fwhm::estimate_fwhm;
use crate::spec::{FwhmSpec, ThresholdSpec};
use crate::{DetectSection, PipelineError, Result, positions_of};

/// FWHM where it is asked to be measured and cannot be, pixels.
const FALLBACK_FWHM: f64 = 3.0;

/// The 1-sigma noise of the background.
#[derive(Debug, Clone, Copy)]
pub enum Noise<'a> {
    /// One value for the whole image.
    Scalar(f64),
    /// One value per pixel.
    Map(ArrayView2<'a, f64>),
}

/// Sources that were found.
#[derive(Debug, Clone)]
pub struct Detected {
    /// The finder's columns.
    pub table: Table,
    /// Their positions, in the order of the table.
    pub positions: Vec<Point>,
    /// FWHM in force, pixels.
    pub fwhm: f64,
    /// Something the user should know.
    pub notes: Vec<String>,
}

/// Finds sources on a background-subtracted image as a section says.
///
/// # Errors
/// [`PipelineError::Value`] for an unknown name; errors of the finders.
pub fn detect<T: Pixel>(
    image: &Image<'_, T>,
    noise: &Noise<'_>,
    section: &DetectSection,
    exec: &Exec,
) -> Result<Detected> {
    let mut notes = Vec::new();
    let fwhm = match section.fwhm {
        FwhmSpec::Pixels(v) => v,
        FwhmSpec::Auto => match estimate_fwhm(image, noise)? {
            Some(v) => (v * 1e3).round() * 1e-3,
            None => {
                notes.push(format!(
                    "too few bright stars to measure the FWHM: using {FALLBACK_FWHM} px (set it with --fwhm)"
                ));
                FALLBACK_FWHM
            }
        },
    };
    let threshold = match (section.threshold, noise) {
        (ThresholdSpec::Value(v), _) => Threshold::Scalar(v),
        (ThresholdSpec::Sigma(n), Noise::Scalar(s)) => Threshold::Scalar(n * s),
        (ThresholdSpec::Sigma(n), Noise::Map(m)) => Threshold::Image(m.mapv(|s| n * s)),
    };
    let (table, outcome) = match section.finder.as_str() {
        "peaks" => {
            let config = PeakConfig {
                box_size: (section.box_size.0, section.box_size.1),
                n_peaks: section.brightest,
                min_separation: section.min_separation,
                centroid: centroid(&section.centroid)?,
                exec: exec.clone(),
                ..PeakConfig::default()
            };
            let c = find_peaks(image, &threshold, &config)?;
            (c.to_table()?, c.outcome)
        }
        _ => {
            let c = star_finder(section, threshold, fwhm, exec)?.find(image)?;
            (c.to_table()?, c.outcome)
        }
    };
    if outcome != Outcome::Found {
        notes.push(outcome.text().to_owned());
    }
    let positions = positions_of(&table, "the finder's table")?;
    Ok(Detected { table, positions, fwhm, notes })
}

/// The star finder of a section (not its peak finder).
///
/// # Errors
/// [`PipelineError::Value`] for another name than `dao`, `iraf` or `star`; parameters out of range.
pub fn star_finder<T: Pixel>(
    section: &DetectSection,
    threshold: Threshold,
    fwhm: f64,
    exec: &Exec,
) -> Result<Box<dyn Finder<T>>> {
    macro_rules! common {
        ($f:ident) => {
            $f.exclude_border = section.exclude_border;
            $f.n_brightest = section.brightest;
            $f.peak_max = section.peak_max;
            $f.min_separation = section.min_separation;
            $f.exec = exec.clone();
        };
    }
    macro_rules! ranges {
        ($f:ident) => {
            $f.sharpness_range = section.sharpness.map(|p| (p.0, p.1)).or($f.sharpness_range);
            $f.roundness_range = section.roundness.map(|p| (p.0, p.1)).or($f.roundness_range);
        };
    }
    Ok(match section.finder.as_str() {
        "dao" => {
            let mut f = DaoStarFinder::new(threshold, fwhm)?;
            ranges!(f);
            common!(f);
            Box::new(f)
        }
        "iraf" => {
            let mut f = IrafStarFinder::new(threshold, fwhm)?;
            ranges!(f);
            common!(f);
            Box::new(f)
        }
        "star" => {
            let mut f = StarFinder::new(threshold, gaussian_template(fwhm).view())?;
            common!(f);
            Box::new(f)
        }
        other => return Err(PipelineError::value("finder", other, "one of dao, iraf, star, peaks")),
    })
}

fn centroid(name: &str) -> Result<Option<CentroidMethod>> {
    Ok(Some(match name {
        "none" => return Ok(None),
        "com" => CentroidMethod::Com,
        "quadratic" => CentroidMethod::quadratic(),
        "1dg" => CentroidMethod::Gaussian1d,
        "2dg" => CentroidMethod::Gaussian2d,
        "symmetry" => CentroidMethod::symmetry(),
        _ => {
            let expected = "one of none, com, quadratic, 1dg, 2dg, symmetry";
            return Err(PipelineError::value("centroid", name, expected));
        }
    }))
}

/// A circular Gaussian of the given FWHM on an odd square that reaches 1.5 FWHM from its centre.
fn gaussian_template(fwhm: f64) -> ndarray::Array2<f64> {
    let half = (1.5 * fwhm).ceil().max(2.0) as i64;
    let s2 = 2.0 * (fwhm * skyphot_core::FWHM_TO_SIGMA).powi(2);
    let n = (2 * half + 1) as usize;
    ndarray::Array2::from_shape_fn((n, n), |(y, x)| {
        let (dx, dy) = (x as f64 - half as f64, y as f64 - half as f64);
        (-(dx * dx + dy * dy) / s2).exp()
    })
}
