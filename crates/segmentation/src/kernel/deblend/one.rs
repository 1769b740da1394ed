//! All steps for one source.

use ndarray::ArrayView2;
use skyphot_core::{BoundingBox, Pixel};

use super::contrast::{Contrast, NotConnected};
use super::levels::levels;
use super::markers::{Rule, Tree};
use super::source::Source;
use crate::{ContrastMethod, DeblendConfig, DeblendMode};

/// More peaks than this are looked for again with linear levels.
const MAX_MARKERS: usize = 200;

/// Working space of one thread.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    source: Source,
    tree: Tree,
    contrast: Contrast,
}

/// What became of a source.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parts {
    /// Number of sources, 0 if it stays whole.
    pub(crate) n: usize,
    /// Their runs: row and columns in the image of the bounding box, and number from 1.
    pub(crate) runs: Vec<(u32, u32, u32, i32)>,
    pub(crate) non_positive_min: bool,
    pub(crate) too_many_markers: bool,
}

impl Workspace {
    /// Deblends the source with this label within its box. `origin` is the `(x, y)` of the first pixel of the arrays.
    pub(crate) fn deblend<T: Pixel>(
        &mut self,
        data: ArrayView2<'_, T>,
        segm: ArrayView2<'_, i32>,
        origin: (i64, i64),
        label: i32,
        bbox: &BoundingBox,
        n_pixels: usize,
        config: &DeblendConfig,
    ) -> Result<Parts, NotConnected> {
        let Self { source, tree, contrast } = self;
        source.gather(data, segm, origin, label, bbox, config.connectivity);
        let mut parts = Parts::default();
        // A source without a good pixel has its minimum above its maximum.
        if source.min >= source.max {
            return Ok(parts);
        }
        let mut mode = config.mode;
        if mode == DeblendMode::Exponential && source.min <= 0.0 {
            parts.non_positive_min = true;
            mode = DeblendMode::Sinh;
        }
        let saddle = config.contrast_method == ContrastMethod::Saddle;
        let n_pixels = u32::try_from(n_pixels).unwrap_or(u32::MAX);
        let mut n = {
            let levels = levels::<T>(source.min, source.max, config.n_levels, mode);
            source.quantize(&levels);
            let limit = config.contrast * source.sum;
            tree.build(source, &Rule { n_pixels, saddle: saddle.then_some((&levels, limit)) })
        };
        if n > MAX_MARKERS && mode != DeblendMode::Linear && !saddle {
            parts.too_many_markers = true;
            let levels = levels::<T>(source.min, source.max, config.n_levels, DeblendMode::Linear);
            source.quantize(&levels);
            n = tree.build(source, &Rule { n_pixels, saddle: None });
        }
        if n < 2 {
            return Ok(parts);
        }
        tree.paint(source);
        let n = contrast.run(source, n, (!saddle).then_some(config.contrast))?;
        if n >= 2 {
            parts.n = n;
            collect(source, &mut parts.runs);
        }
        Ok(parts)
    }
}

fn collect(source: &Source, runs: &mut Vec<(u32, u32, u32, i32)>) {
    let w = source.width;
    for (y, row) in source.label.chunks_exact(w).enumerate() {
        let mut x = 1;
        while x + 1 < w {
            let l = row[x];
            let start = x;
            while row[x] == l && x + 1 < w {
                x += 1;
            }
            if l > 0 {
                runs.push((y as u32 - 1, start as u32 - 1, x as u32 - 1, l));
            }
        }
    }
}
