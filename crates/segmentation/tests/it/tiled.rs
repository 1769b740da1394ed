//! Images read in parts against the whole image.

use std::ops::Range;

use ndarray::{Array2, s};
use skyphot_core::testing::field;
use skyphot_core::{BoundingBox, Image};
use skyphot_detection::Threshold;
use skyphot_filter::Kernel;
use skyphot_segmentation::{
    DeblendConfig, SegmentationError, SourceFinder, Tile, TileSource, find_sources_tiled,
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
                Threshold::Image(t) => Threshold::Image(t.slice(part).to_owned()),
                t => t.clone(),
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
            for rows in [1, 7, 64, 100, 1000] {
                let bytes = rows * 170 * 4;
                for (kernel, whole) in [(None, &plain), (Some(&kernel), &smooth)] {
                    let runs = find_sources_tiled(&source, kernel, &finder, bytes).unwrap();
                    assert_eq!(
                        (runs.labels(), runs.areas(), runs.bbox()),
                        (whole.labels(), whole.areas(), whole.bbox())
                    );
                    assert_eq!((runs.flags(), runs.children()), (&whole.flags()[..], whole.children()));
                    assert_eq!(runs.to_image().data(), whole.data(), "{rows} rows");
                }
            }
            let runs = find_sources_tiled(&source, None, &finder, 1).unwrap();
            let window = BoundingBox { x_min: 50, x_max: 140, y_min: 33, y_max: 97 };
            assert_eq!(runs.draw(&window), plain.data().slice(s![33..97, 50..140]));
            let over = BoundingBox { x_min: 160, x_max: 180, y_min: 200, y_max: 220 };
            assert_eq!(runs.draw(&over).slice(s![..10, ..10]), plain.data().slice(s![200.., 160..]));
        }
    }
}
