//! What may be wrong with a measurement in an aperture.

skyphot_core::flag_set! {
    /// Quality of a measurement in an aperture: the bits and names of photutils 3.1.1, and from 65536 on our own.
    ///
    /// ```
    /// use skyphot_aperture::ApertureFlags;
    /// use skyphot_core::FlagSet;
    /// let flags = ApertureFlags::PARTIAL_OVERLAP | ApertureFlags::MASKED_PIXELS;
    /// assert_eq!(flags.bits(), 10);
    /// assert_eq!(flags.names(), ["partial_overlap", "masked_pixels"]);
    /// ```
    pub struct ApertureFlags {
        /// No pixel of nonzero weight falls on the image.
        NO_OVERLAP = 1, "no_overlap", "aperture fully outside the data";
        /// Some pixels of nonzero weight fall outside the image.
        PARTIAL_OVERLAP = 2, "partial_overlap", "aperture partially outside the data";
        /// No pixel of the image: the aperture lies outside, or is so small that it holds no pixel centre or sample.
        NO_PIXELS = 4, "no_pixels", "no aperture pixels within the data";
        /// One or more pixels of nonzero weight are masked.
        MASKED_PIXELS = 8, "masked_pixels", "masked pixels within the aperture";
        /// One or more unmasked pixels of nonzero weight are NaN or infinite.
        NON_FINITE_DATA = 16, "non_finite_data", "nonfinite data values within the aperture";
        /// The error of one or more good pixels of nonzero weight is NaN or infinite.
        NON_FINITE_ERROR = 32, "non_finite_error", "nonfinite error values within the aperture";
        /// Pixels were excluded or corrected because they belong to neighbours in a segmentation image.
        NEIGHBOR_PIXELS = 64, "neighbor_pixels", "segmentation-masked pixels within the aperture";
        /// Pixels of neighbours could not be corrected and were excluded.
        UNCORRECTED_PIXELS = 128, "uncorrected_pixels", "uncorrectable neighbor pixels within the aperture";
        /// The aperture has pixels, but every one of them is masked or not finite.
        ALL_MASKED = 256, "all_masked", "no valid pixels within the aperture";
        /// One or more pixels were rejected by sigma clipping.
        SIGMA_CLIPPED = 512, "sigma_clipped", "sigma-clipped pixels within the aperture";
        /// All good pixels were rejected by sigma clipping.
        ALL_CLIPPED = 1024, "all_clipped", "all pixels within the aperture were sigma clipped";
        /// Too few good pixels for a statistic: one for the standard errors, or not more than `ddof` for the variance.
        TOO_FEW_PIXELS = 2048, "too_few_pixels", "too few pixels to compute a statistic";
        /// The net flux is not positive, or the second moments describe no ellipse: centroid and shape are undefined.
        UNDEFINED_SHAPE = 4096, "undefined_shape", "nonpositive net flux or invalid covariance (shape properties undefined)";
        /// The variance along the minor axis was below 1/12 (one pixel) and has been raised to it.
        SINGULAR_COVARIANCE = 8192, "singular_covariance", "singular or nearly singular source covariance";
        /// The centroid lies outside the bounding box of the aperture, as negative pixels allow.
        CENTROID_OUTSIDE_BBOX = 16384, "centroid_outside_bbox", "centroid is outside the aperture bounding box";
        /// The position is NaN or infinite; all results are NaN.
        NON_FINITE_POSITION = 65536, "non_finite_position", "the position is not finite";
        /// The local background is NaN or infinite; all results that depend on it are NaN.
        NON_FINITE_BACKGROUND = 131072, "non_finite_background", "the local background is not finite";
    }
}

impl ApertureFlags {
    /// Bits of a position that is not finite.
    pub(crate) const NOWHERE: Self = Self::NO_OVERLAP.union(Self::NO_PIXELS).union(Self::NON_FINITE_POSITION);
}
