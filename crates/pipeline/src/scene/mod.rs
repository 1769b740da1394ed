//! Synthetic images from a scene file, with the truth.

mod blur;
mod draw;
mod psf_source;
mod spec;

pub use draw::{SimulatedScene, simulate_scene};
pub use psf_source::PsfSource;
pub use spec::{
    EXAMPLE_SCENE, Range, SceneBackground, SceneNoise, SceneSources, SceneSpec, SceneWcs, SourceKind,
};
