//! The calls into cfitsio, and nothing else that is unsafe. Handles live for one call only: what is learned about a
//! file is plain data.
//!
//! cfitsio keeps global tables of open files and one stack of messages, so every call holds one lock.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_int, c_long, c_void};
use std::path::Path;
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fitsio_sys as sys;

use crate::source::Source;

static LOCK: Mutex<()> = Mutex::new(());

/// The lock over all of cfitsio; the message stack is empty at the start.
struct Cfitsio(#[allow(dead_code)] MutexGuard<'static, ()>);

impl Cfitsio {
    fn lock() -> Self {
        let guard = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: clears cfitsio's own message stack; the lock is held.
        unsafe { sys::ffcmsg() };
        Self(guard)
    }

    /// Text of a status with all messages on the stack.
    fn message(&self, status: c_int) -> String {
        let mut text = [0 as c_char; 256];
        // SAFETY: cfitsio writes at most FLEN_STATUS = 31 characters and a NUL.
        unsafe { sys::ffgerr(status, text.as_mut_ptr()) };
        let mut out = to_string(&text);
        loop {
            // SAFETY: cfitsio writes at most FLEN_ERRMSG = 81 characters with the NUL.
            if unsafe { sys::ffgmsg(text.as_mut_ptr()) } == 0 {
                break;
            }
            let line = to_string(&text);
            if !line.is_empty() && !line.starts_with('/') && !line.ends_with("of file:") {
                out.push_str("; ");
                out.push_str(&line);
            }
        }
        format!("cfitsio: {out} (status {status})")
    }
}

fn to_string(text: &[c_char]) -> String {
    let bytes: Vec<u8> = text.iter().take_while(|&&c| c != 0).map(|&c| c as u8).collect();
    // Bytes of a broken file may be part of a message.
    bytes
        .iter()
        .map(|&b| if (32..127).contains(&b) { char::from(b) } else { '?' })
        .collect::<String>()
        .trim()
        .to_owned()
}

/// An open file; closed when dropped.
struct Handle<'a> {
    lib: &'a Cfitsio,
    file: *mut sys::fitsfile,
    /// What cfitsio points to while a memory file is open: start and size of the buffer.
    _memory: Option<Box<(*mut c_void, usize)>>,
}

impl Drop for Handle<'_> {
    fn drop(&mut self) {
        let mut status = 0;
        // SAFETY: `file` came from a successful open and is closed once.
        unsafe { sys::ffclos(self.file, &raw mut status) };
    }
}

/// The file name as cfitsio needs it: absolute, so that no character at its start has a meaning.
fn c_path(path: &Path) -> Result<CString, String> {
    let path = std::path::absolute(path).map_err(|e| e.to_string())?;
    #[cfg(unix)]
    let bytes = std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).to_vec();
    #[cfg(not(unix))]
    let bytes = path.to_string_lossy().into_owned().into_bytes();
    CString::new(bytes).map_err(|_| "the file name holds a NUL".to_owned())
}

impl<'a> Handle<'a> {
    fn open(lib: &'a Cfitsio, source: &'a Source) -> Result<Self, String> {
        let mut file = ptr::null_mut();
        let mut status = 0;
        let mut memory = None;
        match source {
            Source::Disk { path, .. } => {
                let name = c_path(path)?;
                // SAFETY: `name` is NUL-terminated and lives through the call; ffdkopn takes it literally.
                unsafe {
                    sys::ffdkopn(&raw mut file, name.as_ptr(), sys::READONLY as c_int, &raw mut status)
                };
            }
            Source::Memory { bytes, .. } => {
                let mut cell = Box::new((bytes.as_ptr() as *mut c_void, bytes.len()));
                // SAFETY: the buffer outlives the handle ('a) and cfitsio does not write to a file that is opened
                // READONLY nor resize it (no realloc function is given). The boxed pointer and size do not move.
                unsafe {
                    sys::ffomem(
                        &raw mut file,
                        c"memory".as_ptr(),
                        sys::READONLY as c_int,
                        &raw mut cell.0,
                        &raw mut cell.1,
                        0,
                        None,
                        &raw mut status,
                    );
                }
                memory = Some(cell);
            }
        }
        if status == 0 && !file.is_null() {
            Ok(Self { lib, file, _memory: memory })
        } else {
            Err(lib.message(status))
        }
    }

    fn check(&self, status: c_int) -> Result<(), String> {
        if status == 0 { Ok(()) } else { Err(self.lib.message(status)) }
    }

    /// Goes to an HDU, 0 = primary. `None` at the end of the file.
    fn move_to(&self, hdu: usize) -> Result<Option<c_int>, String> {
        let number = c_int::try_from(hdu + 1).map_err(|_| "HDU number out of range".to_owned())?;
        let (mut kind, mut status) = (0, 0);
        // SAFETY: open handle, pointers to locals.
        unsafe { sys::ffmahd(self.file, number, &raw mut kind, &raw mut status) };
        if status == sys::END_OF_FILE as c_int {
            return Ok(None);
        }
        self.check(status)?;
        Ok(Some(kind))
    }
}

/// What cfitsio says about one HDU.
#[derive(Debug)]
pub(super) struct RawHdu {
    pub(super) kind: RawKind,
    /// Records of 80 characters.
    pub(super) header: Vec<u8>,
    /// Where the header and the data start in the file.
    pub(super) header_start: u64,
    pub(super) data_start: u64,
    /// Where the HDU ends, padding included.
    pub(super) end: u64,
    /// The image is tile-compressed.
    pub(super) compressed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RawKind {
    Image,
    AsciiTable,
    BinaryTable,
}

/// Lists all HDUs. If the file ends in something that is not an HDU, the HDUs before it come with a message.
pub(super) fn scan(source: &Source) -> Result<(Vec<RawHdu>, Option<String>), String> {
    let lib = Cfitsio::lock();
    let handle = Handle::open(&lib, source)?;
    let mut hdus = Vec::new();
    loop {
        let kind = match handle.move_to(hdus.len()) {
            Ok(Some(kind)) => kind,
            Ok(None) => return Ok((hdus, None)),
            Err(m) if hdus.is_empty() => return Err(m),
            Err(m) => return Ok((hdus, Some(m))),
        };
        match describe(&handle, kind) {
            Ok(hdu) => hdus.push(hdu),
            Err(m) if hdus.is_empty() => return Err(m),
            Err(m) => return Ok((hdus, Some(m))),
        }
    }
}

fn describe(handle: &Handle<'_>, kind: c_int) -> Result<RawHdu, String> {
    let mut status = 0;
    // SAFETY: open handle, pointer to a local.
    let compressed = unsafe { sys::fits_is_compressed_image(handle.file, &raw mut status) } != 0;
    let (mut head, mut data, mut end) = (0, 0, 0);
    // SAFETY: open handle, pointers to locals.
    unsafe { sys::ffghadll(handle.file, &raw mut head, &raw mut data, &raw mut end, &raw mut status) };
    handle.check(status)?;
    let mut text: *mut c_char = ptr::null_mut();
    let mut n_keys = 0;
    // SAFETY: cfitsio allocates the text, which is copied and freed below.
    unsafe {
        sys::ffhdr2str(handle.file, 0, ptr::null_mut(), 0, &raw mut text, &raw mut n_keys, &raw mut status);
    }
    let header = if text.is_null() {
        Vec::new()
    } else {
        // SAFETY: a NUL-terminated string made by cfitsio; fffree is the matching free.
        unsafe {
            let copy = CStr::from_ptr(text).to_bytes().to_vec();
            let mut ignored = 0;
            sys::fffree(text.cast(), &raw mut ignored);
            copy
        }
    };
    handle.check(status)?;
    Ok(RawHdu {
        kind: match kind as u32 {
            _ if compressed => RawKind::Image,
            sys::IMAGE_HDU => RawKind::Image,
            sys::ASCII_TBL => RawKind::AsciiTable,
            _ => RawKind::BinaryTable,
        },
        header,
        header_start: u64::try_from(head).unwrap_or(0),
        data_start: u64::try_from(data).unwrap_or(0),
        end: u64::try_from(end).unwrap_or(0),
        compressed,
    })
}

/// A pixel type cfitsio can convert to.
pub(super) trait CType: Copy + Default {
    const CODE: c_int;
    /// The value written for undefined pixels.
    const UNDEFINED: Self;
}

impl CType for f32 {
    const CODE: c_int = sys::TFLOAT as c_int;
    const UNDEFINED: Self = f32::NAN;
}

impl CType for f64 {
    const CODE: c_int = sys::TDOUBLE as c_int;
    const UNDEFINED: Self = f64::NAN;
}

/// Pixels of an image, scaled: `first..=last` (1-based) on every axis, fastest axis first.
pub(super) fn read_section<C: CType>(
    source: &Source,
    hdu: usize,
    first: &[u64],
    last: &[u64],
) -> Result<Vec<C>, String> {
    let long = |v: &[u64]| -> Result<Vec<c_long>, String> {
        v.iter().map(|&v| c_long::try_from(v).map_err(|_| "axis too long".to_owned())).collect()
    };
    let (mut first, mut last) = (long(first)?, long(last)?);
    let mut step = vec![1 as c_long; first.len()];
    let n: usize = first.iter().zip(&last).map(|(a, b)| (b - a + 1) as usize).product();
    let mut out = vec![C::default(); n];
    let mut undefined = C::UNDEFINED;
    let lib = Cfitsio::lock();
    let handle = Handle::open(&lib, source)?;
    if handle.move_to(hdu)?.is_none() {
        return Err("the HDU has gone".to_owned());
    }
    let (mut any, mut status) = (0, 0);
    // SAFETY: `out` holds the product of all section lengths, which is what ffgsv writes; the three bounds have one
    // entry per axis; the value for undefined pixels is of the type.
    unsafe {
        sys::ffgsv(
            handle.file,
            C::CODE,
            first.as_mut_ptr(),
            last.as_mut_ptr(),
            step.as_mut_ptr(),
            (&raw mut undefined).cast(),
            out.as_mut_ptr().cast(),
            &raw mut any,
            &raw mut status,
        );
    }
    handle.check(status)?;
    Ok(out)
}

/// `(data, hdu)` checksums: 1 right, 0 absent, -1 wrong.
pub(super) fn verify_checksum(source: &Source, hdu: usize) -> Result<(i32, i32), String> {
    let lib = Cfitsio::lock();
    let handle = Handle::open(&lib, source)?;
    if handle.move_to(hdu)?.is_none() {
        return Err("the HDU has gone".to_owned());
    }
    let (mut data, mut whole, mut status) = (0, 0, 0);
    // SAFETY: open handle, pointers to locals.
    unsafe { sys::ffvcks(handle.file, &raw mut data, &raw mut whole, &raw mut status) };
    handle.check(status)?;
    Ok((data, whole))
}

/// Pixels that cfitsio can compress.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pixels<'a> {
    U8(&'a [u8]),
    I16(&'a [i16]),
    U16(&'a [u16]),
    I32(&'a [i32]),
    U32(&'a [u32]),
    F32(&'a [f32]),
    F64(&'a [f64]),
}

impl Pixels<'_> {
    /// BITPIX (with the codes for unsigned types), type code, pointer, length.
    fn parts(&self) -> (c_int, u32, *mut c_void, usize) {
        match self {
            Self::U8(v) => (8, sys::TBYTE, v.as_ptr() as *mut c_void, v.len()),
            Self::I16(v) => (16, sys::TSHORT, v.as_ptr() as *mut c_void, v.len()),
            Self::U16(v) => (20, sys::TUSHORT, v.as_ptr() as *mut c_void, v.len()),
            Self::I32(v) => (32, sys::TINT, v.as_ptr() as *mut c_void, v.len()),
            Self::U32(v) => (40, sys::TUINT, v.as_ptr() as *mut c_void, v.len()),
            Self::F32(v) => (-32, sys::TFLOAT, v.as_ptr() as *mut c_void, v.len()),
            Self::F64(v) => (-64, sys::TDOUBLE, v.as_ptr() as *mut c_void, v.len()),
        }
    }
}

/// A FITS file in memory with an empty primary HDU and one Rice-compressed image, and zeros behind it. Floats are quantised to 1/16 of the
/// noise with subtractive dithering that keeps zeros (method 2, seed 1).
pub(super) fn compress(
    pixels: Pixels<'_>,
    shape: (usize, usize),
    records: &[String],
) -> Result<Vec<u8>, String> {
    let (bitpix, code, data, n) = pixels.parts();
    if n != shape.0 * shape.1 {
        return Err("shape and pixels differ".to_owned());
    }
    let cards: Vec<CString> = records
        .iter()
        .map(|r| CString::new(r.as_str()).map_err(|e| e.to_string()))
        .collect::<Result<_, _>>()?;
    let mut axes = [shape.1 as i64, shape.0 as i64];
    // Room for the worst case; zeros, because cfitsio looks whether a tile is there before it writes it.
    let room =
        n * (bitpix.unsigned_abs().div_ceil(8) as usize) * 2 + shape.0 * 64 + records.len() * 80 + (1 << 20);
    let mut bytes = vec![0_u8; room.next_multiple_of(2880)];
    let lib = Cfitsio::lock();
    // cfitsio takes the size for that of the file when it opens the buffer, and for the room there is afterwards.
    let (mut start_cell, mut size_cell) = (bytes.as_mut_ptr().cast::<c_void>(), 0_usize);
    let (start, size) = (&raw mut start_cell, &raw mut size_cell);
    let mut file = ptr::null_mut();
    let mut status = 0;
    // SAFETY: the buffer belongs to `bytes`, which is not touched until the file is closed, and so do its two cells;
    // without a realloc function cfitsio reports an error instead of growing it. The pixels are read only: `data`
    // points to `n` values of the type `code`.
    unsafe {
        sys::ffimem(&raw mut file, start, size, 0, None, &raw mut status);
        if status != 0 {
            return Err(lib.message(status));
        }
        *size = bytes.len();
        sys::ffcrimll(file, 8, 0, axes.as_mut_ptr(), &raw mut status);
        sys::fits_set_compression_type(file, sys::RICE_1 as c_int, &raw mut status);
        if bitpix < 0 {
            sys::fits_set_quantize_level(file, 16.0, &raw mut status);
            sys::fits_set_quantize_method(file, sys::SUBTRACTIVE_DITHER_2 as c_int, &raw mut status);
            sys::fits_set_dither_seed(file, 1, &raw mut status);
        }
        sys::ffcrimll(file, bitpix, 2, axes.as_mut_ptr(), &raw mut status);
        for card in &cards {
            sys::ffprec(file, card.as_ptr(), &raw mut status);
        }
        let mut first = [1_i64, 1];
        sys::ffppxll(file, code as c_int, first.as_mut_ptr(), n as i64, data, &raw mut status);
        let error = (status != 0).then(|| lib.message(status));
        let mut closing = 0;
        sys::ffclos(file, &raw mut closing);
        match error {
            Some(m) => Err(m),
            None if closing != 0 => Err(lib.message(closing)),
            None => Ok(bytes),
        }
    }
}

/// Appends a Rice-compressed image of 32-bit integers to a FITS file on disk. `fill` is asked for `band` rows at a time
/// (the last may be fewer), in order; it must not call anything of this module.
pub(super) fn append_compressed(
    path: &Path,
    shape: (usize, usize),
    records: &[String],
    band: usize,
    fill: &mut dyn FnMut(std::ops::Range<usize>, &mut [i32]),
) -> Result<(), String> {
    let cards: Vec<CString> = records
        .iter()
        .map(|r| CString::new(r.as_str()).map_err(|e| e.to_string()))
        .collect::<Result<_, _>>()?;
    let mut axes = [shape.1 as i64, shape.0 as i64];
    let mut rows = vec![0_i32; band.max(1).min(shape.0) * shape.1];
    let name = c_path(path)?;
    let lib = Cfitsio::lock();
    let mut file = ptr::null_mut();
    let mut status = 0;
    // SAFETY: `name` is NUL-terminated and lives through the call; ffdkopn takes it literally.
    unsafe { sys::ffdkopn(&raw mut file, name.as_ptr(), sys::READWRITE as c_int, &raw mut status) };
    if status != 0 || file.is_null() {
        return Err(lib.message(status));
    }
    // SAFETY: an open file, NUL-terminated cards, an array of two lengths.
    unsafe {
        sys::fits_set_compression_type(file, sys::RICE_1 as c_int, &raw mut status);
        sys::ffcrimll(file, 32, 2, axes.as_mut_ptr(), &raw mut status);
        for card in &cards {
            sys::ffprec(file, card.as_ptr(), &raw mut status);
        }
    }
    let mut y = 0;
    while y < shape.0 && status == 0 {
        let end = (y + band.max(1)).min(shape.0);
        let part = &mut rows[..(end - y) * shape.1];
        fill(y..end, part);
        let mut first = [1_i64, y as i64 + 1];
        // SAFETY: an open file; the pointer is to as many values of the type as are announced, which are only read.
        unsafe {
            let data = part.as_mut_ptr().cast::<c_void>();
            let (code, n) = (sys::TINT as c_int, part.len() as i64);
            sys::ffppxll(file, code, first.as_mut_ptr(), n, data, &raw mut status);
        }
        y = end;
    }
    let error = (status != 0).then(|| lib.message(status));
    let mut closing = 0;
    // SAFETY: `file` came from a successful open and is closed once.
    unsafe { sys::ffclos(file, &raw mut closing) };
    match error {
        Some(m) => Err(m),
        None if closing != 0 => Err(lib.message(closing)),
        None => Ok(()),
    }
}
