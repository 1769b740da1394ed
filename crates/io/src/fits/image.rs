//! Images of FITS files.

use std::path::PathBuf;

use ndarray::Array2;
use skyphot_core::{BoundingBox, Pixel};

use super::cfitsio;
use super::file::FitsFile;
use super::hdu::HduInfo;
use crate::kernel::decode::{decode, decode_integers};
use crate::{FileSpec, HduSelector, Header, ImageFile, IoError, Result};

/// An image with its header.
#[derive(Debug, Clone)]
pub struct FitsImage<T> {
    /// Pixel values, `(ny, nx)`.
    pub data: Array2<T>,
    /// All cards of the HDU.
    pub header: Header,
    /// The file.
    pub path: PathBuf,
    /// HDU number, 0 = primary; 0 for ASDF files.
    pub hdu: usize,
}

/// Reads one image: `FILE`, `FILE[2]`, `FILE[SCI]`, `FILE[SCI,2]`, or of an ASDF file `FILE` or `FILE[roman.data]`, which
/// comes with an empty header.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("a.fits");
/// # skyphot_io::write_image(&path, &ndarray::Array2::<f32>::ones((3, 4)), None, false)?;
/// let image = skyphot_io::read_image::<f32>(format!("{}[0]", path.display()))?;
/// assert_eq!(image.data[[2, 3]], 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`ImageFile::open`] and [`ImageFile::read_image`].
#[doc(alias = "getdata")]
pub fn read_image<T: Pixel>(file: impl Into<FileSpec>) -> Result<FitsImage<T>> {
    let spec = file.into();
    let file = match ImageFile::open(&spec.path)? {
        ImageFile::Fits(file) => file,
        ImageFile::Asdf(file) => {
            let data = file.read_image(&file.image_path(&spec.hdu)?)?;
            return Ok(FitsImage { data, header: Header::new(), path: spec.path, hdu: 0 });
        }
    };
    let info = file.image_hdu(&spec.hdu)?;
    Ok(FitsImage {
        data: file.read_image(&HduSelector::Index(info.index))?,
        header: info.header.clone(),
        path: spec.path,
        hdu: info.index,
    })
}

/// Part of a stack of planes: `planes` is the offset in planes of `nx * ny` pixels.
struct Section {
    shape: (usize, usize),
    plane: usize,
    y: usize,
    x: usize,
    ny: usize,
    nx: usize,
}

impl Section {
    fn whole(shape: (usize, usize)) -> Self {
        Self { shape, plane: 0, y: 0, x: 0, ny: shape.0, nx: shape.1 }
    }
}

impl FitsFile {
    /// The pixels of a two-dimensional image as physical values, `(ny, nx)`: BSCALE and BZERO are applied, BLANK is
    /// NaN, tile compression is undone. Axes of length 1 are dropped.
    ///
    /// # Errors
    /// As [`image_hdu`](Self::image_hdu); [`IoError::Truncated`], [`IoError::Fits`].
    pub fn read_image<T: Pixel>(&self, hdu: &HduSelector) -> Result<Array2<T>> {
        let info = self.image_hdu(hdu)?;
        let shape = self.flat_shape(info)?;
        self.read_section(info, &Section::whole(shape))
    }

    /// The pixels in a box, without reading the others. The box has to lie on the image.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("a.fits");
    /// # let data = ndarray::Array2::from_shape_fn((30, 40), |(y, x)| (100 * y + x) as f32);
    /// # skyphot_io::write_image(&path, &data, None, false)?;
    /// use skyphot_core::BoundingBox;
    /// use skyphot_io::{FitsFile, HduSelector};
    /// let cutout = FitsFile::open(&path)?
    ///     .read_cutout::<f32>(&HduSelector::Auto, &BoundingBox::new(5, 9, 20, 23)?)?;
    /// assert_eq!(cutout.dim(), (3, 4));
    /// assert_eq!(cutout[[0, 0]], 2005.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`read_image`](Self::read_image); [`IoError::OutsideImage`].
    #[doc(alias = "Cutout2D")]
    pub fn read_cutout<T: Pixel>(&self, hdu: &HduSelector, cutout: &BoundingBox) -> Result<Array2<T>> {
        let info = self.image_hdu(hdu)?;
        self.read_section(info, &self.section(info, cutout)?)
    }

    /// The section of a box that has to lie on the image.
    fn section(&self, info: &HduInfo, cutout: &BoundingBox) -> Result<Section> {
        let shape = self.flat_shape(info)?;
        match cutout.overlap(shape) {
            Some(o) if (o.box_rows.len(), o.box_cols.len()) == cutout.shape() => Ok(Section {
                shape,
                plane: 0,
                y: o.image_rows.start,
                x: o.image_cols.start,
                ny: o.image_rows.len(),
                nx: o.image_cols.len(),
            }),
            _ => Err(IoError::OutsideImage {
                path: self.path().to_owned(),
                hdu: info.index,
                cutout: format!("x {}..{}, y {}..{}", cutout.x_min, cutout.x_max, cutout.y_min, cutout.y_max),
                shape,
            }),
        }
    }

    /// One plane of an image with more than two axes, `(ny, nx)`. Planes are counted from 0 in the order of the file.
    ///
    /// # Errors
    /// [`IoError::MissingHdu`]; [`IoError::WrongHdu`] if there is no such plane; as [`read_image`](Self::read_image).
    pub fn read_plane<T: Pixel>(&self, hdu: &HduSelector, plane: usize) -> Result<Array2<T>> {
        let info = self.find(hdu)?;
        let n = info.shape.len();
        if !info.has_pixels() || n < 2 {
            return Err(self.wrong(info, "an image of two or more dimensions"));
        }
        self.check_length(info)?;
        let shape = (info.shape[n - 2], info.shape[n - 1]);
        if plane >= info.shape[..n - 2].iter().product() {
            return Err(self.wrong(info, "an image with more planes"));
        }
        self.read_section(info, &Section { plane, ..Section::whole(shape) })
    }

    /// A data-quality plane as bit masks, `(ny, nx)`. Values that fill 32 bits with a sign are taken bit by bit.
    ///
    /// # Errors
    /// As [`read_image`](Self::read_image); [`IoError::Values`] if a value is not a bit mask of 32 bits.
    #[doc(alias = "bitfield")]
    pub fn read_dq(&self, hdu: &HduSelector) -> Result<Array2<u32>> {
        let info = self.image_hdu(hdu)?;
        self.read_bits(info, &Section::whole(self.flat_shape(info)?))
    }

    /// The bit masks in a box of a data-quality plane, without reading the others. The box has to lie on the image.
    ///
    /// # Errors
    /// As [`read_dq`](Self::read_dq); [`IoError::OutsideImage`].
    pub fn read_dq_cutout(&self, hdu: &HduSelector, cutout: &BoundingBox) -> Result<Array2<u32>> {
        let info = self.image_hdu(hdu)?;
        self.read_bits(info, &self.section(info, cutout)?)
    }

    fn read_bits(&self, info: &HduInfo, section: &Section) -> Result<Array2<u32>> {
        let bad = |what: String| IoError::Values {
            path: self.path().to_owned(),
            hdu: info.index,
            message: format!("expected data-quality values of up to 32 bits, found {what}"),
        };
        let scaling = info.scaling();
        // Compressed integers have up to 32 bits, which f64 holds exactly.
        let values: Vec<i128> =
            if info.compressed || info.bitpix < 0 || scaling.bscale != 1.0 || scaling.bzero.fract() != 0.0 {
                let v = self.read_section::<f64>(info, section)?;
                if let Some(v) = v.iter().find(|v| v.fract() != 0.0 || !v.is_finite()) {
                    return Err(bad(v.to_string()));
                }
                v.iter().map(|&v| v as i128).collect()
            } else {
                let mut v = Vec::with_capacity(section.ny * section.nx);
                self.blocks(info, section, |b| decode_integers(b, info.bitpix, &mut v))?;
                let zero = scaling.bzero as i128;
                v.into_iter().map(|v| i128::from(v) + zero).collect()
            };
        let bits = values
            .iter()
            .map(|&v| u32::try_from(v).ok().or_else(|| i32::try_from(v).ok().map(|v| v as u32)))
            .zip(&values)
            .map(|(b, v)| b.ok_or_else(|| bad(v.to_string())))
            .collect::<Result<Vec<u32>>>()?;
        self.array(info, section, bits)
    }

    /// A mask plane, `(ny, nx)`: `true` (bad) where the value is not zero or undefined.
    ///
    /// # Errors
    /// As [`read_image`](Self::read_image).
    pub fn read_mask(&self, hdu: &HduSelector) -> Result<Array2<bool>> {
        Ok(self.read_image::<f64>(hdu)?.mapv(|v| v != 0.0))
    }

    fn flat_shape(&self, info: &HduInfo) -> Result<(usize, usize)> {
        self.check_length(info)?;
        info.image_shape().ok_or_else(|| self.wrong(info, "a two-dimensional image"))
    }

    fn array<T>(&self, info: &HduInfo, s: &Section, values: Vec<T>) -> Result<Array2<T>> {
        Array2::from_shape_vec((s.ny, s.nx), values).map_err(|e| self.fits_error(info, e.to_string()))
    }

    fn read_section<T: Pixel>(&self, info: &HduInfo, s: &Section) -> Result<Array2<T>> {
        let values = if !info.compressed {
            let scaling = info.scaling();
            let mut v = skyphot_core::memory::with_capacity(s.ny * s.nx);
            self.blocks(info, s, |b| decode(b, info.bitpix, &scaling, &mut v))?;
            v
        } else if info.bitpix == -32 {
            convert::<f32, T>(self.compressed(info, s)?, f64::from)
        } else {
            convert::<f64, T>(self.compressed(info, s)?, |v| v)
        };
        self.array(info, s, values)
    }

    /// Hands the stored bytes of a section to `f`, whole pixels at a time.
    fn blocks(&self, info: &HduInfo, s: &Section, mut f: impl FnMut(&[u8])) -> Result<()> {
        let pixel = info.bitpix.unsigned_abs() as usize / 8;
        let (height, width) = s.shape;
        let mut reader = self.source.reader()?;
        let place = |y: usize| info.data_start + (((s.plane * height + y) * width + s.x) * pixel) as u64;
        let result = if s.nx == width {
            reader.for_each_block(place(s.y), s.ny * width * pixel, pixel, f)
        } else {
            (s.y..s.y + s.ny).try_for_each(|y| reader.for_each_block(place(y), s.nx * pixel, pixel, &mut f))
        };
        result.map_err(|e| IoError::system(self.path(), e))
    }

    fn compressed<C: cfitsio::CType>(&self, info: &HduInfo, s: &Section) -> Result<Vec<C>> {
        // A tile of one value takes at least a bit in no known scheme, but tables of tiles take eight bytes each.
        let claimed: u128 = info.shape.iter().fold(1, |n, &k| n.saturating_mul(k as u128));
        if claimed > u128::from(self.source.len()).saturating_mul(1 << 16) {
            return Err(self.fits_error(
                info,
                format!("{claimed} pixels cannot come out of a file of {} bytes", self.source.len()),
            ));
        }
        let n = info.shape.len();
        let mut first = vec![1; n];
        let mut last: Vec<u64> = info.shape.iter().rev().map(|&k| k as u64).collect();
        // Axes that are kept, fastest first: the first two, or those longer than 1.
        let kept: Vec<usize> = if n == 2 || info.shape[..n - 2].iter().all(|&k| k == 1) || s.plane > 0 {
            vec![0, 1]
        } else {
            let long: Vec<usize> = (0..n).filter(|&i| last[i] > 1).collect();
            if long.len() == 2 { long } else { vec![0, 1] }
        };
        let mut plane = s.plane as u64;
        for i in 0..n {
            if kept.contains(&i) {
                let (at, len) = if i == kept[0] { (s.x, s.nx) } else { (s.y, s.ny) };
                first[i] = at as u64 + 1;
                last[i] = (at + len) as u64;
            } else {
                first[i] = plane % last[i] + 1;
                plane /= last[i];
                last[i] = first[i];
            }
        }
        cfitsio::read_section(&self.source, info.index, &first, &last).map_err(|m| self.fits_error(info, m))
    }
}

/// Moves the vector if the types are the same (the compiler sees through the identity).
fn convert<A: Copy, T: Pixel>(values: Vec<A>, f: impl Fn(A) -> f64) -> Vec<T> {
    values.into_iter().map(|v| T::from_f64(f(v))).collect()
}
