//! The search on the convolved image that the star finders share. The image is convolved, searched and measured band by
//! band; the whole convolved image exists only where a band cannot decide.

use ndarray::{Array2, CowArray};
use skyphot_core::{Exec, Image, Pixel};
use skyphot_filter::{Boundary, Convolver, Kernel, convolve};

use crate::Threshold;
use crate::error::Result;
use crate::kernel::cutout::cutout_rows;
use crate::kernel::local_maxima::{ROWS, Rivals, Scan, Search, local_maxima};
use crate::select::{Neighbourhood, untie};

/// Sources measured as one piece of work.
const CHUNK: usize = 256;

/// Whole rows of a convolved image.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Density<'a> {
    values: &'a [f64],
    /// Row of the image the values begin with.
    first: usize,
    /// Shape of the image.
    shape: (usize, usize),
}

impl Density<'_> {
    /// The value at a pixel.
    pub(crate) fn at(&self, (y, x): (usize, usize)) -> f64 {
        self.values[(y - self.first) * self.shape.1 + x]
    }

    /// The window of a shape around a pixel; 0 outside the image.
    pub(crate) fn cutout(&self, position: (usize, usize), size: (usize, usize), out: &mut Vec<f64>) {
        let nx = self.shape.1;
        let row = |y: usize| &self.values[(y - self.first) * nx..(y - self.first + 1) * nx];
        cutout_rows(row, self.shape, position, size, out);
    }
}

/// Working space of one thread.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    band: Vec<f64>,
    density: Vec<f64>,
    flags: Vec<u8>,
    found: Vec<(usize, usize)>,
    /// For the measurements.
    pub(crate) data: Vec<f64>,
    pub(crate) around: Vec<f64>,
}

/// Rows of the sources that a measurement kept, and how many candidates there were.
#[derive(Debug)]
pub(crate) struct Measured<R> {
    pub(crate) rows: Vec<R>,
    pub(crate) n_candidates: usize,
}

/// What to convolve with and where to look.
#[derive(Debug)]
pub(crate) struct DensitySearch<'a> {
    pub(crate) kernel: &'a Kernel,
    pub(crate) threshold: &'a Threshold,
    pub(crate) neighbourhood: &'a Neighbourhood,
    pub(crate) border: (usize, usize),
    pub(crate) exec: &'a Exec,
}

/// Measures a candidate at `(y, x)`: data and density windows go to the buffers; `None` drops the source.
pub(crate) trait Measure<R>:
    Fn(&Density<'_>, (usize, usize), &mut Vec<f64>, &mut Vec<f64>) -> Option<R> + Sync + Send
{
}
impl<R, F> Measure<R> for F where
    F: Fn(&Density<'_>, (usize, usize), &mut Vec<f64>, &mut Vec<f64>) -> Option<R> + Sync + Send
{
}

/// What one band gives.
struct Part<R> {
    peaks: Vec<(usize, usize)>,
    values: Vec<f64>,
    rows: Vec<Option<R>>,
    /// The value of all pixels, if there is just one.
    constant: Option<f64>,
}

/// Convolves, searches and measures.
pub(crate) fn search<T: Pixel, R: Clone + Send>(
    image: &Image<'_, T>,
    what: &DensitySearch<'_>,
    measure: impl Measure<R>,
) -> Result<Measured<R>> {
    let shape = image.shape();
    what.threshold.check("threshold", shape)?;
    let footprint = what.neighbourhood.footprint(shape)?;
    let search =
        Search { mask: image.mask(), threshold: what.threshold, footprint: &footprint, border: what.border };
    let (peaks, values, rows) = match by_bands(image, what, &search, &measure) {
        Some(found) => found,
        None => {
            let convolved = convolve(image.data(), what.kernel, Boundary::Constant(0.0), what.exec);
            let peaks = local_maxima(convolved.view(), &search, what.exec);
            let values = peaks.iter().map(|p| convolved[*p]).collect();
            let rows = measure_all(&convolved, &peaks, what.exec, &measure);
            (peaks, values, rows)
        }
    };
    let kept = untie(&peaks, &values, what.neighbourhood);
    Ok(Measured {
        n_candidates: kept.len(),
        rows: kept.into_iter().filter_map(|i| rows[i].clone()).collect(),
    })
}

/// Measures given pixels.
pub(crate) fn measure_at<T: Pixel, R: Clone + Send>(
    image: &Image<'_, T>,
    kernel: &Kernel,
    pixels: &[(usize, usize)],
    exec: &Exec,
    measure: impl Measure<R>,
) -> Measured<R> {
    let convolved = convolve(image.data(), kernel, Boundary::Constant(0.0), exec);
    let rows = measure_all(&convolved, pixels, exec, &measure);
    Measured { n_candidates: pixels.len(), rows: rows.into_iter().flatten().collect() }
}

fn measure_all<R: Send + Clone>(
    convolved: &Array2<f64>,
    pixels: &[(usize, usize)],
    exec: &Exec,
    measure: &impl Measure<R>,
) -> Vec<Option<R>> {
    let values = convolved.as_slice().unwrap_or_default();
    let density = Density { values, first: 0, shape: convolved.dim() };
    let parts = exec.map_chunks(pixels.len(), CHUNK, |range| {
        let mut s = Scratch::default();
        pixels[range].iter().map(|p| measure(&density, *p, &mut s.data, &mut s.around)).collect::<Vec<_>>()
    });
    parts.concat()
}

type Found<R> = (Vec<(usize, usize)>, Vec<f64>, Vec<Option<R>>);

/// `None` if the neighbourhood does not hold its pixel, reaches over most of the image, or there are large plateaus.
fn by_bands<T: Pixel, R: Clone + Send>(
    image: &Image<'_, T>,
    what: &DensitySearch<'_>,
    search: &Search<'_>,
    measure: &impl Measure<R>,
) -> Option<Found<R>> {
    let (ny, nx) = image.shape();
    if 2 * what.border.0 >= ny || 2 * what.border.1 >= nx {
        return Some((Vec::new(), Vec::new(), Vec::new()));
    }
    let rivals = Rivals::new(search.footprint)?;
    let half = what.kernel.shape().0 / 2;
    let (below, above) = (rivals.before.0.max(half), rivals.after.0.max(half));
    let step = ROWS.max(3 * (below + above));
    if step >= ny && ny > ROWS {
        return None;
    }
    let mask = image.mask().map(CowArray::from);
    let mask = mask.as_ref().map(|m| m.as_standard_layout());
    let mask = mask.as_ref().and_then(|m| m.as_slice());
    let scan = Scan { shape: (ny, nx), rivals: &rivals, mask, search };
    let convolver = Convolver::new(what.kernel, nx, Boundary::Constant(0.0));
    let parts = what.exec.map_init(ny.div_ceil(step), Scratch::default, |s, i| {
        let rows = i * step..((i + 1) * step).min(ny);
        let first = rows.start.saturating_sub(below);
        let end = (rows.end + above).min(ny);
        convolver.rows(image.data(), first..end, &mut s.band, &mut s.density);
        s.found.clear();
        if !scan.rows(&s.density, first, rows.clone(), &mut s.flags, &mut s.found) {
            return None;
        }
        let density = Density { values: &s.density, first, shape: (ny, nx) };
        let own = &s.density[(rows.start - first) * nx..(rows.end - first) * nx];
        Some(Part {
            values: s.found.iter().map(|p| density.at(*p)).collect(),
            rows: s.found.iter().map(|p| measure(&density, *p, &mut s.data, &mut s.around)).collect(),
            peaks: s.found.clone(),
            constant: own.iter().all(|v| *v == own[0]).then_some(own[0]),
        })
    });
    let parts: Vec<Part<R>> = parts.into_iter().collect::<Option<_>>()?;
    // A constant convolved image has no peaks.
    let constant = parts[0].constant;
    if constant.is_some() && parts.iter().all(|p| p.constant == constant) {
        return Some((Vec::new(), Vec::new(), Vec::new()));
    }
    let mut all = (Vec::new(), Vec::new(), Vec::new());
    for p in parts {
        all.0.extend(p.peaks);
        all.1.extend(p.values);
        all.2.extend(p.rows);
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use skyphot_core::testing::{field, uniform};
    use skyphot_filter::Footprint;

    #[test]
    fn bands_give_what_the_whole_image_gives() {
        let mut data = field(210, 90, 3, 60, 2.0) - 104.0;
        data[[65, 40]] = f64::NAN;
        let mask = Array2::from_shape_fn((210, 90), |(y, x)| uniform(4, (y * 90 + x) as u64) > 0.97);
        let image = Image::new(data.view()).unwrap().with_mask(mask.view()).unwrap();
        let kernel =
            Kernel::from_array(crate::DensityKernel::new(3.0, 0.7, 40.0, 2.0).unwrap().data().to_owned());
        let (kernel, exec) = (kernel.unwrap(), Exec::serial());
        for (neighbourhood, border) in [
            (Neighbourhood::Separation(7.5), (0, 0)),
            (Neighbourhood::Separation(1.0), (3, 2)),
            (Neighbourhood::Footprint(Footprint::rectangle(4, 6).unwrap()), (0, 0)),
            (Neighbourhood::Separation(60.0), (0, 0)),
        ] {
            let threshold = Threshold::Scalar(1.0);
            let what = DensitySearch {
                kernel: &kernel,
                threshold: &threshold,
                neighbourhood: &neighbourhood,
                border,
                exec: &exec,
            };
            let window = |d: &Density<'_>, p: (usize, usize), w: &mut Vec<f64>| {
                d.cutout(p, (5, 7), w);
                w.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
            };
            let found = search(&image, &what, |d, p, _, w| Some((p, window(d, p, w)))).unwrap();
            let whole = convolve(data.view(), &kernel, Boundary::Constant(0.0), &exec);
            let expected = crate::select::select_peaks(
                whole.view(),
                image.mask(),
                &threshold,
                &neighbourhood,
                border,
                &exec,
            )
            .unwrap();
            assert!(!expected.is_empty());
            let d = Density { values: whole.as_slice().unwrap(), first: 0, shape: (210, 90) };
            let expected: Vec<_> = expected.iter().map(|p| (*p, window(&d, *p, &mut Vec::new()))).collect();
            assert_eq!(found.rows, expected);
            assert_eq!(found.n_candidates, expected.len());
        }
    }
}
