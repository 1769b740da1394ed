//! ASDF within FITS: a tree in the extension `ASDF`, arrays in the other HDUs.

use std::ops::Range;
use std::sync::Arc;

use skyphot_core::tree::{ArrayNode, ArraySource, ByteOrder, DType, ScalarKind};
use skyphot_core::{CoreError, Result as CoreResult};

use super::array::{FileArray, Origin};
use super::strided::{Bytes, Layout};
use crate::source::Source;
use crate::{AsdfFile, FitsFile, HduInfo, HduKind, HduSelector, IoError, Result};

impl FitsFile {
    /// Whether the file has an `ASDF` extension with a tree, as files of JWST have.
    #[must_use]
    pub fn has_asdf(&self) -> bool {
        self.find(&HduSelector::name("ASDF")).is_ok()
    }

    /// The tree in the `ASDF` extension. Its arrays that refer to HDUs (`fits:SCI,1`) are read from there, when they
    /// are asked for; unsigned integers that FITS keeps with BZERO come as unsigned integers.
    ///
    /// # Errors
    /// [`IoError::MissingHdu`] if there is no such extension; [`IoError::Truncated`]; as [`AsdfFile::open`].
    #[doc(alias = "asdf_in_fits")]
    pub fn asdf(&self) -> Result<AsdfFile> {
        let hdu = self.find(&HduSelector::name("ASDF"))?;
        let bytes = self.raw_data(hdu)?;
        AsdfFile::embedded(Source::from_bytes(self.path(), bytes)?, &Arc::new(self.clone()))
    }

    /// The bytes of an HDU's data as they are in the file, without padding.
    fn raw_data(&self, hdu: &HduInfo) -> Result<Vec<u8>> {
        self.check_length(hdu)?;
        let n = usize::try_from(hdu.data_len).unwrap_or(usize::MAX);
        self.source.reader()?.read(hdu.data_start, n).map_err(|e| IoError::system(self.path(), e))
    }
}

/// The pixels of an HDU given as `SCI,1`.
pub(super) fn hdu_array(fits: &Arc<FitsFile>, name: &str) -> std::result::Result<ArrayNode, String> {
    let info = fits.find(&HduSelector::parse(name)).map_err(|e| e.to_string())?;
    if info.kind != HduKind::Image {
        return Err(format!("HDU {name} is no image but a {}", info.description()));
    }
    let scaling = info.scaling();
    let (shape, big) = (info.shape.clone(), ByteOrder::Big);
    let unsigned = |bits: i32| scaling.bzero == 2.0_f64.powi(bits - 1);
    let plain = !info.compressed && scaling.bscale == 1.0 && scaling.blank.is_none();
    let kind = match (info.bitpix, scaling.bzero == 0.0) {
        _ if !plain => None,
        (8, true) => Some((ScalarKind::UInt8, false)),
        (8, _) if scaling.bzero == -128.0 => Some((ScalarKind::Int8, true)),
        (16, true) => Some((ScalarKind::Int16, false)),
        (16, _) if unsigned(16) => Some((ScalarKind::UInt16, true)),
        (32, true) => Some((ScalarKind::Int32, false)),
        (32, _) if unsigned(32) => Some((ScalarKind::UInt32, true)),
        (64, true) => Some((ScalarKind::Int64, false)),
        (64, _) if unsigned(64) => Some((ScalarKind::UInt64, true)),
        (-32, true) => Some((ScalarKind::Float32, false)),
        (-64, true) => Some((ScalarKind::Float64, false)),
        _ => None,
    };
    let Some((kind, flip)) = kind else {
        return Ok(ArrayNode::new(Decoded { file: Arc::clone(fits), hdu: info.index, shape }));
    };
    let len = u64::try_from(info.data_len).map_err(|e| e.to_string())?;
    Ok(ArrayNode::new(FileArray {
        origin: Origin::Region { source: fits.source.clone(), start: info.data_start, len, flip },
        dtype: DType::Scalar(kind, big),
        layout: Layout::contiguous(shape, kind.size(), 0)?,
    }))
}

/// The pixels of an HDU that is compressed or scaled, as physical values.
#[derive(Debug)]
struct Decoded {
    file: Arc<FitsFile>,
    hdu: usize,
    shape: Vec<usize>,
}

impl ArraySource for Decoded {
    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn dtype(&self) -> &DType {
        &DType::Scalar(ScalarKind::Float64, ByteOrder::Little)
    }

    fn visit(&self, window: &[Range<usize>], sink: &mut dyn FnMut(&[u8])) -> CoreResult<()> {
        let bad = |m: String| CoreError::ArrayData(m);
        let hdu = HduSelector::Index(self.hdu);
        let planes = self.shape.iter().rev().skip(2).try_fold(1_usize, |n, &s| n.checked_mul(s));
        let mut bytes = Vec::new();
        for plane in 0..planes.unwrap_or(0) {
            let image = self.file.read_plane::<f64>(&hdu, plane).map_err(|e| bad(e.to_string()))?;
            bytes.extend(image.iter().flat_map(|v| v.to_le_bytes()));
        }
        let layout = Layout::contiguous(self.shape.clone(), 8, 0).map_err(bad)?;
        layout.check(bytes.len() as u64, bytes.len() as u64).map_err(bad)?;
        layout.visit(window, Bytes::Memory(&bytes), sink).map_err(bad)
    }
}
