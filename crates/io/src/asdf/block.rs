//! The blocks of a file.

use std::sync::{Arc, Mutex, PoisonError};

use super::codec;
use crate::source::Source;

const MAGIC: &[u8; 4] = b"\xd3BLK";
const INDEX: &[u8] = b"#ASDF BLOCK INDEX";
const STREAMED: u32 = 1;
/// Bytes of a header after its length.
const HEADER: usize = 48;
/// More blocks than any sensible file has.
const MAX_BLOCKS: usize = 1 << 20;

/// One block of binary data of an ASDF file, as its header describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AsdfBlock {
    /// Where its data start in the file, bytes.
    pub(crate) start: u64,
    /// Bytes set aside in the file.
    pub(crate) allocated: u64,
    /// Bytes used in the file.
    pub(crate) used: u64,
    /// Bytes after decompression.
    pub(crate) size: u64,
    /// Used bytes that are really in the file.
    pub(crate) available: u64,
    /// Bytes of the file from the start of the data.
    pub(crate) rest: u64,
    pub(crate) compression: [u8; 4],
    pub(crate) checksum: [u8; 16],
    pub(crate) streamed: bool,
}

impl AsdfBlock {
    /// Bytes the block takes in the file, without its header.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.used
    }

    /// Bytes set aside in the file; more than are used in a padded file.
    #[must_use]
    pub fn allocated(&self) -> u64 {
        self.allocated
    }

    /// Bytes of the data after decompression.
    #[must_use]
    pub fn data_size(&self) -> u64 {
        self.size
    }

    /// Name of the compression (`zlib`, `bzp2`, `lz4`, `zstd`, or one that is not known); `None` if there is none.
    #[must_use]
    pub fn compression(&self) -> Option<String> {
        codec::name(self.compression)
    }

    /// Whether the block goes on to the end of the file.
    #[must_use]
    pub fn is_streamed(&self) -> bool {
        self.streamed
    }

    /// Whether the file ends before the block does.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.available < self.used || self.allocated > self.rest
    }
}

/// All blocks, and the data of the compressed one that was read last.
#[derive(Debug)]
pub(super) struct Blocks {
    pub(super) source: Source,
    pub(super) list: Vec<AsdfBlock>,
    last: Mutex<Option<(usize, Arc<Vec<u8>>)>>,
}

impl Blocks {
    /// Goes from header to header; the index at the end of a file, which may be wrong or missing, is not needed.
    /// What is wrong is told in `warnings`, and the blocks before it are kept.
    pub(super) fn scan(source: Source, from: u64, warnings: &mut Vec<String>) -> std::io::Result<Self> {
        let mut list = Vec::new();
        let end = source.len();
        let mut reader = source.reader().map_err(|e| std::io::Error::other(e.to_string()))?;
        let mut at = skip_padding(&mut reader, from, end)?;
        while at.saturating_add(6) <= end {
            let head = reader.read(at, 6)?;
            if head[..4] != *MAGIC {
                if list.is_empty()
                    || !reader.read(at, (end - at).min(INDEX.len() as u64) as usize)?.starts_with(INDEX)
                {
                    warnings.push(format!("unexpected bytes at {at}, after block {}", list.len()));
                }
                break;
            }
            if list.len() >= MAX_BLOCKS {
                warnings.push(format!("more than {MAX_BLOCKS} blocks; the others are not read"));
                break;
            }
            let length = usize::from(u16::from_be_bytes([head[4], head[5]]));
            let start = at + 6 + length as u64;
            if length < HEADER || start > end {
                warnings.push(format!("the header of block {} at {at} is damaged", list.len()));
                break;
            }
            let h = reader.read(at + 6, HEADER)?;
            let block = header(&h, start, end);
            if block.is_truncated() {
                warnings.push(format!(
                    "block {} is truncated: its header promises {} bytes, the file has {}",
                    list.len(),
                    block.allocated.max(block.used),
                    block.rest
                ));
            }
            let next = start.saturating_add(block.allocated);
            let last = block.streamed;
            list.push(block);
            if last || next >= end {
                break;
            }
            at = next;
        }
        Ok(Self { source, list, last: Mutex::new(None) })
    }

    /// The data of a compressed block. The one read last is kept.
    pub(super) fn decompressed(&self, index: usize) -> Result<Arc<Vec<u8>>, String> {
        if let Some((i, data)) = &*self.last.lock().unwrap_or_else(PoisonError::into_inner)
            && *i == index
        {
            return Ok(Arc::clone(data));
        }
        let block = self.list.get(index).ok_or("there is no such block")?;
        if block.available < block.used {
            return Err(format!("promises {} bytes, the file has {}", block.used, block.available));
        }
        let data = Arc::new(codec::decompress(block.compression, &self.raw(block)?, block.size)?);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((index, Arc::clone(&data)));
        Ok(data)
    }

    /// The bytes of a block in the file.
    pub(super) fn raw(&self, block: &AsdfBlock) -> Result<Vec<u8>, String> {
        let n = usize::try_from(block.available).map_err(|e| e.to_string())?;
        let mut reader = self.source.reader().map_err(|e| e.to_string())?;
        reader.read(block.start, n).map_err(|e| e.to_string())
    }
}

fn header(h: &[u8], start: u64, end: u64) -> AsdfBlock {
    let field = |at: usize| h[at..at + 8].iter().fold(0_u64, |v, &b| v << 8 | u64::from(b));
    let flags = h[..4].iter().fold(0_u32, |v, &b| v << 8 | u32::from(b));
    let mut compression = [0; 4];
    compression.copy_from_slice(&h[4..8]);
    let mut checksum = [0; 16];
    checksum.copy_from_slice(&h[32..48]);
    let streamed = flags & STREAMED != 0;
    let rest = end - start;
    let (allocated, used) = if streamed { (rest, rest) } else { (field(8), field(16)) };
    // Without compression, the size in the file is the size.
    let size = if compression == [0; 4] { used } else { field(24) };
    let available = used.min(rest).min(allocated.max(used));
    AsdfBlock { start, allocated, used, size, available, rest, compression, checksum, streamed }
}

/// The first block may come after some padding.
fn skip_padding(reader: &mut crate::source::Reader<'_>, from: u64, end: u64) -> std::io::Result<u64> {
    const STEP: u64 = 1 << 16;
    let mut at = from;
    while at < end {
        let piece = reader.read(at, (end - at).min(STEP) as usize)?;
        if let Some(i) = piece.windows(4).position(|w| w == MAGIC) {
            return Ok(at + i as u64);
        }
        if piece.len() < STEP as usize {
            break;
        }
        at += STEP - 3;
    }
    Ok(end)
}
