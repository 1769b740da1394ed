//! An opened ASDF file.

use std::path::Path;
use std::sync::Arc;

use md5::{Digest, Md5};
use skyphot_core::tree::{ArrayNode, Node};

use super::block::{AsdfBlock, Blocks};
use super::ndarray::{self, Context};
use crate::source::Source;
use crate::{ChecksumStatus, FitsFile, IoError, Result, yaml};

/// Longest text of a tree that is read, bytes.
const MAX_TEXT: u64 = 1 << 28;
const FIRST: u64 = 1 << 16;

/// An ASDF file whose tree has been read. The elements of arrays are read when they are asked for; of arrays that are
/// not compressed, only those that are wanted. No file handle stays open, and clones are cheap.
///
/// Trees of any version of the standard are read, with tags known or not ([`Node`] says how). Blocks may be compressed
/// with zlib, bzip2, LZ4 or Zstandard. The index of blocks at the end of a file is not needed. Arrays in other files
/// (exploded form) are not followed: reading one is an error that names the file.
///
/// What is hostile is refused before memory is taken for it: cycles, alias bombs, trees deeper than
/// [`MAX_DEPTH`](skyphot_core::tree::MAX_DEPTH), arrays larger than their data. A damaged block is a
/// [warning](Self::warnings), and an error when an array in it is read.
///
/// ```no_run
/// use skyphot_io::AsdfFile;
///
/// let file = AsdfFile::open("r0003201001001001004_0001_wfi01_f106_cal.asdf")?;
/// let filter = file.tree().path("roman.meta.instrument.optical_element").and_then(|n| n.as_str());
/// let data = file.array("roman.data")?;
/// let corner = data.read_window::<f32>(&[0..100, 0..100])?;
/// println!("{filter:?}, {} of shape {:?}: {}", data.dtype(), data.shape(), corner[[0, 0]]);
/// # Ok::<(), skyphot_io::IoError>(())
/// ```
#[derive(Debug, Clone)]
#[doc(alias = "asdf.open")]
pub struct AsdfFile {
    tree: Node,
    blocks: Arc<Blocks>,
    version: String,
    standard: Option<String>,
    warnings: Vec<String>,
}

impl AsdfFile {
    /// Whether the bytes begin as those of an ASDF file do.
    #[must_use]
    pub fn is_asdf(start: &[u8]) -> bool {
        start.starts_with(b"#ASDF ")
    }

    /// Reads the tree of a file and finds its blocks.
    ///
    /// # Errors
    /// [`IoError::Missing`], [`IoError::Empty`], [`IoError::System`]; [`IoError::Asdf`] if this is no ASDF file or its
    /// tree is broken.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::from_source(Source::open(path.as_ref())?, None)
    }

    /// The same for the bytes of a file; `name` is used in messages.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_bytes(name: impl AsRef<Path>, bytes: Vec<u8>) -> Result<Self> {
        Self::from_source(Source::from_bytes(name.as_ref(), bytes)?, None)
    }

    pub(super) fn embedded(source: Source, fits: &Arc<FitsFile>) -> Result<Self> {
        Self::from_source(source, Some(fits))
    }

    pub(crate) fn from_source(source: Source, fits: Option<&Arc<FitsFile>>) -> Result<Self> {
        let path = source.path().to_owned();
        let bad = |line: Option<usize>, message: String| IoError::Asdf { path: path.clone(), line, message };
        let system = |e| IoError::system(&path, e);
        let mut text = Vec::new();
        let head = loop {
            let end = (text.len() as u64 * 4).max(FIRST).min(source.len());
            let piece =
                source.reader()?.read(text.len() as u64, end as usize - text.len()).map_err(system)?;
            text.extend_from_slice(&piece);
            if !Self::is_asdf(&text) {
                let found = String::from_utf8_lossy(&text[..text.len().min(16)]).into_owned();
                return Err(bad(
                    None,
                    format!("not an ASDF file: expected '#ASDF ' at the start, found {found:?}"),
                ));
            }
            match Head::find(&text, text.len() as u64 == source.len()) {
                Ok(Some(head)) => break head,
                Ok(None) if (text.len() as u64) < source.len().min(MAX_TEXT) => {}
                Ok(None) => return Err(bad(None, "the end of the tree ('...') is missing".to_owned())),
                Err(message) => return Err(bad(None, message)),
            }
        };
        let mut warnings = Vec::new();
        let blocks = Arc::new(Blocks::scan(source.clone(), head.end as u64, &mut warnings).map_err(system)?);
        let comments = std::str::from_utf8(&text[..head.tree])
            .map_err(|_| bad(Some(1), "the header is not UTF-8".to_owned()))?;
        let line = comments.lines().count();
        let yaml_text = std::str::from_utf8(&text[head.tree..head.end])
            .map_err(|e| bad(Some(line), format!("the tree is not UTF-8 ({e})")))?;
        let context = Context { blocks: &blocks, fits };
        let tree = yaml::parse(yaml_text, |node| ndarray::finish(node, &context))
            .map_err(|e| bad(Some(line + e.line), e.message))?;
        let word =
            |prefix: &str| comments.lines().find_map(|l| l.strip_prefix(prefix)).map(|v| v.trim().to_owned());
        Ok(Self {
            tree,
            version: word("#ASDF ").unwrap_or_default(),
            standard: word("#ASDF_STANDARD "),
            blocks,
            warnings,
        })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.blocks.source.path()
    }

    /// The tree; null in a file without one.
    #[must_use]
    pub fn tree(&self) -> &Node {
        &self.tree
    }

    /// Version of the file format (`1.0.0`).
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Version of the standard whose tags the tree uses (`1.6.0`), if the file says so.
    #[must_use]
    pub fn standard_version(&self) -> Option<&str> {
        self.standard.as_deref()
    }

    /// The blocks of binary data, in order.
    #[must_use]
    pub fn blocks(&self) -> &[AsdfBlock] {
        &self.blocks.list
    }

    /// What is wrong with the file, in words; empty for a sound file.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The array at a place of the tree (`roman.data`, see [`Node::path`]), also within a quantity.
    ///
    /// # Errors
    /// [`IoError::MissingArray`] with the arrays there are, if there is none at this place.
    pub fn array(&self, path: &str) -> Result<&ArrayNode> {
        self.tree.path(path).and_then(|n| n.magnitude().as_array()).ok_or_else(|| IoError::MissingArray {
            path: self.path().to_owned(),
            wanted: path.to_owned(),
            available: self.places(),
        })
    }

    /// Places of arrays that a user may mean: not the coefficients of a GWCS.
    pub(super) fn places(&self) -> Vec<String> {
        self.arrays()
            .into_iter()
            .map(|(path, _)| path)
            .filter(|p| !p.split('.').any(|k| k == "wcs"))
            .collect()
    }

    /// All arrays of the tree with their places, in the order of the file; those under the keys `history` and
    /// `asdf_library`, and those that several places share, but once. At most 10,000.
    #[must_use]
    pub fn arrays(&self) -> Vec<(String, ArrayNode)> {
        let mut found = Vec::new();
        let mut seen: Vec<Node> = Vec::new();
        collect(&self.tree, "", &mut seen, &mut found);
        found
    }

    /// Compares the checksum of a block with its bytes. Reading never does, as in Python: data with a wrong sum are
    /// still data. Files exist whose sums of compressed blocks are those of the data before compression; both count.
    ///
    /// # Errors
    /// [`IoError::Asdf`] if there is no such block or it cannot be read.
    pub fn verify_checksum(&self, block: usize) -> Result<ChecksumStatus> {
        let bad = |message: String| IoError::Asdf { path: self.path().to_owned(), line: None, message };
        let b = self.blocks.list.get(block).ok_or_else(|| bad(format!("there is no block {block}")))?;
        if b.checksum == [0; 16] || b.is_streamed() {
            return Ok(ChecksumStatus::Absent);
        }
        let raw = self.blocks.raw(b).map_err(|m| bad(format!("block {block}: {m}")))?;
        let same = |data: &[u8]| Md5::digest(data)[..] == b.checksum;
        let right = same(&raw)
            || (b.compression().is_some() && self.blocks.decompressed(block).is_ok_and(|data| same(&data)));
        Ok(if right { ChecksumStatus::Correct } else { ChecksumStatus::Wrong })
    }
}

fn collect(node: &Node, path: &str, seen: &mut Vec<Node>, found: &mut Vec<(String, ArrayNode)>) {
    use skyphot_core::tree::Value;
    if found.len() >= 10_000 {
        return;
    }
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match node.value() {
        Value::Array(array) if !seen.iter().any(|s| s.same(node)) => {
            seen.push(node.clone());
            found.push((path.to_owned(), array.clone()));
        }
        Value::Mapping(map) => {
            for (key, value) in map.iter() {
                if !(path.is_empty() && matches!(key, "history" | "asdf_library")) {
                    collect(value, &below(key), seen, found);
                }
            }
        }
        Value::Sequence(items) => {
            for (i, item) in items.iter().enumerate() {
                collect(item, &below(&i.to_string()), seen, found);
            }
        }
        _ => {}
    }
}

/// Where the tree begins and ends.
struct Head {
    tree: usize,
    end: usize,
}

impl Head {
    /// `None` if more of the file is needed; `whole` if this is all of it.
    fn find(text: &[u8], whole: bool) -> std::result::Result<Option<Self>, String> {
        let mut at = 0;
        while text.get(at) == Some(&b'#') {
            match text[at..].iter().position(|&b| b == b'\n') {
                Some(n) => at += n + 1,
                None if whole => at = text.len(),
                None => return Ok(None),
            }
        }
        let rest = &text[at..];
        if rest.len() < 4 && !whole {
            return Ok(None);
        }
        if rest.is_empty() || rest.starts_with(b"\xd3BLK") {
            return Ok(Some(Self { tree: at, end: at }));
        }
        if !rest.starts_with(b"%") && !rest.starts_with(b"---") {
            return Err("expected the tree ('%YAML') or a block after the header".to_owned());
        }
        // The marker stands alone on its line.
        let mut from = 0;
        while let Some(i) = rest[from..].windows(4).position(|w| w == b"\n...") {
            let after = from + i + 4;
            let line = match rest.get(after) {
                Some(b'\n') => Some(1),
                Some(b'\r') if rest.get(after + 1) == Some(&b'\n') => Some(2),
                None if whole => Some(0),
                _ => None,
            };
            match line {
                Some(n) => return Ok(Some(Self { tree: at, end: at + after + n })),
                None if after + 2 > rest.len() && !whole => return Ok(None),
                None => from = after,
            }
        }
        Ok(None)
    }
}
