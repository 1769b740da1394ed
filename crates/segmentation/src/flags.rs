//! What a reader of a segment has to know.

use skyphot_core::flag_set;

flag_set! {
    /// What is worth knowing about a segment and its measurement; bits and names are those of photutils 3.1.
    #[doc(alias = "decode_segmentation_flags")]
    #[doc(alias = "SEGMENTATION_FLAGS")]
    pub struct SegmentationFlags {
        /// Masked pixels lie within the segment.
        MASKED_PIXELS = 1, "masked_pixels", "masked pixels within the source segment";
        /// Pixels of the segment are NaN or infinite.
        NON_FINITE_DATA = 2, "non_finite_data", "non-finite data values within the source segment";
        /// Errors of pixels of the segment are NaN or infinite.
        NON_FINITE_ERROR = 4, "non_finite_error", "non-finite error values within the source segment";
        /// No pixel of the segment is good: its properties are undefined.
        ALL_MASKED = 8, "all_masked", "no valid pixels within the source segment";
        /// The segment touches an edge of the image and may be cut off.
        EDGE_TOUCH = 16, "edge_touch", "source touches an image boundary";
        /// The source was separated from others by deblending.
        DEBLENDED = 32, "deblended", "source was produced by deblending";
        /// Deblending of this source (or of its parent) used `sinh` levels because of a pixel of 0 or less.
        DEBLEND_NON_POSITIVE_MIN = 64, "deblend_non_positive_min", "deblending mode changed to sinh: nonpositive minimum";
        /// Deblending of this source (or of its parent) used `linear` levels because there were too many peaks.
        DEBLEND_TOO_MANY_MARKERS = 128, "deblend_too_many_markers", "deblending mode changed to linear: too many markers";
        /// The net flux is not positive or the second moments are not those of any light: the shape is undefined.
        UNDEFINED_SHAPE = 256, "undefined_shape", "nonpositive net flux or invalid covariance (shape properties undefined)";
        /// The covariance is singular or nearly so (less than 1/12 pix^2 along the minor axis) and was regularised.
        SINGULAR_COVARIANCE = 512, "singular_covariance", "singular or nearly singular source covariance";
        /// The Kron aperture could not be defined or was skipped: the Kron flux is NaN.
        KRON_UNDEFINED = 1024, "kron_undefined", "Kron aperture undefined or skipped";
        /// The minimum Kron radius or the minimum circular radius was used.
        KRON_MINIMUM_RADIUS = 2048, "kron_minimum_radius", "minimum Kron radius or minimum circular radius applied";
        /// The Kron aperture lies fully outside the image.
        KRON_NO_OVERLAP = 4096, "kron_no_overlap", "Kron aperture fully outside the data";
        /// The Kron aperture lies partially outside the image.
        KRON_PARTIAL_OVERLAP = 8192, "kron_partial_overlap", "Kron aperture partially outside the data";
        /// Masked pixels lie within the Kron aperture.
        KRON_MASKED_PIXELS = 16384, "kron_masked_pixels", "masked pixels within the Kron aperture";
        /// Pixels within the Kron aperture are NaN or infinite.
        KRON_NON_FINITE_DATA = 32768, "kron_non_finite_data", "non-finite data values within the Kron aperture";
        /// Errors within the Kron aperture are NaN or infinite: the Kron flux error is NaN.
        KRON_NON_FINITE_ERROR = 65536, "kron_non_finite_error", "non-finite error values within the Kron aperture";
        /// Pixels of neighbours within the Kron aperture were left out or corrected.
        KRON_NEIGHBOR_PIXELS = 131_072, "kron_neighbor_pixels", "neighbor-source pixels within the Kron aperture";
        /// Pixels of neighbours within the Kron aperture could not be corrected and count as 0.
        KRON_UNCORRECTED_PIXELS = 262_144, "kron_uncorrected_pixels", "uncorrectable neighbor pixels within the Kron aperture";
        /// The local background annulus has fewer than 10 usable pixels: the local background is 0.
        LOCAL_BKG_TOO_FEW_PIXELS = 524_288, "local_bkg_too_few_pixels", "too few usable pixels to estimate the local background";
    }
}
