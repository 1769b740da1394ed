//! Flags of centroids.

skyphot_core::flag_set! {
    /// What was out of the ordinary about a centroid.
    pub struct CentroidFlags {
        /// Pixels of the cutout are masked or not finite and were left out.
        MASKED_PIXELS = 1, "masked_pixels", "cutout has bad pixels";
        /// No pixel of the cutout is usable; there is no centroid.
        ALL_MASKED = 2, "all_masked", "no usable pixel";
        /// The position lies outside the image or is not finite; there is no centroid.
        OUTSIDE = 4, "outside", "position outside the image";
        /// The box reaches over the edge of the image and was trimmed.
        PARTIAL_OVERLAP = 8, "partial_overlap", "box trimmed at the image edge";
        /// Fewer pixels than parameters, or none where the centre is looked for; there is no centroid.
        TOO_FEW_PIXELS = 16, "too_few_pixels", "too few usable pixels";
        /// The pixels add up to zero or are all equal; there is no centroid.
        NO_SIGNAL = 32, "no_signal", "constant pixels or zero sum";
        /// The brightest pixel lies on the edge of the cutout; its position is given as it is.
        PEAK_ON_EDGE = 64, "peak_on_edge", "brightest pixel on the edge, not fitted";
        /// The fitted surface has no maximum within the cutout; there is no centroid.
        NO_MAXIMUM = 128, "no_maximum", "fitted surface has no maximum inside";
        /// The fit did not converge; the last position is given.
        NOT_CONVERGED = 256, "not_converged", "fit did not converge";
        /// The centroid lies outside the cutout it was measured on.
        OUTSIDE_CUTOUT = 512, "outside_cutout", "centroid outside its cutout";
        /// The centroid lies on the edge of the area that was searched: the source may be centred beyond it.
        SEARCH_EDGE = 1024, "search_edge", "centroid at the edge of the searched area";
    }
}
