//! What can be the matter with a star of an ePSF.

use skyphot_core::flag_set;

flag_set! {
    /// Why a star was not extracted, not used or used in part only. The first four bits are the fit status 1 to 4 of
    /// the reference as bits.
    pub struct EpsfFlags {
        /// The fit box reaches over the edge of the cutout.
        FIT_BOX_OUTSIDE = 1, "fit_box_outside", "fit box reaches over the cutout";
        /// The fit did not converge.
        NO_CONVERGENCE = 2, "no_convergence", "fit did not converge";
        /// The fitted position lies outside the cutout.
        POSITION_OUTSIDE = 4, "position_outside", "fitted position outside the cutout";
        /// No good pixel in the fit box.
        FIT_BOX_MASKED = 8, "fit_box_masked", "no good pixel in the fit box";
        /// The star was left out of the ePSF because its fit failed.
        EXCLUDED = 16, "excluded", "left out because its fit failed";
        /// Some pixels of the cutout are bad.
        PARTLY_MASKED = 32, "partly_masked", "some pixels of the cutout are bad";
        /// Some weights or errors were not usable; these pixels count as bad.
        BAD_WEIGHTS = 64, "bad_weights", "weights or errors that are not positive numbers";
        /// All good pixels are zero.
        ALL_ZERO = 128, "all_zero", "all good pixels are zero";
        /// The cutout would reach over the edge of the image; not extracted.
        OUTSIDE_IMAGE = 256, "outside_image", "cutout reaches over the image edge";
        /// The position is not finite or has no pixel in the image; not extracted.
        NON_FINITE_POSITION = 512, "non_finite_position", "position not finite";
        /// The flux of the catalogue is not finite; not extracted.
        NON_FINITE_FLUX = 1024, "non_finite_flux", "catalogue flux not finite";
        /// No good pixel in the cutout; not extracted.
        NO_GOOD_PIXELS = 2048, "no_good_pixels", "all pixels of the cutout are bad";
        /// A pixel near the centre is saturated.
        SATURATED = 4096, "saturated", "saturated near the centre";
    }
}
