//! Arrays whose elements are in a file.

use std::ops::Range;
use std::sync::Arc;

use skyphot_core::tree::{ArraySource, DType};
use skyphot_core::{CoreError, Result};

use super::block::Blocks;
use super::strided::{Bytes, Layout};
use crate::source::Source;

/// Where the bytes of an array are.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// A block of the file.
    Block(Arc<Blocks>, usize),
    /// Bytes of a file, with the top bit of every element turned or not (FITS keeps unsigned integers as signed ones).
    Region { source: Source, start: u64, len: u64, flip: bool },
    /// Nowhere, and why.
    Broken(String),
}

/// An array in a file.
#[derive(Debug, Clone)]
pub(super) struct FileArray {
    pub(super) origin: Origin,
    pub(super) dtype: DType,
    pub(super) layout: Layout,
}

impl Origin {
    fn name(&self) -> String {
        match self {
            Self::Block(blocks, i) => format!("{}: block {i}", blocks.source.path().display()),
            Self::Region { source, .. } => source.path().display().to_string(),
            Self::Broken(_) => "an array of the tree".to_owned(),
        }
    }
}

impl ArraySource for FileArray {
    fn shape(&self) -> &[usize] {
        &self.layout.shape
    }

    fn dtype(&self) -> &DType {
        &self.dtype
    }

    fn visit(&self, window: &[Range<usize>], sink: &mut dyn FnMut(&[u8])) -> Result<()> {
        self.read(window, sink).map_err(|m| CoreError::ArrayData(format!("{}: {m}", self.origin.name())))
    }
}

impl FileArray {
    fn read(&self, window: &[Range<usize>], sink: &mut dyn FnMut(&[u8])) -> std::result::Result<(), String> {
        match &self.origin {
            Origin::Broken(why) => Err(why.clone()),
            Origin::Block(blocks, index) => {
                let block = blocks
                    .list
                    .get(*index)
                    .ok_or_else(|| format!("there is no such block; the file has {}", blocks.list.len()))?;
                let real = if block.compression().is_some() { block.data_size() } else { block.available };
                self.layout.check(block.data_size(), real)?;
                if block.compression().is_some() {
                    let data = blocks.decompressed(*index)?;
                    return self.layout.visit(window, Bytes::Memory(&data), sink);
                }
                let reader = blocks.source.reader().map_err(|e| e.to_string())?;
                let bytes = Bytes::File { reader, start: block.start, len: block.available };
                self.layout.visit(window, bytes, sink)
            }
            Origin::Region { source, start, len, flip } => {
                self.layout.check(*len, *len)?;
                let reader = source.reader().map_err(|e| e.to_string())?;
                let bytes = Bytes::File { reader, start: *start, len: *len };
                if !flip {
                    return self.layout.visit(window, bytes, sink);
                }
                let mut turned = Vec::new();
                self.layout.visit(window, bytes, &mut |b| {
                    turned.clear();
                    turned.extend_from_slice(b);
                    turned.iter_mut().step_by(self.layout.item).for_each(|v| *v ^= 0x80);
                    sink(&turned);
                })
            }
        }
    }
}
