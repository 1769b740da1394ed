//! `skyphot.segmentation.SourceCatalog`.

use std::sync::Arc;

use numpy::IntoPyArray;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use skyphot::Error;
use skyphot::core::{Image, Pixel};
use skyphot::filter::{Kernel, KernelSampling};
use skyphot::segmentation::{
    ApertureMaskMethod, CatalogAperture, CatalogConfig, CutoutMode, CutoutPlane, KronParams,
    SegmentationImage, SourceCatalog,
};

use crate::image::{Held, ImageArg, Pixels, Plane};
use crate::segmentation::NativeSegmentation;
use crate::sky::Callbacks;
use crate::table::to_python;
use crate::work::{self, value_error};

/// What a catalogue reads; it lives as long as any catalogue made of it.
struct Planes {
    image: ImageArg,
    segm: Arc<SegmentationImage>,
    convolved: Option<Plane>,
    background: Option<Plane>,
    /// What the catalogue of the detection reads, of which the catalogue has a copy.
    _detection: Option<Arc<Planes>>,
}

/// A catalogue and what it reads.
struct Owned {
    catalog: SourceCatalog<'static>,
    // After the catalogue: fields are dropped in order.
    planes: Arc<Planes>,
}

/// A catalogue of the labels of a segmentation image.
#[pyclass(frozen, module = "skyphot._core")]
pub(crate) struct NativeCatalog {
    held: Arc<Owned>,
}

/// The catalogue of planes that the caller keeps alive as long as the catalogue.
fn build(
    planes: &Arc<Planes>,
    config: CatalogConfig,
    wcs: Option<Callbacks>,
    detection: Option<&SourceCatalog<'static>>,
) -> Result<SourceCatalog<'static>, Error> {
    fn make<T: Pixel + numpy::Element>(
        image: &Image<'static, T>,
        segm: &'static SegmentationImage,
        convolved: Option<&'static Held<T>>,
        background: Option<&'static Held<T>>,
        config: CatalogConfig,
    ) -> Result<SourceCatalog<'static>, Error> {
        let mut c = SourceCatalog::new(image, segm, config)?;
        if let Some(v) = convolved {
            c = c.with_convolved_data(v.view())?;
        }
        if let Some(v) = background {
            c = c.with_background(v.view())?;
        }
        Ok(c)
    }
    // SAFETY: the planes are behind an `Arc` that `Owned` keeps beside the catalogue and drops after it; they are never
    // changed or moved, and they keep those of a detection catalogue. The catalogue is only handed out behind a reference to `Owned`.
    #[allow(unsafe_code)]
    let planes: &'static Planes = unsafe { &*Arc::as_ptr(planes) };
    let f32s = |p: &'static Option<Plane>| match p {
        Some(Plane::F32(h)) => Some(h),
        _ => None,
    };
    let f64s = |p: &'static Option<Plane>| match p {
        Some(Plane::F64(h)) => Some(h),
        _ => None,
    };
    let c = match &planes.image.pixels {
        Pixels::F32(p) => {
            make(&p.image()?, &planes.segm, f32s(&planes.convolved), f32s(&planes.background), config)?
        }
        Pixels::F64(p) => {
            make(&p.image()?, &planes.segm, f64s(&planes.convolved), f64s(&planes.background), config)?
        }
    };
    let c = match wcs {
        Some(w) => c.with_shared_wcs(Arc::new(w)),
        None => c,
    };
    Ok(match detection {
        Some(d) => c.with_detection_catalog(d)?,
        None => c,
    })
}

fn kron((scale, minimum_radius, minimum_circular_radius): (f64, f64, f64)) -> KronParams {
    KronParams { scale, minimum_radius, minimum_circular_radius }
}

type Shapes = Vec<Option<(f64, f64, f64, f64, f64, bool)>>;

fn described(apertures: Vec<Option<CatalogAperture>>) -> Shapes {
    apertures
        .into_iter()
        .map(|a| a.map(|a| (a.center.x, a.center.y, a.a, a.b, a.theta, a.circular)))
        .collect()
}

impl NativeCatalog {
    fn with(&self, catalog: SourceCatalog<'static>) -> Self {
        Self { held: Arc::new(Owned { catalog, planes: self.held.planes.clone() }) }
    }

    /// Runs on a thread of its own.
    fn run<R: Send + 'static>(
        &self,
        py: Python<'_>,
        f: impl FnOnce(&SourceCatalog<'static>) -> Result<R, Error> + Send + 'static,
    ) -> PyResult<R> {
        let held = self.held.clone();
        work::run(py, move || f(&held.catalog))
    }
}

#[pymethods]
impl NativeCatalog {
    #[new]
    fn new(
        py: Python<'_>,
        image: ImageArg,
        segmentation: &NativeSegmentation,
        convolved: Option<Plane>,
        background: Option<Plane>,
        wcs: Option<(Py<PyAny>, Py<PyAny>)>,
        local_bkg_width: usize,
        mask_method: &str,
        kron_params: (f64, f64, f64),
        detection: Option<PyRef<'_, Self>>,
        n_threads: Option<i64>,
    ) -> PyResult<Self> {
        let config = CatalogConfig {
            local_bkg_width,
            aperture_mask_method: match mask_method {
                "correct" => ApertureMaskMethod::Correct,
                "mask" => ApertureMaskMethod::Mask,
                "none" => ApertureMaskMethod::None,
                _ => return Err(value_error("Invalid aperture_mask_method value")),
            },
            kron_params: kron(kron_params),
            exec: work::exec(n_threads)?,
        };
        let detection = detection.map(|d| d.held.clone());
        let kept = detection.as_ref().map(|d| d.planes.clone());
        let segm = segmentation.inner.clone();
        let planes = Arc::new(Planes { image, segm, convolved, background, _detection: kept });
        let wcs = wcs.map(|(to_sky, to_pixel)| Callbacks { to_sky, to_pixel });
        let held = work::run(py, move || {
            let catalog = build(&planes, config, wcs, detection.as_deref().map(|d| &d.catalog))?;
            Ok::<_, Error>(Owned { catalog, planes })
        })?;
        Ok(Self { held: Arc::new(held) })
    }

    fn __len__(&self) -> usize {
        self.held.catalog.len()
    }

    fn labels(&self) -> Vec<i32> {
        self.held.catalog.labels().to_vec()
    }

    fn bbox(&self) -> Vec<(i64, i64, i64, i64)> {
        self.held.catalog.bbox().iter().map(|b| (b.x_min, b.x_max, b.y_min, b.y_max)).collect()
    }

    fn column_names(&self) -> Vec<String> {
        self.held.catalog.column_names().into_iter().map(str::to_owned).collect()
    }

    fn columns<'py>(
        &self,
        py: Python<'py>,
        names: Vec<String>,
    ) -> PyResult<(Bound<'py, PyList>, Bound<'py, PyDict>)> {
        let t = self.run(py, move |c| {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            Ok(c.to_table(&names)?)
        })?;
        to_python(py, t)
    }

    fn select(&self, rows: Vec<usize>) -> PyResult<Self> {
        Ok(self.with(self.held.catalog.select(&rows).map_err(value_error)?))
    }

    fn circular_photometry<'py>(
        &self,
        py: Python<'py>,
        radius: f64,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let f = self.run(py, move |c| Ok(c.circular_photometry(radius)?))?;
        Ok((f.flux.into_pyarray(py).into_any(), f.flux_err.into_pyarray(py).into_any()))
    }

    fn kron_photometry<'py>(
        &self,
        py: Python<'py>,
        params: (f64, f64, f64),
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let f = self.run(py, move |c| Ok(c.kron_photometry(&kron(params))?))?;
        Ok((f.flux.into_pyarray(py).into_any(), f.flux_err.into_pyarray(py).into_any()))
    }

    fn flux_radius<'py>(&self, py: Python<'py>, fraction: f64) -> PyResult<Bound<'py, PyAny>> {
        Ok(self.run(py, move |c| Ok(c.flux_radius(fraction)?))?.into_pyarray(py).into_any())
    }

    /// `(x, y, a, b, theta, circular)` of each source, None where there is none.
    fn make_kron_apertures(&self, py: Python<'_>, params: Option<(f64, f64, f64)>) -> PyResult<Shapes> {
        self.run(py, move |c| Ok(described(c.make_kron_apertures(params.map(kron).as_ref())?)))
    }

    fn make_circular_apertures(&self, py: Python<'_>, radius: f64) -> PyResult<Shapes> {
        self.run(py, move |c| Ok(described(c.make_circular_apertures(radius)?)))
    }

    /// `(data, mask, bbox)` of each source; `plane` is data, error, convolved or background.
    fn cutouts<'py>(
        &self,
        py: Python<'py>,
        plane: &str,
        shape: Option<(usize, usize)>,
        fill: Option<f64>,
    ) -> PyResult<Bound<'py, PyList>> {
        let plane = match plane {
            "data" => CutoutPlane::Data,
            "error" => CutoutPlane::Error,
            "convolved" => CutoutPlane::Convolved,
            "background" => CutoutPlane::Background,
            other => return Err(value_error(format!("no cutouts of '{other}'"))),
        };
        let cut = self.run(py, move |c| {
            Ok(match shape {
                None => c.segment_cutouts(plane),
                Some(s) => c.make_cutouts(s, plane, fill.map_or(CutoutMode::Trim, CutoutMode::Partial)),
            })
        })?;
        let out = PyList::empty(py);
        for c in cut {
            match c {
                None => out.append(py.None())?,
                Some(c) => {
                    let b = c.bbox;
                    out.append((
                        c.data.into_pyarray(py),
                        c.mask.into_pyarray(py),
                        (b.x_min, b.x_max, b.y_min, b.y_max),
                    ))?;
                }
            }
        }
        Ok(out)
    }
}

/// A Gaussian kernel.
#[pyfunction]
fn gaussian_kernel<'py>(
    py: Python<'py>,
    fwhm: f64,
    shape: (usize, usize),
    mode: &str,
    oversampling: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let sampling = match mode {
        "oversample" => KernelSampling::Oversample(oversampling),
        "center" => KernelSampling::Center,
        "linear_interp" => KernelSampling::Interp,
        "integrate" => KernelSampling::Integrate,
        _ => return Err(value_error(format!("no discretisation mode '{mode}'"))),
    };
    let k = Kernel::gaussian_fwhm_sampled(fwhm, shape, sampling).map_err(value_error)?;
    Ok(k.data().to_owned().into_pyarray(py).into_any())
}

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<NativeCatalog>()?;
    m.add_function(wrap_pyfunction!(gaussian_kernel, m)?)
}
