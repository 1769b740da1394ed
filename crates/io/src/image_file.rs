//! A file with images, whatever its format.

use std::path::Path;

use ndarray::{Array2, s};
use skyphot_core::{BoundingBox, Pixel};

use crate::asdf::image_axes;
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
    /// As [`FitsFile::open`] and [`AsdfFile::open`]; what begins as neither is [`IoError::NotAnImage`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let source = Source::open(path.as_ref())?;
        let n = usize::try_from(source.len().min(6)).unwrap_or(6);
        let start = source.reader()?.read(0, n).map_err(|e| IoError::system(path.as_ref(), e))?;
        if AsdfFile::is_asdf(&start) {
            return AsdfFile::from_source(source, None).map(Self::Asdf);
        }
        FitsFile::from_source(source).map(Self::Fits).map_err(|e| match e {
            IoError::NotFits { path, found } => IoError::NotAnImage { path, found },
            e => e,
        })
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

    /// The pixels in a box. Only a FITS file is read in parts: of an ASDF file the whole array is read.
    ///
    /// # Errors
    /// As [`FitsFile::read_cutout`] and [`AsdfFile::read_image`].
    pub fn read_cutout<T: Pixel>(&self, image: &HduSelector, cutout: &BoundingBox) -> Result<Array2<T>> {
        match self {
            Self::Fits(f) => f.read_cutout(image, cutout),
            Self::Asdf(f) => cut(f.path(), f.read_image(&f.image_path(image)?)?, cutout),
        }
    }

    /// The bit masks in a box of a data-quality plane; as [`read_cutout`](Self::read_cutout).
    ///
    /// # Errors
    /// As [`FitsFile::read_dq_cutout`] and [`AsdfFile::read_dq`].
    pub fn read_dq_cutout(&self, image: &HduSelector, cutout: &BoundingBox) -> Result<Array2<u32>> {
        match self {
            Self::Fits(f) => f.read_dq_cutout(image, cutout),
            Self::Asdf(f) => cut(f.path(), f.read_dq(&f.image_path(image)?)?, cutout),
        }
    }

    /// Parts of its images are read from the disk, without the rest: it is FITS, and the file as a whole is not compressed.
    #[must_use]
    pub fn is_read_by_parts(&self) -> bool {
        matches!(self, Self::Fits(f) if matches!(f.source, Source::Disk { .. }))
    }

    /// Shape `(ny, nx)` of an image.
    ///
    /// # Errors
    /// As [`FitsFile::image_hdu`] and [`AsdfFile::image_path`]; [`IoError::NothingSuitable`] where it is no image.
    pub fn image_shape(&self, image: &HduSelector) -> Result<(usize, usize)> {
        let shape = match self {
            Self::Fits(f) => f.image_hdu(image)?.image_shape(),
            Self::Asdf(f) => image_axes(f.array(&f.image_path(image)?)?.shape()),
        };
        shape.ok_or_else(|| IoError::NothingSuitable {
            path: self.path().to_owned(),
            wanted: "two-dimensional image",
            available: vec![image.to_string()],
        })
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

/// A part of an array.
fn cut<V: Clone>(path: &Path, whole: Array2<V>, b: &BoundingBox) -> Result<Array2<V>> {
    match b.overlap(whole.dim()) {
        Some(o) if (o.box_rows.len(), o.box_cols.len()) == b.shape() => {
            Ok(whole.slice(s![o.image_rows, o.image_cols]).to_owned())
        }
        _ => Err(IoError::OutsideImage {
            path: path.to_owned(),
            hdu: 0,
            cutout: format!("x {}..{}, y {}..{}", b.x_min, b.x_max, b.y_min, b.y_max),
            shape: whole.dim(),
        }),
    }
}
