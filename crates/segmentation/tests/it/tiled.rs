//! Images read in parts against the whole image.

use std::ops::Range;

use ndarray::{Array2, s};
use skyphot_core::testing::field;
use skyphot_core::{BoundingBox, Image};
use skyphot_detection::Threshold;
use skyphot_filter::Kernel;
use skyphot_segmentation::{
    DeblendConfig, SegmentationError, SourceFinder, Tile, TileBytes, TilePlan, TileSource, TileThreshold,
    find_sources_tiled,
};

struct Parts {
    data: Array2<f32>,
    mask: Array2<bool>,
    threshold: Threshold,
}

impl TileSource for Parts {
    type Pixel = f32;
    type Error = SegmentationError;

    fn shape(&self) -> (usize, usize) {
        self.data.dim()
    }

    fn read(&self, y: Range<usize>, x: Range<usize>) -> Result<Tile<f32>, SegmentationError> {
        let part = s![y, x];
        Ok(Tile {
            data: self.data.slice(part).to_owned(),
            mask: Some(self.mask.slice(part).to_owned()),
            threshold: match &self.threshold {
                Threshold::Image(t) => TileThreshold::Image(t.slice(part).to_owned()),
                Threshold::Scalar(t) => TileThreshold::Scalar(*t),
            },
        })
    }
}

#[test]
fn parts_give_the_sources_of_the_whole() {
    let mut data = field(210, 170, 9, 150, 2.0).mapv(|v| (v - 104.0) as f32);
    data[[100, 30]] = f32::NAN;
    // A source from top to bottom, and one that comes together late.
    data.slice_mut(s![.., 80]).fill(50.0);
    data.slice_mut(s![10..200, 120]).fill(40.0);
    data.slice_mut(s![20..200, 124]).fill(40.0);
    data.slice_mut(s![199, 120..=124]).fill(40.0);
    let mut mask = Array2::from_elem(data.dim(), false);
    mask.slice_mut(s![60..63, 40..140]).fill(true);
    let level = Array2::from_shape_fn(data.dim(), |(y, x)| 5.0 + 0.01 * (x + y) as f64);
    for threshold in [Threshold::Scalar(6.0), Threshold::Image(level)] {
        let source = Parts { data: data.clone(), mask: mask.clone(), threshold };
        let image = Image::new(source.data.view()).unwrap().with_mask(source.mask.view()).unwrap();
        let kernel = Kernel::gaussian_fwhm(2.5, (5, 7)).unwrap();
        for deblend in [
            None,
            Some(DeblendConfig::default()),
            Some(DeblendConfig { relabel: false, ..Default::default() }),
        ] {
            let finder = SourceFinder { deblend, ..SourceFinder::new(4) };
            let plain = finder.find(&image, &source.threshold).unwrap();
            let (smooth, _) = finder.find_convolved(&image, &kernel, &source.threshold).unwrap();
            assert!(plain.len() > 20 && smooth.len() > 20);
            for size in [(1, 1000), (7, 7), (64, 64), (100, 30), (1000, 1000)] {
                let plan = TilePlan::with_tile((210, 170), size).unwrap();
                for (kernel, whole) in [(None, &plain), (Some(&kernel), &smooth)] {
                    let runs = find_sources_tiled(&source, kernel, &finder, &plan).unwrap();
                    assert_eq!(
                        (runs.labels(), runs.areas(), runs.bbox()),
                        (whole.labels(), whole.areas(), whole.bbox())
                    );
                    assert_eq!((runs.flags(), runs.children()), (&whole.flags()[..], whole.children()));
                    assert_eq!(runs.to_image().data(), whole.data(), "tiles of {size:?}");
                }
            }
            let runs = find_sources_tiled(&source, None, &finder, &TilePlan::whole((210, 170))).unwrap();
            let window = BoundingBox { x_min: 50, x_max: 140, y_min: 33, y_max: 97 };
            assert_eq!(runs.draw(&window), plain.data().slice(s![33..97, 50..140]));
            let over = BoundingBox { x_min: 160, x_max: 180, y_min: 200, y_max: 220 };
            assert_eq!(runs.draw(&over).slice(s![..10, ..10]), plain.data().slice(s![200.., 160..]));
        }
    }
}

#[test]
fn plans_keep_their_limits() {
    let kernel = Kernel::gaussian_fwhm(3.0, (9, 9)).unwrap();
    let bytes = TileBytes { detect: 20, measure: 25 };
    for mib in [128, 512, 1024, 1 << 20] {
        let plan = TilePlan::for_memory((20_000, 20_000), Some(&kernel), bytes, mib << 20).unwrap();
        let wide = |n: usize| (n + 2 * (plan.margin() + 9)).min(20_000);
        let band = (plan.band_rows() + 18).min(20_000) * 20_000 * bytes.detect;
        let tile = wide(plan.tile().0) * wide(plan.tile().1) * bytes.measure;
        assert!(band.max(tile) < (mib << 20) / 2, "{plan}");
        assert!(mib < 1 << 20 || plan.tiles() == (1, 1), "{plan}");
        assert_eq!(plan.max_memory(), Some(mib << 20));
    }
    let small = TilePlan::for_memory((100, 50), None, bytes, 64 << 20).unwrap();
    assert_eq!((small.tiles(), small.band_rows()), ((1, 1), 100));
    let e = TilePlan::for_memory((20_000, 20_000), None, bytes, 30 << 20).unwrap_err().to_string();
    assert!(e.contains("30 MiB are allowed"), "{e}");
    assert!(TilePlan::with_tile((5, 5), (0, 3)).is_err());
}

#[test]
fn sources_beyond_the_limit_are_an_error() {
    // Every other pixel is a source of its own.
    let data = Array2::from_shape_fn((2400, 2400), |(y, x)| f32::from(u8::from(x % 2 + y % 2 == 0)));
    let mask = Array2::from_elem(data.dim(), false);
    let source = Parts { data, mask, threshold: Threshold::Scalar(0.5) };
    let finder = SourceFinder { deblend: None, ..SourceFinder::new(1) };
    let plan = TilePlan::for_memory((2400, 2400), None, TileBytes::default(), 256 << 20).unwrap();
    let e = find_sources_tiled(&source, None, &finder, &plan).unwrap_err();
    assert!(matches!(e, SegmentationError::Memory { what: "the sources", .. }), "{e}");
}
