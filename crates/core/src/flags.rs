//! One macro that declares a set of result flags with its legend.

/// One bit of a flag set: what a reader of a catalogue needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlagInfo {
    /// Value of the bit (a power of two).
    pub value: u32,
    /// Name, lower case with underscores.
    pub name: &'static str,
    /// A few words.
    pub short: &'static str,
    /// The full meaning.
    pub long: &'static str,
}

/// A set of result flags made by [`flag_set!`](crate::flag_set).
pub trait FlagSet: Copy + Sized {
    /// The legend, lowest bit first.
    const LEGEND: &'static [FlagInfo];

    /// The bits as stored in a catalogue column.
    fn to_bits(self) -> u32;

    /// The names of the bits that are set.
    #[must_use]
    fn names(self) -> Vec<&'static str> {
        let bits = self.to_bits();
        Self::LEGEND.iter().filter(|f| bits & f.value != 0).map(|f| f.name).collect()
    }

    /// The legend as one line for table metadata: `1 no_overlap: ..., 2 ...`.
    #[must_use]
    fn legend_text() -> String {
        Self::LEGEND
            .iter()
            .map(|f| format!("{} {}: {}", f.value, f.name, f.short))
            .collect::<Vec<_>>()
            .join("; ")
    }
}

/// Declares a flag set: a [`bitflags`](crate::__bitflags) type over `u32` with a [`FlagSet`] legend, so that code,
/// decoder and documentation cannot drift apart.
///
/// ```
/// use skyphot_core::{FlagSet, flag_set};
/// flag_set! {
///     /// What went wrong with a source.
///     pub struct DemoFlags {
///         /// The source touches the edge of the image.
///         EDGE = 1, "edge", "touches the image edge";
///         /// A pixel is saturated.
///         SATURATED = 2, "saturated", "has saturated pixels";
///     }
/// }
/// let f = DemoFlags::EDGE | DemoFlags::SATURATED;
/// assert_eq!(f.names(), ["edge", "saturated"]);
/// assert_eq!(f.to_bits(), 3);
/// ```
#[macro_export]
macro_rules! flag_set {
    (
        $(#[$outer:meta])*
        $vis:vis struct $name:ident {
            $(
                #[doc = $long:literal]
                $flag:ident = $value:literal, $text:literal, $short:literal;
            )*
        }
    ) => {
        $crate::__bitflags::bitflags! {
            $(#[$outer])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
            $vis struct $name: u32 {
                $(
                    #[doc = $long]
                    const $flag = $value;
                )*
            }
        }

        impl $crate::FlagSet for $name {
            const LEGEND: &'static [$crate::FlagInfo] = &[
                $($crate::FlagInfo { value: $value, name: $text, short: $short, long: $long },)*
            ];

            fn to_bits(self) -> u32 {
                self.bits()
            }
        }
    };
}
