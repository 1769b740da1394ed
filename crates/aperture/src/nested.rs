//! Sums in nested apertures at many positions.

use ndarray::Array2;
use skyphot_core::{Image, Meta, Pixel, Point};
use skyphot_geometry::Coverage;

use crate::kernel::cumulative::cumulative;
use crate::order::visiting_order;
use crate::planes::Planes;
use crate::{Aperture, ApertureFlags, ProfileConfig, Result};

/// Positions that one thread takes at a time.
const CHUNK: usize = 16;

/// One row for each position, one column for each aperture.
pub(crate) struct Nested {
    pub(crate) flux: Array2<f64>,
    pub(crate) flux_err: Option<Array2<f64>>,
    pub(crate) area: Array2<f64>,
    /// Flags of the last aperture.
    pub(crate) flags: Vec<ApertureFlags>,
    pub(crate) meta: Meta,
}

impl Nested {
    pub(crate) fn measure<T: Pixel>(
        image: &Image<'_, T>,
        positions: &[Point],
        apertures: &[Option<Box<dyn Aperture>>],
        config: &ProfileConfig,
    ) -> Result<Self> {
        config.method.validate()?;
        let planes = Planes::new(image);
        let window = planes.window();
        let order = visiting_order(positions);
        let (n, m) = (positions.len(), apertures.len());
        let chunks = config.exec.map_chunks(n, CHUNK, |range| {
            let rows = planes.rows();
            let mut cover = Coverage::new();
            let mut sums = Vec::with_capacity(range.len() * m);
            for &i in &order[range] {
                let p = positions[i as usize];
                cumulative(&rows, &window, apertures, p, config.method, &mut cover, &mut sums);
            }
            sums
        });
        let nan = || Array2::from_elem((n, m), f64::NAN);
        let (mut flux, mut area) = (nan(), nan());
        let mut flux_err = image.error().is_some().then(nan);
        let mut flags = vec![ApertureFlags::empty(); n];
        let mut sums = chunks.iter().flatten();
        for &i in &order {
            let i = i as usize;
            for (k, s) in sums.by_ref().take(m).enumerate() {
                flux[[i, k]] = s.flux;
                area[[i, k]] = s.area;
                if let Some(e) = &mut flux_err {
                    e[[i, k]] = s.flux_err;
                }
                flags[i] = s.flags;
            }
        }
        let mut meta = Meta::new();
        meta.set("method", config.method.name());
        meta.set("subpixels", config.method.subpixels());
        Ok(Self { flux, flux_err, area, flags, meta })
    }
}
