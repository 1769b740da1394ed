//! What can be the matter with a fitted source.

use skyphot_core::flag_set;

flag_set! {
    /// Quality flags of PSF photometry. The lower bits are those of photutils.
    pub struct PsfFlags {
        /// Fewer pixels than the whole fit box were fitted: it reaches over the edge of the image or has bad pixels.
        N_PIXELS_FIT_PARTIAL = 1, "n_pixels_fit_partial", "fewer pixels than the whole fit box";
        /// The fitted position lies outside the image.
        POSITION_OUTSIDE_IMAGE = 2, "position_outside_image", "fitted position outside the image";
        /// The fitted flux is zero or negative.
        NON_POSITIVE_FLUX = 4, "non_positive_flux", "flux not positive";
        /// The fit may not have converged.
        NO_CONVERGENCE = 8, "no_convergence", "possible nonconvergence";
        /// No covariance, hence no errors.
        NO_COVARIANCE = 16, "no_covariance", "no parameter covariance";
        /// A fitted parameter lies within 0.01 of a bound.
        PARAMETER_NEAR_BOUND = 32, "parameter_near_bound", "fitted parameter near a bound";
        /// The fit box does not overlap the image.
        NO_OVERLAP = 64, "no_overlap", "no overlap with the image";
        /// Every pixel of the fit box is bad.
        FULLY_MASKED = 128, "fully_masked", "all pixels bad";
        /// Fewer good pixels than free parameters.
        TOO_FEW_PIXELS = 256, "too_few_pixels", "too few pixels for the fit";
        /// The fitted position is not finite.
        NON_FINITE_POSITION = 512, "non_finite_position", "position not finite";
        /// The fitted flux is not finite.
        NON_FINITE_FLUX = 1024, "non_finite_flux", "flux not finite";
        /// The local background is not finite and was not subtracted.
        NON_FINITE_LOCAL_BKG = 2048, "non_finite_local_bkg", "local background not finite";
        /// The fitted position lies outside the fit box.
        POSITION_OUTSIDE_FIT_REGION = 4096, "position_outside_fit_region", "fitted position outside the fit box";
        /// The group has more sources than the warning threshold.
        LARGE_GROUP = 65536, "large_group", "group larger than the warning threshold";
        /// The errors come from the neighbourhood of the source in its group, not from the whole group.
        LOCAL_COVARIANCE = 131072, "local_covariance", "errors from the neighbourhood only";
        /// Pixels of the fit box were left out because their error is not a positive number.
        BAD_ERROR = 262144, "bad_error", "pixels without a valid error left out";
    }
}
