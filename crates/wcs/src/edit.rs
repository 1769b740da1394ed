//! Systems of images that were cut out, binned or shifted.

use skyphot_core::BoundingBox;

use crate::poly::Poly2;
use crate::{LookupTable, LookupTables, Result, Wcs, WcsError};

impl Wcs {
    /// The system of an image whose pixel `(0, 0)` is pixel `(x0, y0)` of this one. Fractions are fine.
    #[must_use]
    pub fn shifted(&self, x0: f64, y0: f64) -> Self {
        self.on_grid([x0, y0], [1.0, 1.0])
    }

    /// The system of the pixels in a box; a box that hangs over the edge is fine.
    #[must_use]
    #[doc(alias = "slice")]
    #[doc(alias = "Cutout2D")]
    pub fn cutout(&self, bbox: &BoundingBox) -> Self {
        let mut out = self.shifted(bbox.x_min as f64, bbox.y_min as f64);
        let (ny, nx) = bbox.shape();
        out.meta.naxis = Some([nx, ny]);
        out
    }

    /// The system of an image whose pixels are blocks of `bx` by `by` pixels of this one (values below 1 subdivide).
    ///
    /// # Errors
    /// [`WcsError::InvalidParameter`] for factors that are not positive.
    pub fn binned(&self, bx: f64, by: f64) -> Result<Self> {
        for v in [bx, by] {
            if !(v > 0.0 && v.is_finite()) {
                return Err(WcsError::InvalidParameter {
                    name: "binning factor",
                    expected: "positive",
                    found: v,
                });
            }
        }
        let mut out = self.on_grid([0.0, 0.0], [bx, by]);
        out.meta.naxis =
            self.meta.naxis.map(|[nx, ny]| [(nx as f64 / bx) as usize, (ny as f64 / by) as usize]);
        Ok(out)
    }

    /// Old pixel `p` (1-based) is `offset + 0.5 + factor (q - 0.5)` for the new pixel `q`.
    fn on_grid(&self, offset: [f64; 2], factor: [f64; 2]) -> Self {
        let to_new = |p: [f64; 2]| [0, 1].map(|i| (p[i] - offset[i] - 0.5) / factor[i] + 0.5);
        let mut out = self.clone();
        out.crpix = to_new(self.crpix);
        out.cd = self.cd.map(|r| [r[0] * factor[0], r[1] * factor[1]]);
        out.cd_inverse = [0, 1].map(|i| self.cd_inverse[i].map(|v| v / factor[i]));
        if let Some(s) = &mut out.sip {
            s.crpix = to_new(s.crpix);
            s.a = rescaled(&s.a, factor, factor[0]);
            s.b = rescaled(&s.b, factor, factor[1]);
            if let Some((ap, bp)) = &s.inverse {
                s.inverse = Some((rescaled(ap, factor, factor[0]), rescaled(bp, factor, factor[1])));
            }
        }
        let table = |t: &Option<LookupTable>, axis: usize| {
            t.as_ref().map(|t| LookupTable {
                data: &t.data / factor[axis],
                crpix: t.crpix,
                crval: to_new(t.crval),
                cdelt: [t.cdelt[0] / factor[0], t.cdelt[1] / factor[1]],
            })
        };
        out.tables = LookupTables {
            d2im: [0, 1].map(|i| table(&self.tables.d2im[i], i)),
            cpdis: [0, 1].map(|i| table(&self.tables.cpdis[i], i)),
        };
        out.meta.naxis = None;
        out
    }
}

/// Coefficients for offsets in units of `factor` pixels, of a correction in units of `unit` pixels.
fn rescaled(p: &Poly2, factor: [f64; 2], unit: f64) -> Poly2 {
    let mut out = Poly2::zeros(p.degree());
    for (i, j, v) in p.terms() {
        out.set(i, j, v * factor[0].powi(i as i32) * factor[1].powi(j as i32) / unit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ProjectionCode, Sip};
    use ndarray::Array2;
    use skyphot_core::{Point, SkyCoord, SkyTransform};

    fn wcs() -> Wcs {
        let table = Array2::from_shape_fn((4, 5), |(j, i)| 0.1 * i as f64 - 0.05 * (j * j) as f64);
        let table = LookupTable::new(table.view(), [1.0, 1.0], [3.0, 4.0], [20.0, 25.0]).unwrap();
        let sip =
            Sip::new([60.0, 40.0], &[(2, 0, 1e-4), (1, 2, 1e-6)], &[(1, 1, -2e-4), (0, 3, 1e-6)]).unwrap();
        Wcs::new(
            ProjectionCode::Tan,
            SkyCoord { lon: 10.0, lat: 20.0 },
            [50.0, 45.0],
            [[-1e-3, 1e-4], [1e-4, 1.1e-3]],
        )
        .unwrap()
        .with_sip(Some(sip))
        .with_tables(LookupTables { d2im: [None, Some(table.clone())], cpdis: [Some(table), None] })
    }

    fn same(a: SkyCoord, b: SkyCoord) {
        assert!((a.lon - b.lon).abs() < 1e-12 && (a.lat - b.lat).abs() < 1e-12, "{a:?} {b:?}");
    }

    #[test]
    fn the_same_sky_behind_every_pixel() {
        let w = wcs();
        let cut = w.cutout(&BoundingBox::new(-3, 40, 7, 50).unwrap());
        assert_eq!(cut.shape(), Some((43, 43)));
        let binned = w.binned(2.0, 4.0).unwrap();
        for (x, y) in [(0.0, 0.0), (13.0, 29.0), (20.3, 5.7)] {
            let p = Point::new(x, y);
            same(cut.pixel_to_sky(Point::new(x + 3.0, y - 7.0)).unwrap(), w.pixel_to_sky(p).unwrap());
            // The centre of the first block of 2 x 4 is at (0.5, 1.5).
            let q = Point::new((x - 0.5) / 2.0, (y - 1.5) / 4.0);
            same(binned.pixel_to_sky(q).unwrap(), w.pixel_to_sky(p).unwrap());
            let back = binned.sky_to_pixel(binned.pixel_to_sky(q).unwrap()).unwrap();
            assert!(back.distance(q) < 1e-9);
        }
        assert!(w.binned(0.0, 1.0).is_err());
    }
}
