//! The columns that hold one number for each source, by their names in photutils.

use super::measure::{CatalogParts, SourceMeasurement};
use super::source_catalog::SourceCatalog;

/// A column of numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FloatColumn {
    pub(crate) name: &'static str,
    /// Unit; `data` stands for that of the image.
    pub(crate) unit: Option<&'static str>,
    pub(crate) text: &'static str,
    /// It belongs to the detection catalogue, if there is one.
    pub(crate) of_shapes: bool,
    pub(crate) parts: CatalogParts,
    pub(crate) get: fn(&SourceCatalog<'_>) -> Vec<f64>,
}

impl SourceCatalog<'_> {
    /// The local background that the values of a source are measured from.
    fn level(&self, m: &SourceMeasurement) -> f64 {
        m.local_background()
    }

    fn collect(&self, parts: CatalogParts, f: impl Fn(&Self, &SourceMeasurement) -> f64) -> Vec<f64> {
        self.rows(parts).iter().map(|m| f(self, m)).collect()
    }
}

impl SourceCatalog<'_> {
    /// Column of the centroid: centre of mass of the segment. Pixels.
    #[must_use]
    #[doc(alias = "xcentroid")]
    pub fn x_centroid(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::ISOPHOTAL, |_, m| m.iso.centroid.0)
    }

    /// Row of the centroid: centre of mass of the segment. Pixels.
    #[must_use]
    #[doc(alias = "ycentroid")]
    pub fn y_centroid(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::ISOPHOTAL, |_, m| m.iso.centroid.1)
    }

    /// 1-sigma error of `x_centroid`, from the error image; NaN without one. At least that of a pixel: `sqrt(sum e^2 / 12) / F` along either axis. Pixels.
    #[must_use]
    #[doc(alias = "ERRX2_IMAGE")]
    pub fn x_centroid_err(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::ISOPHOTAL, |_, m| m.iso.centroid_error.xx.sqrt())
    }

    /// 1-sigma error of `y_centroid`. Pixels.
    #[must_use]
    #[doc(alias = "ERRY2_IMAGE")]
    pub fn y_centroid_err(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::ISOPHOTAL, |_, m| m.iso.centroid_error.yy.sqrt())
    }

    /// Column of the windowed centroid: under a Gaussian of the half-light radius that follows it. The isophotal centroid where that fails (`centroid_win_fallback`). Pixels.
    #[must_use]
    #[doc(alias = "XWIN_IMAGE")]
    pub fn x_centroid_win(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::WINDOWED, |_, m| m.windowed.position.0)
    }

    /// Row of the windowed centroid. Pixels.
    #[must_use]
    #[doc(alias = "YWIN_IMAGE")]
    pub fn y_centroid_win(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::WINDOWED, |_, m| m.windowed.position.1)
    }

    /// 1-sigma error of `x_centroid_win`. Pixels.
    #[must_use]
    #[doc(alias = "ERRX2WIN_IMAGE")]
    pub fn x_centroid_win_err(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::WINDOWED, |_, m| m.windowed.error.xx.sqrt())
    }

    /// 1-sigma error of `y_centroid_win`. Pixels.
    #[must_use]
    #[doc(alias = "ERRY2WIN_IMAGE")]
    pub fn y_centroid_win_err(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::WINDOWED, |_, m| m.windowed.error.yy.sqrt())
    }

    /// Column of the maximum of a quadratic surface through the 3 x 3 pixels around the peak. The peak itself at the edge of the bounding box, the isophotal centroid where the fit fails (`centroid_quad_fallback`). Pixels.
    #[must_use]
    #[doc(alias = "xcentroid_quad")]
    pub fn x_centroid_quad(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::QUADRATIC, |_, m| m.quadratic.position.0)
    }

    /// Row of the maximum of a quadratic surface through the peak. Pixels.
    #[must_use]
    #[doc(alias = "ycentroid_quad")]
    pub fn y_centroid_quad(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::QUADRATIC, |_, m| m.quadratic.position.1)
    }

    /// 1-sigma error of `x_centroid_quad`. Pixels.
    #[must_use]
    pub fn x_centroid_quad_err(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::QUADRATIC, |_, m| m.quadratic.error.xx.sqrt())
    }

    /// 1-sigma error of `y_centroid_quad`. Pixels.
    #[must_use]
    pub fn y_centroid_quad_err(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::QUADRATIC, |_, m| m.quadratic.error.yy.sqrt())
    }

    /// Number of good pixels of the segment; NaN if there is none. Square pixels.
    #[must_use]
    #[doc(alias = "ISOAREAF_IMAGE")]
    pub fn area(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::ISOPHOTAL, |_, m| {
            if m.iso.all_masked() { f64::NAN } else { m.iso.n_good as f64 }
        })
    }

    /// Radius of the circle of the same area. Pixels.
    #[must_use]
    pub fn equivalent_radius(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::ISOPHOTAL, |_, m| {
            if m.iso.all_masked() { f64::NAN } else { (m.iso.n_good as f64 / std::f64::consts::PI).sqrt() }
        })
    }

    /// Length of the lines that join the centres of the border pixels, holes included (Benkrid et al. 2000). Pixels.
    #[must_use]
    pub fn perimeter(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::PERIMETER, |_, m| m.perimeter)
    }

    /// Gini coefficient of the absolute pixel values (Lotz et al. 2004): 0 if all are alike, 1 if one has it all.
    #[must_use]
    pub fn gini(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::GINI, |_, m| m.gini)
    }

    /// Least good pixel of the segment, less the local background. Unit of the data.
    #[must_use]
    pub fn min_value(&self) -> Vec<f64> {
        self.own()
            .collect(CatalogParts::ISOPHOTAL | CatalogParts::LOCAL_BACKGROUND, |c, m| m.iso.min - c.level(m))
    }

    /// Greatest good pixel of the segment, less the local background. Unit of the data.
    #[must_use]
    #[doc(alias = "FLUX_MAX")]
    pub fn max_value(&self) -> Vec<f64> {
        self.own()
            .collect(CatalogParts::ISOPHOTAL | CatalogParts::LOCAL_BACKGROUND, |c, m| m.iso.max - c.level(m))
    }

    /// Sum of the good pixels of the segment, less the local background of each. Unit of the data.
    #[must_use]
    #[doc(alias = "FLUX_ISO")]
    pub fn segment_flux(&self) -> Vec<f64> {
        self.own().collect(CatalogParts::ISOPHOTAL | CatalogParts::LOCAL_BACKGROUND, |c, m| {
            m.iso.sum - m.iso.n_good as f64 * c.level(m)
        })
    }

    /// 1-sigma error of `segment_flux`: errors of the good pixels added in quadrature; NaN without an error image. Unit of the data.
    #[must_use]
    #[doc(alias = "FLUXERR_ISO")]
    pub fn segment_flux_err(&self) -> Vec<f64> {
        self.own().collect(CatalogParts::ISOPHOTAL, |_, m| m.iso.variance.sqrt())
    }

    /// Sum of the background image over the good pixels of the segment; NaN without one. Unit of the data.
    #[must_use]
    pub fn background_sum(&self) -> Vec<f64> {
        self.own().collect(CatalogParts::ISOPHOTAL, |_, m| m.iso.background)
    }

    /// Mean of the background image over the good pixels of the segment. Unit of the data.
    #[must_use]
    pub fn background_mean(&self) -> Vec<f64> {
        self.own().collect(CatalogParts::ISOPHOTAL, |_, m| m.iso.background / m.iso.n_good.max(1) as f64)
    }

    /// The background image at the centroid, bilinear. Unit of the data.
    #[must_use]
    #[doc(alias = "BACKGROUND")]
    pub fn background_centroid(&self) -> Vec<f64> {
        self.own().collect(CatalogParts::ISOPHOTAL, |_, m| m.background_centroid)
    }

    /// Background of one pixel from a rectangular annulus around the segment: SExtractor's mode of the pixels of no source, clipped at 3 sigma; 0 if `local_bkg_width` is 0 or fewer than 10 pixels are good. Unit of the data.
    #[must_use]
    pub fn local_background(&self) -> Vec<f64> {
        self.own().collect(CatalogParts::LOCAL_BACKGROUND, |_, m| m.local_background())
    }

    /// Variance along x: second central moment over the flux, widened to at least a pixel along either axis. Square pixels.
    #[must_use]
    #[doc(alias = "X2_IMAGE")]
    pub fn covariance_xx(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::ISOPHOTAL, |_, m| m.iso.covariance.xx)
    }

    /// Variance along y. Square pixels.
    #[must_use]
    #[doc(alias = "Y2_IMAGE")]
    pub fn covariance_yy(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::ISOPHOTAL, |_, m| m.iso.covariance.yy)
    }

    /// Covariance of x and y. Square pixels.
    #[must_use]
    #[doc(alias = "XY_IMAGE")]
    pub fn covariance_xy(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::ISOPHOTAL, |_, m| m.iso.covariance.xy)
    }

    /// 1-sigma semimajor axis of the ellipse with the same second moments. Pixels.
    #[must_use]
    #[doc(alias = "A_IMAGE")]
    pub fn semimajor_axis(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::ISOPHOTAL, |_, m| m.iso.shape.semimajor_axis)
    }

    /// 1-sigma semiminor axis of the ellipse with the same second moments. Pixels.
    #[must_use]
    #[doc(alias = "B_IMAGE")]
    pub fn semiminor_axis(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::ISOPHOTAL, |_, m| m.iso.shape.semiminor_axis)
    }

    /// Full width at half maximum of the circular Gaussian with the same second moments, `2 sqrt(ln 2 (a^2 + b^2))`. Pixels.
    #[must_use]
    pub fn fwhm(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::ISOPHOTAL, |_, m| m.iso.shape.fwhm())
    }

    /// Angle of the major axis from +x towards +y, in (-90, 90]. Degrees.
    #[must_use]
    #[doc(alias = "THETA_IMAGE")]
    pub fn orientation(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::ISOPHOTAL, |_, m| m.iso.shape.orientation.to_degrees())
    }

    /// `sqrt(1 - b^2 / a^2)`.
    #[must_use]
    pub fn eccentricity(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::ISOPHOTAL, |_, m| m.iso.shape.eccentricity())
    }

    /// `a / b`.
    #[must_use]
    #[doc(alias = "ELONGATION")]
    pub fn elongation(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::ISOPHOTAL, |_, m| m.iso.shape.elongation())
    }

    /// `1 - b / a`.
    #[must_use]
    #[doc(alias = "ELLIPTICITY")]
    pub fn ellipticity(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::ISOPHOTAL, |_, m| m.iso.shape.ellipticity())
    }

    /// Coefficient of `x^2` of the ellipse `cxx x^2 + cxy x y + cyy y^2 = R^2` about the centroid. 1 / square pixels.
    #[must_use]
    #[doc(alias = "CXX_IMAGE")]
    pub fn ellipse_cxx(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::ISOPHOTAL, |_, m| m.iso.shape.coefficients().0)
    }

    /// Coefficient of `y^2` of the ellipse. 1 / square pixels.
    #[must_use]
    #[doc(alias = "CYY_IMAGE")]
    pub fn ellipse_cyy(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::ISOPHOTAL, |_, m| m.iso.shape.coefficients().1)
    }

    /// Coefficient of `x y` of the ellipse. 1 / square pixels.
    #[must_use]
    #[doc(alias = "CXY_IMAGE")]
    pub fn ellipse_cxy(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::ISOPHOTAL, |_, m| m.iso.shape.coefficients().2)
    }

    /// The unscaled Kron radius of the aperture, in units of the isophotal ellipse: the measured one, at least the minimum; 0 where the aperture is the minimum circle, NaN where it would exceed 6. Pixels.
    #[must_use]
    #[doc(alias = "KRON_RADIUS")]
    pub fn kron_radius(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::KRON_RADIUS, |c, m| {
            m.kron_radius(&c.config().kron_params, &c.config().kron_params)
        })
    }

    /// The unscaled Kron radius as measured: first moment of the elliptical radius within 6 isophotal ellipses; NaN where a sum is not positive. Pixels.
    #[must_use]
    pub fn kron_radius_measured(&self) -> Vec<f64> {
        self.shapes().collect(CatalogParts::KRON_RADIUS, |c, m| {
            if m.kron.is_some_and(|(n, d)| n > 0.0 && d > 0.0) {
                m.measured_kron_radius(&c.config().kron_params)
            } else {
                f64::NAN
            }
        })
    }

    /// Flux in the Kron aperture. Unit of the data.
    #[must_use]
    #[doc(alias = "FLUX_AUTO")]
    pub fn kron_flux(&self) -> Vec<f64> {
        self.own().collect(CatalogParts::KRON_FLUX, |_, m| m.kron_flux.flux)
    }

    /// 1-sigma error of `kron_flux`, the aperture taken as fixed; NaN without an error image. Unit of the data.
    #[must_use]
    #[doc(alias = "FLUXERR_AUTO")]
    pub fn kron_flux_err(&self) -> Vec<f64> {
        self.own().collect(CatalogParts::KRON_FLUX, |_, m| m.kron_flux.error)
    }
}

/// All of them.
pub(crate) const FLOAT_COLUMNS: &[FloatColumn] = &[
    FloatColumn {
        name: "x_centroid",
        unit: Some("pix"),
        text: "Column of the centroid: centre of mass of the segment.",
        of_shapes: true,
        parts: CatalogParts::ISOPHOTAL,
        get: |c| c.x_centroid(),
    },
    FloatColumn {
        name: "y_centroid",
        unit: Some("pix"),
        text: "Row of the centroid: centre of mass of the segment.",
        of_shapes: true,
        parts: CatalogParts::ISOPHOTAL,
        get: |c| c.y_centroid(),
    },
    FloatColumn {
        name: "x_centroid_err",
        unit: Some("pix"),
        text: "1-sigma error of `x_centroid`, from the error image; NaN without one. At least that of a pixel: `sqrt(sum e^2 / 12) / F` along either axis.",
        of_shapes: true,
        parts: CatalogParts::ISOPHOTAL,
        get: |c| c.x_centroid_err(),
    },
    FloatColumn {
        name: "y_centroid_err",
        unit: Some("pix"),
        text: "1-sigma error of `y_centroid`.",
        of_shapes: true,
        parts: CatalogParts::ISOPHOTAL,
        get: |c| c.y_centroid_err(),
    },
    FloatColumn {
        name: "x_centroid_win",
        unit: Some("pix"),
        text: "Column of the windowed centroid: under a Gaussian of the half-light radius that follows it. The isophotal centroid where that fails (`centroid_win_fallback`).",
        of_shapes: true,
        parts: CatalogParts::WINDOWED,
        get: |c| c.x_centroid_win(),
    },
    FloatColumn {
        name: "y_centroid_win",
        unit: Some("pix"),
        text: "Row of the windowed centroid.",
        of_shapes: true,
        parts: CatalogParts::WINDOWED,
        get: |c| c.y_centroid_win(),
    },
    FloatColumn {
        name: "x_centroid_win_err",
        unit: Some("pix"),
        text: "1-sigma error of `x_centroid_win`.",
        of_shapes: true,
        parts: CatalogParts::WINDOWED,
        get: |c| c.x_centroid_win_err(),
    },
    FloatColumn {
        name: "y_centroid_win_err",
        unit: Some("pix"),
        text: "1-sigma error of `y_centroid_win`.",
        of_shapes: true,
        parts: CatalogParts::WINDOWED,
        get: |c| c.y_centroid_win_err(),
    },
    FloatColumn {
        name: "x_centroid_quad",
        unit: Some("pix"),
        text: "Column of the maximum of a quadratic surface through the 3 x 3 pixels around the peak. The peak itself at the edge of the bounding box, the isophotal centroid where the fit fails (`centroid_quad_fallback`).",
        of_shapes: true,
        parts: CatalogParts::QUADRATIC,
        get: |c| c.x_centroid_quad(),
    },
    FloatColumn {
        name: "y_centroid_quad",
        unit: Some("pix"),
        text: "Row of the maximum of a quadratic surface through the peak.",
        of_shapes: true,
        parts: CatalogParts::QUADRATIC,
        get: |c| c.y_centroid_quad(),
    },
    FloatColumn {
        name: "x_centroid_quad_err",
        unit: Some("pix"),
        text: "1-sigma error of `x_centroid_quad`.",
        of_shapes: true,
        parts: CatalogParts::QUADRATIC,
        get: |c| c.x_centroid_quad_err(),
    },
    FloatColumn {
        name: "y_centroid_quad_err",
        unit: Some("pix"),
        text: "1-sigma error of `y_centroid_quad`.",
        of_shapes: true,
        parts: CatalogParts::QUADRATIC,
        get: |c| c.y_centroid_quad_err(),
    },
    FloatColumn {
        name: "area",
        unit: Some("pix2"),
        text: "Number of good pixels of the segment; NaN if there is none.",
        of_shapes: true,
        parts: CatalogParts::ISOPHOTAL,
        get: |c| c.area(),
    },
    FloatColumn {
        name: "equivalent_radius",
        unit: Some("pix"),
        text: "Radius of the circle of the same area.",
        of_shapes: true,
        parts: CatalogParts::ISOPHOTAL,
        get: |c| c.equivalent_radius(),
    },
    FloatColumn {
        name: "perimeter",
        unit: Some("pix"),
        text: "Length of the lines that join the centres of the border pixels, holes included (Benkrid et al. 2000).",
        of_shapes: true,
        parts: CatalogParts::PERIMETER,
        get: |c| c.perimeter(),
    },
    FloatColumn {
        name: "gini",
        unit: None,
        text: "Gini coefficient of the absolute pixel values (Lotz et al. 2004): 0 if all are alike, 1 if one has it all.",
        of_shapes: true,
        parts: CatalogParts::GINI,
        get: |c| c.gini(),
    },
    FloatColumn {
        name: "min_value",
        unit: Some("data"),
        text: "Least good pixel of the segment, less the local background.",
        of_shapes: false,
        parts: CatalogParts::LOCAL_BACKGROUND,
        get: |c| c.min_value(),
    },
    FloatColumn {
        name: "max_value",
        unit: Some("data"),
        text: "Greatest good pixel of the segment, less the local background.",
        of_shapes: false,
        parts: CatalogParts::LOCAL_BACKGROUND,
        get: |c| c.max_value(),
    },
    FloatColumn {
        name: "segment_flux",
        unit: Some("data"),
        text: "Sum of the good pixels of the segment, less the local background of each.",
        of_shapes: false,
        parts: CatalogParts::LOCAL_BACKGROUND,
        get: |c| c.segment_flux(),
    },
    FloatColumn {
        name: "segment_flux_err",
        unit: Some("data"),
        text: "1-sigma error of `segment_flux`: errors of the good pixels added in quadrature; NaN without an error image.",
        of_shapes: false,
        parts: CatalogParts::ISOPHOTAL,
        get: |c| c.segment_flux_err(),
    },
    FloatColumn {
        name: "background_sum",
        unit: Some("data"),
        text: "Sum of the background image over the good pixels of the segment; NaN without one.",
        of_shapes: false,
        parts: CatalogParts::ISOPHOTAL,
        get: |c| c.background_sum(),
    },
    FloatColumn {
        name: "background_mean",
        unit: Some("data"),
        text: "Mean of the background image over the good pixels of the segment.",
        of_shapes: false,
        parts: CatalogParts::ISOPHOTAL,
        get: |c| c.background_mean(),
    },
    FloatColumn {
        name: "background_centroid",
        unit: Some("data"),
        text: "The background image at the centroid, bilinear.",
        of_shapes: false,
        parts: CatalogParts::ISOPHOTAL,
        get: |c| c.background_centroid(),
    },
    FloatColumn {
        name: "local_background",
        unit: Some("data"),
        text: "Background of one pixel from a rectangular annulus around the segment: SExtractor's mode of the pixels of no source, clipped at 3 sigma; 0 if `local_bkg_width` is 0 or fewer than 10 pixels are good.",
        of_shapes: false,
        parts: CatalogParts::LOCAL_BACKGROUND,
        get: |c| c.local_background(),
    },
    FloatColumn {
        name: "covariance_xx",
        unit: Some("pix2"),
        text: "Variance along x: second central moment over the flux, widened to at least a pixel along either axis.",
        of_shapes: true,
        parts: CatalogParts::ISOPHOTAL,
        get: |c| c.covariance_xx(),
    },
    FloatColumn {
        name: "covariance_yy",
        unit: Some("pix2"),
        text: "Variance along y.",
        of_shapes: true,
        parts: CatalogParts::ISOPHOTAL,
        get: |c| c.covariance_yy(),
    },
    FloatColumn {
        name: "covariance_xy",
        unit: Some("pix2"),
        text: "Covariance of x and y.",
        of_shapes: true,
        parts: CatalogParts::ISOPHOTAL,
        get: |c| c.covariance_xy(),
    },
    FloatColumn {
        name: "semimajor_axis",
        unit: Some("pix"),
        text: "1-sigma semimajor axis of the ellipse with the same second moments.",
        of_shapes: true,
        parts: CatalogParts::ISOPHOTAL,
        get: |c| c.semimajor_axis(),
    },
    FloatColumn {
        name: "semiminor_axis",
        unit: Some("pix"),
        text: "1-sigma semiminor axis of the ellipse with the same second moments.",
        of_shapes: true,
        parts: CatalogParts::ISOPHOTAL,
        get: |c| c.semiminor_axis(),
    },
    FloatColumn {
        name: "fwhm",
        unit: Some("pix"),
        text: "Full width at half maximum of the circular Gaussian with the same second moments, `2 sqrt(ln 2 (a^2 + b^2))`.",
        of_shapes: true,
        parts: CatalogParts::ISOPHOTAL,
        get: |c| c.fwhm(),
    },
    FloatColumn {
        name: "orientation",
        unit: Some("deg"),
        text: "Angle of the major axis from +x towards +y, in (-90, 90].",
        of_shapes: true,
        parts: CatalogParts::ISOPHOTAL,
        get: |c| c.orientation(),
    },
    FloatColumn {
        name: "eccentricity",
        unit: None,
        text: "`sqrt(1 - b^2 / a^2)`.",
        of_shapes: true,
        parts: CatalogParts::ISOPHOTAL,
        get: |c| c.eccentricity(),
    },
    FloatColumn {
        name: "elongation",
        unit: None,
        text: "`a / b`.",
        of_shapes: true,
        parts: CatalogParts::ISOPHOTAL,
        get: |c| c.elongation(),
    },
    FloatColumn {
        name: "ellipticity",
        unit: None,
        text: "`1 - b / a`.",
        of_shapes: true,
        parts: CatalogParts::ISOPHOTAL,
        get: |c| c.ellipticity(),
    },
    FloatColumn {
        name: "ellipse_cxx",
        unit: Some("1/pix2"),
        text: "Coefficient of `x^2` of the ellipse `cxx x^2 + cxy x y + cyy y^2 = R^2` about the centroid.",
        of_shapes: true,
        parts: CatalogParts::ISOPHOTAL,
        get: |c| c.ellipse_cxx(),
    },
    FloatColumn {
        name: "ellipse_cyy",
        unit: Some("1/pix2"),
        text: "Coefficient of `y^2` of the ellipse.",
        of_shapes: true,
        parts: CatalogParts::ISOPHOTAL,
        get: |c| c.ellipse_cyy(),
    },
    FloatColumn {
        name: "ellipse_cxy",
        unit: Some("1/pix2"),
        text: "Coefficient of `x y` of the ellipse.",
        of_shapes: true,
        parts: CatalogParts::ISOPHOTAL,
        get: |c| c.ellipse_cxy(),
    },
    FloatColumn {
        name: "kron_radius",
        unit: Some("pix"),
        text: "The unscaled Kron radius of the aperture, in units of the isophotal ellipse: the measured one, at least the minimum; 0 where the aperture is the minimum circle, NaN where it would exceed 6.",
        of_shapes: true,
        parts: CatalogParts::KRON_RADIUS,
        get: |c| c.kron_radius(),
    },
    FloatColumn {
        name: "kron_radius_measured",
        unit: Some("pix"),
        text: "The unscaled Kron radius as measured: first moment of the elliptical radius within 6 isophotal ellipses; NaN where a sum is not positive.",
        of_shapes: true,
        parts: CatalogParts::KRON_RADIUS,
        get: |c| c.kron_radius_measured(),
    },
    FloatColumn {
        name: "kron_flux",
        unit: Some("data"),
        text: "Flux in the Kron aperture.",
        of_shapes: false,
        parts: CatalogParts::KRON_FLUX,
        get: |c| c.kron_flux(),
    },
    FloatColumn {
        name: "kron_flux_err",
        unit: Some("data"),
        text: "1-sigma error of `kron_flux`, the aperture taken as fixed; NaN without an error image.",
        of_shapes: false,
        parts: CatalogParts::KRON_FLUX,
        get: |c| c.kron_flux_err(),
    },
];
