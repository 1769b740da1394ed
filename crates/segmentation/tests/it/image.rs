//! The methods of label images against photutils, and outlines against the pixels.

use ndarray::{Array2, arr2};
use proptest::prelude::*;
use serde_json::Value;
use skyphot_core::testing::uniform;
use skyphot_core::{FlagSet, Image, Point};
use skyphot_detection::Threshold;
use skyphot_filter::Footprint;
use skyphot_segmentation::{
    DeblendConfig, SegmentPolygon, SegmentationImage, deblend_sources, detect_sources,
};

use crate::support::{case, crc32, fixture};

fn ints(v: &Value) -> Vec<i64> {
    v.as_array().unwrap().iter().map(|v| v.as_i64().unwrap()).collect()
}

fn same(name: &str, segm: &SegmentationImage, e: &Value) {
    assert_eq!(segm.labels().iter().map(|l| i64::from(*l)).collect::<Vec<_>>(), ints(&e["labels"]), "{name}");
    assert_eq!(u64::from(crc32(segm.data())), e["crc"].as_u64().unwrap(), "{name}");
    assert_eq!(
        segm.flags().iter().map(|f| i64::from(f.to_bits())).collect::<Vec<_>>(),
        ints(&e["flags"]),
        "{name}"
    );
    assert_eq!(
        segm.missing_labels().iter().map(|l| i64::from(*l)).collect::<Vec<_>>(),
        ints(&e["missing"]),
        "{name}"
    );
    let parents: Vec<Vec<i64>> =
        segm.parents().iter().map(|(k, v)| vec![i64::from(*k), i64::from(*v)]).collect();
    assert_eq!(parents, e["parents"].as_array().unwrap().iter().map(ints).collect::<Vec<_>>(), "{name}");
    // What was updated on the way is what a new image measures.
    let new = SegmentationImage::new(segm.data().to_owned()).unwrap();
    assert_eq!((new.areas(), new.bbox()), (segm.areas(), segm.bbox()), "{name}");
}

#[test]
fn methods_do_as_photutils() {
    let f = fixture(include_str!("fixtures/edits.json"));
    for e in f["cases"].as_array().unwrap() {
        let seed = e["seed"].as_u64().unwrap();
        let c = case(seed);
        let image = Image::new(c.data.view()).unwrap();
        let whole = detect_sources(&image, &Threshold::Scalar(4.0), 3, &Default::default()).unwrap();
        let config = DeblendConfig { contrast: 0.0001, ..Default::default() };
        let segm = deblend_sources(&image, &whole, 3, &config).unwrap();
        let some: Vec<i32> = segm.labels().iter().copied().step_by(3).collect();
        let nx = c.data.ncols();
        let masked =
            Array2::from_shape_fn(segm.shape(), |(y, x)| uniform(seed + 20, (y * nx + x) as u64) < 0.01);
        let run = |name: &str, f: &dyn Fn(&mut SegmentationImage)| {
            let mut copy = segm.clone();
            f(&mut copy);
            same(&format!("image {seed}, {name}"), &copy, &e["edits"][name]);
        };
        run("start_at_5", &|s| s.relabel_consecutive(5).unwrap());
        run("reassign", &|s| s.reassign_labels(&some, 2, false).unwrap());
        run("reassign_relabel", &|s| s.reassign_labels(&some, 1000, true).unwrap());
        run("keep", &|s| s.keep_labels(&some, false).unwrap());
        run("remove", &|s| s.remove_labels(&some, true).unwrap());
        run("border_True", &|s| s.remove_border_labels(4, true, false).unwrap());
        run("border_False", &|s| s.remove_border_labels(4, false, false).unwrap());
        run("masked_True", &|s| s.remove_masked_labels(masked.view(), true, true).unwrap());
        run("masked_False", &|s| s.remove_masked_labels(masked.view(), false, true).unwrap());
        assert_eq!(segm.areas().iter().map(|a| *a as i64).collect::<Vec<_>>(), ints(&e["areas"]));
        assert_eq!(segm.background_area() as u64, e["background_area"].as_u64().unwrap());
        let boxes: Vec<Vec<i64>> =
            segm.bbox().iter().map(|b| vec![b.x_min, b.x_max, b.y_min, b.y_max]).collect();
        assert_eq!(boxes, e["bbox"].as_array().unwrap().iter().map(ints).collect::<Vec<_>>());
        let pairs = |v: &Value| -> Vec<(i64, Vec<i64>)> {
            v.as_array().unwrap().iter().map(|p| (p[0].as_i64().unwrap(), ints(&p[1]))).collect()
        };
        let wide = |m: &std::collections::BTreeMap<i32, Vec<i32>>| -> Vec<(i64, Vec<i64>)> {
            m.iter().map(|(k, v)| (i64::from(*k), v.iter().map(|l| i64::from(*l)).collect())).collect()
        };
        assert_eq!(wide(segm.children()), pairs(&e["children"]));
        assert_eq!(wide(&whole.label_mapping(&segm).unwrap()), pairs(&e["mapping"]));
        let ring = Footprint::from_array(Array2::from_shape_fn((5, 7), |(y, x)| {
            (y as f64 - 2.0).hypot(x as f64 - 3.0) < 3.3
        }));
        let bar =
            Footprint::from_array(arr2(&[[true, true, false], [false, true, false], [false, false, false]]));
        let masks = [
            segm.make_source_mask(None),
            segm.make_source_mask(Some(&Footprint::rectangle(3, 5).unwrap())),
            segm.make_source_mask(Some(&ring.unwrap())),
            segm.make_source_mask(Some(&bar.unwrap())),
        ];
        let crcs: Vec<i64> = masks.iter().map(|m| i64::from(crc32(m.mapv(i32::from).view()))).collect();
        assert_eq!(crcs, ints(&e["masks"]), "image {seed}");
    }
}

/// Even-odd rule.
fn inside(ring: &[Point], x: f64, y: f64) -> bool {
    let mut odd = false;
    for (i, a) in ring.iter().enumerate() {
        let b = ring[(i + 1) % ring.len()];
        if (a.y > y) != (b.y > y) && x < a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x) {
            odd = !odd;
        }
    }
    odd
}

fn covers(p: &SegmentPolygon, x: f64, y: f64) -> bool {
    inside(&p.exterior, x, y) && !p.holes.iter().any(|h| inside(h, x, y))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn polygons_enclose_the_pixels(pixels in prop::collection::vec(0..3_i32, 56)) {
        let segm = SegmentationImage::new(Array2::from_shape_vec((7, 8), pixels).unwrap()).unwrap();
        for segment in segm.segments() {
            let label = segment.label();
            let polygons = segm.polygons(label).unwrap();
            let area: f64 = polygons.iter().map(SegmentPolygon::area).sum();
            prop_assert_eq!(area, segment.area() as f64);
            for ((y, x), l) in segm.data().indexed_iter() {
                let n = polygons.iter().filter(|p| covers(p, x as f64, y as f64)).count();
                prop_assert_eq!(n, usize::from(*l == label), "label {} at {} {}", label, x, y);
            }
        }
        prop_assert_eq!(segm.to_regions().len() >= segm.len(), true);
    }
}

#[test]
fn what_is_refused() {
    assert_eq!(
        SegmentationImage::new(arr2(&[[0, -3]])).unwrap_err().to_string(),
        "a segmentation image cannot contain negative labels, found -3 at x=1, y=0"
    );
    let mut segm = SegmentationImage::new(arr2(&[[0, 3], [1, 1]])).unwrap();
    assert_eq!(segm.index(2).unwrap_err().to_string(), "label 2 is not in the segmentation image");
    assert!(segm.relabel_consecutive(0).is_err());
    assert!(segm.relabel_consecutive(i32::MAX).is_err());
    assert!(segm.reassign_label(3, -1, false).is_err());
    assert!(segm.remove_border_labels(1, true, false).is_err());
    assert!(segm.remove_masked_labels(arr2(&[[true]]).view(), true, false).is_err());
    let mut none = SegmentationImage::new(arr2(&[[0, 0]])).unwrap();
    assert!(none.is_empty() && !none.is_consecutive() && none.max_label() == 0);
    none.relabel_consecutive(1).unwrap();
    // Labels may be as large as they like.
    let mut large = SegmentationImage::new(arr2(&[[i32::MAX, 0], [7, 7]])).unwrap();
    large.relabel_consecutive(1).unwrap();
    assert_eq!(large.data(), arr2(&[[2, 0], [1, 1]]));
    assert_eq!(large.outline(), arr2(&[[2, 0], [1, 1]]));
}
