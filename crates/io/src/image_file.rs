//! A file with images, whatever its format.

use std::path::Path;

use ndarray::Array2;
use skyphot_core::Pixel;

use crate::source::Source;
use crate::{AsdfFile, ErrorPlane, FitsFile, HduSelector, IoError, Result, UncertaintyKind};

/// A file with images: FITS or ASDF, told by its first bytes. Selectors pick an HDU (`[SCI]`) or a place in the tree
/// (`[roman.data]`).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ImageFile {
    /// A FITS file.
    Fits(FitsFile),
    /// An ASDF file.
    Asdf(AsdfFile),
}

impl ImageFile {
    /// Reads the structure of a file.
    ///
    /// # Errors
    /// As [`FitsFile::open`] and [`AsdfFile::open`]; what begins as neither is [`IoError::NotFits`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let source = Source::open(path.as_ref())?;
        let n = usize::try_from(source.len().min(6)).unwrap_or(6);
        let start = source.reader()?.read(0, n).map_err(|e| IoError::system(path.as_ref(), e))?;
        if AsdfFile::is_asdf(&start) {
            return AsdfFile::from_source(source, None).map(Self::Asdf);
        }
        FitsFile::from_source(source).map(Self::Fits)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Fits(f) => f.path(),
            Self::Asdf(f) => f.path(),
        }
    }

    /// What is wrong with the file, in words.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        match self {
            Self::Fits(f) => f.warnings(),
            Self::Asdf(f) => f.warnings(),
        }
    }

    /// The pixels of an image, `(ny, nx)`.
    ///
    /// # Errors
    /// As [`FitsFile::read_image`] and [`AsdfFile::read_image`].
    pub fn read_image<T: Pixel>(&self, image: &HduSelector) -> Result<Array2<T>> {
        match self {
            Self::Fits(f) => f.read_image(image),
            Self::Asdf(f) => f.read_image(&f.image_path(image)?),
        }
    }

    /// A data-quality plane.
    ///
    /// # Errors
    /// As [`FitsFile::read_dq`] and [`AsdfFile::read_dq`].
    pub fn read_dq(&self, image: &HduSelector) -> Result<Array2<u32>> {
        match self {
            Self::Fits(f) => f.read_dq(image),
            Self::Asdf(f) => f.read_dq(&f.image_path(image)?),
        }
    }

    /// A mask plane: `true` (bad) where the value is not zero or undefined.
    ///
    /// # Errors
    /// As [`read_image`](Self::read_image).
    pub fn read_mask(&self, image: &HduSelector) -> Result<Array2<bool>> {
        match self {
            Self::Fits(f) => f.read_mask(image),
            Self::Asdf(f) => f.read_mask(&f.image_path(image)?),
        }
    }

    /// An error, variance or weight plane as 1-sigma errors.
    ///
    /// # Errors
    /// As [`read_image`](Self::read_image).
    pub fn read_error<T: Pixel>(&self, image: &HduSelector, kind: UncertaintyKind) -> Result<ErrorPlane<T>> {
        match self {
            Self::Fits(f) => f.read_error(image, kind),
            Self::Asdf(f) => f.read_error(&f.image_path(image)?, kind),
        }
    }
}
