//! Everything a catalogue says in numbers, as `columns_of` in `tests/reference/compare_catalog.py` asks photutils. Shared
//! with the example `catalog_columns`.

use skyphot_core::{Column, Point, SkyCoord, SkyTransform, Table};
use skyphot_segmentation::{CatalogCutout, CutoutMode, CutoutPlane, KronParams, Result, SourceCatalog};

/// A gnomonic projection.
pub(crate) struct Tan {
    /// Reference pixel, from 0.
    pub(crate) pixel: (f64, f64),
    /// Reference position, degrees.
    pub(crate) pole: (f64, f64),
    /// Degrees per pixel.
    pub(crate) cd: [[f64; 2]; 2],
}

impl SkyTransform for Tan {
    fn pixel_to_sky(&self, p: Point) -> Option<SkyCoord> {
        let (u, v) = (p.x - self.pixel.0, p.y - self.pixel.1);
        let x = (self.cd[0][0] * u + self.cd[0][1] * v).to_radians();
        let y = (self.cd[1][0] * u + self.cd[1][1] * v).to_radians();
        let (s, c) = self.pole.1.to_radians().sin_cos();
        let d = c - y * s;
        let lon = self.pole.0 + x.atan2(d).to_degrees();
        Some(SkyCoord { lon, lat: (s + y * c).atan2(x.hypot(d)).to_degrees() })
    }

    fn sky_to_pixel(&self, _: SkyCoord) -> Option<Point> {
        None
    }
}

/// Every column, and what methods give.
pub(crate) fn all_columns(catalog: &SourceCatalog<'_>) -> Result<Table> {
    let mut table = catalog.to_full_table()?;
    for name in ["flux_radius(0.5)", "flux_radius(0.2)", "circular_flux(5)", "circular_flux_err(5)"] {
        table.push(catalog.to_table(&[name])?.column(name)?.clone())?;
    }
    let params = KronParams { scale: 2.0, minimum_radius: 1.0, minimum_circular_radius: 4.0 };
    let other = catalog.kron_photometry(&params)?;
    table.push(Column::new("other_kron_flux", other.flux))?;
    table.push(Column::new("other_kron_flux_err", other.flux_err))?;
    let kron: Vec<f64> = catalog
        .make_kron_apertures(None)?
        .iter()
        .flat_map(|k| k.map_or([f64::NAN; 5], |k| [k.center.x, k.center.y, k.a, k.b, k.theta]))
        .collect();
    table.push(Column::new_array("kron_aperture", kron, 5)?)?;
    let sums = |cuts: Vec<Option<CatalogCutout>>, masked: bool| -> Vec<f64> {
        let counts = |(v, m): &(&f64, &bool)| if masked { !**m } else { !v.is_nan() };
        let sum = |c: &CatalogCutout| c.data.iter().zip(&c.mask).filter(counts).map(|(v, _)| v).sum();
        cuts.iter().map(|c| c.as_ref().map_or(f64::NAN, sum)).collect()
    };
    let cuts = catalog.make_cutouts((7, 10), CutoutPlane::Data, CutoutMode::Partial(-1.0));
    table.push(Column::new("cutout_sum", sums(cuts, false)))?;
    for (name, plane) in [
        ("data", CutoutPlane::Data),
        ("error", CutoutPlane::Error),
        ("conv_data", CutoutPlane::Convolved),
        ("background", CutoutPlane::Background),
    ] {
        table.push(Column::new(format!("{name}_cutout_sum"), sums(catalog.segment_cutouts(plane), true)))?;
    }
    Ok(table)
}
