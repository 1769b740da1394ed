//! Arrays of a tree as images.

use ndarray::{Array2, ArrayD, Axis};
use skyphot_core::Pixel;
use skyphot_core::tree::{ArrayNode, DType, ScalarKind, Tag};

use crate::{AsdfFile, ErrorPlane, HduSelector, IoError, PixelType, Result, UncertaintyKind};

impl AsdfFile {
    /// The place of an image in the tree: what stands between the brackets of `FILE.asdf[roman.data]`.
    /// [`HduSelector::Auto`] is the science image: `data` below the first key of the tree (`roman.data`) or at its top,
    /// else the first two-dimensional array of numbers. A number counts the arrays of [`arrays`](Self::arrays).
    ///
    /// # Errors
    /// [`IoError::MissingArray`], [`IoError::NothingSuitable`], with a list of the arrays there are.
    pub fn image_path(&self, image: &HduSelector) -> Result<String> {
        let arrays = self.arrays();
        let missing = |wanted: &str| IoError::MissingArray {
            path: self.path().to_owned(),
            wanted: wanted.to_owned(),
            available: self.places(),
        };
        match image {
            HduSelector::Name { name, version } => {
                let path = version.map_or_else(|| name.clone(), |v| format!("{name},{v}"));
                self.array(&path).map_err(|_| missing(&path)).map(|_| path)
            }
            HduSelector::Index(i) => {
                arrays.get(*i).map(|(p, _)| p.clone()).ok_or_else(|| missing(&i.to_string()))
            }
            HduSelector::Auto => {
                let flat = |a: &&(String, ArrayNode)| {
                    image_axes(a.1.shape()).is_some()
                        && matches!(a.1.dtype(), DType::Scalar(k, _) if is_real(*k))
                };
                // The coefficients of a transform are no image.
                let in_transform = |p: &str| {
                    p.match_indices('.').any(|(i, _)| {
                        let tag =
                            self.tree().path(&p[..i]).and_then(|n| n.tag().map(|t| t.name().to_owned()));
                        tag.is_some_and(|t| t.contains("/transform/") || t.contains("gwcs/"))
                    })
                };
                let depth = |p: &str| p.matches('.').count();
                arrays
                    .iter()
                    .filter(flat)
                    .find(|(p, _)| depth(p) <= 1 && (p == "data" || p.ends_with(".data")))
                    .or_else(|| arrays.iter().filter(flat).find(|(p, _)| !in_transform(p)))
                    .map(|(p, _)| p.clone())
                    .ok_or_else(|| IoError::NothingSuitable {
                        path: self.path().to_owned(),
                        wanted: "two-dimensional image",
                        available: self.places(),
                    })
            }
        }
    }

    /// The place of an array beside another one: `sibling("roman.data", "err")` is `roman.err`, if it is there.
    #[must_use]
    pub fn sibling(&self, path: &str, name: &str) -> Option<String> {
        let other =
            path.rsplit_once('.').map_or_else(|| name.to_owned(), |(parent, _)| format!("{parent}.{name}"));
        self.array(&other).is_ok().then_some(other)
    }

    /// The unit of an array: that of its quantity, or, for calibrated Roman exposures, which no longer say it, `DN / s`.
    #[must_use]
    pub fn unit(&self, path: &str) -> Option<String> {
        let node = self.tree().path(path)?;
        if let Some(unit) = node.unit() {
            return Some(unit.to_owned());
        }
        let parent = path.rsplit_once('.').map_or("", |(parent, _)| parent);
        let exposure = self.tree().path(parent)?.tag().is_some_and(|t: Tag<'_>| t.is("wfi_image"));
        let sky = matches!(path.rsplit('.').next(), Some("data" | "err"));
        (exposure && sky && node.as_array().is_some()).then(|| "DN / s".to_owned())
    }

    /// The type the pixels of an array are kept as: 32 bits for 8- and 16-bit integers and real numbers of up to 32
    /// bits, 64 bits for all others.
    ///
    /// # Errors
    /// As [`array`](Self::array).
    pub fn pixel_type(&self, path: &str) -> Result<PixelType> {
        use ScalarKind::{Bool, Float16, Float32, Int8, Int16, UInt8, UInt16};
        Ok(match self.array(path)?.dtype() {
            DType::Scalar(Bool | Int8 | Int16 | UInt8 | UInt16 | Float16 | Float32, _) => PixelType::F32,
            _ => PixelType::F64,
        })
    }

    /// The pixels of a two-dimensional array, `(ny, nx)`; axes of length 1 are dropped, masked pixels are NaN.
    ///
    /// # Errors
    /// As [`array`](Self::array); [`IoError::Asdf`] for another number of axes; [`IoError::Core`] for elements that are
    /// no numbers or cannot be read.
    pub fn read_image<T: Pixel>(&self, path: &str) -> Result<Array2<T>> {
        let array = self.array(path)?;
        self.flat(path, array)?;
        let mut data = self.two_axes(path, array.read::<T>()?)?;
        if let Some(mask) = array.read_mask()? {
            data.zip_mut_with(&self.two_axes(path, mask)?, |v, &m| {
                if m {
                    *v = T::NAN;
                }
            });
        }
        Ok(data)
    }

    /// A data-quality plane as bit masks, `(ny, nx)`. Values that fill 32 bits with a sign are taken bit by bit.
    ///
    /// # Errors
    /// As [`read_image`](Self::read_image); [`IoError::Asdf`] for values that are not masks of up to 32 bits.
    pub fn read_dq(&self, path: &str) -> Result<Array2<u32>> {
        let array = self.array(path)?;
        self.flat(path, array)?;
        let bad = |found: String| {
            self.bad(format!("{path}: expected data-quality values of up to 32 bits, found {found}"))
        };
        let bits = match array.dtype() {
            DType::Scalar(
                ScalarKind::Bool | ScalarKind::UInt8 | ScalarKind::UInt16 | ScalarKind::UInt32,
                _,
            ) => array.read::<u32>()?,
            DType::Scalar(ScalarKind::Int8 | ScalarKind::Int16 | ScalarKind::Int32, _) => {
                array.read::<i32>()?.mapv(|v| v as u32)
            }
            DType::Scalar(ScalarKind::Int64 | ScalarKind::UInt64, _) => {
                let values = array.to_f64()?;
                if let Some(v) = values.iter().find(|v| **v < 0.0 || **v > f64::from(u32::MAX)) {
                    return Err(bad(v.to_string()));
                }
                values.mapv(|v| v as u32)
            }
            other => return Err(bad(other.to_string())),
        };
        self.two_axes(path, bits)
    }

    /// A mask plane, `(ny, nx)`: `true` (bad) where the value is not zero or undefined.
    ///
    /// # Errors
    /// As [`read_image`](Self::read_image).
    pub fn read_mask(&self, path: &str) -> Result<Array2<bool>> {
        Ok(self.read_image::<f64>(path)?.mapv(|v| v != 0.0))
    }

    /// An error, variance or weight plane as 1-sigma errors.
    ///
    /// # Errors
    /// As [`read_image`](Self::read_image).
    pub fn read_error<T: Pixel>(&self, path: &str, kind: UncertaintyKind) -> Result<ErrorPlane<T>> {
        Ok(kind.to_sigma(self.read_image(path)?))
    }

    fn flat(&self, path: &str, array: &ArrayNode) -> Result<()> {
        match image_axes(array.shape()) {
            Some(_) => Ok(()),
            None => Err(self
                .bad(format!("{path}: expected a two-dimensional image, found shape {:?}", array.shape()))),
        }
    }

    fn two_axes<A>(&self, path: &str, mut array: ArrayD<A>) -> Result<Array2<A>> {
        while array.ndim() > 2
            && let Some(axis) = array.shape().iter().position(|&n| n == 1)
        {
            array = array.index_axis_move(Axis(axis), 0);
        }
        array.into_dimensionality().map_err(|e| self.bad(format!("{path}: {e}")))
    }

    fn bad(&self, message: String) -> IoError {
        IoError::Asdf { path: self.path().to_owned(), line: None, message }
    }
}

fn is_real(kind: ScalarKind) -> bool {
    !matches!(
        kind,
        ScalarKind::Complex64 | ScalarKind::Complex128 | ScalarKind::Ascii(_) | ScalarKind::Ucs4(_)
    )
}

/// `(ny, nx)` of a two-dimensional image with pixels, without axes of length 1.
pub(crate) fn image_axes(shape: &[usize]) -> Option<(usize, usize)> {
    if shape.contains(&0) {
        return None;
    }
    match *shape {
        [ny, nx] => Some((ny, nx)),
        [.., _, _] if shape.iter().filter(|&&n| n > 1).count() <= 2 => {
            let ones = shape.len() - 2;
            let mut left = ones;
            let rest: Vec<usize> = shape
                .iter()
                .copied()
                .filter(|&n| {
                    let drop = n == 1 && left > 0;
                    left -= usize::from(drop);
                    !drop
                })
                .collect();
            if let [ny, nx] = rest[..] { Some((ny, nx)) } else { None }
        }
        _ => None,
    }
}
