//! Colours for label images.

use super::SegmentationImage;

impl SegmentationImage {
    /// A muted random colour (RGB) for every label from 0 to the largest; `background` for label 0. The same seed gives the
    /// same colours.
    ///
    /// Hue 0 to 1, saturation 0.2 to 0.7 and value 0.5 to 1 are uniform, as in photutils; the random numbers are not
    /// numpy's.
    ///
    /// ```
    /// use ndarray::array;
    /// use skyphot_segmentation::SegmentationImage;
    /// let segm = SegmentationImage::new(array![[0, 2]])?;
    /// let colors = segm.make_cmap([0, 0, 0], 42);
    /// assert_eq!((colors.len(), colors[0]), (3, [0, 0, 0]));
    /// # Ok::<(), skyphot_segmentation::SegmentationError>(())
    /// ```
    #[must_use]
    #[doc(alias = "make_random_cmap")]
    #[doc(alias = "cmap")]
    pub fn make_cmap(&self, background: [u8; 3], seed: u64) -> Vec<[u8; 3]> {
        let mut state = seed;
        let mut random = || {
            // splitmix64 (Steele, Lea & Flood 2014).
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
        };
        let mut colors = vec![background];
        for _ in 0..self.max_label() {
            let (h, s, v) = (random(), 0.2 + 0.5 * random(), 0.5 + 0.5 * random());
            colors.push(hsv_to_rgb(h, s, v));
        }
        colors
    }
}

fn hsv_to_rgb(h: f64, s: f64, v: f64) -> [u8; 3] {
    [5.0, 3.0, 1.0].map(|n| {
        let k = (n + 6.0 * h) % 6.0;
        let c = v - v * s * k.min(4.0 - k).clamp(0.0, 1.0);
        (255.0 * c).round() as u8
    })
}
