//! Catalogues of images read in parts against those of the whole image.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use ndarray::{Array2, s};
use skyphot_core::testing::{field, uniform};
use skyphot_core::{CoreError, Image, Point, SkyCoord, SkyTransform, Table};
use skyphot_detection::Threshold;
use skyphot_filter::Kernel;
use skyphot_segmentation::{
    CatalogConfig, CatalogSource, CatalogTile, SegmentationError, SextractorOptions, SourceCatalog,
    SourceFinder, Tile, TilePlan, TileSource, TileThreshold, catalog_tiled, find_sources_tiled,
};

struct Parts {
    tile: CatalogTile<f32>,
    largest: AtomicUsize,
}

fn cut(t: &CatalogTile<f32>, y: &Range<usize>, x: &Range<usize>) -> CatalogTile<f32> {
    let part = s![y.clone(), x.clone()];
    CatalogTile {
        data: t.data.slice(part).to_owned(),
        error: t.error.as_ref().map(|a| a.slice(part).to_owned()),
        mask: t.mask.as_ref().map(|a| a.slice(part).to_owned()),
        background: t.background.as_ref().map(|a| a.slice(part).to_owned()),
        detection: t.detection.as_ref().map(|d| Box::new(cut(d, y, x))),
    }
}

impl CatalogSource for Parts {
    type Pixel = f32;
    type Error = SegmentationError;

    fn shape(&self) -> (usize, usize) {
        self.tile.data.dim()
    }

    fn read(&self, y: Range<usize>, x: Range<usize>) -> Result<CatalogTile<f32>, SegmentationError> {
        self.largest.fetch_max(y.len() * x.len(), Ordering::Relaxed);
        Ok(cut(&self.tile, &y, &x))
    }
}

impl TileSource for Parts {
    type Pixel = f32;
    type Error = SegmentationError;

    fn shape(&self) -> (usize, usize) {
        self.tile.data.dim()
    }

    fn read(&self, y: Range<usize>, x: Range<usize>) -> Result<Tile<f32>, SegmentationError> {
        let t = cut(&self.tile, &y, &x);
        Ok(Tile { data: t.data, mask: t.mask, threshold: TileThreshold::Scalar(6.0) })
    }
}

struct Flat;

impl SkyTransform for Flat {
    fn pixel_to_sky(&self, p: Point) -> Option<SkyCoord> {
        Some(SkyCoord { lon: 100.0 + 1e-4 * p.x, lat: 20.0 + 1e-4 * p.y })
    }

    fn sky_to_pixel(&self, _: SkyCoord) -> Option<Point> {
        None
    }
}

/// 220 x 200 pixels with a source that is larger than any margin, a bright one in a corner, holes and a mask.
fn parts() -> Parts {
    let (ny, nx) = (220, 200);
    let mut data = field(ny, nx, 21, 110, 2.0).mapv(|v| (v - 106.0) as f32);
    data.slice_mut(s![8..212, 150..153]).fill(40.0);
    data[[0, 0]] = 5000.0;
    data[[1, 1]] = 4000.0;
    let at = |seed: u64| move |(y, x): (usize, usize)| uniform(seed, (y * nx + x) as u64);
    data.indexed_iter_mut().filter(|(p, _)| at(1)(*p) < 0.001).for_each(|(_, v)| *v = f32::NAN);
    let error = Array2::from_shape_fn((ny, nx), |p| 2.0 + 0.1 * at(2)(p) as f32);
    let mask = Array2::from_shape_fn((ny, nx), |p| at(3)(p) < 0.003);
    let background = Array2::from_shape_fn((ny, nx), |(y, x)| 100.0 + 0.01 * (x + y) as f32);
    let tile = CatalogTile {
        data,
        error: Some(error),
        mask: Some(mask),
        background: Some(background),
        detection: None,
    };
    Parts { tile, largest: AtomicUsize::new(0) }
}

fn bits(t: &Table) -> Vec<(String, Vec<u64>)> {
    t.columns()
        .iter()
        .map(|c| (c.name().to_owned(), c.to_f64().unwrap().iter().map(|v| v.to_bits()).collect()))
        .collect()
}

/// All of photutils' columns, a few that are methods, and SExtractor's.
fn everything(c: &SourceCatalog<'_>) -> Result<Table, SegmentationError> {
    let mut t = c.to_full_table()?;
    for name in ["flux_radius(0.5)", "flux_radius(0.2)", "circular_flux(5)", "circular_flux_err(5)"] {
        t.push(c.to_table(&[name])?.column(name)?.clone())?;
    }
    let options = SextractorOptions { threshold: Some(vec![6.0]), ..Default::default() };
    for column in c.to_sextractor_table(&options)?.columns() {
        t.push(column.clone())?;
    }
    Ok(t)
}

fn image(t: &CatalogTile<f32>) -> Image<'_, f32> {
    let mut i = Image::new(t.data.view()).unwrap();
    if let Some(e) = &t.error {
        i = i.with_error(e.view()).unwrap();
    }
    if let Some(m) = &t.mask {
        i = i.with_mask(m.view()).unwrap();
    }
    i
}

#[test]
fn parts_give_the_catalogue_of_the_whole() {
    let kernel = Kernel::gaussian_fwhm(2.5, (5, 7)).unwrap();
    let finder = SourceFinder::new(4);
    let config = CatalogConfig { local_bkg_width: 6, ..CatalogConfig::default() };
    for kernel in [None, Some(&kernel)] {
        for dual in [false, true] {
            let mut source = parts();
            let runs = find_sources_tiled(
                &source,
                kernel,
                &finder,
                &TilePlan::with_tile((300, 260), (38, 70)).unwrap(),
            )
            .unwrap();
            let threshold = Threshold::Scalar(6.0);
            let (segm, smooth) = match kernel {
                Some(k) => finder.find_convolved(&image(&source.tile), k, &threshold).unwrap(),
                None => (finder.find(&image(&source.tile), &threshold).unwrap(), source.tile.data.clone()),
            };
            assert_eq!((segm.labels(), segm.len() > 30), (runs.labels(), true));
            if dual {
                // The band that is measured is another one than that of the detection.
                let other = source.tile.data.mapv(|v| 0.5 * v + 1.0);
                let detection = std::mem::replace(&mut source.tile.data, other);
                let error = source.tile.error.clone();
                let mask = source.tile.mask.clone();
                source.tile.detection =
                    Some(Box::new(CatalogTile { error, mask, ..CatalogTile::new(detection) }));
            }
            let shapes = source.tile.detection.as_deref().unwrap_or(&source.tile);
            let mut shapes =
                SourceCatalog::new(&image(shapes), &segm, config.clone()).unwrap().with_wcs(&Flat);
            let mut whole = SourceCatalog::new(&image(&source.tile), &segm, config.clone()).unwrap();
            let background = source.tile.background.as_ref().unwrap().view();
            whole = whole.with_background(background).unwrap().with_wcs(&Flat);
            if kernel.is_some() {
                shapes = shapes.with_convolved_data(smooth.view()).unwrap();
                if !dual {
                    whole = whole.with_convolved_data(smooth.view()).unwrap();
                }
            }
            if dual {
                whole = whole.with_detection_catalog(&shapes).unwrap();
            }
            let whole = bits(&everything(&whole).unwrap());
            for tile in [(40, 30), (512, 512)] {
                source.largest.store(0, Ordering::Relaxed);
                let mut calls = 0;
                let table = catalog_tiled(
                    &source,
                    kernel,
                    &runs,
                    &config,
                    &TilePlan::with_tile((300, 260), tile).unwrap(),
                    |c| {
                        calls += 1;
                        everything(&c.with_wcs(&Flat))
                    },
                )
                .unwrap();
                for (got, want) in bits(&table).iter().zip(&whole) {
                    assert!(got == want, "{} in tiles of {tile:?}, {dual} {}", want.0, kernel.is_some());
                }
                assert_eq!(table.n_columns(), whole.len());
                assert!(calls < 2 * runs.len());
            }
        }
    }
}

#[test]
fn what_is_refused_of_parts() {
    let source = parts();
    let plan = TilePlan::with_tile((300, 260), (64, 64)).unwrap();
    let runs = find_sources_tiled(&source, None, &SourceFinder::new(4), &plan).unwrap();
    let config = CatalogConfig::default();
    let all = |c: SourceCatalog<'_>| c.to_table(&[]);
    let none = find_sources_tiled(&source, None, &SourceFinder::new(100_000), &plan).unwrap();
    let empty = catalog_tiled(&source, None, &none, &config, &plan, all).unwrap();
    assert_eq!((empty.n_rows(), empty.has("kron_flux")), (0, true));
    // Tables of something else.
    let short = |c: SourceCatalog<'_>| Ok(c.to_table(&[])?.take(&[0]));
    let e = catalog_tiled(&source, None, &runs, &config, &plan, short).unwrap_err();
    assert!(matches!(e, SegmentationError::Core(CoreError::ColumnLength { .. })), "{e}");
    let small = Parts { tile: CatalogTile::new(Array2::zeros((5, 5))), largest: AtomicUsize::new(0) };
    assert!(catalog_tiled(&small, None, &runs, &config, &plan, all).is_err());
}
