//! Segments as the detection of a run.

use std::sync::Arc;

use ndarray::Array2;
use skyphot_core::{Exec, Pixel, Point, Table};
use skyphot_wcs::sky::SkyFrame;

use crate::segment::columns::{Ellipse, TableMaker};
use crate::segment::sources::Sources;
use crate::segment::{SegmentSection, whole};
use crate::spec::ThresholdSpec;
use crate::{Exposure, InputSection, Result};

/// What a run knows of its segments.
pub(crate) struct Segments {
    pub(crate) sources: Sources,
    pub(crate) table: Table,
    pub(crate) ellipses: Vec<Ellipse>,
    pub(crate) notes: Vec<String>,
}

impl Segments {
    /// Centroids; NaN where there is none.
    pub(crate) fn positions(&self) -> Vec<Point> {
        self.ellipses.iter().map(|e| e.center).collect()
    }
}

/// Finds and measures the sources of a background-subtracted exposure.
pub(crate) fn find_in_run<T: Pixel>(
    exposure: &Exposure<T>,
    rms: &Array2<T>,
    errors: &Array2<T>,
    section: &SegmentSection,
    planes: &InputSection,
    exec: &Exec,
) -> Result<Segments> {
    let noise = whole::noise(exposure, rms, section.noise_of(planes.weight.is_some())?)?;
    let threshold = |y: usize, x: usize| {
        Ok(match section.threshold {
            ThresholdSpec::Value(v) => v,
            ThresholdSpec::Sigma(n) => n * noise[[y, x]].to_f64(),
        })
    };
    let sky = exposure.sky.as_ref().map(|s| Arc::new(s.in_frame(SkyFrame::Icrs)));
    let maker = TableMaker::new(section, &threshold, sky.as_ref(), exposure.unit.as_deref())?;
    maker.check(section)?;
    let found = whole::find(&exposure.image()?, noise, section, exec)?;
    let image = exposure.image_with_error(errors)?;
    let catalog = whole::catalog(&image, &found.sources, found.convolved.as_ref(), None, section, exec)?;
    let table = maker.table(catalog)?;
    let (table, ellipses) = maker.finish(table, exec)?;
    let notes = whole::clean_note(found.cleaned).into_iter().collect();
    Ok(Segments { sources: Sources::Image(found.sources), table, ellipses, notes })
}
