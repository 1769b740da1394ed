//! Windows of arrays with any strides.

use std::ops::Range;

use crate::source::Reader;

/// Bytes of scattered elements that are put together before they are passed on.
const BATCH: usize = 1 << 16;
/// Runs of bytes shorter than this are read from a file through a buffer.
const SHORT: usize = 1 << 12;
const BUFFER: u64 = 1 << 18;

/// Where the elements of an array lie in a range of bytes.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) shape: Vec<usize>,
    /// Bytes of an element, at least 1.
    pub(super) item: usize,
    /// Place of the first element.
    pub(super) offset: u64,
    /// Bytes from an element to its neighbour along each axis.
    pub(super) strides: Vec<i64>,
}

/// Where the bytes are.
pub(super) enum Bytes<'a> {
    Memory(&'a [u8]),
    /// The bytes of a file from `start`, of which there are `len`.
    File {
        reader: Reader<'a>,
        start: u64,
        len: u64,
    },
}

impl Layout {
    /// Row-major without gaps; an error if that is beyond all bounds.
    pub(super) fn contiguous(shape: Vec<usize>, item: usize, offset: u64) -> Result<Self, String> {
        let mut strides = vec![0; shape.len()];
        let mut step = Some(item as i64);
        for (s, &n) in strides.iter_mut().zip(&shape).rev() {
            *s = step.ok_or_else(|| format!("an array of shape {shape:?} is too large"))?;
            step = s.checked_mul(i64::try_from(n).unwrap_or(i64::MAX)).or((n == 0).then_some(0));
        }
        Ok(Self { shape, item, offset, strides })
    }

    /// The bytes from the first to the end of the last one of a window, as places relative to the start of the data.
    fn extent(&self, window: &[Range<usize>]) -> Option<Range<u64>> {
        let mut low = i128::from(self.offset);
        let mut high = low;
        for (w, &s) in window.iter().zip(&self.strides) {
            let s = i128::from(s);
            let (a, b) = ((w.start as i128).saturating_mul(s), (w.end as i128 - 1).saturating_mul(s));
            low = low.saturating_add(a.min(b));
            high = high.saturating_add(a.max(b));
        }
        Some(u64::try_from(low).ok()?..u64::try_from(high.saturating_add(self.item as i128)).ok()?)
    }

    /// An error unless all elements lie within `size` bytes, and are not absurdly many for the `real` ones there are.
    pub(super) fn check(&self, size: u64, real: u64) -> Result<(), String> {
        if self.shape.contains(&0) {
            return Ok(());
        }
        let whole: Vec<Range<usize>> = self.shape.iter().map(|&n| 0..n).collect();
        let extent = self.extent(&whole);
        if extent.as_ref().is_none_or(|e| e.end > size) {
            let needs =
                extent.map_or_else(|| "bytes before its block".to_owned(), |e| format!("{} bytes", e.end));
            return Err(format!("an array of shape {:?} needs {needs}, its data have {size}", self.shape));
        }
        let total = self.shape.iter().fold(self.item as u128, |n, &s| n.saturating_mul(s as u128));
        if total > u128::from(real.max(1 << 16)) * 16
            && extent.is_some_and(|e| total > u128::from(e.end - e.start))
        {
            return Err(format!("an array of shape {:?} repeats its {real} bytes too often", self.shape));
        }
        Ok(())
    }

    /// Passes the bytes of a window, row-major, in pieces of whole elements. [`check`](Self::check) comes before.
    pub(super) fn visit(
        &self,
        window: &[Range<usize>],
        bytes: Bytes<'_>,
        sink: &mut dyn FnMut(&[u8]),
    ) -> Result<(), String> {
        if window.iter().any(|w| w.is_empty()) {
            return Ok(());
        }
        // Trailing axes whose elements lie side by side make one run.
        let (mut run, mut outer) = (self.item, window.len());
        while outer > 0 && (self.strides[outer - 1] == run as i64 || window[outer - 1].len() == 1) {
            outer -= 1;
            run *= window[outer].len();
        }
        let extent = self.extent(window).ok_or("an array that begins before its data")?;
        let mut data = match bytes {
            Bytes::Memory(all) if extent.end > all.len() as u64 => {
                return Err(format!(
                    "the data end early: {} bytes are needed, there are {}",
                    extent.end,
                    all.len()
                ));
            }
            Bytes::Memory(all) => View { bytes: Held::Slice(all), start: 0, file: None },
            Bytes::File { reader, start, len } => {
                if extent.end > len {
                    return Err(format!(
                        "the data end early: {} bytes are needed, the file has {len}",
                        extent.end
                    ));
                }
                let mut view = View {
                    bytes: Held::Owned(Vec::new()),
                    start: 0,
                    file: Some((reader, start, extent.end)),
                };
                let steps =
                    self.strides[..outer].iter().zip(window).filter(|(_, w)| w.len() > 1).map(|(s, _)| *s);
                let forward =
                    steps.clone().all(|s| s >= 0) && steps.clone().zip(steps.skip(1)).all(|(a, b)| a >= b);
                if run < SHORT && !forward {
                    view.fill(extent.start, extent.end - extent.start)?;
                }
                view
            }
        };
        // The stride of an axis of length 1 may be anything, so sums may wrap on their way to where they end.
        let mut at = window
            .iter()
            .zip(&self.strides)
            .fold(self.offset as i64, |p, (w, &s)| p.wrapping_add((w.start as i64).wrapping_mul(s)));
        let mut batch = Vec::new();
        let mut index = vec![0_usize; outer];
        loop {
            self.run(&mut data, at as u64, run, &mut batch, sink)?;
            let mut axis = outer;
            loop {
                if axis == 0 {
                    if !batch.is_empty() {
                        sink(&batch);
                    }
                    return Ok(());
                }
                axis -= 1;
                index[axis] += 1;
                at = at.wrapping_add(self.strides[axis]);
                if index[axis] < window[axis].len() {
                    break;
                }
                at = at.wrapping_sub(self.strides[axis].wrapping_mul(index[axis] as i64));
                index[axis] = 0;
            }
        }
    }

    fn run(
        &self,
        data: &mut View<'_>,
        at: u64,
        run: usize,
        batch: &mut Vec<u8>,
        sink: &mut dyn FnMut(&[u8]),
    ) -> Result<(), String> {
        if run < SHORT {
            batch.extend_from_slice(data.get(at, run)?);
            if batch.len() >= BATCH {
                sink(batch);
                batch.clear();
            }
            return Ok(());
        }
        if !batch.is_empty() {
            sink(batch);
            batch.clear();
        }
        let step = (BUFFER as usize / self.item).max(1) * self.item;
        let mut done = 0;
        while done < run {
            let n = step.min(run - done);
            sink(data.get(at + done as u64, n)?);
            done += n;
        }
        Ok(())
    }
}

enum Held<'a> {
    Slice(&'a [u8]),
    Owned(Vec<u8>),
}

/// A sliding part of the bytes.
struct View<'a> {
    bytes: Held<'a>,
    /// Place of the first byte held.
    start: u64,
    /// The file, where its data start, and the end of what is wanted of them.
    file: Option<(Reader<'a>, u64, u64)>,
}

impl View<'_> {
    fn get(&mut self, at: u64, n: usize) -> Result<&[u8], String> {
        let held = match &self.bytes {
            Held::Slice(b) => b.len(),
            Held::Owned(b) => b.len(),
        } as u64;
        if self.file.is_some() && (at < self.start || at + n as u64 > self.start + held) {
            let end = self.file.as_ref().map_or(0, |f| f.2);
            let ahead = if n < SHORT { BUFFER } else { 0 };
            self.fill(at, (n as u64).max(ahead.min(end.saturating_sub(at))))?;
        }
        let from = usize::try_from(at.wrapping_sub(self.start)).unwrap_or(usize::MAX);
        let held: &[u8] = match &self.bytes {
            Held::Slice(b) => b,
            Held::Owned(b) => b,
        };
        from.checked_add(n).and_then(|to| held.get(from..to)).ok_or_else(|| "the data end early".to_owned())
    }

    fn fill(&mut self, at: u64, n: u64) -> Result<(), String> {
        let Some((reader, start, _)) = &mut self.file else { return Ok(()) };
        let n = usize::try_from(n).map_err(|e| e.to_string())?;
        let mut buffer = match std::mem::replace(&mut self.bytes, Held::Owned(Vec::new())) {
            Held::Owned(b) => b,
            Held::Slice(_) => Vec::new(),
        };
        buffer.resize(n, 0);
        reader.read_into(*start + at, &mut buffer).map_err(|e| e.to_string())?;
        self.bytes = Held::Owned(buffer);
        self.start = at;
        Ok(())
    }
}
