//! Which sources are worked on together.

use skyphot_core::BoundingBox;

use super::plan::TilePlan;

/// Sources and the window they are worked on in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Group {
    pub(crate) window: BoundingBox,
    /// Places of the sources.
    pub(crate) sources: Vec<usize>,
}

/// Sorts sources (by their places) into the tiles of a plan. `around` is the box that a source is likely to need; those
/// whose box does not lie within the margin of their tile are alone.
pub(crate) fn groups(
    plan: &TilePlan,
    bbox: &[BoundingBox],
    sources: impl Iterator<Item = usize>,
    around: impl Fn(&BoundingBox) -> BoundingBox,
) -> Vec<Group> {
    let (ty, tx) = plan.tiles();
    let mut tiles: Vec<Option<Group>> = vec![None; ty * tx];
    let mut alone = Vec::new();
    for i in sources {
        let (window, tile) = (around(&bbox[i]), plan.tile_of(&bbox[i]));
        let most = plan.window(tile);
        if most.union(&window) != most {
            alone.push(Group { window, sources: vec![i] });
        } else if let Some(group) = &mut tiles[tile] {
            group.window = group.window.union(&window);
            group.sources.push(i);
        } else {
            tiles[tile] = Some(Group { window, sources: vec![i] });
        }
    }
    tiles.into_iter().flatten().chain(alone).collect()
}
