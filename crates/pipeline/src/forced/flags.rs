//! What may be wrong with a forced measurement.

skyphot_core::flag_set! {
    /// Quality of a forced measurement; several apertures share one set.
    pub struct ForcedFlags {
        /// The place is not on the image: all results are NaN.
        OFF_IMAGE = 1, "off_image", "place not on the image";
        /// An aperture or the fit box reaches over the edge of the image.
        EDGE = 2, "edge", "reaches over the edge";
        /// Bad pixels (mask, data quality, NaN) in an aperture or the fit box; they are left out.
        BAD_PIXELS = 4, "bad_pixels", "bad pixels left out";
        /// An aperture or the fit box has no good pixel.
        NO_PIXELS = 8, "no_pixels", "no good pixel";
        /// The annulus of the local background has no good pixel: the fluxes of the apertures are NaN.
        NO_BACKGROUND = 16, "no_background", "no good pixel in the annulus";
        /// The image has no error plane: errors come from the scatter of its pixels.
        ERROR_FROM_SCATTER = 32, "error_from_scatter", "errors from the scatter of the pixels";
        /// The flux in the first aperture (of the PSF without apertures) is below its limit: an upper limit.
        UPPER_LIMIT = 64, "upper_limit", "below the limit";
        /// The fit of the PSF gave no flux or no error.
        PSF_FAILED = 128, "psf_failed", "no flux or error from the PSF";
        /// The sizes of an aperture at this source make none.
        NO_APERTURE = 256, "no_aperture", "sizes that make no aperture";
    }
}
