//! The catalogue under SExtractor's names: positions count from 1.

use skyphot_core::{Column, Table};

use super::beyond::PetrosianParams;
use super::measure::CatalogParts;
use super::source_catalog::SourceCatalog;
use crate::SegmentationFlags as F;
use crate::error::Result;

/// What columns of SExtractor's names need besides the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct SextractorOptions {
    /// Magnitude of flux 1. Default 0.
    #[doc(alias = "MAG_ZEROPOINT")]
    pub zero_point: f64,
    /// Threshold of the detection, one value or one per source, for `FLUX_ISOCOR`, `ISOAREA_IMAGE` (the pixels of the
    /// segment above it before the convolution; `ISOAREAF_IMAGE` counts all of the segment), `ISO0` to `ISO7` and
    /// `THRESHOLD`; without it (the default) these are left out.
    pub threshold: Option<Vec<f64>>,
    /// Fractions of the flux for `FLUX_RADIUS`. Default 0.5.
    #[doc(alias = "PHOT_FLUXFRAC")]
    pub flux_fractions: Vec<f64>,
    /// Petrosian aperture; `None` leaves it out. Default: SExtractor's.
    pub petrosian: Option<PetrosianParams>,
}

impl Default for SextractorOptions {
    fn default() -> Self {
        let petrosian = Some(PetrosianParams::default());
        Self { zero_point: 0.0, threshold: None, flux_fractions: vec![0.5], petrosian }
    }
}

impl SourceCatalog<'_> {
    /// A table under SExtractor's names (`NUMBER X_IMAGE ... FLUX_AUTO MAG_AUTO FLAGS`), with its conventions: pixels
    /// count from 1, `KRON_RADIUS` includes the scale, `FLAGS` has its bits (1 neighbours, 2 deblended, 8 cut off by the
    /// edge, 16 aperture incomplete).
    ///
    /// # Errors
    /// As [`isocor_photometry`](Self::isocor_photometry), [`flux_radii`](Self::flux_radii) and
    /// [`petrosian_photometry`](Self::petrosian_photometry).
    #[doc(alias = "PARAMETERS_NAME")]
    pub fn to_sextractor_table(&self, options: &SextractorOptions) -> Result<Table> {
        self.shapes().rows(CatalogParts::WINDOWED | CatalogParts::KRON_FLUX);
        let mut t = Table::new();
        let plus_one = |v: Vec<f64>| v.into_iter().map(|v| v + 1.0).collect::<Vec<_>>();
        let number = self.labels().iter().map(|l| i64::from(*l)).collect::<Vec<_>>();
        t.push(Column::new("NUMBER", number))?;
        let mut put = |name: &str, unit: &str, v: Vec<f64>| {
            let c = Column::new(name, v);
            t.push(if unit.is_empty() { c } else { c.with_unit(unit) })
        };
        put("X_IMAGE", "pix", plus_one(self.x_centroid()))?;
        put("Y_IMAGE", "pix", plus_one(self.y_centroid()))?;
        put("XWIN_IMAGE", "pix", plus_one(self.x_centroid_win()))?;
        put("YWIN_IMAGE", "pix", plus_one(self.y_centroid_win()))?;
        let rows = self.rows(CatalogParts::ISOPHOTAL);
        let place = |v: i64| if v < 0 { f64::NAN } else { v as f64 + 1.0 };
        put("XPEAK_IMAGE", "pix", rows.iter().map(|m| place(m.iso.max_at.0)).collect())?;
        put("YPEAK_IMAGE", "pix", rows.iter().map(|m| place(m.iso.max_at.1)).collect())?;
        // The largest pixel counts from 1, too: the exclusive bound counted from 0.
        put("XMIN_IMAGE", "pix", self.bbox().iter().map(|b| (b.x_min + 1) as f64).collect())?;
        put("XMAX_IMAGE", "pix", self.bbox().iter().map(|b| b.x_max as f64).collect())?;
        put("YMIN_IMAGE", "pix", self.bbox().iter().map(|b| (b.y_min + 1) as f64).collect())?;
        put("YMAX_IMAGE", "pix", self.bbox().iter().map(|b| b.y_max as f64).collect())?;
        for (names, sky) in [
            (["ALPHA_SKY", "DELTA_SKY"], self.sky_centroid()),
            (["ALPHAWIN_SKY", "DELTAWIN_SKY"], self.sky_centroid_win()),
        ] {
            if let Some(s) = sky {
                put(names[0], "deg", s.iter().map(|s| s.lon).collect())?;
                put(names[1], "deg", s.iter().map(|s| s.lat).collect())?;
            }
        }
        let square = |v: Vec<f64>| v.into_iter().map(|v| v * v).collect::<Vec<_>>();
        put("X2_IMAGE", "pix2", self.covariance_xx())?;
        put("Y2_IMAGE", "pix2", self.covariance_yy())?;
        put("XY_IMAGE", "pix2", self.covariance_xy())?;
        put("ERRX2_IMAGE", "pix2", square(self.x_centroid_err()))?;
        put("ERRY2_IMAGE", "pix2", square(self.y_centroid_err()))?;
        put("ERRX2WIN_IMAGE", "pix2", square(self.x_centroid_win_err()))?;
        put("ERRY2WIN_IMAGE", "pix2", square(self.y_centroid_win_err()))?;
        put("A_IMAGE", "pix", self.semimajor_axis())?;
        put("B_IMAGE", "pix", self.semiminor_axis())?;
        put("THETA_IMAGE", "deg", self.orientation())?;
        put("CXX_IMAGE", "1/pix2", self.ellipse_cxx())?;
        put("CYY_IMAGE", "1/pix2", self.ellipse_cyy())?;
        put("CXY_IMAGE", "1/pix2", self.ellipse_cxy())?;
        put("ELONGATION", "", self.elongation())?;
        put("ELLIPTICITY", "", self.ellipticity())?;
        put("FWHM_IMAGE", "pix", self.fwhm())?;
        put("ISOAREAF_IMAGE", "pix2", self.area())?;
        put("FLUX_MAX", "", self.max_value())?;
        put("BACKGROUND", "", self.background_centroid())?;
        let scale = self.config().kron_params.scale;
        put("KRON_RADIUS", "", self.kron_radius().into_iter().map(|r| r * scale).collect())?;
        let radii = self.flux_radii(&options.flux_fractions)?;
        for (k, (r, f)) in radii.into_iter().zip(&options.flux_fractions).enumerate() {
            let name = if k == 0 { "FLUX_RADIUS".to_owned() } else { format!("FLUX_RADIUS_{f}") };
            put(&name, "pix", r)?;
        }
        let mut fluxes = vec![
            ("ISO", self.segment_flux(), self.segment_flux_err()),
            ("AUTO", self.kron_flux(), self.kron_flux_err()),
        ];
        if let Some(threshold) = &options.threshold {
            let f = self.isocor_photometry(threshold)?;
            fluxes.insert(1, ("ISOCOR", f.flux, f.flux_err));
            let areas = self.isophotal_areas(threshold)?;
            put("ISOAREA_IMAGE", "pix2", areas.iter().map(|a| a[0] as f64).collect())?;
            for k in 0..8 {
                put(&format!("ISO{k}"), "pix2", areas.iter().map(|a| a[k] as f64).collect())?;
            }
            put("THRESHOLD", "", (0..self.len()).map(|i| threshold[i % threshold.len()]).collect())?;
        }
        if let Some(params) = &options.petrosian {
            let p = self.petrosian_photometry(params)?;
            put(
                "PETRO_RADIUS",
                "",
                p.radius.iter().map(|r| (r * params.scale).max(params.minimum_radius)).collect(),
            )?;
            fluxes.push(("PETRO", p.flux, p.flux_err));
        }
        for (kind, flux, error) in fluxes {
            let magnitude = flux
                .iter()
                .map(|f| if *f > 0.0 { options.zero_point - 2.5 * f.log10() } else { 99.0 })
                .collect();
            let mag_error = flux
                .iter()
                .zip(&error)
                .map(|(f, e)| if *f > 0.0 { 2.5 / std::f64::consts::LN_10 * e / f } else { 99.0 })
                .collect();
            put(&format!("FLUX_{kind}"), "", flux)?;
            put(&format!("FLUXERR_{kind}"), "", error)?;
            put(&format!("MAG_{kind}"), "mag", magnitude)?;
            put(&format!("MAGERR_{kind}"), "mag", mag_error)?;
        }
        let flags = self.flags().into_iter().map(sextractor_flags).collect::<Vec<_>>();
        t.push(Column::new("FLAGS", flags))?;
        Ok(t)
    }
}

/// The bits of SExtractor's `FLAGS` for ours.
fn sextractor_flags(f: F) -> i64 {
    let bit = |ours: F, value: i64| if f.intersects(ours) { value } else { 0 };
    bit(F::KRON_NEIGHBOR_PIXELS, 1)
        | bit(F::DEBLENDED, 2)
        | bit(F::EDGE_TOUCH, 8)
        | bit(F::KRON_PARTIAL_OVERLAP | F::KRON_NO_OVERLAP | F::KRON_UNDEFINED, 16)
}
