//! What the star finders return.

use skyphot_core::{Column, Meta, Point, Table};

use crate::Outcome;
use crate::error::Result;

/// The columns that only some finders measure.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum StarShape {
    /// Of [`DaoStarFinder`](crate::DaoStarFinder).
    Dao {
        /// Height of the central pixel above the mean of its surroundings, over the height of the fitted Gaussian.
        sharpness: Vec<f64>,
        /// Two-fold over four-fold symmetry; 0 for round sources, negative if extended along x, positive along y.
        roundness1: Vec<f64>,
        /// Difference of the marginal heights in x and y over their mean; signs as `roundness1`.
        roundness2: Vec<f64>,
        /// Pixels of the kernel array.
        n_pixels: Vec<i64>,
        /// `-2.5 log10` of the height of the fitted Gaussian over the threshold.
        daofind_mag: Vec<f64>,
    },
    /// Of [`IrafStarFinder`](crate::IrafStarFinder).
    Iraf {
        /// FWHM of the Gaussian with the same second moments, pixels.
        fwhm: Vec<f64>,
        /// `fwhm` over that of the kernel.
        sharpness: Vec<f64>,
        /// 0 for round sources, 1 for a line.
        roundness: Vec<f64>,
        /// Angle of the major axis, degrees counter-clockwise from +x, in (-90, 90].
        orientation: Vec<f64>,
        /// Pixels above the local sky.
        n_pixels: Vec<i64>,
    },
    /// Of [`StarFinder`](crate::StarFinder).
    Template {
        /// FWHM of the Gaussian with the same second moments, pixels.
        fwhm: Vec<f64>,
        /// 0 for round sources, 1 for a line.
        roundness: Vec<f64>,
        /// Angle of the major axis, degrees counter-clockwise from +x, in (-90, 90].
        orientation: Vec<f64>,
    },
}

/// Stars found in an image, one entry per star. An empty catalogue is a valid answer; [`outcome`](Self::outcome) says
/// why it is empty.
#[derive(Debug, Clone, PartialEq)]
pub struct StarCatalog {
    /// Column of the centroid, pixels.
    pub x_centroid: Vec<f64>,
    /// Row of the centroid, pixels.
    pub y_centroid: Vec<f64>,
    /// Peak pixel, data units. DAO: the central pixel; IRAF: the highest pixel above the local sky; template: the highest
    /// pixel (column `max_value`).
    pub peak: Vec<f64>,
    /// Sum of the pixels the finder counts, data units.
    pub flux: Vec<f64>,
    /// `-2.5 log10(flux)`.
    pub mag: Vec<f64>,
    /// The other columns.
    pub shape: StarShape,
    /// Local maxima above the threshold, before any filter.
    pub n_candidates: usize,
    /// Why the catalogue is as long as it is.
    pub outcome: Outcome,
    /// Name of the finder and its parameters, for the table.
    pub meta: Meta,
}

impl StarCatalog {
    /// Number of stars.
    #[must_use]
    pub fn len(&self) -> usize {
        self.x_centroid.len()
    }

    /// No stars.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.x_centroid.is_empty()
    }

    /// The centroids, pixels.
    #[must_use]
    pub fn positions(&self) -> Vec<Point> {
        self.x_centroid.iter().zip(&self.y_centroid).map(|(&x, &y)| Point::new(x, y)).collect()
    }

    /// A table with the columns and the order of photutils 3; `id` counts from 1. The metadata holds the finder, its
    /// parameters, `n_candidates` and a `note` on the outcome.
    ///
    /// # Errors
    /// [`DetectionError::Table`](crate::DetectionError::Table) if a public vector was changed to another length.
    pub fn to_table(&self) -> Result<Table> {
        let mut t = Table::new();
        t.push(
            Column::new("id", (1..=self.len() as i64).collect::<Vec<_>>())
                .with_description("number of the star"),
        )?;
        let mut put = |name: &str, values: &[f64], unit: Option<&str>, text: &str| -> Result<()> {
            let mut c = Column::new(name, values.to_vec()).with_description(text);
            c.unit = unit.map(str::to_owned);
            Ok(t.push(c)?)
        };
        put("x_centroid", &self.x_centroid, Some("pix"), "column of the centroid, 0-based")?;
        put("y_centroid", &self.y_centroid, Some("pix"), "row of the centroid, 0-based")?;
        let whole = |v: &[i64], text: &str| Column::new("n_pixels", v.to_vec()).with_description(text);
        match &self.shape {
            StarShape::Dao { sharpness, roundness1, roundness2, n_pixels, daofind_mag } => {
                put(
                    "sharpness",
                    sharpness,
                    None,
                    "height of the central pixel over that of the fitted Gaussian",
                )?;
                put("roundness1", roundness1, None, "two-fold over four-fold symmetry")?;
                put("roundness2", roundness2, None, "difference of the marginal heights over their mean")?;
                t.push(whole(n_pixels, "pixels of the kernel array"))?;
                self.push_flux(&mut t, "peak", "central pixel")?;
                let c = Column::new("daofind_mag", daofind_mag.clone());
                t.push(c.with_description("-2.5 log10 of the fitted height over the threshold"))?;
            }
            StarShape::Iraf { fwhm, sharpness, roundness, orientation, n_pixels } => {
                put("fwhm", fwhm, Some("pix"), "FWHM from second moments")?;
                put("sharpness", sharpness, None, "FWHM over that of the kernel")?;
                put("roundness", roundness, None, "0 for round sources, 1 for a line")?;
                put("orientation", orientation, Some("deg"), "major axis, counter-clockwise from +x")?;
                t.push(whole(n_pixels, "pixels above the local sky"))?;
                self.push_flux(&mut t, "peak", "highest pixel above the local sky")?;
            }
            StarShape::Template { fwhm, roundness, orientation } => {
                put("fwhm", fwhm, Some("pix"), "FWHM from second moments")?;
                put("roundness", roundness, None, "0 for round sources, 1 for a line")?;
                put("orientation", orientation, Some("deg"), "major axis, counter-clockwise from +x")?;
                self.push_flux(&mut t, "max_value", "highest pixel")?;
            }
        }
        t.meta = self.meta.clone();
        t.meta.set("n_candidates", self.n_candidates);
        t.meta.set("note", self.outcome.text());
        Ok(t)
    }

    fn push_flux(&self, t: &mut Table, peak: &str, text: &str) -> Result<()> {
        t.push(Column::new(peak, self.peak.clone()).with_description(text))?;
        t.push(
            Column::new("flux", self.flux.clone()).with_description("sum of the pixels the finder counts"),
        )?;
        t.push(Column::new("mag", self.mag.clone()).with_description("-2.5 log10(flux)"))?;
        Ok(())
    }
}
