//! The bytes of a file, decompressed if the whole file is compressed.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{IoError, Result, lzw};

/// Where the bytes are.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// An uncompressed file on disk.
    Disk { path: PathBuf, len: u64 },
    /// Bytes in memory, with the name for messages.
    Memory { path: PathBuf, bytes: Arc<Vec<u8>> },
}

impl Source {
    /// Looks at the first bytes of a file, not at its suffix, and decompresses it if need be.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let sys = |e| IoError::system(path, e);
        let mut file = File::open(path).map_err(sys)?;
        let meta = file.metadata().map_err(sys)?;
        if meta.is_dir() {
            return Err(sys(std::io::Error::from(std::io::ErrorKind::IsADirectory)));
        }
        let mut magic = Vec::with_capacity(8);
        (&mut file).take(8).read_to_end(&mut magic).map_err(sys)?;
        if magic.is_empty() {
            return Err(IoError::Empty(path.to_owned()));
        }
        let Some(format) = Format::of(&magic) else {
            if !meta.is_file() {
                // A pipe cannot be read twice.
                file.read_to_end(&mut magic).map_err(sys)?;
                return Ok(Self::Memory { path: path.to_owned(), bytes: Arc::new(magic) });
            }
            return Ok(Self::Disk { path: path.to_owned(), len: meta.len() });
        };
        let bytes = format
            .decompress(std::io::Cursor::new(magic).chain(BufReader::with_capacity(1 << 16, file)))
            .map_err(|e| IoError::Compression {
                path: path.to_owned(),
                format: format.name(),
                message: e.to_string(),
            })?;
        Self::from_bytes(path, bytes)
    }

    pub(crate) fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self> {
        if bytes.is_empty() {
            return Err(IoError::Empty(path.to_owned()));
        }
        Ok(Self::Memory { path: path.to_owned(), bytes: Arc::new(bytes) })
    }

    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Disk { path, .. } | Self::Memory { path, .. } => path,
        }
    }

    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Disk { len, .. } => *len,
            Self::Memory { bytes, .. } => bytes.len() as u64,
        }
    }

    /// Opens the bytes for reading from any place.
    pub(crate) fn reader(&self) -> Result<Reader<'_>> {
        Ok(match self {
            Self::Disk { path, .. } => Reader::Disk(File::open(path).map_err(|e| IoError::system(path, e))?),
            Self::Memory { bytes, .. } => Reader::Memory(bytes),
        })
    }

    /// All bytes.
    pub(crate) fn into_vec(self) -> Result<Vec<u8>> {
        match self {
            Self::Disk { path, .. } => std::fs::read(&path).map_err(|e| IoError::system(&path, e)),
            Self::Memory { bytes, .. } => Ok(Arc::try_unwrap(bytes).unwrap_or_else(|b| b.to_vec())),
        }
    }
}

/// Random access to the bytes of a [`Source`].
#[derive(Debug)]
pub(crate) enum Reader<'a> {
    Disk(File),
    Memory(&'a [u8]),
}

/// Bytes handed over at a time: they stay in the cache until they are decoded.
const BLOCK: usize = 1 << 17;

impl Reader<'_> {
    /// Calls `f` with the `len` bytes from `offset`, in pieces that are multiples of `unit` bytes.
    pub(crate) fn for_each_block(
        &mut self,
        offset: u64,
        len: usize,
        unit: usize,
        mut f: impl FnMut(&[u8]),
    ) -> std::io::Result<()> {
        match self {
            Self::Memory(bytes) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let part = start
                    .checked_add(len)
                    .and_then(|end| bytes.get(start..end))
                    .ok_or(std::io::ErrorKind::UnexpectedEof)?;
                f(part);
            }
            Self::Disk(file) => {
                file.seek(SeekFrom::Start(offset))?;
                let step = (BLOCK / unit).max(1) * unit;
                let mut block = vec![0; step.min(len)];
                let mut left = len;
                while left > 0 {
                    let n = left.min(step);
                    file.read_exact(&mut block[..n])?;
                    f(&block[..n]);
                    left -= n;
                }
            }
        }
        Ok(())
    }

    /// Fills `buffer` with the bytes from `offset`.
    pub(crate) fn read_into(&mut self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        match self {
            Self::Memory(bytes) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let end = start.checked_add(buffer.len());
                let part =
                    end.and_then(|end| bytes.get(start..end)).ok_or(std::io::ErrorKind::UnexpectedEof)?;
                buffer.copy_from_slice(part);
                Ok(())
            }
            Self::Disk(file) => {
                file.seek(SeekFrom::Start(offset))?;
                file.read_exact(buffer)
            }
        }
    }

    pub(crate) fn read(&mut self, offset: u64, len: usize) -> std::io::Result<Vec<u8>> {
        let mut out = Vec::with_capacity(len);
        self.for_each_block(offset, len, 1, |b| out.extend_from_slice(b))?;
        Ok(out)
    }
}

/// Compressions of whole files.
#[derive(Debug, Clone, Copy)]
enum Format {
    Gzip,
    Bzip2,
    Xz,
    Compress,
}

impl Format {
    fn of(magic: &[u8]) -> Option<Self> {
        Some(match magic {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [0x1f, 0x9d, ..] => Self::Compress,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Compress => "compress",
        }
    }

    fn decompress(self, input: impl Read) -> std::io::Result<Vec<u8>> {
        let mut out = Vec::new();
        match self {
            Self::Gzip => {
                flate2::read::MultiGzDecoder::new(input).read_to_end(&mut out)?;
            }
            Self::Bzip2 => {
                bzip2::read::MultiBzDecoder::new(input).read_to_end(&mut out)?;
            }
            Self::Xz => {
                liblzma::read::XzDecoder::new_multi_decoder(input).read_to_end(&mut out)?;
            }
            Self::Compress => {
                let mut packed = Vec::new();
                let mut input = input;
                input.read_to_end(&mut packed)?;
                out = lzw::decompress(&packed)
                    .map_err(|m| std::io::Error::new(std::io::ErrorKind::InvalidData, m))?;
            }
        }
        Ok(out)
    }
}
