//! Flags of local backgrounds.

skyphot_core::flag_set! {
    /// What a local background suffers from.
    pub struct LocalBackgroundFlags {
        /// No pixel of the annulus lies on the image, or the position is not finite: the background is NaN.
        NO_OVERLAP = 1, "no_overlap", "annulus outside the image";
        /// All pixels of the annulus that lie on the image are masked or not finite: the background is NaN.
        NO_PIXELS = 2, "no_pixels", "no good pixel in the annulus";
        /// Some pixels of the annulus lie outside the image.
        PARTIAL_OVERLAP = 4, "partial_overlap", "annulus partly outside the image";
        /// Some pixels of the annulus are masked.
        MASKED_PIXELS = 8, "masked_pixels", "masked pixels in the annulus";
        /// Some pixels of the annulus are NaN or infinite.
        NON_FINITE_PIXELS = 16, "non_finite_pixels", "NaN or infinite pixels in the annulus";
    }
}
