//! `skyphot.segmentation`: label images.

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray2, ToPyArray};
use pyo3::prelude::*;
use pyo3::types::PyList;
use skyphot::Error;
use skyphot::core::FlagSet;
use skyphot::filter::Footprint;
use skyphot::segmentation::{
    Connectivity, ContrastMethod, DeblendConfig, DeblendMode, DetectConfig, SegmentationFlags,
    SegmentationImage, deblend_sources as deblend, detect_sources as detect,
};

use crate::detection::Level;
use crate::image::{ImageArg, with_image};
use crate::work::{self, value_error};

/// A label image with what is known about its labels.
#[pyclass(frozen, module = "skyphot._core")]
pub(crate) struct NativeSegmentation {
    pub(crate) inner: std::sync::Arc<SegmentationImage>,
}

impl NativeSegmentation {
    fn of(image: SegmentationImage) -> Self {
        Self { inner: std::sync::Arc::new(image) }
    }

    fn edited<E: std::fmt::Display>(
        &self,
        edit: impl FnOnce(&mut SegmentationImage) -> Result<(), E>,
    ) -> PyResult<Self> {
        let mut image = (*self.inner).clone();
        edit(&mut image).map_err(value_error)?;
        Ok(Self::of(image))
    }
}

#[pymethods]
impl NativeSegmentation {
    #[new]
    fn new(data: PyReadonlyArray2<'_, i32>) -> PyResult<Self> {
        SegmentationImage::new(data.as_array().to_owned()).map(Self::of).map_err(value_error)
    }

    fn data<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.inner.data().to_pyarray(py).into_any()
    }

    fn labels<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        PyArray1::from_slice(py, self.inner.labels()).into_any()
    }

    fn areas<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.inner.areas().iter().map(|&a| a as i64).collect::<Vec<_>>().into_pyarray(py).into_any()
    }

    fn background_area(&self) -> usize {
        self.inner.background_area()
    }

    fn bbox(&self) -> Vec<(i64, i64, i64, i64)> {
        self.inner.bbox().iter().map(|b| (b.x_min, b.x_max, b.y_min, b.y_max)).collect()
    }

    fn flags<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.inner
            .flags()
            .iter()
            .map(|f| i64::from(f.to_bits()))
            .collect::<Vec<_>>()
            .into_pyarray(py)
            .into_any()
    }

    fn is_consecutive(&self) -> bool {
        self.inner.is_consecutive()
    }

    fn missing_labels<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.inner.missing_labels().into_pyarray(py).into_any()
    }

    /// `(parent, children)` of what was deblended.
    fn children(&self) -> Vec<(i32, Vec<i32>)> {
        self.inner.children().iter().map(|(p, c)| (*p, c.clone())).collect()
    }

    /// Labels with non-positive minima and with too many markers.
    fn deblend_info(&self) -> (Vec<i32>, Vec<i32>) {
        let i = self.inner.info();
        (i.non_positive_min_labels.clone(), i.too_many_markers_labels.clone())
    }

    fn relabel_consecutive(&self, start_label: i32) -> PyResult<Self> {
        self.edited(|s| s.relabel_consecutive(start_label))
    }

    fn reassign_labels(&self, labels: Vec<i32>, new_label: i32, relabel: bool) -> PyResult<Self> {
        self.edited(|s| s.reassign_labels(&labels, new_label, relabel))
    }

    fn keep_labels(&self, labels: Vec<i32>, relabel: bool) -> PyResult<Self> {
        self.edited(|s| s.keep_labels(&labels, relabel))
    }

    fn remove_labels(&self, labels: Vec<i32>, relabel: bool) -> PyResult<Self> {
        self.edited(|s| s.remove_labels(&labels, relabel))
    }

    fn remove_border_labels(
        &self,
        border_width: usize,
        partial_overlap: bool,
        relabel: bool,
    ) -> PyResult<Self> {
        self.edited(|s| s.remove_border_labels(border_width, partial_overlap, relabel))
    }

    fn remove_masked_labels(
        &self,
        mask: PyReadonlyArray2<'_, bool>,
        partial_overlap: bool,
        relabel: bool,
    ) -> PyResult<Self> {
        self.edited(|s| s.remove_masked_labels(mask.as_array(), partial_overlap, relabel))
    }

    fn make_source_mask<'py>(
        &self,
        py: Python<'py>,
        footprint: Option<PyReadonlyArray2<'py, bool>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let footprint = footprint
            .map(|f| Footprint::from_array(f.as_array().to_owned()))
            .transpose()
            .map_err(value_error)?;
        Ok(self.inner.make_source_mask(footprint.as_ref()).into_pyarray(py).into_any())
    }

    /// Outlines of a label: `(outer ring, holes)` of each part, as lists of `(x, y)`.
    fn polygons<'py>(&self, py: Python<'py>, label: i32) -> PyResult<Bound<'py, PyList>> {
        let ring = |r: &[skyphot::core::Point]| r.iter().map(|p| (p.x, p.y)).collect::<Vec<_>>();
        let out = PyList::empty(py);
        for p in self.inner.polygons(label).map_err(value_error)? {
            out.append((ring(&p.exterior), p.holes.iter().map(|h| ring(h)).collect::<Vec<_>>()))?;
        }
        Ok(out)
    }

    /// For each label of ours, the labels of the other that share pixels with it.
    fn label_mapping(&self, other: &Self) -> PyResult<Vec<(i32, Vec<i32>)>> {
        Ok(self.inner.label_mapping(&other.inner).map_err(value_error)?.into_iter().collect())
    }
}

fn connectivity(n: usize) -> PyResult<Connectivity> {
    match n {
        4 => Ok(Connectivity::Four),
        8 => Ok(Connectivity::Eight),
        n => Err(value_error(format!("Invalid connectivity={n}. Options are 4 or 8."))),
    }
}

#[pyfunction]
fn detect_sources(
    py: Python<'_>,
    image: ImageArg,
    threshold: Level,
    n_pixels: usize,
    connect: usize,
    n_threads: Option<i64>,
) -> PyResult<Option<NativeSegmentation>> {
    let config = DetectConfig { connectivity: connectivity(connect)?, exec: work::exec(n_threads)? };
    let threshold = threshold.into();
    let found = work::run(py, move || {
        Ok::<_, Error>(with_image!(image, |im| detect(im, &threshold, n_pixels, &config)?))
    })?;
    Ok((!found.is_empty()).then(|| NativeSegmentation::of(found)))
}

#[pyfunction]
fn deblend_sources(
    py: Python<'_>,
    image: ImageArg,
    segmentation: &NativeSegmentation,
    n_pixels: usize,
    labels: Option<Vec<i32>>,
    n_levels: usize,
    contrast: f64,
    contrast_method: &str,
    mode: &str,
    connect: usize,
    relabel: bool,
    n_threads: Option<i64>,
) -> PyResult<NativeSegmentation> {
    let config = DeblendConfig {
        n_levels,
        contrast,
        contrast_method: match contrast_method {
            "basin" => ContrastMethod::Basin,
            "saddle" => ContrastMethod::Saddle,
            other => {
                return Err(value_error(format!(
                    "contrast_method must be 'basin' or 'saddle', got {other:?}"
                )));
            }
        },
        mode: match mode {
            "exponential" => DeblendMode::Exponential,
            "linear" => DeblendMode::Linear,
            "sinh" => DeblendMode::Sinh,
            other => {
                return Err(value_error(format!(
                    "mode must be 'exponential', 'linear', or 'sinh', got {other:?}"
                )));
            }
        },
        connectivity: connectivity(connect)?,
        relabel,
        labels,
        exec: work::exec(n_threads)?,
    };
    let segm = segmentation.inner.clone();
    let out = work::run(py, move || {
        Ok::<_, Error>(with_image!(image, |im| deblend(im, &segm, n_pixels, &config)?))
    })?;
    Ok(NativeSegmentation::of(out))
}

/// The legend of the flags: `(bit value, name, short text, long text)`.
#[pyfunction]
fn segmentation_flags() -> Vec<(u32, &'static str, &'static str, &'static str)> {
    SegmentationFlags::LEGEND.iter().map(|f| (f.value, f.name, f.short, f.long)).collect()
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<NativeSegmentation>()?;
    m.add_function(wrap_pyfunction!(detect_sources, m)?)?;
    m.add_function(wrap_pyfunction!(deblend_sources, m)?)?;
    m.add_function(wrap_pyfunction!(segmentation_flags, m)?)
}
