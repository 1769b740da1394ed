//! Data-quality bit planes of instruments.

use ndarray::{Array2, ArrayView2};

use crate::{CoreError, Result};

/// The meaning of one bit of an instrument's data-quality plane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DqDefinition {
    /// Bit number, 0 = least significant.
    pub bit: u8,
    /// Mnemonic, as the instrument's handbook writes it.
    pub name: String,
}

/// The legend of a data-quality plane: which bit means what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DataQuality {
    definitions: Vec<DqDefinition>,
}

impl DataQuality {
    /// A legend from `(bit, name)` pairs.
    #[must_use]
    pub fn new<S: Into<String>>(definitions: impl IntoIterator<Item = (u8, S)>) -> Self {
        Self {
            definitions: definitions
                .into_iter()
                .map(|(bit, name)| DqDefinition { bit, name: name.into() })
                .collect(),
        }
    }

    /// The legend of JWST science products (`stdatamodels` pixel flags).
    #[must_use]
    pub fn jwst() -> Self {
        Self::new([
            (0, "DO_NOT_USE"),
            (1, "SATURATED"),
            (2, "JUMP_DET"),
            (3, "DROPOUT"),
            (4, "OUTLIER"),
            (5, "PERSISTENCE"),
            (6, "AD_FLOOR"),
            (7, "CHARGELOSS"),
            (8, "UNRELIABLE_ERROR"),
            (9, "NON_SCIENCE"),
            (10, "DEAD"),
            (11, "HOT"),
            (12, "WARM"),
            (13, "LOW_QE"),
            (14, "RC"),
            (15, "TELEGRAPH"),
            (16, "NONLINEAR"),
            (17, "BAD_REF_PIXEL"),
            (18, "NO_FLAT_FIELD"),
            (19, "NO_GAIN_VALUE"),
            (20, "NO_LIN_CORR"),
            (21, "NO_SAT_CHECK"),
            (22, "UNRELIABLE_BIAS"),
            (23, "UNRELIABLE_DARK"),
            (24, "UNRELIABLE_SLOPE"),
            (25, "UNRELIABLE_FLAT"),
            (26, "OPEN"),
            (27, "ADJ_OPEN"),
            (28, "FLUX_ESTIMATED"),
            (29, "MSA_FAILED_OPEN"),
            (30, "OTHER_BAD_PIXEL"),
            (31, "REFERENCE_PIXEL"),
        ])
    }

    /// The legend of calibrated Roman exposures (`roman_datamodels` pixel flags).
    #[must_use]
    pub fn roman() -> Self {
        Self::new([
            (0, "DO_NOT_USE"),
            (1, "SATURATED"),
            (2, "JUMP_DET"),
            (3, "DROPOUT"),
            (4, "GW_AFFECTED_DATA"),
            (5, "PERSISTENCE"),
            (6, "AD_FLOOR"),
            (7, "OUTLIER"),
            (8, "UNRELIABLE_ERROR"),
            (9, "NON_SCIENCE"),
            (10, "DEAD"),
            (11, "HOT"),
            (12, "WARM"),
            (13, "LOW_QE"),
            (15, "TELEGRAPH"),
            (16, "NONLINEAR"),
            (17, "BAD_REF_PIXEL"),
            (18, "NO_FLAT_FIELD"),
            (19, "NO_GAIN_VALUE"),
            (20, "NO_LIN_CORR"),
            (21, "NO_SAT_CHECK"),
            (22, "UNRELIABLE_BIAS"),
            (23, "UNRELIABLE_DARK"),
            (24, "UNRELIABLE_SLOPE"),
            (25, "UNRELIABLE_FLAT"),
            (28, "UNRELIABLE_RESET"),
            (30, "OTHER_BAD_PIXEL"),
            (31, "REFERENCE_PIXEL"),
        ])
    }

    /// All definitions, in the order given.
    #[must_use]
    pub fn definitions(&self) -> &[DqDefinition] {
        &self.definitions
    }

    /// The bit mask of a flag name (matched without regard to case).
    ///
    /// # Errors
    /// [`CoreError::UnknownFlag`] with the names that are known.
    pub fn bits_of(&self, name: &str) -> Result<u64> {
        self.definitions
            .iter()
            .find(|d| d.name.eq_ignore_ascii_case(name))
            .map(|d| 1_u64 << d.bit)
            .ok_or_else(|| CoreError::UnknownFlag {
                name: name.to_owned(),
                known: self.definitions.iter().map(|d| d.name.clone()).collect(),
            })
    }

    /// The names of the bits that are set in `value`; bits without a name are written `BIT_n`.
    #[must_use]
    #[doc(alias = "dqflags_to_mnemonics")]
    pub fn decode(&self, value: u64) -> Vec<String> {
        (0..64)
            .filter(|b| value >> b & 1 == 1)
            .map(|b| {
                self.definitions
                    .iter()
                    .find(|d| d.bit == b)
                    .map_or_else(|| format!("BIT_{b}"), |d| d.name.clone())
            })
            .collect()
    }

    /// The bad-pixel mask of a plane: `true` where any bit outside `good_bits` is set.
    #[must_use]
    #[doc(alias = "bitfield_to_boolean_mask")]
    pub fn mask(plane: ArrayView2<'_, u32>, good_bits: u32) -> Array2<bool> {
        plane.mapv(|v| v & !good_bits != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr2;

    #[test]
    fn names_bits_and_masks() {
        let dq = DataQuality::jwst();
        assert_eq!(dq.bits_of("saturated").unwrap(), 2);
        assert_eq!(dq.decode(0b11), ["DO_NOT_USE", "SATURATED"]);
        assert!(dq.bits_of("NOPE").unwrap_err().to_string().starts_with("no data-quality flag 'NOPE'"));
        let plane = arr2(&[[0_u32, 1], [4, 5]]);
        assert_eq!(DataQuality::mask(plane.view(), 4), arr2(&[[false, true], [false, true]]));
        assert_eq!(DataQuality::default().decode(1 << 40), ["BIT_40"]);
    }
}
