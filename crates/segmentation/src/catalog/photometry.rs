//! Fluxes in apertures, radii of fractions of the flux.

use skyphot_core::{Column, Point};

use super::config::KronParams;
use super::kernel::aperture::{ApertureSum, Shape};
use super::measure::{CatalogParts, CatalogScratch, Measurer, SourceMeasurement};
use super::source_catalog::SourceCatalog;
use crate::error::{Result, SegmentationError};

/// Fluxes with their 1-sigma errors, one per source, in the unit of the data. NaN where there is no aperture or no good
/// pixel in it; the errors are NaN without an error image.
#[derive(Debug, Clone, PartialEq)]
pub struct ApertureFlux {
    /// Fluxes.
    pub flux: Vec<f64>,
    /// Their errors.
    pub flux_err: Vec<f64>,
}

/// The aperture of a source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CatalogAperture {
    /// Centre.
    pub center: Point,
    /// Semimajor axis or radius, pixels.
    pub a: f64,
    /// Semiminor axis or radius, pixels.
    pub b: f64,
    /// Angle of the semimajor axis from +x towards +y, radians; 0 for a circle.
    pub theta: f64,
    /// It is a circle by definition (the minimum circle, or one that was asked for).
    pub circular: bool,
}

impl CatalogAperture {
    fn new(center: Point, shape: Shape) -> Self {
        match shape {
            Shape::Circle(r) => Self { center, a: r, b: r, theta: 0.0, circular: true },
            Shape::Ellipse(a, b, theta) => Self { center, a, b, theta, circular: false },
        }
    }
}

fn positive(name: &'static str, found: f64) -> Result<()> {
    if found > 0.0 && found.is_finite() {
        Ok(())
    } else {
        Err(SegmentationError::InvalidParameter { name, expected: "greater than 0", found })
    }
}

impl SourceCatalog<'_> {
    /// Sums in an aperture of each source, about the centroid (of the detection catalogue).
    fn sums(
        &self,
        parts: CatalogParts,
        shape: impl Fn(&SourceMeasurement) -> Option<Shape> + Sync + Send,
    ) -> ApertureFlux {
        let rows = self.rows(CatalogParts::LOCAL_BACKGROUND | parts);
        let detection = self.detection_rows();
        let sums = match self.images() {
            None => vec![ApertureSum::UNDEFINED; rows.len()],
            Some(images) => {
                let measurer = Measurer { images, config: self.config() };
                self.config().exec.map_init(rows.len(), CatalogScratch::default, |scratch, i| {
                    let m = &rows[i];
                    let geometry = detection.as_ref().map_or(m, |d| &d[i]);
                    let center = geometry.center();
                    match shape(geometry).filter(|_| !m.iso.all_masked() && center.is_finite()) {
                        Some(s) => {
                            scratch.fresh();
                            let sum = measurer.aperture_sum(m, center, &s, scratch);
                            self.noted(i, sum, || ApertureSum::UNDEFINED)
                        }
                        None => ApertureSum::UNDEFINED,
                    }
                })
            }
        };
        ApertureFlux {
            flux: sums.iter().map(|s| s.flux).collect(),
            flux_err: sums.iter().map(|s| s.error).collect(),
        }
    }

    /// Fluxes in circles about the centroids. Neighbours are treated as in the Kron apertures, and the local background
    /// is subtracted.
    ///
    /// # Errors
    /// [`SegmentationError::InvalidParameter`] for a radius (pixels) that is not positive.
    #[doc(alias = "FLUX_APER")]
    pub fn circular_photometry(&self, radius: f64) -> Result<ApertureFlux> {
        positive("radius", radius)?;
        Ok(self.sums(CatalogParts::ISOPHOTAL, |_| Some(Shape::Circle(radius))))
    }

    /// Fluxes in Kron apertures made with other parameters than the catalogue's.
    ///
    /// # Errors
    /// As [`KronParams::validate`].
    pub fn kron_photometry(&self, params: &KronParams) -> Result<ApertureFlux> {
        params.validate()?;
        let own = self.config().kron_params;
        Ok(self.sums(CatalogParts::KRON_RADIUS, move |m| m.kron_shape(&own, params)))
    }

    /// The Kron apertures, with other parameters if some are given; `None` where one is undefined.
    ///
    /// # Errors
    /// As [`KronParams::validate`].
    #[doc(alias = "kron_aperture")]
    pub fn make_kron_apertures(&self, params: Option<&KronParams>) -> Result<Vec<Option<CatalogAperture>>> {
        let own = self.config().kron_params;
        let params = *params.unwrap_or(&own);
        params.validate()?;
        let rows = self.shapes().rows(CatalogParts::KRON_RADIUS);
        Ok(rows
            .iter()
            .map(|m| m.kron_shape(&own, &params).map(|s| CatalogAperture::new(m.center(), s)))
            .collect())
    }

    /// Circles about the centroids, `None` for sources without a good pixel or a centroid.
    ///
    /// # Errors
    /// [`SegmentationError::InvalidParameter`] for a radius (pixels) that is not positive.
    pub fn make_circular_apertures(&self, radius: f64) -> Result<Vec<Option<CatalogAperture>>> {
        positive("radius", radius)?;
        let own = self.rows(CatalogParts::ISOPHOTAL);
        let rows = self.shapes().rows(CatalogParts::ISOPHOTAL);
        Ok(own
            .iter()
            .zip(rows.iter())
            .map(|(own, m)| {
                let defined = !own.iso.all_masked() && m.center().is_finite();
                defined.then(|| CatalogAperture::new(m.center(), Shape::Circle(radius)))
            })
            .collect())
    }

    /// Radius of the circle about the centroid that holds a fraction of the Kron flux, pixels: 0.5 gives the half-light
    /// radius. The largest circle that is looked at is that of the semimajor axis of the Kron aperture. NaN where there
    /// is no such radius.
    ///
    /// # Errors
    /// [`SegmentationError::InvalidParameter`] for a fraction outside of (0, 1].
    #[doc(alias = "fluxfrac_radius")]
    #[doc(alias = "FLUX_RADIUS")]
    pub fn flux_radius(&self, fraction: f64) -> Result<Vec<f64>> {
        Ok(self.flux_radii(&[fraction])?.swap_remove(0))
    }

    /// [`flux_radius`](Self::flux_radius) for several fractions at once.
    ///
    /// # Errors
    /// [`SegmentationError::InvalidParameter`] for a fraction outside of (0, 1].
    pub fn flux_radii(&self, fractions: &[f64]) -> Result<Vec<Vec<f64>>> {
        for &f in fractions {
            if !(f > 0.0 && f <= 1.0) {
                let expected = "greater than 0 and at most 1";
                return Err(SegmentationError::InvalidParameter { name: "fraction", expected, found: f });
            }
        }
        let half = fractions.contains(&0.5);
        let others: Vec<f64> = fractions.iter().copied().filter(|f| *f != 0.5).collect();
        let parts = if half { CatalogParts::HALF_LIGHT } else { CatalogParts::KRON_FLUX };
        let rows = self.measure(parts, &others);
        Ok(fractions
            .iter()
            .map(|&f| {
                if f == 0.5 {
                    rows.iter().map(|m| m.half_light).collect()
                } else {
                    self.known_radii(f).to_vec()
                }
            })
            .collect())
    }

    /// Adds a column of the user, one value per source.
    ///
    /// # Errors
    /// [`SegmentationError::Core`] if it is not as long as the catalogue or its name is taken.
    #[doc(alias = "add_extra_property")]
    pub fn add_property(&mut self, column: Column) -> Result<()> {
        if column.len() != self.len() {
            return Err(skyphot_core::CoreError::ColumnLength {
                name: column.name().to_owned(),
                expected: self.len(),
                found: column.len(),
            }
            .into());
        }
        if self.has_column(column.name()) {
            return Err(skyphot_core::CoreError::DuplicateColumn(column.name().to_owned()).into());
        }
        self.extra.push(column);
        Ok(())
    }

    /// Removes a column of the user and returns it.
    ///
    /// # Errors
    /// [`SegmentationError::Core`] if there is none of this name.
    pub fn remove_property(&mut self, name: &str) -> Result<Column> {
        let at = self.extra.iter().position(|c| c.name() == name).ok_or_else(|| {
            skyphot_core::CoreError::MissingColumn {
                name: name.to_owned(),
                available: self.extra.iter().map(|c| c.name().to_owned()).collect(),
            }
        })?;
        Ok(self.extra.remove(at))
    }

    /// Renames a column of the user.
    ///
    /// # Errors
    /// [`SegmentationError::Core`] if there is none of this name or the new one is taken.
    pub fn rename_property(&mut self, name: &str, new_name: &str) -> Result<()> {
        if self.has_column(new_name) {
            return Err(skyphot_core::CoreError::DuplicateColumn(new_name.to_owned()).into());
        }
        let column = self.remove_property(name)?;
        self.extra.push(column.renamed(new_name));
        Ok(())
    }

    /// Names of the user's columns.
    #[must_use]
    #[doc(alias = "extra_properties")]
    pub fn custom_properties(&self) -> Vec<&str> {
        self.extra.iter().map(Column::name).collect()
    }
}
