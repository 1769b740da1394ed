//! Which pixels touch.

/// Which pixels are neighbours of a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Connectivity {
    /// Those that share an edge.
    Four,
    /// Those that share an edge or a corner (the default).
    #[default]
    Eight,
}

impl Connectivity {
    /// How far runs of pixels in neighbouring rows may be apart along x and still touch.
    pub(crate) fn reach(self) -> u32 {
        match self {
            Self::Four => 0,
            Self::Eight => 1,
        }
    }
}
