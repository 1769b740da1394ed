//! The bits of the data-quality plane.

use skyphot_core::{DataQuality, FlagSet, flag_set};

flag_set! {
    /// What is wrong with a pixel of a simulated scene.
    pub struct SceneFlags {
        /// The pixel lies in a dead column.
        BAD_COLUMN = 1, "bad_column", "dead column";
        /// The pixel has a large dark current.
        HOT = 2, "hot", "hot pixel";
        /// The pixel reached the full well, or charge bled into it.
        SATURATED = 4, "saturated", "saturated";
        /// A cosmic ray hit the pixel.
        COSMIC_RAY = 8, "cosmic_ray", "cosmic ray";
    }
}

impl SceneFlags {
    /// The legend for decoding a data-quality plane.
    #[must_use]
    pub fn data_quality() -> DataQuality {
        DataQuality::new(Self::LEGEND.iter().map(|f| (f.value.trailing_zeros() as u8, f.name.to_uppercase())))
    }
}
