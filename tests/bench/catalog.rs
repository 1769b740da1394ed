//! The catalogue of all sources of the field. Its counterpart is `peers_catalog.py`.

use skyphot::core::{Exec, Image};
use skyphot::detection::Threshold;
use skyphot::segmentation::{CatalogConfig, DetectConfig, SourceCatalog, detect_sources};

use super::cases::timed;
use super::inputs::Inputs;
use super::{Done, Error};

/// The default table, Kron photometry included, and half-light radii.
pub(crate) fn catalog(inputs: &mut Inputs, exec: &Exec) -> Result<Done, Error> {
    let (data, error) = inputs.field_and_error()?;
    let data = data.mapv(|v| v - 104.0);
    let image = Image::new(data.view())?.with_error(error.view())?;
    let segm = detect_sources(&image, &Threshold::Scalar(25.0), 5, &DetectConfig::default())?;
    timed(
        || {
            let config = CatalogConfig { exec: exec.clone(), ..CatalogConfig::default() };
            let mut columns = SourceCatalog::DEFAULT_COLUMNS.to_vec();
            columns.push("flux_radius(0.5)");
            Ok(SourceCatalog::new(&image, &segm, config)?.to_table(&columns)?)
        },
        |t| {
            let names = ["x_centroid", "semimajor_axis", "segment_flux", "kron_flux", "flux_radius(0.5)"];
            names.iter().map(|&n| Ok((n, t.f64(n)?))).collect()
        },
    )
}
